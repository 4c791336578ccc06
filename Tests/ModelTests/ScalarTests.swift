import Model
import Testing

@Suite struct ScalarTests {
    @Test(arguments: [
        ("500ms", "500ms"), ("5s", "5s"), ("60s", "1m"), ("2m", "2m"), ("1h", "1h"), ("90s", "90s"), ("1.5s", "1500ms"),
        ("0s", "0s"), ("250us", "250us"), ("87600h", "87600h"),
    ])
    func durationIsReadAndWrittenInItsShortestForm(text: String, canonical: String) {
        #expect(TimeSpan(text)?.description == canonical)
        #expect(TimeSpan(canonical)?.description == canonical)
    }

    @Test(arguments: ["", "10", "s", "-1s", "1 s", "1S", "1d", ".5s", "5.s", "1.2.3s", "1e3s", "87601h", "infs", "1ss"])
    func whatIsNoDurationIsNil(text: String) {
        #expect(TimeSpan(text) == nil)
    }

    @Test func statusSetHoldsWhatItSays() throws {
        let set = try #require(StatusSet("200,204,301-308"))
        for status in [200, 204, 301, 305, 308] { #expect(set.contains(status)) }
        for status in [199, 201, 203, 205, 300, 309] { #expect(!set.contains(status)) }
        #expect(set.description == "200,204,301-308")
    }

    @Test(arguments: [
        "", "20", "2000", "99", "600", "399-200", "200-", "-200", "200,", "200-300-400", "2xx", "200 ", "+20",
    ])
    func whatIsNoStatusSetIsNil(text: String) {
        #expect(StatusSet(text) == nil)
    }
}
