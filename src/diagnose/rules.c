/* The table of failures: what (step, errno, detail) means. The first row that fits wins, so the
 * exact ones stand before the general. {a}, {b}, {c} are what a row's check found; {subject} is the
 * step's. */
#include "diagnose/rules.h"

#include "init/wire.h"

#include <errno.h>

#define STEP(op, error)		       OP_##op, ANY, error, ANY
#define STEP_AT(op, error, detail)     OP_##op, ANY, error, WIRE_DETAIL_##detail
#define STAGE(stage, error)	       ANY, STAGE_##stage, error, ANY
#define STAGE_AT(stage, error, detail) ANY, STAGE_##stage, error, WIRE_DETAIL_##detail

/* What a start still does under the filter, which is loaded as late as the kernel allows. */
#define TIGHT                                                                                      \
	HINTS("the profile of --security-opt seccomp= must allow what a start still does: "        \
	      "execve, "                                                                           \
	      "execveat, write, close, exit_group",                                                \
	      "linux.seccomp must allow what a start still does: execve, execveat, write, close, " \
	      "exit_group; without noNewPrivileges also capset, setresuid and their kin")

#define BPF_REFUSED                                                                                \
	"the kernel lets this process attach no program that judges the use of devices (bpf(2))",  \
		HINT("it takes CAP_BPF and CAP_NET_ADMIN over the host, and no program of a "      \
		     "group above that forbids others; a config that allows everything needs "     \
		     "none")
#define BPF_MISSING                                                                                \
	"this kernel has no programs for the devices of a cgroup (CONFIG_CGROUP_BPF)",             \
		HINT("a config that allows everything needs none")

