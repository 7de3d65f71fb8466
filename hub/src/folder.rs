//! The project's `.manus-sync` folder: who may serve the project, and where it can be reached.
//!
//! What keeps a second server out is a lock of the operating system on `lock`, which ends with the process however that ends.
//! `server.json` only tells others where to go; one that a killed server left behind does no harm.

use std::fs::{self, File, TryLockError};
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use engine::TimeMs;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

use crate::backup::default_database;
use crate::beside::with_suffix;
use crate::failure::OpenError;
use crate::paths::other_worktrees;

/// The folder's name in the project.
pub(crate) const FOLDER: &str = ".manus-sync";

/// How long a lock is waited for: whoever has it may be ending, or be a child that has not yet let go of what it inherited.
const ENDING: Duration = Duration::from_millis(500);
/// The pause between two attempts.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Where the key lies in the folder.
const KEY: &str = "admin.key";

/// What a running server says of itself in `.manus-sync/server.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerInfo {
    /// Its process.
    pub pid: u32,
    /// Where it can be reached; `None` until it accepts connections.
    pub url: Option<String>,
    /// When it started.
    pub started_at_ms: TimeMs,
    /// Its database, where that is not in the folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<PathBuf>,
    /// By what its certificate is known, where it speaks TLS: SHA-256, in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
}

impl ServerInfo {
    /// Of this process, without an address.
    pub(crate) fn own(started_at_ms: TimeMs) -> Self {
        Self { pid: std::process::id(), url: None, started_at_ms, database: None, certificate: None }
    }

    /// A name for this one run of a server: another one that has its address later has another.
    pub fn name(&self) -> String {
        format!("{}-{}", self.pid, self.started_at_ms)
    }
}

/// What the server of a project left for others to find. It may have been killed since.
pub fn server_info(project_root: &Path) -> Option<ServerInfo> {
    read_info(&project_root.join(FOLDER))
}

/// The key that a running server left for whoever may read the project's folder. It may have been killed since.
pub fn local_key(project_root: &Path) -> Option<String> {
    let key = fs::read_to_string(project_root.join(FOLDER).join(KEY)).ok()?;
    Some(key.trim().to_owned())
}

/// The project around a folder: the nearest one above that has been served. In a worktree of its repository that has none of
/// its own, the one in another worktree, the main one first.
pub fn project_root(folder: &Path) -> Option<PathBuf> {
    let served = |folder: &&Path| folder.join(FOLDER).is_dir();
    let above = |folder: &Path| folder.ancestors().find(served).map(Path::to_owned);
    above(folder).or_else(|| {
        let (worktrees, way) = other_worktrees(folder)?;
        let within = |top: PathBuf| {
            let place = top.join(&way);
            place.ancestors().take_while(|place| place.starts_with(&top)).find(served).map(Path::to_owned)
        };
        worktrees.into_iter().find_map(within)
    })
}

fn read_info(folder: &Path) -> Option<ServerInfo> {
    serde_json::from_slice(&fs::read(folder.join("server.json")).ok()?).ok()
}

/// A project's folder in the hands of this process.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    /// The database, where it is not in here.
    database: Option<PathBuf>,
    /// Held open for the locks on them; empty once the project was let go.
    locks: Mutex<Vec<File>>,
}

impl Folder {
    /// Makes the folder if it is not there, and takes hold of it. The database is taken hold of too, wherever it is, since another
    /// project might name the same one.
    pub(crate) fn take(root: &Path, database: Option<&Path>) -> Result<Self, OpenError> {
        if !root.is_dir() {
            return Err(OpenError::NoSuchProject { root: root.to_owned() });
        }
        let path = root.join(FOLDER);
        make_folder(&path).map_err(|error| OpenError::Io { path: path.clone(), error })?;
        let folder = take_lock(&path.join("lock"), root, || read_info(&path))?;
        let beside = beside(&database.map_or_else(|| default_database(root), Path::to_owned))?;
        let told = || serde_json::from_slice(&fs::read(&beside).ok()?).ok();
        let locks = vec![folder, take_lock(&beside, database.unwrap_or(root), told)?];
        let database = database.and_then(|database| std::path::absolute(database).ok());
        Ok(Self { path, database, locks: Mutex::new(locks) })
    }

