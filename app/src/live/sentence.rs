//! Events as sentences for people.

mod setbacks;
mod tasks;

use engine::event::{ReleaseCause, ReturnCause};
use engine::view::{FileLock, Message};
use engine::{Event, FilePattern, ManusId, Record, Seq, State, TaskId, TimeMs};

use super::words;

/// How many entries the activity feed keeps.
pub const ENTRIES_KEPT: usize = 200;
/// How far back a progress report looks for the one it replaces.
const FOLD_WITHIN: usize = 8;

/// A piece of a sentence. Names are pieces of their own, so that they can be links.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Words.
    Text(String),
    /// An agent, or the supervisor.
    Manus(ManusId),
    /// A task, with its title as far as it is known.
    Task(TaskId, String),
    /// A path.
    File(String),
}

/// What colour an entry's icon has. Only what ended well or badly has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// The usual.
    Quiet,
    /// Something began.
    Running,
    /// Something is done.
    Good,
    /// Something should be looked at.
    Bad,
}

/// One line of the activity feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The event's place in the log.
    pub seq: Seq,
    /// When it happened.
    pub at_ms: TimeMs,
    /// The icon's name.
    pub icon: &'static str,
    /// Its colour.
    pub tone: Tone,
    /// The sentence.
    pub parts: Vec<Part>,
    /// The task whose newest progress report this is.
    pub progress_of: Option<TaskId>,
    /// Whom and what it is about, for the feeds of single agents and tasks.
    pub about: Vec<Part>,
    /// The word for what happened, as on the wire.
    pub kind: &'static str,
    /// Whose call it came from.
    pub by: Option<ManusId>,
    /// The message that was sent: one to many is one line.
    letter: Option<Letter>,
}

impl Entry {
    /// Names the line as it is now: other words are another line.
    pub fn key(&self) -> String {
        format!("{} {}", self.seq, self.letter.as_ref().map_or(0, |letter| letter.to.len()))
    }
}

/// A message to one or many.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Letter {
    from: ManusId,
    kind: String,
    to: Vec<ManusId>,
}

impl Letter {
    fn of(message: &Message) -> Self {
        let (from, kind) = (message.from_manus.clone(), words::message_type(&message.message_type));
        Self { from, kind, to: vec![message.to_manus.clone()] }
    }

    fn parts(&self) -> Vec<Part> {
        let to = match self.to.as_slice() {
            [one] => manus(one),
            many => text(words::count_of(many.len(), "agent")),
        };
        vec![manus(&self.from), text(" wrote to "), to, text(format!(": {}", self.kind))]
    }

    /// Whether another went out with the same call.
    fn joins(&self, other: &Self) -> bool {
        self.from == other.from && self.kind == other.kind
    }
}

/// What has to be asked before an event is applied, because afterwards nobody knows.
#[derive(Debug, Default)]
pub struct Before {
    /// Who had the task that the event takes from its agent.
    pub assignee: Option<ManusId>,
}

impl Before {
    /// Asks the state that does not know the event yet.
    pub fn of(state: &State, event: &Event) -> Self {
        let (Event::TaskReturned { task_id, .. } | Event::TaskUnassigned { task_id, .. }) = event else {
            return Self::default();
        };
        Self { assignee: state.task(task_id).and_then(|task| task.assigned_to().cloned()) }
    }

    /// The same from the log alone: what somebody leaves behind follows upon the leaving, at the same moment.
    pub fn follow(&mut self, record: &Record) {
        match &record.event {
            Event::ManusLost { manus_id } | Event::ManusLeft { manus_id } => {
                self.assignee = Some(manus_id.clone())
            }
            Event::TaskReturned { cause: ReturnCause::Lost | ReturnCause::Goodbye, .. } => {}
            Event::TaskUnassigned { .. } | Event::LocksDelayed { .. } | Event::LocksReleased { .. } => {}
            _ => self.assignee = None,
        }
    }
}

/// Adds an entry to a feed, newest last. A task's progress report takes the place of the one before.
pub fn add_entry(feed: &mut Vec<Entry>, entry: Entry) {
    if let Some(task) = &entry.progress_of {
        let from = feed.len().saturating_sub(FOLD_WITHIN);
        if let Some(place) = feed[from..].iter().position(|other| other.progress_of.as_ref() == Some(task)) {
            feed.remove(from + place);
        }
    }
    push_entry(feed, entry);
    if feed.len() > ENTRIES_KEPT + FOLD_WITHIN {
        feed.drain(..feed.len() - ENTRIES_KEPT);
    }
}

