import CLinux
package import Model

/// What the kernel says of this process.
package enum ProcessFacts {
    /// Opens what `read` needs, so that it works when no descriptor is left. Once, at the start.
    package static func prepare() { clx_process_open() }

    /// From any thread.
    package static func read() -> ProcessMetrics {
        var facts = clx_process()
        // SAFETY: the callee fills a local variable.
        unsafe clx_process_read(&facts)
        var found = ProcessMetrics()
        found.residentBytes = facts.resident_bytes
        found.virtualBytes = facts.virtual_bytes
        found.cpuNs = facts.cpu_ns
        found.descriptors = facts.descriptors
        found.descriptorsMax = facts.descriptors_max
        found.threads = facts.threads
        return found
    }
}
