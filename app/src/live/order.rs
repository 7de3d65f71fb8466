//! Which rows a list shows, and in what order: those first that somebody may have to look at.

use std::cmp::Reverse;
use std::sync::Arc;

use engine::sorted::sort_by_key;
use engine::state::{Agent, Task};
use engine::view::{FileLock, Message};
use engine::{Capability, InstanceStatus, ManusId, MessageId, Priority, State, TaskId, TaskStatus, TimeMs};

use super::row::{LockId, RowId};
use crate::dom;

/// Which tasks a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Show {
    /// Everything that is not closed.
    #[default]
    Open,
    /// Somebody works on it.
    Running,
    /// Its result is to be looked at.
    Review,
    /// It could start.
    Ready,
    /// It waits for something.
    Blocked,
    /// Completed or cancelled.
    Closed,
}

impl Show {
    /// Every choice, in the order of the page.
    pub const ALL: [Self; 6] =
        [Self::Open, Self::Running, Self::Review, Self::Ready, Self::Blocked, Self::Closed];

    /// The word in the page's address.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Running => "running",
            Self::Review => "review",
            Self::Ready => "ready",
            Self::Blocked => "blocked",
            Self::Closed => "closed",
        }
    }

    /// The word on the page.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Open => "Open",
            Self::Running => "Running",
            Self::Review => "Review",
            Self::Ready => "Ready",
            Self::Blocked => "Blocked",
            Self::Closed => "Closed",
        }
    }

    /// The choice behind a word of an address; the first one for any other word.
    pub fn from_word(word: &str) -> Self {
        Self::ALL.into_iter().find(|show| show.word() == word).unwrap_or_default()
    }

    /// Whether tasks of this status are shown.
    pub const fn has(self, status: TaskStatus) -> bool {
        match self {
            Self::Open => !status.is_closed(),
            Self::Running => matches!(status, TaskStatus::InProgress),
            Self::Review => matches!(status, TaskStatus::NeedsReview),
            Self::Ready => matches!(status, TaskStatus::Pending),
            Self::Blocked => matches!(status, TaskStatus::Blocked),
            Self::Closed => status.is_closed(),
        }
    }
}

/// The orders of tasks: the word in the page's address, and what the page calls it. The first one needs no word.
pub const SORTS: [(&str, &str); 7] = [
    ("", "Most pressing first"),
    ("priority", "By priority"),
    ("changed", "Last changed first"),
    ("new", "Newest first"),
    ("old", "Oldest first"),
    ("long", "Longest first"),
    ("agent", "By agent"),
];

/// The word for the first of [`SORTS`] where an order has to be named, since none means as they are kept: in the address of a file.
#[cfg(feature = "ssr")]
pub const PRESSING: &str = "pressing";

/// What tasks are put in order by.
pub trait Ranked {
    /// How far it is.
    fn status(&self) -> TaskStatus;
    /// How urgent it is.
    fn priority(&self) -> Priority;
    /// How long it should take, in minutes.
    fn estimated_duration(&self) -> u32;
    /// Whose it is.
    fn assigned_to(&self) -> Option<&ManusId>;
    /// When anything about it changed last.
    fn updated_at_ms(&self) -> TimeMs;
}

impl Ranked for &Task {
    fn status(&self) -> TaskStatus {
        Task::status(self)
    }

    fn priority(&self) -> Priority {
        self.spec().priority
    }

    fn estimated_duration(&self) -> u32 {
        self.spec().estimated_duration
    }

    fn assigned_to(&self) -> Option<&ManusId> {
        Task::assigned_to(self)
    }

    fn updated_at_ms(&self) -> TimeMs {
        Task::updated_at_ms(self)
    }
}

/// What tasks are narrowed down to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// Which ones a list shows.
    pub show: Show,
    /// What their id, title, agent or files have to contain.
    pub text: String,
    /// What they have to need, among other things.
    pub needs: Option<Capability>,
}

