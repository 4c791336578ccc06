/// Every kind of problem the admin port answers with. The raw value is the `code` and the end of the `type`.
enum ProblemKind: String, CaseIterable, Sendable {
    case malformedRequest = "malformed-request"
    case badPath = "bad-path"
    case badJSON = "bad-json"
    case unknownField = "unknown-field"
    case unknownParameter = "unknown-parameter"
    case badParameter = "bad-parameter"
    case unauthorized
    case forbidden
    case hostNotAllowed = "host-not-allowed"
    case crossSite = "cross-site"
    case proxied
    case unknownPath = "unknown-path"
    case notFound = "not-found"
    case methodNotAllowed = "method-not-allowed"
    case requestTimeout = "request-timeout"
    case exists = "exists"
    case operationOver = "operation-over"
    case eventGone = "event-gone"
    case duplicateURL = "duplicate-url"
    case ownAddress = "own-address"
    case lastHealthyBackend = "last-healthy-backend"
    case minReady = "min-ready"
    case inUse = "in-use"
    case conditionUnreachable = "condition-unreachable"
    case revisionGone = "revision-gone"
    case preconditionFailed = "precondition-failed"
    case bodyTooLarge = "body-too-large"
    case targetTooLong = "target-too-long"
    case unsupportedMediaType = "unsupported-media-type"
    case expectationFailed = "expectation-failed"
    case invalid = "invalid"
    case keyReused = "key-reused"
    case preconditionRequired = "precondition-required"
    case tooManyWaits = "too-many-waits"
    case headTooLarge = "head-too-large"
    case notAdopted = "not-adopted"
    case notImplemented = "not-implemented"
    case tooManyConnections = "too-many-connections"
    case stopping = "stopping"
    case notTicking = "not-ticking"
    case notReady = "not-ready"
    case waitTimeout = "wait-timeout"
    case unsupportedVersion = "unsupported-version"
    case notDurable = "not-durable"

    var status: Int { page.status }
    var title: String { page.title }

    /// Somebody was not let in: the audit tells of it.
    var isDenial: Bool {
        switch self {
        case .unauthorized, .forbidden, .hostNotAllowed, .crossSite, .proxied: true
        default: false
        }
    }

    /// The manual page, in Markdown.
    var manual: String {
        let page = page
        return """
            # \(page.title)

            `\(rawValue)`, status \(page.status)

            \(page.meaning)

            **What to do.** \(page.remedy)

            """
    }

    /// The manual page as an object with the same parts.
    var manualJSON: JSONValue {
        let page = page
        return [
            "type": .string("/v1/problems/\(rawValue)"), "code": .string(rawValue), "title": .string(page.title),
            "status": .int(Int64(page.status)), "meaning": .string(page.meaning), "remedy": .string(page.remedy),
        ]
    }

    private struct Page {
        let status: Int
        let title: String
        let meaning: String
        let remedy: String
    }

