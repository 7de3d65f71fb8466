//! Tasks: created, dealt out, worked on, looked up.

mod batch;
#[cfg(feature = "ssr")]
mod list;

use std::sync::Arc;

use engine::view::{FileLock, SyncTask};
use engine::{Capability, Json, ManusId, Priority, Progress, RequestId, TaskId, TaskStatus};
use serde::{Deserialize, Serialize};

pub use batch::{BatchTask, CreateTasks};

use super::call::server_call;
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

/// One value, or a list of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum OneOrMany<T> {
    /// One.
    One(T),
    /// Several.
    Many(Vec<T>),
}

impl<T> OneOrMany<T> {
    /// As a list.
    pub fn into_vec(self) -> Vec<T> {
        match self {
            Self::One(one) => vec![one],
            Self::Many(many) => many,
        }
    }
}

/// Not derived as untagged: that would forget what was wrong with the value.
impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOrMany<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::value::{SeqAccessDeserializer, StrDeserializer};

        struct Either<T>(std::marker::PhantomData<T>);

        impl<'de, T: Deserialize<'de>> serde::de::Visitor<'de> for Either<T> {
            type Value = OneOrMany<T>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a text, or a list of texts")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
                T::deserialize(StrDeserializer::new(text)).map(OneOrMany::One)
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, items: A) -> Result<Self::Value, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(items)).map(OneOrMany::Many)
            }
        }

        deserializer.deserialize_any(Either(std::marker::PhantomData))
    }
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

#[cfg(feature = "ssr")]
mod answers {
    use engine::command::{Dependency, NewTask};
    use engine::{Answer, Command, State};

    use super::super::bounds::{self, CONTENT_MAX, NOTE_MAX, WAIT_SECS};
    use super::super::door::{hub, odd, read, submit, wait_for};
    use super::super::error::ApiError;
    use super::batch::new_task;
    use super::*;

    /// For the calls that answer the task itself.
    pub async fn change(command: Command, request_id: Option<RequestId>) -> Result<Arc<SyncTask>, ApiError> {
        match &*submit(command, request_id).await? {
            Answer::Task(task) => Ok(task.clone()),
            Answer::Tasks(tasks) if tasks.len() == 1 => Ok(tasks[0].clone()),
            other => Err(odd(other)),
        }
    }

    /// The attempt that a caller speaks of.
    pub fn attempt(number: Option<i64>) -> Result<Option<u32>, ApiError> {
        number.map(|number| bounds::number("attempt", number, &bounds::ATTEMPT)).transpose()
    }

    fn note(argument: &str, text: Option<&str>) -> Result<(), ApiError> {
        bounds::text(argument, text.unwrap_or_default(), &(0..=NOTE_MAX))
    }

    impl CreateTask {
        pub(super) async fn answer(self) -> Result<Arc<SyncTask>, ApiError> {
            let dependencies = self.dependencies.unwrap_or_default();
            let task = BatchTask {
                key: None,
                title: self.title,
                description: self.description,
                priority: self.priority,
                files_involved: self.files_involved,
                dependencies: None,
                estimated_duration: self.estimated_duration,
                required_capabilities: self.required_capabilities,
            };
            bounds::count("dependencies", dependencies.len(), bounds::DEPENDENCIES_MAX)?;
            let dependencies = dependencies.into_iter().map(Dependency::Task).collect();
            let tasks: Vec<NewTask> = vec![new_task("", task, dependencies)?];
            change(Command::CreateTasks { tasks }, self.request_id).await
        }
    }

    impl GetTask {
        pub(super) async fn answer(self) -> Result<Arc<SyncTask>, ApiError> {
            if let Some(task) = read(|state| state.task_view(&self.task_id))? {
                return Ok(task);
            }
            let closed = hub()?.task_from_history(&self.task_id).await?;
            closed.ok_or_else(|| engine::Refusal::TaskNotFound { task_id: self.task_id }.into())
        }
    }

    impl AssignTask {
        pub(super) async fn answer(self) -> Result<Arc<SyncTask>, ApiError> {
            change(Command::AssignTask { task_id: self.task_id, manus_id: self.manus_id }, self.request_id)
                .await
        }
    }

    impl CancelTask {
        pub(super) async fn answer(self) -> Result<Arc<SyncTask>, ApiError> {
            note("reason", self.reason.as_deref())?;
            change(Command::CancelTask { task_id: self.task_id, reason: self.reason }, self.request_id).await
        }
    }

    impl NextTask {
        pub(super) async fn answer(self) -> Result<Taken, ApiError> {
            let wait_secs = bounds::number_or("wait_secs", self.wait_secs, &WAIT_SECS, 0)?;
            let manus_id = self.manus_id;
            if wait_secs > 0 {
                wait_for(&manus_id, wait_secs, |state| may_get_something(state, &manus_id)).await?;
            }
            match &*submit(Command::NextTask { manus_id }, self.request_id).await? {
                Answer::Started { task, locks } => Ok(Taken { task: task.clone(), locks: locks.clone() }),
                other => Err(odd(other)),
            }
        }
    }

    /// Whether asking makes sense: the rules put whatever an idle agent could do into its queue. One with full hands, and one
    /// that is not there, is answered at once.
    fn may_get_something(state: &State, manus_id: &ManusId) -> bool {
        let Some(agent) = state.agent(manus_id) else { return true };
        let here = agent.presence() == engine::state::Presence::Here;
        !here || agent.queue().len() > 0 || !agent.running().is_empty()
    }

    impl StartTask {
        pub(super) async fn answer(self) -> Result<Started, ApiError> {
            let command = Command::StartTask { manus_id: self.manus_id, task_id: self.task_id };
            match &*submit(command, self.request_id).await? {
                Answer::Started { task: Some(task), locks } => {
                    Ok(Started { task: task.clone(), locks: locks.clone() })
                }
                other => Err(odd(other)),
            }
        }
    }

    impl UpdateTaskProgress {
        pub(super) async fn answer(self) -> Result<Arc<SyncTask>, ApiError> {
            note("note", self.note.as_deref())?;
            let attempt = attempt(self.attempt)?;
            let Self { manus_id, task_id, progress, note, request_id, .. } = self;
            change(Command::UpdateTaskProgress { manus_id, task_id, progress, note, attempt }, request_id)
                .await
        }
    }

    impl CompleteTask {
        pub(super) async fn answer(self) -> Result<Arc<SyncTask>, ApiError> {
            if let Some(result) = &self.result {
                bounds::json("result", result, CONTENT_MAX)?;
            }
            let attempt = attempt(self.attempt)?;
            let Self { task_id, manus_id, result, needs_review, request_id, .. } = self;
            let needs_review = needs_review.unwrap_or(false);
            let command = Command::CompleteTask { task_id, manus_id, result, needs_review, attempt };
            change(command, request_id).await
        }
    }

    impl ReleaseTask {
        pub(super) async fn answer(self) -> Result<Arc<SyncTask>, ApiError> {
            note("reason", self.reason.as_deref())?;
            let attempt = attempt(self.attempt)?;
            let Self { manus_id, task_id, reason, request_id, .. } = self;
            change(Command::ReleaseTask { manus_id, task_id, reason, attempt }, request_id).await
        }
    }
}
