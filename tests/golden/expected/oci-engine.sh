#!/bin/sh
#
# /run/init -- sh -c true, started as `rootlet-oci create` would start it, by the tools of util-linux.
# Made by `rootlet plan --format=sh`, for an ordinary user; numbers are the plan's steps.
# Ids: as in the user namespace that we run in.
#
# What this script cannot do:
#  - step 0, channels: the shell waits for its children; a failed command says why
#  - step 1, init_image: there is no init: the command itself is the first process
#  - step 2, joiner_oom_score: the script's own score would change before the namespaces
#  - step 4, undumpable: no tool of util-linux does it
#  - steps 6 to 11, open_path: sources are found later, by name, with the mapped root's rights
#  - step 45, hooks: hooks are the OCI runtime's to run
#  - step 48, close_fds: the shell closes descriptors up to 9 only
#  - step 49, session: setsid(1) would make the shell wait for nobody
#  - step 50, keyring: a session keyring is made by keyctl(1), not by util-linux
#  - step 53, personality: setarch(8) does it, in the caller's namespaces
#  - step 59, capability_sets: effective and permitted follow from the bounding set and the user id
#    when the command is run
#  - step 61, find_command: the shell finds it when it executes it
#  - step 62, await_start: the script does not wait to be started
#  - every path inside ROOT: links are followed by the shell, as if ROOT were /; right while nobody
#    changes ROOT meanwhile, but no defence against who does (rootlet: openat2(2))
# What it needs:
#  - on the host: util-linux 2.38 or newer (unshare, nsenter, mount, umount, pivot_root, prlimit),
#    readlink; hostname
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

# 2  set the OOM score adjustment 100 [differs: the script's own score would change before the
#    namespaces]
# 3  join the net namespace /run/netns/box
# 4  let nobody trace it until its exec [differs: no tool of util-linux does it]

# ---- CLONE: Make the new process and its namespaces, in one system call.

# 5  clone3 a process into its own pid, mnt, uts, ipc namespaces

# ---- OPEN: Hold what the host gives, still with the caller's own rights.

# 6  open /var/storage/merged (a directory) [differs: sources are found later, by name, with the
#    mapped root's rights]
# 7  open /home/me/data [differs: sources are found later, by name, with the mapped root's rights]
# 8  open /usr/libexec/init [differs: sources are found later, by name, with the mapped root's
#    rights]
# 9  open /var/storage/shm [differs: sources are found later, by name, with the mapped root's
#    rights]
# 10  open /sys/fs/cgroup (a directory) [differs: sources are found later, by name, with the mapped
#    root's rights]
# 11  open /dev (a directory) [differs: sources are found later, by name, with the mapped root's
#    rights]

# ---- IDENTITY: Become the mapped root: powerful inside, ordinary outside.

# 12  drop every supplementary group
# 13  become uid 0, gid 0

# The new namespaces, and a shell in them that reads the rest of this file;
# descriptor 9 keeps the standard input for the command (a closed one: /dev/null).
true 2>/dev/null 9<&0 || exec </dev/null
nsenter --net=/run/netns/box \
	unshare --pid --mount --uts --ipc --propagation slave \
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

# 14  mount proc (nosuid, nodev, noexec)
mount -n -t proc -o nosuid,nodev,noexec proc /proc
# 15  set the hostname box
hostname box
# 16  write '0 0' to /proc/sys/net/ipv4/ping_group_range
printf '%s\n' '0 0' >/proc/sys/net/ipv4/ping_group_range

# ---- ROOT: Build the file system that the command sees; leave the host's.