/// The entries of a stretch of the log, by the state after it.
pub fn feed(records: &[Record], state: &State) -> Vec<Entry> {
    let (mut feed, mut before) = (Vec::new(), Before::default());
    for record in records {
        before.follow(record);
        if let Some(entry) = entry(record, state, &before) {
            add_entry(&mut feed, entry);
        }
    }
    feed
}

/// Adds an entry at the end. What went out to several with one call is one entry.
pub fn push_entry(feed: &mut Vec<Entry>, entry: Entry) {
    if let (Some(last), Some(letter)) =
        (feed.last_mut().filter(|last| last.at_ms == entry.at_ms), &entry.letter)
        && let Some(first) = last.letter.as_mut().filter(|first| first.joins(letter))
    {
        first.to.extend_from_slice(&letter.to);
        last.parts = first.parts();
        last.about.extend(entry.about);
        return;
    }
    feed.push(entry);
}

/// The sentence about an event, by the state that knows it already; `None` for events that say nothing to a person.
pub fn entry(record: &Record, state: &State, before: &Before) -> Option<Entry> {
    let (icon, tone, parts) = sentence(record, state, before)?;
    let (progress_of, letter) = match &record.event {
        Event::TaskProgressed { task_id, .. } => (Some(task_id.clone()), None),
        Event::MessageSent { message } => (None, Some(Letter::of(message))),
        _ => (None, None),
    };
    let about =
        parts.iter().filter(|part| matches!(part, Part::Manus(_) | Part::Task(..))).cloned().collect();
    let (seq, at_ms, kind, by) = (record.seq, record.at_ms, record.event.kind(), record.by.clone());
    Some(Entry { seq, at_ms, icon, tone, parts, progress_of, about, kind, by, letter })
}

