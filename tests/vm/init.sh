#!/bin/busybox sh
# PID 1 of the machine that machine.py starts: a real root file system (rootlet cannot pivot away from
# an initramfs), cgroup version 2 with every controller, a user of its own; then the checks.
if [ "$1" != again ]; then
	/bin/busybox mount -t proc proc /proc
	/bin/busybox mkdir -p /new
	/bin/busybox mount -t tmpfs -o size=64m,mode=755 root /new
	/bin/busybox cp -a /bin /tests /init /new
	/bin/busybox mkdir -p /new/dev /new/proc /new/sys /new/tmp /new/run /new/root /new/home /new/etc /new/usr /new/var
	/bin/busybox umount /proc
	exec /bin/busybox switch_root /new /init again
fi
/bin/busybox --install -s /bin
export PATH=/bin HOME=/
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts -o newinstance,ptmxmode=666 devpts /dev/pts
ln -sf /proc/self/fd /dev/fd
mount -t cgroup2 cgroup2 /sys/fs/cgroup
chmod 1777 /tmp
echo 'root:x:0:0::/root:/bin/sh
alice:x:1000:1000::/home/alice:/bin/sh' >/etc/passwd
echo 'root:x:0:
alice:x:1000:' >/etc/group
mkdir -p /home/alice /run/user/1000
chown 1000:1000 /home/alice /run/user/1000
chmod 700 /run/user/1000
mkdir -p /etc/rootlet
echo userns=single >/etc/rootlet/rootlet.conf # there are no helpers here
dmesg -n 1
ip link set lo up
exec </dev/null >/dev/console 2>&1
for script in /tests/checks*.sh; do
	sh "$script"
done
echo ALL-DONE
sync
poweroff -f
