#!/bin/sh
# Fuzzes one target for a few seconds, from a copy of its committed corpus: run.sh TARGET SECONDS FOLDER
# FOLDER holds corpus/NAME, options.dict and, for some, NAME.dict. What fails is printed by libFuzzer, also as
# base64; put it into the corpus with the fix.
set -eu
target=$1 seconds=$2 folder=$3
name=$(basename "$target")
name=${name#fuzz_}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r "$folder/corpus/$name" "$work/corpus"
dict=
case $name in
flags | config) dict=-dict=$folder/options.dict ;;
esac
[ ! -e "$folder/$name.dict" ] || dict=-dict=$folder/$name.dict
"$target" ${dict:+"$dict"} -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -artifact_prefix="$work/" \
	-print_final_stats=1 "$work/corpus" 2>"$work/log" >&2 || {
	status=$?
	tail -n 60 "$work/log"
	exit $status
}
grep -E '^stat::(number_of_executed_units|new_units_added)|DONE' "$work/log"
