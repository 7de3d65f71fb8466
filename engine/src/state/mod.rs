//! The live state of a project, and the one way to change it: [`State::apply`].
//!
//! Everything here is derived from the event log. Indexes stand beside the data so that no command has to look at all tasks or
//! all agents; [`State::check`] recounts them.

mod agent;
mod apply;
mod chains;
mod check;
mod claims;
mod closed;
mod course;
mod inbox;
mod locks;
pub mod metrics;
mod planned;
mod rebuild;
mod requests;
mod setbacks;
pub(crate) mod task;
mod touched;
mod waits;
mod work;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use agent::{Agent, Presence};
pub use closed::Outcome;
pub use inbox::Inbox;
pub use locks::LockTable;
pub use rebuild::LoadedTask;
pub use requests::Requests;
pub use task::{Rank, Stage, Task};
pub use touched::Touched;
pub use waits::Waits;
pub(crate) use work::Work;

use crate::ids::{LockKey, ManusId, Seq, TaskId, TimeMs, WaitId};
use crate::shared::{Shared, own};
use crate::sorted::{SortedMap, SortedSet};
use crate::view::{ClosedCounts, Counters, ManusInstance, SyncTask};

/// What can be tuned in the rules. Part of the snapshot, so that browser and server count alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Settings {
    /// Silence after which an agent counts as lost, in milliseconds.
    pub heartbeat_timeout_ms: TimeMs,
    /// How long the locks of a lost agent stay closed, in milliseconds.
    pub lock_delay_ms: TimeMs,
    /// Failed attempts after which a task is held back.
    pub max_failures: u32,
    /// The pause after the first failure, in milliseconds; it doubles with each further one, up to ten minutes.
    pub retry_backoff_ms: TimeMs,
    /// How long a task in progress may go without a report at the least, in milliseconds; half its estimate if that is more.
    pub stall_after_ms: TimeMs,
    /// Whether a task that has stalled three times as long goes to somebody else.
    pub reassign_stalled: bool,
    /// How many tasks an agent may have, running and queued, before it is given no more.
    pub queue_max: usize,
    /// How many closed tasks stay in memory.
    pub closed_kept: usize,
    /// How many processed messages stay in memory.
    pub messages_kept: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            heartbeat_timeout_ms: 120_000,
            lock_delay_ms: 15_000,
            max_failures: 3,
            retry_backoff_ms: 30_000,
            stall_after_ms: 600_000,
            reassign_stalled: false,
            queue_max: 64,
            closed_kept: 1_000,
            messages_kept: 200,
        }
    }
}

impl Settings {
    /// How often an agent should give a sign of life: four times within the timeout, at least every second.
    pub fn heartbeat_interval_secs(&self) -> u64 {
        u64::try_from(self.heartbeat_timeout_ms / 4_000).unwrap_or(0).max(1)
    }
}

/// Something that comes due by itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Due {
    /// An agent has been silent for too long.
    Silence(ManusId),
    /// A lock lapses.
    Lapse(LockKey),
    /// A waiting claim gives up.
    WaitOver(WaitId),
    /// A failed task may be tried again.
    Retry(TaskId),
    /// A task in progress has not moved for too long.
    Stall(TaskId),
}

/// All that is live in one project.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    pub(crate) settings: Settings,
    pub(crate) seq: Seq,
    pub(crate) at_ms: TimeMs,
    pub(crate) counters: Counters,
    pub(crate) closed_counts: ClosedCounts,
    pub(crate) agents: SortedMap<ManusId, Agent>,
    /// Each once in memory, however many copies of this state there are; until it changes in one of them.
    pub(crate) tasks: SortedMap<TaskId, Shared<Task>>,
    pub(crate) closed: closed::Closed,
    pub(crate) locks: LockTable,
    pub(crate) waits: Waits,
    pub(crate) inbox: Inbox,
    pub(crate) requests: Requests,
    pub(crate) metrics: metrics::Metrics,
    pub(crate) work: Work,
    pub(crate) deadlines: SortedSet<(TimeMs, Due)>,
    pub(crate) touched: Touched,
    /// Tasks behind which others were put whose length and urgency they do not know of yet. Empty but while events are applied.
    pub(crate) longer: SortedSet<TaskId>,
}

