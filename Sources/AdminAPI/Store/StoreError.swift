/// Why the state store cannot be opened, or a change cannot be kept. The message names the file and the way out.
package struct StoreError: Error, Equatable, CustomStringConvertible {
    package enum Kind: Equatable, Sendable {
        /// Another process serves from this state directory.
        case inUse
        /// A sound SQLite file that is not ours.
        case foreign
        /// Ours, and written by a later version.
        case newer
        case corrupt
        /// The directory or the file cannot be made, opened or read.
        case inaccessible
        /// A change could not be written: full disk, I/O error, file locked by someone. Nothing was changed.
        case notDurable
    }

    package let kind: Kind
    /// The file or directory in question.
    package let path: String
    /// A sentence for a person: what happened, to which file, and what to do.
    package let message: String

    package var description: String { message }
}
