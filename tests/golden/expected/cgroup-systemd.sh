#!/bin/sh
#
# make, started as `rootlet run` would start it, by the tools of util-linux.
# Made by `rootlet plan --format=sh`, for an ordinary user; numbers are the plan's steps.
# Ids: uid 0 is 1000 (alice), 1–65536 are 100000–165535.
#
# What this script cannot do:
#  - step 0, channels: the shell waits for its children; a failed command says why
#  - step 1, init_image: there is no init: the command itself is the first process
#  - steps 3 to 4, open_path: sources are found later, by name, with the mapped root's rights
#  - step 7, cgroup_scope: the script stays in the caller's cgroup
#  - steps 8 to 10, cgroup_processes: the script stays in the caller's cgroup
#  - step 13, cgroup_namespace: the script stays in the caller's cgroup
#  - step 91, close_fds: the shell closes descriptors up to 9 only
#  - step 92, process_group: the command stays in the script's process group
#  - step 93, keyring: a session keyring is made by keyctl(1), not by util-linux
#  - step 100, seccomp: no tool of util-linux 2.38 loads a filter
#  - step 101, exec_init: the command is run without the init
#  - every path inside ROOT: links are followed by the shell, as if ROOT were /; right while nobody
#    changes ROOT meanwhile, but no defence against who does (rootlet: openat2(2))
# What it needs:
#  - on the host: util-linux 2.38 or newer (unshare, nsenter, mount, umount, pivot_root), readlink;
#    newuidmap and newgidmap with subordinate ids; hostname; ip or ifconfig for the loopback
#    interface
#  - the directory /run on the host: it is covered, in the private mount namespace only
#  - inside ROOT: umount, env and setpriv (busybox has the first two)
#  - inside ROOT: the mount points, or leave for the mapped root to make them

set -eu
PATH=$PATH:/usr/sbin:/sbin

# ---- PREPARE: Make what can be made before any new process exists.

# 0  make the report and control channels [differs: the shell waits for its children; a failed
#    command says why]
# 1  make the image of the init [differs: there is no init: the command itself is the first process]

# ---- CLONE: Make the new process and its namespaces, in one system call.

# 2  clone3 a process into its own user, pid, mnt, uts, ipc, net namespaces

# ---- OPEN: Hold what the host gives, still with the caller's own rights.

# 3  open / (a directory) [differs: sources are found later, by name, with the mapped root's rights]
# 4  open /dev (a directory) [differs: sources are found later, by name, with the mapped root's
#    rights]

# A process that holds the new user namespace open while its maps are written.
unshare --user sleep 60 &
holder=$!
trap 'kill "$holder" 2>/dev/null' EXIT
while [ "$(readlink "/proc/$holder/ns/user")" = "$(readlink /proc/self/ns/user)" ]; do
	sleep 0.01
done

# ---- MAPS: Say which ids outside the ids inside stand for.

# 5  /usr/bin/newuidmap PID 0 1000 1 1 100000 65536
/usr/bin/newuidmap "$holder" 0 1000 1 1 100000 65536
# 6  /usr/bin/newgidmap PID 0 1000 1 1 100000 65536
/usr/bin/newgidmap "$holder" 0 1000 1 1 100000 65536
# 7  ask systemd for the scope rootlet-PID-N.scope in app.slice [differs: the script stays in the
#    caller's cgroup]
# 8  write memory.max: 268435456 [differs: the script stays in the caller's cgroup]
# 9  write memory.swap.max: 268435456 [differs: the script stays in the caller's cgroup]
# 10  write cpu.max: 50000 100000 [differs: the script stays in the caller's cgroup]
trap - EXIT

# ---- IDENTITY: Become the mapped root: powerful inside, ordinary outside.

# 11  drop every supplementary group
# 12  become uid 0, gid 0

# The new namespaces, and a shell in them that reads the rest of this file;
# descriptor 9 keeps the standard input for the command (a closed one: /dev/null).
true 2>/dev/null 9<&0 || exec </dev/null
nsenter --target "$holder" --user --setuid 0 --setgid 0 \
	sh -c 'kill "$1"; shift; exec "$@"' sh "$holder" \
	unshare --pid --mount --uts --ipc --net --propagation private \
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

