//! A task in the live state.

use std::cmp::Reverse;
use std::sync::Arc;

use super::course::Course;
use super::{Due, Outcome, Settings, State};
use crate::capability::Capability;
use crate::event::TaskSpec;
use crate::ids::{LockKey, ManusId, TaskId, TimeMs};
use crate::sorted::SortedSet;
use crate::values::{Priority, Progress, TaskStatus};
use crate::view::{SyncTask, TaskError};

/// How far a task is, with what belongs to that.
#[derive(Debug, Clone, PartialEq)]
pub enum Stage {
    /// Waits for dependencies, or is held back.
    Blocked,
    /// Can be started.
    Pending,
    /// Its assignee works on it.
    InProgress,
    /// Done, if the reviewer agrees.
    NeedsReview,
    /// Done.
    Completed {
        /// When.
        at_ms: TimeMs,
    },
    /// Will not be done.
    Cancelled {
        /// When.
        at_ms: TimeMs,
        /// Why.
        reason: Option<String>,
    },
}

/// The order in which ready tasks are dealt out: urgency, then the plan's order, then the longest chain of work behind, then
/// age.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank {
    /// Urgency: a task is as urgent as the most urgent one that waits for it.
    pub urgency: Priority,
    /// When the plan has it, where it may follow the plan. What has no place in the plan comes after what has one.
    pub turn_ms: TimeMs,
    /// Minutes of the longest chain of work that begins with this task.
    pub chain: Reverse<u64>,
    /// Ids grow with age.
    pub task: TaskId,
}

/// What the plan says of a task: whose it should be, and from when until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Planned {
    pub(crate) manus_id: ManusId,
    pub(crate) start_ms: TimeMs,
    pub(crate) finish_ms: TimeMs,
}

/// What an agent must be able to do: sorted, without repetition. Shared by the tasks of one kind.
pub(crate) type Need = Arc<[Capability]>;

/// Where the indexes hold a task. A function of the task alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// In none.
    Nowhere,
    /// Ready and nobody's.
    Pool(Need, Rank),
    /// Ready, nobody's, and these locks are in its way.
    Parked(Vec<LockKey>, TaskId),
    /// In an agent's queue.
    Queue(Need, ManusId, Rank, u32),
    /// Held back by hand, or failed for good.
    Held(TaskId),
    /// Up for review: by whom, if somebody was found.
    Review(Option<ManusId>, TaskId),
    /// In an agent's hands.
    Running(ManusId, TaskId, u32, Option<TimeMs>),
}

/// A task, with its place among others.
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    pub(crate) spec: Arc<TaskSpec>,
    pub(crate) need: Need,
    pub(crate) stage: Stage,
    pub(crate) assigned_to: Option<ManusId>,
    /// Its agent was chosen by hand.
    pub(crate) pinned: bool,
    /// Dependencies that are not completed.
    pub(crate) waiting_for: SortedSet<TaskId>,
    /// Open tasks that wait for this one.
    pub(crate) dependents: SortedSet<TaskId>,
    /// Minutes of the longest chain of open work that begins with this task, itself included.
    pub(crate) chain: u64,
    /// The priority of the most urgent task of those that wait for it, directly or not, and itself.
    pub(crate) urgency: Priority,
    /// What the plan says of it.
    pub(crate) planned: Option<Planned>,
    pub(crate) progress: Progress,
    pub(crate) attempts: u32,
    pub(crate) created_at_ms: TimeMs,
    pub(crate) updated_at_ms: TimeMs,
    pub(crate) course: Course,
}

impl Task {
    /// As created.
    pub fn spec(&self) -> &Arc<TaskSpec> {
        &self.spec
    }

    /// How far it is.
    pub fn stage(&self) -> &Stage {
        &self.stage
    }

    /// Whose it is.
    pub fn assigned_to(&self) -> Option<&ManusId> {
        self.assigned_to.as_ref()
    }

    /// Who reviews it, once somebody is chosen.
    pub fn reviewer(&self) -> Option<&ManusId> {
        self.course.reviewer.as_ref()
    }

    /// Why it is held back by hand, or failed for good.
    pub fn held_reason(&self) -> Option<&str> {
        self.course.held.as_deref()
    }

    /// Who should do it, from when and until when, as planned.
    pub fn planned_for(&self) -> Option<(&ManusId, TimeMs, TimeMs)> {
        self.planned.as_ref().map(|planned| (&planned.manus_id, planned.start_ms, planned.finish_ms))
    }

    /// How often it was raised that it does not move: 1 with its agent, 2 with the person.
    pub fn stall_level(&self) -> u8 {
        self.course.stall_level
    }

    /// When it may be tried again, after a failure.
    pub fn retry_at_ms(&self) -> Option<TimeMs> {
        self.course.retry_at_ms
    }

    /// How far it is, in per cent.
    pub fn progress(&self) -> Progress {
        self.progress
    }

