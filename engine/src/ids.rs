//! Names of things: agents, tasks, messages, requests. One type each, so that they cannot be mixed up.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::pattern::FilePattern;

/// Milliseconds since the Unix epoch.
pub type TimeMs = i64;
/// Position in the project's event log; the first event has 1. Only grows.
pub type Seq = u64;
/// Number of a message; the first has 1. Only grows, so it is also the order of sending.
pub type MessageId = u64;

/// Number of a waiting claim.
pub type WaitId = u64;

/// The most characters an agent's id may have.
pub const MANUS_ID_MAX: usize = 64;
/// The most characters a request id may have.
pub const REQUEST_ID_MAX: usize = 200;

/// The name by which the engine itself writes messages. Nobody can register it.
pub const SYSTEM: &str = "system";
/// The person who watches the dashboard: can write and be written to, but takes no tasks. Nobody can register it.
pub const SUPERVISOR: &str = "supervisor";

/// What a message is addressed with that goes to all agents of a role.
pub const ROLE_PREFIX: &str = "role:";

/// Why a text is not the id it was meant to be: the sentence says what was given and what is allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadId(pub String);

/// An agent's self-chosen name: `[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ManusId(Arc<str>);

impl ManusId {
    /// Checks and wraps a name. Fails on an empty or overlong name and on characters outside the allowed set.
    pub fn new(text: &str) -> Result<Self, BadId> {
        let starts_well = text.chars().next().is_some_and(|c| c.is_ascii_alphanumeric());
        let all_allowed = text.chars().all(|c| c.is_ascii_alphanumeric() || "_.:-".contains(c));
        if starts_well && all_allowed && text.len() <= MANUS_ID_MAX {
            return Ok(Self(text.into()));
        }
        Err(BadId(format!(
            "{:?} is not an agent id: use 1 to {MANUS_ID_MAX} letters, digits, '_', '.', ':' or '-', starting with a \
             letter or digit",
            shortened(text)
        )))
    }

    /// The engine's own name as a sender.
    pub fn system() -> Self {
        Self(SYSTEM.into())
    }

    /// The name under which the person at the dashboard acts.
    pub fn supervisor() -> Self {
        Self(SUPERVISOR.into())
    }

    /// True for the names that no agent can register: those of others, and those that address a role and not an agent.
    pub fn is_reserved(&self) -> bool {
        matches!(self.as_str(), SYSTEM | SUPERVISOR) || self.as_str().starts_with(ROLE_PREFIX)
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A task's id: `T1`, `T2`, … in the order of creation. Ids of another shape come only from imported databases and are kept
/// as they are; they sort before the numbered ones, being older.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId(TaskIdRepr);

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum TaskIdRepr {
    Named(Arc<str>),
    Numbered(u64),
}

impl TaskId {
    /// The id of the task with this number.
    pub fn numbered(number: u64) -> Self {
        Self(TaskIdRepr::Numbered(number))
    }

    /// Reads `T12` (also `t12`) or an imported id of 1 to 64 letters, digits, '_', '.', ':' or '-'.
    pub fn new(text: &str) -> Result<Self, BadId> {
        if let Some(number) = number_of(text) {
            return Ok(Self::numbered(number));
        }
        let allowed = text.chars().all(|c| c.is_ascii_alphanumeric() || "_.:-".contains(c));
        if allowed && (1..=MANUS_ID_MAX).contains(&text.len()) {
            return Ok(Self(TaskIdRepr::Named(text.into())));
        }
        Err(BadId(format!("{:?} is not a task id: expected T and a number, like T12", shortened(text))))
    }

    /// The number, for ids that have one.
    pub fn number(&self) -> Option<u64> {
        match self.0 {
            TaskIdRepr::Numbered(number) => Some(number),
            TaskIdRepr::Named(_) => None,
        }
    }
}

/// `T12` without leading zeros, so that one task has one spelling.
fn number_of(text: &str) -> Option<u64> {
    let digits = text.strip_prefix(['T', 't'])?;
    let canonical = digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0');
    if canonical { digits.parse().ok() } else { None }
}

/// A caller's name for one call, so that repeating it cannot do it twice. 1 to 200 printable characters.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(Arc<str>);

impl RequestId {
    /// Checks and wraps. Fails on empty, overlong, or control characters.
    pub fn new(text: &str) -> Result<Self, BadId> {
        let fits = (1..=REQUEST_ID_MAX).contains(&text.chars().count());
        if fits && !text.chars().any(char::is_control) {
            return Ok(Self(text.into()));
        }
        Err(BadId(format!(
            "{:?} is not a request_id: use 1 to {REQUEST_ID_MAX} printable characters, for example a UUID",
            shortened(text)
        )))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What identifies a lock: its holder and the pattern claimed. One holder has at most one lock on one pattern.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LockKey {
    /// Who holds it.
    pub locked_by: ManusId,
    /// What it covers.
    pub file_path: FilePattern,
}

/// The first characters of a text of unknown length, for error messages.
pub(crate) fn shortened(text: &str) -> String {
    shortened_to(text, 80)
}

/// The first so many characters of a text, with a mark where something is missing.
pub(crate) fn shortened_to(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most).chain("…".chars()).collect()
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            TaskIdRepr::Numbered(number) => write!(f, "T{number}"),
            TaskIdRepr::Named(name) => f.write_str(name),
        }
    }
}

/// Display, Debug and serde as text, through the checked constructor.
macro_rules! as_text {
    ($type:ident) => {
        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
                Self::new(&text).map_err(serde::de::Error::custom)
            }
        }

        impl std::str::FromStr for $type {
            type Err = BadId;
            fn from_str(text: &str) -> Result<Self, BadId> {
                Self::new(text)
            }
        }
    };
}

macro_rules! display_inner {
    ($type:ident) => {
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

display_inner!(ManusId);
display_inner!(RequestId);
as_text!(ManusId);
as_text!(TaskId);
as_text!(RequestId);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agent_ids_are_checked() {
        for good in ["a", "manus_1", "7", "team:claude-code.2", &"x".repeat(64)] {
            assert!(ManusId::new(good).is_ok(), "{good}");
        }
        for bad in ["", "_a", "-a", "a b", "ä", "a/b", "a\n", &"x".repeat(65)] {
            assert!(ManusId::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_task_has_one_spelling() {
        assert_eq!(TaskId::new("T12").unwrap(), TaskId::numbered(12));
        assert_eq!(TaskId::new("t12").unwrap().to_string(), "T12");
        assert_ne!(TaskId::new("T012").unwrap(), TaskId::numbered(12));
        assert_eq!(TaskId::new("3f2a9c01").unwrap().to_string(), "3f2a9c01");
        assert!(TaskId::numbered(9) < TaskId::numbered(10));
        assert!(TaskId::new("3f2a9c01").unwrap() < TaskId::numbered(1), "imported ones are older");
        assert!(TaskId::new("").is_err());
        assert!(TaskId::new("T1 or 1=1").is_err());
    }

    #[test]
    fn request_ids_are_checked() {
        assert!(RequestId::new("6f1c-α retry").is_ok());
        assert!(RequestId::new("").is_err());
        assert!(RequestId::new("a\u{0}b").is_err());
        assert!(RequestId::new(&"x".repeat(201)).is_err());
    }
}
