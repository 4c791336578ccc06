/// The version that `lbd --version`, `lbctl version`, the admin API and the `Via` of a log line tell.
package enum ProductVersion {
    package static let text = "0.1.0"
}
