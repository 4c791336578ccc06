"""Requests and answers that proxies have disagreed about, written from RFC 9110 and RFC 9112 and from the kinds of
desynchronisation that published research describes. Each case says what a proxy that cannot be argued with does.

A request case has one of three verdicts:
  refuse  the proxy answers 4xx or 5xx, closes the connection, and the backend sees nothing
  serve   so many requests reach the backend, and the client gets as many good answers
  safe    either; but what reaches the backend has one meaning only, and no request that the client did not send
An answer case likewise: `refuse` is a 502 (or a cut connection), `serve` the answer, `safe` either, always with a
second request on the same connection that must get its own answer.
"""

from dataclasses import dataclass


@dataclass
class Request:
    name: str
    rfc: str
    bytes: bytes
    verdict: str
    # How many requests there are in `bytes`, for a reader who goes by the RFC.
    requests: int = 1


@dataclass
class Answer:
    name: str
    rfc: str
    bytes: bytes
    verdict: str
    # The backend closes behind it.
    closes: bool = False
    method: str = "GET"
    # What the client must get as the body when it is served.
    body: bytes | None = b"ok"
    version: str = "1.1"
    status: int = 200


HOST = "Host: a.example\r\n"


def get(fields="", target="/", version="HTTP/1.1", host=HOST, method="GET", body=""):
    return f"{method} {target} {version}\r\n{host}{fields}\r\n{body}".encode("latin-1")


def post(fields, body="", version="HTTP/1.1", host=HOST):
    return get(fields, "/", version, host, "POST", body)


# What an attacker hides behind the first request.
HIDDEN = "GET /hidden HTTP/1.1\r\nHost: a.example\r\n\r\n"
CHUNKED = "Transfer-Encoding: chunked\r\n"
BODY = "3\r\nabc\r\n0\r\n\r\n"

REQUESTS: list[Request] = []


def add(verdict, rfc, name, data, requests=1):
    REQUESTS.append(Request(name, rfc, data, verdict, requests))


# Two framings.
add("refuse", "9112 6.1", "CL then TE", post(f"Content-Length: 5\r\n{CHUNKED}", "0\r\n\r\n" + HIDDEN))
add("refuse", "9112 6.1", "TE then CL", post(f"{CHUNKED}Content-Length: 5\r\n", "0\r\n\r\n" + HIDDEN))
add("refuse", "9112 6.1", "TE and CL 0", post(f"{CHUNKED}Content-Length: 0\r\n", "0\r\n\r\n" + HIDDEN))
add("refuse", "9112 6.1", "TE and empty CL", post(f"{CHUNKED}Content-Length:\r\n", BODY))
add("refuse", "9112 6.1", "CL and unknown TE", post("Content-Length: 3\r\nTransfer-Encoding: x\r\n", "abc"))

# Transfer-Encoding in disguise.
for name, line in [
    ("TE: xchunked", "Transfer-Encoding: xchunked\r\n"),
    ("TE: chunkedx", "Transfer-Encoding: chunkedx\r\n"),
    ("TE: chunked, identity", "Transfer-Encoding: chunked, identity\r\n"),
    ("TE: identity", "Transfer-Encoding: identity\r\n"),
    ("TE: identity, chunked", "Transfer-Encoding: identity, chunked\r\n"),
    ("TE: gzip", "Transfer-Encoding: gzip\r\n"),
    ("TE: gzip, chunked", "Transfer-Encoding: gzip, chunked\r\n"),
    ("TE: chunked, chunked", "Transfer-Encoding: chunked, chunked\r\n"),
    ("TE twice", CHUNKED + CHUNKED),
    ("TE: gzip; TE: chunked", "Transfer-Encoding: gzip\r\n" + CHUNKED),
    ("TE: chunked; TE: identity", CHUNKED + "Transfer-Encoding: identity\r\n"),
    ("TE: \"chunked\"", "Transfer-Encoding: \"chunked\"\r\n"),
    ("TE: chunked;q=1", "Transfer-Encoding: chunked;q=1\r\n"),
    ("TE: chunked with VT", "Transfer-Encoding: \x0bchunked\r\n"),
    ("TE: chunked with FF behind", "Transfer-Encoding: chunked\x0c\r\n"),
    ("TE: chunked with NBSP", "Transfer-Encoding: chunked\xa0\r\n"),
    ("TE: empty", "Transfer-Encoding:\r\n"),
    ("TE name with a space", "Transfer-Encoding : chunked\r\n"),
    ("TE name with a tab", "Transfer-Encoding\t: chunked\r\n"),
    ("TE name with a leading space", "X: y\r\n Transfer-Encoding: chunked\r\n"),
    ("TE folded", "Transfer-Encoding:\r\n chunked\r\n"),
    ("TE behind a bare CR", "X: y\rTransfer-Encoding: chunked\r\n"),
    ("TE behind a bare LF", "X: y\nTransfer-Encoding: chunked\r\n"),
    ("TE name with NUL", "Transfer-Encoding\x00: chunked\r\n"),
    ("TE value with NUL", "Transfer-Encoding: chunked\x00\r\n"),
]:
    add("refuse", "9112 6.1", name, post(line, BODY))