type Sentence = (&'static str, Tone, Vec<Part>);

fn sentence(record: &Record, state: &State, before: &Before) -> Option<Sentence> {
    use Tone::{Bad, Good, Quiet};
    let by = record.by.as_ref();
    Some(match &record.event {
        Event::ServerStarted {} => ("power", Quiet, vec![text("The server started")]),
        Event::ManusRegistered { manus_id, role, .. } => {
            ("log-in", Good, vec![manus(manus_id), text(format!(" joined as {}", words::role(*role)))])
        }
        Event::ManusRevived { manus_id } => ("log-in", Good, vec![manus(manus_id), text(" is back")]),
        Event::ManusLost { manus_id } => ("unplug", Bad, vec![manus(manus_id), text(" went silent")]),
        Event::ManusLeft { manus_id } => ("log-out", Quiet, vec![manus(manus_id), text(" said goodbye")]),
        Event::LocksGranted { .. } | Event::LocksDelayed { .. } | Event::LocksReleased { .. } => {
            about_locks(&record.event, by)?
        }
        Event::MessageSent { message } => {
            // What the engine writes tells an agent of an event that has a line of its own.
            if message.from_manus.as_str() == engine::ids::SYSTEM {
                return None;
            }
            ("message", Quiet, Letter::of(message).parts())
        }
        Event::ManusDeclared { .. }
        | Event::HeartbeatsSeen { .. }
        | Event::TaskParked { .. }
        | Event::TasksPlanned { .. }
        | Event::MessagesProcessed { .. } => return None,
        _ => return tasks::sentence(record, state, before),
    })
}

fn about_locks(event: &Event, by: Option<&ManusId>) -> Option<Sentence> {
    let files_of = |locks: &[FileLock]| locks.iter().map(|lock| lock.file_path.clone()).collect::<Vec<_>>();
    Some(match event {
        Event::LocksGranted { locks } => {
            let holder = &locks.first()?.locked_by;
            let mut parts = vec![manus(holder), text(" claimed ")];
            parts.extend(files(&files_of(locks)));
            ("lock", Tone::Quiet, parts)
        }
        Event::LocksDelayed { manus_id, files: which, .. } => {
            let mut parts = files(which);
            parts.extend([text(" stay closed for a moment after the loss of "), manus(manus_id)]);
            ("lock", Tone::Bad, parts)
        }
        Event::LocksReleased { manus_id, files: which, cause } => {
            let mut parts = Vec::new();
            let (tone, end) = match cause {
                ReleaseCause::Released => (Tone::Quiet, " released "),
                ReleaseCause::TaskEnded => (Tone::Quiet, " is done with "),
                ReleaseCause::Expired => (Tone::Bad, " lost by timeout "),
                ReleaseCause::Goodbye => (Tone::Quiet, " left behind "),
                ReleaseCause::Forced => {
                    parts.extend(subject(by.cloned(), "Somebody"));
                    parts.push(text(" took from "));
                    (Tone::Bad, " ")
                }
            };
            parts.extend([manus(manus_id), text(end)]);
            parts.extend(files(which));
            ("unlock", tone, parts)
        }
        _ => return None,
    })
}

fn text(words: impl Into<String>) -> Part {
    Part::Text(words.into())
}

fn manus(id: &ManusId) -> Part {
    Part::Manus(id.clone())
}

/// An agent by name, or these words where nobody is known.
fn subject(id: Option<ManusId>, otherwise: &str) -> Vec<Part> {
    vec![id.map_or_else(|| text(otherwise), Part::Manus)]
}

/// The first file by name, the others as a number.
fn files(which: &[FilePattern]) -> Vec<Part> {
    let first = which.first().map(|file| Part::File(file.to_string()));
    let more = which.len().checked_sub(2).map(|more| text(format!(" and {} more", more + 1)));
    first.into_iter().chain(more).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::boot::Boot;
    use crate::live::script::{Script, script};
    use crate::live::store::Store;

    /// The feed after what the script does, newest last.
    fn told(act: impl FnOnce(&mut Script)) -> Vec<String> {
        let mut project = script();
        let mut store = Store::new(Boot::default().snapshot, &[]);
        act(&mut project);
        store.apply(&project.news()).1.unwrap();
        store.feed().iter().map(|entry| plain(&entry.parts)).collect()
    }

    fn plain(parts: &[Part]) -> String {
        let piece = |part: &Part| match part {
            Part::Text(words) => words.clone(),
            Part::Manus(id) => format!("<{id}>"),
            Part::Task(id, title) => format!("[{id} {title}]"),
            Part::File(path) => format!("`{path}`"),
        };
        parts.iter().map(piece).collect()
    }

    #[test]
    fn a_day_in_sentences() {
        let lines = told(|project| {
            project.agent("ada", &[]);
            let first = project.task("parse", 10, &[], &[]);
            project.task("print", 10, &[&first], &[]);
            project.start("ada", &first);
            project.progress("ada", &first, 20);
            project.progress("ada", &first, 60);
            project.claim("ada", &["a.rs", "b.rs"]);
            project.complete(&first);
            project.release("ada", &["a.rs"], Some("supervisor"));
        });
        let expected = [
            "<ada> joined as speed developer",
            "[T1 parse] was created",
            "[T1 parse] goes to <ada>",
            "[T2 print] was created",
            "<ada> started [T1 parse]",
            "<ada> is 60% through [T1 parse]",
            "<ada> claimed `a.rs` and 1 more",
            "<ada> completed [T1 parse]",
            "[T2 print] can start: nothing is in its way any more",
            "[T2 print] goes to <ada>",
            "<supervisor> took from <ada> `a.rs`",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn a_loss_names_who_was_lost() {
        let lines = told(|project| {
            project.agent("ada", &[]);
            let task = project.task("parse", 10, &[], &[]);
            project.start("ada", &task);
            project.wait(120_000);
        });
        assert_eq!(lines[4..], ["<ada> went silent", "[T1 parse] is open again: <ada> was lost"]);
    }

    #[test]
    fn a_message_to_many_is_one_line() {
        let lines = told(|project| {
            project.agent("ada", &[]);
            project.agent("bob", &[]);
            project.agent("eve", &[]);
            project.message("ada", "*", "lunch?");
            project.message("bob", "ada", "yes");
        });
        assert_eq!(lines[3..], ["<ada> wrote to 2 agents: question", "<bob> wrote to <ada>: question"]);
    }

    #[test]
    fn a_feed_does_not_grow_without_end() {
        let lines = told(|project| {
            project.agent("ada", &[]);
            for _ in 0..ENTRIES_KEPT {
                project.claim("ada", &["a.rs"]);
                project.release("ada", &["a.rs"], None);
            }
        });
        assert!((ENTRIES_KEPT..=ENTRIES_KEPT + FOLD_WITHIN).contains(&lines.len()), "{}", lines.len());
    }
}
