#!/bin/sh
# Says where Schemathesis is, which tries the admin API by its contract: $SCHEMATHESIS, in PATH, or in .build, where it is
# installed if need be (by pip) and that can be.
#   schemathesis.sh [--there]      with --there nothing is installed
set -eu
version=4.32.5
home=$(dirname "$0")/../.build/schemathesis

for tool in "${SCHEMATHESIS:-}" "$(command -v schemathesis || true)" "$home/bin/schemathesis"; do
    [ -n "$tool" ] && [ -x "$tool" ] || continue
    case $tool in /*) echo "$tool" ;; *) echo "$PWD/$tool" ;; esac
    exit 0
done
[ "${1:-}" != --there ] || exit 1
{
    python3 -m venv "$home" &&
        "$home/bin/pip" --quiet --disable-pip-version-check --retries 1 --timeout 10 install "schemathesis==$version"
} >&2 || {
    rm -rf "$home"
    echo "Schemathesis could not be installed: it takes python3 with venv, and PyPI" >&2
    exit 1
}
exec sh "$0" --there