impl Filter {
    /// Whether it asks for more than that a list shows them.
    pub fn narrows(&self) -> bool {
        !self.text.is_empty() || self.needs.is_some()
    }

    /// Whether a task is what is asked for, in whatever list it is.
    pub fn takes(&self) -> impl Fn(&Task) -> bool {
        let text = dom::lower(self.text.trim());
        move |task| {
            self.needs.as_ref().is_none_or(|needs| task.spec().required_capabilities.contains(needs))
                && (text.is_empty() || mentions(task, &text))
        }
    }
}

/// The tasks that a filter lets through, in the order of [`arrange`].
pub fn tasks(state: &State, filter: &Filter, sort: &str) -> Vec<TaskId> {
    let (show, takes) = (filter.show, filter.takes());
    let mut found: Vec<&Task> = state.tasks().filter(|task| show.has(task.status()) && takes(task)).collect();
    arrange(&mut found, show, sort);
    found.into_iter().map(|task| task.spec().id.clone()).collect()
}

/// All that tasks need, each once, in alphabetical order; among it what is asked for, as it is written there.
pub fn needed(state: &State, asked: Option<Capability>) -> Vec<Capability> {
    let mut found: Vec<Capability> = asked.into_iter().collect();
    for needed in state.tasks().flat_map(|task| &task.spec().required_capabilities) {
        if let Err(at) = found.binary_search(needed) {
            found.insert(at, needed.clone());
        }
    }
    found
}

/// Puts tasks of this kind, which come in the order of their ids, in the order that one of the words of [`SORTS`] asks for. Without
/// such a word, work under way comes first, then what can start by urgency, then what waits; closed ones newest first.
pub fn arrange<T: Ranked>(found: &mut Vec<T>, show: Show, sort: &str) {
    match sort {
        "new" => found.reverse(),
        "old" => {}
        "priority" => deal(found, urgency),
        "long" => sort_by_key(found, |task| Reverse(task.estimated_duration())),
        "agent" => sort_by_key(found, |task| (task.assigned_to().is_none(), task.assigned_to().cloned())),
        "changed" => sort_by_key(found, |task| Reverse(task.updated_at_ms())),
        _ if show == Show::Closed => sort_by_key(found, |task| Reverse(task.updated_at_ms())),
        // Among equals the order is that of the ids, in which they come.
        _ => deal(found, |task| place(task.status()) * URGENCIES + urgency(task)),
    }
}

/// Puts tasks onto piles, leaving those of one pile in their order, and the piles onto each other. A list of ten thousand is put in
/// order with each frame, and to compare its tasks with each other took a third of what such a frame costs.
fn deal<T>(found: &mut Vec<T>, pile: impl Fn(&T) -> usize) {
    let mut piles: Vec<Vec<T>> = (0..PLACES * URGENCIES).map(|_| Vec::new()).collect();
    for task in found.drain(..) {
        piles[pile(&task)].push(task);
    }
    found.extend(piles.into_iter().flatten());
}

const URGENCIES: usize = Priority::ALL.len();
const PLACES: usize = 5;

/// The most urgent first.
fn urgency(task: &impl Ranked) -> usize {
    task.priority() as usize
}

const fn place(status: TaskStatus) -> usize {
    match status {
        TaskStatus::NeedsReview => 0,
        TaskStatus::InProgress => 1,
        TaskStatus::Pending => 2,
        TaskStatus::Blocked => 3,
        TaskStatus::Completed | TaskStatus::Cancelled => 4,
    }
}

fn mentions(task: &Task, text: &str) -> bool {
    let spec = task.spec();
    let has = |field: &str| dom::lower(field).contains(text);
    has(&spec.id.to_string())
        || has(&spec.title)
        || task.assigned_to().is_some_and(|manus| has(manus.as_str()))
        || spec.files_involved.iter().any(|file| has(file.as_str()))
}

