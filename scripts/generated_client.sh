#!/bin/sh
# The admin API through a client that was generated from its contract (openapi-python-client): it has every operation, and
# each of them, called, is answered by what the contract says. The generator is $OPENAPI_PYTHON_CLIENT, in PATH, or in .build,
# where it is installed if need be (by pip) and that can be.
#   generated_client.sh ADMIN-URL
set -eu
admin=$1
version=0.29.1
here=$(cd "$(dirname "$0")" && pwd)
home=$here/../.build/openapi-python-client

tool=
for candidate in "${OPENAPI_PYTHON_CLIENT:-}" "$(command -v openapi-python-client || true)" "$home/bin/openapi-python-client"; do
    [ -n "$candidate" ] && [ -x "$candidate" ] || continue
    tool=$candidate
    break
done
if [ -z "$tool" ]; then
    {
        python3 -m venv "$home" &&
            "$home/bin/pip" --quiet --disable-pip-version-check --retries 1 --timeout 10 install \
                "openapi-python-client==$version"
    } >&2 || {
        rm -rf "$home"
        echo "openapi-python-client could not be installed: it takes python3 with venv, and PyPI" >&2
        exit 2
    }
    tool=$home/bin/openapi-python-client
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
curl -fsS "$admin/openapi.json" -o "$work/openapi.json"
# Formatters that it would call afterwards are of no use here.
printf 'post_hooks: []\n' > "$work/config.yaml"
(cd "$work" && "$tool" generate --path openapi.json --config config.yaml --meta none --output-path client) \
    > "$work/generated.log" 2>&1 || { cat "$work/generated.log" >&2; exit 1; }
# What it cannot read it leaves out, and says so.
if grep -E 'WARNING|Unable to process|will not be generated' "$work/generated.log" >&2; then
    cat "$work/generated.log" >&2
    exit 1
fi
# The generator's own interpreter has what its clients need.
python=$(sed -n '1s/^#!//p' "$tool")
PYTHONPATH=$work "$python" "$here/generated_client.py" "$work/openapi.json" "$admin"