for name, line in [
    ("TE in capitals", "TRANSFER-ENCODING: CHUNKED\r\n"),
    ("TE: chunked with blanks", "Transfer-Encoding: \t chunked \t \r\n"),
    ("TE: chunked without a blank", "Transfer-Encoding:chunked\r\n"),
]:
    add("serve", "9112 6.1", name, post(line, BODY))
add("safe", "9112 6.1", "TE: , chunked", post("Transfer-Encoding: , chunked\r\n", BODY))
add("safe", "6.1 (name)", "Transfer_Encoding", post("Transfer_Encoding: chunked\r\n", ""))
add("safe", "6.1 (name)", "Transfer_Encoding and CL", post("Transfer_Encoding: chunked\r\nContent-Length: 3\r\n", "abc"))
add("safe", "6.1 (name)", "Content_Length", post("Content_Length: 3\r\n", ""))
add("safe", "9110 7.6.1", "Connection: transfer-encoding", post("Connection: transfer-encoding\r\n" + CHUNKED, BODY))
add("safe", "9110 7.6.1", "Connection: content-length", post("Connection: content-length\r\nContent-Length: 3\r\n", "abc"))
add("safe", "9110 7.6.1", "Connection: host", get("Connection: host\r\n"))
add("refuse", "9112 6.1", "TE in HTTP/1.0", post(CHUNKED, BODY, "HTTP/1.0"))
add("refuse", "9112 6.1", "TE and CL in HTTP/1.0", post(CHUNKED + "Content-Length: 3\r\n", BODY, "HTTP/1.0"))

# Lengths.
for name, value in [
    ("CL: +3", "+3"), ("CL: -3", "-3"), ("CL: 0x3", "0x3"), ("CL: 3 4", "3 4"), ("CL: 3;", "3;"), ("CL: 3.0", "3.0"),
    ("CL: 3e0", "3e0"), ("CL: 1_0", "1_0"), ("CL: \"3\"", "\"3\""), ("CL: empty", ""), ("CL: 3, 4", "3, 4"),
    ("CL: ,3", ",3"), ("CL: 3,", "3,"), ("CL: abc", "abc"), ("CL: 2^63", "9223372036854775808"),
    ("CL: 2^64+3", "18446744073709551619"), ("CL: 2^128", "340282366920938463463374607431768211456"),
    ("CL: arabic digit", "\xd9\xa3"), ("CL: 3 with NUL", "3\x00"), ("CL: 3 with VT", "\x0b3"), ("CL: NaN", "NaN"),
]:
    add("refuse", "9112 6.3", name, post(f"Content-Length: {value}\r\n", "abc"))
