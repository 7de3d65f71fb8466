//! What can be read: the board, a task, an inbox; each under its address.

use std::collections::{BTreeMap, BTreeSet};

use engine::{ManusId, TaskId};
use rmcp::ErrorData;
use rmcp::model::{Resource, ResourceTemplate};
use serde_json::json;

use super::watch::Topic;

/// The address of the board.
pub const BOARD: &str = "manus://board";
const TASK: &str = "manus://task/";
const INBOX: &str = "manus://inbox/";
const JSON: &str = "application/json";

/// Something that can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// How the project is doing.
    Board,
    /// One task.
    Task(TaskId),
    /// The messages that wait for an agent.
    Inbox(ManusId),
}

impl Address {
    /// Reads an address; `None` where there is nothing.
    pub fn parse(uri: &str) -> Option<Self> {
        if uri == BOARD {
            return Some(Self::Board);
        }
        if let Some(task) = uri.strip_prefix(TASK) {
            return TaskId::new(task).ok().map(Self::Task);
        }
        uri.strip_prefix(INBOX).and_then(|manus| ManusId::new(manus).ok()).map(Self::Inbox)
    }

    /// Whether what happened may have changed what is to be read there.
    pub fn is_touched_by(&self, topic: &Topic) -> bool {
        match (self, topic) {
            (_, Topic::Everything) | (Self::Board, Topic::Board) | (Self::Task(_), Topic::AnyTask) => true,
            (Self::Task(mine), Topic::Task(other)) => mine == other,
            (Self::Inbox(mine), Topic::Inbox(other)) => mine == other,
            _ => false,
        }
    }
}

/// What is at an address; says what there is where there is nothing.
pub fn find(uri: &str) -> Result<Address, ErrorData> {
    Address::parse(uri).ok_or_else(|| {
        let message = format!(
            "there is nothing at {uri}; there are {}, manus://task/T1 and manus://inbox/<manus_id>",
            BOARD
        );
        ErrorData::resource_not_found(message, Some(json!({ "uri": uri })))
    })
}

/// Those addresses at which there may be something new.
pub fn touched(addresses: &BTreeMap<String, Address>, topics: &BTreeSet<Topic>) -> Vec<String> {
    let is_touched = |address: &Address| topics.iter().any(|topic| address.is_touched_by(topic));
    addresses.iter().filter(|(_, address)| is_touched(address)).map(|(uri, _)| uri.clone()).collect()
}

/// What is there for everybody, and the inbox of an agent that is known.
pub fn listed(manus: Option<&str>) -> Vec<Resource> {
    let board = Resource::new(BOARD, "board")
        .with_title("The board")
        .with_description("How the project is doing: health, agents, open tasks.")
        .with_mime_type(JSON);
    let inbox = manus.map(|manus| {
        Resource::new(format!("{INBOX}{manus}"), "inbox")
            .with_title(format!("The inbox of {manus}"))
            .with_description("Your unread messages; reading them here does not mark them.")
            .with_mime_type(JSON)
    });
    std::iter::once(board).chain(inbox).collect()
}

/// What is there for whoever knows a name.
pub fn templates() -> Vec<ResourceTemplate> {
    vec![
        ResourceTemplate::new(format!("{TASK}{{task_id}}"), "task")
            .with_title("A task")
            .with_description("One task in full, however long ago it was closed.")
            .with_mime_type(JSON),
        ResourceTemplate::new(format!("{INBOX}{{manus_id}}"), "inbox")
            .with_title("An inbox")
            .with_description("An agent's unread messages; reading them here does not mark them.")
            .with_mime_type(JSON),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        assert_eq!(Address::parse("manus://board"), Some(Address::Board));
        assert_eq!(Address::parse("manus://task/t7"), Some(Address::Task(TaskId::numbered(7))));
        for nothing in
            ["manus://boards", "manus://task/", "manus://task/a b", "manus://inbox/", "file:///etc", ""]
        {
            assert_eq!(Address::parse(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn what_touches_what() {
        let task = Address::Task(TaskId::numbered(7));
        assert!(task.is_touched_by(&Topic::Task(TaskId::numbered(7))) && task.is_touched_by(&Topic::AnyTask));
        assert!(!task.is_touched_by(&Topic::Task(TaskId::numbered(8))) && !task.is_touched_by(&Topic::Board));
        assert!(Address::Board.is_touched_by(&Topic::Everything));
    }
}
