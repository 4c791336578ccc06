import HTTPWire

/// The PROXY header: every beginning of one that is taken is waited for, and of one that is refused never taken.
enum ProxyHeaderFuzz {
    static func run(_ bytes: [UInt8]) {
        let whole = verdict(bytes)
        for end in 0..<min(bytes.count, 600) {
            switch (verdict(Array(bytes[..<end])), whole) {
            case (.short, _): break
            case (.header(let count), .header(let all)): precondition(count == all)
            case (.refused, .refused): break
            default: preconditionFailure("\(end) bytes are judged otherwise than all")
            }
        }
    }

    private enum Verdict {
        case short
        case refused
        case header(Int)
    }

    private static func verdict(_ bytes: [UInt8]) -> Verdict {
        do {
            guard let header = try ProxyHeader.read(bytes.rawBytes) else { return .short }
            precondition(header.byteCount > 0 && header.byteCount <= bytes.count)
            return .header(header.byteCount)
        } catch {
            return .refused
        }
    }
}
