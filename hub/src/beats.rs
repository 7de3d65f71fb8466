//! Plain signs of life: noted in memory, and folded into the log a few seconds later.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use engine::{ManusId, TimeMs};
use tokio::sync::Notify;

/// Signs of life since the last fold.
#[derive(Debug, Default)]
pub(crate) struct Beats {
    // A std Mutex: nothing awaits while it is held, and it is held for a map insertion.
    seen: Mutex<HashMap<ManusId, TimeMs>>,
    first: Notify,
}

impl Beats {
    /// Notes that an agent was alive at a moment.
    pub(crate) fn note(&self, manus: &ManusId, at_ms: TimeMs) {
        let mut seen = self.lock();
        let was_empty = seen.is_empty();
        match seen.get_mut(manus) {
            Some(last) => *last = at_ms.max(*last),
            None => {
                seen.insert(manus.clone(), at_ms);
            }
        }
        drop(seen);
        if was_empty {
            self.first.notify_one();
        }
    }

    /// Waits until there is something to fold where there was nothing before.
    pub(crate) async fn first_noted(&self) {
        self.first.notified().await;
    }

    /// True when nothing waits to be folded.
    pub(crate) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// Takes everything, in order of id.
    pub(crate) fn take(&self) -> Vec<(ManusId, TimeMs)> {
        let mut beats: Vec<_> = std::mem::take(&mut *self.lock()).into_iter().collect();
        beats.sort();
        beats
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ManusId, TimeMs>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
