//! What happens to tasks beside the straight way: reviews, holds, failures, changes; and agents that wind down.

use std::sync::Arc;

use engine::view::{ManusInstance, SyncTask};
use engine::{Capability, ManusId, Priority, RequestId, TaskId};
use serde::{Deserialize, Serialize};

use super::call::server_call;

/// What a reviewer decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is done.
    #[serde(alias = "APPROVE")]
    Approve,
    /// Its author has it again.
    #[serde(alias = "REQUEST_CHANGES")]
    RequestChanges,
}

server_call! {
    /// Decides on a task in review: completes it, or returns it to its author.
    review_task: ReviewTask -> Arc<SyncTask>,
    needs {
        /// Who decides: its reviewer, or `supervisor`.
        manus_id: ManusId,
        /// On which.
        task_id: TaskId,
        /// `approve` or `request_changes`.
        verdict: Verdict,
    }
    takes {
        /// What to change, or why it is good.
        comment: String,
        /// Makes repeating the call harmless.
        request_id: RequestId,
    }
    refuses {
        ManusNotFound,
        ManusInactive,
        TaskNotFound,
        TaskClosed,
        NotInReview,
        NotYourReview,
        RequestIdReused,
    }
}

server_call! {
    /// Holds a task back for a reason outside the engine. Its agent keeps it, and has its hands and files free.
    block_task: BlockTask -> Arc<SyncTask>,
    needs {
        /// Who: its agent, or `supervisor`.
        manus_id: ManusId,
        /// Which.
        task_id: TaskId,
    }
    takes {
        /// Why.
        reason: String,
        /// Makes repeating the call harmless.
        request_id: RequestId,
    }
    refuses {
        ManusNotFound,
        ManusInactive,
        TaskNotFound,
        TaskClosed,
        TaskNotAssignedToYou,
        TaskInReview,
        RequestIdReused,
    }
}

server_call! {
    /// Lets a task go on that was held back by hand, or had failed for good.
    unblock_task: UnblockTask -> Arc<SyncTask>,
    needs {
        /// Who.
        manus_id: ManusId,
        /// Which.
        task_id: TaskId,
    }
    takes {
        /// A word on it; not kept.
        reason: String,
        /// Makes repeating the call harmless.
        request_id: RequestId,
    }
    refuses { ManusNotFound, ManusInactive, TaskNotFound, TaskClosed, TaskNotHeld, RequestIdReused, }
}

server_call! {
    /// Ends an attempt that failed. It is tried again after a growing pause, and held back after the third failure.
    fail_task: FailTask -> Arc<SyncTask>,
    needs {
        /// Whose attempt it was.
        manus_id: ManusId,
        /// Which.
        task_id: TaskId,
    }
    takes {
        /// What went wrong.
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
        TaskBlocked,
        TaskNotAssignedToYou,
        TaskInReview,
        TaskNotStarted,
        RequestIdReused,
    }
}

server_call! {
    /// Changes what a task is; what is left out stays. Files, dependencies and capabilities only before it is started.
    update_task: UpdateTask -> Arc<SyncTask>,
    needs {
        /// Which.
        task_id: TaskId,
    }
    takes {
        /// In one line.
        title: String,
        /// At length.
        description: String,
        /// How urgent.
        priority: Priority,
        /// The files it changes.
        files_involved: Vec<String>,
        /// What must be completed before.
        dependencies: Vec<TaskId>,
        /// How long it should take, in minutes.
        estimated_duration: i64,
        /// What an agent must be able to do to get it.
        required_capabilities: Vec<Capability>,
        /// Makes repeating the call harmless.
        request_id: RequestId,
    }
    refuses { TaskNotFound, TaskClosed, TaskInReview, TaskUnderWay, DependencyCycle, RequestIdReused, }
}

