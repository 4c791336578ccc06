import Foundation
import Model
import Testing

@testable import AdminAPI
@testable import lbd

/// The contract: what is documented is what is served, both ways.
///
/// That nothing undocumented is answered is checked with every answer of every test here: see `Contract`.
@Suite struct OpenAPITests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// `openapi.yaml` is what people read and write; the server has it as JSON. With `LB_UPDATE_OPENAPI` set this writes
    /// the latter anew (`make openapi`).
    @Test func servedDocumentIsThatOfTheRepository() throws {
        let yaml = try Data(contentsOf: Self.root.appendingPathComponent("openapi.yaml"))
        let written = JSONValue(try YAMLReader.read(Array(yaml)))
        let isSame = written == OpenAPIDocument.value
        if !isSame, ProcessInfo.processInfo.environment["LB_UPDATE_OPENAPI"] != nil {
            let text = String(decoding: written.encoded(pretty: true), as: UTF8.self)
            let source = """
                // swift-format-ignore-file

                extension OpenAPIDocument {
                    /// `openapi.yaml` as JSON, written by `make openapi`; a test holds the two against each other.
                    static let text = #\"\"\"
                \(text)
                \"\"\"#
                }

                """
            let file = Self.root.appendingPathComponent("Sources/AdminAPI/Endpoints/OpenAPIDocument+Text.swift")
            try source.write(to: file, atomically: true, encoding: .utf8)
        }
        #expect(isSame, "openapi.yaml has changed: make openapi")
        let served = try AdminHarness().ask("GET", "/openapi.json")
        #expect(JSONValue(try JSONReader.read(served.body)) == written)
    }

    private var paths: JSONObject { Contract.document["paths"]?.members ?? [:] }

    private func operation(_ method: AdminRequest.Method, _ template: String) -> JSONValue? {
        paths[template]?[method.rawValue.lowercased()]
    }

    @Test func everyPathMethodAndStatusIsDocumentedAndNoOther() {
        var documented: Set<String> = []
        for (path, item) in paths {
            for (verb, operation) in item.members ?? [:] where verb != "parameters" {
                for status in (operation["responses"]?.members ?? [:]).keys {
                    documented.insert("\(verb.uppercased()) \(path) \(status)")
                }
            }
        }
        var served: Set<String> = []
        for route in Router.routes {
            for operation in route.operations {
                for status in operation.statuses {
                    served.insert("\(operation.method.rawValue) \(route.template) \(status)")
                }
            }
            for status in Router.commonStatuses.union([204, 401]) {
                served.insert("OPTIONS \(route.template) \(status)")
            }
        }
        #expect(documented.subtracting(served).sorted() == [])
        #expect(served.subtracting(documented).sorted() == [])
        #expect(served.count > 100)
    }

    @Test func everyQueryParameterIsDocumentedAndNoOther() {
        for route in Router.routes {
            for served in route.operations {
                let parameters = operation(served.method, route.template)?["parameters"]?.elements ?? []
                let documented = parameters.map { Contract.resolved($0) }.filter { $0["in"] == "query" }
                #expect(
                    Set(documented.map { $0["name"]?.text ?? "" })
                        == Set((served.parameters + ["pretty"]).map { "\"\($0)\"" }),
                    "\(served.method.rawValue) \(route.template)"
                )
            }
        }
    }

    @Test func everyProblemCodeIsDocumentedAndNoOther() {
        let codes = Contract.document["components"]?["schemas"]?["ProblemCode"]?["enum"]?.elements ?? []
        #expect(Set(codes.map(\.text)) == Set(ProblemKind.allCases.map { "\"\($0.rawValue)\"" }))
        #expect(codes.count == ProblemKind.allCases.count)
    }

    @Test func linksLeadToThePathsThereAre() throws {
        let admin = try AdminHarness()
        let text = try admin.ask("GET", "/v1").text
        for route in Router.routes where route.template != "/v1" {
            #expect(text.contains("\"\(route.template)\""), "\(route.template)")
        }
    }

    @Test func everyReferenceLeadsSomewhere() {
        func check(_ value: JSONValue) {
            if case .string(let pointer)? = value["$ref"] {
                #expect(Contract.resolved(value) != .null, "\(pointer)")
            }
            for member in value.members ?? [:] { check(member.value) }
            for element in value.elements ?? [] { check(element) }
        }
        check(Contract.document)
    }

    /// Every example of an answer is one that could be answered.
    @Test func examplesOfAnswersKeepTheirSchemas() {
        var count = 0
        for (path, item) in paths {
            for (verb, operation) in item.members ?? [:] where verb != "parameters" {
                for (status, response) in operation["responses"]?.members ?? [:] {
                    for content in (Contract.resolved(response)["content"]?.members ?? [:]).map(\.value) {
                        guard let schema = content["schema"], let example = content["example"] else { continue }
                        count += 1
                        let complaints = Schema.complaints(example, schema, at: "\(verb) \(path) \(status)")
                        #expect(complaints == [])
                    }
                }
            }
        }
        #expect(count > 100)
    }

    /// Every example of a request is taken, and keeps its schema.
    @Test func examplesOfRequestsAreTaken() throws {
        var count = 0
        for (path, item) in paths
        where path.hasPrefix("/v1/backends") || path.hasPrefix("/v1/pools")
            || path == "/v1/config" || path == "/v1/rollback"
        {
            for (verb, operation) in item.members ?? [:] where verb != "parameters" {
                for (type, content) in operation["requestBody"]?["content"]?.members ?? [:] {
                    for (name, example) in content["examples"]?.members ?? [:] {
                        let value = try #require(example["value"])
                        let schema = try #require(content["schema"])
                        #expect(Schema.complaints(value, schema, at: "\(verb) \(path) \(name)") == [])
                        let seeds = verb == "patch" ? ["web-3", "blue-1", "green-1", "old-7"] : ["web-1"]
                        let admin = try AdminHarness(
                            seeds.enumerated().map { ($1, "http://127.0.0.1:\(8081 + $0)") }
                        )
                        // A past to go back to.
                        #expect(try admin.ask("PUT", "/v1/pools/spare", "{}").status == 201)
                        let target = path.replacing("{name}", with: path.contains("pools") ? "default" : "web-3")
                        let answer = try admin.ask(
                            verb.uppercased(),
                            target + "?force=true",
                            value.text,
                            [("Content-Type", type)]
                        )
                        #expect((200...201).contains(answer.status), "\(verb) \(path) \(name): \(answer.text)")
                        count += 1
                    }
                }
            }
        }
        #expect(count >= 12)
    }

    @Test func everyDocumentedStatusHasAPhrase() {
        for route in Router.routes {
            for status in route.operations.flatMap(\.statuses) + [204] {
                let pieces = AdminResponse(status: status).serialised(
                    pretty: false,
                    requestID: "",
                    date: "",
                    connection: nil,
                    omitsBody: false
                )
                #expect(!String(decoding: pieces[0], as: UTF8.self).hasPrefix("HTTP/1.1 \(status) Status"))
            }
        }
    }

    @Test func optionsTellsWhatAPathTakes() throws {
        let admin = try AdminHarness()
        let answer = try admin.ask("OPTIONS", "/v1/backends/web-1")
        #expect(answer.status == 204)
        #expect(answer.field("Allow") == "GET, HEAD, PUT, PATCH, DELETE, OPTIONS")
        #expect(answer.field("Accept-Patch") == "application/merge-patch+json, application/json")
        #expect(answer.fields.contains { $0.name.hasPrefix("access-control-") } == false)
        #expect(try admin.ask("OPTIONS", "/v1/stats").field("Accept-Patch") == nil)
        #expect(try admin.ask("OPTIONS", "/v1/nothing").status == 404)
    }
}
