/// Shares of a number of things, reckoned as a person would: 0.29 of 100 is 29, although the product of the two numbers is a
/// little less, and 0.07 of 100 is 7, although that product is a little more.
package enum Share {
    /// The greatest whole number that is not above the share.
    /// - Parameter share: 0…1.
    package static func most(_ share: Double, of count: Int) -> Int { Int(product(share, count).rounded(.down)) }

    /// The least whole number that is not below the share.
    /// - Parameter share: 0…1.
    package static func least(_ share: Double, of count: Int) -> Int { Int(product(share, count).rounded(.up)) }

    /// The nearest number to a decimal is off by half a unit in its last place, and so is a product: together that is less
    /// than two units in the last place of the product, and no other decimal that somebody would write is as near.
    private static func product(_ share: Double, _ count: Int) -> Double {
        let product = share * Double(count)
        let whole = product.rounded()
        return abs(product - whole) <= 2 * product.ulp ? whole : product
    }
}
