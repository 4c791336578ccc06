/// What is wrong with a peer's bytes. After any of them the connection cannot be read on.
package enum H1Error: UInt8, Error, Sendable, CaseIterable, BitwiseCopyable {
    // Any line.
    case bareLF
    case bareCR
    // The request line.
    case badMethod
    case methodTooLong
    case badTarget
    case targetNotASCII
    case badVersion
    case unsupportedVersion
    case lineTooLong
    // The status line.
    case badStatusLine
    // Field lines.
    case headTooLarge
    case tooManyFields
    case badFieldName
    case badFieldValue
    case obsoleteFold
    case spaceBeforeColon
    // What the fields say.
    case hostMissing
    case hostRepeated
    case badHost
    case badLength
    case conflictingLengths
    case lengthAndCoding
    case badCoding
    case unknownCoding
    case codingInHTTP10
    case badConnectionOption
    case tooManyConnectionOptions
    // Content.
    case badChunkSize
    case badChunkExtension
    case chunkLineTooLong
    case badChunkEnd
    case badTrailer
    case trailersTooLarge
    case prematureEnd
    /// Not of HTTP: a trusted proxy was to say who its client is, and did not (`ProxyHeader`).
    case badProxyHeader

    /// What a client is told when its request has it. `badStatusLine` is a backend's only: 502.
    package var status: UInt16 {
        switch self {
        case .lineTooLong: 414
        case .headTooLarge, .tooManyFields, .trailersTooLarge: 431
        case .methodTooLong, .unknownCoding: 501
        case .unsupportedVersion: 505
        case .badStatusLine: 502
        case .bareLF, .bareCR, .badMethod, .badTarget, .targetNotASCII, .badVersion, .badFieldName, .badFieldValue,
            .obsoleteFold,
            .spaceBeforeColon, .hostMissing, .hostRepeated, .badHost, .badLength, .conflictingLengths, .lengthAndCoding,
            .badCoding, .codingInHTTP10, .badConnectionOption, .tooManyConnectionOptions, .badChunkSize,
            .badChunkExtension, .chunkLineTooLong, .badChunkEnd, .badTrailer, .prematureEnd, .badProxyHeader:
            400
        }
    }

    /// The name of the error in logs, metrics and `Proxy-Status`; lower-case letters, digits and hyphens.
    package var slug: StaticString {
        switch self {
        case .bareLF: "bare-lf"
        case .bareCR: "bare-cr"
        case .badMethod: "bad-method"
        case .methodTooLong: "method-too-long"
        case .badTarget: "bad-target"
        case .targetNotASCII: "target-not-ascii"
        case .badVersion: "bad-version"
        case .unsupportedVersion: "unsupported-version"
        case .lineTooLong: "line-too-long"
        case .badStatusLine: "bad-status-line"
        case .headTooLarge: "head-too-large"
        case .tooManyFields: "too-many-fields"
        case .badFieldName: "bad-field-name"
        case .badFieldValue: "bad-field-value"
        case .obsoleteFold: "obsolete-fold"
        case .spaceBeforeColon: "space-before-colon"
        case .hostMissing: "host-missing"
        case .hostRepeated: "host-repeated"
        case .badHost: "bad-host"
        case .badLength: "bad-length"
        case .conflictingLengths: "conflicting-lengths"
        case .lengthAndCoding: "length-and-coding"
        case .badCoding: "bad-coding"
        case .unknownCoding: "unknown-coding"
        case .codingInHTTP10: "coding-in-http10"
        case .badConnectionOption: "bad-connection-option"
        case .tooManyConnectionOptions: "too-many-connection-options"
        case .badChunkSize: "bad-chunk-size"
        case .badChunkExtension: "bad-chunk-extension"
        case .chunkLineTooLong: "chunk-line-too-long"
        case .badChunkEnd: "bad-chunk-end"
        case .badTrailer: "bad-trailer"
        case .trailersTooLarge: "trailers-too-large"
        case .prematureEnd: "premature-end"
        case .badProxyHeader: "bad-proxy-header"
        }
    }

    /// One plain sentence for the client, which names the limit when it is one.
    package var text: StaticString {
        switch self {
        case .bareLF: "A line ends with LF alone; HTTP/1.1 lines end with CRLF."
        case .bareCR: "A CR is not followed by LF; HTTP/1.1 lines end with CRLF."
        case .badMethod: "The message does not begin with a method name followed by one space."
        case .methodTooLong: "The method name is longer than 32 bytes."
        case .badTarget: "The request target is not one that this method may have, or holds a byte that a URL may not."
        case .targetNotASCII:
            "The request target holds a byte that is not ASCII; percent-encode it, such as %C3%A9 for an e with an acute accent."
        case .badVersion: "The request line does not end with one space and a protocol version such as HTTP/1.1."
        case .unsupportedVersion: "The protocol version is not HTTP/1.1, nor another HTTP/1.x."
        case .lineTooLong: "The request line is longer than the limit for request lines."
        case .badStatusLine: "The answer does not begin with an HTTP/1.1 status line."
        case .headTooLarge: "The request line and the header fields together are larger than the limit for heads."
        case .tooManyFields: "There are more header fields than the limit for their number."
        case .badFieldName: "A header line does not begin with a valid field name and a colon."
        case .badFieldValue: "A header field's value holds a control character."
        case .obsoleteFold: "A header line begins with white space; folded header lines are not accepted."
        case .spaceBeforeColon: "There is white space between a header field's name and its colon."
        case .hostMissing: "An HTTP/1.1 request needs a Host header field."
        case .hostRepeated: "There is more than one Host header field."
        case .badHost: "The Host header field is not a host name or address with an optional port."
        case .badLength: "The Content-Length header field is not a number of bytes."
        case .conflictingLengths: "There are several Content-Length values and they differ."
        case .lengthAndCoding: "There are both a Content-Length and a Transfer-Encoding header field."
        case .badCoding: "The Transfer-Encoding header field is not exactly chunked."
        case .unknownCoding: "The Transfer-Encoding header field names a coding other than chunked."
        case .codingInHTTP10: "An HTTP/1.0 message has a Transfer-Encoding header field."
        case .badConnectionOption: "The Connection header field names a field that is meant for every recipient."
        case .tooManyConnectionOptions: "The Connection header field has more than 32 options."
        case .badChunkSize: "The size of a chunk is not a hexadecimal number of 1 to 15 digits."
        case .badChunkExtension:
            "A chunk extension is not a name, or a name with a token or a quoted string as its value."
        case .chunkLineTooLong:
            "The size line of a chunk is longer than 64 bytes, its extensions are longer than 256 bytes, or all extensions are over 16 KiB longer than the content."
        case .badChunkEnd: "The data of a chunk is not followed by CRLF."
        case .badTrailer: "A trailer line is not a valid header line."
        case .trailersTooLarge: "The trailer section is larger than the limit of 8 KiB."
        case .prematureEnd: "The connection was closed before the message was complete."
        case .badProxyHeader: "The connection does not begin with the PROXY header that is expected from this address."
        }
    }
}
