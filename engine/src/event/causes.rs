//! Why things happened.

use serde::{Deserialize, Serialize};

/// Why a task got its agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AssignCause {
    /// The immediate rule chose.
    Rule,
    /// Somebody said so.
    ByHand,
    /// The agent asked for work and took it.
    Taken,
    /// The plan has it there next.
    Plan,
}

/// Why a started task went back to PENDING.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReturnCause {
    /// Its agent gave it back.
    Released,
    /// Its agent was lost.
    Lost,
    /// Its agent said goodbye.
    Goodbye,
    /// Somebody gave it to another agent.
    Reassigned,
    /// Nothing moved for too long.
    Stalled,
}

impl ReturnCause {
    pub(crate) const ALL: [Self; 5] =
        [Self::Released, Self::Lost, Self::Goodbye, Self::Reassigned, Self::Stalled];

    /// Why, as the task's note begins.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Released => "given back",
            Self::Lost => "its agent was lost",
            Self::Goodbye => "its agent said goodbye",
            Self::Reassigned => "given to somebody else",
            Self::Stalled => "nothing moved for too long",
        }
    }
}

/// Why locks ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReleaseCause {
    /// The holder gave them back.
    Released,
    /// The task that took them ended.
    TaskEnded,
    /// Their time was up.
    Expired,
    /// Somebody else took them away.
    Forced,
    /// The holder said goodbye.
    Goodbye,
}

/// Why a wait ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitEnd {
    /// The claim was granted.
    Granted,
    /// Its time was up.
    TimedOut,
    /// Its caller went away.
    Withdrawn,
    /// Its agent was lost or said goodbye.
    AgentGone,
    /// Agents would have waited for each other for ever, since one of them got more while it waited.
    Deadlock,
}
