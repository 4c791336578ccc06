/// Where a port of ours listens: `0.0.0.0:80`, `[::]:80`, `:8080` (both families) or `unix:/run/lb.sock`.
package struct ListenAddress: Equatable, Hashable, Sendable {
    package enum Place: Equatable, Hashable, Sendable {
        case network(IPAddress, port: UInt16)
        case unix(path: String)
    }

    package let place: Place

    package init(place: Place) { self.place = place }

    /// Every address of both families: an IPv6 socket that also takes IPv4.
    package static func anywhere(port: UInt16) -> ListenAddress {
        ListenAddress(place: .network(.v6(high: 0, low: 0), port: port))
    }

    package static func loopback(port: UInt16) -> ListenAddress {
        ListenAddress(place: .network(.v4(0x7F00_0001), port: port))
    }

    /// Port 0 lets the kernel choose. Nil for what is no listening address; `localhost` means 127.0.0.1.
    package init?(_ text: String) {
        if text.hasPrefix("unix:") {
            let path = String(text.dropFirst(5))
            guard path.hasPrefix("/"), (2...BackendURL.unixPathBytesMax).contains(path.utf8.count) else { return nil }
            place = .unix(path: path)
            return
        }
        guard let colon = text.lastIndex(of: ":") else { return nil }
        let portText = text[text.index(after: colon)...]
        guard let port = UInt16(portText), portText.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        let host = text[..<colon]
        if host.isEmpty || host == "*" {
            self = .anywhere(port: port)
        } else if host == "localhost" {
            self = .loopback(port: port)
        } else if host.first == "[", host.last == "]" {
            guard case .v6(let high, let low)? = IPAddress(String(host.dropFirst().dropLast())) else { return nil }
            place = .network(.v6(high: high, low: low), port: port)
        } else {
            guard case .v4(let value)? = IPAddress(String(host)) else { return nil }
            place = .network(.v4(value), port: port)
        }
    }

    /// Only processes of this machine can reach it.
    package var isLocal: Bool {
        switch place {
        case .network(let address, _): return address.isLoopback
        case .unix: return true
        }
    }
}

extension ListenAddress: CustomStringConvertible {
    package var description: String {
        switch place {
        case .network(let address, let port):
            if case .v6 = address { return "[\(address)]:\(port)" }
            return "\(address):\(port)"
        case .unix(let path):
            return "unix:\(path)"
        }
    }
}
