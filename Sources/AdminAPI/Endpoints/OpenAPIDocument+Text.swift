// swift-format-ignore-file

extension OpenAPIDocument {
    /// `openapi.yaml` as JSON, written by `make openapi`; a test holds the two against each other.
    static let text = #"""
{
  "components": {
    "headers": {
      "Accept": {
        "description": "What the body may be.",
        "schema": {
          "const": "application/json",
          "type": "string"
        }
      },
      "Accept-Patch": {
        "description": "What the body of a PATCH may be (RFC 5789 §3.1).",
        "schema": {
          "type": "string"
        }
      },
      "Allow": {
        "description": "The methods.",
        "schema": {
          "type": "string"
        }
      },
      "Cache-Control": {
        "description": "Nothing here is to be kept.",
        "schema": {
          "const": "no-store",
          "type": "string"
        }
      },
      "Content-Security-Policy": {
        "description": "For browsers.",
        "schema": {
          "const": "default-src 'self'; frame-ancestors 'none'",
          "type": "string"
        }
      },
      "Cross-Origin-Resource-Policy": {
        "description": "For browsers.",
        "schema": {
          "const": "same-origin",
          "type": "string"
        }
      },
      "Date": {
        "description": "When it was answered (RFC 9110 §5.6.7).",
        "schema": {
          "type": "string"
        }
      },
      "ETag": {
        "description": "The version: lineage and the sequence of the change that last changed the spec.",
        "schema": {
          "pattern": "^\"[a-z0-9]+[.][0-9]+\"$",
          "type": "string"
        }
      },
      "LB-Changed": {
        "description": "Whether this request changed anything.",
        "schema": {
          "type": "boolean"
        }
      },
      "LB-Operation": {
        "description": "The operation that this has begun and that still runs.",
        "example": "op-1845",
        "schema": {
          "type": "string"
        }
      },
      "LB-Revision": {
        "description": "The newest change of the desired state.",
        "schema": {
          "minimum": 0,
          "type": "integer"
        }
      },
      "Location": {
        "description": "The path of the backend.",
        "schema": {
          "type": "string"
        }
      },
      "Request-Id": {
        "description": "Names this request in the answer and in problems.",
        "schema": {
          "pattern": "^[0-9a-f]{32}$",
          "type": "string"
        }
      },
      "Retry-After": {
        "description": "Seconds after which to repeat; only where there are too many connections or waits.",
        "schema": {
          "type": "integer"
        }
      },
      "Server-Timing": {
        "description": "Milliseconds until the change was on the disk, and from there until every worker had it; only where there was one.",
        "example": "persist;dur=2.1, apply;dur=0.4",
        "schema": {
          "type": "string"
        }
      },
      "WWW-Authenticate": {
        "description": "How to say who asks (RFC 6750).",
        "example": "Bearer realm=\"lb admin\"",
        "schema": {
          "type": "string"
        }
      },
      "X-Content-Type-Options": {
        "description": "The type is what it says.",
        "schema": {
          "const": "nosniff",
          "type": "string"
        }
      }
    },
    "parameters": {
      "After": {
        "description": "Begin after the event of this number.",
        "example": 1843,
        "in": "query",
        "name": "after",
        "schema": {
          "minimum": 0,
          "type": "integer"
        }
      },
      "AfterName": {
        "description": "Only names that come after this one, in byte order.",
        "in": "query",
        "name": "after",
        "schema": {
          "type": "string"
        }
      },
      "Drain": {
        "description": "How long what is in flight may take before it is cut, at most 24h; the pool's `drain` where it is left out. `0s` cuts at once. Given with a repeated request it is the new deadline, from then on.",
        "example": "25s",
        "in": "query",
        "name": "drain",
        "schema": {
          "pattern": "^[0-9]+([.][0-9]+)?(us|ms|s|m|h)$",
          "type": "string"
        }
      },
      "DryRun": {
        "description": "Tell what would be done, and do nothing; `probe` also checks the health of what is new or changed.",
        "in": "query",
        "name": "dry_run",
        "schema": {
          "enum": [
            "plan",
            "probe",
            ""
          ],
          "type": "string"
        }
      },
      "EventBackend": {
        "description": "Only events about this backend.",
        "example": "web-3",
        "in": "query",
        "name": "backend",
        "schema": {
          "type": "string"
        }
      },
      "EventType": {
        "description": "Only events of these types or kinds, separated by commas: `change`, `health`, `drain`, `operation`, `config`, `pool`, `admin`, `self`, or for example `admin.denied`.",
        "example": "change,health",
        "in": "query",
        "name": "type",
        "schema": {
          "type": "string"
        }
      },
      "Fields": {
        "description": "Only these members, separated by commas; members of members have a dot.",
        "example": "url,status.phase",
        "in": "query",
        "name": "fields",
        "schema": {
          "type": "string"
        }
      },
      "Follow": {
        "description": "False ends the stream with what there is.",
        "in": "query",
        "name": "follow",
        "schema": {
          "oneOf": [
            {
              "type": "boolean"
            },
            {
              "const": "",
              "type": "string"
            }
          ]
        }
      },
      "Force": {
        "description": "Do it although a guard speaks against it: the last healthy backend of a pool, its `min_ready`, the same URL twice. It is kept in the history.",
        "in": "query",
        "name": "force",
        "schema": {
          "oneOf": [
            {
              "type": "boolean"
            },
            {
              "const": "",
              "type": "string"
            }
          ]
        }
      },
      "HistoryAfter": {
        "description": "Only revisions above this.",
        "in": "query",
        "name": "after",
        "schema": {
          "minimum": 0,
          "type": "integer"
        }
      },
      "HistoryBefore": {
        "description": "Only revisions below this.",
        "in": "query",
        "name": "before",
        "schema": {
          "minimum": 0,
          "type": "integer"
        }
      },
      "HistoryLimit": {
        "description": "At most so many; 100 unless said.",
        "in": "query",
        "name": "limit",
        "schema": {
          "maximum": 1000,
          "minimum": 1,
          "type": "integer"
        }
      },
      "IdempotencyKey": {
        "description": "Names this request, so that it can be sent again without being done again.",
        "in": "header",
        "name": "Idempotency-Key",
        "schema": {
          "maxLength": 255,
          "minLength": 1,
          "type": "string"
        }
      },
      "IfMatch": {
        "description": "Only if the current version is one of these; else 412.",
        "example": "\"k7f3pq.1843\"",
        "in": "header",
        "name": "If-Match",
        "schema": {
          "type": "string"
        }
      },
      "IfNoneMatch": {
        "description": "For a read, 304 if the current version is one of these. For a write, 412 if it is; `*` adds only.",
        "example": "\"k7f3pq.1843\"",
        "in": "header",
        "name": "If-None-Match",
        "schema": {
          "type": "string"
        }
      },
      "LBReason": {
        "description": "Why, for the history.",
        "example": "canary",
        "in": "header",
        "name": "LB-Reason",
        "schema": {
          "maxLength": 500,
          "type": "string"
        }
      },
      "Label": {
        "description": "Only backends with these labels: `k=v`, `k!=v`, `k` (has it) and `!k` (has it not), separated by commas; all have to hold.",
        "example": "color=green",
        "in": "query",
        "name": "label",
        "schema": {
          "type": "string"
        }
      },
      "LastEventID": {
        "description": "As `after`, the way browsers say it.",
        "example": 1843,
        "in": "header",
        "name": "Last-Event-ID",
        "schema": {
          "minimum": 0,
          "type": "integer"
        }
      },
      "Limit": {
        "description": "At most so many, by name; `next` tells where to go on.",
        "in": "query",
        "name": "limit",
        "schema": {
          "maximum": 16384,
          "minimum": 1,
          "type": "integer"
        }
      },
      "Name": {
        "description": "The backend's name.",
        "example": "web-3",
        "in": "path",
        "name": "name",
        "required": true,
        "schema": {
          "pattern": "^[A-Za-z0-9._:][A-Za-z0-9._:-]{0,63}$",
          "type": "string"
        }
      },
      "OperationID": {
        "description": "The operation's id.",
        "example": "op-1845",
        "in": "path",
        "name": "id",
        "required": true,
        "schema": {
          "type": "string"
        }
      },
      "OperationState": {
        "description": "Only operations in this state.",
        "in": "query",
        "name": "state",
        "schema": {
          "enum": [
            "running",
            "succeeded",
            "failed",
            "cancelled"
          ],
          "type": "string"
        }
      },
      "Phase": {
        "description": "Only backends that stand here.",
        "in": "query",
        "name": "phase",
        "schema": {
          "$ref": "#/components/schemas/Phase"
        }
      },
      "Pool": {
        "description": "Only the backends of this pool, which must exist.",
        "in": "query",
        "name": "pool",
        "schema": {
          "type": "string"
        }
      },
      "PoolName": {
        "description": "The pool's name.",
        "example": "default",
        "in": "path",
        "name": "name",
        "required": true,
        "schema": {
          "pattern": "^[A-Za-z0-9._:][A-Za-z0-9._:-]{0,63}$",
          "type": "string"
        }
      },
      "Pretty": {
        "description": "Laid out for reading.",
        "in": "query",
        "name": "pretty",
        "schema": {
          "oneOf": [
            {
              "type": "boolean"
            },
            {
              "const": "",
              "type": "string"
            }
          ]
        }
      },
      "Reason": {
        "description": "Why, for the history; before `LB-Reason`.",
        "in": "query",
        "name": "reason",
        "schema": {
          "maxLength": 500,
          "type": "string"
        }
      },
      "Revision": {
        "description": "What was desired when this number was the newest; a revision or any number between two.",
        "in": "query",
        "name": "revision",
        "schema": {
          "minimum": 0,
          "type": "integer"
        }
      },
      "Slug": {
        "description": "The problem's `code`.",
        "example": "not-found",
        "in": "path",
        "name": "slug",
        "required": true,
        "schema": {
          "type": "string"
        }
      },
      "Snapshot": {
        "description": "Begin with one event `snapshot` that has all that is desired and all that is. Where `Last-Event-ID` can be gone on from there is none; where it is too old, there is one in the place of 410.",
        "in": "query",
        "name": "snapshot",
        "schema": {
          "oneOf": [
            {
              "type": "boolean"
            },
            {
              "const": "",
              "type": "string"
            }
          ]
        }
      },
      "State": {
        "description": "Only backends of this intent.",
        "in": "query",
        "name": "state",
        "schema": {
          "$ref": "#/components/schemas/BackendState"
        }
      },
      "Strict": {
        "description": "Every pool that has backends must have as many that serve as its `min_ready`. Off by default: one bad pool would take the whole daemon out.",
        "in": "query",
        "name": "strict",
        "schema": {
          "oneOf": [
            {
              "type": "boolean"
            },
            {
              "const": "",
              "type": "string"
            }
          ]
        }
      },
      "Until": {
        "description": "Answer when this holds of every backend whose state is `ready`.",
        "in": "query",
        "name": "until",
        "schema": {
          "enum": [
            "healthy"
          ],
          "type": "string"
        }
      },
      "Verbose": {
        "description": "With what was looked at.",
        "in": "query",
        "name": "verbose",
        "schema": {
          "oneOf": [
            {
              "type": "boolean"
            },
            {
              "const": "",
              "type": "string"
            }
          ]
        }
      },
      "Wait": {
        "description": "How long to wait for the natural end of the request, at most 1h: that the backend serves, or, where it is removed or its state is not `ready`, that it has finished what it carries. Of a request about several, each that it names; about a pool, each in it; about the whole configuration, all there are.",
        "example": "30s",
        "in": "query",
        "name": "wait",
        "schema": {
          "pattern": "^[0-9]+([.][0-9]+)?(us|ms|s|m|h)$",
          "type": "string"
        }
      },
      "WaitOperation": {
        "description": "How long to wait for its end, at most 1h.",
        "example": "30s",
        "in": "query",
        "name": "wait",
        "schema": {
          "pattern": "^[0-9]+([.][0-9]+)?(us|ms|s|m|h)$",
          "type": "string"
        }
      },
      "WaitUntil": {
        "description": "How long to wait for `until`, which must stand beside it; at most 1h.",
        "example": "30s",
        "in": "query",
        "name": "wait",
        "schema": {
          "pattern": "^[0-9]+([.][0-9]+)?(us|ms|s|m|h)$",
          "type": "string"
        }
      }
    },
    "responses": {
      "BadRequest": {
        "content": {
          "application/problem+json": {
            "example": {
              "code": "unknown-field",
              "detail": "/wieght: is not a known key",
              "errors": [
                {
                  "detail": "is not a known key",
                  "pointer": "/wieght",
                  "suggestion": "weight"
                }
              ],
              "hint": "did you mean \"weight\"?",
              "request_id": "5c1e0f6b2a7d4c3e9b8a7d6c5e4f3a2b",
              "status": 400,
              "title": "The body has a member that is not known",
              "type": "/v1/problems/unknown-field"
            },
            "schema": {
              "$ref": "#/components/schemas/Problem"
            }
          }
        },
        "description": "The request, its path, a query parameter or its JSON is not what it has to be: `malformed-request`, `bad-path`, `unknown-parameter`, `bad-parameter`, `bad-json`, `unknown-field`.",
        "headers": {
          "Cache-Control": {
            "$ref": "#/components/headers/Cache-Control"
          },
          "Content-Security-Policy": {
            "$ref": "#/components/headers/Content-Security-Policy"
          },
          "Cross-Origin-Resource-Policy": {
            "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
          },
          "Date": {
            "$ref": "#/components/headers/Date"
          },
          "Request-Id": {
            "$ref": "#/components/headers/Request-Id"
          },
          "X-Content-Type-Options": {
            "$ref": "#/components/headers/X-Content-Type-Options"
          }
        }
      },
      "ContentTooLarge": {
        "content": {
          "application/problem+json": {
            "example": {
              "code": "body-too-large",
              "detail": "the body has more than 1048576 bytes",
              "request_id": "5c1e0f6b2a7d4c3e9b8a7d6c5e4f3a2b",
              "status": 413,
              "title": "The body is too large",
              "type": "/v1/problems/body-too-large"
            },
            "schema": {
              "$ref": "#/components/schemas/Problem"
            }
          }
        },
        "description": "The body has more than 1 MiB (`body-too-large`); the connection closes.",
        "headers": {
          "Cache-Control": {
            "$ref": "#/components/headers/Cache-Control"
          },
          "Content-Security-Policy": {
            "$ref": "#/components/headers/Content-Security-Policy"
          },
          "Cross-Origin-Resource-Policy": {
            "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
          },
          "Date": {
            "$ref": "#/components/headers/Date"
          },
          "Request-Id": {
            "$ref": "#/components/headers/Request-Id"
          },
          "X-Content-Type-Options": {
            "$ref": "#/components/headers/X-Content-Type-Options"
          }
        }
      },
      "ExpectationFailed": {
        "content": {
          "application/problem+json": {
            "example": {
              "code": "expectation-failed",
              "detail": "the only expectation met here is 100-continue",
              "request_id": "5c1e0f6b2a7d4c3e9b8a7d6c5e4f3a2b",
              "status": 417,
              "title": "The expectation cannot be met",
              "type": "/v1/problems/expectation-failed"
            },
            "schema": {
              "$ref": "#/components/schemas/Problem"
            }
          }
        },
        "description": "`Expect` is not `100-continue` (`expectation-failed`).",
        "headers": {
          "Cache-Control": {
            "$ref": "#/components/headers/Cache-Control"
          },
          "Content-Security-Policy": {
            "$ref": "#/components/headers/Content-Security-Policy"
          },
          "Cross-Origin-Resource-Policy": {
            "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
          },
          "Date": {
            "$ref": "#/components/headers/Date"
          },
          "Request-Id": {
            "$ref": "#/components/headers/Request-Id"
          },
          "X-Content-Type-Options": {
            "$ref": "#/components/headers/X-Content-Type-Options"
          }
        }
      },
      "Forbidden": {
        "content": {
          "application/problem+json": {
            "example": {
              "code": "cross-site",
              "detail": "a cross-site page may not send PUT here",
              "request_id": "5c1e0f6b2a7d4c3e9b8a7d6c5e4f3a2b",
              "status": 403,
              "title": "A page of another site may not do this",
              "type": "/v1/problems/cross-site"
            },
            "schema": {
              "$ref": "#/components/schemas/Problem"
            }
          }
        },
        "description": "Called by a name that is not this port's (`host-not-allowed`), by a page of another site (`cross-site`), or with a token whose role may not do this (`forbidden`).",
        "headers": {
          "Cache-Control": {
            "$ref": "#/components/headers/Cache-Control"
          },
          "Content-Security-Policy": {
            "$ref": "#/components/headers/Content-Security-Policy"
          },
          "Cross-Origin-Resource-Policy": {
            "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
          },
          "Date": {
            "$ref": "#/components/headers/Date"
          },
          "Request-Id": {
            "$ref": "#/components/headers/Request-Id"
          },
          "X-Content-Type-Options": {
            "$ref": "#/components/headers/X-Content-Type-Options"
          }
        }
      },
      "Gone": {
        "content": {
          "application/problem+json": {
            "example": {
              "code": "revision-gone",
              "detail": "what was desired at revision 12 is not kept any more",
              "hint": "the oldest that is kept is 843",
              "oldest": 843,
              "request_id": "5c1e0f6b2a7d4c3e9b8a7d6c5e4f3a2b",
              "status": 410,
              "title": "The revision is not kept any more",
              "type": "/v1/problems/revision-gone"
            },
            "schema": {
              "$ref": "#/components/schemas/Problem"
            }
          }
        },
        "description": "What was desired at that revision is not kept any more (`revision-gone`).",
        "headers": {
          "Cache-Control": {
            "$ref": "#/components/headers/Cache-Control"
          },
          "Content-Security-Policy": {
            "$ref": "#/components/headers/Content-Security-Policy"
          },
          "Cross-Origin-Resource-Policy": {
            "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
          },
          "Date": {
            "$ref": "#/components/headers/Date"
          },
          "Request-Id": {
            "$ref": "#/components/headers/Request-Id"
          },
          "X-Content-Type-Options": {
            "$ref": "#/components/headers/X-Content-Type-Options"
          }
        }
      },
      "HeadTooLarge": {
        "content": {
          "application/problem+json": {
            "example": {
              "code": "head-too-large",
              "detail": "The request line and the header fields together are larger than the limit for heads.",
              "request_id": "5c1e0f6b2a7d4c3e9b8a7d6c5e4f3a2b",
              "status": 431,
              "title": "The request's head is too large",
              "type": "/v1/problems/head-too-large"
            },
            "schema": {
              "$ref": "#/components/schemas/Problem"
            }
          }
        },
        "description": "The head has more than 8 KiB (`head-too-large`); the connection closes.",
        "headers": {
          "Cache-Control": {
            "$ref": "#/components/headers/Cache-Control"
          },
          "Content-Security-Policy": {
            "$ref": "#/components/headers/Content-Security-Policy"
          },
          "Cross-Origin-Resource-Policy": {
            "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
          },
          "Date": {
            "$ref": "#/components/headers/Date"
          },
          "Request-Id": {
            "$ref": "#/components/headers/Request-Id"
          },
          "X-Content-Type-Options": {
            "$ref": "#/components/headers/X-Content-Type-Options"
          }
        }
      },
      "NotAdopted": {
        "content": {
          "application/problem+json": {
            "example": {
              "code": "not-adopted",
              "detail": "the change is stored as revision 1843 and published, but 1 worker has not adopted it",
              "request_id": "5c1e0f6b2a7d4c3e9b8a7d6c5e4f3a2b",
              "revision": 1843,
              "status": 500,
              "stored": true,
              "title": "The change is kept, but not live everywhere",
              "type": "/v1/problems/not-adopted",
              "workers": 1
            },
            "schema": {
              "$ref": "#/components/schemas/Problem"
            }
          }
        },
        "description": "The change is stored, and some workers have not adopted it (`not-adopted`).",
        "headers": {
          "Cache-Control": {
            "$ref": "#/components/headers/Cache-Control"
          },
          "Content-Security-Policy": {
            "$ref": "#/components/headers/Content-Security-Policy"
          },
          "Cross-Origin-Resource-Policy": {
            "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
          },
          "Date": {
            "$ref": "#/components/headers/Date"
          },
          "LB-Revision": {
            "$ref": "#/components/headers/LB-Revision"
          },
          "Request-Id": {
            "$ref": "#/components/headers/Request-Id"
          },
          "X-Content-Type-Options": {
            "$ref": "#/components/headers/X-Content-Type-Options"
          }
        }
      },
      "NotDurable": {
        "content": {
          "application/problem+json": {
            "example": {
              "code": "not-durable",
              "detail": "the change could not be written to /var/lib/lb/lb.sqlite3 (database or disk is full), so nothing was changed: make room or see to the disk, then repeat it",
              "request_id": "5c1e0f6b2a7d4c3e9b8a7d6c5e4f3a2b",
              "status": 507,
              "title": "The change could not be stored",
              "type": "/v1/problems/not-durable"
            },
            "schema": {
              "$ref": "#/components/schemas/Problem"
            }
          }
        },
        "description": "The change could not be written to the disk, so nothing was changed (`not-durable`).",
        "headers": {
          "Cache-Control": {
            "$ref": "#/components/headers/Cache-Control"
          },
          "Content-Security-Policy": {
            "$ref": "#/components/headers/Content-Security-Policy"
          },
          "Cross-Origin-Resource-Policy": {
            "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
          },
          "Date": {
            "$ref": "#/components/headers/Date"
          },
          "Request-Id": {
            "$ref": "#/components/headers/Request-Id"
          },
          "X-Content-Type-Options": {
            "$ref": "#/components/headers/X-Content-Type-Options"
          }
        }
      },
      "NotFound": {
        "content": {
          "application/problem+json": {
            "example": {
              "code": "not-found",
              "detail": "there is no backend \"wbe-1\"",
              "hint": "did you mean \"web-1\"?",
              "request_id": "5c1e0f6b2a7d4c3e9b8a7d6c5e4f3a2b",
              "status": 404,
              "title": "There is no such thing",
              "type": "/v1/problems/not-found"
            },
            "schema": {
              "$ref": "#/components/schemas/Problem"
            }
          }
        },
        "description": "There is no such backend, pool or problem (`not-found`).",
        "headers": {
          "Cache-Control": {
            "$ref": "#/components/headers/Cache-Control"
          },
          "Content-Security-Policy": {
            "$ref": "#/components/headers/Content-Security-Policy"
          },
          "Cross-Origin-Resource-Policy": {
            "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
          },
          "Date": {
            "$ref": "#/components/headers/Date"
          },
          "Request-Id": {
            "$ref": "#/components/headers/Request-Id"
          },
          "X-Content-Type-Options": {
            "$ref": "#/components/headers/X-Content-Type-Options"
          }
        }
      },
      "NotImplemented": {
        "content": {
          "application/problem+json": {
            "example": {
              "code": "not-implemented",
              "detail": "The Transfer-Encoding header field names a coding other than \"chunked\".",
              "request_id": "5c1e0f6b2a7d4c3e9b8a7d6c5e4f3a2b",
              "status": 501,
              "title": "The request uses a coding that is not implemented",
              "type": "/v1/problems/not-implemented"
            },
            "schema": {
              "$ref": "#/components/schemas/Problem"
            }
          }
        },
        "description": "A transfer coding other than `chunked`, or a method name longer than 32 bytes (`not-implemented`).",
        "headers": {
          "Cache-Control": {
            "$ref": "#/components/headers/Cache-Control"
          },
          "Content-Security-Policy": {
            "$ref": "#/components/headers/Content-Security-Policy"
          },
          "Cross-Origin-Resource-Policy": {
            "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
          },
          "Date": {
            "$ref": "#/components/headers/Date"
          },
          "Request-Id": {
            "$ref": "#/components/headers/Request-Id"
          },
          "X-Content-Type-Options": {
            "$ref": "#/components/headers/X-Content-Type-Options"
          }
        }
      },
      "NotModified": {
        "description": "The version the client has is current.",
        "headers": {
          "Cache-Control": {
            "$ref": "#/components/headers/Cache-Control"
          },
          "Content-Security-Policy": {
            "$ref": "#/components/headers/Content-Security-Policy"
          },
          "Cross-Origin-Resource-Policy": {
            "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
          },
          "Date": {
            "$ref": "#/components/headers/Date"
          },
          "ETag": {
            "$ref": "#/components/headers/ETag"
          },
          "LB-Revision": {
            "$ref": "#/components/headers/LB-Revision"
          },
          "Request-Id": {
            "$ref": "#/components/headers/Request-Id"
          },
          "X-Content-Type-Options": {
            "$ref": "#/components/headers/X-Content-Type-Options"
          }
        }
      },
      "PreconditionFailed": {
        "content": {
          "application/problem+json": {
            "example": {
              "changes": [
                {
                  "actor": {
                    "ip": "127.0.0.1",
                    "name": "127.0.0.1",
                    "via": "network"
                  },
                  "at": "2026-11-21T06:48:00.125Z",
                  "forced": false,
                  "reason": null,
                  "request_id": "5c1e0f6b2a7d4c3e9b8a7d6c5e4f3a2b",
                  "revision": 1843,
                  "rollback_to": null,
                  "summary": "backend web-1 removed: http://10.0.0.1:80 pool=default weight=1"
                }
              ],
              "code": "precondition-failed",
              "current": "\"k7f3pq.1843\"",
              "detail": "the backend \"web-1\" is at version \"k7f3pq.1843\"",
              "request_id": "5c1e0f6b2a7d4c3e9b8a7d6c5e4f3a2b",
              "status": 412,
              "title": "It has changed since you read it",
              "type": "/v1/problems/precondition-failed"
            },
            "schema": {
              "$ref": "#/components/schemas/Problem"
            }
          }
        },
        "description": "`If-Match` or `If-None-Match` does not hold (`precondition-failed`). `ETag` and `current` are the current version, where there is one; `changes` what happened since, newest first, where that can be told.",
        "headers": {
          "Cache-Control": {
            "$ref": "#/components/headers/Cache-Control"
          },
          "Content-Security-Policy": {
            "$ref": "#/components/headers/Content-Security-Policy"
          },
          "Cross-Origin-Resource-Policy": {
            "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
          },
          "Date": {
            "$ref": "#/components/headers/Date"
          },
          "ETag": {
            "$ref": "#/components/headers/ETag"
          },
          "Request-Id": {
            "$ref": "#/components/headers/Request-Id"
          },
          "X-Content-Type-Options": {
            "$ref": "#/components/headers/X-Content-Type-Options"
          }
        }
      },
      "PreconditionRequired": {
        "content": {
          "application/problem+json": {
            "example": {
              "code": "precondition-required",
              "current": "\"k7f3pq.1843\"",
              "detail": "a change of the configuration has to say which version it is made to",
              "request_id": "5c1e0f6b2a7d4c3e9b8a7d6c5e4f3a2b",
              "status": 428,
              "title": "The change has to say which version it is made to",
              "type": "/v1/problems/precondition-required"
            },
            "schema": {
              "$ref": "#/components/schemas/Problem"
            }
          }
        },
        "description": "This daemon takes no change without `If-Match` or `If-None-Match` (`precondition-required`).",
        "headers": {
          "Cache-Control": {
            "$ref": "#/components/headers/Cache-Control"
          },
          "Content-Security-Policy": {
            "$ref": "#/components/headers/Content-Security-Policy"
          },
          "Cross-Origin-Resource-Policy": {
            "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
          },
          "Date": {
            "$ref": "#/components/headers/Date"
          },
          "ETag": {
            "$ref": "#/components/headers/ETag"
          },
          "Request-Id": {
            "$ref": "#/components/headers/Request-Id"
          },
          "X-Content-Type-Options": {
            "$ref": "#/components/headers/X-Content-Type-Options"
          }
        }
      },
      "Refused": {
        "content": {
          "application/problem+json": {
            "example": {
              "code": "last-healthy-backend",
              "detail": "\"web-2\" is the last healthy backend of the pool \"default\"",
              "healthy": [
                "web-2"
              ],
              "healthy_after": 0,
              "hint": "add a backend and wait until it is healthy, or repeat with ?force=true: clients will get 503",
              "min_ready": 1,
              "pool": "default",
              "request_id": "5c1e0f6b2a7d4c3e9b8a7d6c5e4f3a2b",
              "status": 409,
              "title": "The last healthy backend of a pool would be lost",
              "type": "/v1/problems/last-healthy-backend"
            },
            "schema": {
              "$ref": "#/components/schemas/Problem"
            }
          }
        },
        "description": "A guard refuses (`last-healthy-backend`, `min-ready`, `duplicate-url`, `in-use`; for POST also `exists`), or what is waited for cannot come true any more (`condition-unreachable`).",
        "headers": {
          "Cache-Control": {
            "$ref": "#/components/headers/Cache-Control"
          },
          "Content-Security-Policy": {
            "$ref": "#/components/headers/Content-Security-Policy"
          },
          "Cross-Origin-Resource-Policy": {
            "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
          },
          "Date": {
            "$ref": "#/components/headers/Date"
          },
          "ETag": {
            "$ref": "#/components/headers/ETag"
          },
          "LB-Changed": {
            "$ref": "#/components/headers/LB-Changed"
          },
          "LB-Operation": {
            "$ref": "#/components/headers/LB-Operation"
          },
          "LB-Revision": {
            "$ref": "#/components/headers/LB-Revision"
          },
          "Location": {
            "$ref": "#/components/headers/Location"
          },
          "Request-Id": {
            "$ref": "#/components/headers/Request-Id"
          },
          "Server-Timing": {
            "$ref": "#/components/headers/Server-Timing"
          },
          "X-Content-Type-Options": {
            "$ref": "#/components/headers/X-Content-Type-Options"
          }
        }
      },
      "RequestTimeout": {
        "content": {
          "application/problem+json": {
            "example": {
              "code": "request-timeout",
              "detail": "the body was not complete within 10s: 17 bytes came",
              "request_id": "5c1e0f6b2a7d4c3e9b8a7d6c5e4f3a2b",
              "status": 408,
              "title": "The request did not arrive in time",
              "type": "/v1/problems/request-timeout"
            },
            "schema": {
              "$ref": "#/components/schemas/Problem"
            }
          }
        },
        "description": "Head or body did not arrive in 10 s (`request-timeout`); the connection closes.",
        "headers": {
          "Cache-Control": {
            "$ref": "#/components/headers/Cache-Control"
          },
          "Content-Security-Policy": {
            "$ref": "#/components/headers/Content-Security-Policy"
          },
          "Cross-Origin-Resource-Policy": {
            "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
          },
          "Date": {
            "$ref": "#/components/headers/Date"
          },
          "Request-Id": {
            "$ref": "#/components/headers/Request-Id"
          },
          "X-Content-Type-Options": {
            "$ref": "#/components/headers/X-Content-Type-Options"
          }
        }
      },
      "TooManyWaits": {
        "content": {
          "application/problem+json": {
            "example": {
              "code": "too-many-waits",
              "detail": "64 requests wait or stream already; nothing was changed",
              "request_id": "5c1e0f6b2a7d4c3e9b8a7d6c5e4f3a2b",
              "status": 429,
              "title": "Too many requests are waiting",
              "type": "/v1/problems/too-many-waits"
            },
            "schema": {
              "$ref": "#/components/schemas/Problem"
            }
          }
        },
        "description": "64 requests wait, or 64 stream, or a large document is being read already (`too-many-waits`); nothing was changed.",
        "headers": {
          "Cache-Control": {
            "$ref": "#/components/headers/Cache-Control"
          },
          "Content-Security-Policy": {
            "$ref": "#/components/headers/Content-Security-Policy"
          },
          "Cross-Origin-Resource-Policy": {
            "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
          },
          "Date": {
            "$ref": "#/components/headers/Date"
          },
          "Request-Id": {
            "$ref": "#/components/headers/Request-Id"
          },
          "Retry-After": {
            "$ref": "#/components/headers/Retry-After"
          },
          "X-Content-Type-Options": {
            "$ref": "#/components/headers/X-Content-Type-Options"
          }
        }
      },
      "URITooLong": {
        "content": {
          "application/problem+json": {
            "example": {
              "code": "target-too-long",
              "detail": "The request line is longer than the limit for request lines.",
              "request_id": "5c1e0f6b2a7d4c3e9b8a7d6c5e4f3a2b",
              "status": 414,
              "title": "The request line is too long",
              "type": "/v1/problems/target-too-long"
            },
            "schema": {
              "$ref": "#/components/schemas/Problem"
            }
          }
        },
        "description": "The request line is too long (`target-too-long`); the connection closes.",
        "headers": {
          "Cache-Control": {
            "$ref": "#/components/headers/Cache-Control"
          },
          "Content-Security-Policy": {
            "$ref": "#/components/headers/Content-Security-Policy"
          },
          "Cross-Origin-Resource-Policy": {
            "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
          },
          "Date": {
            "$ref": "#/components/headers/Date"
          },
          "Request-Id": {
            "$ref": "#/components/headers/Request-Id"
          },
          "X-Content-Type-Options": {
            "$ref": "#/components/headers/X-Content-Type-Options"
          }
        }
      },
      "Unauthorized": {
        "content": {
          "application/problem+json": {
            "example": {
              "code": "unauthorized",
              "detail": "the request has no token",
              "hint": "send \"Authorization: Bearer TOKEN\"",
              "request_id": "5c1e0f6b2a7d4c3e9b8a7d6c5e4f3a2b",
              "status": 401,
              "title": "A token is needed",
              "type": "/v1/problems/unauthorized"
            },
            "schema": {
              "$ref": "#/components/schemas/Problem"
            }
          }
        },
        "description": "The admin port has a token file, and the request has no token, or none that is in it (`unauthorized`).",
        "headers": {
          "Cache-Control": {
            "$ref": "#/components/headers/Cache-Control"
          },
          "Content-Security-Policy": {
            "$ref": "#/components/headers/Content-Security-Policy"
          },
          "Cross-Origin-Resource-Policy": {
            "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
          },
          "Date": {
            "$ref": "#/components/headers/Date"
          },
          "Request-Id": {
            "$ref": "#/components/headers/Request-Id"
          },
          "WWW-Authenticate": {
            "$ref": "#/components/headers/WWW-Authenticate"
          },
          "X-Content-Type-Options": {
            "$ref": "#/components/headers/X-Content-Type-Options"
          }
        }
      },
      "Unavailable": {
        "content": {
          "application/problem+json": {
            "example": {
              "code": "stopping",
              "detail": "the daemon is stopping, and nothing was changed",
              "request_id": "5c1e0f6b2a7d4c3e9b8a7d6c5e4f3a2b",
              "status": 503,
              "title": "The daemon is stopping",
              "type": "/v1/problems/stopping"
            },
            "schema": {
              "$ref": "#/components/schemas/Problem"
            }
          }
        },
        "description": "Too many connections (`too-many-connections`), or the daemon is stopping (`stopping`); the detail tells whether a change was kept.",
        "headers": {
          "Cache-Control": {
            "$ref": "#/components/headers/Cache-Control"
          },
          "Content-Security-Policy": {
            "$ref": "#/components/headers/Content-Security-Policy"
          },
          "Cross-Origin-Resource-Policy": {
            "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
          },
          "Date": {
            "$ref": "#/components/headers/Date"
          },
          "ETag": {
            "$ref": "#/components/headers/ETag"
          },
          "LB-Changed": {
            "$ref": "#/components/headers/LB-Changed"
          },
          "LB-Revision": {
            "$ref": "#/components/headers/LB-Revision"
          },
          "Location": {
            "$ref": "#/components/headers/Location"
          },
          "Request-Id": {
            "$ref": "#/components/headers/Request-Id"
          },
          "Retry-After": {
            "$ref": "#/components/headers/Retry-After"
          },
          "Server-Timing": {
            "$ref": "#/components/headers/Server-Timing"
          },
          "X-Content-Type-Options": {
            "$ref": "#/components/headers/X-Content-Type-Options"
          }
        }
      },
      "Unprocessable": {
        "content": {
          "application/problem+json": {
            "example": {
              "code": "invalid",
              "detail": "/weight: must be a whole number from 0 to 1000",
              "errors": [
                {
                  "detail": "must be a whole number from 0 to 1000",
                  "got": "9999",
                  "pointer": "/weight"
                }
              ],
              "request_id": "5c1e0f6b2a7d4c3e9b8a7d6c5e4f3a2b",
              "status": 422,
              "title": "A value is not one it can be",
              "type": "/v1/problems/invalid"
            },
            "schema": {
              "$ref": "#/components/schemas/Problem"
            }
          }
        },
        "description": "A value is not one it can be (`invalid`); `errors` has them all.",
        "headers": {
          "Cache-Control": {
            "$ref": "#/components/headers/Cache-Control"
          },
          "Content-Security-Policy": {
            "$ref": "#/components/headers/Content-Security-Policy"
          },
          "Cross-Origin-Resource-Policy": {
            "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
          },
          "Date": {
            "$ref": "#/components/headers/Date"
          },
          "Request-Id": {
            "$ref": "#/components/headers/Request-Id"
          },
          "X-Content-Type-Options": {
            "$ref": "#/components/headers/X-Content-Type-Options"
          }
        }
      },
      "UnsupportedMediaType": {
        "content": {
          "application/problem+json": {
            "example": {
              "code": "unsupported-media-type",
              "detail": "the body must be JSON, not text/xml",
              "request_id": "5c1e0f6b2a7d4c3e9b8a7d6c5e4f3a2b",
              "status": 415,
              "title": "The body has to be JSON",
              "type": "/v1/problems/unsupported-media-type"
            },
            "schema": {
              "$ref": "#/components/schemas/Problem"
            }
          }
        },
        "description": "The body is not JSON by its type, or compressed (`unsupported-media-type`).",
        "headers": {
          "Accept": {
            "$ref": "#/components/headers/Accept"
          },
          "Accept-Patch": {
            "$ref": "#/components/headers/Accept-Patch"
          },
          "Cache-Control": {
            "$ref": "#/components/headers/Cache-Control"
          },
          "Content-Security-Policy": {
            "$ref": "#/components/headers/Content-Security-Policy"
          },
          "Cross-Origin-Resource-Policy": {
            "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
          },
          "Date": {
            "$ref": "#/components/headers/Date"
          },
          "Request-Id": {
            "$ref": "#/components/headers/Request-Id"
          },
          "X-Content-Type-Options": {
            "$ref": "#/components/headers/X-Content-Type-Options"
          }
        }
      },
      "VersionNotSupported": {
        "content": {
          "application/problem+json": {
            "example": {
              "code": "unsupported-version",
              "detail": "The protocol version is not HTTP/1.1, nor another HTTP/1.x.",
              "request_id": "5c1e0f6b2a7d4c3e9b8a7d6c5e4f3a2b",
              "status": 505,
              "title": "The HTTP version is not supported",
              "type": "/v1/problems/unsupported-version"
            },
            "schema": {
              "$ref": "#/components/schemas/Problem"
            }
          }
        },
        "description": "Neither HTTP/1.1 nor HTTP/1.0 (`unsupported-version`).",
        "headers": {
          "Cache-Control": {
            "$ref": "#/components/headers/Cache-Control"
          },
          "Content-Security-Policy": {
            "$ref": "#/components/headers/Content-Security-Policy"
          },
          "Cross-Origin-Resource-Policy": {
            "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
          },
          "Date": {
            "$ref": "#/components/headers/Date"
          },
          "Request-Id": {
            "$ref": "#/components/headers/Request-Id"
          },
          "X-Content-Type-Options": {
            "$ref": "#/components/headers/X-Content-Type-Options"
          }
        }
      },
      "WaitTimeout": {
        "content": {
          "application/problem+json": {
            "example": {
              "applied": true,
              "code": "wait-timeout",
              "detail": "the backend \"web-3\" does not serve after 30s: connect refused",
              "request_id": "5c1e0f6b2a7d4c3e9b8a7d6c5e4f3a2b",
              "revision": 1843,
              "status": 504,
              "title": "It did not come true in the time given",
              "type": "/v1/problems/wait-timeout"
            },
            "schema": {
              "$ref": "#/components/schemas/Problem"
            }
          }
        },
        "description": "The change is made, and a backend does not serve, or has not finished, within `wait` (`wait-timeout`). Repeating the request goes on waiting.",
        "headers": {
          "Cache-Control": {
            "$ref": "#/components/headers/Cache-Control"
          },
          "Content-Security-Policy": {
            "$ref": "#/components/headers/Content-Security-Policy"
          },
          "Cross-Origin-Resource-Policy": {
            "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
          },
          "Date": {
            "$ref": "#/components/headers/Date"
          },
          "ETag": {
            "$ref": "#/components/headers/ETag"
          },
          "LB-Changed": {
            "$ref": "#/components/headers/LB-Changed"
          },
          "LB-Operation": {
            "$ref": "#/components/headers/LB-Operation"
          },
          "LB-Revision": {
            "$ref": "#/components/headers/LB-Revision"
          },
          "Location": {
            "$ref": "#/components/headers/Location"
          },
          "Request-Id": {
            "$ref": "#/components/headers/Request-Id"
          },
          "Server-Timing": {
            "$ref": "#/components/headers/Server-Timing"
          },
          "X-Content-Type-Options": {
            "$ref": "#/components/headers/X-Content-Type-Options"
          }
        }
      }
    },
    "schemas": {
      "Actor": {
        "additionalProperties": false,
        "properties": {
          "ip": {
            "type": [
              "string",
              "null"
            ]
          },
          "name": {
            "description": "`file`, `uid N`, an address, or the name of a token.",
            "type": "string"
          },
          "via": {
            "enum": [
              "file",
              "unix",
              "network",
              "token"
            ],
            "type": "string"
          }
        },
        "required": [
          "name",
          "via",
          "ip"
        ],
        "type": "object"
      },
      "Answers": {
        "additionalProperties": false,
        "description": "What its requests were answered with in the end, by the first digit of the status, since the daemon started.",
        "properties": {
          "1xx": {
            "minimum": 0,
            "type": "integer"
          },
          "2xx": {
            "minimum": 0,
            "type": "integer"
          },
          "3xx": {
            "minimum": 0,
            "type": "integer"
          },
          "4xx": {
            "minimum": 0,
            "type": "integer"
          },
          "5xx": {
            "minimum": 0,
            "type": "integer"
          }
        },
        "required": [
          "1xx",
          "2xx",
          "3xx",
          "4xx",
          "5xx"
        ],
        "type": "object"
      },
      "Backend": {
        "additionalProperties": false,
        "properties": {
          "backup": {
            "description": "Serves only when no other backend of its pool can.",
            "type": "boolean"
          },
          "health_check": {
            "description": "What differs from the pool's check; null is the pool's, `off` is none.",
            "oneOf": [
              {
                "$ref": "#/components/schemas/HealthCheck"
              },
              {
                "$ref": "#/components/schemas/SwitchedOff"
              },
              {
                "type": "null"
              }
            ]
          },
          "labels": {
            "$ref": "#/components/schemas/Labels"
          },
          "max_requests": {
            "$ref": "#/components/schemas/MaxRequests"
          },
          "name": {
            "$ref": "#/components/schemas/BackendName"
          },
          "pool": {
            "$ref": "#/components/schemas/PoolReference"
          },
          "slow_start": {
            "description": "How long it takes to its full share when it is new or has recovered; null is the pool's.",
            "oneOf": [
              {
                "$ref": "#/components/schemas/Duration"
              },
              {
                "type": "null"
              }
            ]
          },
          "state": {
            "$ref": "#/components/schemas/BackendState"
          },
          "status": {
            "$ref": "#/components/schemas/Status"
          },
          "url": {
            "$ref": "#/components/schemas/BackendURL"
          },
          "weight": {
            "$ref": "#/components/schemas/Weight"
          }
        },
        "required": [
          "name",
          "url",
          "pool",
          "weight",
          "max_requests",
          "state",
          "backup",
          "slow_start",
          "labels",
          "health_check",
          "status"
        ],
        "type": "object"
      },
      "BackendBody": {
        "additionalProperties": false,
        "properties": {
          "backup": {
            "description": "Serves only when no other backend of its pool can.",
            "type": "boolean"
          },
          "health_check": {
            "description": "What differs from the pool's check; null is the pool's, `off` is none.",
            "oneOf": [
              {
                "$ref": "#/components/schemas/HealthCheck"
              },
              {
                "$ref": "#/components/schemas/SwitchedOff"
              },
              {
                "type": "null"
              }
            ]
          },
          "labels": {
            "$ref": "#/components/schemas/Labels"
          },
          "max_requests": {
            "$ref": "#/components/schemas/MaxRequests"
          },
          "name": {
            "$ref": "#/components/schemas/BackendName"
          },
          "pool": {
            "$ref": "#/components/schemas/PoolReference"
          },
          "slow_start": {
            "description": "How long it takes to its full share when it is new or has recovered; null is the pool's.",
            "oneOf": [
              {
                "$ref": "#/components/schemas/Duration"
              },
              {
                "type": "null"
              }
            ]
          },
          "state": {
            "$ref": "#/components/schemas/BackendState"
          },
          "status": {
            "description": "Ignored, so that what was read can be sent back."
          },
          "url": {
            "$ref": "#/components/schemas/BackendURL"
          },
          "weight": {
            "$ref": "#/components/schemas/Weight"
          }
        },
        "required": [
          "url"
        ],
        "type": "object"
      },
      "BackendChanges": {
        "additionalProperties": false,
        "properties": {
          "backends": {
            "additionalProperties": {
              "oneOf": [
                {
                  "$ref": "#/components/schemas/Backend"
                },
                {
                  "type": "null"
                }
              ]
            },
            "description": "Those that changed; null was removed.",
            "type": "object"
          },
          "operations": {
            "additionalProperties": {
              "type": "string"
            },
            "description": "The drains that this has begun, by backend.",
            "type": "object"
          },
          "revision": {
            "minimum": 0,
            "type": "integer"
          }
        },
        "required": [
          "revision",
          "backends",
          "operations"
        ],
        "type": "object"
      },
      "BackendHealth": {
        "additionalProperties": false,
        "properties": {
          "consecutive_fail": {
            "minimum": 0,
            "type": "integer"
          },
          "consecutive_ok": {
            "minimum": 0,
            "type": "integer"
          },
          "flaps_10m": {
            "description": "How often it has ceased to serve within the last ten minutes, by its checks or by its traffic; from three on it is flapping.",
            "minimum": 0,
            "type": "integer"
          },
          "last": {
            "$ref": "#/components/schemas/LastProbe"
          },
          "last_minute": {
            "$ref": "#/components/schemas/LastMinute"
          },
          "name": {
            "$ref": "#/components/schemas/BackendName"
          },
          "phase": {
            "$ref": "#/components/schemas/Phase"
          },
          "probes": {
            "description": "Newest last.",
            "items": {
              "$ref": "#/components/schemas/Probe"
            },
            "maxItems": 20,
            "type": "array"
          },
          "proven": {
            "description": "A check has passed that began after the last change of its address, its check or its state; true where there is no check. Waits end only then.",
            "type": "boolean"
          },
          "reason": {
            "$ref": "#/components/schemas/Reason"
          },
          "since": {
            "$ref": "#/components/schemas/Moment"
          },
          "state": {
            "$ref": "#/components/schemas/HealthState"
          }
        },
        "required": [
          "name",
          "state",
          "phase",
          "since",
          "reason",
          "consecutive_ok",
          "consecutive_fail",
          "flaps_10m",
          "proven",
          "last",
          "last_minute",
          "probes"
        ],
        "type": "object"
      },
      "BackendList": {
        "additionalProperties": false,
        "properties": {
          "backends": {
            "additionalProperties": {
              "type": "object"
            },
            "description": "By name; with `fields`, only the members asked for.",
            "type": "object"
          },
          "next": {
            "description": "With `limit`, the last name of this answer when there are more after it.",
            "type": [
              "string",
              "null"
            ]
          },
          "revision": {
            "minimum": 0,
            "type": "integer"
          }
        },
        "required": [
          "backends",
          "revision",
          "next"
        ],
        "type": "object"
      },
      "BackendName": {
        "description": "Neither `.` nor `..`.",
        "pattern": "^[A-Za-z0-9._:][A-Za-z0-9._:-]{0,63}$",
        "type": "string"
      },
      "BackendPatch": {
        "additionalProperties": false,
        "description": "Members of a backend, where null gives the default.",
        "properties": {
          "backup": {},
          "health_check": {},
          "labels": {},
          "max_requests": {},
          "name": {},
          "pool": {},
          "slow_start": {},
          "state": {},
          "status": {},
          "url": {},
          "weight": {}
        },
        "type": "object"
      },
      "BackendPatches": {
        "additionalProperties": {
          "oneOf": [
            {
              "$ref": "#/components/schemas/BackendPatch"
            },
            {
              "type": "null"
            }
          ]
        },
        "description": "Members to set by the name of the backend; null removes it.",
        "propertyNames": {
          "$ref": "#/components/schemas/BackendName"
        },
        "type": "object"
      },
      "BackendSpec": {
        "additionalProperties": false,
        "properties": {
          "backup": {
            "description": "Serves only when no other backend of its pool can.",
            "type": "boolean"
          },
          "health_check": {
            "description": "What differs from the pool's check; null is the pool's, `off` is none.",
            "oneOf": [
              {
                "$ref": "#/components/schemas/HealthCheck"
              },
              {
                "$ref": "#/components/schemas/SwitchedOff"
              },
              {
                "type": "null"
              }
            ]
          },
          "labels": {
            "$ref": "#/components/schemas/Labels"
          },
          "max_requests": {
            "$ref": "#/components/schemas/MaxRequests"
          },
          "pool": {
            "$ref": "#/components/schemas/PoolReference"
          },
          "slow_start": {
            "description": "How long it takes to its full share when it is new or has recovered; null is the pool's.",
            "oneOf": [
              {
                "$ref": "#/components/schemas/Duration"
              },
              {
                "type": "null"
              }
            ]
          },
          "state": {
            "$ref": "#/components/schemas/BackendState"
          },
          "url": {
            "$ref": "#/components/schemas/BackendURL"
          },
          "weight": {
            "$ref": "#/components/schemas/Weight"
          }
        },
        "required": [
          "url",
          "pool",
          "weight",
          "max_requests",
          "state",
          "backup",
          "slow_start",
          "labels",
          "health_check"
        ],
        "type": "object"
      },
      "BackendState": {
        "default": "ready",
        "description": "What is wanted of it: `drain` takes nothing new and finishes what it has; `maint` is out of service, unchecked.\n",
        "enum": [
          "ready",
          "drain",
          "maint"
        ],
        "type": "string"
      },
      "BackendURL": {
        "description": "`http://HOST:PORT` or `unix:/PATH`. HOST is an IPv4 address, an IPv6 address in brackets, or a name; the port\nis 80 where it is left out. Answers have it spelled out.\n",
        "examples": [
          "http://10.0.0.3:8080",
          "http://[::1]:8080",
          "unix:/run/app.sock"
        ],
        "type": "string"
      },
      "Checks": {
        "additionalProperties": {
          "additionalProperties": false,
          "properties": {
            "detail": {
              "type": "string"
            },
            "ok": {
              "type": "boolean"
            }
          },
          "required": [
            "ok",
            "detail"
          ],
          "type": "object"
        },
        "type": "object"
      },
      "Config": {
        "additionalProperties": false,
        "properties": {
          "backends": {
            "additionalProperties": {
              "$ref": "#/components/schemas/BackendSpec"
            },
            "type": "object"
          },
          "pools": {
            "additionalProperties": {
              "$ref": "#/components/schemas/PoolSpec"
            },
            "type": "object"
          },
          "waiting": {
            "$ref": "#/components/schemas/Waiting"
          }
        },
        "required": [
          "pools",
          "backends"
        ],
        "type": "object"
      },
      "ConfigBody": {
        "additionalProperties": false,
        "properties": {
          "backends": {
            "additionalProperties": {
              "$ref": "#/components/schemas/BackendBody"
            },
            "maxProperties": 16384,
            "propertyNames": {
              "$ref": "#/components/schemas/BackendName"
            },
            "type": "object"
          },
          "pools": {
            "additionalProperties": {
              "$ref": "#/components/schemas/PoolBody"
            },
            "maxProperties": 256,
            "propertyNames": {
              "$ref": "#/components/schemas/BackendName"
            },
            "type": "object"
          },
          "waiting": {
            "$ref": "#/components/schemas/WaitingNames"
          }
        },
        "type": "object"
      },
      "ConfigPatch": {
        "additionalProperties": false,
        "properties": {
          "backends": {
            "$ref": "#/components/schemas/BackendPatches"
          },
          "pools": {
            "additionalProperties": {
              "oneOf": [
                {
                  "$ref": "#/components/schemas/PoolPatch"
                },
                {
                  "type": "null"
                }
              ]
            },
            "propertyNames": {
              "$ref": "#/components/schemas/BackendName"
            },
            "type": "object"
          },
          "waiting": {
            "$ref": "#/components/schemas/WaitingNames"
          }
        },
        "type": "object"
      },
      "Drain": {
        "additionalProperties": false,
        "description": "Counted from the moment when every worker had taken up that the backend gets nothing new.",
        "properties": {
          "completed": {
            "minimum": 0,
            "type": "integer"
          },
          "cut": {
            "description": "Requests that were ended at the deadline.",
            "minimum": 0,
            "type": "integer"
          },
          "elapsed": {
            "type": "string"
          },
          "idle_closed": {
            "description": "Idle connections to it that were closed at the start.",
            "minimum": 0,
            "type": "integer"
          },
          "in_flight": {
            "minimum": 0,
            "type": "integer"
          },
          "in_flight_at_start": {
            "minimum": 0,
            "type": "integer"
          },
          "moved": {
            "description": "Requests that were taken away from it and sent again elsewhere.",
            "minimum": 0,
            "type": "integer"
          },
          "outcome": {
            "description": "`clean`: everything finished by itself; `cut`: something was ended at the deadline.",
            "enum": [
              "draining",
              "clean",
              "cut",
              "cancelled",
              "failed"
            ],
            "type": "string"
          },
          "sent_after_start": {
            "description": "Requests that were sent to it after the start; always 0.",
            "minimum": 0,
            "type": "integer"
          },
          "streams": {
            "description": "Tunnels (WebSocket) that are still open; they live to the deadline.",
            "minimum": 0,
            "type": "integer"
          },
          "streams_closed": {
            "minimum": 0,
            "type": "integer"
          }
        },
        "required": [
          "outcome",
          "elapsed",
          "in_flight_at_start",
          "in_flight",
          "streams",
          "completed",
          "moved",
          "cut",
          "streams_closed",
          "idle_closed",
          "sent_after_start"
        ],
        "type": "object"
      },
      "DrainReport": {
        "additionalProperties": false,
        "properties": {
          "drain": {
            "$ref": "#/components/schemas/Drain"
          },
          "name": {
            "$ref": "#/components/schemas/BackendName"
          },
          "operation": {
            "type": [
              "string",
              "null"
            ]
          },
          "revision": {
            "minimum": 0,
            "type": "integer"
          }
        },
        "required": [
          "name",
          "revision",
          "operation",
          "drain"
        ],
        "type": "object"
      },
      "Duration": {
        "examples": [
          "500ms",
          "30s"
        ],
        "pattern": "^[0-9]+([.][0-9]+)?(us|ms|s|m|h)$",
        "type": "string"
      },
      "DurationOrNull": {
        "oneOf": [
          {
            "$ref": "#/components/schemas/Duration"
          },
          {
            "type": "null"
          }
        ]
      },
      "Health": {
        "additionalProperties": false,
        "properties": {
          "backends": {
            "additionalProperties": {
              "$ref": "#/components/schemas/HealthLine"
            },
            "type": "object"
          },
          "summary": {
            "additionalProperties": false,
            "properties": {
              "draining": {
                "minimum": 0,
                "type": "integer"
              },
              "healthy": {
                "minimum": 0,
                "type": "integer"
              },
              "unhealthy": {
                "minimum": 0,
                "type": "integer"
              },
              "unknown": {
                "minimum": 0,
                "type": "integer"
              }
            },
            "required": [
              "healthy",
              "unhealthy",
              "unknown",
              "draining"
            ],
            "type": "object"
          }
        },
        "required": [
          "backends",
          "summary"
        ],
        "type": "object"
      },
      "HealthCheck": {
        "additionalProperties": false,
        "properties": {
          "body": {
            "maxLength": 256,
            "minLength": 1,
            "type": [
              "string",
              "null"
            ]
          },
          "expect": {
            "anyOf": [
              {
                "maximum": 599,
                "minimum": 100,
                "type": "integer"
              },
              {
                "type": "string"
              }
            ],
            "description": "Statuses that pass, such as 200, \"200-399\" or \"200,204\"."
          },
          "fall": {
            "maximum": 100,
            "minimum": 1,
            "type": "integer"
          },
          "headers": {
            "additionalProperties": {
              "type": "string"
            },
            "maxProperties": 16,
            "type": "object"
          },
          "host": {
            "maxLength": 255,
            "type": [
              "string",
              "null"
            ]
          },
          "interval": {
            "$ref": "#/components/schemas/Duration"
          },
          "path": {
            "maxLength": 1024,
            "type": "string"
          },
          "rise": {
            "maximum": 100,
            "minimum": 1,
            "type": "integer"
          },
          "start": {
            "enum": [
              "up",
              "down"
            ],
            "type": "string"
          },
          "timeout": {
            "$ref": "#/components/schemas/Duration"
          },
          "type": {
            "enum": [
              "http",
              "tcp"
            ],
            "type": "string"
          }
        },
        "type": "object"
      },
      "HealthLine": {
        "additionalProperties": false,
        "properties": {
          "last": {
            "$ref": "#/components/schemas/LastProbe"
          },
          "last_minute": {
            "$ref": "#/components/schemas/LastMinute"
          },
          "phase": {
            "$ref": "#/components/schemas/Phase"
          },
          "reason": {
            "$ref": "#/components/schemas/Reason"
          },
          "since": {
            "$ref": "#/components/schemas/Moment"
          },
          "state": {
            "$ref": "#/components/schemas/HealthState"
          }
        },
        "required": [
          "state",
          "phase",
          "since",
          "reason",
          "last",
          "last_minute"
        ],
        "type": "object"
      },
      "HealthState": {
        "enum": [
          "unknown",
          "healthy",
          "unhealthy"
        ],
        "type": "string"
      },
      "History": {
        "items": {
          "$ref": "#/components/schemas/Revision"
        },
        "type": "array"
      },
      "Labels": {
        "additionalProperties": {
          "maxLength": 128,
          "type": "string"
        },
        "maxProperties": 32,
        "propertyNames": {
          "pattern": "^[A-Za-z0-9._/-]{1,64}$"
        },
        "type": "object"
      },
      "LastMinute": {
        "additionalProperties": false,
        "description": "How its requests were answered within the last minute or so. From 20 answers on of which 5 % are 5xx, `lbctl status`\nwarns and there is an event `health.failing`.\n",
        "properties": {
          "5xx": {
            "minimum": 0,
            "type": "integer"
          },
          "answers": {
            "minimum": 0,
            "type": "integer"
          }
        },
        "required": [
          "answers",
          "5xx"
        ],
        "type": "object"
      },
      "LastProbe": {
        "oneOf": [
          {
            "$ref": "#/components/schemas/Probe"
          },
          {
            "type": "null"
          }
        ]
      },
      "LatencyQuantiles": {
        "additionalProperties": false,
        "properties": {
          "count": {
            "minimum": 0,
            "type": "integer"
          },
          "p50_ms": {
            "$ref": "#/components/schemas/Quantile"
          },
          "p90_ms": {
            "$ref": "#/components/schemas/Quantile"
          },
          "p99_ms": {
            "$ref": "#/components/schemas/Quantile"
          }
        },
        "required": [
          "count",
          "p50_ms",
          "p90_ms",
          "p99_ms"
        ],
        "type": "object"
      },
      "Liveness": {
        "additionalProperties": false,
        "properties": {
          "ok": {
            "const": true,
            "type": "boolean"
          }
        },
        "required": [
          "ok"
        ],
        "type": "object"
      },
      "MaxRequests": {
        "default": 0,
        "description": "Requests in flight at once, over all workers; 0 is any number. What finds every backend at its limit waits in a queue, and is answered 503 when it has waited too long.",
        "maximum": 1000000,
        "minimum": 0,
        "type": "integer"
      },
      "Moment": {
        "format": "date-time",
        "type": [
          "string",
          "null"
        ]
      },
      "NewBackend": {
        "additionalProperties": false,
        "properties": {
          "backup": {
            "description": "Serves only when no other backend of its pool can.",
            "type": "boolean"
          },
          "health_check": {
            "description": "What differs from the pool's check; null is the pool's, `off` is none.",
            "oneOf": [
              {
                "$ref": "#/components/schemas/HealthCheck"
              },
              {
                "$ref": "#/components/schemas/SwitchedOff"
              },
              {
                "type": "null"
              }
            ]
          },
          "labels": {
            "$ref": "#/components/schemas/Labels"
          },
          "max_requests": {
            "$ref": "#/components/schemas/MaxRequests"
          },
          "name": {
            "$ref": "#/components/schemas/BackendName"
          },
          "pool": {
            "$ref": "#/components/schemas/PoolReference"
          },
          "slow_start": {
            "description": "How long it takes to its full share when it is new or has recovered; null is the pool's.",
            "oneOf": [
              {
                "$ref": "#/components/schemas/Duration"
              },
              {
                "type": "null"
              }
            ]
          },
          "state": {
            "$ref": "#/components/schemas/BackendState"
          },
          "status": {
            "description": "Ignored, so that what was read can be sent back."
          },
          "url": {
            "$ref": "#/components/schemas/BackendURL"
          },
          "weight": {
            "$ref": "#/components/schemas/Weight"
          }
        },
        "required": [
          "url"
        ],
        "type": "object"
      },
      "Operation": {
        "additionalProperties": false,
        "properties": {
          "actor": {
            "$ref": "#/components/schemas/Actor"
          },
          "backend": {
            "$ref": "#/components/schemas/BackendName"
          },
          "deadline": {
            "$ref": "#/components/schemas/Moment"
          },
          "detail": {
            "description": "Why it was cancelled or failed.",
            "type": [
              "string",
              "null"
            ]
          },
          "drain": {
            "$ref": "#/components/schemas/Drain"
          },
          "ended_at": {
            "$ref": "#/components/schemas/Moment"
          },
          "id": {
            "type": "string"
          },
          "kind": {
            "enum": [
              "drain"
            ],
            "type": "string"
          },
          "purpose": {
            "description": "Why it drains: it was removed, its state says so, or its name has another URL or pool now.",
            "enum": [
              "removal",
              "rest",
              "replacement"
            ],
            "type": "string"
          },
          "reason": {
            "type": [
              "string",
              "null"
            ]
          },
          "revision": {
            "description": "The change that began it.",
            "minimum": 0,
            "type": "integer"
          },
          "started_at": {
            "$ref": "#/components/schemas/Moment"
          },
          "state": {
            "enum": [
              "running",
              "succeeded",
              "failed",
              "cancelled"
            ],
            "type": "string"
          }
        },
        "required": [
          "id",
          "kind",
          "state",
          "backend",
          "purpose",
          "revision",
          "actor",
          "reason",
          "started_at",
          "deadline",
          "ended_at",
          "detail",
          "drain"
        ],
        "type": "object"
      },
      "OperationList": {
        "additionalProperties": false,
        "properties": {
          "operations": {
            "additionalProperties": {
              "$ref": "#/components/schemas/Operation"
            },
            "type": "object"
          }
        },
        "required": [
          "operations"
        ],
        "type": "object"
      },
      "Phase": {
        "description": "`starting` has no verdict yet; `ejected` has failed requests and is left alone for a while; `draining` takes nothing new and\nfinishes what it has; `maint` is out of service.\n",
        "enum": [
          "starting",
          "serving",
          "unhealthy",
          "ejected",
          "draining",
          "maint"
        ],
        "type": "string"
      },
      "Plan": {
        "additionalProperties": false,
        "properties": {
          "changes": {
            "items": {
              "additionalProperties": false,
              "properties": {
                "effect": {
                  "description": "What it does to traffic.",
                  "type": [
                    "string",
                    "null"
                  ]
                },
                "from": {},
                "op": {
                  "enum": [
                    "add",
                    "remove",
                    "change"
                  ],
                  "type": "string"
                },
                "path": {
                  "type": "string"
                },
                "to": {}
              },
              "required": [
                "op",
                "path",
                "from",
                "to",
                "effect"
              ],
              "type": "object"
            },
            "type": "array"
          },
          "probes": {
            "additionalProperties": {
              "additionalProperties": false,
              "properties": {
                "address": {
                  "type": "string"
                },
                "error": {
                  "type": [
                    "string",
                    "null"
                  ]
                },
                "http": {
                  "type": [
                    "integer",
                    "null"
                  ]
                },
                "ms": {
                  "minimum": 0,
                  "type": "number"
                }
              },
              "required": [
                "address",
                "ms",
                "http",
                "error"
              ],
              "type": "object"
            },
            "description": "With `probe`, what the checks came to.",
            "type": "object"
          },
          "revision": {
            "minimum": 0,
            "type": "integer"
          },
          "warnings": {
            "description": "What a guard has to say, where `force` overrides it.",
            "items": {
              "type": "string"
            },
            "type": "array"
          }
        },
        "required": [
          "changes",
          "warnings",
          "revision"
        ],
        "type": "object"
      },
      "Pool": {
        "additionalProperties": false,
        "properties": {
          "algorithm": {
            "enum": [
              "round_robin",
              "least_request",
              "least_request_exact",
              "random",
              "peak_ewma",
              "hash"
            ],
            "type": "string"
          },
          "drain": {
            "$ref": "#/components/schemas/Duration"
          },
          "hash_by": {
            "description": "`client_ip`, `path`, `uri`, `header:NAME` or `cookie:NAME`.",
            "type": "string"
          },
          "health_check": {
            "description": "Null is the default check, `off` is none.",
            "oneOf": [
              {
                "$ref": "#/components/schemas/HealthCheck"
              },
              {
                "$ref": "#/components/schemas/SwitchedOff"
              },
              {
                "type": "null"
              }
            ]
          },
          "min_ready": {
            "maximum": 16384,
            "minimum": 0,
            "type": "integer"
          },
          "name": {
            "$ref": "#/components/schemas/BackendName"
          },
          "on_client_fin": {
            "description": "What a client's FIN means while its request runs. `finish` (the default): the request is finished, for the client may still be reading, but it is not sent to another backend if it fails. `cancel`: it is cancelled, and its connection to the backend is closed. A request that is queued is cancelled in either case.",
            "enum": [
              "finish",
              "cancel"
            ],
            "type": "string"
          },
          "panic_threshold": {
            "$ref": "#/components/schemas/Share"
          },
          "passive": {
            "description": "Null is the default, `off` is none.",
            "oneOf": [
              {
                "additionalProperties": false,
                "properties": {
                  "eject": {
                    "$ref": "#/components/schemas/Duration"
                  },
                  "eject_max": {
                    "$ref": "#/components/schemas/Duration"
                  },
                  "errors": {
                    "maximum": 1000,
                    "minimum": 1,
                    "type": "integer"
                  },
                  "http_5xx": {
                    "description": "Answers of status 500 and above in a row that eject; 0 is never.",
                    "maximum": 1000,
                    "minimum": 0,
                    "type": "integer"
                  },
                  "http_5xx_share": {
                    "$ref": "#/components/schemas/Share",
                    "description": "The share of such answers within ten seconds that ejects; 0 is never."
                  },
                  "max_ejected": {
                    "$ref": "#/components/schemas/Share"
                  },
                  "volume": {
                    "description": "So many answers there must be in ten seconds for the share to count.",
                    "maximum": 1000000,
                    "minimum": 1,
                    "type": "integer"
                  }
                },
                "type": "object"
              },
              {
                "$ref": "#/components/schemas/SwitchedOff"
              },
              {
                "type": "null"
              }
            ]
          },
          "retry": {
            "additionalProperties": false,
            "properties": {
              "budget": {
                "$ref": "#/components/schemas/Share"
              },
              "max": {
                "maximum": 5,
                "minimum": 0,
                "type": "integer"
              },
              "on": {
                "items": {
                  "$ref": "#/components/schemas/RetryOn"
                },
                "type": "array"
              }
            },
            "type": "object"
          },
          "slow_start": {
            "$ref": "#/components/schemas/Duration"
          },
          "status": {
            "additionalProperties": false,
            "properties": {
              "backends": {
                "minimum": 0,
                "type": "integer"
              },
              "serving": {
                "minimum": 0,
                "type": "integer"
              }
            },
            "readOnly": true,
            "required": [
              "backends",
              "serving"
            ],
            "type": "object"
          },
          "sticky": {
            "description": "A cookie that brings a client back to its backend; null and `off` are none.",
            "oneOf": [
              {
                "additionalProperties": false,
                "properties": {
                  "cookie": {
                    "type": "string"
                  },
                  "ttl": {
                    "$ref": "#/components/schemas/Duration"
                  }
                },
                "type": "object"
              },
              {
                "$ref": "#/components/schemas/SwitchedOff"
              },
              {
                "type": "null"
              }
            ]
          },
          "timeouts": {
            "additionalProperties": false,
            "properties": {
              "connect": {
                "$ref": "#/components/schemas/DurationOrNull"
              },
              "queue": {
                "$ref": "#/components/schemas/DurationOrNull"
              },
              "response_first_byte": {
                "$ref": "#/components/schemas/DurationOrNull"
              },
              "response_stall": {
                "$ref": "#/components/schemas/DurationOrNull"
              },
              "total": {
                "oneOf": [
                  {
                    "$ref": "#/components/schemas/DurationOrNull"
                  },
                  {
                    "$ref": "#/components/schemas/SwitchedOff"
                  }
                ]
              }
            },
            "type": "object"
          }
        },
        "required": [
          "name",
          "algorithm",
          "hash_by",
          "sticky",
          "slow_start",
          "panic_threshold",
          "min_ready",
          "drain",
          "health_check",
          "passive",
          "retry",
          "timeouts",
          "on_client_fin",
          "status"
        ],
        "type": "object"
      },
      "PoolBody": {
        "additionalProperties": false,
        "properties": {
          "algorithm": {
            "enum": [
              "round_robin",
              "least_request",
              "least_request_exact",
              "random",
              "peak_ewma",
              "hash"
            ],
            "type": "string"
          },
          "drain": {
            "$ref": "#/components/schemas/Duration"
          },
          "hash_by": {
            "description": "`client_ip`, `path`, `uri`, `header:NAME` or `cookie:NAME`.",
            "type": "string"
          },
          "health_check": {
            "description": "Null is the default check, `off` is none.",
            "oneOf": [
              {
                "$ref": "#/components/schemas/HealthCheck"
              },
              {
                "$ref": "#/components/schemas/SwitchedOff"
              },
              {
                "type": "null"
              }
            ]
          },
          "min_ready": {
            "maximum": 16384,
            "minimum": 0,
            "type": "integer"
          },
          "name": {
            "$ref": "#/components/schemas/BackendName"
          },
          "on_client_fin": {
            "description": "What a client's FIN means while its request runs. `finish` (the default): the request is finished, for the client may still be reading, but it is not sent to another backend if it fails. `cancel`: it is cancelled, and its connection to the backend is closed. A request that is queued is cancelled in either case.",
            "enum": [
              "finish",
              "cancel"
            ],
            "type": "string"
          },
          "panic_threshold": {
            "$ref": "#/components/schemas/Share"
          },
          "passive": {
            "description": "Null is the default, `off` is none.",
            "oneOf": [
              {
                "additionalProperties": false,
                "properties": {
                  "eject": {
                    "$ref": "#/components/schemas/Duration"
                  },
                  "eject_max": {
                    "$ref": "#/components/schemas/Duration"
                  },
                  "errors": {
                    "maximum": 1000,
                    "minimum": 1,
                    "type": "integer"
                  },
                  "http_5xx": {
                    "description": "Answers of status 500 and above in a row that eject; 0 is never.",
                    "maximum": 1000,
                    "minimum": 0,
                    "type": "integer"
                  },
                  "http_5xx_share": {
                    "$ref": "#/components/schemas/Share",
                    "description": "The share of such answers within ten seconds that ejects; 0 is never."
                  },
                  "max_ejected": {
                    "$ref": "#/components/schemas/Share"
                  },
                  "volume": {
                    "description": "So many answers there must be in ten seconds for the share to count.",
                    "maximum": 1000000,
                    "minimum": 1,
                    "type": "integer"
                  }
                },
                "type": "object"
              },
              {
                "$ref": "#/components/schemas/SwitchedOff"
              },
              {
                "type": "null"
              }
            ]
          },
          "retry": {
            "additionalProperties": false,
            "properties": {
              "budget": {
                "$ref": "#/components/schemas/Share"
              },
              "max": {
                "maximum": 5,
                "minimum": 0,
                "type": "integer"
              },
              "on": {
                "items": {
                  "$ref": "#/components/schemas/RetryOn"
                },
                "type": "array"
              }
            },
            "type": "object"
          },
          "slow_start": {
            "$ref": "#/components/schemas/Duration"
          },
          "status": {
            "description": "Ignored, so that what was read can be sent back."
          },
          "sticky": {
            "description": "A cookie that brings a client back to its backend; null and `off` are none.",
            "oneOf": [
              {
                "additionalProperties": false,
                "properties": {
                  "cookie": {
                    "type": "string"
                  },
                  "ttl": {
                    "$ref": "#/components/schemas/Duration"
                  }
                },
                "type": "object"
              },
              {
                "$ref": "#/components/schemas/SwitchedOff"
              },
              {
                "type": "null"
              }
            ]
          },
          "timeouts": {
            "additionalProperties": false,
            "properties": {
              "connect": {
                "$ref": "#/components/schemas/DurationOrNull"
              },
              "queue": {
                "$ref": "#/components/schemas/DurationOrNull"
              },
              "response_first_byte": {
                "$ref": "#/components/schemas/DurationOrNull"
              },
              "response_stall": {
                "$ref": "#/components/schemas/DurationOrNull"
              },
              "total": {
                "oneOf": [
                  {
                    "$ref": "#/components/schemas/DurationOrNull"
                  },
                  {
                    "$ref": "#/components/schemas/SwitchedOff"
                  }
                ]
              }
            },
            "type": "object"
          }
        },
        "type": "object"
      },
      "PoolList": {
        "additionalProperties": false,
        "properties": {
          "pools": {
            "additionalProperties": {
              "$ref": "#/components/schemas/Pool"
            },
            "type": "object"
          },
          "revision": {
            "minimum": 0,
            "type": "integer"
          }
        },
        "required": [
          "pools",
          "revision"
        ],
        "type": "object"
      },
      "PoolName": {
        "default": "default",
        "description": "A pool that the configuration file declares; `default` is always there.",
        "type": "string"
      },
      "PoolPatch": {
        "additionalProperties": false,
        "description": "Members of a pool, where null gives the default.",
        "properties": {
          "algorithm": {},
          "drain": {},
          "hash_by": {},
          "health_check": {},
          "min_ready": {},
          "name": {},
          "on_client_fin": {},
          "panic_threshold": {},
          "passive": {},
          "retry": {},
          "slow_start": {},
          "status": {},
          "sticky": {},
          "timeouts": {}
        },
        "type": "object"
      },
      "PoolReference": {
        "default": "default",
        "description": "A pool that there is.",
        "type": "string"
      },
      "PoolRemoved": {
        "additionalProperties": false,
        "properties": {
          "name": {
            "$ref": "#/components/schemas/BackendName"
          },
          "revision": {
            "minimum": 0,
            "type": "integer"
          }
        },
        "required": [
          "name",
          "revision"
        ],
        "type": "object"
      },
      "PoolSpec": {
        "additionalProperties": false,
        "properties": {
          "algorithm": {
            "enum": [
              "round_robin",
              "least_request",
              "least_request_exact",
              "random",
              "peak_ewma",
              "hash"
            ],
            "type": "string"
          },
          "drain": {
            "$ref": "#/components/schemas/Duration"
          },
          "hash_by": {
            "description": "`client_ip`, `path`, `uri`, `header:NAME` or `cookie:NAME`.",
            "type": "string"
          },
          "health_check": {
            "description": "Null is the default check, `off` is none.",
            "oneOf": [
              {
                "$ref": "#/components/schemas/HealthCheck"
              },
              {
                "$ref": "#/components/schemas/SwitchedOff"
              },
              {
                "type": "null"
              }
            ]
          },
          "min_ready": {
            "maximum": 16384,
            "minimum": 0,
            "type": "integer"
          },
          "on_client_fin": {
            "description": "What a client's FIN means while its request runs. `finish` (the default): the request is finished, for the client may still be reading, but it is not sent to another backend if it fails. `cancel`: it is cancelled, and its connection to the backend is closed. A request that is queued is cancelled in either case.",
            "enum": [
              "finish",
              "cancel"
            ],
            "type": "string"
          },
          "panic_threshold": {
            "$ref": "#/components/schemas/Share"
          },
          "passive": {
            "description": "Null is the default, `off` is none.",
            "oneOf": [
              {
                "additionalProperties": false,
                "properties": {
                  "eject": {
                    "$ref": "#/components/schemas/Duration"
                  },
                  "eject_max": {
                    "$ref": "#/components/schemas/Duration"
                  },
                  "errors": {
                    "maximum": 1000,
                    "minimum": 1,
                    "type": "integer"
                  },
                  "http_5xx": {
                    "description": "Answers of status 500 and above in a row that eject; 0 is never.",
                    "maximum": 1000,
                    "minimum": 0,
                    "type": "integer"
                  },
                  "http_5xx_share": {
                    "$ref": "#/components/schemas/Share",
                    "description": "The share of such answers within ten seconds that ejects; 0 is never."
                  },
                  "max_ejected": {
                    "$ref": "#/components/schemas/Share"
                  },
                  "volume": {
                    "description": "So many answers there must be in ten seconds for the share to count.",
                    "maximum": 1000000,
                    "minimum": 1,
                    "type": "integer"
                  }
                },
                "type": "object"
              },
              {
                "$ref": "#/components/schemas/SwitchedOff"
              },
              {
                "type": "null"
              }
            ]
          },
          "retry": {
            "additionalProperties": false,
            "properties": {
              "budget": {
                "$ref": "#/components/schemas/Share"
              },
              "max": {
                "maximum": 5,
                "minimum": 0,
                "type": "integer"
              },
              "on": {
                "items": {
                  "$ref": "#/components/schemas/RetryOn"
                },
                "type": "array"
              }
            },
            "type": "object"
          },
          "slow_start": {
            "$ref": "#/components/schemas/Duration"
          },
          "sticky": {
            "description": "A cookie that brings a client back to its backend; null and `off` are none.",
            "oneOf": [
              {
                "additionalProperties": false,
                "properties": {
                  "cookie": {
                    "type": "string"
                  },
                  "ttl": {
                    "$ref": "#/components/schemas/Duration"
                  }
                },
                "type": "object"
              },
              {
                "$ref": "#/components/schemas/SwitchedOff"
              },
              {
                "type": "null"
              }
            ]
          },
          "timeouts": {
            "additionalProperties": false,
            "properties": {
              "connect": {
                "$ref": "#/components/schemas/DurationOrNull"
              },
              "queue": {
                "$ref": "#/components/schemas/DurationOrNull"
              },
              "response_first_byte": {
                "$ref": "#/components/schemas/DurationOrNull"
              },
              "response_stall": {
                "$ref": "#/components/schemas/DurationOrNull"
              },
              "total": {
                "oneOf": [
                  {
                    "$ref": "#/components/schemas/DurationOrNull"
                  },
                  {
                    "$ref": "#/components/schemas/SwitchedOff"
                  }
                ]
              }
            },
            "type": "object"
          }
        },
        "required": [
          "algorithm",
          "hash_by",
          "sticky",
          "slow_start",
          "panic_threshold",
          "min_ready",
          "drain",
          "health_check",
          "passive",
          "retry",
          "timeouts",
          "on_client_fin"
        ],
        "type": "object"
      },
      "Probe": {
        "additionalProperties": false,
        "properties": {
          "at": {
            "$ref": "#/components/schemas/Moment"
          },
          "error": {
            "description": "Null when it passed.",
            "type": [
              "string",
              "null"
            ]
          },
          "http": {
            "description": "The status of the answer; null when there was none.",
            "type": [
              "integer",
              "null"
            ]
          },
          "ms": {
            "minimum": 0,
            "type": "number"
          }
        },
        "required": [
          "at",
          "ms",
          "http",
          "error"
        ],
        "type": "object"
      },
      "ProbeReport": {
        "additionalProperties": false,
        "properties": {
          "address": {
            "description": "The address that was tried last; empty when there was none to try.",
            "type": "string"
          },
          "body": {
            "description": "The beginning of its content.",
            "type": "string"
          },
          "connect_ms": {
            "description": "Until the connection stood.",
            "minimum": 0,
            "type": [
              "number",
              "null"
            ]
          },
          "error": {
            "description": "Why it failed; null when it passed.",
            "type": [
              "string",
              "null"
            ]
          },
          "first_byte_ms": {
            "description": "Until the answer began.",
            "minimum": 0,
            "type": [
              "number",
              "null"
            ]
          },
          "head": {
            "description": "The head of the answer as it came.",
            "type": "string"
          },
          "http": {
            "description": "The status of the answer; null when there was none.",
            "type": [
              "integer",
              "null"
            ]
          },
          "is_body_cut": {
            "type": "boolean"
          },
          "ms": {
            "minimum": 0,
            "type": "number"
          },
          "name": {
            "$ref": "#/components/schemas/BackendName"
          },
          "passed": {
            "type": "boolean"
          },
          "sent": {
            "description": "The request as it was sent; empty for a check of the connection alone.",
            "type": "string"
          }
        },
        "required": [
          "name",
          "passed",
          "error",
          "http",
          "ms",
          "connect_ms",
          "first_byte_ms",
          "address",
          "sent",
          "head",
          "body",
          "is_body_cut"
        ],
        "type": "object"
      },
      "Problem": {
        "properties": {
          "applied": {
            "description": "After a wait, whether the change itself was made.",
            "type": "boolean"
          },
          "backend": {
            "$ref": "#/components/schemas/Backend"
          },
          "backends": {
            "description": "Their health, or the names of those that are in the way.",
            "oneOf": [
              {
                "additionalProperties": {
                  "$ref": "#/components/schemas/HealthLine"
                },
                "type": "object"
              },
              {
                "items": {
                  "type": "string"
                },
                "type": "array"
              }
            ]
          },
          "changes": {
            "items": {
              "$ref": "#/components/schemas/Revision"
            },
            "type": [
              "array",
              "null"
            ]
          },
          "checks": {
            "$ref": "#/components/schemas/Checks"
          },
          "code": {
            "$ref": "#/components/schemas/ProblemCode"
          },
          "current": {
            "description": "The current ETag.",
            "type": "string"
          },
          "detail": {
            "description": "What happened this time, with the value that caused it.",
            "type": "string"
          },
          "duplicate_of": {
            "description": "The backend that has the URL.",
            "type": "string"
          },
          "errors": {
            "items": {
              "additionalProperties": false,
              "properties": {
                "detail": {
                  "type": "string"
                },
                "got": {
                  "type": "string"
                },
                "pointer": {
                  "description": "RFC 6901, into the body; empty for all of it.",
                  "type": "string"
                },
                "suggestion": {
                  "type": "string"
                }
              },
              "required": [
                "pointer",
                "detail"
              ],
              "type": "object"
            },
            "type": "array"
          },
          "existing": {
            "description": "The spec that has the name.",
            "type": "object"
          },
          "healthy": {
            "description": "The backends of the pool that serve now.",
            "items": {
              "type": "string"
            },
            "type": "array"
          },
          "healthy_after": {
            "minimum": 0,
            "type": "integer"
          },
          "hint": {
            "description": "What to do about it.",
            "type": "string"
          },
          "min_ready": {
            "minimum": 0,
            "type": "integer"
          },
          "oldest": {
            "minimum": 0,
            "type": "integer"
          },
          "pool": {
            "type": "string"
          },
          "request_id": {
            "type": "string"
          },
          "revision": {
            "minimum": 0,
            "type": "integer"
          },
          "status": {
            "type": "integer"
          },
          "stored": {
            "description": "The change is kept, though not known to be live.",
            "type": "boolean"
          },
          "summary": {
            "type": "object"
          },
          "title": {
            "type": "string"
          },
          "type": {
            "description": "The path of the manual page.",
            "type": "string"
          },
          "workers": {
            "description": "How many have not adopted the change.",
            "type": "integer"
          }
        },
        "required": [
          "type",
          "title",
          "status",
          "detail",
          "code",
          "request_id"
        ],
        "type": "object"
      },
      "ProblemCode": {
        "enum": [
          "malformed-request",
          "bad-path",
          "bad-json",
          "unknown-field",
          "unknown-parameter",
          "bad-parameter",
          "unauthorized",
          "forbidden",
          "host-not-allowed",
          "cross-site",
          "proxied",
          "unknown-path",
          "not-found",
          "method-not-allowed",
          "request-timeout",
          "exists",
          "operation-over",
          "event-gone",
          "duplicate-url",
          "own-address",
          "last-healthy-backend",
          "min-ready",
          "in-use",
          "condition-unreachable",
          "revision-gone",
          "precondition-failed",
          "body-too-large",
          "target-too-long",
          "unsupported-media-type",
          "expectation-failed",
          "invalid",
          "key-reused",
          "precondition-required",
          "too-many-waits",
          "head-too-large",
          "not-adopted",
          "not-implemented",
          "too-many-connections",
          "stopping",
          "not-ticking",
          "not-ready",
          "wait-timeout",
          "unsupported-version",
          "not-durable"
        ],
        "type": "string"
      },
      "ProblemPage": {
        "additionalProperties": false,
        "properties": {
          "code": {
            "$ref": "#/components/schemas/ProblemCode"
          },
          "meaning": {
            "type": "string"
          },
          "remedy": {
            "type": "string"
          },
          "status": {
            "type": "integer"
          },
          "title": {
            "type": "string"
          },
          "type": {
            "type": "string"
          }
        },
        "required": [
          "type",
          "code",
          "title",
          "status",
          "meaning",
          "remedy"
        ],
        "type": "object"
      },
      "Quantile": {
        "description": "Milliseconds that this part of the backend's requests took at most, from the end of the request's head to the last byte of\nthe answer, since the backend was added; within 6.25 %. Null before the first one.\n",
        "minimum": 0,
        "type": [
          "number",
          "null"
        ]
      },
      "Readiness": {
        "additionalProperties": false,
        "properties": {
          "checks": {
            "$ref": "#/components/schemas/Checks"
          },
          "ready": {
            "const": true,
            "type": "boolean"
          }
        },
        "required": [
          "ready"
        ],
        "type": "object"
      },
      "Reason": {
        "description": "Why it is not healthy; null while it is, and while nothing is known.",
        "type": [
          "string",
          "null"
        ]
      },
      "RetryOn": {
        "description": "A status, as a number or in words, or `timeout`.",
        "oneOf": [
          {
            "enum": [
              500,
              502,
              503,
              504
            ],
            "type": "integer"
          },
          {
            "enum": [
              "500",
              "502",
              "503",
              "504",
              "timeout"
            ],
            "type": "string"
          }
        ]
      },
      "Revision": {
        "additionalProperties": false,
        "properties": {
          "actor": {
            "$ref": "#/components/schemas/Actor"
          },
          "at": {
            "format": "date-time",
            "type": "string"
          },
          "forced": {
            "description": "A guard was overridden.",
            "type": "boolean"
          },
          "reason": {
            "type": [
              "string",
              "null"
            ]
          },
          "request_id": {
            "type": [
              "string",
              "null"
            ]
          },
          "revision": {
            "minimum": 1,
            "type": "integer"
          },
          "rollback_to": {
            "type": [
              "integer",
              "null"
            ]
          },
          "summary": {
            "type": "string"
          }
        },
        "required": [
          "revision",
          "at",
          "actor",
          "reason",
          "request_id",
          "forced",
          "rollback_to",
          "summary"
        ],
        "type": "object"
      },
      "Rollback": {
        "additionalProperties": false,
        "properties": {
          "to": {
            "description": "The revision; without it, the one before the newest.",
            "minimum": 1,
            "type": "integer"
          }
        },
        "type": "object"
      },
      "RolledBack": {
        "additionalProperties": false,
        "properties": {
          "changed": {
            "description": "The pools and backends that are another way now.",
            "items": {
              "type": "string"
            },
            "type": "array"
          },
          "revision": {
            "minimum": 0,
            "type": "integer"
          },
          "to": {
            "minimum": 0,
            "type": "integer"
          }
        },
        "required": [
          "revision",
          "to",
          "changed"
        ],
        "type": "object"
      },
      "Root": {
        "additionalProperties": false,
        "properties": {
          "limits": {
            "additionalProperties": false,
            "properties": {
              "body_bytes": {
                "type": "integer"
              },
              "connections": {
                "type": "integer"
              },
              "document_bytes": {
                "description": "The body of a PUT or PATCH of the configuration, and of a PATCH of the backends.",
                "type": "integer"
              },
              "head_bytes": {
                "type": "integer"
              },
              "streams": {
                "type": "integer"
              },
              "wait": {
                "type": "string"
              },
              "waits": {
                "type": "integer"
              }
            },
            "required": [
              "body_bytes",
              "document_bytes",
              "head_bytes",
              "connections",
              "waits",
              "streams",
              "wait"
            ],
            "type": "object"
          },
          "lineage": {
            "description": "Names the store's line of revisions; the first half of every ETag.",
            "type": "string"
          },
          "links": {
            "additionalProperties": {
              "type": "string"
            },
            "type": "object"
          },
          "revision": {
            "minimum": 0,
            "type": "integer"
          },
          "started_at": {
            "$ref": "#/components/schemas/Moment"
          },
          "uptime": {
            "type": "string"
          },
          "version": {
            "type": "string"
          },
          "waiting": {
            "description": "Runtime changes that are kept and not in force, because the file no longer declares what they need, in words. `GET /v1/config` has them in full.",
            "items": {
              "type": "string"
            },
            "type": "array"
          }
        },
        "required": [
          "version",
          "lineage",
          "revision",
          "waiting",
          "started_at",
          "uptime",
          "limits",
          "links"
        ],
        "type": "object"
      },
      "Self": {
        "additionalProperties": false,
        "properties": {
          "accepting": {
            "description": "The listeners accept.",
            "type": "boolean"
          },
          "log_level": {
            "description": "What standard error has; `info` is what changes, `debug` also each request to the admin API.",
            "enum": [
              "info",
              "debug"
            ],
            "type": "string"
          },
          "stand_ins": {
            "description": "Pools in which backends that were replaced all at once serve on, because too few of those in their place have passed a check yet. They go when all of those serve, or after 60 s when at least `min_ready` of them do.",
            "items": {
              "additionalProperties": false,
              "properties": {
                "awaited": {
                  "description": "Who is to serve and does not; at most 20 are listed.",
                  "items": {
                    "type": "string"
                  },
                  "type": "array"
                },
                "backends": {
                  "description": "Who serves on; at most 20 are listed.",
                  "items": {
                    "type": "string"
                  },
                  "type": "array"
                },
                "name": {
                  "description": "The pool.",
                  "type": "string"
                },
                "overdue": {
                  "description": "It has taken longer than 60 s.",
                  "type": "boolean"
                },
                "since": {
                  "$ref": "#/components/schemas/Moment"
                }
              },
              "required": [
                "name",
                "backends",
                "awaited",
                "since",
                "overdue"
              ],
              "type": "object"
            },
            "type": "array"
          },
          "started_at": {
            "$ref": "#/components/schemas/Moment"
          },
          "state": {
            "enum": [
              "ready",
              "drain"
            ],
            "type": "string"
          },
          "ticking": {
            "description": "The event loops turn.",
            "type": "boolean"
          },
          "uptime": {
            "type": "string"
          },
          "version": {
            "type": "string"
          },
          "you": {
            "additionalProperties": false,
            "properties": {
              "ip": {
                "type": [
                  "string",
                  "null"
                ]
              },
              "name": {
                "type": "string"
              },
              "role": {
                "enum": [
                  "viewer",
                  "operator",
                  "admin",
                  null
                ],
                "type": [
                  "string",
                  "null"
                ]
              },
              "via": {
                "enum": [
                  "unix",
                  "network",
                  "token"
                ],
                "type": "string"
              }
            },
            "required": [
              "name",
              "via",
              "ip",
              "role"
            ],
            "type": "object"
          }
        },
        "required": [
          "state",
          "log_level",
          "version",
          "started_at",
          "uptime",
          "accepting",
          "ticking",
          "stand_ins",
          "you"
        ],
        "type": "object"
      },
      "SelfPatch": {
        "additionalProperties": false,
        "properties": {
          "accepting": {
            "description": "Ignored."
          },
          "log_level": {
            "enum": [
              "info",
              "debug"
            ],
            "type": "string"
          },
          "stand_ins": {
            "description": "Ignored."
          },
          "started_at": {
            "description": "Ignored."
          },
          "state": {
            "enum": [
              "ready",
              "drain"
            ],
            "type": "string"
          },
          "ticking": {
            "description": "Ignored."
          },
          "uptime": {
            "description": "Ignored."
          },
          "version": {
            "description": "Ignored, so that what was read can be sent back."
          },
          "you": {
            "description": "Ignored."
          }
        },
        "type": "object"
      },
      "Share": {
        "maximum": 1,
        "minimum": 0,
        "type": "number"
      },
      "Stats": {
        "additionalProperties": false,
        "properties": {
          "at": {
            "$ref": "#/components/schemas/Moment"
          },
          "backends": {
            "additionalProperties": {
              "allOf": [
                {
                  "$ref": "#/components/schemas/StatsFigures"
                },
                {
                  "properties": {
                    "phase": {
                      "$ref": "#/components/schemas/Phase"
                    },
                    "pool": {
                      "$ref": "#/components/schemas/PoolName"
                    }
                  },
                  "required": [
                    "pool",
                    "phase"
                  ],
                  "type": "object"
                }
              ]
            },
            "type": "object"
          },
          "pools": {
            "additionalProperties": {
              "$ref": "#/components/schemas/StatsFigures"
            },
            "type": "object"
          },
          "since": {
            "$ref": "#/components/schemas/Moment",
            "description": "When the daemon started; a backend's figures count from when it was added."
          },
          "totals": {
            "allOf": [
              {
                "$ref": "#/components/schemas/StatsFigures"
              },
              {
                "properties": {
                  "accepted": {
                    "description": "Client connections accepted.",
                    "minimum": 0,
                    "type": "integer"
                  },
                  "clients": {
                    "description": "Client connections that are open.",
                    "minimum": 0,
                    "type": "integer"
                  },
                  "log_drops": {
                    "description": "Access log lines dropped because the log was too slow.",
                    "minimum": 0,
                    "type": "integer"
                  },
                  "memory_bytes": {
                    "description": "Resident memory of the process.",
                    "minimum": 0,
                    "type": "integer"
                  },
                  "queued": {
                    "description": "Requests that wait for a backend below its limit.",
                    "minimum": 0,
                    "type": "integer"
                  }
                },
                "required": [
                  "clients",
                  "accepted",
                  "queued",
                  "log_drops",
                  "memory_bytes"
                ],
                "type": "object"
              }
            ],
            "description": "Over the pools, and requests that had none. What a backend has counted stays in the sums when it has gone, those of its pool and these: they never fall. Latencies and what is open now are of those that are there."
          }
        },
        "required": [
          "at",
          "since",
          "totals",
          "pools",
          "backends"
        ],
        "type": "object"
      },
      "StatsFigures": {
        "properties": {
          "attempts": {
            "description": "Requests given to backends, those included that were then tried elsewhere.",
            "minimum": 0,
            "type": "integer"
          },
          "by_class": {
            "additionalProperties": {
              "minimum": 0,
              "type": "integer"
            },
            "description": "The same by the class of their status.",
            "required": [
              "1xx",
              "2xx",
              "3xx",
              "4xx",
              "5xx"
            ],
            "type": "object"
          },
          "bytes_in": {
            "description": "Bytes of request bodies.",
            "minimum": 0,
            "type": "integer"
          },
          "bytes_out": {
            "description": "Bytes of response bodies.",
            "minimum": 0,
            "type": "integer"
          },
          "errors": {
            "description": "Attempts that ended in a fault of the backend.",
            "minimum": 0,
            "type": "integer"
          },
          "idle_connections": {
            "minimum": 0,
            "type": "integer"
          },
          "in_flight": {
            "minimum": 0,
            "type": "integer"
          },
          "latency": {
            "additionalProperties": false,
            "properties": {
              "connect": {
                "$ref": "#/components/schemas/LatencyQuantiles"
              },
              "first_byte": {
                "$ref": "#/components/schemas/LatencyQuantiles"
              },
              "total": {
                "$ref": "#/components/schemas/LatencyQuantiles"
              }
            },
            "required": [
              "connect",
              "first_byte",
              "total"
            ],
            "type": "object"
          },
          "requests": {
            "description": "Finished requests.",
            "minimum": 0,
            "type": "integer"
          },
          "retried_away": {
            "description": "Attempts that another one followed.",
            "minimum": 0,
            "type": "integer"
          },
          "streams": {
            "description": "Of those in flight, the ones that have become tunnels.",
            "minimum": 0,
            "type": "integer"
          }
        },
        "required": [
          "requests",
          "by_class",
          "attempts",
          "errors",
          "retried_away",
          "bytes_in",
          "bytes_out",
          "in_flight",
          "streams",
          "idle_connections",
          "latency"
        ],
        "type": "object"
      },
      "Status": {
        "additionalProperties": false,
        "properties": {
          "answers": {
            "$ref": "#/components/schemas/Answers"
          },
          "errors": {
            "description": "Of the requests, those that ended in a fault of the backend.",
            "minimum": 0,
            "type": "integer"
          },
          "etag": {
            "description": "The ETag of the backend itself, for `If-Match`; in lists only, where there is no field for it.",
            "type": "string"
          },
          "health": {
            "additionalProperties": false,
            "properties": {
              "consecutive_fail": {
                "minimum": 0,
                "type": "integer"
              },
              "consecutive_ok": {
                "minimum": 0,
                "type": "integer"
              },
              "flaps_10m": {
                "description": "How often it has ceased to serve within the last ten minutes, by its checks or by its traffic; from three on it is flapping.",
                "minimum": 0,
                "type": "integer"
              },
              "last": {
                "$ref": "#/components/schemas/LastProbe"
              },
              "proven": {
                "description": "A check has passed that began after the last change of its address, its check or its state; true where there is no check. Waits end only then.",
                "type": "boolean"
              },
              "reason": {
                "$ref": "#/components/schemas/Reason"
              },
              "since": {
                "$ref": "#/components/schemas/Moment"
              },
              "state": {
                "$ref": "#/components/schemas/HealthState"
              }
            },
            "required": [
              "state",
              "since",
              "reason",
              "consecutive_ok",
              "consecutive_fail",
              "flaps_10m",
              "proven",
              "last"
            ],
            "type": "object"
          },
          "idle_connections": {
            "minimum": 0,
            "type": "integer"
          },
          "in_flight": {
            "description": "Requests that have picked it and are not finished.",
            "minimum": 0,
            "type": "integer"
          },
          "last_minute": {
            "$ref": "#/components/schemas/LastMinute"
          },
          "p50_ms": {
            "$ref": "#/components/schemas/Quantile"
          },
          "p99_ms": {
            "$ref": "#/components/schemas/Quantile"
          },
          "phase": {
            "$ref": "#/components/schemas/Phase"
          },
          "requests": {
            "description": "Since the daemon started.",
            "minimum": 0,
            "type": "integer"
          },
          "retried_away": {
            "description": "Of the errors, those that went on elsewhere, so that the client did not see them.",
            "minimum": 0,
            "type": "integer"
          },
          "since": {
            "$ref": "#/components/schemas/Moment"
          },
          "streams": {
            "description": "Upgraded connections (WebSocket) that are open; they are in flight too.",
            "minimum": 0,
            "type": "integer"
          }
        },
        "readOnly": true,
        "required": [
          "phase",
          "since",
          "health",
          "in_flight",
          "streams",
          "idle_connections",
          "requests",
          "errors",
          "retried_away",
          "answers",
          "last_minute",
          "p50_ms",
          "p99_ms"
        ],
        "type": "object"
      },
      "SwitchedOff": {
        "description": "Switched off.",
        "oneOf": [
          {
            "const": "off",
            "type": "string"
          },
          {
            "const": false,
            "type": "boolean"
          }
        ]
      },
      "Waiting": {
        "additionalProperties": false,
        "description": "Runtime changes that are kept and not in force: the file no longer declares what they need. Absent when there are none. They take effect when what they need is back, and the guards judge that as part of the change that brings it back. A newer change of the same name drops them.",
        "properties": {
          "backends": {
            "additionalProperties": {
              "additionalProperties": false,
              "properties": {
                "spec": {
                  "$ref": "#/components/schemas/BackendSpec"
                },
                "why": {
                  "type": "string"
                }
              },
              "required": [
                "spec",
                "why"
              ],
              "type": "object"
            },
            "type": "object"
          },
          "pools": {
            "additionalProperties": {
              "additionalProperties": false,
              "properties": {
                "spec": {
                  "$ref": "#/components/schemas/PoolSpec"
                },
                "why": {
                  "type": "string"
                }
              },
              "required": [
                "spec",
                "why"
              ],
              "type": "object"
            },
            "type": "object"
          }
        },
        "required": [
          "pools",
          "backends"
        ],
        "type": "object"
      },
      "WaitingNames": {
        "additionalProperties": false,
        "description": "In a merge patch, null drops a waiting change, or all of them. In a whole document, changes that are named here keep waiting; all others are dropped.",
        "properties": {
          "backends": {
            "type": "object"
          },
          "pools": {
            "type": "object"
          }
        },
        "type": [
          "object",
          "null"
        ]
      },
      "Weight": {
        "default": 1,
        "description": "Share of the pool's traffic relative to the others; 0 takes no new requests.",
        "maximum": 1000,
        "minimum": 0,
        "type": "integer"
      }
    },
    "securitySchemes": {
      "Token": {
        "description": "Only where the daemon has a token file.",
        "scheme": "bearer",
        "type": "http"
      }
    }
  },
  "info": {
    "description": "The control side of `lbd`, on 127.0.0.1:9900 (and [::1]:9900) or a unix socket. A 2xx answer to a write means\nthat the change is valid, stored on disk and live in every worker, in that order: a request that is accepted after\nthe answer meets the new table.\n\n**Bodies** are strict JSON. Unknown members are 400 with the name that was probably meant; wrong values are 422, each\nwith its pointer. `name` and `status` may be sent back as they were read. Whatever its `Content-Type`, a body that is\nJSON is taken, unless the request carries a field that only browsers send (`Origin`, `Cookie`, `Referer`,\n`Sec-Fetch-*`): then the type must be JSON. Answers are laid out for reading when the client is curl or asks with\n`?pretty`. Unknown query parameters are 400.\n\n**Versions.** One sequence numbers every change. `LB-Revision` is the newest; the `ETag` of a backend is the change\nthat last changed its spec (never its status), that of the list the newest change of any. `If-Match` and\n`If-None-Match` work on both.\n\n**Problems** are `application/problem+json` (RFC 9457); `type` leads to the manual page.\n\n**Refused before any resource is looked at**: a method that nothing here takes (405), a path that could be read in\ntwo ways (400), a `Host` that is not this port's (403), a page of another site (403), a request that came through a proxy (403), a path\nthat there is not (404).\nEvery resource answers other methods with 405 and `Allow`, HEAD where it answers GET, and OPTIONS. More than 192 connections\nthat are being answered, or a request sent while the daemon stops, are 503.\n\nLimits: head 8 KiB, body 1 MiB (160 MiB for a whole document, one at a time), 10 s for either to arrive and a second more for\neach MiB, 75 s between requests.\n\n**Tokens.** Where the daemon has a token file, requests from the network carry `Authorization: Bearer TOKEN`, else they\nare 401. A `viewer` reads, an `operator` also shifts traffic, an `admin` changes everything; less is 403. `/healthz`,\n`/readyz` and the manual of the problems are open. On a unix socket the file mode decides, and the user is the author.\n",
    "license": {
      "identifier": "MIT",
      "name": "MIT"
    },
    "summary": "Look at and change the backends of a running load balancer.",
    "title": "lb admin API",
    "version": "1.0"
  },
  "openapi": "3.1.0",
  "paths": {
    "/healthz": {
      "get": {
        "operationId": "getLiveness",
        "parameters": [
          {
            "$ref": "#/components/parameters/Pretty"
          }
        ],
        "responses": {
          "200": {
            "content": {
              "application/json": {
                "example": {
                  "ok": true
                },
                "schema": {
                  "$ref": "#/components/schemas/Liveness"
                }
              }
            },
            "description": "They do.",
            "headers": {
              "Cache-Control": {
                "$ref": "#/components/headers/Cache-Control"
              },
              "Content-Security-Policy": {
                "$ref": "#/components/headers/Content-Security-Policy"
              },
              "Cross-Origin-Resource-Policy": {
                "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
              },
              "Date": {
                "$ref": "#/components/headers/Date"
              },
              "Request-Id": {
                "$ref": "#/components/headers/Request-Id"
              },
              "X-Content-Type-Options": {
                "$ref": "#/components/headers/X-Content-Type-Options"
              }
            }
          },
          "400": {
            "$ref": "#/components/responses/BadRequest"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "408": {
            "$ref": "#/components/responses/RequestTimeout"
          },
          "413": {
            "$ref": "#/components/responses/ContentTooLarge"
          },
          "414": {
            "$ref": "#/components/responses/URITooLong"
          },
          "417": {
            "$ref": "#/components/responses/ExpectationFailed"
          },
          "431": {
            "$ref": "#/components/responses/HeadTooLarge"
          },
          "501": {
            "$ref": "#/components/responses/NotImplemented"
          },
          "503": {
            "content": {
              "application/problem+json": {
                "example": {
                  "code": "not-ticking",
                  "detail": "an event loop has not turned within the last second",
                  "request_id": "5c1e0f6b2a7d4c3e9b8a7d6c5e4f3a2b",
                  "status": 503,
                  "title": "An event loop has stalled",
                  "type": "/v1/problems/not-ticking"
                },
                "schema": {
                  "$ref": "#/components/schemas/Problem"
                }
              }
            },
            "description": "An event loop has stalled (`not-ticking`), or as for every request.",
            "headers": {
              "Cache-Control": {
                "$ref": "#/components/headers/Cache-Control"
              },
              "Content-Security-Policy": {
                "$ref": "#/components/headers/Content-Security-Policy"
              },
              "Cross-Origin-Resource-Policy": {
                "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
              },
              "Date": {
                "$ref": "#/components/headers/Date"
              },
              "Request-Id": {
                "$ref": "#/components/headers/Request-Id"
              },
              "Retry-After": {
                "$ref": "#/components/headers/Retry-After"
              },
              "X-Content-Type-Options": {
                "$ref": "#/components/headers/X-Content-Type-Options"
              }
            }
          },
          "505": {
            "$ref": "#/components/responses/VersionNotSupported"
          }
        },
        "summary": "Whether the event loops turn.",
        "tags": [
          "health"
        ]
      },
      "options": {
        "operationId": "optionsGetLiveness",
        "parameters": [
          {
            "$ref": "#/components/parameters/Pretty"
          }
        ],
        "responses": {
          "204": {
            "description": "`Allow` lists the methods.",
            "headers": {
              "Allow": {
                "$ref": "#/components/headers/Allow"
              },
              "Cache-Control": {
                "$ref": "#/components/headers/Cache-Control"
              },
              "Content-Security-Policy": {
                "$ref": "#/components/headers/Content-Security-Policy"
              },
              "Cross-Origin-Resource-Policy": {
                "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
              },
              "Date": {
                "$ref": "#/components/headers/Date"
              },
              "Request-Id": {
                "$ref": "#/components/headers/Request-Id"
              },
              "X-Content-Type-Options": {
                "$ref": "#/components/headers/X-Content-Type-Options"
              }
            }
          },
          "400": {
            "$ref": "#/components/responses/BadRequest"
          },
          "401": {
            "$ref": "#/components/responses/Unauthorized"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "408": {
            "$ref": "#/components/responses/RequestTimeout"
          },
          "413": {
            "$ref": "#/components/responses/ContentTooLarge"
          },
          "414": {
            "$ref": "#/components/responses/URITooLong"
          },
          "417": {
            "$ref": "#/components/responses/ExpectationFailed"
          },
          "431": {
            "$ref": "#/components/responses/HeadTooLarge"
          },
          "501": {
            "$ref": "#/components/responses/NotImplemented"
          },
          "503": {
            "$ref": "#/components/responses/Unavailable"
          },
          "505": {
            "$ref": "#/components/responses/VersionNotSupported"
          }
        },
        "summary": "What the path takes.",
        "tags": [
          "service"
        ]
      }
    },
    "/metrics": {
      "get": {
        "description": "The Prometheus text format 0.0.4; docs/METRICS.md has every metric. The series of a backend that has gone are told once\nmore and then left out.\n",
        "operationId": "getMetrics",
        "parameters": [
          {
            "$ref": "#/components/parameters/Pretty"
          }
        ],
        "responses": {
          "200": {
            "content": {
              "text/plain; version=0.0.4; charset=utf-8": {
                "example": "# HELP lb_build_info Always 1; the label says which version runs.\n# TYPE lb_build_info gauge\nlb_build_info{version=\"0.1.0\"} 1\n",
                "schema": {
                  "type": "string"
                }
              }
            },
            "description": "The metrics.",
            "headers": {
              "Cache-Control": {
                "$ref": "#/components/headers/Cache-Control"
              },
              "Content-Security-Policy": {
                "$ref": "#/components/headers/Content-Security-Policy"
              },
              "Cross-Origin-Resource-Policy": {
                "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
              },
              "Date": {
                "$ref": "#/components/headers/Date"
              },
              "Request-Id": {
                "$ref": "#/components/headers/Request-Id"
              },
              "X-Content-Type-Options": {
                "$ref": "#/components/headers/X-Content-Type-Options"
              }
            }
          },
          "400": {
            "$ref": "#/components/responses/BadRequest"
          },
          "401": {
            "$ref": "#/components/responses/Unauthorized"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "408": {
            "$ref": "#/components/responses/RequestTimeout"
          },
          "413": {
            "$ref": "#/components/responses/ContentTooLarge"
          },
          "414": {
            "$ref": "#/components/responses/URITooLong"
          },
          "417": {
            "$ref": "#/components/responses/ExpectationFailed"
          },
          "431": {
            "$ref": "#/components/responses/HeadTooLarge"
          },
          "501": {
            "$ref": "#/components/responses/NotImplemented"
          },
          "503": {
            "$ref": "#/components/responses/Unavailable"
          },
          "505": {
            "$ref": "#/components/responses/VersionNotSupported"
          }
        },
        "summary": "Everything, for Prometheus.",
        "tags": [
          "stats"
        ]
      },
      "options": {
        "operationId": "optionsGetMetrics",
        "parameters": [
          {
            "$ref": "#/components/parameters/Pretty"
          }
        ],
        "responses": {
          "204": {
            "description": "`Allow` lists the methods.",
            "headers": {
              "Allow": {
                "$ref": "#/components/headers/Allow"
              },
              "Cache-Control": {
                "$ref": "#/components/headers/Cache-Control"
              },
              "Content-Security-Policy": {
                "$ref": "#/components/headers/Content-Security-Policy"
              },
              "Cross-Origin-Resource-Policy": {
                "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
              },
              "Date": {
                "$ref": "#/components/headers/Date"
              },
              "Request-Id": {
                "$ref": "#/components/headers/Request-Id"
              },
              "X-Content-Type-Options": {
                "$ref": "#/components/headers/X-Content-Type-Options"
              }
            }
          },
          "400": {
            "$ref": "#/components/responses/BadRequest"
          },
          "401": {
            "$ref": "#/components/responses/Unauthorized"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "408": {
            "$ref": "#/components/responses/RequestTimeout"
          },
          "413": {
            "$ref": "#/components/responses/ContentTooLarge"
          },
          "414": {
            "$ref": "#/components/responses/URITooLong"
          },
          "417": {
            "$ref": "#/components/responses/ExpectationFailed"
          },
          "431": {
            "$ref": "#/components/responses/HeadTooLarge"
          },
          "501": {
            "$ref": "#/components/responses/NotImplemented"
          },
          "503": {
            "$ref": "#/components/responses/Unavailable"
          },
          "505": {
            "$ref": "#/components/responses/VersionNotSupported"
          }
        },
        "summary": "What the path takes.",
        "tags": [
          "service"
        ]
      }
    },
    "/openapi.json": {
      "get": {
        "operationId": "getOpenAPI",
        "parameters": [
          {
            "$ref": "#/components/parameters/Pretty"
          }
        ],
        "responses": {
          "200": {
            "content": {
              "application/json": {
                "schema": {
                  "type": "object"
                }
              }
            },
            "description": "The document.",
            "headers": {
              "Cache-Control": {
                "$ref": "#/components/headers/Cache-Control"
              },
              "Content-Security-Policy": {
                "$ref": "#/components/headers/Content-Security-Policy"
              },
              "Cross-Origin-Resource-Policy": {
                "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
              },
              "Date": {
                "$ref": "#/components/headers/Date"
              },
              "Request-Id": {
                "$ref": "#/components/headers/Request-Id"
              },
              "X-Content-Type-Options": {
                "$ref": "#/components/headers/X-Content-Type-Options"
              }
            }
          },
          "400": {
            "$ref": "#/components/responses/BadRequest"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "408": {
            "$ref": "#/components/responses/RequestTimeout"
          },
          "413": {
            "$ref": "#/components/responses/ContentTooLarge"
          },
          "414": {
            "$ref": "#/components/responses/URITooLong"
          },
          "417": {
            "$ref": "#/components/responses/ExpectationFailed"
          },
          "431": {
            "$ref": "#/components/responses/HeadTooLarge"
          },
          "501": {
            "$ref": "#/components/responses/NotImplemented"
          },
          "503": {
            "$ref": "#/components/responses/Unavailable"
          },
          "505": {
            "$ref": "#/components/responses/VersionNotSupported"
          }
        },
        "summary": "This document.",
        "tags": [
          "service"
        ]
      },
      "options": {
        "operationId": "optionsOpenAPI",
        "parameters": [
          {
            "$ref": "#/components/parameters/Pretty"
          }
        ],
        "responses": {
          "204": {
            "description": "`Allow` lists the methods.",
            "headers": {
              "Allow": {
                "$ref": "#/components/headers/Allow"
              },
              "Cache-Control": {
                "$ref": "#/components/headers/Cache-Control"
              },
              "Content-Security-Policy": {
                "$ref": "#/components/headers/Content-Security-Policy"
              },
              "Cross-Origin-Resource-Policy": {
                "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
              },
              "Date": {
                "$ref": "#/components/headers/Date"
              },
              "Request-Id": {
                "$ref": "#/components/headers/Request-Id"
              },
              "X-Content-Type-Options": {
                "$ref": "#/components/headers/X-Content-Type-Options"
              }
            }
          },
          "400": {
            "$ref": "#/components/responses/BadRequest"
          },
          "401": {
            "$ref": "#/components/responses/Unauthorized"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "408": {
            "$ref": "#/components/responses/RequestTimeout"
          },
          "413": {
            "$ref": "#/components/responses/ContentTooLarge"
          },
          "414": {
            "$ref": "#/components/responses/URITooLong"
          },
          "417": {
            "$ref": "#/components/responses/ExpectationFailed"
          },
          "431": {
            "$ref": "#/components/responses/HeadTooLarge"
          },
          "501": {
            "$ref": "#/components/responses/NotImplemented"
          },
          "503": {
            "$ref": "#/components/responses/Unavailable"
          },
          "505": {
            "$ref": "#/components/responses/VersionNotSupported"
          }
        },
        "summary": "What the path takes.",
        "tags": [
          "service"
        ]
      }
    },
    "/readyz": {
      "get": {
        "description": "The listeners accept, and the pool `default` has a backend that serves.\n",
        "operationId": "getReadiness",
        "parameters": [
          {
            "$ref": "#/components/parameters/Verbose"
          },
          {
            "$ref": "#/components/parameters/Strict"
          },
          {
            "$ref": "#/components/parameters/Pretty"
          }
        ],
        "responses": {
          "200": {
            "content": {
              "application/json": {
                "example": {
                  "checks": {
                    "accepting": {
                      "detail": "the listeners accept",
                      "ok": true
                    },
                    "pool default": {
                      "detail": "3 of 3 backends serve",
                      "ok": true
                    },
                    "self": {
                      "detail": "it is ready",
                      "ok": true
                    }
                  },
                  "ready": true
                },
                "schema": {
                  "$ref": "#/components/schemas/Readiness"
                }
              }
            },
            "description": "It can.",
            "headers": {
              "Cache-Control": {
                "$ref": "#/components/headers/Cache-Control"
              },
              "Content-Security-Policy": {
                "$ref": "#/components/headers/Content-Security-Policy"
              },
              "Cross-Origin-Resource-Policy": {
                "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
              },
              "Date": {
                "$ref": "#/components/headers/Date"
              },
              "Request-Id": {
                "$ref": "#/components/headers/Request-Id"
              },
              "X-Content-Type-Options": {
                "$ref": "#/components/headers/X-Content-Type-Options"
              }
            }
          },
          "400": {
            "$ref": "#/components/responses/BadRequest"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "408": {
            "$ref": "#/components/responses/RequestTimeout"
          },
          "413": {
            "$ref": "#/components/responses/ContentTooLarge"
          },
          "414": {
            "$ref": "#/components/responses/URITooLong"
          },
          "417": {
            "$ref": "#/components/responses/ExpectationFailed"
          },
          "431": {
            "$ref": "#/components/responses/HeadTooLarge"
          },
          "501": {
            "$ref": "#/components/responses/NotImplemented"
          },
          "503": {
            "content": {
              "application/problem+json": {
                "example": {
                  "checks": {
                    "accepting": {
                      "detail": "the listeners accept",
                      "ok": true
                    },
                    "pool default": {
                      "detail": "0 of 3 backends serve",
                      "ok": false
                    },
                    "self": {
                      "detail": "it is ready",
                      "ok": true
                    }
                  },
                  "code": "not-ready",
                  "detail": "pool default: 0 of 3 backends serve",
                  "hint": "GET /v1/health tells what is wrong with each backend",
                  "request_id": "5c1e0f6b2a7d4c3e9b8a7d6c5e4f3a2b",
                  "status": 503,
                  "title": "It is not ready for traffic",
                  "type": "/v1/problems/not-ready"
                },
                "schema": {
                  "$ref": "#/components/schemas/Problem"
                }
              }
            },
            "description": "It cannot (`not-ready`), or as for every request.",
            "headers": {
              "Cache-Control": {
                "$ref": "#/components/headers/Cache-Control"
              },
              "Content-Security-Policy": {
                "$ref": "#/components/headers/Content-Security-Policy"
              },
              "Cross-Origin-Resource-Policy": {
                "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
              },
              "Date": {
                "$ref": "#/components/headers/Date"
              },
              "Request-Id": {
                "$ref": "#/components/headers/Request-Id"
              },
              "Retry-After": {
                "$ref": "#/components/headers/Retry-After"
              },
              "X-Content-Type-Options": {
                "$ref": "#/components/headers/X-Content-Type-Options"
              }
            }
          },
          "505": {
            "$ref": "#/components/responses/VersionNotSupported"
          }
        },
        "summary": "Whether it can take traffic.",
        "tags": [
          "health"
        ]
      },
      "options": {
        "operationId": "optionsGetReadiness",
        "parameters": [
          {
            "$ref": "#/components/parameters/Pretty"
          }
        ],
        "responses": {
          "204": {
            "description": "`Allow` lists the methods.",
            "headers": {
              "Allow": {
                "$ref": "#/components/headers/Allow"
              },
              "Cache-Control": {
                "$ref": "#/components/headers/Cache-Control"
              },
              "Content-Security-Policy": {
                "$ref": "#/components/headers/Content-Security-Policy"
              },
              "Cross-Origin-Resource-Policy": {
                "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
              },
              "Date": {
                "$ref": "#/components/headers/Date"
              },
              "Request-Id": {
                "$ref": "#/components/headers/Request-Id"
              },
              "X-Content-Type-Options": {
                "$ref": "#/components/headers/X-Content-Type-Options"
              }
            }
          },
          "400": {
            "$ref": "#/components/responses/BadRequest"
          },
          "401": {
            "$ref": "#/components/responses/Unauthorized"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "408": {
            "$ref": "#/components/responses/RequestTimeout"
          },
          "413": {
            "$ref": "#/components/responses/ContentTooLarge"
          },
          "414": {
            "$ref": "#/components/responses/URITooLong"
          },
          "417": {
            "$ref": "#/components/responses/ExpectationFailed"
          },
          "431": {
            "$ref": "#/components/responses/HeadTooLarge"
          },
          "501": {
            "$ref": "#/components/responses/NotImplemented"
          },
          "503": {
            "$ref": "#/components/responses/Unavailable"
          },
          "505": {
            "$ref": "#/components/responses/VersionNotSupported"
          }
        },
        "summary": "What the path takes.",
        "tags": [
          "service"
        ]
      }
    },
    "/v1": {
      "get": {
        "operationId": "getRoot",
        "parameters": [
          {
            "$ref": "#/components/parameters/Pretty"
          }
        ],
        "responses": {
          "200": {
            "content": {
              "application/json": {
                "example": {
                  "limits": {
                    "body_bytes": 1048576,
                    "connections": 192,
                    "document_bytes": 167772160,
                    "head_bytes": 8192,
                    "streams": 64,
                    "wait": "1h",
                    "waits": 64
                  },
                  "lineage": "k7f3pq",
                  "links": {
                    "backend": "/v1/backends/{name}",
                    "backend_health": "/v1/backends/{name}/health",
                    "backend_probe": "/v1/backends/{name}/probe",
                    "backends": "/v1/backends",
                    "config": "/v1/config",
                    "events": "/v1/events",
                    "health": "/v1/health",
                    "healthz": "/healthz",
                    "history": "/v1/history",
                    "metrics": "/metrics",
                    "openapi": "/openapi.json",
                    "operation": "/v1/operations/{id}",
                    "operations": "/v1/operations",
                    "pool": "/v1/pools/{name}",
                    "pools": "/v1/pools",
                    "problem": "/v1/problems/{slug}",
                    "readyz": "/readyz",
                    "rollback": "/v1/rollback",
                    "self": "/v1/self",
                    "stats": "/v1/stats"
                  },
                  "revision": 1843,
                  "started_at": "2026-11-21T06:00:00.000Z",
                  "uptime": "2880s",
                  "version": "0.1.0",
                  "waiting": []
                },
                "schema": {
                  "$ref": "#/components/schemas/Root"
                }
              }
            },
            "description": "The daemon.",
            "headers": {
              "Cache-Control": {
                "$ref": "#/components/headers/Cache-Control"
              },
              "Content-Security-Policy": {
                "$ref": "#/components/headers/Content-Security-Policy"
              },
              "Cross-Origin-Resource-Policy": {
                "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
              },
              "Date": {
                "$ref": "#/components/headers/Date"
              },
              "LB-Revision": {
                "$ref": "#/components/headers/LB-Revision"
              },
              "Request-Id": {
                "$ref": "#/components/headers/Request-Id"
              },
              "X-Content-Type-Options": {
                "$ref": "#/components/headers/X-Content-Type-Options"
              }
            }
          },
          "400": {
            "$ref": "#/components/responses/BadRequest"
          },
          "401": {
            "$ref": "#/components/responses/Unauthorized"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "408": {
            "$ref": "#/components/responses/RequestTimeout"
          },
          "413": {
            "$ref": "#/components/responses/ContentTooLarge"
          },
          "414": {
            "$ref": "#/components/responses/URITooLong"
          },
          "417": {
            "$ref": "#/components/responses/ExpectationFailed"
          },
          "431": {
            "$ref": "#/components/responses/HeadTooLarge"
          },
          "501": {
            "$ref": "#/components/responses/NotImplemented"
          },
          "503": {
            "$ref": "#/components/responses/Unavailable"
          },
          "505": {
            "$ref": "#/components/responses/VersionNotSupported"
          }
        },
        "summary": "Who answers, and what there is.",
        "tags": [
          "service"
        ]
      },
      "options": {
        "operationId": "optionsGetRoot",
        "parameters": [
          {
            "$ref": "#/components/parameters/Pretty"
          }
        ],
        "responses": {
          "204": {
            "description": "`Allow` lists the methods.",
            "headers": {
              "Allow": {
                "$ref": "#/components/headers/Allow"
              },
              "Cache-Control": {
                "$ref": "#/components/headers/Cache-Control"
              },
              "Content-Security-Policy": {
                "$ref": "#/components/headers/Content-Security-Policy"
              },
              "Cross-Origin-Resource-Policy": {
                "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
              },
              "Date": {
                "$ref": "#/components/headers/Date"
              },
              "Request-Id": {
                "$ref": "#/components/headers/Request-Id"
              },
              "X-Content-Type-Options": {
                "$ref": "#/components/headers/X-Content-Type-Options"
              }
            }
          },
          "400": {
            "$ref": "#/components/responses/BadRequest"
          },
          "401": {
            "$ref": "#/components/responses/Unauthorized"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "408": {
            "$ref": "#/components/responses/RequestTimeout"
          },
          "413": {
            "$ref": "#/components/responses/ContentTooLarge"
          },
          "414": {
            "$ref": "#/components/responses/URITooLong"
          },
          "417": {
            "$ref": "#/components/responses/ExpectationFailed"
          },
          "431": {
            "$ref": "#/components/responses/HeadTooLarge"
          },
          "501": {
            "$ref": "#/components/responses/NotImplemented"
          },
          "503": {
            "$ref": "#/components/responses/Unavailable"
          },
          "505": {
            "$ref": "#/components/responses/VersionNotSupported"
          }
        },
        "summary": "What the path takes.",
        "tags": [
          "service"
        ]
      }
    },
    "/v1/backends": {
      "get": {
        "description": "A removed backend that still has requests in flight is in it, with the phase `draining`. The tag is that of the newest\nchange of anything; facts such as health do not change it.\n",
        "operationId": "listBackends",
        "parameters": [
          {
            "$ref": "#/components/parameters/Pool"
          },
          {
            "$ref": "#/components/parameters/Label"
          },
          {
            "$ref": "#/components/parameters/State"
          },
          {
            "$ref": "#/components/parameters/Phase"
          },
          {
            "$ref": "#/components/parameters/Fields"
          },
          {
            "$ref": "#/components/parameters/Limit"
          },
          {
            "$ref": "#/components/parameters/AfterName"
          },
          {
            "$ref": "#/components/parameters/IfNoneMatch"
          },
          {
            "$ref": "#/components/parameters/Pretty"
          }
        ],
        "responses": {
          "200": {
            "content": {
              "application/json": {
                "example": {
                  "backends": {
                    "web-3": {
                      "backup": false,
                      "health_check": null,
                      "labels": {
                        "version": "1.5"
                      },
                      "max_requests": 0,
                      "name": "web-3",
                      "pool": "default",
                      "slow_start": null,
                      "state": "ready",
                      "status": {
                        "answers": {
                          "1xx": 0,
                          "2xx": 18209,
                          "3xx": 0,
                          "4xx": 2,
                          "5xx": 0
                        },
                        "errors": 0,
                        "health": {
                          "consecutive_fail": 0,
                          "consecutive_ok": 12,
                          "flaps_10m": 0,
                          "last": {
                            "at": "2026-11-21T06:49:00.125Z",
                            "error": null,
                            "http": 200,
                            "ms": 0.412
                          },
                          "proven": true,
                          "reason": null,
                          "since": "2026-11-21T06:48:00.125Z",
                          "state": "healthy"
                        },
                        "idle_connections": 4,
                        "in_flight": 3,
                        "last_minute": {
                          "5xx": 0,
                          "answers": 120
                        },
                        "p50_ms": 1.812,
                        "p99_ms": 14.3,
                        "phase": "serving",
                        "requests": 18211,
                        "retried_away": 2,
                        "since": "2026-11-21T06:48:00.125Z",
                        "streams": 0
                      },
                      "url": "http://10.0.0.3:8080",
                      "weight": 1
                    }
                  },
                  "next": null,
                  "revision": 1843
                },
                "schema": {
                  "$ref": "#/components/schemas/BackendList"
                }
              }
            },
            "description": "The backends.",
            "headers": {
              "Cache-Control": {
                "$ref": "#/components/headers/Cache-Control"
              },
              "Content-Security-Policy": {
                "$ref": "#/components/headers/Content-Security-Policy"
              },
              "Cross-Origin-Resource-Policy": {
                "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
              },
              "Date": {
                "$ref": "#/components/headers/Date"
              },
              "ETag": {
                "$ref": "#/components/headers/ETag"
              },
              "LB-Revision": {
                "$ref": "#/components/headers/LB-Revision"
              },
              "Request-Id": {
                "$ref": "#/components/headers/Request-Id"
              },
              "X-Content-Type-Options": {
                "$ref": "#/components/headers/X-Content-Type-Options"
              }
            }
          },
          "304": {
            "$ref": "#/components/responses/NotModified"
          },
          "400": {
            "$ref": "#/components/responses/BadRequest"
          },
          "401": {
            "$ref": "#/components/responses/Unauthorized"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "404": {
            "$ref": "#/components/responses/NotFound"
          },
          "408": {
            "$ref": "#/components/responses/RequestTimeout"
          },
          "413": {
            "$ref": "#/components/responses/ContentTooLarge"
          },
          "414": {
            "$ref": "#/components/responses/URITooLong"
          },
          "417": {
            "$ref": "#/components/responses/ExpectationFailed"
          },
          "431": {
            "$ref": "#/components/responses/HeadTooLarge"
          },
          "501": {
            "$ref": "#/components/responses/NotImplemented"
          },
          "503": {
            "$ref": "#/components/responses/Unavailable"
          },
          "505": {
            "$ref": "#/components/responses/VersionNotSupported"
          }
        },
        "summary": "The backends, as a map by name.",
        "tags": [
          "backends"
        ]
      },
      "options": {
        "operationId": "optionsBackends",
        "parameters": [
          {
            "$ref": "#/components/parameters/Pretty"
          }
        ],
        "responses": {
          "204": {
            "description": "`Allow` lists the methods.",
            "headers": {
              "Accept-Patch": {
                "$ref": "#/components/headers/Accept-Patch"
              },
              "Allow": {
                "$ref": "#/components/headers/Allow"
              },
              "Cache-Control": {
                "$ref": "#/components/headers/Cache-Control"
              },
              "Content-Security-Policy": {
                "$ref": "#/components/headers/Content-Security-Policy"
              },
              "Cross-Origin-Resource-Policy": {
                "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
              },
              "Date": {
                "$ref": "#/components/headers/Date"
              },
              "Request-Id": {
                "$ref": "#/components/headers/Request-Id"
              },
              "X-Content-Type-Options": {
                "$ref": "#/components/headers/X-Content-Type-Options"
              }
            }
          },
          "400": {
            "$ref": "#/components/responses/BadRequest"
          },
          "401": {
            "$ref": "#/components/responses/Unauthorized"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "408": {
            "$ref": "#/components/responses/RequestTimeout"
          },
          "413": {
            "$ref": "#/components/responses/ContentTooLarge"
          },
          "414": {
            "$ref": "#/components/responses/URITooLong"
          },
          "417": {
            "$ref": "#/components/responses/ExpectationFailed"
          },
          "431": {
            "$ref": "#/components/responses/HeadTooLarge"
          },
          "501": {
            "$ref": "#/components/responses/NotImplemented"
          },
          "503": {
            "$ref": "#/components/responses/Unavailable"
          },
          "505": {
            "$ref": "#/components/responses/VersionNotSupported"
          }
        },
        "summary": "What the path takes.",
        "tags": [
          "service"
        ]
      },
      "patch": {
        "description": "A merge patch (RFC 7396) of the map: members are set, null removes a backend (or, inside one, gives a member its default), and\nwhat is not there is added. A name that is not there and null is as it was.\n",
        "operationId": "patchBackends",
        "parameters": [
          {
            "$ref": "#/components/parameters/Wait"
          },
          {
            "$ref": "#/components/parameters/DryRun"
          },
          {
            "$ref": "#/components/parameters/Force"
          },
          {
            "$ref": "#/components/parameters/Reason"
          },
          {
            "$ref": "#/components/parameters/IfMatch"
          },
          {
            "$ref": "#/components/parameters/IfNoneMatch"
          },
          {
            "$ref": "#/components/parameters/LBReason"
          },
          {
            "$ref": "#/components/parameters/Pretty"
          }
        ],
        "requestBody": {
          "content": {
            "application/json": {
              "schema": {
                "$ref": "#/components/schemas/BackendPatches"
              }
            },
            "application/merge-patch+json": {
              "examples": {
                "flip": {
                  "value": {
                    "blue-1": {
                      "weight": 0
                    },
                    "green-1": {
                      "weight": 100
                    },
                    "old-7": null
                  }
                }
              },
              "schema": {
                "$ref": "#/components/schemas/BackendPatches"
              }
            }
          },
          "required": true
        },
        "responses": {
          "200": {
            "content": {
              "application/json": {
                "example": {
                  "backends": {
                    "old-7": null,
                    "web-3": {
                      "backup": false,
                      "health_check": null,
                      "labels": {
                        "version": "1.5"
                      },
                      "max_requests": 0,
                      "name": "web-3",
                      "pool": "default",
                      "slow_start": null,
                      "state": "ready",
                      "status": {
                        "answers": {
                          "1xx": 0,
                          "2xx": 18209,
                          "3xx": 0,
                          "4xx": 2,
                          "5xx": 0
                        },
                        "errors": 0,
                        "health": {
                          "consecutive_fail": 0,
                          "consecutive_ok": 12,
                          "flaps_10m": 0,
                          "last": {
                            "at": "2026-11-21T06:49:00.125Z",
                            "error": null,
                            "http": 200,
                            "ms": 0.412
                          },
                          "proven": true,
                          "reason": null,
                          "since": "2026-11-21T06:48:00.125Z",
                          "state": "healthy"
                        },
                        "idle_connections": 4,
                        "in_flight": 3,
                        "last_minute": {
                          "5xx": 0,
                          "answers": 120
                        },
                        "p50_ms": 1.812,
                        "p99_ms": 14.3,
                        "phase": "serving",
                        "requests": 18211,
                        "retried_away": 2,
                        "since": "2026-11-21T06:48:00.125Z",
                        "streams": 0
                      },
                      "url": "http://10.0.0.3:8080",
                      "weight": 1
                    }
                  },
                  "operations": {
                    "old-7": "op-1845"
                  },
                  "revision": 1844
                },
                "schema": {
                  "oneOf": [
                    {
                      "$ref": "#/components/schemas/BackendChanges"
                    },
                    {
                      "$ref": "#/components/schemas/Plan"
                    }
                  ]
                }
              }
            },
            "description": "Changed, or as it was (`LB-Changed: false`), or the plan.",
            "headers": {
              "Cache-Control": {
                "$ref": "#/components/headers/Cache-Control"
              },
              "Content-Security-Policy": {
                "$ref": "#/components/headers/Content-Security-Policy"
              },
              "Cross-Origin-Resource-Policy": {
                "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
              },
              "Date": {
                "$ref": "#/components/headers/Date"
              },
              "ETag": {
                "$ref": "#/components/headers/ETag"
              },
              "LB-Changed": {
                "$ref": "#/components/headers/LB-Changed"
              },
              "LB-Revision": {
                "$ref": "#/components/headers/LB-Revision"
              },
              "Request-Id": {
                "$ref": "#/components/headers/Request-Id"
              },
              "Server-Timing": {
                "$ref": "#/components/headers/Server-Timing"
              },
              "X-Content-Type-Options": {
                "$ref": "#/components/headers/X-Content-Type-Options"
              }
            }
          },
          "400": {
            "$ref": "#/components/responses/BadRequest"
          },
          "401": {
            "$ref": "#/components/responses/Unauthorized"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "408": {
            "$ref": "#/components/responses/RequestTimeout"
          },
          "409": {
            "$ref": "#/components/responses/Refused"
          },
          "412": {
            "$ref": "#/components/responses/PreconditionFailed"
          },
          "413": {
            "$ref": "#/components/responses/ContentTooLarge"
          },
          "414": {
            "$ref": "#/components/responses/URITooLong"
          },
          "415": {
            "$ref": "#/components/responses/UnsupportedMediaType"
          },
          "417": {
            "$ref": "#/components/responses/ExpectationFailed"
          },
          "422": {
            "$ref": "#/components/responses/Unprocessable"
          },
          "428": {
            "$ref": "#/components/responses/PreconditionRequired"
          },
          "429": {
            "$ref": "#/components/responses/TooManyWaits"
          },
          "431": {
            "$ref": "#/components/responses/HeadTooLarge"
          },
          "500": {
            "$ref": "#/components/responses/NotAdopted"
          },
          "501": {
            "$ref": "#/components/responses/NotImplemented"
          },
          "503": {
            "$ref": "#/components/responses/Unavailable"
          },
          "504": {
            "$ref": "#/components/responses/WaitTimeout"
          },
          "505": {
            "$ref": "#/components/responses/VersionNotSupported"
          },
          "507": {
            "$ref": "#/components/responses/NotDurable"
          }
        },
        "summary": "Change many backends in one revision, or none.",
        "tags": [
          "backends"
        ]
      },
      "post": {
        "description": "Without `name` it is called `host:port`, or by its socket's file name. The same spec under the same name again changes\nnothing. With an `Idempotency-Key`, the same request again is answered as the first was, and adds nothing.\n`If-Match` is held against the tag of the list.\n",
        "operationId": "addBackend",
        "parameters": [
          {
            "$ref": "#/components/parameters/Wait"
          },
          {
            "$ref": "#/components/parameters/DryRun"
          },
          {
            "$ref": "#/components/parameters/Force"
          },
          {
            "$ref": "#/components/parameters/Reason"
          },
          {
            "$ref": "#/components/parameters/IfMatch"
          },
          {
            "$ref": "#/components/parameters/IfNoneMatch"
          },
          {
            "$ref": "#/components/parameters/LBReason"
          },
          {
            "$ref": "#/components/parameters/IdempotencyKey"
          },
          {
            "$ref": "#/components/parameters/Pretty"
          }
        ],
        "requestBody": {
          "content": {
            "application/json": {
              "examples": {
                "named": {
                  "value": {
                    "name": "web-3",
                    "url": "http://10.0.0.3:8080",
                    "weight": 10
                  }
                },
                "short": {
                  "value": {
                    "url": "http://10.0.0.3:8080"
                  }
                }
              },
              "schema": {
                "$ref": "#/components/schemas/NewBackend"
              }
            }
          },
          "required": true
        },
        "responses": {
          "200": {
            "content": {
              "application/json": {
                "example": {
                  "backup": false,
                  "health_check": null,
                  "labels": {
                    "version": "1.5"
                  },
                  "max_requests": 0,
                  "name": "web-3",
                  "pool": "default",
                  "slow_start": null,
                  "state": "ready",
                  "status": {
                    "answers": {
                      "1xx": 0,
                      "2xx": 18209,
                      "3xx": 0,
                      "4xx": 2,
                      "5xx": 0
                    },
                    "errors": 0,
                    "health": {
                      "consecutive_fail": 0,
                      "consecutive_ok": 12,
                      "flaps_10m": 0,
                      "last": {
                        "at": "2026-11-21T06:49:00.125Z",
                        "error": null,
                        "http": 200,
                        "ms": 0.412
                      },
                      "proven": true,
                      "reason": null,
                      "since": "2026-11-21T06:48:00.125Z",
                      "state": "healthy"
                    },
                    "idle_connections": 4,
                    "in_flight": 3,
                    "last_minute": {
                      "5xx": 0,
                      "answers": 120
                    },
                    "p50_ms": 1.812,
                    "p99_ms": 14.3,
                    "phase": "serving",
                    "requests": 18211,
                    "retried_away": 2,
                    "since": "2026-11-21T06:48:00.125Z",
                    "streams": 0
                  },
                  "url": "http://10.0.0.3:8080",
                  "weight": 1
                },
                "schema": {
                  "oneOf": [
                    {
                      "$ref": "#/components/schemas/Backend"
                    },
                    {
                      "$ref": "#/components/schemas/Plan"
                    }
                  ]
                }
              }
            },
            "description": "It is there already, with this spec (`LB-Changed: false`), or the plan.",
            "headers": {
              "Cache-Control": {
                "$ref": "#/components/headers/Cache-Control"
              },
              "Content-Security-Policy": {
                "$ref": "#/components/headers/Content-Security-Policy"
              },
              "Cross-Origin-Resource-Policy": {
                "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
              },
              "Date": {
                "$ref": "#/components/headers/Date"
              },
              "ETag": {
                "$ref": "#/components/headers/ETag"
              },
              "LB-Changed": {
                "$ref": "#/components/headers/LB-Changed"
              },
              "LB-Operation": {
                "$ref": "#/components/headers/LB-Operation"
              },
              "LB-Revision": {
                "$ref": "#/components/headers/LB-Revision"
              },
              "Request-Id": {
                "$ref": "#/components/headers/Request-Id"
              },
              "Server-Timing": {
                "$ref": "#/components/headers/Server-Timing"
              },
              "X-Content-Type-Options": {
                "$ref": "#/components/headers/X-Content-Type-Options"
              }
            }
          },
          "201": {
            "content": {
              "application/json": {
                "example": {
                  "backup": false,
                  "health_check": null,
                  "labels": {
                    "version": "1.5"
                  },
                  "max_requests": 0,
                  "name": "web-3",
                  "pool": "default",
                  "slow_start": null,
                  "state": "ready",
                  "status": {
                    "answers": {
                      "1xx": 0,
                      "2xx": 18209,
                      "3xx": 0,
                      "4xx": 2,
                      "5xx": 0
                    },
                    "errors": 0,
                    "health": {
                      "consecutive_fail": 0,
                      "consecutive_ok": 12,
                      "flaps_10m": 0,
                      "last": {
                        "at": "2026-11-21T06:49:00.125Z",
                        "error": null,
                        "http": 200,
                        "ms": 0.412
                      },
                      "proven": true,
                      "reason": null,
                      "since": "2026-11-21T06:48:00.125Z",
                      "state": "healthy"
                    },
                    "idle_connections": 4,
                    "in_flight": 3,
                    "last_minute": {
                      "5xx": 0,
                      "answers": 120
                    },
                    "p50_ms": 1.812,
                    "p99_ms": 14.3,
                    "phase": "serving",
                    "requests": 18211,
                    "retried_away": 2,
                    "since": "2026-11-21T06:48:00.125Z",
                    "streams": 0
                  },
                  "url": "http://10.0.0.3:8080",
                  "weight": 1
                },
                "schema": {
                  "$ref": "#/components/schemas/Backend"
                }
              }
            },
            "description": "Added, stored and live; with `wait`, it serves.",
            "headers": {
              "Cache-Control": {
                "$ref": "#/components/headers/Cache-Control"
              },
              "Content-Security-Policy": {
                "$ref": "#/components/headers/Content-Security-Policy"
              },
              "Cross-Origin-Resource-Policy": {
                "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
              },
              "Date": {
                "$ref": "#/components/headers/Date"
              },
              "ETag": {
                "$ref": "#/components/headers/ETag"
              },
              "LB-Changed": {
                "$ref": "#/components/headers/LB-Changed"
              },
              "LB-Operation": {
                "$ref": "#/components/headers/LB-Operation"
              },
              "LB-Revision": {
                "$ref": "#/components/headers/LB-Revision"
              },
              "Location": {
                "$ref": "#/components/headers/Location"
              },
              "Request-Id": {
                "$ref": "#/components/headers/Request-Id"
              },
              "Server-Timing": {
                "$ref": "#/components/headers/Server-Timing"
              },
              "X-Content-Type-Options": {
                "$ref": "#/components/headers/X-Content-Type-Options"
              }
            }
          },
          "400": {
            "$ref": "#/components/responses/BadRequest"
          },
          "401": {
            "$ref": "#/components/responses/Unauthorized"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "408": {
            "$ref": "#/components/responses/RequestTimeout"
          },
          "409": {
            "$ref": "#/components/responses/Refused"
          },
          "412": {
            "$ref": "#/components/responses/PreconditionFailed"
          },
          "413": {
            "$ref": "#/components/responses/ContentTooLarge"
          },
          "414": {
            "$ref": "#/components/responses/URITooLong"
          },
          "415": {
            "$ref": "#/components/responses/UnsupportedMediaType"
          },
          "417": {
            "$ref": "#/components/responses/ExpectationFailed"
          },
          "422": {
            "$ref": "#/components/responses/Unprocessable"
          },
          "428": {
            "$ref": "#/components/responses/PreconditionRequired"
          },
          "429": {
            "$ref": "#/components/responses/TooManyWaits"
          },
          "431": {
            "$ref": "#/components/responses/HeadTooLarge"
          },
          "500": {
            "$ref": "#/components/responses/NotAdopted"
          },
          "501": {
            "$ref": "#/components/responses/NotImplemented"
          },
          "503": {
            "$ref": "#/components/responses/Unavailable"
          },
          "504": {
            "$ref": "#/components/responses/WaitTimeout"
          },
          "505": {
            "$ref": "#/components/responses/VersionNotSupported"
          },
          "507": {
            "$ref": "#/components/responses/NotDurable"
          }
        },
        "summary": "Add a backend, with a name of its own making.",
        "tags": [
          "backends"
        ]
      }
    },
    "/v1/backends/{name}": {
      "delete": {
        "description": "Never refused for being busy: it is a drain that ends in the removal. Nothing new comes to the backend from now on; what\nruns may finish, tunnels (WebSocket) live on, and what is left at the deadline (`drain`, else the pool's) is cut and counted.\nRepeated while it drains, it is the same operation. With `wait` it answers once that has ended.\n",
        "operationId": "removeBackend",
        "parameters": [
          {
            "$ref": "#/components/parameters/Wait"
          },
          {
            "$ref": "#/components/parameters/Drain"
          },
          {
            "$ref": "#/components/parameters/DryRun"
          },
          {
            "$ref": "#/components/parameters/Force"
          },
          {
            "$ref": "#/components/parameters/Reason"
          },
          {
            "$ref": "#/components/parameters/LBReason"
          },
          {
            "$ref": "#/components/parameters/IfMatch"
          },
          {
            "$ref": "#/components/parameters/IfNoneMatch"
          },
          {
            "$ref": "#/components/parameters/Pretty"
          }
        ],
        "responses": {
          "200": {
            "content": {
              "application/json": {
                "example": {
                  "drain": {
                    "completed": 17,
                    "cut": 0,
                    "elapsed": "3.2s",
                    "idle_closed": 4,
                    "in_flight": 0,
                    "in_flight_at_start": 17,
                    "moved": 0,
                    "outcome": "clean",
                    "sent_after_start": 0,
                    "streams": 0,
                    "streams_closed": 0
                  },
                  "name": "web-1",
                  "operation": "op-1845",
                  "revision": 1846
                },
                "schema": {
                  "oneOf": [
                    {
                      "$ref": "#/components/schemas/DrainReport"
                    },
                    {
                      "$ref": "#/components/schemas/Plan"
                    }
                  ]
                }
              }
            },
            "description": "Gone, with nothing in flight any more.",
            "headers": {
              "Cache-Control": {
                "$ref": "#/components/headers/Cache-Control"
              },
              "Content-Security-Policy": {
                "$ref": "#/components/headers/Content-Security-Policy"
              },
              "Cross-Origin-Resource-Policy": {
                "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
              },
              "Date": {
                "$ref": "#/components/headers/Date"
              },
              "LB-Changed": {
                "$ref": "#/components/headers/LB-Changed"
              },
              "LB-Revision": {
                "$ref": "#/components/headers/LB-Revision"
              },
              "Request-Id": {
                "$ref": "#/components/headers/Request-Id"
              },
              "Server-Timing": {
                "$ref": "#/components/headers/Server-Timing"
              },
              "X-Content-Type-Options": {
                "$ref": "#/components/headers/X-Content-Type-Options"
              }
            },
            "links": {
              "cancellation": {
                "operationId": "cancelOperation",
                "parameters": {
                  "id": "$response.body#/operation"
                }
              },
              "operation": {
                "operationId": "getOperation",
                "parameters": {
                  "id": "$response.body#/operation"
                }
              }
            }
          },
          "202": {
            "content": {
              "application/json": {
                "example": {
                  "drain": {
                    "completed": 15,
                    "cut": 0,
                    "elapsed": "3.2s",
                    "idle_closed": 4,
                    "in_flight": 2,
                    "in_flight_at_start": 17,
                    "moved": 0,
                    "outcome": "draining",
                    "sent_after_start": 0,
                    "streams": 0,
                    "streams_closed": 0
                  },
                  "name": "web-1",
                  "operation": "op-1845",
                  "revision": 1846
                },
                "schema": {
                  "$ref": "#/components/schemas/DrainReport"
                }
              }
            },
            "description": "Removed, and something is still in flight. `Location` is the operation.",
            "headers": {
              "Cache-Control": {
                "$ref": "#/components/headers/Cache-Control"
              },
              "Content-Security-Policy": {
                "$ref": "#/components/headers/Content-Security-Policy"
              },
              "Cross-Origin-Resource-Policy": {
                "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
              },
              "Date": {
                "$ref": "#/components/headers/Date"
              },
              "LB-Changed": {
                "$ref": "#/components/headers/LB-Changed"
              },
              "LB-Operation": {
                "$ref": "#/components/headers/LB-Operation"
              },
              "LB-Revision": {
                "$ref": "#/components/headers/LB-Revision"
              },
              "Location": {
                "$ref": "#/components/headers/Location"
              },
              "Request-Id": {
                "$ref": "#/components/headers/Request-Id"
              },
              "Server-Timing": {
                "$ref": "#/components/headers/Server-Timing"
              },
              "X-Content-Type-Options": {
                "$ref": "#/components/headers/X-Content-Type-Options"
              }
            },
            "links": {
              "cancellation": {
                "operationId": "cancelOperation",
                "parameters": {
                  "id": "$response.body#/operation"
                }
              },
              "operation": {
                "operationId": "getOperation",
                "parameters": {
                  "id": "$response.body#/operation"
                }
              }
            }
          },
          "400": {
            "$ref": "#/components/responses/BadRequest"
          },
          "401": {
            "$ref": "#/components/responses/Unauthorized"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "404": {
            "$ref": "#/components/responses/NotFound"
          },
          "408": {
            "$ref": "#/components/responses/RequestTimeout"
          },
          "409": {
            "content": {
              "application/problem+json": {
                "example": {
                  "applied": true,
                  "code": "condition-unreachable",
                  "detail": "the backend \"web-1\" was added again while it drained",
                  "request_id": "5c1e0f6b2a7d4c3e9b8a7d6c5e4f3a2b",
                  "status": 409,
                  "title": "What the request waits for cannot come true any more",
                  "type": "/v1/problems/condition-unreachable"
                },
                "schema": {
                  "$ref": "#/components/schemas/Problem"
                }
              }
            },
            "description": "It is the last healthy backend of its pool (`last-healthy-backend`), the pool would be under its `min_ready` (`min-ready`), or it was added again while the request waited (`condition-unreachable`).",
            "headers": {
              "Cache-Control": {
                "$ref": "#/components/headers/Cache-Control"
              },
              "Content-Security-Policy": {
                "$ref": "#/components/headers/Content-Security-Policy"
              },
              "Cross-Origin-Resource-Policy": {
                "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
              },
              "Date": {
                "$ref": "#/components/headers/Date"
              },
              "LB-Changed": {
                "$ref": "#/components/headers/LB-Changed"
              },
              "LB-Operation": {
                "$ref": "#/components/headers/LB-Operation"
              },
              "LB-Revision": {
                "$ref": "#/components/headers/LB-Revision"
              },
              "Location": {
                "$ref": "#/components/headers/Location"
              },
              "Request-Id": {
                "$ref": "#/components/headers/Request-Id"
              },
              "Server-Timing": {
                "$ref": "#/components/headers/Server-Timing"
              },
              "X-Content-Type-Options": {
                "$ref": "#/components/headers/X-Content-Type-Options"
              }
            }
          },
          "412": {
            "$ref": "#/components/responses/PreconditionFailed"
          },
          "413": {
            "$ref": "#/components/responses/ContentTooLarge"
          },
          "414": {
            "$ref": "#/components/responses/URITooLong"
          },
          "417": {
            "$ref": "#/components/responses/ExpectationFailed"
          },
          "428": {
            "$ref": "#/components/responses/PreconditionRequired"
          },
          "429": {
            "$ref": "#/components/responses/TooManyWaits"
          },
          "431": {
            "$ref": "#/components/responses/HeadTooLarge"
          },
          "500": {
            "$ref": "#/components/responses/NotAdopted"
          },
          "501": {
            "$ref": "#/components/responses/NotImplemented"
          },
          "503": {
            "$ref": "#/components/responses/Unavailable"
          },
          "504": {
            "content": {
              "application/problem+json": {
                "example": {
                  "applied": true,
                  "code": "wait-timeout",
                  "detail": "the backend \"web-1\" takes nothing new and has not finished after 30s: 2 in flight",
                  "operation": "op-1845",
                  "request_id": "5c1e0f6b2a7d4c3e9b8a7d6c5e4f3a2b",
                  "revision": 1844,
                  "status": 504,
                  "title": "It did not come true in the time given",
                  "type": "/v1/problems/wait-timeout"
                },
                "schema": {
                  "$ref": "#/components/schemas/Problem"
                }
              }
            },
            "description": "The backend is removed, and has not finished what it carries within `wait` (`wait-timeout`; `drain` and `operation` tell how it goes). Repeating the request goes on waiting.",
            "headers": {
              "Cache-Control": {
                "$ref": "#/components/headers/Cache-Control"
              },
              "Content-Security-Policy": {
                "$ref": "#/components/headers/Content-Security-Policy"
              },
              "Cross-Origin-Resource-Policy": {
                "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
              },
              "Date": {
                "$ref": "#/components/headers/Date"
              },
              "LB-Changed": {
                "$ref": "#/components/headers/LB-Changed"
              },
              "LB-Operation": {
                "$ref": "#/components/headers/LB-Operation"
              },
              "LB-Revision": {
                "$ref": "#/components/headers/LB-Revision"
              },
              "Location": {
                "$ref": "#/components/headers/Location"
              },
              "Request-Id": {
                "$ref": "#/components/headers/Request-Id"
              },
              "Server-Timing": {
                "$ref": "#/components/headers/Server-Timing"
              },
              "X-Content-Type-Options": {
                "$ref": "#/components/headers/X-Content-Type-Options"
              }
            }
          },
          "505": {
            "$ref": "#/components/responses/VersionNotSupported"
          },
          "507": {
            "$ref": "#/components/responses/NotDurable"
          }
        },
        "summary": "Remove a backend: nothing new from now on, and what runs may finish.",
        "tags": [
          "backends"
        ]
      },
      "get": {
        "description": "Answers for a removed one too, with the phase `draining`, until its last request has finished.\n",
        "operationId": "getBackend",
        "parameters": [
          {
            "$ref": "#/components/parameters/IfNoneMatch"
          },
          {
            "$ref": "#/components/parameters/Pretty"
          }
        ],
        "responses": {
          "200": {
            "content": {
              "application/json": {
                "example": {
                  "backup": false,
                  "health_check": null,
                  "labels": {
                    "version": "1.5"
                  },
                  "max_requests": 0,
                  "name": "web-3",
                  "pool": "default",
                  "slow_start": null,
                  "state": "ready",
                  "status": {
                    "answers": {
                      "1xx": 0,
                      "2xx": 18209,
                      "3xx": 0,
                      "4xx": 2,
                      "5xx": 0
                    },
                    "errors": 0,
                    "health": {
                      "consecutive_fail": 0,
                      "consecutive_ok": 12,
                      "flaps_10m": 0,
                      "last": {
                        "at": "2026-11-21T06:49:00.125Z",
                        "error": null,
                        "http": 200,
                        "ms": 0.412
                      },
                      "proven": true,
                      "reason": null,
                      "since": "2026-11-21T06:48:00.125Z",
                      "state": "healthy"
                    },
                    "idle_connections": 4,
                    "in_flight": 3,
                    "last_minute": {
                      "5xx": 0,
                      "answers": 120
                    },
                    "p50_ms": 1.812,
                    "p99_ms": 14.3,
                    "phase": "serving",
                    "requests": 18211,
                    "retried_away": 2,
                    "since": "2026-11-21T06:48:00.125Z",
                    "streams": 0
                  },
                  "url": "http://10.0.0.3:8080",
                  "weight": 1
                },
                "schema": {
                  "$ref": "#/components/schemas/Backend"
                }
              }
            },
            "description": "The backend.",
            "headers": {
              "Cache-Control": {
                "$ref": "#/components/headers/Cache-Control"
              },
              "Content-Security-Policy": {
                "$ref": "#/components/headers/Content-Security-Policy"
              },
              "Cross-Origin-Resource-Policy": {
                "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
              },
              "Date": {
                "$ref": "#/components/headers/Date"
              },
              "ETag": {
                "$ref": "#/components/headers/ETag"
              },
              "LB-Revision": {
                "$ref": "#/components/headers/LB-Revision"
              },
              "Request-Id": {
                "$ref": "#/components/headers/Request-Id"
              },
              "X-Content-Type-Options": {
                "$ref": "#/components/headers/X-Content-Type-Options"
              }
            }
          },
          "304": {
            "$ref": "#/components/responses/NotModified"
          },
          "400": {
            "$ref": "#/components/responses/BadRequest"
          },
          "401": {
            "$ref": "#/components/responses/Unauthorized"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "404": {
            "$ref": "#/components/responses/NotFound"
          },
          "408": {
            "$ref": "#/components/responses/RequestTimeout"
          },
          "413": {
            "$ref": "#/components/responses/ContentTooLarge"
          },
          "414": {
            "$ref": "#/components/responses/URITooLong"
          },
          "417": {
            "$ref": "#/components/responses/ExpectationFailed"
          },
          "431": {
            "$ref": "#/components/responses/HeadTooLarge"
          },
          "501": {
            "$ref": "#/components/responses/NotImplemented"
          },
          "503": {
            "$ref": "#/components/responses/Unavailable"
          },
          "505": {
            "$ref": "#/components/responses/VersionNotSupported"
          }
        },
        "summary": "One backend.",
        "tags": [
          "backends"
        ]
      },
      "options": {
        "operationId": "optionsBackend",
        "parameters": [
          {
            "$ref": "#/components/parameters/Pretty"
          }
        ],
        "responses": {
          "204": {
            "description": "`Allow` lists the methods.",
            "headers": {
              "Accept-Patch": {
                "$ref": "#/components/headers/Accept-Patch"
              },
              "Allow": {
                "$ref": "#/components/headers/Allow"
              },
              "Cache-Control": {
                "$ref": "#/components/headers/Cache-Control"
              },
              "Content-Security-Policy": {
                "$ref": "#/components/headers/Content-Security-Policy"
              },
              "Cross-Origin-Resource-Policy": {
                "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
              },
              "Date": {
                "$ref": "#/components/headers/Date"
              },
              "Request-Id": {
                "$ref": "#/components/headers/Request-Id"
              },
              "X-Content-Type-Options": {
                "$ref": "#/components/headers/X-Content-Type-Options"
              }
            }
          },
          "400": {
            "$ref": "#/components/responses/BadRequest"
          },
          "401": {
            "$ref": "#/components/responses/Unauthorized"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "408": {
            "$ref": "#/components/responses/RequestTimeout"
          },
          "413": {
            "$ref": "#/components/responses/ContentTooLarge"
          },
          "414": {
            "$ref": "#/components/responses/URITooLong"
          },
          "417": {
            "$ref": "#/components/responses/ExpectationFailed"
          },
          "431": {
            "$ref": "#/components/responses/HeadTooLarge"
          },
          "501": {
            "$ref": "#/components/responses/NotImplemented"
          },
          "503": {
            "$ref": "#/components/responses/Unavailable"
          },
          "505": {
            "$ref": "#/components/responses/VersionNotSupported"
          }
        },
        "summary": "What the path takes.",
        "tags": [
          "service"
        ]
      },
      "parameters": [
        {
          "$ref": "#/components/parameters/Name"
        }
      ],
      "patch": {
        "description": "A merge patch (RFC 7396): what is in it is set, and null gives a member its default.\n",
        "operationId": "patchBackend",
        "parameters": [
          {
            "$ref": "#/components/parameters/Wait"
          },
          {
            "$ref": "#/components/parameters/DryRun"
          },
          {
            "$ref": "#/components/parameters/Force"
          },
          {
            "$ref": "#/components/parameters/Reason"
          },
          {
            "$ref": "#/components/parameters/IfMatch"
          },
          {
            "$ref": "#/components/parameters/IfNoneMatch"
          },
          {
            "$ref": "#/components/parameters/LBReason"
          },
          {
            "$ref": "#/components/parameters/Pretty"
          }
        ],
        "requestBody": {
          "content": {
            "application/json": {
              "schema": {
                "$ref": "#/components/schemas/BackendPatch"
              }
            },
            "application/merge-patch+json": {
              "examples": {
                "label": {
                  "value": {
                    "labels": {
                      "color": null,
                      "version": "1.6"
                    }
                  }
                },
                "weight": {
                  "value": {
                    "weight": 10
                  }
                }
              },
              "schema": {
                "$ref": "#/components/schemas/BackendPatch"
              }
            }
          },
          "required": true
        },
        "responses": {
          "200": {
            "content": {
              "application/json": {
                "example": {
                  "backup": false,
                  "health_check": null,
                  "labels": {
                    "version": "1.5"
                  },
                  "max_requests": 0,
                  "name": "web-3",
                  "pool": "default",
                  "slow_start": null,
                  "state": "ready",
                  "status": {
                    "answers": {
                      "1xx": 0,
                      "2xx": 18209,
                      "3xx": 0,
                      "4xx": 2,
                      "5xx": 0
                    },
                    "errors": 0,
                    "health": {
                      "consecutive_fail": 0,
                      "consecutive_ok": 12,
                      "flaps_10m": 0,
                      "last": {
                        "at": "2026-11-21T06:49:00.125Z",
                        "error": null,
                        "http": 200,
                        "ms": 0.412
                      },
                      "proven": true,
                      "reason": null,
                      "since": "2026-11-21T06:48:00.125Z",
                      "state": "healthy"
                    },
                    "idle_connections": 4,
                    "in_flight": 3,
                    "last_minute": {
                      "5xx": 0,
                      "answers": 120
                    },
                    "p50_ms": 1.812,
                    "p99_ms": 14.3,
                    "phase": "serving",
                    "requests": 18211,
                    "retried_away": 2,
                    "since": "2026-11-21T06:48:00.125Z",
                    "streams": 0
                  },
                  "url": "http://10.0.0.3:8080",
                  "weight": 1
                },
                "schema": {
                  "oneOf": [
                    {
                      "$ref": "#/components/schemas/Backend"
                    },
                    {
                      "$ref": "#/components/schemas/Plan"
                    }
                  ]
                }
              }
            },
            "description": "Changed, or as it was (`LB-Changed: false`), or the plan.",
            "headers": {
              "Cache-Control": {
                "$ref": "#/components/headers/Cache-Control"
              },
              "Content-Security-Policy": {
                "$ref": "#/components/headers/Content-Security-Policy"
              },
              "Cross-Origin-Resource-Policy": {
                "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
              },
              "Date": {
                "$ref": "#/components/headers/Date"
              },
              "ETag": {
                "$ref": "#/components/headers/ETag"
              },
              "LB-Changed": {
                "$ref": "#/components/headers/LB-Changed"
              },
              "LB-Operation": {
                "$ref": "#/components/headers/LB-Operation"
              },
              "LB-Revision": {
                "$ref": "#/components/headers/LB-Revision"
              },
              "Request-Id": {
                "$ref": "#/components/headers/Request-Id"
              },
              "Server-Timing": {
                "$ref": "#/components/headers/Server-Timing"
              },
              "X-Content-Type-Options": {
                "$ref": "#/components/headers/X-Content-Type-Options"
              }
            }
          },
          "400": {
            "$ref": "#/components/responses/BadRequest"
          },
          "401": {
            "$ref": "#/components/responses/Unauthorized"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "404": {
            "$ref": "#/components/responses/NotFound"
          },
          "408": {
            "$ref": "#/components/responses/RequestTimeout"
          },
          "409": {
            "$ref": "#/components/responses/Refused"
          },
          "412": {
            "$ref": "#/components/responses/PreconditionFailed"
          },
          "413": {
            "$ref": "#/components/responses/ContentTooLarge"
          },
          "414": {
            "$ref": "#/components/responses/URITooLong"
          },
          "415": {
            "$ref": "#/components/responses/UnsupportedMediaType"
          },
          "417": {
            "$ref": "#/components/responses/ExpectationFailed"
          },
          "422": {
            "$ref": "#/components/responses/Unprocessable"
          },
          "428": {
            "$ref": "#/components/responses/PreconditionRequired"
          },
          "429": {
            "$ref": "#/components/responses/TooManyWaits"
          },
          "431": {
            "$ref": "#/components/responses/HeadTooLarge"
          },
          "500": {
            "$ref": "#/components/responses/NotAdopted"
          },
          "501": {
            "$ref": "#/components/responses/NotImplemented"
          },
          "503": {
            "$ref": "#/components/responses/Unavailable"
          },
          "504": {
            "$ref": "#/components/responses/WaitTimeout"
          },
          "505": {
            "$ref": "#/components/responses/VersionNotSupported"
          },
          "507": {
            "$ref": "#/components/responses/NotDurable"
          }
        },
        "summary": "Change members of a backend.",
        "tags": [
          "backends"
        ]
      },
      "put": {
        "description": "The same body again changes nothing, so it may be repeated. Replacing the URL or the pool makes it another backend, whose\nhealth is not known yet; any other change keeps health, counters and connections.\n",
        "operationId": "putBackend",
        "parameters": [
          {
            "$ref": "#/components/parameters/Wait"
          },
          {
            "$ref": "#/components/parameters/DryRun"
          },
          {
            "$ref": "#/components/parameters/Force"
          },
          {
            "$ref": "#/components/parameters/Reason"
          },
          {
            "$ref": "#/components/parameters/IfMatch"
          },
          {
            "$ref": "#/components/parameters/IfNoneMatch"
          },
          {
            "$ref": "#/components/parameters/LBReason"
          },
          {
            "$ref": "#/components/parameters/Pretty"
          }
        ],
        "requestBody": {
          "content": {
            "application/json": {
              "examples": {
                "short": {
                  "value": {
                    "url": "http://10.0.0.3:8080"
                  }
                },
                "whole": {
                  "value": {
                    "labels": {
                      "version": "1.5"
                    },
                    "pool": "default",
                    "url": "http://10.0.0.3:8080",
                    "weight": 10
                  }
                }
              },
              "schema": {
                "$ref": "#/components/schemas/BackendBody"
              }
            }
          },
          "required": true
        },
        "responses": {
          "200": {
            "content": {
              "application/json": {
                "example": {
                  "backup": false,
                  "health_check": null,
                  "labels": {
                    "version": "1.5"
                  },
                  "max_requests": 0,
                  "name": "web-3",
                  "pool": "default",
                  "slow_start": null,
                  "state": "ready",
                  "status": {
                    "answers": {
                      "1xx": 0,
                      "2xx": 18209,
                      "3xx": 0,
                      "4xx": 2,
                      "5xx": 0
                    },
                    "errors": 0,
                    "health": {
                      "consecutive_fail": 0,
                      "consecutive_ok": 12,
                      "flaps_10m": 0,
                      "last": {
                        "at": "2026-11-21T06:49:00.125Z",
                        "error": null,
                        "http": 200,
                        "ms": 0.412
                      },
                      "proven": true,
                      "reason": null,
                      "since": "2026-11-21T06:48:00.125Z",
                      "state": "healthy"
                    },
                    "idle_connections": 4,
                    "in_flight": 3,
                    "last_minute": {
                      "5xx": 0,
                      "answers": 120
                    },
                    "p50_ms": 1.812,
                    "p99_ms": 14.3,
                    "phase": "serving",
                    "requests": 18211,
                    "retried_away": 2,
                    "since": "2026-11-21T06:48:00.125Z",
                    "streams": 0
                  },
                  "url": "http://10.0.0.3:8080",
                  "weight": 1
                },
                "schema": {
                  "oneOf": [
                    {
                      "$ref": "#/components/schemas/Backend"
                    },
                    {
                      "$ref": "#/components/schemas/Plan"
                    }
                  ]
                }
              }
            },
            "description": "Replaced, or as it was (`LB-Changed: false`), or the plan.",
            "headers": {
              "Cache-Control": {
                "$ref": "#/components/headers/Cache-Control"
              },
              "Content-Security-Policy": {
                "$ref": "#/components/headers/Content-Security-Policy"
              },
              "Cross-Origin-Resource-Policy": {
                "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
              },
              "Date": {
                "$ref": "#/components/headers/Date"
              },
              "ETag": {
                "$ref": "#/components/headers/ETag"
              },
              "LB-Changed": {
                "$ref": "#/components/headers/LB-Changed"
              },
              "LB-Operation": {
                "$ref": "#/components/headers/LB-Operation"
              },
              "LB-Revision": {
                "$ref": "#/components/headers/LB-Revision"
              },
              "Request-Id": {
                "$ref": "#/components/headers/Request-Id"
              },
              "Server-Timing": {
                "$ref": "#/components/headers/Server-Timing"
              },
              "X-Content-Type-Options": {
                "$ref": "#/components/headers/X-Content-Type-Options"
              }
            }
          },
          "201": {
            "content": {
              "application/json": {
                "example": {
                  "backup": false,
                  "health_check": null,
                  "labels": {
                    "version": "1.5"
                  },
                  "max_requests": 0,
                  "name": "web-3",
                  "pool": "default",
                  "slow_start": null,
                  "state": "ready",
                  "status": {
                    "answers": {
                      "1xx": 0,
                      "2xx": 18209,
                      "3xx": 0,
                      "4xx": 2,
                      "5xx": 0
                    },
                    "errors": 0,
                    "health": {
                      "consecutive_fail": 0,
                      "consecutive_ok": 12,
                      "flaps_10m": 0,
                      "last": {
                        "at": "2026-11-21T06:49:00.125Z",
                        "error": null,
                        "http": 200,
                        "ms": 0.412
                      },
                      "proven": true,
                      "reason": null,
                      "since": "2026-11-21T06:48:00.125Z",
                      "state": "healthy"
                    },
                    "idle_connections": 4,
                    "in_flight": 3,
                    "last_minute": {
                      "5xx": 0,
                      "answers": 120
                    },
                    "p50_ms": 1.812,
                    "p99_ms": 14.3,
                    "phase": "serving",
                    "requests": 18211,
                    "retried_away": 2,
                    "since": "2026-11-21T06:48:00.125Z",
                    "streams": 0
                  },
                  "url": "http://10.0.0.3:8080",
                  "weight": 1
                },
                "schema": {
                  "$ref": "#/components/schemas/Backend"
                }
              }
            },
            "description": "Added, stored and live; with `wait`, it serves.",
            "headers": {
              "Cache-Control": {
                "$ref": "#/components/headers/Cache-Control"
              },
              "Content-Security-Policy": {
                "$ref": "#/components/headers/Content-Security-Policy"
              },
              "Cross-Origin-Resource-Policy": {
                "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
              },
              "Date": {
                "$ref": "#/components/headers/Date"
              },
              "ETag": {
                "$ref": "#/components/headers/ETag"
              },
              "LB-Changed": {
                "$ref": "#/components/headers/LB-Changed"
              },
              "LB-Operation": {
                "$ref": "#/components/headers/LB-Operation"
              },
              "LB-Revision": {
                "$ref": "#/components/headers/LB-Revision"
              },
              "Location": {
                "$ref": "#/components/headers/Location"
              },
              "Request-Id": {
                "$ref": "#/components/headers/Request-Id"
              },
              "Server-Timing": {
                "$ref": "#/components/headers/Server-Timing"
              },
              "X-Content-Type-Options": {
                "$ref": "#/components/headers/X-Content-Type-Options"
              }
            }
          },
          "400": {
            "$ref": "#/components/responses/BadRequest"
          },
          "401": {
            "$ref": "#/components/responses/Unauthorized"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "408": {
            "$ref": "#/components/responses/RequestTimeout"
          },
          "409": {
            "$ref": "#/components/responses/Refused"
          },
          "412": {
            "$ref": "#/components/responses/PreconditionFailed"
          },
          "413": {
            "$ref": "#/components/responses/ContentTooLarge"
          },
          "414": {
            "$ref": "#/components/responses/URITooLong"
          },
          "415": {
            "$ref": "#/components/responses/UnsupportedMediaType"
          },
          "417": {
            "$ref": "#/components/responses/ExpectationFailed"
          },
          "422": {
            "$ref": "#/components/responses/Unprocessable"
          },
          "428": {
            "$ref": "#/components/responses/PreconditionRequired"
          },
          "429": {
            "$ref": "#/components/responses/TooManyWaits"
          },
          "431": {
            "$ref": "#/components/responses/HeadTooLarge"
          },
          "500": {
            "$ref": "#/components/responses/NotAdopted"
          },
          "501": {
            "$ref": "#/components/responses/NotImplemented"
          },
          "503": {
            "$ref": "#/components/responses/Unavailable"
          },
          "504": {
            "$ref": "#/components/responses/WaitTimeout"
          },
          "505": {
            "$ref": "#/components/responses/VersionNotSupported"
          },
          "507": {
            "$ref": "#/components/responses/NotDurable"
          }
        },
        "summary": "Add or replace a backend.",
        "tags": [
          "backends"
        ]
      }
    },
    "/v1/backends/{name}/health": {
      "get": {
        "operationId": "getBackendHealth",
        "parameters": [
          {
            "$ref": "#/components/parameters/Pretty"
          }
        ],
        "responses": {
          "200": {
            "content": {
              "application/json": {
                "example": {
                  "consecutive_fail": 9,
                  "consecutive_ok": 0,
                  "flaps_10m": 1,
                  "last": {
                    "at": "2026-11-21T06:49:00.125Z",
                    "error": "connect refused",
                    "http": null,
                    "ms": 0.081
                  },
                  "last_minute": {
                    "5xx": 0,
                    "answers": 0
                  },
                  "name": "web-3",
                  "phase": "unhealthy",
                  "probes": [
                    {
                      "at": "2026-11-21T06:48:55.125Z",
                      "error": "connect refused",
                      "http": null,
                      "ms": 0.093
                    },
                    {
                      "at": "2026-11-21T06:49:00.125Z",
                      "error": "connect refused",
                      "http": null,
                      "ms": 0.081
                    }
                  ],
                  "proven": false,
                  "reason": "connect refused",
                  "since": "2026-11-21T06:48:00.125Z",
                  "state": "unhealthy"
                },
                "schema": {
                  "$ref": "#/components/schemas/BackendHealth"
                }
              }
            },
            "description": "Its health.",
            "headers": {
              "Cache-Control": {
                "$ref": "#/components/headers/Cache-Control"
              },
              "Content-Security-Policy": {
                "$ref": "#/components/headers/Content-Security-Policy"
              },
              "Cross-Origin-Resource-Policy": {
                "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
              },
              "Date": {
                "$ref": "#/components/headers/Date"
              },
              "Request-Id": {
                "$ref": "#/components/headers/Request-Id"
              },
              "X-Content-Type-Options": {
                "$ref": "#/components/headers/X-Content-Type-Options"
              }
            }
          },
          "400": {
            "$ref": "#/components/responses/BadRequest"
          },
          "401": {
            "$ref": "#/components/responses/Unauthorized"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "404": {
            "$ref": "#/components/responses/NotFound"
          },
          "408": {
            "$ref": "#/components/responses/RequestTimeout"
          },
          "413": {
            "$ref": "#/components/responses/ContentTooLarge"
          },
          "414": {
            "$ref": "#/components/responses/URITooLong"
          },
          "417": {
            "$ref": "#/components/responses/ExpectationFailed"
          },
          "431": {
            "$ref": "#/components/responses/HeadTooLarge"
          },
          "501": {
            "$ref": "#/components/responses/NotImplemented"
          },
          "503": {
            "$ref": "#/components/responses/Unavailable"
          },
          "505": {
            "$ref": "#/components/responses/VersionNotSupported"
          }
        },
        "summary": "One backend's health, with its last probes.",
        "tags": [
          "health"
        ]
      },
      "options": {
        "operationId": "optionsGetBackendHealth",
        "parameters": [
          {
            "$ref": "#/components/parameters/Pretty"
          }
        ],
        "responses": {
          "204": {
            "description": "`Allow` lists the methods.",
            "headers": {
              "Allow": {
                "$ref": "#/components/headers/Allow"
              },
              "Cache-Control": {
                "$ref": "#/components/headers/Cache-Control"
              },
              "Content-Security-Policy": {
                "$ref": "#/components/headers/Content-Security-Policy"
              },
              "Cross-Origin-Resource-Policy": {
                "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
              },
              "Date": {
                "$ref": "#/components/headers/Date"
              },
              "Request-Id": {
                "$ref": "#/components/headers/Request-Id"
              },
              "X-Content-Type-Options": {
                "$ref": "#/components/headers/X-Content-Type-Options"
              }
            }
          },
          "400": {
            "$ref": "#/components/responses/BadRequest"
          },
          "401": {
            "$ref": "#/components/responses/Unauthorized"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "408": {
            "$ref": "#/components/responses/RequestTimeout"
          },
          "413": {
            "$ref": "#/components/responses/ContentTooLarge"
          },
          "414": {
            "$ref": "#/components/responses/URITooLong"
          },
          "417": {
            "$ref": "#/components/responses/ExpectationFailed"
          },
          "431": {
            "$ref": "#/components/responses/HeadTooLarge"
          },
          "501": {
            "$ref": "#/components/responses/NotImplemented"
          },
          "503": {
            "$ref": "#/components/responses/Unavailable"
          },
          "505": {
            "$ref": "#/components/responses/VersionNotSupported"
          }
        },
        "summary": "What the path takes.",
        "tags": [
          "service"
        ]
      },
      "parameters": [
        {
          "$ref": "#/components/parameters/Name"
        }
      ]
    },
    "/v1/backends/{name}/probe": {
      "options": {
        "operationId": "optionsProbeBackend",
        "parameters": [
          {
            "$ref": "#/components/parameters/Pretty"
          }
        ],
        "responses": {
          "204": {
            "description": "`Allow` lists the methods.",
            "headers": {
              "Allow": {
                "$ref": "#/components/headers/Allow"
              },
              "Cache-Control": {
                "$ref": "#/components/headers/Cache-Control"
              },
              "Content-Security-Policy": {
                "$ref": "#/components/headers/Content-Security-Policy"
              },
              "Cross-Origin-Resource-Policy": {
                "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
              },
              "Date": {
                "$ref": "#/components/headers/Date"
              },
              "Request-Id": {
                "$ref": "#/components/headers/Request-Id"
              },
              "X-Content-Type-Options": {
                "$ref": "#/components/headers/X-Content-Type-Options"
              }
            }
          },
          "400": {
            "$ref": "#/components/responses/BadRequest"
          },
          "401": {
            "$ref": "#/components/responses/Unauthorized"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "408": {
            "$ref": "#/components/responses/RequestTimeout"
          },
          "413": {
            "$ref": "#/components/responses/ContentTooLarge"
          },
          "414": {
            "$ref": "#/components/responses/URITooLong"
          },
          "417": {
            "$ref": "#/components/responses/ExpectationFailed"
          },
          "431": {
            "$ref": "#/components/responses/HeadTooLarge"
          },
          "501": {
            "$ref": "#/components/responses/NotImplemented"
          },
          "503": {
            "$ref": "#/components/responses/Unavailable"
          },
          "505": {
            "$ref": "#/components/responses/VersionNotSupported"
          }
        },
        "summary": "What the path takes.",
        "tags": [
          "service"
        ]
      },
      "parameters": [
        {
          "$ref": "#/components/parameters/Name"
        }
      ],
      "post": {
        "description": "Answers when the check has ended. Health does not change by it. Where the check is off, one with the defaults is tried.\n",
        "operationId": "probeBackend",
        "parameters": [
          {
            "$ref": "#/components/parameters/Pretty"
          }
        ],
        "responses": {
          "200": {
            "content": {
              "application/json": {
                "example": {
                  "address": "10.0.0.3:8080",
                  "body": "ok\n",
                  "connect_ms": 0.2,
                  "error": null,
                  "first_byte_ms": 3.02,
                  "head": "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n",
                  "http": 200,
                  "is_body_cut": false,
                  "ms": 3.14,
                  "name": "web-3",
                  "passed": true,
                  "sent": "GET / HTTP/1.1\r\nHost: 10.0.0.3:8080\r\n\r\n"
                },
                "schema": {
                  "$ref": "#/components/schemas/ProbeReport"
                }
              }
            },
            "description": "What came of it, whether it passed or not.",
            "headers": {
              "Cache-Control": {
                "$ref": "#/components/headers/Cache-Control"
              },
              "Content-Security-Policy": {
                "$ref": "#/components/headers/Content-Security-Policy"
              },
              "Cross-Origin-Resource-Policy": {
                "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
              },
              "Date": {
                "$ref": "#/components/headers/Date"
              },
              "LB-Revision": {
                "$ref": "#/components/headers/LB-Revision"
              },
              "Request-Id": {
                "$ref": "#/components/headers/Request-Id"
              },
              "X-Content-Type-Options": {
                "$ref": "#/components/headers/X-Content-Type-Options"
              }
            }
          },
          "400": {
            "$ref": "#/components/responses/BadRequest"
          },
          "401": {
            "$ref": "#/components/responses/Unauthorized"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "404": {
            "$ref": "#/components/responses/NotFound"
          },
          "408": {
            "$ref": "#/components/responses/RequestTimeout"
          },
          "413": {
            "$ref": "#/components/responses/ContentTooLarge"
          },
          "414": {
            "$ref": "#/components/responses/URITooLong"
          },
          "417": {
            "$ref": "#/components/responses/ExpectationFailed"
          },
          "429": {
            "$ref": "#/components/responses/TooManyWaits"
          },
          "431": {
            "$ref": "#/components/responses/HeadTooLarge"
          },
          "501": {
            "$ref": "#/components/responses/NotImplemented"
          },
          "503": {
            "$ref": "#/components/responses/Unavailable"
          },
          "505": {
            "$ref": "#/components/responses/VersionNotSupported"
          }
        },
        "summary": "Run one backend's health check now.",
        "tags": [
          "health"
        ]
      }
    },
    "/v1/config": {
      "get": {
        "description": "The same state is the same bytes. With `revision`, what was desired when that number was the newest. Runtime changes that\nare kept and not in force are in `waiting`.\n",
        "operationId": "getConfig",
        "parameters": [
          {
            "$ref": "#/components/parameters/Revision"
          },
          {
            "$ref": "#/components/parameters/IfNoneMatch"
          },
          {
            "$ref": "#/components/parameters/Pretty"
          }
        ],
        "responses": {
          "200": {
            "content": {
              "application/json": {
                "example": {
                  "backends": {
                    "web-3": {
                      "backup": false,
                      "health_check": null,
                      "labels": {
                        "version": "1.5"
                      },
                      "max_requests": 0,
                      "pool": "default",
                      "slow_start": null,
                      "state": "ready",
                      "url": "http://10.0.0.3:8080",
                      "weight": 1
                    }
                  },
                  "pools": {
                    "default": {
                      "algorithm": "round_robin",
                      "drain": "30s",
                      "hash_by": "client_ip",
                      "health_check": {
                        "expect": "200",
                        "fall": 2,
                        "headers": {},
                        "interval": "5s",
                        "path": "/",
                        "rise": 1,
                        "start": "down",
                        "timeout": "2s",
                        "type": "http"
                      },
                      "min_ready": 1,
                      "on_client_fin": "finish",
                      "panic_threshold": 0.0,
                      "passive": {
                        "eject": "5s",
                        "eject_max": "1m",
                        "errors": 3,
                        "http_5xx": 0,
                        "http_5xx_share": 0,
                        "max_ejected": 0.5,
                        "volume": 20
                      },
                      "retry": {
                        "budget": 0.2,
                        "max": 2,
                        "on": []
                      },
                      "slow_start": "0s",
                      "sticky": "off",
                      "timeouts": {
                        "connect": null,
                        "queue": null,
                        "response_first_byte": null,
                        "response_stall": null,
                        "total": null
                      }
                    }
                  }
                },
                "schema": {
                  "$ref": "#/components/schemas/Config"
                }
              }
            },
            "description": "The document.",
            "headers": {
              "Cache-Control": {
                "$ref": "#/components/headers/Cache-Control"
              },
              "Content-Security-Policy": {
                "$ref": "#/components/headers/Content-Security-Policy"
              },
              "Cross-Origin-Resource-Policy": {
                "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
              },
              "Date": {
                "$ref": "#/components/headers/Date"
              },
              "ETag": {
                "$ref": "#/components/headers/ETag"
              },
              "LB-Revision": {
                "$ref": "#/components/headers/LB-Revision"
              },
              "Request-Id": {
                "$ref": "#/components/headers/Request-Id"
              },
              "X-Content-Type-Options": {
                "$ref": "#/components/headers/X-Content-Type-Options"
              }
            }
          },
          "304": {
            "$ref": "#/components/responses/NotModified"
          },
          "400": {
            "$ref": "#/components/responses/BadRequest"
          },
          "401": {
            "$ref": "#/components/responses/Unauthorized"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "404": {
            "$ref": "#/components/responses/NotFound"
          },
          "408": {
            "$ref": "#/components/responses/RequestTimeout"
          },
          "410": {
            "$ref": "#/components/responses/Gone"
          },
          "413": {
            "$ref": "#/components/responses/ContentTooLarge"
          },
          "414": {
            "$ref": "#/components/responses/URITooLong"
          },
          "417": {
            "$ref": "#/components/responses/ExpectationFailed"
          },
          "429": {
            "$ref": "#/components/responses/TooManyWaits"
          },
          "431": {
            "$ref": "#/components/responses/HeadTooLarge"
          },
          "501": {
            "$ref": "#/components/responses/NotImplemented"
          },
          "503": {
            "$ref": "#/components/responses/Unavailable"
          },
          "505": {
            "$ref": "#/components/responses/VersionNotSupported"
          },
          "507": {
            "$ref": "#/components/responses/NotDurable"
          }
        },
        "summary": "What is desired, and nothing else.",
        "tags": [
          "config"
        ]
      },
      "options": {
        "operationId": "optionsConfig",
        "parameters": [
          {
            "$ref": "#/components/parameters/Pretty"
          }
        ],
        "responses": {
          "204": {
            "description": "`Allow` lists the methods.",
            "headers": {
              "Accept-Patch": {
                "$ref": "#/components/headers/Accept-Patch"
              },
              "Allow": {
                "$ref": "#/components/headers/Allow"
              },
              "Cache-Control": {
                "$ref": "#/components/headers/Cache-Control"
              },
              "Content-Security-Policy": {
                "$ref": "#/components/headers/Content-Security-Policy"
              },
              "Cross-Origin-Resource-Policy": {
                "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
              },
              "Date": {
                "$ref": "#/components/headers/Date"
              },
              "Request-Id": {
                "$ref": "#/components/headers/Request-Id"
              },
              "X-Content-Type-Options": {
                "$ref": "#/components/headers/X-Content-Type-Options"
              }
            }
          },
          "400": {
            "$ref": "#/components/responses/BadRequest"
          },
          "401": {
            "$ref": "#/components/responses/Unauthorized"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "408": {
            "$ref": "#/components/responses/RequestTimeout"
          },
          "413": {
            "$ref": "#/components/responses/ContentTooLarge"
          },
          "414": {
            "$ref": "#/components/responses/URITooLong"
          },
          "417": {
            "$ref": "#/components/responses/ExpectationFailed"
          },
          "431": {
            "$ref": "#/components/responses/HeadTooLarge"
          },
          "501": {
            "$ref": "#/components/responses/NotImplemented"
          },
          "503": {
            "$ref": "#/components/responses/Unavailable"
          },
          "505": {
            "$ref": "#/components/responses/VersionNotSupported"
          }
        },
        "summary": "What the path takes.",
        "tags": [
          "service"
        ]
      },
      "patch": {
        "description": "A merge patch (RFC 7396): what is in it is set, null removes.\n",
        "operationId": "patchConfig",
        "parameters": [
          {
            "$ref": "#/components/parameters/Wait"
          },
          {
            "$ref": "#/components/parameters/DryRun"
          },
          {
            "$ref": "#/components/parameters/Force"
          },
          {
            "$ref": "#/components/parameters/Reason"
          },
          {
            "$ref": "#/components/parameters/IfMatch"
          },
          {
            "$ref": "#/components/parameters/IfNoneMatch"
          },
          {
            "$ref": "#/components/parameters/LBReason"
          },
          {
            "$ref": "#/components/parameters/Pretty"
          }
        ],
        "requestBody": {
          "content": {
            "application/json": {
              "schema": {
                "$ref": "#/components/schemas/ConfigPatch"
              }
            },
            "application/merge-patch+json": {
              "examples": {
                "move": {
                  "value": {
                    "backends": {
                      "web-3": {
                        "pool": "blue"
                      }
                    },
                    "pools": {
                      "blue": {}
                    }
                  }
                }
              },
              "schema": {
                "$ref": "#/components/schemas/ConfigPatch"
              }
            }
          },
          "required": true
        },
        "responses": {
          "200": {
            "content": {
              "application/json": {
                "example": {
                  "backends": {
                    "web-3": {
                      "backup": false,
                      "health_check": null,
                      "labels": {
                        "version": "1.5"
                      },
                      "max_requests": 0,
                      "pool": "default",
                      "slow_start": null,
                      "state": "ready",
                      "url": "http://10.0.0.3:8080",
                      "weight": 1
                    }
                  },
                  "pools": {
                    "default": {
                      "algorithm": "round_robin",
                      "drain": "30s",
                      "hash_by": "client_ip",
                      "health_check": {
                        "expect": "200",
                        "fall": 2,
                        "headers": {},
                        "interval": "5s",
                        "path": "/",
                        "rise": 1,
                        "start": "down",
                        "timeout": "2s",
                        "type": "http"
                      },
                      "min_ready": 1,
                      "on_client_fin": "finish",
                      "panic_threshold": 0.0,
                      "passive": {
                        "eject": "5s",
                        "eject_max": "1m",
                        "errors": 3,
                        "http_5xx": 0,
                        "http_5xx_share": 0,
                        "max_ejected": 0.5,
                        "volume": 20
                      },
                      "retry": {
                        "budget": 0.2,
                        "max": 2,
                        "on": []
                      },
                      "slow_start": "0s",
                      "sticky": "off",
                      "timeouts": {
                        "connect": null,
                        "queue": null,
                        "response_first_byte": null,
                        "response_stall": null,
                        "total": null
                      }
                    }
                  }
                },
                "schema": {
                  "oneOf": [
                    {
                      "$ref": "#/components/schemas/Config"
                    },
                    {
                      "$ref": "#/components/schemas/Plan"
                    }
                  ]
                }
              }
            },
            "description": "The new document (`LB-Changed` tells whether it is another), or the plan.",
            "headers": {
              "Cache-Control": {
                "$ref": "#/components/headers/Cache-Control"
              },
              "Content-Security-Policy": {
                "$ref": "#/components/headers/Content-Security-Policy"
              },
              "Cross-Origin-Resource-Policy": {
                "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
              },
              "Date": {
                "$ref": "#/components/headers/Date"
              },
              "ETag": {
                "$ref": "#/components/headers/ETag"
              },
              "LB-Changed": {
                "$ref": "#/components/headers/LB-Changed"
              },
              "LB-Revision": {
                "$ref": "#/components/headers/LB-Revision"
              },
              "Request-Id": {
                "$ref": "#/components/headers/Request-Id"
              },
              "Server-Timing": {
                "$ref": "#/components/headers/Server-Timing"
              },
              "X-Content-Type-Options": {
                "$ref": "#/components/headers/X-Content-Type-Options"
              }
            }
          },
          "400": {
            "$ref": "#/components/responses/BadRequest"
          },
          "401": {
            "$ref": "#/components/responses/Unauthorized"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "408": {
            "$ref": "#/components/responses/RequestTimeout"
          },
          "409": {
            "$ref": "#/components/responses/Refused"
          },
          "412": {
            "$ref": "#/components/responses/PreconditionFailed"
          },
          "413": {
            "$ref": "#/components/responses/ContentTooLarge"
          },
          "414": {
            "$ref": "#/components/responses/URITooLong"
          },
          "415": {
            "$ref": "#/components/responses/UnsupportedMediaType"
          },
          "417": {
            "$ref": "#/components/responses/ExpectationFailed"
          },
          "422": {
            "$ref": "#/components/responses/Unprocessable"
          },
          "428": {
            "$ref": "#/components/responses/PreconditionRequired"
          },
          "429": {
            "$ref": "#/components/responses/TooManyWaits"
          },
          "431": {
            "$ref": "#/components/responses/HeadTooLarge"
          },
          "500": {
            "$ref": "#/components/responses/NotAdopted"
          },
          "501": {
            "$ref": "#/components/responses/NotImplemented"
          },
          "503": {
            "$ref": "#/components/responses/Unavailable"
          },
          "504": {
            "$ref": "#/components/responses/WaitTimeout"
          },
          "505": {
            "$ref": "#/components/responses/VersionNotSupported"
          },
          "507": {
            "$ref": "#/components/responses/NotDurable"
          }
        },
        "summary": "Change any of it in one revision.",
        "tags": [
          "config"
        ]
      },
      "put": {
        "description": "What is not in the document is removed; the pool `default` then has its defaults. Waiting changes that the document does\nnot name in `waiting` are dropped.\n",
        "operationId": "putConfig",
        "parameters": [
          {
            "$ref": "#/components/parameters/Wait"
          },
          {
            "$ref": "#/components/parameters/DryRun"
          },
          {
            "$ref": "#/components/parameters/Force"
          },
          {
            "$ref": "#/components/parameters/Reason"
          },
          {
            "$ref": "#/components/parameters/IfMatch"
          },
          {
            "$ref": "#/components/parameters/IfNoneMatch"
          },
          {
            "$ref": "#/components/parameters/LBReason"
          },
          {
            "$ref": "#/components/parameters/Pretty"
          }
        ],
        "requestBody": {
          "content": {
            "application/json": {
              "examples": {
                "whole": {
                  "value": {
                    "backends": {
                      "web-3": {
                        "url": "http://10.0.0.3:8080"
                      }
                    },
                    "pools": {
                      "default": {}
                    }
                  }
                }
              },
              "schema": {
                "$ref": "#/components/schemas/ConfigBody"
              }
            }
          },
          "required": true
        },
        "responses": {
          "200": {
            "content": {
              "application/json": {
                "example": {
                  "backends": {
                    "web-3": {
                      "backup": false,
                      "health_check": null,
                      "labels": {
                        "version": "1.5"
                      },
                      "max_requests": 0,
                      "pool": "default",
                      "slow_start": null,
                      "state": "ready",
                      "url": "http://10.0.0.3:8080",
                      "weight": 1
                    }
                  },
                  "pools": {
                    "default": {
                      "algorithm": "round_robin",
                      "drain": "30s",
                      "hash_by": "client_ip",
                      "health_check": {
                        "expect": "200",
                        "fall": 2,
                        "headers": {},
                        "interval": "5s",
                        "path": "/",
                        "rise": 1,
                        "start": "down",
                        "timeout": "2s",
                        "type": "http"
                      },
                      "min_ready": 1,
                      "on_client_fin": "finish",
                      "panic_threshold": 0.0,
                      "passive": {
                        "eject": "5s",
                        "eject_max": "1m",
                        "errors": 3,
                        "http_5xx": 0,
                        "http_5xx_share": 0,
                        "max_ejected": 0.5,
                        "volume": 20
                      },
                      "retry": {
                        "budget": 0.2,
                        "max": 2,
                        "on": []
                      },
                      "slow_start": "0s",
                      "sticky": "off",
                      "timeouts": {
                        "connect": null,
                        "queue": null,
                        "response_first_byte": null,
                        "response_stall": null,
                        "total": null
                      }
                    }
                  }
                },
                "schema": {
                  "oneOf": [
                    {
                      "$ref": "#/components/schemas/Config"
                    },
                    {
                      "$ref": "#/components/schemas/Plan"
                    }
                  ]
                }
              }
            },
            "description": "The new document (`LB-Changed` tells whether it is another), or the plan.",
            "headers": {
              "Cache-Control": {
                "$ref": "#/components/headers/Cache-Control"
              },
              "Content-Security-Policy": {
                "$ref": "#/components/headers/Content-Security-Policy"
              },
              "Cross-Origin-Resource-Policy": {
                "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
              },
              "Date": {
                "$ref": "#/components/headers/Date"
              },
              "ETag": {
                "$ref": "#/components/headers/ETag"
              },
              "LB-Changed": {
                "$ref": "#/components/headers/LB-Changed"
              },
              "LB-Revision": {
                "$ref": "#/components/headers/LB-Revision"
              },
              "Request-Id": {
                "$ref": "#/components/headers/Request-Id"
              },
              "Server-Timing": {
                "$ref": "#/components/headers/Server-Timing"
              },
              "X-Content-Type-Options": {
                "$ref": "#/components/headers/X-Content-Type-Options"
              }
            }
          },
          "400": {
            "$ref": "#/components/responses/BadRequest"
          },
          "401": {
            "$ref": "#/components/responses/Unauthorized"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "408": {
            "$ref": "#/components/responses/RequestTimeout"
          },
          "409": {
            "$ref": "#/components/responses/Refused"
          },
          "412": {
            "$ref": "#/components/responses/PreconditionFailed"
          },
          "413": {
            "$ref": "#/components/responses/ContentTooLarge"
          },
          "414": {
            "$ref": "#/components/responses/URITooLong"
          },
          "415": {
            "$ref": "#/components/responses/UnsupportedMediaType"
          },
          "417": {
            "$ref": "#/components/responses/ExpectationFailed"
          },
          "422": {
            "$ref": "#/components/responses/Unprocessable"
          },
          "428": {
            "$ref": "#/components/responses/PreconditionRequired"
          },
          "429": {
            "$ref": "#/components/responses/TooManyWaits"
          },
          "431": {
            "$ref": "#/components/responses/HeadTooLarge"
          },
          "500": {
            "$ref": "#/components/responses/NotAdopted"
          },
          "501": {
            "$ref": "#/components/responses/NotImplemented"
          },
          "503": {
            "$ref": "#/components/responses/Unavailable"
          },
          "504": {
            "$ref": "#/components/responses/WaitTimeout"
          },
          "505": {
            "$ref": "#/components/responses/VersionNotSupported"
          },
          "507": {
            "$ref": "#/components/responses/NotDurable"
          }
        },
        "summary": "Replace everything.",
        "tags": [
          "config"
        ]
      }
    },
    "/v1/events": {
      "get": {
        "description": "Server-sent events (as `EventSource` of a browser reads them), or with `Accept: application/x-ndjson` one JSON object a\nline. Without a place to go on from it begins now; the stream ends with the connection, or with what there is where\n`follow=false`. Every event has `seq`, `at`, `type` and `kind`, and the change that has the number of a revision is that\nrevision. `Last-Event-ID` or `after` goes on after that event, without a gap and without one told twice; the field wins.\nA change of more than 1,000 resources tells the first 1,000 and counts the others in `omitted`.\nThe newest 10,000 events of this process are kept. Changes and refusals (`type=change,admin.denied`) are kept in the\nstore as well: asked for nothing else, the stream goes back as far as that does, over restarts. Older than that is 410.\nA stream without news says every 15 s that it lives. A reader that falls behind what is kept gets `lagged` and is cut. A\nnumber after `id:` without `data:` moves the reader past events that it did not want.\n",
        "operationId": "getEvents",
        "parameters": [
          {
            "$ref": "#/components/parameters/EventType"
          },
          {
            "$ref": "#/components/parameters/EventBackend"
          },
          {
            "$ref": "#/components/parameters/Snapshot"
          },
          {
            "$ref": "#/components/parameters/After"
          },
          {
            "$ref": "#/components/parameters/Follow"
          },
          {
            "$ref": "#/components/parameters/LastEventID"
          },
          {
            "$ref": "#/components/parameters/Pretty"
          }
        ],
        "responses": {
          "200": {
            "content": {
              "application/x-ndjson": {
                "example": "{\"at\":\"2026-11-21T06:48:02.125Z\",\"after_failures\":3,\"cause\":\"connect refused\",\"from\":\"serving\",\"kind\":\"health.changed\",\"name\":\"web-3\",\"pool\":\"default\",\"seq\":1848,\"to\":\"unhealthy\",\"type\":\"health\"}\n",
                "schema": {
                  "type": "string"
                }
              },
              "text/event-stream": {
                "example": "event: change\nid: 1847\ndata: {\"actor\":{\"ip\":\"127.0.0.1\",\"name\":\"127.0.0.1\",\"via\":\"network\"},\"at\":\"2026-11-21T06:48:00.125Z\",\"diff\":[{\"from\":100,\"path\":\"/weight\",\"to\":10}],\"kind\":\"backend.changed\",\"name\":\"web-3\",\"reason\":\"canary\",\"request_id\":\"5c1e0f6b2a7d4c3e9b8a7d6c5e4f3a2b\",\"revision\":1847,\"seq\":1847,\"summary\":\"backend web-3 weight 100 → 10\",\"type\":\"change\"}\n",
                "schema": {}
              }
            },
            "description": "The events.",
            "headers": {
              "Cache-Control": {
                "$ref": "#/components/headers/Cache-Control"
              },
              "Content-Security-Policy": {
                "$ref": "#/components/headers/Content-Security-Policy"
              },
              "Cross-Origin-Resource-Policy": {
                "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
              },
              "Date": {
                "$ref": "#/components/headers/Date"
              },
              "LB-Revision": {
                "$ref": "#/components/headers/LB-Revision"
              },
              "Request-Id": {
                "$ref": "#/components/headers/Request-Id"
              },
              "X-Content-Type-Options": {
                "$ref": "#/components/headers/X-Content-Type-Options"
              }
            }
          },
          "400": {
            "$ref": "#/components/responses/BadRequest"
          },
          "401": {
            "$ref": "#/components/responses/Unauthorized"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "408": {
            "$ref": "#/components/responses/RequestTimeout"
          },
          "410": {
            "content": {
              "application/problem+json": {
                "example": {
                  "code": "event-gone",
                  "detail": "what came after event 12 is not known here any more, or never was; the oldest event is 1843",
                  "oldest": 1843,
                  "request_id": "5c1e0f6b2a7d4c3e9b8a7d6c5e4f3a2b",
                  "status": 410,
                  "title": "The events asked for are not kept any more",
                  "type": "/v1/problems/event-gone"
                },
                "schema": {
                  "$ref": "#/components/schemas/Problem"
                }
              }
            },
            "description": "What came after that event is not kept any more (`event-gone`); `oldest` is what is.",
            "headers": {
              "Cache-Control": {
                "$ref": "#/components/headers/Cache-Control"
              },
              "Content-Security-Policy": {
                "$ref": "#/components/headers/Content-Security-Policy"
              },
              "Cross-Origin-Resource-Policy": {
                "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
              },
              "Date": {
                "$ref": "#/components/headers/Date"
              },
              "Request-Id": {
                "$ref": "#/components/headers/Request-Id"
              },
              "X-Content-Type-Options": {
                "$ref": "#/components/headers/X-Content-Type-Options"
              }
            }
          },
          "413": {
            "$ref": "#/components/responses/ContentTooLarge"
          },
          "414": {
            "$ref": "#/components/responses/URITooLong"
          },
          "417": {
            "$ref": "#/components/responses/ExpectationFailed"
          },
          "429": {
            "$ref": "#/components/responses/TooManyWaits"
          },
          "431": {
            "$ref": "#/components/responses/HeadTooLarge"
          },
          "501": {
            "$ref": "#/components/responses/NotImplemented"
          },
          "503": {
            "$ref": "#/components/responses/Unavailable"
          },
          "505": {
            "$ref": "#/components/responses/VersionNotSupported"
          }
        },
        "summary": "What happens, as it happens.",
        "tags": [
          "events"
        ]
      },
      "options": {
        "operationId": "optionsGetEvents",
        "parameters": [
          {
            "$ref": "#/components/parameters/Pretty"
          }
        ],
        "responses": {
          "204": {
            "description": "`Allow` lists the methods.",
            "headers": {
              "Allow": {
                "$ref": "#/components/headers/Allow"
              },
              "Cache-Control": {
                "$ref": "#/components/headers/Cache-Control"
              },
              "Content-Security-Policy": {
                "$ref": "#/components/headers/Content-Security-Policy"
              },
              "Cross-Origin-Resource-Policy": {
                "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
              },
              "Date": {
                "$ref": "#/components/headers/Date"
              },
              "Request-Id": {
                "$ref": "#/components/headers/Request-Id"
              },
              "X-Content-Type-Options": {
                "$ref": "#/components/headers/X-Content-Type-Options"
              }
            }
          },
          "400": {
            "$ref": "#/components/responses/BadRequest"
          },
          "401": {
            "$ref": "#/components/responses/Unauthorized"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "408": {
            "$ref": "#/components/responses/RequestTimeout"
          },
          "413": {
            "$ref": "#/components/responses/ContentTooLarge"
          },
          "414": {
            "$ref": "#/components/responses/URITooLong"
          },
          "417": {
            "$ref": "#/components/responses/ExpectationFailed"
          },
          "431": {
            "$ref": "#/components/responses/HeadTooLarge"
          },
          "501": {
            "$ref": "#/components/responses/NotImplemented"
          },
          "503": {
            "$ref": "#/components/responses/Unavailable"
          },
          "505": {
            "$ref": "#/components/responses/VersionNotSupported"
          }
        },
        "summary": "What the path takes.",
        "tags": [
          "service"
        ]
      }
    },
    "/v1/health": {
      "get": {
        "description": "With `until=healthy` it waits until every backend (of the pool) serves, and there is at least one.\n",
        "operationId": "getHealth",
        "parameters": [
          {
            "$ref": "#/components/parameters/Pool"
          },
          {
            "$ref": "#/components/parameters/Until"
          },
          {
            "$ref": "#/components/parameters/WaitUntil"
          },
          {
            "$ref": "#/components/parameters/Pretty"
          }
        ],
        "responses": {
          "200": {
            "content": {
              "application/json": {
                "example": {
                  "backends": {
                    "web-3": {
                      "last": {
                        "at": "2026-11-21T06:49:00.125Z",
                        "error": null,
                        "http": 200,
                        "ms": 0.412
                      },
                      "last_minute": {
                        "5xx": 0,
                        "answers": 120
                      },
                      "phase": "serving",
                      "reason": null,
                      "since": "2026-11-21T06:48:00.125Z",
                      "state": "healthy"
                    }
                  },
                  "summary": {
                    "draining": 0,
                    "healthy": 1,
                    "unhealthy": 0,
                    "unknown": 0
                  }
                },
                "schema": {
                  "$ref": "#/components/schemas/Health"
                }
              }
            },
            "description": "The health; with `until`, all serve.",
            "headers": {
              "Cache-Control": {
                "$ref": "#/components/headers/Cache-Control"
              },
              "Content-Security-Policy": {
                "$ref": "#/components/headers/Content-Security-Policy"
              },
              "Cross-Origin-Resource-Policy": {
                "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
              },
              "Date": {
                "$ref": "#/components/headers/Date"
              },
              "Request-Id": {
                "$ref": "#/components/headers/Request-Id"
              },
              "X-Content-Type-Options": {
                "$ref": "#/components/headers/X-Content-Type-Options"
              }
            }
          },
          "400": {
            "$ref": "#/components/responses/BadRequest"
          },
          "401": {
            "$ref": "#/components/responses/Unauthorized"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "404": {
            "$ref": "#/components/responses/NotFound"
          },
          "408": {
            "$ref": "#/components/responses/RequestTimeout"
          },
          "413": {
            "$ref": "#/components/responses/ContentTooLarge"
          },
          "414": {
            "$ref": "#/components/responses/URITooLong"
          },
          "417": {
            "$ref": "#/components/responses/ExpectationFailed"
          },
          "429": {
            "$ref": "#/components/responses/TooManyWaits"
          },
          "431": {
            "$ref": "#/components/responses/HeadTooLarge"
          },
          "501": {
            "$ref": "#/components/responses/NotImplemented"
          },
          "503": {
            "$ref": "#/components/responses/Unavailable"
          },
          "504": {
            "content": {
              "application/problem+json": {
                "example": {
                  "applied": false,
                  "code": "wait-timeout",
                  "detail": "not healthy after 30s: web-2: connect refused",
                  "request_id": "5c1e0f6b2a7d4c3e9b8a7d6c5e4f3a2b",
                  "status": 504,
                  "title": "It did not come true in the time given",
                  "type": "/v1/problems/wait-timeout"
                },
                "schema": {
                  "$ref": "#/components/schemas/Problem"
                }
              }
            },
            "description": "Not all serve within `wait` (`wait-timeout`); `backends` and `summary` as in 200.",
            "headers": {
              "Cache-Control": {
                "$ref": "#/components/headers/Cache-Control"
              },
              "Content-Security-Policy": {
                "$ref": "#/components/headers/Content-Security-Policy"
              },
              "Cross-Origin-Resource-Policy": {
                "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
              },
              "Date": {
                "$ref": "#/components/headers/Date"
              },
              "Request-Id": {
                "$ref": "#/components/headers/Request-Id"
              },
              "X-Content-Type-Options": {
                "$ref": "#/components/headers/X-Content-Type-Options"
              }
            }
          },
          "505": {
            "$ref": "#/components/responses/VersionNotSupported"
          }
        },
        "summary": "Every backend's health in one answer.",
        "tags": [
          "health"
        ]
      },
      "options": {
        "operationId": "optionsGetHealth",
        "parameters": [
          {
            "$ref": "#/components/parameters/Pretty"
          }
        ],
        "responses": {
          "204": {
            "description": "`Allow` lists the methods.",
            "headers": {
              "Allow": {
                "$ref": "#/components/headers/Allow"
              },
              "Cache-Control": {
                "$ref": "#/components/headers/Cache-Control"
              },
              "Content-Security-Policy": {
                "$ref": "#/components/headers/Content-Security-Policy"
              },
              "Cross-Origin-Resource-Policy": {
                "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
              },
              "Date": {
                "$ref": "#/components/headers/Date"
              },
              "Request-Id": {
                "$ref": "#/components/headers/Request-Id"
              },
              "X-Content-Type-Options": {
                "$ref": "#/components/headers/X-Content-Type-Options"
              }
            }
          },
          "400": {
            "$ref": "#/components/responses/BadRequest"
          },
          "401": {
            "$ref": "#/components/responses/Unauthorized"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "408": {
            "$ref": "#/components/responses/RequestTimeout"
          },
          "413": {
            "$ref": "#/components/responses/ContentTooLarge"
          },
          "414": {
            "$ref": "#/components/responses/URITooLong"
          },
          "417": {
            "$ref": "#/components/responses/ExpectationFailed"
          },
          "431": {
            "$ref": "#/components/responses/HeadTooLarge"
          },
          "501": {
            "$ref": "#/components/responses/NotImplemented"
          },
          "503": {
            "$ref": "#/components/responses/Unavailable"
          },
          "505": {
            "$ref": "#/components/responses/VersionNotSupported"
          }
        },
        "summary": "What the path takes.",
        "tags": [
          "service"
        ]
      }
    },
    "/v1/history": {
      "get": {
        "operationId": "getHistory",
        "parameters": [
          {
            "$ref": "#/components/parameters/HistoryLimit"
          },
          {
            "$ref": "#/components/parameters/HistoryAfter"
          },
          {
            "$ref": "#/components/parameters/HistoryBefore"
          },
          {
            "$ref": "#/components/parameters/Pretty"
          }
        ],
        "responses": {
          "200": {
            "content": {
              "application/json": {
                "example": [
                  {
                    "actor": {
                      "ip": "127.0.0.1",
                      "name": "127.0.0.1",
                      "via": "network"
                    },
                    "at": "2026-11-21T06:48:00.125Z",
                    "forced": false,
                    "reason": "canary",
                    "request_id": "5c1e0f6b2a7d4c3e9b8a7d6c5e4f3a2b",
                    "revision": 1843,
                    "rollback_to": null,
                    "summary": "backend web-3 weight 100 → 10"
                  }
                ],
                "schema": {
                  "$ref": "#/components/schemas/History"
                }
              }
            },
            "description": "The revisions.",
            "headers": {
              "Cache-Control": {
                "$ref": "#/components/headers/Cache-Control"
              },
              "Content-Security-Policy": {
                "$ref": "#/components/headers/Content-Security-Policy"
              },
              "Cross-Origin-Resource-Policy": {
                "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
              },
              "Date": {
                "$ref": "#/components/headers/Date"
              },
              "LB-Revision": {
                "$ref": "#/components/headers/LB-Revision"
              },
              "Request-Id": {
                "$ref": "#/components/headers/Request-Id"
              },
              "X-Content-Type-Options": {
                "$ref": "#/components/headers/X-Content-Type-Options"
              }
            }
          },
          "400": {
            "$ref": "#/components/responses/BadRequest"
          },
          "401": {
            "$ref": "#/components/responses/Unauthorized"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "408": {
            "$ref": "#/components/responses/RequestTimeout"
          },
          "413": {
            "$ref": "#/components/responses/ContentTooLarge"
          },
          "414": {
            "$ref": "#/components/responses/URITooLong"
          },
          "417": {
            "$ref": "#/components/responses/ExpectationFailed"
          },
          "431": {
            "$ref": "#/components/responses/HeadTooLarge"
          },
          "501": {
            "$ref": "#/components/responses/NotImplemented"
          },
          "503": {
            "$ref": "#/components/responses/Unavailable"
          },
          "505": {
            "$ref": "#/components/responses/VersionNotSupported"
          },
          "507": {
            "$ref": "#/components/responses/NotDurable"
          }
        },
        "summary": "The revisions, newest first.",
        "tags": [
          "config"
        ]
      },
      "options": {
        "operationId": "optionsHistory",
        "parameters": [
          {
            "$ref": "#/components/parameters/Pretty"
          }
        ],
        "responses": {
          "204": {
            "description": "`Allow` lists the methods.",
            "headers": {
              "Allow": {
                "$ref": "#/components/headers/Allow"
              },
              "Cache-Control": {
                "$ref": "#/components/headers/Cache-Control"
              },
              "Content-Security-Policy": {
                "$ref": "#/components/headers/Content-Security-Policy"
              },
              "Cross-Origin-Resource-Policy": {
                "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
              },
              "Date": {
                "$ref": "#/components/headers/Date"
              },
              "Request-Id": {
                "$ref": "#/components/headers/Request-Id"
              },
              "X-Content-Type-Options": {
                "$ref": "#/components/headers/X-Content-Type-Options"
              }
            }
          },
          "400": {
            "$ref": "#/components/responses/BadRequest"
          },
          "401": {
            "$ref": "#/components/responses/Unauthorized"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "408": {
            "$ref": "#/components/responses/RequestTimeout"
          },
          "413": {
            "$ref": "#/components/responses/ContentTooLarge"
          },
          "414": {
            "$ref": "#/components/responses/URITooLong"
          },
          "417": {
            "$ref": "#/components/responses/ExpectationFailed"
          },
          "431": {
            "$ref": "#/components/responses/HeadTooLarge"
          },
          "501": {
            "$ref": "#/components/responses/NotImplemented"
          },
          "503": {
            "$ref": "#/components/responses/Unavailable"
          },
          "505": {
            "$ref": "#/components/responses/VersionNotSupported"
          }
        },
        "summary": "What the path takes.",
        "tags": [
          "service"
        ]
      }
    },
    "/v1/operations": {
      "get": {
        "operationId": "listOperations",
        "parameters": [
          {
            "$ref": "#/components/parameters/OperationState"
          },
          {
            "$ref": "#/components/parameters/EventBackend"
          },
          {
            "$ref": "#/components/parameters/Pretty"
          }
        ],
        "responses": {
          "200": {
            "content": {
              "application/json": {
                "example": {
                  "operations": {
                    "op-1845": {
                      "actor": {
                        "ip": "127.0.0.1",
                        "name": "127.0.0.1",
                        "via": "network"
                      },
                      "backend": "web-1",
                      "deadline": "2026-11-21T06:48:30.125Z",
                      "detail": null,
                      "drain": {
                        "completed": 15,
                        "cut": 0,
                        "elapsed": "3.2s",
                        "idle_closed": 4,
                        "in_flight": 2,
                        "in_flight_at_start": 17,
                        "moved": 0,
                        "outcome": "draining",
                        "sent_after_start": 0,
                        "streams": 0,
                        "streams_closed": 0
                      },
                      "ended_at": null,
                      "id": "op-1845",
                      "kind": "drain",
                      "purpose": "removal",
                      "reason": null,
                      "revision": 1844,
                      "started_at": "2026-11-21T06:48:00.125Z",
                      "state": "running"
                    }
                  }
                },
                "schema": {
                  "$ref": "#/components/schemas/OperationList"
                }
              }
            },
            "description": "The operations.",
            "headers": {
              "Cache-Control": {
                "$ref": "#/components/headers/Cache-Control"
              },
              "Content-Security-Policy": {
                "$ref": "#/components/headers/Content-Security-Policy"
              },
              "Cross-Origin-Resource-Policy": {
                "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
              },
              "Date": {
                "$ref": "#/components/headers/Date"
              },
              "Request-Id": {
                "$ref": "#/components/headers/Request-Id"
              },
              "X-Content-Type-Options": {
                "$ref": "#/components/headers/X-Content-Type-Options"
              }
            }
          },
          "400": {
            "$ref": "#/components/responses/BadRequest"
          },
          "401": {
            "$ref": "#/components/responses/Unauthorized"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "408": {
            "$ref": "#/components/responses/RequestTimeout"
          },
          "413": {
            "$ref": "#/components/responses/ContentTooLarge"
          },
          "414": {
            "$ref": "#/components/responses/URITooLong"
          },
          "417": {
            "$ref": "#/components/responses/ExpectationFailed"
          },
          "431": {
            "$ref": "#/components/responses/HeadTooLarge"
          },
          "501": {
            "$ref": "#/components/responses/NotImplemented"
          },
          "503": {
            "$ref": "#/components/responses/Unavailable"
          },
          "505": {
            "$ref": "#/components/responses/VersionNotSupported"
          }
        },
        "summary": "What takes time: all that runs, and what ended last, as a map by id.",
        "tags": [
          "operations"
        ]
      },
      "options": {
        "operationId": "optionsOperations",
        "parameters": [
          {
            "$ref": "#/components/parameters/Pretty"
          }
        ],
        "responses": {
          "204": {
            "description": "`Allow` lists the methods.",
            "headers": {
              "Allow": {
                "$ref": "#/components/headers/Allow"
              },
              "Cache-Control": {
                "$ref": "#/components/headers/Cache-Control"
              },
              "Content-Security-Policy": {
                "$ref": "#/components/headers/Content-Security-Policy"
              },
              "Cross-Origin-Resource-Policy": {
                "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
              },
              "Date": {
                "$ref": "#/components/headers/Date"
              },
              "Request-Id": {
                "$ref": "#/components/headers/Request-Id"
              },
              "X-Content-Type-Options": {
                "$ref": "#/components/headers/X-Content-Type-Options"
              }
            }
          },
          "400": {
            "$ref": "#/components/responses/BadRequest"
          },
          "401": {
            "$ref": "#/components/responses/Unauthorized"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "408": {
            "$ref": "#/components/responses/RequestTimeout"
          },
          "413": {
            "$ref": "#/components/responses/ContentTooLarge"
          },
          "414": {
            "$ref": "#/components/responses/URITooLong"
          },
          "417": {
            "$ref": "#/components/responses/ExpectationFailed"
          },
          "431": {
            "$ref": "#/components/responses/HeadTooLarge"
          },
          "501": {
            "$ref": "#/components/responses/NotImplemented"
          },
          "503": {
            "$ref": "#/components/responses/Unavailable"
          },
          "505": {
            "$ref": "#/components/responses/VersionNotSupported"
          }
        },
        "summary": "What the path takes.",
        "tags": [
          "service"
        ]
      }
    },
    "/v1/operations/{id}": {
      "delete": {
        "description": "What it would have ended in does not happen: a backend that was removed is back as it was, one that drained is ready. That is\na new revision. What the drain has cut already stays cut.\n",
        "operationId": "cancelOperation",
        "parameters": [
          {
            "$ref": "#/components/parameters/LBReason"
          },
          {
            "$ref": "#/components/parameters/IfMatch"
          },
          {
            "$ref": "#/components/parameters/IfNoneMatch"
          },
          {
            "$ref": "#/components/parameters/Pretty"
          }
        ],
        "responses": {
          "200": {
            "content": {
              "application/json": {
                "example": {
                  "actor": {
                    "ip": "127.0.0.1",
                    "name": "127.0.0.1",
                    "via": "network"
                  },
                  "backend": "web-1",
                  "deadline": "2026-11-21T06:48:30.125Z",
                  "detail": "the backend serves again",
                  "drain": {
                    "completed": 15,
                    "cut": 0,
                    "elapsed": "3.2s",
                    "idle_closed": 4,
                    "in_flight": 2,
                    "in_flight_at_start": 17,
                    "moved": 0,
                    "outcome": "cancelled",
                    "sent_after_start": 0,
                    "streams": 0,
                    "streams_closed": 0
                  },
                  "ended_at": "2026-11-21T06:48:04.125Z",
                  "id": "op-1845",
                  "kind": "drain",
                  "purpose": "removal",
                  "reason": null,
                  "revision": 1844,
                  "started_at": "2026-11-21T06:48:00.125Z",
                  "state": "cancelled"
                },
                "schema": {
                  "$ref": "#/components/schemas/Operation"
                }
              }
            },
            "description": "It is cancelled, by this request or before.",
            "headers": {
              "Cache-Control": {
                "$ref": "#/components/headers/Cache-Control"
              },
              "Content-Security-Policy": {
                "$ref": "#/components/headers/Content-Security-Policy"
              },
              "Cross-Origin-Resource-Policy": {
                "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
              },
              "Date": {
                "$ref": "#/components/headers/Date"
              },
              "LB-Revision": {
                "$ref": "#/components/headers/LB-Revision"
              },
              "Request-Id": {
                "$ref": "#/components/headers/Request-Id"
              },
              "X-Content-Type-Options": {
                "$ref": "#/components/headers/X-Content-Type-Options"
              }
            }
          },
          "400": {
            "$ref": "#/components/responses/BadRequest"
          },
          "401": {
            "$ref": "#/components/responses/Unauthorized"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "404": {
            "$ref": "#/components/responses/NotFound"
          },
          "408": {
            "$ref": "#/components/responses/RequestTimeout"
          },
          "409": {
            "content": {
              "application/problem+json": {
                "example": {
                  "code": "operation-over",
                  "detail": "the operation op-1845 has ended already (succeeded), and there is nothing to cancel",
                  "request_id": "5c1e0f6b2a7d4c3e9b8a7d6c5e4f3a2b",
                  "status": 409,
                  "title": "The operation has ended",
                  "type": "/v1/problems/operation-over"
                },
                "schema": {
                  "$ref": "#/components/schemas/Problem"
                }
              }
            },
            "description": "It has ended already, or what it belongs to has been changed since (`operation-over`).",
            "headers": {
              "Cache-Control": {
                "$ref": "#/components/headers/Cache-Control"
              },
              "Content-Security-Policy": {
                "$ref": "#/components/headers/Content-Security-Policy"
              },
              "Cross-Origin-Resource-Policy": {
                "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
              },
              "Date": {
                "$ref": "#/components/headers/Date"
              },
              "Request-Id": {
                "$ref": "#/components/headers/Request-Id"
              },
              "X-Content-Type-Options": {
                "$ref": "#/components/headers/X-Content-Type-Options"
              }
            }
          },
          "412": {
            "$ref": "#/components/responses/PreconditionFailed"
          },
          "413": {
            "$ref": "#/components/responses/ContentTooLarge"
          },
          "414": {
            "$ref": "#/components/responses/URITooLong"
          },
          "417": {
            "$ref": "#/components/responses/ExpectationFailed"
          },
          "428": {
            "$ref": "#/components/responses/PreconditionRequired"
          },
          "431": {
            "$ref": "#/components/responses/HeadTooLarge"
          },
          "500": {
            "$ref": "#/components/responses/NotAdopted"
          },
          "501": {
            "$ref": "#/components/responses/NotImplemented"
          },
          "503": {
            "$ref": "#/components/responses/Unavailable"
          },
          "505": {
            "$ref": "#/components/responses/VersionNotSupported"
          },
          "507": {
            "$ref": "#/components/responses/NotDurable"
          }
        },
        "summary": "Cancel an operation.",
        "tags": [
          "operations"
        ]
      },
      "get": {
        "description": "With `wait` it answers once the operation has ended, or as it is then when the time is over. A restart of the daemon ends\nall operations, and they are not known after it.\n",
        "operationId": "getOperation",
        "parameters": [
          {
            "$ref": "#/components/parameters/WaitOperation"
          },
          {
            "$ref": "#/components/parameters/Pretty"
          }
        ],
        "responses": {
          "200": {
            "content": {
              "application/json": {
                "example": {
                  "actor": {
                    "ip": "127.0.0.1",
                    "name": "127.0.0.1",
                    "via": "network"
                  },
                  "backend": "web-1",
                  "deadline": "2026-11-21T06:48:30.125Z",
                  "detail": null,
                  "drain": {
                    "completed": 15,
                    "cut": 0,
                    "elapsed": "3.2s",
                    "idle_closed": 4,
                    "in_flight": 2,
                    "in_flight_at_start": 17,
                    "moved": 0,
                    "outcome": "draining",
                    "sent_after_start": 0,
                    "streams": 0,
                    "streams_closed": 0
                  },
                  "ended_at": null,
                  "id": "op-1845",
                  "kind": "drain",
                  "purpose": "removal",
                  "reason": null,
                  "revision": 1844,
                  "started_at": "2026-11-21T06:48:00.125Z",
                  "state": "running"
                },
                "schema": {
                  "$ref": "#/components/schemas/Operation"
                }
              }
            },
            "description": "The operation.",
            "headers": {
              "Cache-Control": {
                "$ref": "#/components/headers/Cache-Control"
              },
              "Content-Security-Policy": {
                "$ref": "#/components/headers/Content-Security-Policy"
              },
              "Cross-Origin-Resource-Policy": {
                "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
              },
              "Date": {
                "$ref": "#/components/headers/Date"
              },
              "Request-Id": {
                "$ref": "#/components/headers/Request-Id"
              },
              "X-Content-Type-Options": {
                "$ref": "#/components/headers/X-Content-Type-Options"
              }
            }
          },
          "400": {
            "$ref": "#/components/responses/BadRequest"
          },
          "401": {
            "$ref": "#/components/responses/Unauthorized"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "404": {
            "$ref": "#/components/responses/NotFound"
          },
          "408": {
            "$ref": "#/components/responses/RequestTimeout"
          },
          "413": {
            "$ref": "#/components/responses/ContentTooLarge"
          },
          "414": {
            "$ref": "#/components/responses/URITooLong"
          },
          "417": {
            "$ref": "#/components/responses/ExpectationFailed"
          },
          "429": {
            "$ref": "#/components/responses/TooManyWaits"
          },
          "431": {
            "$ref": "#/components/responses/HeadTooLarge"
          },
          "501": {
            "$ref": "#/components/responses/NotImplemented"
          },
          "503": {
            "$ref": "#/components/responses/Unavailable"
          },
          "505": {
            "$ref": "#/components/responses/VersionNotSupported"
          }
        },
        "summary": "One operation.",
        "tags": [
          "operations"
        ]
      },
      "options": {
        "operationId": "optionsOperation",
        "parameters": [
          {
            "$ref": "#/components/parameters/Pretty"
          }
        ],
        "responses": {
          "204": {
            "description": "`Allow` lists the methods.",
            "headers": {
              "Allow": {
                "$ref": "#/components/headers/Allow"
              },
              "Cache-Control": {
                "$ref": "#/components/headers/Cache-Control"
              },
              "Content-Security-Policy": {
                "$ref": "#/components/headers/Content-Security-Policy"
              },
              "Cross-Origin-Resource-Policy": {
                "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
              },
              "Date": {
                "$ref": "#/components/headers/Date"
              },
              "Request-Id": {
                "$ref": "#/components/headers/Request-Id"
              },
              "X-Content-Type-Options": {
                "$ref": "#/components/headers/X-Content-Type-Options"
              }
            }
          },
          "400": {
            "$ref": "#/components/responses/BadRequest"
          },
          "401": {
            "$ref": "#/components/responses/Unauthorized"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "408": {
            "$ref": "#/components/responses/RequestTimeout"
          },
          "413": {
            "$ref": "#/components/responses/ContentTooLarge"
          },
          "414": {
            "$ref": "#/components/responses/URITooLong"
          },
          "417": {
            "$ref": "#/components/responses/ExpectationFailed"
          },
          "431": {
            "$ref": "#/components/responses/HeadTooLarge"
          },
          "501": {
            "$ref": "#/components/responses/NotImplemented"
          },
          "503": {
            "$ref": "#/components/responses/Unavailable"
          },
          "505": {
            "$ref": "#/components/responses/VersionNotSupported"
          }
        },
        "summary": "What the path takes.",
        "tags": [
          "service"
        ]
      },
      "parameters": [
        {
          "$ref": "#/components/parameters/OperationID"
        }
      ]
    },
    "/v1/pools": {
      "get": {
        "operationId": "listPools",
        "parameters": [
          {
            "$ref": "#/components/parameters/IfNoneMatch"
          },
          {
            "$ref": "#/components/parameters/Pretty"
          }
        ],
        "responses": {
          "200": {
            "content": {
              "application/json": {
                "example": {
                  "pools": {
                    "default": {
                      "algorithm": "round_robin",
                      "drain": "30s",
                      "hash_by": "client_ip",
                      "health_check": {
                        "expect": "200",
                        "fall": 2,
                        "headers": {},
                        "interval": "5s",
                        "path": "/",
                        "rise": 1,
                        "start": "down",
                        "timeout": "2s",
                        "type": "http"
                      },
                      "min_ready": 1,
                      "name": "default",
                      "on_client_fin": "finish",
                      "panic_threshold": 0.0,
                      "passive": {
                        "eject": "5s",
                        "eject_max": "1m",
                        "errors": 3,
                        "http_5xx": 0,
                        "http_5xx_share": 0,
                        "max_ejected": 0.5,
                        "volume": 20
                      },
                      "retry": {
                        "budget": 0.2,
                        "max": 2,
                        "on": []
                      },
                      "slow_start": "0s",
                      "status": {
                        "backends": 3,
                        "serving": 3
                      },
                      "sticky": "off",
                      "timeouts": {
                        "connect": null,
                        "queue": null,
                        "response_first_byte": null,
                        "response_stall": null,
                        "total": null
                      }
                    }
                  },
                  "revision": 1843
                },
                "schema": {
                  "$ref": "#/components/schemas/PoolList"
                }
              }
            },
            "description": "The pools.",
            "headers": {
              "Cache-Control": {
                "$ref": "#/components/headers/Cache-Control"
              },
              "Content-Security-Policy": {
                "$ref": "#/components/headers/Content-Security-Policy"
              },
              "Cross-Origin-Resource-Policy": {
                "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
              },
              "Date": {
                "$ref": "#/components/headers/Date"
              },
              "ETag": {
                "$ref": "#/components/headers/ETag"
              },
              "LB-Revision": {
                "$ref": "#/components/headers/LB-Revision"
              },
              "Request-Id": {
                "$ref": "#/components/headers/Request-Id"
              },
              "X-Content-Type-Options": {
                "$ref": "#/components/headers/X-Content-Type-Options"
              }
            }
          },
          "304": {
            "$ref": "#/components/responses/NotModified"
          },
          "400": {
            "$ref": "#/components/responses/BadRequest"
          },
          "401": {
            "$ref": "#/components/responses/Unauthorized"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "408": {
            "$ref": "#/components/responses/RequestTimeout"
          },
          "413": {
            "$ref": "#/components/responses/ContentTooLarge"
          },
          "414": {
            "$ref": "#/components/responses/URITooLong"
          },
          "417": {
            "$ref": "#/components/responses/ExpectationFailed"
          },
          "431": {
            "$ref": "#/components/responses/HeadTooLarge"
          },
          "501": {
            "$ref": "#/components/responses/NotImplemented"
          },
          "503": {
            "$ref": "#/components/responses/Unavailable"
          },
          "505": {
            "$ref": "#/components/responses/VersionNotSupported"
          }
        },
        "summary": "The pools, as a map by name.",
        "tags": [
          "pools"
        ]
      },
      "options": {
        "operationId": "optionsPools",
        "parameters": [
          {
            "$ref": "#/components/parameters/Pretty"
          }
        ],
        "responses": {
          "204": {
            "description": "`Allow` lists the methods.",
            "headers": {
              "Allow": {
                "$ref": "#/components/headers/Allow"
              },
              "Cache-Control": {
                "$ref": "#/components/headers/Cache-Control"
              },
              "Content-Security-Policy": {
                "$ref": "#/components/headers/Content-Security-Policy"
              },
              "Cross-Origin-Resource-Policy": {
                "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
              },
              "Date": {
                "$ref": "#/components/headers/Date"
              },
              "Request-Id": {
                "$ref": "#/components/headers/Request-Id"
              },
              "X-Content-Type-Options": {
                "$ref": "#/components/headers/X-Content-Type-Options"
              }
            }
          },
          "400": {
            "$ref": "#/components/responses/BadRequest"
          },
          "401": {
            "$ref": "#/components/responses/Unauthorized"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "408": {
            "$ref": "#/components/responses/RequestTimeout"
          },
          "413": {
            "$ref": "#/components/responses/ContentTooLarge"
          },
          "414": {
            "$ref": "#/components/responses/URITooLong"
          },
          "417": {
            "$ref": "#/components/responses/ExpectationFailed"
          },
          "431": {
            "$ref": "#/components/responses/HeadTooLarge"
          },
          "501": {
            "$ref": "#/components/responses/NotImplemented"
          },
          "503": {
            "$ref": "#/components/responses/Unavailable"
          },
          "505": {
            "$ref": "#/components/responses/VersionNotSupported"
          }
        },
        "summary": "What the path takes.",
        "tags": [
          "service"
        ]
      }
    },
    "/v1/pools/{name}": {
      "delete": {
        "description": "The pool `default` is always there.\n",
        "operationId": "removePool",
        "parameters": [
          {
            "$ref": "#/components/parameters/DryRun"
          },
          {
            "$ref": "#/components/parameters/Force"
          },
          {
            "$ref": "#/components/parameters/Reason"
          },
          {
            "$ref": "#/components/parameters/IfMatch"
          },
          {
            "$ref": "#/components/parameters/IfNoneMatch"
          },
          {
            "$ref": "#/components/parameters/LBReason"
          },
          {
            "$ref": "#/components/parameters/Pretty"
          }
        ],
        "responses": {
          "200": {
            "content": {
              "application/json": {
                "example": {
                  "name": "blue",
                  "revision": 1850
                },
                "schema": {
                  "oneOf": [
                    {
                      "$ref": "#/components/schemas/PoolRemoved"
                    },
                    {
                      "$ref": "#/components/schemas/Plan"
                    }
                  ]
                }
              }
            },
            "description": "Removed, or the plan.",
            "headers": {
              "Cache-Control": {
                "$ref": "#/components/headers/Cache-Control"
              },
              "Content-Security-Policy": {
                "$ref": "#/components/headers/Content-Security-Policy"
              },
              "Cross-Origin-Resource-Policy": {
                "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
              },
              "Date": {
                "$ref": "#/components/headers/Date"
              },
              "LB-Changed": {
                "$ref": "#/components/headers/LB-Changed"
              },
              "LB-Revision": {
                "$ref": "#/components/headers/LB-Revision"
              },
              "Request-Id": {
                "$ref": "#/components/headers/Request-Id"
              },
              "Server-Timing": {
                "$ref": "#/components/headers/Server-Timing"
              },
              "X-Content-Type-Options": {
                "$ref": "#/components/headers/X-Content-Type-Options"
              }
            }
          },
          "400": {
            "$ref": "#/components/responses/BadRequest"
          },
          "401": {
            "$ref": "#/components/responses/Unauthorized"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "404": {
            "$ref": "#/components/responses/NotFound"
          },
          "408": {
            "$ref": "#/components/responses/RequestTimeout"
          },
          "409": {
            "$ref": "#/components/responses/Refused"
          },
          "412": {
            "$ref": "#/components/responses/PreconditionFailed"
          },
          "413": {
            "$ref": "#/components/responses/ContentTooLarge"
          },
          "414": {
            "$ref": "#/components/responses/URITooLong"
          },
          "417": {
            "$ref": "#/components/responses/ExpectationFailed"
          },
          "428": {
            "$ref": "#/components/responses/PreconditionRequired"
          },
          "431": {
            "$ref": "#/components/responses/HeadTooLarge"
          },
          "500": {
            "$ref": "#/components/responses/NotAdopted"
          },
          "501": {
            "$ref": "#/components/responses/NotImplemented"
          },
          "503": {
            "$ref": "#/components/responses/Unavailable"
          },
          "505": {
            "$ref": "#/components/responses/VersionNotSupported"
          },
          "507": {
            "$ref": "#/components/responses/NotDurable"
          }
        },
        "summary": "Remove a pool that has no backends.",
        "tags": [
          "pools"
        ]
      },
      "get": {
        "operationId": "getPool",
        "parameters": [
          {
            "$ref": "#/components/parameters/IfNoneMatch"
          },
          {
            "$ref": "#/components/parameters/Pretty"
          }
        ],
        "responses": {
          "200": {
            "content": {
              "application/json": {
                "example": {
                  "algorithm": "round_robin",
                  "drain": "30s",
                  "hash_by": "client_ip",
                  "health_check": {
                    "expect": "200",
                    "fall": 2,
                    "headers": {},
                    "interval": "5s",
                    "path": "/",
                    "rise": 1,
                    "start": "down",
                    "timeout": "2s",
                    "type": "http"
                  },
                  "min_ready": 1,
                  "name": "default",
                  "on_client_fin": "finish",
                  "panic_threshold": 0.0,
                  "passive": {
                    "eject": "5s",
                    "eject_max": "1m",
                    "errors": 3,
                    "http_5xx": 0,
                    "http_5xx_share": 0,
                    "max_ejected": 0.5,
                    "volume": 20
                  },
                  "retry": {
                    "budget": 0.2,
                    "max": 2,
                    "on": []
                  },
                  "slow_start": "0s",
                  "status": {
                    "backends": 3,
                    "serving": 3
                  },
                  "sticky": "off",
                  "timeouts": {
                    "connect": null,
                    "queue": null,
                    "response_first_byte": null,
                    "response_stall": null,
                    "total": null
                  }
                },
                "schema": {
                  "$ref": "#/components/schemas/Pool"
                }
              }
            },
            "description": "The pool.",
            "headers": {
              "Cache-Control": {
                "$ref": "#/components/headers/Cache-Control"
              },
              "Content-Security-Policy": {
                "$ref": "#/components/headers/Content-Security-Policy"
              },
              "Cross-Origin-Resource-Policy": {
                "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
              },
              "Date": {
                "$ref": "#/components/headers/Date"
              },
              "ETag": {
                "$ref": "#/components/headers/ETag"
              },
              "LB-Revision": {
                "$ref": "#/components/headers/LB-Revision"
              },
              "Request-Id": {
                "$ref": "#/components/headers/Request-Id"
              },
              "X-Content-Type-Options": {
                "$ref": "#/components/headers/X-Content-Type-Options"
              }
            }
          },
          "304": {
            "$ref": "#/components/responses/NotModified"
          },
          "400": {
            "$ref": "#/components/responses/BadRequest"
          },
          "401": {
            "$ref": "#/components/responses/Unauthorized"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "404": {
            "$ref": "#/components/responses/NotFound"
          },
          "408": {
            "$ref": "#/components/responses/RequestTimeout"
          },
          "413": {
            "$ref": "#/components/responses/ContentTooLarge"
          },
          "414": {
            "$ref": "#/components/responses/URITooLong"
          },
          "417": {
            "$ref": "#/components/responses/ExpectationFailed"
          },
          "431": {
            "$ref": "#/components/responses/HeadTooLarge"
          },
          "501": {
            "$ref": "#/components/responses/NotImplemented"
          },
          "503": {
            "$ref": "#/components/responses/Unavailable"
          },
          "505": {
            "$ref": "#/components/responses/VersionNotSupported"
          }
        },
        "summary": "One pool.",
        "tags": [
          "pools"
        ]
      },
      "options": {
        "operationId": "optionsPool",
        "parameters": [
          {
            "$ref": "#/components/parameters/Pretty"
          }
        ],
        "responses": {
          "204": {
            "description": "`Allow` lists the methods.",
            "headers": {
              "Accept-Patch": {
                "$ref": "#/components/headers/Accept-Patch"
              },
              "Allow": {
                "$ref": "#/components/headers/Allow"
              },
              "Cache-Control": {
                "$ref": "#/components/headers/Cache-Control"
              },
              "Content-Security-Policy": {
                "$ref": "#/components/headers/Content-Security-Policy"
              },
              "Cross-Origin-Resource-Policy": {
                "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
              },
              "Date": {
                "$ref": "#/components/headers/Date"
              },
              "Request-Id": {
                "$ref": "#/components/headers/Request-Id"
              },
              "X-Content-Type-Options": {
                "$ref": "#/components/headers/X-Content-Type-Options"
              }
            }
          },
          "400": {
            "$ref": "#/components/responses/BadRequest"
          },
          "401": {
            "$ref": "#/components/responses/Unauthorized"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "408": {
            "$ref": "#/components/responses/RequestTimeout"
          },
          "413": {
            "$ref": "#/components/responses/ContentTooLarge"
          },
          "414": {
            "$ref": "#/components/responses/URITooLong"
          },
          "417": {
            "$ref": "#/components/responses/ExpectationFailed"
          },
          "431": {
            "$ref": "#/components/responses/HeadTooLarge"
          },
          "501": {
            "$ref": "#/components/responses/NotImplemented"
          },
          "503": {
            "$ref": "#/components/responses/Unavailable"
          },
          "505": {
            "$ref": "#/components/responses/VersionNotSupported"
          }
        },
        "summary": "What the path takes.",
        "tags": [
          "service"
        ]
      },
      "parameters": [
        {
          "$ref": "#/components/parameters/PoolName"
        }
      ],
      "patch": {
        "description": "A merge patch (RFC 7396): what is in it is set, and null gives a member its default.\n",
        "operationId": "patchPool",
        "parameters": [
          {
            "$ref": "#/components/parameters/Wait"
          },
          {
            "$ref": "#/components/parameters/DryRun"
          },
          {
            "$ref": "#/components/parameters/Force"
          },
          {
            "$ref": "#/components/parameters/Reason"
          },
          {
            "$ref": "#/components/parameters/IfMatch"
          },
          {
            "$ref": "#/components/parameters/IfNoneMatch"
          },
          {
            "$ref": "#/components/parameters/LBReason"
          },
          {
            "$ref": "#/components/parameters/Pretty"
          }
        ],
        "requestBody": {
          "content": {
            "application/json": {
              "schema": {
                "$ref": "#/components/schemas/PoolPatch"
              }
            },
            "application/merge-patch+json": {
              "examples": {
                "interval": {
                  "value": {
                    "health_check": {
                      "interval": "2s"
                    }
                  }
                },
                "unchecked": {
                  "value": {
                    "health_check": "off"
                  }
                }
              },
              "schema": {
                "$ref": "#/components/schemas/PoolPatch"
              }
            }
          },
          "required": true
        },
        "responses": {
          "200": {
            "content": {
              "application/json": {
                "example": {
                  "algorithm": "round_robin",
                  "drain": "30s",
                  "hash_by": "client_ip",
                  "health_check": {
                    "expect": "200",
                    "fall": 2,
                    "headers": {},
                    "interval": "5s",
                    "path": "/",
                    "rise": 1,
                    "start": "down",
                    "timeout": "2s",
                    "type": "http"
                  },
                  "min_ready": 1,
                  "name": "default",
                  "on_client_fin": "finish",
                  "panic_threshold": 0.0,
                  "passive": {
                    "eject": "5s",
                    "eject_max": "1m",
                    "errors": 3,
                    "http_5xx": 0,
                    "http_5xx_share": 0,
                    "max_ejected": 0.5,
                    "volume": 20
                  },
                  "retry": {
                    "budget": 0.2,
                    "max": 2,
                    "on": []
                  },
                  "slow_start": "0s",
                  "status": {
                    "backends": 3,
                    "serving": 3
                  },
                  "sticky": "off",
                  "timeouts": {
                    "connect": null,
                    "queue": null,
                    "response_first_byte": null,
                    "response_stall": null,
                    "total": null
                  }
                },
                "schema": {
                  "oneOf": [
                    {
                      "$ref": "#/components/schemas/Pool"
                    },
                    {
                      "$ref": "#/components/schemas/Plan"
                    }
                  ]
                }
              }
            },
            "description": "Changed, or as it was (`LB-Changed: false`), or the plan.",
            "headers": {
              "Cache-Control": {
                "$ref": "#/components/headers/Cache-Control"
              },
              "Content-Security-Policy": {
                "$ref": "#/components/headers/Content-Security-Policy"
              },
              "Cross-Origin-Resource-Policy": {
                "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
              },
              "Date": {
                "$ref": "#/components/headers/Date"
              },
              "ETag": {
                "$ref": "#/components/headers/ETag"
              },
              "LB-Changed": {
                "$ref": "#/components/headers/LB-Changed"
              },
              "LB-Revision": {
                "$ref": "#/components/headers/LB-Revision"
              },
              "Request-Id": {
                "$ref": "#/components/headers/Request-Id"
              },
              "Server-Timing": {
                "$ref": "#/components/headers/Server-Timing"
              },
              "X-Content-Type-Options": {
                "$ref": "#/components/headers/X-Content-Type-Options"
              }
            }
          },
          "400": {
            "$ref": "#/components/responses/BadRequest"
          },
          "401": {
            "$ref": "#/components/responses/Unauthorized"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "404": {
            "$ref": "#/components/responses/NotFound"
          },
          "408": {
            "$ref": "#/components/responses/RequestTimeout"
          },
          "409": {
            "$ref": "#/components/responses/Refused"
          },
          "412": {
            "$ref": "#/components/responses/PreconditionFailed"
          },
          "413": {
            "$ref": "#/components/responses/ContentTooLarge"
          },
          "414": {
            "$ref": "#/components/responses/URITooLong"
          },
          "415": {
            "$ref": "#/components/responses/UnsupportedMediaType"
          },
          "417": {
            "$ref": "#/components/responses/ExpectationFailed"
          },
          "422": {
            "$ref": "#/components/responses/Unprocessable"
          },
          "428": {
            "$ref": "#/components/responses/PreconditionRequired"
          },
          "429": {
            "$ref": "#/components/responses/TooManyWaits"
          },
          "431": {
            "$ref": "#/components/responses/HeadTooLarge"
          },
          "500": {
            "$ref": "#/components/responses/NotAdopted"
          },
          "501": {
            "$ref": "#/components/responses/NotImplemented"
          },
          "503": {
            "$ref": "#/components/responses/Unavailable"
          },
          "504": {
            "$ref": "#/components/responses/WaitTimeout"
          },
          "505": {
            "$ref": "#/components/responses/VersionNotSupported"
          },
          "507": {
            "$ref": "#/components/responses/NotDurable"
          }
        },
        "summary": "Change members of a pool.",
        "tags": [
          "pools"
        ]
      },
      "put": {
        "description": "What is left out has its default. The same body again changes nothing.\n",
        "operationId": "putPool",
        "parameters": [
          {
            "$ref": "#/components/parameters/Wait"
          },
          {
            "$ref": "#/components/parameters/DryRun"
          },
          {
            "$ref": "#/components/parameters/Force"
          },
          {
            "$ref": "#/components/parameters/Reason"
          },
          {
            "$ref": "#/components/parameters/IfMatch"
          },
          {
            "$ref": "#/components/parameters/IfNoneMatch"
          },
          {
            "$ref": "#/components/parameters/LBReason"
          },
          {
            "$ref": "#/components/parameters/Pretty"
          }
        ],
        "requestBody": {
          "content": {
            "application/json": {
              "examples": {
                "blue": {
                  "value": {
                    "algorithm": "least_request",
                    "health_check": {
                      "interval": "2s",
                      "path": "/healthz"
                    },
                    "min_ready": 2
                  }
                },
                "empty": {
                  "value": {}
                }
              },
              "schema": {
                "$ref": "#/components/schemas/PoolBody"
              }
            }
          },
          "required": true
        },
        "responses": {
          "200": {
            "content": {
              "application/json": {
                "example": {
                  "algorithm": "round_robin",
                  "drain": "30s",
                  "hash_by": "client_ip",
                  "health_check": {
                    "expect": "200",
                    "fall": 2,
                    "headers": {},
                    "interval": "5s",
                    "path": "/",
                    "rise": 1,
                    "start": "down",
                    "timeout": "2s",
                    "type": "http"
                  },
                  "min_ready": 1,
                  "name": "default",
                  "on_client_fin": "finish",
                  "panic_threshold": 0.0,
                  "passive": {
                    "eject": "5s",
                    "eject_max": "1m",
                    "errors": 3,
                    "http_5xx": 0,
                    "http_5xx_share": 0,
                    "max_ejected": 0.5,
                    "volume": 20
                  },
                  "retry": {
                    "budget": 0.2,
                    "max": 2,
                    "on": []
                  },
                  "slow_start": "0s",
                  "status": {
                    "backends": 3,
                    "serving": 3
                  },
                  "sticky": "off",
                  "timeouts": {
                    "connect": null,
                    "queue": null,
                    "response_first_byte": null,
                    "response_stall": null,
                    "total": null
                  }
                },
                "schema": {
                  "oneOf": [
                    {
                      "$ref": "#/components/schemas/Pool"
                    },
                    {
                      "$ref": "#/components/schemas/Plan"
                    }
                  ]
                }
              }
            },
            "description": "Replaced, or as it was (`LB-Changed: false`), or the plan.",
            "headers": {
              "Cache-Control": {
                "$ref": "#/components/headers/Cache-Control"
              },
              "Content-Security-Policy": {
                "$ref": "#/components/headers/Content-Security-Policy"
              },
              "Cross-Origin-Resource-Policy": {
                "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
              },
              "Date": {
                "$ref": "#/components/headers/Date"
              },
              "ETag": {
                "$ref": "#/components/headers/ETag"
              },
              "LB-Changed": {
                "$ref": "#/components/headers/LB-Changed"
              },
              "LB-Revision": {
                "$ref": "#/components/headers/LB-Revision"
              },
              "Request-Id": {
                "$ref": "#/components/headers/Request-Id"
              },
              "Server-Timing": {
                "$ref": "#/components/headers/Server-Timing"
              },
              "X-Content-Type-Options": {
                "$ref": "#/components/headers/X-Content-Type-Options"
              }
            }
          },
          "201": {
            "content": {
              "application/json": {
                "example": {
                  "algorithm": "round_robin",
                  "drain": "30s",
                  "hash_by": "client_ip",
                  "health_check": {
                    "expect": "200",
                    "fall": 2,
                    "headers": {},
                    "interval": "5s",
                    "path": "/",
                    "rise": 1,
                    "start": "down",
                    "timeout": "2s",
                    "type": "http"
                  },
                  "min_ready": 1,
                  "name": "default",
                  "on_client_fin": "finish",
                  "panic_threshold": 0.0,
                  "passive": {
                    "eject": "5s",
                    "eject_max": "1m",
                    "errors": 3,
                    "http_5xx": 0,
                    "http_5xx_share": 0,
                    "max_ejected": 0.5,
                    "volume": 20
                  },
                  "retry": {
                    "budget": 0.2,
                    "max": 2,
                    "on": []
                  },
                  "slow_start": "0s",
                  "status": {
                    "backends": 3,
                    "serving": 3
                  },
                  "sticky": "off",
                  "timeouts": {
                    "connect": null,
                    "queue": null,
                    "response_first_byte": null,
                    "response_stall": null,
                    "total": null
                  }
                },
                "schema": {
                  "$ref": "#/components/schemas/Pool"
                }
              }
            },
            "description": "Added, stored and live.",
            "headers": {
              "Cache-Control": {
                "$ref": "#/components/headers/Cache-Control"
              },
              "Content-Security-Policy": {
                "$ref": "#/components/headers/Content-Security-Policy"
              },
              "Cross-Origin-Resource-Policy": {
                "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
              },
              "Date": {
                "$ref": "#/components/headers/Date"
              },
              "ETag": {
                "$ref": "#/components/headers/ETag"
              },
              "LB-Changed": {
                "$ref": "#/components/headers/LB-Changed"
              },
              "LB-Revision": {
                "$ref": "#/components/headers/LB-Revision"
              },
              "Location": {
                "$ref": "#/components/headers/Location"
              },
              "Request-Id": {
                "$ref": "#/components/headers/Request-Id"
              },
              "Server-Timing": {
                "$ref": "#/components/headers/Server-Timing"
              },
              "X-Content-Type-Options": {
                "$ref": "#/components/headers/X-Content-Type-Options"
              }
            }
          },
          "400": {
            "$ref": "#/components/responses/BadRequest"
          },
          "401": {
            "$ref": "#/components/responses/Unauthorized"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "408": {
            "$ref": "#/components/responses/RequestTimeout"
          },
          "409": {
            "$ref": "#/components/responses/Refused"
          },
          "412": {
            "$ref": "#/components/responses/PreconditionFailed"
          },
          "413": {
            "$ref": "#/components/responses/ContentTooLarge"
          },
          "414": {
            "$ref": "#/components/responses/URITooLong"
          },
          "415": {
            "$ref": "#/components/responses/UnsupportedMediaType"
          },
          "417": {
            "$ref": "#/components/responses/ExpectationFailed"
          },
          "422": {
            "$ref": "#/components/responses/Unprocessable"
          },
          "428": {
            "$ref": "#/components/responses/PreconditionRequired"
          },
          "429": {
            "$ref": "#/components/responses/TooManyWaits"
          },
          "431": {
            "$ref": "#/components/responses/HeadTooLarge"
          },
          "500": {
            "$ref": "#/components/responses/NotAdopted"
          },
          "501": {
            "$ref": "#/components/responses/NotImplemented"
          },
          "503": {
            "$ref": "#/components/responses/Unavailable"
          },
          "504": {
            "$ref": "#/components/responses/WaitTimeout"
          },
          "505": {
            "$ref": "#/components/responses/VersionNotSupported"
          },
          "507": {
            "$ref": "#/components/responses/NotDurable"
          }
        },
        "summary": "Add or replace a pool.",
        "tags": [
          "pools"
        ]
      }
    },
    "/v1/problems/{slug}": {
      "get": {
        "description": "Markdown, or JSON where `Accept` has it.\n",
        "operationId": "getProblem",
        "parameters": [
          {
            "$ref": "#/components/parameters/Pretty"
          }
        ],
        "responses": {
          "200": {
            "content": {
              "application/json": {
                "example": {
                  "code": "not-found",
                  "meaning": "The path is right, but what it names does not exist.",
                  "remedy": "Look at the list.",
                  "status": 404,
                  "title": "There is no such thing",
                  "type": "/v1/problems/not-found"
                },
                "schema": {
                  "$ref": "#/components/schemas/ProblemPage"
                }
              },
              "text/markdown": {
                "schema": {
                  "type": "string"
                }
              }
            },
            "description": "The page.",
            "headers": {
              "Cache-Control": {
                "$ref": "#/components/headers/Cache-Control"
              },
              "Content-Security-Policy": {
                "$ref": "#/components/headers/Content-Security-Policy"
              },
              "Cross-Origin-Resource-Policy": {
                "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
              },
              "Date": {
                "$ref": "#/components/headers/Date"
              },
              "Request-Id": {
                "$ref": "#/components/headers/Request-Id"
              },
              "X-Content-Type-Options": {
                "$ref": "#/components/headers/X-Content-Type-Options"
              }
            }
          },
          "400": {
            "$ref": "#/components/responses/BadRequest"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "404": {
            "$ref": "#/components/responses/NotFound"
          },
          "408": {
            "$ref": "#/components/responses/RequestTimeout"
          },
          "413": {
            "$ref": "#/components/responses/ContentTooLarge"
          },
          "414": {
            "$ref": "#/components/responses/URITooLong"
          },
          "417": {
            "$ref": "#/components/responses/ExpectationFailed"
          },
          "431": {
            "$ref": "#/components/responses/HeadTooLarge"
          },
          "501": {
            "$ref": "#/components/responses/NotImplemented"
          },
          "503": {
            "$ref": "#/components/responses/Unavailable"
          },
          "505": {
            "$ref": "#/components/responses/VersionNotSupported"
          }
        },
        "summary": "The manual page of a problem.",
        "tags": [
          "service"
        ]
      },
      "options": {
        "operationId": "optionsGetProblem",
        "parameters": [
          {
            "$ref": "#/components/parameters/Pretty"
          }
        ],
        "responses": {
          "204": {
            "description": "`Allow` lists the methods.",
            "headers": {
              "Allow": {
                "$ref": "#/components/headers/Allow"
              },
              "Cache-Control": {
                "$ref": "#/components/headers/Cache-Control"
              },
              "Content-Security-Policy": {
                "$ref": "#/components/headers/Content-Security-Policy"
              },
              "Cross-Origin-Resource-Policy": {
                "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
              },
              "Date": {
                "$ref": "#/components/headers/Date"
              },
              "Request-Id": {
                "$ref": "#/components/headers/Request-Id"
              },
              "X-Content-Type-Options": {
                "$ref": "#/components/headers/X-Content-Type-Options"
              }
            }
          },
          "400": {
            "$ref": "#/components/responses/BadRequest"
          },
          "401": {
            "$ref": "#/components/responses/Unauthorized"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "408": {
            "$ref": "#/components/responses/RequestTimeout"
          },
          "413": {
            "$ref": "#/components/responses/ContentTooLarge"
          },
          "414": {
            "$ref": "#/components/responses/URITooLong"
          },
          "417": {
            "$ref": "#/components/responses/ExpectationFailed"
          },
          "431": {
            "$ref": "#/components/responses/HeadTooLarge"
          },
          "501": {
            "$ref": "#/components/responses/NotImplemented"
          },
          "503": {
            "$ref": "#/components/responses/Unavailable"
          },
          "505": {
            "$ref": "#/components/responses/VersionNotSupported"
          }
        },
        "summary": "What the path takes.",
        "tags": [
          "service"
        ]
      },
      "parameters": [
        {
          "$ref": "#/components/parameters/Slug"
        }
      ]
    },
    "/v1/rollback": {
      "options": {
        "operationId": "optionsRollback",
        "parameters": [
          {
            "$ref": "#/components/parameters/Pretty"
          }
        ],
        "responses": {
          "204": {
            "description": "`Allow` lists the methods.",
            "headers": {
              "Allow": {
                "$ref": "#/components/headers/Allow"
              },
              "Cache-Control": {
                "$ref": "#/components/headers/Cache-Control"
              },
              "Content-Security-Policy": {
                "$ref": "#/components/headers/Content-Security-Policy"
              },
              "Cross-Origin-Resource-Policy": {
                "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
              },
              "Date": {
                "$ref": "#/components/headers/Date"
              },
              "Request-Id": {
                "$ref": "#/components/headers/Request-Id"
              },
              "X-Content-Type-Options": {
                "$ref": "#/components/headers/X-Content-Type-Options"
              }
            }
          },
          "400": {
            "$ref": "#/components/responses/BadRequest"
          },
          "401": {
            "$ref": "#/components/responses/Unauthorized"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "408": {
            "$ref": "#/components/responses/RequestTimeout"
          },
          "413": {
            "$ref": "#/components/responses/ContentTooLarge"
          },
          "414": {
            "$ref": "#/components/responses/URITooLong"
          },
          "417": {
            "$ref": "#/components/responses/ExpectationFailed"
          },
          "431": {
            "$ref": "#/components/responses/HeadTooLarge"
          },
          "501": {
            "$ref": "#/components/responses/NotImplemented"
          },
          "503": {
            "$ref": "#/components/responses/Unavailable"
          },
          "505": {
            "$ref": "#/components/responses/VersionNotSupported"
          }
        },
        "summary": "What the path takes.",
        "tags": [
          "service"
        ]
      },
      "post": {
        "description": "Makes a new revision that is what the old one was, so that it can be undone in the same way. Without `to`, the one before\nthe newest.\n",
        "operationId": "rollBack",
        "parameters": [
          {
            "$ref": "#/components/parameters/Wait"
          },
          {
            "$ref": "#/components/parameters/DryRun"
          },
          {
            "$ref": "#/components/parameters/Force"
          },
          {
            "$ref": "#/components/parameters/Reason"
          },
          {
            "$ref": "#/components/parameters/IfMatch"
          },
          {
            "$ref": "#/components/parameters/IfNoneMatch"
          },
          {
            "$ref": "#/components/parameters/LBReason"
          },
          {
            "$ref": "#/components/parameters/Pretty"
          }
        ],
        "requestBody": {
          "content": {
            "application/json": {
              "examples": {
                "there": {
                  "value": {
                    "to": 1
                  }
                },
                "undo": {
                  "value": {}
                }
              },
              "schema": {
                "$ref": "#/components/schemas/Rollback"
              }
            }
          },
          "required": true
        },
        "responses": {
          "200": {
            "content": {
              "application/json": {
                "example": {
                  "changed": [
                    "/backends/web-3"
                  ],
                  "revision": 1847,
                  "to": 1840
                },
                "schema": {
                  "oneOf": [
                    {
                      "$ref": "#/components/schemas/RolledBack"
                    },
                    {
                      "$ref": "#/components/schemas/Plan"
                    }
                  ]
                }
              }
            },
            "description": "Done, or as it was (`LB-Changed: false`), or the plan.",
            "headers": {
              "Cache-Control": {
                "$ref": "#/components/headers/Cache-Control"
              },
              "Content-Security-Policy": {
                "$ref": "#/components/headers/Content-Security-Policy"
              },
              "Cross-Origin-Resource-Policy": {
                "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
              },
              "Date": {
                "$ref": "#/components/headers/Date"
              },
              "ETag": {
                "$ref": "#/components/headers/ETag"
              },
              "LB-Changed": {
                "$ref": "#/components/headers/LB-Changed"
              },
              "LB-Revision": {
                "$ref": "#/components/headers/LB-Revision"
              },
              "Request-Id": {
                "$ref": "#/components/headers/Request-Id"
              },
              "Server-Timing": {
                "$ref": "#/components/headers/Server-Timing"
              },
              "X-Content-Type-Options": {
                "$ref": "#/components/headers/X-Content-Type-Options"
              }
            }
          },
          "400": {
            "$ref": "#/components/responses/BadRequest"
          },
          "401": {
            "$ref": "#/components/responses/Unauthorized"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "404": {
            "$ref": "#/components/responses/NotFound"
          },
          "408": {
            "$ref": "#/components/responses/RequestTimeout"
          },
          "409": {
            "$ref": "#/components/responses/Refused"
          },
          "410": {
            "$ref": "#/components/responses/Gone"
          },
          "412": {
            "$ref": "#/components/responses/PreconditionFailed"
          },
          "413": {
            "$ref": "#/components/responses/ContentTooLarge"
          },
          "414": {
            "$ref": "#/components/responses/URITooLong"
          },
          "415": {
            "$ref": "#/components/responses/UnsupportedMediaType"
          },
          "417": {
            "$ref": "#/components/responses/ExpectationFailed"
          },
          "422": {
            "$ref": "#/components/responses/Unprocessable"
          },
          "428": {
            "$ref": "#/components/responses/PreconditionRequired"
          },
          "429": {
            "$ref": "#/components/responses/TooManyWaits"
          },
          "431": {
            "$ref": "#/components/responses/HeadTooLarge"
          },
          "500": {
            "$ref": "#/components/responses/NotAdopted"
          },
          "501": {
            "$ref": "#/components/responses/NotImplemented"
          },
          "503": {
            "$ref": "#/components/responses/Unavailable"
          },
          "504": {
            "$ref": "#/components/responses/WaitTimeout"
          },
          "505": {
            "$ref": "#/components/responses/VersionNotSupported"
          },
          "507": {
            "$ref": "#/components/responses/NotDurable"
          }
        },
        "summary": "Go back to what was desired at an earlier revision.",
        "tags": [
          "config"
        ]
      }
    },
    "/v1/self": {
      "get": {
        "operationId": "getSelf",
        "parameters": [
          {
            "$ref": "#/components/parameters/Pretty"
          }
        ],
        "responses": {
          "200": {
            "content": {
              "application/json": {
                "example": {
                  "accepting": true,
                  "log_level": "info",
                  "stand_ins": [],
                  "started_at": "2026-11-21T06:00:00.000Z",
                  "state": "ready",
                  "ticking": true,
                  "uptime": "2880s",
                  "version": "0.1.0",
                  "you": {
                    "ip": "10.1.2.3",
                    "name": "ci-bot",
                    "role": "operator",
                    "via": "token"
                  }
                },
                "schema": {
                  "$ref": "#/components/schemas/Self"
                }
              }
            },
            "description": "The state.",
            "headers": {
              "Cache-Control": {
                "$ref": "#/components/headers/Cache-Control"
              },
              "Content-Security-Policy": {
                "$ref": "#/components/headers/Content-Security-Policy"
              },
              "Cross-Origin-Resource-Policy": {
                "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
              },
              "Date": {
                "$ref": "#/components/headers/Date"
              },
              "Request-Id": {
                "$ref": "#/components/headers/Request-Id"
              },
              "X-Content-Type-Options": {
                "$ref": "#/components/headers/X-Content-Type-Options"
              }
            }
          },
          "400": {
            "$ref": "#/components/responses/BadRequest"
          },
          "401": {
            "$ref": "#/components/responses/Unauthorized"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "408": {
            "$ref": "#/components/responses/RequestTimeout"
          },
          "413": {
            "$ref": "#/components/responses/ContentTooLarge"
          },
          "414": {
            "$ref": "#/components/responses/URITooLong"
          },
          "417": {
            "$ref": "#/components/responses/ExpectationFailed"
          },
          "431": {
            "$ref": "#/components/responses/HeadTooLarge"
          },
          "501": {
            "$ref": "#/components/responses/NotImplemented"
          },
          "503": {
            "$ref": "#/components/responses/Unavailable"
          },
          "505": {
            "$ref": "#/components/responses/VersionNotSupported"
          }
        },
        "summary": "The daemon's own state, and who asks.",
        "tags": [
          "service"
        ]
      },
      "options": {
        "operationId": "optionsGetSelf",
        "parameters": [
          {
            "$ref": "#/components/parameters/Pretty"
          }
        ],
        "responses": {
          "204": {
            "description": "`Allow` lists the methods.",
            "headers": {
              "Accept-Patch": {
                "$ref": "#/components/headers/Accept-Patch"
              },
              "Allow": {
                "$ref": "#/components/headers/Allow"
              },
              "Cache-Control": {
                "$ref": "#/components/headers/Cache-Control"
              },
              "Content-Security-Policy": {
                "$ref": "#/components/headers/Content-Security-Policy"
              },
              "Cross-Origin-Resource-Policy": {
                "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
              },
              "Date": {
                "$ref": "#/components/headers/Date"
              },
              "Request-Id": {
                "$ref": "#/components/headers/Request-Id"
              },
              "X-Content-Type-Options": {
                "$ref": "#/components/headers/X-Content-Type-Options"
              }
            }
          },
          "400": {
            "$ref": "#/components/responses/BadRequest"
          },
          "401": {
            "$ref": "#/components/responses/Unauthorized"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "408": {
            "$ref": "#/components/responses/RequestTimeout"
          },
          "413": {
            "$ref": "#/components/responses/ContentTooLarge"
          },
          "414": {
            "$ref": "#/components/responses/URITooLong"
          },
          "417": {
            "$ref": "#/components/responses/ExpectationFailed"
          },
          "431": {
            "$ref": "#/components/responses/HeadTooLarge"
          },
          "501": {
            "$ref": "#/components/responses/NotImplemented"
          },
          "503": {
            "$ref": "#/components/responses/Unavailable"
          },
          "505": {
            "$ref": "#/components/responses/VersionNotSupported"
          }
        },
        "summary": "What the path takes.",
        "tags": [
          "service"
        ]
      },
      "patch": {
        "description": "`drain` answers `/readyz` with 503 and serves on; `ready` takes that back. With the `log_level` `debug` standard error has each\nrequest to the admin API too. A restart is ready, and at `info`.\n",
        "operationId": "patchSelf",
        "parameters": [
          {
            "$ref": "#/components/parameters/Pretty"
          }
        ],
        "requestBody": {
          "content": {
            "application/json": {
              "example": {
                "state": "drain"
              },
              "schema": {
                "$ref": "#/components/schemas/SelfPatch"
              }
            }
          },
          "required": true
        },
        "responses": {
          "200": {
            "content": {
              "application/json": {
                "example": {
                  "accepting": true,
                  "log_level": "info",
                  "stand_ins": [],
                  "started_at": "2026-11-21T06:00:00.000Z",
                  "state": "drain",
                  "ticking": true,
                  "uptime": "2880s",
                  "version": "0.1.0",
                  "you": {
                    "ip": "10.1.2.3",
                    "name": "ci-bot",
                    "role": "operator",
                    "via": "token"
                  }
                },
                "schema": {
                  "$ref": "#/components/schemas/Self"
                }
              }
            },
            "description": "The state now.",
            "headers": {
              "Cache-Control": {
                "$ref": "#/components/headers/Cache-Control"
              },
              "Content-Security-Policy": {
                "$ref": "#/components/headers/Content-Security-Policy"
              },
              "Cross-Origin-Resource-Policy": {
                "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
              },
              "Date": {
                "$ref": "#/components/headers/Date"
              },
              "Request-Id": {
                "$ref": "#/components/headers/Request-Id"
              },
              "X-Content-Type-Options": {
                "$ref": "#/components/headers/X-Content-Type-Options"
              }
            }
          },
          "400": {
            "$ref": "#/components/responses/BadRequest"
          },
          "401": {
            "$ref": "#/components/responses/Unauthorized"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "408": {
            "$ref": "#/components/responses/RequestTimeout"
          },
          "413": {
            "$ref": "#/components/responses/ContentTooLarge"
          },
          "414": {
            "$ref": "#/components/responses/URITooLong"
          },
          "415": {
            "$ref": "#/components/responses/UnsupportedMediaType"
          },
          "417": {
            "$ref": "#/components/responses/ExpectationFailed"
          },
          "422": {
            "$ref": "#/components/responses/Unprocessable"
          },
          "431": {
            "$ref": "#/components/responses/HeadTooLarge"
          },
          "501": {
            "$ref": "#/components/responses/NotImplemented"
          },
          "503": {
            "$ref": "#/components/responses/Unavailable"
          },
          "505": {
            "$ref": "#/components/responses/VersionNotSupported"
          }
        },
        "summary": "Take the daemon out of whatever balances in front of it, or back in; say what it logs.",
        "tags": [
          "service"
        ]
      }
    },
    "/v1/stats": {
      "get": {
        "description": "The figures of `/metrics` with quantiles worked out. Nothing is reset by reading, by a reload or by changes of other\nbackends.\n",
        "operationId": "getStats",
        "parameters": [
          {
            "$ref": "#/components/parameters/Pretty"
          }
        ],
        "responses": {
          "200": {
            "content": {
              "application/json": {
                "example": {
                  "at": "2026-11-21T06:49:00.125Z",
                  "backends": {
                    "web-3": {
                      "attempts": 18211,
                      "by_class": {
                        "1xx": 0,
                        "2xx": 18200,
                        "3xx": 0,
                        "4xx": 8,
                        "5xx": 0
                      },
                      "bytes_in": 0,
                      "bytes_out": 1820000,
                      "errors": 3,
                      "idle_connections": 4,
                      "in_flight": 3,
                      "latency": {
                        "connect": {
                          "count": 12,
                          "p50_ms": 0.118,
                          "p90_ms": 0.243,
                          "p99_ms": 0.243
                        },
                        "first_byte": {
                          "count": 18208,
                          "p50_ms": 1.65,
                          "p90_ms": 4.2,
                          "p99_ms": 13.6
                        },
                        "total": {
                          "count": 18208,
                          "p50_ms": 1.75,
                          "p90_ms": 4.6,
                          "p99_ms": 14
                        }
                      },
                      "phase": "serving",
                      "pool": "default",
                      "requests": 18208,
                      "retried_away": 3,
                      "streams": 0
                    }
                  },
                  "pools": {
                    "default": {
                      "attempts": 18211,
                      "by_class": {
                        "1xx": 0,
                        "2xx": 18200,
                        "3xx": 0,
                        "4xx": 8,
                        "5xx": 0
                      },
                      "bytes_in": 0,
                      "bytes_out": 1820000,
                      "errors": 3,
                      "idle_connections": 4,
                      "in_flight": 3,
                      "latency": {
                        "connect": {
                          "count": 12,
                          "p50_ms": 0.118,
                          "p90_ms": 0.243,
                          "p99_ms": 0.243
                        },
                        "first_byte": {
                          "count": 18208,
                          "p50_ms": 1.65,
                          "p90_ms": 4.2,
                          "p99_ms": 13.6
                        },
                        "total": {
                          "count": 18208,
                          "p50_ms": 1.75,
                          "p90_ms": 4.6,
                          "p99_ms": 14
                        }
                      },
                      "requests": 18208,
                      "retried_away": 3,
                      "streams": 0
                    }
                  },
                  "since": "2026-11-21T06:40:00.125Z",
                  "totals": {
                    "accepted": 640,
                    "attempts": 18211,
                    "by_class": {
                      "1xx": 0,
                      "2xx": 18200,
                      "3xx": 0,
                      "4xx": 8,
                      "5xx": 0
                    },
                    "bytes_in": 0,
                    "bytes_out": 1820000,
                    "clients": 64,
                    "errors": 3,
                    "idle_connections": 4,
                    "in_flight": 3,
                    "latency": {
                      "connect": {
                        "count": 12,
                        "p50_ms": 0.118,
                        "p90_ms": 0.243,
                        "p99_ms": 0.243
                      },
                      "first_byte": {
                        "count": 18208,
                        "p50_ms": 1.65,
                        "p90_ms": 4.2,
                        "p99_ms": 13.6
                      },
                      "total": {
                        "count": 18208,
                        "p50_ms": 1.75,
                        "p90_ms": 4.6,
                        "p99_ms": 14
                      }
                    },
                    "log_drops": 0,
                    "memory_bytes": 18874368,
                    "queued": 0,
                    "requests": 18208,
                    "retried_away": 3,
                    "streams": 0
                  }
                },
                "schema": {
                  "$ref": "#/components/schemas/Stats"
                }
              }
            },
            "description": "The figures.",
            "headers": {
              "Cache-Control": {
                "$ref": "#/components/headers/Cache-Control"
              },
              "Content-Security-Policy": {
                "$ref": "#/components/headers/Content-Security-Policy"
              },
              "Cross-Origin-Resource-Policy": {
                "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
              },
              "Date": {
                "$ref": "#/components/headers/Date"
              },
              "Request-Id": {
                "$ref": "#/components/headers/Request-Id"
              },
              "X-Content-Type-Options": {
                "$ref": "#/components/headers/X-Content-Type-Options"
              }
            }
          },
          "400": {
            "$ref": "#/components/responses/BadRequest"
          },
          "401": {
            "$ref": "#/components/responses/Unauthorized"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "408": {
            "$ref": "#/components/responses/RequestTimeout"
          },
          "413": {
            "$ref": "#/components/responses/ContentTooLarge"
          },
          "414": {
            "$ref": "#/components/responses/URITooLong"
          },
          "417": {
            "$ref": "#/components/responses/ExpectationFailed"
          },
          "431": {
            "$ref": "#/components/responses/HeadTooLarge"
          },
          "501": {
            "$ref": "#/components/responses/NotImplemented"
          },
          "503": {
            "$ref": "#/components/responses/Unavailable"
          },
          "505": {
            "$ref": "#/components/responses/VersionNotSupported"
          }
        },
        "summary": "What was counted and measured, in all, by pool and by backend.",
        "tags": [
          "stats"
        ]
      },
      "options": {
        "operationId": "optionsGetStats",
        "parameters": [
          {
            "$ref": "#/components/parameters/Pretty"
          }
        ],
        "responses": {
          "204": {
            "description": "`Allow` lists the methods.",
            "headers": {
              "Allow": {
                "$ref": "#/components/headers/Allow"
              },
              "Cache-Control": {
                "$ref": "#/components/headers/Cache-Control"
              },
              "Content-Security-Policy": {
                "$ref": "#/components/headers/Content-Security-Policy"
              },
              "Cross-Origin-Resource-Policy": {
                "$ref": "#/components/headers/Cross-Origin-Resource-Policy"
              },
              "Date": {
                "$ref": "#/components/headers/Date"
              },
              "Request-Id": {
                "$ref": "#/components/headers/Request-Id"
              },
              "X-Content-Type-Options": {
                "$ref": "#/components/headers/X-Content-Type-Options"
              }
            }
          },
          "400": {
            "$ref": "#/components/responses/BadRequest"
          },
          "401": {
            "$ref": "#/components/responses/Unauthorized"
          },
          "403": {
            "$ref": "#/components/responses/Forbidden"
          },
          "408": {
            "$ref": "#/components/responses/RequestTimeout"
          },
          "413": {
            "$ref": "#/components/responses/ContentTooLarge"
          },
          "414": {
            "$ref": "#/components/responses/URITooLong"
          },
          "417": {
            "$ref": "#/components/responses/ExpectationFailed"
          },
          "431": {
            "$ref": "#/components/responses/HeadTooLarge"
          },
          "501": {
            "$ref": "#/components/responses/NotImplemented"
          },
          "503": {
            "$ref": "#/components/responses/Unavailable"
          },
          "505": {
            "$ref": "#/components/responses/VersionNotSupported"
          }
        },
        "summary": "What the path takes.",
        "tags": [
          "service"
        ]
      }
    }
  },
  "security": [
    {},
    {
      "Token": []
    }
  ],
  "servers": [
    {
      "url": "http://127.0.0.1:9900"
    }
  ],
  "tags": [
    {
      "description": "What should be.",
      "name": "backends"
    },
    {
      "description": "How backends are chosen and checked, by group.",
      "name": "pools"
    },
    {
      "description": "All of it at once, and its past.",
      "name": "config"
    },
    {
      "description": "What is.",
      "name": "health"
    },
    {
      "description": "What was counted and measured.",
      "name": "stats"
    },
    {
      "description": "What happens and what has happened.",
      "name": "events"
    },
    {
      "description": "What takes time.",
      "name": "operations"
    },
    {
      "description": "The daemon itself.",
      "name": "service"
    }
  ]
}
"""#
}