    /// Dependencies that are not completed.
    pub fn waiting_for(&self) -> impl ExactSizeIterator<Item = &TaskId> {
        self.waiting_for.iter()
    }

    /// Open tasks that wait for this one.
    pub fn dependents(&self) -> impl ExactSizeIterator<Item = &TaskId> {
        self.dependents.iter()
    }

    /// When the running or last attempt began.
    pub fn started_at_ms(&self) -> Option<TimeMs> {
        self.course.started_at_ms
    }

    /// How long its agent has worked in this attempt, in milliseconds; up for review it is done.
    pub(crate) fn worked_ms(&self, now_ms: TimeMs) -> u64 {
        let until = if self.stage == Stage::NeedsReview { self.course.progressed_at_ms } else { None };
        let since = self.course.started_at_ms.unwrap_or(now_ms);
        u64::try_from(until.unwrap_or(now_ms) - since).unwrap_or(0)
    }

    /// When anything about it changed last.
    pub fn updated_at_ms(&self) -> TimeMs {
        self.updated_at_ms
    }

    /// When it was completed or cancelled.
    pub(crate) fn closed_at_ms(&self) -> Option<TimeMs> {
        match self.stage {
            Stage::Completed { at_ms } | Stage::Cancelled { at_ms, .. } => Some(at_ms),
            Stage::Blocked | Stage::Pending | Stage::InProgress | Stage::NeedsReview => None,
        }
    }

    /// How far it is, in a word.
    pub fn status(&self) -> TaskStatus {
        match self.stage {
            Stage::Blocked => TaskStatus::Blocked,
            Stage::Pending => TaskStatus::Pending,
            Stage::InProgress => TaskStatus::InProgress,
            Stage::NeedsReview => TaskStatus::NeedsReview,
            Stage::Completed { .. } => TaskStatus::Completed,
            Stage::Cancelled { .. } => TaskStatus::Cancelled,
        }
    }

    pub(crate) fn rank(&self) -> Rank {
        // In the queue of somebody else than planned it comes after what is planned there.
        let here =
            |planned: &&Planned| self.assigned_to.as_ref().is_none_or(|manus| *manus == planned.manus_id);
        let planned = self.planned.as_ref().filter(here);
        self.rank_at(planned.map_or(TimeMs::MAX, |planned| planned.start_ms))
    }

    /// Its place among others if it had its turn at this moment.
    pub(crate) fn rank_at(&self, turn_ms: TimeMs) -> Rank {
        let (urgency, chain) = (self.urgency, Reverse(self.chain));
        Rank { urgency, turn_ms, chain, task: self.spec.id.clone() }
    }

    /// What the plan says, unless that was to happen before now and did not.
    pub(crate) fn expected(&self, now_ms: TimeMs) -> Option<&Planned> {
        self.planned.as_ref().filter(|planned| planned.start_ms >= now_ms)
    }

    /// The agent that shall get it and does not have it yet, and when it should start there.
    pub(crate) fn promise(&self) -> Option<(ManusId, TimeMs)> {
        let planned = self.planned.as_ref()?;
        let waits = match self.stage {
            Stage::Blocked => self.course.held.is_none(),
            Stage::Pending => self.assigned_to.as_ref() != Some(&planned.manus_id),
            _ => false,
        };
        waits.then(|| (planned.manus_id.clone(), planned.start_ms))
    }

    /// When the plan has it, if nobody has begun it.
    pub(crate) fn turn(&self) -> Option<(TimeMs, TaskId)> {
        let waits = matches!(self.stage, Stage::Blocked | Stage::Pending) && self.course.held.is_none();
        let planned = self.planned.as_ref().filter(|_| waits)?;
        Some((planned.start_ms, self.spec.id.clone()))
    }

    /// What it adds to the work that nobody has begun: its need, and minutes.
    pub(crate) fn demand(&self) -> Option<(Need, u64)> {
        let minutes = u64::from(self.spec.estimated_duration);
        let waits = matches!(self.stage, Stage::Blocked | Stage::Pending) && minutes > 0;
        waits.then(|| (self.need.clone(), minutes))
    }

    pub(crate) fn place(&self) -> Place {
        let minutes = self.spec.estimated_duration;
        match (&self.stage, &self.assigned_to, &self.course.parked_on[..]) {
            // Nobody gets it before its time has come.
            (Stage::Pending, ..) if self.course.retry_at_ms.is_some() => Place::Nowhere,
            (Stage::Blocked, ..) if self.course.held.is_some() => Place::Held(self.spec.id.clone()),
            (Stage::NeedsReview, ..) => Place::Review(self.course.reviewer.clone(), self.spec.id.clone()),
            (Stage::Pending, Some(manus), _) => {
                Place::Queue(self.need.clone(), manus.clone(), self.rank(), minutes)
            }
            (Stage::Pending, None, []) => Place::Pool(self.need.clone(), self.rank()),
            (Stage::Pending, None, locks) => Place::Parked(locks.to_vec(), self.spec.id.clone()),
            (Stage::InProgress, Some(manus), _) => {
                Place::Running(manus.clone(), self.spec.id.clone(), minutes, self.course.started_at_ms)
            }
            _ => Place::Nowhere,
        }
    }

