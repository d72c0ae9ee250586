#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# run.sh [VMLINUX] [--times N] [--log FILE] [--dry-run]: see README.
release='@release@' package='@package@' build_id='@build_id@'
home=$(cd "$(dirname "$0")" && pwd) || exit 2

complain() {
	echo "error: $*" >&2
	exit 2
}

case "${1:-}" in
'' | -*) vmlinux=/usr/lib/debug/boot/vmlinux-$release ;;
*) vmlinux=$1 && shift ;;
esac
[ -r "$vmlinux" ] || complain "no $vmlinux: apt-get install $package, or name the file"
if command -v readelf >/dev/null; then
	found=$(readelf -n "$vmlinux" 2>/dev/null | sed -n 's/.*Build ID: //p' | head -n 1)
	[ "$found" = "$build_id" ] ||
		complain "$vmlinux has the build-id '$found'; needed is $build_id, of $package"
else
	echo "no readelf (binutils): the guest is asked for its build-id" >&2
fi
command -v qemu-system-x86_64 >/dev/null || complain "no QEMU: apt-get install qemu-system-x86"
python3 -I -S -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
	complain "no Python 3.11 or newer: apt-get install python3"
exec python3 -I -S "$home/lead.py" "$vmlinux" "$@"
