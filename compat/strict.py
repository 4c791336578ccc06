"""A reader of HTTP/1.1 messages that knows only what RFC 9112 lets a sender generate: what it does not take is a message
that somebody else may read differently."""

import re

TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
VALUE = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")


class Ambiguous(Exception):
    pass


class Short(Exception):
    """More bytes are to come."""


def read_head(data):
    """(first line, [(name, value)], rest); Short when it is not whole."""
    end = data.find(b"\r\n\r\n")
    seen = data if end < 0 else data[:end]
    for line in re.split(rb"\r\n", seen):
        if b"\n" in line or b"\r" in line.rstrip(b"\r" if end < 0 else b""):
            raise Ambiguous("a bare CR or LF")
        if b"\x00" in line:
            raise Ambiguous("NUL")
    if end < 0:
        raise Short
    lines = seen.split(b"\r\n")
    fields = []
    for line in lines[1:]:
        name, colon, value = line.partition(b":")
        if not colon or not TOKEN.fullmatch(name):
            raise Ambiguous(f"the field line {line[:40]!r}")
        if not VALUE.fullmatch(value):
            raise Ambiguous(f"the value of {line[:40]!r}")
        fields.append((name.lower(), value.strip(b" \t")))
    return lines[0], fields, data[end + 4:]


def values(fields, name):
    return [value for key, value in fields if key == name]


def read_chunks(data):
    """(body, rest)"""
    body = b""
    while True:
        line, end, data = data.partition(b"\r\n")
        if not end:
            raise Short
        match = re.fullmatch(rb"([0-9a-fA-F]{1,16})(;[\t\x20-\x7e\x80-\xff]*)?", line)
        if not match:
            raise Ambiguous(f"the chunk size {line[:40]!r}")
        size = int(match[1], 16)
        if size == 0:
            break
        if len(data) < size + 2:
            raise Short
        if data[size:size + 2] != b"\r\n":
            raise Ambiguous("a chunk's end")
        body, data = body + data[:size], data[size + 2:]
    while True:
        line, end, data = data.partition(b"\r\n")
        if not end:
            raise Short
        if not line:
            return body, data
        name, colon, value = line.partition(b":")
        if not colon or not TOKEN.fullmatch(name) or not VALUE.fullmatch(value):
            raise Ambiguous(f"the trailer {line[:40]!r}")
        if name.lower() in (b"content-length", b"transfer-encoding", b"host"):
            raise Ambiguous(f"the trailer {line[:40]!r}")


def framing(fields):
    """'chunked', a length, or None."""
    codings, lengths = values(fields, b"transfer-encoding"), values(fields, b"content-length")
    if codings and lengths:
        raise Ambiguous("both framings")
    if codings:
        if len(codings) > 1 or codings[0].lower() != b"chunked":
            raise Ambiguous(f"the coding {codings!r}")
        return "chunked"
    if lengths:
        if len(lengths) > 1 or not re.fullmatch(rb"\d{1,18}", lengths[0]):
            raise Ambiguous(f"the length {lengths!r}")
        return int(lengths[0])
    # Names that some servers take for the framing fields.
    for name, _ in fields:
        if name.replace(b"_", b"-") in (b"content-length", b"transfer-encoding"):
            raise Ambiguous(f"the field {name!r}")
    return None


def read_body(frame, data):
    if frame == "chunked":
        return read_chunks(data)
    if frame is None:
        return b"", data
    if len(data) < frame:
        raise Short
    return data[:frame], data[frame:]


def read_request(data):
    """(method, target, fields, body, rest)"""
    first, fields, rest = read_head(data)
    match = re.fullmatch(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([\x21-\x7e\x80-\xff]+) HTTP/1\.[01]", first)
    if not match:
        raise Ambiguous(f"the request line {first[:60]!r}")
    hosts = values(fields, b"host")
    if len(hosts) > 1 or (first.endswith(b"1.1") and not hosts):
        raise Ambiguous(f"the hosts {hosts!r}")
    if hosts and not re.fullmatch(rb"[A-Za-z0-9.\-_~%!$&'()*+,;=]*(:\d{0,5})?|\[[0-9A-Fa-f:.]+\](:\d{0,5})?", hosts[0]):
        raise Ambiguous(f"the host {hosts[0]!r}")
    target = re.match(rb"https?://([^/?]*)", match[2], re.I)
    if target and hosts and target[1].lower() != hosts[0].lower():
        raise Ambiguous(f"the host {hosts[0]!r} beside {match[2]!r}")
    body, rest = read_body(framing(fields), rest)
    return match[1], match[2], fields, body, rest


def read_answer(data, method, has_ended):
    """(status, fields, body, rest, closes)"""
    first, fields, rest = read_head(data)
    match = re.fullmatch(rb"HTTP/1\.([01]) ([1-5]\d\d)( [\t\x20-\x7e\x80-\xff]*)?", first)
    if not match:
        raise Ambiguous(f"the status line {first[:60]!r}")
    status = int(match[2])
    options = b",".join(values(fields, b"connection")).lower()
    closes = b"close" in options or (match[1] == b"0" and b"keep-alive" not in options)
    if status < 200 and status != 101 or method == "HEAD" or status in (204, 304):
        if status != 304 and method != "HEAD" and (values(fields, b"transfer-encoding") or values(fields, b"content-length")):
            raise Ambiguous(f"framing in a {status}")
        return status, fields, b"", rest, closes
    if status == 101:
        return status, fields, rest, b"", True
    frame = framing(fields)
    if frame is None:
        if not has_ended:
            raise Short
        return status, fields, rest, b"", True
    body, rest = read_body(frame, rest)
    return status, fields, body, rest, closes