const struct rule rules[] = {
	/* ---- PREPARE: the cgroup and its limits ---- */
	{STEP(CGROUP_LIMIT, EOPNOTSUPP), NULL, check_controller, "limit-not-delegated",
	 "the {a} controller is not delegated to you",
	 HINT("sudo systemctl edit user@.service, with the two lines [Service] and Delegate=cpu "
	      "cpuset "
	      "io "
	      "memory pids; then log in again")},
	{STEP(CGROUP_LIMIT, EOPNOTSUPP), NULL, NULL, "limit-refused",
	 "a cgroup has no such file on this kernel", HINT("")},
	{STEP(CGROUP_LIMIT, EACCES), NULL, NULL, "limit-refused", "you may not write that file",
	 HINT("")},
	{STEP(CGROUP_LIMIT, EINVAL), NULL, NULL, "limit-refused",
	 "the kernel does not take that value", HINT("")},
	{STEP(CGROUP_LIMIT, ERANGE), NULL, NULL, "limit-refused",
	 "the kernel does not take that value: it is too small or too large", HINT("")},
	{STEP(CGROUP_LIMIT, ENODEV), NULL, NULL, "limit-refused", "there is no such device",
	 HINT("")},
	{STEP(DEVICE_RULES, EPERM), NULL, NULL, "device-rules", BPF_REFUSED},
	{STEP(DEVICE_RULES, EINVAL), NULL, NULL, "device-rules", BPF_MISSING},
	{STEP(SCOPE_DEVICE_RULES, EPERM), NULL, NULL, "device-rules", BPF_REFUSED},
	{STEP(SCOPE_DEVICE_RULES, EINVAL), NULL, NULL, "device-rules", BPF_MISSING},
	{STEP(CGROUP_PROCESSES, EOPNOTSUPP), NULL, check_controller, "limit-not-delegated",
	 "the {a} controller is not delegated to you",
	 HINT("sudo systemctl edit user@.service, with the two lines [Service] and Delegate=cpu "
	      "cpuset "
	      "io "
	      "memory pids; then log in again")},
	{STEP(CGROUP_PROCESSES, EINVAL), NULL, NULL, "limit-refused",
	 "the kernel does not take that value", HINT("")},
	{STEP(CGROUP_SCOPE, ETIMEDOUT), NULL, NULL, "systemd-refused",
	 "systemd does not answer in time",
	 HINT("`systemctl --user status` says whether it is well")},
	{STEP(CGROUP_SCOPE, ENOENT), NULL, NULL, "systemd-missing",
	 "there is no systemd manager any more", HINT("")},
	{STEP(CGROUP_SCOPE, ECONNREFUSED), NULL, NULL, "systemd-missing",
	 "there is no systemd manager any more", HINT("")},
	{STEP(CGROUP_PARENT, EBUSY), NULL, NULL, "cgroup-busy",
	 "processes are in it, so it can hand no controller on",
	 HINTS("start it in a cgroup of its own: systemd-run --user --scope -p Delegate=yes "
	       "rootlet …",
	       "start the engine in a cgroup of its own: systemd-run --user --scope -p "
	       "Delegate=yes …")},
	{STEP(CGROUP_PARENT, EACCES), NULL, NULL, "cgroup-refused",
	 "you may not make it, or not change what it hands on", HINT("")},
	{STEP(CGROUP, EACCES), NULL, NULL, "cgroup-refused", "you may not make cgroups there",
	 HINT("")},
	{STEP(CGROUP, EEXIST), NULL, NULL, "cgroup-busy",
	 "the container's cgroup is not empty: there is one already, with processes in it",
	 HINT("end them, or give the container another cgroup")},
	{STEP(CGROUP, EBUSY), NULL, NULL, "cgroup-busy",
	 "container's cgroup unexpectedly frozen, or one above it: nothing that is made in it "
	 "would "
	 "run",
	 HINT("thaw it, or give the container another cgroup: echo 0 >cgroup.freeze")},
	{STEP(CGROUP, EAGAIN), NULL, NULL, "cgroup-refused",
	 "a group above allows no more groups below it (cgroup.max.descendants, cgroup.max.depth)",
	 HINTS("`rootlet ps` shows what runs", "`rootlet-oci list` shows what runs")},

	{STEP(ENTER_CGROUP, ENOENT), NULL, NULL, "cgroup-missing",
	 "no such file or directory: a group to run in must be there already",
	 HINT("mkdir makes it, in the container's own /sys/fs/cgroup or outside")},

	/* ---- CLONE ---- */
	{STEP(CLONE, EBUSY), NULL, NULL, "cgroup-busy",
	 "its cgroup has groups below it that have controllers: no process may be added to it",
	 HINTS("", "name one of those: rootlet-oci exec --cgroup PATH")},
	{STEP(CLONE, ENOSPC), IF_CONDITION("userns-zero")},
	{STEP(CLONE, ENOSPC), NULL, check_nesting, "nesting-limit",
	 "user or pid namespaces are nested too deeply (the kernel allows 32)",
	 HINT("start it from an outer container, or from the host")},
	{STEP(CLONE, ENOSPC), NULL, check_namespace_limit, "namespace-limit",
	 "the limit of {a} namespaces is reached ({b})",
	 HINT("sudo sysctl {c}; those in use: `lsns -t {a}`")},
	{STEP(CLONE, ENOSPC), NULL, NULL, "namespace-limit",
	 "the limit of some kind of namespaces is reached, here or in an outer user namespace",
	 HINT("compare `sysctl -a --pattern user.max_` with `lsns`")},
	{STEP(CLONE, EUSERS), NULL, NULL, "nesting-limit",
	 "user namespaces are nested too deeply (the kernel allows 32)",
	 HINT("start it from an outer container, or from the host")},
	{STEP(CLONE, EPERM), IF_CONDITION("userns-zero")}, /* --disable-userns: and a filter */
	{STEP(CLONE, EPERM), IF_CONDITION("userns-off")},
	{STEP(CLONE, EPERM), IF_CONDITION("apparmor-userns")},
	{STEP(CLONE, EACCES), IF_CONDITION("apparmor-userns")},
	{STEP(CLONE, EPERM), NULL, check_unmapped_caller, "caller-unmapped",
	 "the caller's own id has no place in the user namespace that it is in (user or group {a})",
	 HINT("enter that namespace as an id that it maps")},
	{STEP(CLONE, EPERM), IF_CONDITION("chroot")},
	{STEP(CLONE, EPERM), NULL, check_filter, "outer-filter",
	 "a seccomp filter around rootlet refuses new namespaces, as in docker's default profile",
	 HINT("docker run --security-opt seccomp=unconfined … for the outer container")},
	{STEP(CLONE, EPERM), NULL, NULL, "userns-refused",
	 "the kernel or a security module refuses new user namespaces to this user",
	 HINT("`rootlet doctor` checks every switch that is known")},
	{STEP(CLONE, ENOSYS), IF_CONDITION("userns-zero")},
	{STEP(CLONE, ENOSYS), NULL, NULL, "outer-filter",
	 "a seccomp filter around rootlet refuses to make namespaces",
	 HINT("loosen the filter of the outer container")},
	{STEP(CLONE, EINVAL), NULL, check_kind_missing, "namespace-kind",
	 "this kernel has no {a} namespaces",
	 HINTS("use the host's: {b}", "use the host's: leave it out of linux.namespaces")},
	{STEP(CLONE, ENOMEM), NULL, NULL, "no-memory", "the kernel has no memory for it", HINT("")},

	/* ---- JOIN ---- */
	{STEP(JOIN_NAMESPACE, ENOENT), NULL, NULL, "namespace-gone",
	 "there is no such namespace file", HINT("its last process may have ended")},
	{STEP(JOIN_NAMESPACE, EPERM), NULL, NULL, "namespace-foreign",
	 "it belongs to a user namespace in which you have no rights",
	 HINTS("join the user namespace that owns it as well: --userns ns:/proc/PID/ns/user",
	       "join the user namespace that owns it as well: {\"type\": \"user\", \"path\": …} in "
	       "linux.namespaces")},
	{STEP(JOIN_NAMESPACE, EACCES), NULL, NULL, "namespace-foreign",
	 "its process belongs to another user, or may not be inspected", HINT("")},
	{STEP(JOIN_NAMESPACE, EINVAL), NULL, NULL, "namespace-kind",
	 "it is no namespace of that kind, or it is the one that you are in", HINT("")},

	/* ---- OPEN ---- */
	{STEP(OPEN_PATH, ENOENT), NULL, check_path_missing, "path-missing", "{a} does not exist",
	 HINT("{b}")},
	{STEP(OPEN_PATH, EACCES), NULL, check_path_refused, "path-refused",
	 "{a} lets you not through: it belongs to user {b} and has mode {c}",
	 HINT("chmod o+x {a}, or use a path that you may search")},
	{STEP(OPEN_PATH, EACCES), NULL, NULL, "path-refused",
	 "an access control list or a security module refuses a directory on the way",
	 HINT("`namei -l` on it shows the owners and modes")},
	{STEP(OPEN_PATH, ENOTDIR), NULL, check_root_not_directory, "path-not-directory",
	 "{a} is not a directory",
	 HINTS("ROOT is a directory with a root file system in it: unpack an archive first "
	       "(rootlet "
	       "unshare tar -xpf FILE -C DIR); a program of the host comes after it: rootlet run / "
	       "COMMAND",
	       "root.path names a directory with a root file system in it: unpack an archive "
	       "first")},
	{STEP(OPEN_PATH, ENOTDIR), NULL, check_path_not_directory, "path-not-directory",
	 "{a} is not a directory", HINT("look at it: ls -ld {a}")},
	{STEP(OPEN_PATH, ELOOP), NULL, NULL, "path-loop", "its symlinks go round in a circle",
	 HINT("`namei {subject}` shows each of them")},

	/* ---- MAPS ---- */
	{STEP(HELPER_MAP, ENOENT), NULL, check_helper_gone, "helper-missing",
	 "{a} is not there any more",
	 HINT("reinstall the package uidmap (shadow-utils elsewhere)")},
	{STEP(WRITE_MAP, EPERM), IF_CONDITION("apparmor-userns")},
	{STEP(WRITE_MAP, EPERM), NULL, check_map_is_foreign, "map-foreign",
	 "without a helper only one's own id can be mapped, and {a} is not yours",
	 HINTS("use --userns ranges or --userns single",
	       "hostID in linux.uidMappings and linux.gidMappings is to be your own id, and size "
	       "1: `rootlet-oci spec --rootless` writes such maps")},
	{STEP(WRITE_MAP, EPERM), NULL, check_setfcap_missing, "map-setfcap",
	 "the kernel lets only a process with CAP_SETFCAP map user 0 on (user_namespaces(7)), and "
	 "the container around rootlet has dropped it",
	 HINTS("start the outer container with --cap-add SETFCAP, or run rootlet in it as another "
	       "user: "
	       "-u 1000",
	       "start the outer container with --cap-add SETFCAP")},
	{STEP(WRITE_MAP, EPERM), NULL, NULL, "map-refused",
	 "the kernel refuses this map: an id in it is not mapped where rootlet runs", HINT("")},
	{STEP(WRITE_MAP, EINVAL), NULL, NULL, "map-malformed",
	 "the kernel finds it malformed: lines overlap, or cross an extent of the outer map",
	 HINT("")},
	{STEP(DENY_SETGROUPS, ENOENT), NULL, NULL, "setgroups-missing",
	 "this kernel has no setgroups file (Linux 3.19)", HINT("")},

	/* ---- IDENTITY ---- */
	{STEP(SET_IDS, EINVAL), NULL, NULL, "id-unmapped", "the id has no place in the map",
	 HINT("")},
	{STEP(SET_GROUPS, EPERM), NULL, NULL, "setgroups-denied",
	 "setgroups is denied in this user namespace", HINT("")},
	{STEP(SET_GROUPS, EINVAL), NULL, NULL, "id-unmapped", "a group has no place in the map",
	 HINT("")},

	/* ---- NAMESPACES ---- */
	{STEP(PROCFS, EPERM), IF_CONDITION("proc-covered")},
	{STEP(PROCFS, EPERM), IF_CONDITION("apparmor-userns")},
	{STEP(PROCFS, EACCES), IF_CONDITION("apparmor-userns")},
	{STEP(SYSCTL, EROFS), NULL, NULL, "sysctl-read-only",
	 "/proc/sys is mounted read-only here, as in another container",
	 HINTS("--pid host, --uts host and --network host together work there; or give the outer "
	       "container both --security-opt seccomp=unconfined and --security-opt unmask=ALL",
	       "leave linux.sysctl away, or start the outer container with both --security-opt "
	       "seccomp=unconfined and --security-opt unmask=ALL")},
	{STEP(SYSCTL, ENOENT), NULL, NULL, "sysctl-unknown", "this kernel has no such setting",
	 HINT("`sysctl -a` lists those of the host")},
	{STEP(SYSCTL, EACCES), NULL, NULL, "sysctl-refused",
	 "it belongs to the whole machine, not to a namespace",
	 HINT("set it on the host with sudo sysctl")},
	{STEP(SYSCTL, EPERM), NULL, NULL, "sysctl-refused",
	 "it belongs to the whole machine, not to a namespace",
	 HINT("set it on the host with sudo sysctl")},
	{STEP(SYSCTL, EINVAL), NULL, NULL, "sysctl-value", "the kernel does not take that value",
	 HINT("")},
	{STEP(TIME_OFFSETS, ERANGE), NULL, NULL, "time-range",
	 "the clock would stand before zero, or beyond 146 years", HINT("choose a smaller offset")},
	{STEP(TIME_OFFSETS, EINVAL), NULL, NULL, "time-namespaces-missing",
	 "this kernel has no time namespaces (CONFIG_TIME_NS, Linux 5.6)",
	 HINTS("use --time host", "leave linux.timeOffsets and the time namespace away")},

	/* ---- ROOT ---- */
	{STAGE_AT(ROOT, ENOSPC, NONE), NULL, NULL, "mount-limit",
	 "the limit of mounts in a mount namespace is reached (fs.mount-max)",
	 HINT("sudo sysctl fs.mount-max=200000")},
	{STAGE_AT(ROOT, ENOSPC, ATTACH), NULL, NULL, "mount-limit",
	 "the limit of mounts in a mount namespace is reached (fs.mount-max)",
	 HINT("sudo sysctl fs.mount-max=200000")},
	{STEP_AT(MASK, ENOENT, TARGET), NULL, NULL, "mask-missing",
	 "there is no such path inside, so nothing would be hidden",
	 HINT("leave it out, or correct it")},
	{STAGE_AT(ROOT, ENOENT, TARGET), NULL, NULL, "mount-point-missing",
	 "the root has no such path to mount on", HINT("make it in the root")},
	{STAGE_AT(ROOT, ENOTDIR, TARGET), NULL, NULL, "mount-point-kind",
	 "something on the way to it in the root is not a directory", HINT("")},
	{STAGE_AT(ROOT, ENOTDIR, ATTACH), NULL, NULL, "mount-point-kind",
	 "one is a directory and the other is a file",
	 HINT("mount a directory on a directory, a file on a file")},
	{STAGE_AT(ROOT, ELOOP, TARGET), NULL, NULL, "path-loop",
	 "the symlinks on the way to it in the root go round in a circle, or lead through /proc",
	 HINT("")},
	{STAGE_AT(ROOT, EACCES, TARGET), NULL, NULL, "root-refused",
	 "the mapped root may not enter the root, or a directory on the way: it belongs to an id "
	 "that is not "
	 "mapped, and others may not search it",
	 HINT("`ls -ld` on it shows its owner and mode; chmod o+x it, or own it")},
	{STEP_AT(ATTACH_PROCFS, EINVAL, ATTACH), NULL, NULL, "mount-point-kind",
	 "/proc in the root is not a directory",
	 HINT("remove it there: rootlet makes the mount point")},
	{STEP_AT(MOUNT, EINVAL, ATTACH), NULL, NULL, "mount-point-kind",
	 "the mount point in the root is not a directory", HINT("")},
	{STEP_AT(BIND, EINVAL, ATTACH), NULL, NULL, "mount-point-kind",
	 "one is a directory and the other is a file",
	 HINT("mount a directory on a directory, a file on a file")},
	{STAGE_AT(ROOT, ANY, MAKE_TARGET), NULL, check_kernel_target, "mount-point-kernel",
	 "there is no such path, and nothing can be made in {a}: what it shows is the kernel's",
	 HINT("mount it somewhere else")},
	{STAGE_AT(ROOT, EROFS, MAKE_TARGET), NULL, NULL, "mount-point-read-only",
	 "the mount point is missing, and the root is read-only",
	 HINTS("make it in the root beforehand, or mount a --tmpfs above it",
	       "make it in the root beforehand, or mount a tmpfs above it: an entry of mounts "
	       "before this one")},
	{STAGE_AT(ROOT, EACCES, MAKE_TARGET), NULL, NULL, "mount-point-refused",
	 "the mount point is missing, and the container's root may not write there: the directory "
	 "belongs to an id that is not mapped",
	 HINTS("make it beforehand, or use --overlay",
	       "make it beforehand, or map the id that owns that directory: linux.uidMappings, "
	       "linux.gidMappings")},
	{STAGE_AT(ROOT, EOVERFLOW, MAKE_TARGET), NULL, NULL, "mount-point-refused",
	 "the mount point is missing, and nothing can be made there: the directory belongs to an "
	 "id "
	 "that is not mapped",
	 HINTS("make it beforehand, or use --overlay",
	       "make it beforehand, or map the id that owns that directory: linux.uidMappings, "
	       "linux.gidMappings")},
	{STEP_AT(BIND_DEVICE, ANY, NOT_DEVICE), NULL, NULL, "device-kind",
	 "the host's file of that name is not that device", HINT("look at it: ls -l {subject}")},
	{STEP_AT(DEVICE_NODE, ANY, NOT_DEVICE), NULL, NULL, "device-kind",
	 "the host's file of that name is not that device", HINT("look at it: ls -l {subject}")},
	{STEP_AT(DEVICE_NODE, ENOENT, SOURCE), NULL, NULL, "device-missing",
	 "the host has no such device, and only its root can make one: anybody else binds the "
	 "host's",
	 HINT("load its driver on the host, or leave it out of linux.devices")},
	{STEP_AT(BIND, EINVAL, SOURCE), NULL, NULL, "bind-source",
	 "the source cannot be copied: it is unbindable, or mounts that are locked lie below it",
	 HINTS("mount it with everything below it",
	       "mount it with everything below it: rbind in its options")},
	{STEP_AT(ROOT_BIND, EINVAL, SOURCE), NULL, NULL, "bind-source",
	 "the root cannot be copied: it is unbindable, or mounts that are locked lie below it",
	 HINT("")},
	{STEP_AT(BIND, EPERM, ATTRIBUTES), NULL, NULL, "mount-locked",
	 "the host mounted it with a flag that a user namespace may not lift (ro, nosuid, nodev, "
	 "noexec or an atime)",
	 HINT("leave the option away: the host's flag stays")},
	{STEP(MOUNT_ATTRIBUTES, EPERM), IF_CONDITION("apparmor-userns")},
	{STEP_AT(MOUNT_ATTRIBUTES, EPERM, ATTRIBUTES), NULL, NULL, "mount-locked",
	 "the host mounted it with a flag that a user namespace may not lift", HINT("")},
	{STAGE_AT(ROOT, ANY, OPTION), NULL, NULL, "mount-option",
	 "the file system does not take one of the options",
	 HINT("tmpfs(5) and mount(8) list those that there are")},
	{STEP(MOUNT, EPERM), NULL, check_sysfs, "mount-host-network",
	 "a new sysfs needs an own network namespace, and this container uses the host's",
	 HINTS("leave --network host away, or bind it: -v /sys:/sys:ro",
	       "add {\"type\": \"network\"} to linux.namespaces, or bind the host's: source /sys, "
	       "options rbind and ro")},
	{STEP(MOUNT, EPERM), NULL, check_proc, "mount-host-pid",
	 "a new proc needs an own pid namespace, and this container uses another",
	 HINTS("leave --pid away", "add {\"type\": \"pid\"} to linux.namespaces, or bind the one "
				   "that is there: source /proc, options rbind")},
	{STEP(MOUNT, EPERM), NULL, check_mqueue, "mount-host-ipc",
	 "a new mqueue needs an own ipc namespace, and this container uses the host's",
	 HINTS("leave --ipc host away", "add {\"type\": \"ipc\"} to linux.namespaces")},
	{STEP(MOUNT, ENODEV), NULL, check_mount_type, "filesystem-unknown",
	 "this kernel does not know the file system {a}", HINT("sudo modprobe {a}")},
	{STEP(ROOT_OVERLAY, ENODEV), NULL, NULL, "filesystem-unknown",
	 "the overlay module is not loaded, and a container may not load it",
	 HINT("sudo modprobe overlay")},
	{STEP(ROOT_OVERLAY, EPERM), IF_CONDITION("apparmor-userns")},
	{STEP(ROOT_OVERLAY, EPERM), NULL, NULL, "overlay-refused",
	 "this kernel has no overlay file systems in user namespaces (Linux 5.11)",
	 HINTS("copy the root, or use it without --overlay", "")},
	{STEP(ROOT_OVERLAY, EINVAL), NULL, NULL, "overlay-layers",
	 "the file system of a layer cannot serve: the upper one must hold extended attributes and "
	 "not be an overlay or NFS itself",
	 HINTS("give --overlay=DIR a directory on ext4, xfs, btrfs or tmpfs", "")},
	{STEP(ROOT_OVERLAY, EBUSY), NULL, NULL, "overlay-busy",
	 "another container uses this overlay directory",
	 HINTS("give each its own --overlay=DIR", "")},
	{STEP(ROOT_OVERLAY, ESTALE), NULL, NULL, "overlay-stale",
	 "the overlay directory was made above another root", HINT("empty it, or give a new one")},
	{STEP(PIVOT_ROOT, EINVAL), NULL, NULL, "pivot-initramfs",
	 "the kernel cannot pivot away from an initramfs",
	 HINT("switch_root to a real file system first")},
	{STEP(READONLY_PATH, EPERM), NULL, NULL, "mount-locked",
	 "the host mounted it with a flag that a user namespace may not lift", HINT("")},

	/* ---- SEAL ---- */
	{STEP(RLIMIT, EPERM), NULL, check_rlimit, "rlimit-hard",
	 "the hard limit that you have is lower ({a})",
	 HINT("ask for at most that, or raise it on the host")},
	{STEP(SCHEDULER, EPERM), NULL, NULL, "scheduling-refused",
	 "the kernel grants that to CAP_SYS_NICE on the host alone; a deadline as process "
	 "scheduler can't be used together with AllowedCPUs (linux.resources.cpu.cpus)",
	 HINTS("", "leave process.scheduler away, or start the engine as root")},
	{STEP(IO_PRIORITY, EPERM), NULL, NULL, "scheduling-refused",
	 "the kernel grants that to CAP_SYS_ADMIN or CAP_SYS_NICE on the host alone",
	 HINTS("", "leave process.ioPriority away, or start the engine as root")},
	{STEP(MEMORY_POLICY, EINVAL), NULL, NULL, "memory-policy",
	 "a node is not there, or this kernel does not know the mode or a flag",
	 HINT("`ls /sys/devices/system/node` shows the nodes; set_mempolicy(2) has the modes")},
	{STEP_AT(LOOKUP_USER, ANY, NO_USER), NULL, NULL, "user-unknown",
	 "the root's /etc/passwd has no such user",
	 HINTS("give the user by number: -u UID:GID",
	       "give the user by number: process.user has uid and gid")},
	{STEP_AT(LOOKUP_USER, ANY, NO_GROUP), NULL, NULL, "group-unknown",
	 "the root's /etc/group has no such group",
	 HINTS("give the group by number: -u UID:GID",
	       "give the group by number: process.user has uid and gid")},
	{STEP(LOOKUP_USER, ENOENT), NULL, NULL, "passwd-missing", "the root has no /etc/passwd",
	 HINTS("give the user by number: -u UID:GID",
	       "give the user by number: process.user has uid and gid")},
	{STAGE_AT(SEAL, ANY, ID_UNMAPPED), NULL, NULL, "id-unmapped",
	 "the id has no place in the map",
	 HINTS("`--userns ranges` maps 65536 ids; `--uidmap` says which",
	       "choose another process.user, or map its ids: linux.uidMappings, "
	       "linux.gidMappings")},
	{STEP(SET_USER, EINVAL), NULL, NULL, "id-unmapped", "the id has no place in the map",
	 HINTS("`--userns ranges` maps 65536 ids; `--uidmap` says which",
	       "choose another process.user, or map its ids: linux.uidMappings, "
	       "linux.gidMappings")},
	{STEP(SET_USER, EAGAIN), NULL, NULL, "process-limit",
	 "that user has reached its limit of processes (ulimit -u)", HINT("end some, or raise it")},
	{STEP(WORKDIR, ENOENT), NULL, NULL, "workdir-missing", "there is no such directory inside",
	 HINTS("make it in the root, mount it with -v, or choose another with -w",
	       "make it in the root, mount it there (mounts), or choose another: process.cwd, for "
	       "exec --cwd")},
	{STEP(WORKDIR, ENOTDIR), NULL, NULL, "workdir-kind", "it is not a directory",
	 HINTS("give -w a directory inside the container",
	       "choose a directory inside: process.cwd, for exec --cwd")},
	{STEP(WORKDIR, ELOOP), NULL, NULL, "workdir-link",
	 "its links go in circles, or through a descriptor of /proc, which may lead anywhere",
	 HINT("")},
	{STEP(WORKDIR, EACCES), NULL, NULL, "workdir-refused",
	 "the container's user may not search it",
	 HINTS("choose another with -w, or another user with -u",
	       "choose another directory (process.cwd, for exec --cwd) or another user "
	       "(process.user, for exec --user)")},
	{STEP(SECCOMP, EINVAL), NULL, NULL, "seccomp-missing",
	 "the kernel takes no such filter (CONFIG_SECCOMP_FILTER), or it is malformed",
	 HINTS("--security-opt seccomp=unconfined goes without one",
	       "without linux.seccomp there is none")},
	{STEP(SECCOMP, EACCES), NULL, NULL, "seccomp-refused",
	 "a filter without no_new_privs needs CAP_SYS_ADMIN inside",
	 HINTS("leave --security-opt no-new-privileges=false away",
	       "set process.noNewPrivileges to true")},
	{STEP(KEYRING, EDQUOT), NULL, NULL, "key-limit",
	 "the limit of keys of this user is reached (kernel.keys.maxkeys)",
	 HINT("sudo sysctl kernel.keys.maxkeys=2000")},
	{STEP(PARENT_DEATH, ANY), NULL, NULL, "supervisor-gone",
	 "the process that watches over the container has ended", HINT("")},

	/* ---- EXEC ---- */
	{STAGE_AT(EXEC, ANY, EXEC_FORMAT), NULL, NULL, "exec-format",
	 "it is neither a program for this kind of machine nor a script that begins with #!",
	 HINT("look at it: file {subject}")},
	{STAGE(EXEC, ENOEXEC), NULL, NULL, "exec-format",
	 "it is neither a program for this kind of machine nor a script that begins with #!",
	 HINT("look at it: file {subject}")},
	{STAGE_AT(EXEC, ANY, INTERPRETER), NULL, NULL, "exec-interpreter",
	 "the file is there, but not the interpreter of its first line, or its dynamic loader",
	 HINT("install that in the root; `readelf -l` or `head -1` names it")},
	{STAGE(EXEC, ENOENT), NULL, check_looked_up, "command-not-found",
	 "command not found in {a}",
	 HINTS("give its path, or set PATH with -e PATH=…",
	       "give its path, or set PATH: process.env, for exec --env")},
	{STAGE(EXEC, ENOENT), NULL, NULL, "command-not-found", "there is no such file inside",
	 HINTS("check the spelling; what of the host shall be visible in a container is mounted "
	       "with "
	       "run -v",
	       "check the spelling; what of the host shall be visible inside is an entry of "
	       "mounts")},
	{STAGE(EXEC, EACCES), NULL, NULL, "command-refused",
	 "it may not be executed: no x bit for this user, a directory on the way that it may not "
	 "search, or a noexec mount",
	 HINT("chmod +x it, or look at `findmnt -T` on it")},
	{STAGE(EXEC, EPERM), NULL, check_filtered, "seccomp-tight",
	 "the seccomp profile does not allow execve, or a security module refuses it", TIGHT},
	{STAGE(EXEC, ENOSYS), NULL, check_filtered, "seccomp-tight",
	 "the seccomp profile does not allow execve", TIGHT},
	{STAGE(SEAL, EPERM), NULL, check_filtered, "seccomp-tight",
	 "the seccomp profile, which is in force by then, may be what refuses it", TIGHT},
	{STAGE(SEAL, ENOSYS), NULL, check_filtered, "seccomp-tight",
	 "the seccomp profile, which is in force by then, does not allow it", TIGHT},
	{STAGE(EXEC, EPERM), NULL, NULL, "command-refused",
	 "the kernel or a security module refuses to execute it", HINT("")},
	{STAGE(EXEC, E2BIG), NULL, NULL, "command-too-long",
	 "its arguments and environment are longer than the kernel takes",
	 HINT("pass long lists in a file")},
	{STAGE(EXEC, ETXTBSY), NULL, NULL, "command-busy", "somebody has the file open for writing",
	 HINT("try again when the writer is done")},
	{STAGE(EXEC, EISDIR), NULL, NULL, "command-refused", "it is a directory", HINT("")},
	{STAGE(EXEC, ENOMEM), NULL, NULL, "no-memory", "there is no memory for it", HINT("")},

	/* ---- whatever the step: AppArmor lets the namespace be made and then refuses every right
	   ---- */
	{STAGE(IDENTITY, EPERM), IF_CONDITION("apparmor-userns")},
	{STAGE(NAMESPACES, EPERM), IF_CONDITION("apparmor-userns")},
	{STAGE(NAMESPACES, EACCES), IF_CONDITION("apparmor-userns")},
	{STAGE(ROOT, EPERM), IF_CONDITION("apparmor-userns")},
	{STAGE(ROOT, EACCES), IF_CONDITION("apparmor-userns")},
	{STAGE(SEAL, EPERM), IF_CONDITION("apparmor-userns")},
	{STEP(MOUNT, EPERM), NULL, check_privileged_type, "mount-privileged",
	 "{a} is not mounted for a user namespace: the kernel takes images of file systems from "
	 "the host's root alone",
	 HINT("mount it on the host and bind it")},
	{STAGE(ROOT, EPERM), NULL, check_contained, "mount-refused",
	 "the kernel or a security module refuses it to a user namespace",
	 HINT("start the outer container with --security-opt seccomp=unconfined "
	      "--security-opt apparmor=unconfined")},
	{STAGE(ROOT, EPERM), NULL, NULL, "mount-refused",
	 "the kernel or a security module refuses it to a user namespace",
	 HINT("`rootlet doctor` tries what can be mounted here")},
	{ANY, ANY, ENOMEM, ANY, NULL, NULL, "no-memory", "the kernel has no memory for it",
	 HINT("")},
	{ANY, ANY, EAGAIN, ANY, NULL, check_process_limit, "process-limit",
	 "no more processes: this user may have {a} (ulimit -u), or its cgroup has reached "
	 "pids.max",
	 HINT("end some, or raise it: ulimit -u, or TasksMax= of systemd")},
	{ANY, ANY, EAGAIN, ANY, NULL, NULL, "process-limit",
	 "no more processes: the cgroup has reached pids.max, or the machine kernel.pid_max",
	 HINT("end some, or raise TasksMax= of systemd")},
	{ANY, ANY, EMFILE, ANY, NULL, check_file_limit, "file-limit",
	 "too many files are open in this process: it may have {a} (ulimit -n)", HINT("{b}")},
	{ANY, ANY, ENFILE, ANY, NULL, NULL, "file-limit",
	 "the machine has too many files open (fs.file-max)",
	 HINT("sudo sysctl fs.file-max=1000000")},
};

const size_t rule_count = sizeof(rules) / sizeof(rules[0]);
