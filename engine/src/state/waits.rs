//! Claims that wait for files, first come first served. A waiting claim holds nothing.

use super::State;
use crate::ids::{LockKey, ManusId, WaitId};
use crate::pattern::FilePattern;
use crate::sorted::{SortedMap, SortedSet};
use crate::values::LockMode;
use crate::view::{ClaimWait, FileLock};

/// All waiting claims, by number, by the locks in their way and by agent.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Waits {
    waits: SortedMap<WaitId, ClaimWait>,
    behind: SortedMap<LockKey, SortedSet<WaitId>>,
    of: SortedMap<ManusId, SortedSet<WaitId>>,
}

impl Waits {
    /// One waiting claim.
    pub fn get(&self, id: WaitId) -> Option<&ClaimWait> {
        self.waits.get(&id)
    }

    /// All of them, in the order of coming.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &ClaimWait> {
        self.waits.values()
    }

    /// Those that a lock was in the way of when they were last looked at, in the order of coming.
    pub fn behind(&self, lock: &LockKey) -> impl Iterator<Item = WaitId> {
        self.behind.get(lock).into_iter().flatten().copied()
    }

    /// An agent's own.
    pub fn of(&self, manus: &ManusId) -> impl DoubleEndedIterator<Item = &ClaimWait> {
        self.of.get(manus).into_iter().flatten().filter_map(|id| self.waits.get(id))
    }

    /// Adds a waiting claim, or puts it in the place of the one of the same number.
    pub(super) fn put(&mut self, wait: ClaimWait) {
        self.remove(wait.id);
        for lock in &wait.behind {
            self.behind.entry(lock.clone()).or_default().insert(wait.id);
        }
        self.of.entry(wait.manus_id.clone()).or_default().insert(wait.id);
        self.waits.insert(wait.id, wait);
    }

    pub(super) fn remove(&mut self, id: WaitId) -> Option<ClaimWait> {
        let wait = self.waits.remove(&id)?;
        for lock in &wait.behind {
            remove_from(&mut self.behind, lock, id);
        }
        remove_from(&mut self.of, &wait.manus_id, id);
        Some(wait)
    }

    pub(super) fn check(&self, problems: &mut Vec<String>) {
        let listed: usize = self.behind.values().map(SortedSet::len).sum();
        let counted: usize = self.waits.values().map(|wait| wait.behind.len()).sum();
        let owned: usize = self.of.values().map(SortedSet::len).sum();
        if listed != counted || owned != self.waits.len() {
            problems.push(format!(
                "{counted} waits behind locks, {listed} listed; {} waits, {owned} owned",
                self.waits.len()
            ));
        }
    }
}

impl State {
    /// The locks of others in the way of a claim, in order of holder and pattern. A claim that waits already is named.
    pub(crate) fn locks_before_claim(
        &self,
        manus: &ManusId,
        files: &[FilePattern],
        mode: LockMode,
        wait: Option<WaitId>,
    ) -> Vec<LockKey> {
        let locks = |file| self.in_the_way_of_claim(file, mode, manus, wait, usize::MAX);
        let keys: SortedSet<LockKey> = files.iter().flat_map(locks).map(FileLock::key).collect();
        keys.into_iter().collect()
    }

    /// The locks of others in the way of a claim of one file, at most `most` of them: those that exclude it, and shared ones that
    /// somebody who came before waits to see ended, to have the file alone. Whoever shared it meanwhile would overtake that one,
    /// who might then wait for ever.
    pub(crate) fn in_the_way_of_claim(
        &self,
        file: &FilePattern,
        mode: LockMode,
        manus: &ManusId,
        wait: Option<WaitId>,
        most: usize,
    ) -> Vec<&FileLock> {
        let mut found = self.locks.in_the_way(file, mode, Some(manus), most);
        if mode == LockMode::Exclusive || self.waits.waits.is_empty() {
            return found;
        }
        let own = LockKey { locked_by: manus.clone(), file_path: file.clone() };
        if self.locks.get(&own).is_some() {
            return found;
        }
        let room = most - found.len();
        let shared = self.locks.in_the_way(file, LockMode::Exclusive, Some(manus), usize::MAX).into_iter();
        let shared = shared.filter(|lock| lock.mode == LockMode::Shared);
        found.extend(shared.filter(|lock| self.is_wanted_alone(lock, file, manus, wait)).take(room));
        found
    }

    /// Whether somebody who came before waits behind a shared lock to have this file alone, and not behind the one who asks, too.
    fn is_wanted_alone(
        &self,
        lock: &FileLock,
        file: &FilePattern,
        manus: &ManusId,
        wait: Option<WaitId>,
    ) -> bool {
        let before = |other: &ClaimWait| {
            wait.is_none_or(|wait| other.id < wait)
                && other.mode == LockMode::Exclusive
                && other.manus_id != *manus
                && other.behind.iter().all(|lock| lock.locked_by != *manus)
                && other.files.iter().any(|wanted| wanted.meets(file))
        };
        self.waits.behind(&lock.key()).filter_map(|id| self.waits.get(id)).any(before)
    }

    /// The way round, when waiting here means waiting for oneself: ada waits for bo, who waits for ada. Locks that lapse by
    /// themselves make no circle, since waiting for them ends.
    pub(crate) fn circle(&self, wait: &ClaimWait) -> Option<Vec<ManusId>> {
        let mut path = vec![wait.manus_id.clone()];
        let mut seen = SortedSet::new();
        // For each agent on the path, whom it waits for and who was not looked at yet. Chains may be longer than a stack is deep.
        let mut untried = vec![Vec::from_iter(self.holders_before(wait)).into_iter()];
        while let Some(holders) = untried.last_mut() {
            let Some(holder) = holders.next() else {
                untried.pop();
                path.pop();
                continue;
            };
            if holder == wait.manus_id {
                path.push(holder);
                return Some(path);
            }
            if seen.insert(holder.clone()) {
                let next = self.waits.of(&holder).flat_map(|wait| self.holders_before(wait));
                untried.push(Vec::from_iter(next).into_iter());
                path.push(holder);
            }
        }
        None
    }

    /// Whom a claim waits for without an end in sight.
    fn holders_before(&self, wait: &ClaimWait) -> SortedSet<ManusId> {
        let before = self.locks_before_claim(&wait.manus_id, &wait.files, wait.mode, Some(wait.id));
        let lasting = |key: &LockKey| self.locks.get(key).is_some_and(|lock| lock.expires_at_ms.is_none());
        before.into_iter().filter(lasting).map(|key| key.locked_by).collect()
    }
}

fn remove_from<K: Ord>(index: &mut SortedMap<K, SortedSet<WaitId>>, key: &K, id: WaitId) {
    let Some(ids) = index.get_mut(key) else { return };
    ids.remove(&id);
    if ids.is_empty() {
        index.remove(key);
    }
}