add("refuse", "9112 6.3", "CL 3 and CL 4", post("Content-Length: 3\r\nContent-Length: 4\r\n", "abcd"))
add("refuse", "9112 6.3", "CL 0 and CL 40", post("Content-Length: 0\r\nContent-Length: 40\r\n", HIDDEN))
add("refuse", "9112 5.1", "CL name with a space", post("Content-Length : 3\r\n", "abc"))
add("refuse", "9112 5.2", "CL folded", post("Content-Length:\r\n 3\r\n", "abc"))
add("safe", "9112 6.3", "CL 3 twice", post("Content-Length: 3\r\nContent-Length: 3\r\n", "abc"))
add("safe", "9112 6.3", "CL: 3, 3", post("Content-Length: 3, 3\r\n", "abc"))
add("safe", "9112 6.3", "CL: 003", post("Content-Length: 003\r\n", "abc"))
add("serve", "9112 6.3", "CL: 3", post("Content-Length: 3\r\n", "abc"))
add("serve", "9112 9.3.2", "CL 3 and a second request", post("Content-Length: 3\r\n", "abc" + get("Connection: close\r\n").decode()), 2)

# Chunks.
for name, body in [
    ("chunk size empty", "\r\nabc\r\n0\r\n\r\n"),
    ("chunk size 0x3", "0x3\r\nabc\r\n0\r\n\r\n"),
    ("chunk size +3", "+3\r\nabc\r\n0\r\n\r\n"),
    ("chunk size -3", "-3\r\nabc\r\n0\r\n\r\n"),
    ("chunk size with a leading blank", " 3\r\nabc\r\n0\r\n\r\n"),
    ("chunk size with an underscore", "0_3\r\nabc\r\n0\r\n\r\n"),
    ("chunk size over 2^64", "10000000000000003\r\nabc\r\n0\r\n\r\n"),
    ("chunk size over 2^32 by three", "fffffffffffffffff3\r\nabc\r\n0\r\n\r\n"),
    ("chunk size 2^63", "8000000000000000\r\nabc\r\n0\r\n\r\n"),
    ("chunk size not hex", "g\r\nabc\r\n0\r\n\r\n"),
    ("chunk size with NUL", "3\x00\r\nabc\r\n0\r\n\r\n"),
    ("chunk size ends with LF", "3\nabc\r\n0\r\n\r\n"),
    ("chunk size ends with CR", "3\rabc\r\n0\r\n\r\n"),
    ("chunk data ends with LF", "3\r\nabc\n0\r\n\r\n"),
    ("chunk data too long", "3\r\nabcd\r\n0\r\n\r\n"),
    ("chunk data without an end", "3\r\nabc0\r\n\r\n"),
    ("chunk data ends with two others", "3\r\nabcXX0\r\n\r\n"),
    ("last chunk ends with LF", "3\r\nabc\r\n0\n\r\n"),
    ("last line is LF", "3\r\nabc\r\n0\r\n\n"),
    ("extension with a bare LF", "3;x\nabc\r\n0\r\n\r\n"),
    ("extension with a bare CR", "3;x\ry\r\nabc\r\n0\r\n\r\n"),
    ("extension with NUL", "3;x=\x00\r\nabc\r\n0\r\n\r\n"),
    ("extension hides a line end", "3;\n\r\nabc\r\n0\r\n\r\n"),
    ("extension with an open quote", "3;a=\"b\r\nabc\r\n0\r\n\r\n"),
    ("extension with a quoted line end", "3;a=\"b\r\n\"\r\nabc\r\n0\r\n\r\n"),
    ("extension without a name", "3;=b\r\nabc\r\n0\r\n\r\n"),
    ("extension with bytes behind its quotes", "3;a=\"b\"c\r\nabc\r\n0\r\n\r\n"),
    ("trailer without a colon", "3\r\nabc\r\n0\r\nbad\r\n\r\n"),
    ("trailer with a space", "3\r\nabc\r\n0\r\nX : y\r\n\r\n"),
    ("trailer folded", "3\r\nabc\r\n0\r\nX: y\r\n z\r\n\r\n"),
    ("trailer with a bare LF", "3\r\nabc\r\n0\r\nX: y\n\r\n"),
    ("trailer with NUL", "3\r\nabc\r\n0\r\nX: \x00\r\n\r\n"),
]:
    add("refuse", "9112 7.1", name, post(CHUNKED, body))
for name, body in [
    ("chunks", "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"),
    ("chunk size in capitals", "A\r\n0123456789\r\n0\r\n\r\n"),
    ("chunk size with zeros", "0003\r\nabc\r\n0\r\n\r\n"),
    ("extension", "3;a=b\r\nabc\r\n0\r\n\r\n"),
    ("extension quoted", "3;a=\"b;c\"\r\nabc\r\n0;d\r\n\r\n"),
    ("trailer", "3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n"),
]:
    add("serve", "9112 7.1", name, post(CHUNKED, body))
