//! Files beside a database, and one that takes its place.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// Gives a file that is whole the name of another one, in one step.
pub(crate) fn put_in_place(new: &Path, database: &Path) -> io::Result<()> {
    File::open(new)?.sync_all()?;
    fs::rename(new, database)?;
    sync_folder_of(database)
}

/// Makes an empty file that only its owner can read, for SQLite to make a database of. What it keeps beside that gets the same mode.
/// A file that is there stays as it is; where none can be made, SQLite says why.
pub(crate) fn make_for_owner(path: &Path) {
    let mut options = File::options();
    options.create_new(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let _ = options.open(path);
}

/// Makes the names in a file's folder durable.
pub(crate) fn sync_folder_of(file: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    #[cfg(not(unix))]
    let _ = file;
    Ok(())
}

/// A path with something after it.
pub(crate) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// A name beside a file that nothing has yet: with the suffix, or with a number before it.
pub(crate) fn free_name(path: &Path, suffix: &str) -> PathBuf {
    let numbered = (2..).map(|n| with_suffix(path, &format!(".{n}{suffix}")));
    let mut names = std::iter::once(with_suffix(path, suffix)).chain(numbered);
    names.find(|name| !name.exists()).unwrap_or_else(|| with_suffix(path, suffix))
}
