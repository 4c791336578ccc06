/// A whole configuration that has passed validation.
package struct Config: Equatable, Sendable {
    package var process: ProcessSettings
    package var desired: DesiredState

    package init(process: ProcessSettings = ProcessSettings(), desired: DesiredState = DesiredState()) {
        self.process = process
        self.desired = desired
    }
}
