//! Letting go of old events and messages, in small pieces, so that a server that is at work on the same database hardly waits.
//!
//! First the state after the last event that will go is written down, then `meta` says that the log begins after it, and only then
//! the events go: an interruption at any moment leaves a whole project, and the next run finishes what was begun. Each step is a
//! transaction of its own, and they reach the disk in order.

use std::path::Path;
use std::time::{Duration, Instant};

use engine::state::Outcome;
use engine::{Event, Record, Seq, Settings, State, TaskId, TimeMs};
use sqlx::sqlite::{SqliteConnection, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection};
use tokio::task::spawn_blocking;

use super::load::parse;
use super::log_start::{self, Parts};
use super::rows::event_json;
use super::{explain, options};
use crate::store::{LogStart, StoreError};

/// How many rows go at once.
const ROWS: i64 = 500;
/// How many events are read at once.
const EVENTS: i64 = 5_000;
/// After each piece others have the database for so many times as long as it took.
const REST: u32 = 4;
/// How long to wait for others who write.
const PATIENCE: Duration = Duration::from_secs(30);

/// What will go.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Doomed {
    /// How many events.
    pub events: u64,
    /// The last of them; where the log began before if there are none.
    pub upto: Seq,
    /// When that was.
    pub upto_ms: TimeMs,
    /// Which messages.
    pub messages: Vec<i64>,
}

/// A database whose past is being shortened.
pub(crate) struct Pruning {
    connection: SqliteConnection,
    settings: Settings,
}

impl Pruning {
    /// The database must be there, and of the newest schema.
    pub(crate) async fn begin(path: &Path, settings: Settings) -> Result<Self, StoreError> {
        let connection = options(path)
            .busy_timeout(PATIENCE)
            // Whatever is lost with the power are the last steps, and nobody was told of anything.
            .synchronous(SqliteSynchronous::Normal)
            .connect()
            .await
            .map_err(explain::error)?;
        Ok(Self { connection, settings })
    }

    /// What is older than a moment. Of events, the newest stays, and so do those that some agent's row does not know of yet; of
    /// messages, those that nobody has taken, and the newest others.
    pub(crate) async fn look(&mut self, before_ms: TimeMs) -> Result<Doomed, StoreError> {
        let start = self.start().await?;
        let last = "select max(?2, min( \
            coalesce((select seq from events where at_ms < ?1 order by seq desc limit 1), 0), \
            coalesce((select max(seq) - 1 from events), 0), \
            coalesce((select value from meta where key = 'complete_seq'), 0)))";
        let connection = &mut self.connection;
        let upto: i64 = sqlx::query_scalar(last)
            .bind(before_ms)
            .bind(start.cast_signed())
            .fetch_one(&mut *connection)
            .await
            .map_err(explain::error)?;
        let count = "select count(*), coalesce(max(at_ms), 0) from events where seq <= ?1";
        let (events, upto_ms): (i64, TimeMs) =
            sqlx::query_as(count).bind(upto).fetch_one(&mut *connection).await.map_err(explain::error)?;
        let messages = "select id from communication_log where processed = 1 and timestamp_ms < ?1 and id < coalesce( \
            (select id from communication_log where processed = 1 order by id desc limit 1 offset ?2), 0) order by id";
        // With none to keep, the offset would have to be -1.
        let kept = i64::try_from(self.settings.messages_kept.max(1) - 1).unwrap_or(i64::MAX);
        let messages: Vec<i64> = sqlx::query_scalar(messages)
            .bind(before_ms)
            .bind(kept)
            .fetch_all(connection)
            .await
            .map_err(explain::error)?;
        Ok(Doomed { events: events.cast_unsigned(), upto: upto.cast_unsigned(), upto_ms, messages })
    }

    /// Lets go of it.
    pub(crate) async fn carry_out(&mut self, doomed: &Doomed, before_ms: TimeMs) -> Result<(), StoreError> {
        let start = self.start().await?;
        self.execute("delete from log_start where seq <> ?1", start.cast_signed()).await?;
        if doomed.upto > start {
            self.begin_log_after(start, doomed).await?;
        }
        loop {
            let begun = Instant::now();
            let delete = "delete from events where seq in (select seq from events where seq <= ?1 order by seq limit ?2)";
            let gone = sqlx::query(delete)
                .bind(doomed.upto.cast_signed())
                .bind(ROWS)
                .execute(&mut self.connection)
                .await
                .map_err(explain::error)?;
            if gone.rows_affected() == 0 {
                break;
            }
            tokio::time::sleep(begun.elapsed() * REST).await;
        }
        self.let_messages_go(doomed, before_ms).await
    }

