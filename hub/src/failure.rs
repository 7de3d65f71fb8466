//! What can go wrong, said in sentences. Inner detail goes to the log, not to callers.

use std::path::PathBuf;

use engine::{Refusal, Seq};

/// Why a call was not carried out.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Failure {
    /// The rules say no. Nothing has changed.
    #[error("{refusal}")]
    Refused {
        /// Why.
        refusal: Refusal,
        /// The position in the log at which this was decided.
        seq: Seq,
    },
    /// Too many commands are waiting. Nothing has changed.
    #[error("too many calls are waiting; try again in {retry_after_secs} s")]
    Overloaded {
        /// When trying again makes sense.
        retry_after_secs: u64,
    },
    /// The store does not work at the moment, or the hub is shutting down. A changing call may or may not have been carried
    /// out; repeating it with the same request id settles that.
    #[error("{reason}; try again later, with the same request_id")]
    Unavailable {
        /// In words, without inner detail.
        reason: String,
    },
}

/// Whether changing calls can be carried out at the moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Readiness {
    /// Yes.
    Ready,
    /// No, and why not.
    NotReady {
        /// In words, without inner detail.
        reason: String,
    },
}

/// Why a hub could not be opened. Nothing was changed, except where a project was new.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The project's folder is not there.
    #[error("{} is not a folder; name the project's folder with --project-root", root.display())]
    NoSuchProject {
        /// What was named.
        root: PathBuf,
    },
    /// The folder in which the database is to lie is not there.
    #[error("the folder {} is not there; create it, or name another file with --database", folder.display())]
    NoSuchFolder {
        /// Which.
        folder: PathBuf,
    },
    /// Another server has the project.
    #[error("{}", already_served(root, *pid, url.as_deref()))]
    AlreadyServed {
        /// The project, or the database that another project uses.
        root: PathBuf,
        /// Its process.
        pid: Option<u32>,
        /// Its address.
        url: Option<String>,
    },
    /// A newer version of this program has been here.
    #[error(
        "{} was written by a newer version of manus-sync (schema {found}, this one knows up to {known}); use that version. \
         The file is untouched", path.display()
    )]
    NewerSchema {
        /// The database.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The newest schema known here.
        known: i64,
    },
    /// The file is something else.
    #[error("{} is not a database of manus-sync: {why}. The file is untouched; move it away or name another", path.display())]
    NotOurs {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        why: String,
    },
    /// A file that is to be imported is no project of the original engine.
    #[error("{} cannot be imported: {why}", path.display())]
    NotOriginal {
        /// The file.
        path: PathBuf,
        /// Why not.
        why: String,
    },
    /// The project to import into has a history of its own.
    #[error(
        "{} already holds a project with a history of its own; import into a new folder, with --project-root", path.display()
    )]
    HasHistory {
        /// The database.
        path: PathBuf,
    },
    /// The database cannot be used.
    #[error("{}: {reason}", path.display())]
    Storage {
        /// The database.
        path: PathBuf,
        /// In words.
        reason: String,
    },
    /// A folder or file of the project cannot be used.
    #[error("{}: {error}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
}

fn already_served(root: &std::path::Path, pid: Option<u32>, url: Option<&str>) -> String {
    let who = match (pid, url) {
        (Some(pid), Some(url)) => format!(" (process {pid}, {url})"),
        (Some(pid), None) => format!(" (process {pid})"),
        _ => String::new(),
    };
    format!("{} is already served by another manus-sync{who}; use that one, or stop it first", root.display())
}
