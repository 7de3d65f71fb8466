//! What happened. The log of these is the project's history: applying it from the start rebuilds the state.

mod causes;
mod wire;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use causes::{AssignCause, ReleaseCause, ReturnCause, WaitEnd};

use crate::capability::Capability;
use crate::ids::{LockKey, ManusId, MessageId, Seq, TaskId, TimeMs, WaitId};
use crate::json::Json;
use crate::pattern::FilePattern;
use crate::values::{InstanceStatus, Priority, Progress, Role};
use crate::view::{ClaimWait, FileLock, ManusStats, Message, TaskError};

/// An event with its place in the log.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Its number; consecutive from 1.
    pub seq: Seq,
    /// When it was decided.
    pub at_ms: TimeMs,
    /// Whose call it came from. Also a sign of life of that agent.
    pub by: Option<ManusId>,
    /// What happened.
    pub event: Event,
}

/// A task's unchanging part, as created.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskSpec {
    /// `T1`, …
    pub id: TaskId,
    /// One line.
    pub title: String,
    /// At length.
    pub description: String,
    /// How urgent.
    pub priority: Priority,
    /// What it changes.
    pub files_involved: Vec<FilePattern>,
    /// What must be completed before.
    pub dependencies: Vec<TaskId>,
    /// In minutes.
    pub estimated_duration: u32,
    /// What an agent must be able to do.
    pub required_capabilities: Vec<Capability>,
}

/// When a task is expected to be done, and by whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedStep {
    /// Which.
    pub task_id: TaskId,
    /// Who.
    pub manus_id: ManusId,
    /// From when.
    pub start_ms: TimeMs,
    /// Until when.
    pub finish_ms: TimeMs,
}

/// Something that happened. In a [`Record`] on the wire: `"kind": "task_started", "data": {…}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The server came up; agents that were there get a full timeout of grace.
    ServerStarted {},
    /// An agent is here, new or again, with this profile.
    ManusRegistered {
        /// Its name.
        manus_id: ManusId,
        /// What it is for.
        role: Role,
        /// What it can do.
        capabilities: Vec<Capability>,
        /// How many tasks at a time.
        max_parallel: u32,
        /// The program that runs it.
        program: Option<String>,
        /// The model behind it.
        model: Option<String>,
    },
    /// A lost agent gave a sign of life.
    ManusRevived {
        /// Whose.
        manus_id: ManusId,
    },
    /// An agent was silent for too long.
    ManusLost {
        /// Whose.
        manus_id: ManusId,
    },
    /// An agent said goodbye.
    ManusLeft {
        /// Whose.
        manus_id: ManusId,
    },
    /// What an agent said of itself with a heartbeat.
    ManusDeclared {
        /// Whose.
        manus_id: ManusId,
        /// ACTIVE or IDLE.
        status: Option<InstanceStatus>,
        /// How far, outside any task.
        progress: Option<Progress>,
    },
    /// Plain signs of life since the last such event.
    HeartbeatsSeen {
        /// Agent and moment.
        beats: Vec<(ManusId, TimeMs)>,
    },
    /// A task exists. With open dependencies it is BLOCKED, otherwise PENDING.
    TaskCreated {
        /// What was asked for.
        task: Arc<TaskSpec>,
        /// Those of its dependencies that are not completed.
        waiting_for: Vec<TaskId>,
    },
    /// A task is in an agent's queue.
    TaskAssigned {
        /// Which.
        task_id: TaskId,
        /// Whose.
        manus_id: ManusId,
        /// Why.
        cause: AssignCause,
    },
    /// A task that nobody had started left its agent's queue.
    TaskUnassigned {
        /// Which.
        task_id: TaskId,
        /// In the words of whoever gave it back.
        reason: Option<String>,
    },
    /// Nothing holds it back any more, or nothing but open dependencies.
    TaskUnblocked {
        /// Which.
        task_id: TaskId,
    },
    /// Its assignee works on it.
    TaskStarted {
        /// Which.
        task_id: TaskId,
        /// Who.
        manus_id: ManusId,
    },
    /// Its agent reported.
    TaskProgressed {
        /// Which.
        task_id: TaskId,
        /// How far.
        progress: Progress,
        /// A word on it.
        note: Option<String>,
    },
    /// Done.
    TaskCompleted {
        /// Which.
        task_id: TaskId,
        /// What came of it.
        result: Option<Json>,
    },
    /// A started task is PENDING again, without an assignee.
    TaskReturned {
        /// Which.
        task_id: TaskId,
        /// Why.
        cause: ReturnCause,
        /// In the words of whoever gave it back.
        reason: Option<String>,
    },
    /// It is as its agent wants it, and somebody shall look at it.
    TaskReviewRequested {
        /// Which.
        task_id: TaskId,
        /// What came of it.
        result: Option<Json>,
    },
    /// Who shall look at it, or nobody any more.
    TaskReviewerChosen {
        /// Which.
        task_id: TaskId,
        /// Who.
        reviewer: Option<ManusId>,
    },
    /// The review asked for changes: its author has it again.
    TaskSentBack {
        /// Which.
        task_id: TaskId,
        /// Who decided.
        reviewer: ManusId,
        /// What to change.
        comment: Option<String>,
    },
    /// It cannot go on for a reason outside the engine; its agent keeps it.
    TaskHeld {
        /// Which.
        task_id: TaskId,
        /// Why.
        reason: String,
    },
    /// An attempt failed; it is nobody's again.
    TaskFailed {
        /// Which.
        task_id: TaskId,
        /// What went wrong.
        error: TaskError,
        /// When to try again; `None` when it failed for good and is held back.
        retry_at_ms: Option<TimeMs>,
    },
    /// The time after a failure is over.
    TaskRetryDue {
        /// Which.
        task_id: TaskId,
    },
    /// It is now a little different.
    TaskUpdated {
        /// As it now is.
        task: Arc<TaskSpec>,
        /// Those of its dependencies that are not completed.
        waiting_for: Vec<TaskId>,
    },
    /// In progress, and nothing moves.
    TaskStalled {
        /// Which.
        task_id: TaskId,
        /// 1 raised with its agent, 2 with the person, 3 before it is taken away.
        level: u8,
    },
    /// An agent gets nothing new, or does again.
    ManusDraining {
        /// Which.
        manus_id: ManusId,
        /// Whether it is draining.
        draining: bool,
    },
    /// A result has moved an agent's score.
    ManusScored {
        /// Whose.
        manus_id: ManusId,
        /// The score now.
        score: f64,
        /// What it has done so far.
        stats: ManusStats,
    },
    /// What is expected of some tasks has changed.
    TasksPlanned {
        /// What is expected now.
        steps: Vec<PlannedStep>,
        /// Of these nothing is expected any more.
        ended: Vec<TaskId>,
    },
    /// It will not be done.
    TaskCancelled {
        /// Which.
        task_id: TaskId,
        /// Why.
        reason: Option<String>,
    },
    /// A ready task that nobody has waits for one of these locks to end.
    TaskParked {
        /// Which.
        task_id: TaskId,
        /// The locks in its way.
        behind: Vec<LockKey>,
    },
    /// Claims were granted, or renewed with the token they had.
    LocksGranted {
        /// The locks as they now are.
        locks: Vec<FileLock>,
    },
    /// Locks now lapse at a moment, since their holder was lost.
    LocksDelayed {
        /// Whose.
        manus_id: ManusId,
        /// Which.
        files: Vec<FilePattern>,
        /// When they become free.
        until_ms: TimeMs,
    },
    /// Locks ended.
    LocksReleased {
        /// Whose.
        manus_id: ManusId,
        /// Which.
        files: Vec<FilePattern>,
        /// Why.
        cause: ReleaseCause,
    },
    /// A claim waits for its files.
    ClaimQueued {
        /// The claim.
        wait: ClaimWait,
    },
    /// A waiting claim is now behind other locks.
    ClaimWaitsBehind {
        /// Which.
        wait_id: WaitId,
        /// The locks in its way.
        behind: Vec<LockKey>,
    },
    /// A claim waits no more.
    ClaimWaitEnded {
        /// Which.
        wait_id: WaitId,
        /// Why.
        cause: WaitEnd,
    },
    /// A message is in somebody's inbox.
    MessageSent {
        /// The message.
        message: Arc<Message>,
    },
    /// Messages were taken or acknowledged by their recipient.
    MessagesProcessed {
        /// Whose.
        manus_id: ManusId,
        /// Which.
        ids: Vec<MessageId>,
    },
}