# 17  make every mount slave
#    (an option of unshare, above)
# 18  bind /var/storage/merged as the new root (recursive)
mount -n --rbind /var/storage/merged "$new"
# 19  mount tmpfs on /dev (mode=755, size=65536k, nosuid, noexec, strictatime)
inside /dev; make_dir
mount -n -t tmpfs -o mode=755,size=65536k,nosuid,noexec,strictatime tmpfs "$target"
dev=$target
# 20  mount tmpfs on /run (the mode of what it covers, a copy of what it covers, nosuid, nodev,
#    rprivate)
inside /run; make_dir
mount -n -t tmpfs -o nosuid,nodev tmpfs "$target"
# 21  bind /home/me/data → /data (recursive, rro, rslave)
inside /data; make_like /home/me/data
mount -n --rbind /home/me/data "$target"
mount -n --make-rslave "$target"
# 22  put the new proc on /proc
inside /proc; make_dir
mount -n --move /proc "$target"
# 23  mount devpts on /dev/pts (newinstance, ptmxmode=0666, mode=0620, gid=5, nosuid, noexec)
inside /dev/pts; make_dir
mount -n -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5,nosuid,noexec devpts "$target"
# 24  bind /usr/libexec/init → /run/init (ro, rprivate)
inside /run/init; make_like /usr/libexec/init
mount -n --bind /usr/libexec/init "$target"
remount "$target" ro
mount -n --make-private "$target"
# 25  bind /var/storage/shm → /dev/shm (nosuid, nodev, noexec, rprivate)
inside /dev/shm; make_like /var/storage/shm
mount -n --bind /var/storage/shm "$target"
remount "$target" nosuid,nodev,noexec
mount -n --make-private "$target"
# 26  bind /sys/fs/cgroup → /sys/fs/cgroup (recursive, relatime, ro, nosuid, nodev, noexec,
#    rprivate)
inside /sys/fs/cgroup; make_like /sys/fs/cgroup
mount -n --rbind /sys/fs/cgroup "$target"
remount_all "$target" relatime,ro,nosuid,nodev,noexec
mount -n --make-rprivate "$target"
# 27  bind the host's null → /dev/null (device 1:3)
target="$dev/null"; make_file
mount -n --bind /dev/null "$target"
# 28  bind the host's zero → /dev/zero (device 1:5)
target="$dev/zero"; make_file
mount -n --bind /dev/zero "$target"
# 29  bind the host's full → /dev/full (device 1:7)
target="$dev/full"; make_file
mount -n --bind /dev/full "$target"
# 30  bind the host's random → /dev/random (device 1:8)
target="$dev/random"; make_file
mount -n --bind /dev/random "$target"
# 31  bind the host's urandom → /dev/urandom (device 1:9)
target="$dev/urandom"; make_file
mount -n --bind /dev/urandom "$target"
# 32  bind the host's tty → /dev/tty (device 5:0)
target="$dev/tty"; make_file
mount -n --bind /dev/tty "$target"
# 33  bind the host's fuse → /dev/fuse (device 10:229)
target="$dev/fuse"; make_file
mount -n --bind /dev/fuse "$target"
# 34  link /dev/fd → /proc/self/fd
ln -s -- /proc/self/fd "$dev/fd"
# 35  link /dev/stdin → /proc/self/fd/0
ln -s -- /proc/self/fd/0 "$dev/stdin"
# 36  link /dev/stdout → /proc/self/fd/1
ln -s -- /proc/self/fd/1 "$dev/stdout"
# 37  link /dev/stderr → /proc/self/fd/2
ln -s -- /proc/self/fd/2 "$dev/stderr"
# 38  link /dev/core → /proc/kcore
ln -s -- /proc/kcore "$dev/core"
# 39  link /dev/ptmx → pts/ptmx
ln -s -- pts/ptmx "$dev/ptmx"
# 40  hide /proc/kcore (if present)
hide /proc/kcore
# 41  hide /sys/firmware (if present)
hide /sys/firmware
# 42  make /proc/sys read-only (if present)
read_only /proc/sys
# 43  make the directory /work (mode 0755)
inside /work; make_dir
# 44  set ro on /
inside /
remount "$target" ro
# 45  wait while the bundle's hooks run [differs: hooks are the OCI runtime's to run]
# 46  make the new root the root
# 51  (here, while prlimit is at hand)
prlimit --pid $$ --nofile=100:200
cd "$new"
pivot_root . .
# 47  detach the old root
hash -r
umount -n -l .
cd /

# ---- SEAL: Give away every right that the command does not need.

# 48  close every descriptor from 3 on [differs: the shell closes descriptors up to 9 only]
# (at the exec, below)
# 49  start a session [differs: setsid(1) would make the shell wait for nobody]
# 50  start an empty session keyring [differs: a session keyring is made by keyctl(1), not by
#    util-linux]
# 51  limit nofile: soft 100, hard 200
# (done before pivot_root, above)
# 52  set the umask 0077
# (right before the exec, below)
# 53  set the personality 0x8 [differs: setarch(8) does it, in the caller's namespaces]
# 54  go to /work
cd /work
# 55  bounding set: cap_chown, cap_kill, cap_sys_chroot
# (an option of setpriv, below)
# 56  keep the capabilities over the change of the user
# (an option of setpriv, below)
# 57  look up at start: 5:6
lookup_user 5
lookup_group 6
# 58  become uid 5, gid 6 (groups 7, owner of its pipes)
# (an option of setpriv, below)
# 59  capabilities: effective cap_kill, permitted cap_kill, inheritable cap_kill, ambient cap_kill
#    [differs: effective and permitted follow from the bounding set and the user id when the command
#    is run]
# (an option of setpriv, below)
# 60  go to /work
cd /work
# 61  see that the command can be executed [differs: the shell finds it when it executes it]
# 62  wait to be started [differs: the script does not wait to be started]

# ---- EXEC: Become the first program of the container.

# 63  exec /run/init -- sh -c true
set -- /run/init -- sh -c true
set -- env -i \
	HOME="$home" \
	PATH=/bin \
	container=podman \
	"$@"
if command -v setpriv >/dev/null; then
	set -- setpriv --reuid=5 --regid=6 --groups=7 --inh-caps=-all,+kill --ambient-caps=-all,+kill \
		--bounding-set=-all,+chown,+kill,+sys_chroot "$@"
else
	die 'setpriv is not in this root: cannot become another user'
fi
umask 0077
exec "$@" <&9 9<&- 3<&- 4<&- 5<&- 6<&- 7<&- 8<&-
INSIDE