# 13  make a cgroup namespace [differs: the script stays in the caller's cgroup]
# 14  mount proc (nosuid, nodev, noexec)
mount -n -t proc -o nosuid,nodev,noexec proc /proc
# 15  set the hostname rootlet
hostname rootlet
# 16  bring the loopback interface up
if command -v ip >/dev/null; then
	ip link set lo up
elif command -v ifconfig >/dev/null; then
	ifconfig lo up
else
	echo 'note: neither ip nor ifconfig: loopback stays down' >&2
fi
# 17  write '0 65536' to /proc/sys/net/ipv4/ping_group_range
printf '%s\n' '0 65536' >/proc/sys/net/ipv4/ping_group_range

# ---- ROOT: Build the file system that the command sees; leave the host's.

# 18  make every mount private
#    (an option of unshare, above)
# 19  mount tmpfs as the new root (mode=0755, nosuid, nodev)
mount -n -t tmpfs -o mode=0755,nosuid,nodev tmpfs "$new"
# 20  link /bin → usr/bin
ln -s -- usr/bin "$new/bin"
# 21  bind /boot → /boot (recursive)
target="$new/boot"; make_like /boot
mount -n --rbind /boot "$target"
# 22  bind /etc → /etc (recursive)
target="$new/etc"; make_like /etc
mount -n --rbind /etc "$target"
# 23  bind /home → /home (recursive)
target="$new/home"; make_like /home
mount -n --rbind /home "$target"
# 24  link /initrd.img → boot/initrd.img-6.1.0-18-amd64
ln -s -- boot/initrd.img-6.1.0-18-amd64 "$new/initrd.img"
# 25  link /lib → usr/lib
ln -s -- usr/lib "$new/lib"
# 26  link /lib32 → usr/lib32
ln -s -- usr/lib32 "$new/lib32"
# 27  link /lib64 → usr/lib64
ln -s -- usr/lib64 "$new/lib64"
# 28  link /libx32 → usr/libx32
ln -s -- usr/libx32 "$new/libx32"
# 29  bind /lost+found → /lost+found (recursive)
target="$new/lost+found"; make_like /lost+found
mount -n --rbind /lost+found "$target"
# 30  bind /media → /media (recursive)
target="$new/media"; make_like /media
mount -n --rbind /media "$target"
# 31  bind /mnt → /mnt (recursive)
target="$new/mnt"; make_like /mnt
mount -n --rbind /mnt "$target"
# 32  bind /opt → /opt (recursive)
target="$new/opt"; make_like /opt
mount -n --rbind /opt "$target"
# 33  bind /root → /root (recursive)
target="$new/root"; make_like /root
mount -n --rbind /root "$target"
# 34  link /sbin → usr/sbin
ln -s -- usr/sbin "$new/sbin"
# 35  bind /srv → /srv (recursive)
target="$new/srv"; make_like /srv
mount -n --rbind /srv "$target"
# 36  bind /usr → /usr (recursive)
target="$new/usr"; make_like /usr
mount -n --rbind /usr "$target"
# 37  bind /var → /var (recursive)
target="$new/var"; make_like /var
mount -n --rbind /var "$target"
# 38  link /vmlinuz → boot/vmlinuz-6.1.0-18-amd64
ln -s -- boot/vmlinuz-6.1.0-18-amd64 "$new/vmlinuz"
# 39  make the directory /proc (mode 0755)
target="$new/proc"; make_dir
# 40  make the directory /sys (mode 0755)
target="$new/sys"; make_dir
# 41  make the directory /dev (mode 0755)
target="$new/dev"; make_dir
# 42  make the directory /run (mode 0755)
target="$new/run"; make_dir
# 43  make the directory /tmp (mode 1777)
target="$new/tmp"; make_dir; chmod 1777 "$target"
# 44  set ro nosuid nodev on / and every mount below
inside /
remount_all "$target" ro,nosuid,nodev
# 45  put the new proc on /proc
inside /proc; make_dir
mount -n --move /proc "$target"
# 46  mount sysfs on /sys (ro, nosuid, nodev, noexec)
inside /sys; make_dir
mount -n -t sysfs -o nosuid,nodev,noexec sysfs "$target"
remount "$target" ro
# 47  mount cgroup2 on /sys/fs/cgroup (ro, nosuid, nodev, noexec, if present)
inside /sys/fs/cgroup
if [ -e "$target" ]; then
	mount -n -t cgroup2 -o nosuid,nodev,noexec cgroup2 "$target"
	remount "$target" ro
