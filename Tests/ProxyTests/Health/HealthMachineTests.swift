import Model
import Testing

@testable import Proxy

@Suite struct HealthMachineTests {
    /// `+` is a pass, `-` a failure; the states are those after each: unknown, Healthy, Down.
    @Test(arguments: [
        (1, 1, "+-+--+", "HDHDDH"), (1, 2, "+-+--+", "HHHHDH"), (1, 2, "-+", "DH"), (2, 2, "-+-++-+--", "DDDDHHHHD"),
        (3, 3, "+--+---++-+++", "HHHHHHDDDDDDH"), (1, 3, "---", "DDD"),
    ])
    func verdictsFollowRiseAndFall(_ rise: Int, _ fall: Int, _ results: String, _ states: String) {
        var machine = HealthMachine()
        #expect(machine.state == .unknown && machine.isChanging)
        for (result, expected) in zip(results, states) {
            let before = machine.state
            let hasChanged = machine.record(hasPassed: result == "+", rise: rise, fall: fall)
            #expect(machine.state == (expected == "H" ? .healthy : .unhealthy))
            #expect(hasChanged == (machine.state != before))
        }
    }

    @Test func itIsChangingWhileResultsSpeakAgainstIt() {
        var machine = HealthMachine()
        _ = machine.record(hasPassed: true, rise: 2, fall: 2)
        #expect(!machine.isChanging)
        _ = machine.record(hasPassed: false, rise: 2, fall: 2)
        #expect(machine.isChanging && machine.state == .healthy)
        _ = machine.record(hasPassed: false, rise: 2, fall: 2)
        #expect(!machine.isChanging && machine.consecutiveFailures == 2)
        _ = machine.record(hasPassed: true, rise: 2, fall: 2)
        #expect(machine.isChanging && machine.consecutiveOK == 1 && machine.consecutiveFailures == 0)
    }
}
