#!/bin/sh
#
# ps ax, started as `rootlet unshare` would start it, by the tools of util-linux.
# Made by `rootlet plan --format=sh`, for an ordinary user; numbers are the plan's steps.
# Ids: uid 0 is 1000 (alice), 1–65536 are 100000–165535.
#
# What this script cannot do:
#  - step 0, channels: the shell waits for its children; a failed command says why
#  - step 2, open_path: sources are found later, by name, with the mapped root's rights
#  - step 11, close_fds: the shell closes descriptors up to 9 only
#  - step 12, process_group: the command stays in the script's process group
# What it needs:
#  - on the host: util-linux 2.38 or newer (unshare, nsenter, mount), readlink; newuidmap and
#    newgidmap with subordinate ids; hostname

set -eu
PATH=$PATH:/usr/sbin:/sbin

# ---- PREPARE: Make what can be made before any new process exists.

# 0  make the report and control channels [differs: the shell waits for its children; a failed
#    command says why]

# ---- CLONE: Make the new process and its namespaces, in one system call.

# 1  clone3 a process into its own user, pid, mnt, uts namespaces

# ---- OPEN: Hold what the host gives, still with the caller's own rights.

# 2  open / (a directory) [differs: sources are found later, by name, with the mapped root's rights]

# A process that holds the new user namespace open while its maps are written.
unshare --user sleep 60 &
holder=$!
trap 'kill "$holder" 2>/dev/null' EXIT
while [ "$(readlink "/proc/$holder/ns/user")" = "$(readlink /proc/self/ns/user)" ]; do
	sleep 0.01
done

# ---- MAPS: Say which ids outside the ids inside stand for.

# 3  /usr/bin/newuidmap PID 0 1000 1 1 100000 65536
/usr/bin/newuidmap "$holder" 0 1000 1 1 100000 65536
# 4  /usr/bin/newgidmap PID 0 1000 1 1 100000 65536
/usr/bin/newgidmap "$holder" 0 1000 1 1 100000 65536
trap - EXIT

# ---- IDENTITY: Become the mapped root: powerful inside, ordinary outside.

# 5  drop every supplementary group
# 6  become uid 0, gid 0

# The new namespaces, and a shell in them that reads the rest of this file;
# descriptor 9 keeps the standard input for the command (a closed one: /dev/null).
true 2>/dev/null 9<&0 || exec </dev/null
nsenter --target "$holder" --user --setuid 0 --setgid 0 \
	sh -c 'kill "$1"; shift; exec "$@"' sh "$holder" \
	unshare --pid --mount --uts --propagation private \
	--fork --kill-child=SIGKILL sh -s 9<&0 <<'INSIDE'
set -eu
umask 022
new= # the root stays

die() {
	printf '%s\n' "$*" >&2
	exit 1
}

# ---- NAMESPACES: Furnish the new namespaces: name, network, clocks.

# 7  mount proc (nosuid, nodev, noexec)
mount -n -t proc -o nosuid,nodev,noexec proc /proc
# 8  set the hostname red
hostname red

# ---- ROOT: Build the file system that the command sees; leave the host's.

# 9  make every mount private
#    (an option of unshare, above)
# 10  put the new proc on /proc
# it is there already: the root stays as it is

# ---- SEAL: Give away every right that the command does not need.

# 11  close every descriptor from 3 on [differs: the shell closes descriptors up to 9 only]
# (at the exec, below)
# 12  start a process group [differs: the command stays in the script's process group]
# 13  die by SIGKILL when the process that made us does
#    (an option of unshare, above)

# ---- EXEC: Become the first program of the container.

# 14  exec ps ax
set -- ps ax
set -- env -i \
	PATH=/usr/local/bin:/usr/bin:/bin \
	HOME=/home/alice \
	TERM=xterm-256color \
	SHELL=/bin/bash \
	USER=alice \
	LANG=C.UTF-8 \
	"$@"
exec "$@" <&9 9<&- 3<&- 4<&- 5<&- 6<&- 7<&- 8<&-
INSIDE
