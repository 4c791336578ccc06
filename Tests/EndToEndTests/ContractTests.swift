import Foundation
import Testing

/// The admin API against its contract, by a program that makes the requests up (Schemathesis).
@Suite struct ContractTests {
    let bed = TestBed()

    private static let scripts =
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path + "/scripts"

    private static let isThere =
        (try? TestBed().run("sh", [scripts + "/schemathesis.sh", "--there"]).exitCode) == 0

    /// Every member and parameter at the bounds of its schema and just outside, missing, of another type, and given twice; all methods.
    @Test(
        .enabled(if: isThere, "there is no Schemathesis here (pip install schemathesis): make contract tries the same"),
        .timeLimit(.minutes(5))
    )
    func answersAreThoseOfTheContractAtEveryCornerOfIt() throws {
        let result = try bed.run(
            "sh",
            [Self.scripts + "/contract.sh", Programs.lbd, "--phases", "coverage", "--max-time", "90"],
            within: 240
        )
        #expect(result.exitCode == 0, "\(result)")
        #expect(result.output.contains(" generated"), "\(result)")
    }
}
