import Model

/// The name of a backend as it was typed, if it can be one.
func backendName(_ text: String) throws(Failure) -> String {
    guard !BackendSpec.isName(text) else { return text }
    let failure = Failure(
        .usage,
        "\"\(text)\" cannot be a backend's name: 1 to 64 of A-Z a-z 0-9 . _ : -, not beginning with -"
    )
    let url: BackendURL?
    do {
        url = try BackendURL(text)
    } catch {
        url = nil
    }
    guard let url, BackendSpec.isName(url.defaultName) else { throw failure }
    throw failure.suggesting("\(url.defaultName)   the name that URL has unless it was given another")
}
