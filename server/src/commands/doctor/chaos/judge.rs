//! Watches what agents are told, and knows what must not be: a file with two holders, a task with two workers.
//!
//! An agent counts as the holder from the moment it has read of its grant until just before it asks to give the file back. So
//! whatever looks like two holders here were two holders there, for longer than that.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use engine::{FilePattern, LockMode, ManusId, TaskId};
use serde_json::Value;

/// A grant, as the agent knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Grant {
    pub holder: ManusId,
    pub file: FilePattern,
    pub mode: LockMode,
    pub token: u64,
}

impl Grant {
    /// An agent has one lock on a pattern; claiming it again may change its mode.
    pub(super) fn is_of(&self, other: &Self) -> bool {
        self.holder == other.holder && self.file == other.file
    }
}

/// What was seen until now.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    pub held: Vec<Grant>,
    working: BTreeMap<TaskId, ManusId>,
    /// The largest token ever granted for a pattern.
    tokens: BTreeMap<FilePattern, u64>,
    /// What must not be, a sentence each.
    pub races: Vec<String>,
    /// Answers that make no sense: neither a success nor a refusal that one has to expect.
    pub errors: Vec<String>,
    /// How often each code came.
    pub refusals: BTreeMap<String, u64>,
    /// How long answers took, by call; none that an outage came into.
    pub times: BTreeMap<&'static str, Vec<Duration>>,
}

/// The judge.
#[derive(Debug)]
pub(super) struct Judge {
    operations: u64,
    begun: AtomicU64,
    /// How often the server went down or came up: odd while it is down.
    outages: AtomicU64,
    down: AtomicBool,
    // A std Mutex: nothing awaits while it is held.
    seen: Mutex<Verdict>,
}

impl Judge {
    pub(super) fn new(operations: u64) -> Self {
        Self {
            operations,
            begun: AtomicU64::new(0),
            outages: AtomicU64::new(0),
            down: AtomicBool::new(false),
            seen: Mutex::new(Verdict::default()),
        }
    }

    fn seen(&self) -> MutexGuard<'_, Verdict> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there is a further call to make.
    pub(super) fn may_go_on(&self) -> bool {
        self.begun.fetch_add(1, Ordering::Relaxed) < self.operations
    }

    pub(super) fn is_half_time(&self) -> bool {
        self.begun.load(Ordering::Relaxed) >= self.operations.div_ceil(2)
    }

    pub(super) fn note_outage(&self, down: bool) {
        self.down.store(down, Ordering::SeqCst);
        self.outages.fetch_add(1, Ordering::SeqCst);
    }

    /// Two calls with the same mark, and nobody was kept waiting between them; `None` during an outage.
    pub(super) fn mark(&self) -> Option<u64> {
        let outages = self.outages.load(Ordering::SeqCst);
        (!self.down.load(Ordering::SeqCst)).then_some(outages)
    }

    pub(super) fn note_time(&self, call: &'static str, took: Duration) {
        self.seen().times.entry(call).or_default().push(took);
    }

    pub(super) fn note_refusal(&self, code: &str) {
        *self.seen().refusals.entry(code.to_owned()).or_default() += 1;
    }

    pub(super) fn note_error(&self, what: String) {
        self.seen().errors.push(what);
    }

    /// An agent has read that these locks are its own.
    pub(super) fn granted(&self, holder: &ManusId, locks: &[Value]) -> Vec<Grant> {
        let mut seen = self.seen();
        let mut grants = Vec::new();
        for lock in locks {
            match grant(holder, lock) {
                Some(grant) => {
                    seen.take(grant.clone());
                    grants.push(grant);
                }
                None => seen.errors.push(format!("no lock that one can read: {lock}")),
            }
        }
        grants
    }

    /// An agent is about to give this back.
    pub(super) fn giving_back(&self, grant: &Grant) {
        self.seen().held.retain(|held| !held.is_of(grant));
    }

    /// An agent is about to ask for these to share. What it held of them alone, others may share before it reads of it.
    pub(super) fn sharing(&self, holder: &ManusId, files: &[String]) {
        let files: Vec<FilePattern> = files.iter().filter_map(|file| FilePattern::new(file).ok()).collect();
        for held in &mut self.seen().held {
            if held.holder == *holder && files.contains(&held.file) {
                held.mode = LockMode::Shared;
            }
        }
    }

    /// An agent has read that a task is its own.
    pub(super) fn started(&self, manus: &ManusId, task: &TaskId) {
        let mut seen = self.seen();
        if let Some(other) = seen.working.insert(task.clone(), manus.clone()) {
            seen.races.push(format!("{task} was given to {manus} while {other} worked on it"));
        }
    }

