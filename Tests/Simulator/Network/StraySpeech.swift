/// What one end of a connection says out of turn, and whether the other could know of it when it asked on.
///
/// Bytes that have come before a question are no answer to it, whatever they say. Those that come behind it cannot be told
/// from one: HTTP/1 has no other order than that of time.
final class StraySpeech {
    /// How many bytes went before it in its direction.
    let start: Int
    /// Something was asked before it was heard.
    private(set) var isExcusable: Bool
    /// Something was asked although it had been heard.
    private(set) var isIgnored = false

    /// - Parameter isExcusable: something had been asked before it was said.
    init(start: Int, isExcusable: Bool) {
        self.start = start
        self.isExcusable = isExcusable
    }

    /// The other end asks on, having heard so many bytes.
    func asked(heard: Int) {
        guard !isExcusable else { return }
        if heard > start { isIgnored = true } else if !isIgnored { isExcusable = true }
    }
}
