/// A whole configuration that has passed validation.
package struct Config: Equatable, Sendable {
    package var process: ProcessSettings
    package var desired: DesiredState
    /// It has a mapping of backends, and be it an empty one, or a list with any in it: what is missing altogether may have been
    /// cut off, and an empty list a template's mistake.
    package var namesBackends: Bool

    package init(
        process: ProcessSettings = ProcessSettings(),
        desired: DesiredState = DesiredState(),
        namesBackends: Bool = false
    ) {
        self.process = process
        self.desired = desired
        self.namesBackends = namesBackends
    }
}
