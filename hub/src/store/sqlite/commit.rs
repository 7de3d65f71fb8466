//! One commit: a whole batch in one statement.
//!
//! How to write a batch was decided by measuring, see `docs/adr/0001-group-commit.md`: a call of sqlx a row costs two hops
//! between threads a row; the batch as JSON arrays, unpacked by SQLite, costs two hops a commit however large it is.

use engine::{Remembered, TimeMs};
use serde::Serialize;
use sqlx::Executor;
use sqlx::sqlite::SqliteConnection;

use super::explain;
use crate::store::{Changes, StoreError};

const PREPARE: &str = include_str!("commit.sql");
const COMMIT: &str = "insert into changes values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";
/// How many remembered answers one commit forgets at most.
const FORGOTTEN_AT_ONCE: i64 = 2_000;

/// Teaches a fresh connection how to commit.
pub(super) async fn prepare(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    connection.execute(PREPARE).await.map_err(explain::error)?;
    Ok(())
}

/// Writes everything or nothing. After an error the connection is in doubt and must be closed.
pub(super) async fn commit(connection: &mut SqliteConnection, changes: &Changes) -> Result<(), StoreError> {
    let remembered: Vec<_> = changes.remembered.iter().map(RememberedRow::new).collect();
    let forgotten = if changes.forget_before_ms.is_some() { FORGOTTEN_AT_ONCE } else { 0 };
    sqlx::query(COMMIT)
        .bind(events(changes))
        .bind(json(&changes.manus)?)
        .bind(json(&changes.tasks)?)
        .bind(json(&changes.ended_locks)?)
        .bind(json(&changes.locks)?)
        .bind(json(&changes.messages)?)
        .bind(json(&changes.processed)?)
        .bind(json(&changes.ended_buckets)?)
        .bind(json(&changes.buckets)?)
        .bind(json(&remembered)?)
        .bind(forgotten)
        .bind(changes.forget_before_ms)
        .bind(json(&MetaRows::new(changes))?)
        .execute(connection)
        .await
        .map_err(explain::error)?;
    Ok(())
}

/// The events are serialised already, for the feed.
fn events(changes: &Changes) -> String {
    let length: usize = changes.events.iter().map(|frame| frame.json().len() + 1).sum();
    let mut rows = String::with_capacity(length + 2);
    for frame in &changes.events {
        rows.push(if rows.is_empty() { '[' } else { ',' });
        rows.push_str(frame.json());
    }
    if rows.is_empty() {
        rows.push('[');
    }
    rows.push(']');
    rows
}

fn json<T: Serialize>(rows: &T) -> Result<String, StoreError> {
    serde_json::to_string(rows).map_err(|error| StoreError::new("a change could not be written down", error))
}

/// A remembered answer as a row of `idempotency`.
#[derive(Serialize)]
struct RememberedRow<'a> {
    actor: &'a str,
    request_id: &'a str,
    /// The same 64 bits with a sign, since SQLite's integers have one.
    fingerprint: i64,
    at_ms: TimeMs,
    answer: &'a engine::Answer,
}

impl<'a> RememberedRow<'a> {
    fn new(remembered: &'a Remembered) -> Self {
        Self {
            actor: remembered.actor.as_ref().map_or("", |actor| actor.as_str()),
            request_id: remembered.request_id.as_str(),
            fingerprint: remembered.fingerprint.cast_signed(),
            at_ms: remembered.at_ms,
            answer: &remembered.answer,
        }
    }
}

/// The rows of `meta` that change with commits.
#[derive(Serialize)]
struct MetaRows {
    next_task: u64,
    next_message: u64,
    next_fencing_token: u64,
    next_wait: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    complete_seq: Option<u64>,
}

impl MetaRows {
    fn new(changes: &Changes) -> Self {
        let counters = changes.counters;
        Self {
            next_task: counters.next_task,
            next_message: counters.next_message,
            next_fencing_token: counters.next_fencing_token,
            next_wait: counters.next_wait,
            complete_seq: changes.complete_seq,
        }
    }
}
