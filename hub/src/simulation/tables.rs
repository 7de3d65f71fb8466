//! What a store keeps, in memory: the rows as commits leave them, and what a load makes of them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::store::{Changes, Loaded, Log};
use engine::state::metrics::Bucket;
use engine::state::{LoadedTask, Outcome};
use engine::view::{ClosedCounts, Counters, FileLock, ManusInstance, Message, Snapshot, SyncTask};
use engine::{ManusId, MessageId, Record, Remembered, Seq, Settings, TaskId, TaskStatus, TimeMs};

/// The rows.
#[derive(Debug, Default)]
pub struct Tables {
    events: Vec<Record>,
    manus: BTreeMap<ManusId, ManusInstance>,
    tasks: BTreeMap<TaskId, Arc<SyncTask>>,
    locks: BTreeMap<u64, FileLock>,
    messages: BTreeMap<MessageId, Arc<Message>>,
    buckets: BTreeMap<(TimeMs, TimeMs), Bucket>,
    remembered: Vec<Remembered>,
    counters: Counters,
    complete_seq: Seq,
}

impl Tables {
    /// The same after one commit more.
    pub fn with(mut self, changes: &Changes) -> Self {
        self.apply(changes);
        self
    }

    pub fn records(&self) -> Vec<Record> {
        self.events.clone()
    }

    pub fn apply(&mut self, changes: &Changes) {
        self.events
            .extend(changes.events.iter().map(|frame| serde_json::from_str::<Record>(frame.json()).unwrap()));
        self.manus.extend(changes.manus.iter().map(|row| (row.id.clone(), row.clone())));
        self.tasks.extend(changes.tasks.iter().map(|row| (row.id.clone(), row.clone())));
        for token in &changes.ended_locks {
            self.locks.remove(token);
        }
        self.locks.extend(changes.locks.iter().map(|row| (row.fencing_token, row.clone())));
        self.messages.extend(changes.messages.iter().map(|row| (row.id, row.clone())));
        for id in &changes.processed {
            if let Some(message) = self.messages.get_mut(id) {
                Arc::make_mut(message).processed = true;
            }
        }
        for key in &changes.ended_buckets {
            self.buckets.remove(key);
        }
        self.buckets.extend(changes.buckets.iter().map(|row| ((row.width_ms, row.start_ms), *row)));
        if let Some(before) = changes.forget_before_ms {
            self.remembered.retain(|row| row.at_ms >= before);
        }
        self.remembered.extend(changes.remembered.iter().cloned());
        self.counters = changes.counters;
        self.complete_seq = changes.complete_seq.unwrap_or(self.complete_seq);
    }

    pub fn load(&self, settings: &Settings) -> Loaded {
        let ended = |task: &Arc<SyncTask>| match task.status {
            TaskStatus::Completed => Some((task.id.clone(), Outcome::Completed)),
            TaskStatus::Cancelled => Some((task.id.clone(), Outcome::Cancelled)),
            _ => None,
        };
        let outcomes: Vec<(TaskId, Outcome)> = self.tasks.values().filter_map(ended).collect();
        let count = |of| outcomes.iter().filter(|(_, outcome)| *outcome == of).count() as u64;
        let snapshot = Snapshot {
            seq: self.events.last().map_or(0, |record| record.seq),
            at_ms: self.events.last().map_or(0, |record| record.at_ms),
            settings: settings.clone(),
            counters: self.counters,
            closed: ClosedCounts {
                completed: count(Outcome::Completed),
                cancelled: count(Outcome::Cancelled),
            },
            manus: self.agents(),
            tasks: Vec::new(),
            locks: self.locks.values().cloned().collect(),
            waits: Vec::new(),
            metrics: self.buckets.values().copied().collect(),
            messages: self.live_messages(settings),
        };
        let tasks = self.live_tasks(settings, &outcomes.iter().cloned().collect());
        let tasks = tasks.into_iter().map(|row| LoadedTask::from(Arc::unwrap_or_clone(row))).collect();
        let requests = self.remembered.clone();
        Loaded {
            snapshot,
            tasks,
            outcomes,
            requests,
            log: Log { id: "simulated".to_owned(), ..Log::default() },
        }
    }

    /// The agents, with the signs of life that the log knows better than their rows.
    fn agents(&self) -> Vec<ManusInstance> {
        let mut agents = self.manus.clone();
        for record in self.events.iter().filter(|record| record.seq > self.complete_seq) {
            if let Some(agent) = record.by.as_ref().and_then(|by| agents.get_mut(by)) {
                agent.last_heartbeat_ms = agent.last_heartbeat_ms.max(record.at_ms);
            }
        }
        agents.into_values().collect()
    }

    /// The open tasks, the newest of the closed ones, and those cancelled ones that open tasks still wait for.
    fn live_tasks(&self, settings: &Settings, outcomes: &HashMap<TaskId, Outcome>) -> Vec<Arc<SyncTask>> {
        let waits = |id: &&TaskId| outcomes.get(id) != Some(&Outcome::Completed);
        let (closed, open): (Vec<_>, Vec<_>) =
            self.tasks.values().partition(|task| task.completed_at_ms.is_some());
        let mut live: BTreeMap<TaskId, Arc<SyncTask>> = BTreeMap::new();
        let mut asked = BTreeSet::new();
        for task in open {
            let mut task = (**task).clone();
            task.waiting_for = task.dependencies.iter().filter(waits).cloned().collect();
            asked.extend(task.dependencies.iter().cloned());
            live.insert(task.id.clone(), Arc::new(task));
        }
        let mut newest = closed.clone();
        newest.sort_by_key(|task| std::cmp::Reverse(task.completed_at_ms));
        newest.truncate(settings.closed_kept);
        let cancelled = closed
            .iter()
            .filter(|task| asked.contains(&task.id) && outcomes.get(&task.id) == Some(&Outcome::Cancelled));
        for task in newest.iter().chain(cancelled) {
            live.insert(task.id.clone(), (*task).clone());
        }
        live.into_values().collect()
    }

    /// All unread messages and the newest of the others.
    fn live_messages(&self, settings: &Settings) -> Vec<Arc<Message>> {
        let unread = self.messages.values().filter(|message| !message.processed);
        let read = self.messages.values().rev().filter(|message| message.processed);
        let mut live: Vec<Arc<Message>> = unread.chain(read.take(settings.messages_kept)).cloned().collect();
        live.sort_by_key(|message| message.id);
        live
    }
}
