//! Projects made up from a seed, in the shapes of the iMOPSE library and with files beside skills.

use engine::plan::project::{ItemId, Project, ProjectAgent, ProjectTask};
use engine::{Capability, FilePattern, Priority};

/// SplitMix64 (Steele, Lea, Flood 2014).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
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
    pub tasks: u64,
    pub agents: u64,
    pub skills: u64,
    /// How many skills an agent has at most.
    pub versatility: u64,
    /// Dependencies in all.
    pub dependencies: u64,
    /// How many files there are, and how many a task needs at most; 0 for none.
    pub files: u64,
    pub files_each: u64,
    /// How many tasks at a time an agent does at most.
    pub lanes: u64,
    /// The shortest and the longest task.
    pub durations: (u64, u64),
}

impl Shape {
    /// As the library's instance 10_3_5_3: for a look by eye.
    pub const SMALL: Self = Self {
        tasks: 10,
        agents: 3,
        skills: 3,
        versatility: 2,
        dependencies: 5,
        files: 0,
        files_each: 0,
        lanes: 1,
        durations: (10, 40),
    };
    /// As the library's 100_10_48_15.
    pub const USUAL: Self =
        Self { tasks: 100, agents: 10, skills: 15, versatility: 6, dependencies: 48, ..Self::SMALL };
    /// As the library's 200_20_150_9.
    pub const DENSE: Self =
        Self { tasks: 200, agents: 20, skills: 9, versatility: 6, dependencies: 150, ..Self::SMALL };
    /// Tasks that share files, and everybody can do everything.
    pub const FILES: Self = Self {
        tasks: 60,
        agents: 6,
        skills: 1,
        versatility: 1,
        dependencies: 30,
        files: 20,
        files_each: 2,
        ..Self::SMALL
    };
}

/// A project of this shape.
pub fn project(shape: Shape, seed: u64) -> Project {
    let mut dice = Dice(seed ^ 0x0073_696d);
    let mut levels = vec![0; shape.skills as usize];
    let mut agents: Vec<ProjectAgent> = Vec::new();
    for agent in 0..shape.agents {
        let mut capabilities = Vec::new();
        for count in 0..shape.versatility {
            // The first skills of all agents together are all skills, so that nothing is left for nobody.
            let skill = if count == 0 { agent % shape.skills } else { dice.below(shape.skills) };
            let level = dice.below(3);
            levels[skill as usize] = level.max(levels[skill as usize]);
            capabilities.extend((0..=level).map(|level| capability(skill, level)));
        }
        let max_parallel = 1 + dice.below(shape.lanes) as u32;
        agents.push(ProjectAgent { id: ItemId::Number(agent + 1), capabilities, max_parallel });
    }
    let offered = shape.skills.min(shape.agents);
    let mut tasks: Vec<ProjectTask> = (0..shape.tasks)
        .map(|task| {
            let (skill, (least, most)) = (dice.below(offered), shape.durations);
            let level = dice.below(levels[skill as usize] + 1);
            let count = if shape.files == 0 { 0 } else { 1 + dice.below(shape.files_each) };
            let file =
                |dice: &mut Dice| FilePattern::new(&format!("src/f{}.rs", dice.below(shape.files))).unwrap();
            ProjectTask {
                id: ItemId::Number(task + 1),
                title: String::new(),
                estimated_duration: least + dice.below(most - least + 1),
                dependencies: Vec::new(),
                required_capabilities: vec![capability(skill, level)],
                files_involved: (0..count).map(|_| file(&mut dice)).collect(),
                priority: Priority::Medium,
            }
        })
        .collect();
    for _ in 0..shape.dependencies {
        let after = 1 + dice.below(shape.tasks - 1);
        let before = ItemId::Number(after - dice.below(after.min(20)));
        if !tasks[after as usize].dependencies.contains(&before) {
            tasks[after as usize].dependencies.push(before);
        }
    }
    Project { name: format!("seed {seed}"), agents, tasks }
}

fn capability(skill: u64, level: u64) -> Capability {
    Capability::new(&format!("Q{skill}:{level}")).unwrap()
}
