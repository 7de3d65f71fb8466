//! What a batch changes in the store: its events, and the rows that are different after them.

use std::collections::BTreeSet;
use std::sync::Arc;

use engine::view::SyncTask;
use engine::{Event, ManusId, State, TimeMs, Touched};

use super::Late;
use super::batch::Batch;
use crate::feed::Frame;
use crate::store::{Changes, StoreError};

/// How long remembered answers are kept. The engine forgets by the same measure.
const ANSWERS_KEPT_MS: TimeMs = 24 * 60 * 60 * 1000;

impl Batch {
    /// Gathers the changes of a decided batch. Answers the agents whose rows are to be written later.
    pub(super) fn collect(
        &mut self,
        state: &mut State,
        late: &Late,
    ) -> Result<BTreeSet<ManusId>, StoreError> {
        let touched = state.take_touched();
        let mut changes = Changes {
            remembered: std::mem::take(&mut self.remembered),
            counters: state.counters(),
            complete_seq: self.complete.then(|| state.seq()),
            forget_before_ms: self.forget.then_some(self.now_ms - ANSWERS_KEPT_MS),
            ..Changes::default()
        };
        let mut scratch = Vec::new();
        for record in &self.records {
            let frame = Frame::written(record, &mut scratch)
                .map_err(|error| StoreError::new("an event could not be written down", error))?;
            changes.events.push(Arc::new(frame));
        }
        let mut agents = touched.manus.clone();
        if self.complete {
            agents.extend(touched.beats.iter().chain(&late.manus).cloned());
        }
        changes.manus = agents.iter().filter_map(|id| state.manus(id)).collect();
        changes.tasks = self.tasks(&touched, state);
        locks(&touched, state, &mut changes);
        for (width, start) in touched.buckets.iter().copied() {
            match state.metrics().get(width, start) {
                Some(bucket) => changes.buckets.push(*bucket),
                None => changes.ended_buckets.push((width, start)),
            }
        }
        self.messages(&mut changes);
        self.changes = changes;
        let unwritten = touched.beats.into_iter().filter(|id| !agents.contains(id));
        Ok(unwritten.collect())
    }

    fn tasks(&self, touched: &Touched, state: &State) -> Vec<Arc<SyncTask>> {
        let row = |id| state.task_view(id).or_else(|| self.closed.get(id).cloned());
        touched.tasks.iter().filter_map(row).collect()
    }

    /// Messages are written from the events: the state lets go of processed ones.
    fn messages(&self, changes: &mut Changes) {
        for record in &self.records {
            match &record.event {
                Event::MessageSent { message } => changes.messages.push(message.clone()),
                Event::MessagesProcessed { ids, .. } => changes.processed.extend(ids),
                _ => {}
            }
        }
    }
}

/// Grants have their token for a key, and a lock that is given up and claimed again in one batch gets a new one.
fn locks(touched: &Touched, state: &State, changes: &mut Changes) {
    for (key, before) in &touched.locks {
        let now = state.locks().get(key);
        if let Some(token) = before.filter(|token| now.is_none_or(|lock| lock.fencing_token != *token)) {
            changes.ended_locks.push(token);
        }
        changes.locks.extend(now.cloned());
    }
}
