//! What the plan says of tasks: when each should be done, and by whom.

use super::State;
use super::task::Planned;
use crate::event::PlannedStep;
use crate::ids::TaskId;

impl State {
    /// Takes over what is expected now. That is no news of the tasks themselves, so their time of change stays.
    pub(super) fn plan_tasks(&mut self, steps: &[PlannedStep], ended: &[TaskId]) {
        for step in steps {
            let PlannedStep { task_id, manus_id, start_ms, finish_ms } = step.clone();
            self.move_task(&task_id, |task| task.planned = Some(Planned { manus_id, start_ms, finish_ms }));
            self.touched.tasks.insert(task_id);
        }
        for task_id in ended {
            self.move_task(task_id, |task| task.planned = None);
            self.touched.tasks.insert(task_id.clone());
        }
    }
}
