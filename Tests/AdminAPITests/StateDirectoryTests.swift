import Foundation
import Testing

@testable import AdminAPI

/// Who may write where the state is.
@Suite struct StateDirectoryTests {
    private func opening(_ path: String) -> StoreError? {
        do throws(StoreError) {
            _ = try StateStore(directory: path)
            return nil
        } catch {
            return error
        }
    }

    @Test func newDirectoriesAndFilesAreForTheirUserAlone() throws {
        let place = try TemporaryDirectory()
        let path = place.path + "/deep/state"
        #expect(opening(path) == nil)
        func mode(_ path: String) -> mode_t {
            var status = stat()
            return stat(path, &status) == 0 ? status.st_mode & 0o777 : 0
        }
        #expect(mode(path) == 0o700)
        for name in ["lb.sqlite3", "lb.lock"] { #expect(mode("\(path)/\(name)") == 0o600) }
    }

    @Test(arguments: ["", "/lb.sqlite3", "/lb.lock"])
    func whatEveryoneMayWriteToIsRefusedByName(_ name: String) throws {
        let place = try TemporaryDirectory()
        #expect(opening(place.path) == nil)
        chmod(place.path + name, name.isEmpty ? 0o777 : 0o666)
        let refusal = opening(place.path)
        #expect(refusal?.kind == .inaccessible)
        #expect(refusal?.message.contains("chmod o-w \(place.path)\(name)") == true)
        chmod(place.path + name, name.isEmpty ? 0o700 : 0o600)
        #expect(opening(place.path) == nil)
    }

    @Test func directoryWithTheStickyBitIsTaken() throws {
        let place = try TemporaryDirectory()
        chmod(place.path, 0o1777)
        #expect(opening(place.path) == nil)
    }

    @Test(.enabled(if: geteuid() == 0, "only root can give a file to another user"))
    func whatIsAnotherUsersIsRefused() throws {
        // Root's own daemon must not trust what a user may change.
        for name in ["", "/lb.sqlite3"] {
            let place = try TemporaryDirectory()
            #expect(opening(place.path) == nil)
            chown(place.path + name, 12345, 12345)
            #expect(opening(place.path)?.message.contains("uid 12345") == true)
            chown(place.path + name, 0, 0)
        }
    }
}
