/// What of a list has changed, where most of it is the same objects as before: all between what both lists begin with and what
/// both end with.
struct ChangedMiddle {
    let old: Range<Int>
    let new: Range<Int>

    init(old: Range<Int>, new: Range<Int>) {
        self.old = old
        self.new = new
    }

    init<Object: AnyObject>(from old: [Object], to new: [Object]) {
        let least = min(old.count, new.count)
        var first = 0
        while first < least, old[first] === new[first] { first += 1 }
        var last = 0
        while last < least - first, old[old.count - 1 - last] === new[new.count - 1 - last] { last += 1 }
        self.old = first..<old.count - last
        self.new = first..<new.count - last
    }
}
