//! What a command that was carried out answers.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::event::Record;
use crate::ids::{ManusId, MessageId, RequestId, TaskId, TimeMs, WaitId};
use crate::pattern::FilePattern;
use crate::view::{FileLock, ManusInstance, Message, SyncTask};

/// The outcome of a command that was not refused.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// What happened, already applied to the state that decided; perhaps nothing.
    pub events: Vec<Record>,
    /// What the caller is told.
    pub answer: Arc<Answer>,
    /// To be kept with the events, when the call had a request id and is new.
    pub remembered: Option<Remembered>,
}

/// The first answer to a request id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Remembered {
    /// The agent whose name it is; calls without an agent share theirs.
    pub actor: Option<ManusId>,
    /// The caller's name for the call.
    pub request_id: RequestId,
    /// Of its arguments.
    pub fingerprint: u64,
    /// When it was first answered.
    pub at_ms: TimeMs,
    /// What was answered.
    pub answer: Arc<Answer>,
}

/// What callers are told. The names are for the stored form; on the wire each call sends the content alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Nothing to tell.
    Done,
    /// The agent as registered.
    Registered(ManusInstance),
    /// To a sign of life.
    Beat {
        /// How many messages wait.
        unread_messages: usize,
        /// What it works on and what it has in its queue, in the order in which to do it.
        assigned_tasks: Vec<TaskId>,
        /// When the engine took note.
        server_time_ms: TimeMs,
    },
    /// To a goodbye.
    Left {
        /// The patterns that are free again.
        released: Vec<FilePattern>,
        /// The tasks that are PENDING again.
        returned_tasks: Vec<TaskId>,
    },
    /// The task as it now is.
    Task(Arc<SyncTask>),
    /// The tasks as they now are, in the order asked.
    Tasks(Vec<Arc<SyncTask>>),
    /// The task as started, and the agent's locks on its files.
    Started {
        /// The task; `None` when there is nothing to do.
        task: Option<Arc<SyncTask>>,
        /// Its locks.
        locks: Vec<FileLock>,
    },
    /// The locks granted or renewed, in the order asked.
    Locks(Vec<FileLock>),
    /// The claim waits; ask again when the wait has ended. Never remembered: the answer that counts comes later.
    Waiting {
        /// The number of the wait.
        wait_id: WaitId,
        /// When it ends at the latest.
        until_ms: TimeMs,
    },
    /// To a release.
    Released {
        /// Free again.
        released: Vec<FilePattern>,
        /// Not held in the first place.
        not_held: Vec<FilePattern>,
    },
    /// The numbers of the messages sent, one a recipient.
    Sent(Vec<MessageId>),
    /// The messages taken, oldest first, as they were before they were marked.
    Messages(Vec<Arc<Message>>),
    /// How many messages were newly acknowledged.
    Acknowledged(usize),
}