    /// What comes due for it by itself.
    pub(crate) fn due(&self, settings: &Settings) -> Option<(TimeMs, Due)> {
        let id = self.spec.id.clone();
        match self.stage {
            Stage::Pending => self.course.retry_at_ms.map(|at| (at, Due::Retry(id))),
            Stage::InProgress => {
                let levels = if settings.reassign_stalled { 3 } else { 2 };
                // Once that was raised, from then on: a server that was down for long does not raise everything at once.
                let quiet_since = match self.course.stall_level {
                    0 => self.course.progressed_at_ms.or(self.course.started_at_ms)?,
                    _ => self.updated_at_ms,
                };
                let half_the_estimate = i64::from(self.spec.estimated_duration) * 30_000;
                let patience = settings.stall_after_ms.max(half_the_estimate);
                (self.course.stall_level < levels).then_some((quiet_since + patience, Due::Stall(id)))
            }
            _ => None,
        }
    }

    /// The task as others see it.
    pub fn view(&self, state: &State) -> SyncTask {
        let spec = &*self.spec;
        SyncTask {
            id: spec.id.clone(),
            title: spec.title.clone(),
            description: spec.description.clone(),
            assigned_to: self.assigned_to.clone(),
            priority: spec.priority,
            status: self.status(),
            dependencies: spec.dependencies.clone(),
            waiting_for: self.waiting_for.iter().cloned().collect(),
            blocked_reason: self.blocked_reason(state),
            estimated_duration: spec.estimated_duration,
            progress: self.progress,
            files_involved: spec.files_involved.clone(),
            required_capabilities: spec.required_capabilities.clone(),
            attempts: self.attempts,
            result: self.course.result.clone(),
            pinned: self.pinned,
            reviewer: self.course.reviewer.clone(),
            stalled: self.course.stall_level > 0,
            stall_level: self.course.stall_level,
            held_reason: self.course.held.clone(),
            failures: self.course.failures,
            errors: self.course.errors.clone(),
            retry_at_ms: self.course.retry_at_ms,
            progressed_at_ms: self.course.progressed_at_ms,
            created_at_ms: self.created_at_ms,
            started_at_ms: self.course.started_at_ms,
            completed_at_ms: self.closed_at_ms(),
            planned_for: self.planned.as_ref().map(|planned| planned.manus_id.clone()),
            returned_by: self.course.returned_by.clone(),
            expected_start_ms: self.planned.as_ref().map(|planned| planned.start_ms),
            expected_finish_ms: self.planned.as_ref().map(|planned| planned.finish_ms),
            note: self.course.note.clone(),
            updated_at_ms: self.updated_at_ms,
        }
    }

    /// Why it is blocked or was cancelled, where that is more than its list of open dependencies tells.
    pub(crate) fn blocked_reason(&self, state: &State) -> Option<String> {
        match &self.stage {
            Stage::Cancelled { reason, .. } => reason.clone(),
            Stage::Blocked if self.course.held.is_some() => self.course.held.clone(),
            Stage::Blocked => {
                let cancelled = |id: &&TaskId| state.outcome(id) == Some(Outcome::Cancelled);
                if let Some(dead) = self.waiting_for.iter().find(cancelled) {
                    return Some(format!(
                        "it depends on {dead}, which was cancelled; take that out with update_task, or cancel this task too"
                    ));
                }
                let failed = |id: &&TaskId| state.task(id).is_some_and(Task::has_failed_for_good);
                let failed = self.waiting_for.iter().find(failed)?;
                Some(format!(
                    "it depends on {failed}, which failed for good; let that go on with unblock_task, or take it out with update_task"
                ))
            }
            _ => None,
        }
    }

    /// Whether it is held back because it failed too often, and not by somebody's word.
    fn has_failed_for_good(&self) -> bool {
        let last = self.course.errors.last().filter(|_| self.course.held.is_some());
        last.is_some_and(|error| self.course.held == Some(self.given_up(error)))
    }

    /// Why it is held back after too many failures.
    pub(super) fn given_up(&self, last: &TaskError) -> String {
        format!("it failed {} times, last: {}", self.course.failures, last.message)
    }
}

/// The needed capabilities in the form by which tasks are grouped.
pub(crate) fn need_of(spec: &TaskSpec) -> Need {
    let mut need = spec.required_capabilities.clone();
    need.sort();
    need.dedup();
    // The empty one has no room of its own.
    if need.is_empty() { Need::default() } else { need.into() }
}
