//! What is to be planned: plain data, filled in by the caller.

use serde::{Deserialize, Serialize};

use crate::ids::{ManusId, TaskId};
use crate::values::Priority;

/// A point in time or a span, in whatever unit the caller counts: the planner only adds and compares.
pub type Time = u64;

/// No task takes longer than this (two years, in milliseconds), so that sums cannot overflow.
pub const LONGEST: Time = 1 << 36;
/// The [`Agent::pace`] of an agent who needs exactly the estimate.
pub const USUAL_PACE: u32 = 1000;

/// The open tasks that nobody has started, who could do them, and what is under way.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Problem {
    /// Nothing starts before this.
    pub now: Time,
    /// Who works.
    pub agents: Vec<Agent>,
    /// Sets of agents (indices into `agents`) that can do the same tasks. Tasks with one need share a group.
    pub groups: Vec<Vec<u32>>,
    /// Exclusive files: each serves one task at a time. The value says when it is free of whatever is not in `running`.
    pub machines: Vec<Time>,
    /// What is to be planned.
    pub tasks: Vec<Task>,
    /// What is under way and stays where it is.
    pub running: Vec<Running>,
}

/// Somebody who does tasks, one a lane at a time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Agent {
    /// Its name; agents keep it from one problem to the next.
    pub id: ManusId,
    /// How many tasks at a time (`max_parallel`).
    pub lanes: u32,
    /// When it becomes available, whatever it may be running.
    pub free_at: Time,
    /// Thousandths of the estimate that it needs: 1000 as estimated, 800 faster.
    pub pace: u32,
}

/// A task that nobody has started.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// Its name; tasks keep it from one problem to the next.
    pub id: TaskId,
    /// How long it is expected to take.
    pub duration: Time,
    /// Who can do it: an index into [`Problem::groups`].
    pub group: u32,
    /// What must be finished before: indices into [`Problem::tasks`]. What is already running counts through `release`.
    pub after: Vec<u32>,
    /// The exclusive files it occupies from start to finish: indices into [`Problem::machines`].
    pub machines: Vec<u32>,
    /// How urgent it is.
    pub priority: Priority,
    /// It cannot start before this.
    pub release: Time,
}

/// A task under way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Running {
    /// Who does it: an index into [`Problem::agents`].
    pub agent: u32,
    /// When it is expected to be finished.
    pub until: Time,
    /// The exclusive files it occupies until then.
    pub machines: Vec<u32>,
}

impl Agent {
    /// An agent that is there, does one task at a time and needs what was estimated.
    pub fn new(id: ManusId) -> Self {
        Self { id, lanes: 1, free_at: 0, pace: USUAL_PACE }
    }
}

impl Task {
    /// A task without conditions.
    pub fn new(id: TaskId, duration: Time, group: u32) -> Self {
        let (after, machines) = (Vec::new(), Vec::new());
        Self { id, duration, group, after, machines, priority: Priority::Medium, release: 0 }
    }
}

impl Problem {
    /// The number of the group of exactly these agents, made if need be.
    pub fn group_of(&mut self, mut agents: Vec<u32>) -> u32 {
        agents.sort_unstable();
        agents.dedup();
        let place = self.groups.iter().position(|group| *group == agents).unwrap_or_else(|| {
            self.groups.push(agents);
            self.groups.len() - 1
        });
        place as u32
    }

    /// How long this agent needs for a task of this duration: rounded up, at most [`LONGEST`].
    pub fn span(duration: Time, agent: &Agent) -> Time {
        scaled(duration, agent.pace)
    }

    /// When each lane of an agent is free: the last to end of what it runs keep their lanes, as many as there are lanes.
    pub(super) fn lanes_free_at(&self, agent: usize) -> Vec<Time> {
        let from = self.agents[agent].free_at.max(self.now);
        let running = self.running.iter().filter(|running| running.agent as usize == agent);
        let mut ends: Vec<Time> = running.map(|running| running.until.max(from)).collect();
        ends.sort_unstable_by(|a, b| b.cmp(a));
        ends.resize(self.agents[agent].lanes as usize, from);
        ends
    }

    /// When each exclusive file is free.
    pub(super) fn machines_free_at(&self) -> Vec<Time> {
        let mut free = self.machines.clone();
        for running in &self.running {
            for machine in &running.machines {
                if let Some(free) = free.get_mut(*machine as usize) {
                    *free = (*free).max(running.until);
                }
            }
        }
        free
    }
}

/// A duration at a pace, rounded up, at most [`LONGEST`].
pub(super) fn scaled(duration: Time, pace: u32) -> Time {
    (duration.min(LONGEST) * Time::from(pace)).div_ceil(Time::from(USUAL_PACE)).min(LONGEST)
}
