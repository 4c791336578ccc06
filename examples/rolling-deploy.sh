#!/bin/sh
# Deploys to one backend after the other, while the others serve:
#
#   rolling-deploy.sh ./deploy-to web-1 web-2 web-3
#
# Each backend finishes what it has and gets nothing new; then `./deploy-to NAME` does its work (copies files, restarts
# the service); then the backend comes back, and the next one's turn is only when a health check passes that began after
# that: `./deploy-to` may return before the service listens. Where anything fails it stops: that backend stays out, the
# others go on serving, and the exit code is that of what failed (lbctl help exit-codes; 3 means that it did not come
# back in time, 8 that requests were cut).
set -eu

if [ $# -lt 2 ]; then
    echo "usage: $0 COMMAND NAME..." >&2
    exit 2
fi
command=$1
shift

patience=${PATIENCE:-60s}
reason=${REASON:-rolling deploy}

# All of them must be well before one is taken out.
lbctl wait "$@" --for healthy --timeout "$patience"
for name in "$@"; do
    lbctl drain "$name" --timeout "$patience" --reason "$reason"
    "$command" "$name"
    code=0
    lbctl ready "$name" --wait --timeout "$patience" --reason "$reason" || code=$?
    if [ "$code" -ne 0 ]; then
        echo "$0: $name did not come back; it is out, and those that follow were not touched" >&2
        lbctl drain "$name" --no-wait --reason "$reason: it did not come back"
        exit "$code"
    fi
done
lbctl status
