import Model

/// The `Idempotency-Key` of an addition: the same request sent again does not add again.
struct IdempotencyKey {
    private let text: String
    let receipt: IdempotencyReceipt

    /// Nil without the field. Throws 400 for a key that is empty or too long.
    init?(_ request: AdminRequest, name: String, spec: BackendSpec) throws(Problem) {
        guard let field = request.field("idempotency-key") else { return nil }
        // The draft of the field has a quoted string; most clients send a bare word.
        var key = field[...]
        if key.count >= 2, key.hasPrefix("\""), key.hasSuffix("\"") { key = key.dropFirst().dropLast() }
        guard (1...Self.bytesMax).contains(key.utf8.count) else {
            throw Problem(.badParameter, "an Idempotency-Key has 1 to \(Self.bytesMax) characters")
        }
        text = String(key)
        receipt = IdempotencyReceipt(key: text, fingerprint: name + " " + SpecText.text(of: spec), name: name)
    }

    private static let bytesMax = 255

    /// Throws when the key was used for another request, and when what it added is not there any more.
    func check(_ known: IdempotencyReceipt, in live: LiveState) throws(Problem) {
        guard known.fingerprint == receipt.fingerprint else {
            throw Problem(
                .keyReused,
                "the Idempotency-Key \"\(text)\" was sent with another body before, which added \"\(known.name)\"",
                hint: "choose a new key for a new request"
            )
        }
        if live.desired.backend(known.name) != nil { return }
        var problem = Problem(
            .conditionUnreachable,
            "the request was answered before: it added \"\(known.name)\" as revision \(known.revision), "
                + "which has been removed since"
        )
        problem.extensions["applied"] = true
        problem.extensions["revision"] = .counter(known.revision)
        throw problem
    }
}
