import Foundation
import Model
import Testing

@testable import AdminAPI

/// `openapi.yaml` says what the router does, no more and no less.
///
/// Read as lines by their indentation: the file is laid out for that, and a parser would be a dependency.
@Suite struct OpenAPITests {
    /// `METHOD /path STATUS` of every documented answer, and `METHOD /path ?name` of every query parameter.
    private struct Document {
        var statuses: Set<String> = []
        var parameters: Set<String> = []
        var codes: [String] = []

        init() throws {
            let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent()
            let text = try String(contentsOf: root.appendingPathComponent("openapi.yaml"), encoding: .utf8)
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            let names = Self.queryNames(lines)
            var section = ""
            var path = ""
            var method = ""
            var isCode = false
            for line in lines {
                let indent = line.prefix { $0 == " " }.count
                let word = line.dropFirst(indent)
                if indent == 0 { section = String(word) }
                if section == "paths:", indent == 2 { path = String(word.dropLast()) }
                if section == "paths:", indent == 4 { method = word.dropLast().uppercased() }
                if section == "paths:", indent == 8, word.hasPrefix("\"") {
                    statuses.insert("\(method) \(path) \(word.dropFirst().prefix(3))")
                }
                if section == "paths:", indent == 8, word.hasPrefix("- $ref: \"#/components/parameters/") {
                    let key = String(word.split(separator: "/").last?.dropLast() ?? "")
                    if let name = names[key] { parameters.insert("\(method) \(path) ?\(name)") }
                }
                if section == "components:", indent == 4 { isCode = word == "ProblemCode:" }
                if isCode, indent == 8, word.hasPrefix("- ") { codes.append(String(word.dropFirst(2))) }
            }
        }

        /// The names of the query parameters by their keys under `components`.
        private static func queryNames(_ lines: [Substring]) -> [String: String] {
            var names: [String: String] = [:]
            for (index, line) in lines.enumerated() where line == "      in: query" {
                let key = lines[index - 2].dropFirst(4).dropLast()
                names[String(key)] = String(lines[index - 1].dropFirst("      name: ".count))
            }
            return names
        }
    }

    @Test func everyPathMethodAndStatusIsDocumentedAndNoOther() throws {
        let document = try Document()
        var served: Set<String> = []
        for route in Router.routes {
            for operation in route.operations {
                for status in operation.statuses {
                    served.insert("\(operation.method.rawValue) \(route.template) \(status)")
                }
            }
        }
        #expect(document.statuses.subtracting(served).sorted() == [])
        #expect(served.subtracting(document.statuses).sorted() == [])
        #expect(served.count > 100)
    }

    @Test func everyQueryParameterIsDocumentedAndNoOther() throws {
        let document = try Document()
        var served: Set<String> = []
        for route in Router.routes {
            for operation in route.operations {
                for name in operation.parameters + ["pretty"] {
                    served.insert("\(operation.method.rawValue) \(route.template) ?\(name)")
                }
            }
        }
        #expect(document.parameters == served)
    }

    @Test func everyProblemCodeIsDocumentedAndNoOther() throws {
        #expect(try Document().codes == ProblemKind.allCases.map(\.rawValue))
    }

    @Test func linksLeadToThePathsThereAre() throws {
        let admin = try AdminHarness()
        let text = try admin.ask("GET", "/v1").text
        for route in Router.routes where route.template != "/v1" {
            #expect(text.contains("\"\(route.template)\""))
        }
    }

    @Test func everyDocumentedStatusHasAPhrase() {
        for route in Router.routes {
            for status in route.operations.flatMap(\.statuses) {
                let bytes = AdminResponse(status: status).serialised(
                    pretty: false,
                    requestID: "",
                    date: "",
                    connection: nil,
                    omitsBody: false
                )
                #expect(!String(decoding: bytes, as: UTF8.self).hasPrefix("HTTP/1.1 \(status) Status"))
            }
        }
    }
}