fi
# 48  mount tmpfs on /dev (mode=0755, size=65536k, nosuid)
inside /dev; make_dir
mount -n -t tmpfs -o mode=0755,size=65536k,nosuid tmpfs "$target"
dev=$target
# 49  bind the host's /dev/null → /dev/null (device 1:3)
target="$dev/null"; make_file
mount -n --bind /dev/null "$target"
# 50  bind the host's /dev/zero → /dev/zero (device 1:5)
target="$dev/zero"; make_file
mount -n --bind /dev/zero "$target"
# 51  bind the host's /dev/full → /dev/full (device 1:7)
target="$dev/full"; make_file
mount -n --bind /dev/full "$target"
# 52  bind the host's /dev/random → /dev/random (device 1:8)
target="$dev/random"; make_file
mount -n --bind /dev/random "$target"
# 53  bind the host's /dev/urandom → /dev/urandom (device 1:9)
target="$dev/urandom"; make_file
mount -n --bind /dev/urandom "$target"
# 54  bind the host's /dev/tty → /dev/tty (device 5:0)
target="$dev/tty"; make_file
mount -n --bind /dev/tty "$target"
# 55  mount devpts on /dev/pts (newinstance, ptmxmode=0666, mode=0620, gid=5, nosuid, noexec)
target="$dev/pts"; make_dir
mount -n -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5,nosuid,noexec devpts "$target"
# 56  link /dev/fd → /proc/self/fd
ln -s -- /proc/self/fd "$dev/fd"
# 57  link /dev/stdin → /proc/self/fd/0
ln -s -- /proc/self/fd/0 "$dev/stdin"
# 58  link /dev/stdout → /proc/self/fd/1
ln -s -- /proc/self/fd/1 "$dev/stdout"
# 59  link /dev/stderr → /proc/self/fd/2
ln -s -- /proc/self/fd/2 "$dev/stderr"
# 60  link /dev/ptmx → pts/ptmx
ln -s -- pts/ptmx "$dev/ptmx"
# 61  bind the host's /dev/null → /dev/console (device 1:3)
target="$dev/console"; make_file
mount -n --bind /dev/null "$target"
# 62  mount tmpfs on /dev/shm (mode=1777, size=65536k, nosuid, nodev, noexec)
target="$dev/shm"; make_dir
mount -n -t tmpfs -o mode=1777,size=65536k,nosuid,nodev,noexec tmpfs "$target"
# 63  mount mqueue on /dev/mqueue (nosuid, nodev, noexec)
target="$dev/mqueue"; make_dir
mount -n -t mqueue -o nosuid,nodev,noexec mqueue "$target"
# 64  make the new root's own /run writable
inside /run
mount -n --bind "$new/run" "$target"
remount "$target" rw
# 65  make the new root's own /tmp writable
inside /tmp
mount -n --bind "$new/tmp" "$target"
remount "$target" rw
# 66  mount tmpfs on /var/tmp (mode=1777, nosuid, nodev, if present)
inside /var/tmp
if [ -e "$target" ]; then
	mount -n -t tmpfs -o mode=1777,nosuid,nodev tmpfs "$target"
fi
# 67  mount tmpfs on /home/alice (mode=0755, nosuid, nodev, if present)
inside /home/alice
if [ -e "$target" ]; then
	mount -n -t tmpfs -o mode=0755,nosuid,nodev tmpfs "$target"
fi
# 68  write /etc/hostname (8 bytes, mode 0644, if present)
printf %s 'rootlet
' >"$dev/.text"
chmod 0644 "$dev/.text"
inside /etc/hostname; make_file 2>/dev/null || :
if [ -e "$target" ]; then
	mount -n --bind "$dev/.text" "$target"
	remount "$target" nosuid,nodev,noexec