add("safe", "9112 7.1.1", "blank behind the size", post(CHUNKED, "3 \r\nabc\r\n0\r\n\r\n"))
add("safe", "9112 7.1.1", "blank before an extension", post(CHUNKED, "3 ;x\r\nabc\r\n0\r\n\r\n"))
add("safe", "9112 7.1.1", "an extension that is empty", post(CHUNKED, "3;\r\nabc\r\n0\r\n\r\n"))
add("safe", "9112 7.1.1", "many extensions", post(CHUNKED, ("1;" + "x" * 200 + "\r\na\r\n") * 1000 + "0\r\n\r\n"))
add("safe", "9112 7.1.1", "a long extension", post(CHUNKED, "3;" + "x" * 5000 + "\r\nabc\r\n0\r\n\r\n"))
add("safe", "9110 6.5.1", "trailer with a framing field", post(CHUNKED, "3\r\nabc\r\n0\r\nContent-Length: 9\r\nTransfer-Encoding: x\r\n\r\n"))
add("safe", "9110 6.5.1", "trailer Host", post(CHUNKED, "3\r\nabc\r\n0\r\nHost: evil\r\n\r\n"))

# Lines.
add("refuse", "9112 2.2", "bare LF everywhere", b"GET / HTTP/1.1\nHost: a.example\n\n")
add("refuse", "9112 2.2", "bare LF behind the request line", b"GET / HTTP/1.1\nHost: a.example\r\n\r\n")
add("refuse", "9112 2.2", "bare LF ends the head", b"GET / HTTP/1.1\r\nHost: a.example\r\n\n")
add("refuse", "9112 2.2", "bare LF in a value", get("X: a\nY: b\r\n"))
add("refuse", "9112 2.2", "bare CR in a value", get("X: a\rY: b\r\n"))
add("refuse", "9112 2.2", "bare CR ends a line", b"GET / HTTP/1.1\rHost: a.example\r\r")
add("refuse", "9112 2.2", "CR CR LF", get("X: a\r\r\n"))
add("refuse", "9112 2.2", "LF CR", b"GET / HTTP/1.1\n\rHost: a.example\n\r\n\r")
add("refuse", "9112 5.2", "a folded value", get("X: a\r\n b\r\n"))
add("refuse", "9112 5.2", "a folded value with a tab", get("X: a\r\n\tb\r\n"))
add("refuse", "9112 2.2", "blanks before the first field", b"GET / HTTP/1.1\r\n X: y\r\nHost: a.example\r\n\r\n")
add("refuse", "9112 2.2", "a blank line with a blank", get("X: a\r\n \r\n"))
add("refuse", "9110 5.5", "NUL in a value", get("X: a\x00b\r\n"))
add("refuse", "9110 5.5", "a control byte in a value", get("X: a\x01b\r\n"))
add("refuse", "9110 5.5", "DEL in a value", get("X: a\x7fb\r\n"))
add("refuse", "9110 5.6.2", "NUL in a name", get("X\x00: a\r\n"))
add("refuse", "9110 5.6.2", "a name in brackets", get("X[]: a\r\n"))
add("refuse", "9110 5.6.2", "a name with a high byte", get("X\xe9: a\r\n"))
add("refuse", "9110 5.6.2", "an empty name", get(": a\r\n"))
add("refuse", "9112 5", "a line without a colon", get("nothing\r\n"))
add("refuse", "9112 5.1", "a space before the colon", get("X : a\r\n"))
add("serve", "9110 5.5", "a high byte in a value", get("X: caf\xe9\r\nConnection: close\r\n"))
add("serve", "9110 5.5", "an empty value", get("X:\r\nConnection: close\r\n"))
add("serve", "9112 2.2", "an empty line before", b"\r\n" + get("Connection: close\r\n"))
add("safe", "9112 2.2", "three empty lines before", b"\r\n\r\n\r\n" + get("Connection: close\r\n"))
add("safe", "9112 2.2", "a bare LF before", b"\n" + get("Connection: close\r\n"))
add("serve", "9112 2.2", "an empty line behind a body", post("Content-Length: 3\r\n", "abc\r\n" + get("Connection: close\r\n").decode()), 2)

