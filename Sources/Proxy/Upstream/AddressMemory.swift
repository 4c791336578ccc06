/// Which of a backend's addresses this worker has connected to last: the next connection begins there, so that an address
/// which does not answer costs one connection its share of the connect timeout, and not every connection.
@safe
package struct AddressMemory: ~Copyable {
    /// By live slot. What another backend has left in a slot is a place to begin at like any other.
    private let places = ZeroedTable<UInt8>(count: LiveTable.capacity)

    package init() {}

    /// The place of the address to begin at.
    /// - Parameter count: how many addresses the backend has now; at least 1.
    package func first(of backend: UInt32, among count: UInt32) -> UInt32 {
        UInt32(places.view[Int(backend)]) % count
    }

    package func note(_ place: UInt32, of backend: UInt32) {
        let view = places.view
        view[Int(backend)] = UInt8(truncatingIfNeeded: place)
    }
}
