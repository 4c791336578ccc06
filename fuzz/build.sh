#!/bin/sh
# Builds the fuzzer: the sources of lb with libFuzzer's coverage and the address sanitizer, and fuzz/Targets behind one
# executable. Not by SwiftPM: it links every executable with a main of its own, and would build the tests' world in
# release mode without access to what is internal to lbd.
#
#   fuzz/build.sh [DIRECTORY]     writes DIRECTORY/fuzz (.build-fuzz/fuzz)
#
# FUZZ_SANITIZE="" leaves the address sanitizer out, where the toolchain has none.
set -eu
cd "$(dirname "$0")/.."
out=${1:-.build-fuzz}
address=${FUZZ_SANITIZE-address}
mkdir -p "$out"
# libFuzzer without its main, for the driver has one: it chooses the target.
fuzzer=$(find "$(clang -print-resource-dir)" -name "libclang_rt.fuzzer_no_main*$(uname -m).a" -o \
    -name libclang_rt.fuzzer_no_main.a -path "*$(uname -m)*" | head -n 1)
[ -n "$fuzzer" ] || {
    echo "fuzz: $(clang -print-resource-dir) has no libclang_rt.fuzzer_no_main: fuzzing takes a toolchain with libFuzzer" >&2
    exit 1
}
language="-swift-version 6 -O -wmo -suppress-warnings -package-name lb -sanitize=fuzzer${address:+,$address}
 -enable-experimental-feature Lifetimes -enable-upcoming-feature ExistentialAny
 -enable-upcoming-feature InternalImportsByDefault
 -I $out -I Sources/CYAML -I Sources/CSQLite -I Sources/CCrypto -Xcc -fmodule-map-file=$out/CLinux.modulemap"
{
    echo 'module CLinux {'
    for header in Sources/CLinux/include/*.h; do printf '    header "%s/%s"\n' "$PWD" "$header"; done
    echo '    export *'
    echo '}'
} > "$out/CLinux.modulemap"

stale=
objects=
# NAME FILES...: unless neither it nor anything before it has changed since the last build.
module() {
    name=$1
    shift
    objects="$objects $out/$name.o"
    if [ -z "$stale" ] && [ -e "$out/$name.o" ] && [ -z "$(find "$@" fuzz/build.sh -newer "$out/$name.o")" ]; then return; fi
    stale=yes
    echo "fuzz: building $name" >&2
    # shellcheck disable=SC2086 # a list of words
    swiftc $language -enable-testing -parse-as-library -module-name "$name" -emit-module \
        -emit-module-path "$out/$name.swiftmodule" -c "$@" -o "$out/$name.o"
}
for source in Sources/CLinux/*.c; do
    object=$out/$(basename "$source" .c).c.o
    clang -c -O1 -g ${address:+-fsanitize=$address} -I Sources/CLinux/include "$source" -o "$object"
    objects="$objects $object"
done
# shellcheck disable=SC2046 # no path of ours has a blank below the root
{
    module HTTPWire $(find Sources/HTTPWire -name '*.swift')
    module Model $(find Sources/Model -name '*.swift')
    module Proxy $(find Sources/Proxy -name '*.swift')
    module AdminAPI $(find Sources/AdminAPI -name '*.swift')
    module lbd $(find Sources/lbd -name '*.swift' ! -name main.swift)
    module lbctl $(find Sources/lbctl -name '*.swift' ! -name main.swift)
    module Simulator $(find Tests/Simulator -name '*.swift')
}
# shellcheck disable=SC2086
swiftc $language -module-name fuzz -c fuzz/Targets/*.swift fuzz/Driver/main.swift -o "$out/fuzz.o"
# shellcheck disable=SC2086
swiftc ${address:+-sanitize=$address} -use-ld=lld $objects "$out/fuzz.o" "$fuzzer" \
    -lyaml -lsqlite3 -lcrypto -lresolv -lstdc++ -lm -o "$out/fuzz"
