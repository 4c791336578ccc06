import CYAML

/// libyaml's parser as a pull stream of Swift values.
///
/// All of `lbd` that touches libyaml's memory is in this file. Bytes in, events out; libyaml decides what is YAML. It detects UTF-16 by its byte order mark; what comes out is UTF-8.
@safe
final class YAMLEvents {
    /// A place in the file: line and column from 1, the column in characters.
    struct Mark: Equatable {
        var line: Int
        var column: Int
    }

    enum Event: Equatable {
        case documentStart
        case documentEnd
        /// `isPlain`: without quotes and not a block, so that its text may mean more than itself.
        case scalar(String, isPlain: Bool, anchor: String?)
        case sequenceStart(anchor: String?)
        case sequenceEnd
        case mappingStart(anchor: String?)
        case mappingEnd
        case alias(String)
        case streamEnd
    }

    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let input: UnsafeMutableBufferPointer<UInt8>
    private let size: Int

    init(_ bytes: [UInt8]) {
        // SAFETY: both blocks stay where they are until deinit: libyaml keeps pointers into the parser itself
        // (`read_handler_data`) and into the input.
        // One byte more than the file, for libyaml takes no null pointer for an empty one.
        unsafe input = .allocate(capacity: bytes.count + 1)
        _ = unsafe input.initialize(from: bytes)
        unsafe parser = .allocate(capacity: 1)
        // It clears the block before anything else; it fails only for want of memory, as `allocate` would.
        let isReady = unsafe yaml_parser_initialize(parser) == 1
        precondition(isReady, "out of memory")
        unsafe yaml_parser_set_input_string(parser, input.baseAddress, bytes.count)
        size = bytes.count
    }

    deinit {
        // SAFETY: the only owner, and nothing of libyaml's outlives `next`.
        unsafe yaml_parser_delete(parser)
        unsafe parser.deallocate()
        unsafe input.deallocate()
    }

    /// The next event and where it starts.
    ///
    /// After `streamEnd` or an error there is nothing more to ask for.
    func next() throws(YAMLRefusal) -> (event: Event, mark: Mark) {
        while true {
            // SAFETY: libyaml fills the event or leaves it empty; what it filled it allocated, and is deleted here.
            var raw = unsafe yaml_event_t()
            guard unsafe yaml_parser_parse(parser, &raw) == 1 else { throw refusal() }
            defer { unsafe yaml_event_delete(&raw) }
            let mark = unsafe Mark(line: raw.start_mark.line + 1, column: raw.start_mark.column + 1)
            if let event = unsafe try Self.event(raw, at: mark) { return (event, mark) }
        }
    }

    /// Nil for the start of the stream, which says nothing.
    private static func event(_ raw: yaml_event_t, at mark: Mark) throws(YAMLRefusal) -> Event? {
        // SAFETY: `type` says which member of the union libyaml filled.
        switch unsafe raw.type {
        case YAML_DOCUMENT_START_EVENT:
            return .documentStart
        case YAML_DOCUMENT_END_EVENT:
            return .documentEnd
        case YAML_SCALAR_EVENT:
            let scalar = unsafe raw.data.scalar
            try unsafe refuse(tag: scalar.tag, at: mark)
            let bytes = unsafe UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            return unsafe .scalar(
                String(decoding: bytes, as: UTF8.self),
                isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE,
                anchor: text(scalar.anchor)
            )
        case YAML_SEQUENCE_START_EVENT:
            try unsafe refuse(tag: raw.data.sequence_start.tag, at: mark)
            return unsafe .sequenceStart(anchor: text(raw.data.sequence_start.anchor))
        case YAML_SEQUENCE_END_EVENT:
            return .sequenceEnd
        case YAML_MAPPING_START_EVENT:
            try unsafe refuse(tag: raw.data.mapping_start.tag, at: mark)
            return unsafe .mappingStart(anchor: text(raw.data.mapping_start.anchor))
        case YAML_MAPPING_END_EVENT:
            return .mappingEnd
        case YAML_ALIAS_EVENT:
            return unsafe .alias(text(raw.data.alias.anchor) ?? "")
        case YAML_STREAM_END_EVENT, YAML_NO_EVENT:
            return .streamEnd
        default:
            return nil
        }
    }

    private static func refuse(tag: UnsafeMutablePointer<yaml_char_t>?, at mark: Mark) throws(YAMLRefusal) {
        // SAFETY: null or a NUL-terminated string of the event.
        guard let tag = unsafe text(tag) else { return }
        throw YAMLRefusal(mark: mark, message: "tags are not supported: leave out \(tag)")
    }

    private static func text(_ bytes: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        // SAFETY: null or a NUL-terminated string of the event.
        guard let bytes = unsafe bytes else { return nil }
        return unsafe String(decodingCString: bytes, as: UTF8.self)
    }

    private func refusal() -> YAMLRefusal {
        // SAFETY: `problem` and `context` are null or literals of libyaml.
        let problem = unsafe parser.pointee.problem.map { unsafe String(cString: $0) } ?? "out of memory"
        if unsafe parser.pointee.error == YAML_READER_ERROR {
            // The reader has no mark, only the offset of the byte it could not take.
            let offset = unsafe min(Int(parser.pointee.problem_offset), size)
            let before = unsafe input[..<offset]
            let line = unsafe before.count { $0 == 0x0A } + 1
            let column = unsafe offset - (before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0) + 1
            return YAMLRefusal(
                mark: Mark(line: line, column: column),
                message: "not UTF-8 text without control characters: \(problem)"
            )
        }
        let mark = unsafe Mark(
            line: parser.pointee.problem_mark.line + 1,
            column: parser.pointee.problem_mark.column + 1
        )
        var message = problem
        if let context = unsafe parser.pointee.context.map({ unsafe String(cString: $0) }) {
            message += " \(context)"
            let start = unsafe parser.pointee.context_mark.line + 1
            if start != mark.line { message += " that began in line \(start)" }
        }
        return YAMLRefusal(mark: mark, message: message)
    }
}

/// Why a file is no YAML that we take.
struct YAMLRefusal: Error, Equatable {
    /// Nil when it is the file as a whole.
    var mark: YAMLEvents.Mark?
    var message: String
    /// What to do about it.
    var hint: String?
}
