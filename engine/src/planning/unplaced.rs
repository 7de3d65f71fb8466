//! What a plan has no place for, and why.

use std::collections::BTreeSet;

use super::Outlook;
use crate::ids::TaskId;
use crate::state::{Outcome, Presence, Stage, State, Task};

/// How many tasks are named at most.
const NAMED: usize = 200;
/// How many tasks are looked through for such as nothing can be done about.
const LOOKED_AT: usize = 10_000;

impl Outlook {
    /// Open tasks that the plan has no place for, each with the reason in a sentence; the first 200. Of more open tasks than
    /// are planned, only those that are held back or that nobody can do.
    pub fn unplaced(&self, state: &State) -> Vec<(TaskId, String)> {
        let placed: BTreeSet<&TaskId> = self.plan.steps.iter().map(|step| &step.task).collect();
        let open = |task: &&Task| matches!(task.stage, Stage::Pending | Stage::Blocked);
        let left_out = |task: &&Task| open(task) && !placed.contains(&task.spec.id);
        let tasks: Vec<&Task> = if self.sketch.is_full() {
            let ids: BTreeSet<&TaskId> = self.plan.unplaced.iter().chain(&state.work.held).collect();
            ids.into_iter().filter_map(|id| state.task(id)).filter(left_out).take(NAMED).collect()
        } else {
            state.tasks().take(LOOKED_AT).filter(left_out).take(NAMED).collect()
        };
        tasks.into_iter().map(|task| (task.spec.id.clone(), why(state, &placed, task))).collect()
    }
}

fn why(state: &State, placed: &BTreeSet<&TaskId>, task: &Task) -> String {
    if let Some(reason) = task.course.held.as_ref().or(task.blocked_reason(state).as_ref()) {
        return format!("it is held back: {reason}");
    }
    let here = || state.agents().filter(|agent| agent.presence == Presence::Here);
    if here().next().is_none() {
        return "no agent is there".to_owned();
    }
    if !here().any(|agent| !agent.draining && agent.can(&task.need)) {
        let need: Vec<&str> = task.need.iter().map(|capability| capability.as_str()).collect();
        return match need.is_empty() {
            true => "every agent that is there is draining".to_owned(),
            false => format!("no agent that gets new work has {}", need.join(", ")),
        };
    }
    let stuck = task.waiting_for().find(|id| {
        let waits = state.task(id).is_some_and(|task| matches!(task.stage, Stage::Pending | Stage::Blocked));
        waits && !placed.contains(id) || state.outcome(id) == Some(Outcome::Cancelled)
    });
    match stuck {
        Some(id) => format!("it waits for {id}, which has no place in the plan either"),
        None => "it is newer than the plan".to_owned(),
    }
}