    async fn let_messages_go(&mut self, doomed: &Doomed, before_ms: TimeMs) -> Result<(), StoreError> {
        if doomed.messages.is_empty() {
            return Ok(());
        }
        let note = "insert into meta (key, value) values ('messages_pruned_ms', ?1) \
                    on conflict (key) do update set value = max(value, excluded.value)";
        self.execute(note, before_ms).await?;
        for ids in doomed.messages.chunks(ROWS as usize) {
            let begun = Instant::now();
            let ids = serde_json::to_string(ids).map_err(StoreError::damaged)?;
            let delete = "delete from communication_log where id in (select value from json_each(?1))";
            sqlx::query(delete).bind(ids).execute(&mut self.connection).await.map_err(explain::error)?;
            tokio::time::sleep(begun.elapsed() * REST).await;
        }
        Ok(())
    }

    /// Writes down the state after the last event that goes, and makes it the one that counts.
    async fn begin_log_after(&mut self, start: Seq, doomed: &Doomed) -> Result<(), StoreError> {
        let parts = self.replay(start, doomed.upto).await?;
        parts.write(&mut self.connection, doomed.upto).await?;
        let values = "insert into meta (key, value) values ('log_start_seq', ?1), ('log_start_ms', ?2) \
                      on conflict (key) do update set value = excluded.value";
        sqlx::query(values)
            .bind(doomed.upto.cast_signed())
            .bind(doomed.upto_ms)
            .execute(&mut self.connection)
            .await
            .map_err(explain::error)?;
        self.execute("delete from log_start where seq <> ?1", doomed.upto.cast_signed()).await
    }

    /// The state after an event, by the log.
    async fn replay(&mut self, start: Seq, upto: Seq) -> Result<Parts, StoreError> {
        let LogStart { snapshot, mut outcomes } = match start {
            0 => LogStart { snapshot: State::new(self.settings.clone()).snapshot(), outcomes: Vec::new() },
            seq => log_start::read(&mut self.connection, seq).await?,
        };
        let known = outcomes.clone();
        let mut state = State::from_snapshot(snapshot, known, []);
        while state.seq() < upto {
            let records = self.events(state.seq(), upto).await?;
            let expected = (state.seq() + 1..).zip(&records).find(|(seq, record)| record.seq != *seq);
            if let Some(missing) =
                expected.map(|(seq, _)| seq).or(records.is_empty().then_some(state.seq() + 1))
            {
                return Err(StoreError::plain(format!("the log lacks event {missing}, so it is left alone")));
            }
            // On a thread where it keeps nobody waiting.
            (state, outcomes) = spawn_blocking(move || {
                for record in &records {
                    outcomes.extend(ending(&record.event));
                    state.apply(record);
                    state.take_touched();
                }
                (state, outcomes)
            })
            .await
            .map_err(StoreError::damaged)?;
        }
        match state.check().first() {
            Some(problem) => {
                Err(StoreError::plain(format!("the log does not add up, so it is left alone: {problem}")))
            }
            None => Parts::of(&state, &outcomes),
        }
    }

    async fn events(&mut self, after: Seq, upto: Seq) -> Result<Vec<Record>, StoreError> {
        let select = concat!(
            "select json_group_array(",
            event_json!(),
            ") from (select * from events where seq > ?1 and seq <= ?2 order by seq limit ?3)"
        );
        let (rows,): (String,) = sqlx::query_as(select)
            .bind(after.cast_signed())
            .bind(upto.cast_signed())
            .bind(EVENTS)
            .fetch_one(&mut self.connection)
            .await
            .map_err(explain::error)?;
        parse(&rows)
    }

    /// The last event that is gone, 0 while none is.
    async fn start(&mut self) -> Result<Seq, StoreError> {
        let start = "select coalesce((select value from meta where key = 'log_start_seq'), 0)";
        let start: i64 =
            sqlx::query_scalar(start).fetch_one(&mut self.connection).await.map_err(explain::error)?;
        Ok(start.cast_unsigned())
    }

    async fn execute(&mut self, sql: &'static str, value: i64) -> Result<(), StoreError> {
        sqlx::query(sql).bind(value).execute(&mut self.connection).await.map_err(explain::error)?;
        Ok(())
    }

    /// Gives back to the system what is free in the file. Nobody else may use the database meanwhile.
    pub(crate) async fn compact(&mut self) -> Result<(), StoreError> {
        sqlx::query("vacuum").execute(&mut self.connection).await.map_err(explain::error)?;
        Ok(())
    }

    /// How much of the file is free for new rows, in bytes.
    pub(crate) async fn free_bytes(&mut self) -> Result<u64, StoreError> {
        let free = "select freelist_count * page_size from pragma_freelist_count, pragma_page_size";
        let free: i64 =
            sqlx::query_scalar(free).fetch_one(&mut self.connection).await.map_err(explain::error)?;
        Ok(free.cast_unsigned())
    }

    pub(crate) async fn end(self) -> Result<(), StoreError> {
        self.connection.close().await.map_err(explain::error)
    }
}

/// How an event closed a task.
fn ending(event: &Event) -> Option<(TaskId, Outcome)> {
    match event {
        Event::TaskCompleted { task_id, .. } => Some((task_id.clone(), Outcome::Completed)),
        Event::TaskCancelled { task_id, .. } => Some((task_id.clone(), Outcome::Cancelled)),
        _ => None,
    }
}
