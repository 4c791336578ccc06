import HTTPWire

@testable import lbctl

/// What `lbctl` reads: answers of whatever listens where the admin port should, and JSON. The verdict does not depend on how the
/// bytes come.
enum AnswerFuzz {
    static func run(_ bytes: [UInt8]) {
        for method in [AdminRequest.Method.get, .head] {
            let whole = read(bytes, inPiecesOf: .max, answering: method)
            for size in [1, 7, 64] { precondition(read(bytes, inPiecesOf: size, answering: method) == whole) }
            if case .answer(_, _, let body) = whole { _ = isJSON(body) }
        }
    }

    /// Whether the tool takes it for JSON. What it has read means the same once it is written and read again.
    static func isJSON(_ bytes: [UInt8]) -> Bool {
        guard let value = try? JSONReader.read(bytes) else { return false }
        precondition((try? JSONReader.read(Array(value.text.utf8))) == value)
        var lines: [String: Int] = [:]
        precondition((try? JSONReader.read(bytes, lines: &lines)) == value)
        let last = bytes.count { $0 == UInt8(ascii: "\n") } + 1
        precondition(lines.values.allSatisfy { (1...last).contains($0) })
        return true
    }

    private enum Verdict: Equatable {
        case answer(status: Int, fields: [String], body: [UInt8])
        case broken(String)
        case notHTTP
    }

    private static func read(
        _ bytes: [UInt8],
        inPiecesOf size: Int,
        answering method: AdminRequest.Method
    ) -> Verdict {
        var reader = AnswerReader(answering: method)
        var at = 0
        do {
            while at < bytes.count {
                let end = size == .max ? bytes.count : min(bytes.count, at + size)
                if let answer = try reader.take(Array(bytes[at..<end])) { return verdict(answer) }
                at = end
            }
            return verdict(try reader.end())
        } catch {
            // What it quotes of something that is not HTTP is what it has got by then.
            return error.isHTTP ? .broken(error.message) : .notHTTP
        }
    }

    private static func verdict(_ answer: Answer) -> Verdict {
        .answer(status: answer.status, fields: answer.fields.map { "\($0.name): \($0.value)" }, body: answer.body)
    }
}
