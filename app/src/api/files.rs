//! Files: claimed, given back, looked at.

use engine::view::FileLock;
use engine::{FilePattern, LockMode, ManusId, RequestId};
use serde::{Deserialize, Serialize};

use super::call::server_call;

server_call! {
    /// Claims files, folders or globs, all or nothing.
    claim_files: ClaimFiles -> Locks,
    needs {
        /// Who.
        manus_id: ManusId,
        /// What, as paths relative to the project's root (or absolute inside it).
        files: Vec<String>,
    }
    takes {
        /// What for.
        reason: String,
        /// `exclusive` (the default) or `shared`.
        mode: LockMode,
        /// How long at most, in seconds; without it, as long as the agent lives.
        ttl_secs: i64,
        /// How long to wait for others, in seconds, first come first served and without holding anything meanwhile; 0.
        wait_secs: i64,
        /// Makes repeating the call harmless.
        request_id: RequestId,
    }
    refuses { ManusNotFound, ManusInactive, FileLocked, WouldDeadlock, RequestIdReused, }
}

/// The answer to `claim_files`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct Locks {
    /// The locks granted or renewed, in the order asked.
    pub locks: Vec<FileLock>,
}

server_call! {
    /// Gives files back.
    release_files: ReleaseFiles -> Released,
    needs {
        /// Whose.
        manus_id: ManusId,
        /// Which, in the spelling of the claim or another of the same.
        files: Vec<String>,
    }
    takes {
        /// Who takes them away, when it is not the holder: `supervisor`, or another agent. The holder is told.
        by: ManusId,
        /// Makes repeating the call harmless.
        request_id: RequestId,
    }
    refuses { ManusNotFound, ManusInactive, RequestIdReused, }
}

/// The answer to `release_files`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct Released {
    /// Free again.
    pub released: Vec<FilePattern>,
    /// Not held in the first place.
    pub not_held: Vec<FilePattern>,
}

server_call! {
    /// What stands in the way of claiming files.
    check_files: CheckFiles -> Checked,
    needs {
        /// Which.
        files: Vec<String>,
    }
    takes {
        /// For whom: its own locks are not in its way. A name that nobody has registered holds none.
        manus_id: ManusId,
    }
    refuses {}
}

/// The answer to `check_files`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct Checked {
    /// In the order asked.
    pub files: Vec<FileCheck>,
}

/// What stands in the way of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct FileCheck {
    /// The file, in its one spelling.
    pub file: FilePattern,
    /// The first lock in its way; null when it is free.
    pub lock: Option<FileLock>,
}

#[cfg(feature = "ssr")]
pub(super) use answers::patterns;

#[cfg(feature = "ssr")]
mod answers {
    use std::time::Duration;

    use engine::{Answer, Command, LockKey, State, TimeMs, WaitId};
    use tokio::time::Instant;

    use super::super::bounds::{self, FILES_MAX, NOTE_MAX, TTL_SECS, WAIT_SECS};
    use super::super::door::{door, hub, odd, read, reserve, submit, wait_for};
    use super::super::error::ApiError;
    use super::*;

    /// Brings each file into its one spelling.
    pub fn patterns(argument: &str, files: &[String]) -> Result<Vec<FilePattern>, ApiError> {
        bounds::count(argument, files.len(), FILES_MAX)?;
        let hub = hub()?;
        let pattern = |(place, file): (usize, &String)| {
            let bad = |error: engine::pattern::BadPattern| {
                ApiError::invalid(&format!("{argument}[{place}]"), error.to_string())
            };
            hub.paths().pattern(file).map_err(bad)
        };
        files.iter().enumerate().map(pattern).collect()
    }

    impl ClaimFiles {
        pub(super) async fn answer(self) -> Result<Locks, ApiError> {
            bounds::text("reason", self.reason.as_deref().unwrap_or_default(), &(0..=NOTE_MAX))?;
            let wait_secs = bounds::number_or::<u64>("wait_secs", self.wait_secs, &WAIT_SECS, 0)?;
            let mut until = Instant::now() + Duration::from_secs(wait_secs);
            let ttl_secs = self.ttl_secs.map(|secs| bounds::number::<TimeMs>("ttl_secs", secs, &TTL_SECS));
            let command = Command::ClaimFiles {
                files: patterns("files", &self.files)?,
                manus_id: self.manus_id,
                reason: self.reason,
                mode: self.mode.unwrap_or_default(),
                ttl_ms: ttl_secs.transpose()?.map(|secs| secs * 1000),
                wait_ms: 0,
            };
            let reserved = if wait_secs > 0 { reserve(&command, self.request_id.as_ref())? } else { None };
            let locks = loop {
                match &*submit(with_patience(&command, until), self.request_id.clone()).await? {
                    Answer::Locks(locks) => break locks.clone(),
                    Answer::Waiting { wait_id, .. } => {
                        if !wait_out(*wait_id, &command, until).await? {
                            if door()?.is_closing() {
                                let reason = "the server is shutting down, and this claim waited".to_owned();
                                return Err(hub::Failure::Unavailable { reason }.into());
                            }
                            until = Instant::now();
                        }
                    }
                    other => return Err(odd(other)),
                }
            };
            drop(reserved);
            Ok(Locks { locks })
        }
    }

