import Glibc
import Model

/// Serves until told to stop.
func serve(_ config: Config, demo: Bool) -> Never {
    System.write("lbd: this build has no data plane and cannot serve; --check works\n", to: STDERR_FILENO)
    exit(1)
}
