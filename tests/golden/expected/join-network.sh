#!/bin/sh
#
# ip addr, started as `rootlet run` would start it, by the tools of util-linux.
# Made by `rootlet plan --format=sh`, for an ordinary user; numbers are the plan's steps.
# Ids: as in the user namespace that is joined.
#
# What this script cannot do:
#  - step 0, channels: the shell waits for its children; a failed command says why
#  - step 1, init_image: there is no init: the command itself is the first process
#  - step 4, undumpable: no tool of util-linux does it
#  - steps 6 to 9, open_path: sources are found later, by name, with the mapped root's rights
#  - step 57, close_fds: the shell closes descriptors up to 9 only
#  - step 58, process_group: the command stays in the script's process group
#  - step 59, keyring: a session keyring is made by keyctl(1), not by util-linux
#  - step 66, seccomp: no tool of util-linux 2.38 loads a filter
#  - step 67, exec_init: the command is run without the init
#  - every path inside ROOT: links are followed by the shell, as if ROOT were /; right while nobody
#    changes ROOT meanwhile, but no defence against who does (rootlet: openat2(2))
# What it needs:
#  - on the host: util-linux 2.38 or newer (unshare, nsenter, mount, umount, pivot_root), readlink;
#    hostname
#  - the directory /run on the host: it is covered, in the private mount namespace only
#  - inside ROOT: umount, env and setpriv (busybox has the first two)
#  - inside ROOT: the mount points, or leave for the mapped root to make them

set -eu
PATH=$PATH:/usr/sbin:/sbin

# ---- PREPARE: Make what can be made before any new process exists.

# 0  make the report and control channels [differs: the shell waits for its children; a failed
#    command says why]
# 1  make the image of the init [differs: there is no init: the command itself is the first process]

# ---- JOIN: Enter the namespaces that are shared, the user namespace first.

# 2  join the user namespace /proc/4242/ns/user
# 3  join the net namespace /proc/4242/ns/net
# 4  let nobody trace it until its exec [differs: no tool of util-linux does it]

# ---- CLONE: Make the new process and its namespaces, in one system call.

# 5  clone3 a process into its own pid, mnt, uts, ipc, cgroup namespaces

# ---- OPEN: Hold what the host gives, still with the caller's own rights.

# 6  open /srv/debian (a directory) [differs: sources are found later, by name, with the mapped
#    root's rights]
# 7  open /dev (a directory) [differs: sources are found later, by name, with the mapped root's
#    rights]
# 8  open /sys (a directory) [differs: sources are found later, by name, with the mapped root's
#    rights]
# 9  open /etc/resolv.conf [differs: sources are found later, by name, with the mapped root's
#    rights]

# ---- IDENTITY: Become the mapped root: powerful inside, ordinary outside.

# 10  drop every supplementary group
# 11  become uid 0, gid 0

# The new namespaces, and a shell in them that reads the rest of this file;
# descriptor 9 keeps the standard input for the command (a closed one: /dev/null).
true 2>/dev/null 9<&0 || exec </dev/null
nsenter --user=/proc/4242/ns/user --net=/proc/4242/ns/net --setuid 0 --setgid 0 \
	unshare --pid --mount --uts --ipc --cgroup --propagation private \
	--fork --kill-child=SIGKILL sh -s 9<&0 <<'INSIDE'
set -eu
umask 022
new=/run # the new root covers it, until it is /

die() {
	printf '%s\n' "$*" >&2
	exit 1
}

