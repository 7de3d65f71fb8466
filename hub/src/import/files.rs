//! The locks of the original, and the paths in its tasks.

use std::collections::HashSet;

use engine::view::FileLock;
use engine::{FilePattern, LockMode, TimeMs};

use super::OddRow;
use super::agents::Agents;
use super::read::OldLock;
use super::values;
use crate::paths::ProjectPaths;

const TABLE: &str = "file_locks";

/// The keys of these paths, each once; remarks on what names nothing in the project.
pub(super) fn patterns(
    files: &[String],
    paths: &ProjectPaths,
    remarks: &mut Vec<String>,
) -> Vec<FilePattern> {
    let mut patterns = Vec::new();
    let mut seen = HashSet::new();
    for file in files {
        match paths.pattern(file) {
            Ok(pattern) if seen.insert(pattern.clone()) => patterns.push(pattern),
            Ok(_) => {}
            Err(error) => remarks.push(format!("{error}; left out")),
        }
    }
    patterns
}

/// The locks in the order of being taken, with tokens in that order. Two that meet cannot both stay: the first does.
pub(super) fn locks(
    rows: Vec<OldLock>,
    agents: &Agents,
    paths: &ProjectPaths,
    now_ms: TimeMs,
    odd: &mut Vec<OddRow>,
) -> Vec<FileLock> {
    let mut rows = rows;
    rows.sort_by_key(|row| row.locked_at_ms.unwrap_or(now_ms));
    let mut locks: Vec<FileLock> = Vec::new();
    for row in rows {
        let label = values::text(&row.file_path).unwrap_or_else(|| "without a path".to_owned());
        let mut remark = |what: String| odd.push(OddRow { table: TABLE, row: label.clone(), what });
        let file_path = match paths.pattern(&values::text(&row.file_path).unwrap_or_default()) {
            Ok(pattern) => pattern,
            Err(error) => {
                remark(format!("{error}; not locked"));
                continue;
            }
        };
        let holder = values::text(&row.locked_by).unwrap_or_default();
        let Some(locked_by) = agents.named(&holder) else {
            remark(format!("it is held by {holder:?}, who is no agent; not locked"));
            continue;
        };
        if agents.is_gone(locked_by) {
            remark(format!("it is held by {locked_by}, who is INACTIVE; not locked"));
            continue;
        }
        if let Some(other) = locks.iter().find(|other| other.file_path.meets(&file_path)) {
            remark(format!("{} of {} covers it already; not locked twice", other.file_path, other.locked_by));
            continue;
        }
        let locked_at_ms = match row.locked_at_ms {
            Some(at) if at <= now_ms => at,
            _ => {
                remark(format!(
                    "locked_at {} is no time before now; taken as now",
                    values::shown(&row.locked_at)
                ));
                now_ms
            }
        };
        locks.push(FileLock {
            file_path,
            locked_by: locked_by.clone(),
            locked_at_ms,
            lock_reason: values::text(&row.lock_reason),
            mode: LockMode::Exclusive,
            expires_at_ms: None,
            task_id: None,
            fencing_token: locks.len() as u64 + 1,
        });
    }
    locks
}

/// What agents believe to hold and the table of locks does not give them.
pub(super) fn compare(agents: &Agents, locks: &[FileLock], paths: &ProjectPaths, odd: &mut Vec<OddRow>) {
    for agent in agents.list.iter().filter(|agent| !agent.gone) {
        for file in &agent.files_claimed {
            let held = paths.pattern(file).is_ok_and(|pattern| {
                locks.iter().any(|lock| lock.locked_by == agent.id && lock.file_path == pattern)
            });
            if !held {
                let what =
                    format!("files_claimed names {file:?}, which file_locks does not give it; not locked");
                odd.push(OddRow { table: "manus_instances", row: agent.row.clone(), what });
            }
        }
    }
}
