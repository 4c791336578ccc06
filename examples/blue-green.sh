#!/bin/sh
# Moves all traffic from the backends of one color to those of another, in one revision: no request sees a half.
#
#   blue-green.sh blue green
#
# The backends carry the label color=blue or color=green (lbctl label web-1 color=blue). Those of the new color are
# there with weight 0 and must be healthy, or nothing happens. Those of the old color finish what they have and stay,
# so that the way back is the same line with the colors the other way round.
set -eu

if [ $# -ne 2 ]; then
    echo "usage: $0 FROM TO" >&2
    exit 2
fi
from=$1 to=$2

patience=${PATIENCE:-60s}
weight=${WEIGHT:-100}

lbctl wait -l "color=$to" --for healthy --timeout "$patience"

# {"green-1":{"weight":100},...,"blue-1":{"weight":0},...}
members() {
    lbctl list -l "color=$1" -o name | sed "s/.*/\"&\":{\"weight\":$2}/"
}
patch="{$( { members "$to" "$weight"; members "$from" 0; } | paste -sd, - )}"
lbctl api PATCH "/v1/backends" -d "$patch" -H "LB-Reason: $from to $to" >/dev/null

lbctl list --fields name,url,weight,labels.color,status.phase
