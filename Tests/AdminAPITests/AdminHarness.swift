import Foundation
import Model
import Synchronization
import Testing

@testable import AdminAPI

/// A directory of its own, gone when it is let go.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/lb-admin-\(UUID().uuidString.prefix(12))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

final class Lines: Sendable {
    private let lines = Mutex<[String]>([])
    func append(_ line: String) { lines.withLock { $0.append(line) } }
    var all: [String] { lines.withLock { $0 } }
}

func declare(_ backends: [(String, String)], pools: [String] = []) throws -> DesiredState {
    var state = DesiredState()
    for pool in pools { state.setPool(pool, PoolSpec()) }
    for (name, url) in backends { state.setBackend(name, BackendSpec(url: try BackendURL(url))) }
    return state
}

extension Author {
    static let test = Author(name: "test", way: .network)
}

let web = [("web-1", "http://127.0.0.1:8081"), ("web-2", "http://127.0.0.1:8082")]

/// An admin server on a port of its own over a fake plane.
final class AdminHarness: Sendable {
    let directory: TemporaryDirectory
    let state: ConfigState
    let plane: FakePlane
    let server: AdminServer
    let log = Lines()

    init(
        _ backends: [(String, String)] = web,
        declared: DesiredState? = nil,
        pools: [String] = [],
        address: ListenAddress = .loopback(port: 0),
        limits: AdminLimits = AdminLimits(),
        listeners: [ListenAddress] = [],
        extraHosts: [String] = [],
        tokens: String? = nil,
        directory: TemporaryDirectory? = nil,
        pagesMax: Int = StateStore.pagesMaxDefault,
        changeBytesMax: Int64 = StateStore.changeBytesMaxDefault
    ) throws {
        let directory = try directory ?? TemporaryDirectory()
        self.directory = directory
        state = try ConfigState(
            declared: declared ?? declare(backends, pools: pools),
            store: StateStore(directory: directory.path + "/state", pagesMax: pagesMax, changeBytesMax: changeBytesMax)
        )
        plane = FakePlane(state.desired)
        let log = log
        if let tokens { try Data(tokens.utf8).write(to: URL(fileURLWithPath: directory.path + "/tokens")) }
        server = try AdminServer(
            state: state,
            plane: plane,
            address: address,
            version: "1.2.3",
            listeners: listeners,
            tokenFile: tokens == nil ? nil : directory.path + "/tokens",
            extraHosts: extraHosts,
            limits: limits,
            log: { log.append($0) }
        )
        try server.start()
    }

    deinit {
        server.stop()
        state.close()
    }

    var tokenFile: String { directory.path + "/tokens" }
    var address: ListenAddress { server.boundAddresses[0] }

    func client() throws -> RawClient { try RawClient(address) }

    /// One request on a connection of its own. The answer must be one that the OpenAPI document knows.
    func ask(
        _ method: String,
        _ path: String,
        _ body: String? = nil,
        _ fields: [(String, String)] = []
    ) throws -> Answer {
        let client = try client()
        client.send(Self.request(method, path, body, fields))
        // The server stops with the harness, which a test may hold for this one call only.
        let answer = try withExtendedLifetime(self) { try client.receive(hasBody: method != "HEAD") }
        #expect(Contract.complaints(method, path, answer) == [])
        return answer
    }

    /// Returns when an operation of the backend runs.
    func untilDraining(_ name: String) throws {
        while try ask("GET", "/v1/operations?state=running&backend=\(name)")["operations"] == "{}" {}
    }

    static func request(
        _ method: String,
        _ path: String,
        _ body: String? = nil,
        _ fields: [(String, String)] = []
    ) -> String {
        var text = "\(method) \(path) HTTP/1.1\r\n"
        if !fields.contains(where: { $0.0 == "Host" }) { text += "Host: localhost\r\n" }
        for (name, value) in fields { text += "\(name): \(value)\r\n" }
        if let body { text += "Content-Length: \(body.utf8.count)\r\n" }
        return text + "\r\n" + (body ?? "")
    }

    /// Sends the request from a thread of its own; the answer is had by `Pending.value`.
    func later(
        _ method: String,
        _ path: String,
        _ body: String? = nil,
        _ fields: [(String, String)] = []
    ) throws -> Pending {
        let client = try client()
        client.send(Self.request(method, path, body, fields))
        return Pending(client: client)
    }

    /// An answer that may take its time.
    struct Pending {
        let client: RawClient
        func value() throws -> Answer { try client.receive() }
    }
}
