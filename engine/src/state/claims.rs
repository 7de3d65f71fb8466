//! How locks and waiting claims come, change and go, with all that knows of them.

use super::{Due, State};
use crate::event::Event;
use crate::ids::{LockKey, ManusId, TimeMs, WaitId};
use crate::pattern::FilePattern;
use crate::view::{ClaimWait, FileLock};

impl State {
    pub(super) fn apply_claim(&mut self, event: &Event) {
        match event {
            Event::LocksGranted { locks } => locks.iter().for_each(|lock| self.put_lock(lock.clone())),
            Event::LocksDelayed { manus_id, files, until_ms } => {
                files.iter().for_each(|file| self.delay_lock(manus_id, file, *until_ms));
            }
            Event::LocksReleased { manus_id, files, .. } => {
                files.iter().for_each(|file| self.remove_lock(manus_id, file));
            }
            Event::ClaimQueued { wait } => self.put_wait(wait.clone()),
            Event::ClaimWaitsBehind { wait_id, behind } => {
                if let Some(wait) = self.waits.get(*wait_id) {
                    self.put_wait(ClaimWait { behind: behind.clone(), ..wait.clone() });
                }
            }
            Event::ClaimWaitEnded { wait_id, .. } => self.remove_wait(*wait_id),
            _ => {}
        }
    }

    pub(super) fn put_lock(&mut self, lock: FileLock) {
        let key = lock.key();
        self.counters.next_fencing_token = self.counters.next_fencing_token.max(lock.fencing_token + 1);
        if let Some(at) = lock.expires_at_ms {
            self.deadlines.insert((at, Due::Lapse(key.clone())));
        }
        if let Some(task) = lock.task_id.as_ref().and_then(|id| self.task_mut(id)) {
            task.course.took.insert(key.file_path.clone());
        }
        let before = self.locks.put(lock);
        let token_before = before.as_ref().map(|lock| lock.fencing_token);
        if let Some(at) = before.as_ref().and_then(|lock| lock.expires_at_ms) {
            let again = self.locks.get(&key).and_then(|lock| lock.expires_at_ms) == Some(at);
            if !again {
                self.deadlines.remove(&(at, Due::Lapse(key.clone())));
            }
        }
        self.touch_lock(key, token_before);
    }

    fn delay_lock(&mut self, manus: &ManusId, file: &FilePattern, until_ms: TimeMs) {
        let key = LockKey { locked_by: manus.clone(), file_path: file.clone() };
        if let Some(lock) = self.locks.get(&key) {
            // One that lapses sooner by itself still does.
            let until_ms = lock.expires_at_ms.map_or(until_ms, |at| at.min(until_ms));
            self.put_lock(FileLock { expires_at_ms: Some(until_ms), task_id: None, ..lock.clone() });
        }
    }

    fn remove_lock(&mut self, manus: &ManusId, file: &FilePattern) {
        let key = LockKey { locked_by: manus.clone(), file_path: file.clone() };
        let Some(lock) = self.locks.remove(&key) else { return };
        if let Some(at) = lock.expires_at_ms {
            self.deadlines.remove(&(at, Due::Lapse(key.clone())));
        }
        if let Some(task) = lock.task_id.and_then(|id| self.task_mut(&id)) {
            task.course.took.remove(file);
        }
        // Whoever stood behind this lock is back in the pool; where to from there is decided by the rules.
        for task in self.work.parked.get(&key).cloned().unwrap_or_default() {
            self.move_task(&task, |task| task.course.parked_on.clear());
        }
        self.touch_lock(key, Some(lock.fencing_token));
    }

    pub(super) fn put_wait(&mut self, wait: ClaimWait) {
        self.counters.next_wait = self.counters.next_wait.max(wait.id + 1);
        self.deadlines.insert((wait.until_ms, Due::WaitOver(wait.id)));
        self.touched.waits.insert(wait.id);
        self.waits.put(wait);
    }

    pub(super) fn remove_wait(&mut self, id: WaitId) {
        if let Some(wait) = self.waits.remove(id) {
            self.deadlines.remove(&(wait.until_ms, Due::WaitOver(id)));
            self.touched.waits.insert(id);
        }
    }

    fn touch_lock(&mut self, key: LockKey, token_before: Option<u64>) {
        self.touched.beats.insert(key.locked_by.clone());
        self.touched.locks.entry(key).or_insert(token_before);
    }
}
