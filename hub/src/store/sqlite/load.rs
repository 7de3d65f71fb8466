//! What is live, read from the tables in JSON pages: a row at a time would take a hop between threads each.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use engine::state::metrics::Bucket;
use engine::state::{LoadedTask, Outcome};
use engine::view::{ClosedCounts, Counters, FileLock, ManusInstance, Message, Snapshot};
use engine::{Answer, ManusId, Remembered, RequestId, Seq, Settings, TaskId, TimeMs};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sqlx::sqlite::SqliteConnection;

use super::explain;
use super::rows::{lock_json, manus_json, message_json, task_json};
use crate::store::{Loaded, Log, StoreError};

/// How many rows a page has.
const PAGE: i64 = 1_000;

/// Reads everything that a state is made of, as of one moment.
pub(super) async fn load(
    connection: &mut SqliteConnection,
    settings: &Settings,
) -> Result<Loaded, StoreError> {
    sqlx::query("begin").execute(&mut *connection).await.map_err(explain::error)?;
    let mut reader = Reader { connection };
    let loaded = reader.load(settings).await?;
    sqlx::query("commit").execute(reader.connection).await.map_err(explain::error)?;
    Ok(loaded)
}

struct Reader<'c> {
    connection: &'c mut SqliteConnection,
}

/// Single values from `meta`.
#[derive(Deserialize)]
struct Meta {
    log_id: String,
    #[serde(default)]
    reused_after: Seq,
    #[serde(default)]
    reused_upto: Seq,
    #[serde(default)]
    complete_seq: Seq,
    next_task: Option<u64>,
    next_message: Option<u64>,
    next_fencing_token: Option<u64>,
    next_wait: Option<u64>,
}

/// How closed tasks ended.
struct Endings {
    completed: Vec<TaskId>,
    cancelled: Vec<TaskId>,
}

