#!/usr/bin/env bash
# The daemon killed: tests/kills.sh [ci | long | proofs]
# At every point of tests/it/restart.rs, again inside the recovery, and at random moments (tests/it/moments.rs).
# First the builds that break one promise each: a campaign that does not see them is blind.
# `long` writes docs/proofs.md; `proofs` writes it from what the last campaign counted.
set -euo pipefail
cd "$(dirname "$0")/.."
export CARGO_TERM_COLOR=never RUST_BACKTRACE=0
size=${1:-ci}
place="$PWD/target/kills"
mkdir -p "$place"
began=$SECONDS

build() {
    cargo build --quiet --locked --features spoiled
    cp --remove-destination target/debug/kkm-bridge "$place/spoiled"
    # The tests and their program, kept from builds that go on meanwhile.
    local tests
    tests=$(cargo test --quiet --locked --test it --no-run --message-format=json |
        sed -n 's/.*"executable":"\([^"]*it-[^"]*\)".*/\1/p' | tail -n 1)
    cp --remove-destination "$tests" "$place/it"
    cp --remove-destination target/debug/kkm-bridge "$place/kkm-bridge"
    git rev-parse --short=12 HEAD > "$place/commit"
}

# Each must be seen within so many kills, as a promise that is broken.
limit=450
controls() {
    : > "$place/seen"
    for spoil in no-mark blind-resend answer-before-commit amount-only-match silence-is-no; do
        # Seen is a promise by its name, and not a test that only waited too long. They wait together.
        if ! KKM_TEST_PROGRAM="$place/spoiled" KKM_TEST_SPOIL=$spoil KKM_TEST_KILLS=$limit KKM_TEST_SEED=1 \
            "$place/it" moments::killed_at_any --nocapture > "$place/log-$spoil" 2>&1 &&
            grep -aqE '(^|failed: )seed [0-9]+: ' "$place/log-$spoil"; then
            echo "seen:  $spoil" >> "$place/seen"
        else
            echo "BLIND: $spoil is not seen within $limit kills" >> "$place/seen"
        fi &
    done
    wait
    cat "$place/seen"
    if grep -q '^BLIND' "$place/seen"; then exit 1; fi
}

run() { KKM_TEST_PROGRAM="$place/kkm-bridge" "$place/it" "$1" --nocapture | grep -a ' kills' | sed 's/^[^a-z]*//' | tee -a "$place/counted"; }

campaign() { # rounds of the points, rounds of the recoveries, random kills, first seed
    : > "$place/counted"
    KKM_TEST_ROUNDS=$1 run restart::killed_at_every
    KKM_TEST_ROUNDS=$2 run restart::killed_again
    KKM_TEST_KILLS=$3 KKM_TEST_SEED=$4 run moments::killed_at_any
}

proofs() {
    count() { sed -n "s/$1/\1/p" "$place/counted" | head -n 1; }
    row() { echo "| $1 | $2 | 0 | $(awk -v n="$2" 'BEGIN { printf n ? "%.1e" : "none", 3 / n }') |"; }
    python3 tests/proofs.py kills <<END
## Killed

Written by \`tests/kills.sh\`; not edited by hand. The real daemon and SIGKILL; the register is a process of its own,
whose books are the truth. Each document ends once in the books, or not at all and is told so; every author hears one word.

| | |
|---|---|
| commit | $(cat "$place/commit") |
| day | $(date -u +%F) |
| seeds | $(count '^moments: seeds \([0-9]* to [0-9]*\):.*') |
| time | $(count '^moments:.*, \([0-9]*\) s$') s for those at random moments, on $(nproc) cores beside other work |

| kills | times | promises broken | bound at 95 % (3/N) |
|---|---|---|---|
$(row "at a point, each in a situation of its own: $(count '^points: \([0-9]* cases x [0-9]* rounds\):.*')" "$(count '^points:.*: \([0-9]*\) kills.*')")
$(row "two and more in a row, inside the recovery: $(count '^recovery: \([0-9]* cases x [0-9]* rounds\):.*')" "$(count '^recovery:.*: \([0-9]*\) kills.*')")
$(row "at random moments" "$(count '^moments:.*: \([0-9]*\) kills.*')")

Of those at random moments $(count '^moments:.* kills, \([0-9]*\) inside the recovery,.*') fell inside the recovery from the one
before, $(count '^moments:.*recovery, \([0-9]*\) inside the recovery of.*') inside the recovery of a recovery; beside them
$(count '^moments:.* \([0-9]* duplicates at once\).*'), $(count '^moments:.* \([0-9]*\) races.*') races of several daemons for one journal and one port, and
$(count '^moments:.* \([0-9]*\) questions.*') questions to a person.

Builds that break one promise are each seen within $limit random kills: $(sed -n 's/^seen: *//p' "$place/seen" | paste -sd, | sed 's/,/, /g').
END
}

if [[ $size != proofs ]]; then
    build
    controls
fi
case $size in
    ci) campaign 2 2 240 1 ;;
    long) campaign 50 12 3000 10000 ;;
esac
[[ $size = ci ]] || proofs
echo "the kills: green after $((SECONDS - began)) s"
