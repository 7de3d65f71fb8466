//! The project in one SQLite file: one connection that writes, a few that read.

mod audit;
mod commit;
mod examine;
pub(crate) mod explain;
mod history;
mod identity;
mod load;
mod log_start;
mod preflight;
mod prune;
mod restore;
mod rows;
mod search;
#[cfg(test)]
mod tests;
mod tokens;

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use engine::view::{Message, SyncTask};
use engine::{MessageId, Record, Seq, Settings, TaskId, TimeMs};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection};
use tokio::sync::Mutex;

pub(crate) use self::examine::examine;
use self::identity::Files;
pub(crate) use self::preflight::{Content, content, schema};
pub(crate) use self::prune::Pruning;
pub(crate) use self::restore::{Legacy, begin_anew, carry_over, settle};
use super::{
    Changes, Doing, EventFilter, Loaded, LoadedTokens, LogStart, MessageFilter, Page, PrunedUpTo, Store,
    StoreError, TaskFilter, TokenRow,
};
use crate::audit::{AuditEntry, AuditFilter};
use crate::beside::make_for_owner;
use crate::failure::OpenError;
use crate::fault;

/// The schema, and the steps by which it came about.
pub(crate) static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!();

/// How long a commit waits for another program that holds the database locked.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);
/// How many long reads run at the same time.
const READERS: u32 = 4;

/// The newest schema known here.
pub(crate) fn newest_schema() -> i64 {
    MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0)
}

/// A project's database.
#[derive(Debug)]
pub(crate) struct SqliteStore {
    path: PathBuf,
    /// The hub's one writer uses it, and seldom who changes tokens; so this lock is hardly ever waited for.
    writer: Mutex<Option<Writer>>,
    // A std RwLock: held only to clone the pool's handle.
    readers: RwLock<SqlitePool>,
}

#[derive(Debug)]
struct Writer {
    connection: SqliteConnection,
    files: Files,
}

impl SqliteStore {
    /// Looks at the file without touching it, makes it if it is not there, and brings its schema up to date.
    pub(crate) async fn open(path: &Path) -> Result<Self, OpenError> {
        preflight::check(path).await?;
        make_for_owner(path);
        let storage =
            |error: StoreError| OpenError::Storage { path: path.to_owned(), reason: error.into_reason() };
        let mut writer = Writer::connect(path, true).await.map_err(storage)?;
        fault::at("migration.before").map_err(storage)?;
        migrate(&mut writer.connection).await.map_err(storage)?;
        fault::at("migration.after").map_err(storage)?;
        commit::prepare(&mut writer.connection).await.map_err(storage)?;
        let readers = RwLock::new(readers(path));
        Ok(Self { path: path.to_owned(), writer: Mutex::new(Some(writer)), readers })
    }

    /// Opens a database that another process may be serving, to read it. It must be there, and nothing is made or migrated.
    pub(crate) async fn open_to_read(path: &Path) -> Result<Self, OpenError> {
        preflight::check(path).await?;
        Ok(Self { path: path.to_owned(), writer: Mutex::new(None), readers: RwLock::new(readers(path)) })
    }

    async fn backup(&self, file: &Path) -> Result<(), StoreError> {
        let name = file.to_str().ok_or_else(|| StoreError::plain("the copy's name is not valid Unicode"))?;
        // One read transaction: the copy shows one moment, and commits go on beside it.
        sqlx::query("vacuum into ?1").bind(name).execute(&self.pool()).await.map_err(explain::error)?;
        fault::at("backup.copied")
    }

    /// Whether anything ever happened here but that a server came up.
    pub(crate) async fn has_history(&self) -> Result<bool, StoreError> {
        let sql = "select exists (select 1 from events where kind not in ('server_started', 'heartbeats_seen')) \
                   or exists (select 1 from log_start)";
        sqlx::query_scalar(sql).fetch_one(&self.pool()).await.map_err(explain::error)
    }

    /// A fresh connection, unless the one at hand has done nothing wrong yet. The file must be there.
    async fn reconnect(&self) -> Result<Writer, StoreError> {
        let mut slot = self.writer.lock().await;
        if let Some(writer) = slot.take() {
            return Ok(writer);
        }
        let mut writer = Writer::connect(&self.path, false).await?;
        bring_home(&mut writer.connection).await?;
        commit::prepare(&mut writer.connection).await?;
        // Those at hand may be open on a file that has been moved away.
        let old = std::mem::replace(
            &mut *self.readers.write().unwrap_or_else(PoisonError::into_inner),
            readers(&self.path),
        );
        drop(slot);
        old.close().await;
        Ok(writer)
    }

    async fn load(&self, settings: &Settings) -> Result<Loaded, StoreError> {
        let mut writer = self.reconnect().await?;
        let loaded = match fault::at("load.before") {
            Ok(()) => load::load(&mut writer.connection, settings).await,
            Err(error) => Err(error),
        };
        match loaded.and_then(|loaded| fault::at("load.after").map(|()| loaded)) {
            Ok(loaded) => {
                *self.writer.lock().await = Some(writer);
                Ok(loaded)
            }
            Err(error) => {
                writer.close().await;
                Err(error)
            }
        }
    }

