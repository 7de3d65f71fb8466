//! The promises about claims, looked after with other means than the engine's own: by comparing everything with everything.

use std::collections::BTreeSet;

use engine::event::WaitEnd;
use engine::view::{ClaimWait, FileLock};
use engine::{Command, Event, FilePattern, LockMode, ManusId, Record, Refusal, State};

/// Whether a lock keeps somebody from a claim.
fn keeps_out(lock: &FileLock, manus: &ManusId, files: &[FilePattern], mode: LockMode) -> bool {
    lock.locked_by != *manus
        && (lock.mode == LockMode::Exclusive || mode == LockMode::Exclusive)
        && files.iter().any(|file| file.meets(&lock.file_path))
}

fn holders(state: &State, wait: &ClaimWait, which: impl Fn(&FileLock) -> bool) -> BTreeSet<ManusId> {
    let locks = state.locks().iter().filter(|lock| which(lock));
    let holding = locks.filter(|lock| keeps_out(lock, &wait.manus_id, &wait.files, wait.mode));
    holding.map(|lock| lock.locked_by.clone()).collect()
}

/// No file is held twice, no waiting claim is forgotten, and none waits for ever.
pub fn check(state: &State, problems: &mut Vec<String>) {
    for lock in state.locks().iter() {
        let files = std::slice::from_ref(&lock.file_path);
        if let Some(other) =
            state.locks().iter().find(|other| keeps_out(other, &lock.locked_by, files, lock.mode))
        {
            problems.push(format!("{lock:?} and {other:?}"));
        }
    }
    for wait in state.waits().iter() {
        if holders(state, wait, |_| true).is_empty() {
            problems.push(format!("nothing is in the way of {wait:?}, and still it waits"));
        }
        if wait.until_ms < state.at_ms() {
            problems.push(format!("{wait:?} should have ended"));
        }
    }
    let entangled = entangled(state, state.waits().iter().cloned().collect());
    if !entangled.is_empty() {
        problems.push(format!("these wait for each other for ever: {entangled:?}"));
    }
}

/// What is left of these waits when every one is taken away that is not behind a lasting lock of somebody who waits: those
/// wait for each other.
fn entangled(state: &State, mut waits: Vec<ClaimWait>) -> Vec<ClaimWait> {
    loop {
        let waiting: BTreeSet<ManusId> = waits.iter().map(|wait| wait.manus_id.clone()).collect();
        let before = waits.len();
        waits.retain(|wait| {
            let lasting = holders(state, wait, |lock| lock.expires_at_ms.is_none());
            lasting.iter().any(|holder| waiting.contains(holder))
        });
        if waits.len() == before {
            return waits;
        }
    }
}

/// Grants go in the order of coming: whoever came before and still waits could not have been granted the claim then. And
/// what is granted was free.
pub fn check_grants(before: &State, events: &[Record], problems: &mut Vec<String>) {
    let mut state = before.clone();
    for record in events {
        if let Event::ClaimWaitEnded { wait_id, cause: WaitEnd::Granted } = &record.event {
            for wait in state.waits().iter().filter(|wait| wait.id <= *wait_id) {
                let free = holders(&state, wait, |_| true).is_empty();
                if free != (wait.id == *wait_id) {
                    problems.push(format!("{wait:?} is free: {free}, when {wait_id} is granted"));
                }
            }
        }
        state.apply(record);
    }
}

/// A claim is refused for its circle only when that would be one, and only when it cannot be granted.
pub fn check_refusal(state: &State, command: &Command, refusal: &Refusal, problems: &mut Vec<String>) {
    let Command::ClaimFiles { manus_id, files, mode, ttl_ms, .. } = command else { return };
    let wait = ClaimWait {
        id: state.counters().next_wait,
        manus_id: manus_id.clone(),
        files: files.clone(),
        mode: *mode,
        reason: None,
        ttl_ms: *ttl_ms,
        since_ms: state.at_ms(),
        until_ms: state.at_ms(),
        behind: Vec::new(),
    };
    let waits = state.waits().iter().cloned().chain([wait]).collect();
    match refusal {
        Refusal::WouldDeadlock { cycle } => {
            let round = cycle.len() > 2 && cycle.first() == Some(manus_id) && cycle.last() == Some(manus_id);
            if !round || entangled(state, waits).is_empty() {
                problems.push(format!("{command:?} was refused for {cycle:?}, which is none"));
            }
        }
        other => problems.push(format!("{command:?} can only be refused for a circle, not: {other}")),
    }
}
