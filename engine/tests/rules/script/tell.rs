//! What the engine says, in short lines.

use engine::event::{AssignCause, PlannedStep, ReleaseCause, ReturnCause, WaitEnd};
use engine::view::{FileLock, Message, SyncTask};
use engine::{Answer, Event, Json, LockKey, LockMode, ManusId, Record, TimeMs};

use super::words::START_MS;

/// A moment, counted from the start of the story.
pub fn time(at_ms: TimeMs) -> String {
    let ms = at_ms - START_MS;
    if ms % 1_000 == 0 { format!("{}s", ms / 1_000) } else { format!("{ms}ms") }
}

/// An answer in a line; `None` where there is nothing to tell.
pub fn answer(answer: &Answer) -> Option<String> {
    Some(match answer {
        Answer::Done => return None,
        Answer::Registered(manus) => format!("{} is {}", manus.id, manus.status),
        Answer::Beat { unread_messages, assigned_tasks, server_time_ms } => {
            let tasks = if assigned_tasks.is_empty() { "no tasks".to_owned() } else { list(assigned_tasks) };
            format!("{unread_messages} unread, {tasks}, at {}", time(*server_time_ms))
        }
        Answer::Left { released, returned_tasks } => {
            format!("released {}; returned {}", or_nothing(list(released)), or_nothing(list(returned_tasks)))
        }
        Answer::Task(of) => task(of),
        Answer::Tasks(tasks) => or_nothing(tasks.iter().map(|of| task(of)).collect::<Vec<_>>().join("; ")),
        Answer::Started { task: None, .. } => "nothing to do".to_owned(),
        Answer::Started { task: Some(of), locks } => match locks.is_empty() {
            true => task(of),
            false => format!("{} with {}", task(of), list(locks.iter().map(lock))),
        },
        Answer::Locks(locks) => list(locks.iter().map(lock)),
        Answer::Waiting { wait_id, until_ms } => format!("W{wait_id} waits until {}", time(*until_ms)),
        Answer::Released { released, not_held } => match not_held.is_empty() {
            true => format!("released {}", or_nothing(list(released))),
            false => format!("released {}; not held {}", or_nothing(list(released)), list(not_held)),
        },
        Answer::Sent(ids) => format!("sent {}", list(ids)),
        Answer::Messages(messages) => or_nothing(list(messages.iter().map(|message| mail(message)))),
        Answer::Acknowledged(count) => format!("{count} acknowledged"),
    })
}

/// An event in a line.
pub fn event(record: &Record) -> String {
    let rest = match &record.event {
        Event::ServerStarted {} => String::new(),
        Event::ManusRegistered { manus_id, .. }
        | Event::ManusRevived { manus_id }
        | Event::ManusLost { manus_id }
        | Event::ManusLeft { manus_id } => manus_id.to_string(),
        Event::ManusDeclared { manus_id, status, progress } => {
            let progress = progress.map(|progress| format!(" {}%", progress.percent())).unwrap_or_default();
            format!("{manus_id}{}{progress}", status.map(|status| format!(" {status}")).unwrap_or_default())
        }
        Event::HeartbeatsSeen { beats } => {
            let beat = |(manus, at): &(ManusId, TimeMs)| match *at == record.at_ms {
                true => manus.to_string(),
                false => format!("{manus} at {}", time(*at)),
            };
            list(beats.iter().map(beat))
        }
        Event::LocksGranted { locks } => {
            let holder = locks.first().map(|lock| lock.locked_by.to_string()).unwrap_or_default();
            format!("to {holder}: {}", list(locks.iter().map(lock)))
        }
        Event::LocksDelayed { manus_id, files, until_ms } => {
            format!("of {manus_id}: {} until {}", list(files), time(*until_ms))
        }
        Event::LocksReleased { manus_id, files, cause } => {
            format!("of {manus_id}: {}, {}", list(files), why_released(*cause))
        }
        Event::MessageSent { message } => {
            format!("{} to {}: {}", message.id, message.to_manus, about(message))
        }
        Event::MessagesProcessed { manus_id, ids } => format!("by {manus_id}: {}", list(ids)),
        other => task_event(other),
    };
    format!("{} {rest}", record.event.kind()).trim_end().to_owned()
}

