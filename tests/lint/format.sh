#!/bin/sh
# Are the C files formatted as .clang-format says?  format.sh SOURCE-TREE [FILE…]; --self-test
# Versions of clang-format differ in details; the tree follows 14, Debian 12's. Exit 77 where it is another.
set -eu
case $(clang-format --version 2>/dev/null) in
*" version 14."*) ;;
*)
	echo "clang-format 14 is not installed"
	exit 77
	;;
esac
if [ "${1:-}" = --self-test ]; then
	folder=$(mktemp -d)
	trap 'rm -rf "$folder"' EXIT
	mkdir "$folder/src"
	cp "$(dirname "$0")/../../.clang-format" "$folder"
	printf 'int main(void)\n{\n\treturn 0;\n}\n' >"$folder/src/a.c"
	"$0" "$folder" || exit 1
	printf 'int main (void) { return 0; }\n' >"$folder/src/b.c"
	if "$0" "$folder" 2>/dev/null; then
		echo "self-test: a badly formatted file was not noticed"
		exit 1
	fi
	exit 0
fi
cd "$1"
find src include tests -name '*.[ch]' -type f 2>/dev/null | sort | xargs -r clang-format --dry-run -Werror
