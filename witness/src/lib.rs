//! What the tests of hub and server judge by: was a project's history strictly serializable?
//!
//! Callers record each call, what they were told, at which position of the log (`manus-seq`), and when they asked and were
//! answered. [`judge`] replays the log through the pure rules: each decision in it must be one of those calls or one of the
//! server's own commands, must come out to the very events that the log has, and each caller must have been told what the rules
//! say at that position. Then it looks at the times: whatever ended before something else began must not come after it.
//!
//! That leans on the rules themselves. What they may never do, whatever they decide, [`promises`] recounts from the log alone.

mod around;
mod dice;
mod order;
pub mod promises;
mod queue;
mod replay;
pub mod work;

use std::fmt;
use std::sync::Arc;

use engine::{Answer, Call, Command, Decision, Refusal, Seq, State, TimeMs};

pub use dice::Dice;
pub use replay::{Verdict, judge};

/// A call as its caller remembers it.
pub trait Heard: fmt::Debug {
    /// The call as the rules get it; `None` for one that only looks.
    fn call(&self) -> Option<&Call>;

    /// The same call as it stands in the queue for this long, where its caller was ready to wait: before it comes to an answer, it
    /// may have been queued any number of times.
    fn queued(&self, wait_ms: TimeMs) -> Option<Call> {
        let _ = wait_ms;
        None
    }

    /// Up to which event the answer had seen the log; `None` when it is unknown whether the call was carried out.
    fn seq(&self) -> Option<Seq>;

    /// When the caller asked, and when it knew that nothing more would come of it; by any one clock. A call without an answer has
    /// ended when its server is gone for sure.
    fn span(&self) -> (u64, Option<u64>);

    /// Holds what the caller was told against what the rules say.
    fn compare(&self, says: &Says<'_>) -> Result<(), String>;

    /// What the caller was told, in the rules' own words, if it was not refused.
    fn answer(&self) -> Option<Arc<Answer>>;

    /// Whether the answer may have come with events of its own: false for what was refused.
    fn may_have_changed_something(&self) -> bool {
        self.call().is_some()
    }
}

/// What the rules say at a position of the log.
#[derive(Debug)]
pub enum Says<'a> {
    /// To a call.
    Decided(&'a Result<Decision, Refusal>),
    /// To a look: the state that there was.
    State(&'a State),
}

/// A hash of a command's arguments, equal for equal ones.
pub fn fingerprint(command: &Command) -> u64 {
    let written = serde_json::to_vec(command).unwrap_or_default();
    written.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