/// The words for the kinds of events, in one list.
macro_rules! kinds {
    ($($variant:ident = $word:literal,)+) => {
        impl Event {
            /// Every kind of event.
            pub const KINDS: &'static [&'static str] = &[$($word),+];

            /// The word for this kind of event, as on the wire.
            pub const fn kind(&self) -> &'static str {
                match self {
                    $(Self::$variant { .. } => $word,)+
                }
            }
        }
    };
}

kinds! {
    ServerStarted = "server_started",
    ManusRegistered = "manus_registered",
    ManusRevived = "manus_revived",
    ManusLost = "manus_lost",
    ManusLeft = "manus_left",
    ManusDeclared = "manus_declared",
    HeartbeatsSeen = "heartbeats_seen",
    TaskCreated = "task_created",
    TaskAssigned = "task_assigned",
    TaskUnassigned = "task_unassigned",
    TaskUnblocked = "task_unblocked",
    TaskStarted = "task_started",
    TaskProgressed = "task_progressed",
    TaskCompleted = "task_completed",
    TaskReturned = "task_returned",
    TaskReviewRequested = "task_review_requested",
    TaskReviewerChosen = "task_reviewer_chosen",
    TaskSentBack = "task_sent_back",
    TaskHeld = "task_held",
    TaskFailed = "task_failed",
    TaskRetryDue = "task_retry_due",
    TaskUpdated = "task_updated",
    TaskStalled = "task_stalled",
    ManusDraining = "manus_draining",
    ManusScored = "manus_scored",
    TasksPlanned = "tasks_planned",
    TaskCancelled = "task_cancelled",
    TaskParked = "task_parked",
    LocksGranted = "locks_granted",
    LocksDelayed = "locks_delayed",
    LocksReleased = "locks_released",
    ClaimQueued = "claim_queued",
    ClaimWaitsBehind = "claim_waits_behind",
    ClaimWaitEnded = "claim_wait_ended",
    MessageSent = "message_sent",
    MessagesProcessed = "messages_processed",
}