impl State {
    /// An empty project.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            seq: 0,
            at_ms: 0,
            counters: Counters::default(),
            closed_counts: ClosedCounts::default(),
            agents: SortedMap::new(),
            tasks: SortedMap::new(),
            closed: closed::Closed::default(),
            locks: LockTable::default(),
            waits: Waits::default(),
            inbox: Inbox::default(),
            requests: Requests::default(),
            metrics: metrics::Metrics::default(),
            work: Work::default(),
            deadlines: SortedSet::new(),
            touched: Touched::default(),
            longer: SortedSet::new(),
        }
    }

    /// The last event applied.
    pub fn seq(&self) -> Seq {
        self.seq
    }

    /// The time of the last event applied.
    pub fn at_ms(&self) -> TimeMs {
        self.at_ms
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The numbers handed out next.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// How many tasks were ever closed.
    pub fn closed_counts(&self) -> ClosedCounts {
        self.closed_counts
    }

    /// When a [`Tick`](crate::Command::Tick) will next find something to do.
    pub fn next_deadline(&self) -> Option<TimeMs> {
        self.deadlines.first().map(|(at, _)| *at)
    }

    /// All agents, in order of id.
    pub fn agents(&self) -> impl ExactSizeIterator<Item = &Agent> {
        self.agents.values()
    }

    /// One agent.
    pub fn agent(&self, id: &ManusId) -> Option<&Agent> {
        self.agents.get(id)
    }

    /// An agent as others see it.
    pub fn manus(&self, id: &ManusId) -> Option<ManusInstance> {
        self.agents.get(id).map(|agent| agent.view(self))
    }

    /// All tasks in memory, open and newly closed, in order of id.
    pub fn tasks(&self) -> impl DoubleEndedIterator<Item = &Task> + ExactSizeIterator {
        self.tasks.values().map(Shared::as_ref)
    }

    /// The tasks in memory whose id comes after this one, in order.
    pub fn tasks_after(&self, id: Option<&TaskId>) -> impl Iterator<Item = &Task> {
        use std::ops::Bound::{Excluded, Unbounded};
        let from = id.map_or(Unbounded, Excluded);
        self.tasks.range::<TaskId, _>((from, Unbounded)).map(|(_, task)| &**task)
    }

    /// One task in memory.
    pub fn task(&self, id: &TaskId) -> Option<&Task> {
        self.tasks.get(id).map(Shared::as_ref)
    }

    /// A task in memory as others see it.
    pub fn task_view(&self, id: &TaskId) -> Option<Arc<SyncTask>> {
        self.tasks.get(id).map(|task| Arc::new(task.view(self)))
    }

    /// All locks.
    pub fn locks(&self) -> &LockTable {
        &self.locks
    }

    /// All waiting claims.
    pub fn waits(&self) -> &Waits {
        &self.waits
    }

    /// Messages: all unread ones and the newest others.
    pub fn inbox(&self) -> &Inbox {
        &self.inbox
    }

    /// Counts by minute and by hour.
    pub fn metrics(&self) -> &metrics::Metrics {
        &self.metrics
    }

    /// How a task ended, also when it is no longer in memory; `None` for open and unknown tasks.
    pub fn outcome(&self, id: &TaskId) -> Option<Outcome> {
        self.closed.outcome(id)
    }

    /// The tasks that an agent has, in the order in which to do them: running ones first, then its queue.
    pub fn assigned_tasks(&self, id: &ManusId) -> Vec<TaskId> {
        let Some(agent) = self.agents.get(id) else { return Vec::new() };
        agent.running.iter().chain(agent.queue.iter().map(|rank| &rank.task)).cloned().collect()
    }

    /// Changes places with a state that some events are still to be applied to, but for the remembered answers: who decides
    /// needs them, and nobody else.
    pub fn change_places(&mut self, behind: &mut Self) {
        std::mem::swap(self, behind);
        std::mem::swap(&mut self.requests, &mut behind.requests);
    }

    /// Keeps these tasks and those they wait for once in memory together with another state that has applied the same events.
    #[cfg(not(target_family = "wasm"))]
    pub fn share_tasks(&mut self, other: &Self, tasks: &SortedSet<TaskId>) {
        for id in tasks {
            self.share_task(other, id);
            let Some(task) = other.tasks.get(id) else { continue };
            task.spec.dependencies.iter().for_each(|dependency| self.share_task(other, dependency));
        }
    }

    #[cfg(not(target_family = "wasm"))]
    fn share_task(&mut self, other: &Self, id: &TaskId) {
        if let (Some(mine), Some(theirs)) = (self.tasks.get_mut(id), other.tasks.get(id))
            && !Arc::ptr_eq(mine, theirs)
            && mine == theirs
        {
            *mine = theirs.clone();
        }
    }

    /// A task, to be changed here alone.
    pub(crate) fn task_mut(&mut self, id: &TaskId) -> Option<&mut Task> {
        self.tasks.get_mut(id).map(own)
    }

    /// What has changed since the last call of this function.
    pub fn take_touched(&mut self) -> Touched {
        std::mem::take(&mut self.touched)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{Call, Command, Dependency, NewTask};

    fn decide(state: &mut State, command: Command) -> Vec<crate::Record> {
        state.decide(1_000, &Call::from(command)).unwrap().events
    }

    #[test]
    fn two_states_hold_a_task_once_until_it_changes_in_one() {
        let task = |title: &str, dependencies| NewTask {
            title: title.to_owned(),
            description: String::new(),
            priority: crate::Priority::Medium,
            files_involved: Vec::new(),
            dependencies,
            estimated_duration: 60,
            required_capabilities: Vec::new(),
        };
        let tasks = vec![task("One", Vec::new()), task("Two", vec![Dependency::InBatch(0)])];
        let mut ahead = State::new(Settings::default());
        let mut behind = ahead.clone();
        let records = decide(&mut ahead, Command::CreateTasks { tasks });
        records.iter().for_each(|record| behind.apply(record));
        let touched = behind.take_touched().tasks;
        let shared = |ahead: &State, behind: &State| {
            ahead.tasks.iter().filter(|(id, task)| Arc::ptr_eq(task, &behind.tasks[id])).count()
        };
        assert_eq!((touched.len(), shared(&ahead, &behind)), (2, 0));
        behind.share_tasks(&ahead, &touched);
        assert_eq!(shared(&ahead, &behind), 2);
        let (task_id, reason) = (TaskId::numbered(1), Some("later".to_owned()));
        let records = decide(
            &mut ahead,
            Command::BlockTask { manus_id: ManusId::supervisor(), task_id: task_id.clone(), reason },
        );
        assert_eq!(
            (ahead.task(&task_id).unwrap().held_reason(), behind.task(&task_id).unwrap().held_reason()),
            (Some("later"), None)
        );
        records.iter().for_each(|record| behind.apply(record));
        let touched = behind.take_touched().tasks;
        behind.share_tasks(&ahead, &touched);
        assert_eq!(shared(&ahead, &behind), 2);
        ahead.take_touched();
        assert_eq!(ahead, behind);
    }

    #[test]
    fn a_chain_is_as_long_whether_its_tasks_come_one_by_one_or_at_once() {
        let task = |before: Option<usize>| NewTask {
            title: "Step".to_owned(),
            description: String::new(),
            priority: if before == Some(3) { crate::Priority::Critical } else { crate::Priority::Low },
            files_involved: Vec::new(),
            dependencies: before.map(Dependency::InBatch).into_iter().collect(),
            estimated_duration: 10,
            required_capabilities: Vec::new(),
        };
        let tasks = (0..5).map(|place: usize| task(place.checked_sub(1))).collect();
        let mut decided = State::new(Settings::default());
        let (mut one_by_one, mut at_once) = (decided.clone(), decided.clone());
        let records = decide(&mut decided, Command::CreateTasks { tasks });
        records.iter().for_each(|record| one_by_one.apply(record));
        at_once.apply_all(&records);
        assert_eq!((&one_by_one, &at_once), (&decided, &decided));
        let first = decided.task(&TaskId::numbered(1)).unwrap();
        assert_eq!((first.chain, first.urgency), (50, crate::Priority::Critical));
    }
}
