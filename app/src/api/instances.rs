//! Agents: coming, giving signs of life, going, and being looked at.

use engine::view::ManusInstance;
use engine::{Capability, FilePattern, InstanceStatus, ManusId, Progress, RequestId, Role, TaskId, TimeMs};
use serde::{Deserialize, Serialize};

use super::call::server_call;

server_call! {
    /// An agent introduces itself, or comes back.
    register_manus: RegisterManus -> Registered,
    needs {
        /// The name that it chose for itself.
        manus_id: ManusId,
        /// What it is for.
        role: Role,
        /// What it can do.
        capabilities: Vec<Capability>,
    }
    takes {
        /// How many tasks it works on at a time; 1.
        max_parallel: i64,
        /// The program that runs it, such as `claude-code`.
        program: String,
        /// The model behind it.
        model: String,
        /// Take the name even from an agent that is alive.
        takeover: bool,
        /// Makes repeating the call harmless.
        request_id: RequestId,
    }
    refuses { ManusIdTaken, RequestIdReused, }
}

/// The answer to `register_manus`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct Registered {
    /// The agent as registered.
    pub manus: ManusInstance,
    /// How often it should give a sign of life.
    pub heartbeat_interval_secs: u64,
    /// The token of an agent that was registered with an enrolment token, to be shown with further calls and kept like a
    /// password; otherwise null.
    pub token: Option<String>,
}

server_call! {
    /// A sign of life.
    heartbeat: Heartbeat -> Beat,
    needs {
        /// Whose.
        manus_id: ManusId,
    }
    takes {
        /// What the agent says of itself: ACTIVE, IDLE, or INACTIVE as a goodbye.
        status: InstanceStatus,
        /// How far it is with what it does.
        progress: Progress,
        /// Makes repeating the call harmless.
        request_id: RequestId,
    }
    refuses { ManusNotFound, ManusInactive, RequestIdReused, }
}

/// The answer to `heartbeat`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct Beat {
    /// How many messages wait.
    pub unread_messages: usize,
    /// What the agent works on and what it has in its queue, in the order in which to do it.
    pub assigned_tasks: Vec<TaskId>,
    /// When the engine took note.
    pub server_time_ms: TimeMs,
}

server_call! {
    /// Goodbye: the agent's files are free at once, its tasks are anybody's again.
    deregister_manus: DeregisterManus -> Left,
    needs {
        /// Whose.
        manus_id: ManusId,
    }
    takes {
        /// Makes repeating the call harmless.
        request_id: RequestId,
    }
    refuses { ManusNotFound, ManusInactive, RequestIdReused, }
}

/// The answer to `deregister_manus`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct Left {
    /// The patterns that are free again.
    pub released: Vec<FilePattern>,
    /// The tasks that are PENDING again.
    pub returned_tasks: Vec<TaskId>,
}

server_call! {
    /// All agents, in order of id.
    list_manus: ListManus -> Vec<ManusInstance>,
    needs {}
    takes {}
    refuses {}
}

server_call! {
    /// One agent.
    get_manus: GetManus -> ManusInstance,
    needs {
        /// Which.
        manus_id: ManusId,
    }
    takes {}
    refuses { ManusNotFound, }
}

#[cfg(feature = "ssr")]
mod answers {
    use engine::{Answer, Command};

    use super::super::access::forbidden;
    use super::super::bounds::{self, MAX_PARALLEL, NAME_MAX};
    use super::super::door::{hub, note_seq, odd, principal, read, shown, submit};
    use super::super::error::ApiError;
    use super::*;