# Request lines.
for name, line in [
    ("HTTP/0.9", "GET /"), ("no target", "GET  HTTP/1.1"), ("two spaces", "GET  / HTTP/1.1"),
    ("a tab", "GET\t/\tHTTP/1.1"), ("a space in the target", "GET /a b HTTP/1.1"), ("a space behind", "GET / HTTP/1.1 "),
    ("HTTP/1.2", "GET / HTTP/1.2"), ("HTTP/2.0", "GET / HTTP/2.0"), ("HTTP/11", "GET / HTTP/11"),
    ("HTTP/1.1x", "GET / HTTP/1.1x"), ("http/1.1", "GET / http/1.1"), ("HTTP/01.1", "GET / HTTP/01.1"),
    ("HTTP/1.10", "GET / HTTP/1.10"), ("HTTP/+1.1", "GET / HTTP/+1.1"), ("HTTPS/1.1", "GET / HTTPS/1.1"),
    ("NUL in the target", "GET /\x00 HTTP/1.1"), ("a control byte in the target", "GET /\x01 HTTP/1.1"),
    ("a fragment", "GET /a#b HTTP/1.1"), ("a relative target", "GET a HTTP/1.1"),
    ("a method with a colon", "GET: / HTTP/1.1"), ("a method with NUL", "GE\x00T / HTTP/1.1"),
    ("a space before the method", " GET / HTTP/1.1"), ("an asterisk with GET", "GET * HTTP/1.1"),
    ("user info", "GET http://a@b/ HTTP/1.1"), ("another scheme", "GET ftp://a.example/ HTTP/1.1"),
    ("CR in the line", "GET / HTTP/1.1\r"), ("a high byte in the target", "GET /\xe9 HTTP/1.1"),
]:
    verdict = "safe" if name in ("a high byte in the target", "a fragment") else "serve" if name == "HTTP/1.2" else "refuse"
    add(verdict, "9112 3", name, f"{line}\r\nHost: a.example\r\n\r\n".encode("latin-1"))
add("serve", "9112 3", "a lower-case method is another one", get("Connection: close\r\n", method="get"))
add("serve", "9112 3.2.4", "OPTIONS *", get("Connection: close\r\n", "*", method="OPTIONS"))
add("safe", "9110 9.3.6", "CONNECT", b"CONNECT a.example:80 HTTP/1.1\r\nHost: a.example:80\r\n\r\n" + HIDDEN.encode())
add("safe", "9110 9.3.8", "TRACE", get("", method="TRACE"))
add("safe", "9112 3", "a method of 100 letters", get("", method="M" * 100))
add("safe", "9112 3", "PRI preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00" + HIDDEN.encode())

# Host.
add("refuse", "9112 3.2", "no Host", get("", host=""))
add("refuse", "9112 3.2", "two Hosts", get("Host: b.example\r\n"))
add("refuse", "9112 3.2", "the same Host twice", get(HOST))
for name, value in [
    ("Host with a path", "a.example/x"), ("Host with a space", "a.example b.example"), ("Host with user info", "u@a.example"),
    ("Host with two ports", "a.example:1:2"), ("Host with a letter port", "a.example:x"), ("Host with a comma", "a.example, b"),
    ("Host with a query", "a.example?x"), ("Host with NUL", "a\x00b"), ("Host half bracketed", "[::1"),
    ("Host with a backslash", "a\\b"), ("Host with a port out of range", "a.example:99999"), ("Host with a negative port", "a.example:-1"),
]:
    add("refuse", "9110 7.2", name, get("", host=f"Host: {value}\r\n"))
