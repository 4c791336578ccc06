/// How far a head has been read, and what it said up to there.
///
/// Each part of the first line and each field line is judged when it is complete, in the order of the bytes. So the first
/// error in the bytes is the error, whatever comes behind it and however the bytes were split.
struct HeadProgress: Equatable, Sendable, BitwiseCopyable {
    enum Stage: UInt8 {
        case start
        case method
        case target
        case version
        case reason
        case fields
    }

    /// Whether field lines are put into the table, or only checked because earlier ones are not in it.
    enum Mode {
        case record
        case check
    }

    /// The next byte to look at; the length of the head when it is complete.
    var position = 0
    private var stage = Stage.start
    /// Where the first line begins, and where its current part does.
    private var lineStart = 0
    private var partStart = 0
    private var scan = FieldScan(at: 0)
    private var fieldCount = 0

    /// Nothing has been learnt yet that would have to be remembered.
    var isFresh: Bool { stage == .start }

    // The first line.
    private(set) var method = Method.get
    private(set) var methodRange = ByteRange.empty
    private(set) var target = ByteRange.empty
    private(set) var targetForm = TargetForm.origin
    private(set) var path = ByteRange.empty
    private(set) var targetAuthority = ByteRange.empty
    private(set) var minorVersion: UInt8 = 1
    private(set) var status: UInt16 = 0
    private(set) var reason = ByteRange.empty

    // The fields.
    private(set) var flags: HeadFlags = []
    private(set) var contentLength: UInt64?
    private(set) var isChunked = false
    private(set) var host = ByteRange.empty
    private var hasHost = false
    private var connectionOptions = 0

    /// The longest method name; the longest one registered has 17 bytes (RFC 9112 §3 asks for 501 beyond).
    static let methodBytesMax = 32

    /// Reads on as far as the bytes allow; whether the head is complete.
    mutating func readRequest(
        _ bytes: RawSpan,
        _ limits: HeadLimits,
        _ mode: Mode,
        _ fields: inout FieldTable
    ) throws(H1Error) -> Bool {
        if stage != .fields {
            guard try readRequestLine(bytes, limits) else { return false }
        }
        guard try readFields(bytes, limits, mode, isRequest: true, &fields) else { return false }
        // RFC 9112 §3.2
        if !hasHost, minorVersion >= 1 { throw .hostMissing }
        return true
    }

    /// Reads on as far as the bytes allow; whether the head is complete.
    mutating func readResponse(
        _ bytes: RawSpan,
        _ limits: HeadLimits,
        _ mode: Mode,
        _ fields: inout FieldTable
    ) throws(H1Error) -> Bool {
        if stage != .fields {
            guard try readStatusLine(bytes, limits) else { return false }
        }
        return try readFields(bytes, limits, mode, isRequest: false, &fields)
    }

    // MARK: The first line

    /// The bytes of the first line ended at `end`: false when more may come, an error when a limit ended them.
    private func endsShort(at end: Int, _ limits: HeadLimits) throws(H1Error) -> Bool {
        if end == lineStart &+ limits.lineBytesMax &+ 2 { throw .lineTooLong }
        if end == limits.headBytesMax { throw .headTooLarge }
        return false
    }

    private func lineEnd(_ bytes: RawSpan, _ limits: HeadLimits) -> Int {
        min(min(bytes.byteCount, limits.headBytesMax), lineStart &+ limits.lineBytesMax &+ 2)
    }

