//! How the project is doing: 0 to 100, with each point lost explained by something that can be acted on.

use serde::{Deserialize, Serialize};

use crate::ids::{ManusId, TaskId, TimeMs};
use crate::state::{Presence, State};
use crate::values::TaskStatus;

/// From this score on all is well.
const HEALTHY_FROM: u32 = 90;
/// Below this score somebody should look at once.
const CRITICAL_BELOW: u32 = 50;
/// The most points that one kind of cause can take, so that a flood of one thing does not hide another.
const MOST_A_KIND: u32 = 40;
/// How many causes of a kind are listed one by one.
const LISTED_A_KIND: usize = 20;
/// A claim that waits longer than this is a cause, in milliseconds: ten minutes.
const LONG_WAIT_MS: TimeMs = 600_000;

/// The state of a project in a number, a word and its causes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Health {
    /// 0 to 100.
    pub score: u32,
    /// The score in a word.
    pub status: HealthStatus,
    /// What took points, the most first.
    pub causes: Vec<HealthCause>,
}

/// The score in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum HealthStatus {
    /// 90 or more.
    Healthy,
    /// Between.
    Degraded,
    /// Under 50.
    Critical,
}

/// Something that took points.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HealthCause {
    /// A stable word.
    pub code: HealthCode,
    /// What is the matter and what to do, in a sentence.
    pub message: String,
    /// How many points it took.
    pub points: u32,
    /// What it is about: an agent, a task, or the store.
    pub subject: String,
}

/// The kinds of causes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum HealthCode {
    /// Nothing can be written.
    StorageUnavailable,
    /// An agent fell silent.
    ManusLost,
    /// A task failed for good or is held back.
    TaskHeld,
    /// A task depends on a cancelled one.
    DependencyCancelled,
    /// No agent that is here can do a task.
    NoEligibleManus,
    /// A task in progress does not move.
    TaskStalled,
    /// Nobody is there to review a task.
    NoReviewer,
    /// A claim has waited for long.
    LongWait,
}

impl HealthCode {
    /// Points for each.
    const fn points(self) -> u32 {
        match self {
            Self::StorageUnavailable => 60,
            Self::ManusLost => 10,
            Self::TaskHeld => 8,
            Self::DependencyCancelled => 8,
            Self::NoEligibleManus => 8,
            Self::TaskStalled => 6,
            Self::NoReviewer => 4,
            Self::LongWait => 4,
        }
    }
}

impl State {
    /// How the project is doing at a moment. `storage_trouble` says why nothing can be written, when that is so.
    pub fn health(&self, now_ms: TimeMs, storage_trouble: Option<&str>) -> Health {
        let mut tally = Tally::default();
        if let Some(trouble) = storage_trouble {
            tally.add(HealthCode::StorageUnavailable, "store", format!("nothing can be written: {trouble}"));
        }
        self.lost_agents(&mut tally);
        self.stuck_tasks(&mut tally);
        self.tasks_for_nobody(&mut tally);
        for wait in self.waits().iter().filter(|wait| now_ms - wait.since_ms > LONG_WAIT_MS) {
            let minutes = (now_ms - wait.since_ms) / 60_000;
            let files = wait.files.iter().map(|file| file.as_str()).collect::<Vec<_>>().join(", ");
            let message = format!(
                "{} has waited {minutes} minutes for {files}; release it or take the work away",
                wait.manus_id
            );
            tally.add(HealthCode::LongWait, &wait.manus_id, message);
        }
        tally.health()
    }

    fn lost_agents(&self, tally: &mut Tally) {
        for agent in self.agents().filter(|agent| agent.presence() == Presence::Lost) {
            let message = format!(
                "{} fell silent; start it again, or deregister it if it is not coming back",
                agent.id()
            );
            tally.add(HealthCode::ManusLost, agent.id(), message);
        }
    }

    fn stuck_tasks(&self, tally: &mut Tally) {
        for id in &self.work.held {
            let reason = self.task(id).and_then(|task| task.course.held.clone()).unwrap_or_default();
            tally.add(
                HealthCode::TaskHeld,
                id,
                format!("{id} is held back: {reason}; unblock_task lets it go on"),
            );
        }
        for cancelled in self.tasks().filter(|task| task.status() == TaskStatus::Cancelled) {
            let id = &cancelled.spec.id;
            for waiting in cancelled.dependents() {
                let message = format!(
                    "{waiting} waits for {id}, which was cancelled; change its dependencies, or cancel it too"
                );
                tally.add(HealthCode::DependencyCancelled, waiting, message);
            }
        }
        for agent in self.agents() {
            for id in agent
                .running()
                .iter()
                .filter(|id| self.task(id).is_some_and(|task| task.course.stall_level > 0))
            {
                let message = format!(
                    "{id} has not moved for long in the hands of {}; ask, or assign it to somebody else",
                    agent.id()
                );
                tally.add(HealthCode::TaskStalled, id, message);
            }
        }
        for id in &self.work.unreviewed {
            let message =
                format!("nobody is there to review {id}; register another agent, or review it yourself");
            tally.add(HealthCode::NoReviewer, id, message);
        }
    }

    /// Ready tasks whose needs nobody here can meet: one cause a combination of needs, named after its first task.
    fn tasks_for_nobody(&self, tally: &mut Tally) {
        for (need, ranks) in &self.work.pool {
            let able =
                |manus: &ManusId| self.agent(manus).is_some_and(|agent| agent.can(need) && !agent.draining);
            let somebody = match need.first() {
                None => self.agents().any(|agent| agent.presence() == Presence::Here && !agent.draining),
                Some(first) => self.work.able.get(first).is_some_and(|agents| agents.iter().any(able)),
            };
            let Some(first) = ranks.first().filter(|_| !somebody) else { continue };
            let needs = need.iter().map(|capability| capability.as_str()).collect::<Vec<_>>().join(", ");
            let who =
                if needs.is_empty() { "any agent".to_owned() } else { format!("an agent with {needs}") };
            let count = if ranks.len() == 1 {
                "1 task waits".to_owned()
            } else {
                format!("{} tasks wait", ranks.len())
            };
            let message = format!("{count} for {who}, and none is here; register one ({} first)", first.task);
            tally.add(HealthCode::NoEligibleManus, &first.task, message);
        }
    }

    /// The tasks that were held back or failed for good, in order of id.
    pub fn held_tasks(&self) -> impl ExactSizeIterator<Item = &TaskId> {
        self.work.held.iter()
    }
}

#[derive(Default)]
struct Tally {
    causes: Vec<HealthCause>,
}

impl Tally {
    fn add(&mut self, code: HealthCode, subject: impl ToString, message: String) {
        let same = self.causes.iter().filter(|cause| cause.code == code);
        let (count, taken) = (same.clone().count(), same.map(|cause| cause.points).sum::<u32>());
        if count < LISTED_A_KIND {
            let most = if code == HealthCode::StorageUnavailable { code.points() } else { MOST_A_KIND };
            let points = code.points().min(most - taken);
            self.causes.push(HealthCause { code, message, points, subject: subject.to_string() });
        }
    }

    fn health(mut self) -> Health {
        self.causes.sort_by_key(|cause| std::cmp::Reverse(cause.points));
        let lost: u32 = self.causes.iter().map(|cause| cause.points).sum();
        let score = 100_u32.saturating_sub(lost);
        let status = match score {
            HEALTHY_FROM.. => HealthStatus::Healthy,
            CRITICAL_BELOW.. => HealthStatus::Degraded,
            _ => HealthStatus::Critical,
        };
        Health { score, status, causes: self.causes }
    }
}
