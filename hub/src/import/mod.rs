//! Projects from elsewhere. Those of the original Python engine are recognised, kept beside, and imported whole.
//!
//! The original's rows become a log of events in the order in which they happened, at the times that they name; applying that
//! log gives the state, as with every other project. Where a row cannot be taken as it is, what became of it is written in
//! the [`ImportReport`], a line a row. The new database is made beside the old one and takes its place in one step, so a crash
//! at any moment leaves either the old project or the whole new one.

mod agents;
mod export;
mod files;
mod messages;
mod read;
mod tasks;
mod timeline;
mod values;

use std::fmt;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use engine::{Event, Record, State};

use self::timeline::Timeline;
use crate::backup::{BackupError, Examination, backup};
use crate::beside::{free_name, put_in_place, with_suffix};
use crate::config::Config;
use crate::failure::OpenError;
use crate::fault;
use crate::feed::Frame;
use crate::folder::Folder;
use crate::paths::ProjectPaths;
use crate::store::sqlite::{Content, SqliteStore, content};
use crate::store::{Changes, Store, StoreError};

/// What came of an import.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImportReport {
    /// How many agents came over.
    pub agents: usize,
    /// How many tasks.
    pub tasks: usize,
    /// How many locks.
    pub locks: usize,
    /// How many messages.
    pub messages: usize,
    /// Where the original database is kept.
    pub backup: PathBuf,
    /// Where this report is kept.
    pub file: PathBuf,
    /// What could not be taken as it was, row by row.
    pub odd: Vec<OddRow>,
}

/// A row of the original that could not be taken as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OddRow {
    /// Its table.
    pub table: &'static str,
    /// Its key, as it stands there.
    pub row: String,
    /// What is odd about it, and what became of it.
    pub what: String,
}

impl fmt::Display for OddRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.table, self.row, self.what)
    }
}

impl fmt::Display for ImportReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { agents, tasks, locks, messages, odd, .. } = self;
        write!(
            f,
            "{agents} agents, {tasks} tasks, {locks} locks and {messages} messages of the original engine imported"
        )?;
        match odd.len() {
            0 => f.write_str(", every row as it was"),
            1 => f.write_str("; 1 row was not taken as it was"),
            n => write!(f, "; {n} times a row was not taken as it was"),
        }
    }
}

/// What an import brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Imported {
    /// A project of the original engine.
    Original(ImportReport),
    /// A project of this program, as a backup holds it.
    Backup(Examination),
    /// One as an export holds it.
    Export(Examination),
}

/// Makes a project of a file: a database of the original engine, a copy that `manus-sync backup` made, or a document that
/// `manus-sync export` wrote. The project must not be served at the moment, and nothing may have happened in it yet. The file is
/// only read.
pub async fn import(file: &Path, config: &Config) -> Result<Imported, OpenError> {
    if export::is_document(file) {
        return export::import(file, config).await.map(Imported::Export);
    }
    if content(file).await? != Content::Ours {
        return import_original(file, config).await.map(Imported::Original);
    }
    let (folder, _) = take(config)?;
    let database = config.database_in(folder.path());
    clear(&database).await?;
    match backup(file, &database).await {
        Ok(found) => Ok(Imported::Backup(found)),
        Err(BackupError::Open(error)) => Err(error),
        Err(error) => Err(OpenError::Storage { path: file.to_owned(), reason: error.to_string() }),
    }
}

/// Makes a project of a database of the original engine, wherever that lies. The project must not be served at the moment, and
/// nothing may have happened in it yet. The original is only read, and a copy of it is kept in the project.
pub async fn import_original(original: &Path, config: &Config) -> Result<ImportReport, OpenError> {
    let io = |error| OpenError::Io { path: config.project_root.clone(), error };
    let original = std::path::absolute(original).map_err(io)?;
    let why = match content(&original).await? {
        Content::Original => None,
        Content::New => Some("there is nothing in it"),
        Content::Ours => Some("it has not the tables of the original engine"),
    };
    if let Some(why) = why {
        return Err(OpenError::NotOriginal { path: original, why: why.to_owned() });
    }
    let (folder, root) = take(config)?;
    let paths = ProjectPaths::new(&root).map_err(io)?;
    let database = config.database_in(folder.path());
    if original != database {
        clear(&database).await?;
    }
    Import { original: &original, database: &database, paths: &paths, config }.run().await
}

/// Imports the project's own database if it is one of the original engine.
pub(crate) async fn adopt(
    database: &Path,
    paths: &ProjectPaths,
    config: &Config,
) -> Result<Option<ImportReport>, OpenError> {
    if content(database).await? != Content::Original {
        return Ok(None);
    }
    Import { original: database, database, paths, config }.run().await.map(Some)
}

/// Takes hold of the project that is imported into; answers its root, too.
fn take(config: &Config) -> Result<(Folder, PathBuf), OpenError> {
    let io = |error| OpenError::Io { path: config.project_root.clone(), error };
    let root = std::path::absolute(&config.project_root).map_err(io)?;
    Ok((Folder::take(&root, config.database.as_deref())?, root))
}

/// Makes room for an import: a database in which servers only came up is set aside, any other one refuses.
async fn clear(database: &Path) -> Result<(), OpenError> {
    match content(database).await? {
        Content::New => return Ok(()),
        Content::Original => {
            let why = "the project has a database of the original engine itself; serve it, or name that file"
                .to_owned();
            return Err(OpenError::NotOriginal { path: database.to_owned(), why });
        }
        Content::Ours => {}
    }
    let store = SqliteStore::open(database).await?;
    let happened = store.has_history().await;
    let closed = Store::close(&store).await;
    let storage =
        |error: StoreError| OpenError::Storage { path: database.to_owned(), reason: error.into_reason() };
    closed.map_err(storage)?;
    if happened.map_err(storage)? {
        return Err(OpenError::HasHistory { path: database.to_owned() });
    }
    let aside = free_name(database, ".empty");
    fs::rename(database, &aside).map_err(|error| OpenError::Io { path: aside, error })
}

