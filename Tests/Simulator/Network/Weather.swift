import Proxy

/// How the network and the kernel behave: every property of it is allowed to a real one.
package struct Weather {
    /// One way, drawn per direction of a connection.
    package var latencyNs: ClosedRange<UInt64> = 20_000...200_000
    /// Added per segment, up to this.
    package var jitterNs: UInt64 = 20_000
    package var bytesPerMicrosecond = 1_000
    /// Bytes travel in pieces of 1 to this many.
    package var segmentBytesMax = 65_536
    /// Everything arrives at multiples of this, so that much comes at once, as to a loop that was busy; 0 is at any instant.
    package var grainNs: UInt64 = 0
    /// What a direction holds before its writer must wait for its reader.
    package var windowBytes: ClosedRange<Int> = 65_536...262_144
    /// Reads and writes that move fewer bytes than they could.
    package var shortReadPerMille = 0
    package var shortWritePerMille = 0
    /// Completions that come later than the bytes would allow.
    package var lateCompletionPerMille = 0
    package var lateCompletionNs: ClosedRange<UInt64> = 1_000...300_000
    /// Completions that exist but are handed out at the next reap only, so that their socket may be closed in between.
    package var heldBackPerMille = 0
    /// Opens that find no descriptor, connects that find no local port.
    package var noDescriptorPerMille = 0
    package var noLocalAddressPerMille = 0
    /// How long a closed socket keeps its descriptor, as where closing is an operation like others.
    package var lateCloseNs: ClosedRange<UInt64> = 0...0
    /// Ends outside of a world that lose unread bytes when a reset arrives, as some systems do.
    package var loseUnreadOnResetPerMille = 0

    /// Resets that arrive before bytes that were sent before them.
    package var resetOvertakesPerMille = 0

    package init() {}

    /// The first instant from `due` on at which something may arrive.
    func instant(_ due: Instant) -> Instant {
        guard grainNs > 0 else { return due }
        return Instant(nanoseconds: (due.nanoseconds + grainNs - 1) / grainNs * grainNs)
    }

    /// Nothing odd: a local network.
    package static let fair = Weather()

    /// Small windows, torn segments, late and short completions.
    package static let foul: Weather = {
        var weather = Weather()
        weather.latencyNs = 5_000...2_000_000
        weather.jitterNs = 500_000
        weather.segmentBytesMax = 8_192
        weather.windowBytes = 1_024...65_536
        weather.shortReadPerMille = 300
        weather.shortWritePerMille = 300
        weather.lateCompletionPerMille = 200
        weather.heldBackPerMille = 200
        weather.loseUnreadOnResetPerMille = 500
        weather.resetOvertakesPerMille = 300
        return weather
    }()
}
