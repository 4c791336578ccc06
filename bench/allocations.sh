#!/bin/sh
# Allocations of the worker threads for each request, of an optimised lbd: there must be none. Needs a C compiler, curl
# and python3 (whose http.server is the backend).
set -eu
cd "$(dirname "$0")/.."
program=${LBD:-.build/release/lbd}
[ -x "$program" ] || { echo "error: no $program: run make build, or say LBD=PATH" >&2; exit 1; }
work=$(mktemp -d)
trap 'kill $lbd $backend 2>/dev/null; rm -rf "$work"' EXIT
lbd= backend=
"${CC:-cc}" -O2 -shared -fPIC -o "$work/counter.so" Tests/AllocationCounter/counter.c
echo hello >"$work/index.html"
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
python3 -m http.server --protocol HTTP/1.1 --bind 127.0.0.1 --directory "$work" "$port" >/dev/null 2>&1 &
backend=$!

count() { od -An -tu8 "$work/count" | tr -d ' '; }
# 200 requests on one connection, each for the same small file.
requests() {
    i=0
    set --
    while [ $i -lt 200 ]; do
        set -- "$@" "http://127.0.0.1:$listen/index.html"
        i=$((i + 1))
    done
    curl -q -s "$@" >/dev/null
}

for engine in auto epoll; do
    rm -rf "$work/state" "$work/count" "$work/log"
    LD_PRELOAD="$work/counter.so" LB_ALLOCATIONS="$work/count" "$program" --backend "http://127.0.0.1:$port" \
        --listen 127.0.0.1:0 --admin 127.0.0.1:0 --state "$work/state" --workers 1 --io "$engine" \
        --access-log "$work/access.log" 2>"$work/log" &
    lbd=$!
    for _ in $(seq 100); do
        listen=$(sed -n 's|.*listening on http://127.0.0.1:\([0-9]*\)$|\1|p' "$work/log")
        [ -n "$listen" ] && break
        sleep 0.1
    done
    requests
    before=$(count)
    requests
    after=$(count)
    kill "$lbd"
    wait "$lbd" || true
    echo "$engine: $((after - before)) allocations for 200 requests; $before before them"
    [ "$before" -gt 0 ] || { echo "error: the counter counts nothing" >&2; exit 1; }
    [ $((after - before)) -lt 20 ] || { echo "error: requests allocate" >&2; exit 1; }
done