fn task_event(event: &Event) -> String {
    match event {
        Event::TaskCreated { task, waiting_for } if waiting_for.is_empty() => task.id.to_string(),
        Event::TaskCreated { task, waiting_for } => format!("{} waits for {}", task.id, list(waiting_for)),
        Event::TaskUnassigned { task_id, reason } => format!("{task_id}{}", quoted(reason.as_deref())),
        Event::TaskUnblocked { task_id } | Event::TaskCompleted { task_id, .. } => task_id.to_string(),
        Event::TaskAssigned { task_id, manus_id, cause } => {
            let how = match cause {
                AssignCause::Rule => "",
                AssignCause::ByHand => " by hand",
                AssignCause::Taken => ", who took it",
                AssignCause::Plan => " as planned",
            };
            format!("{task_id} to {manus_id}{how}")
        }
        Event::TaskStarted { task_id, manus_id } => format!("{task_id} by {manus_id}"),
        Event::TaskProgressed { task_id, progress, note } => {
            format!("{task_id} {}%{}", progress.percent(), quoted(note.as_deref()))
        }
        Event::TaskReturned { task_id, cause, reason } => {
            format!("{task_id}, {}{}", why_returned(*cause), quoted(reason.as_deref()))
        }
        Event::TaskCancelled { task_id, reason } => format!("{task_id}{}", quoted(reason.as_deref())),
        Event::TaskParked { task_id, behind } => format!("{task_id} behind {}", keys(behind)),
        other => setback(other),
    }
}

fn setback(event: &Event) -> String {
    match event {
        Event::TaskReviewRequested { task_id, .. } | Event::TaskRetryDue { task_id } => task_id.to_string(),
        Event::TaskReviewerChosen { task_id, reviewer } => {
            format!("{task_id}: {}", reviewer.as_ref().map_or("nobody", ManusId::as_str))
        }
        Event::TaskSentBack { task_id, reviewer, comment } => {
            format!("{task_id} by {reviewer}{}", quoted(comment.as_deref()))
        }
        Event::TaskHeld { task_id, reason } => format!("{task_id} {reason:?}"),
        Event::TaskFailed { task_id, error, retry_at_ms } => {
            let then = retry_at_ms.map_or("for good".to_owned(), |at| format!("again at {}", time(at)));
            format!("{task_id} by {} {:?}, {then}", error.manus_id, error.message)
        }
        Event::TaskUpdated { task, waiting_for } if waiting_for.is_empty() => task.id.to_string(),
        Event::TaskUpdated { task, waiting_for } => format!("{} waits for {}", task.id, list(waiting_for)),
        Event::TasksPlanned { steps, ended } => {
            let step = |step: &PlannedStep| {
                let (start, finish) = (time(step.start_ms), time(step.finish_ms));
                format!("{} by {} {start} to {finish}", step.task_id, step.manus_id)
            };
            let ended = ended.iter().map(|id| format!("{id} no more"));
            list(steps.iter().map(step).chain(ended))
        }
        Event::TaskStalled { task_id, level } => format!("{task_id}, level {level}"),
        Event::ManusDraining { manus_id, draining } => {
            format!("{manus_id}{}", if *draining { "" } else { " no more" })
        }
        Event::ManusScored { manus_id, score, .. } => format!("{manus_id} {score}"),
        Event::ClaimQueued { wait } => {
            format!("W{} {}: {} behind {}", wait.id, wait.manus_id, list(&wait.files), keys(&wait.behind))
        }
        Event::ClaimWaitsBehind { wait_id, behind } => format!("W{wait_id} behind {}", keys(behind)),
        Event::ClaimWaitEnded { wait_id, cause } => format!("W{wait_id} {}", why_ended(*cause)),
        other => panic!("{other:?} has no words yet"),
    }
}

