//! Can one path match two patterns? Decided exactly, by walking both patterns at once.

use crate::planted;

/// True when some path (a non-empty list of non-empty names) matches both lists of segments.
///
/// `reachable[j]` says whether the first `i` segments of `left` and the first `j` of `right` can have consumed the same names.
/// Time is the product of the two lengths, times the cost of comparing two names.
pub(super) fn meets(left: &[&str], right: &[&str]) -> bool {
    walk(left, right, |&segment| segment == "**", |a, b| names_meet(a, b))
}

/// True when some name matches both wildcard names.
fn names_meet(left: &str, right: &str) -> bool {
    if !left.contains(['*', '?']) && !right.contains(['*', '?']) {
        return left == right;
    }
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    walk(&left, &right, |&c| c == '*', |&a, &b| a == b || a == '?' || b == '?')
}

/// The product walk shared by both levels: an element either stands for any run of the other side's elements, or meets one.
///
/// A run element also meets the other side's run element; skipping either of them covers that.
fn walk<T>(left: &[T], right: &[T], is_run: impl Fn(&T) -> bool, meet: impl Fn(&T, &T) -> bool) -> bool {
    let mut reachable = vec![false; right.len() + 1];
    reachable[0] = true;
    close_runs(&mut reachable, right, &is_run);
    for l in left {
        let run = is_run(l);
        let mut next = if run { reachable.clone() } else { vec![false; right.len() + 1] };
        for (j, r) in right.iter().enumerate() {
            let consumes = match (run, is_run(r)) {
                // The run on the left takes whatever the right element stands for, and may go on.
                (true, _) => next[j],
                // The run on the right takes the left element, and stays.
                (false, true) => {
                    next[j] |= reachable[j];
                    next[j]
                }
                (false, false) => reachable[j] && meet(l, r),
            };
            next[j + 1] |= consumes;
        }
        // A run at the very end of the right side can still take this element.
        close_runs(&mut next, right, &is_run);
        reachable = next;
    }
    reachable[right.len()]
}

/// A run may stand for nothing: whoever stands before one also stands behind it.
fn close_runs<T>(reachable: &mut [bool], right: &[T], is_run: impl Fn(&T) -> bool) {
    for (j, r) in right.iter().enumerate().skip(usize::from(planted::PATTERN_OFF_BY_ONE)) {
        if is_run(r) && reachable[j] {
            reachable[j + 1] = true;
        }
    }
}
