//! The rules of manus-sync, pure: a [`State`], [`Command`]s that ask, [`Event`]s that happened, [`Refusal`]s that explain.
//!
//! Nothing here reads a clock, draws a random number, waits, or does I/O: time and ids come in as arguments. So the same
//! code decides on the server, replays a log, runs in a simulation and keeps the picture in the browser up to date.

pub mod answer;
pub mod capability;
pub mod command;
pub(crate) mod decide;
pub mod event;
pub mod explain;
pub mod health;
pub mod ids;
pub mod json;
pub mod pattern;
pub mod plan;
pub mod planning;
mod planted;
pub mod refusal;
#[cfg(feature = "schema")]
mod schema;
mod shared;
pub mod simulate;
pub mod sorted;
pub mod state;
pub mod values;
pub mod view;

pub use answer::{Answer, Decision, Remembered};
pub use capability::Capability;
pub use command::{Call, Command};
pub use event::{Event, Record};
pub use ids::{LockKey, ManusId, MessageId, RequestId, Seq, TaskId, TimeMs, WaitId};
pub use json::Json;
pub use pattern::FilePattern;
pub use refusal::{Refusal, RefusalKind};
pub use state::{Settings, State, Touched};
pub use values::{InstanceStatus, LockMode, Priority, Progress, Recipient, Role, TaskStatus};
