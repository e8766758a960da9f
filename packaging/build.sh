#!/usr/bin/env bash
# Makes target/debian/kkm-bridge_VERSION_ARCH.deb: the program for shops, without simulators and failpoints, with its manual
# pages and completions. What it needs besides Rust and a C compiler it installs.
set -euo pipefail
cd "$(dirname "$0")/.."
export CARGO_TERM_COLOR=never

. packaging/tools.sh
need dpkg-shlibdeps dpkg-dev
# A tool that runs for a second need not be built for speed.
command -v cargo-deb > /dev/null || cargo install --quiet --debug --locked cargo-deb@3.8.0

cargo build --release --locked --no-default-features
rm -rf target/papers target/debian
target/release/kkm-bridge papers target/papers
cargo deb --quiet --no-build --no-strip --output target/debian/ "$@"
