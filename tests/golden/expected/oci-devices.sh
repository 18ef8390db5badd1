#!/bin/sh
#
# sh, started as `rootlet-oci create` would start it, by the tools of util-linux.
# Made by `rootlet plan --format=sh`, for an ordinary user; numbers are the plan's steps.
# Ids: as in the user namespace that we run in.
#
# What this script cannot do:
#  - step 0, channels: the shell waits for its children; a failed command says why
#  - step 1, init_image: there is no init: the command itself is the first process
#  - step 2, cgroup: the script stays in the caller's cgroup
#  - step 3, device_rules: no tool of util-linux loads a program into a cgroup
#  - steps 5 to 6, open_path: sources are found later, by name, with the mapped root's rights
#  - step 28, close_fds: the shell closes descriptors up to 9 only
#  - step 29, session: setsid(1) would make the shell wait for nobody
#  - step 30, keyring: a session keyring is made by keyctl(1), not by util-linux
#  - step 36, capability_sets: effective and permitted follow from the bounding set and the user id
#    when the command is run
#  - step 38, find_command: the shell finds it when it executes it
#  - step 39, await_start: the script does not wait to be started
#  - every path inside ROOT: links are followed by the shell, as if ROOT were /; right while nobody
#    changes ROOT meanwhile, but no defence against who does (rootlet: openat2(2))
# What it needs:
#  - on the host: util-linux 2.38 or newer (unshare, nsenter, mount, umount, pivot_root), readlink
#  - the directory /run on the host: it is covered, in the private mount namespace only
#  - inside ROOT: umount, env and setpriv (busybox has the first two)
#  - inside ROOT: the mount points, or leave for the mapped root to make them

set -eu
PATH=$PATH:/usr/sbin:/sbin

# ---- PREPARE: Make what can be made before any new process exists.

# 0  make the report and control channels [differs: the shell waits for its children; a failed
#    command says why]
# 1  make the image of the init [differs: there is no init: the command itself is the first process]
# 2  make the cgroup /sys/fs/cgroup/user.slice/user-0.slice/session-1.scope/box [differs: the script
#    stays in the caller's cgroup]
# 3  attach the rules for devices: allow a *:* m, deny a *:* rw, allow c 10:229 rw, allow b 8:* r,
#    deny b 8:1 rm, allow c 1:3 rwm, allow c 1:5 rwm, allow c 1:7 rwm, allow c 1:8 rwm, allow c 1:9
#    rwm, allow c 5:0 rwm, allow c 5:2 rwm, allow c 136:* rwm, allow c 10:200 rwm (N instructions)
#    [differs: no tool of util-linux loads a program into a cgroup]

# ---- CLONE: Make the new process and its namespaces, in one system call.

# 4  clone3 a process into its own pid, mnt namespaces

# ---- OPEN: Hold what the host gives, still with the caller's own rights.

# 5  open /srv/box/rootfs (a directory) [differs: sources are found later, by name, with the mapped
#    root's rights]
# 6  open /dev (a directory) [differs: sources are found later, by name, with the mapped root's
#    rights]

# ---- IDENTITY: Become the mapped root: powerful inside, ordinary outside.

# 7  drop every supplementary group
# 8  become uid 0, gid 0

# The new namespaces, and a shell in them that reads the rest of this file;
# descriptor 9 keeps the standard input for the command (a closed one: /dev/null).
true 2>/dev/null 9<&0 || exec </dev/null
unshare --pid --mount --propagation private \
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

# 9  mount proc
mount -n -t proc proc /proc

# ---- ROOT: Build the file system that the command sees; leave the host's.

