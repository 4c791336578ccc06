#!/bin/sh
# Breaks rules of the balancer by hand, one at a time, and sees whether simulations notice: what tests the tests.
#
#   scripts/mutations.sh [NAME]...      `make mutations ARGS="01 05"`: those whose names begin so, by default all
#
# Each patch of Tests/Mutations is applied to a copy of the sources in .build-mutations, built, and hunted down with
# SEEDS seeds. A mutation that no seed finds, or that does not apply or build any more, fails the run. Not optimised: building
# anew is what most of the time goes into.
set -eu
cd "$(dirname "$0")/.."
seeds=${SEEDS:-1000}
tree=.build-mutations/tree
rm -rf "$tree"
mkdir -p "$tree"
cp -a Package.swift Sources Tests bench fuzz "$tree"
[ $# -gt 0 ] || set -- ""
missed=0
for name; do
    for patch in Tests/Mutations/"$name"*.patch; do
        [ -e "$patch" ] || { echo "no mutation is called $name"; exit 2; }
        short=$(basename "$patch" .patch)
        if ! patch -s -d "$tree" -p1 --dry-run <"$patch" >.build-mutations/build.log; then
            echo "$short: DOES NOT APPLY any more, see .build-mutations/build.log"
            missed=1
            continue
        fi
        patch -s -d "$tree" -p1 <"$patch"
        if ! "${SWIFT:-swift}" build --product lb-sim --package-path "$tree" --scratch-path .build-mutations/build >.build-mutations/build.log 2>&1; then
            echo "$short: DOES NOT BUILD, see .build-mutations/build.log"
            missed=1
        elif .build-mutations/build/debug/lb-sim --seeds "$seeds" --failures 1 >.build-mutations/"$short".log 2>&1; then
            echo "$short: NOT FOUND by $seeds seeds"
            missed=1
        else
            echo "$short: $(sed -n 's/^FAILED: //p' .build-mutations/"$short".log | head -n 1)"
        fi
        patch -s -R -d "$tree" -p1 <"$patch"
    done
done
exit "$missed"
