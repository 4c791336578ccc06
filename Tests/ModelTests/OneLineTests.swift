import Model
import Testing

/// Text of strangers in a log.
@Suite struct OneLineTests {
    @Test func textThatShowsStaysAsItIs() {
        for text in ["", "plain", "größer → 日本 👩‍💻", "שלום"] {
            #expect(text.onOneLine == text)
            #expect(!text.hasControls)
        }
    }

    @Test(arguments: [
        ("a\nlbd: forged", "a\\nlbd: forged"), ("a\rb\tc", "a\\rb\\tc"), ("\u{1B}[31mred", "\\u{1b}[31mred"),
        ("\u{9B}2J", "\\u{9b}2J"), ("a\u{202E}b", "a\\u{202e}b"), ("\u{2028}\u{2029}", "\\u{2028}\\u{2029}"),
        ("\u{0}\u{7F}", "\\u{0}\\u{7f}"), ("\u{2066}x\u{2069}", "\\u{2066}x\\u{2069}"), ("\r\n", "\\r\\n"),
    ])
    func whatActsOnATerminalIsSpelledOut(_ text: String, _ shown: String) {
        #expect(text.onOneLine == shown)
        #expect(text.hasControls)
        #expect(!text.onOneLine.hasControls)
    }

    @Test(arguments: ["\u{1B}", "a\nb", "\u{9B}", "\u{202E}"])
    func controlCharactersAreRefusedAtTheDoorAndTakenFromTheStore(_ text: String) throws {
        let node = ConfigNode(
            .mapping([
                ConfigNode.Member(key: "url", node: ConfigNode(.string("http://a:80"))),
                ConfigNode.Member(
                    key: "labels",
                    node: ConfigNode(.mapping([ConfigNode.Member(key: "note", node: ConfigNode(.string(text)))]))
                ),
            ])
        )
        var reader = SpecReader()
        #expect(reader.backend(node, at: "") == nil)
        #expect(reader.issues.first?.pointer == "/labels/note")
        var stored = SpecReader(isStored: true)
        #expect(stored.backend(node, at: "")?.labels["note"]?.string == text)
        #expect(throws: BackendURL.Refusal.self) { try BackendURL("unix:/run/a\(text).sock") }
    }
}