struct Import<'a> {
    original: &'a Path,
    database: &'a Path,
    paths: &'a ProjectPaths,
    config: &'a Config,
}

impl Import<'_> {
    async fn run(self) -> Result<ImportReport, OpenError> {
        let storage = |error: StoreError| OpenError::Storage {
            path: self.original.to_owned(),
            reason: error.into_reason(),
        };
        let mut held = read::Held::take(self.original).await.map_err(storage)?;
        let old = held.read().await.map_err(storage)?;
        let now_ms = self.config.clock.now_ms();
        let mut timeline = Timeline::new(&self.config.settings, now_ms);
        timeline.lay_out(old, self.paths);
        let backup = free_name(self.database, ".original");
        let file = free_name(&self.database.with_file_name("import-report"), ".txt");
        let report = timeline.play(&backup, &file).map_err(|problem| OpenError::Storage {
            path: self.original.to_owned(),
            reason: format!("it cannot be imported, and is untouched: {problem}"),
        })?;
        self.keep_original(&report.backup)?;
        fault::at("import.kept").map_err(storage)?;
        held.release().await;
        let new = with_suffix(self.database, ".importing");
        let unwritten =
            |error: StoreError| OpenError::Storage { path: new.clone(), reason: error.into_reason() };
        write_new(&new, timeline.changes().map_err(unwritten)?).await?;
        fault::at("import.written").map_err(storage)?;
        write_report(&report)?;
        // Copying a file ends the lock on it. What was written since would be in neither database.
        let written_since = |error| OpenError::Io { path: self.original.to_owned(), error };
        if changes_of(self.original).map_err(written_since)?
            != changes_of(&report.backup).map_err(written_since)?
        {
            return Err(OpenError::Storage {
                path: self.original.to_owned(),
                reason: "the original engine still uses this database; stop its programs first".to_owned(),
            });
        }
        fault::at("import.reported").map_err(storage)?;
        put_in_place(&new, self.database)
            .map_err(|error| OpenError::Io { path: self.database.to_owned(), error })?;
        fault::at("import.placed").map_err(storage)?;
        Ok(report)
    }

    fn keep_original(&self, backup: &Path) -> Result<(), OpenError> {
        let io = |error| OpenError::Io { path: backup.to_owned(), error };
        let half = with_suffix(self.database, ".copying");
        fs::copy(self.original, &half).map_err(io)?;
        File::open(&half).and_then(|file| file.sync_all()).map_err(io)?;
        fs::rename(&half, backup).map_err(io)
    }
}

/// Makes a database of all that there is to write down, in the place of what an attempt that was killed left.
async fn write_new(new: &Path, changes: Changes) -> Result<(), OpenError> {
    for leftover in [new.to_owned(), with_suffix(new, "-wal"), with_suffix(new, "-shm")] {
        match fs::remove_file(&leftover) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(OpenError::Io { path: leftover, error });
            }
            _ => {}
        }
    }
    let storage =
        |error: StoreError| OpenError::Storage { path: new.to_owned(), reason: error.into_reason() };
    let store = SqliteStore::open(new).await?;
    let written = Store::commit(&store, &changes).await;
    // Closing brings the write-ahead log into the file, which then stands alone.
    let closed = Store::close(&store).await;
    written.and(closed).map_err(storage)
}

/// A state and the log that comes to it, as one commit.
fn everything(state: &State, records: &[Record]) -> Result<Changes, StoreError> {
    let mut changes = Changes {
        manus: state.agents().filter_map(|agent| state.manus(agent.id())).collect(),
        // The table's order of creation is that of ids, by which lists are paged: imported ones first, as ids sort.
        tasks: state.tasks().filter_map(|task| state.task_view(&task.spec().id)).collect(),
        locks: state.locks().iter().cloned().collect(),
        buckets: state.metrics().all().copied().collect(),
        counters: state.counters(),
        complete_seq: Some(state.seq()),
        ..Changes::default()
    };
    for record in records {
        let frame = Frame::new(record)
            .map_err(|error| StoreError::new("an event could not be written down", error))?;
        changes.events.push(Arc::new(frame));
        match &record.event {
            Event::MessageSent { message } => changes.messages.push(message.clone()),
            Event::MessagesProcessed { ids, .. } => changes.processed.extend(ids),
            _ => {}
        }
    }
    Ok(changes)
}

/// The report as a file: what came over, and a line for each row that was not taken as it was.
fn write_report(report: &ImportReport) -> Result<(), OpenError> {
    let mut text = format!("{report}\nThe original is kept in {}\n", report.backup.display());
    for odd in &report.odd {
        // Writing into a String cannot fail.
        let _ = writeln!(text, "{odd}");
    }
    fs::write(&report.file, text).map_err(|error| OpenError::Io { path: report.file.clone(), error })
}

/// How often a database was written to, as its header counts, and its size.
fn changes_of(path: &Path) -> io::Result<([u8; 4], u64)> {
    const COUNTER_AT: u64 = 24;
    let mut file = File::open(path)?;
    let size = file.metadata()?.len();
    file.seek(SeekFrom::Start(COUNTER_AT))?;
    let mut counter = [0; 4];
    file.read_exact(&mut counter)?;
    Ok((counter, size))
}
