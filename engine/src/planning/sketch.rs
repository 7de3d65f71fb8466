//! What a plan needs to know of a state, copied out piece by piece.

use std::sync::Arc;

use crate::capability::Capability;
use crate::event::TaskSpec;
use crate::ids::{ManusId, TaskId, TimeMs};
use crate::plan::{Dependent, window};
use crate::sorted::SortedSet;
use crate::state::task::{Need, Planned};
use crate::state::{Agent, Presence, Rank, Stage, State, Task};
use crate::values::LockMode;

/// How many open tasks are planned at most: those that are ready or will be soon, the most pressing first.
pub const WINDOW: usize = 1_000;
/// How many tasks that wait for one task are looked at.
const DEPENDENTS_SEEN: usize = 256;
/// How many files of a task are looked at for claims in its way.
const FILES_SEEN: usize = 64;
/// How many locks in the way of a file are looked at.
const LOCKS_SEEN: usize = 4;
/// How many things to come are looked through for failed tasks that are to be tried again.
const DUE_SEEN: usize = 2_000;

/// What a plan needs to know of a state.
///
/// Made in pieces, so that nobody has to keep the state still for long: [`Sketch::begin`] chooses the tasks, [`Sketch::go_on`]
/// copies them. Tasks that went on in between are copied as they then are; the rules check every step of a plan anyway.
#[derive(Debug, Clone, PartialEq)]
pub struct Sketch {
    pub(super) now_ms: TimeMs,
    pub(super) agents: Vec<Hands>,
    pub(super) tasks: Vec<Open>,
    /// Chosen and not yet copied, the next one last.
    to_copy: Vec<TaskId>,
    /// Whether there may be more open tasks than the window holds.
    full: bool,
}

/// An agent that is there.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Hands {
    pub(super) id: ManusId,
    pub(super) capabilities: Vec<Capability>,
    pub(super) lanes: u32,
    pub(super) speed_permille: u32,
    /// Finishes what it has and gets nothing new.
    pub(super) draining: bool,
}

/// A task that is not done.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Open {
    pub(super) spec: Arc<TaskSpec>,
    pub(super) need: Need,
    pub(super) stage: At,
    pub(super) assigned_to: Option<ManusId>,
    pub(super) pinned: bool,
    pub(super) waiting_for: Vec<TaskId>,
    pub(super) planned: Option<Planned>,
    /// Who gave it back.
    pub(super) returned_by: Option<ManusId>,
    /// Not before this moment, after a failure.
    pub(super) retry_at_ms: Option<TimeMs>,
    /// Claims in its way that are not those of a task: whose, and until when where that is known.
    pub(super) claims: Vec<(ManusId, Option<TimeMs>)>,
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum At {
    /// Nobody has started it.
    Waiting,
    /// In progress: since when, how far, and as of when.
    Running { since_ms: TimeMs, percent: u8, said_ms: TimeMs },
    /// Done, if the reviewer agrees.
    Review,
}

impl Sketch {
    /// All of it at once.
    pub fn of(state: &State, now_ms: TimeMs, limit: usize) -> Self {
        let mut sketch = Self::begin(state, now_ms, limit);
        while sketch.go_on(state, usize::MAX) {}
        sketch
    }

    /// Chooses what to plan: up to `limit` open tasks. Takes a look at the agents and at about as many tasks as are chosen,
    /// however many there are.
    pub fn begin(state: &State, now_ms: TimeMs, limit: usize) -> Self {
        let here = state.agents.values().filter(|agent| agent.presence == Presence::Here);
        let agents: Vec<Hands> = here.clone().map(hands).collect();
        let mut under_way: Vec<TaskId> = here.flat_map(|agent| agent.running.iter().cloned()).collect();
        let reviewed = state.agents().flat_map(|agent| &agent.reviewing).chain(&state.work.unreviewed);
        under_way.extend(reviewed.take(limit).cloned());
        let mut chosen = choose(state, &under_way, limit);
        let full = chosen.len() >= limit;
        chosen.reverse();
        chosen.extend(under_way);
        Self { now_ms, agents, tasks: Vec::with_capacity(chosen.len()), to_copy: chosen, full }
    }

    /// Copies up to `count` more tasks; false when that was all.
    pub fn go_on(&mut self, state: &State, count: usize) -> bool {
        let rest = self.to_copy.len().saturating_sub(count);
        for id in self.to_copy.split_off(rest).into_iter().rev() {
            self.tasks.extend(state.task(&id).and_then(|task| open(state, task)));
        }
        !self.to_copy.is_empty()
    }

    /// The moment from which the times of its problem and of plans for it count.
    pub fn now_ms(&self) -> TimeMs {
        self.now_ms
    }

    /// Whether there may be open tasks that were left out, since there are so many.
    pub fn is_full(&self) -> bool {
        self.full
    }

