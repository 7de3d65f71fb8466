//! Who was denied what, and what people did.
//!
//! Kept beside the rules: who calls is no event of the project. A note waits for nothing: it is queued, written within a second of
//! others, and the first of them at once. What there is no room for is counted, and the count is written down in its place.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use engine::{ManusId, Seq, TimeMs};
use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, mpsc, watch};
use tokio::task::JoinHandle;

use crate::access::{Token, TokenRole};
use crate::clock::Clock;
use crate::failure::Failure;
use crate::store::{Page, Store, StoreError};

/// How many notes wait to be written.
const QUEUE_MAX: usize = 10_000;
/// How long to rest after writing, so that a flood is written once a second.
const REST: Duration = Duration::from_secs(1);
/// How many entries are kept.
pub(crate) const KEPT_MAX: i64 = 100_000;
/// How much is kept of what somebody asked for: paths are as long as a stranger likes.
const WHAT_MAX: usize = 200;

/// What kind of thing happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum AuditKind {
    /// A person did something, or tried to: with an admin's token, or logged in at the dashboard.
    Acted,
    /// Somebody was kept out, or may not do what they tried.
    Denied,
    /// So many entries are missing here.
    Lost,
}

impl AuditKind {
    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Acted => "acted",
            Self::Denied => "denied",
            Self::Lost => "lost",
        }
    }
}

/// Something that happened at the door.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AuditEntry {
    /// Its number; higher ones happened later.
    pub id: u64,
    /// When.
    pub at_ms: TimeMs,
    /// What kind of thing.
    pub kind: AuditKind,
    /// The call, `login` or `logout`, or method and path of a request that was none.
    pub what: String,
    /// `ok`, or why it was refused.
    pub code: String,
    /// The part of the token that may be seen; of a session the token with which somebody logged in. Null where nobody was recognised.
    pub token_id: Option<String>,
    /// What that token lets its holder do.
    pub role: Option<TokenRole>,
    /// Whether it was a browser's session.
    pub session: bool,
    /// In whose name an agent's token acts.
    pub manus_id: Option<ManusId>,
    /// The address it came from, where that is known.
    pub peer: Option<String>,
    /// The event up to which the answer was true: what came of it stands in the log until there.
    pub seq: Option<Seq>,
    /// How often, where the same was denied again within the same second.
    pub times: u64,
}

impl AuditEntry {
    fn new(kind: AuditKind, what: &str, code: &str) -> Self {
        // Whatever a stranger puts into a path, it is read by somebody at a terminal.
        let what = what.chars().filter(|char| !char.is_control()).take(WHAT_MAX).collect();
        Self {
            id: 0,
            at_ms: 0,
            kind,
            what,
            code: code.to_owned(),
            token_id: None,
            role: None,
            session: false,
            manus_id: None,
            peer: None,
            seq: None,
            times: 1,
        }
    }

    /// Somebody was kept out, or may not do that.
    pub fn denied(what: &str, code: &str) -> Self {
        Self::new(AuditKind::Denied, what, code)
    }

    /// A person did that; `code` says what came of it.
    pub fn acted(what: &str, code: &str) -> Self {
        Self::new(AuditKind::Acted, what, code)
    }

    /// With this token or session.
    pub fn by(mut self, token: &Token) -> Self {
        self.token_id =
            Some(token.parent.clone().filter(|_| token.session).unwrap_or_else(|| token.id.clone()));
        (self.role, self.session, self.manus_id) = (Some(token.role), token.session, token.manus_id.clone());
        self
    }

    /// From this address.
    pub fn from(mut self, peer: Option<impl ToString>) -> Self {
        self.peer = peer.map(|peer| peer.to_string());
        self
    }

    /// As of this event.
    pub fn at(mut self, seq: Option<Seq>) -> Self {
        self.seq = seq;
        self
    }
}

/// Which entries. What is `None` does not matter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditFilter {
    /// Of this kind.
    pub kind: Option<AuditKind>,
    /// Not before this moment.
    pub since_ms: Option<TimeMs>,
}

/// Takes notes.
#[derive(Debug)]
pub struct Audit {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    queue: mpsc::Sender<AuditEntry>,
    /// How many found no room since the last were written.
    lost: Arc<AtomicU64>,
    closing: watch::Sender<bool>,
    writing: Mutex<Option<JoinHandle<()>>>,
}

impl Audit {
    /// Begins to take notes. Entries older than `keep_ms` go.
    pub(crate) fn start(store: Arc<dyn Store>, clock: Arc<dyn Clock>, keep_ms: Option<TimeMs>) -> Self {
        let (queue, queued) = mpsc::channel(QUEUE_MAX);
        let (closing, closed) = watch::channel(false);
        let lost = Arc::new(AtomicU64::new(0));
        let keeper = Keeper {
            store: store.clone(),
            clock: clock.clone(),
            keep_ms,
            lost: lost.clone(),
            batch: Vec::new(),
            failing: false,
        };
        let writing = Mutex::new(Some(tokio::spawn(keeper.run(queued, closed))));
        Self { store, clock, queue, lost, closing, writing }
    }

