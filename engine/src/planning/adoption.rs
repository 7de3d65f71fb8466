//! From a plan to what the rules should know of it.
//!
//! What is expected of a task is written down with the task, and shown wherever the task is. So it is told again only when it has
//! changed by more than a trifle, and one agent's tasks stand in the plan's order whatever is told again and what is not.

use std::collections::{BTreeMap, BTreeSet};

use super::Outlook;
use super::sketch::{At, Open};
use crate::command::Command;
use crate::event::PlannedStep;
use crate::ids::{ManusId, TaskId, TimeMs};
use crate::plan::Time;
use crate::state::{Stage, State, Task};

/// A trifle is a part of the time until then: a sixteenth, …
const TRIFLE: TimeMs = 16;
/// … or half a minute if that is more.
const TRIFLE_LEAST_MS: TimeMs = 30_000;

pub(super) fn adoption(outlook: &Outlook) -> Option<Command> {
    let Outlook { plan, sketch, .. } = outlook;
    let known: BTreeMap<&TaskId, &Open> = sketch.tasks.iter().map(|open| (&open.spec.id, open)).collect();
    let at_ms = |time: Time| sketch.now_ms.saturating_add_unsigned(time);
    let mut steps = Vec::new();
    let mut last: BTreeMap<&ManusId, TimeMs> = BTreeMap::new();
    for step in &plan.steps {
        let Some(open) = known.get(&step.task) else { continue };
        let (start_ms, finish_ms) = (at_ms(step.start), at_ms(step.finish));
        let last_ms = last.entry(&step.agent).or_insert(TimeMs::MIN);
        let stays = open.planned.as_ref().filter(|planned| {
            planned.manus_id == step.agent
                && planned.start_ms > *last_ms
                && is_trifle(sketch.now_ms, start_ms, planned.start_ms)
                && is_trifle(sketch.now_ms, finish_ms, planned.finish_ms)
        });
        let start_ms = stays.map_or(start_ms.max(last_ms.saturating_add(1)), |planned| planned.start_ms);
        *last_ms = start_ms;
        if stays.is_none() {
            let (task_id, manus_id) = (step.task.clone(), step.agent.clone());
            steps.push(PlannedStep { task_id, manus_id, start_ms, finish_ms: finish_ms.max(start_ms) });
        }
    }
    steps.extend(sketch.tasks.iter().filter_map(|open| late(outlook, open)));
    let planned: BTreeSet<&TaskId> = plan.steps.iter().map(|step| &step.task).collect();
    let over = sketch.tasks.iter().filter(|open| {
        open.stage == At::Waiting && open.planned.is_some() && !planned.contains(&open.spec.id)
    });
    let ended: Vec<TaskId> = over.map(|open| open.spec.id.clone()).collect();
    (!steps.is_empty() || !ended.is_empty()).then_some(Command::AdoptPlan { steps, ended })
}

/// Ends what is expected of all tasks that nobody has started; `None` when that is nothing. Looks at all tasks.
pub fn forget(state: &State) -> Option<Command> {
    let waits =
        |task: &&Task| matches!(task.stage, Stage::Pending | Stage::Blocked) && task.planned.is_some();
    let ended: Vec<TaskId> = state.tasks().filter(waits).map(|task| task.spec.id.clone()).collect();
    (!ended.is_empty()).then_some(Command::AdoptPlan { steps: Vec::new(), ended })
}

/// What is expected now of a task under way, where that is something else than before.
fn late(outlook: &Outlook, open: &Open) -> Option<PlannedStep> {
    let (At::Running { since_ms, .. }, Some(manus_id)) = (open.stage, open.assigned_to.clone()) else {
        return None;
    };
    let now_ms = outlook.sketch.now_ms;
    let finish_ms = now_ms.saturating_add_unsigned(outlook.sketch.ends(open));
    let before = open.planned.as_ref().map_or(TimeMs::MIN, |planned| planned.finish_ms);
    let start_ms = open.planned.as_ref().map_or(since_ms, |planned| planned.start_ms);
    let task_id = open.spec.id.clone();
    (!is_trifle(now_ms, finish_ms, before)).then_some(PlannedStep { task_id, manus_id, start_ms, finish_ms })
}

/// Whether it hardly matters that something is now expected at one moment and not at another.
fn is_trifle(now_ms: TimeMs, expected_ms: TimeMs, before_ms: TimeMs) -> bool {
    let difference = expected_ms.abs_diff(before_ms);
    difference <= ((expected_ms - now_ms) / TRIFLE).max(TRIFLE_LEAST_MS).unsigned_abs()
}
