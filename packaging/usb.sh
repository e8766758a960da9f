#!/bin/bash
# Runs on a test machine: shows its udev some devices that are not there, and prints the names it would give to each.
# udev reads a device from files; these are files such as the kernel would show.
set -euo pipefail
tree=$(mktemp -d)

# usb PORT SERIAL INTERFACE NODE KIND
usb() {
    local device=$tree/devices/pci0000:00/usb1/$1
    local interface=$device/$1:1.$3
    local node=$interface/$5/$4
    mkdir -p "$node" "$tree/bus/usb" "$tree/class/$5"
    echo DEVTYPE=usb_device > "$device/uevent"
    ln -sfn /sys/bus/usb "$device/subsystem"
    echo 1fc9 > "$device/idVendor"
    echo 0083 > "$device/idProduct"
    [ -z "$2" ] || echo "$2" > "$device/serial"
    printf 'DEVTYPE=usb_interface\nDRIVER=some\n' > "$interface/uevent"
    ln -sfn /sys/bus/usb "$interface/subsystem"
    printf '%02d\n' "$3" > "$interface/bInterfaceNumber"
    echo 02 > "$interface/bInterfaceClass"
    printf 'MAJOR=166\nMINOR=0\nDEVNAME=%s\n' "$4" > "$node/uevent"
    ln -sfn "/sys/class/$5" "$node/subsystem"
    ln -sfn "/sys${node#"$tree"}" "$tree/class/$5/$4"
}

usb 1-1 0012345 0 ttyACM0 tty
usb 1-1 0012345 2 ttyACM1 tty
usb 1-2 "" 0 ttyUSB0 tty
usb 1-3 TM20SERIAL01 0 lp0 usbmisc
mount --bind "$tree" /sys
for node in tty/ttyACM0 tty/ttyACM1 tty/ttyUSB0 usbmisc/lp0; do
    names=$(SYSTEMD_DEVICE_VERIFY_SYSFS=0 udevadm test --action=add "$(readlink -f "/sys/class/$node")" 2> /dev/null |
        sed -n 's/^DEVLINKS=//p' | tr ' ' '\n' | sed -n '/^.dev.kkm./p' | xargs)
    echo "${node#*/}: ${names:-none}"
done
