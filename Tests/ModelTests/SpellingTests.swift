import Model
import Testing

@Suite struct SpellingTests {
    private static let keys = ["url", "pool", "weight", "health_check", "algorithm", "interval", "timeout"]

    @Test(arguments: [
        ("weigth", "weight"), ("wieght", "weight"), ("weihgt", "weight"), ("Weight", "weight"), ("weights", "weight"),
        ("healthCheck", "health_check"), ("health-check", "health_check"), ("health", "health_check"),
        ("algo", "algorithm"), ("timeuot", "timeout"), ("ulr", "url"), ("uri", "url"), ("pol", "pool"),
        ("inteval", "interval"),
    ])
    func slipOfTheFingerIsRecognised(word: String, meant: String) {
        #expect(Spelling.nearest(word, among: Self.keys) == meant)
    }

    @Test(arguments: [
        "zebra", "", "x", "-", "colour", "routes", "time_of_day_to_run", String(repeating: "u", count: 500),
    ])
    func wordThatIsLikeNoneHasNoSuggestion(word: String) {
        #expect(Spelling.nearest(word, among: Self.keys) == nil)
    }

    @Test func closestWinsAndTheFirstOfEquals() {
        #expect(Spelling.nearest("demo-4", among: ["demo-1", "demo-2"]) == "demo-1")
        #expect(Spelling.nearest("web-12", among: ["web-21x", "web-21"]) == "web-21")
        #expect(Spelling.nearest("list", among: ["lists", "list"]) == "list")
    }

    @Test func beginningOfSeveralIsNoSuggestion() {
        #expect(Spelling.nearest("web", among: ["web-frontend", "web-backend"]) == nil)
    }

    @Test func nothingToChooseFromIsNil() {
        #expect(Spelling.nearest("weight", among: []) == nil)
    }
}
