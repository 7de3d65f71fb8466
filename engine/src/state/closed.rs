//! Closed tasks: how each of them ended, and which of them are still in memory.

use crate::ids::{TaskId, TimeMs};
use crate::sorted::{SortedMap, SortedSet};
use crate::values::TaskStatus;

/// How a closed task ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Done.
    Completed,
    /// Will not be done.
    Cancelled,
}

impl Outcome {
    /// The status of a task that ended so.
    pub const fn status(self) -> TaskStatus {
        match self {
            Self::Completed => TaskStatus::Completed,
            Self::Cancelled => TaskStatus::Cancelled,
        }
    }
}

/// The outcome of every closed task, a byte each, and which of those in memory may be let go of.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Closed {
    numbered: Vec<Option<Outcome>>,
    named: SortedMap<TaskId, Outcome>,
    /// Closed tasks in memory that nobody waits for, in the order of closing.
    pub(super) kept: SortedSet<(TimeMs, TaskId)>,
}

impl Closed {
    /// How a task ended.
    pub(super) fn outcome(&self, id: &TaskId) -> Option<Outcome> {
        match place(id) {
            Some(place) => self.numbered.get(place).copied().flatten(),
            None => self.named.get(id).copied(),
        }
    }

    /// Notes that a task has ended.
    pub(super) fn note(&mut self, id: &TaskId, outcome: Outcome) {
        let Some(place) = place(id) else {
            self.named.insert(id.clone(), outcome);
            return;
        };
        if self.numbered.len() <= place {
            self.numbered.resize(place + 1, None);
        }
        self.numbered[place] = Some(outcome);
    }
}

/// Numbers so large that they cannot have been handed out (from an imported database, say) are kept by name.
fn place(id: &TaskId) -> Option<usize> {
    const MOST: usize = 100_000_000;
    id.number().and_then(|number| usize::try_from(number).ok()).filter(|&place| place <= MOST)
}
