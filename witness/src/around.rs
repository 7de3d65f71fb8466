//! Where a history is not as it should be: what the log has there, and what callers had asked and heard.

use std::fmt::Write as _;

use engine::{Record, Seq};

use crate::Heard;

/// How many events before and after are told.
const EVENTS: Seq = 8;
/// How many calls are told at most.
const CALLS: usize = 60;

/// The surroundings of a position of the log.
pub fn describe<H: Heard>(at: Seq, log: &[Record], heard: &[H]) -> String {
    let near = |seq: Seq| seq.abs_diff(at) <= EVENTS;
    let mut told: Vec<&H> = heard.iter().filter(|one| one.seq().is_some_and(near)).collect();
    told.sort_by_key(|one| (one.seq(), one.span().0));
    // Of the calls without an answer, those that were under way while the others were.
    let begin = told.iter().map(|one| one.span().0).min().unwrap_or(0);
    let end = told.iter().filter_map(|one| one.span().1).max().unwrap_or(u64::MAX);
    let open = |one: &&H| {
        let (began, ended) = one.span();
        one.seq().is_none() && began <= end && ended.is_none_or(|ended| ended >= begin)
    };
    let mut text = format!("around event {at}, the log has");
    for record in log.iter().filter(|record| near(record.seq)) {
        let _ = write!(text, "\n  {record:?}");
    }
    text.push_str("\nand callers were told, by position");
    for one in told.into_iter().take(CALLS) {
        let _ = write!(text, "\n  {}: {one:?}", one.seq().unwrap_or_default());
    }
    text.push_str("\nand these had no answer");
    for one in heard.iter().filter(open).take(CALLS) {
        let _ = write!(text, "\n  {one:?}");
    }
    text
}
