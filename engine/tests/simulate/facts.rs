//! A check of schedules that shares nothing with the engine: what a project demands, in plain data, and what a schedule does.

use std::collections::{BTreeMap, BTreeSet};

use engine::plan::project::{ItemId, Project};
use engine::simulate::Entry;

/// Skill and level.
type Skill = (String, u32);

/// What a task demands.
struct Task {
    duration: u64,
    needs: Vec<Skill>,
    before: Vec<ItemId>,
    files: Vec<String>,
}

/// What an agent offers: the highest level of each skill, and how many tasks at a time.
struct Agent {
    skills: BTreeMap<String, u32>,
    lanes: usize,
}

/// A project as a schedule is to be held against it.
pub struct Facts {
    tasks: BTreeMap<ItemId, Task>,
    agents: BTreeMap<ItemId, Agent>,
}

/// `Q3:2`; a capability without a level counts as level 0.
fn skill(text: &str) -> Skill {
    match text.split_once(':') {
        Some((name, level)) => (name.to_owned(), level.trim().parse().unwrap()),
        None => (text.to_owned(), 0),
    }
}

impl Facts {
    /// Those of a project.
    pub fn of(project: &Project) -> Self {
        let task = |task: &engine::plan::project::ProjectTask| {
            let needs = task.required_capabilities.iter().map(|need| skill(need.as_str())).collect();
            let files = task.files_involved.iter().map(|file| file.as_str().to_owned()).collect();
            let (duration, before) = (task.estimated_duration, task.dependencies.clone());
            (task.id.clone(), Task { duration, needs, before, files })
        };
        let agent = |agent: &engine::plan::project::ProjectAgent| {
            let mut skills = BTreeMap::new();
            for (name, level) in agent.capabilities.iter().map(|capability| skill(capability.as_str())) {
                let best = skills.entry(name).or_insert(level);
                *best = level.max(*best);
            }
            (agent.id.clone(), Agent { skills, lanes: agent.max_parallel as usize })
        };
        Self {
            tasks: project.tasks.iter().map(task).collect(),
            agents: project.agents.iter().map(agent).collect(),
        }
    }

    /// Those of a `.def` file, read anew: rows are told apart by what they look like.
    pub fn of_def(text: &str) -> Self {
        let mut facts = Self { tasks: BTreeMap::new(), agents: BTreeMap::new() };
        let mut in_tasks = false;
        for line in text.lines() {
            in_tasks |= line.starts_with("TaskID");
            let words: Vec<&str> = line.split_whitespace().collect();
            let Some(id) = words.first().and_then(|word| word.parse().ok()).map(ItemId::Number) else {
                continue;
            };
            let named = |place: usize| skill(&format!("{}{}", words[place], words[place + 1]));
            if in_tasks {
                let before = words[4..].iter().map(|word| ItemId::Number(word.parse().unwrap())).collect();
                let (duration, needs, files) = (words[1].parse().unwrap(), vec![named(2)], Vec::new());
                facts.tasks.insert(id, Task { duration, needs, before, files });
            } else {
                let skills = (2..words.len()).step_by(2).map(named).collect();
                facts.agents.insert(id, Agent { skills, lanes: 1 });
            }
        }
        facts
    }

    /// How many tasks and agents there are.
    pub fn size(&self) -> (usize, usize) {
        (self.tasks.len(), self.agents.len())
    }

    /// Every task once, by somebody able, for as long as it takes, after what it waits for; nobody does more at once than he
    /// can, and no file serves two tasks at once.
    pub fn check(&self, schedule: &[Entry]) -> Result<(), String> {
        let planned: BTreeSet<&ItemId> = schedule.iter().map(|entry| &entry.task).collect();
        if planned.len() != schedule.len() || planned.into_iter().ne(self.tasks.keys()) {
            return Err("not every task is there exactly once".to_owned());
        }
        let finish: BTreeMap<&ItemId, u64> =
            schedule.iter().map(|entry| (&entry.task, entry.finish)).collect();
        for entry in schedule {
            let (task, agent) = (&self.tasks[&entry.task], &self.agents[&entry.agent]);
            if entry.finish != entry.start + task.duration {
                return Err(format!("{entry:?} does not take {}", task.duration));
            }
            if let Some(need) = task.needs.iter().find(|(name, level)| agent.skills.get(name) < Some(level)) {
                return Err(format!("{entry:?} needs {need:?}"));
            }
            if let Some(before) = task.before.iter().find(|before| finish[before] > entry.start) {
                return Err(format!("{entry:?} starts before {before} is finished"));
            }
        }
        // Who is at work on something, or on which files, when something starts; what takes no time is in nobody's way.
        for entry in schedule {
            let at = |other: &&Entry| other.start <= entry.start && entry.start < other.finish;
            let busy = schedule.iter().filter(at).filter(|other| other.agent == entry.agent).count();
            if busy > self.agents[&entry.agent].lanes {
                return Err(format!("{entry:?}: its agent does {busy} tasks at once"));
            }
            let files = &self.tasks[&entry.task].files;
            let shares =
                |other: &&Entry| self.tasks[&other.task].files.iter().any(|file| files.contains(file));
            if let Some(other) =
                schedule.iter().filter(at).filter(shares).find(|other| other.task != entry.task)
            {
                return Err(format!("{entry:?} and {other:?} share a file"));
            }
        }
        Ok(())
    }
}
