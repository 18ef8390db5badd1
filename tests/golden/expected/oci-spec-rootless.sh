#!/bin/sh
#
# sh, started as `rootlet-oci create` would start it, by the tools of util-linux.
# Made by `rootlet plan --format=sh`, for an ordinary user; numbers are the plan's steps.
# Ids: uid 0 is 1000 (alice).
#
# What this script cannot do:
#  - step 0, channels: the shell waits for its children; a failed command says why
#  - step 1, init_image: there is no init: the command itself is the first process
#  - step 2, cgroup: the script stays in the caller's cgroup
#  - steps 4 to 6, open_path: sources are found later, by name, with the mapped root's rights
#  - step 11, cgroup_namespace: the script stays in the caller's cgroup
#  - step 52, terminal: script(1) makes one, of the host's devpts
#  - step 56, close_fds: the shell closes descriptors up to 9 only
#  - step 57, keyring: a session keyring is made by keyctl(1), not by util-linux
#  - step 64, capability_sets: effective and permitted follow from the bounding set and the user id
#    when the command is run
#  - step 66, find_command: the shell finds it when it executes it
#  - step 67, await_start: the script does not wait to be started
#  - every path inside ROOT: links are followed by the shell, as if ROOT were /; right while nobody
#    changes ROOT meanwhile, but no defence against who does (rootlet: openat2(2))
# What it needs:
#  - on the host: util-linux 2.38 or newer (unshare, mount, umount, pivot_root, prlimit), readlink;
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
# 2  make the cgroup
#    /sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/app.slice/app.scope/box [differs:
#    the script stays in the caller's cgroup]

# ---- CLONE: Make the new process and its namespaces, in one system call.

# 3  clone3 a process into its own user, pid, mnt, uts, ipc namespaces

# ---- OPEN: Hold what the host gives, still with the caller's own rights.

# 4  open /srv/box/rootfs (a directory) [differs: sources are found later, by name, with the mapped
#    root's rights]
# 5  open /sys [differs: sources are found later, by name, with the mapped root's rights]
# 6  open /dev (a directory) [differs: sources are found later, by name, with the mapped root's
#    rights]

# ---- MAPS: Say which ids outside the ids inside stand for.

# 7  write deny to /proc/PID/setgroups
# 8  write to /proc/PID/uid_map: 0 1000 1
# 9  write to /proc/PID/gid_map: 0 1000 1

# ---- IDENTITY: Become the mapped root: powerful inside, ordinary outside.

# 10  become uid 0, gid 0

# The new namespaces, and a shell in them that reads the rest of this file;
# descriptor 9 keeps the standard input for the command (a closed one: /dev/null).
true 2>/dev/null 9<&0 || exec </dev/null
unshare --user --map-user=0 --map-group=0 --pid --mount --uts --ipc --propagation private \
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

