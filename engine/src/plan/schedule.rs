//! A plan: who does what, and when; and the check that it can be carried out.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::problem::{Problem, Time};
use crate::ids::{ManusId, TaskId};

/// One task in a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What.
    pub task: TaskId,
    /// Who.
    pub agent: ManusId,
    /// From when.
    pub start: Time,
    /// Until when.
    pub finish: Time,
}

/// A schedule for all open tasks that can be done.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Plan {
    /// By start, then by finish; one agent's steps are in the order in which it takes them.
    pub steps: Vec<Step>,
    /// When everything is finished, what is running included.
    pub finish: Time,
    /// No plan for the same problem finishes before this.
    pub bound: Time,
    /// A chain of steps each of which begins when the one before ends, up to the latest finish: to finish sooner, one of
    /// these must move.
    pub critical: Vec<TaskId>,
    /// What cannot be done: nobody is able, or it waits for something that cannot be done.
    pub unplaced: Vec<TaskId>,
    /// What the search makes small: the finish, and the finishes of the more urgent tasks before it. To compare plans for one
    /// problem.
    pub cost: u128,
}

/// Why a plan cannot be carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the sentences say what the fields are")]
pub enum Fault {
    #[error("{0} is not to be planned, stands in the plan twice, or is done by somebody unknown")]
    Stray(TaskId),
    #[error("{0} is missing")]
    Missing(TaskId),
    #[error("{agent} is not able to do {task}")]
    NotAble { task: TaskId, agent: ManusId },
    #[error("{0} does not take the time that its agent needs for it")]
    WrongSpan(TaskId),
    #[error("{task} starts at {start}, though it cannot start before {earliest}")]
    TooEarly { task: TaskId, start: Time, earliest: Time },
    #[error("{agent} would do {count} tasks at once at {at}, more than its {lanes}")]
    Overbooked { agent: ManusId, at: Time, count: i64, lanes: u32 },
    #[error("exclusive file number {machine} would serve two tasks at {at}")]
    Contested { machine: usize, at: Time },
}

impl Plan {
    /// The steps of one agent, in their order.
    pub fn of_agent<'a>(&'a self, agent: &'a ManusId) -> impl Iterator<Item = &'a Step> {
        self.steps.iter().filter(move |step| step.agent == *agent)
    }

    /// How many tasks this plan gives to another agent than an earlier plan did.
    pub fn moved_since(&self, earlier: &Plan) -> usize {
        let agents: BTreeMap<_, _> = earlier.steps.iter().map(|step| (&step.task, &step.agent)).collect();
        let moved = |step: &&Step| agents.get(&step.task).is_some_and(|agent| **agent != step.agent);
        self.steps.iter().filter(moved).count()
    }

    /// Checks the plan against its problem: every task that is not `unplaced` exactly once, by somebody able, for as long as
    /// it takes, after what it waits for, with no agent and no exclusive file used beyond what it can serve.
    pub fn check(&self, problem: &Problem) -> Result<(), Fault> {
        let chosen = self.match_up(problem)?;
        let mut crowds = Crowds::new(problem);
        for (index, task) in problem.tasks.iter().enumerate() {
            let Some((step, agent)) = chosen[index] else {
                if self.unplaced.contains(&task.id) {
                    continue;
                }
                return Err(Fault::Missing(task.id.clone()));
            };
            let able =
                problem.groups.get(task.group as usize).is_some_and(|group| group.contains(&(agent as u32)));
            if !able {
                return Err(Fault::NotAble { task: task.id.clone(), agent: step.agent.clone() });
            }
            if step.start + Problem::span(task.duration, &problem.agents[agent]) != step.finish {
                return Err(Fault::WrongSpan(task.id.clone()));
            }
            let before = task.after.iter().map(|&before| {
                let step = chosen.get(before as usize).copied().flatten();
                step.map_or(Time::MAX, |(step, _)| step.finish)
            });
            let free = task.machines.iter().map(|&machine| problem.machines[machine as usize]);
            let earliest = problem.now.max(task.release).max(problem.agents[agent].free_at);
            let earliest = before.chain(free).fold(earliest, Time::max);
            if step.start < earliest {
                return Err(Fault::TooEarly { task: task.id.clone(), start: step.start, earliest });
            }
            crowds.add(agent, step.start, step.finish, &task.machines);
        }
        crowds.check(problem)
    }

    /// Per task of the problem: its step, and the index of the agent.
    fn match_up(&self, problem: &Problem) -> Result<Vec<Option<(&Step, usize)>>, Fault> {
        let tasks: BTreeMap<_, _> =
            problem.tasks.iter().enumerate().map(|(index, task)| (&task.id, index)).collect();
        let agents: BTreeMap<_, _> =
            problem.agents.iter().enumerate().map(|(index, agent)| (&agent.id, index)).collect();
        let mut chosen = vec![None; problem.tasks.len()];
        for step in &self.steps {
            let place = tasks.get(&step.task).zip(agents.get(&step.agent));
            let Some((&task, &agent)) = place.filter(|(task, _)| chosen[**task].is_none()) else {
                return Err(Fault::Stray(step.task.clone()));
            };
            chosen[task] = Some((step, agent));
        }
        Ok(chosen)
    }
}

/// How many begin and end at which times.
type Changes = Vec<(Time, i64)>;

/// Who and what is busy when.
struct Crowds {
    agents: Vec<Changes>,
    machines: Vec<Changes>,
}

impl Crowds {
    fn new(problem: &Problem) -> Self {
        let mut crowds = Self {
            agents: vec![Vec::new(); problem.agents.len()],
            machines: vec![Vec::new(); problem.machines.len()],
        };
        for running in &problem.running {
            crowds.add(
                running.agent as usize,
                problem.now,
                running.until.max(problem.now),
                &running.machines,
            );
        }
        crowds
    }

    fn add(&mut self, agent: usize, start: Time, finish: Time, machines: &[u32]) {
        let span = [(start, 1), (finish, -1)];
        self.agents[agent].extend(span);
        for (place, &machine) in machines.iter().enumerate() {
            // A file named twice is still one file.
            if !machines[..place].contains(&machine) {
                self.machines[machine as usize].extend(span);
            }
        }
    }

    fn check(&mut self, problem: &Problem) -> Result<(), Fault> {
        for (data, changes) in problem.agents.iter().zip(&mut self.agents) {
            // What already runs may be too much; nothing is added to it before there is room.
            let running =
                problem.running.iter().filter(|running| problem.agents[running.agent as usize].id == data.id);
            let allowed = i64::from(data.lanes).max(running.count() as i64);
            if let Some((at, count)) = overflow(changes, allowed) {
                return Err(Fault::Overbooked { agent: data.id.clone(), at, count, lanes: data.lanes });
            }
        }
        for (machine, changes) in self.machines.iter_mut().enumerate() {
            if let Some((at, _)) = overflow(changes, 1) {
                return Err(Fault::Contested { machine, at });
            }
        }
        Ok(())
    }
}

/// When first, if ever, more than `allowed` are there at once, and how many.
fn overflow(changes: &mut Changes, allowed: i64) -> Option<(Time, i64)> {
    // Ends before beginnings: what ends at a time makes room for what begins then.
    changes.sort_unstable();
    let mut count = 0;
    changes.iter().find_map(|&(at, change)| {
        count += change;
        (count > allowed).then_some((at, count))
    })
}
