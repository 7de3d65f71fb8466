//! Counts by minute and by hour, kept up with each event, so that no figure needs a walk through the log.

use serde::{Deserialize, Serialize};

use super::State;
use crate::event::{Event, Record};
use crate::ids::TimeMs;
use crate::sorted::SortedMap;

/// A minute in milliseconds.
pub const MINUTE_MS: TimeMs = 60_000;
/// An hour in milliseconds.
pub const HOUR_MS: TimeMs = 60 * MINUTE_MS;
/// How many minutes are kept: three hours.
const MINUTES_KEPT: TimeMs = 180;
/// How many hours are kept: 31 days.
const HOURS_KEPT: TimeMs = 24 * 31;
/// How many minutes and hours a snapshot carries.
const IN_SNAPSHOT: usize = 60;

/// What happened within a minute or an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Bucket {
    /// [`MINUTE_MS`] or [`HOUR_MS`].
    pub width_ms: TimeMs,
    /// When it began.
    pub start_ms: TimeMs,
    /// Tasks created.
    pub created: u32,
    /// Tasks started.
    pub started: u32,
    /// Tasks completed.
    pub completed: u32,
    /// Tasks cancelled.
    pub cancelled: u32,
    /// Attempts that failed.
    pub failed: u32,
    /// Reviews that asked for changes.
    pub sent_back: u32,
    /// Agents lost.
    pub lost: u32,
    /// Locks granted.
    pub granted: u32,
    /// Claims that had to wait.
    pub waited: u32,
    /// Messages sent.
    pub messages: u32,
    /// Estimated time of the tasks completed, in minutes.
    pub estimated_minutes: u64,
    /// The time they took, in milliseconds.
    pub actual_ms: u64,
}

/// The buckets of the last hours and days, by width and start.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Metrics(SortedMap<(TimeMs, TimeMs), Bucket>);

impl Metrics {
    /// The buckets of one width, oldest first.
    pub fn series(&self, width_ms: TimeMs) -> impl DoubleEndedIterator<Item = &Bucket> {
        self.0.range((width_ms, TimeMs::MIN)..=(width_ms, TimeMs::MAX)).map(|(_, bucket)| bucket)
    }

    /// Every bucket, by width and start.
    pub fn all(&self) -> impl Iterator<Item = &Bucket> {
        self.0.values()
    }

    /// One bucket.
    pub fn get(&self, width_ms: TimeMs, start_ms: TimeMs) -> Option<&Bucket> {
        self.0.get(&(width_ms, start_ms))
    }

    pub(super) fn load(&mut self, buckets: impl IntoIterator<Item = Bucket>) {
        self.0.extend(buckets.into_iter().map(|bucket| ((bucket.width_ms, bucket.start_ms), bucket)));
    }

    /// The newest of both widths.
    pub(super) fn newest(&self) -> Vec<Bucket> {
        let newest = |width| {
            let mut some: Vec<Bucket> = self.series(width).rev().take(IN_SNAPSHOT).copied().collect();
            some.reverse();
            some
        };
        [newest(MINUTE_MS), newest(HOUR_MS)].concat()
    }

    fn bucket(&mut self, width_ms: TimeMs, start_ms: TimeMs) -> &mut Bucket {
        let new = || Bucket { width_ms, start_ms, ..Bucket::default() };
        self.0.entry((width_ms, start_ms)).or_insert_with(new)
    }

    /// Forgets the oldest bucket of one width, if it began before a moment, and names it.
    fn forget_one(&mut self, width_ms: TimeMs, before_ms: TimeMs) -> Option<(TimeMs, TimeMs)> {
        let key = *self.0.range((width_ms, TimeMs::MIN)..(width_ms, before_ms)).next()?.0;
        self.0.remove(&key);
        Some(key)
    }
}

impl State {
    /// Counts an event that is about to be applied.
    pub(super) fn count(&mut self, record: &Record) {
        let Some(add) = self.to_count(&record.event) else { return };
        for (width, kept) in [(MINUTE_MS, MINUTES_KEPT), (HOUR_MS, HOURS_KEPT)] {
            let start = record.at_ms - record.at_ms.rem_euclid(width);
            while let Some(forgotten) = self.metrics.forget_one(width, start - kept * width) {
                self.touched.buckets.insert(forgotten);
            }
            self.metrics.bucket(width, start).add(&add);
            self.touched.buckets.insert((width, start));
        }
    }

    fn to_count(&self, event: &Event) -> Option<Bucket> {
        let none = Bucket::default();
        Some(match event {
            Event::TaskCreated { .. } => Bucket { created: 1, ..none },
            Event::TaskStarted { .. } => Bucket { started: 1, ..none },
            Event::TaskCompleted { task_id, .. } => {
                let task = self.tasks.get(task_id)?;
                let (actual_ms, estimated_minutes) =
                    (task.worked_ms(self.at_ms), u64::from(task.spec.estimated_duration));
                Bucket { completed: 1, estimated_minutes, actual_ms, ..none }
            }
            Event::TaskCancelled { .. } => Bucket { cancelled: 1, ..none },
            Event::TaskFailed { .. } => Bucket { failed: 1, ..none },
            Event::TaskSentBack { .. } => Bucket { sent_back: 1, ..none },
            Event::ManusLost { .. } => Bucket { lost: 1, ..none },
            Event::LocksGranted { locks } => {
                Bucket { granted: u32::try_from(locks.len()).unwrap_or(u32::MAX), ..none }
            }
            Event::ClaimQueued { .. } => Bucket { waited: 1, ..none },
            Event::MessageSent { .. } => Bucket { messages: 1, ..none },
            _ => return None,
        })
    }
}

impl Bucket {
    fn add(&mut self, other: &Self) {
        self.created += other.created;
        self.started += other.started;
        self.completed += other.completed;
        self.cancelled += other.cancelled;
        self.failed += other.failed;
        self.sent_back += other.sent_back;
        self.lost += other.lost;
        self.granted += other.granted;
        self.waited += other.waited;
        self.messages += other.messages;
        self.estimated_minutes += other.estimated_minutes;
        self.actual_ms += other.actual_ms;
    }
}
