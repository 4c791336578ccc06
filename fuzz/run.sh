#!/bin/sh
# Runs every fuzz target, or those named, for so many seconds each, from the inputs that are kept.
#
#   fuzz/run.sh [SECONDS] [TARGET]...      `make fuzz SECONDS=3600`
#
# What breaks is written to fuzz/crashes/TARGET: commit it with the fix, and the tests run it ever after.
# New inputs that reach more code are collected in .build-fuzz/corpus.
set -eu
cd "$(dirname "$0")/.."
seconds=${1:-60}
[ $# -eq 0 ] || shift
[ $# -gt 0 ] || set -- request response body proxy config json connection admin answer
fuzz/build.sh
# State directories come and go with every input of one target: not on a disk, where there is memory for them.
[ ! -w /dev/shm ] || export TMPDIR=/dev/shm
failed=
for target; do
    mkdir -p ".build-fuzz/corpus/$target" "fuzz/crashes/$target"
    echo "$target: $seconds s"
    # Leaks are not looked for: what the runtime keeps for the life of the process is taken for one.
    ASAN_OPTIONS=detect_leaks=0 SWIFT_BACKTRACE=enable=no \
    .build-fuzz/fuzz "$target" -max_total_time="$seconds" -max_len=65536 -timeout=20 -rss_limit_mb=4096 -detect_leaks=0 -print_final_stats=1 \
        -artifact_prefix="fuzz/crashes/$target/" ".build-fuzz/corpus/$target" "fuzz/corpus/$target" >".build-fuzz/$target.log" 2>&1 ||
        failed="$failed $target"
    grep -E 'stat::number_of_executed_units|stat::average_exec_per_sec|SUMMARY|Fatal error' ".build-fuzz/$target.log" || true
    rmdir "fuzz/crashes/$target" 2>/dev/null || true
done
rmdir fuzz/crashes 2>/dev/null || true
[ -z "$failed" ] || { echo "broke:$failed (the inputs are in fuzz/crashes)"; exit 1; }