fn why_ended(cause: WaitEnd) -> &'static str {
    match cause {
        WaitEnd::Granted => "granted",
        WaitEnd::TimedOut => "timed out",
        WaitEnd::Withdrawn => "withdrawn",
        WaitEnd::AgentGone => "its agent is gone",
        WaitEnd::Deadlock => "would never end",
    }
}

pub fn keys(keys: &[LockKey]) -> String {
    list(keys.iter().map(|key| format!("{}'s {}", key.locked_by, key.file_path)))
}

fn why_released(cause: ReleaseCause) -> &'static str {
    match cause {
        ReleaseCause::Released => "given back",
        ReleaseCause::TaskEnded => "task ended",
        ReleaseCause::Expired => "expired",
        ReleaseCause::Forced => "forced",
        ReleaseCause::Goodbye => "goodbye",
    }
}

fn why_returned(cause: ReturnCause) -> &'static str {
    match cause {
        ReturnCause::Released => "given back",
        ReturnCause::Lost => "agent lost",
        ReturnCause::Goodbye => "agent left",
        ReturnCause::Reassigned => "reassigned",
        ReturnCause::Stalled => "stalled",
    }
}

pub fn task(of: &SyncTask) -> String {
    let owner = of.assigned_to.as_ref().map(|manus| format!(", {manus}'s")).unwrap_or_default();
    let waiting =
        if of.waiting_for.is_empty() { String::new() } else { format!(" by {}", list(&of.waiting_for)) };
    format!("{} {}{waiting}{owner}", of.id, of.status)
}

pub fn lock(lock: &FileLock) -> String {
    let mut text = format!("{} #{}", lock.file_path, lock.fencing_token);
    if lock.mode == LockMode::Shared {
        text.push_str(" shared");
    }
    if let Some(until) = lock.expires_at_ms {
        text.push_str(&format!(" until {}", time(until)));
    }
    if let Some(task) = &lock.task_id {
        text.push_str(&format!(" for {task}"));
    } else if let Some(reason) = &lock.lock_reason {
        text.push_str(&format!(" ({reason})"));
    }
    text
}

pub fn mail(message: &Message) -> String {
    let thread = message.thread_id.map(|id| format!(" in thread {id}")).unwrap_or_default();
    let answers = message.reply_to.map(|id| format!(" re {id}")).unwrap_or_default();
    let ack = if message.requires_ack { " (ack wanted)" } else { "" };
    format!("{} from {}: {}{answers}{thread}{ack}", message.id, message.from_manus, about(message))
}

/// A message's type and the essentials of its content.
fn about(message: &Message) -> String {
    let content = &message.content;
    let mut text = message.message_type.clone();
    if let Some(task) = content.get("task_id") {
        text.push_str(&format!(" {}", json(task)));
    }
    for key in ["author", "verdict", "reviewer", "comment", "assigned_to", "files", "reason", "message_id"] {
        let value = content.get(key).filter(|value| **value != Json::Null);
        if let Some(value) = value.filter(|_| key != "files" || message.message_type == "LOCK_LOST") {
            text.push_str(&format!(", {key} {}", json(value)));
        }
    }
    if let Some(Json::Object(_)) = content.get("handoff") {
        let of =
            |key| content.get("handoff").and_then(|handoff| handoff.get(key)).map(json).unwrap_or_default();
        text.push_str(&format!(", handoff at {}%", of("progress")));
        for (words, key) in [(":", "note"), (", last error", "last_error")] {
            if of(key) != "null" {
                text.push_str(&format!("{words} {}", of(key)));
            }
        }
    }
    if let Json::Text(said) = content {
        text.push_str(&format!(" {said:?}"));
    }
    text
}

/// JSON without the quotes around texts.
pub fn json(value: &Json) -> String {
    match value {
        Json::Text(text) => text.clone(),
        Json::List(items) => list(items.iter().map(json)),
        other => serde_json::to_string(other).expect("JSON can be written"),
    }
}

pub fn quoted(text: Option<&str>) -> String {
    text.map(|text| format!(" {text:?}")).unwrap_or_default()
}

pub fn list<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
}

pub fn or_nothing(text: String) -> String {
    if text.is_empty() { "nothing".to_owned() } else { text }
}
