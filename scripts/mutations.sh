#!/bin/sh
# Breaks rules of the balancer by hand, one at a time, and sees whether simulations notice: what tests the tests.
#
#   scripts/mutations.sh [NAME]...      `make mutations ARGS="01 05"`: those whose names begin so, by default all
#
# Each patch of Tests/Mutations is applied to a copy of the sources in .build-mutations, built, and hunted down with
# SEEDS seeds, JOBS at a time. One that no seed finds, or that does not apply or build any more, fails the run; so does a
# seed that fails without the mutation too. Not optimised: building anew is what most of the time goes into.
set -eu
cd "$(dirname "$0")/.."
seeds=${SEEDS:-1000}
tree=.build-mutations/tree
sim=.build-mutations/build/debug/lb-sim
rm -rf "$tree"
mkdir -p "$tree"
cp -a Package.swift Sources Tests bench fuzz "$tree"
build() { "${SWIFT:-swift}" build --product lb-sim --package-path "$tree" --scratch-path .build-mutations/build >.build-mutations/build.log 2>&1; }
build || { echo "the sources do not build, see .build-mutations/build.log"; exit 1; }
cp "$sim" .build-mutations/unbroken
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
        if ! build; then
            echo "$short: DOES NOT BUILD, see .build-mutations/build.log"
            missed=1
        elif "$sim" --seeds "$seeds" --jobs "${JOBS:-1}" --failures 1 --brief >.build-mutations/"$short".log 2>&1; then
            echo "$short: NOT FOUND by $seeds seeds"
            missed=1
        else
            found=$(sed -n 's/^FAILED: //p' .build-mutations/"$short".log | head -n 1)
            seed=$(expr "$found" : 'seed \([0-9]*\)')
            if .build-mutations/unbroken --seed "$seed" --quiet >/dev/null 2>&1; then
                echo "$short: $found"
            else
                echo "$short: NOT TOLD from the unbroken sources, which fail with seed $seed as well"
                missed=1
            fi
        fi
        patch -s -R -d "$tree" -p1 <"$patch"
    done
done
exit "$missed"