    /// The claim, to wait for the rest of the time.
    fn with_patience(command: &Command, until: Instant) -> Command {
        let mut command = command.clone();
        if let Command::ClaimFiles { wait_ms, .. } = &mut command {
            let left = until.saturating_duration_since(Instant::now());
            *wait_ms = TimeMs::try_from(left.as_millis()).unwrap_or(0);
        }
        command
    }

    /// Waits until a waiting claim has been granted or given up. Whoever asks again then learns which: what was granted is
    /// renewed, what was not is refused. False when nothing has been decided all the same.
    async fn wait_out(wait_id: WaitId, command: &Command, until: Instant) -> Result<bool, ApiError> {
        let Some(manus_id) = command.actor() else { return Ok(false) };
        let withdraw = Withdraw { hub: hub()?, wait_id };
        // A moment longer than the engine waits, so that its decision is there.
        let secs = until.saturating_duration_since(Instant::now()).as_secs() + 2;
        wait_for(manus_id, secs, |state| state.waits().get(wait_id).is_none()).await?;
        Ok(withdraw.hub.read(|state| state.waits().get(wait_id).is_none()))
    }

    /// Takes a waiting claim back when its caller is no longer there.
    struct Withdraw {
        hub: hub::Hub,
        wait_id: WaitId,
    }

    impl Drop for Withdraw {
        fn drop(&mut self) {
            if self.hub.read(|state| state.waits().get(self.wait_id).is_none()) {
                return;
            }
            let (hub, wait_id) = (self.hub.clone(), self.wait_id);
            tokio::spawn(async move {
                // Where this fails the wait ends with its time.
                let _ = hub.submit(Command::WithdrawClaim { wait_id }, None).await;
            });
        }
    }

    impl ReleaseFiles {
        pub(super) async fn answer(self) -> Result<Released, ApiError> {
            let files = patterns("files", &self.files)?;
            let files = read(|state| {
                let named = files.into_iter().zip(&self.files);
                named.map(|(file, said)| as_claimed(state, &self.manus_id, file, said)).collect()
            })?;
            let command = Command::ReleaseFiles { manus_id: self.manus_id, files, by: self.by };
            match &*submit(command, self.request_id).await? {
                Answer::Released { released, not_held } => {
                    Ok(Released { released: released.clone(), not_held: not_held.clone() })
                }
                other => Err(odd(other)),
            }
        }
    }

    /// The spelling under which an agent holds this, which it said in other words. A name that was no folder when it was claimed may
    /// have become one since, and the other way round; or a link to another file.
    fn as_claimed(state: &State, manus_id: &ManusId, file: FilePattern, said: &str) -> FilePattern {
        let held = |file: &FilePattern| {
            let key = LockKey { locked_by: manus_id.clone(), file_path: file.clone() };
            state.locks().get(&key).is_some()
        };
        if held(&file) {
            return file;
        }
        let other = match file.as_str().strip_suffix('/') {
            Some(name) => FilePattern::new(name),
            None => FilePattern::new(&format!("{file}/")),
        };
        let literally = || FilePattern::new(said).ok().filter(held);
        other.ok().filter(held).or_else(literally).unwrap_or(file)
    }

    impl CheckFiles {
        pub(super) async fn answer(self) -> Result<Checked, ApiError> {
            let files = patterns("files", &self.files)?;
            let manus_id = self.manus_id.as_ref();
            if let Some(manus_id) = manus_id {
                hub()?.note_sign_of_life(manus_id);
            }
            read(|state| {
                let check = |file: FilePattern| {
                    let in_the_way = state.locks().in_the_way(&file, LockMode::Exclusive, manus_id, 1);
                    FileCheck { lock: in_the_way.first().map(|lock| (*lock).clone()), file }
                };
                Checked { files: files.into_iter().map(check).collect() }
            })
        }
    }
}
