# Sourced by tests: Debian machines with systemd of their own, as containers that boot in half a second. Root is needed.
#
#   machines                     makes the file system under all machines; kept in /var/tmp for the next script
#   machine_new NAME             a machine with an empty disk over it; its files are in $(machine_root NAME)
#   machine_boot NAME [OPTION..] boots it; options as of systemd-nspawn
#   on NAME COMMAND [ARGUMENT..] runs a command on it
#   machine_reboot NAME, machine_off NAME
# Everything is taken down when the script ends.

. "$(dirname "${BASH_SOURCE[0]}")/tools.sh"

suite=bookworm
machine_packages="systemd systemd-sysv dbus udev adduser ca-certificates tzdata curl iproute2 procps"
# What README's ways through a router use.
machine_packages+=" caddy openssh-client openssh-server wireguard-tools wireguard-go iptables"
stage=$(mktemp -d /var/tmp/kkm-bridge-stage.XXXXXX)
declare -A machine_pid machine_options
trap 'machines_end $?' EXIT

machines() {
    need mmdebstrap mmdebstrap
    need systemd-nspawn systemd-container
    base=/var/tmp/kkm-bridge-machine-$( (echo "$suite $machine_packages" && declare -f machines) | sha256sum | cut -c 1-16)
    [ -e "$base/done" ] && return
    local try
    for try in 1 2 3; do
        rm -rf "$base"
        mkdir -p "$base/root"
        if mmdebstrap --quiet --variant=minbase --include="${machine_packages// /,}" "$suite" - 2> "$base/log" |
            tar -C "$base/root" --exclude='./dev/*' -xf -; then
            # Nothing begins by itself, at a start or at a time of its own.
            rm -f "$base"/root/etc/systemd/system/timers.target.wants/* "$base"/root/lib/systemd/system/timers.target.wants/* \
                "$base"/root/etc/systemd/system/multi-user.target.wants/{caddy,ssh}.service
            ln -sf /dev/null "$base/root/etc/systemd/system/systemd-networkd-wait-online.service"
            touch "$base/done"
            return
        fi
        sleep $((try * 5))
    done
    cat "$base/log" >&2
    return 1
}

machine_root() {
    echo "$stage/$1/root"
}

machine_new() {
    local place=$stage/$1
    mkdir -p "$place/root" "$place/upper" "$place/work"
    mount -t overlay overlay -o "lowerdir=$base/root,upperdir=$place/upper,workdir=$place/work" "$place/root"
    echo "$1" > "$place/root/etc/hostname"
    : > "$place/root/etc/machine-id"
}

machine_boot() {
    local name=$1
    shift
    systemd-nspawn --quiet --directory="$stage/$name/root" --machine="kkm-$$-$name" --boot --register=no --keep-unit \
        --console=pipe --link-journal=no --resolv-conf=off --timezone=off "$@" < /dev/null > "$stage/$name/console" 2>&1 &
    machine_pid[$name]=$!
    machine_options[$name]=${*@Q}
    machine_await "$name"
}

# The first process of a machine, from outside.
machine_init() {
    pgrep -P "${machine_pid[$1]}" | head -n 1
}

machine_await() {
    local deadline=$((SECONDS + 60)) state=
    while [ $SECONDS -lt $deadline ]; do
        state=$(on "$1" systemctl is-system-running 2> /dev/null) || true
        case $state in running | degraded) return ;; esac
        sleep 0.1
    done
    echo "machine $1 does not come up ($state):" >&2
    cat "$stage/$1/console" >&2
    return 1
}

on() {
    local name=$1
    shift
    nsenter --target "$(machine_init "$name")" --all env --chdir=/ -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 "$@"
}

machine_reboot() {
    on "$1" systemctl reboot 2> /dev/null || true # its own end cuts the line
    machine_gone "$1"
    # As a board's firmware does.
    eval "machine_boot $1 ${machine_options[$1]}"
}

machine_off() {
    on "$1" systemctl poweroff 2> /dev/null || true
    machine_gone "$1"
}

machine_gone() {
    wait "${machine_pid[$1]}" || true
    unset "machine_pid[$1]"
}

# At the end of a script, whatever its exit code: machines_end CODE.
machines_end() {
    local name place
    set +e
    for name in "${!machine_pid[@]}"; do
        # The machine's first process: all others go with it.
        kill -KILL "$(machine_init "$name")" "${machine_pid[$name]}" 2> /dev/null
        wait "${machine_pid[$name]}" 2> /dev/null
    done
    for place in "$stage"/*/ "$stage"/*/root; do
        ! mountpoint -q "$place" || umount -R "$place"
    done
    rm -rf --one-file-system "$stage"
    exit "$1"
}
