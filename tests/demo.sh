#!/usr/bin/env bash
# The demonstration as README shows it, without --once: it prints a curl line, which is run here as a reader would run it.
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/readme.sh
command=$(readme demo)
said=$(mktemp)
trap 'kill %1 2> /dev/null || true; rm -f "$said"' EXIT

${command% --once} > "$said" 2>&1 &
# await SECONDS PATTERN COUNT
await() {
    local deadline=$((SECONDS + $1))
    until [ "$(grep -c "$2" "$said")" -ge "$3" ]; do
        [ $SECONDS -lt $deadline ] || { cat "$said" >&2; echo "no $2 within $1 s" >&2; exit 1; }
        sleep 0.1
    done
}
await 600 '"status": "success"' 1
by_hand=$(sed -n "/^  curl/,/^    -d/p" "$said")
echo "$by_hand"
bash -c "$by_hand"
echo
await 30 '"status": "success"' 2
echo "a document by hand: registered and reported"
