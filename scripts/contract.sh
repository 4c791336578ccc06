#!/bin/sh
# The admin API against its contract, with requests that nobody has thought of: Schemathesis (https://schemathesis.io) reads
# /openapi.json and sends what it allows and what it does not, and a client that is generated from it calls every operation. Findings are in the output; none is exit code 0.
# What it sends is the same each time, and ends within some minutes: examples, the corners of every schema, random requests
# and sequences of them.
#   contract.sh LBD [OPTIONS-OF-SCHEMATHESIS]
set -eu
lbd=$1
shift
work=$(mktemp -d)
lbd_pid=
trap '[ -z "$lbd_pid" ] || kill "$lbd_pid"; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

tool=$(sh "$(dirname "$0")/schemathesis.sh") || exit 2

cat > "$work/lb.yaml" << 'YAML'
health_check: off
pools: {blue: {}}
backends: {web-1: "http://127.0.0.1:9", web-2: "http://127.0.0.1:10", web-3: "http://127.0.0.1:11"}
YAML
"$lbd" --config "$work/lb.yaml" --listen 127.0.0.1:0 --admin 127.0.0.1:0 --state "$work/state" \
    > "$work/access.log" 2> "$work/lbd.log" &
lbd_pid=$!
admin=
for _ in $(seq 100); do
    admin=$(sed -n 's/^.*admin API on \(http:[^ ]*\).*$/\1/p' "$work/lbd.log" | head -n 1)
    [ -z "$admin" ] || break
    kill -0 "$lbd_pid" || { cat "$work/lbd.log" >&2; exit 1; }
    sleep 0.1
done

# First by a client that was generated from it, where nothing else is asked for.
if [ $# -eq 0 ]; then
    sh "$(dirname "$0")/generated_client.sh" "$admin" || { [ $? -eq 2 ] || exit 1; }
fi

# That it is not ready is an answer, and no failure, and so is 504 to a wait that was too short. Any refusal will do where one is
# due: a precondition (412) or a place that is not kept (410) may be looked at before what else is wrong. OPTIONS asks for no
# resource. And a body that keeps the schema can still name a pool that is not there, or meet a guard.
cat > "$work/schemathesis.toml" << 'TOML'
hooks = "hooks.py"
seed = 20261127

[generation]
max-examples = 25
deterministic = true
database = "none"

[phases.stateful.generation]
max-examples = 15

[checks]
positive_data_acceptance.enabled = false
not_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", 504]
negative_data_rejection.expected-statuses = ["4xx", "5xx"]

[[operations]]
include-path = "/readyz"
checks.not_a_server_error.enabled = false

[[operations]]
include-method = "OPTIONS"
checks.negative_data_rejection.enabled = false
TOML

# Here nothing happens by itself, so that a wait comes to its end by its time, and a stream of events by none.
cat > "$work/hooks.py" << 'PYTHON'
import re

import schemathesis


@schemathesis.hook
def before_call(context, case, kwargs):
    query = case.query
    if not query:
        query = {}
    if isinstance(query.get("wait"), str) and re.fullmatch(r"[0-9]+([.][0-9]+)?(us|ms|s|m|h)", query["wait"]):
        query["wait"] = "10ms"
    if case.path == "/v1/events" and query.get("follow") in (None, True, "true", ""):
        query["follow"] = "false"
    if query:
        case.query = query
PYTHON

code=0
(cd "$work" && "$tool" run "$admin/openapi.json" --url "$admin" \
    --no-color --request-timeout 60 "$@") || code=$?
kill -0 "$lbd_pid" || { echo "contract.sh: lbd has ended" >&2; cat "$work/lbd.log" >&2; exit 1; }
exit "$code"