    /// The same, for a server: whoever has it may be about to let go.
    pub(crate) async fn take_when_free(root: &Path, database: Option<&Path>) -> Result<Self, OpenError> {
        let until = Instant::now() + ENDING;
        loop {
            match Self::take(root, database) {
                Err(OpenError::AlreadyServed { .. }) if Instant::now() < until => sleep(LOOK_AGAIN).await,
                outcome => return outcome,
            }
        }
    }

    /// The folder itself.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Leaves word of where the server can be reached.
    pub(crate) fn announce(
        &self,
        url: Option<String>,
        certificate: Option<String>,
        started_at_ms: TimeMs,
    ) -> Result<(), OpenError> {
        let database = self.database.clone();
        let info = ServerInfo { url, database, certificate, ..ServerInfo::own(started_at_ms) };
        let path = self.path.join("server.json");
        // Renamed into place, so that nobody reads half of it.
        let new = self.path.join("server.json.new");
        let write = || -> io::Result<()> {
            let said = serde_json::to_vec(&info)?;
            // For those who come to the database by another project.
            if let Some(beside) = self.locks.lock().unwrap_or_else(PoisonError::into_inner).last_mut() {
                beside.set_len(0)?;
                beside.rewind()?;
                beside.write_all(&said)?;
            }
            fs::write(&new, said)?;
            fs::rename(&new, &path)
        };
        write().map_err(|error| OpenError::Io { path: path.clone(), error })
    }

    /// Leaves a key that only the folder's owner can read.
    pub(crate) fn leave_key(&self, key: &str) -> Result<(), OpenError> {
        let path = self.path.join(KEY);
        let new = self.path.join("admin.key.new");
        let written = write_for_owner(&path, &new, format!("{key}\n").as_bytes());
        written.map_err(|error| OpenError::Io { path: path.clone(), error })
    }

    /// Lets go of the project.
    pub(crate) fn leave(&self) {
        let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
        if !locks.is_empty() {
            // While the lock still holds: afterwards the file may be somebody else's. Nobody depends on its being gone.
            let _ = fs::remove_file(self.path.join("server.json"));
            let _ = fs::remove_file(self.path.join(KEY));
            locks.clear();
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        self.leave();
    }
}

/// Writes a file that only its owner can read: beside its place, under the name `new`, and renamed into it, so that nobody reads half
/// of it.
pub fn write_for_owner(path: &Path, new: &Path, text: &[u8]) -> io::Result<()> {
    // One that was left behind may be readable for others, and opening it would not change that.
    match fs::remove_file(new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = File::options();
    options.create_new(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(new)?.write_all(text)?;
    fs::rename(new, path)
}

fn make_folder(path: &Path) -> io::Result<()> {
    if !path.is_dir() {
        fs::create_dir_all(path)?;
        // What is acknowledged in a new folder would be lost with the folder's name.
        #[cfg(unix)]
        path.parent().map_or(Ok(()), |parent| File::open(parent)?.sync_all())?;
    }
    // What is in here is this machine's alone, so that no project commits it by accident.
    let ignore = path.join(".gitignore");
    if !ignore.exists() {
        fs::write(ignore, "*\n")?;
    }
    Ok(())
}

/// The file whose lock stands for a database: beside it, whatever it is called by.
fn beside(database: &Path) -> Result<PathBuf, OpenError> {
    let database =
        std::path::absolute(database).map_err(|error| OpenError::Io { path: database.to_owned(), error })?;
    let (Some(folder), Some(name)) = (database.parent(), database.file_name()) else {
        return Err(OpenError::NotOurs { path: database, why: "it is a folder".to_owned() });
    };
    // By no link, so that all who mean it meet; what is not there yet is no link.
    let real = database.canonicalize().or_else(|_| folder.canonicalize().map(|folder| folder.join(name)));
    let real = real.map_err(|_| OpenError::NoSuchFolder { folder: folder.to_owned() })?;
    Ok(with_suffix(&real, ".lock"))
}

/// Takes a lock. `told` is what its holder says of itself.
fn take_lock(
    path: &Path,
    served: &Path,
    told: impl FnOnce() -> Option<ServerInfo>,
) -> Result<File, OpenError> {
    let io = |error| OpenError::Io { path: path.to_owned(), error };
    let file = File::options().create(true).truncate(false).write(true).open(path).map_err(io)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            let info = told();
            Err(OpenError::AlreadyServed {
                root: served.to_owned(),
                pid: info.as_ref().map(|info| info.pid),
                url: info.and_then(|info| info.url),
            })
        }
        Err(TryLockError::Error(error)) => Err(io(error)),
    }
}
