/// `GET /openapi.json`: the contract of this port, as `openapi.yaml` has it.
enum OpenAPIDocument {
    /// The document as a value.
    static let value = (try? JSONReader.read(Array(text.utf8))).map { JSONValue($0) } ?? .null

    static let answer = AdminResponse(status: 200, body: .json(value))
}
