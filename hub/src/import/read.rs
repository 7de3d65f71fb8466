//! The original's rows, as they stand in its tables.

use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};

use crate::store::StoreError;
use crate::store::sqlite::explain;

/// All that the original knows of a project. A column that is of no use as a time is `None` there, and its text beside.
#[derive(Debug, Default)]
pub(super) struct Old {
    pub agents: Vec<OldAgent>,
    pub tasks: Vec<OldTask>,
    pub locks: Vec<OldLock>,
    pub messages: Vec<OldMessage>,
    /// Tables that are not the original's, with the number of their rows.
    pub others: Vec<String>,
}

/// A row of `manus_instances`.
#[derive(Debug, Deserialize)]
pub(super) struct OldAgent {
    pub id: Value,
    pub role: Value,
    pub capabilities: Value,
    pub current_task: Value,
    pub status: Value,
    pub progress: Value,
    pub files_claimed: Value,
    pub last_heartbeat: Value,
    pub last_heartbeat_ms: Option<i64>,
    pub performance_score: Value,
}

/// A row of `sync_tasks`.
#[derive(Debug, Deserialize)]
pub(super) struct OldTask {
    pub id: Value,
    pub title: Value,
    pub description: Value,
    pub assigned_to: Value,
    pub priority: Value,
    pub status: Value,
    pub dependencies: Value,
    pub estimated_duration: Value,
    pub files_involved: Value,
    pub created_at: Value,
    pub created_at_ms: Option<i64>,
    pub started_at: Value,
    pub started_at_ms: Option<i64>,
    pub completed_at: Value,
    pub completed_at_ms: Option<i64>,
}

/// A row of `file_locks`.
#[derive(Debug, Deserialize)]
pub(super) struct OldLock {
    pub file_path: Value,
    pub locked_by: Value,
    pub locked_at: Value,
    pub locked_at_ms: Option<i64>,
    pub lock_reason: Value,
}

/// A row of `communication_log`.
#[derive(Debug, Deserialize)]
pub(super) struct OldMessage {
    pub id: Value,
    pub from_manus: Value,
    pub to_manus: Value,
    pub message_type: Value,
    pub content: Value,
    pub timestamp: Value,
    pub timestamp_ms: Option<i64>,
    pub processed: Value,
}

/// A database of the original in our hands alone.
pub(super) struct Held(SqliteConnection);

/// A column as JSON: what is no text or number is shown as hexadecimal digits.
macro_rules! plain {
    ($column:literal) => {
        concat!(
            "'",
            $column,
            "', case typeof(",
            $column,
            ") when 'blob' then hex(",
            $column,
            ") else ",
            $column,
            " end"
        )
    };
}

/// A column that holds a time, as it is and in milliseconds. The original wrote local time without saying so; where a zone is
/// named, it counts. Numbers are seconds since the epoch.
macro_rules! time {
    ($column:literal) => {
        concat!(
            plain!($column),
            ", '",
            $column,
            "_ms', case when typeof(",
            $column,
            ") in ('integer', 'real') then \
             cast(round(",
            $column,
            " * 1000) as integer) when ",
            $column,
            " glob '*T*[+-][0-9][0-9]:[0-9][0-9]' or ",
            $column,
            " glob '* *[+-][0-9][0-9]:[0-9][0-9]' or ",
            $column,
            " glob '*Z' then \
             cast(round((julianday(",
            $column,
            ") - 2440587.5) * 86400000) as integer) else \
             cast(round((julianday(",
            $column,
            ", 'utc') - 2440587.5) * 86400000) as integer) end"
        )
    };
}

macro_rules! rows {
    ($table:literal: $($column:expr),+) => {
        concat!("select coalesce(json_group_array(json_object(", rows!(@list $($column),+), ")), '[]') from \
                 (select * from ", $table, " order by rowid)")
    };
    (@list $first:expr $(, $more:expr)*) => { concat!($first $(, ", ", $more)*) };
}

impl Held {
    /// Opens it so that nobody else can write, and so that everything is in the one file.
    pub(super) async fn take(path: &Path) -> Result<Self, StoreError> {
        let mut connection = SqliteConnectOptions::new()
            .filename(path)
            .disable_statement_logging()
            .connect()
            .await
            .map_err(explain::error)?;
        let alone = async {
            let mode: String =
                sqlx::query_scalar("pragma journal_mode = delete").fetch_one(&mut connection).await?;
            sqlx::query("begin exclusive").execute(&mut connection).await?;
            Ok::<_, sqlx::Error>(mode)
        };
        match alone.await {
            Ok(mode) if mode == "delete" => Ok(Self(connection)),
            outcome => {
                let _ = connection.close().await;
                let in_use = "the original engine still uses this database; stop its programs first";
                Err(match outcome {
                    Ok(mode) => StoreError::new(in_use, format!("journal mode {mode}")),
                    Err(error) => StoreError::new(in_use, error),
                })
            }
        }
    }

    /// Everything, in the order in which it was written.
    pub(super) async fn read(&mut self) -> Result<Old, StoreError> {
        Ok(Old {
            agents: self.rows(rows!(
                "manus_instances": plain!("id"), plain!("role"), plain!("capabilities"), plain!("current_task"),
                plain!("status"), plain!("progress"), plain!("files_claimed"), time!("last_heartbeat"),
                plain!("performance_score")
            )).await?,
            tasks: self.rows(rows!(
                "sync_tasks": plain!("id"), plain!("title"), plain!("description"), plain!("assigned_to"),
                plain!("priority"), plain!("status"), plain!("dependencies"), plain!("estimated_duration"),
                plain!("files_involved"), time!("created_at"), time!("started_at"), time!("completed_at")
            )).await?,
            locks: self.rows(rows!(
                "file_locks": plain!("file_path"), plain!("locked_by"), time!("locked_at"), plain!("lock_reason")
            )).await?,
            messages: self.rows(rows!(
                "communication_log": plain!("id"), plain!("from_manus"), plain!("to_manus"), plain!("message_type"),
                plain!("content"), time!("timestamp"), plain!("processed")
            )).await?,
            others: self.rows(
                "select json_group_array(name) from sqlite_schema where type = 'table' and name not like 'sqlite_%' and name \
                 not in ('manus_instances', 'sync_tasks', 'file_locks', 'communication_log')",
            ).await?,
        })
    }

    async fn rows<T: DeserializeOwned>(&mut self, sql: &'static str) -> Result<Vec<T>, StoreError> {
        let json: String = sqlx::query_scalar(sql).fetch_one(&mut self.0).await.map_err(explain::error)?;
        serde_json::from_str(&json).map_err(StoreError::damaged)
    }

    /// Lets go of it. Nothing was written.
    pub(super) async fn release(self) {
        if let Err(error) = self.0.close().await {
            tracing::warn!(%error, "The original database did not close well");
        }
    }
}