server_call! {
    /// Lets an agent finish what it has begun and gives it nothing new; its queue goes to others.
    drain_manus: DrainManus -> ManusInstance,
    needs {
        /// Which.
        manus_id: ManusId,
    }
    takes {
        /// False to give it work again; true.
        draining: bool,
        /// Makes repeating the call harmless.
        request_id: RequestId,
    }
    refuses { ManusNotFound, ManusInactive, RequestIdReused, }
}

#[cfg(feature = "ssr")]
mod answers {
    use engine::command::TaskChanges;
    use engine::{Answer, Command};

    use super::super::bounds::{self, CAPABILITIES_MAX, DEPENDENCIES_MAX, DURATION_MINUTES, NOTE_MAX, TITLE};
    use super::super::door::{odd, submit};
    use super::super::error::ApiError;
    use super::super::files::patterns;
    use super::super::tasks::{attempt, change};
    use super::*;

    fn note(argument: &str, text: Option<&str>) -> Result<(), ApiError> {
        bounds::text(argument, text.unwrap_or_default(), &(0..=NOTE_MAX))
    }

    impl ReviewTask {
        pub(super) async fn answer(self) -> Result<Arc<SyncTask>, ApiError> {
            note("comment", self.comment.as_deref())?;
            let Self { manus_id, task_id, verdict, comment, request_id } = self;
            let approve = verdict == Verdict::Approve;
            change(Command::ReviewTask { manus_id, task_id, approve, comment }, request_id).await
        }
    }

    impl BlockTask {
        pub(super) async fn answer(self) -> Result<Arc<SyncTask>, ApiError> {
            note("reason", self.reason.as_deref())?;
            let Self { manus_id, task_id, reason, request_id } = self;
            change(Command::BlockTask { manus_id, task_id, reason }, request_id).await
        }
    }

    impl UnblockTask {
        pub(super) async fn answer(self) -> Result<Arc<SyncTask>, ApiError> {
            note("reason", self.reason.as_deref())?;
            let Self { manus_id, task_id, request_id, .. } = self;
            change(Command::UnblockTask { manus_id, task_id }, request_id).await
        }
    }

    impl FailTask {
        pub(super) async fn answer(self) -> Result<Arc<SyncTask>, ApiError> {
            note("reason", self.reason.as_deref())?;
            let attempt = attempt(self.attempt)?;
            let Self { manus_id, task_id, reason, request_id, .. } = self;
            change(Command::FailTask { manus_id, task_id, reason, attempt }, request_id).await
        }
    }

    impl UpdateTask {
        pub(super) async fn answer(self) -> Result<Arc<SyncTask>, ApiError> {
            if let Some(title) = &self.title {
                bounds::text("title", title, &TITLE)?;
            }
            if let Some(description) = &self.description {
                bounds::printable("description", description)?;
                bounds::bytes("description", description.len(), bounds::DESCRIPTION_MAX)?;
            }
            bounds::count("dependencies", self.dependencies.as_ref().map_or(0, Vec::len), DEPENDENCIES_MAX)?;
            let needs = self.required_capabilities.as_ref().map_or(0, Vec::len);
            bounds::count("required_capabilities", needs, CAPABILITIES_MAX)?;
            let files = self.files_involved.map(|files| patterns("files_involved", &files)).transpose()?;
            let minutes = |minutes| bounds::number("estimated_duration", minutes, &DURATION_MINUTES);
            let changes = TaskChanges {
                title: self.title,
                description: self.description,
                priority: self.priority,
                files_involved: files,
                dependencies: self.dependencies,
                estimated_duration: self.estimated_duration.map(minutes).transpose()?,
                required_capabilities: self.required_capabilities,
            };
            let command = Command::UpdateTask { task_id: self.task_id, changes: Box::new(changes) };
            change(command, self.request_id).await
        }
    }

    impl DrainManus {
        pub(super) async fn answer(self) -> Result<ManusInstance, ApiError> {
            let draining = self.draining.unwrap_or(true);
            match &*submit(Command::DrainManus { manus_id: self.manus_id, draining }, self.request_id).await?
            {
                Answer::Registered(manus) => Ok(manus.clone()),
                other => Err(odd(other)),
            }
        }
    }
}
