#!/usr/bin/env bash
# Builds that break one promise each: the tests that keep that promise must turn red, or they are blind.
set -euo pipefail
cd "$(dirname "$0")/.."
export CARGO_TERM_COLOR=never

cargo build --quiet --locked --features spoiled
mkdir -p target/spoiled
cp target/debug/kkm-bridge target/spoiled/kkm-bridge
cargo test --quiet --locked --test it --no-run
export KKM_TEST_PROGRAM="$PWD/target/spoiled/kkm-bridge" KKM_TEST_PATIENCE_S=25 KKM_TEST_ROUNDS=1
blind=0

run() { cargo test --quiet --locked --test it -- "$@" > target/spoiled/log 2>&1; }

# A build that can be spoiled and is not, keeps every promise.
if ! run spoil_; then
    tail -n 60 target/spoiled/log
    echo "the unspoiled build is red"
    exit 1
fi
while read -r spoil test; do
    if KKM_TEST_SPOIL="$spoil" run "$test"; then
        echo "BLIND: $spoil is not seen by $test"
        blind=1
    elif ! grep -q "test result: FAILED" target/spoiled/log; then
        tail -n 40 target/spoiled/log
        exit 1
    else
        echo "seen:  $spoil by $test"
    fi
done <<'LIST'
no-mark spoil_a_lost_answer
no-mark spoil_killed_after_registering
blind-resend spoil_a_lost_answer
blind-resend spoil_killed_after_registering
answer-before-commit spoil_killed_right_after
amount-only-match spoil_an_equal_sum_by_hand
silence-is-no spoil_a_register_without_power
LIST
# A query is given up only after long silence, so this is seen by the driver's tests on simulated time.
test=shtrih::tests::faults::a_device_without_power_is_a_fault_and_no_verdict
if KKM_BRIDGE_SPOIL=silence-is-no cargo test --quiet --locked -p kkm-drivers --lib \
    --features spoiled,simulators,failpoints "$test" > target/spoiled/log 2>&1; then
    echo "BLIND: silence-is-no is not seen by $test"
    blind=1
elif ! grep -q "test result: FAILED" target/spoiled/log; then
    tail -n 40 target/spoiled/log
    exit 1
else
    echo "seen:  silence-is-no by $test"
fi
exit "$blind"
