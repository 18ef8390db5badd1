# shellcheck shell=sh
# What quickstart and check share: packages, rights, and the ordinary user. Sourced, not run.
# It changes the machine only by installing packages and by making the user that it is asked for.

say()
{
	printf '%s\n' "$*" >&2
}

die()
{
	say "$0: $*"
	exit 1
}

have()
{
	command -v "$1" >/dev/null 2>&1
}

is_root()
{
	[ "$(id -u)" -eq 0 ]
}

# Can we get root's rights without hanging on a password that nobody will type?
can_be_root()
{
	is_root && return 0
	have sudo || return 1
	sudo -n true 2>/dev/null && return 0
	[ -t 0 ] && [ -t 2 ] && sudo -v
}

as_root()
{
	if is_root; then
		"$@"
	elif have sudo; then
		sudo "$@"
	else
		return 1
	fi
}

package_manager()
{
	for manager in apt-get dnf pacman apk zypper; do
		if have "$manager"; then
			echo "$manager"
			return
		fi
	done
	echo none
}

# The emulator that tests/vm boots a kernel in: of this one architecture there is a list of checks.
machine_emulator()
{
	[ "$(uname -m)" != x86_64 ] || echo qemu-system-x86
}

# package_names build|check|extra: what this distribution calls it. Extra is what older releases lack, and
# what nothing fails without: it is asked for by itself.
package_names()
{
	case "$(package_manager)-$1" in
	apt-get-build) echo gcc libc6-dev meson ninja-build pkg-config libcap-dev libseccomp-dev libjson-c-dev uidmap ;;
	dnf-build) echo gcc meson ninja-build pkgconf-pkg-config libcap-devel libseccomp-devel json-c-devel shadow-utils ;;
	pacman-build) echo gcc meson ninja pkgconf libcap libseccomp json-c shadow ;;
	apk-build) echo gcc musl-dev linux-headers meson samurai pkgconf libcap-dev libseccomp-dev json-c-dev shadow shadow-uidmap ;;
	zypper-build) echo gcc meson ninja pkg-config libcap-devel libseccomp-devel libjson-c-devel shadow ;;
	apt-get-extra) echo libsubid-dev ;;
	dnf-extra) echo shadow-utils-subid-devel glibc-static ;;
	zypper-extra) echo libsubid-devel ;;
	apk-extra) echo libcap-static libseccomp-static ;;
	apt-get-check) echo libcmocka-dev clang libclang-rt-dev clang-format clang-tidy cppcheck mmdebstrap busybox-static bubblewrap crun \
		python3 python3-jsonschema strace iproute2 iputils-ping util-linux procps libcap2-bin scdoc shellcheck \
		psmisc perl-base hostname zsh fish \
		podman buildah containerd conmon fuse-overlayfs slirp4netns catatonit \
		"$(machine_emulator)" ;;
	dnf-check) echo libcmocka-devel clang compiler-rt clang-tools-extra cppcheck busybox bubblewrap crun glibc-static libasan libubsan \
		python3 python3-jsonschema strace iproute iputils util-linux procps-ng libcap scdoc ShellCheck \
		psmisc perl-interpreter hostname zsh fish \
		podman buildah containerd conmon fuse-overlayfs slirp4netns catatonit ;;
	pacman-check) echo cmocka clang compiler-rt cppcheck busybox bubblewrap crun python python-jsonschema strace iproute2 iputils \
		util-linux procps-ng scdoc shellcheck psmisc perl inetutils zsh fish \
		podman buildah containerd conmon fuse-overlayfs slirp4netns catatonit ;;
	apk-check) echo cmocka-dev clang compiler-rt clang-extra-tools cppcheck busybox-static bubblewrap crun python3 py3-jsonschema \
		strace iproute2 iputils util-linux procps libcap-utils scdoc shellcheck psmisc perl zsh fish \
		podman buildah containerd containerd-ctr conmon fuse-overlayfs slirp4netns catatonit ;;
	zypper-check) echo libcmocka-devel clang cppcheck busybox-static bubblewrap crun python3 python3-jsonschema strace iproute2 \
		iputils util-linux procps libcap-progs scdoc ShellCheck psmisc perl-base hostname zsh fish \
		podman buildah containerd containerd-ctr conmon fuse-overlayfs slirp4netns catatonit ;;
	esac
}

install_extra()
{
	for package in $(package_names extra); do
		install_packages "$package" >/dev/null 2>&1 || say "without $package: there is no such package here"
	done
}

install_packages()
{
	case "$(package_manager)" in
	apt-get)
		set -- env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
			-o DPkg::Lock::Timeout=300 --no-install-recommends install "$@"
		# A machine that is new has no package lists, an old one stale ones.
		as_root "$@" </dev/null >&2 2>/dev/null || {
			as_root apt-get -q update </dev/null >&2 && as_root "$@" </dev/null >&2
		}
		;;
	dnf) as_root dnf -q -y --setopt=install_weak_deps=False install "$@" </dev/null >&2 ;;
	pacman)
		as_root pacman -S --noconfirm --needed "$@" </dev/null >&2 ||
			as_root pacman -Sy --noconfirm --needed "$@" </dev/null >&2
		;;
	apk) as_root apk add --no-progress "$@" </dev/null >&2 ;;
	zypper) as_root zypper -n -q install --no-recommends "$@" </dev/null >&2 ;;
	*) return 1 ;;
	esac
}

