#!/usr/bin/env python3
"""The probe under rootlet and under other tools, side by side: a markdown table, and JSON.

    compare.py --rootlet FILE --probe FILE [--user NAME] [--json FILE] [--all]

Run it as root with --user: only root can start dockerd and give every tool the same cgroup tree (in
a mount and cgroup namespace of this script's own; the machine's stay as they are). As an ordinary
user it leaves docker out. A tool that is not installed, or does not start, is left out and named on
stderr. Exit status 1: some peer is stricter than rootlet in a row that has no reason below.

It judges by the number that the probe gives with each verdict: higher is more open.
"""
import argparse, contextlib, ctypes, datetime, fcntl, json, os, pty, pwd, shutil, signal, socket
import subprocess, sys, tarfile, tempfile, termios, time

# Rows in which a peer may be stricter than `rootlet run /` or `rootlet run ROOT`, and why.
SYSTEM_CAPABILITIES = (
    "the command is root of its own user namespace, with the capabilities that a distribution's root file system "
    "needs (chown, setuid, chroot). They reach only what the namespace owns. bwrap's command is no root. "
    "`--cap-drop ALL` gives the same here")
OWN_INIT = (
    "PID 1 is rootlet's init, which the command may trace as any process of its own. It has no right that the command "
    "lacks (pid_1_more_rights), its program is a sealed copy, and its one socket tells the supervisor of stops, of the "
    "exit status and of Ctrl-C: who takes it over can end the container, misstate its status, and stop or interrupt "
    "the job that it is part of. Under podman and docker the command itself is PID 1; under `unshare -Ur` PID 1 is "
    "the host's")
NESTING = (
    'nested user namespaces stay possible, as under podman, so that sandboxes and builds run inside. Docker refuses '
    'them to everybody. `--disable-userns` refuses them here')
WRITABLE_ROOT = (
    'ROOT is a folder that the caller hands in to be used, writable with the right of the caller alone, as under '
    'podman and docker. With `/`, the one root that bwrap and unshare were given, it is refused. `--read-only` '
    'refuses it for any root')
REASONS = {
    'ptrace_pid_1': OWN_INIT,
    'process_vm_readv_pid_1': OWN_INIT,
    'unshare_user': NESTING,
    'clone3_user': NESTING,
    'write_root': WRITABLE_ROOT,
    'write_usr': WRITABLE_ROOT,
    'write_etc': WRITABLE_ROOT,
    'capabilities_effective': SYSTEM_CAPABILITIES,
    'capabilities_permitted': SYSTEM_CAPABILITIES,
    'capabilities_bounding': SYSTEM_CAPABILITIES,
    'chroot': SYSTEM_CAPABILITIES,
}


class Missing(Exception):
    """A tool that cannot be compared here."""


def say(text):
    print(text, file=sys.stderr)


def text_of(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=60).stdout.strip()
    except OSError:
        return ''


# ---- one cgroup tree for all: a cgroup of our own, version 2 alone, as hosts with systemd have it

def cgroup2_mount():
    with open('/proc/self/mountinfo') as f:
        for line in f:
            fields, rest = line.split(' - ')
            if rest.startswith('cgroup2 '):
                return fields.split()[4]
    raise SystemExit('compare.py: no cgroup2 mount')


def enter_own_view(user):
    """Only as root. Returns a cgroup that belongs to the user, as systemd would give them."""
    folder = '%s/rootlet-probe-%d' % (cgroup2_mount(), os.getpid())
    os.mkdir(folder)
    with open(folder + '/cgroup.procs', 'w') as f:
        f.write(str(os.getpid()))
    raw_unshare(0x00020000 | 0x02000000)  # CLONE_NEWNS, CLONE_NEWCGROUP
    run = lambda *c: subprocess.run(c, check=True)
    run('mount', '--make-rprivate', '/')
    run('umount', '-R', '-l', '/sys/fs/cgroup')
    run('mount', '-t', 'cgroup2', 'none', '/sys/fs/cgroup')
    for folder in ('/run', '/opt', '/etc/docker'):  # where dockerd and containerd leave things
        if os.path.isdir(folder):
            run('mount', '-t', 'tmpfs', '-o', 'mode=755', 'none', folder)
    delegated = '/sys/fs/cgroup/user'
    os.mkdir(delegated)
    for name in ('', '/cgroup.procs', '/cgroup.subtree_control', '/cgroup.threads'):
        os.chown(delegated + name, user.pw_uid, user.pw_gid)
    return delegated


def raw_unshare(flags):  # os.unshare came with Python 3.12
    if ctypes.CDLL(None, use_errno=True).unshare(flags) != 0:
        raise OSError(ctypes.get_errno(), 'unshare')


