//! What can be asked of the engine. Every field has been checked by its type's constructor.

use serde::{Deserialize, Serialize};

use crate::capability::Capability;
use crate::event::PlannedStep;
use crate::ids::{ManusId, MessageId, RequestId, TaskId, TimeMs, WaitId};
use crate::json::Json;
use crate::pattern::FilePattern;
use crate::values::{InstanceStatus, LockMode, Priority, Progress, Recipient, Role};

/// A command as it reaches the engine, perhaps with a name that makes repeating it harmless.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// What is asked.
    pub command: Command,
    /// The caller's name for this call.
    pub request: Option<Request>,
}

impl From<Command> for Call {
    fn from(command: Command) -> Self {
        Self { command, request: None }
    }
}

/// A caller's name for a call, and a fingerprint of its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The name. One agent's names are its own; calls without an agent share theirs.
    pub id: RequestId,
    /// A hash of the whole command, computed outside, the same for the same arguments in every version.
    pub fingerprint: u64,
}

/// A task to be created.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewTask {
    /// One line, not empty.
    pub title: String,
    /// At length.
    pub description: String,
    /// How urgent.
    pub priority: Priority,
    /// What it changes.
    pub files_involved: Vec<FilePattern>,
    /// What must be completed before.
    pub dependencies: Vec<Dependency>,
    /// In minutes.
    pub estimated_duration: u32,
    /// What an agent must be able to do.
    pub required_capabilities: Vec<Capability>,
}

/// What shall be different about a task; what is `None` stays.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TaskChanges {
    /// One line, not empty.
    pub title: Option<String>,
    /// At length.
    pub description: Option<String>,
    /// How urgent.
    pub priority: Option<Priority>,
    /// What it changes. Not while it is in progress.
    pub files_involved: Option<Vec<FilePattern>>,
    /// What must be completed before. Not once it was started.
    pub dependencies: Option<Vec<TaskId>>,
    /// In minutes.
    pub estimated_duration: Option<u32>,
    /// What an agent must be able to do.
    pub required_capabilities: Option<Vec<Capability>>,
}

/// What a new task waits for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Dependency {
    /// A task that exists.
    Task(TaskId),
    /// A task of the same batch, by its place (from 0).
    InBatch(usize),
}

