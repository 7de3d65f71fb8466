//! The state from which the log goes on, in parts of many rows: one text would grow beyond what a row can hold.

use engine::state::Outcome;
use engine::view::Snapshot;
use engine::{Seq, State, TaskId};
use serde::Serialize;
use sqlx::sqlite::SqliteConnection;

use super::explain;
use super::load::parse;
use crate::store::{LogStart, StoreError};

/// How many items a part holds.
const ITEMS: usize = 1_000;

/// Part by part.
pub(super) struct Parts {
    parts: Vec<(&'static str, String)>,
}

impl Parts {
    /// Of a state, with the closed tasks that it no longer shows.
    pub(super) fn of(state: &State, outcomes: &[(TaskId, Outcome)]) -> Result<Self, StoreError> {
        let whole = state.snapshot();
        let mut parts = Self { parts: Vec::new() };
        parts.list("manus", &whole.manus)?;
        parts.list("tasks", &whole.tasks)?;
        parts.list("locks", &whole.locks)?;
        parts.list("waits", &whole.waits)?;
        parts.list("messages", &whole.messages)?;
        // A snapshot for a browser shows the newest only.
        parts.list("metrics", &state.metrics().all().collect::<Vec<_>>())?;
        let ended =
            |as_what| outcomes.iter().filter(move |(_, outcome)| *outcome == as_what).map(|(id, _)| id);
        parts.list("completed", &ended(Outcome::Completed).collect::<Vec<_>>())?;
        parts.list("cancelled", &ended(Outcome::Cancelled).collect::<Vec<_>>())?;
        let Snapshot { seq, at_ms, settings, counters, closed, .. } = whole;
        let head = Snapshot { seq, at_ms, settings, counters, closed, ..Snapshot::default() };
        parts.parts.push(("head", json(&head)?));
        Ok(parts)
    }

    fn list<T: Serialize>(&mut self, kind: &'static str, items: &[T]) -> Result<(), StoreError> {
        for items in items.chunks(ITEMS) {
            self.parts.push((kind, json(&items)?));
        }
        Ok(())
    }

    /// Writes them, a transaction each. They do not count until `meta` says so.
    pub(super) async fn write(self, connection: &mut SqliteConnection, seq: Seq) -> Result<(), StoreError> {
        let insert = "insert into log_start (seq, part, kind, data) values (?1, ?2, ?3, ?4)";
        for (part, (kind, data)) in (0_i64..).zip(self.parts) {
            let insert = sqlx::query(insert).bind(seq.cast_signed()).bind(part).bind(kind).bind(data);
            insert.execute(&mut *connection).await.map_err(explain::error)?;
        }
        Ok(())
    }
}

/// Puts the parts together again.
pub(super) async fn read(connection: &mut SqliteConnection, seq: Seq) -> Result<LogStart, StoreError> {
    let select = "select kind, data from log_start where seq = ?1 order by part";
    let rows: Vec<(String, String)> =
        sqlx::query_as(select).bind(seq.cast_signed()).fetch_all(connection).await.map_err(explain::error)?;
    let (mut start, mut head) = (LogStart::default(), None);
    for (kind, data) in rows {
        let snapshot = &mut start.snapshot;
        match kind.as_str() {
            "head" => head = Some(parse::<Snapshot>(&data)?),
            "manus" => snapshot.manus.append(&mut parse(&data)?),
            "tasks" => snapshot.tasks.append(&mut parse(&data)?),
            "locks" => snapshot.locks.append(&mut parse(&data)?),
            "waits" => snapshot.waits.append(&mut parse(&data)?),
            "messages" => snapshot.messages.append(&mut parse(&data)?),
            "metrics" => snapshot.metrics.append(&mut parse(&data)?),
            "completed" => start.note(parse(&data)?, Outcome::Completed),
            "cancelled" => start.note(parse(&data)?, Outcome::Cancelled),
            other => return Err(StoreError::damaged(format!("log_start has a part {other}"))),
        }
    }
    let head =
        head.filter(|head| head.seq == seq).ok_or_else(|| StoreError::damaged("log_start has no head"))?;
    start.snapshot = Snapshot {
        seq,
        at_ms: head.at_ms,
        settings: head.settings,
        counters: head.counters,
        closed: head.closed,
        ..start.snapshot
    };
    Ok(start)
}

impl LogStart {
    fn note(&mut self, ids: Vec<TaskId>, outcome: Outcome) {
        self.outcomes.extend(ids.into_iter().map(|id| (id, outcome)));
    }
}

fn json(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value)
        .map_err(|error| StoreError::new("the state could not be written down", error))
}