# 10  make every mount private
#    (an option of unshare, above)
# 11  bind /srv/box/rootfs as the new root (recursive)
mount -n --rbind /srv/box/rootfs "$new"
# 12  put the new proc on /proc
inside /proc; make_dir
mount -n --move /proc "$target"
# 13  make the node /dev/null (device 1:3)
inside /dev/null; [ -e "$target" ] || mknod "$target" c 1 3
chmod 0666 "$target"; chown 0:0 "$target"
# 14  make the node /dev/zero (device 1:5)
inside /dev/zero; [ -e "$target" ] || mknod "$target" c 1 5
chmod 0666 "$target"; chown 0:0 "$target"
# 15  make the node /dev/full (device 1:7)
inside /dev/full; [ -e "$target" ] || mknod "$target" c 1 7
chmod 0666 "$target"; chown 0:0 "$target"
# 16  make the node /dev/random (device 1:8)
inside /dev/random; [ -e "$target" ] || mknod "$target" c 1 8
chmod 0666 "$target"; chown 0:0 "$target"
# 17  make the node /dev/urandom (device 1:9)
inside /dev/urandom; [ -e "$target" ] || mknod "$target" c 1 9
chmod 0666 "$target"; chown 0:0 "$target"
# 18  make the node /dev/tty (device 5:0)
inside /dev/tty; [ -e "$target" ] || mknod "$target" c 5 0
chmod 0666 "$target"; chown 0:0 "$target"
# 19  make the node /dev/fuse (device 10:229)
inside /dev/fuse; [ -e "$target" ] || mknod "$target" c 10 229
chmod 0666 "$target"; chown 0:0 "$target"
# 20  link /dev/fd → /proc/self/fd
inside /dev/; ln -s -- /proc/self/fd "$target/fd"
# 21  link /dev/stdin → /proc/self/fd/0
inside /dev/; ln -s -- /proc/self/fd/0 "$target/stdin"
# 22  link /dev/stdout → /proc/self/fd/1
inside /dev/; ln -s -- /proc/self/fd/1 "$target/stdout"
# 23  link /dev/stderr → /proc/self/fd/2
inside /dev/; ln -s -- /proc/self/fd/2 "$target/stderr"
# 24  link /dev/core → /proc/kcore
inside /dev/; ln -s -- /proc/kcore "$target/core"
# 25  link /dev/ptmx → pts/ptmx
inside /dev/; ln -s -- pts/ptmx "$target/ptmx"
# 26  make the new root the root
cd "$new"
pivot_root . .
# 27  detach the old root
hash -r
umount -n -l .
cd /

# ---- SEAL: Give away every right that the command does not need.

# 28  close every descriptor from 3 on [differs: the shell closes descriptors up to 9 only]
# (at the exec, below)
# 29  start a session [differs: setsid(1) would make the shell wait for nobody]
# 30  start an empty session keyring [differs: a session keyring is made by keyctl(1), not by
#    util-linux]
# 31  set the umask 0022
# (right before the exec, below)
# 32  go to /
cd /
# 33  bounding set: none
# (an option of setpriv, below)
# 34  keep the capabilities over the change of the user
# (an option of setpriv, below)
# 35  look up at start: 0:0
lookup_user 0
lookup_group 0
# 36  capabilities: effective none, permitted none, inheritable none, ambient none [differs:
#    effective and permitted follow from the bounding set and the user id when the command is run]
# (an option of setpriv, below)
# 37  go to /
cd /
# 38  see that the command can be executed [differs: the shell finds it when it executes it]
# 39  wait to be started [differs: the script does not wait to be started]

# ---- EXEC: Become the first program of the container.

# 40  exec sh
set -- sh
set -- env -i \
	HOME="$home" \
	PATH=/bin \
	"$@"
if command -v setpriv >/dev/null; then
	set -- setpriv --inh-caps=-all --ambient-caps=-all \
		--bounding-set=-all "$@"
else
	echo 'note: no setpriv in this root: capabilities and no_new_privs stay as they are' >&2
fi
umask 0022
exec "$@" <&9 9<&- 3<&- 4<&- 5<&- 6<&- 7<&- 8<&-
INSIDE
