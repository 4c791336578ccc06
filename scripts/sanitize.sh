#!/bin/sh
# The tests, and chaos on the real daemon, under the address and the thread sanitizer.
#
#   scripts/sanitize.sh [address|thread]...      `make sanitize`
#
# Each builds everything once more, in .build-address and .build-thread. FILTER chooses tests (by default all but those that
# measure or start a daemon, which chaos does here), CHAOS_SECONDS how long the trouble lasts.
set -eu
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- address thread
filter=${FILTER:-HTTPWireTests|ModelTests|ProxyTests|SimulationTests|AdminAPITests|lbdTests|lbctlTests|FuzzTests}
# Leaks are not looked for: the runtime's own caches are taken for some. A fault ends the process, and with it the run.
export ASAN_OPTIONS=detect_leaks=0:abort_on_error=1
export TSAN_OPTIONS="halt_on_error=1:exitcode=66"
for kind; do
    scratch=.build-$kind
    echo "$kind sanitizer: tests"
    swift build --sanitize "$kind" --scratch-path "$scratch" --build-tests
    swift test --sanitize "$kind" --scratch-path "$scratch" --skip-build --disable-xctest --filter "$filter"
    echo "$kind sanitizer: chaos on lbd"
    python3 chaos/chaos.py --lbd "$scratch/debug/lbd" --seconds "${CHAOS_SECONDS:-30}"
done