    /// An agent is about to end its work on a task.
    pub(super) fn ending(&self, task: &TaskId) {
        self.seen().working.remove(task);
    }

    /// Everything seen, at the end.
    pub(super) fn verdict(&self) -> Verdict {
        std::mem::take(&mut self.seen())
    }

    /// What is held now, as far as agents know.
    pub(super) fn held(&self) -> Vec<Grant> {
        self.seen().held.clone()
    }
}

impl Verdict {
    fn take(&mut self, grant: Grant) {
        // Asked for again, it is the same grant.
        self.held.retain(|held| !held.is_of(&grant));
        let collides = |held: &&Grant| {
            held.holder != grant.holder
                && (held.mode, grant.mode) != (LockMode::Shared, LockMode::Shared)
                && held.file.meets(&grant.file)
        };
        if let Some(other) = self.held.iter().find(collides) {
            self.races.push(format!(
                "{} was given {} (token {}) while {} held {} (token {})",
                grant.holder, grant.file, grant.token, other.holder, other.file, other.token
            ));
        }
        if grant.mode == LockMode::Exclusive {
            let last = self.tokens.entry(grant.file.clone()).or_default();
            if grant.token < *last {
                self.races
                    .push(format!("{} has token {}, after {last} was given out", grant.file, grant.token));
            }
            *last = grant.token.max(*last);
        }
        self.held.push(grant);
    }
}

fn grant(holder: &ManusId, lock: &Value) -> Option<Grant> {
    Some(Grant {
        holder: holder.clone(),
        file: FilePattern::new(lock["file_path"].as_str()?).ok()?,
        mode: lock["mode"].as_str()?.parse().ok()?,
        token: lock["fencing_token"].as_u64()?,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn give(judge: &Judge, holder: &str, file: &str, mode: &str, token: u64) -> Vec<Grant> {
        let lock = json!({ "file_path": file, "mode": mode, "fencing_token": token });
        judge.granted(&ManusId::new(holder).unwrap(), &[lock])
    }

    #[test]
    fn two_holders_are_seen_whatever_they_call_it() {
        let judge = Judge::new(0);
        give(&judge, "ada", "src/*.rs", "exclusive", 1);
        give(&judge, "bob", "docs/", "shared", 2);
        give(&judge, "carl", "docs/a.md", "shared", 3);
        assert!(judge.verdict().races.is_empty());
        give(&judge, "ada", "src/*.rs", "exclusive", 1);
        give(&judge, "bob", "src/a.rs", "exclusive", 4);
        let races = judge.verdict().races;
        assert_eq!(races, ["bob was given src/a.rs (token 4) while ada held src/*.rs (token 1)"]);
    }

    #[test]
    fn what_was_given_back_is_free_and_tokens_grow() {
        let judge = Judge::new(0);
        let grants = give(&judge, "ada", "a.rs", "exclusive", 7);
        judge.giving_back(&grants[0]);
        give(&judge, "bob", "a.rs", "exclusive", 5);
        assert_eq!(judge.verdict().races, ["a.rs has token 5, after 7 was given out"]);
    }

    #[test]
    fn claimed_again_in_another_mode_it_is_the_same_lock() {
        let judge = Judge::new(0);
        let grants = give(&judge, "ada", "a.rs", "exclusive", 1);
        give(&judge, "ada", "a.rs", "shared", 1);
        judge.giving_back(&grants[0]);
        give(&judge, "bob", "a.rs", "exclusive", 2);
        assert!(judge.verdict().races.is_empty());
    }

    #[test]
    fn what_one_asks_to_share_others_may_have_first() {
        let judge = Judge::new(0);
        give(&judge, "ada", "a.rs", "exclusive", 1);
        judge.sharing(&ManusId::new("ada").unwrap(), &["src/../a.rs".to_owned()]);
        give(&judge, "bob", "a.rs", "shared", 2);
        assert!(judge.verdict().races.is_empty());
    }

    #[test]
    fn two_workers_of_one_task() {
        let (judge, task) = (Judge::new(0), TaskId::numbered(1));
        judge.started(&ManusId::new("ada").unwrap(), &task);
        judge.ending(&task);
        judge.started(&ManusId::new("bob").unwrap(), &task);
        assert!(judge.seen().races.is_empty());
        judge.started(&ManusId::new("ada").unwrap(), &task);
        assert_eq!(judge.verdict().races, ["T1 was given to ada while bob worked on it"]);
    }

    #[test]
    fn calls_are_counted_out() {
        let judge = Judge::new(3);
        let allowed: Vec<bool> = (0..5).map(|_| judge.may_go_on()).collect();
        assert_eq!((allowed, judge.is_half_time()), (vec![true, true, true, false, false], true));
    }
}
