//! A task's life: created, started, reported on, completed, given back, cancelled.

use std::sync::Arc;

use super::{Outcome, Rules};
use crate::answer::Answer;
use crate::command::{Dependency, NewTask};
use crate::event::{AssignCause, Event, ReturnCause, TaskSpec};
use crate::ids::{ManusId, TaskId};
use crate::json::Json;
use crate::refusal::Refusal;
use crate::sorted::SortedMap;
use crate::state::{Presence, Stage};
use crate::values::{LockMode, Progress, TaskStatus};
use crate::view::FileLock;

impl Rules<'_> {
    pub(super) fn create_tasks(&mut self, tasks: &[NewTask]) -> Outcome {
        let first = self.state.counters().next_task;
        let id_of = |place: usize| TaskId::numbered(first + place as u64);
        let order = in_order(tasks)?;
        let mut open = Vec::with_capacity(tasks.len());
        for task in tasks {
            open.push(self.open_dependencies(task, tasks.len(), id_of)?);
        }
        for place in order {
            let (task, waiting_for) = (&tasks[place], std::mem::take(&mut open[place]));
            let dependency = |d: &Dependency| match d {
                Dependency::Task(id) => id.clone(),
                Dependency::InBatch(place) => id_of(*place),
            };
            let spec = TaskSpec {
                id: id_of(place),
                title: task.title.clone(),
                description: task.description.clone(),
                priority: task.priority,
                files_involved: task.files_involved.clone(),
                dependencies: without_repetition(task.dependencies.iter().map(dependency)),
                estimated_duration: task.estimated_duration,
                required_capabilities: task.required_capabilities.clone(),
            };
            // A new task sets none free.
            self.emit_one_of_many(Event::TaskCreated { task: Arc::new(spec), waiting_for });
        }
        self.state.follow_chains();
        self.settle();
        Ok(Answer::Tasks((0..tasks.len()).filter_map(|place| self.state.task_view(&id_of(place))).collect()))
    }

    /// Those of a new task's dependencies that are not completed. Refused where one is unknown or will never be completed.
    pub(super) fn open_dependencies(
        &self,
        task: &NewTask,
        batch: usize,
        id_of: impl Fn(usize) -> TaskId,
    ) -> Result<Vec<TaskId>, Refusal> {
        let mut open = Vec::new();
        for dependency in &task.dependencies {
            match dependency {
                Dependency::InBatch(place) if *place < batch => open.push(id_of(*place)),
                Dependency::InBatch(place) => {
                    let reason = format!("a dependency names task {place} of a batch of {batch}");
                    return Err(Refusal::InvalidArgument { argument: "dependencies", reason });
                }
                Dependency::Task(id) => match self.open_task(id) {
                    Ok(_) => open.push(id.clone()),
                    Err(Refusal::TaskClosed { status: TaskStatus::Completed, .. }) => {}
                    Err(refusal) => return Err(refusal),
                },
            }
        }
        Ok(without_repetition(open.into_iter()))
    }

    pub(super) fn start(&mut self, manus_id: &ManusId, task_id: &TaskId) -> Outcome {
        self.check_start(manus_id, task_id)?;
        self.revive(manus_id);
        let locks = self.begin(manus_id, task_id);
        self.settle();
        Ok(Answer::Started { task: self.state.task_view(task_id), locks })
    }

    fn check_start(&self, manus_id: &ManusId, task_id: &TaskId) -> Result<(), Refusal> {
        let agent = self.caller(manus_id)?;
        let task = self.open_task(task_id)?;
        match &task.stage {
            Stage::InProgress if task.assigned_to.as_ref() == Some(manus_id) => {
                let (task_id, started_by) = (task_id.clone(), manus_id.clone());
                return Err(Refusal::TaskAlreadyStarted { task_id, started_by });
            }
            Stage::Blocked => return Err(self.blocked(task_id)),
            Stage::NeedsReview => self.check_not_in_review(task_id)?,
            _ => self.check_mine(manus_id, task_id)?,
        }
        if !agent.has_room() {
            return Err(self.at_capacity(manus_id));
        }
        self.check_unheld(&task.spec.files_involved, LockMode::Exclusive, manus_id)?;
        self.check_unused(manus_id, task_id)
    }

    pub(super) fn at_capacity(&self, manus_id: &ManusId) -> Refusal {
        let agent = self.state.agent(manus_id);
        Refusal::AtCapacity {
            manus_id: manus_id.clone(),
            max_parallel: agent.map_or(0, |agent| agent.max_parallel),
            running: agent.map_or_else(Vec::new, |agent| agent.running.clone()),
        }
    }

    fn blocked(&self, task_id: &TaskId) -> Refusal {
        let task = self.state.task(task_id);
        Refusal::TaskBlocked {
            task_id: task_id.clone(),
            waiting_for: task.map_or_else(Vec::new, |task| task.waiting_for().cloned().collect()),
            blocked_reason: task.and_then(|task| task.blocked_reason(self.state)),
            held: task.is_some_and(|task| task.course.held.is_some()),
        }
    }

    /// Starts a task that may be started: its files and the task itself in one step.
    pub(super) fn begin(&mut self, manus_id: &ManusId, task_id: &TaskId) -> Vec<FileLock> {
        let files = self.state.task(task_id).map(|task| task.spec.files_involved.clone()).unwrap_or_default();
        let locks = self.grant_for_task(manus_id, task_id, &files);
        self.emit(Event::TaskStarted { task_id: task_id.clone(), manus_id: manus_id.clone() });
        locks
    }

    pub(super) fn check_mine(&self, manus_id: &ManusId, task_id: &TaskId) -> Result<(), Refusal> {
        let assigned_to = self.assignee(task_id);
        if assigned_to.as_ref() == Some(manus_id) {
            return Ok(());
        }
        Err(Refusal::TaskNotAssignedToYou {
            task_id: task_id.clone(),
            manus_id: manus_id.clone(),
            assigned_to,
        })
    }

    /// Checks that a task is in progress, in this agent's hands where one is named, and in this attempt where one is.
    pub(super) fn check_running(
        &self,
        manus_id: Option<&ManusId>,
        task_id: &TaskId,
        attempt: Option<u32>,
    ) -> Result<Progress, Refusal> {
        if let Some(manus_id) = manus_id {
            self.caller(manus_id)?;
        }
        let task = self.open_task(task_id)?;
        if task.stage == Stage::Blocked {
            return Err(self.blocked(task_id));
        }
        if let Some(manus_id) = manus_id {
            self.check_mine(manus_id, task_id)?;
        }
        self.check_not_in_review(task_id)?;
        self.check_attempt(task_id, attempt)?;
        match task.stage {
            Stage::InProgress => Ok(task.progress),
            _ => Err(Refusal::TaskNotStarted { task_id: task_id.clone(), status: task.status() }),
        }
    }

    /// Checks that the attempt that somebody speaks of is under way: a name alone does not tell whoever lost a task from
    /// whoever got it under the same name, and a call without a name speaks for anybody.
    fn check_attempt(&self, task_id: &TaskId, attempt: Option<u32>) -> Result<(), Refusal> {
        let (Some(attempt), Some(task)) = (attempt, self.state.task(task_id)) else { return Ok(()) };
        if task.stage == Stage::InProgress && task.attempts == attempt {
            return Ok(());
        }
        Err(Refusal::AttemptOver {
            task_id: task_id.clone(),
            attempt,
            attempts: task.attempts,
            status: task.status(),
            assigned_to: task.assigned_to.clone(),
        })
    }

    pub(super) fn progress(
        &mut self,
        manus_id: &ManusId,
        task_id: &TaskId,
        reported: Progress,
        note: Option<&str>,
        attempt: Option<u32>,
    ) -> Outcome {
        let current = self.check_running(Some(manus_id), task_id, attempt)?;
        if reported < current {
            return Err(Refusal::ProgressWouldGoBack { task_id: task_id.clone(), current, reported });
        }
        self.revive(manus_id);
        let (task_id, note) = (task_id.clone(), note.map(str::to_owned));
        self.emit(Event::TaskProgressed { task_id: task_id.clone(), progress: reported, note });
        self.settle();
        self.task_answer(&task_id)
    }

    pub(super) fn complete(
        &mut self,
        task_id: &TaskId,
        manus_id: Option<&ManusId>,
        result: Option<&Json>,
        needs_review: bool,
        attempt: Option<u32>,
    ) -> Outcome {
        self.check_running(manus_id, task_id, attempt)?;
        if let Some(manus_id) = manus_id {
            self.revive(manus_id);
        }
        if needs_review {
            self.ask_for_review(task_id, result);
        } else {
            self.release_task_locks(task_id);
            self.finish(task_id, result.cloned());
        }
        self.settle();
        self.task_answer(task_id)
    }

    /// Completes a task, and lets the time it took count for its agent.
    pub(super) fn finish(&mut self, task_id: &TaskId, result: Option<Json>) {
        let actual_ms = self.state.task(task_id).map_or(0, |task| task.worked_ms(self.now));
        self.emit(Event::TaskCompleted { task_id: task_id.clone(), result });
        self.score_completion(task_id, actual_ms);
    }

    pub(super) fn give_back(
        &mut self,
        manus_id: &ManusId,
        task_id: &TaskId,
        reason: Option<&str>,
        attempt: Option<u32>,
    ) -> Outcome {
        self.caller(manus_id)?;
        let running = self.open_task(task_id)?.stage == Stage::InProgress;
        self.check_mine(manus_id, task_id)?;
        self.check_not_in_review(task_id)?;
        self.check_attempt(task_id, attempt)?;
        self.revive(manus_id);
        self.declined.insert((manus_id.clone(), task_id.clone()));
        if running {
            self.return_started(task_id, ReturnCause::Released, reason);
        } else {
            let reason = reason.map(str::to_owned);
            self.emit(Event::TaskUnassigned { task_id: task_id.clone(), reason });
        }
        self.settle();
        self.task_answer(task_id)
    }

    fn return_started(&mut self, task_id: &TaskId, cause: ReturnCause, reason: Option<&str>) {
        self.release_task_locks(task_id);
        let (task_id, reason) = (task_id.clone(), reason.map(str::to_owned));
        self.emit(Event::TaskReturned { task_id, cause, reason });
    }

    pub(super) fn cancel(&mut self, task_id: &TaskId, reason: Option<&str>) -> Outcome {
        self.open_task(task_id)?;
        let reviewer = self.state.task(task_id).and_then(|task| task.course.reviewer.clone());
        let concerned: Vec<ManusId> = self.assignee(task_id).into_iter().chain(reviewer).collect();
        self.release_task_locks(task_id);
        self.emit(Event::TaskCancelled { task_id: task_id.clone(), reason: reason.map(str::to_owned) });
        for manus in concerned {
            let reason = reason.map_or(Json::Null, Json::text);
            let content = self.about(task_id, [("reason", reason)]);
            self.tell(&manus, "TASK_CANCELLED", content);
        }
        self.settle();
        self.task_answer(task_id)
    }

    pub(super) fn assign_by_hand(&mut self, task_id: &TaskId, manus_id: &ManusId) -> Outcome {
        match self.state.agent(manus_id) {
            None => return Err(Refusal::ManusNotFound { manus_id: manus_id.clone() }),
            Some(agent) if agent.presence != Presence::Here => {
                return Err(Refusal::ManusUnavailable { manus_id: manus_id.clone(), status: agent.status() });
            }
            Some(_) => {}
        }
        let task = self.open_task(task_id)?;
        self.check_not_in_review(task_id)?;
        let (running, pinned) = (task.stage == Stage::InProgress, task.pinned);
        let before = self.assignee(task_id);
        if before.as_ref() == Some(manus_id) {
            // It has the task, but from now on because somebody wants it so.
            if !running && !pinned {
                let (task_id, manus_id, cause) = (task_id.clone(), manus_id.clone(), AssignCause::ByHand);
                self.emit(Event::TaskAssigned { task_id, manus_id, cause });
            }
        } else {
            if running {
                self.return_started(task_id, ReturnCause::Reassigned, None);
            }
            self.assign(task_id, manus_id, AssignCause::ByHand);
            if let Some(before) = before {
                self.tell_moved(&before, task_id, manus_id);
            }
        }
        self.settle();
        self.task_answer(task_id)
    }

    pub(super) fn tell_moved(&mut self, before: &ManusId, task_id: &TaskId, now: &ManusId) {
        let content = self.about(task_id, [("assigned_to", Json::text(now))]);
        self.tell(before, "TASK_REASSIGNED", content);
    }

    /// An agent has lost a task, before anybody else has it.
    pub(super) fn tell_taken(&mut self, before: &ManusId, task_id: &TaskId, reason: &str) {
        let content = self.about(task_id, [("reason", Json::text(reason))]);
        self.tell(before, "TASK_REASSIGNED", content);
    }
}

