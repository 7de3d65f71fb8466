//! What may never happen, whatever the rules decide: recounted from the log alone, by means of its own.

use std::collections::BTreeMap;

use engine::pattern::Kind;
use engine::view::FileLock;
use engine::{Event, FilePattern, LockKey, LockMode, ManusId, Record, Seq, TaskId, TimeMs};

/// What is known from the log so far.
#[derive(Debug, Default)]
pub struct Promises {
    seq: Seq,
    at_ms: TimeMs,
    last_token: u64,
    last_message: u64,
    locks: BTreeMap<LockKey, FileLock>,
    tasks: BTreeMap<TaskId, Work>,
    /// How many completions there were.
    completed: usize,
}

/// How a task stands.
#[derive(Debug, Default)]
enum Work {
    /// Nobody works on it.
    #[default]
    Idle,
    /// Somebody does.
    Running(ManusId),
    /// Somebody has, and waits for a verdict.
    InReview(ManusId),
    Closed,
}

impl Promises {
    /// Takes note of the next event. Says what it broke.
    pub fn watch(&mut self, record: &Record) -> Result<(), String> {
        let broken = |what: &str| Err(format!("{what}: {record:?}"));
        if record.seq != self.seq + 1 {
            return broken("the log has a gap or a repetition");
        }
        if record.at_ms < self.at_ms {
            return broken("time went back");
        }
        (self.seq, self.at_ms) = (record.seq, record.at_ms);
        match &record.event {
            Event::LocksGranted { locks } => locks.iter().try_for_each(|lock| self.grant(lock))?,
            Event::LocksReleased { manus_id, files, .. } => {
                for file_path in files.iter().cloned() {
                    self.locks.remove(&LockKey { locked_by: manus_id.clone(), file_path });
                }
            }
            Event::MessageSent { message } => {
                if message.id <= self.last_message {
                    return broken("a message's number is not new");
                }
                self.last_message = message.id;
            }
            Event::TaskCreated { task, .. } => {
                if self.tasks.insert(task.id.clone(), Work::Idle).is_some() {
                    return broken("a task's id is not new");
                }
            }
            _ => self.work(record)?,
        }
        Ok(())
    }

    /// How many tasks were completed.
    pub fn completed(&self) -> usize {
        self.completed
    }

    /// A file has one holder at a time, and each new one a higher token.
    fn grant(&mut self, lock: &FileLock) -> Result<(), String> {
        let key = lock.key();
        let renewed = self.locks.get(&key).is_some_and(|before| before.fencing_token == lock.fencing_token);
        if !renewed && lock.fencing_token <= self.last_token {
            return Err(format!("{lock:?} is new, and its token is not above {}", self.last_token));
        }
        self.last_token = self.last_token.max(lock.fencing_token);
        let exclusive =
            |other: &FileLock| other.mode == LockMode::Exclusive || lock.mode == LockMode::Exclusive;
        let others =
            self.locks.values().filter(|other| other.locked_by != lock.locked_by && exclusive(other));
        if let Some(other) = others.into_iter().find(|other| collide(&other.file_path, &lock.file_path)) {
            return Err(format!("{lock:?} was granted while {other:?} holds"));
        }
        self.locks.insert(key, lock.clone());
        Ok(())
    }

    /// A task is begun by one agent at a time, and completed once an attempt, by its holder or whoever may review it.
    fn work(&mut self, record: &Record) -> Result<(), String> {
        let wrong = |what: &str| Err(format!("{what}: {record:?}"));
        let (task_id, begins) = match &record.event {
            Event::TaskStarted { task_id, .. } => (task_id, true),
            Event::TaskCompleted { task_id, .. }
            | Event::TaskReviewRequested { task_id, .. }
            | Event::TaskReturned { task_id, .. }
            | Event::TaskFailed { task_id, .. }
            | Event::TaskHeld { task_id, .. }
            | Event::TaskSentBack { task_id, .. }
            | Event::TaskCancelled { task_id, .. } => (task_id, false),
            _ => return Ok(()),
        };
        let Some(work) = self.tasks.get_mut(task_id) else { return wrong("there is no such task") };
        let by_holder = |holder: &ManusId| record.by.as_ref().is_none_or(|by| by == holder);
        match (&record.event, &*work) {
            (_, Work::Closed) => return wrong("it was closed before"),
            (Event::TaskStarted { manus_id, .. }, Work::Idle) => *work = Work::Running(manus_id.clone()),
            _ if begins => return wrong("it was under way before"),
            (Event::TaskCompleted { .. }, Work::Running(holder)) if by_holder(holder) => {
                *work = Work::Closed;
                self.completed += 1;
            }
            (Event::TaskCompleted { .. }, Work::InReview(author)) if record.by.as_ref() != Some(author) => {
                *work = Work::Closed;
                self.completed += 1;
            }
            (Event::TaskReviewRequested { .. }, Work::Running(holder)) if by_holder(holder) => {
                *work = Work::InReview(holder.clone());
            }
            (Event::TaskReviewRequested { .. } | Event::TaskCompleted { .. }, _) => {
                return wrong("it was not in these hands");
            }
            (Event::TaskCancelled { .. }, _) => *work = Work::Closed,
            _ => *work = Work::Idle,
        }
        Ok(())
    }
}

