import Testing

@testable import Proxy

@Suite struct ShareTests {
    /// Hundredths of every number of backends, against whole numbers.
    @Test func aShareIsReckonedAsItIsWritten() {
        for percent in 0...100 {
            for count in [0, 1, 2, 3, 7, 10, 99, 100, 101, 1000, 16_384] {
                let share = Double(percent) / 100
                #expect(Share.most(share, of: count) == percent * count / 100)
                #expect(Share.least(share, of: count) == (percent * count + 99) / 100)
            }
        }
    }

    @Test func fourDigitsAreNotRoundedToThree() {
        #expect(Share.least(0.6666, of: 3) == 2 && Share.least(0.6667, of: 3) == 3)
        #expect(Share.most(0.6666, of: 3) == 1 && Share.most(0.6667, of: 3) == 2)
        #expect(Share.least(0.0001, of: 16_384) == 2)
    }
}
