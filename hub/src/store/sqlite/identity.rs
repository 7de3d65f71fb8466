//! Whether the files that a connection writes to are still the ones that a later start will find.
//!
//! A file that is deleted or replaced while it is open takes writes as if nothing had happened, and all of them are gone with
//! the process. SQLite does not look; a look at the directory entries costs microseconds a commit.

use std::path::{Path, PathBuf};

use crate::store::StoreError;

/// The files of a database: itself, and its write-ahead log.
#[derive(Debug)]
pub(super) struct Files {
    paths: [PathBuf; 2],
    opened: [Option<Id>; 2],
}

/// What tells a file from every other one, where the system has such a thing.
type Id = (u64, u64);

impl Files {
    /// The files of a database that has just been opened.
    pub(super) fn of(path: &Path) -> Self {
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        let paths = [path.to_owned(), PathBuf::from(log)];
        let opened = [id(&paths[0]), id(&paths[1])];
        Self { paths, opened }
    }

    /// To be called after each commit, before it is acknowledged.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        let found = [id(&self.paths[0]), id(&self.paths[1])];
        if found == self.opened && !found.contains(&None) {
            return Ok(());
        }
        Err(StoreError::plain(
            "the database file was moved, deleted or replaced while the server was using it; put it back, or restart the server",
        ))
    }
}

#[cfg(unix)]
fn id(path: &Path) -> Option<Id> {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(path).ok().map(|file| (file.dev(), file.ino()))
}

/// Elsewhere an open file cannot be deleted or replaced.
#[cfg(not(unix))]
fn id(_path: &Path) -> Option<Id> {
    Some((0, 0))
}
