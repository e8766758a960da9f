#!/usr/bin/env bash
# What a real disk may do to the journal: tests/disk.sh [ci | long | proofs]
# Power cuts, recorded requests played back, errors, full disks, damage, old copies: tests/realdisk says how each works.
# First a build that does not sync its commits: a harness that does not see it is blind.
# `long` writes docs/proofs.md; `proofs` writes it from what the last campaign counted.
# Needs root (loop devices, mounts); what else it needs it installs.
set -euo pipefail
cd "$(dirname "$0")/.."
export CARGO_TERM_COLOR=never PYTHONDONTWRITEBYTECODE=1
size=${1:-ci}
place="$PWD/target/disk"
mkdir -p "$place"
began=$SECONDS

installed() { command -v qemu-storage-daemon mke2fs losetup cc > /dev/null; }
install() {
    for _ in 1 2 3; do
        installed && return
        apt-get update -qq &&
            apt-get install -qq -y --no-install-recommends qemu-utils e2fsprogs mount gcc libc6-dev > /dev/null || sleep 10
    done
    installed || { echo "qemu-storage-daemon, mke2fs, losetup and cc are needed"; exit 1; }
}

build() {
    cargo build --quiet --locked --features spoiled
    cp --remove-destination target/debug/kkm-bridge "$place/spoiled"
    cargo build --quiet --locked
    cp --remove-destination target/debug/kkm-bridge "$place/kkm-bridge"
    git rev-parse --short=12 HEAD > "$place/commit"
}

controls() {
    for campaign in "cuts.py 20 1" "blocks.py 60 1"; do
        # shellcheck disable=SC2086 # words of a command
        if env KKM_TEST_PROGRAM="$place/spoiled" KKM_BRIDGE_SPOIL=sync-off unshare --mount python3 tests/realdisk/$campaign > "$place/log" 2>&1 ||
            ! grep -q "^BROKEN: .*answered and not in the journal" "$place/log"; then
            tail -n 5 "$place/log"
            echo "BLIND: sync-off is not seen by $campaign"
            exit 1
        fi
        echo "seen:  sync-off by $campaign"
    done
}

# Its mounts are its own: a copy of them in another program's namespace would keep a disk alive whose power was cut.
run() { KKM_TEST_PROGRAM="$place/kkm-bridge" unshare --mount python3 "tests/realdisk/$1" "${@:2}" | tee -a "$place/counted"; }

ci() {
    : > "$place/counted"
    run cuts.py 100
    run blocks.py 200
    run faults.py sale --kinds eio,enospc,short,eio+
    run errors.py 8
    run full.py 9
    run backups.py 3
    run damage.py 30
}

long() {
    : > "$place/counted"
    run cuts.py 1000 1000
    for seed in 1001 1002 1003 1004 1005; do run blocks.py 400 $seed; done
    run faults.py
    run errors.py 200 1000
    run full.py
    run backups.py 20
    run damage.py 400 1000
    echo $((SECONDS - began)) > "$place/seconds"
}

proofs() {
    counted() { sed -n "s/$1/\1/p" "$place/counted" | awk '{ n += $1 } END { print n + 0 }'; }
    row() { echo "| $1 | $2 | 0 | $(awk -v n="$2" 'BEGIN { printf n ? "%.1e" : "none", 3 / n }') |"; }
    python3 tests/proofs.py disk <<END
## A real disk

Written by \`tests/disk.sh\`; not edited by hand. The real daemon, a simulated register in a process of its own whose
books stand on another disk, ext4 on a loop device. After each event the shop goes on: every document that was answered is in
the journal, registered at most once, told once and truly; what was not answered is sent again.

| | |
|---|---|
| commit | $(cat "$place/commit") |
| day | $(date -u +%F) |
| seeds | 1000 and on |
| time | $(cat "$place/seconds") s on $(nproc) cores, beside other work |

| what happened to the disk | times | promises broken | bound at 95 % (3/N) |
|---|---|---|---|
$(row "the file system is cut off (EXT4_IOC_SHUTDOWN) at a random moment" "$(counted '^cuts: \([0-9]*\) .*')")
$(row "states that a power cut may leave, from a log of every request: at every flush, and between two with lost, reordered and torn writes" "$(counted '^blocks: \([0-9]*\) .*')")
$(row "one operation fails: each of a sale and of a start, with EIO or ENOSPC once or for ever, or a short write" "$(counted '^faults: .*: \([0-9]*\) met.*')")
$(row "a flush fails under ext4, the next says \"ok\"; started again on the same memory, then the power is cut" "$(counted '^errors: \([0-9]*\) .*')")
$(row "full at one operation of a sale" "$(counted '^full: full at \([0-9]*\) .*')")
$(row "an older copy in the journal's place, each fenced" "$(counted '^backups: \([0-9]*\) .*')")
$(row "damaged by hand: pages, bits, lengths, files" "$(counted '^damage: \([0-9]*\) .*')")

A build that does not sync its commits (\`sync-off\`) is seen by the cuts within 20 and by the states within 60.

What the runs say of themselves:

\`\`\`
$(cat "$place/counted")
\`\`\`

Not shown by this: a disk that lies about its flushes (the register's memory is then the guard), and what is damaged so that
it still reads as a journal.
END
}

if [[ $size != proofs ]]; then
    install
    build
    controls
fi
case $size in
    ci) ci ;;
    long) long ;;
esac
[[ $size = ci ]] || proofs
echo "the disk: green after $((SECONDS - began)) s"
