import Glibc

// libFuzzer brings no way to choose a target: the first argument names it, the rest is libFuzzer's own.

@_silgen_name("LLVMFuzzerRunDriver")
func runDriver(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ one: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

nonisolated(unsafe) var target = FuzzTarget.request

func one(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    target.run(Array(UnsafeBufferPointer(start: data, count: count)))
    return 0
}

guard CommandLine.arguments.count > 1, let chosen = FuzzTarget(rawValue: CommandLine.arguments[1]) else {
    print(
        "usage: fuzz \(FuzzTarget.allCases.map(\.rawValue).joined(separator: "|")) [libFuzzer's flags and directories]"
    )
    exit(2)
}
target = chosen
var arguments = CommandLine.unsafeArgv
let name = arguments[0]
arguments += 1
arguments[0] = name
var count = CommandLine.argc - 1
exit(runDriver(&count, &arguments, one))
