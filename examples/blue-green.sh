#!/bin/sh
# Moves all traffic from the backends of one color to those of another, in one revision: no request sees a half.
#
#   blue-green.sh blue green
#
# The backends carry the label color=blue or color=green (lbctl label web-1 color=blue). Those of the new color are
# there with weight 0 and must be healthy, or nothing happens. Those of the old color finish what they have and stay, so
# that the way back is the same line with the colors the other way round. SOAK (10) seconds later the script looks at how
# the new ones answer: when more than ERRORS (1) percent have failed it goes back by itself, and exits with 9.
set -eu

if [ $# -ne 2 ] || [ "$1" = "$2" ]; then
    echo "usage: $0 FROM TO" >&2
    exit 2
fi
from=$1 to=$2

patience=${PATIENCE:-60s} weight=${WEIGHT:-100} soak=${SOAK:-10} errors=${ERRORS:-1}

# The names of a color's backends; there have to be some.
names() {
    found=$(lbctl list -l "color=$1" -o name)
    if [ -z "$found" ]; then
        echo "$0: no backend has the label color=$1; nothing has changed" >&2
        exit 5
    fi
    echo "$found"
}

# {"green-1":{"weight":100},...,"blue-1":{"weight":0},...}
shift_to() {
    patch=$({ echo "$1" | sed "s/.*/\"&\":{\"weight\":$weight}/"; echo "$2" | sed 's/.*/"&":{"weight":0}/'; } | paste -sd, -)
    lbctl api PATCH "/v1/backends" -d "{$patch}" -H "LB-Reason: $3" >/dev/null
}

# What the new ones have been given, and how much of that has failed: "17578 12".
figures() {
    rows=$(lbctl list -l "color=$to" -o tsv \
        --fields status.requests,status.errors,status.retried_away,status.answers.5xx)
    echo "$rows" | awk -F '\t' '{ bad = $3 + $4; all += $1; failed += (bad > $2 ? bad : $2) } END { print all + 0, failed + 0 }'
}

old=$(names "$from")
new=$(names "$to")
lbctl wait -l "color=$to" --for healthy --timeout "$patience"

before=$(figures)
shift_to "$new" "$old" "$from to $to"
sleep "$soak"
after=$(figures)
requests=$((${after% *} - ${before% *})) failed=$((${after#* } - ${before#* }))
if [ $((failed * 100)) -gt $((requests * errors)) ]; then
    echo "$0: $failed of $requests requests failed at $to: back to $from" >&2
    shift_to "$old" "$new" "back to $from: $failed of $requests failed at $to"
    exit 9
fi
lbctl list --fields name,url,weight,labels.color,status.phase
