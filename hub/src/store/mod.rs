//! Where a project is kept. [`Store`] says what the hub needs; nothing above it knows which database does it.

mod page;
pub(crate) mod sqlite;

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;

use engine::state::metrics::Bucket;
use engine::state::{LoadedTask, Outcome};
use engine::view::{Counters, FileLock, ManusInstance, Message, Snapshot, SyncTask};
use engine::{MessageId, Record, Remembered, Seq, Settings, TaskId, TimeMs};
use serde::Deserialize;

use crate::access::{Hash, Token};
use crate::audit::{AuditEntry, AuditFilter};
use crate::failure::Failure;
use crate::feed::Frame;

pub use page::{EventFilter, MessageFilter, Order, Page, TaskFilter};

/// A store at work.
pub(crate) type Doing<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// What keeps a project. One writer calls `load` and `commit`, anybody pages history.
pub(crate) trait Store: fmt::Debug + Send + Sync + 'static {
    /// Reads what is live, over a fresh connection: also called when the old one is in doubt. What it shows is on the disk when it
    /// returns, even where a commit before it failed.
    fn load<'a>(&'a self, settings: &'a Settings) -> Doing<'a, Loaded>;

    /// Writes everything or nothing, and returns when it is on the disk. After an error it is unknown which of the two happened.
    fn commit<'a>(&'a self, changes: &'a Changes) -> Doing<'a, ()>;

    /// Closed tasks.
    fn closed_tasks<'a>(
        &'a self,
        filter: &'a TaskFilter,
        page: &'a Page<TaskId>,
    ) -> Doing<'a, Vec<Arc<SyncTask>>>;

    /// Those of these tasks that are closed, in any order.
    fn closed_among<'a>(&'a self, ids: &'a [TaskId]) -> Doing<'a, Vec<Arc<SyncTask>>>;

    /// Messages, read or not.
    fn messages<'a>(
        &'a self,
        filter: &'a MessageFilter,
        page: &'a Page<MessageId>,
    ) -> Doing<'a, Vec<Arc<Message>>>;

    /// The log.
    fn events<'a>(&'a self, filter: &'a EventFilter, page: &'a Page<Seq>) -> Doing<'a, Vec<Record>>;

    /// What was let go of.
    fn pruned(&self) -> Doing<'_, PrunedUpTo>;

    /// The state from which the log goes on; `None` while it is whole.
    fn log_start(&self) -> Doing<'_, Option<LogStart>>;

    /// Writes everything that is committed at one moment into a new file, while commits go on.
    fn backup<'a>(&'a self, file: &'a Path) -> Doing<'a, ()>;

    /// All tokens but the sessions that are over.
    fn tokens(&self, now_ms: TimeMs) -> Doing<'_, LoadedTokens>;

    /// Writes new tokens, and of old ones when they were taken back: all or none. Not to be dropped midway.
    fn write_tokens<'a>(&'a self, rows: &'a [TokenRow]) -> Doing<'a, ()>;

    /// Appends to the audit, and lets go of what is older than `before_ms`. Not to be dropped midway.
    fn write_audit<'a>(&'a self, _entries: &'a [AuditEntry], _before_ms: Option<TimeMs>) -> Doing<'a, ()> {
        Box::pin(async { Err(StoreError::plain("this store keeps no audit")) })
    }

    /// The audit.
    fn audit<'a>(&'a self, _filter: &'a AuditFilter, _page: &'a Page<u64>) -> Doing<'a, Vec<AuditEntry>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    /// How much room it takes, in bytes.
    fn bytes(&self) -> Doing<'_, u64>;

    /// Closes all connections.
    fn close(&self) -> Doing<'_, ()>;
}

/// What a start needs from the store.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// Everything live but the tasks.
    pub snapshot: Snapshot,
    /// The live tasks, by id.
    pub tasks: Vec<LoadedTask>,
    /// How the closed tasks that are not in the snapshot ended.
    pub outcomes: Vec<(TaskId, Outcome)>,
    /// Remembered answers, oldest first.
    pub requests: Vec<Remembered>,
    /// Which log this is.
    pub log: Log,
}

