//! What the calls about tasks do.

use engine::command::{Dependency, NewTask};
use engine::{Answer, Command, State};

use super::super::bounds::{self, CONTENT_MAX, NOTE_MAX, WAIT_SECS};
use super::super::door::{hub, odd, read, reserve, submit, wait_for};
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
        change(Command::AssignTask { task_id: self.task_id, manus_id: self.manus_id }, self.request_id).await
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
        let command = Command::NextTask { manus_id: manus_id.clone() };
        let reserved = if wait_secs > 0 { reserve(&command, self.request_id.as_ref())? } else { None };
        if wait_secs > 0 {
            wait_for(&manus_id, wait_secs, |state| may_get_something(state, &manus_id)).await?;
        }
        let answer = submit(command, self.request_id).await?;
        drop(reserved);
        match &*answer {
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
        change(Command::UpdateTaskProgress { manus_id, task_id, progress, note, attempt }, request_id).await
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
