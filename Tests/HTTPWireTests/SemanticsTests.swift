import Testing

@testable import HTTPWire

@Suite struct SemanticsTests {
    private func id(_ name: String) -> FieldName {
        let bytes = Array(name.utf8)
        return FieldName.of(bytes.rawBytes, ByteRange(0, bytes.count))
    }

    @Test func everyNameIsKnownInAnyCaseAndNoOther() {
        // The spelling of most names follows from the case's: `xRealIP` is X-Real-IP.
        let irregular: [FieldName: String] = [
            .te: "te", .http2Settings: "http2-settings", .wwwAuthenticate: "www-authenticate", .xRealIP: "x-real-ip",
            .xRequestID: "x-request-id", .etag: "etag", .xForwardedOther: "x-forwarded-prefix",
        ]
        for name in FieldName.allCases where name != .other {
            var spelling = irregular[name] ?? ""
            if spelling.isEmpty {
                for character in "\(name)" {
                    spelling += character.isUppercase ? "-" + character.lowercased() : String(character)
                }
            }
            #expect(id(spelling) == name)
            #expect(id(spelling.uppercased()) == name)
            #expect(
                id(spelling + "x")
                    == (name == .xForwardedOther || spelling.hasPrefix("x-forwarded-") ? .xForwardedOther : .other)
            )
            #expect(id("x" + spelling) == .other)
            for at in spelling.indices where name != .xForwardedOther {
                var other = spelling
                other.replaceSubrange(at...at, with: "~")
                #expect(id(other) == .other || id(other) == .xForwardedOther)
            }
        }
        #expect(id("a") == .other)
        #expect(id("x-forwarded-") == .other)
        #expect(id("x-forwarded") == .other)
        #expect(FieldName.allCases.count <= 64)
    }

    /// RFC 9110 §7.6.1 and §6.5.1
    @Test func whatIsOfTheConnectionIsNeverATrailer() {
        for name in FieldName.allCases where name.isHopByHop {
            #expect(name.mayBeConnectionOption)
            #expect(!name.mayBeTrailer)
        }
        #expect(FieldName.allCases.filter(\.mayBeTrailer) == [.other, .etag, .proxyStatus])
        #expect(!FieldName.trailer.isHopByHop)
        #expect(!FieldName.contentLength.isHopByHop)
        #expect(!FieldName.host.mayBeConnectionOption)
    }

    // A table is never copied, which the macro would have to.
    private func expect(_ table: borrowing FieldTable, finds id: FieldName, at index: Int?) {
        let found = table.first(id)
        #expect(found == index)
    }

    private func expect(_ table: borrowing FieldTable, has id: FieldName, _ expected: Bool) {
        let isThere = table.contains(id)
        #expect(isThere == expected)
    }

    @Test func aTableFindsItsLines() {
        var table = FieldTable()
        expect(table, finds: .host, at: nil)
        for index in 0..<FieldTable.capacity {
            table.append(FieldLine(name: ByteRange(index, index + 1), id: index == 5 || index == 7 ? .via : .other))
        }
        #expect(table.count == 128)
        expect(table, finds: .via, at: 5)
        expect(table, finds: .other, at: 0)
        expect(table, finds: .host, at: nil)
        expect(table, has: .via, true)
        expect(table, has: .host, false)
        #expect(table[127].name == ByteRange(127, 128))
        table.markHopByHop(127)
        #expect(table[127].isHopByHop)
        #expect(!table[126].isHopByHop)
        table.removeAll()
        #expect(table.count == 0)
        expect(table, has: .via, false)
        table.append(FieldLine(id: .host))
        expect(table, finds: .host, at: 0)
    }

    /// RFC 9110 §7.2
    @Test func anAuthorityIsSplit() throws {
        func authority(_ text: String) -> Authority? {
            let bytes = Array("..\(text)".utf8)
            return Authority(bytes.rawBytes, ByteRange(2, bytes.count))
        }
        #expect(authority("a.b")?.host == ByteRange(2, 5))
        #expect(authority("a.b")?.port == nil)
        #expect(authority("a.b")?.hasColon == false)
        #expect(authority("a.b:80")?.host == ByteRange(2, 5))
        #expect(authority("a.b:80")?.port == 80)
        #expect(authority("a.b:")?.port == nil)
        #expect(authority("a.b:")?.hasColon == true)
        #expect(authority("[::1]:8080")?.host == ByteRange(2, 7))
        #expect(authority("[::1]:8080")?.port == 8080)
        #expect(authority("a:000080")?.port == 80)
        #expect(authority("")?.host == ByteRange(2, 2))
        #expect(authority("a:00000000000000000000000000000000065536") == nil)
    }

    /// RFC 3986 §3.2.2
    @Test func addressesInBracketsAreIPv6() {
        func isHost(_ text: String) -> Bool {
            let bytes = Array("[\(text)]".utf8)
            return Authority(bytes.rawBytes, ByteRange(0, bytes.count)) != nil
        }
        for good in [
            "::", "::1", "1::", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "1::8",
            "2001:db8::ff00:42:8329", "::ffff:0.0.0.0",
            "1:2:3:4:5:6:255.255.255.255", "1::255.255.255.255", "ABCD:ef01::",
        ] {
            #expect(isHost(good), "\(good)")
        }
        for bad in [
            "", ":", ":::", "1", "1:2", "1:", ":1", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "::1::", "12345::",
            "g::", "1:2:3:4:5:6:7:8::",
            "::1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:1.2.3.4", "1.2.3.4", "::1.2.3", "::1.2.3.4.5", "::01.2.3.4",
            "::256.1.1.1", "::1.2.3.4:5",
            "::1.2.3.", "::.1.2.3", "::1234.1.1.1", "::1 ", " ::1", "::%25eth0", "v1.a",
        ] {
            #expect(!isHost(bad), "\(bad)")
        }
    }

    @Test func everyErrorHasItsWords() {
        var slugs: Set<String> = []
        for error in H1Error.allCases {
            let slug = error.slug.description
            #expect(slugs.insert(slug).inserted, "\(slug)")
            #expect(slug.utf8.allSatisfy { $0 == 0x2D || $0 >= 0x61 && $0 <= 0x7A || $0 >= 0x30 && $0 <= 0x39 })
            let text = error.text.description
            #expect(text.hasSuffix(".") && text.first?.isUppercase == true)
            #expect(text.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F })
            #expect([400, 414, 431, 501, 502, 505].contains(error.status))
        }
    }
}
