//! Sentences about the straight way of tasks: created, dealt out, worked on, closed or given back.

use engine::event::{AssignCause, ReturnCause};
use engine::{Event, Record, State, TaskId, TimeMs};

use super::{Before, Part, Sentence, Tone, manus, setbacks, subject, text};
use crate::live::words;

/// How long something must have taken for the time to be told.
const NOTABLE_MS: TimeMs = 1_000;

/// The sentence about such an event; `None` for all others.
pub(super) fn sentence(record: &Record, state: &State, before: &Before) -> Option<Sentence> {
    use Tone::{Bad, Good, Quiet, Running};
    let task = |id: &TaskId| {
        Part::Task(id.clone(), state.task(id).map_or(String::new(), |t| t.spec().title.clone()))
    };
    let worker = |id: &TaskId| record.by.clone().or_else(|| state.task(id)?.assigned_to().cloned());
    Some(match &record.event {
        Event::TaskCreated { task: spec, .. } => {
            let created = Part::Task(spec.id.clone(), spec.title.clone());
            match &record.by {
                Some(by) => ("plus", Quiet, vec![manus(by), text(" created "), created]),
                None => ("plus", Quiet, vec![created, text(" was created")]),
            }
        }
        Event::TaskAssigned { task_id, manus_id, cause } => {
            let goes = match cause {
                AssignCause::Rule => " goes to ",
                AssignCause::ByHand => " was given to ",
                AssignCause::Taken => " was taken by ",
                AssignCause::Plan => " goes, as planned, to ",
            };
            ("arrow-right", Quiet, vec![task(task_id), text(goes), manus(manus_id)])
        }
        Event::TaskUnassigned { task_id, .. } => match &before.assignee {
            Some(from) => ("undo", Quiet, vec![task(task_id), text(" left the queue of "), manus(from)]),
            None => ("undo", Quiet, vec![task(task_id), text(" waits for an agent")]),
        },
        Event::TaskUnblocked { task_id } => {
            ("unblocked", Running, vec![task(task_id), text(" can start: nothing is in its way any more")])
        }
        Event::TaskStarted { task_id, manus_id } => {
            ("play", Running, vec![manus(manus_id), text(" started "), task(task_id)])
        }
        Event::TaskProgressed { task_id, progress, note } => {
            let mut parts = subject(worker(task_id), "Work");
            parts.extend([text(format!(" is {}% through ", progress.percent())), task(task_id)]);
            parts.extend(note.as_ref().map(|note| text(format!(": {note}"))));
            ("gauge", Running, parts)
        }
        Event::TaskCompleted { task_id, .. } => {
            let started = state.task(task_id).and_then(|task| task.started_at_ms());
            let mut parts = subject(worker(task_id), "Somebody");
            parts.extend([text(" completed "), task(task_id)]);
            let took = started.map(|at| record.at_ms - at).filter(|took| *took >= NOTABLE_MS);
            parts.extend(took.map(|took| text(format!(" in {}", words::for_long(took)))));
            ("check", Good, parts)
        }
        Event::TaskReturned { task_id, cause, reason } => {
            returned(task(task_id), *cause, reason.as_deref(), before)
        }
        Event::TaskCancelled { task_id, reason } => {
            let why = reason.as_ref().map(|reason| text(format!(": {reason}")));
            ("x", Bad, [task(task_id), text(" was cancelled")].into_iter().chain(why).collect())
        }
        _ => return setbacks::sentence(record, state, task),
    })
}

fn returned(task: Part, cause: ReturnCause, reason: Option<&str>, before: &Before) -> Sentence {
    let (tone, why) = match cause {
        ReturnCause::Released => (Tone::Quiet, " gave it back"),
        ReturnCause::Lost => (Tone::Bad, " was lost"),
        ReturnCause::Goodbye => (Tone::Quiet, " said goodbye"),
        ReturnCause::Reassigned => (Tone::Quiet, " handed it over"),
        ReturnCause::Stalled => (Tone::Bad, " did not get on with it"),
    };
    let mut parts = vec![task, text(" is open again: ")];
    parts.extend(subject(before.assignee.clone(), "its agent"));
    parts.push(text(why));
    parts.extend(reason.map(|reason| text(format!(" ({reason})"))));
    ("undo", tone, parts)
}
