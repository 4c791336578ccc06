/// Where output goes: a descriptor, or a test's memory.
struct Sink {
    let put: ([UInt8]) -> Void

    func write(_ text: String) { put(Array(text.utf8)) }
    func line(_ text: String) { write(text + "\n") }
}