add("safe", "9110 7.2", "Host empty", get("", host="Host:\r\n"))
add("serve", "9110 7.2", "Host is IPv6", get("Connection: close\r\n", host="Host: [::1]:80\r\n"))
add("serve", "9112 3.2.2", "absolute form", get("Connection: close\r\n", "http://a.example/x"))
add("serve", "9112 3.2.2", "absolute form and another Host", get("Connection: close\r\n", "http://a.example/x", host="Host: evil.example\r\n"))
add("refuse", "9112 3.2", "absolute form without Host", get("", "http://a.example/x", host=""))
add("refuse", "9112 3.2", "absolute form without an authority", get("", "http:///x"))
add("serve", "9112 3.2", "HTTP/1.0 without Host", get("", version="HTTP/1.0", host=""))

# Bodies where few expect them.
add("serve", "9110 9.3.1", "GET with CL", get("Content-Length: 3\r\nConnection: close\r\n", body="abc"))
add("serve", "9110 9.3.1", "GET with chunks", get(CHUNKED + "Connection: close\r\n", body=BODY))
add("serve", "9110 9.3.1", "GET whose body is a request", get(f"Content-Length: {len(HIDDEN)}\r\nConnection: close\r\n", body=HIDDEN))
add("serve", "9110 9.3.2", "HEAD with CL", get("Content-Length: 3\r\nConnection: close\r\n", method="HEAD", body="abc"))
add("serve", "9110 9.3.5", "DELETE with chunks", get(CHUNKED + "Connection: close\r\n", method="DELETE", body=BODY))

# Upgrades: bytes that come before the backend has agreed are not the backend's.
WS = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
add("safe", "9110 7.8", "bytes behind Upgrade", get(WS, body="\x81\x05early"))
add("safe", "9110 7.8", "a request behind Upgrade", get(WS, body=HIDDEN), 2)
add("safe", "9110 7.8", "Upgrade with CL", get(WS + "Content-Length: 3\r\n", body="abc"))
add("safe", "9110 7.8", "Upgrade with chunks", get(WS + CHUNKED, body=BODY))
add("safe", "9113 3.1", "Upgrade: h2c", get("Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n"))
for name in ["h2", "h3", "HTTP/2.0", "TLS/1.0", "TLS/1.3", "websocket, TLS/1.0", '"h2"']:
    add("safe", "9110 7.8", f"Upgrade: {name}", get(f"Upgrade: {name}\r\nConnection: Upgrade\r\n"))
add("safe", "9110 7.8", "Upgrade not named by Connection", get("Upgrade: websocket\r\n"))
add("safe", "9110 7.8", "Upgrade in HTTP/1.0", get(WS, version="HTTP/1.0"))

# Expectations.
add("serve", "9110 10.1.1", "Expect with the body at once", post("Expect: 100-continue\r\nContent-Length: 3\r\nConnection: close\r\n", "abc"))
add("safe", "9110 10.1.1", "Expect of something else", post("Expect: 200-ok\r\nContent-Length: 3\r\n", "abc"))
add("serve", "9110 10.1.1", "Expect in HTTP/1.0", post("Expect: 100-continue\r\nContent-Length: 3\r\n", "abc", "HTTP/1.0"))
add("serve", "9110 10.1.1", "Expect of something else in HTTP/1.0", post("Expect: 200-ok\r\nContent-Length: 3\r\n", "abc", "HTTP/1.0"))
add("serve", "9110 7.6.2", "OPTIONS with Max-Forwards", get("Max-Forwards: 5\r\nConnection: close\r\n", "*", method="OPTIONS"))
add("safe", "9110 10.1.1", "Expect without a body", get("Expect: 100-continue\r\nConnection: close\r\n"))

# Limits.
add("refuse", "9112 3", "a target of 100 KB", get("", "/" + "a" * 100_000))
add("refuse", "9110 5.4", "a field of 1 MB", get("X: " + "a" * 1_000_000 + "\r\n"))
add("refuse", "9110 5.4", "10,000 fields", get("".join(f"X-{i}: y\r\n" for i in range(10_000))))
add("refuse", "9112 7.1.2", "trailers of 1 MB", post(CHUNKED, "0\r\n" + "X: " + "a" * 1_000_000 + "\r\n\r\n"))

ANSWERS: list[Answer] = []


def answer(verdict, rfc, name, text, body: bytes | None = b"ok", closes=False, method="GET", version="1.1", status=200):
    ANSWERS.append(Answer(name, rfc, text.encode("latin-1"), verdict, closes, method, body, version, status))


