#!/usr/bin/env python3
"""Checks what the child calls between clone and exec, by the undefined symbols of its object files.

    child_symbols.py [--nm NM] ARCHIVE…         the rooms' archives, run's and base's among them
    child_symbols.py --self-test [--cc CC]      shows that a forbidden call is found

The parent may have threads (it is a library), so after clone only async-signal-safe functions are defined:
no malloc, no stdio, no NSS. glibc's set*id functions are out as well: they signal every thread of the process
(nptl(7)), so the raw system calls are used. Functions of the child's own objects may call each other, and
may read data that other objects define."""

import argparse
import fnmatch
import os
import re
import subprocess
import sys
import tempfile

CHILD = ["child*.c.o", "child*.o", "*_child*.c.o", "resolve.c.o", "resolve.o", "fds.c.o", "fds.o"]

# nm -A: `archive:member:value class name`, as binutils and LLVM print it; no value when it is undefined.
SYMBOL = re.compile(r"^(.*):\s*[0-9a-f]*\s+([A-Za-z?])\s+(\S+)$")

# fstatvfs: one fstatfs, its fields renamed, since kernels report mount flags there (2.6.36).
# signal-safety(7), and wrappers in glibc and musl that are a system call and nothing else.
ALLOWED = set("""
    _exit _Exit abort alarm access faccessat chdir fchdir chmod fchmod fchmodat chown fchown fchownat
    clock_gettime close close_range dup dup2 dup3 execve execveat fexecve fcntl fcntl64 fstat fstat64 fstatat
    fstatat64 stat stat64 lstat lstat64 fsync ftruncate ftruncate64 getegid geteuid getgid getuid getpgid getpgrp
    getpid getppid getsid gettid ioctl kill link linkat lseek lseek64 mkdir mkdirat mkfifo mknod mknodat
    nanosleep open open64 openat openat64 pipe pipe2 poll ppoll read readv pread pread64 readlink readlinkat recv
    recvmsg rename renameat rmdir send sendmsg setpgid setsid sigaction sigaddset sigdelset sigemptyset
    sigfillset sigismember sigprocmask pthread_sigmask signal socket bind connect stat statx symlink symlinkat
    tcsetpgrp tcgetpgrp time umask unlink unlinkat utimensat wait wait4 waitid waitpid write writev pwrite pwrite64
    capset capget chroot getdents64 getrandom keyctl memfd_create mount umount umount2 pivot_root prctl prlimit
    prlimit64 setrlimit setrlimit64 getrlimit getrlimit64 sched_setaffinity setdomainname sethostname setns
    syscall unshare eventfd signalfd timerfd_create _Fork vfork personality statfs fstatfs statfs64 fstatfs64
    fstatvfs fstatvfs64
    memchr memcmp memcpy memmove memset memrchr mempcpy stpcpy stpncpy strchr strchrnul strcmp strcpy strcspn
    strlen strstr strncmp strncpy strnlen strrchr strspn strcat strncat rawmemchr __rawmemchr explicit_bzero
    __errno_location ___errno_location environ __environ
    __stack_chk_fail __stack_chk_guard _GLOBAL_OFFSET_TABLE_ __tls_get_addr __fdelt_chk
    __memcpy_chk __memmove_chk __memset_chk __mempcpy_chk __stpcpy_chk __strcpy_chk __strcat_chk __strncpy_chk
    __read_chk __pread_chk __readlink_chk __readlinkat_chk __poll_chk __openat_2 __openat64_2 __open_2 __open64_2
    """.split())

# Functions of other rooms that only compute.
PURE = {"ns_type_flag", "ns_type_name"}


def symbols(nm, archive):
    """member → (undefined, defined functions, defined data); nm's classes: T t W functions, D d B b R r V data."""
    out = subprocess.run([nm, "-A", archive], check=True, capture_output=True, text=True).stdout
    members = {}
    for line in out.splitlines():
        match = SYMBOL.match(line)
        if not match:
            continue
        place, kind, name = match[1], match[2], match[3].split("@")[0]
        member = os.path.basename(place.replace("[", ":").rstrip("]").split(":")[-1])
        undefined, functions, data = members.setdefault(member, (set(), set(), set()))
        if kind in "Uwv":
            undefined.add(name)
        elif kind in "TtWi":
            functions.add(name)
        else:
            data.add(name)
    return members


def check(nm, archives, extra=()):
    """(child objects seen, violations)"""
    everything = {}
    for archive in archives:
        for member, sets in symbols(nm, archive).items():
            everything.setdefault((archive, member), sets)
    child = {key: sets for key, sets in everything.items()
             if any(fnmatch.fnmatchcase(key[1], pattern) for pattern in CHILD)}
    fine = ALLOWED | PURE | set(extra)
    for _, functions, _ in child.values():
        fine |= functions
    for _, _, data in everything.values():
        fine |= data
    bad = [f"{member}: calls {name}, which is not known to be safe between clone and exec"
           for (_, member), (undefined, _, _) in sorted(child.items()) for name in sorted(undefined - fine)]
    return sorted(member for _, member in child), bad


def self_test(nm, cc):
    sources = {
        "child_good.c": 'extern const int table[]; int other(int); int good(int x);\n'
                        '#include <unistd.h>\nint good(int x) { return dup(x) + table[0] + other(x); }\n',
        "child_other.c": "int other(int); int other(int x) { return x; }\n",
        "table.c": "extern const int table[]; const int table[] = {1};\n",
        "child_bad.c": "#include <stdlib.h>\n#include <unistd.h>\nvoid *bad(void); int outside(void);\n"
                       "void *bad(void) { setuid(0); outside(); return malloc(1); }\n",
        "parent.c": '#include <stdio.h>\nint outside(void); int outside(void) { return puts("x"); }\n',
    }
    with tempfile.TemporaryDirectory() as folder:
        def archive(names):
            objects = []
            for name in names:
                path = os.path.join(folder, name)
                with open(path, "w", encoding="ascii") as out:
                    out.write(sources[name])
                objects.append(path + ".o")
                subprocess.run([cc, "-O1", "-c", path, "-o", path + ".o"], check=True)
            library = os.path.join(folder, f"lib{len(names)}.a")
            if os.path.exists(library):
                os.unlink(library)
            subprocess.run(["ar", "csrT", library] + objects, check=True)
            return library

        seen, bad = check(nm, [archive(["child_good.c", "child_other.c", "table.c", "parent.c"])])
        assert len(seen) == 2 and not bad, (seen, bad)
        seen, bad = check(nm, [archive(["child_good.c", "child_other.c", "table.c", "parent.c", "child_bad.c"])])
        found = {line.split("calls ")[1].split(",")[0] for line in bad}
        assert found == {"malloc", "setuid", "outside"}, bad
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nm", default="nm")
    parser.add_argument("--cc", default="cc")
    parser.add_argument("--allow", action="append", default=[], help="one more function")
    parser.add_argument("--self-test", action="store_true")
    parser.add_argument("archives", nargs="*")
    args = parser.parse_args()
    if args.self_test:
        return self_test(args.nm, args.cc)
    seen, bad = check(args.nm, args.archives, args.allow)
    print("\n".join(bad) if bad else f"{', '.join(seen)}: nothing but async-signal-safe calls")
    if not any(member.startswith("child") for member in seen) or not all(any(name in m for m in seen) for name in ("resolve", "fds")):
        print("the child's objects are not in these archives: has a file been renamed?")
        return 1
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
