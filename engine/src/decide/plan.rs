//! What the rules make of a plan.
//!
//! A plan says of each open task who should do it, and when. It is a forecast, made on a picture of some moments ago; so it
//! gives nobody a task by itself. A step of it is kept in mind when it still holds, and followed when its time comes: a task
//! that becomes ready goes to the agent planned; an agent with a free hand gets what the plan has for it, out of somebody
//! else's queue if need be; a queue is worked off in the plan's order. So a queued task moves at most when somebody can begin
//! it at once, however often the plan changes before.

use super::{Outcome, Rules};
use crate::answer::Answer;
use crate::event::{AssignCause, Event, PlannedStep};
use crate::ids::{ManusId, TaskId, TimeMs};
use crate::pattern::FilePattern;
use crate::sorted::SortedSet;
use crate::state::{Agent, Presence, Rank, Stage, Task};

/// Nothing is planned farther ahead: a hundred years, in milliseconds.
const FARTHEST_MS: TimeMs = 100 * 365 * 24 * 3_600_000;
/// How many of the tasks that the plan has for an agent are looked through for one to begin.
const PROMISES_CONSIDERED: usize = 64;
/// How many tasks that are due soon are looked through for the files that they need.
const TURNS_CONSIDERED: usize = 64;
/// Whoever has a task that is due is expected to begin it within this time.
const BEGINS_WITHIN_MS: TimeMs = 10_000;
/// An agent waits for what the plan has for it at most this part of the time that it would spend on something else.
const PATIENCE: TimeMs = 4;

