#!/usr/bin/env bash
# The long campaign: killed at every point of tests/it/restart.rs, so many rounds each (20), and again inside the recovery.
set -euo pipefail
cd "$(dirname "$0")/.."
export CARGO_TERM_COLOR=never KKM_TEST_ROUNDS="${1:-20}"

cargo test --quiet --locked --test it --no-run
began=$SECONDS
cargo test --quiet --locked --test it -- restart::killed --nocapture
echo "killed and killed again, $KKM_TEST_ROUNDS rounds each, in $((SECONDS - began)) s"