    /// `method SP request-target SP HTTP-version CRLF` (RFC 9112 §3).
    private mutating func readRequestLine(_ bytes: RawSpan, _ limits: HeadLimits) throws(H1Error) -> Bool {
        if stage == .start {
            let end = lineEnd(bytes, limits)
            guard end > 0 else { return try endsShort(at: end, limits) }
            // One empty line may precede a request (RFC 9112 §2.2); a second one is not a method.
            if bytes.byte(0) == 0x0D {
                guard end > 1 else { return try endsShort(at: end, limits) }
                guard bytes.byte(1) == 0x0A else { throw .bareCR }
                lineStart = 2
                position = 2
            }
            stage = .method
        }
        let end = lineEnd(bytes, limits)
        if stage == .method {
            let at = bytes.endOfToken(position, end)
            if at &- lineStart > Self.methodBytesMax { throw .methodTooLong }
            position = at
            guard at < end else { return try endsShort(at: end, limits) }
            let byte = bytes.byte(at)
            guard byte == 0x20, at > lineStart else { throw byte == 0x0A ? .bareLF : .badMethod }
            methodRange = ByteRange(lineStart, at)
            method = Method(bytes, methodRange)
            position = at &+ 1
            partStart = position
            stage = .target
        }
        if stage == .target {
            let at = bytes.endOfTarget(position, end)
            position = at
            guard at < end else { return try endsShort(at: end, limits) }
            let byte = bytes.byte(at)
            guard byte == 0x20, at > partStart else {
                if byte == 0x0A { throw .bareLF }
                // Not corrected but refused (RFC 9112 §3).
                if byte >= 0x80 { throw .targetNotASCII }
                // Without a version it is HTTP/0.9, or a target cut off.
                throw byte == 0x0D && at > partStart ? .badVersion : .badTarget
            }
            target = ByteRange(partStart, at)
            position = at &+ 1
            partStart = position
            stage = .version
        }
        // Ten bytes: looked at anew each time.
        try readVersion(bytes, at: partStart, to: end, garbage: .badVersion)
        guard partStart &+ 8 < end else { return try endsShort(at: end, limits) }
        let byte = bytes.byte(partStart &+ 8)
        guard byte == 0x0D else { throw byte == 0x0A ? .bareLF : .badVersion }
        guard partStart &+ 9 < end else { return try endsShort(at: end, limits) }
        guard bytes.byte(partStart &+ 9) == 0x0A else { throw .bareCR }
        try readTarget(bytes)
        beginFields(at: partStart &+ 10)
        return true
    }

    /// `HTTP-version SP status-code SP [ reason-phrase ] CRLF` (RFC 9112 §4).
    private mutating func readStatusLine(_ bytes: RawSpan, _ limits: HeadLimits) throws(H1Error) -> Bool {
        let end = lineEnd(bytes, limits)
        if stage == .start {
            // Thirteen bytes: looked at anew each time.
            try readVersion(bytes, at: 0, to: end, garbage: .badStatusLine)
            var value: UInt16 = 0
            var at = 8
            while at < min(end, 12) {
                let byte = bytes.byte(at)
                if at == 8 {
                    guard byte == 0x20 else { throw .badStatusLine }
                } else {
                    guard byte.isDigit else { throw .badStatusLine }
                    value = value &* 10 &+ UInt16(byte &- 0x30)
                    // Classes 1 to 5 (RFC 9110 §15).
                    if at == 9, value < 1 || value > 5 { throw .badStatusLine }
                }
                at &+= 1
            }
            guard end > 12 else { return try endsShort(at: end, limits) }
            // A server that has no phrase must still send the space (RFC 9112 §4); many do not.
            let byte = bytes.byte(12)
            guard byte == 0x20 || byte == 0x0D else { throw byte == 0x0A ? .bareLF : .badStatusLine }
            status = value
            partStart = byte == 0x20 ? 13 : 12
            position = partStart
            stage = .reason
        }
        let at = bytes.endOfFieldContent(position, end)
        position = at
        guard at < end else { return try endsShort(at: end, limits) }
        let byte = bytes.byte(at)
        guard byte == 0x0D else { throw byte == 0x0A ? .bareLF : .badStatusLine }
        guard at &+ 1 < end else { return try endsShort(at: end, limits) }
        guard bytes.byte(at &+ 1) == 0x0A else { throw .bareCR }
        reason = ByteRange(partStart, at)
        beginFields(at: at &+ 2)
        return true
    }

    /// `HTTP/1.x`, as much of it as there is before `end`. Another `HTTP/x.y` is `unsupportedVersion`. A minor version above
    /// ours is processed as ours (RFC 9110 §2.5).
    @inline(__always)
    private mutating func readVersion(
        _ bytes: RawSpan,
        at start: Int,
        to end: Int,
        garbage: H1Error
    ) throws(H1Error) {
        if start &+ 8 <= end, bytes.matches(start, "HTTP/1.1", folding: 0) {
            minorVersion = 1
            return
        }
        try readOtherVersion(bytes, at: start, to: end, garbage: garbage)
    }

