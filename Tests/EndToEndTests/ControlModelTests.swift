import Foundation
import Testing

/// The control plane against an independent model of it: `chaos/control.py`, some hundred steps of it. `make chaos` runs it longer.
@Suite struct ControlModelTests {
    let bed = TestBed()

    private static let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("chaos/control.py").path

    @Test(arguments: [1, 2])
    func whatIsDesiredIsWhatTheModelSays(_ seed: Int) throws {
        let process = try bed.spawn(
            PythonBackend.interpreter,
            ["-B", Self.script, "--lbd", Programs.lbd, "--seed", "\(seed)", "--steps", "150", "--seconds", "60"]
        )
        let ending = try process.wait(within: 240)
        #expect(ending == .exited(0), "\(process.output)\n\(process.errors)")
        #expect(process.output.contains(" steps, "))
    }
}
