//! What whoever takes over a task is told of the attempts before, in a bounded size.

use super::Rules;
use crate::event::ReturnCause;
use crate::ids::{ManusId, TaskId, shortened_to};
use crate::json::Json;
use crate::state::Task;
use crate::view::Message;

/// How many characters of a note or an error a handoff carries, and of a message it looks at.
const TEXT: usize = 2_000;
/// How many characters of the reason for the change of hands.
const WHY: usize = 200;
/// How many files.
const FILES: usize = 100;
/// How many messages.
const MESSAGES: usize = 10;
/// Among how many of the newest messages those about the task are looked for.
const MESSAGES_SEEN: usize = 256;
/// In how many fields of each.
const FIELDS_SEEN: usize = 16;

impl Rules<'_> {
    /// How far it came, why it moved, what an attempt claims for it, and what others wrote about it that nobody has read; `null`
    /// for a task that is new.
    pub(super) fn handoff(&self, task: &Task, to: &ManusId) -> Json {
        if task.attempts == 0 && task.course.note.is_none() {
            return Json::Null;
        }
        let short = |text: &String| Json::text(shortened_to(text, TEXT));
        let files = if task.attempts == 0 { &[] } else { &task.spec.files_involved[..] };
        Json::object([
            ("attempts", Json::Int(i64::from(task.attempts))),
            ("progress", Json::Int(i64::from(task.progress.percent()))),
            ("why", why_it_moved(task).map_or(Json::Null, |why| Json::text(shortened_to(&why, WHY)))),
            ("note", task.course.note.as_ref().map_or(Json::Null, short)),
            ("last_error", task.course.errors.last().map_or(Json::Null, |error| short(&error.message))),
            ("files", Json::texts(files.iter().take(FILES))),
            ("open_messages", self.open_messages(&task.spec.id, to)),
        ])
    }

    /// The numbers of messages about a task that wait for others than the one who gets it, newest first. What the engine itself
    /// wrote says nothing new.
    fn open_messages(&self, task_id: &TaskId, to: &ManusId) -> Json {
        let newest = self.state.inbox().iter().rev().take(MESSAGES_SEEN);
        let open = newest.filter(|message| !message.processed && message.to_manus != *to);
        let about =
            open.filter(|message| message.from_manus != ManusId::system() && is_about(message, task_id));
        Json::List(about.take(MESSAGES).map(|message| Json::whole(message.id)).collect())
    }
}

/// Whether a message names a task: in a text, or in a field of its own.
fn is_about(message: &Message, task_id: &TaskId) -> bool {
    let id = task_id.to_string();
    let names = |value: &Json| value.as_str().is_some_and(|text| names(text, &id));
    match &message.content {
        Json::Object(fields) => fields.iter().take(FIELDS_SEEN).any(|(_, value)| names(value)),
        content => names(content),
    }
}

/// As a word near the beginning: `T1` is not named by `T12`.
fn names(text: &str, task_id: &str) -> bool {
    let seen = text.char_indices().nth(TEXT).map_or(text, |(end, _)| &text[..end]);
    let between = |c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-'));
    seen == task_id || seen.split(between).any(|word| word == task_id)
}

/// Why a task left the hands of whoever had it last.
fn why_it_moved(task: &Task) -> Option<String> {
    let failed = task.course.errors.last().filter(|error| Some(error.at_ms) >= task.course.started_at_ms);
    if let Some(error) = failed {
        return Some(format!("{} failed at it", error.manus_id));
    }
    // The note of a task that went back begins with that.
    let note = task.course.note.as_ref()?;
    let said = ReturnCause::ALL.iter().any(|cause| note.starts_with(cause.words()))
        || note.contains(" asked for changes");
    said.then(|| note.split(": ").next().unwrap_or(note).to_owned())
}
