#!/bin/sh
# The tests, and chaos on the real daemon, under the address and the thread sanitizer.
#
#   scripts/sanitize.sh [address|thread]...      `make sanitize`
#
# Each builds everything once more, in .build-address and .build-thread. FILTER chooses tests (by default all but those of the
# sources' form), CHAOS_SECONDS how long the trouble lasts. Reports are kept in .build-KIND/reports; any but those that
# docs/TESTING.md tells of as the toolchain's fails the run.
set -eu
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- address thread
filter=${FILTER:-HTTPWireTests|ModelTests|ProxyTests|SimulationTests|AdminAPITests|lbdTests|lbctlTests|FuzzTests|EndToEndTests}
swift=${SWIFT:-swift}
failed=
for kind; do
    scratch=$PWD/.build-$kind
    reports=$scratch/reports
    rm -rf "$reports"
    mkdir -p "$reports"
    # Goes on after a report, so that one of the toolchain's does not end the run. Leaks are not looked for: the runtime's own
    # caches are taken for some.
    export ASAN_OPTIONS="detect_leaks=0:halt_on_error=0:log_path=$reports/asan"
    export TSAN_OPTIONS="halt_on_error=0:exitcode=0:suppressions=$PWD/scripts/thread-sanitizer.txt:log_path=$reports/tsan"
    recover=
    [ "$kind" != address ] || recover="-Xswiftc -sanitize-recover=address"
    echo "$kind sanitizer: tests"
    # shellcheck disable=SC2086 # two words
    "$swift" build --sanitize "$kind" --scratch-path "$scratch" $recover --build-tests
    # shellcheck disable=SC2086
    "$swift" test --sanitize "$kind" --scratch-path "$scratch" $recover --skip-build --disable-xctest --filter "$filter" || failed=yes
    echo "$kind sanitizer: chaos on lbd"
    python3 chaos/chaos.py --lbd "$scratch/debug/lbd" --seconds "${CHAOS_SECONDS:-30}" || failed=yes
    if grep -rh '^SUMMARY' "$reports" | grep -v 'in \$ss21_convertToAnyHashable' | sort | uniq -c | grep .; then
        echo "$kind sanitizer: reports, see $reports"
        failed=yes
    fi
done
[ -z "$failed" ]
