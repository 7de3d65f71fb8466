//! A state as a snapshot, and a snapshot as a state.

use std::sync::Arc;

use serde::Deserialize;

use super::course::{Course, Happened};
use super::task::{self, Planned};
use super::{Agent, Outcome, Presence, Stage, State, Task};
use crate::answer::Remembered;
use crate::event::TaskSpec;
use crate::ids::{LockKey, TaskId};
use crate::shared::{Shared, own};
use crate::sorted::{SortedSet, sort_by_key};
use crate::values::{InstanceStatus, LockMode, Progress, TaskStatus};
use crate::view::{FileLock, ManusInstance, Snapshot, SyncTask};

impl State {
    /// Everything live, as others see it.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            seq: self.seq,
            at_ms: self.at_ms,
            settings: self.settings.clone(),
            counters: self.counters,
            closed: self.closed_counts,
            manus: self.agents.values().map(|agent| agent.view(self)).collect(),
            tasks: self.tasks.values().map(|task| Arc::new(task.view(self))).collect(),
            locks: self.locks.iter().cloned().collect(),
            metrics: self.metrics.newest(),
            waits: self.waits.iter().cloned().collect(),
            messages: self.inbox.iter().cloned().collect(),
        }
    }

    /// The state that a snapshot shows.
    ///
    /// `outcomes` names the closed tasks that are not in the snapshot; only deciding about new dependencies needs them, so a
    /// browser passes none. `requests` are the remembered answers, oldest first.
    pub fn from_snapshot(
        mut snapshot: Snapshot,
        outcomes: impl IntoIterator<Item = (TaskId, Outcome)>,
        requests: impl IntoIterator<Item = Remembered>,
    ) -> Self {
        // Whoever has the snapshot for itself loses nothing to a copy of all texts.
        let tasks = std::mem::take(&mut snapshot.tasks).into_iter();
        let tasks = tasks.map(|view| LoadedTask::from(Arc::unwrap_or_clone(view))).collect();
        Self::restore(snapshot, tasks, outcomes, requests)
    }

    /// The state that a snapshot shows whose tasks were made of their rows one by one: a million views take up more room than a
    /// state. They come by id.
    pub fn restore(
        snapshot: Snapshot,
        tasks: Vec<LoadedTask>,
        outcomes: impl IntoIterator<Item = (TaskId, Outcome)>,
        requests: impl IntoIterator<Item = Remembered>,
    ) -> Self {
        let mut state = Self::new(snapshot.settings);
        state.seq = snapshot.seq;
        state.at_ms = snapshot.at_ms;
        outcomes.into_iter().for_each(|(id, outcome)| state.closed.note(&id, outcome));
        state.remember(requests);
        for manus in snapshot.manus {
            state.load_agent(manus);
        }
        let order = order_of_places(&tasks);
        state.tasks = tasks.into_iter().map(|LoadedTask(task)| (task.spec.id.clone(), task)).collect();
        state.load_links();
        for lock in snapshot.locks {
            state.put_lock(lock);
        }
        state.load_places(order);
        state.metrics.load(snapshot.metrics);
        for wait in snapshot.waits {
            state.put_wait(wait);
        }
        for message in snapshot.messages {
            state.inbox.add(message, state.settings.messages_kept);
        }
        state.counters = snapshot.counters;
        state.closed_counts = snapshot.closed;
        state.take_touched();
        state
    }

    /// Remembers answers, oldest first.
    pub fn remember(&mut self, requests: impl IntoIterator<Item = Remembered>) {
        requests.into_iter().for_each(|remembered| self.requests.keep(remembered));
    }

    fn load_agent(&mut self, view: ManusInstance) {
        let id = view.id.clone();
        let agent = Agent {
            role: view.role,
            capabilities: view.capabilities,
            max_parallel: view.max_parallel,
            program: view.program,
            model: view.model,
            registered_at_ms: view.registered_at_ms,
            last_seen_ms: view.last_heartbeat_ms,
            grace_from_ms: view.last_heartbeat_ms,
            presence: match view.status {
                InstanceStatus::Active | InstanceStatus::Idle => Presence::Here,
                InstanceStatus::Inactive => Presence::Gone,
                InstanceStatus::Lost => Presence::Lost,
            },
            says_active: view.status == InstanceStatus::Active && view.current_task.is_none(),
            said_progress: if view.current_task.is_none() { view.progress } else { Progress::NONE },
            draining: view.draining,
            performance_score: view.performance_score,
            stats: view.stats,
            ..Agent::unborn(&id, view.registered_at_ms)
        };
        if agent.takes_work(&self.settings) {
            self.work.takers.insert((agent.backlog(), id.clone()));
        }
        self.agents.insert(id.clone(), agent);
        self.list_abilities(&id, true);
        self.watch_silence(&id, |_| {});
    }

    /// Who waits for whom, and the chains of work behind each task, each computed once from the last tasks backwards.
    fn load_links(&mut self) {
        let links: Vec<(TaskId, TaskId)> = self
            .tasks
            .values()
            .flat_map(|task| {
                task.waiting_for.iter().map(|dependency| (dependency.clone(), task.spec.id.clone()))
            })
            .collect();
        for (dependency, dependent) in links {
            if let Some(task) = self.task_mut(&dependency) {
                task.dependents.insert(dependent);
            }
        }
        // Of a task that stands alone, the chain is known.
        let linked =
            self.tasks.values().filter(|task| !task.dependents.is_empty() || !task.waiting_for.is_empty());
        let mut behind: crate::sorted::SortedMap<TaskId, usize> =
            linked.map(|task| (task.spec.id.clone(), task.dependents.len())).collect();
        let mut settled: Vec<TaskId> =
            behind.iter().filter(|(_, n)| **n == 0).map(|(id, _)| id.clone()).collect();
        while let Some(id) = settled.pop() {
            let Some(task) = self.tasks.get(&id) else { continue };
            let (chain, urgency) = self.chain_of(task);
            for dependency in &task.waiting_for {
                if let Some(open) = behind.get_mut(dependency) {
                    *open -= 1;
                    if *open == 0 {
                        settled.push(dependency.clone());
                    }
                }
            }
            if let Some(task) = self.task_mut(&id) {
                (task.chain, task.urgency) = (chain, urgency);
            }
        }
    }

    /// Enters the tasks in the indexes, in this order. Taking each out of the vector of a browser, and putting it back, would take
    /// the square of their number.
    fn load_places(&mut self, order: Vec<TaskId>) {
        let mut tasks = std::mem::take(&mut self.tasks);
        for id in order {
            let Some(task) = tasks.get_mut(&id) else { continue };
            if let Some(outcome) = outcome_of(task.status()) {
                self.closed.note(&id, outcome);
                if let Some(closed_at) = task.closed_at_ms().filter(|_| task.dependents.is_empty()) {
                    self.closed.kept.insert((closed_at, id));
                }
            } else if task.stage == Stage::Pending
                && task.assigned_to.is_none()
                && task.course.retry_at_ms.is_none()
            {
                let parked_on = self.locks_before(task);
                if !parked_on.is_empty() {
                    own(task).course.parked_on = parked_on;
                }
            }
            self.enter(task);
        }
        self.tasks = tasks;
    }

    /// The locks in the way of a task that nobody has: the first 64 a file, in a fixed order.
    pub(crate) fn locks_before(&self, task: &Task) -> Vec<LockKey> {
        let locks =
            |file| self.locks.in_the_way(file, LockMode::Exclusive, None, 64).into_iter().map(FileLock::key);
        let keys: SortedSet<LockKey> = task.spec.files_involved.iter().flat_map(locks).collect();
        keys.into_iter().collect()
    }
}

