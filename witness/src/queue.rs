//! Claims that were queued before they came to an answer.

use std::collections::BTreeMap;
use std::ops::Range;

use engine::view::ClaimWait;
use engine::{Call, Event, ManusId, Record, Seq};

use crate::{Heard, order};

/// The calls of those who were ready to wait, by who they are, each with the window in which it may have been queued.
pub struct Queue<'a, H>(BTreeMap<ManusId, Vec<(&'a H, Range<Seq>)>>);

impl<'a, H: Heard> Queue<'a, H> {
    pub fn of(heard: &'a [H]) -> Self {
        let mut calls = BTreeMap::<ManusId, Vec<_>>::new();
        for (place, window) in order::queued(heard) {
            let one = &heard[place];
            let Some(actor) = one.call().and_then(|call| call.command.actor()) else { continue };
            let until = one.seq().map_or(window.end, |seq| window.end.min(seq + 1));
            calls.entry(actor.clone()).or_default().push((one, window.start..until));
        }
        Self(calls)
    }

    /// The calls with which what follows this position of the log may begin, where it begins with a claim that is queued.
    pub fn next(&self, begin: Seq, log: &[Record]) -> Vec<Call> {
        // Whoever was lost comes back first.
        let revived = |record: &&Record| matches!(record.event, Event::ManusRevived { .. });
        let Some(record) = log.iter().find(|record| !revived(record)) else { return Vec::new() };
        let Event::ClaimQueued { wait } = &record.event else { return Vec::new() };
        let calls = self.0.get(&wait.manus_id).into_iter().flatten();
        let at_hand = calls.filter(|(_, window)| window.contains(&begin));
        at_hand.filter_map(|(one, _)| one.queued(length(wait))).collect()
    }
}

/// How long a claim was to wait, in milliseconds: of the time that its caller was ready to wait, what was left.
fn length(wait: &ClaimWait) -> i64 {
    wait.until_ms - wait.since_ms
}
