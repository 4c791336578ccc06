"""Calls every operation of the admin API by the client that was generated from its contract.

generated_client.py OPENAPI-JSON ADMIN-URL, with the package `client` in PYTHONPATH. Fails on an operation that the client does
not have, on an answer that is no success, and on one that is not, once it was read, what was sent.
"""

import datetime
import importlib
import json
import pkgutil
import re
import sys
import typing

import client as package
from client import Client, api

spec = json.load(open(sys.argv[1], encoding="utf-8"))
# Some resources have more than one form, and a client reads the one in JSON.
connection = Client(
    base_url=sys.argv[2], raise_on_unexpected_status=True, headers={"Accept": "application/json"}
)

METHODS = ["put", "post", "patch", "get", "options", "delete"]
# What others need is made first, and removed last.
EARLY = ["putConfig", "patchConfig", "rollBack", "putPool", "putBackend", "addBackend"]
LATE = ["removeBackend", "getOperation", "cancelOperation", "removePool"]
# Where the contract's example is about things that are not there.
BODIES = {
    "putConfig": {
        "pools": {"default": {"health_check": "off", "min_ready": 0}, "blue": {}},
        "backends": {"web-3": {"url": "http://127.0.0.1:11"}},
    },
    "addBackend": {"name": "guest", "url": "http://127.0.0.1:12", "labels": {"color": "green"}},
    "patchBackends": {"web-3": {"weight": 2}, "old-7": None},
    "patchSelf": {"log_level": "info"},
}
# Nothing drains for long here: an operation has ended when it is to be cancelled.
MAY_BE_REFUSED = {"cancelOperation": 409}
operation_id = "op-0"


def snake(name):
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def modules():
    found = {}
    for group in pkgutil.iter_modules(api.__path__):
        path = [api.__path__[0] + "/" + group.name]
        for module in pkgutil.iter_modules(path):
            found[module.name] = f"client.api.{group.name}.{module.name}"
    return found


def resolved(node):
    while "$ref" in node:
        target = spec
        for part in node["$ref"].lstrip("#/").split("/"):
            target = target[part]
        node = target
    return node


def example(content):
    for media in content.values():
        if "example" in media:
            return media["example"]
        for one in media.get("examples", {}).values():
            return resolved(one)["value"]
    raise SystemExit("a body without an example")


def reader(hint):
    """The class of a parameter's annotation that reads JSON."""
    for one in typing.get_args(hint) or [hint]:
        if hasattr(one, "from_dict"):
            return one
    return None


def value_of(path, parameter):
    name = parameter["name"]
    if name == "slug":
        return "exists"
    if name == "id":
        return operation_id
    return "spare" if path.startswith("/v1/pools") else "web-3"


def plain(node):
    """What a model or a list of them was read from, with every moment in one form."""
    if hasattr(node, "to_dict"):
        node = node.to_dict()
    if isinstance(node, dict):
        return {key: plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [plain(value) for value in node]
    if isinstance(node, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT[0-9:.]+(Z|\+00:00)", node):
        return datetime.datetime.fromisoformat(node.replace("Z", "+00:00"))
    return node


def arguments(path, item, operation, call):
    hints = typing.get_type_hints(call)
    given = {}
    for parameter in map(resolved, item.get("parameters", []) + operation.get("parameters", [])):
        if parameter["in"] == "path":
            given[snake(parameter["name"])] = value_of(path, parameter)
        elif parameter["name"] == "follow":
            given["follow"] = False
        elif parameter["name"] == "force" and path.startswith("/v1/backends"):
            given["force"] = True
    if "requestBody" in operation:
        document = BODIES.get(operation["operationId"])
        if document is None:
            document = example(resolved(operation["requestBody"])["content"])
        kind = reader(hints["body"])
        given["body"] = kind.from_dict(document) if kind else document
    return given


def main():
    global operation_id
    known = modules()
    order = METHODS[:-1] + LATE

    def place(call):
        method, name = call[1], call[3]["operationId"]
        if name in EARLY:
            return EARLY.index(name)
        return len(EARLY) + order.index(name if name in LATE else method)

    calls = [
        (path, method, item, operation)
        for path, item in spec["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    ]
    failures = []
    for path, method, item, operation in sorted(calls, key=place):
        name = operation["operationId"]
        if snake(name) not in known:
            failures.append(f"{name} is not in the client")
            continue
        call = importlib.import_module(known[snake(name)]).sync_detailed
        what = f"{method.upper()} {path} ({name})"
        try:
            answer = call(client=connection, **arguments(path, item, operation, call))
        except Exception as error:  # whatever the client makes of it is a finding
            failures.append(f"{what}: {type(error).__name__}: {error}")
            continue
        status = int(answer.status_code)
        if not 200 <= status < 300 and MAY_BE_REFUSED.get(name) != status:
            failures.append(f"{what}: {status} {answer.content[:300]!r}")
            continue
        kind = answer.headers.get("content-type", "")
        if kind.startswith("application/json") or kind.startswith("application/problem+json"):
            sent, read = plain(json.loads(answer.content)), plain(answer.parsed)
            if isinstance(sent, dict) and isinstance(sent.get("operation"), str):
                operation_id = sent["operation"]
            if read != sent:
                failures.append(f"{what}: was sent {sent}, and read as {read}")
                continue
        print(f"{status} {what}")
    for failure in failures:
        print(f"FAILED {failure}", file=sys.stderr)
    print(f"{len(calls) - len(failures)} of {len(calls)} operations")
    return 1 if failures else 0


assert package
sys.exit(main())