/// A task made of its view, to be put into a state together with all others of its project.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(from = "SyncTask")]
pub struct LoadedTask(Shared<Task>);

impl LoadedTask {
    /// As created.
    pub fn spec(&self) -> &TaskSpec {
        &self.0.spec
    }

    /// True when it is completed or cancelled.
    pub fn is_closed(&self) -> bool {
        self.0.closed_at_ms().is_some()
    }

    /// Sets which of its dependencies it waits for.
    pub fn set_waiting_for(&mut self, dependencies: impl IntoIterator<Item = TaskId>) {
        own(&mut self.0).waiting_for = dependencies.into_iter().collect();
    }
}

/// Running tasks in the order of starting, closed ones in the order of closing.
fn order_of_places(tasks: &[LoadedTask]) -> Vec<TaskId> {
    let mut order: Vec<&Task> = tasks.iter().map(|task| &*task.0).collect();
    sort_by_key(&mut order, |task| (task.closed_at_ms(), task.course.started_at_ms));
    order.into_iter().map(|task| task.spec.id.clone()).collect()
}

fn outcome_of(status: TaskStatus) -> Option<Outcome> {
    match status {
        TaskStatus::Completed => Some(Outcome::Completed),
        TaskStatus::Cancelled => Some(Outcome::Cancelled),
        TaskStatus::Pending | TaskStatus::InProgress | TaskStatus::Blocked | TaskStatus::NeedsReview => None,
    }
}

fn planned(view: &SyncTask) -> Option<Planned> {
    let (start_ms, finish_ms) = (view.expected_start_ms?, view.expected_finish_ms?);
    Some(Planned { manus_id: view.planned_for.clone()?, start_ms, finish_ms })
}

impl From<SyncTask> for LoadedTask {
    fn from(view: SyncTask) -> Self {
        let planned = planned(&view);
        let spec = Arc::new(TaskSpec {
            id: view.id,
            title: view.title,
            description: view.description,
            priority: view.priority,
            files_involved: view.files_involved,
            dependencies: view.dependencies,
            estimated_duration: view.estimated_duration,
            required_capabilities: view.required_capabilities,
        });
        let at_ms = view.completed_at_ms.unwrap_or(view.updated_at_ms);
        Self(Shared::new(Task {
            need: task::need_of(&spec),
            stage: match view.status {
                TaskStatus::Blocked => Stage::Blocked,
                TaskStatus::InProgress => Stage::InProgress,
                TaskStatus::NeedsReview => Stage::NeedsReview,
                TaskStatus::Pending => Stage::Pending,
                TaskStatus::Completed => Stage::Completed { at_ms },
                TaskStatus::Cancelled => Stage::Cancelled { at_ms, reason: view.blocked_reason },
            },
            assigned_to: view.assigned_to,
            pinned: view.pinned,
            waiting_for: view.waiting_for.into_iter().collect(),
            dependents: SortedSet::new(),
            chain: u64::from(spec.estimated_duration),
            urgency: spec.priority,
            planned,
            progress: view.progress,
            attempts: view.attempts,
            created_at_ms: view.created_at_ms,
            updated_at_ms: view.updated_at_ms,
            course: Course::from(Happened {
                held: view.held_reason,
                failures: view.failures,
                errors: view.errors,
                retry_at_ms: view.retry_at_ms,
                progressed_at_ms: view.progressed_at_ms,
                stall_level: view.stall_level,
                reviewer: view.reviewer,
                result: view.result,
                note: view.note,
                returned_by: view.returned_by,
                started_at_ms: view.started_at_ms,
                ..Happened::default()
            }),
            spec,
        }))
    }
}