def remove_cgroups(top):
    """Every cgroup below, with what is left in it: podman keeps a process that holds its namespaces.
    All of it is ours, for nothing else was ever in there."""
    for folder in [d for d, _, _ in os.walk(top) if d != top]:
        with contextlib.suppress(OSError), open(folder + '/cgroup.kill', 'w') as f:
            f.write('1')
    for _ in range(50):
        left = [d for d, _, _ in os.walk(top, topdown=False) if d != top]
        for folder in left:
            with contextlib.suppress(OSError):
                os.rmdir(folder)
        if not left:
            return
        time.sleep(0.1)


# ---- bait

class Bait:
    """What lies outside, and the words that tell the probe where."""

    def __init__(self, user, work):
        stamp = 'rootlet-bait-%d' % os.getpid()
        self.secret = stamp + '-secret'
        self.home = '%s/.%s' % (user.pw_dir, stamp)
        self.tmp = work + '/bait'
        for path in (self.home, self.tmp):
            with open(path, 'w') as f:
                f.write('bait\n')
            os.chown(path, user.pw_uid, user.pw_gid)
        os.chmod(self.home, 0o600)
        self.run_dir = tempfile.mkdtemp(prefix='rootlet-', dir='/run' if os.getuid() == 0 else work)
        os.chmod(self.run_dir, 0o755)
        self.sockets = [self.listen(socket.AF_UNIX, self.run_dir + '/socket'),
                        self.listen(socket.AF_UNIX, '\0' + stamp),
                        self.listen(socket.AF_INET, ('127.0.0.1', 0))]
        os.chmod(self.run_dir + '/socket', 0o777)
        self.process = subprocess.Popen([stamp, '3600'], executable=shutil.which('sleep'),
                                        env={'BAIT': self.secret}, **identity(user))
        self.words = ['home=' + self.home, 'tmp=' + self.tmp, 'run=%s/socket' % self.run_dir,
                      'abstract=' + stamp, 'port=%d' % self.sockets[2].getsockname()[1],
                      'pid=%d' % self.process.pid, 'marker=' + stamp, 'secret=' + self.secret]

    @staticmethod
    def listen(family, address):
        s = socket.socket(family)
        s.bind(address)
        s.listen(64)
        return s

    def remove(self):
        self.process.kill()
        self.process.wait()
        os.unlink(self.home)
        shutil.rmtree(self.run_dir)


def identity(user):
    if os.getuid() != 0:
        return {}
    return {'user': user.pw_uid, 'group': user.pw_gid,
            'extra_groups': os.getgrouplist(user.pw_name, user.pw_gid)}


# ---- running one tool: with a terminal, a descriptor and a variable that nobody asked to pass on

class Runner:
    def __init__(self, user, work, bait, cgroup):
        self.user, self.work, self.bait, self.cgroup = user, work, bait, cgroup

    def environment(self, home):
        return {'PATH': os.environ['PATH'], 'HOME': home or self.user.pw_dir, 'USER': self.user.pw_name,
                'TERM': 'dumb', 'LEAK': self.bait.secret, 'XDG_RUNTIME_DIR': self.work + '/runtime'}

    def probe(self, command, as_root=False, home=None):
        master, slave = pty.openpty()
        leak = os.open(self.bait.tmp, os.O_RDONLY)

        def prepare():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        # A process that moves itself into the delegated cgroup first: preexec_fn has no right to.
        mover = []
        if self.cgroup and not as_root:
            mover = ['sh', '-c', 'echo $$ >"$0/cgroup.procs"; exec setpriv --reuid=%d --regid=%d '
                     '--init-groups "$@"' % (self.user.pw_uid, self.user.pw_gid), self.cgroup]
        try:
            done = subprocess.run(mover + command + self.bait.words, stdin=slave, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120,
                                  pass_fds=(leak,), env=self.environment(home), preexec_fn=prepare,
                                  cwd=self.work)
        except (OSError, subprocess.TimeoutExpired) as e:
            raise Missing(str(e))
        finally:
            for fd in (master, slave, leak):
                os.close(fd)
        try:
            return json.loads(done.stdout)
        except ValueError:
            raise Missing('status %d: %s' % (done.returncode, done.stderr.strip()[-600:]))


def need(program):
    if not shutil.which(program):
        raise Missing('not installed')


def version_of(*command):
    return text_of(*command).splitlines()[0] if text_of(*command) else ''


# ---- the tools

def rootlet_host(a, r):
    return r.probe([a.rootlet, 'run', '-v', a.probe + ':/tmp/probe:ro', '/', '/tmp/probe'])