    /// Takes a note. Waits for nothing.
    pub fn note(&self, entry: AuditEntry) {
        if self.queue.try_send(AuditEntry { at_ms: self.clock.now_ms(), ..entry }).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// What was noted and is written.
    pub async fn page(&self, filter: &AuditFilter, page: &Page<u64>) -> Result<Vec<AuditEntry>, Failure> {
        self.store.audit(filter, page).await.map_err(StoreError::into_failure)
    }

    /// Writes what is queued, and takes no further notes.
    pub(crate) async fn finish(&self) {
        self.closing.send_replace(true);
        if let Some(writing) = self.writing.lock().await.take()
            && let Err(error) = writing.await
        {
            tracing::error!(%error, "The audit did not end well");
        }
    }
}

/// Writes notes down.
struct Keeper {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    keep_ms: Option<TimeMs>,
    lost: Arc<AtomicU64>,
    batch: Vec<AuditEntry>,
    failing: bool,
}

impl Keeper {
    async fn run(mut self, mut queued: mpsc::Receiver<AuditEntry>, mut closed: watch::Receiver<bool>) {
        loop {
            // What could not be written is tried again, whether something new happens or not.
            if self.batch.is_empty() {
                tokio::select! {
                    _ = queued.recv_many(&mut self.batch, QUEUE_MAX) => {}
                    _ = closed.wait_for(|closing| *closing) => {}
                }
            }
            // Whoever lets go of the hub without a word has ended it, too.
            let closing = *closed.borrow() || closed.has_changed().is_err();
            if closing {
                queued.close();
            }
            while let Ok(entry) = queued.try_recv() {
                self.batch.push(entry);
            }
            self.write().await;
            if closing {
                if !self.batch.is_empty() {
                    let missing = self.batch.len();
                    tracing::error!("{missing} entries of the audit could not be written and are lost");
                }
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(REST) => {}
                _ = closed.wait_for(|closing| *closing) => {}
            }
        }
    }

    async fn write(&mut self) {
        merge(&mut self.batch);
        // The newest say more of what goes on.
        let excess = self.batch.len().saturating_sub(QUEUE_MAX);
        let lost = self.lost.swap(0, Ordering::Relaxed)
            + self.batch.drain(..excess).map(|entry| entry.times).sum::<u64>();
        let now_ms = self.clock.now_ms();
        if lost > 0 {
            tracing::warn!("{lost} entries of the audit found no room");
            let entry = AuditEntry::new(AuditKind::Lost, "entries of the audit", "no_room");
            self.batch.push(AuditEntry { at_ms: now_ms, times: lost, ..entry });
        }
        if self.batch.is_empty() {
            return;
        }
        match self.store.write_audit(&self.batch, self.keep_ms.map(|keep_ms| now_ms - keep_ms)).await {
            Ok(()) => {
                self.batch.clear();
                self.failing = false;
            }
            // Said once; it is tried again every second.
            Err(error) if self.failing => drop(error),
            Err(error) => {
                self.failing = true;
                tracing::warn!("The audit cannot be written at the moment: {}", error.into_reason());
            }
        }
    }
}

/// Makes one of denials that say the same. What people did stays entry by entry.
fn merge(batch: &mut Vec<AuditEntry>) {
    let mut first: HashMap<(String, String, Option<String>, Option<String>), usize> = HashMap::new();
    let mut merged: Vec<AuditEntry> = Vec::with_capacity(batch.len());
    for entry in batch.drain(..) {
        if entry.kind == AuditKind::Denied {
            let key = (entry.what.clone(), entry.code.clone(), entry.token_id.clone(), entry.peer.clone());
            if let Some(same) = first.get(&key).and_then(|at| merged.get_mut(*at)) {
                same.times += entry.times;
                continue;
            }
            first.insert(key, merged.len());
        }
        merged.push(entry);
    }
    *batch = merged;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_denial_is_one_entry() {
        let denied = |what: &str| AuditEntry::denied(what, "unauthenticated").from(Some("::1"));
        let acted = AuditEntry::acted("create_task", "ok");
        let mut batch =
            vec![denied("a"), acted.clone(), denied("b"), denied("a"), acted.clone(), denied("a")];
        merge(&mut batch);
        let told: Vec<_> = batch.iter().map(|entry| (&*entry.what, entry.times)).collect();
        assert_eq!(told, [("a", 3), ("create_task", 1), ("b", 1), ("create_task", 1)]);
    }

    #[test]
    fn what_strangers_send_is_cut_short_and_harmless() {
        let entry = AuditEntry::denied(&format!("GET /\u{1b}[2J{}", "x".repeat(1_000)), "forbidden");
        assert_eq!(entry.what.chars().count(), WHAT_MAX);
        assert!(!entry.what.contains('\u{1b}'));
    }
}
