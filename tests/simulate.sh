#!/usr/bin/env bash
# A long campaign of the simulation: tests/simulate.sh DOCUMENTS [FIRST_SEED]
#
# Goes on where it was broken off, as long as the code is the same: chunks that are done are kept in target/simulation.
# Then the builds that break one promise each: a harness that does not see them within 2,000 seeds is blind, and nothing
# that it counts means anything. Then the model. Afterwards docs/proofs.md says what was counted; with 0 documents that is
# what another run has counted until now. KKM_SIM_THREADS: how many cores (all).
set -euo pipefail
cd "$(dirname "$0")/.."
export CARGO_TERM_COLOR=never CARGO_PROFILE_CAMPAIGN_DEBUG=0 RUST_BACKTRACE=0
documents=${1:?how many documents}
first=${2:-1}
limit=2000
chunk=20000
# What the program is made of; other files may change meanwhile.
matter=(src drivers tests/simulation tests/model Cargo.lock)
[[ -z $(git status --porcelain --untracked-files=no -- "${matter[@]}") ]] || { echo "commit first: ${matter[*]}"; exit 1; }
code=$(git rev-parse "${matter[@]/#/HEAD:}" | sha256sum | cut -c 1-12)
work=target/simulation/$code
chunks=$work/$first
mkdir -p "$chunks" docs

