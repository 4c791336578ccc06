/// Bytes that wait in line.
package struct ByteQueue {
    private var bytes: [UInt8] = []
    private var head = 0

    package init() {}

    package var count: Int { bytes.count - head }
    package var isEmpty: Bool { head == bytes.count }
    /// Those that wait, first in first.
    package var waiting: ArraySlice<UInt8> { bytes[head...] }

    package mutating func append(_ more: [UInt8]) { bytes.append(contentsOf: more) }
    package mutating func append(_ more: ArraySlice<UInt8>) { bytes.append(contentsOf: more) }

    package mutating func take(_ count: Int) -> [UInt8] {
        let taken = [UInt8](bytes[head..<head + count])
        drop(count)
        return taken
    }

    package mutating func drop(_ count: Int) {
        precondition(count <= self.count)
        head += count
        if head == bytes.count {
            bytes.removeAll(keepingCapacity: true)
            head = 0
        } else if head > 65_536 {
            bytes.removeFirst(head)
            head = 0
        }
    }

    package mutating func removeAll() {
        bytes.removeAll()
        head = 0
    }
}
