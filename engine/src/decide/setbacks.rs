//! Tasks that do not go straight on: held back, failed, stalled, changed.

use std::sync::Arc;

use super::tasks::without_repetition;
use super::{AWAY, Outcome, Rules};
use crate::command::{Dependency, NewTask, TaskChanges};
use crate::event::{Event, ReturnCause, TaskSpec};
use crate::ids::{ManusId, SUPERVISOR, TaskId, TimeMs};
use crate::json::Json;
use crate::refusal::Refusal;
use crate::sorted::SortedMap;
use crate::state::{Presence, Stage, Task};
use crate::view::TaskError;

/// The longest pause after a failure, in milliseconds.
const BACKOFF_MAX_MS: TimeMs = 600_000;

impl Rules<'_> {
    pub(super) fn block(&mut self, manus_id: &ManusId, task_id: &TaskId, reason: Option<&str>) -> Outcome {
        self.check_in_charge(manus_id, task_id)?;
        self.open_task(task_id)?;
        self.check_not_in_review(task_id)?;
        self.revive(manus_id);
        self.release_task_locks(task_id);
        let reason = reason.map_or_else(|| format!("{manus_id} blocked it"), str::to_owned);
        let freed = self.assignee(task_id);
        self.emit(Event::TaskHeld { task_id: task_id.clone(), reason: reason.clone() });
        // Somebody else decided that: whoever works on it should stop.
        if let Some(manus) = freed.clone().filter(|manus| manus != manus_id) {
            let content = self.about(task_id, [("reason", Json::text(reason))]);
            self.tell(&manus, "TASK_BLOCKED", content);
        }
        self.to_feed.extend(freed);
        self.settle();
        self.task_answer(task_id)
    }

    pub(super) fn unblock_by_hand(&mut self, manus_id: &ManusId, task_id: &TaskId) -> Outcome {
        if manus_id.as_str() != SUPERVISOR {
            self.caller(manus_id)?;
        }
        let task = self.open_task(task_id)?;
        if task.course.held.is_none() {
            let waiting_for = task.waiting_for().cloned().collect();
            return Err(Refusal::TaskNotHeld {
                task_id: task_id.clone(),
                status: task.status(),
                waiting_for,
            });
        }
        let ready = task.waiting_for.is_empty();
        self.revive(manus_id);
        self.emit(Event::TaskUnblocked { task_id: task_id.clone() });
        if ready {
            self.keep_if_here(task_id);
            if let Some(manus) = self.assignee(task_id) {
                let content = self.about(task_id, []);
                self.tell(&manus, "TASK_UNBLOCKED", content);
            }
        }
        self.settle();
        self.task_answer(task_id)
    }

    /// The task's own agent, or the person.
    fn check_in_charge(&self, manus_id: &ManusId, task_id: &TaskId) -> Result<(), Refusal> {
        if manus_id.as_str() == SUPERVISOR {
            return Ok(());
        }
        self.caller(manus_id)?;
        self.open_task(task_id)?;
        self.check_mine(manus_id, task_id)
    }

    pub(super) fn fail(
        &mut self,
        manus_id: &ManusId,
        task_id: &TaskId,
        reason: Option<&str>,
        attempt: Option<u32>,
    ) -> Outcome {
        self.check_running(Some(manus_id), task_id, attempt)?;
        self.revive(manus_id);
        self.release_task_locks(task_id);
        let failures = self.state.task(task_id).map_or(0, |task| task.course.failures);
        let settings = self.state.settings();
        let pause = settings.retry_backoff_ms.saturating_mul(1 << failures.min(20)).min(BACKOFF_MAX_MS);
        let retry_at_ms = (failures + 1 < settings.max_failures).then_some(self.now + pause);
        let error = TaskError {
            at_ms: self.now,
            manus_id: manus_id.clone(),
            message: reason.unwrap_or("no reason given").to_owned(),
        };
        self.emit(Event::TaskFailed { task_id: task_id.clone(), error, retry_at_ms });
        self.to_feed.insert(manus_id.clone());
        self.score_failure(manus_id);
        self.settle();
        self.task_answer(task_id)
    }

    /// A failed task's pause is over.
    pub(super) fn retry(&mut self, task_id: TaskId) {
        self.emit(Event::TaskRetryDue { task_id: task_id.clone() });
        self.to_place.insert(task_id);
    }

    /// Nothing moves: its agent is told first, then the person, then it goes to somebody else.
    pub(super) fn stall(&mut self, task_id: &TaskId) {
        let Some((manus, level)) = self
            .state
            .task(task_id)
            .and_then(|task| Some((task.assigned_to.clone()?, task.course.stall_level + 1)))
        else {
            return;
        };
        self.emit(Event::TaskStalled { task_id: task_id.clone(), level });
        let to = if level == 1 { manus.clone() } else { ManusId::supervisor() };
        if level <= 2 {
            let content = self.about(task_id, [("assigned_to", Json::text(&manus))]);
            self.tell(&to, "TASK_STALLED", content);
            return;
        }
        self.release_task_locks(task_id);
        self.emit(Event::TaskReturned {
            task_id: task_id.clone(),
            cause: ReturnCause::Stalled,
            reason: None,
        });
        self.take_away(task_id, &manus);
    }

    pub(super) fn update(&mut self, task_id: &TaskId, changes: &TaskChanges) -> Outcome {
        let task = self.open_task(task_id)?;
        let (was_blocked, settled) = (task.stage == Stage::Blocked, settled_change(task, changes));
        if let Some(argument) = settled {
            self.check_not_in_review(task_id)?;
            let (task_id, status) = (task_id.clone(), task.status());
            return Err(Refusal::TaskUnderWay { task_id, status, argument });
        }
        let (spec, before) = (changed(task, changes), task.spec.clone());
        let had = task.assigned_to.clone();
        let waiting_for = match &changes.dependencies {
            Some(dependencies) => self.new_dependencies(task_id, dependencies)?,
            None => task.waiting_for().cloned().collect(),
        };
        self.emit(Event::TaskUpdated { task: Arc::new(spec), waiting_for });
        self.find_place_again(task_id, was_blocked);
        self.tell_changed(task_id, had.as_ref(), &before);
        self.settle();
        self.task_answer(task_id)
    }

    /// Whoever has a task and keeps it learns what is different about it now.
    fn tell_changed(&mut self, task_id: &TaskId, had: Option<&ManusId>, before: &TaskSpec) {
        let Some(task) = self.state.task(task_id).filter(|task| task.assigned_to.as_ref() == had) else {
            return;
        };
        let (Some(manus), what) = (had, differences(before, &task.spec)) else { return };
        if !what.is_empty() {
            let content = self.about(task_id, [("changed", Json::texts(what))]);
            self.tell(manus, "TASK_UPDATED", content);
        }
    }

    /// Those of the new dependencies that are open; refused where waiting for them would lead round in a circle.
    fn new_dependencies(&self, task_id: &TaskId, dependencies: &[TaskId]) -> Result<Vec<TaskId>, Refusal> {
        let as_new = NewTask {
            title: String::new(),
            description: String::new(),
            priority: crate::values::Priority::Medium,
            files_involved: Vec::new(),
            dependencies: dependencies.iter().cloned().map(Dependency::Task).collect(),
            estimated_duration: 0,
            required_capabilities: Vec::new(),
        };
        let open = self.open_dependencies(&as_new, 0, |_| task_id.clone())?;
        match self.way_to(&open, task_id) {
            None => Ok(open),
            Some(way) => {
                let cycle = std::iter::once(task_id).chain(&way).map(TaskId::to_string).collect();
                Err(Refusal::DependencyCycle { cycle })
            }
        }
    }

    /// A chain of open dependencies from one of these tasks to that one.
    fn way_to(&self, from: &[TaskId], to: &TaskId) -> Option<Vec<TaskId>> {
        let mut came_from: SortedMap<TaskId, TaskId> = SortedMap::new();
        let mut open: Vec<TaskId> = from.to_vec();
        while let Some(id) = open.pop() {
            if id == *to {
                let mut way = vec![id];
                while let Some(before) = way.last().and_then(|at| came_from.get(at)).cloned() {
                    way.push(before);
                }
                way.reverse();
                return Some(way);
            }
            for next in self.state.task(&id).into_iter().flat_map(Task::waiting_for) {
                if !from.contains(next) && !came_from.contains_key(next) {
                    came_from.insert(next.clone(), id.clone());
                    open.push(next.clone());
                }
            }
        }
        None
    }

    /// After a change, a queued task may not suit its agent any more, and one that nobody has may find somebody.
    fn find_place_again(&mut self, task_id: &TaskId, was_blocked: bool) {
        let Some(task) = self.state.task(task_id) else { return };
        let Some(manus) = task.assigned_to.clone() else {
            self.to_place.insert(task_id.clone());
            return;
        };
        let agent = self.state.agent(&manus);
        let unfit = !task.pinned && !agent.is_some_and(|agent| agent.can(&task.need));
        let away = agent.is_none_or(|agent| agent.presence != Presence::Here);
        let why = match task.stage {
            Stage::Pending if away => AWAY,
            Stage::Pending if unfit => "it needs somebody else now",
            Stage::Blocked if task.course.held.is_none() && !task.pinned => "it waits for other tasks now",
            Stage::Pending => {
                if was_blocked {
                    let content = self.about(task_id, []);
                    self.tell(&manus, "TASK_UNBLOCKED", content);
                }
                self.to_relieve.insert(manus);
                return;
            }
            _ => return,
        };
        self.emit(Event::TaskUnassigned { task_id: task_id.clone(), reason: None });
        self.tell_taken(&manus, task_id, why);
    }
}