/// Which log a project's events are of.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Log {
    /// Its name.
    pub id: String,
    /// After which event the numbers begin that a log before it may have given to other events, since the project was restored from
    /// a backup.
    pub reused_after: Seq,
    /// The last of them.
    pub reused_upto: Seq,
}

/// What there is to know of who may come in.
#[derive(Debug)]
pub(crate) struct LoadedTokens {
    /// What enrolled agents' tokens are made with.
    pub enrolment_key: String,
    pub rows: Vec<TokenRow>,
}

/// A token, and how it is recognised.
#[derive(Debug, Clone)]
pub(crate) struct TokenRow {
    pub token: Arc<Token>,
    pub hash: Hash,
    /// False for what lasts as long as this process alone.
    pub kept: bool,
}

/// How far back history goes: what is older was pruned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub struct PrunedUpTo {
    /// The last event that is gone; 0 while the log is whole.
    #[serde(default, rename = "log_start_seq")]
    pub upto_seq: Seq,
    /// When that was.
    #[serde(default, rename = "log_start_ms")]
    pub upto_ms: TimeMs,
    /// Messages that were taken and sent before this moment are gone, but for the newest of them.
    #[serde(default, rename = "messages_pruned_ms")]
    pub messages_before_ms: Option<TimeMs>,
}

/// The state from which the log goes on.
#[derive(Debug, Default)]
pub(crate) struct LogStart {
    /// Everything live after the last event that is gone.
    pub snapshot: Snapshot,
    /// How the tasks ended that were closed until then.
    pub outcomes: Vec<(TaskId, Outcome)>,
}

/// What one commit writes: new events, and the rows as they are after them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Changes {
    pub events: Vec<Arc<Frame>>,
    pub manus: Vec<ManusInstance>,
    pub tasks: Vec<Arc<SyncTask>>,
    pub locks: Vec<FileLock>,
    /// The tokens of the grants that ended.
    pub ended_locks: Vec<u64>,
    pub messages: Vec<Arc<Message>>,
    /// Messages that were there before and are processed now.
    pub processed: Vec<MessageId>,
    /// Counts as they are now.
    pub buckets: Vec<Bucket>,
    /// Width and start of counts that are too old to keep.
    pub ended_buckets: Vec<(TimeMs, TimeMs)>,
    pub remembered: Vec<Remembered>,
    pub counters: Counters,
    /// Set when the rows of all agents are complete up to this event, including their signs of life.
    pub complete_seq: Option<Seq>,
    /// Remembered answers older than this may be forgotten.
    pub forget_before_ms: Option<TimeMs>,
}

impl Changes {
    /// True when there is nothing to write.
    pub(crate) fn is_empty(&self) -> bool {
        self.events.is_empty()
            && self.manus.is_empty()
            && self.remembered.is_empty()
            && self.forget_before_ms.is_none()
    }
}

/// What a store could not do: a sentence for people, and the inner detail for the log.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
pub(crate) struct StoreError {
    pub reason: String,
    #[source]
    pub detail: Option<Box<dyn Error + Send + Sync>>,
}

impl StoreError {
    pub(crate) fn new(reason: impl Into<String>, detail: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { reason: reason.into(), detail: Some(detail.into()) }
    }

    pub(crate) fn plain(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), detail: None }
    }

    /// What was read cannot be what was written.
    pub(crate) fn damaged(detail: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new("the database holds something that manus-sync did not write", detail)
    }

    /// What people are told; the detail goes to the log.
    pub(crate) fn into_reason(self) -> String {
        tracing::warn!(detail = ?self.detail, "Store: {}", self.reason);
        self.reason
    }

    /// What a caller is told.
    pub(crate) fn into_failure(self) -> Failure {
        Failure::Unavailable { reason: self.into_reason() }
    }
}