def rootlet_root(a, r):
    return r.probe([a.rootlet, 'run', a.root, '/probe'])


def bwrap(a, r):
    need('bwrap')
    return r.probe(['bwrap', '--unshare-all', '--ro-bind', '/', '/', '--proc', '/proc', '--dev', '/dev',
                    '--tmpfs', '/tmp', '--ro-bind', a.probe, '/tmp/probe', '/tmp/probe'])


def podman(a, r):
    need('podman')
    store = r.work + '/podman'
    own = ['--root', store + '/root', '--runroot', store + '/run', '--storage-driver', 'vfs',
           '--cgroup-manager', 'cgroupfs', '--events-backend', 'none']
    network = [] if shutil.which('slirp4netns') or shutil.which('pasta') else ['--network', 'none']
    home = r.work + '/runtime'  # it writes files below $HOME/.config
    try:
        return r.probe(['podman'] + own + ['run', '--rm'] + network + ['--rootfs', a.root, '/probe'],
                       home=home)
    finally:
        end_pause_process(home)


def end_pause_process(runtime):
    """The process in which podman keeps its namespaces: started by our call, and known by its file."""
    with contextlib.suppress(OSError, ValueError), open(runtime + '/libpod/tmp/pause.pid') as f:
        os.kill(int(f.read()), signal.SIGKILL)


def docker(a, r):
    if os.getuid() != 0:
        raise Missing('only as root')
    need('dockerd')
    need('docker')
    work = r.work + '/docker'
    os.mkdir(work)
    host = 'unix://%s/socket' % work
    log = open(work + '/log', 'w')
    daemon = subprocess.Popen(
        ['dockerd', '--iptables=false', '--ip-forward=false', '--bridge=none', '--storage-driver', 'vfs', '-H', host,
         '--data-root', work + '/data', '--exec-root', work + '/exec', '--pidfile', work + '/pid'],
        stdout=log, stderr=log)
    try:
        for _ in range(300):
            if os.path.exists(work + '/socket') and text_of('docker', '-H', host, 'version', '-f',
                                                            '{{.Server.Version}}'):
                break
            if daemon.poll() is not None:
                raise Missing('dockerd ended: ' + open(work + '/log').read()[-600:])
            time.sleep(0.1)
        with tarfile.open(work + '/image.tar', 'w') as tar:
            tar.add(a.root, '.')
        subprocess.run(['docker', '-H', host, 'import', work + '/image.tar', 'probe'], check=True,
                       capture_output=True)
        return r.probe(['docker', '-H', host, 'run', '--rm', 'probe', '/probe'], as_root=True)
    finally:
        daemon.send_signal(signal.SIGTERM)
        daemon.wait(60)


def unshare_plain(a, r):
    need('unshare')
    return r.probe(['unshare', '-Ur', a.probe])


def unshare_pid(a, r):
    need('unshare')
    return r.probe(['unshare', '-Urmpf', '--mount-proc', a.probe])


TOOLS = [
    ('rootlet `/`', rootlet_host, lambda a: version_of(a.rootlet, '--version')),
    ('rootlet ROOT', rootlet_root, lambda a: ''),
    ('bwrap', bwrap, lambda a: version_of('bwrap', '--version')),
    ('podman', podman, lambda a: version_of('podman', '--version')),
    ('docker', docker, lambda a: version_of('dockerd', '--version')),
    ('`unshare -Ur`', unshare_plain, lambda a: version_of('unshare', '--version')),
    ('`unshare -Urmpf`', unshare_pid, lambda a: ''),
]


def make_root(path, probe, user):
    """A root with nothing in it but the probe and the usual folders."""
    for name in ('', 'bin', 'dev', 'etc', 'proc', 'sys', 'tmp', 'usr', 'var', 'run', 'root'):
        os.makedirs(os.path.join(path, name), exist_ok=True)
    shutil.copy(probe, path + '/probe')
    with open(path + '/etc/passwd', 'w') as f:
        f.write('root:x:0:0:root:/root:/bin/sh\n')
    for folder, _, files in os.walk(path):
        for name in [folder] + [os.path.join(folder, f) for f in files]:
            os.chown(name, user.pw_uid, user.pw_gid)


# ---- judging and printing

def cell(verdict, strictest):
    word = verdict['verdict']
    if verdict['open'] > 0 and word in ('set', 'visible', 'allowed') and verdict['open'] != 2:
        word += ' (%d)' % verdict['open']
    return '**%s**' % word if strictest else word


