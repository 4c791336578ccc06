import Model

/// Reads a request's body as JSON, by the rules of what a browser may send unasked and what a person types.
enum JSONBody {
    /// Throws 400 for a body that is no JSON, and 415 for one that does not even mean to be.
    ///
    /// Without a browser's fields the type decides nothing: `curl -d` calls all it sends a form. With them it must be
    /// JSON: that is a type a page of another site cannot send without asking first.
    ///
    /// - Parameter example: A body that would do, for the hint to one who sent none.
    static func read(
        _ request: AdminRequest,
        example: String = #"{"url": "http://HOST:PORT"}"#
    ) throws(Problem) -> ConfigNode {
        if let coding = request.field("content-encoding"), coding.lowercased() != "identity" {
            throw refusal("a body in the coding \"\(coding)\" is not taken")
        }
        let type = request.mediaType
        let isJSON = type == "application/json" || type?.hasSuffix("+json") == true
        if request.isFromBrowser, !isJSON {
            throw refusal("from a browser the body must be application/json, not \(type ?? "untyped")")
        }
        let isBlank = request.body.allSatisfy { $0 == 0x20 || (0x09...0x0D).contains($0) }
        guard !isBlank else {
            throw Problem(.badJSON, "the body is empty", hint: "send \(example)")
        }
        do {
            return try JSONReader.read(request.body)
        } catch {
            // What curl says by itself, and nothing, are no claims; any other type is.
            if !isJSON, let type, type != "application/x-www-form-urlencoded", type != "text/plain" {
                throw refusal("the body must be JSON, not \(type)")
            }
            throw Problem(.badJSON, "line \(error.line), column \(error.column): \(error.message)")
        }
    }

    /// As `read`, for PATCH: of the patches that have a type of their own, only the merge patch is taken.
    static func patch(_ request: AdminRequest) throws(Problem) -> ConfigNode {
        do throws(Problem) {
            if request.mediaType == "application/json-patch+json" {
                throw refusal("a JSON patch (RFC 6902) is not taken, but a merge patch (RFC 7396) is")
            }
            return try read(request, example: #"{"weight": 0}"#)
        } catch {
            guard error.kind == .unsupportedMediaType else { throw error }
            var problem = error
            problem.fields = [("Accept-Patch", "\(MergePatch.mediaType), application/json")]
            throw problem
        }
    }

    private static func refusal(_ detail: String) -> Problem {
        var problem = Problem(.unsupportedMediaType, detail)
        problem.fields = [("Accept", "application/json")]
        return problem
    }
}
