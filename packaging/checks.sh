# Sourced by tests on machines: facts, each with its sentence. The first that does not hold ends the test; what
# systemd's journal holds on the machines of machines_told is shown then.

passed=0
machines_told=()

# check SENTENCE COMMAND...
check() {
    local sentence=$1 machine
    shift
    if "$@"; then
        passed=$((passed + 1))
        echo "ok: $sentence"
        return
    fi
    echo "NOT OK: $sentence" >&2
    for machine in "${machines_told[@]}"; do
        echo "--- the journal of $machine"
        on "$machine" journalctl --no-pager -n 60 || true
    done >&2
    exit 1
}

is() {
    [ "$1" = "$2" ] || { echo "  is: $1, should be: $2" >&2; return 1; }
}

has() {
    grep -qF -- "$2" <<< "$1" || { echo "  no \"$2\" in: $1" >&2; return 1; }
}

not() {
    ! "$@"
}

# within SECONDS COMMAND...: asked again until it holds.
within() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@" 2> /dev/null; do
        [ $SECONDS -lt $deadline ] || { "$@"; return; }
        sleep 0.1
    done
}

# The command ends well and says so: said TEXT COMMAND...
said() {
    local text=$1 all
    shift
    all=$("$@" 2>&1) || { echo "$all" >&2; return 1; }
    has "$all" "$text"
}

# The command's exit code is no higher.
at_most() {
    local most=$1 code=0 all
    shift
    all=$("$@" 2>&1) || code=$?
    [ $code -le "$most" ] || { echo "$all" >&2; return 1; }
}
