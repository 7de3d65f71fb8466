//! Icons and marks: symbols of the page's sprite. A mark's shape says what its colour says, so that neither is needed alone.

use engine::{Priority, TaskStatus};

use crate::live::row::Life;
use crate::live::words;
use crate::ui::{IntoNode, Node, el, span};

/// An icon that only repeats what the words beside it say.
pub fn icon(name: &'static str) -> Node {
    drawing("icon".to_owned(), format!("#i-{name}"))
}

fn drawing(class: String, href: String) -> Node {
    el("svg").class(class).attr("aria-hidden", "true").add(el("use").attr("href", href)).into_node()
}

/// A mark with a name of its own, for screen readers and on hover.
fn mark(class: String, href: String, name: &'static str) -> Node {
    let shape = drawing(class, href);
    span("mark-box").attr("title", name).add(shape).add(span("away").add(name)).into_node()
}

/// A task's status: ○ ◐ ◇ ▲ ● ✕ in its colour.
pub fn status_mark(status: TaskStatus) -> Node {
    let word = status_word(status);
    mark(format!("mark s-{word}"), format!("#s-{word}"), words::status(status))
}

/// A status as part of class and symbol names.
pub const fn status_word(status: TaskStatus) -> &'static str {
    match status {
        TaskStatus::Pending => "pending",
        TaskStatus::InProgress => "running",
        TaskStatus::NeedsReview => "review",
        TaskStatus::Blocked => "blocked",
        TaskStatus::Completed => "done",
        TaskStatus::Cancelled => "cancelled",
    }
}

/// How an agent stands.
pub fn life_mark(life: Life) -> Node {
    let word = life.word();
    mark(format!("mark l-{word}"), format!("#l-{word}"), word)
}

/// How urgent a task is: bars of growing height, or a sign for the most urgent.
pub fn priority_mark(priority: Priority) -> Node {
    let (word, name) = match priority {
        Priority::Critical => ("critical", "Critical"),
        Priority::High => ("high", "High"),
        Priority::Medium => ("medium", "Medium"),
        Priority::Low => ("low", "Low"),
    };
    mark(format!("mark p-{word}"), format!("#p-{word}"), name)
}