    /// The same with one more agent, who is there and has nothing to do.
    pub(super) fn with_one_more(&self, capabilities: Vec<Capability>) -> Self {
        // A name that nobody can have, since it is the engine's own.
        let id = ManusId::system();
        let mut more = self.clone();
        more.agents.push(Hands { id, capabilities, lanes: 1, speed_permille: 1000, draining: false });
        more
    }
}

fn hands(agent: &Agent) -> Hands {
    Hands {
        id: agent.id.clone(),
        capabilities: agent.capabilities.clone(),
        lanes: agent.max_parallel,
        speed_permille: agent.stats.speed_permille,
        draining: agent.draining,
    }
}

/// The tasks to plan, each after what it waits for.
fn choose(state: &State, under_way: &[TaskId], limit: usize) -> Vec<TaskId> {
    let soon = ready_soon(state, under_way, limit);
    let pool = state.work.pool.values().map(SortedSet::iter);
    let queues = state.agents.values().map(|agent| agent.queue.iter());
    let pausing = state.deadlines.iter().take(DUE_SEEN).filter_map(|(_, due)| match due {
        crate::state::Due::Retry(id) => state.task(id),
        _ => None,
    });
    let parked: SortedSet<&TaskId> = state.work.parked.values().flatten().take(limit).collect();
    let parked = parked.into_iter().filter_map(|id| state.task(id));
    let others: SortedSet<Rank> = pausing.chain(parked).map(Task::rank).chain(soon).collect();
    let rows = pool.chain(queues).chain(std::iter::once(others.iter()));
    let rows = rows.map(|row| row.map(|rank| (rank.clone(), rank.task.clone())));
    let mut chosen = window(rows, limit, |id, found| {
        let dependents = state.task(id).into_iter().flat_map(|task| task.dependents.iter());
        let dependents = dependents.take(DEPENDENTS_SEEN).filter_map(|id| state.task(id));
        found.extend(dependents.filter(|task| task.course.held.is_none()).map(|task| Dependent {
            rank: task.rank(),
            task: task.spec.id.clone(),
            waits_for: task.waiting_for.iter().filter(|id| !is_under_way(state, id)).count(),
        }));
    });
    chosen.truncate(limit);
    chosen
}

/// Tasks that wait for nothing but what is under way.
fn ready_soon(state: &State, under_way: &[TaskId], limit: usize) -> SortedSet<Rank> {
    let dependents = under_way.iter().filter_map(|id| state.task(id));
    let dependents = dependents.flat_map(|task| task.dependents.iter().take(DEPENDENTS_SEEN));
    let soon = dependents.take(limit).filter_map(|id| state.task(id)).filter(|task| {
        task.course.held.is_none() && task.waiting_for.iter().all(|id| is_under_way(state, id))
    });
    soon.map(Task::rank).collect()
}

fn is_under_way(state: &State, id: &TaskId) -> bool {
    state.task(id).is_some_and(|task| matches!(task.stage, Stage::InProgress | Stage::NeedsReview))
}

fn open(state: &State, task: &Task) -> Option<Open> {
    let stage = match task.stage {
        Stage::Pending | Stage::Blocked if task.course.held.is_none() => At::Waiting,
        Stage::InProgress => {
            let since_ms = task.course.started_at_ms.unwrap_or(state.at_ms());
            let said_ms = task.course.progressed_at_ms.unwrap_or(since_ms);
            At::Running { since_ms, percent: task.progress.percent(), said_ms }
        }
        Stage::NeedsReview => At::Review,
        _ => return None,
    };
    Some(Open {
        spec: task.spec.clone(),
        need: task.need.clone(),
        stage,
        assigned_to: task.assigned_to.clone(),
        pinned: task.pinned,
        waiting_for: task.waiting_for.iter().cloned().collect(),
        planned: task.planned.clone(),
        returned_by: task.course.returned_by.clone(),
        retry_at_ms: task.course.retry_at_ms,
        claims: if stage == At::Waiting { claims(state, task) } else { Vec::new() },
    })
}

/// Who holds files of a task, and until when, other than by tasks at work.
fn claims(state: &State, task: &Task) -> Vec<(ManusId, Option<TimeMs>)> {
    let files = task.spec.files_involved.iter().take(FILES_SEEN);
    let locks = files.flat_map(|file| state.locks.in_the_way(file, LockMode::Exclusive, None, LOCKS_SEEN));
    let runs = |id: &TaskId| state.task(id).is_some_and(|task| task.stage == Stage::InProgress);
    let claims: SortedSet<_> = locks
        .filter(|lock| !lock.task_id.as_ref().is_some_and(runs))
        .map(|lock| (lock.locked_by.clone(), lock.expires_at_ms))
        .collect();
    claims.into_iter().collect()
}