OK = "HTTP/1.1 200 OK\r\n"
EVIL = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
answer("serve", "9112 6.3", "CL", OK + "Content-Length: 2\r\n\r\nok")
answer("serve", "9112 6.3", "chunks", OK + CHUNKED + "\r\n2\r\nok\r\n0\r\n\r\n")
answer("serve", "9112 6.3", "until close", OK + "\r\nok", closes=True)
answer("serve", "9112 6.3", "HTTP/1.0 until close", "HTTP/1.0 200 OK\r\n\r\nok", closes=True)
answer("serve", "9112 4", "no reason phrase", "HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok")
answer("safe", "9112 4", "no reason phrase and no blank", "HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok")
answer("safe", "9112 6.3", "TE and CL", OK + CHUNKED + "Content-Length: 3\r\n\r\n2\r\nok\r\n0\r\n\r\n")
answer("safe", "9112 6.3", "CL and TE", OK + "Content-Length: 3\r\n" + CHUNKED + "\r\n2\r\nok\r\n0\r\n\r\n")
answer("refuse", "9112 6.3", "CL 2 and CL 3", OK + "Content-Length: 2\r\nContent-Length: 3\r\n\r\nok")
answer("safe", "9112 6.3", "CL 2 twice", OK + "Content-Length: 2\r\nContent-Length: 2\r\n\r\nok")
for name, value in [("+2", "+2"), ("-2", "-2"), ("0x2", "0x2"), ("2 2", "2 2"), ("empty", ""), ("2^64+2", "18446744073709551618"), ("two", "two")]:
    answer("refuse", "9112 6.3", f"CL: {value or 'empty'}", OK + f"Content-Length: {value}\r\n\r\nok")
answer("refuse", "9112 6.1", "TE: gzip", OK + "Transfer-Encoding: gzip\r\n\r\nok", closes=True)
answer("refuse", "9112 6.1", "TE: xchunked", OK + "Transfer-Encoding: xchunked\r\n\r\n2\r\nok\r\n0\r\n\r\n")
answer("refuse", "9112 6.1", "TE: chunked, chunked", OK + "Transfer-Encoding: chunked, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n")
answer("refuse", "9112 5.1", "TE name with a space", OK + "Transfer-Encoding : chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n")
answer("refuse", "9112 5.1", "CL name with a space", OK + "Content-Length : 2\r\n\r\nok")
answer("refuse", "9112 6.1", "TE in HTTP/1.0", "HTTP/1.0 200 OK\r\n" + CHUNKED + "\r\n2\r\nok\r\n0\r\n\r\n", closes=True)
for name, body in [
    ("chunk size 0x2", "0x2\r\nok\r\n0\r\n\r\n"), ("chunk size -1", "-1\r\nok\r\n0\r\n\r\n"),
    ("chunk size over 2^64", "10000000000000002\r\nok\r\n0\r\n\r\n"), ("chunk size with LF", "2\nok\r\n0\r\n\r\n"),
    ("chunk data too long", "2\r\nokk\r\n0\r\n\r\n"), ("chunk ends with LF", "2\r\nok\n0\r\n\r\n"),
]:
    answer("refuse", "9112 7.1", name, OK + CHUNKED + "\r\n" + body)
