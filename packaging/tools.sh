# Sourced by the scripts of this folder.

# need PROGRAM PACKAGE: installs Debian's package where the program is missing. A mirror in the middle of its own renewal
# is asked again.
need() {
    command -v "$1" > /dev/null && return
    local try
    for try in 1 2 3; do
        apt-get update -qq && apt-get install -qq -y --no-install-recommends "$2" > /dev/null && return
        sleep $((try * 5))
    done
    echo "$1 is missing, and Debian's package $2 could not be installed" >&2
    return 1
}
