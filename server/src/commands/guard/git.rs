//! What the guard asks git.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use engine::TimeMs;

use crate::commands::Failed;

/// What stands before each commit in the list of pushed ones, where file names stand, too.
const COMMIT: &str = "manus-sync-commit ";

/// A worktree of a repository.
#[derive(Debug)]
pub(super) struct Repository {
    /// The top of this worktree.
    pub top: PathBuf,
    /// Where git looks for hooks: `core.hooksPath`, or the folder that all worktrees share.
    pub hooks: PathBuf,
}

impl Repository {
    /// The repository around a folder.
    pub(super) fn find(folder: &Path) -> Result<Self, Failed> {
        let asked = ["rev-parse", "--path-format=absolute", "--show-toplevel", "--git-path", "hooks"];
        let said = git(folder, asked)?;
        let said = String::from_utf8_lossy(&said);
        let mut lines = said.lines().map(PathBuf::from);
        match (lines.next(), lines.next()) {
            (Some(top), Some(hooks)) => Ok(Self { top, hooks }),
            _ => Err(Failed::refused(format!("{} is in no worktree of git", folder.display()))),
        }
    }

    /// A setting; `None` where it is not set.
    pub(super) fn setting(&self, name: &str) -> Option<String> {
        let said = git(&self.top, ["config", "--get", name]).ok()?;
        let said = String::from_utf8_lossy(&said).trim().to_owned();
        (!said.is_empty()).then_some(said)
    }

    /// The files that the next commit changes, relative to the top; both names of a renamed one.
    pub(super) fn staged(&self) -> Result<Vec<String>, Failed> {
        let said = git(&self.top, ["diff", "--cached", "--name-only", "--no-renames", "-z"])?;
        Ok(names(&said).collect())
    }

    /// The files that the commits about to be pushed change, with the time of the newest of these.
    ///
    /// `refs` is what git tells its pre-push hook: a line a reference, with its commit here and its commit there.
    pub(super) fn pushed(&self, remote: &str, refs: &str) -> Result<BTreeMap<String, TimeMs>, Failed> {
        let mut files = BTreeMap::new();
        for line in refs.lines() {
            let mut words = line.split(' ');
            let (Some(_), Some(here), Some(_), Some(there)) =
                (words.next(), words.next(), words.next(), words.next())
            else {
                continue;
            };
            if is_nothing(here) {
                continue;
            }
            let known = !is_nothing(there)
                && git(&self.top, ["cat-file", "-e", &format!("{there}^{{commit}}")]).is_ok();
            let before = if known { there.to_owned() } else { format!("--remotes={remote}") };
            // Of a merge, what differs from all that was merged: the rest is in the commits themselves.
            let format = format!("--format=format:{COMMIT}%ct");
            let asked = ["log", "-z", "-c", "--name-only", "--no-renames", &format, here, "--not", &before];
            note_pushed(&git(&self.top, asked)?, &mut files);
        }
        Ok(files)
    }
}

/// All zeros: a reference that is not there.
fn is_nothing(commit: &str) -> bool {
    commit.bytes().all(|byte| byte == b'0')
}

fn names(said: &[u8]) -> impl Iterator<Item = String> {
    said.split(|byte| *byte == 0)
        .filter(|name| !name.is_empty())
        .map(|name| String::from_utf8_lossy(name).into_owned())
}

fn note_pushed(said: &[u8], files: &mut BTreeMap<String, TimeMs>) {
    let mut at_ms = 0;
    for entry in names(said) {
        let mut name = entry.as_str();
        if let Some(commit) = entry.strip_prefix(COMMIT) {
            let (secs, first) = commit.split_once('\n').unwrap_or((commit, ""));
            at_ms = secs.trim().parse::<TimeMs>().unwrap_or(0) * 1000;
            name = first;
        }
        if !name.is_empty() {
            let newest = files.entry(name.to_owned()).or_insert(at_ms);
            *newest = at_ms.max(*newest);
        }
    }
}

fn git<S: AsRef<OsStr>>(folder: &Path, arguments: impl IntoIterator<Item = S>) -> Result<Vec<u8>, Failed> {
    let output = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(arguments)
        .output()
        .map_err(|error| Failed::refused(format!("git cannot be run: {error}")))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(Failed::refused(String::from_utf8_lossy(&output.stderr).trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_git_lists_of_pushed_commits() {
        let mut files = BTreeMap::new();
        let said = format!("{COMMIT}20\na b.rs\0src/c.rs\0\0{COMMIT}10\nsrc/c.rs\0d\0\0{COMMIT}5\0");
        note_pushed(said.as_bytes(), &mut files);
        let expected = [("a b.rs", 20_000), ("d", 10_000), ("src/c.rs", 20_000)];
        assert_eq!(files, expected.map(|(file, at)| (file.to_owned(), at)).into());
    }
}