# What is missing to build, one word each; nothing when all is there.
missing_to_build()
{
	have cc || have gcc || have clang || echo compiler
	have ninja || have ninja-build || echo ninja
	have meson || echo meson
	if have pkg-config; then
		for library in libcap libseccomp json-c; do
			pkg-config --exists "$library" || echo "$library"
		done
	else
		echo pkg-config
	fi
}

missing_to_map()
{
	have newuidmap && have newgidmap || echo newuidmap
}

# require_meson: 1.0 or newer, from the system or else in a private environment below $1.
require_meson()
{
	case "$(meson --version 2>/dev/null || echo 0.0)" in
	0.*) ;;
	*) return 0 ;;
	esac
	if [ ! -x "$1/meson/bin/meson" ]; then
		say "this system's meson is older than 1.0: installing one below $1"
		{ python3 -m venv "$1/meson" && "$1/meson/bin/pip" -q install meson; } >&2 ||
			die "meson 1.0 or newer is needed: install python3-venv, or meson from another source"
	fi
	PATH=$1/meson/bin:$PATH
}

# has_range FILE NAME: does NAME hold subordinate ids, by name or by number?
has_range()
{
	[ -r "$1" ] && grep -Eq "^($2|$(id -u "$2")):[0-9]+:[1-9][0-9]*$" "$1"
}

has_subordinate_ids()
{
	has_range /etc/subuid "$1" && has_range /etc/subgid "$1"
}

# The first number above every granted range.
free_range_start()
{
	cat /etc/subuid /etc/subgid 2>/dev/null |
		awk -F: 'BEGIN { top = 100000 } NF == 3 && $2 + $3 > top { top = $2 + $3 } END { print top }'
}

# The line that gives NAME 65,536 subordinate ids.
grant_line()
{
	first=$(free_range_start)
	echo "usermod --add-subuids $first-$((first + 65535)) --add-subgids $first-$((first + 65535)) $1"
}

# make_user NAME: an ordinary user with a home and subordinate ids. Does nothing when it is so already.
make_user()
{
	if ! id "$1" >/dev/null 2>&1; then
		say "making the user $1"
		if have useradd; then
			as_root useradd -m -s /bin/sh "$1" >&2
		else
			as_root adduser -D -s /bin/sh "$1" >&2
		fi
	fi
	has_subordinate_ids "$1" && return 0
	first=$(free_range_start)
	if have usermod && usermod --help 2>&1 | grep -q add-subuids; then
		as_root usermod --add-subuids "$first-$((first + 65535))" \
			--add-subgids "$first-$((first + 65535))" "$1"
	else
		for file in /etc/subuid /etc/subgid; do
			echo "$1:$first:65536" | as_root tee -a "$file" >/dev/null
		done
	fi
}

home_of()
{
	getent passwd "$1" | cut -d: -f6
}

# The folder of a meson that require_meson installed, if it did.
private_meson=

# as_user NAME COMMAND [ARG…]: from a folder that it can enter, with a plain environment.
as_user()
{
	as_user_name=$1
	shift
	if [ "$(id -un)" = "$as_user_name" ]; then
		"$@"
		return
	fi
	(
		cd /
		# shellcheck disable=SC2016 # the inner shell expands it
		as_root env -u XDG_RUNTIME_DIR -u XDG_CONFIG_HOME -u XDG_CACHE_HOME -u XDG_DATA_HOME \
			PATH="${private_meson:+$private_meson:}"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
			su -s /bin/sh -c 'exec "$@"' -- "$as_user_name" sh "$@"
	)
}

# readable_tree NAME TREE FOLDER: print a source tree that NAME can read: TREE itself, or a copy of it
# below FOLDER. The copy keeps the files' times, so that a second build has nothing to do.
# shellcheck disable=SC2016 # the inner shells expand it
readable_tree()
{
	if as_user "$1" sh -c '[ -x "$1" ] && ! find "$1" -path "$1/.git" -prune -o \
		-path "$1/build" -prune -o \( -type f -o -type d \) ! -readable -print 2>&1 | grep -q .' sh "$2"; then
		echo "$2"
		return
	fi
	as_user "$1" sh -c 'rm -rf "$1/source" && mkdir -p "$1/source"' sh "$3" >&2
	(cd "$2" && tar -cf - --exclude=./.git --exclude=./build --exclude='./build-*' .) |
		as_user "$1" tar -xf - -C "$3/source" >&2
	echo "$3/source"
}

# copy_tree TREE FOLDER: the source, without builds and without git's own. What git does not know yet goes along,
# what it ignores does not.
copy_tree()
{
	mkdir -p "$2"
	if git -C "$1" rev-parse --git-dir >/dev/null 2>&1; then
		(cd "$1" && git ls-files -z --cached --others --exclude-standard |
			tar -cf - --ignore-failed-read --no-recursion --null --files-from=-) | tar -xf - -C "$2"
	else
		(cd "$1" && tar -cf - --exclude=./.git --exclude=./build --exclude='./build-*' .) | tar -xf - -C "$2"
	fi
}

# reproducible_tar FOLDER NAME: NAME below FOLDER as a tar on stdout, the same bytes from the same files:
# sorted, nobody's, with the time of $SOURCE_DATE_EPOCH and modes that do not know the umask.
reproducible_tar()
{
	tar -C "$1" -cf - --sort=name --owner=0 --group=0 --numeric-owner --format=gnu \
		--mode='u=rwX,go=rX' --mtime="@$SOURCE_DATE_EPOCH" "$2"
}
