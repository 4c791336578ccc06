/// Finds a smaller play that fails as a given one does.
package enum Shrink {
    /// Leaves out part after part for as long as `fails` holds: halves of what is left first, then single parts, until no
    /// single one can go any more.
    package static func smallest(_ play: Play, fails: (Play) -> Bool) -> Play {
        var best = play
        var size = max(1, best.parts.count / 2)
        while true {
            var hasShrunk = false
            var start = 0
            while start < best.parts.count {
                let parts = best.parts
                var smaller = best
                smaller.without.formUnion(parts[start..<min(parts.count, start + size)])
                if fails(smaller) {
                    best = smaller
                    hasShrunk = true
                } else {
                    start += size
                }
            }
            if size > 1 {
                size /= 2
            } else if !hasShrunk {
                return best
            }
        }
    }

    /// What violations have in common that differ in numbers only.
    package static func kind(of violation: String) -> String {
        String(violation.map { $0.isNumber ? "#" : $0 })
    }
}
