//! A look at a file before anything is done to it.

use std::fs;
use std::io::Read;
use std::path::Path;

use sqlx::sqlite::SqliteConnection;
use sqlx::{ConnectOptions, Connection};

use super::{explain, newest_schema, options};
use crate::failure::OpenError;
use crate::store::StoreError;

/// How every SQLite database begins.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    /// Nothing yet.
    New,
    /// A project of this program.
    Ours,
    /// A project of the original Python engine: its tables, and no migrations.
    Original,
}

/// Refuses a file that is no SQLite database, somebody else's, or of a newer schema, and leaves it as it is.
pub(super) async fn check(path: &Path) -> Result<(), OpenError> {
    match content(path).await? {
        Content::New | Content::Ours => Ok(()),
        Content::Original => Err(OpenError::NotOurs {
            path: path.to_owned(),
            why: "it is one of the original engine".to_owned(),
        }),
    }
}

/// What a file holds. Refuses one that is no SQLite database, somebody else's, or of a newer schema.
pub(crate) async fn content(path: &Path) -> Result<Content, OpenError> {
    if !is_database(path)? {
        return Ok(Content::New);
    }
    let found = match read(path, true).await {
        // Somebody was killed while writing: what is half written has to be undone before anybody can read.
        Err(_) if has_journal(path) => read(path, false).await,
        found => found,
    };
    let storage =
        |error| OpenError::Storage { path: path.to_owned(), reason: explain::error(error).into_reason() };
    let Found { tables, schema, original } = found.map_err(storage)?;
    let known = newest_schema();
    match schema {
        Some(found) if found > known => Err(OpenError::NewerSchema { path: path.to_owned(), found, known }),
        Some(_) => Ok(Content::Ours),
        None if original => Ok(Content::Original),
        None if tables > 0 => {
            let why = "it has tables of another program".to_owned();
            Err(OpenError::NotOurs { path: path.to_owned(), why })
        }
        None => Ok(Content::New),
    }
}

/// The newest migration that was applied to a project's database.
pub(crate) async fn schema(path: &Path) -> Result<i64, OpenError> {
    let found = read(path, true).await.map_err(explain::error);
    let storage =
        |error: StoreError| OpenError::Storage { path: path.to_owned(), reason: error.into_reason() };
    Ok(found.map_err(storage)?.schema.unwrap_or(0))
}

async fn read(path: &Path, read_only: bool) -> Result<Found, sqlx::Error> {
    let mut connection = options(path).read_only(read_only).connect().await?;
    let found = look(&mut connection).await;
    let _ = connection.close().await;
    found
}

fn has_journal(path: &Path) -> bool {
    let mut journal = path.as_os_str().to_owned();
    journal.push("-journal");
    Path::new(&journal).exists()
}

/// False for a file that is still to be made.
fn is_database(path: &Path) -> Result<bool, OpenError> {
    let io = |error| OpenError::Io { path: path.to_owned(), error };
    if !path.try_exists().map_err(io)? {
        return Ok(false);
    }
    let mut head = Vec::with_capacity(MAGIC.len());
    fs::File::open(path).map_err(io)?.take(MAGIC.len() as u64).read_to_end(&mut head).map_err(io)?;
    match head.as_slice() {
        // SQLite makes a database of an empty file.
        [] => Ok(false),
        head if head == MAGIC => Ok(true),
        _ => Err(OpenError::NotOurs { path: path.to_owned(), why: "it is no SQLite database".to_owned() }),
    }
}

/// What can be seen from the schema.
pub(super) struct Found {
    tables: i64,
    /// The newest migration that was applied.
    pub(super) schema: Option<i64>,
    original: bool,
}

/// The original's tables, each with a column that it has nowhere else: times in text, without `_ms`.
const ORIGINAL: &str = "select count(*) = 4 from (values ('manus_instances', 'last_heartbeat'), ('sync_tasks', 'created_at'), \
    ('file_locks', 'locked_at'), ('communication_log', 'timestamp')) where exists \
    (select 1 from pragma_table_info(column1) where name = column2)";

pub(super) async fn look(connection: &mut SqliteConnection) -> Result<Found, sqlx::Error> {
    let tables: i64 = sqlx::query_scalar("select count(*) from sqlite_schema where type = 'table'")
        .fetch_one(&mut *connection)
        .await?;
    let migrated: bool =
        sqlx::query_scalar("select exists (select 1 from sqlite_schema where name = '_sqlx_migrations')")
            .fetch_one(&mut *connection)
            .await?;
    let original: bool = sqlx::query_scalar(ORIGINAL).fetch_one(&mut *connection).await?;
    let schema: Option<i64> = match migrated {
        true => sqlx::query_scalar("select max(version) from _sqlx_migrations").fetch_one(connection).await?,
        false => None,
    };
    // A start that was killed between making the table and filling it left a new database.
    Ok(Found { tables, schema: if migrated { schema.or(Some(0)) } else { None }, original })
}
