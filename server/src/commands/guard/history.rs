//! Whether somebody else was granted a file after one's own claim of it: then what one has may be older than what is there.
//!
//! Each grant has a fencing token, a number that only grows. The log knows them all, so nothing needs to be kept here.

use std::collections::HashMap;

use engine::pattern::Kind;
use engine::view::FileLock;
use engine::{FilePattern, LockMode, ManusId, TimeMs};
use serde::Deserialize;
use serde_json::json;

use crate::blocking::Blocking;
use crate::client::CallError;

/// How many grants a page has.
const PAGE: usize = 1_000;
/// How many pages are looked through at most.
const PAGES: usize = 50;

/// A file about to be committed or pushed, and what the log says about it.
#[derive(Debug)]
pub(super) struct Claimed {
    pub file: FilePattern,
    /// When it was written at the latest; grants after that do not concern it.
    pub at_ms: TimeMs,
    /// The newest token of one's own.
    own: Option<u64>,
    /// The newest grant to somebody else.
    other: Option<(u64, ManusId)>,
}

impl Claimed {
    pub(super) fn new(file: FilePattern, at_ms: TimeMs) -> Self {
        Self { file, at_ms, own: None, other: None }
    }

    /// One's own token, and that of somebody who was granted the file after it.
    pub(super) fn outdated(&self) -> Option<(u64, u64, &ManusId)> {
        let (own, (other, who)) = (self.own?, self.other.as_ref()?);
        (*other > own).then_some((own, *other, who))
    }
}

/// An event that granted locks, as far as it is of interest here.
#[derive(Debug, Clone, Deserialize)]
struct Granted {
    at_ms: TimeMs,
    data: Locks,
}

#[derive(Debug, Clone, Deserialize)]
struct Locks {
    locks: Vec<FileLock>,
}

/// Looks through the log, newest first, until all is known about every file or the log is at its end.
pub(super) fn look(server: &mut Blocking, who: &ManusId, files: &mut [Claimed]) -> Result<(), CallError> {
    let mut cursor: Option<String> = None;
    for _ in 0..PAGES {
        let mut asked = json!({ "kind": "locks_granted", "newest_first": true, "limit": PAGE });
        if let Some(cursor) = &cursor {
            asked["cursor"] = json!(cursor);
        }
        let page = server.call("list_events", &asked)?;
        let granted: Vec<Granted> = serde_json::from_value(page["items"].clone())
            .map_err(|error| CallError::Lost(format!("the server's log cannot be read: {error}")))?;
        note(who, &granted, files);
        cursor = page["next_cursor"].as_str().map(str::to_owned);
        // Older grants have smaller tokens: once one's own is known, nothing older matters.
        if cursor.is_none() || files.iter().all(|claimed| claimed.own.is_some()) {
            break;
        }
    }
    Ok(())
}

fn note(who: &ManusId, granted: &[Granted], files: &mut [Claimed]) {
    let places: HashMap<FilePattern, usize> =
        files.iter().enumerate().map(|(place, claimed)| (claimed.file.clone(), place)).collect();
    for Granted { at_ms, data } in granted {
        for lock in &data.locks {
            let met: Vec<usize> = match lock.file_path.kind() {
                Kind::File => places.get(&lock.file_path).copied().into_iter().collect(),
                _ => (0..files.len()).filter(|place| files[*place].file.meets(&lock.file_path)).collect(),
            };
            for place in met {
                let claimed = &mut files[place];
                if lock.locked_by == *who {
                    claimed.own = claimed.own.max(Some(lock.fencing_token));
                } else if lock.mode == LockMode::Exclusive && *at_ms <= claimed.at_ms {
                    let newer = claimed.other.as_ref().is_none_or(|(token, _)| lock.fencing_token > *token);
                    claimed.other =
                        newer.then(|| (lock.fencing_token, lock.locked_by.clone())).or(claimed.other.take());
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn granted(at_ms: TimeMs, who: &str, file: &str, token: u64) -> Granted {
        let lock = FileLock {
            file_path: FilePattern::new(file).unwrap(),
            locked_by: ManusId::new(who).unwrap(),
            locked_at_ms: at_ms,
            lock_reason: None,
            mode: LockMode::Exclusive,
            expires_at_ms: None,
            task_id: None,
            fencing_token: token,
        };
        Granted { at_ms, data: Locks { locks: vec![lock] } }
    }

    /// What ada hears of a file that she wrote at 100, given grants from the newest to the oldest.
    fn check(grants: &[Granted]) -> Option<(u64, u64, String)> {
        let mut files = [Claimed::new(FilePattern::new("src/a.rs").unwrap(), 100)];
        note(&ManusId::new("ada").unwrap(), grants, &mut files);
        files[0].outdated().map(|(own, other, who)| (own, other, who.to_string()))
    }

    #[test]
    fn a_later_grant_to_somebody_else_makes_ones_own_outdated() {
        let (ada, bob) = (granted(10, "ada", "src/a.rs", 1), granted(20, "bob", "src/", 2));
        assert_eq!(check(&[bob.clone(), ada.clone()]), Some((1, 2, "bob".to_owned())));
        assert_eq!(
            check(&[granted(30, "ada", "src/a.rs", 3), bob.clone(), ada.clone()]),
            None,
            "claimed again"
        );
        assert_eq!(
            check(&[granted(101, "bob", "src/a.rs", 2), ada.clone()]),
            None,
            "only after it was written"
        );
        assert_eq!(check(&[granted(20, "bob", "src/b.rs", 2), ada]), None, "another file");
        assert_eq!(check(&[bob]), None, "never claimed at all");
    }
}
