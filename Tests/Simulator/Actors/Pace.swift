/// How slowly somebody reads or writes: at most so many bytes, then a pause.
package struct Pace {
    package var bytes: Int
    package var pauseNs: UInt64

    package init(bytes: Int, pauseNs: UInt64) {
        precondition(bytes > 0 && pauseNs > 0)
        self.bytes = bytes
        self.pauseNs = pauseNs
    }
}
