/// Which release this is: of the daemon and of the client alike, for they are built and shipped together.
package enum Release {
    /// Semantic version (semver.org), without a leading `v`.
    package static let version = "0.1.0"
}
