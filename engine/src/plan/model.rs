//! The problem as the search reads it: dense indices, flat arrays, everything looked up once.

use super::problem::{LONGEST, Problem, Task, Time, USUAL_PACE, scaled};

/// Rows of numbers in one allocation.
#[derive(Debug, Clone, Default)]
pub(super) struct Rows {
    begins: Vec<u32>,
    items: Vec<u32>,
}

impl Rows {
    pub(super) fn new(rows: impl Iterator<Item = Vec<u32>>) -> Self {
        let mut all = Self { begins: vec![0], items: Vec::new() };
        for row in rows {
            all.items.extend(row);
            all.begins.push(all.items.len() as u32);
        }
        all
    }

    /// How many rows.
    pub(super) fn len(&self) -> usize {
        self.begins.len().saturating_sub(1)
    }

    #[inline]
    pub(super) fn row(&self, row: usize) -> &[u32] {
        &self.items[self.range(row)]
    }

    #[inline]
    pub(super) fn range(&self, row: usize) -> std::ops::Range<usize> {
        self.begins[row] as usize..self.begins[row + 1] as usize
    }

    /// All rows behind one another.
    #[inline]
    pub(super) fn items(&self) -> &[u32] {
        &self.items
    }
}

/// A problem made ready for search. Only tasks that can be done at all are in it, each after what it waits for.
#[derive(Debug)]
pub(super) struct Model {
    pub(super) now: Time,
    /// Per task: its index in the problem.
    pub(super) origin: Vec<u32>,
    /// Per task: the estimate.
    pub(super) duration: Vec<Time>,
    /// Per task: no start before this, exclusive files included.
    pub(super) release: Vec<Time>,
    /// Per task: the longest chain of work that begins with it, itself included (at the pace of whoever is quickest).
    pub(super) chain: Vec<Time>,
    /// Per task: urgency among the classes present, 0 first. A task is as urgent as the most urgent one that waits for it.
    pub(super) class: Vec<u8>,
    /// Per task: the index of its group among `able`.
    pub(super) group: Vec<u32>,
    pub(super) classes: usize,
    pub(super) before: Rows,
    pub(super) after: Rows,
    /// Per group: the lanes that can do its tasks, ascending.
    pub(super) able: Rows,
    pub(super) machines: Rows,
    pub(super) machine_count: usize,
    /// Per lane: when it is free, and whose it is.
    pub(super) lane_free: Vec<Time>,
    pub(super) lane_agent: Vec<u32>,
    pub(super) lane_pace: Vec<u32>,
    /// Per agent: its lanes.
    pub(super) agents: Rows,
    /// When the last of what is running ends.
    pub(super) running_until: Time,
}

impl Model {
    pub(super) fn new(problem: &Problem) -> Self {
        let mut model = Self::with_lanes(problem);
        model.add_tasks(problem);
        model.add_chains(problem);
        model
    }

    pub(super) fn len(&self) -> usize {
        self.origin.len()
    }

    pub(super) fn lanes(&self) -> usize {
        self.lane_free.len()
    }

    /// The lanes that can do this task.
    #[inline]
    pub(super) fn able(&self, task: usize) -> &[u32] {
        self.able.row(self.group[task] as usize)
    }

    /// How long a task takes on a lane.
    #[inline]
    pub(super) fn span(&self, task: usize, lane: usize) -> Time {
        let (duration, pace) = (self.duration[task], self.lane_pace[lane]);
        if pace == USUAL_PACE { duration } else { scaled(duration, pace) }
    }

    /// The shortest that a task can take.
    pub(super) fn shortest(&self, task: usize) -> Time {
        let spans = self.able(task).iter().map(|&lane| self.span(task, lane as usize));
        spans.min().unwrap_or(self.duration[task])
    }

    fn with_lanes(problem: &Problem) -> Self {
        let mut model = Self {
            now: problem.now,
            origin: Vec::new(),
            duration: Vec::new(),
            release: Vec::new(),
            chain: Vec::new(),
            class: Vec::new(),
            group: Vec::new(),
            classes: 1,
            before: Rows::default(),
            after: Rows::default(),
            able: Rows::default(),
            machines: Rows::default(),
            machine_count: problem.machines.len(),
            lane_free: Vec::new(),
            lane_agent: Vec::new(),
            lane_pace: Vec::new(),
            agents: Rows::default(),
            running_until: problem.running.iter().map(|running| running.until).max().unwrap_or(0),
        };
        let mut lanes = Vec::new();
        for (agent, data) in problem.agents.iter().enumerate() {
            let first = model.lane_free.len() as u32;
            lanes.push((first..first + data.lanes).collect());
            for free in problem.lanes_free_at(agent) {
                model.lane_free.push(free);
                model.lane_agent.push(agent as u32);
                model.lane_pace.push(data.pace);
            }
        }
        model.agents = Rows::new(lanes.into_iter());
        model.able = Rows::new(problem.groups.iter().map(|group| model.lanes_of(group)));
        model
    }