    private var page: Page {
        switch self {
        case .malformedRequest:
            Page(
                status: 400,
                title: "The request is not valid HTTP/1.1",
                meaning: "What arrived could not be read as a request: a bad request line, a bad field, or framing "
                    + "that contradicts itself. The connection is closed, because nothing after such bytes can be "
                    + "trusted. Nothing was changed.",
                remedy: "Send plain HTTP/1.1 (no TLS, no HTTP/2) to the admin address. The detail names the rule."
            )
        case .badPath:
            Page(
                status: 400,
                title: "The path is not one that is accepted",
                meaning: "A path with `.` or `..` segments, `%2e`, `%2f`, `//`, a broken percent-escape or "
                    + "bytes outside ASCII could mean one thing to a proxy in front and another thing here.",
                remedy: "Write the path as the manual does: `/v1/backends/web-1`."
            )
        case .badJSON:
            Page(
                status: 400,
                title: "The body is not valid JSON",
                meaning: "Bodies are strict JSON (RFC 8259) in UTF-8: double quotes, no trailing commas, no comments, "
                    + "no key twice. The detail names the line and the column. Nothing was changed.",
                remedy: "Correct the place and send the request again."
            )
        case .unknownField:
            Page(
                status: 400,
                title: "The body has a member that is not known",
                meaning: "Unknown members are refused, because a misspelt one would silently mean its default. "
                    + "`errors` names each, with the known name that is nearest. `status` and `name` may be sent back "
                    + "as they were read. Nothing was changed.",
                remedy: "Correct or remove the member."
            )
        case .unknownParameter:
            Page(
                status: 400,
                title: "The query has a parameter that is not known",
                meaning: "Unknown query parameters are refused, because a misspelt `force` or `wait` must not be "
                    + "taken for its absence. Nothing was changed.",
                remedy: "Correct or remove it; the hint tells the nearest known one."
            )
        case .badParameter:
            Page(
                status: 400,
                title: "A query parameter has a value it cannot have",
                meaning: "Durations carry a unit (`30s`, `500ms`), switches are `true` or `false`, and each "
                    + "parameter stands once. Nothing was changed.",
                remedy: "Correct the value the detail names."
            )
        case .unauthorized:
            Page(
                status: 401,
                title: "A token is needed",
                meaning: "The admin port has a token file, and the request carries no token, or none that is in it. "
                    + "`WWW-Authenticate` tells which. Tokens are taken from the field `Authorization` alone, never from "
                    + "the query or a cookie. Nothing was changed.",
                remedy:
                    "Send `Authorization: Bearer TOKEN`. A line of the file is `NAME:ROLE:SHA256`, and the hash of a "
                    + "token is what `printf %s \"$TOKEN\" | sha256sum` prints. The file is read anew when it changes."
            )
        case .forbidden:
            Page(
                status: 403,
                title: "The token may not do this",
                meaning: "A `viewer` may look at everything, an `operator` may also shift traffic (states, weights, "
                    + "drains, probes), an `admin` may change everything. Nothing was changed.",
                remedy: "Use a token of the role that the detail names."
            )
        case .hostNotAllowed:
            Page(
                status: 403,
                title: "The Host is not one this port answers to",
                meaning: "The admin port answers only when it is called by its own address, `localhost`, `127.0.0.1` "
                    + "or `[::1]`. Any other name could be a web page's, pointed at this machine to borrow your "
                    + "browser (DNS rebinding).",
                remedy: "Call it by one of these names, or let the daemon know the name you use."
            )
        case .crossSite:
            Page(
                status: 403,
                title: "A page of another site may not do this",
                meaning: "The request carries `Sec-Fetch-Site` or `Origin` and does not come from the admin port's own "
                    + "pages. Browsers send these fields; a web page of another site may neither change nor read "
                    + "anything here.",
                remedy: "Use `lbctl` or `curl`, which send no such fields."
            )
        case .proxied:
            Page(
                status: 403,
                title: "The request came through a proxy",
                meaning: "The request carries `Via`, `Forwarded` or `X-Forwarded-…`, which proxies add. A balancer whose "
                    + "backend is an admin port would give it to all its clients, and its own address would be taken "
                    + "for theirs.",
                remedy: "Call the admin port directly, through `ssh -L`, or through a proxy that adds no such fields."
            )
        case .unknownPath:
            Page(
                status: 404,
                title: "There is nothing at this path",
                meaning: "No resource of the admin API has this path. Paths have no trailing slash.",
                remedy: "`GET /v1` lists what there is."
            )
        case .notFound:
            Page(
                status: 404,
                title: "There is no such thing",
                meaning:
                    "The path is right, but the backend, the pool or the problem it names does not exist. A removed "
                    + "backend is gone once its last request has finished.",
                remedy: "`GET /v1/backends` lists the backends; the hint tells the nearest name."
            )
        case .methodNotAllowed:
            Page(
                status: 405,
                title: "The resource does not take this method",
                meaning: "The `Allow` field lists the methods it takes.",
                remedy: "Use one of them."
            )
        case .requestTimeout:
            Page(
                status: 408,
                title: "The request did not arrive in time",
                meaning: "A head and a body each have 10 seconds to arrive. Nothing was changed, and the connection "
                    + "is closed.",
                remedy: "Send the request again, whole."
            )
        case .exists:
            Page(
                status: 409,
                title: "The name is taken by a different backend",
                meaning: "`POST /v1/backends` adds; a backend of this name exists with another spec. Nothing was "
                    + "changed.",
                remedy: "Give another `name`, or replace the backend with `PUT /v1/backends/NAME`."
            )
        case .operationOver:
            Page(
                status: 409,
                title: "The operation has ended",
                meaning: "Only an operation that runs can be cancelled. `operation` tells what it has come to.",
                remedy:
                    "Undo what it did with another change: `PUT` adds the backend again, `POST /v1/rollback` goes back."
            )
        case .eventGone:
            Page(
                status: 410,
                title: "The events asked for are not kept any more",
                meaning:
                    "The newest 10,000 events are kept, those of this process alone. The one to go on from is older, "
                    + "or belongs to another process. `oldest` is the oldest that is there: `after=` one less begins with "
                    + "it.",
                remedy: "Begin anew with `?snapshot=true`, which tells first what is."
            )
        case .duplicateURL:
            Page(
                status: 409,
                title: "Another backend of the pool has this URL",
                meaning: "The same address twice in a pool gets twice its share, which is rarely meant. Nothing was "
                    + "changed.",
                remedy: "Change that backend instead, give it more `weight`, or say `?force=true`."
            )
        case .ownAddress:
            Page(
                status: 409,
                title: "The backend is this balancer itself",
                meaning: "The URL is where `lbd` itself listens: every request to the backend would come back, and be "
                    + "answered 508. Nothing was changed.",
                remedy: "Give the URL of the application, or say `?force=true`."
            )
        case .lastHealthyBackend:
            Page(
                status: 409,
                title: "The last healthy backend of a pool would be lost",
                meaning: "After the change no backend of the pool could serve, and its requests would get 503. "
                    + "`healthy` lists the backends that serve now. Nothing was changed.",
                remedy: "Add a backend and wait until it is healthy, then repeat; or say `?force=true`, which is kept "
                    + "in the history."
            )
        case .minReady:
            Page(
                status: 409,
                title: "The pool would have too few healthy backends",
                meaning: "The pool has a `min_ready`, and after the change fewer of its backends than that could "
                    + "serve. Nothing was changed.",
                remedy: "Add a backend and wait until it is healthy, lower `min_ready`, or say `?force=true`, which is "
                    + "kept in the history."
            )
        case .inUse:
            Page(
                status: 409,
                title: "The pool is in use",
                meaning: "A pool can only be removed when no backend is in it, and the pool `default` never. "
                    + "`backends` lists the backends that are in it. Nothing was changed.",
                remedy: "Remove the backends or give them another pool, then repeat. `PATCH /v1/config` does both at "
                    + "once."
            )
        case .conditionUnreachable:
            Page(
                status: 409,
                title: "What the request waits for cannot come true any more",
                meaning: "While the request waited, someone removed the backend, changed it, or added it again. The "
                    + "request's own change was made.",
                remedy: "Look at the backend, and decide again."
            )
        case .revisionGone:
            Page(
                status: 410,
                title: "The revision is not kept any more",
                meaning: "The newest 10,000 revisions are kept, and fewer where they changed very much. `oldest` is "
                    + "the oldest that can be told.",
                remedy: "Choose a newer one; `GET /v1/history` lists them."
            )
        case .preconditionFailed:
            Page(
                status: 412,
                title: "It has changed since you read it",
                meaning: "`If-Match` names a version that is not the current one, or `If-None-Match: *` met something "
                    + "that exists. `ETag` holds the current version, `changes` what happened since. Nothing was "
                    + "changed.",
                remedy: "Read it again, see whether your change still makes sense, and send it with the new tag."
            )
        case .bodyTooLarge:
            Page(
                status: 413,
                title: "The body is too large",
                meaning: "A body has at most 1 MiB. Nothing was changed, and the connection is closed.",
                remedy: "Send less at once."
            )
        case .targetTooLong:
            Page(
                status: 414,
                title: "The request line is too long",
                meaning: "No path of the admin API comes near the limit. The connection is closed.",
                remedy: "Shorten the path or the query."
            )
        case .unsupportedMediaType:
            Page(
                status: 415,
                title: "The body has to be JSON",
                meaning: "The body is not JSON by its type, or it is compressed. From a browser the type must be "
                    + "`application/json`: a page of another site cannot send that unasked. Nothing was changed.",
                remedy: "Send JSON with `Content-Type: application/json`, uncompressed."
            )
        case .expectationFailed:
            Page(
                status: 417,
                title: "The expectation cannot be met",
                meaning: "The only `Expect` there is, is `100-continue` (RFC 9110 §10.1.1).",
                remedy: "Leave the field out."
            )
        case .invalid:
            Page(
                status: 422,
                title: "A value is not one it can be",
                meaning: "The body is JSON with known members, but a value is out of range, of the wrong type, or "
                    + "names something that is not there. `errors` has a pointer to each. Nothing was changed.",
                remedy: "Correct the values."
            )
        case .keyReused:
            Page(
                status: 422,
                title: "The Idempotency-Key belongs to another request",
                meaning:
                    "A key names one request, so that it can be sent again without being done again. This one came "
                    + "with another body before. Nothing was changed.",
                remedy: "Choose a new key for each new request."
            )
        case .preconditionRequired:
            Page(
                status: 428,
                title: "The change has to say which version it is made to",
                meaning: "This daemon takes no change without `If-Match` or `If-None-Match`, so that nobody overwrites "
                    + "what they have not seen. Nothing was changed.",
                remedy: "Read the resource, and send its `ETag` as `If-Match`; `If-None-Match: *` is for what shall be "
                    + "new."
            )
        case .tooManyWaits:
            Page(
                status: 429,
                title: "Too many requests are waiting",
                meaning:
                    "At most 64 requests with `wait` run at once, and at most 8 that read much of the past, so that the "
                    + "port stays free for others. Nothing was changed.",
                remedy: "Repeat after `Retry-After` seconds, or send it without `wait`."
            )
        case .headTooLarge:
            Page(
                status: 431,
                title: "The request's head is too large",
                meaning: "Request line and fields have at most 8 KiB together. The connection is closed.",
                remedy: "Send fewer or shorter fields."
            )
        case .notAdopted:
            Page(
                status: 500,
                title: "The change is kept, but not live everywhere",
                meaning: "The change is stored and published, and some worker threads have not taken it up in time: "
                    + "they still serve by the table before. It stays stored over a restart.",
                remedy: "Look at `/healthz` and the log; if the worker stays stuck, restart the daemon."
            )
        case .notImplemented:
            Page(
                status: 501,
                title: "The request uses a coding that is not implemented",
                meaning: "The only transfer coding taken is `chunked`.",
                remedy: "Send the body with `Content-Length` or `chunked`."
            )
        case .tooManyConnections:
            Page(
                status: 503,
                title: "Too many admin connections",
                meaning:
                    "At most 128 connections are served at once. The traffic of the load balancer is not affected.",
                remedy: "Close connections that are not used, and repeat after `Retry-After` seconds."
            )
        case .stopping:
            Page(
                status: 503,
                title: "The daemon is stopping",
                meaning: "It finishes what runs and takes no changes. The detail tells whether this one was kept.",
                remedy: "Repeat the request once it runs again."
            )
        case .notTicking:
            Page(
                status: 503,
                title: "An event loop has stalled",
                meaning: "A worker thread has not turned its loop within the last second.",
                remedy: "If it lasts, take the log and restart the daemon."
            )
        case .notReady:
            Page(
                status: 503,
                title: "It is not ready for traffic",
                meaning:
                    "Either the listeners do not accept (it is starting or stopping), or the pool `default` has no "
                    + "backend that serves. `checks` tells which.",
                remedy: "`GET /v1/health` tells what is wrong with each backend."
            )
        case .waitTimeout:
            Page(
                status: 504,
                title: "It did not come true in the time given",
                meaning: "With `applied: true` the change itself was made and stays; only what the request waited for "
                    + "has not happened yet. `backend` and the detail tell why.",
                remedy: "Repeat the request to go on waiting (PUT with the same body changes nothing), or see to the "
                    + "reason."
            )
        case .unsupportedVersion:
            Page(
                status: 505,
                title: "The HTTP version is not supported",
                meaning: "The admin port speaks HTTP/1.1 and HTTP/1.0.",
                remedy: "Use one of them."
            )
        case .notDurable:
            Page(
                status: 507,
                title: "The change could not be stored",
                meaning: "A change is written to the disk before it is made. The disk is full or fails, so nothing was "
                    + "changed. Traffic goes on.",
                remedy: "Make room on the state directory's disk, then repeat the request."
            )
        }
    }
}
