//! Letting go of the past: events and messages older than somebody wants to keep. What is there now stays as it is.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use engine::{Seq, Settings, TimeMs};

use crate::beside::with_suffix;
use crate::config::Config;
use crate::failure::OpenError;
use crate::folder::Folder;
use crate::store::StoreError;
use crate::store::sqlite::{self, Content, Pruning};

/// What went, or would go.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pruned {
    /// How many events.
    pub events: u64,
    /// The last event that is gone; 0 while none ever went.
    pub upto_seq: Seq,
    /// When that was.
    pub upto_ms: TimeMs,
    /// How many messages.
    pub messages: u64,
    /// How much of the file is free for new entries afterwards, in bytes.
    pub free_bytes: u64,
}

/// Why nothing went, or not everything.
#[derive(Debug, thiserror::Error)]
pub enum PruneError {
    /// There is no project there.
    #[error("there is no database {}; name the project with --project-root", .0.display())]
    Missing(PathBuf),
    /// The database cannot be used, or a server has the project and everything else would have to wait.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The database is of an earlier version's schema.
    #[error("{} is of an earlier version; serve it once with this one first", .0.display())]
    Old(PathBuf),
    /// Somebody else is doing the same.
    #[error("another process is pruning {} at the moment", .0.display())]
    Busy(PathBuf),
    /// The system would not.
    #[error("{}: {error}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What it says.
        error: io::Error,
    },
}

/// Counts the events and messages from before a moment, and lets go of exactly those unless it is a `dry_run`. A server may be at
/// work on the database.
///
/// The newest event stays, and so do messages that nobody has taken, and the newest others. Closed tasks stay: they are no history
/// but what was done. The state after the last event that goes is kept, so that replaying what is left gives what is there now.
pub async fn prune(
    database: &Path,
    settings: &Settings,
    before_ms: TimeMs,
    dry_run: bool,
) -> Result<Pruned, PruneError> {
    let _alone = alone(database).await?;
    let storage = storage(database);
    let mut pruning = Pruning::begin(database, settings.clone()).await.map_err(&storage)?;
    let work = async {
        let doomed = pruning.look(before_ms).await?;
        if !dry_run {
            pruning.carry_out(&doomed, before_ms).await?;
        }
        Ok((doomed, pruning.free_bytes().await?))
    };
    let done = work.await;
    let ended = pruning.end().await;
    let (doomed, free_bytes) = done.and_then(|done| ended.map(|()| done)).map_err(storage)?;
    Ok(Pruned {
        events: doomed.events,
        upto_seq: doomed.upto,
        upto_ms: doomed.upto_ms,
        messages: doomed.messages.len() as u64,
        free_bytes,
    })
}

/// A project that nobody can serve until this goes away.
#[derive(Debug)]
pub struct Hold {
    database: PathBuf,
    _folder: Folder,
}

impl Hold {
    /// Refused while a server has it.
    pub fn take(config: &Config) -> Result<Self, OpenError> {
        let io = |error| OpenError::Io { path: config.project_root.clone(), error };
        let root = std::path::absolute(&config.project_root).map_err(io)?;
        let folder = Folder::take(&root, config.database.as_deref())?;
        let database = config.database_in(folder.path());
        Ok(Self { database, _folder: folder })
    }

    /// Gives what is free in the database's file back to the system.
    pub async fn compact(&self) -> Result<(), PruneError> {
        let _alone = alone(&self.database).await?;
        let storage = storage(&self.database);
        let mut pruning = Pruning::begin(&self.database, Settings::default()).await.map_err(&storage)?;
        let compacted = pruning.compact().await;
        let ended = pruning.end().await;
        Ok(compacted.and(ended).map_err(storage)?)
    }
}

fn storage(database: &Path) -> impl Fn(StoreError) -> OpenError {
    |error| OpenError::Storage { path: database.to_owned(), reason: error.into_reason() }
}

/// Keeps others from doing the same, until what is answered goes away. Refuses what is not a project's database.
async fn alone(database: &Path) -> Result<File, PruneError> {
    if !database.is_file() {
        return Err(PruneError::Missing(database.to_owned()));
    }
    match sqlite::content(database).await? {
        Content::Ours => {}
        Content::New => return Err(PruneError::Missing(database.to_owned())),
        Content::Original => return Err(PruneError::Old(database.to_owned())),
    }
    if sqlite::schema(database).await? < sqlite::newest_schema() {
        return Err(PruneError::Old(database.to_owned()));
    }
    // The file stays behind: were it removed, two could hold the lock, one on the old file and one on a new one of that name.
    let path = with_suffix(database, ".pruning");
    let io = |error| PruneError::Io { path: path.clone(), error };
    let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(io)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(PruneError::Busy(database.to_owned())),
        Err(TryLockError::Error(error)) => Err(io(error)),
    }
}
