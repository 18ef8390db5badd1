# In the machine, as root: limits of `rootlet run`, by an ordinary user in a delegated group. Each line
# "ok NAME" or "WRONG NAME: …" is one check.
. /tests/lib.sh

top=/sys/fs/cgroup
echo "+memory +cpu +pids +cpuset +io +hugetlb" >$top/cgroup.subtree_control 2>/dev/null ||
	for c in memory cpu pids cpuset io hugetlb; do echo +$c >$top/cgroup.subtree_control; done 2>/dev/null

# What systemd does with Delegate=: a group of alice's, and in it one with a process of hers.
mkdir -p $top/alice/work $top/solo
chown 1000:1000 $top/solo $top/solo/cgroup.procs $top/solo/cgroup.subtree_control $top/solo/cgroup.threads
chown 1000:1000 $top/alice $top/alice/cgroup.procs $top/alice/cgroup.subtree_control $top/alice/cgroup.threads
chown -R 1000:1000 $top/alice/work

as='XDG_RUNTIME_DIR=/run/user/1000 HOME=/home/alice PATH=/bin NO_COLOR=1; export XDG_RUNTIME_DIR HOME PATH NO_COLOR; cd /; exec "$@"'
where=/alice/work
# alone: the group holds nobody but rootlet itself
alone() { sh -c 'echo $$ >/sys/fs/cgroup$1/cgroup.procs; as=$2; shift 2; exec su -s /bin/sh -- alice -c "$as" sh "$@"' sh "$where" "$as" "$@"; }
# beside: a shell stays in the group with it
beside() { sh -c 'echo $$ >/sys/fs/cgroup$1/cgroup.procs; as=$2; shift 2; su -s /bin/sh -- alice -c "$as" sh "$@"; exit $?' sh "$where" "$as" "$@"; }
# outside: in the group at the top, which is not hers
outside() { su -s /bin/sh -- alice -c "$as" sh "$@"; }
left() { find $top/alice -mindepth 1 -type d -name 'rootlet-[0-9]*' | wc -l; }

expect no-limit "$(alone rootlet run / true 2>&1)" ""
expect memory "$(alone rootlet run --memory 64m / cat /sys/fs/cgroup/memory.max 2>&1)" 67108864
expect cpus "$(alone rootlet run --cpus 1.5 / cat /sys/fs/cgroup/cpu.max 2>&1)" "150000 100000"
expect pids "$(alone rootlet run --pids-limit 30 / cat /sys/fs/cgroup/pids.max 2>&1)" 30
expect shares "$(alone rootlet run --cpu-shares 1024 / cat /sys/fs/cgroup/cpu.weight 2>&1)" 100
expect cpuset "$(alone rootlet run --cpuset-cpus 0 / nproc 2>&1)" 1
expect any-file "$(alone rootlet run --cgroup-conf memory.high=1048576 / cat /sys/fs/cgroup/memory.high 2>&1)" 1048576
expect nothing-left "$(left)" 0

# enforced
out=$(alone rootlet run --memory 16m --memory-swap 16m --tmpfs /big:size=64m / dd if=/dev/zero of=/big/x bs=1M count=40 2>&1)
expect too-much-memory "$?" 137
has too-much-memory-says-so "$out" "memory limit"
out=$(alone rootlet run --pids-limit 8 / sh -c 'for i in 1 2 3 4 5 6 7 8 9 10; do sleep 5 & done; wait' 2>&1)
has too-many-processes "$out" "fork"
expect nothing-left-after-kills "$(left)" 0

# above: the shell's own group is busy, but the one above hands on what is asked
echo "+memory +pids" >$top/alice/cgroup.subtree_control
expect beside "$(beside rootlet run --memory 64m / cat /sys/fs/cgroup/memory.max 2>&1)" 67108864
expect parent-named "$(beside rootlet run --memory 64m --cgroup-parent /alice/jobs/today / cat /sys/fs/cgroup/memory.max 2>&1)" 67108864
expect parents-gone "$([ -d $top/alice/jobs ] && echo there)" ""

# a group of hers alone, in one that is not: rootlet moves out of the way, and back
where=/solo
expect leaf "$(alone rootlet run --memory 64m --cpus 2 / sh -c 'cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/cpu.max' 2>&1)" "67108864
200000 100000"
expect leaf-long "$(alone rootlet run --memory 64m / sh -c 'sleep 1; cat /sys/fs/cgroup/memory.max' 2>&1)" 67108864
expect leaf-refused "$(alone rootlet run --memory 64m / /no-such 2>&1 | head -1)" "rootlet: /no-such: there is no such file inside"
expect leaf-gone "$(find $top/solo -mindepth 1 -type d; cat $top/solo/cgroup.subtree_control)" ""
out=$(beside rootlet run --cpus 1 / true 2>&1)
has busy "$out" "limit cpu.max=100000 100000: other processes are in the cgroup /solo"
has busy-hint "$out" "systemd-run --user --scope -p Delegate=yes"
alone rootlet run -d --name box --memory 32m / sleep 1000 >/dev/null
expect leaf-detached "$(find $top/solo -mindepth 1 -type d | sed 's/-[0-9-]*$//' | sort | tr '\n' ' ')" "$top/solo/rootlet $top/solo/rootlet-supervisor "
kill -9 "$(outside rootlet inspect box | sed -n 's/.*"monitor_pid":\([0-9]*\).*/\1/p')"; sleep 1
outside rootlet rm -f box >/dev/null
expect leaf-after-kill "$(find $top/solo -mindepth 1 -type d; cat $top/solo/cgroup.subtree_control)" ""
where=/alice/work

# kept: a container with a record
alone rootlet run -d --name box --memory 32m --cpus 0.5 --pids-limit 50 / sleep 1000 >/dev/null
has inspect-limits "$(outside rootlet inspect box)" '"memory_bytes":33554432'
has stats-limits "$(outside rootlet stats --no-stream box)" " / 33.6 MB"
has stats-json "$(outside rootlet stats --no-stream --format json box)" '"memory_limit_bytes":33554432'
has top-limits "$(outside rootlet top box | head -1)" "at most: memory 33.6 MB, processors 0.5, processes 50"
outside rootlet pause box >/dev/null
has paused "$(outside rootlet ps)" Paused
outside rootlet unpause box >/dev/null
outside rootlet rm -f box >/dev/null
expect rm-leaves-nothing "$(left)" 0
alone rootlet run -d --name glutton --memory 16m --memory-swap 16m --tmpfs /big:size=64m / dd if=/dev/zero of=/big/x bs=1M count=40 >/dev/null
outside rootlet wait glutton >/dev/null
has inspect-oom "$(outside rootlet inspect glutton)" '"oom_killed":true'
outside rootlet rm glutton >/dev/null

# refused
mkdir -p $top/bare; chown -R 1000:1000 $top/bare
echo -memory >$top/alice/cgroup.subtree_control
has not-delegated "$(outside rootlet run --memory 64m / true 2>&1)" "memory.max=67108864"
has foreign-parent "$(alone rootlet run --cgroup-parent /system / true 2>&1)" "/system"
