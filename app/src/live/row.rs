//! What one row of a list knows, and the names of rows.

use std::sync::Arc;

use engine::view::{FileLock, ManusInstance, Message, SyncTask};
use engine::{InstanceStatus, LockKey, ManusId, MessageId, State, TaskId, TimeMs};

/// A row as it is shown, with what tells that it has changed.
#[derive(Debug, PartialEq)]
pub struct Row<T> {
    /// What it shows.
    pub value: Arc<T>,
    /// How often it has changed since the page was rendered; signs of life alone do not count.
    pub changes: u32,
    /// When it changed last.
    pub changed_ms: TimeMs,
    /// True when there is no such thing any more.
    pub gone: bool,
}

/// By hand: what it shows need not be `Clone`.
impl<T> Clone for Row<T> {
    fn clone(&self) -> Self {
        Self { value: self.value.clone(), ..*self }
    }
}

/// The row of an agent.
pub type AgentRow = Row<AgentView>;
/// The row of a task.
pub type TaskRow = Row<SyncTask>;
/// The row of a lock.
pub type LockRow = Row<FileLock>;
/// The row of a message.
pub type MessageRow = Row<Message>;

/// An agent with its work.
#[derive(Debug, Clone, PartialEq)]
pub struct AgentView {
    /// As others see it.
    pub manus: ManusInstance,
    /// What it works on, in the order of starting.
    pub running: Vec<TaskId>,
    /// What it was given and has not started, best first.
    pub queue: Vec<TaskId>,
}

impl AgentView {
    /// An agent of the state.
    pub fn of(state: &State, id: &ManusId) -> Option<Self> {
        let agent = state.agent(id)?;
        let (running, queue) = (agent.running().to_vec(), agent.queue().cloned().collect());
        Some(Self { manus: state.manus(id)?, running, queue })
    }
}

/// A lock's name. The token is part of it: who claims a path again has another lock.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LockId {
    /// Who holds what.
    pub key: LockKey,
    /// Since which grant.
    pub token: u64,
}

impl LockId {
    /// The name of a lock.
    pub fn of(lock: &FileLock) -> Self {
        Self { key: lock.key(), token: lock.fencing_token }
    }
}

/// The name of any row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RowId {
    /// An agent's.
    Agent(ManusId),
    /// A task's.
    Task(TaskId),
    /// A lock's.
    Lock(LockId),
    /// A message's.
    Message(MessageId),
    /// A folder's, above the locks in it.
    Folder(String),
}

impl RowId {
    /// As words, each row's its own. Not those for debugging, which cost every page the code that sets them in.
    pub fn key(&self) -> String {
        match self {
            Self::Agent(id) => id.to_string(),
            Self::Task(id) => id.to_string(),
            Self::Lock(LockId { key, token }) => format!("{token} {} {}", key.locked_by, key.file_path),
            Self::Message(id) => id.to_string(),
            Self::Folder(path) => ["/ ", path].concat(),
        }
    }
}

/// Whether an agent gives signs of life, and whether it works. What the mark beside its name shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// Alive, at work.
    Working,
    /// Alive, with nothing to do.
    Idle,
    /// Silent for longer than it should be, not yet for so long that it counts as lost.
    Late,
    /// Silent for too long.
    Lost,
    /// Said goodbye.
    Gone,
}

impl Life {
    /// How an agent stands at a moment. Late is who has been silent for half the time after which an agent counts as lost:
    /// two heartbeats were missed.
    pub fn of(manus: &ManusInstance, now_ms: TimeMs, timeout_ms: TimeMs) -> Self {
        let late = now_ms - manus.last_heartbeat_ms > timeout_ms / 2;
        match manus.status {
            InstanceStatus::Lost => Self::Lost,
            InstanceStatus::Inactive => Self::Gone,
            _ if late => Self::Late,
            InstanceStatus::Active => Self::Working,
            InstanceStatus::Idle => Self::Idle,
        }
    }

    /// In a word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Working => "working",
            Self::Idle => "idle",
            Self::Late => "late",
            Self::Lost => "lost",
            Self::Gone => "gone",
        }
    }
}
