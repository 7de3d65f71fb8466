//! What refusals say, where that takes more than a line.

use crate::ids::{ManusId, TaskId, TimeMs};
use crate::values::{LockMode, TaskStatus};
use crate::view::FileLock;

/// For what is free within this time it pays to come back.
const SOON_SECS: TimeMs = 30;

pub(super) fn listed(ids: &[TaskId]) -> String {
    ids.iter().map(TaskId::to_string).collect::<Vec<_>>().join(", ")
}

pub(super) fn not_yours(task: &TaskId, assigned_to: Option<&ManusId>, asked: &ManusId) -> String {
    match assigned_to {
        Some(other) => format!(
            "{task} is assigned to {other}, not to {asked}; take your own task, or have it moved with assign_task"
        ),
        None => format!(
            "{task} is assigned to nobody yet; have it given to {asked} with assign_task, or ask for work with next_task"
        ),
    }
}

pub(super) fn blocked(task: &TaskId, waiting_for: &[TaskId], reason: Option<&str>, held: bool) -> String {
    match reason {
        Some(reason) if held => format!("{task} is BLOCKED: {reason}; unblock_task lets it go on"),
        Some(reason) => format!("{task} is BLOCKED: {reason}"),
        None => {
            format!("{task} is BLOCKED until {} completed; take another task meanwhile", done(waiting_for))
        }
    }
}

/// There is no such agent. Nor can there be one of some names.
pub(super) fn nobody(manus_id: &ManusId) -> String {
    if *manus_id == ManusId::supervisor() || *manus_id == ManusId::system() {
        return format!("{manus_id} is no agent; name the agent whose task or files these are");
    }
    format!("no agent {manus_id} is registered; call register_manus first, or check the name with list_manus")
}

fn done(waiting_for: &[TaskId]) -> String {
    const SHOWN: usize = 10;
    let verb = if waiting_for.len() == 1 { "is" } else { "are" };
    match waiting_for.len().checked_sub(SHOWN) {
        None | Some(0) => format!("{} {verb}", listed(waiting_for)),
        Some(more) => format!("{} and {more} more are", listed(&waiting_for[..SHOWN])),
    }
}

pub(super) fn over(
    task: &TaskId,
    attempt: u32,
    newest: u32,
    status: TaskStatus,
    whose: Option<&ManusId>,
) -> String {
    if attempt > newest {
        return format!(
            "{task} was started {newest} times, so there is no attempt {attempt}; pass the number in attempts that start_task \
             or next_task answered"
        );
    }
    let now = match (status, whose) {
        (TaskStatus::InProgress, Some(agent)) => format!("{agent} works on it in attempt {newest}"),
        (status, Some(agent)) => format!("it is {status} with {agent}"),
        (status, None) => format!("it is {status}"),
    };
    format!("attempt {attempt} of {task} is over, {now}; stop working on it, and ask for work with next_task")
}

/// A way round in words; of a long one its beginning and its end.
pub(super) fn round(cycle: &[String]) -> String {
    const TOLD: (usize, usize) = (8, 3);
    if cycle.len() <= TOLD.0 + TOLD.1 + 1 {
        return cycle.join(" -> ");
    }
    let (begin, end) = (&cycle[..TOLD.0], &cycle[cycle.len() - TOLD.1..]);
    let between = cycle.len() - begin.len() - end.len();
    format!("{} -> ({between} more) -> {}", begin.join(" -> "), end.join(" -> "))
}

pub(super) fn closed(task: &TaskId, status: TaskStatus) -> String {
    let dependents = if status == TaskStatus::Cancelled { ", and no task can wait for it" } else { "" };
    format!("{task} is {status}; nothing more can be done with it{dependents}; create another task instead")
}

pub(super) fn locked(asked: &ManusId, conflicts: &[FileLock], at_ms: TimeMs) -> String {
    let Some(first) = conflicts.first() else { return "a file is held by another agent".to_owned() };
    if first.locked_by == *asked {
        let file = &first.file_path;
        return match &first.task_id {
            Some(task) => {
                format!("{file} is in use by your own {task}; complete {task} first, or start another task")
            }
            None => format!(
                "{file} is in use by another task of yours; complete that first, or start another task"
            ),
        };
    }
    let why = first.lock_reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    let left_secs = first.expires_at_ms.map(|expires| (expires - at_ms + 999).max(1000) / 1000);
    let until = left_secs.map(|secs| format!(" for at most {secs} s more")).unwrap_or_default();
    let more = match conflicts.len() {
        1 => String::new(),
        2 => ", and 1 more lock is in the way".to_owned(),
        n => format!(", and {} more locks are in the way", n - 1),
    };
    let advice = match left_secs {
        // Its holder may be lost, and is not worth asking.
        Some(secs) if secs <= SOON_SECS => "try again then, or work on something else meanwhile".to_owned(),
        _ => format!("work on something else, or ask {} with send_message to release it", first.locked_by),
    };
    let holds = if first.mode == LockMode::Shared { "shared" } else { "held" };
    format!("{} is {holds} by {}{why}{until}{more}; {advice}", first.file_path, first.locked_by)
}
