//! Projects as people write them down: a JSON shape for `simulate`, and the way from it to a [`Problem`].

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::files;
use super::problem::{Agent, Problem, Task, Time};
use crate::capability::Capability;
use crate::ids::{ManusId, TaskId};
use crate::pattern::FilePattern;
use crate::values::Priority;

/// No skill has a higher level.
pub const LEVEL_MAX: u32 = 100;

/// A project with its team.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Project {
    /// What to call it.
    #[serde(default)]
    pub name: String,
    /// Who works.
    pub agents: Vec<ProjectAgent>,
    /// What is to be done.
    pub tasks: Vec<ProjectTask>,
}

/// Somebody who works on a project.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProjectAgent {
    /// Its name.
    #[serde(alias = "manus_id")]
    pub id: ItemId,
    /// What it can do.
    #[serde(default)]
    pub capabilities: Vec<Capability>,
    /// How many tasks at a time.
    #[serde(default = "one")]
    pub max_parallel: u32,
}

/// A task of a project.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProjectTask {
    /// Its name.
    #[serde(alias = "key")]
    pub id: ItemId,
    /// What it is.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// How long it takes, in any unit, the same for all.
    #[serde(alias = "duration")]
    pub estimated_duration: Time,
    /// What must be finished before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dependencies: Vec<ItemId>,
    /// What whoever does it must be able to do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub required_capabilities: Vec<Capability>,
    /// The files that it needs for itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files_involved: Vec<FilePattern>,
    /// How urgent it is.
    #[serde(default = "usual")]
    pub priority: Priority,
}

/// A capability with the lower levels that it includes, if it has one, the highest first.
fn at_every_level(capability: &Capability) -> Vec<Capability> {
    let parts = capability.as_str().rsplit_once(':');
    let level = parts.and_then(|(name, level)| Some((name.trim_end(), level.trim().parse().ok()?)));
    match level.filter(|(name, level)| !name.is_empty() && *level <= LEVEL_MAX) {
        // Shorter than the one given, and so within bounds.
        Some((name, level)) => (0..=level)
            .rev()
            .filter_map(|level: u32| Capability::new(&format!("{name}:{level}")).ok())
            .collect(),
        None => vec![capability.clone()],
    }
}

fn one() -> u32 {
    1
}

fn usual() -> Priority {
    Priority::Medium
}

/// The id of a task or an agent as the file has it: a number or a text, and written the same way again.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ItemId {
    /// `7`
    Number(u64),
    /// `"parser"`
    Text(String),
}

impl fmt::Display for ItemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}

/// Why a project makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadProject {
    /// Two agents of one name.
    #[error("agent {0} is there twice")]
    AgentTwice(ItemId),
    /// Two tasks of one name.
    #[error("task {0} is there twice")]
    TaskTwice(ItemId),
    /// A dependency on nothing.
    #[error("task {task} waits for {dependency}, which is no task of the project")]
    UnknownDependency {
        /// Which task.
        task: ItemId,
        /// What it names.
        dependency: ItemId,
    },
    /// Dependencies in a circle.
    #[error("these tasks wait for one another in a circle: {}", listed(.0))]
    Circle(Vec<ItemId>),
    /// Nobody has all that a task requires.
    #[error("no agent can do task {task}; {}", wanting(.required))]
    NobodyAble {
        /// Which task.
        task: ItemId,
        /// What it requires.
        required: Vec<Capability>,
    },
}

fn wanting(required: &[Capability]) -> String {
    match required {
        [] => "there is none at all".to_owned(),
        required => format!("it requires {}", listed(required)),
    }
}