/// The first argument that would change what is settled once a task was started: what it waits for, changes and needs.
fn settled_change(task: &Task, changes: &TaskChanges) -> Option<&'static str> {
    if matches!(task.stage, Stage::Pending | Stage::Blocked) {
        return None;
    }
    let settled = [
        ("files_involved", changes.files_involved.is_some()),
        ("dependencies", changes.dependencies.is_some()),
        ("required_capabilities", changes.required_capabilities.is_some()),
    ];
    settled.into_iter().find(|(_, changed)| *changed).map(|(argument, _)| argument)
}

/// The names of what differs.
fn differences(before: &TaskSpec, now: &TaskSpec) -> Vec<&'static str> {
    let all = [
        ("title", before.title != now.title),
        ("description", before.description != now.description),
        ("priority", before.priority != now.priority),
        ("files_involved", before.files_involved != now.files_involved),
        ("dependencies", before.dependencies != now.dependencies),
        ("estimated_duration", before.estimated_duration != now.estimated_duration),
        ("required_capabilities", before.required_capabilities != now.required_capabilities),
    ];
    all.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect()
}

fn changed(task: &Task, changes: &TaskChanges) -> TaskSpec {
    let (old, new) = ((*task.spec).clone(), changes.clone());
    TaskSpec {
        id: old.id,
        title: new.title.unwrap_or(old.title),
        description: new.description.unwrap_or(old.description),
        priority: new.priority.unwrap_or(old.priority),
        files_involved: new.files_involved.unwrap_or(old.files_involved),
        dependencies: without_repetition(new.dependencies.unwrap_or(old.dependencies).into_iter()),
        estimated_duration: new.estimated_duration.unwrap_or(old.estimated_duration),
        required_capabilities: new.required_capabilities.unwrap_or(old.required_capabilities),
    }
}