fi
rm "$dev/.text"
# 69  write /etc/hosts (79 bytes, mode 0644, if present)
printf %s '127.0.0.1	localhost
::1	localhost ip6-localhost ip6-loopback
127.0.1.1	rootlet
' >"$dev/.text"
chmod 0644 "$dev/.text"
inside /etc/hosts; make_file 2>/dev/null || :
if [ -e "$target" ]; then
	mount -n --bind "$dev/.text" "$target"
	remount "$target" nosuid,nodev,noexec
fi
rm "$dev/.text"
# 70  write /etc/resolv.conf (181 bytes, mode 0644, if present)
printf %s '# Nothing resolves here: the container has a network namespace of its own with only the
# loopback device (--network none, the default). `--network host` shares the host'\''s network.
' >"$dev/.text"
chmod 0644 "$dev/.text"
inside /etc/resolv.conf; make_file 2>/dev/null || :
if [ -e "$target" ]; then
	mount -n --bind "$dev/.text" "$target"
	remount "$target" nosuid,nodev,noexec
fi
rm "$dev/.text"
# 71  hide /proc/acpi (if present)
hide /proc/acpi
# 72  hide /proc/asound (if present)
hide /proc/asound
# 73  hide /proc/interrupts (if present)
hide /proc/interrupts
# 74  hide /proc/kcore (if present)
hide /proc/kcore
# 75  hide /proc/keys (if present)
hide /proc/keys
# 76  hide /proc/latency_stats (if present)
hide /proc/latency_stats
# 77  hide /proc/sched_debug (if present)
hide /proc/sched_debug
# 78  hide /proc/scsi (if present)
hide /proc/scsi
# 79  hide /proc/timer_list (if present)
hide /proc/timer_list
# 80  hide /proc/timer_stats (if present)
hide /proc/timer_stats
# 81  hide /sys/firmware (if present)
hide /sys/firmware
# 82  hide /sys/devices/virtual/powercap (if present)
hide /sys/devices/virtual/powercap
# 83  hide /sys/devices/system/cpu/cpu0/thermal_throttle (if present)
hide /sys/devices/system/cpu/cpu0/thermal_throttle
# 84  make /proc/bus read-only (if present)
read_only /proc/bus
# 85  make /proc/fs read-only (if present)
read_only /proc/fs
# 86  make /proc/irq read-only (if present)
read_only /proc/irq
# 87  make /proc/sys read-only (if present)
read_only /proc/sys
# 88  make /proc/sysrq-trigger read-only (if present)
read_only /proc/sysrq-trigger
# 89  make the new root the root
cd "$new"
pivot_root . .
# 90  detach the old root
hash -r
umount -n -l .
cd /

# ---- SEAL: Give away every right that the command does not need.

# 91  close every descriptor from 3 on [differs: the shell closes descriptors up to 9 only]
# (at the exec, below)
# 92  start a process group [differs: the command stays in the script's process group]
# 93  start an empty session keyring [differs: a session keyring is made by keyctl(1), not by
#    util-linux]
# 94  set the umask 0022
# (right before the exec, below)
# 95  bounding set: cap_chown, cap_dac_override, cap_fowner, cap_fsetid, cap_kill, cap_setgid,
#    cap_setuid, cap_setpcap, cap_net_bind_service, cap_sys_chroot, cap_setfcap
# (an option of setpriv, below)
# 96  capabilities: cap_chown, cap_dac_override, cap_fowner, cap_fsetid, cap_kill, cap_setgid,
#    cap_setuid, cap_setpcap, cap_net_bind_service, cap_sys_chroot, cap_setfcap
# (an option of setpriv, below)
# 97  go to /home/alice
cd /home/alice 2>/dev/null || cd /
# 98  set no_new_privs
# (an option of setpriv, below)
# 99  die by SIGKILL when the process that made us does
#    (an option of unshare, above)
# 100  load the seccomp filter default (N instructions) [differs: no tool of util-linux 2.38 loads
#    a filter]

# ---- EXEC: Become the first program of the container.

# 101  exec the init, which runs make [differs: the command is run without the init]
set -- make
set -- env -i \
	PATH=/usr/local/bin:/usr/bin:/bin \
	HOME=/home/alice \
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
