//! Projects made up from a seed.

use engine::plan::{Agent, Problem, Running, Task, Time};
use engine::{ManusId, Priority, TaskId};

/// SplitMix64 (Steele, Lea, Flood 2014).
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }
}

/// What a made-up project is like.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    pub tasks: usize,
    pub agents: usize,
    pub skills: u64,
    /// How many skills an agent has.
    pub versatility: u64,
    /// Dependencies a task, in hundredths.
    pub dependencies: u64,
    /// How far back dependencies reach, in tasks.
    pub reach: u64,
    /// How many files there are, and how many a task occupies at most; 0 for none.
    pub files: u64,
    pub files_each: u64,
    /// How many lanes an agent has at most.
    pub lanes: u64,
    pub classes: u64,
    /// Whether some agents are slow, some come late, some are at work already, and some tasks are released late.
    pub uneven: bool,
}

impl Shape {
    /// Tasks that differ in skill and nothing else.
    pub const PLAIN: Self = Self {
        tasks: 100,
        agents: 10,
        skills: 9,
        versatility: 4,
        dependencies: 60,
        reach: 30,
        files: 0,
        files_each: 0,
        lanes: 1,
        classes: 1,
        uneven: false,
    };
}

/// A project of this shape.
pub fn project(shape: Shape, seed: u64) -> Problem {
    let mut dice = Dice(seed ^ 0x5eed);
    let mut problem = Problem { machines: vec![0; shape.files as usize], ..Problem::default() };
    let mut able: Vec<Vec<u32>> = vec![Vec::new(); shape.skills as usize];
    for agent in 0..shape.agents as u32 {
        let mut data = Agent::new(ManusId::new(&format!("agent_{agent}")).unwrap());
        data.lanes = 1 + dice.below(shape.lanes) as u32;
        if shape.uneven {
            data.pace = [1000, 1000, 800, 1300][dice.below(4) as usize];
            data.free_at = [0, 0, 0, 20][dice.below(4) as usize];
        }
        problem.agents.push(data);
        for _ in 0..shape.versatility {
            let skill = dice.below(shape.skills) as usize;
            if !able[skill].contains(&agent) {
                able[skill].push(agent);
            }
        }
    }
    let groups: Vec<u32> = able
        .into_iter()
        .map(|agents| problem.group_of(if agents.is_empty() { vec![0] } else { agents }))
        .collect();
    for index in 0..shape.tasks {
        let group = groups[dice.below(shape.skills) as usize];
        let mut task = Task::new(TaskId::numbered(index as u64 + 1), 10 + dice.below(31), group);
        while dice.below(100) < shape.dependencies * 100 / (100 + shape.dependencies) && index > 0 {
            let back = 1 + dice.below(shape.reach.min(index as u64)) as usize;
            task.after.push((index - back) as u32);
        }
        for _ in 0..dice.below(shape.files_each + 1) {
            task.machines.push(dice.below(shape.files.max(1)) as u32);
        }
        task.priority = Priority::ALL[dice.below(shape.classes) as usize];
        if shape.uneven && dice.below(10) == 0 {
            task.release = dice.below(100);
        }
        problem.tasks.push(task);
    }
    if shape.uneven {
        start_some(&mut problem, &mut dice);
    }
    problem
}

/// Lets some agents be at work already.
fn start_some(problem: &mut Problem, dice: &mut Dice) {
    let mut files: Vec<u32> = (0..problem.machines.len() as u32).collect();
    for agent in 0..problem.agents.len() as u32 {
        for _ in 0..dice.below(u64::from(problem.agents[agent as usize].lanes) + 1) {
            let until: Time = 5 + dice.below(30);
            let machines = if dice.below(2) == 0 { files.pop().into_iter().collect() } else { Vec::new() };
            problem.running.push(Running { agent, until, machines });
        }
    }
}
