//! All locks, and which of them stand in the way of a pattern.
//!
//! A trie over path names leads from the root to every lock by the fixed names of its pattern. To ask what meets a pattern,
//! one walks down its fixed names: whatever lies on the way may cover it, whatever lies beneath may be covered by it. So a
//! claim costs its own depth and what it really meets, not the number of locks.

use crate::ids::{LockKey, ManusId};
use crate::pattern::{FilePattern, Kind};
use crate::sorted::SortedMap;
use crate::values::LockMode;
use crate::view::FileLock;

#[derive(Debug, Clone, PartialEq, Default)]
struct Node {
    children: SortedMap<Box<str>, Node>,
    /// Locks whose fixed names end here, in order. Seldom more than one.
    here: Vec<LockKey>,
}

/// Every lock of the project.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LockTable {
    /// By holder and pattern. None is empty.
    held: SortedMap<ManusId, SortedMap<FilePattern, FileLock>>,
    root: Node,
}

impl LockTable {
    /// One lock.
    pub fn get(&self, key: &LockKey) -> Option<&FileLock> {
        self.held.get(&key.locked_by)?.get(&key.file_path)
    }

    /// All locks, in order of holder and pattern.
    pub fn iter(&self) -> impl Iterator<Item = &FileLock> {
        self.held.values().flat_map(SortedMap::values)
    }

    /// The locks of one holder, in order of their patterns.
    pub fn of(&self, manus: &ManusId) -> impl Iterator<Item = &FileLock> {
        self.held.get(manus).into_iter().flat_map(SortedMap::values)
    }

    /// How many locks one holder has.
    pub fn count_of(&self, manus: &ManusId) -> usize {
        self.held.get(manus).map_or(0, SortedMap::len)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.held.values().map(SortedMap::len).sum()
    }

    /// True when nothing is claimed.
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// The locks that stand in the way of a claim, at most `most` of them: those of others that can match a common path, unless
    /// both sides share. Without a name, everybody is somebody else.
    pub fn in_the_way(
        &self,
        pattern: &FilePattern,
        mode: LockMode,
        manus: Option<&ManusId>,
        most: usize,
    ) -> Vec<&FileLock> {
        let mut found = Vec::new();
        self.meeting(pattern, &mut |lock| {
            let other = manus != Some(&lock.locked_by);
            let exclusive = mode == LockMode::Exclusive || lock.mode == LockMode::Exclusive;
            if other && exclusive {
                found.push(lock);
            }
            found.len() < most
        });
        found
    }

    /// Calls `visit` with each lock that meets the pattern, until it answers false.
    fn meeting<'a>(&'a self, pattern: &FilePattern, visit: &mut dyn FnMut(&'a FileLock) -> bool) {
        let mut node = &self.root;
        if !self.visit_node(node, pattern, visit) {
            return;
        }
        for name in pattern.fixed_names() {
            let Some(child) = node.children.get(name) else { return };
            node = child;
            if !self.visit_node(node, pattern, visit) {
                return;
            }
        }
        if pattern.kind() != Kind::File {
            self.visit_beneath(node, pattern, visit);
        }
    }

    fn visit_node<'a>(
        &'a self,
        node: &'a Node,
        pattern: &FilePattern,
        visit: &mut dyn FnMut(&'a FileLock) -> bool,
    ) -> bool {
        node.here.iter().filter(|key| key.file_path.meets(pattern)).filter_map(|key| self.get(key)).all(visit)
    }

    fn visit_beneath<'a>(
        &'a self,
        node: &'a Node,
        pattern: &FilePattern,
        visit: &mut dyn FnMut(&'a FileLock) -> bool,
    ) -> bool {
        node.children
            .values()
            .all(|child| self.visit_node(child, pattern, visit) && self.visit_beneath(child, pattern, visit))
    }

    /// Adds a lock, or puts it in the place of the same holder's on the same pattern, which is returned.
    pub(super) fn put(&mut self, lock: FileLock) -> Option<FileLock> {
        let key = lock.key();
        let mut node = &mut self.root;
        for name in key.file_path.fixed_names() {
            node = node.children.entry(name.into()).or_default();
        }
        let held = self.held.entry(key.locked_by.clone()).or_default();
        let before = held.insert(key.file_path.clone(), lock);
        if before.is_none() {
            let place = node.here.partition_point(|other| *other < key);
            node.here.insert(place, key);
        }
        before
    }

    /// Takes a lock out.
    pub(super) fn remove(&mut self, key: &LockKey) -> Option<FileLock> {
        let held = self.held.get_mut(&key.locked_by)?;
        let lock = held.remove(&key.file_path)?;
        if held.is_empty() {
            self.held.remove(&key.locked_by);
        }
        let names: Vec<&str> = key.file_path.fixed_names().collect();
        self.root.remove(&names, key);
        Some(lock)
    }

    /// What is wrong: locks that meet though they must not, or an index that does not fit.
    pub(super) fn check(&self, problems: &mut Vec<String>) {
        for lock in self.iter() {
            for other in self.in_the_way(&lock.file_path, lock.mode, Some(&lock.locked_by), usize::MAX) {
                problems.push(format!(
                    "{} of {} and {} of {} overlap",
                    lock.file_path, lock.locked_by, other.file_path, other.locked_by
                ));
            }
        }
        let (held, indexed) = (self.len(), self.root.count());
        if held != indexed || self.held.values().any(SortedMap::is_empty) {
            problems.push(format!("{held} locks, but {indexed} in the index"));
        }
    }
}

impl Node {
    fn remove(&mut self, names: &[&str], key: &LockKey) {
        let Some((name, deeper)) = names.split_first() else {
            self.here.retain(|other| other != key);
            return;
        };
        if let Some(child) = self.children.get_mut(*name) {
            child.remove(deeper, key);
            if child.here.is_empty() && child.children.is_empty() {
                self.children.remove(*name);
            }
        }
    }

    fn count(&self) -> usize {
        self.here.len() + self.children.values().map(Node::count).sum::<usize>()
    }
}

impl FileLock {
    /// What identifies it.
    pub fn key(&self) -> LockKey {
        LockKey { locked_by: self.locked_by.clone(), file_path: self.file_path.clone() }
    }
}