pub(super) fn without_repetition(ids: impl Iterator<Item = TaskId>) -> Vec<TaskId> {
    let mut seen = crate::sorted::SortedSet::new();
    ids.filter(|id| seen.insert(id.clone())).collect()
}

/// An order in which every task of a batch comes after those of the batch that it waits for; refused where there is none.
fn in_order(tasks: &[NewTask]) -> Result<Vec<usize>, Refusal> {
    let within = |place: usize| {
        tasks[place].dependencies.iter().filter_map(|dependency| match dependency {
            Dependency::InBatch(other) if *other < tasks.len() => Some(*other),
            _ => None,
        })
    };
    let mut waiting: Vec<usize> = (0..tasks.len()).map(|place| within(place).count()).collect();
    let mut dependents: SortedMap<usize, Vec<usize>> = SortedMap::new();
    for place in 0..tasks.len() {
        within(place).for_each(|other| dependents.entry(other).or_default().push(place));
    }
    let mut order: Vec<usize> = (0..tasks.len()).filter(|place| waiting[*place] == 0).collect();
    let mut next = 0;
    while let Some(&place) = order.get(next) {
        next += 1;
        for &dependent in dependents.get(&place).into_iter().flatten() {
            waiting[dependent] -= 1;
            if waiting[dependent] == 0 {
                order.push(dependent);
            }
        }
    }
    if order.len() == tasks.len() {
        return Ok(order);
    }
    // Everything left waits for something left: following that from anywhere ends in a circle.
    let mut path: Vec<usize> = waiting.iter().position(|n| *n > 0).into_iter().collect();
    while let Some(&last) = path.last() {
        let Some(before) = within(last).find(|other| waiting[*other] > 0) else { break };
        if let Some(start) = path.iter().position(|place| *place == before) {
            path.drain(..start);
            path.push(before);
            break;
        }
        path.push(before);
    }
    // By place and title: tasks that are not created have no ids.
    let cycle = path.iter().map(|place| format!("#{} {:?}", place + 1, tasks[*place].title)).collect();
    Err(Refusal::DependencyCycle { cycle })
}
