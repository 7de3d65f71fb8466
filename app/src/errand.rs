//! What the page does beside showing and asking: taking back the last action, and copying an action instead of doing it. The
//! types alone; how it is done is a part of its own (`components::errands`), loaded when it is needed.

use engine::{ManusId, Seq, TaskId};

use crate::api::UpdateTask;

/// A call that is made or copied: its name, and its arguments as JSON.
pub type Written = (&'static str, String);

/// How an action is copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum As {
    /// As a command of curl.
    Curl,
    /// As a command of this program.
    Cli,
    /// As a request of MCP.
    Mcp,
}

impl As {
    /// Every way, with its word on the page.
    pub const ALL: [(Self, &str); 3] = [(Self::Curl, "curl"), (Self::Cli, "CLI"), (Self::Mcp, "MCP")];
}

/// Something to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Errand {
    /// The last action is taken back.
    Undo,
    /// These calls are put into the clipboard.
    Copy(As, Vec<Written>),
}

/// Something that was done and can be taken back.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// A task is something else.
    Changed {
        /// What it became.
        now: Box<UpdateTask>,
        /// What it was.
        back: Box<UpdateTask>,
    },
    /// Somebody else does a task.
    Assigned {
        /// Which.
        task_id: TaskId,
        /// Who does it now.
        now: ManusId,
        /// Who had it.
        back: ManusId,
    },
    /// A task is held back.
    Held {
        /// Which.
        task_id: TaskId,
        /// The event after which that was done, as far as the page knew.
        since: Seq,
    },
    /// A task may go on.
    LetGo {
        /// Which.
        task_id: TaskId,
        /// Why it was held back.
        reason: String,
    },
    /// An agent gets nothing new, or does again.
    Drained {
        /// Which.
        manus_id: ManusId,
        /// Whether it is draining now.
        draining: bool,
        /// The event after which that was done, as far as the page knew.
        since: Seq,
    },
}

impl Step {
    /// The id of the task or agent that it is about.
    pub fn about(&self) -> String {
        match self {
            Self::Changed { now, .. } => now.task_id.to_string(),
            Self::Assigned { task_id, .. } | Self::Held { task_id, .. } | Self::LetGo { task_id, .. } => {
                task_id.to_string()
            }
            Self::Drained { manus_id, .. } => manus_id.to_string(),
        }
    }
}
