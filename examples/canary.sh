#!/bin/sh
# Tries a release on a small share of the traffic before it gets its full one:
#
#   canary.sh web-9 http://10.0.0.9:8080
#
# SHARE (1) is its weight on trial, WEIGHT (10) the one after it, SOAK (60) the seconds between, ERRORS (1) the percentage
# of failed requests at which it is taken back, and REQUESTS (1) how many it must have been given for that to say anything;
# exit 9 says that it was taken back. A request has failed when the backend broke it off, or answered with a status of 500
# or above.
set -eu

if [ $# -ne 2 ]; then
    echo "usage: $0 NAME URL" >&2
    exit 2
fi
name=$1 url=$2

share=${SHARE:-1} weight=${WEIGHT:-10} soak=${SOAK:-60} errors=${ERRORS:-1} least=${REQUESTS:-1} patience=${PATIENCE:-60s}

# What it has been given, and how much of that has failed: "17578 12".
figures() {
    row=$(lbctl get "$name" -o tsv --fields status.requests,status.errors,status.retried_away,status.answers.5xx)
    echo "$row" | awk -F '\t' '{ bad = $3 + $4; print $1, (bad > $2 ? bad : $2) }'
}

code=0
lbctl add "$name" "$url" --weight "$share" --label track=canary --wait --timeout "$patience" || code=$?
# 3: it is there, and does not serve.
[ "$code" -ne 3 ] || lbctl remove "$name" --ignore-not-found --reason "canary: it did not come up"
[ "$code" -eq 0 ] || exit "$code"

# One that was there a moment ago may still have its figures.
before=$(figures)
sleep "$soak"
after=$(figures)
phase=$(lbctl get "$name" -o tsv --fields status.phase)

requests=$((${after% *} - ${before% *})) failed=$((${after#* } - ${before#* }))
echo "$name is $phase after ${soak}s: $requests requests, $failed failed"

if [ "$phase" != serving ] || [ "$requests" -lt "$least" ] || [ $((failed * 100)) -gt $((requests * errors)) ]; then
    lbctl remove "$name" --reason "canary: $failed of $requests failed, $phase"
    exit 9
fi
lbctl set "$name" "weight=$weight" labels.track=stable --reason "canary passed: $requests requests, $failed failed"
