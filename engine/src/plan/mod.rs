//! The planner: who should do which open task when, so that everything is finished as soon as possible.
//!
//! It is a pure optimiser on plain data: the caller says what is open ([`Problem`]), how long to go on, and what the plan was
//! so far; the answer is a [`Plan`]. Only tasks that nobody has started are planned. Nothing in here knows of commands and
//! events; the rules check each line of a plan again before they follow it.
//!
//! Tasks have durations, dependencies, agents able to do them and exclusive files; agents have lanes. In the terms of the
//! literature this is multi-skill project scheduling (MS-RCPSP), or a flexible job shop with several resources a task.
//!
//! How: a schedule from the list rule (`rule`) or from the plan before (`carry`), then a large neighbourhood search on the
//! critical path (`search`) over a graph of longest paths that is kept up to date (`graph`, `paths`, `places`), until the
//! caller's time is up or a lower bound (`bound`) proves that nothing better exists; last, whatever need not wait is moved
//! forward (`tidy`).

mod bound;
mod carry;
mod dice;
pub mod files;
mod flow;
mod graph;
pub mod imopse;
mod marks;
mod model;
mod objective;
mod paths;
mod places;
mod problem;
pub mod project;
mod rule;
mod schedule;
mod search;
#[cfg(test)]
mod tests;
mod tidy;
mod window;

pub use problem::{Agent, LONGEST, Problem, Running, Task, Time, USUAL_PACE};
pub use schedule::{Fault, Plan, Step};
pub use window::{Dependent, window};

use graph::Graph;
use model::Model;
use objective::{Cost, Objective};
use rule::{Draft, Rule, list_schedule};
use search::Search;

/// Plans all tasks that can be done, the better the longer it may go on.
///
/// `keep_going` is asked every few dozen microseconds of search, until it says no for the first time; never before there is a
/// complete plan. With the same problem, seed and earlier plan, and as many times "yes", the answer is the same.
///
/// The result is never worse than `previous` carried over to the problem: who was to do what, in the same order on each agent,
/// with new tasks put where they fit. It is better or it is that.
pub fn plan(
    problem: &Problem,
    seed: u64,
    previous: Option<&Plan>,
    keep_going: &mut dyn FnMut() -> bool,
) -> Plan {
    let mut going = true;
    let mut keep_going = || {
        going = going && keep_going();
        going
    };
    let model = Model::new(problem);
    let bounds = bound::by_class(&model);
    let least = objective::weighed(&bounds);
    let graph = first_schedule(problem, &model, least, previous, &mut keep_going);
    let mut search = Search::new(graph, seed);
    search.run(least, &mut keep_going);
    let mut best = search.into_best();
    tidy::tidy(&mut best);
    written(problem, &best, bounds.last().copied().unwrap_or(0))
}

/// The plan of the list rule alone: what is done when there is no time to search.
pub fn plan_by_rule(problem: &Problem) -> Plan {
    let model = Model::new(problem);
    let graph = carry::build(&model, &list_schedule(&model, Rule::ChainAndPressure));
    written(problem, &graph, bound::lower_bound(&model))
}

/// The time before which the problem cannot be finished, whatever the plan.
pub fn lower_bound(problem: &Problem) -> Time {
    bound::lower_bound(&Model::new(problem))
}

/// The best schedule to be had without search, at a cost of at least `least`.
fn first_schedule<'m>(
    problem: &Problem,
    model: &'m Model,
    least: Cost,
    previous: Option<&Plan>,
    keep_going: &mut dyn FnMut() -> bool,
) -> Graph<'m> {
    let Some(previous) = previous else {
        let mut first = First::new(model, &list_schedule(model, Rule::ChainAndPressure));
        if first.cost > least && keep_going() {
            first.offer(&list_schedule(model, Rule::Chain));
        }
        return first.best;
    };
    let mut first = First::new(model, &carry::carried(problem, model, previous));
    if model.classes > 1 {
        let draft = carry::without_overtaking(&first.best);
        first.offer(&draft);
    }
    if first.cost > least && keep_going() {
        first.offer(&list_schedule(model, Rule::ChainAndPressure));
    }
    first.best
}

/// The best of several schedules.
struct First<'m> {
    best: Graph<'m>,
    cost: Cost,
    objective: Objective,
}

impl<'m> First<'m> {
    fn new(model: &'m Model, draft: &Draft) -> Self {
        let (best, mut objective) = (carry::build(model, draft), Objective::new(model));
        Self { cost: objective.cost(&best), best, objective }
    }

    fn offer(&mut self, draft: &Draft) {
        let other = carry::build(self.best.model, draft);
        let cost = self.objective.cost(&other);
        if cost < self.cost {
            (self.best, self.cost) = (other, cost);
        }
    }
}

/// A schedule as a plan.
fn written(problem: &Problem, graph: &Graph, bound: Time) -> Plan {
    let model = graph.model;
    let id = |task: u32| problem.tasks[model.origin[task as usize] as usize].id.clone();
    let step = |&task: &u32| Step {
        task: id(task),
        agent: problem.agents[model.lane_agent[graph.lane(task) as usize] as usize].id.clone(),
        start: graph.start(task),
        finish: graph.finish(task),
    };
    let mut placed = vec![false; problem.tasks.len()];
    model.origin.iter().for_each(|&origin| placed[origin as usize] = true);
    let left_out = problem.tasks.iter().zip(&placed).filter(|(_, placed)| !**placed);
    let mut steps: Vec<Step> = graph.order().iter().map(step).collect();
    // The order of tasks of one agent that take no time is known to the list alone: the sort is stable and leaves it to them.
    let takes_time = |step: &Step| (step.start < step.finish).then(|| step.task.clone());
    steps.sort_by_cached_key(|step| (step.start, step.finish, step.agent.clone(), takes_time(step)));
    Plan {
        cost: Objective::new(model).cost(graph),
        steps,
        finish: graph.makespan().max(model.running_until),
        bound,
        critical: graph.critical_path().into_iter().map(id).collect(),
        unplaced: left_out.map(|(task, _)| task.id.clone()).collect(),
    }
}
