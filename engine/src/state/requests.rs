//! First answers, by the caller's name for the call.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::answer::Remembered;
use crate::ids::{ManusId, RequestId, TimeMs};
use crate::sorted::SortedMap;

/// How long an answer is kept at the least, in milliseconds: a day.
pub const KEPT_MS: TimeMs = 24 * 60 * 60 * 1000;

type Name = (Option<ManusId>, RequestId);

/// The answers given to calls with a request id within the last day.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Requests {
    answers: SortedMap<Name, Arc<Remembered>>,
    /// Oldest first.
    order: VecDeque<Name>,
}

impl Requests {
    pub(crate) fn get(&self, actor: Option<&ManusId>, id: &RequestId) -> Option<&Arc<Remembered>> {
        self.answers.get(&(actor.cloned(), id.clone()))
    }

    /// Keeps an answer, and forgets those that are older than a day.
    pub(crate) fn keep(&mut self, remembered: Remembered) {
        let oldest = remembered.at_ms - KEPT_MS;
        let name = (remembered.actor.clone(), remembered.request_id.clone());
        self.answers.insert(name.clone(), Arc::new(remembered));
        self.order.push_back(name);
        while let Some(front) = self.order.front() {
            if self.answers.get(front).is_some_and(|first| first.at_ms >= oldest) {
                break;
            }
            self.answers.remove(front);
            self.order.pop_front();
        }
    }
}