# Look $1 up in the root's own passwd file, a number as a uid: sets uid, gid, home, shell; and
# groups, from its group file.
lookup_user() {
	uid='' gid=0 login='' groups='' home=/ shell=''
	case $1 in *[!0-9]*) key=name ;; *) key=id uid=$1 ;; esac
	if [ -r /etc/passwd ]; then
		while IFS=: read -r name _ id group _ dir program || [ -n "$name" ]; do
			case $key:$1 in "name:$name" | "id:$id") ;; *) continue ;; esac
			login=$name uid=$id gid=$group
			case $dir in /*) home=$dir ;; esac
			case $program in /*) shell=$program ;; esac
			break
		done </etc/passwd
	fi
	[ -n "$uid" ] || die "$1: no such user in the root's own /etc/passwd"
	if [ ! -r /etc/group ]; then return 0; fi
	while IFS=: read -r _ _ id members || [ -n "$id" ]; do
		case ,$members, in *,"${login:-,}",*) groups=${groups:+$groups,}$id ;; esac
	done </etc/group
}
# Take group $1, a name or a number, instead of the user's own.
lookup_group() {
	groups=''
	case $1 in *[!0-9]*) gid='' ;; *) gid=$1 ;; esac
	if [ -z "$gid" ] && [ -r /etc/group ]; then
		while IFS=: read -r name _ id _ || [ -n "$name" ]; do
			if [ "$name" = "$1" ]; then gid=$id && break; fi
		done </etc/group
	fi
	[ -n "$gid" ] || die "$1: no such group in the root's own /etc/group"
}

# ---- NAMESPACES: Furnish the new namespaces: name, network, clocks.

# 11  make a cgroup namespace [differs: the script stays in the caller's cgroup]
# 12  mount proc
mount -n -t proc proc /proc
# 13  set the hostname rootlet
hostname rootlet

# ---- ROOT: Build the file system that the command sees; leave the host's.

# 14  make every mount private
#    (an option of unshare, above)
# 15  bind /srv/box/rootfs as the new root (recursive)
mount -n --rbind /srv/box/rootfs "$new"
# 16  put the new proc on /proc
inside /proc; make_dir
mount -n --move /proc "$target"
# 17  mount tmpfs on /dev (mode=755, size=65536k, nosuid, strictatime)
inside /dev; make_dir
mount -n -t tmpfs -o mode=755,size=65536k,nosuid,strictatime tmpfs "$target"
dev=$target
# 18  mount devpts on /dev/pts (newinstance, ptmxmode=0666, mode=0620, nosuid, noexec)
inside /dev/pts; make_dir
mount -n -t devpts -o newinstance,ptmxmode=0666,mode=0620,nosuid,noexec devpts "$target"
# 19  mount tmpfs on /dev/shm (mode=1777, size=65536k, nosuid, nodev, noexec)
inside /dev/shm; make_dir
mount -n -t tmpfs -o mode=1777,size=65536k,nosuid,nodev,noexec tmpfs "$target"
# 20  mount mqueue on /dev/mqueue (nosuid, nodev, noexec)
inside /dev/mqueue; make_dir
mount -n -t mqueue -o nosuid,nodev,noexec mqueue "$target"
# 21  bind /sys → /sys (recursive, ro, nosuid, nodev, noexec)
inside /sys; make_like /sys
mount -n --rbind /sys "$target"
remount_all "$target" ro,nosuid,nodev,noexec
# 22  mount cgroup2 on /sys/fs/cgroup (ro, nosuid, nodev, noexec)
inside /sys/fs/cgroup; make_dir
mount -n -t cgroup2 -o nosuid,nodev,noexec cgroup2 "$target"
remount "$target" ro
# 23  bind the host's null → /dev/null (device 1:3)
target="$dev/null"; make_file
mount -n --bind /dev/null "$target"
# 24  bind the host's zero → /dev/zero (device 1:5)
target="$dev/zero"; make_file
mount -n --bind /dev/zero "$target"
# 25  bind the host's full → /dev/full (device 1:7)
target="$dev/full"; make_file
mount -n --bind /dev/full "$target"
# 26  bind the host's random → /dev/random (device 1:8)
target="$dev/random"; make_file
mount -n --bind /dev/random "$target"
# 27  bind the host's urandom → /dev/urandom (device 1:9)
target="$dev/urandom"; make_file
mount -n --bind /dev/urandom "$target"
# 28  bind the host's tty → /dev/tty (device 5:0)
target="$dev/tty"; make_file
mount -n --bind /dev/tty "$target"
# 29  link /dev/fd → /proc/self/fd
ln -s -- /proc/self/fd "$dev/fd"
# 30  link /dev/stdin → /proc/self/fd/0
ln -s -- /proc/self/fd/0 "$dev/stdin"
# 31  link /dev/stdout → /proc/self/fd/1
ln -s -- /proc/self/fd/1 "$dev/stdout"
# 32  link /dev/stderr → /proc/self/fd/2
ln -s -- /proc/self/fd/2 "$dev/stderr"
# 33  link /dev/core → /proc/kcore
ln -s -- /proc/kcore "$dev/core"
# 34  link /dev/ptmx → pts/ptmx
ln -s -- pts/ptmx "$dev/ptmx"
# 35  hide /proc/acpi (if present)
hide /proc/acpi
# 36  hide /proc/asound (if present)
hide /proc/asound
# 37  hide /proc/interrupts (if present)
hide /proc/interrupts
# 38  hide /proc/kcore (if present)
hide /proc/kcore
# 39  hide /proc/keys (if present)
hide /proc/keys
# 40  hide /proc/latency_stats (if present)
hide /proc/latency_stats
# 41  hide /proc/sched_debug (if present)
hide /proc/sched_debug
# 42  hide /proc/scsi (if present)
hide /proc/scsi
# 43  hide /proc/timer_list (if present)
hide /proc/timer_list
# 44  hide /proc/timer_stats (if present)
hide /proc/timer_stats
# 45  hide /sys/firmware (if present)
hide /sys/firmware
# 46  hide /sys/devices/virtual/powercap (if present)
hide /sys/devices/virtual/powercap
# 47  make /proc/bus read-only (if present)
read_only /proc/bus
# 48  make /proc/fs read-only (if present)
read_only /proc/fs
# 49  make /proc/irq read-only (if present)
read_only /proc/irq
# 50  make /proc/sys read-only (if present)
read_only /proc/sys
# 51  make /proc/sysrq-trigger read-only (if present)
read_only /proc/sysrq-trigger
# 52  make a terminal, also as /dev/console [differs: script(1) makes one, of the host's devpts]
# 53  set ro on /
inside /
remount "$target" ro
# 54  make the new root the root
# 58  (here, while prlimit is at hand)
prlimit --pid $$ --nofile=1024:1024
cd "$new"
pivot_root . .
# 55  detach the old root
hash -r
umount -n -l .
cd /

# ---- SEAL: Give away every right that the command does not need.

# 56  close every descriptor from 3 on [differs: the shell closes descriptors up to 9 only]
# (at the exec, below)
# 57  start an empty session keyring [differs: a session keyring is made by keyctl(1), not by
#    util-linux]
# 58  limit nofile: soft 1024, hard 1024
# (done before pivot_root, above)
# 59  set the umask 0022
# (right before the exec, below)
# 60  go to /
cd /
# 61  bounding set: cap_kill, cap_net_bind_service, cap_audit_write
# (an option of setpriv, below)
# 62  keep the capabilities over the change of the user
# (an option of setpriv, below)
# 63  look up at start: 0:0
lookup_user 0
lookup_group 0
# 64  capabilities: effective cap_kill, cap_net_bind_service, cap_audit_write, permitted cap_kill,
#    cap_net_bind_service, cap_audit_write, inheritable none, ambient none [differs: effective and
#    permitted follow from the bounding set and the user id when the command is run]
# (an option of setpriv, below)
# 65  go to /
cd /
# 66  see that the command can be executed [differs: the shell finds it when it executes it]
# 67  wait to be started [differs: the script does not wait to be started]
# 68  set no_new_privs
# (an option of setpriv, below)

# ---- EXEC: Become the first program of the container.

# 69  exec sh
set -- sh
set -- env -i \
	HOME="$home" \
	PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
	TERM=xterm \
	"$@"
if command -v setpriv >/dev/null; then
	set -- setpriv --no-new-privs --inh-caps=-all --ambient-caps=-all \
		--bounding-set=-all,+kill,+net_bind_service,+audit_write "$@"
else
	echo 'note: no setpriv in this root: capabilities and no_new_privs stay as they are' >&2
fi
umask 0022
exec "$@" <&9 9<&- 3<&- 4<&- 5<&- 6<&- 7<&- 8<&-
INSIDE
