# In the machine: limits of an OCI config, by root and by an ordinary user.
[ -x /bin/rootlet-oci ] || return 0 2>/dev/null || exit 0
. /tests/lib.sh

top=/sys/fs/cgroup
rm -rf /bundle; mkdir -p /bundle/rootfs/bin /bundle/rootfs/proc /bundle/rootfs/dev /bundle/rootfs/sys /bundle/rootfs/tmp
cp /bin/busybox /bundle/rootfs/bin/
for name in sh cat sleep echo dd head; do ln -s busybox /bundle/rootfs/bin/$name; done
# config FLAGS RESOURCES COMMAND [CGROUPSPATH]
config() {
	rm -f /bundle/config.json
	(cd /bundle && rootlet-oci spec $1)
	sed -i -e 's/"terminal": true/"terminal": false/' -e "s#\"linux\": {#\"linux\": {${4:+\"cgroupsPath\": \"$4\",}#" \
		-e "s#\"resources\": {#\"resources\": {$2#" /bundle/config.json
	# args is the only array that holds "sh"
	sed -i -e "s#\"sh\"#\"sh\", \"-c\", \"$3\"#" /bundle/config.json
	chmod 644 /bundle/config.json
}
limits='"memory": {"limit": 67108864, "swap": 100663296, "reservation": 33554432}, "pids": {"limit": 50}, "cpu": {"quota": 50000, "period": 100000, "shares": 1024}, "unified": {"memory.high": "60000000"},'

# root
config '' "$limits" 'sleep 1000' /engine/box
cd /bundle
rootlet-oci create box >/tmp/out 2>&1 # its streams are the container's: no pipe of ours
expect oci-create "$?: $(cat /tmp/out)" "0: "
g=$top/engine/box
expect oci-files "$(cat $g/memory.max $g/memory.swap.max $g/memory.low $g/memory.high $g/pids.max $g/cpu.max $g/cpu.weight | tr '\n' ' ')" \
	"67108864 33554432 33554432 59998208 50 50000 100000 100 "
expect oci-start "$(rootlet-oci start box 2>&1)" ""
expect oci-pause "$(rootlet-oci pause box 2>&1; cat $g/cgroup.freeze)" 1
has oci-paused "$(rootlet-oci state box)" '"status": "paused"'
has oci-paused-twice "$(rootlet-oci pause box 2>&1)" "already paused"
expect oci-resume "$(rootlet-oci resume box 2>&1; cat $g/cgroup.freeze)" 0
expect oci-update "$(rootlet-oci update --memory 128m --memory-swap 256m --pids-limit 60 --cpu-quota 20000 --cpu-share 2 box 2>&1
	cat $g/memory.max $g/memory.swap.max $g/pids.max $g/cpu.max $g/cpu.weight | tr '\n' ' ')" "134217728 134217728 60 20000 100000 1 "
