import Model

/// What a health check sends.
enum ProbeRequest {
    /// `GET path` with the fields of the check. A check of a mere connection sends nothing.
    static func text(_ check: HealthCheckSpec, authority: String) -> String {
        guard check.kind == .http else { return "" }
        var text = "GET \(check.path) HTTP/1.1\r\nHost: \(check.host ?? authority)\r\n"
        for (name, value) in [("User-Agent", "lb-health-check"), ("Accept", "*/*")] {
            let isGiven = check.headers.contains { $0.name.lowercased() == name.lowercased() }
            if !isGiven { text += "\(name): \(value)\r\n" }
        }
        for header in check.headers { text += "\(header.name): \(header.value)\r\n" }
        return text + "Connection: close\r\n\r\n"
    }
}