/// Whether a path exists that both patterns cover, by trying: the names of both, and what could stand for their wildcards. For
/// the simple patterns of tests that is exact; the algebra of the rules is not asked.
fn collide(left: &FilePattern, right: &FilePattern) -> bool {
    if left == right || (left.kind() == Kind::File && right.kind() == Kind::File) {
        return left == right;
    }
    let (l, r) = (segments(left), segments(right));
    examples(&l, &r).into_iter().chain(examples(&r, &l)).any(|path| {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        fits(&l, &path) && fits(&r, &path)
    })
}

/// A pattern as a list of names; what lies beneath a folder is `**` and a name.
fn segments(pattern: &FilePattern) -> Vec<&str> {
    let text = pattern.as_str();
    match text.strip_suffix('/') {
        Some(folder) => folder.split('/').chain(["**", "*"]).collect(),
        None if text == "**" => vec!["**", "*"],
        None => text.split('/').collect(),
    }
}

/// Paths that fit the first pattern, with the second one's names where the first leaves room.
fn examples(of: &[&str], other: &[&str]) -> Vec<Vec<String>> {
    let names: Vec<String> =
        other.iter().filter(|name| **name != "**").map(|name| name.replace(['*', '?'], "x")).collect();
    let mut paths: Vec<Vec<String>> = vec![Vec::new()];
    for segment in of {
        let mut longer = Vec::new();
        for path in &paths {
            match *segment {
                "**" => {
                    let runs =
                        (0..=names.len()).flat_map(|from| (from..=names.len()).map(move |to| from..to));
                    let distinct: std::collections::BTreeSet<&[String]> =
                        runs.map(|run| &names[run]).collect();
                    longer.extend(distinct.into_iter().map(|run| [path.as_slice(), run].concat()));
                }
                wild if wild.contains(['*', '?']) => {
                    let plain = wild.replace(['*', '?'], "x");
                    let fitting = names.iter().filter(|name| name_fits(wild.as_bytes(), name.as_bytes()));
                    for name in fitting.cloned().chain([plain]) {
                        longer.push([path.as_slice(), &[name]].concat());
                    }
                }
                name => longer.push([path.as_slice(), &[name.to_owned()]].concat()),
            }
        }
        paths = longer;
    }
    paths
}

/// Whether a path fits a list of names, by plain recursion.
fn fits(segments: &[&str], path: &[&str]) -> bool {
    match (segments.split_first(), path.split_first()) {
        (None, None) => true,
        (Some((&"**", rest)), None) => fits(rest, path),
        (Some((&"**", rest)), Some((_, deeper))) => fits(rest, path) || fits(segments, deeper),
        (Some((segment, rest)), Some((name, deeper))) => {
            name_fits(segment.as_bytes(), name.as_bytes()) && fits(rest, deeper)
        }
        _ => false,
    }
}

fn name_fits(wild: &[u8], name: &[u8]) -> bool {
    match (wild.split_first(), name.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), None) => name_fits(rest, name),
        (Some((b'*', rest)), Some((_, shorter))) => name_fits(rest, name) || name_fits(wild, shorter),
        (Some((w, rest)), Some((n, shorter))) => (*w == b'?' || w == n) && name_fits(rest, shorter),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn patterns_are_tried_out() {
        for (left, right, meet) in [
            ("src/a.rs", "src/a.rs", true),
            ("src/a.rs", "src/b.rs", false),
            ("src/", "src/deep/a.rs", true),
            ("src/", "src/*.rs", true),
            ("src/*.rs", "src/deep/c.rs", false),
            ("src/*.rs", "src/a.rs", true),
            ("**/*.md", "docs/", true),
            ("**/*.md", "docs/x.md", true),
            ("**/*.md", "docs/x.rs", false),
            ("**", "a", true),
        ] {
            let (l, r) = (FilePattern::new(left).unwrap(), FilePattern::new(right).unwrap());
            assert_eq!((collide(&l, &r), collide(&r, &l)), (meet, meet), "{left} and {right}");
        }
    }
}