expect oci-update-json "$(echo '{"memory": {"limit": 67108864}, "pids": {"limit": -1}}' | rootlet-oci update -r - box 2>&1; cat $g/memory.max $g/pids.max | tr '\n' ' ')" "67108864 max "
has oci-update-refused "$(rootlet-oci update --cpuset-cpus 77 box 2>&1)" "write cpuset.cpus: 77"
stats=$(rootlet-oci events --stats box)
has oci-stats "$stats" '"type":"stats","id":"box","data":{"cpu":{"usage":{"total":'
has oci-stats-memory "$stats" '"usage":{"limit":67108864,"usage":'
expect oci-events "$(rootlet-oci events --interval 300ms box | head -2 | wc -l)" 2
expect oci-ps "$(rootlet-oci ps box | grep -c sleep)" 1
expect oci-kill "$(rootlet-oci kill --all box KILL 2>&1)" ""
sleep 1
expect oci-delete "$(rootlet-oci delete box 2>&1; ls -d $g 2>/dev/null)" ""
config '' '"memory": {"limit": 16777216, "swap": 16777216},' 'sleep 1; dd if=/dev/zero of=/dev/shm/x bs=1M count=60; sleep 1' /engine/glutton
rootlet-oci create glutton >/tmp/out 2>&1; rootlet-oci start glutton
(rootlet-oci events --interval 10s glutton >/tmp/events 2>&1) &
sleep 4
has oci-oom "$(cat /tmp/events)" '{"type":"oom","id":"glutton"}'
rootlet-oci delete --force glutton; wait
config '' '"pids": {"limit": 0},' 'sleep 0 \& wait; echo forked' /engine/any
expect oci-pids-zero-of-old "$(rootlet-oci run any 2>&1 | tail -1)" forked
config '' '"pids": {"limit": 0},' 'sleep 0 \& wait' /engine/one
sed -i 's/"ociVersion": "[^"]*"/"ociVersion": "1.3.0"/' /bundle/config.json
expect oci-pids-of-one "$(rootlet-oci run one 2>&1 | tail -1)" "sh: can't fork: Resource temporarily unavailable"
# without a limit: it is counted all the same, and can be limited later
config '' '' 'sleep 1000' /engine/pod/plain
rootlet-oci create plain >/tmp/out 2>&1; rootlet-oci start plain
g=$top/engine/pod/plain
expect oci-offered "$(cat $g/cgroup.controllers)" "$(cat $top/cgroup.controllers)"
has oci-offered-memory "$(cat $g/memory.max)" max
expect oci-update-later "$(rootlet-oci update --cpu-quota 20000 --pids-limit 70 plain 2>&1; cat $g/cpu.max $g/pids.max | tr '\n' ' ')" "20000 100000 70 "
rootlet-oci delete --force plain
# a container that has groups of its own, as a systemd inside makes them
for name in mkdir true; do ln -sf busybox /bundle/rootfs/bin/$name; done
config '' '"memory": {"limit": 67108864},' 'mkdir /sys/fs/cgroup/init; echo 1 >/sys/fs/cgroup/init/cgroup.procs; echo +memory >/sys/fs/cgroup/cgroup.subtree_control; sleep 1000' /engine/nest
sed -i '/"type": "cgroup",/,/]/s/"ro"/"rw"/' /bundle/config.json
rootlet-oci create nest >/tmp/out 2>&1; rootlet-oci start nest; sleep 1
expect oci-exec-below "$(rootlet-oci exec nest cat /proc/self/cgroup 2>&1)" "0::/init"
expect oci-exec-cgroup "$(rootlet-oci exec --cgroup init nest cat /proc/self/cgroup 2>&1)" "0::/init"
rootlet-oci exec nest mkdir -p /sys/fs/cgroup/second/third
expect oci-exec-cgroup-deep "$(rootlet-oci exec --cgroup /second//third nest cat /proc/self/cgroup 2>&1)" "0::/second/third"
has oci-exec-cgroup-itself "$(rootlet-oci exec --cgroup / nest true 2>&1)" "no process may be added to it"
has oci-exec-cgroup-up "$(rootlet-oci exec --cgroup second/../.. nest true 2>&1)" "bad sub cgroup path"
has oci-exec-cgroup-missing "$(rootlet-oci exec --cgroup nothing nest true 2>&1)" "use the cgroup $top/engine/nest/nothing: no such file or directory"
has oci-exec-cgroup-v1 "$(rootlet-oci exec --cgroup cpu:init nest true 2>&1)" "hint: --cgroup init"
rootlet-oci delete --force nest
# a first process that goes elsewhere, and the group that it leaves behind
mkdir -p $top/elsewhere
config '' '' 'echo 1 >/sys/fs/cgroup/elsewhere/cgroup.procs; sleep 1000' /engine/mover
sed -i -e '/"type": "cgroup",/,/]/s/"ro"/"rw"/' /bundle/config.json
sed -i '/"type": "mount"/{N;N;N;N;s/},.*/}/}' /bundle/config.json # no cgroup namespace: it is the last
rootlet-oci create mover >/tmp/out 2>&1; rootlet-oci start mover; sleep 1
rmdir $top/engine/mover
expect oci-exec-after-a-move "$(rootlet-oci exec mover cat /proc/self/cgroup 2>&1)" "0::/elsewhere"
rootlet-oci delete --force mover
rmdir $top/elsewhere
config '' '"cpu": {"realtimeRuntime": 1000},' 'true'
has oci-unsupported "$(rootlet-oci run rt 2>&1)" "cgroup version 2 has no limits for realtime tasks"
config '' '"unified": {"no.such": "1"},' 'true'
has oci-unknown-file "$(rootlet-oci run odd 2>&1)" "no.such"
# rules for devices: the log may be written and not read (root may do both)
config '' '' 'echo words >/dev/kmsg \&\& echo written; cat /dev/kmsg; : <>/dev/kmsg' /engine/devices
sed -i -e 's#"linux": {#"linux": {"devices": [{"path": "/dev/kmsg", "type": "c", "major": 1, "minor": 11}],#' \
	-e 's#"access": "rwm"#"access": "rwm"}, {"allow": true, "type": "c", "major": 1, "minor": 11, "access": "w"#' \
	-e 's#"CAP_KILL"#"CAP_KILL", "CAP_SYSLOG"#' /bundle/config.json
