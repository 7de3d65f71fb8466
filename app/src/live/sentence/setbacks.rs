//! Sentences about what happens beside the straight way: reviews, holds, failures, changes, and claims that wait.

use engine::{Event, Record, State, TaskId};

use super::{Part, Sentence, Tone, files, manus, subject, text};

/// The sentence about such an event; `None` for all others.
pub(super) fn sentence(record: &Record, state: &State, task: impl Fn(&TaskId) -> Part) -> Option<Sentence> {
    use Tone::{Bad, Good, Quiet, Running};
    let said = |words: &Option<String>| words.as_ref().map(|words| text(format!(": {words}")));
    let (icon, tone, parts, more): (_, _, Vec<Part>, Option<Part>) = match &record.event {
        Event::TaskReviewRequested { task_id, .. } => {
            ("eye", Running, vec![task(task_id), text(" is to be reviewed")], None)
        }
        Event::TaskReviewerChosen { task_id, reviewer: Some(reviewer) } => {
            ("eye", Quiet, vec![manus(reviewer), text(" reviews "), task(task_id)], None)
        }
        Event::TaskSentBack { task_id, reviewer, comment } => {
            ("undo", Bad, vec![manus(reviewer), text(" sent back "), task(task_id)], said(comment))
        }
        Event::TaskHeld { task_id, reason } => {
            ("ban", Bad, vec![task(task_id), text(format!(" is held back: {reason}"))], None)
        }
        Event::TaskFailed { task_id, error, retry_at_ms } => {
            let next = if retry_at_ms.is_some() { "; it will be tried again" } else { ", for good" };
            let parts = vec![manus(&error.manus_id), text(" failed at "), task(task_id), text(next)];
            ("alert", Bad, parts, Some(text(format!(" ({})", error.message))))
        }
        Event::TaskRetryDue { task_id } => {
            ("unblocked", Running, vec![task(task_id), text(" may be tried again")], None)
        }
        Event::TaskUpdated { task: spec, .. } => {
            let changed = Part::Task(spec.id.clone(), spec.title.clone());
            ("pencil", Quiet, vec![changed, text(" was changed")], None)
        }
        Event::TaskStalled { task_id, level } => {
            let whose = state.task(task_id).and_then(|task| task.assigned_to().cloned());
            let how = if *level > 1 { " has not moved for long with " } else { " does not move with " };
            let whose = subject(whose, "its agent");
            ("clock", Bad, [task(task_id), text(how)].into_iter().chain(whose).collect(), None)
        }
        Event::ManusDraining { manus_id, draining } => {
            let how = if *draining { " gets no new work" } else { " gets work again" };
            ("log-out", if *draining { Quiet } else { Good }, vec![manus(manus_id), text(how)], None)
        }
        Event::ClaimQueued { wait } => {
            let mut parts = vec![manus(&wait.manus_id), text(" waits for ")];
            parts.extend(files(&wait.files));
            ("clock", Quiet, parts, None)
        }
        _ => return None,
    };
    Some((icon, tone, parts.into_iter().chain(more).collect()))
}
