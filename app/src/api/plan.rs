//! Who should do what when: the plan as it stands.

use engine::{Capability, ManusId, TaskId, TimeMs};
use serde::{Deserialize, Serialize};

use super::call::server_call;

server_call! {
    /// The plan for all open tasks: who should do what when, what the finish depends on, and what has no place in it.
    plan: GetPlan -> Plan,
    needs {}
    takes {
        /// What a further agent could do: tells how much sooner everything would be finished with one.
        with_capabilities: Vec<Capability>,
    }
    refuses {}
}

/// The answer to `plan`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct Plan {
    /// As of when.
    pub now_ms: TimeMs,
    /// When everything in the plan should be finished.
    pub finish_ms: TimeMs,
    /// No plan for these tasks and agents finishes before this.
    pub lower_bound_ms: TimeMs,
    /// What is under way and what comes next, by expected start.
    pub schedule: Vec<PlannedTask>,
    /// Tasks each of which begins when the one before ends, up to the last: to finish sooner, one of these must.
    pub critical_path: Vec<TaskId>,
    /// Open tasks without a place in the plan; the first 200.
    pub unplaced: Vec<Unplaced>,
    /// False when there are more open tasks than are planned: then these are the most pressing ones.
    pub complete: bool,
    /// With one more agent, if that was asked.
    pub with_one_more: Option<OneMore>,
}

/// A task in the plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct PlannedTask {
    /// Which.
    pub task_id: TaskId,
    /// Its title.
    pub title: String,
    /// Who does it, or should do it.
    pub manus_id: ManusId,
    /// When it began or should begin.
    pub expected_start_ms: TimeMs,
    /// When it should be done.
    pub expected_finish_ms: TimeMs,
    /// True once it is in progress.
    pub running: bool,
}

/// An open task without a place in the plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct Unplaced {
    /// Which.
    pub task_id: TaskId,
    /// Why, in a sentence.
    pub reason: String,
}

/// What a further agent would change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct OneMore {
    /// What it could do.
    pub capabilities: Vec<Capability>,
    /// When everything in the plan should be finished then.
    pub finish_ms: TimeMs,
    /// How much sooner that is.
    pub saves_ms: TimeMs,
    /// How many tasks would have a place in the plan that have none now.
    pub more_tasks: usize,
}

#[cfg(feature = "ssr")]
mod answers {
    use std::sync::Arc;

    use engine::State;
    use engine::planning::Outlook;

    use super::super::bounds;
    use super::super::door::{hub, read};
    use super::super::error::ApiError;
    use super::*;

    impl GetPlan {
        pub(super) async fn answer(self) -> Result<Plan, ApiError> {
            if let Some(capabilities) = &self.with_capabilities {
                bounds::count("with_capabilities", capabilities.len(), bounds::CAPABILITIES_MAX)?;
            }
            let hub = hub()?;
            let outlook = hub.plan().await?;
            let mut plan = read(|state| written(&outlook, state))?;
            if let Some(capabilities) = self.with_capabilities {
                plan.with_one_more = Some(one_more(&hub, outlook, capabilities).await?);
            }
            Ok(plan)
        }
    }

    async fn one_more(
        hub: &hub::Hub,
        outlook: Arc<Outlook>,
        capabilities: Vec<Capability>,
    ) -> Result<OneMore, ApiError> {
        let with = hub.plan_with_one_more(outlook.clone(), capabilities.clone()).await?;
        let (finish_ms, now_ms) = (with.finish_ms(), outlook.finish_ms());
        let more_tasks = with.plan.steps.len().saturating_sub(outlook.plan.steps.len());
        Ok(OneMore { capabilities, finish_ms, saves_ms: (now_ms - finish_ms).max(0), more_tasks })
    }

    fn written(outlook: &Outlook, state: &State) -> Plan {
        let expected = outlook.expected();
        let title = |id: &TaskId| state.task(id).map_or_else(String::new, |task| task.spec().title.clone());
        let schedule = expected.into_iter().map(|(step, running)| PlannedTask {
            title: title(&step.task_id),
            task_id: step.task_id,
            manus_id: step.manus_id,
            expected_start_ms: step.start_ms,
            expected_finish_ms: step.finish_ms,
            running,
        });
        let unplaced = outlook.unplaced(state).into_iter();
        Plan {
            now_ms: outlook.sketch.now_ms(),
            finish_ms: outlook.finish_ms(),
            lower_bound_ms: outlook.lower_bound_ms(),
            schedule: schedule.collect(),
            critical_path: outlook.plan.critical.clone(),
            unplaced: unplaced.map(|(task_id, reason)| Unplaced { task_id, reason }).collect(),
            complete: !outlook.sketch.is_full(),
            with_one_more: None,
        }
    }
}
