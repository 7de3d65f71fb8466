//! Which rows the events since the last look have changed: what to write to the tables, what to repaint.

use crate::ids::{LockKey, ManusId, MessageId, TaskId, TimeMs, WaitId};
use crate::sorted::{SortedMap, SortedSet};

/// Names of changed rows. A named row that no longer exists was deleted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Touched {
    /// Agents of which more than the next field's share has changed.
    pub manus: SortedSet<ManusId>,
    /// Agents of which only the last sign of life or the list of files changed. The locks have rows of their own, so these
    /// may be written late.
    pub beats: SortedSet<ManusId>,
    /// Tasks.
    pub tasks: SortedSet<TaskId>,
    /// Locks, and the fencing token of each as it was at the last look; `None` for those that were not there.
    pub locks: SortedMap<LockKey, Option<u64>>,
    /// Counts: width and start of a bucket. Those too old to be kept are named when they go.
    pub buckets: SortedSet<(TimeMs, TimeMs)>,
    /// Waiting claims.
    pub waits: SortedSet<WaitId>,
    /// Messages.
    pub messages: SortedSet<MessageId>,
}

impl Touched {
    /// True when nothing has changed.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
