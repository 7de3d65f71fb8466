//! A backup in the place of a project's database. What was there before is kept beside it.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::backup::{BackupError, Examination, backup};
use crate::beside::{free_name, put_in_place, sync_folder_of, with_suffix};
use crate::config::Config;
use crate::failure::OpenError;
use crate::folder::Folder;
use crate::store::sqlite::{self, Content, Legacy, content};

/// What came of a restore.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// What the project holds now.
    pub found: Examination,
    /// Where its database of before is kept; `None` where there was none.
    pub kept: Option<PathBuf>,
    /// How many tokens of the backup had been taken back since and stay so; `None` where the old database could not be read.
    pub revoked: Option<u64>,
}

/// Why nothing was restored. The project is as it was.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The project is being served, or the backup cannot be read.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The file is a project of the original engine.
    #[error("{} is a database of the original engine, not a backup; manus-sync import takes it", .0.display())]
    Original(PathBuf),
    /// The backup is missing or not sound.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// The system would not.
    #[error("{}: {error}", path.display())]
    Io {
        /// Which file or folder.
        path: PathBuf,
        /// What it says.
        error: io::Error,
    },
}

/// Puts a backup in the place of a project's database. The project must not be served. The file is only read: it is copied beside
/// the database, looked over, and takes its place in one step, so a crash at any moment leaves a whole project.
///
/// Tokens that were taken back since stay so, and all sessions end. Fencing tokens go on where the old database had come to, so that whoever still holds one from before is known to be late.
pub async fn restore(file: &Path, config: &Config) -> Result<Restored, RestoreError> {
    // First, so that what is no backup leaves nothing behind in a folder that is no project yet.
    if !file.is_file() {
        return Err(BackupError::Missing(file.to_owned()).into());
    }
    if content(file).await? == Content::Original {
        return Err(RestoreError::Original(file.to_owned()));
    }
    let io = |error| RestoreError::Io { path: config.project_root.clone(), error };
    let root = std::path::absolute(&config.project_root).map_err(io)?;
    let folder = Folder::take(&root, config.database.as_deref())?;
    let database = config.database_in(folder.path());
    let incoming = Incoming::beside(&database);
    let found = backup(file, &incoming.0).await?;
    let there = database.try_exists().map_err(|error| RestoreError::Io { path: database.clone(), error })?;
    let legacy = match there {
        // One that cannot be read does not say; it is kept as it is.
        true => sqlite::settle(&database).await.ok(),
        false => Some(Legacy::none()),
    };
    sqlite::begin_anew(&incoming.0, legacy.as_ref()).await?;
    let carried = sqlite::carry_over(&incoming.0, legacy.as_ref().unwrap_or(&Legacy::none())).await?;
    let revoked = legacy.is_some().then_some(carried);
    let io = |error| RestoreError::Io { path: database.clone(), error };
    let kept = there.then(|| keep(&database)).transpose().map_err(io)?;
    put_in_place(&incoming.0, &database).map_err(io)?;
    Ok(Restored { found, kept, revoked })
}

/// Gives the old database a second name, together with what was not brought into it yet, and takes the latter away from the first.
fn keep(database: &Path) -> io::Result<PathBuf> {
    let kept = free_name(database, ".before-restore");
    second_name(database, &kept)?;
    let log = with_suffix(database, "-wal");
    if log.exists() {
        second_name(&log, &with_suffix(&kept, "-wal"))?;
    }
    sync_folder_of(database)?;
    for leftover in [log, with_suffix(database, "-shm")] {
        remove(&leftover)?;
    }
    Ok(kept)
}

/// Not every file system has links.
fn second_name(file: &Path, name: &Path) -> io::Result<()> {
    fs::hard_link(file, name).or_else(|_| {
        fs::copy(file, name)?;
        File::open(name)?.sync_all()
    })
}

fn remove(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The copy until it takes its place; gone when nothing becomes of it.
struct Incoming(PathBuf);

impl Incoming {
    fn beside(database: &Path) -> Self {
        let incoming = Self(with_suffix(database, ".restoring"));
        // What an attempt that was killed left.
        incoming.clear();
        incoming
    }

    fn clear(&self) {
        for suffix in ["", "-wal", "-shm", "-journal"] {
            let _ = remove(&with_suffix(&self.0, suffix));
        }
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        self.clear();
    }
}
