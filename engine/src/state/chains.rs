//! How long the work behind each task is, and how urgent: what the longest chain of tasks that wait for it takes.

use super::{State, Task};
use crate::ids::TaskId;
use crate::sorted::SortedSet;
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
    /// What was put behind in one call is gone through from its ends, however it was numbered, so that each task is looked at
    /// once. Before that youngest first: a task is mostly older than those that wait for it.
    pub fn follow_chains(&mut self) {
        let longer = std::mem::take(&mut self.longer);
        let mut open = SortedSet::new();
        for id in self.ends_first(&longer) {
            open.remove(&id);
            self.look_behind(&id, &mut open);
        }
        while let Some(id) = open.pop_last() {
            self.look_behind(&id, &mut open);
        }
    }

    /// Brings chain and urgency of one task up to date; the tasks before it are to be looked at when that changed them.
    fn look_behind(&mut self, id: &TaskId, open: &mut SortedSet<TaskId>) {
        let Some(task) = self.tasks.get(id) else { return };
        let (chain, urgency) = self.chain_of(task);
        if (chain, urgency) != (task.chain, task.urgency) {
            open.extend(task.waiting_for.iter().cloned());
            self.move_task(id, |task| (task.chain, task.urgency) = (chain, urgency));
        }
    }

    /// Some tasks so ordered that each comes after those of them that wait for it (Kahn's algorithm).
    fn ends_first(&self, some: &SortedSet<TaskId>) -> Vec<TaskId> {
        let behind = |id: &TaskId| {
            let dependents = self.tasks.get(id).map(|task| task.dependents.iter());
            dependents.into_iter().flatten().filter(|id| some.contains(*id)).count()
        };
        let mut left: Vec<usize> = some.iter().map(behind).collect();
        let is_end = |(id, left): (&TaskId, &usize)| (*left == 0).then(|| id.clone());
        let mut order: Vec<TaskId> = some.iter().zip(&left).filter_map(is_end).collect();
        let mut next = 0;
        while let Some(task) = order.get(next).map(|id| self.tasks.get(id)) {
            next += 1;
            for dependency in task.into_iter().flat_map(|task| task.waiting_for.iter()) {
                let count = some.place_of(dependency).and_then(|place| left.get_mut(place));
                if let Some(count) = count.filter(|count| **count > 0) {
                    *count -= 1;
                    if *count == 0 {
                        order.push(dependency.clone());
                    }
                }
            }
        }
        order
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