def table(results, everything):
    names = list(results)
    lines = ['| attempt | ' + ' | '.join(names) + ' |', '| --- |' + ' --- |' * len(names)]
    same = 0
    for probe in results[names[0]]:
        row = [results[n][probe] for n in names]
        opens = [v['open'] for v in row]
        if len(set(opens)) == 1:
            same += 1
            if not everything:
                continue
        lines.append('| %s | %s |' % (probe, ' | '.join(
            cell(v, len(set(opens)) > 1 and v['open'] == min(opens)) for v in row)))
    return '\n'.join(lines), same


def peers_stricter(results):
    """{probe: [peer …]}: where one of them is stricter than one of rootlet's columns."""
    ours = [n for n in results if n.startswith('rootlet')]
    found = {}
    for probe in results[ours[0]]:
        worst = max(results[n][probe]['open'] for n in ours)
        peers = [n for n in results if n not in ours and results[n][probe]['open'] < worst]
        if peers:
            found[probe] = peers
    return found


def report(a, results, versions):
    text, same = table(results, a.all)
    print('%s, Linux %s; %s.\n' % (datetime.date.today().isoformat(), os.uname().release,
                                   ', '.join(v for v in versions if v)))
    print(text)
    print('\n%d further attempts ended alike under all of them.\n' % same)
    reasons, unexplained = {}, []
    for probe, peers in peers_stricter(results).items():
        if probe in REASONS:
            reasons.setdefault(REASONS[probe], []).append(probe)
        else:
            unexplained.append('%s: stricter under %s' % (probe, ', '.join(peers)))
    if reasons:
        print('Where a peer is stricter than rootlet, and why:\n')
    for reason, rows in reasons.items():
        print('- %s: %s.' % (', '.join(rows), reason))
    for line in unexplained:
        say('compare.py: no reason given for ' + line)
    return not unexplained


def arguments():
    p = argparse.ArgumentParser(description='the probe under rootlet and its peers')
    p.add_argument('--rootlet', required=True)
    p.add_argument('--probe', required=True)
    p.add_argument('--user', default=pwd.getpwuid(os.getuid()).pw_name)
    p.add_argument('--json')
    p.add_argument('--all', action='store_true', help='also the rows in which all agree')
    a = p.parse_args()
    a.rootlet, a.probe = os.path.realpath(a.rootlet), os.path.realpath(a.probe)
    return a


def compare(a, user, work):
    cgroup = enter_own_view(user) if os.getuid() == 0 else None
    bait = Bait(user, work)
    try:
        shutil.copy(a.probe, work + '/probe')
        a.probe, a.root = work + '/probe', work + '/root'
        make_root(a.root, a.probe, user)
        os.mkdir(work + '/runtime', 0o700)
        os.chown(work + '/runtime', user.pw_uid, user.pw_gid)
        os.chown(work, user.pw_uid, user.pw_gid)
        runner, results, versions = Runner(user, work, bait, cgroup), {}, []
        for name, run, version in TOOLS:
            try:
                results[name] = run(a, runner)
                versions.append(version(a))
            except Missing as e:
                say('compare.py: %s is left out: %s' % (name, e))
        return results, versions
    finally:
        bait.remove()
        if cgroup:
            remove_cgroups('/sys/fs/cgroup')


def isolated(a, user):
    """The comparison in a child: its namespaces end with it, and its cgroup can be removed."""
    work = tempfile.mkdtemp(prefix='rootlet-compare-')
    os.chmod(work, 0o755)
    top = cgroup2_mount() if os.getuid() == 0 else None
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER: what outlives its maker is ours
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            results, versions = compare(a, user, work)
            if a.json:
                with open(a.json, 'w') as f:
                    json.dump({'versions': [v for v in versions if v], 'results': results}, f, indent=1)
            status = 0 if report(a, results, versions) else 1
        except BaseException:
            sys.excepthook(*sys.exc_info())
        sys.stdout.flush()
        os._exit(status)
    _, status = os.waitpid(pid, 0)
    if top:
        remove_cgroups_of(top, pid)
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    # Files of subordinate ids, which only root of their namespace may remove, when we are not root.
    if os.getuid() != 0:
        subprocess.run([a.rootlet, 'unshare', 'rm', '-rf', work + '/podman', work + '/root'])
    shutil.rmtree(work, ignore_errors=True)
    return os.waitstatus_to_exitcode(status)


def remove_cgroups_of(top, pid):
    folder = '%s/rootlet-probe-%d' % (top, pid)
    if os.path.isdir(folder):
        remove_cgroups(folder)
        with contextlib.suppress(OSError):
            os.rmdir(folder)


if __name__ == '__main__':
    chosen = arguments()
    sys.exit(isolated(chosen, pwd.getpwnam(chosen.user)))