program() { # name, further arguments for cargo
    local name=$1
    shift
    [[ -x $work/$name ]] && return
    local built
    built=$(cargo test --quiet --locked --profile campaign --test simulation --no-run --message-format=json "$@" |
        sed -n 's/.*"executable":"\([^"]*simulation-[^"]*\)".*/\1/p' | tail -n 1)
    [[ -e $work/commit ]] || git rev-parse --short=12 HEAD > "$work/commit"
    cp "$built" "$work/$name.new"
    mv "$work/$name.new" "$work/$name"
}
counted() { # name, file
    sed -n "s/^.*simulated: .*\b$1=\([0-9]*\).*/\1/p" "$2" | tail -n 1
}
total() { # name, over all chunks
    { cat "$chunks"/*.done 2> /dev/null || true; } | sed -n "s/^.*simulated: .*\b$1=\([0-9]*\).*/\1/p" | awk '{ s += $1 } END { print s + 0 }'
}

spoils() {
    sed -n 's/^ *("\([a-z-]*\)", Self::.*/\1/p' drivers/spoil.rs
}

controls() {
    [[ -e $work/controls ]] && return
    echo "spoiled builds"
    program spoiled --features spoiled
    : > "$work/controls.new"
    local spoil seed promise
    for spoil in $(spoils); do
        # A plan holds ten documents and a half; the seed of the first failure is what counts.
        if KKM_BRIDGE_SPOIL=$spoil KKM_SIM_DOCUMENTS=$((limit * 11)) "$work/spoiled" whatever --nocapture > "$work/log" 2>&1; then
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
        echo "| $spoil | $seed | $promise |" >> "$work/controls.new"
    done
    mv "$work/controls.new" "$work/controls"
}

model() {
    [[ -e $work/model ]] && return
    echo "model"
    cargo test --quiet --locked --test model -- --nocapture > "$work/model.new" 2>&1 || { tail -n 40 "$work/model.new"; exit 1; }
    mv "$work/model.new" "$work/model"
}

# Runs what is still missing, chunk after chunk; each is kept when it is done.
campaign() {
    [[ $documents = 0 ]] || program program
    local next log
    while sent=$(total documents) && [[ $sent -lt $documents ]]; do
        next=$((first + $(total seeds)))
        log=$chunks/$(printf '%09d' "$next")
        if ! KKM_SIM_FIRST=$next KKM_SIM_DOCUMENTS=$((documents - sent < chunk ? documents - sent : chunk)) \
            "$work/program" whatever --nocapture > "$log.log" 2>&1; then
            # A program that was killed has counted nothing: its chunk is run again.
            [[ -n $(counted failed "$log.log") ]] || { tail -n 5 "$log.log"; exit 1; }
            cp "$log.log" "$log.done"
            cat "$log.log"
            return
        fi
        mv "$log.log" "$log.done"
        echo "$(total documents) documents of $documents, $(total seeds) seeds, $(total seconds) s"
    done
}

# The campaign first: a seed that fails is worth more than all the rest.
campaign
controls
model

ran=$(total seeds)
sent=$(total documents)
seconds=$(total seconds)
failed=$(total failed)
if [[ $failed != 0 ]]; then
    verdict="**A promise was broken: seed $failed.** The campaign stopped there."
    bound="none"
else
    verdict="No promise was broken."
    bound=$(awk -v n="$sent" 'BEGIN { if (n) printf "%.1e", 3 / n; else print "none" }')
fi
met=$({ cat "$chunks"/*.done 2> /dev/null || true; } | sed -n 's/^.*met: \([0-9]*\) \(.*\)$/\2\t\1/p' |
    awk -F'\t' '{ if (!($1 in n)) order[++k] = $1; n[$1] += $2 } END { for (i = 1; i <= k; i++) print "| " order[i] " | " n[order[i]] " |" }')
states=$(sed -n "s/^.*modelled: //p" "$work/model" 2> /dev/null | tail -n 1 || true)
designs=$(sed -n 's/^.*design bug \(.*\): seen after \([0-9]*\) states, \(.*\)$/| \1 | \2 | \3 |/p' "$work/model" 2> /dev/null || true)

python3 tests/proofs.py top <<END
# What was tried, and how often

Written by \`tests/simulate.sh\`; not edited by hand.

| | |
|---|---|
| commit | $(cat "$work/commit" 2> /dev/null || true) |
| day | $(date -u +%F) |
| seeds | $first to $((first + ran - 1)): $ran |
| documents | $sent |
| time | $seconds s, $((sent / (seconds > 0 ? seconds : 1))) documents a second on ${KKM_SIM_THREADS:-$(nproc)} of $(nproc) cores, beside other work |
| failures | $([[ $failed = 0 ]] && echo 0 || echo 1) |
| bound | $bound failures a document, at 95 % (3/N) |

$verdict

Each seed is a shop of its own: documents, duplicates, twins and late repeats, some with a callback that would leave the
allow-list; faults of line, paper, power, clock and storage; strangers at the register; deaths of the daemon at any call of
the port, at any write or sync of its disk, or between two steps, and a second one in the recovery; clock jumps and
reboots; every kind of answer of the cloud, and weeks in which its name is not found; people who decide rightly and wrongly.

The journal's file lies on a disk in memory (\`tests/simulation/disk\`). One death in three is a power cut: any part of what was not
synced is lost, in any order, in pieces of 512 or 4096 bytes. Writes and syncs fail, once or for long; room runs out; a sync
that failed is not made good by the next; the machine stops in the middle of a write.

After each step the journal's file is compared with the register's own books and with what the cloud heard:

| promise | |
|---|---|
| registered-once | at most one receipt of a document is in the books |
| once-a-sale | two receipts of one sale only with the opposite between, or a person's leave |
| accepted-is-kept | what was answered with 200 is in the journal |
| comes-to-an-end | and comes to its end, and the cloud hears of it, once everything works and people do what they are asked |
| success-is-registered | success only for what is in the books |
| error-is-not-registered | an error only for what is not, for ever |
| one-word, monotone | the cloud hears one word for a document, and after a success of an id never an error |
| in-order | receipts stand in the books in the order of their documents |
| mark-first, marked | the mark was stored before, and lies before; every receipt of ours has its marker |
| token-stays-here | no report leads away from the allow-list |
| starts | the daemon starts again after anything that its disk has done |

The bound says how often such a shop may still break a promise, not how often a real one does: real devices, disks and
people do things that no list here has. Not simulated: two daemons at once, a journal restored from a backup (the model has
it), printers without memory, more than one device, sockets and ports, a writer's thread with many jobs in one commit.

## What the campaign met

| | |
|---|---|
$met

## Broken on purpose

A build that breaks one promise, and the first seed that sees it (at most $limit are allowed).

| broken | seeds | seen as |
|---|---|---|
$(cat "$work/controls" 2> /dev/null || true)

## The model

\`tests/model\`: $states

| design bug | states until seen | seen as |
|---|---|---|
$designs
END
echo "written: docs/proofs.md"
[[ $failed = 0 ]]
