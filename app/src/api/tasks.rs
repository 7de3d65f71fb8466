//! Tasks: created, dealt out, worked on, looked up.

#[cfg(feature = "ssr")]
mod answers;
mod batch;
#[cfg(feature = "ssr")]
mod list;

use std::sync::Arc;

use engine::view::{FileLock, SyncTask};
use engine::{Capability, Json, ManusId, Priority, Progress, RequestId, TaskId, TaskStatus};
use serde::{Deserialize, Serialize};

pub use batch::{BatchTask, CreateTasks};

use super::call::server_call;
use super::one_or_many::OneOrMany;
use super::reads::Page;

server_call! {
    /// Creates a task, and gives it to the agent who will probably finish it first.
    create_task: CreateTask -> Arc<SyncTask>,
    needs {
        /// What is to be done, in one line.
        title: String,
        /// What is to be done, at length.
        description: String,
    }
    takes {
        /// How urgent; MEDIUM.
        priority: Priority,
        /// The files it changes; starting it claims them.
        files_involved: Vec<String>,
        /// What must be completed before.
        dependencies: Vec<TaskId>,
        /// How long it should take, in minutes; 60.
        estimated_duration: i64,
        /// What an agent must be able to do to get it.
        required_capabilities: Vec<Capability>,
        /// Makes repeating the call harmless.
        request_id: RequestId,
    }
    refuses { TaskNotFound, TaskClosed, RequestIdReused, }
}

server_call! {
    /// One task, however long ago it was closed.
    get_task: GetTask -> Arc<SyncTask>,
    needs {
        /// Which.
        task_id: TaskId,
    }
    takes {}
    refuses { TaskNotFound, }
}

server_call! {
    /// Tasks in order of id, page by page.
    list_tasks: ListTasks -> Page<Arc<SyncTask>>,
    needs {}
    takes {
        /// With this status or one of these.
        status: OneOrMany<TaskStatus>,
        /// Whose.
        assigned_to: ManusId,
        /// How urgent.
        priority: Priority,
        /// What the title or the description contains, regardless of case.
        text: String,
        /// From the page before.
        cursor: TaskId,
        /// At most so many.
        limit: i64,
    }
    refuses {}
}

server_call! {
    /// A person or coordinator decides who does a task.
    assign_task: AssignTask -> Arc<SyncTask>,
    needs {
        /// Which.
        task_id: TaskId,
        /// Who.
        manus_id: ManusId,
    }
    takes {
        /// Makes repeating the call harmless.
        request_id: RequestId,
    }
    refuses { ManusNotFound, ManusUnavailable, TaskNotFound, TaskClosed, TaskInReview, RequestIdReused, }
}

server_call! {
    /// A task will not be done.
    cancel_task: CancelTask -> Arc<SyncTask>,
    needs {
        /// Which.
        task_id: TaskId,
    }
    takes {
        /// Why.
        reason: String,
        /// Makes repeating the call harmless.
        request_id: RequestId,
    }
    refuses { TaskNotFound, TaskClosed, RequestIdReused, }
}

server_call! {
    /// An agent asks for whatever it should do next: started, and with its files.
    next_task: NextTask -> Taken,
    needs {
        /// Who.
        manus_id: ManusId,
    }
    takes {
        /// How long to wait for one, in seconds.
        wait_secs: i64,
        /// Makes repeating the call harmless: the same task again.
        request_id: RequestId,
    }
    refuses { ManusNotFound, ManusInactive, AtCapacity, RequestIdReused, }
}

/// The answer to `next_task`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct Taken {
    /// The task, in progress; null when there is nothing to do.
    pub task: Option<Arc<SyncTask>>,
    /// The agent's locks on its files.
    pub locks: Vec<FileLock>,
}

server_call! {
    /// The assignee begins, and gets the task's files in the same step.
    start_task: StartTask -> Started,
    needs {
        /// Who.
        manus_id: ManusId,
        /// Which.
        task_id: TaskId,
    }
    takes {
        /// Makes repeating the call harmless.
        request_id: RequestId,
    }
    refuses {
        ManusNotFound,
        ManusInactive,
        TaskNotFound,
        TaskClosed,
        TaskAlreadyStarted,
        TaskBlocked,
        TaskInReview,
        TaskNotAssignedToYou,
        AtCapacity,
        FileLocked,
        RequestIdReused,
    }
}

/// The answer to `start_task`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct Started {
    /// The task, in progress.
    pub task: Arc<SyncTask>,
    /// The agent's locks on its files.
    pub locks: Vec<FileLock>,
}

server_call! {
    /// How far a task is.
    update_task_progress: UpdateTaskProgress -> Arc<SyncTask>,
    needs {
        /// Who says so.
        manus_id: ManusId,
        /// Which.
        task_id: TaskId,
        /// How far, in per cent.
        progress: Progress,
    }
    takes {
        /// A word on it.
        note: String,
        /// In which attempt: the task's `attempts` as its start answered it. Refused once that attempt is over.
        attempt: i64,
        /// Makes repeating the call harmless.
        request_id: RequestId,
    }
    refuses {
        ManusNotFound,
        ManusInactive,
        TaskNotFound,
        TaskClosed,
        AttemptOver,
        TaskBlocked,
        TaskNotAssignedToYou,
        TaskInReview,
        TaskNotStarted,
        ProgressWouldGoBack,
        RequestIdReused,
    }
}

server_call! {
    /// A task is done.
    complete_task: CompleteTask -> Arc<SyncTask>,
    needs {
        /// Which.
        task_id: TaskId,
    }
    takes {
        /// Who says so; without a name it counts as the assignee.
        manus_id: ManusId,
        /// What came of it, any JSON.
        result: Json,
        /// Whether somebody should look at it first: then it is NEEDS_REVIEW, and a reviewer is chosen and told.
        needs_review: bool,
        /// In which attempt: the task's `attempts` as its start answered it. Refused once that attempt is over.
        attempt: i64,
        /// Makes repeating the call harmless.
        request_id: RequestId,
    }
    refuses {
        ManusNotFound,
        ManusInactive,
        TaskNotFound,
        TaskClosed,
        AttemptOver,
        TaskBlocked,
        TaskNotAssignedToYou,
        TaskInReview,
        TaskNotStarted,
        RequestIdReused,
    }
}

server_call! {
    /// The assignee gives a task back.
    release_task: ReleaseTask -> Arc<SyncTask>,
    needs {
        /// Who.
        manus_id: ManusId,
        /// Which.
        task_id: TaskId,
    }
    takes {
        /// Why.
        reason: String,
        /// In which attempt: the task's `attempts` as its start answered it. Refused once that attempt is over.
        attempt: i64,
        /// Makes repeating the call harmless.
        request_id: RequestId,
    }
    refuses {
        ManusNotFound,
        ManusInactive,
        TaskNotFound,
        TaskClosed,
        AttemptOver,
        TaskNotAssignedToYou,
        TaskInReview,
        RequestIdReused,
    }
}

#[cfg(feature = "ssr")]
pub(super) use answers::{attempt, change};
