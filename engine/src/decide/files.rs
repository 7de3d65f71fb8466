//! Claims of files, and their end.

use super::{Outcome, Rules};
use crate::answer::Answer;
use crate::command::Command;
use crate::event::{Event, ReleaseCause};
use crate::ids::{LockKey, ManusId, TaskId, TimeMs};
use crate::json::Json;
use crate::pattern::FilePattern;
use crate::planted;
use crate::refusal::Refusal;
use crate::sorted::SortedSet;
use crate::values::LockMode;
use crate::view::{ClaimWait, FileLock};

/// How many locks a refusal lists at most.
const CONFLICTS_LISTED: usize = 100;

/// What is asked for with a claim, for each of its files alike.
pub(super) struct Terms<'a> {
    pub(super) manus_id: &'a ManusId,
    pub(super) mode: LockMode,
    pub(super) reason: Option<&'a str>,
    pub(super) expires_at_ms: Option<TimeMs>,
    pub(super) task_id: Option<&'a TaskId>,
}

impl<'a> Terms<'a> {
    /// Those of a waiting claim, but for the end of its time to live: that is counted from the grant.
    pub(super) fn of(wait: &'a ClaimWait) -> Self {
        let reason = wait.reason.as_deref();
        Self { manus_id: &wait.manus_id, mode: wait.mode, reason, expires_at_ms: None, task_id: None }
    }
}

