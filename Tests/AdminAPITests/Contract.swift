import Foundation
import Testing

@testable import AdminAPI

/// Holds answers against the OpenAPI document that the server serves: nothing may be answered that it does not say.
///
/// `AdminHarness.ask` checks every answer of every test with it.
enum Contract {
    static let document = OpenAPIDocument.value

    /// What comes with any answer, and is not worth saying in each.
    private static let common: Set<String> = ["content-type", "content-length", "connection"]
    /// Refused before a resource is looked at; the document says so in words.
    private static let early: Set<Int> = [400, 401, 403, 404, 405, 414, 431]

    /// What is wrong with the answer; empty when all is well.
    static func complaints(_ method: String, _ target: String, _ answer: Answer) -> [String] {
        let path = String(target.prefix { $0 != "?" })
        let verb = method == "HEAD" ? "get" : method.lowercased()
        // Methods are case-sensitive (RFC 9110 §9.1).
        guard let (template, item) = pathItem(path), method == method.uppercased(), let operation = item[verb] else {
            return early.contains(answer.status) ? [] : ["\(method) \(path) is not documented, and is \(answer.status)"]
        }
        let place = "\(method) \(template) \(answer.status)"
        guard let response = operation["responses"]?["\(answer.status)"].map(resolved) else {
            return ["\(place) is not documented"]
        }
        var complaints: [String] = []
        let headers = Set((response["headers"]?.members ?? [:]).keys.map { $0.lowercased() })
        for field in answer.fields where !headers.contains(field.name) && !common.contains(field.name) {
            complaints.append("\(place): the field \(field.name) is not documented")
        }
        guard method != "HEAD", !answer.body.isEmpty else { return complaints }
        let type = answer.field("content-type").map { String($0.prefix { $0 != ";" }) } ?? ""
        let contents = response["content"]?.members ?? [:]
        guard let content = contents.first(where: { $0.key.prefix { $0 != ";" } == type })?.value else {
            return complaints + ["\(place): the type \(type) is not documented"]
        }
        guard type.hasSuffix("json"), let schema = content["schema"] else { return complaints }
        guard let node = try? JSONReader.read(answer.body) else { return complaints + ["\(place): no JSON"] }
        return complaints + Schema.complaints(JSONValue(node), schema, at: place)
    }

    private static func pathItem(_ path: String) -> (String, JSONValue)? {
        let segments = path.split(separator: "/", omittingEmptySubsequences: false)
        for (template, item) in document["paths"]?.members ?? [:] {
            let pattern = template.split(separator: "/", omittingEmptySubsequences: false)
            if pattern.count == segments.count,
                zip(pattern, segments).allSatisfy({ $0.hasPrefix("{") ? !$1.isEmpty : $0 == $1 })
            {
                return (template, item)
            }
        }
        return nil
    }

    /// What a `$ref` leads to.
    static func resolved(_ value: JSONValue) -> JSONValue {
        guard case .string(let pointer)? = value["$ref"] else { return value }
        var found = document
        for key in pointer.dropFirst(2).split(separator: "/") { found = found[String(key)] ?? .null }
        return resolved(found)
    }
}

/// As much of JSON Schema (2020-12) as the document uses.
enum Schema {
    static func complaints(_ value: JSONValue, _ schema: JSONValue, at place: String) -> [String] {
        var found: [String] = []
        if case .string? = schema["$ref"] { found += complaints(value, Contract.resolved(schema), at: place) }
        guard let rules = schema.members else { return found }
        for (rule, argument) in rules {
            found += complaints(value, rule, argument, rules, at: place)
        }
        return found
    }

    private static func complaints(
        _ value: JSONValue,
        _ rule: String,
        _ argument: JSONValue,
        _ rules: JSONObject,
        at place: String
    ) -> [String] {
        func check(_ holds: Bool) -> [String] {
            holds ? [] : ["\(place): \(rule) \(argument.text) does not hold for \(value.text.prefix(200))"]
        }
        switch (rule, value) {
        case ("type", _):
            let types = argument.elements ?? [argument]
            return check(types.contains { isType(value, $0) })
        case ("enum", _): return check((argument.elements ?? []).contains(value))
        case ("const", _): return check(argument == value)
        case ("oneOf", _):
            let fitting = (argument.elements ?? []).filter { complaints(value, $0, at: place).isEmpty }
            return check(fitting.count == 1)
        case ("anyOf", _): return check((argument.elements ?? []).contains { complaints(value, $0, at: place).isEmpty })
        case ("required", .object(let members)):
            return (argument.elements ?? []).flatMap { name in
                guard case .string(let name) = name, members[name] == nil else { return [] as [String] }
                return ["\(place): \"\(name)\" is missing"]
            }
        case ("properties", .object(let members)):
            return (argument.members ?? [:]).flatMap { name, schema in
                members[name].map { complaints($0, schema, at: place + "/" + name) } ?? []
            }
        case ("additionalProperties", .object(let members)):
            let known = Set((rules["properties"]?.members ?? [:]).keys)
            return members.filter { !known.contains($0.key) }.flatMap { name, member in
                argument == .bool(false)
                    ? ["\(place): \"\(name)\" is not documented"]
                    : complaints(member, argument, at: place + "/" + name)
            }
        case ("propertyNames", .object(let members)):
            return members.keys.flatMap { complaints(.string($0), argument, at: place) }
        case ("items", .array(let elements)):
            return elements.enumerated().flatMap { complaints($1, argument, at: "\(place)/\($0)") }
        case ("minimum", .int), ("minimum", .double): return check((value.number ?? 0) >= (argument.number ?? 0))
        case ("maximum", .int), ("maximum", .double): return check((value.number ?? 0) <= (argument.number ?? 0))
        case ("minLength", .string(let text)): return check(Double(text.unicodeScalars.count) >= argument.number ?? 0)
        case ("maxLength", .string(let text)): return check(Double(text.unicodeScalars.count) <= argument.number ?? 0)
        case ("maxProperties", .object(let members)): return check(Double(members.count) <= argument.number ?? 0)
        case ("pattern", .string(let text)):
            guard case .string(let pattern) = argument else { return [] }
            return check(text.range(of: pattern, options: .regularExpression) != nil)
        default: return []
        }
    }

    private static func isType(_ value: JSONValue, _ type: JSONValue) -> Bool {
        guard case .string(let name) = type else { return false }
        return switch (name, value) {
        case ("null", .null), ("boolean", .bool), ("integer", .int), ("number", .int), ("number", .double),
            ("string", .string), ("array", .array), ("object", .object):
            true
        default: false
        }
    }
}

extension JSONValue {
    var members: JSONObject? {
        if case .object(let members) = self { return members }
        return nil
    }

    var elements: [JSONValue]? {
        if case .array(let elements) = self { return elements }
        return nil
    }

    var number: Double? {
        switch self {
        case .int(let value): Double(value)
        case .double(let value): value
        default: nil
        }
    }

    var text: String { String(decoding: encoded(pretty: false), as: UTF8.self) }

    subscript(_ key: String) -> JSONValue? { members?[key] }
}
