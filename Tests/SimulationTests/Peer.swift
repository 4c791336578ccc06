import Proxy
import Simulator

/// One end of a connection that reads all it can and remembers it.
final class Peer: SimEndOwner, SimListenerOwner {
    var end: SimEnd?
    var received: [UInt8] = []
    var toSend: ArraySlice<UInt8> = []
    var readsAtOnce = 65_536
    var isReading = true
    var isConnected = false
    var fault: IOFault?
    var hasEnded = false
    var isReset = false
    var acceptedCount = 0

    func connected(_ end: SimEnd) {
        isConnected = true
        push()
    }

    func connectFailed(_ end: SimEnd, _ fault: IOFault) { self.fault = fault }

    func readable(_ end: SimEnd) {
        while isReading, !hasEnded, !isReset, !end.isClosed {
            switch end.read(atMost: readsAtOnce) {
            case .nothingYet: return
            case .bytes(let bytes): received += bytes
            case .ended: hasEnded = true
            case .reset: isReset = true
            }
        }
    }

    func writable(_ end: SimEnd) { push() }

    func acceptable(_ listener: SimListener) {
        while let accepted = listener.accept() {
            acceptedCount += 1
            accepted.owner = self
            end = accepted
            readable(accepted)
        }
    }

    func push() {
        while let end, !toSend.isEmpty, !end.isClosed {
            guard case .accepted(let count) = end.write(toSend) else { return }
            toSend = toSend.dropFirst(count)
        }
    }
}

let address = Endpoint.ipv4(0x0A00_0001, port: 80)

/// A connected pair: the one that connected, and the one that accepted.
func connectedPair(_ network: SimNetwork) -> (Peer, Peer, SimListener) {
    let near = Peer()
    let far = Peer()
    let listener = network.listen(at: address, owner: far)
    near.end = network.connect(to: address, owner: near)
    _ = network.run()
    return (near, far, listener)
}
