//! Copies of a project, and looking a project's database over. Both read alone, so a server may be at work on it.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use engine::{Seq, TimeMs};

use crate::beside::{make_for_owner, sync_folder_of};
use crate::failure::OpenError;
use crate::fault;
use crate::folder::FOLDER;
use crate::hub::DATABASE;
use crate::store::Store;
use crate::store::sqlite::{self, SqliteStore};

/// What was found in a database.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Examination {
    /// Its schema.
    pub schema: i64,
    /// The last event.
    pub seq: Seq,
    /// When that was.
    pub at_ms: TimeMs,
    /// How many agents there are.
    pub manus: usize,
    /// How many tasks, open and closed.
    pub tasks: u64,
    /// What is wrong, a sentence each.
    pub problems: Vec<String>,
}

/// Why there is no copy.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A file of that name is there already; it was left alone.
    #[error("{} exists; name a file that does not", .0.display())]
    Exists(PathBuf),
    /// There is nothing to copy.
    #[error("there is no database {}; name the project with --project-root", .0.display())]
    Missing(PathBuf),
    /// The database cannot be read, or is none of ours.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The copy could not be written.
    #[error("{}: {reason}", path.display())]
    Storage {
        /// The copy.
        path: PathBuf,
        /// In words.
        reason: String,
    },
    /// The copy was made and is not sound.
    #[error("the copy of {} is not sound and was thrown away: {problem}; manus-sync doctor looks the project over", path.display())]
    Unsound {
        /// The database.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// The system would not.
    #[error("{}: {error}", path.display())]
    Io {
        /// Which file or folder.
        path: PathBuf,
        /// What it says.
        error: io::Error,
    },
}

/// Where a project's database lies unless somebody says otherwise.
pub fn default_database(project_root: &Path) -> PathBuf {
    project_root.join(FOLDER).join(DATABASE)
}

/// The newest schema of databases that this version knows.
pub fn newest_schema() -> i64 {
    sqlite::newest_schema()
}

/// Looks a database over, from the file's pages to the rules' promises; reads all of it.
pub async fn examine(database: &Path) -> Result<Examination, BackupError> {
    if !database.is_file() {
        return Err(BackupError::Missing(database.to_owned()));
    }
    Ok(sqlite::examine(database).await?)
}

/// Copies a database into a new file: all of what is committed at one moment. The copy is read back and examined before it gets
/// its name, so what has the name is whole. Only its owner can read it. A file that exists is left alone.
pub async fn backup(database: &Path, file: &Path) -> Result<Examination, BackupError> {
    if !database.is_file() {
        return Err(BackupError::Missing(database.to_owned()));
    }
    let store = SqliteStore::open_to_read(database).await?;
    let copied = copy(&store, database, file).await;
    let _ = store.close().await;
    copied
}

pub(crate) async fn copy(
    store: &dyn Store,
    database: &Path,
    file: &Path,
) -> Result<Examination, BackupError> {
    if file.symlink_metadata().is_ok() {
        return Err(BackupError::Exists(file.to_owned()));
    }
    let partial = Partial::beside(file)?;
    let stored = store.backup(&partial.0).await;
    stored.map_err(|error| BackupError::Storage { path: file.to_owned(), reason: error.into_reason() })?;
    let examination = examine(&partial.0).await?;
    if let Some(problem) = examination.problems.first() {
        return Err(BackupError::Unsound { path: database.to_owned(), problem: problem.clone() });
    }
    fault::io_at("backup.examined").map_err(|error| BackupError::Io { path: file.to_owned(), error })?;
    partial.become_the(file)?;
    Ok(examination)
}

/// A copy that has not got its name yet; gone when nothing becomes of it.
struct Partial(PathBuf);

impl Partial {
    fn beside(file: &Path) -> Result<Self, BackupError> {
        let Some(name) = file.file_name() else {
            let error = io::Error::new(io::ErrorKind::InvalidInput, "that is no name for a file");
            return Err(BackupError::Io { path: file.to_owned(), error });
        };
        let mut partial = name.to_owned();
        partial.push(format!(".{}.partial", std::process::id()));
        let partial = file.with_file_name(partial);
        // What an earlier process of the same number left.
        let _ = fs::remove_file(&partial);
        make_for_owner(&partial);
        Ok(Self(partial))
    }

    /// Takes the name if nobody has taken it meanwhile.
    fn become_the(&self, file: &Path) -> Result<(), BackupError> {
        let io = |error| BackupError::Io { path: file.to_owned(), error };
        File::open(&self.0).and_then(|copy| copy.sync_all()).map_err(io)?;
        match fs::hard_link(&self.0, file) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(BackupError::Exists(file.to_owned()));
            }
            // Not every file system has links; then there is a moment between looking and naming.
            Err(_) if file.symlink_metadata().is_err() => fs::rename(&self.0, file).map_err(io)?,
            Err(error) => return Err(io(error)),
        }
        sync_folder_of(file).map_err(io)
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}