impl Rules<'_> {
    /// Takes over of a plan what still holds; the rest is dropped, and will be in the next plan as it then is.
    pub(super) fn adopt_plan(&mut self, steps: &[PlannedStep], ended: &[TaskId]) -> Outcome {
        let mut seen = SortedSet::new();
        let steps: Vec<PlannedStep> = steps
            .iter()
            .filter(|step| seen.insert(&step.task_id) && self.still_holds(step))
            .cloned()
            .collect();
        let expected = |task: &Task| task.planned.is_some() && is_open(task);
        let over = |id: &TaskId| self.state.task(id).is_some_and(expected);
        let ended: Vec<TaskId> = ended.iter().filter(|id| seen.insert(id) && over(id)).cloned().collect();
        if steps.is_empty() && ended.is_empty() {
            return Ok(Answer::Done);
        }
        let tasks = steps.iter().map(|step| &step.task_id).chain(&ended);
        let before = tasks.filter_map(|id| Some(self.state.task(id)?.planned.as_ref()?.manus_id.clone()));
        let mut concerned: SortedSet<ManusId> = before.collect();
        concerned.extend(steps.iter().map(|step| step.manus_id.clone()));
        self.emit(Event::TasksPlanned { steps, ended });
        concerned.retain(|manus| self.could_begin_more(manus));
        self.to_feed.extend(concerned);
        self.settle();
        Ok(Answer::Done)
    }

    /// Whether a step says something new that can happen as things are now.
    fn still_holds(&self, step: &PlannedStep) -> bool {
        let PlannedStep { task_id, manus_id, start_ms, finish_ms } = step;
        let (Some(task), Some(agent)) = (self.state.task(task_id), self.state.agent(manus_id)) else {
            return false;
        };
        let makes_sense = 0 <= *start_ms && start_ms <= finish_ms && finish_ms - self.now <= FARTHEST_MS;
        let known = task.planned.as_ref().is_some_and(|planned| {
            (&planned.manus_id, &planned.start_ms, &planned.finish_ms) == (manus_id, start_ms, finish_ms)
        });
        let has_it = task.assigned_to.as_ref() == Some(manus_id);
        let fits = match task.stage {
            Stage::InProgress => has_it,
            _ if !is_open(task) => false,
            _ if task.pinned => has_it,
            _ => !agent.draining && agent.can(&task.need) && !self.gave_back(manus_id, task),
        };
        makes_sense && !known && fits && agent.presence == Presence::Here
    }

    /// Who should do a ready task by the plan: while its time has not passed, or when its agent could begin it at once.
    pub(super) fn choose_by_plan(&self, task: &Task) -> Option<ManusId> {
        let planned = task.planned.as_ref()?;
        let agent = self.state.agent(&planned.manus_id)?;
        let in_time = planned.start_ms >= self.now || agent.has_free_hand();
        let able = agent.takes_work(self.state.settings()) && agent.can(&task.need);
        let declined = self.has_declined(&agent.id, &task.spec.id) || self.gave_back(&agent.id, task);
        let chosen = in_time && able && !declined && self.is_open_to(&agent.id, &task.spec.id);
        chosen.then(|| agent.id.clone())
    }

    /// Gives an agent what the plan has for it, as long as it could begin that at once.
    pub(super) fn keep_promises(&mut self, manus_id: &ManusId) {
        while self.could_begin_more(manus_id) {
            let Some(rank) = self.best_promised(manus_id) else { return };
            let before = self.assignee(&rank.task);
            self.assign(&rank.task, manus_id, AssignCause::Plan);
            if let Some(before) = before {
                self.tell_moved(&before, &rank.task, manus_id);
            }
        }
    }

    /// The first of the tasks that the plan has for an agent and others have in their queues, or nobody has, if this agent can
    /// begin it now.
    pub(super) fn best_promised(&self, manus_id: &ManusId) -> Option<Rank> {
        let agent = self.state.agent(manus_id)?;
        if agent.presence != Presence::Here || agent.draining {
            return None;
        }
        let promised = agent.promised.iter().take(PROMISES_CONSIDERED);
        let ready = promised.filter_map(|(start_ms, id)| {
            let task = self.state.task(id).filter(|task| task.stage == Stage::Pending && !task.pinned)?;
            let free = task.course.retry_at_ms.is_none() && agent.can(&task.need);
            let declined = self.has_declined(manus_id, id) || self.gave_back(manus_id, task);
            let begins = free && !declined && self.can_begin(manus_id, id);
            (begins && self.plan_allows(agent, task)).then(|| task.rank_at(*start_ms))
        });
        ready.min()
    }

    /// Whether the plan has nothing against an agent's beginning a task now.
    ///
    /// It has when it keeps a hand of the agent free for something else that is due soon: within a quarter of the time that
    /// this task would take; a longer wait costs more than it gains, given what estimates are worth. And it has when
    /// somebody else is to finish the task sooner than this agent would.
    pub(super) fn plan_allows(&self, agent: &Agent, task: &Task) -> bool {
        let done_ms = self.now + agent.needs_ms(task.spec.estimated_duration);
        let elsewhere = task.expected(self.now).filter(|planned| planned.manus_id != agent.id);
        elsewhere.is_none_or(|planned| done_ms <= planned.finish_ms)
            && !self.is_kept_free(agent, task)
            && !self.keeps_files_free(agent, task)
    }

    /// Whether the plan wants the files of a task for others that are due soon, or due now and about to be begun: an agent that
    /// asks first would otherwise take them away from under those for which they are planned.
    fn keeps_files_free(&self, agent: &Agent, task: &Task) -> bool {
        let files = &task.spec.files_involved;
        if files.is_empty() || self.state.work.turns.is_empty() {
            return false;
        }
        let here = task.planned.as_ref().filter(|planned| planned.manus_id == agent.id);
        let turn_ms = here.map_or(TimeMs::MAX, |planned| planned.start_ms);
        let patience_ms = agent.needs_ms(task.spec.estimated_duration) / PATIENCE;
        let from = (self.now - BEGINS_WITHIN_MS, TaskId::numbered(0));
        let due = self.state.work.turns.range(from..);
        let due = due.take_while(|(start_ms, _)| *start_ms <= self.now + patience_ms && *start_ms < turn_ms);
        let due = due.take(TURNS_CONSIDERED).filter_map(|(_, id)| self.state.task(id));
        let wants = |other: &Task| {
            let collides = |file: &FilePattern| files.iter().any(|mine| mine.meets(file));
            other.urgency <= task.urgency && other.spec.files_involved.iter().any(collides)
        };
        due.filter(|other| other.spec.id != task.spec.id).any(wants)
    }

    fn is_kept_free(&self, agent: &Agent, task: &Task) -> bool {
        let here = task.planned.as_ref().filter(|planned| planned.manus_id == agent.id);
        let turn_ms = here.map_or(TimeMs::MAX, |planned| planned.start_ms);
        let patience_ms = agent.needs_ms(task.spec.estimated_duration) / PATIENCE;
        let soon = |start_ms: TimeMs| {
            self.now <= start_ms && start_ms <= self.now + patience_ms && start_ms < turn_ms
        };
        let promised = agent.promised.iter().take_while(|(start_ms, _)| *start_ms <= self.now + patience_ms);
        let promised = promised.map(|(start_ms, id)| (*start_ms, id));
        let queued = agent.queue.iter().map(|rank| (rank.turn_ms, &rank.task));
        // What is due and can begin is no reason to wait: it is begun instead.
        let due = promised.chain(queued).filter(|(start_ms, id)| {
            let as_urgent = |other: &Task| other.urgency <= task.urgency;
            let waits = |other: &Task| other.stage == Stage::Blocked || !self.can_begin(&agent.id, id);
            soon(*start_ms) && self.state.task(id).is_some_and(|other| as_urgent(other) && waits(other))
        });
        let free_hands = (agent.max_parallel as usize).saturating_sub(agent.running.len());
        due.take(free_hands).count() >= free_hands
    }
}

/// Neither closed nor up for review, and nobody holds it back.
fn is_open(task: &Task) -> bool {
    matches!(task.stage, Stage::Pending | Stage::Blocked) && task.course.held.is_none()
}
