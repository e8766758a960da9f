#!/usr/bin/env bash
# README's commands, run from README's own text. A block whose fence begins with ```sh or ```ini ... test=NAME is found by its
# name; readers see nothing of it.
#
#   tests/readme.sh NAME...   runs these blocks here
#   tests/readme.sh check     every block has a name, and every name a test that uses it
# Sourced, it gives `readme NAME`, the text of a block, and `readme_commands TITLE`.

readme() {
    awk -v name="$1" '
        /^ *```/ && inside { exit }
        inside { sub("^" indent, ""); print; found = 1 }
        !inside && $0 ~ "^ *```[A-Za-z]+ test=" name "$" { inside = 1; indent = $0; sub(/`.*/, "", indent) }
        END { exit !found }' "$readme_root/README.md" || { echo "README has no block test=$1" >&2; return 1; }
}

# The commands that README names under a title, one a line: everything in backquotes that begins with kkm-bridge.
readme_commands() {
    awk -v title="### $1" '/^#/ { inside = $0 == title } inside' "$readme_root/README.md" |
        grep -o '`kkm-bridge [^`]*`' | tr -d '`'
}

readme_check() {
    local names name bad=0
    if grep -nE '^ *```(sh|ini|Caddyfile|toml)$' "$readme_root/README.md"; then
        echo "these blocks of README have no test=NAME" >&2
        bad=1
    fi
    names=$(sed -nE 's/^ *```[A-Za-z]+ test=//p' "$readme_root/README.md")
    for name in $names; do
        [ "$(grep -cx "$name" <<< "$names")" = 1 ] || { echo "two blocks of README are named $name" >&2; bad=1; }
        (cd "$readme_root" && grep -qE "(readme|readme\.sh|run|file|caddy) ([a-z-]+ )*$name([ )\"]|$)" .ci/run tests/*.sh packaging/*.sh) ||
            { echo "nothing runs the block $name of README" >&2; bad=1; }
    done
    [ $bad = 0 ] && echo "README: $(wc -l <<< "$names") blocks, each run by a test"
}

readme_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
if [ "${BASH_SOURCE[0]}" = "$0" ]; then
    set -euo pipefail
    cd "$readme_root"
    for name in "$@"; do
        if [ "$name" = check ]; then
            readme_check
        else
            text=$(readme "$name")
            echo "README: $text"
            bash -euo pipefail -c "$text"
        fi
    done
fi