/// A request for change. See DESIGN section 7 for the call each belongs to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// An agent introduces itself, or comes back.
    RegisterManus {
        /// Its name.
        manus_id: ManusId,
        /// What it is for.
        role: Role,
        /// What it can do.
        capabilities: Vec<Capability>,
        /// How many tasks at a time, at least 1.
        max_parallel: u32,
        /// The program that runs it.
        program: Option<String>,
        /// The model behind it.
        model: Option<String>,
        /// Take the name even from an agent that is alive.
        takeover: bool,
    },
    /// A sign of life that also says something, or from an agent that was lost.
    Heartbeat {
        /// Whose.
        manus_id: ManusId,
        /// What it says of itself. INACTIVE is a goodbye.
        status: Option<InstanceStatus>,
        /// How far it says it is.
        progress: Option<Progress>,
    },
    /// Signs of life gathered outside since the last time: agent and moment.
    NoteBeats {
        /// At most one an agent.
        beats: Vec<(ManusId, TimeMs)>,
    },
    /// Goodbye.
    DeregisterManus {
        /// Whose.
        manus_id: ManusId,
    },
    /// New tasks, all or none.
    CreateTasks {
        /// In the order in which they get their ids.
        tasks: Vec<NewTask>,
    },
    /// A person or coordinator decides who does a task.
    AssignTask {
        /// Which.
        task_id: TaskId,
        /// Who.
        manus_id: ManusId,
    },
    /// A task will not be done.
    CancelTask {
        /// Which.
        task_id: TaskId,
        /// Why.
        reason: Option<String>,
    },
    /// The assignee begins, and gets the task's files in the same step.
    StartTask {
        /// Who.
        manus_id: ManusId,
        /// Which.
        task_id: TaskId,
    },
    /// The agent asks for whatever it should do next, started and with its files.
    NextTask {
        /// Who.
        manus_id: ManusId,
    },
    /// How far a task is.
    UpdateTaskProgress {
        /// Who says so.
        manus_id: ManusId,
        /// Which.
        task_id: TaskId,
        /// How far.
        progress: Progress,
        /// A word on it.
        note: Option<String>,
        /// In which attempt, as the task's `attempts` said when it was started; one that is over is refused. `None` for whatever
        /// attempt is under way.
        // Left out of the written form where it is not given: a request's fingerprint is that of earlier versions.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        attempt: Option<u32>,
    },
    /// Done.
    CompleteTask {
        /// Which.
        task_id: TaskId,
        /// Who says so; without a name it counts as the assignee.
        manus_id: Option<ManusId>,
        /// What came of it.
        result: Option<Json>,
        /// Whether somebody else shall look at it first.
        needs_review: bool,
        /// In which attempt, as the task's `attempts` said when it was started; one that is over is refused. `None` for whatever
        /// attempt is under way.
        // Left out of the written form where it is not given: a request's fingerprint is that of earlier versions.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        attempt: Option<u32>,
    },
    /// A reviewer, or the person, decides on a finished task.
    ReviewTask {
        /// Who decides.
        manus_id: ManusId,
        /// On which.
        task_id: TaskId,
        /// True to complete it, false to send it back to its author.
        approve: bool,
        /// What to change, or why it is good.
        comment: Option<String>,
    },
    /// A task cannot go on for a reason outside the engine.
    BlockTask {
        /// Who says so: its agent, or the supervisor.
        manus_id: ManusId,
        /// Which.
        task_id: TaskId,
        /// Why.
        reason: Option<String>,
    },
    /// It can go on.
    UnblockTask {
        /// Who says so.
        manus_id: ManusId,
        /// Which.
        task_id: TaskId,
    },
    /// An attempt failed.
    FailTask {
        /// Whose.
        manus_id: ManusId,
        /// Which.
        task_id: TaskId,
        /// What went wrong.
        reason: Option<String>,
        /// In which attempt, as the task's `attempts` said when it was started; one that is over is refused. `None` for whatever
        /// attempt is under way.
        // Left out of the written form where it is not given: a request's fingerprint is that of earlier versions.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        attempt: Option<u32>,
    },
    /// Changes what a task is.
    UpdateTask {
        /// Which.
        task_id: TaskId,
        /// What shall be different.
        changes: Box<TaskChanges>,
    },
    /// Lets an agent finish what it has and gives it nothing new, or lifts that.
    DrainManus {
        /// Which.
        manus_id: ManusId,
        /// True to begin, false to lift.
        draining: bool,
    },
    /// The assignee gives a task back.
    ReleaseTask {
        /// Who.
        manus_id: ManusId,
        /// Which.
        task_id: TaskId,
        /// Why.
        reason: Option<String>,
        /// In which attempt, as the task's `attempts` said when it was started; one that is over is refused. `None` for whatever
        /// attempt is under way.
        // Left out of the written form where it is not given: a request's fingerprint is that of earlier versions.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        attempt: Option<u32>,
    },
    /// Claims files, all or nothing.
    ClaimFiles {
        /// Who.
        manus_id: ManusId,
        /// What.
        files: Vec<FilePattern>,
        /// What for.
        reason: Option<String>,
        /// Alone or shared.
        mode: LockMode,
        /// How long at most, in milliseconds.
        ttl_ms: Option<TimeMs>,
        /// How long to wait for the files, in milliseconds; 0 for not at all.
        // Left out of the written form, and so of a request's fingerprint: asking again with less patience, as one does when a
        // wait has ended, asks for the same.
        #[serde(skip_serializing, default)]
        wait_ms: TimeMs,
    },
    /// Whoever waited for a claim has gone away.
    WithdrawClaim {
        /// Which.
        wait_id: WaitId,
    },
    /// Gives files back.
    ReleaseFiles {
        /// Whose.
        manus_id: ManusId,
        /// Which, in the spelling of the claim or another of the same pattern.
        files: Vec<FilePattern>,
        /// Who takes them away, when it is not the holder: the holder is told.
        by: Option<ManusId>,
    },
    /// Sends a message.
    SendMessage {
        /// From whom: a registered agent or the supervisor.
        from_manus: ManusId,
        /// To whom.
        to_manus: Recipient,
        /// What kind.
        message_type: String,
        /// Anything.
        content: Json,
        /// The message it answers.
        reply_to: Option<MessageId>,
        /// Whether the sender wants to know that it was taken, and is told then.
        requires_ack: bool,
    },
    /// Takes the oldest unread messages and marks them as processed.
    TakeMessages {
        /// Whose.
        manus_id: ManusId,
        /// At most so many.
        limit: usize,
    },
    /// Marks messages as processed.
    AckMessages {
        /// Whose.
        manus_id: ManusId,
        /// Which.
        ids: Vec<MessageId>,
    },
    /// What the planner makes of the open tasks: where it differs from what was expected so far.
    AdoptPlan {
        /// What is expected now.
        steps: Vec<PlannedStep>,
        /// Tasks that the plan no longer has a place for.
        ended: Vec<TaskId>,
    },
    /// The server is up again: every agent gets a full timeout of grace.
    ServerStarted,
    /// Time has passed: what is due is decided.
    Tick,
}

impl Command {
    /// The agent that asks, if it names itself. Its request ids are its own, and its call is a sign of life.
    pub fn actor(&self) -> Option<&ManusId> {
        match self {
            Self::RegisterManus { manus_id, .. }
            | Self::Heartbeat { manus_id, .. }
            | Self::DeregisterManus { manus_id }
            | Self::StartTask { manus_id, .. }
            | Self::NextTask { manus_id }
            | Self::UpdateTaskProgress { manus_id, .. }
            | Self::ReleaseTask { manus_id, .. }
            | Self::ReviewTask { manus_id, .. }
            | Self::BlockTask { manus_id, .. }
            | Self::UnblockTask { manus_id, .. }
            | Self::FailTask { manus_id, .. }
            | Self::ClaimFiles { manus_id, .. }
            | Self::TakeMessages { manus_id, .. }
            | Self::AckMessages { manus_id, .. }
            | Self::SendMessage { from_manus: manus_id, .. } => Some(manus_id),
            Self::CompleteTask { manus_id, .. } => manus_id.as_ref(),
            Self::ReleaseFiles { manus_id, by, .. } => Some(by.as_ref().unwrap_or(manus_id)),
            Self::NoteBeats { .. }
            | Self::CreateTasks { .. }
            | Self::AssignTask { .. }
            | Self::CancelTask { .. }
            | Self::UpdateTask { .. }
            | Self::DrainManus { .. }
            | Self::WithdrawClaim { .. }
            | Self::AdoptPlan { .. }
            | Self::ServerStarted
            | Self::Tick => None,
        }
    }
}