    impl RegisterManus {
        pub(super) async fn answer(self) -> Result<Registered, ApiError> {
            bounds::count("capabilities", self.capabilities.len(), bounds::CAPABILITIES_MAX)?;
            for (argument, name) in [("program", &self.program), ("model", &self.model)] {
                bounds::text(argument, name.as_deref().unwrap_or_default(), &(0..=NAME_MAX))?;
            }
            let command = Command::RegisterManus {
                manus_id: self.manus_id,
                role: self.role,
                capabilities: self.capabilities,
                max_parallel: bounds::number_or("max_parallel", self.max_parallel, &MAX_PARALLEL, 1)?,
                program: self.program,
                model: self.model,
                takeover: self.takeover.unwrap_or(false),
            };
            let token = match principal()?.enrolment() {
                Some(with) => Some(enrol(with, &command, self.request_id.as_ref()).await?),
                None => None,
            };
            let answer = match submit(command, self.request_id).await {
                Ok(answer) => answer,
                Err(error) => {
                    // Where it is unknown what became of the call, repeating it settles that, with this very token.
                    if let Some(token) = token.filter(|token| token.fresh && error.status < 500) {
                        hub()?.access().revoke(&token.token.id, false).await?;
                    }
                    return Err(error);
                }
            };
            match &*answer {
                Answer::Registered(manus) => Ok(Registered {
                    manus: manus.clone(),
                    heartbeat_interval_secs: hub()?.read(|state| state.settings().heartbeat_interval_secs()),
                    token: token.map(|token| token.whole),
                }),
                other => Err(odd(other)),
            }
        }
    }

    /// The token of an agent that is about to be registered by whoever may enrol. Before the agent itself: a name without a
    /// token could be had by anybody who enrols.
    async fn enrol(
        with: &hub::Token,
        command: &Command,
        request_id: Option<&RequestId>,
    ) -> Result<hub::Minted, ApiError> {
        let Some(name) = command.actor() else { return Err(ApiError::internal("nobody is registered")) };
        let hub = hub()?;
        let is_taken = *name == ManusId::supervisor() || hub.read(|state| state.agent(name).is_some());
        hub.access().enrol(&shown()?, name, request_id, is_taken).await.map_err(|error| match error {
            hub::NotEnrolled::NameTaken => {
                let message = format!(
                    "the name {name} is taken, and an enrolment token registers new names alone; use the token of {name}, or \
                     register under another name"
                );
                let detail = serde_json::json!({ "role": with.role.as_str(), "token_id": with.id, "named": name });
                forbidden(message).with(detail)
            }
            hub::NotEnrolled::BadToken(trouble) => ApiError::unauthenticated(&trouble.to_string()),
            hub::NotEnrolled::Failed(failure) => failure.into(),
        })
    }

    impl Heartbeat {
        pub(super) async fn answer(self) -> Result<Beat, ApiError> {
            // Nothing to decide about an agent that is alive and only says so.
            if self.status.is_none()
                && self.progress.is_none()
                && let Some(beat) = hub()?.beat(&self.manus_id)
            {
                note_seq(beat.seq);
                return Ok(Beat {
                    unread_messages: beat.unread_messages,
                    assigned_tasks: beat.assigned_tasks,
                    server_time_ms: beat.server_time_ms,
                });
            }
            let Self { manus_id, status, progress, request_id } = self;
            match &*submit(Command::Heartbeat { manus_id, status, progress }, request_id).await? {
                Answer::Beat { unread_messages, assigned_tasks, server_time_ms } => Ok(Beat {
                    unread_messages: *unread_messages,
                    assigned_tasks: assigned_tasks.clone(),
                    server_time_ms: *server_time_ms,
                }),
                other => Err(odd(other)),
            }
        }
    }

    impl DeregisterManus {
        pub(super) async fn answer(self) -> Result<Left, ApiError> {
            match &*submit(Command::DeregisterManus { manus_id: self.manus_id }, self.request_id).await? {
                Answer::Left { released, returned_tasks } => {
                    Ok(Left { released: released.clone(), returned_tasks: returned_tasks.clone() })
                }
                other => Err(odd(other)),
            }
        }
    }

    impl ListManus {
        pub(super) async fn answer(self) -> Result<Vec<ManusInstance>, ApiError> {
            read(|state| state.agents().map(|agent| agent.view(state)).collect())
        }
    }

    impl GetManus {
        pub(super) async fn answer(self) -> Result<ManusInstance, ApiError> {
            read(|state| state.manus(&self.manus_id))?
                .ok_or_else(|| ApiError::manus_not_found(&self.manus_id))
        }
    }
}