fn listed(items: &[impl fmt::Display]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

impl Project {
    /// Gives everybody, for a skill at a level (`Q3:2`), the lower levels as capabilities of their own (`Q3:1`, `Q3:0`), so that
    /// a task that asks for one of those finds it by name.
    pub fn spell_out_levels(&mut self) {
        for agent in &mut self.agents {
            let mut all: Vec<Capability> = Vec::with_capacity(agent.capabilities.len());
            for capability in agent.capabilities.iter().flat_map(at_every_level) {
                if !all.contains(&capability) {
                    all.push(capability);
                }
            }
            agent.capabilities = all;
        }
    }

    /// The whole project as something to plan from time 0: task number n of the file (from 1) is `Tn`, agent number n `agent_n`.
    pub fn problem(&self) -> Result<Problem, BadProject> {
        let places = self.check()?;
        let mut problem = Problem::default();
        for (index, agent) in self.agents.iter().enumerate() {
            // The name is within what names may be, so it is never left out.
            let id = ManusId::new(&format!("agent_{}", index + 1)).ok();
            problem.agents.extend(id.map(|id| Agent { lanes: agent.max_parallel, ..Agent::new(id) }));
        }
        let machines = files::machines(self.tasks.iter().map(|task| task.files_involved.as_slice()));
        problem.machines = vec![0; machines.patterns.len()];
        for (index, (task, machines)) in self.tasks.iter().zip(machines.of_task).enumerate() {
            let group = problem.group_of(self.able(task));
            let after =
                task.dependencies.iter().filter_map(|id| places.get(id)).map(|&place| place as u32).collect();
            let new = Task::new(TaskId::numbered(index as u64 + 1), task.estimated_duration, group);
            problem.tasks.push(Task { after, machines, priority: task.priority, ..new });
        }
        Ok(problem)
    }

    /// Who can do a task, by place in the file.
    fn able(&self, task: &ProjectTask) -> Vec<u32> {
        let has_all =
            |agent: &ProjectAgent| task.required_capabilities.iter().all(|c| agent.capabilities.contains(c));
        let agents = self.agents.iter().enumerate();
        agents
            .filter(|(_, agent)| agent.max_parallel > 0 && has_all(agent))
            .map(|(index, _)| index as u32)
            .collect()
    }

    /// Checks that everything fits together; answers where each task stands.
    fn check(&self) -> Result<BTreeMap<&ItemId, usize>, BadProject> {
        let mut agents = BTreeMap::new();
        for agent in &self.agents {
            if agents.insert(&agent.id, ()).is_some() {
                return Err(BadProject::AgentTwice(agent.id.clone()));
            }
        }
        let mut places = BTreeMap::new();
        for (place, task) in self.tasks.iter().enumerate() {
            if places.insert(&task.id, place).is_some() {
                return Err(BadProject::TaskTwice(task.id.clone()));
            }
        }
        for task in &self.tasks {
            if let Some(dependency) = task.dependencies.iter().find(|id| !places.contains_key(id)) {
                let (task, dependency) = (task.id.clone(), dependency.clone());
                return Err(BadProject::UnknownDependency { task, dependency });
            }
            if self.able(task).is_empty() {
                let (task, required) = (task.id.clone(), task.required_capabilities.clone());
                return Err(BadProject::NobodyAble { task, required });
            }
        }
        match self.circle(&places) {
            Some(circle) => Err(BadProject::Circle(circle)),
            None => Ok(places),
        }
    }

    /// Tasks that wait for one another in a circle, if there are any.
    fn circle(&self, places: &BTreeMap<&ItemId, usize>) -> Option<Vec<ItemId>> {
        let after =
            |task: usize| self.tasks[task].dependencies.iter().filter_map(|id| places.get(id).copied());
        let mut waits: Vec<usize> = (0..self.tasks.len()).map(|task| after(task).count()).collect();
        let mut dependents = vec![Vec::new(); self.tasks.len()];
        for task in 0..self.tasks.len() {
            after(task).for_each(|before| dependents[before].push(task));
        }
        let mut free: Vec<usize> = (0..waits.len()).filter(|&task| waits[task] == 0).collect();
        while let Some(task) = free.pop() {
            for &next in &dependents[task] {
                waits[next] -= 1;
                if waits[next] == 0 {
                    free.push(next);
                }
            }
        }
        // From a task that still waits, going back along what still waits must come round.
        let first = (0..waits.len()).find(|&task| waits[task] > 0)?;
        let mut walk = vec![first];
        loop {
            let next = after(walk[walk.len() - 1]).find(|&before| waits[before] > 0)?;
            if let Some(begin) = walk.iter().position(|&task| task == next) {
                return Some(walk[begin..].iter().rev().map(|&task| self.tasks[task].id.clone()).collect());
            }
            walk.push(next);
        }
    }
}
