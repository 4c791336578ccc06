"""Calls every operation of the admin API by the client that was generated from its contract.

generated_client.py OPENAPI-JSON ADMIN-URL, with the package `client` in PYTHONPATH. Fails on an operation that the client does
not have, on an answer that is no success, and on one that is not, once it was read, what was sent.
"""

import importlib
import json
import pkgutil
import re
import sys
import typing

import client as package
from client import Client, api

spec = json.load(open(sys.argv[1], encoding="utf-8"))
connection = Client(base_url=sys.argv[2], raise_on_unexpected_status=True)

# Written first, removed last.
ORDER = ["put", "post", "patch", "get", "options", "delete"]
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


def arguments(path, item, operation, call):
    hints = typing.get_type_hints(call)
    given = {}
    for parameter in map(resolved, item.get("parameters", []) + operation.get("parameters", [])):
        if parameter["in"] == "path":
            given[snake(parameter["name"])] = value_of(path, parameter)
        elif parameter["name"] == "follow":
            given["follow"] = False
    if "requestBody" in operation:
        document = example(resolved(operation["requestBody"])["content"])
        kind = reader(hints["body"])
        given["body"] = kind.from_dict(document) if kind else document
    return given


def main():
    global operation_id
    known = modules()
    calls = [
        (ORDER.index(method), path, method, item, operation)
        for path, item in spec["paths"].items()
        for method, operation in item.items()
        if method in ORDER
    ]
    failures = []
    for _, path, method, item, operation in sorted(calls, key=lambda call: call[:2]):
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
        operation_id = answer.headers.get("lb-operation", operation_id)
        kind = answer.headers.get("content-type", "")
        if kind.startswith("application/json") or kind.startswith("application/problem+json"):
            sent = json.loads(answer.content)
            read = answer.parsed.to_dict() if hasattr(answer.parsed, "to_dict") else answer.parsed
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