expect oci-devices "$(rootlet-oci run devices 2>&1 | tr '\n' ';')" \
	"written;cat: can't open '/dev/kmsg': Operation not permitted;sh: can't create /dev/kmsg: Operation not permitted;"
sed -i 's#"access": "w"#"access": "rw"#' /bundle/config.json
sed -i 's#cat /dev/kmsg; :#head -c 1 /dev/kmsg >/dev/null; : #' /bundle/config.json
expect oci-devices-allowed "$(rootlet-oci run devices 2>&1 | tr '\n' ';')" "written;"
expect oci-nothing-left "$(find $top/engine -mindepth 1 -type d 2>/dev/null | wc -l)" 0

# an ordinary user
as='XDG_RUNTIME_DIR=/run/user/1000 HOME=/home/alice PATH=/bin NO_COLOR=1; export XDG_RUNTIME_DIR HOME PATH NO_COLOR; cd /bundle; exec "$@"'
inside() { sh -c 'echo $$ >/sys/fs/cgroup$1/cgroup.procs; as=$2; shift 2; su -s /bin/sh -- alice -c "$as" sh "$@"; exit $?' sh "$@"; }
mkdir -p $top/hers/shell
chown 1000:1000 $top/hers $top/hers/cgroup.procs $top/hers/cgroup.subtree_control
chown -R 1000:1000 $top/hers/shell /bundle
outer() { su -s /bin/sh -- alice -c "$as" sh rootlet-oci spec --rootless; }
user_config() {
	rm -f /bundle/config.json
	outer
	sed -i -e 's/"terminal": true/"terminal": false/' -e "s#\"linux\": {#\"linux\": {${3:+\"cgroupsPath\": \"$3\",} \"resources\": {$1},#" \
		-e "s#\"sh\"#\"sh\", \"-c\", \"$2\"#" /bundle/config.json
}
user_config '"memory": {"limit": 67108864}' 'cat /proc/self/cgroup'
expect oci-user-limited "$(inside /hers/shell "$as" rootlet-oci run one 2>&1)" "0::/"
expect oci-user-nothing-left "$(find $top/hers -mindepth 1 -type d | wc -l)" 1
user_config '' 'echo fine'
expect oci-user-tolerated "$(inside / "$as" rootlet-oci run two 2>&1)" "fine"
user_config '"memory": {"limit": 67108864}' 'echo fine'
has oci-user-refused "$(inside / "$as" rootlet-oci run three 2>&1)" "limit memory.max=67108864: "
user_config '' 'echo fine' /system/box
has oci-user-path "$(inside / "$as" rootlet-oci run four 2>&1)" "fine"
user_config '"memory": {"limit": 67108864}' 'echo fine' /hers/pod/box
expect oci-user-parent "$(inside /hers/shell "$as" rootlet-oci run five 2>&1)" "fine"
