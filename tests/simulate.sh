#!/usr/bin/env bash
# A long campaign of the simulation: tests/simulate.sh DOCUMENTS [FIRST_SEED]
# Writes what it counted to docs/proofs.md. First the builds that break one promise each: a harness that does not see
# them within 2,000 seeds is blind, and nothing that it counts means anything.
set -euo pipefail
cd "$(dirname "$0")/.."
export CARGO_TERM_COLOR=never RUST_BACKTRACE=0
documents=${1:?how many documents}
first=${2:-1}
limit=2000
work=target/simulation
mkdir -p "$work" docs

program() { # further arguments for cargo
    cargo test --quiet --locked --test simulation --no-run --message-format=json "$@" |
        sed -n 's/.*"executable":"\([^"]*simulation-[^"]*\)".*/\1/p' | tail -n 1
}
counted() { # name, file
    sed -n "s/^[.]*simulated: .*\b$1=\([0-9]*\).*/\1/p" "$2" | tail -n 1
}

echo "spoiled builds"
cp "$(program --features spoiled)" "$work/spoiled"
controls=""
for spoil in no-mark blind-resend answer-before-commit amount-only-match silence-is-no; do
    # A plan holds five documents and a half; the seed of the first failure is what counts.
    if KKM_BRIDGE_SPOIL=$spoil KKM_SIM_DOCUMENTS=$((limit * 6)) "$work/spoiled" whatever --nocapture > "$work/log" 2>&1; then
        echo "BLIND: $spoil is not seen"
        exit 1
    fi
    seed=$(counted failed "$work/log")
    promise=$(sed -n 's/^seed [0-9]*: \([a-z-]*\) does not hold.*/\1/p' "$work/log" | head -n 1)
    if [[ -z $seed || $seed -gt $limit || -z $promise ]]; then
        tail -n 20 "$work/log"
        echo "BLIND: $spoil is not seen within $limit seeds"
        exit 1
    fi
    echo "seen:  $spoil after $seed seeds ($promise)"
    controls+="| $spoil | $seed | $promise |"$'\n'
done

echo "model"
cargo test --quiet --locked --test model -- --nocapture > "$work/model" 2>&1 || { tail -n 40 "$work/model"; exit 1; }
states=$(sed -n 's/^[.]*modelled: //p' "$work/model" | tail -n 1)
designs=$(sed -n 's/^[.]*design bug \(.*\): seen after \([0-9]*\) states, \(.*\)$/| \1 | \2 | \3 |/p' "$work/model")

echo "campaign of $documents documents from seed $first"
cp "$(program)" "$work/program"
failed=0
KKM_SIM_FIRST=$first KKM_SIM_DOCUMENTS=$documents "$work/program" whatever --nocapture > "$work/campaign" 2> >(tee "$work/errors" >&2) ||
    failed=1
ran=$(counted seeds "$work/campaign")
sent=$(counted documents "$work/campaign")
seconds=$(counted seconds "$work/campaign")
if [[ $failed = 1 ]]; then
    cat "$work/campaign" "$work/errors"
    verdict="**A promise was broken: seed $(counted failed "$work/campaign").** The campaign stopped there."
    bound="none"
else
    verdict="No promise was broken."
    bound=$(awk -v n="$sent" 'BEGIN { printf "%.1e", 3 / n }')
fi
met=$(sed -n 's/^[.]*met: \([0-9]*\) \(.*\)$/| \2 | \1 |/p' "$work/campaign")
changed=$(git status --porcelain --untracked-files=no | grep -vc docs/proofs.md || true)

cat > docs/proofs.md <<END
# What was tried, and how often

Written by \`tests/simulate.sh\`; not edited by hand.

| | |
|---|---|
| commit | $(git rev-parse --short=12 HEAD)$([[ $changed = 0 ]] || echo " and $changed changed files") |
| day | $(date -u +%F) |
| seeds | $first to $((first + ran - 1)): $ran |
| documents | $sent |
| time | $seconds s, $((sent / (seconds > 0 ? seconds : 1))) documents a second on $(nproc) cores |
| failures | $failed |
| bound | $bound failures a document, at 95 % (3/N) |

$verdict

Each seed is a shop of its own: documents, duplicates and twins; faults of line, paper, power, clock and storage;
strangers at the register; deaths of the daemon at any call of the port or between two steps, and a second one in the
recovery; clock jumps and reboots; every kind of answer of the cloud; people who decide rightly and wrongly. After each
step the journal's file is compared with the register's own books and with what the cloud heard.

The bound says how often such a shop may still break a promise, not how often a real one does: real devices, disks and
people do things that no list here has. Not simulated: a disk that loses or tears what was not yet synced, two daemons at
once, a journal restored from a backup (the model has it), printers without memory, more than one device.

## What the campaign met

| | |
|---|---|
$met

## Broken on purpose

A build that breaks one promise, and the first seed that sees it (at most $limit are allowed).

| broken | seeds | seen as |
|---|---|---|
${controls}
## The model

\`tests/model\`: $states

| design bug | states until seen | seen as |
|---|---|---|
$designs
END
echo "written: docs/proofs.md"
exit "$failed"
