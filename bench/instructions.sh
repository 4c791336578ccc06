#!/bin/sh
# Instructions of one step of the codec and its neighbours, counted by callgrind: the same on every run and every machine
# of one architecture, where clocks are not. Needs valgrind and binutils.
#
#   bench/instructions.sh [NAME...]      for example: bench/instructions.sh head-parse-curl pick-hash-3
#
# Each is run 1,000 and 11,000 times; the difference is 10,000 of it, without the start of the program.
set -eu
cd "$(dirname "$0")/.."
program=${LB_BENCH:-.build/release/lb-bench}
[ -x "$program" ] || { echo "error: no $program: run make bench, or say LB_BENCH=PATH" >&2; exit 1; }
command -v valgrind >/dev/null 2>&1 || { echo "error: no valgrind: apt-get install -y valgrind" >&2; exit 1; }

# Older valgrinds give up on the debugging information that Swift writes.
plain=$(mktemp)
trap 'rm -f "$plain"' EXIT
objcopy --strip-debug "$program" "$plain"
chmod +x "$plain"

count() {
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$plain" "$1" "$2" 2>&1 |
        sed -n 's/.*Collected : \([0-9]*\).*/\1/p'
}

[ $# -gt 0 ] || set -- head-parse-curl head-parse-browser head-parse-response chunk-decode-16k \
    pick-round_robin-3 pick-round_robin-5000 pick-least_request-3 pick-least_request-5000 \
    pick-least_request_exact-3 pick-least_request_exact-5000 pick-random-3 pick-random-5000 \
    pick-peak_ewma-3 pick-peak_ewma-5000 pick-hash-3 pick-hash-5000 timer-schedule histogram-record
for name; do
    few=$(count "$name" 1000)
    many=$(count "$name" 11000)
    printf '%-32s %8d instructions\n' "$name" $(((many - few) / 10000))
done
