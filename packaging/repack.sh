#!/usr/bin/env bash
# Makes the same package under another version: the next release, for the test of an upgrade.
#
#   packaging/repack.sh PACKAGE VERSION DIRECTORY
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
dpkg-deb --raw-extract "$1" "$work"
sed -i "s/^Version: .*/Version: $2/" "$work/DEBIAN/control"
dpkg-deb --root-owner-group -Zgzip -z1 --build "$work" "$3" > /dev/null
