//! How long the work behind each task is, and how urgent: what the longest chain of tasks that wait for it takes.

use super::{State, Task};
use crate::ids::TaskId;
use crate::values::Priority;

impl State {
    /// Enters a task with those it waits for: their chains now end in it, and they are as urgent, as [`State::follow_chains`] finds.
    pub(super) fn link(&mut self, id: &TaskId, waiting_for: &[TaskId]) {
        for dependency in waiting_for {
            if let Some(task) = self.task_mut(dependency) {
                task.dependents.insert(id.clone());
            }
            self.longer.insert(dependency.clone());
        }
    }

    /// Brings chain and urgency of a task up to date with its dependents, and then those of the tasks before it.
    pub(super) fn rechain(&mut self, id: &TaskId) {
        self.longer.insert(id.clone());
        self.follow_chains();
    }

    /// Brings chains and urgency up to date with what was put behind.
    ///
    /// Youngest first, as a task is mostly older than those that wait for it; but what waits for it and is to be looked at itself
    /// comes before, so that a chain is walked once, however it is numbered.
    pub fn follow_chains(&mut self) {
        let mut open = std::mem::take(&mut self.longer);
        let mut way: Vec<TaskId> = Vec::new();
        while let Some(id) = way.pop().or_else(|| open.pop_last()) {
            let Some(task) = self.tasks.get(&id) else { continue };
            let so_far = way.len();
            way.push(id);
            way.extend(task.dependents.iter().filter(|behind| open.remove(*behind)).cloned());
            if way.len() > so_far + 1 {
                continue;
            }
            let Some(id) = way.pop() else { continue };
            let (chain, urgency) = self.chain_of(task);
            if (chain, urgency) != (task.chain, task.urgency) {
                open.extend(task.waiting_for.iter().cloned());
                self.move_task(&id, |task| (task.chain, task.urgency) = (chain, urgency));
            }
            // Perhaps what came before had put it there.
            open.remove(&id);
        }
    }

    /// Minutes of the longest chain of work that begins with a task, and how urgent it is, by what waits for it.
    pub(super) fn chain_of(&self, task: &Task) -> (u64, Priority) {
        let begin = (0, task.spec.priority);
        let behind = task.dependents.iter().filter_map(|id| self.tasks.get(id));
        let (longest, urgency) = behind
            .fold(begin, |(longest, urgency), task| (longest.max(task.chain), urgency.min(task.urgency)));
        (u64::from(task.spec.estimated_duration) + longest, urgency)
    }
}
