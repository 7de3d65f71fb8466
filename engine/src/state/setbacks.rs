//! What happens to a task beside the straight way: reviews, holds, failures, changes of plan.

use std::sync::Arc;

use super::{Stage, State, task};
use crate::event::{Event, TaskSpec};
use crate::ids::{ManusId, TaskId, TimeMs};
use crate::json::Json;
use crate::values::Progress;
use crate::view::TaskError;

/// How many failed attempts a task remembers.
const ERRORS_KEPT: usize = 10;

impl State {
    pub(super) fn apply_setback(&mut self, event: &Event) {
        match event {
            Event::TaskReviewRequested { task_id, result } => self.request_review(task_id, result.as_ref()),
            Event::TaskReviewerChosen { task_id, reviewer } => {
                self.change_task(task_id, |task| task.course.reviewer.clone_from(reviewer));
            }
            Event::TaskSentBack { task_id, reviewer, comment } => {
                self.send_back(task_id, reviewer, comment.as_ref())
            }
            Event::TaskHeld { task_id, reason } => {
                self.touch_if_held(task_id);
                self.change_task(task_id, |task| {
                    task.planned = None;
                    task.stage = Stage::Blocked;
                    task.course.held = Some(reason.clone());
                    task.course.parked_on.clear();
                    task.course.retry_at_ms = None;
                    task.course.stall_level = 0;
                    task.course.took.clear();
                });
            }
            Event::TaskFailed { task_id, error, retry_at_ms } => self.fail_task(task_id, error, *retry_at_ms),
            Event::TaskRetryDue { task_id } => {
                self.change_task(task_id, |task| task.course.retry_at_ms = None)
            }
            Event::TaskStalled { task_id, level } => {
                self.change_task(task_id, |task| task.course.stall_level = *level)
            }
            _ => {}
        }
    }

    /// The dependents of a held task may have said that it failed for good.
    pub(super) fn touch_if_held(&mut self, id: &TaskId) {
        if self.tasks.get(id).is_some_and(|task| task.course.held.is_some()) {
            self.touch_dependents(id);
        }
    }

    /// Why they are blocked depends on this one.
    pub(super) fn touch_dependents(&mut self, id: &TaskId) {
        let dependents = self.tasks.get(id).map(|task| task.dependents.clone()).unwrap_or_default();
        self.touched.tasks.extend(dependents);
    }

    fn request_review(&mut self, id: &TaskId, result: Option<&Json>) {
        let now = self.at_ms;
        self.change_task(id, |task| {
            task.stage = Stage::NeedsReview;
            task.course.progressed_at_ms = Some(now);
            task.course.result = result.cloned();
            task.progress = Progress::FULL;
            task.course.stall_level = 0;
            task.course.took.clear();
        });
    }

    fn send_back(&mut self, id: &TaskId, reviewer: &ManusId, comment: Option<&String>) {
        self.change_task(id, |task| {
            task.stage = Stage::Pending;
            task.planned = None;
            task.course.reviewer = None;
            // Whoever did it knows best what to change.
            task.pinned = true;
            let what = comment.map(|comment| format!(": {comment}")).unwrap_or_default();
            task.course.note = Some(format!("{reviewer} asked for changes{what}"));
        });
    }

    fn fail_task(&mut self, id: &TaskId, error: &TaskError, retry_at_ms: Option<TimeMs>) {
        self.change_task(id, |task| {
            task.course.failures += 1;
            task.planned = None;
            task.course.errors.push(error.clone());
            let forgotten = task.course.errors.len().saturating_sub(ERRORS_KEPT);
            task.course.errors.drain(..forgotten);
            task.assigned_to = None;
            task.pinned = false;
            task.course.stall_level = 0;
            task.course.took.clear();
            task.course.retry_at_ms = retry_at_ms;
            task.stage = if retry_at_ms.is_some() { Stage::Pending } else { Stage::Blocked };
            task.course.held = retry_at_ms.is_none().then(|| task.given_up(error));
        });
        if retry_at_ms.is_none() {
            self.touch_dependents(id);
        }
    }

    /// Puts a new description in the place of the old one, with its new place among the others.
    pub(super) fn update_task(&mut self, spec: &Arc<TaskSpec>, waiting_for: &[TaskId]) {
        let before = self.tasks.get(&spec.id).map(|task| task.waiting_for.clone()).unwrap_or_default();
        for dependency in &before {
            if let Some(task) = self.task_mut(dependency) {
                task.dependents.remove(&spec.id);
            }
        }
        self.change_task(&spec.id, |task| {
            task.need = task::need_of(spec);
            task.spec = spec.clone();
            task.waiting_for = waiting_for.iter().cloned().collect();
            task.course.parked_on.clear();
            match task.stage {
                Stage::Pending if !task.waiting_for.is_empty() => task.stage = Stage::Blocked,
                Stage::Blocked if task.waiting_for.is_empty() && task.course.held.is_none() => {
                    task.stage = Stage::Pending
                }
                _ => {}
            }
        });
        self.rechain(&spec.id);
        before.iter().for_each(|dependency| self.rechain(dependency));
        self.link(&spec.id, waiting_for);
        // A cancelled one that nobody waits for any more.
        before.iter().for_each(|dependency| self.keep_for_a_while(dependency));
    }
}