# Find $1 inside the new root, every link followed as if that root were /: sets $target.
inside() {
	left=$1/
	target=$new
	hops=0
	while [ -n "$left" ]; do
		part=${left%%/*}
		left=${left#*/}
		case $part in
		'' | .) ;;
		..) [ "$target" = "$new" ] || target=${target%/*} ;;
		*)
			if [ -L "$target/$part" ]; then
				hops=$((hops + 1))
				[ "$hops" -le 40 ] || die "$1: too many links"
				link=$(readlink "$target/$part" && echo .)
				link=${link%??} # readlink's newline and the dot that kept the name's own
				case $link in /*) target=$new ;; esac
				left=$link/$left
			else
				target=$target/$part
			fi
			;;
		esac
	done
}

# Make $target as a mount point when it is missing: a directory, a file, or as source $1 is.
make_dir() { [ -e "$target" ] || mkdir -p "$target"; }
make_file() { [ -e "$target" ] || { mkdir -p "${target%/*}" && : >"$target"; }; }
make_like() { if [ -d "$1" ]; then make_dir; else make_file; fi; }

# Change options of the mount at $1 to $2; the others stay, as the kernel wants for locked ones.
remount() { mount -n --options-source mtab -o "remount,bind,$2" "$1"; }

# The same for every mount at or below $1: mount(8) before 2.39 has no recursive form.
remount_all() {
	while read -r _ _ _ _ point _; do
		point=$(printf '%b.' "$point") # blanks are octal there
		point=${point%.}
		case $point in
		"$1" | "$1"/*) if [ -e "$point" ]; then remount "$point" "$2"; fi ;;
		esac
	done </proc/self/mountinfo
}

# Cover $1: a directory by an empty tmpfs, a file by /dev/null; what is absent needs none.
hide() {
	inside "$1"
	if [ -d "$target" ]; then
		mount -n -t tmpfs -o ro,nosuid,nodev,noexec,size=0,mode=0555 tmpfs "$target"
	elif [ -e "$target" ]; then
		mount -n --bind /dev/null "$target"
	fi
}

# Make $1 read-only, when it is there: a bind of it to itself is a mount that can be.
read_only() {
	inside "$1"
	if [ -e "$target" ]; then
		mount -n --rbind "$target" "$target"
		remount_all "$target" ro
	fi
}

# ---- NAMESPACES: Furnish the new namespaces: name, network, clocks.

# 12  mount proc (nosuid, nodev, noexec)
mount -n -t proc -o nosuid,nodev,noexec proc /proc
# 13  set the hostname rootlet
hostname rootlet

# ---- ROOT: Build the file system that the command sees; leave the host's.

# 14  make every mount private
#    (an option of unshare, above)
# 15  bind /srv/debian as the new root (recursive)
mount -n --rbind /srv/debian "$new"
# 16  put the new proc on /proc
inside /proc; make_dir
mount -n --move /proc "$target"
# 17  bind /sys → /sys (recursive, ro, nosuid, nodev, noexec)
inside /sys; make_like /sys
mount -n --rbind /sys "$target"
remount_all "$target" ro,nosuid,nodev,noexec
# 18  mount cgroup2 on /sys/fs/cgroup (ro, nosuid, nodev, noexec, if present)
inside /sys/fs/cgroup
if [ -e "$target" ]; then
	mount -n -t cgroup2 -o nosuid,nodev,noexec cgroup2 "$target"
	remount "$target" ro
fi
# 19  mount tmpfs on /dev (mode=0755, size=65536k, nosuid)
inside /dev; make_dir
mount -n -t tmpfs -o mode=0755,size=65536k,nosuid tmpfs "$target"
dev=$target
# 20  bind the host's /dev/null → /dev/null (device 1:3)
target="$dev/null"; make_file
mount -n --bind /dev/null "$target"
# 21  bind the host's /dev/zero → /dev/zero (device 1:5)
target="$dev/zero"; make_file
mount -n --bind /dev/zero "$target"
# 22  bind the host's /dev/full → /dev/full (device 1:7)
target="$dev/full"; make_file
mount -n --bind /dev/full "$target"
# 23  bind the host's /dev/random → /dev/random (device 1:8)
target="$dev/random"; make_file
mount -n --bind /dev/random "$target"
# 24  bind the host's /dev/urandom → /dev/urandom (device 1:9)
target="$dev/urandom"; make_file
mount -n --bind /dev/urandom "$target"
# 25  bind the host's /dev/tty → /dev/tty (device 5:0)
target="$dev/tty"; make_file
mount -n --bind /dev/tty "$target"
# 26  mount devpts on /dev/pts (newinstance, ptmxmode=0666, mode=0620, gid=5, nosuid, noexec)
target="$dev/pts"; make_dir
mount -n -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5,nosuid,noexec devpts "$target"
# 27  link /dev/fd → /proc/self/fd
ln -s -- /proc/self/fd "$dev/fd"
# 28  link /dev/stdin → /proc/self/fd/0
ln -s -- /proc/self/fd/0 "$dev/stdin"
# 29  link /dev/stdout → /proc/self/fd/1
ln -s -- /proc/self/fd/1 "$dev/stdout"
# 30  link /dev/stderr → /proc/self/fd/2
ln -s -- /proc/self/fd/2 "$dev/stderr"
# 31  link /dev/ptmx → pts/ptmx
ln -s -- pts/ptmx "$dev/ptmx"
# 32  bind the host's /dev/null → /dev/console (device 1:3)
target="$dev/console"; make_file
mount -n --bind /dev/null "$target"
# 33  mount tmpfs on /dev/shm (mode=1777, size=65536k, nosuid, nodev, noexec)
target="$dev/shm"; make_dir
mount -n -t tmpfs -o mode=1777,size=65536k,nosuid,nodev,noexec tmpfs "$target"
# 34  mount mqueue on /dev/mqueue (nosuid, nodev, noexec)
target="$dev/mqueue"; make_dir
mount -n -t mqueue -o nosuid,nodev,noexec mqueue "$target"
# 35  write /etc/hostname (8 bytes, mode 0644, if present)
printf %s 'rootlet
' >"$dev/.text"
chmod 0644 "$dev/.text"
inside /etc/hostname; make_file 2>/dev/null || :
if [ -e "$target" ]; then
	mount -n --bind "$dev/.text" "$target"
	remount "$target" nosuid,nodev,noexec
fi
rm "$dev/.text"
# 36  bind /etc/resolv.conf → /etc/resolv.conf (ro, nosuid, nodev, if present)
if [ -e /etc/resolv.conf ]; then
inside /etc/resolv.conf; make_like /etc/resolv.conf
	mount -n --bind /etc/resolv.conf "$target"
	remount "$target" ro,nosuid,nodev
fi
# 37  hide /proc/acpi (if present)
hide /proc/acpi
# 38  hide /proc/asound (if present)
hide /proc/asound
# 39  hide /proc/interrupts (if present)
hide /proc/interrupts
# 40  hide /proc/kcore (if present)
hide /proc/kcore
# 41  hide /proc/keys (if present)
hide /proc/keys
# 42  hide /proc/latency_stats (if present)
hide /proc/latency_stats
# 43  hide /proc/sched_debug (if present)
hide /proc/sched_debug
# 44  hide /proc/scsi (if present)
hide /proc/scsi
# 45  hide /proc/timer_list (if present)
hide /proc/timer_list
# 46  hide /proc/timer_stats (if present)
hide /proc/timer_stats
# 47  hide /sys/firmware (if present)
hide /sys/firmware
# 48  hide /sys/devices/virtual/powercap (if present)
hide /sys/devices/virtual/powercap
# 49  hide /sys/devices/system/cpu/cpu0/thermal_throttle (if present)
hide /sys/devices/system/cpu/cpu0/thermal_throttle
# 50  make /proc/bus read-only (if present)
read_only /proc/bus
# 51  make /proc/fs read-only (if present)
read_only /proc/fs
# 52  make /proc/irq read-only (if present)
read_only /proc/irq
# 53  make /proc/sys read-only (if present)
read_only /proc/sys
# 54  make /proc/sysrq-trigger read-only (if present)
read_only /proc/sysrq-trigger
# 55  make the new root the root
cd "$new"
pivot_root . .
# 56  detach the old root
hash -r
umount -n -l .
cd /

# ---- SEAL: Give away every right that the command does not need.

# 57  close every descriptor from 3 on [differs: the shell closes descriptors up to 9 only]
# (at the exec, below)
# 58  start a process group [differs: the command stays in the script's process group]
# 59  start an empty session keyring [differs: a session keyring is made by keyctl(1), not by
#    util-linux]
# 60  set the umask 0022
# (right before the exec, below)
# 61  bounding set: cap_chown, cap_dac_override, cap_fowner, cap_fsetid, cap_kill, cap_setgid,
#    cap_setuid, cap_setpcap, cap_net_bind_service, cap_sys_chroot, cap_setfcap
# (an option of setpriv, below)
# 62  capabilities: cap_chown, cap_dac_override, cap_fowner, cap_fsetid, cap_kill, cap_setgid,
#    cap_setuid, cap_setpcap, cap_net_bind_service, cap_sys_chroot, cap_setfcap
# (an option of setpriv, below)
# 63  go to /
cd /
# 64  set no_new_privs
# (an option of setpriv, below)
# 65  die by SIGKILL when the process that made us does
#    (an option of unshare, above)
# 66  load the seccomp filter default (N instructions) [differs: no tool of util-linux 2.38 loads
#    a filter]

# ---- EXEC: Become the first program of the container.

# 67  exec the init, which runs ip addr [differs: the command is run without the init]
set -- ip addr
set -- env -i \
	PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
	HOME=/root \
	TERM=xterm-256color \
	HOSTNAME=rootlet \
	container=rootlet \
	"$@"
if command -v setpriv >/dev/null; then
	set -- setpriv --no-new-privs --inh-caps=-all \
		--bounding-set=-all,+chown,+dac_override,+fowner,+fsetid,+kill,+setgid,+setuid,+setpcap,+net_bind_service,+sys_chroot,+setfcap "$@"
else
	echo 'note: no setpriv in this root: capabilities and no_new_privs stay as they are' >&2
fi
umask 0022
exec "$@" <&9 9<&- 3<&- 4<&- 5<&- 6<&- 7<&- 8<&-
INSIDE