    private mutating func readOtherVersion(
        _ bytes: RawSpan,
        at start: Int,
        to end: Int,
        garbage: H1Error
    ) throws(H1Error) {
        let pattern: StaticString = "HTTP/0.0"
        var at = 0
        while at < 8, start &+ at < end {
            let byte = bytes.byte(start &+ at)
            guard at == 5 || at == 7 ? byte.isDigit : byte == pattern.byte(at) else {
                throw byte == 0x0A ? .bareLF : garbage
            }
            at &+= 1
        }
        guard at == 8 else { return }
        minorVersion = bytes.byte(start &+ 7) &- 0x30
        guard bytes.byte(start &+ 5) == 0x31 else { throw .unsupportedVersion }
    }

    /// Which form the target has, and whether the method may have it (RFC 9112 §3.2).
    @inline(__always)
    private mutating func readTarget(_ bytes: RawSpan) throws(H1Error) {
        if bytes.byte(Int(target.start)) == 0x2F, method != .connect {
            targetForm = .origin
            path = target
            return
        }
        try readOtherTarget(bytes)
    }

    private mutating func readOtherTarget(_ bytes: RawSpan) throws(H1Error) {
        let start = Int(target.start)
        let end = Int(target.end)
        if method == .connect {
            guard let authority = Authority(bytes, target), !authority.host.isEmpty, authority.port != nil else {
                throw .badTarget
            }
            targetForm = .authority
            targetAuthority = target
            return
        }
        if target.count == 1, bytes.byte(start) == 0x2A {
            guard method == .options else { throw .badTarget }
            targetForm = .asterisk
            path = target
            return
        }
        var at: Int
        if bytes.equalsIgnoringCase(ByteRange(start, min(end, start &+ 7)), "http://") {
            at = start &+ 7
        } else if bytes.equalsIgnoringCase(ByteRange(start, min(end, start &+ 8)), "https://") {
            at = start &+ 8
        } else {
            throw .badTarget
        }
        let hostStart = at
        while at < end, bytes.byte(at) != 0x2F, bytes.byte(at) != 0x3F { at &+= 1 }
        // A user part is refused by the syntax of the host: what it would mean here is how one is led astray
        // (RFC 9110 §4.2.4).
        guard let authority = Authority(bytes, ByteRange(hostStart, at)), !authority.host.isEmpty else {
            throw .badTarget
        }
        targetForm = .absolute
        targetAuthority = ByteRange(hostStart, at)
        path = ByteRange(at, end)
    }

    // MARK: Field lines

    private mutating func beginFields(at start: Int) {
        position = start
        scan = FieldScan(at: start)
        stage = .fields
    }

    /// `*( field-line CRLF ) CRLF` (RFC 9112 §5).
    @inline(__always)
    private mutating func readFields(
        _ bytes: RawSpan,
        _ limits: HeadLimits,
        _ mode: Mode,
        isRequest: Bool,
        _ fields: inout FieldTable
    ) throws(H1Error) -> Bool {
        let end = min(bytes.byteCount, limits.headBytesMax)
        while true {
            switch try scan.next(bytes, to: end, mayStart: fieldCount < limits.fieldsMax) {
            case .short:
                if end == limits.headBytesMax { throw .headTooLarge }
                return false
            case .end:
                position = scan.position
                return true
            case .line(let name, let value):
                fieldCount &+= 1
                let line = FieldLine(bytes, name: name, value: value)
                if line.hasUnderscore { flags.insert(.hasUnderscoreName) }
                try readMeaning(of: line, bytes, isRequest: isRequest)
                if mode == .record { fields.append(line) }
            }
        }
    }

    /// What the field says about the message, if anything.
    @inline(__always)
    private mutating func readMeaning(of line: FieldLine, _ bytes: RawSpan, isRequest: Bool) throws(H1Error) {
        switch line.id {
        case .host: if isRequest { try readHost(bytes, line.value) }
        case .contentLength: try readLength(bytes, line.value)
        case .transferEncoding: try readCoding(bytes, line.value)
        case .connection: try readConnection(bytes, line.value, isRequest: isRequest)
        case .upgrade: if minorVersion >= 1 { flags.insert(.hasUpgrade) }
        case .expect: if isRequest, minorVersion >= 1 { readExpect(bytes, line.value) }
        case .te: if isRequest, minorVersion >= 1 { readTE(bytes, line.value) }
        case .trailer: flags.insert(.hasTrailerField)
        default: break
        }
    }

