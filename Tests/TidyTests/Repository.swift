import Foundation

/// The files of the repository that this test was compiled in.
enum Repository {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Every Swift file below `folder`, with its path from the root, in the order of the paths.
    static func swiftSources(in folder: String) throws -> [SwiftSource] {
        try paths(in: folder).filter { $0.hasSuffix(".swift") }.map { SwiftSource(path: $0, text: try text(of: $0)) }
    }

    /// Every file below `folder`, hidden ones left out, as paths from the root.
    static func paths(in folder: String) throws -> [String] {
        let base = root.appendingPathComponent(folder)
        guard let walk = FileManager.default.enumerator(atPath: base.path) else { return [] }
        return walk.compactMap { $0 as? String }
            .filter { path in
                var isDirectory: ObjCBool = false
                let exists = FileManager.default.fileExists(
                    atPath: base.appendingPathComponent(path).path,
                    isDirectory: &isDirectory
                )
                return exists && !isDirectory.boolValue && !path.split(separator: "/").contains { $0.hasPrefix(".") }
            }
            .map { "\(folder)/\($0)" }.sorted()
    }

    static func text(of path: String) throws -> String {
        try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
    }
}
