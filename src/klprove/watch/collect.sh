#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Copies what `klprove watch --root` reads to a tar archive: for a machine without Python.
#   sh collect.sh [OUT.tar]      run by root it sees more; nothing on the machine is changed
# Of threads, all have their patch_state copied; only those of a transition that is under way and
# that have not switched have stack, wchan and stat copied as well.

out=${1:-livepatch.tar}
umask 077
tree=$(mktemp -d) || exit 1
trap 'rm -rf "$tree"' EXIT

keep() { # files of /proc and /sys have no size: their text is copied, what cannot be read is not
	mkdir -p "$tree${1%/*}" && { cat "$1" >"$tree$1"; } 2>/dev/null || rm -f "$tree$1"
}

for each in /proc/version /proc/uptime /proc/modules /proc/stat /proc/2/stat /proc/sys/kernel/osrelease \
	/proc/sys/kernel/ftrace_enabled /proc/sys/kernel/tainted /sys/kernel/notes \
	/sys/kernel/tracing/enabled_functions /sys/kernel/debug/tracing/enabled_functions \
	/sys/kernel/tracing/kprobe_events /sys/kernel/tracing/kprobe_profile \
	/sys/kernel/tracing/function_profile_enabled /sys/kernel/tracing/trace_stat/function* \
	/sys/kernel/debug/kprobes/list; do
	[ -e "$each" ] && keep "$each"
done

target=
livepatch=/sys/kernel/livepatch
[ -d $livepatch ] && mkdir -p "$tree$livepatch"
for patch in $livepatch/*/; do
	[ -d "$patch" ] || continue
	patch=${patch%/}
	mkdir -p "$tree$patch"
	for each in enabled transition replace stack_order force signal; do
		[ -r "$patch/$each" ] && keep "$patch/$each"
	done
	for object in "$patch"/*/; do
		[ -d "$object" ] || continue
		object=${object%/}
		mkdir -p "$tree$object"
		[ -r "$object/patched" ] && keep "$object/patched"
		for function in "$object"/*/; do
			[ -d "$function" ] && mkdir -p "$tree$function"
		done
	done
	[ "$(cat "$patch/transition" 2>/dev/null)" = 1 ] && target=$(cat "$patch/enabled" 2>/dev/null)
done

for module in /sys/module/*/; do
	taint=
	read -r taint 2>/dev/null <"${module}taint"
	case $taint in
	*K*)
		keep "${module}taint"
		keep "${module}srcversion"
		keep "${module}notes/.note.gnu.build-id"
		;;
	esac
done

for task in /proc/[0-9]*/task/[0-9]*; do
	state=
	read -r state 2>/dev/null <"$task/patch_state" || [ "$state" ] || continue
	mkdir -p "$tree$task"
	echo "$state" >"$tree$task/patch_state"
	if [ "$target" ] && [ "$state" != "$target" ]; then
		for each in stack wchan stat; do keep "$task/$each"; done
	fi
done

dmesg >"$tree/dmesg" 2>/dev/null || rm -f "$tree/dmesg"
(cd "$tree" && tar cf - .) >"$out" && echo "wrote $out"
