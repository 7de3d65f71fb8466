//! From a state to a plan, and back to what the rules can follow.
//!
//! A [`Sketch`] is what a plan needs to know of a state, copied out in bounded pieces. A [`Planner`] turns sketches into plans,
//! each from the one before, and says with [`Command::AdoptPlan`] where a plan differs from what the state expects so far.
//! Nothing in here changes a state; the rules (`decide/plan.rs`) look at each step again.
//!
//! Only hub and simulation call this. The browser does not, so that the planner is no part of what it loads.

mod adoption;
mod problem;
mod sketch;
mod unplaced;

pub use adoption::forget;
pub use sketch::{Sketch, WINDOW};

use crate::capability::Capability;
use crate::command::Command;
use crate::event::PlannedStep;
use crate::ids::TimeMs;
use crate::plan::{self, Plan, Problem};

/// A plan replaces the one that is followed when it costs less by this part at least: a quarter of a per cent.
const WORTH: u128 = 400;

/// Plans again and again, and sees to it that a plan is not given up for next to nothing.
///
/// It keeps two plans: the one that is followed, and the best one found. The search goes on from the best; only when that has
/// become better than the followed one by more than a threshold, both as of now, is it followed in turn. So small gains add up
/// without moving tasks to and fro.
#[derive(Debug, Clone, Default)]
pub struct Planner {
    followed: Option<Plan>,
    best: Option<Plan>,
}

/// A plan with the problem that it solves.
#[derive(Debug, Clone, PartialEq)]
pub struct Outlook {
    /// What was to be planned. Its times count from `sketch.now_ms()`.
    pub problem: Problem,
    /// Who does what, and when.
    pub plan: Plan,
    /// What the problem was made of.
    pub sketch: Sketch,
}

impl Planner {
    /// Plans what a sketch shows. `keep_going` is asked again and again whether there is time left for a better plan; with the
    /// same sketches and seeds, and as many times "yes", the plans are the same.
    pub fn plan(&mut self, sketch: Sketch, seed: u64, keep_going: &mut dyn FnMut() -> bool) -> Outlook {
        let problem = sketch.problem();
        let best = self.best.as_ref().or(self.followed.as_ref());
        let best = plan::plan(&problem, seed, best, keep_going);
        let carried =
            self.followed.as_ref().map(|plan| plan::plan(&problem, seed, Some(plan), &mut || false));
        let plan = match carried {
            Some(carried) if best.cost + best.cost / WORTH >= carried.cost => carried,
            _ => best.clone(),
        };
        self.best = Some(best);
        self.followed = Some(plan.clone());
        Outlook { problem, plan, sketch }
    }
}

impl Outlook {
    /// The same project with one more agent, who has nothing to do and can do this: what the plan would be then.
    pub fn with_one_more(
        &self,
        capabilities: Vec<Capability>,
        seed: u64,
        keep_going: &mut dyn FnMut() -> bool,
    ) -> Self {
        let sketch = self.sketch.with_one_more(capabilities);
        let problem = sketch.problem();
        // From the plan as it is, and by the list rule alone: with no time to search, the former would leave the new one idle.
        let carried = plan::plan(&problem, seed, Some(&self.plan), keep_going);
        let listed = plan::plan(&problem, seed, None, &mut || false);
        let plan = if listed.cost < carried.cost { listed } else { carried };
        Self { problem, plan, sketch }
    }

    /// When everything in the plan should be finished.
    pub fn finish_ms(&self) -> TimeMs {
        self.at_ms(self.plan.finish)
    }

    /// The moment before which no plan is finished.
    pub fn lower_bound_ms(&self) -> TimeMs {
        self.at_ms(self.plan.bound)
    }

    /// What is under way and what comes next, by start; with each, whether it is under way.
    pub fn expected(&self) -> Vec<(PlannedStep, bool)> {
        let running = self.sketch.running().map(|step| (step, true));
        let next = self.plan.steps.iter().map(|step| PlannedStep {
            task_id: step.task.clone(),
            manus_id: step.agent.clone(),
            start_ms: self.at_ms(step.start),
            finish_ms: self.at_ms(step.finish),
        });
        let mut all: Vec<_> = running.chain(next.map(|step| (step, false))).collect();
        all.sort_by_key(|(step, running)| (step.start_ms, !running));
        all
    }

    fn at_ms(&self, time: plan::Time) -> TimeMs {
        self.sketch.now_ms.saturating_add_unsigned(time)
    }

    /// When the first of what is under way should be done.
    pub fn next_end_ms(&self) -> Option<TimeMs> {
        let ends = self.problem.running.iter().map(|running| running.until);
        ends.min().map(|until| self.at_ms(until))
    }

    /// What the rules should know of the plan: where it differs from what is expected so far by more than a trifle. `None` when
    /// it does not.
    pub fn adoption(&self) -> Option<Command> {
        adoption::adoption(self)
    }
}
