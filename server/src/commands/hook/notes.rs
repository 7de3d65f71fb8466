//! What is kept of a session between its events: a small file an agent, in the project's `.manus-sync/hooks`.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

/// How long after a session's last event its turn may still be running: no tool runs longer without another event.
const TURN_MOST: Duration = Duration::from_secs(60 * 60);

/// What is kept between events.
#[derive(Debug, Default, PartialEq, Clone, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Notes {
    /// The session that has the name.
    pub session: String,
    /// The newest message that the session was told of.
    pub told: u64,
    /// The process that runs the session, and while a turn is on: between two events it is at work, and silent.
    pub at_work: Option<u32>,
    /// How often the server wants a sign of life, in seconds.
    pub beat_secs: Option<u64>,
}

/// The process that started this one.
pub(super) fn parent() -> Option<u32> {
    #[cfg(unix)]
    return Some(std::os::unix::process::parent_id());
    #[cfg(not(unix))]
    None
}

/// Where the notes of an agent are.
#[derive(Debug)]
pub(super) struct NotesFile(PathBuf);

impl NotesFile {
    pub(super) fn of(root: &Path, manus_id: &str) -> Self {
        Self(folder(root).join(format!("{}.json", manus_id.replace(':', "%3A"))))
    }

    pub(super) fn read(&self) -> Notes {
        let text = fs::read(&self.0).ok();
        text.and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default()
    }

    /// Renamed into place, since hooks of one session may run at the same time. Without notes only a message is told twice.
    pub(super) fn write(&self, notes: &Notes) {
        let Some(folder) = self.0.parent() else { return };
        let new = self.0.with_extension(format!("{}.new", std::process::id()));
        let text = serde_json::to_vec(notes).unwrap_or_default();
        let _ = fs::create_dir_all(folder)
            .and_then(|()| fs::write(&new, text))
            .and_then(|()| fs::rename(&new, &self.0));
    }

    pub(super) fn remove(&self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn folder(root: &Path) -> PathBuf {
    root.join(".manus-sync/hooks")
}

/// The sessions of a project that this process works for right now: the names of their agents, and what is kept of them.
pub(super) fn at_work(root: &Path, process: u32) -> Vec<(String, Notes)> {
    let files = fs::read_dir(folder(root)).into_iter().flatten().flatten().map(|entry| entry.path());
    let of_process = |file: PathBuf| {
        let name = file.file_name()?.to_str()?.strip_suffix(".json")?.replace("%3A", ":");
        let told = fs::metadata(&file).and_then(|data| data.modified()).ok()?;
        let lately = SystemTime::now().duration_since(told).is_ok_and(|age| age < TURN_MOST);
        let notes = NotesFile(file).read();
        (lately && notes.at_work == Some(process)).then_some((name, notes))
    };
    files.filter_map(of_process).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whom_a_process_works_for() {
        let root = tempfile::tempdir().unwrap();
        let keep = |name: &str, at_work| {
            let notes = Notes { session: name.to_owned(), at_work, ..Notes::default() };
            NotesFile::of(root.path(), name).write(&notes);
        };
        keep("a:1", Some(7));
        keep("resting", None);
        keep("another", Some(8));
        keep("long-ago", Some(7));
        let old = fs::File::options().write(true).open(folder(root.path()).join("long-ago.json")).unwrap();
        old.set_modified(SystemTime::now() - TURN_MOST).unwrap();
        fs::write(folder(root.path()).join("broken.json"), "{").unwrap();
        let names: Vec<String> = at_work(root.path(), 7).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["a:1"]);
        assert!(at_work(&root.path().join("nowhere"), 7).is_empty());
    }
}