answer("refuse", "9112 7.1", "chunks that break off", OK + CHUNKED + "\r\n5\r\nok", closes=True)
answer("refuse", "9112 8", "a body that breaks off", OK + "Content-Length: 9\r\n\r\nok", closes=True)
answer("refuse", "9112 5.2", "a folded field", OK + "X: a\r\n b\r\nContent-Length: 2\r\n\r\nok")
answer("refuse", "9112 2.2", "bare LF", "HTTP/1.1 200 OK\nContent-Length: 2\n\nok")
answer("refuse", "9112 2.2", "bare CR in a value", OK + "X: a\rSet-Cookie: b\r\nContent-Length: 2\r\n\r\nok")
answer("refuse", "9110 5.5", "NUL in a value", OK + "X: a\x00b\r\nContent-Length: 2\r\n\r\nok")
answer("refuse", "9110 5.6.2", "NUL in a name", OK + "X\x00: a\r\nContent-Length: 2\r\n\r\nok")
answer("refuse", "9112 5", "no colon", OK + "nothing\r\nContent-Length: 2\r\n\r\nok")
answer("refuse", "9112 4", "status 99", "HTTP/1.1 99 X\r\nContent-Length: 2\r\n\r\nok")
answer("refuse", "9112 4", "status 2000", "HTTP/1.1 2000 X\r\nContent-Length: 2\r\n\r\nok")
answer("refuse", "9112 4", "status +200", "HTTP/1.1 +200 X\r\nContent-Length: 2\r\n\r\nok")
answer("refuse", "9112 4", "status 000", "HTTP/1.1 000 X\r\nContent-Length: 2\r\n\r\nok")
answer("refuse", "9112 4", "HTTP/2.0", "HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nok")
answer("refuse", "9112 4", "no HTTP", "hello\r\n\r\n", closes=True)
answer("refuse", "9112 4", "ICY", "ICY 200 OK\r\nContent-Length: 2\r\n\r\nok")
answer("refuse", "9112 4", "nothing", "", closes=True)
answer("refuse", "9112 4", "half a head", "HTTP/1.1 200 OK\r\nConte", closes=True)
answer("serve", "9110 15.2", "103 then 200", "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + OK + "Content-Length: 2\r\n\r\nok")
answer("serve", "9110 15.2", "100 that nobody asked for", "HTTP/1.1 100 Continue\r\n\r\n" + OK + "Content-Length: 2\r\n\r\nok")
answer("serve", "9110 15.2", "twenty 103s", "HTTP/1.1 103 Early Hints\r\n\r\n" * 20 + OK + "Content-Length: 2\r\n\r\nok")
answer("safe", "9110 15.2", "103 with a length", "HTTP/1.1 103 Early Hints\r\nContent-Length: 2\r\n\r\n" + OK + "Content-Length: 2\r\n\r\nok")
answer("refuse", "9110 15.2.2", "101 that nobody asked for", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n" + EVIL)
answer("serve", "9112 2.3", "HTTP/1.2", "HTTP/1.2 200 OK\r\nContent-Length: 2\r\n\r\nok")
answer("serve", "9110 15.3.5", "204 with a body", "HTTP/1.1 204 No Content\r\n\r\nevil", body=b"", status=204)
answer("serve", "9110 15.3.5", "204 with a length", "HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\nevil", body=b"", status=204)
answer("serve", "9110 15.4.5", "304 with a length", "HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\n", body=b"", status=304)
answer("safe", "9110 15.4.5", "304 with chunks", "HTTP/1.1 304 Not Modified\r\n" + CHUNKED + "\r\n", body=b"", status=304)
answer("safe", "9110 15.3.6", "205 with a body", "HTTP/1.1 205 Reset Content\r\nContent-Length: 4\r\n\r\nevil", body=b"evil", status=205)
answer("serve", "9110 9.3.2", "HEAD with a length", OK + "Content-Length: 2\r\n\r\n", body=b"", method="HEAD")
answer("serve", "9110 9.3.2", "HEAD with a body", OK + "Content-Length: 4\r\n\r\nevil", body=b"", method="HEAD")
answer("serve", "9110 9.3.2", "HEAD with chunks", OK + CHUNKED + "\r\n", body=b"", method="HEAD")
answer("serve", "9112 6.3", "an answer behind the answer", OK + "Content-Length: 2\r\n\r\nok" + EVIL)
answer("serve", "9112 6.3", "an answer behind the chunks", OK + CHUNKED + "\r\n2\r\nok\r\n0\r\n\r\n" + EVIL)
answer("serve", "9112 7.1", "chunks to HTTP/1.0", OK + CHUNKED + "\r\n2\r\nok\r\n0\r\n\r\n", version="1.0")
answer("safe", "9110 5.4", "a field of 1 MB", OK + "X: " + "a" * 1_000_000 + "\r\nContent-Length: 2\r\n\r\nok")
answer("safe", "9110 5.4", "1,000 fields", OK + "".join(f"X-{i}: y\r\n" for i in range(1000)) + "Content-Length: 2\r\n\r\nok")