impl Reader<'_> {
    async fn load(&mut self, settings: &Settings) -> Result<Loaded, StoreError> {
        let (meta,): (String,) = self.one("select json_group_object(key, value) from meta").await?;
        let meta: Meta = parse(&meta)?;
        let (seq, at_ms): (i64, TimeMs) = self
            .one("select coalesce(max(seq), 0), coalesce((select at_ms from events order by seq desc limit 1), 0) from events")
            .await?;
        let endings = self.endings().await?;
        let tasks = self.tasks(settings, &endings).await?;
        self.check_holders().await?;
        let start = Counters::default();
        let snapshot = Snapshot {
            seq: seq.cast_unsigned(),
            at_ms,
            settings: settings.clone(),
            counters: Counters {
                next_task: meta.next_task.unwrap_or(start.next_task),
                next_message: meta.next_message.unwrap_or(start.next_message),
                next_fencing_token: meta.next_fencing_token.unwrap_or(start.next_fencing_token),
                next_wait: meta.next_wait.unwrap_or(start.next_wait),
            },
            closed: ClosedCounts {
                completed: endings.completed.len() as u64,
                cancelled: endings.cancelled.len() as u64,
            },
            manus: self.manus(meta.complete_seq).await?,
            tasks: Vec::new(),
            locks: self.locks().await?,
            // Whoever waited lost the connection with the server that held it.
            waits: Vec::new(),
            metrics: self.metrics().await?,
            messages: self.messages(settings).await?,
        };
        let completed = endings.completed.into_iter().map(|id| (id, Outcome::Completed));
        let cancelled = endings.cancelled.into_iter().map(|id| (id, Outcome::Cancelled));
        let outcomes = completed.chain(cancelled).collect();
        let log = Log { id: meta.log_id, reused_after: meta.reused_after, reused_upto: meta.reused_upto };
        Ok(Loaded { snapshot, tasks, outcomes, requests: self.requests().await?, log })
    }

    async fn metrics(&mut self) -> Result<Vec<Bucket>, StoreError> {
        let (buckets,): (String,) = self
            .one("select json_group_array(json(counts)) from (select counts from metrics order by width_ms, start_ms)")
            .await?;
        parse(&buckets)
    }

    /// Only the ids, straight from an index: a byte or two a task in memory, however many there are.
    async fn endings(&mut self) -> Result<Endings, StoreError> {
        let (completed, cancelled): (String, String) = self
            .one(
                "select json_group_array(id) filter (where status = 'COMPLETED'), \
                 json_group_array(id) filter (where status = 'CANCELLED') \
                 from sync_tasks where completed_at_ms is not null",
            )
            .await?;
        Ok(Endings { completed: parse(&completed)?, cancelled: parse(&cancelled)? })
    }

    /// The open tasks, the newest of the closed ones, and those cancelled ones that open tasks still wait for.
    async fn tasks(&mut self, settings: &Settings, endings: &Endings) -> Result<Vec<LoadedTask>, StoreError> {
        let mut open: Vec<LoadedTask> = self
            .pages(concat!(
                "select max(created_no), json_group_array(",
                task_json!(),
                // Up to the page's last row, and not from a page of whole rows: SQLite would copy each of them first.
                ") from sync_tasks where completed_at_ms is null and created_no > ?1 and created_no <= \
                 (select max(created_no) from (select created_no from sync_tasks \
                 where completed_at_ms is null and created_no > ?1 order by created_no limit ?2))"
            ))
            .await?;
        let mut outcomes: HashMap<TaskId, Option<Outcome>> =
            open.iter().flat_map(|task| &task.spec().dependencies).map(|id| (id.clone(), None)).collect();
        note(&mut outcomes, &endings.completed, Outcome::Completed);
        note(&mut outcomes, &endings.cancelled, Outcome::Cancelled);
        let outcome = |id: &TaskId| outcomes.get(id).copied().flatten();
        for task in open.iter_mut().filter(|task| !task.spec().dependencies.is_empty()) {
            let waits = |id: &&TaskId| outcome(id) != Some(Outcome::Completed);
            let waiting_for: Vec<TaskId> = task.spec().dependencies.iter().filter(waits).cloned().collect();
            task.set_waiting_for(waiting_for);
        }
        let mut closed: Vec<LoadedTask> = self.newest_closed(settings.closed_kept).await?;
        let here: HashSet<&TaskId> = closed.iter().map(|task| &task.spec().id).collect();
        let missing: Vec<TaskId> = outcomes
            .iter()
            .filter(|(id, ended)| **ended == Some(Outcome::Cancelled) && !here.contains(id))
            .map(|(id, _)| id.clone())
            .collect();
        closed.extend(self.tasks_by_id(&missing).await?);
        open.extend(closed);
        open.sort_by(|a, b| a.spec().id.cmp(&b.spec().id));
        Ok(open)
    }

    async fn newest_closed(&mut self, most: usize) -> Result<Vec<LoadedTask>, StoreError> {
        let sql = concat!(
            "select json_group_array(",
            task_json!(),
            ") from (select * from sync_tasks where completed_at_ms is not null order by completed_at_ms desc limit ?1)"
        );
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let (rows,): (String,) =
            sqlx::query_as(sql).bind(most).fetch_one(&mut *self.connection).await.map_err(explain::error)?;
        parse(&rows)
    }

    async fn tasks_by_id(&mut self, ids: &[TaskId]) -> Result<Vec<LoadedTask>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let sql = concat!(
            "select json_group_array(",
            task_json!(),
            ") from sync_tasks where id in (select value from json_each(?1))"
        );
        let ids = serde_json::to_string(ids).map_err(StoreError::damaged)?;
        let (rows,): (String,) =
            sqlx::query_as(sql).bind(ids).fetch_one(&mut *self.connection).await.map_err(explain::error)?;
        parse(&rows)
    }

    /// The agents, with the signs of life that the log knows better than their rows.
    async fn manus(&mut self, complete_seq: Seq) -> Result<Vec<ManusInstance>, StoreError> {
        let sql = concat!(
            "select json_group_array(",
            manus_json!(),
            ") from (select * from manus_instances order by id)"
        );
        let (rows,): (String,) = self.one(sql).await?;
        let mut manus: Vec<ManusInstance> = parse(&rows)?;
        let (seen,): (String,) = sqlx::query_as(
            "select json_group_array(json_array(by_manus, seen)) from (select by_manus, max(at_ms) as seen from events \
             where seq > ?1 and by_manus is not null group by by_manus)",
        )
        .bind(complete_seq.cast_signed())
        .fetch_one(&mut *self.connection)
        .await
        .map_err(explain::error)?;
        let seen: HashMap<ManusId, TimeMs> = parse::<Vec<_>>(&seen)?.into_iter().collect();
        for manus in &mut manus {
            let later = seen.get(&manus.id).copied().unwrap_or(manus.last_heartbeat_ms);
            manus.last_heartbeat_ms = manus.last_heartbeat_ms.max(later);
        }
        Ok(manus)
    }

    async fn locks(&mut self) -> Result<Vec<FileLock>, StoreError> {
        self.pages(concat!(
            "select max(fencing_token), json_group_array(",
            lock_json!(),
            ") from (select * from file_locks where fencing_token > ?1 order by fencing_token limit ?2)"
        ))
        .await
    }

    /// What the table's key does not ensure: see the migration.
    async fn check_holders(&mut self) -> Result<(), StoreError> {
        let (twice,): (Option<String>,) = self
            .one(
                "select max(file_path) from (select file_path from file_locks where mode = 'exclusive' \
                 group by file_path having count(*) > 1)",
            )
            .await?;
        match twice {
            None => Ok(()),
            Some(path) => Err(StoreError::plain(format!("file_locks names two exclusive holders of {path}"))),
        }
    }

    /// All unread messages and the newest of the others, oldest first.
    async fn messages(&mut self, settings: &Settings) -> Result<Vec<Arc<Message>>, StoreError> {
        let mut messages: Vec<Message> = self
            .pages(concat!(
                "select max(id), json_group_array(",
                message_json!(),
                ") from (select * from communication_log where processed = 0 and id > ?1 order by id limit ?2)"
            ))
            .await?;
        let kept = concat!(
            "select json_group_array(",
            message_json!(),
            ") from (select * from communication_log where processed = 1 order by id desc limit ?1)"
        );
        let most = i64::try_from(settings.messages_kept).unwrap_or(i64::MAX);
        let (rows,): (String,) =
            sqlx::query_as(kept).bind(most).fetch_one(&mut *self.connection).await.map_err(explain::error)?;
        messages.extend(parse::<Vec<Message>>(&rows)?);
        messages.sort_by_key(|message| message.id);
        Ok(messages.into_iter().map(Arc::new).collect())
    }

    async fn requests(&mut self) -> Result<Vec<Remembered>, StoreError> {
        let rows: Vec<RememberedRow> = self
            .pages(
                "select max(answered_no), json_group_array(json_object('actor', actor, 'request_id', request_id, \
                 'fingerprint', fingerprint, 'at_ms', at_ms, 'answer', json(answer))) \
                 from (select * from idempotency where answered_no > ?1 order by answered_no limit ?2)",
            )
            .await?;
        rows.into_iter().map(RememberedRow::into_remembered).collect()
    }

    async fn one<T>(&mut self, sql: &'static str) -> Result<T, StoreError>
    where
        T: for<'r> sqlx::FromRow<'r, sqlx::sqlite::SqliteRow> + Send + Unpin,
    {
        sqlx::query_as(sql).fetch_one(&mut *self.connection).await.map_err(explain::error)
    }

    /// All rows of a statement that answers its page's last key and its rows, given the key to start after and a limit.
    async fn pages<T: DeserializeOwned>(&mut self, sql: &'static str) -> Result<Vec<T>, StoreError> {
        let mut rows = Vec::new();
        let (mut last, mut page) = self.page(sql, i64::MIN).await?;
        while let Some(after) = last {
            // The next page is made on the connection's thread while this one is taken apart on ours.
            let (next, parsed) = tokio::join!(self.page(sql, after), async { parse::<Vec<T>>(&page) });
            rows.extend(parsed?);
            (last, page) = next?;
        }
        Ok(rows)
    }

    async fn page(&mut self, sql: &'static str, after: i64) -> Result<(Option<i64>, String), StoreError> {
        let query = sqlx::query_as(sql).bind(after).bind(PAGE);
        query.fetch_one(&mut *self.connection).await.map_err(explain::error)
    }
}

/// Notes the outcomes of those tasks that somebody asks about.
fn note(asked: &mut HashMap<TaskId, Option<Outcome>>, ids: &[TaskId], outcome: Outcome) {
    for id in ids {
        if let Some(found) = asked.get_mut(id) {
            *found = Some(outcome);
        }
    }
}

/// A row of `idempotency`.
#[derive(Deserialize)]
struct RememberedRow {
    actor: String,
    request_id: RequestId,
    fingerprint: i64,
    at_ms: TimeMs,
    answer: Arc<Answer>,
}

impl RememberedRow {
    fn into_remembered(self) -> Result<Remembered, StoreError> {
        let actor = match self.actor.as_str() {
            "" => None,
            actor => Some(ManusId::new(actor).map_err(StoreError::damaged)?),
        };
        Ok(Remembered {
            actor,
            request_id: self.request_id,
            fingerprint: self.fingerprint.cast_unsigned(),
            at_ms: self.at_ms,
            answer: self.answer,
        })
    }
}

pub(super) fn parse<T: DeserializeOwned>(json: &str) -> Result<T, StoreError> {
    serde_json::from_str(json).map_err(StoreError::damaged)
}