    /// RFC 9112 §3.2: exactly one, and empty only when the target has no authority to repeat.
    private mutating func readHost(_ bytes: RawSpan, _ value: ByteRange) throws(H1Error) {
        if hasHost { throw .hostRepeated }
        guard let authority = Authority(bytes, value) else { throw .badHost }
        if authority.host.isEmpty, authority.hasColon || !targetAuthority.isEmpty { throw .badHost }
        hasHost = true
        host = value
    }

    /// RFC 9112 §6.3, rule 5: a list, in one line or several, of one and the same number is that number.
    private mutating func readLength(_ bytes: RawSpan, _ value: ByteRange) throws(H1Error) {
        if isChunked { throw .lengthAndCoding }
        let end = Int(value.end)
        var at = Int(value.start)
        while true {
            while at < end, bytes.byte(at).isBlank { at &+= 1 }
            let digits = at
            var number: UInt64 = 0
            while at < end, bytes.byte(at).isDigit {
                let digit = UInt64(bytes.byte(at) &- 0x30)
                // Above Int64.max it would overflow in others' code, if not in ours.
                guard number <= (UInt64(Int64.max) &- digit) / 10 else { throw .badLength }
                number = number &* 10 &+ digit
                at &+= 1
            }
            guard at > digits else { throw .badLength }
            while at < end, bytes.byte(at).isBlank { at &+= 1 }
            if let contentLength, contentLength != number { throw .conflictingLengths }
            contentLength = number
            if at == end { return }
            guard bytes.byte(at) == 0x2C else { throw .badLength }
            at &+= 1
        }
    }

    /// RFC 9112 §6.1 and §6.3, rules 3 and 4: `chunked`, once and alone, or nothing.
    private mutating func readCoding(_ bytes: RawSpan, _ value: ByteRange) throws(H1Error) {
        if minorVersion == 0 { throw .codingInHTTP10 }
        if contentLength != nil { throw .lengthAndCoding }
        if isChunked { throw .badCoding }
        if bytes.equalsIgnoringCase(value, "chunked") {
            isChunked = true
            return
        }
        // With `chunked` last the content does have an end, only in codings that we do not know (501). Otherwise nobody
        // can tell where it ends.
        var elements = ListElements(value)
        var others = 0
        var endsChunked = false
        while let element = elements.next(bytes) {
            if endsChunked { throw .badCoding }
            endsChunked = bytes.equalsIgnoringCase(element, "chunked")
            if !endsChunked { others &+= 1 }
        }
        throw endsChunked && others > 0 ? .unknownCoding : .badCoding
    }

    /// RFC 9110 §7.6.1. A response's option that makes no sense is its sender's affair; a request's is an attempt.
    private mutating func readConnection(
        _ bytes: RawSpan,
        _ value: ByteRange,
        isRequest: Bool
    ) throws(H1Error) {
        var elements = ListElements(value)
        while let element = elements.next(bytes) {
            connectionOptions &+= 1
            guard connectionOptions <= HopByHop.optionsMax else { throw .tooManyConnectionOptions }
            switch HopByHop.classify(bytes, element) {
            case .close: flags.insert(.connectionClose)
            case .keepAlive: flags.insert(.connectionKeepAlive)
            case .upgrade: flags.insert(.connectionUpgrade)
            case .known: break
            case .naming: flags.insert(.connectionNamesFields)
            case .bad: if isRequest { throw .badConnectionOption }
            }
        }
    }

    /// RFC 9110 §10.1.1; in HTTP/1.0 the field is ignored.
    private mutating func readExpect(_ bytes: RawSpan, _ value: ByteRange) {
        var elements = ListElements(value)
        while let element = elements.next(bytes) {
            if !bytes.equalsIgnoringCase(element, "100-continue") {
                flags.insert(.expectOther)
            } else {
                flags.insert(.expectContinue)
            }
        }
    }

    /// RFC 9110 §10.1.4
    private mutating func readTE(_ bytes: RawSpan, _ value: ByteRange) {
        var elements = ListElements(value)
        while let element = elements.next(bytes) {
            if bytes.equalsIgnoringCase(element, "trailers") { flags.insert(.teTrailers) }
        }
    }
}
