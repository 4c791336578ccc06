#!/bin/sh
# Puts a new backend in the place of an old one, as when each release runs on a machine or in a container of its own:
#
#   replace-backend.sh web-7 http://10.0.0.7:8080 web-3
#
# The old one goes only when the new one serves, has done so for SOAK (10) seconds with at most ERRORS (1) percent of its
# requests failed, and only after it has finished what it had. If the new one does not come up (exit 3) or fails (exit 9)
# it is taken back, and nothing else has happened.
set -eu

if [ $# -ne 3 ] || [ "$1" = "$3" ]; then
    echo "usage: $0 NEW-NAME NEW-URL OLD-NAME" >&2
    exit 2
fi
new=$1 url=$2 old=$3

patience=${PATIENCE:-60s} soak=${SOAK:-10} errors=${ERRORS:-1}
reason=${REASON:-replace $old by $new}

# One that is not there is a slip of the pen, unless this has been done already.
if ! lbctl get "$old" -o name >/dev/null 2>&1; then
    there=$(lbctl get "$new" -o tsv --fields url 2>/dev/null) || there=
    if [ "$there" = "$url" ]; then
        echo "$new is there and $old is gone: nothing to do"
        exit 0
    fi
    echo "$0: there is no backend $old; nothing has changed" >&2
    exit 5
fi

# What it has been given, and how much of that has failed: "17578 12".
figures() {
    row=$(lbctl get "$new" -o tsv --fields status.requests,status.errors,status.retried_away,status.answers.5xx)
    echo "$row" | awk -F '\t' '{ bad = $3 + $4; print $1, (bad > $2 ? bad : $2) }'
}

code=0
lbctl add "$new" "$url" --wait --timeout "$patience" --reason "$reason" || code=$?
# 3: it is there, and does not serve.
[ "$code" -ne 3 ] || lbctl remove "$new" --ignore-not-found --reason "$reason: it did not come up"
[ "$code" -eq 0 ] || exit "$code"

before=$(figures)
sleep "$soak"
after=$(figures)
requests=$((${after% *} - ${before% *})) failed=$((${after#* } - ${before#* }))
if [ $((failed * 100)) -gt $((requests * errors)) ]; then
    echo "$0: $failed of $requests requests failed at $new: it is taken back" >&2
    lbctl remove "$new" --reason "$reason: $failed of $requests failed"
    exit 9
fi
lbctl remove "$old" --timeout "$patience" --ignore-not-found --reason "$reason"
