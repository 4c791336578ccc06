#!/bin/sh
# Puts a new backend in the place of an old one, as when each release runs on a machine or in a container of its own:
#
#   replace-backend.sh web-7 http://10.0.0.7:8080 web-3
#
# The old one goes only when the new one serves, and only after it has finished what it had. If the new one does not
# come up it is taken back, and nothing else has happened.
set -eu

if [ $# -ne 3 ]; then
    echo "usage: $0 NEW-NAME NEW-URL OLD-NAME" >&2
    exit 2
fi
new=$1 url=$2 old=$3

patience=${PATIENCE:-60s}
reason=${REASON:-replace $old by $new}

code=0
lbctl add "$new" "$url" --if-absent --wait --timeout "$patience" --reason "$reason" || code=$?
# 3: it is there, and does not serve.
[ "$code" -ne 3 ] || lbctl remove "$new" --ignore-not-found --reason "$reason: it did not come up"
[ "$code" -eq 0 ] || exit "$code"
lbctl remove "$old" --timeout "$patience" --ignore-not-found --reason "$reason"
