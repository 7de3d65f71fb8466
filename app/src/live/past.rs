//! The picture at moments that are over, replayed from the log by the same rules that made it.

use engine::view::Snapshot;
use engine::{Event, Record, Settings, State, TimeMs};

/// How long a log may be to be replayed here, in events.
pub const LONGEST: u64 = 50_000;

/// The log, and the state from which it goes on: an empty one, until something was pruned.
#[derive(Debug, Clone, Default)]
pub struct Log {
    start: Snapshot,
    records: Vec<Record>,
}

impl Log {
    /// A log, oldest event first.
    pub fn new(start: Snapshot, records: Vec<Record>) -> Self {
        Self { start, records }
    }

    /// All of it, oldest first.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// When the first and the last event happened; `None` of an empty log.
    pub fn span_ms(&self) -> Option<(TimeMs, TimeMs)> {
        Some((self.records.first()?.at_ms, self.records.last()?.at_ms))
    }

    /// Everything as it was at a moment, and what had happened until then.
    pub fn at(&self, at_ms: TimeMs, settings: Settings) -> (State, &[Record]) {
        let until = &self.records[..self.records.partition_point(|record| record.at_ms <= at_ms)];
        let mut state = State::from_snapshot(Snapshot { settings, ..self.start.clone() }, [], []);
        state.apply_all(until);
        state.take_touched();
        (state, until)
    }

    /// The moment of the next event, or of the one before. Those at which nothing is to be seen are passed over.
    pub fn step(&self, at_ms: TimeMs, forward: bool) -> Option<TimeMs> {
        let next = if forward {
            let next = self.records.partition_point(|record| record.at_ms <= at_ms);
            self.records[next..].iter().find(is_seen)
        } else {
            let this = self.records.partition_point(|record| record.at_ms < at_ms);
            self.records[..this].iter().rfind(is_seen)
        };
        next.map(|record| record.at_ms)
    }

    /// The moment of the last event.
    pub fn last(&self) -> Option<TimeMs> {
        self.step(TimeMs::MAX, false)
    }

    /// As of when everything was just before the last event; the moment of that event itself when it was the first, too.
    pub fn before_last(&self) -> Option<TimeMs> {
        let last_ms = self.last()?;
        self.step(last_ms, false).or(Some(last_ms))
    }
}

/// Whether an event changes anything that a person would notice.
fn is_seen(record: &&Record) -> bool {
    !matches!(record.event, Event::HeartbeatsSeen { .. } | Event::TasksPlanned { .. })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::script::script;

    #[test]
    fn every_moment_comes_back_as_it_was() {
        let mut project = script();
        let mut seen = Vec::new();
        project.agent("a", &[]);
        seen.push(project.snapshot());
        let task = project.task("one", 10, &[], &[]);
        project.start("a", &task);
        project.progress("a", &task, 40);
        seen.push(project.snapshot());
        project.complete(&task);
        seen.push(project.snapshot());
        let log = Log::new(Snapshot::default(), project.news());
        for snapshot in &seen {
            let (state, until) = log.at(snapshot.at_ms, snapshot.settings.clone());
            assert_eq!(state.snapshot(), *snapshot);
            assert_eq!(until.last().map(|record| record.seq), Some(snapshot.seq));
        }
        let (first_ms, last_ms) = log.span_ms().unwrap();
        assert_eq!(log.at(first_ms - 1, Settings::default()).0.seq(), 0);
        assert_eq!((log.step(last_ms, true), log.step(first_ms, false)), (None, None));
        assert_eq!(log.step(first_ms - 1, true), Some(first_ms));
        assert!(log.step(last_ms, false).is_some_and(|before| before < last_ms));
        let before_ms = log.before_last().unwrap();
        assert_eq!(
            log.at(before_ms, seen[1].settings.clone()).0.snapshot(),
            seen[1],
            "before it was completed"
        );
        let one = Log::new(Snapshot::default(), log.records[..1].to_vec());
        assert_eq!(one.before_last(), Some(first_ms));
        // Likewise when the beginning was pruned.
        let rest = log.records.iter().filter(|record| record.seq > seen[0].seq).cloned().collect();
        let log = Log::new(seen[0].clone(), rest);
        for snapshot in &seen[1..] {
            assert_eq!(log.at(snapshot.at_ms, snapshot.settings.clone()).0.snapshot(), *snapshot);
        }
    }
}
