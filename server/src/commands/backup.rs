//! `manus-sync backup`: copies the project's database into a file.
//!
//! Read by this process itself, whether a server is at work or not: SQLite lets it see one committed moment while the server
//! goes on committing. So no door of the server writes files where a caller wants them.

use std::path::{Path, PathBuf};
use std::time::Instant;

use app::live::words;
use serde_json::json;

use super::Failed;
use super::print::put;
use crate::cli::BackupArgs;
use crate::config;

/// Copies, and says what the copy holds.
pub fn run(args: &BackupArgs) -> Result<(), Failed> {
    let root = project(args.project_root.as_deref())?;
    let database = database(&root, args.database.as_deref())?;
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failed::refused)?;
    let begun = Instant::now();
    let copy = runtime.block_on(hub::backup(&database, &args.file)).map_err(Failed::refused)?;
    let bytes = std::fs::metadata(&args.file).map_err(Failed::refused)?.len();
    let file = std::path::absolute(&args.file).map_err(Failed::refused)?;
    if args.json {
        let answer = json!({ "file": file, "bytes": bytes, "seq": copy.seq, "at_ms": copy.at_ms, "manus": copy.manus,
                             "tasks": copy.tasks, "took_ms": begun.elapsed().as_millis() as u64 });
        return put(&format!("{answer:#}\n"));
    }
    let (file, seq) = (file.display(), copy.seq);
    let (tasks, manus) = (words::counted(copy.tasks, "task"), words::count_of(copy.manus, "agent"));
    put(&format!(
        "{file}: {bytes} bytes, with {tasks} and {manus} as of event {seq}; read back and found sound.\n"
    ))
}

/// The folder given, else the nearest project's.
pub(super) fn project(given: Option<&Path>) -> Result<PathBuf, Failed> {
    if let Some(given) = given {
        return std::path::absolute(given).map_err(Failed::refused);
    }
    let here = std::env::current_dir().map_err(Failed::refused)?;
    hub::project_root(&here).ok_or_else(|| {
        Failed::refused("there is no project around the current folder; name one with --project-root DIR")
    })
}

/// The database given, else the one that the project's server uses, else the configured one, else the usual one.
pub(super) fn database(root: &Path, given: Option<&str>) -> Result<PathBuf, Failed> {
    if given.is_none()
        && let Some(used) = hub::server_info(root).and_then(|server| server.database)
    {
        return Ok(used);
    }
    Ok(config::database(root, given)?)
}