    async fn commit(&self, changes: &Changes) -> Result<(), StoreError> {
        let mut slot = self.writer.lock().await;
        // Taken out, so that whatever happens a connection in doubt is not used again.
        let Some(mut writer) = slot.take() else {
            return Err(not_open());
        };
        let committed = match fault::at("commit.before") {
            Ok(()) => commit::commit(&mut writer.connection, changes).await,
            Err(error) => Err(error),
        };
        let committed =
            committed.and_then(|()| writer.files.check()).and_then(|()| fault::at("commit.after"));
        match committed {
            Ok(()) => *slot = Some(writer),
            Err(_) => writer.close().await,
        }
        committed
    }

    async fn tokens(&self, now_ms: TimeMs) -> Result<LoadedTokens, StoreError> {
        let mut slot = self.writer.lock().await;
        let Some(writer) = slot.as_mut() else { return Err(not_open()) };
        tokens::load(&mut writer.connection, now_ms).await
    }

    async fn write_tokens(&self, rows: &[TokenRow]) -> Result<(), StoreError> {
        let mut slot = self.writer.lock().await;
        let Some(mut writer) = slot.take() else { return Err(not_open()) };
        let written = match tokens::write(&mut writer.connection, rows).await {
            Ok(()) => writer.files.check(),
            Err(error) => Err(error),
        };
        match written {
            Ok(()) => *slot = Some(writer),
            Err(_) => writer.close().await,
        }
        written
    }

    /// Whatever comes of it, the connection is as good as before: each statement stands for itself, and nobody stops them midway.
    async fn write_audit(&self, entries: &[AuditEntry], before_ms: Option<TimeMs>) -> Result<(), StoreError> {
        let mut slot = self.writer.lock().await;
        let Some(writer) = slot.as_mut() else { return Err(not_open()) };
        audit::write(&mut writer.connection, entries, before_ms).await
    }

    /// Whether there is any token with which somebody could come in.
    pub(crate) async fn has_tokens(&self, now_ms: TimeMs) -> Result<bool, StoreError> {
        tokens::any(&self.pool(), now_ms).await
    }

    /// The database and what was not brought into it yet.
    fn files_bytes(&self) -> Result<u64, StoreError> {
        let size = |path: &Path| match std::fs::metadata(path) {
            Ok(found) => Ok(found.len()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(0),
            Err(error) => Err(StoreError::new("the database's files cannot be looked at", error)),
        };
        let mut log = self.path.as_os_str().to_owned();
        log.push("-wal");
        Ok(size(&self.path)? + size(Path::new(&log))?)
    }

    fn pool(&self) -> SqlitePool {
        self.readers.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.pool().close().await;
        // The last connection to close brings the write-ahead log into the database file.
        if let Some(writer) = self.writer.lock().await.take() {
            writer.close().await;
        }
        Ok(())
    }
}

impl Writer {
    async fn connect(path: &Path, create: bool) -> Result<Self, StoreError> {
        let mut connection = options(path)
            .create_if_missing(create)
            .journal_mode(SqliteJournalMode::Wal)
            // An answer promises that its effect survives a loss of power, so each commit waits for the disk.
            .synchronous(SqliteSynchronous::Full)
            // Means something on macOS only, where a plain sync does not reach the disk.
            .pragma("fullfsync", "on")
            .pragma("cache_size", "-16384")
            // Nothing but the view of `commit.sql` is temporary, and that needs no file.
            .pragma("temp_store", "memory")
            .connect()
            .await
            .map_err(explain::error)?;
        if let Err(error) = check_writable(&mut connection).await {
            let _ = connection.close().await;
            return Err(error);
        }
        Ok(Self { connection, files: Files::of(path) })
    }