impl Rules<'_> {
    pub(super) fn claim(&mut self, command: &Command) -> Outcome {
        let Command::ClaimFiles { manus_id, files, reason, mode, ttl_ms, wait_ms } = command else {
            return Ok(Answer::Done);
        };
        self.caller(manus_id)?;
        if files.is_empty() {
            let reason = "files is empty; name at least one file, folder or glob".to_owned();
            return Err(Refusal::InvalidArgument { argument: "files", reason });
        }
        let files = without_repetition(files);
        let expires_at_ms = ttl_ms.map(|ttl| self.now + ttl);
        let terms = Terms { manus_id, mode: *mode, reason: reason.as_deref(), expires_at_ms, task_id: None };
        match self.check_unheld(&files, *mode, manus_id) {
            Err(Refusal::FileLocked { .. }) if *wait_ms > 0 => {
                return self.wait_for(files, &terms, *ttl_ms, *wait_ms);
            }
            unheld => unheld?,
        }
        self.revive(manus_id);
        let locks = self.grant(&files, &terms);
        self.emit(Event::LocksGranted { locks: locks.clone() });
        self.settle();
        Ok(Answer::Locks(locks))
    }

    /// Refuses when anything of this is held by somebody else.
    pub(super) fn check_unheld(
        &self,
        files: &[FilePattern],
        mode: LockMode,
        manus_id: &ManusId,
    ) -> Result<(), Refusal> {
        let mut conflicts: Vec<FileLock> = Vec::new();
        for file in files {
            let room = CONFLICTS_LISTED - conflicts.len();
            for lock in self.state.in_the_way_of_claim(file, mode, manus_id, None, room.max(1)) {
                if conflicts.len() < CONFLICTS_LISTED && !conflicts.contains(lock) {
                    conflicts.push(lock.clone());
                }
            }
        }
        self.refuse_for(conflicts, manus_id)
    }

    fn refuse_for(&self, conflicts: Vec<FileLock>, manus_id: &ManusId) -> Result<(), Refusal> {
        let (manus_id, at_ms) = (manus_id.clone(), self.now);
        if conflicts.is_empty() { Ok(()) } else { Err(Refusal::FileLocked { manus_id, conflicts, at_ms }) }
    }

    /// Refuses when another task of the same agent is at work on a file of this one.
    pub(super) fn check_unused(&self, manus_id: &ManusId, task_id: &TaskId) -> Result<(), Refusal> {
        self.refuse_for(self.in_own_use(manus_id, task_id), manus_id)
    }

    /// The agent's own locks on files of a task, where another task of its own is at work under them.
    pub(super) fn in_own_use(&self, manus_id: &ManusId, task_id: &TaskId) -> Vec<FileLock> {
        let (Some(agent), Some(task)) = (self.state.agent(manus_id), self.state.task(task_id)) else {
            return Vec::new();
        };
        let running: Vec<_> = agent.running.iter().filter_map(|id| self.state.task(id)).collect();
        if running.is_empty() {
            return Vec::new();
        }
        let mut used = Vec::new();
        for file in &task.spec.files_involved {
            let at_work = |lock: &FileLock| match &lock.task_id {
                Some(taken_by) => agent.running.contains(taken_by),
                // Held before that task began, and so not the task's own.
                None => {
                    running.iter().any(|other| other.spec.files_involved.iter().any(|used| used.meets(file)))
                }
            };
            let locks = self.state.locks().in_the_way(file, LockMode::Exclusive, None, CONFLICTS_LISTED);
            let own = locks.into_iter().filter(|lock| lock.locked_by == *manus_id && at_work(lock));
            used.extend(own.take(CONFLICTS_LISTED - used.len()).cloned());
        }
        used
    }

    /// The locks as they will be: new ones with new tokens, those already held renewed.
    pub(super) fn grant(&self, files: &[FilePattern], terms: &Terms) -> Vec<FileLock> {
        let mut token = self.next_token();
        let mut locks = Vec::with_capacity(files.len());
        for file_path in files {
            let key = LockKey { locked_by: terms.manus_id.clone(), file_path: file_path.clone() };
            let held = self.state.locks().get(&key);
            // What an agent held alone and without limit before a task began is left as it was, and stays when the task ends.
            let firm = held.filter(|held| held.mode == LockMode::Exclusive && held.expires_at_ms.is_none());
            if let (Some(firm), Some(_)) = (firm, terms.task_id) {
                locks.push(firm.clone());
                continue;
            }
            // Sharing and then wanting it alone is a new grant: others may have written in between.
            let renewed =
                held.filter(|held| held.mode == LockMode::Exclusive || terms.mode == LockMode::Shared);
            let fencing_token = renewed.map_or(token, |held| held.fencing_token);
            token += u64::from(renewed.is_none());
            locks.push(FileLock {
                file_path: file_path.clone(),
                locked_by: terms.manus_id.clone(),
                locked_at_ms: renewed.map_or(self.now, |held| held.locked_at_ms),
                lock_reason: terms
                    .reason
                    .map(str::to_owned)
                    .or_else(|| held.and_then(|held| held.lock_reason.clone())),
                mode: terms.mode,
                expires_at_ms: terms.expires_at_ms,
                // What it shared or held for a while becomes the task's: it would otherwise be left behind for ever.
                task_id: terms.task_id.or_else(|| held.and_then(|held| held.task_id.as_ref())).cloned(),
                fencing_token,
            });
        }
        locks
    }

    fn next_token(&self) -> u64 {
        if planted::FORGET_FENCE {
            return 1 + self.state.locks().iter().map(|lock| lock.fencing_token).max().unwrap_or(0);
        }
        self.state.counters().next_fencing_token
    }

    /// Takes a starting task's files for its agent. They must be free.
    pub(super) fn grant_for_task(
        &mut self,
        manus_id: &ManusId,
        task_id: &TaskId,
        files: &[FilePattern],
    ) -> Vec<FileLock> {
        if files.is_empty() {
            return Vec::new();
        }
        let reason = self.state.task(task_id).map(|task| format!("{task_id}: {}", task.spec.title));
        let terms = Terms {
            manus_id,
            mode: LockMode::Exclusive,
            reason: reason.as_deref(),
            expires_at_ms: None,
            task_id: Some(task_id),
        };
        let locks = self.grant(&without_repetition(files), &terms);
        self.emit(Event::LocksGranted { locks: locks.clone() });
        locks
    }

    pub(super) fn release(
        &mut self,
        manus_id: &ManusId,
        files: &[FilePattern],
        by: Option<&ManusId>,
    ) -> Outcome {
        self.caller(manus_id)?;
        let by = by.filter(|by| *by != manus_id);
        if let Some(by) = by {
            self.correspondent(by, "by")?;
        }
        let files = without_repetition(files);
        let held = |file: &FilePattern| {
            self.state
                .locks()
                .get(&LockKey { locked_by: manus_id.clone(), file_path: file.clone() })
                .is_some()
        };
        let (released, not_held): (Vec<_>, Vec<_>) = files.into_iter().partition(held);
        self.revive(by.unwrap_or(manus_id));
        if !released.is_empty() {
            let cause = if by.is_some() { ReleaseCause::Forced } else { ReleaseCause::Released };
            self.emit(Event::LocksReleased { manus_id: manus_id.clone(), files: released.clone(), cause });
        }
        if let (Some(by), false) = (by, released.is_empty()) {
            self.tell_lost(manus_id, &released, &format!("{by} released them"));
        }
        self.settle();
        Ok(Answer::Released { released, not_held })
    }

    pub(super) fn tell_lost(&mut self, manus_id: &ManusId, files: &[FilePattern], reason: &str) {
        let content = Json::object([("files", Json::texts(files)), ("reason", Json::text(reason))]);
        self.tell(manus_id, "LOCK_LOST", content);
    }
}

/// The patterns in the order given, each once.
fn without_repetition(files: &[FilePattern]) -> Vec<FilePattern> {
    if files.len() < 2 {
        return files.to_vec();
    }
    let mut seen = SortedSet::new();
    files.iter().filter(|file| seen.insert(*file)).cloned().collect()
}
