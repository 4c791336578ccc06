import Glibc
import Model

switch Arguments.read(Array(CommandLine.arguments.dropFirst())) {
case .help:
    System.write(Arguments.help, to: STDOUT_FILENO)
    exit(0)
case .version:
    System.write("lbd \(Release.version)\n", to: STDOUT_FILENO)
    exit(0)
case .refused(let message):
    System.write("lbd: \(message)\n", to: STDERR_FILENO)
    exit(2)
case .run(let arguments):
    switch Startup.read(arguments) {
    case .serve(let config, let warnings):
        serve(config, arguments, warnings: warnings)
    case .checked(let text):
        System.write(text, to: STDOUT_FILENO)
        exit(0)
    case .failed(let text):
        System.write(text, to: STDERR_FILENO)
        exit(1)
    }
}