    async fn close(self) {
        if let Err(error) = self.connection.close().await {
            tracing::warn!(%error, "A connection to the database did not close well");
        }
    }
}

/// Brings the schema up to date, without a wait for the disk after each step: what a loss of power undoes is done again, in whole
/// steps, and the first commit afterwards waits for all of the log before it.
async fn migrate(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    sqlx::query("pragma synchronous = normal").execute(&mut *connection).await.map_err(explain::error)?;
    let migrated = MIGRATIONS.run_direct(None, &mut *connection, false).await;
    migrated.map_err(|error| StoreError::new("the schema could not be brought up to date", error))?;
    sqlx::query("pragma synchronous = full").execute(connection).await.map_err(explain::error)?;
    Ok(())
}

fn not_open() -> StoreError {
    StoreError::plain("the database is not open")
}

/// Where a file may not be written SQLite opens it for reading without a word, and where its system has no shared memory it
/// keeps another journal than asked for. Better known now than with the first commit.
async fn check_writable(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let (journal, synchronous, foreign_keys): (String, i64, i64) = sqlx::query_as(
        "select journal_mode, synchronous, foreign_keys from pragma_journal_mode, pragma_synchronous, pragma_foreign_keys",
    )
    .fetch_one(&mut *connection)
    .await
    .map_err(explain::error)?;
    if (journal.as_str(), synchronous, foreign_keys) != ("wal", 2, 1) {
        return Err(StoreError::plain(format!(
            "the database cannot be used safely here (journal mode {journal}, synchronous {synchronous}, foreign keys \
             {foreign_keys}); keep it on a local disk"
        )));
    }
    // On a file opened for reading even `begin immediate` begins to read only; so this writes, and takes it back.
    let attempt = "begin immediate; pragma user_version = 0; rollback";
    sqlx::query(attempt).execute(connection).await.map_err(explain::error)?;
    Ok(())
}

/// Writes what the write-ahead log holds into the database, and syncs that.
///
/// After a sync that failed, the system may hold in memory what never reaches the disk, and show it to whoever reads; later syncs
/// say nothing of it. Whatever is shown from here on has been written anew since.
async fn bring_home(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let (busy, frames, written): (i64, i64, i64) =
        sqlx::query_as("pragma wal_checkpoint(full)").fetch_one(connection).await.map_err(explain::error)?;
    if busy == 0 && frames == written {
        return Ok(());
    }
    Err(StoreError::plain(
        "another program reads an older state of the database, so that nothing can be made sure of",
    ))
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        .thread_name(|id| format!("sqlite-{id}"))
        .disable_statement_logging()
}

/// Connections are made when they are needed, and go when they are not.
fn readers(path: &Path) -> SqlitePool {
    SqlitePoolOptions::new()
        .max_connections(READERS)
        .idle_timeout(Duration::from_secs(60))
        .acquire_timeout(Duration::from_secs(10))
        .connect_lazy_with(options(path).read_only(true))
}

impl Store for SqliteStore {
    fn load<'a>(&'a self, settings: &'a Settings) -> Doing<'a, Loaded> {
        Box::pin(self.load(settings))
    }

    fn commit<'a>(&'a self, changes: &'a Changes) -> Doing<'a, ()> {
        Box::pin(self.commit(changes))
    }

    fn closed_tasks<'a>(
        &'a self,
        filter: &'a TaskFilter,
        page: &'a Page<TaskId>,
    ) -> Doing<'a, Vec<Arc<SyncTask>>> {
        Box::pin(async move { history::closed_tasks(&self.pool(), filter, page).await })
    }

    fn closed_among<'a>(&'a self, ids: &'a [TaskId]) -> Doing<'a, Vec<Arc<SyncTask>>> {
        Box::pin(async move { history::closed_among(&self.pool(), ids).await })
    }

    fn messages<'a>(
        &'a self,
        filter: &'a MessageFilter,
        page: &'a Page<MessageId>,
    ) -> Doing<'a, Vec<Arc<Message>>> {
        Box::pin(async move { history::messages(&self.pool(), filter, page).await })
    }

    fn events<'a>(&'a self, filter: &'a EventFilter, page: &'a Page<Seq>) -> Doing<'a, Vec<Record>> {
        Box::pin(async move { history::events(&self.pool(), filter, page).await })
    }

    fn pruned(&self) -> Doing<'_, PrunedUpTo> {
        Box::pin(async move { history::pruned(&self.pool()).await })
    }

    fn log_start(&self) -> Doing<'_, Option<LogStart>> {
        Box::pin(async move {
            let mut connection = self.pool().acquire().await.map_err(explain::error)?;
            match history::pruned(&self.pool()).await?.upto_seq {
                0 => Ok(None),
                seq => log_start::read(&mut connection, seq).await.map(Some),
            }
        })
    }

    fn backup<'a>(&'a self, file: &'a Path) -> Doing<'a, ()> {
        Box::pin(self.backup(file))
    }

    fn tokens(&self, now_ms: TimeMs) -> Doing<'_, LoadedTokens> {
        Box::pin(self.tokens(now_ms))
    }

    fn write_tokens<'a>(&'a self, rows: &'a [TokenRow]) -> Doing<'a, ()> {
        Box::pin(self.write_tokens(rows))
    }

    fn write_audit<'a>(&'a self, entries: &'a [AuditEntry], before_ms: Option<TimeMs>) -> Doing<'a, ()> {
        Box::pin(self.write_audit(entries, before_ms))
    }

    fn audit<'a>(&'a self, filter: &'a AuditFilter, page: &'a Page<u64>) -> Doing<'a, Vec<AuditEntry>> {
        Box::pin(async move { audit::page(&self.pool(), filter, page).await })
    }

    fn bytes(&self) -> Doing<'_, u64> {
        Box::pin(async { self.files_bytes() })
    }

    fn close(&self) -> Doing<'_, ()> {
        Box::pin(self.close())
    }
}