/// All agents: the lost ones first, then those at work, then the idle; and after them, if asked for, those who left.
pub fn agents(state: &State, with_gone: bool) -> Vec<ManusId> {
    let shown = |agent: &&Agent| with_gone || agent.status() != InstanceStatus::Inactive;
    let mut found: Vec<&Agent> = state.agents().filter(shown).collect();
    sort_by_key(&mut found, |agent| match agent.status() {
        InstanceStatus::Lost => 0,
        InstanceStatus::Active => 1,
        InstanceStatus::Idle => 2,
        InstanceStatus::Inactive => 3,
    });
    found.into_iter().map(|agent| agent.id().clone()).collect()
}

/// All locks, the newest grant first.
pub fn locks(state: &State) -> Vec<LockId> {
    let mut found: Vec<&FileLock> = state.locks().iter().collect();
    sort_by_key(&mut found, |lock| Reverse(lock.fencing_token));
    found.into_iter().map(LockId::of).collect()
}

/// The locks in the order of their paths, each folder's name above what lies in it. With a text, only those whose path, holder or
/// purpose contain it.
pub fn lock_tree(state: &State, text: &str) -> Vec<RowId> {
    let text = dom::lower(text.trim());
    let has = |field: &str| dom::lower(field).contains(&text);
    let wanted = |lock: &&FileLock| {
        has(lock.file_path.as_str())
            || has(lock.locked_by.as_str())
            || lock.lock_reason.as_deref().is_some_and(has)
            || lock.task_id.as_ref().is_some_and(|task| has(&task.to_string()))
    };
    let mut found: Vec<&FileLock> = state.locks().iter().filter(wanted).collect();
    sort_by_key(&mut found, |lock| {
        let path = lock.file_path.as_str();
        (split_path(path).0.to_owned(), path.to_owned(), lock.fencing_token)
    });
    let mut rows = Vec::with_capacity(found.len() * 2);
    let mut last = "";
    for lock in found {
        let folder = split_path(lock.file_path.as_str()).0;
        if folder != last {
            rows.push(RowId::Folder(folder.to_owned()));
            last = folder;
        }
        rows.push(RowId::Lock(LockId::of(lock)));
    }
    rows
}

/// A pattern's folder, with its slash, and what it names in there. `src/**` is `src` as a whole, and so lies where that lies.
pub fn split_path(path: &str) -> (&str, &str) {
    let named = path.strip_suffix("/**").unwrap_or(path).trim_end_matches('/');
    path.split_at(named.rfind('/').map_or(0, |slash| slash + 1))
}

/// The messages, newest first; those of the engine itself only when asked for. Of one to many, only the first.
pub fn messages(state: &State, with_system: bool) -> Vec<MessageId> {
    let shown = |from: &ManusId| with_system || from.as_str() != engine::ids::SYSTEM;
    let mut found: Vec<MessageId> = Vec::new();
    let mut last: Option<&Message> = None;
    for message in state.inbox().iter().filter(|message| shown(&message.from_manus)) {
        if !last.is_some_and(|last| same_letter(last, message)) {
            found.push(message.id);
        }
        last = Some(message);
    }
    found.reverse();
    found
}

/// The messages that went out with the same call as this one, itself included, as far as they are in memory.
pub fn letter(state: &State, first: MessageId) -> Vec<Arc<Message>> {
    let Some(message) = state.inbox().get(first) else { return Vec::new() };
    let following =
        (first + 1..).map_while(|id| state.inbox().get(id)).take_while(|next| same_letter(message, next));
    std::iter::once(message).chain(following).cloned().collect()
}

/// Whether two messages that follow each other went out with the same call, to one each.
pub fn same_letter(one: &Message, other: &Message) -> bool {
    one.from_manus == other.from_manus
        && one.timestamp_ms == other.timestamp_ms
        && one.message_type == other.message_type
        && one.content == other.content
}

#[cfg(test)]
mod tests;
