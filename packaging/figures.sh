#!/usr/bin/env bash
# What the program for shops takes of a small box, with a verdict: memory and processor at rest, time to be ready, size.
#
#   packaging/figures.sh      after packaging/build.sh; its register is that of a source build
set -euo pipefail
cd "$(dirname "$0")/.."

program=target/release/kkm-bridge
package=$(echo target/debian/kkm-bridge_*.deb)
simulators=${KKM_SIMULATORS:-target/debug/kkm-bridge}
[ -x "$simulators" ] || cargo build --locked
rest_s=10
stage=$(mktemp -d)
register=
service=
trap 'kill $service $register 2> /dev/null || true; rm -rf "$stage"' EXIT
failed=0

# verdict NAME VALUE LIMIT UNIT
verdict() {
    local word=good
    if [ "$2" -gt "$3" ]; then
        word="TOO MUCH"
        failed=$((failed + 1))
    fi
    printf '%-28s %8d %-5s at most %6d   %s\n' "$1" "$2" "$4" "$3" "$word"
}

(umask 077 && echo a-token-of-figures-0123 > "$stage/token")
cat > "$stage/kkm-bridge.toml" << END
[intake]
listen = "127.0.0.1:0"
[journal]
directory = "$stage/journal"
[callback]
token = { file = "$stage/token" }
[shops.one]
token = { file = "$stage/token" }
device = "front"
[devices.front.driver]
family = "shtrih"
port = "$stage/line"
END

# ready_line FILE WORD: waits for a line that begins so.
ready_line() {
    until grep -q "^$2" "$1" 2> /dev/null; do
        kill -0 "$!" 2> /dev/null || { cat "$1" >&2; exit 1; }
        sleep 0.001
    done
}

"$simulators" simulate register --protocol shtrih --books "$stage/books" --pty "$stage/line" --quiet \
    < /dev/null > "$stage/register" 2>&1 &
register=$!
ready_line "$stage/register" register

# Milliseconds from the start of the process to its ready line; the best of some, for the machine has other work too.
start_ms() {
    local began best=999999 took
    for _ in 1 2 3 4 5; do
        [ -z "$service" ] || { kill "$service"; wait "$service" || true; }
        : > "$stage/said"
        began=${EPOCHREALTIME/./}
        "$program" --config "$stage/kkm-bridge.toml" run > "$stage/said" 2> "$stage/log" &
        service=$!
        ready_line "$stage/said" "kkm-bridge ready"
        took=$(((${EPOCHREALTIME/./} - began) / 1000))
        [ "$took" -ge "$best" ] || best=$took
    done
    echo "$best" > "$stage/best"
}
start_ms

# Hundredths of a second of processor, of all threads.
ticks() {
    awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$service/stat"
}
# The first look at register and journal is no rest.
sleep 2
before=$(ticks)
sleep $rest_s
spent=$(($(ticks) - before))

verdict "memory at rest" $(($(awk '/^VmRSS/ { print $2 }' "/proc/$service/status"))) $((15 * 1024)) KiB
verdict "  of it not shared with files" $(($(awk '/^RssAnon/ { print $2 }' "/proc/$service/status"))) $((15 * 1024)) KiB
# One tick in ten seconds is a thousandth, the least that can be seen.
verdict "processor in $rest_s s of rest" $((spent * 10)) 10 ms
verdict "start to ready" "$(cat "$stage/best")" 100 ms
verdict "program" $(($(stat -c %s "$program") / 1024)) $((16 * 1024)) KiB
verdict "package" $(($(stat -c %s "$package") / 1024)) $((6 * 1024)) KiB
if [ $failed != 0 ]; then
    echo "$failed figures are too high" >&2
    exit 1
fi