    fn lanes_of(&self, agents: &[u32]) -> Vec<u32> {
        let mut lanes: Vec<u32> =
            agents.iter().flat_map(|&agent| self.lanes_of_agent(agent as usize)).copied().collect();
        lanes.sort_unstable();
        lanes.dedup();
        lanes
    }

    /// The lanes of one agent; none of an agent that does not exist.
    pub(super) fn lanes_of_agent(&self, agent: usize) -> &[u32] {
        if agent < self.agents.len() { self.agents.row(agent) } else { &[] }
    }

    /// Takes in the tasks that can be done: somebody is able, and all that they wait for can be done.
    fn add_tasks(&mut self, problem: &Problem) {
        let machine_free = problem.machines_free_at();
        let reached = doable_in_order(problem, &self.able);
        let mut place = vec![u32::MAX; problem.tasks.len()];
        for (index, &task) in reached.iter().enumerate() {
            place[task as usize] = index as u32;
        }
        for &origin in &reached {
            let task = &problem.tasks[origin as usize];
            let machines = task.machines.iter().filter_map(|&machine| machine_free.get(machine as usize));
            self.origin.push(origin);
            self.duration.push(task.duration.min(LONGEST));
            self.release.push(machines.fold(task.release.max(problem.now), |latest, free| latest.max(*free)));
            self.group.push(task.group);
        }
        let tasks = || reached.iter().map(|&origin| &problem.tasks[origin as usize]);
        let distinct = |mut row: Vec<u32>| {
            row.sort_unstable();
            row.dedup();
            row
        };
        let before = |task: &Task| distinct(task.after.iter().map(|&other| place[other as usize]).collect());
        let known = |machine: &&u32| (**machine as usize) < problem.machines.len();
        let machines = |task: &Task| distinct(task.machines.iter().filter(known).copied().collect());
        self.before = Rows::new(tasks().map(before));
        self.machines = Rows::new(tasks().map(machines));
        let mut after = vec![Vec::new(); reached.len()];
        for task in 0..reached.len() {
            for &before in self.before.row(task) {
                after[before as usize].push(task as u32);
            }
        }
        self.after = Rows::new(after.into_iter());
    }

    /// Chains of work and inherited urgency, from the ends backwards: tasks stand after what they wait for.
    fn add_chains(&mut self, problem: &Problem) {
        let count = self.len();
        self.chain = vec![0; count];
        let mut urgency = vec![u8::MAX; count];
        for task in (0..count).rev() {
            let after = self.after.row(task);
            let longest = after.iter().map(|&next| self.chain[next as usize]).max().unwrap_or(0);
            let inherited = after.iter().map(|&next| urgency[next as usize]).min().unwrap_or(u8::MAX);
            self.chain[task] = longest + self.shortest(task);
            urgency[task] = inherited.min(problem.tasks[self.origin[task] as usize].priority.number());
        }
        let mut present = urgency.clone();
        present.sort_unstable();
        present.dedup();
        self.classes = present.len().max(1);
        let rank = |urgency: &u8| present.iter().position(|class| class == urgency).unwrap_or(0) as u8;
        self.class = urgency.iter().map(rank).collect();
    }
}

/// The tasks that can be done, each after everything it waits for, otherwise in the order given. Left out is what nobody is
/// able to do, what waits for itself, and what waits for something left out.
fn doable_in_order(problem: &Problem, able: &Rows) -> Vec<u32> {
    let count = problem.tasks.len();
    let group_able =
        |group: u32| (group as usize) < problem.groups.len() && !able.row(group as usize).is_empty();
    let mut waits: Vec<usize> = problem.tasks.iter().map(|task| task.after.len()).collect();
    let mut dependents = vec![Vec::new(); count];
    for (index, task) in problem.tasks.iter().enumerate() {
        for &before in &task.after {
            // Waiting for something that is not there never ends: the count never reaches 0.
            if let Some(dependents) = dependents.get_mut(before as usize) {
                dependents.push(index as u32);
            }
        }
    }
    let can_start = |&task: &u32| waits[task as usize] == 0 && group_able(problem.tasks[task as usize].group);
    let mut order: Vec<u32> = (0..count as u32).filter(can_start).collect();
    let mut done = 0;
    while done < order.len() {
        let task = order[done];
        done += 1;
        for &next in &dependents[task as usize] {
            waits[next as usize] -= 1;
            if waits[next as usize] == 0 && group_able(problem.tasks[next as usize].group) {
                order.push(next);
            }
        }
    }
    order
}
