#!/usr/bin/env bash
# The daemon killed: tests/kills.sh [ci | long]
# At every point of tests/it/restart.rs, again inside the recovery, and at random moments (tests/it/moments.rs).
# First the builds that break one promise each: a campaign that does not see them is blind. `long` writes docs/proofs.md.
set -euo pipefail
cd "$(dirname "$0")/.."
export CARGO_TERM_COLOR=never RUST_BACKTRACE=0
size=${1:-ci}
place="$PWD/target/kills"
mkdir -p "$place"
began=$SECONDS

cargo build --quiet --locked --features spoiled
cp target/debug/kkm-bridge "$place/spoiled"
# The tests and their program, kept from builds that go on meanwhile.
tests=$(cargo test --quiet --locked --test it --no-run --message-format=json | sed -n 's/.*"executable":"\([^"]*it-[^"]*\)".*/\1/p' | tail -n 1)
cp "$tests" "$place/it"
cp target/debug/kkm-bridge "$place/kkm-bridge"

# Each is seen at random moments within so many kills, but for the one that only a chosen scene shows.
limit=600
blind() {
    local spoil=$1 test=$2 log="$place/$1"
    if KKM_TEST_PROGRAM="$place/spoiled" KKM_TEST_SPOIL=$spoil KKM_TEST_KILLS=$limit KKM_TEST_SEED=1 KKM_TEST_ROUNDS=1 \
        KKM_TEST_PATIENCE_S=20 "$place/it" "$test" --nocapture > "$log" 2>&1; then
        echo "BLIND: $spoil is not seen by $test"
    else
        echo "seen:  $spoil by $test"
    fi
}
: > "$place/seen"
for spoil in no-mark blind-resend answer-before-commit amount-only-match silence-is-no; do
    blind "$spoil" moments::killed_at_any | tee -a "$place/seen"
done
! grep -q '^BLIND' "$place/seen"

export KKM_TEST_PROGRAM="$place/kkm-bridge"
: > "$place/counted"
run() { "$place/it" "$1" --nocapture | grep -a ' kills' | sed 's/^[^a-z]*//' | tee -a "$place/counted"; }
if [[ $size = long ]]; then
    KKM_TEST_ROUNDS=50 run restart::killed_at_every
    KKM_TEST_ROUNDS=12 run restart::killed_again
    KKM_TEST_KILLS=3000 KKM_TEST_SEED=10000 run moments::killed_at_any
else
    KKM_TEST_ROUNDS=2 run restart::killed_at_every
    KKM_TEST_ROUNDS=2 run restart::killed_again
    KKM_TEST_KILLS=240 KKM_TEST_SEED=1 run moments::killed_at_any
fi
echo "the kills: all green after $((SECONDS - began)) s"
