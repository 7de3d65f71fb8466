//! What can be asked of history.

use engine::{ManusId, MessageId, Priority, TaskStatus, TimeMs};

/// In which direction to page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// From the beginning.
    OldestFirst,
    /// From the end.
    #[default]
    NewestFirst,
}

/// A part of a long list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<C> {
    /// The last item of the page before; what comes after it in the order is answered.
    pub cursor: Option<C>,
    /// In which direction.
    pub order: Order,
    /// At most so many items.
    pub limit: usize,
}

impl<C> Page<C> {
    /// The newest items.
    pub fn newest(limit: usize) -> Self {
        Self { cursor: None, order: Order::NewestFirst, limit }
    }
}

/// Which closed tasks. What is `None` does not matter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TaskFilter {
    /// COMPLETED or CANCELLED; no closed task has another.
    pub status: Option<TaskStatus>,
    /// Whose it was.
    pub assigned_to: Option<ManusId>,
    /// How urgent.
    pub priority: Option<Priority>,
    /// What the title or the description contains, regardless of case.
    pub text: Option<String>,
}

/// Which messages. What is `None` does not matter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MessageFilter {
    /// Whose inbox.
    pub to_manus: Option<ManusId>,
    /// Who wrote it.
    pub from_manus: Option<ManusId>,
    /// Who wrote it or whose inbox.
    pub with_manus: Option<ManusId>,
    /// What kind.
    pub message_type: Option<String>,
    /// Which conversation: this message and everything in its thread.
    pub thread_id: Option<MessageId>,
    /// Words that the texts and numbers in the content must all contain, at least as the beginning of a word, regardless of case
    /// and accents; words in double quotes must follow one another. Text without a word is looked for as it stands.
    pub text: Option<String>,
}

/// Which events. What is `None` or empty does not matter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EventFilter {
    /// Of these kinds, such as `task_started`.
    pub kinds: Vec<String>,
    /// From calls of this agent.
    pub by: Option<ManusId>,
    /// Not before this moment.
    pub since_ms: Option<TimeMs>,
    /// Before this moment.
    pub until_ms: Option<TimeMs>,
    /// That name this agent or task, or come from its calls.
    pub about: Option<String>,
}
