//! The imperative shell around one project's engine: the single writer, group commit, stores, the event feed, clock and ids.
//!
//! A [`Hub`] serves one project. Commands go in through [`Hub::submit`], one writer decides them in order and commits them in
//! groups; reads look at the *published* state, which holds what is committed and nothing else. This is the only crate that
//! knows SQL.

mod access;
mod audit;
mod backup;
mod beats;
mod beside;
mod clock;
mod config;
mod failure;
pub mod fault;
mod feed;
mod fingerprint;
mod folder;
mod hub;
mod import;
pub mod meters;
mod paths;
mod planner;
mod planted;
mod prune;
mod reserved;
mod restore;
mod retention;
mod shared;
#[cfg(test)]
mod simulation;
mod store;
mod writer;

/// The target under which spans stand: of calls, commits and plans. Nobody looks at them unless traces are sent somewhere.
pub const SPANS: &str = "manus_sync";

pub use access::{
    Access, AtRest, BadToken, Minted, NewToken, NotEnrolled, Token, TokenRole, has_tokens, only_enrols,
};
pub use audit::{Audit, AuditEntry, AuditFilter, AuditKind};
pub use backup::{BackupError, Examination, backup, default_database, examine, newest_schema};
pub use clock::{Clock, ManualClock, Sleep, SystemClock};
pub use config::Config;
pub use failure::{Failure, OpenError, Readiness};
pub use feed::{Feed, FeedSlice, Frame};
pub use folder::{ServerInfo, local_key, project_root, server_info, write_for_owner};
pub use hub::{Beat, Hub, Reply};
pub use import::{ImportReport, Imported, OddRow, import, import_original};
pub use meters::Meters;
pub use paths::ProjectPaths;
pub use prune::{Hold, PruneError, Pruned, prune};
pub use reserved::Reserved;
pub use restore::{RestoreError, Restored, restore};
pub use store::{EventFilter, MessageFilter, Order, Page, PrunedUpTo, TaskFilter};
