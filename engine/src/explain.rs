//! Answers to "why this agent, why not that one" and "what will collide". Reads only.

use serde::{Deserialize, Serialize};

use crate::decide::choose;
use crate::ids::{ManusId, TaskId, TimeMs};
use crate::pattern::FilePattern;
use crate::sorted::SortedSet;
use crate::state::{Agent, Presence, Stage, State, Task};
use crate::values::{LockMode, TaskStatus};

/// How many ready tasks a forecast compares at most, the best first.
const FORECAST_TASKS: usize = 1_000;
/// How many collisions a forecast lists at most.
const FORECAST_LISTED: usize = 200;

/// Why a task is where it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Explanation {
    /// Which.
    pub task_id: TaskId,
    /// Whose it is.
    pub assigned_to: Option<ManusId>,
    /// Every agent: those that may have it first, and among these whoever would be done first.
    pub candidates: Vec<Candidate>,
}

/// How an agent would do as a task's assignee.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Candidate {
    /// Who.
    pub manus_id: ManusId,
    /// Whether the rules may give it the task.
    pub eligible: bool,
    /// What speaks for and against, a sentence each.
    pub reasons: Vec<String>,
    /// Expected minutes until done, with what the score takes into account; smaller is better.
    pub score: f64,
    /// When it would be done: by the plan where that has it here and can still come true, and otherwise by the score, from when the
    /// tasks before it should be done.
    pub expected_finish_ms: TimeMs,
}

/// Two tasks that cannot run at the same time, since both change a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Collision {
    /// The one to go first: it runs, or is more urgent, comes first in the plan, has more work behind it, or is older.
    pub first: TaskId,
    /// The one to go next.
    pub then: TaskId,
    /// The patterns of the first that meet the other's.
    pub files: Vec<FilePattern>,
    /// True when the first is in progress.
    pub running: bool,
    /// How long the second waits for the first at the most, in minutes.
    pub wait_minutes: u64,
}

impl State {
    /// Why a task is where it is, and how each agent would do; `None` for a task that is not in memory.
    pub fn explain_assignment(&self, task_id: &TaskId, now_ms: TimeMs) -> Option<Explanation> {
        let task = self.task(task_id)?;
        let mut candidates: Vec<Candidate> =
            self.agents().map(|agent| self.candidate(agent, task, now_ms)).collect();
        candidates.sort_by(|a, b| {
            b.eligible
                .cmp(&a.eligible)
                .then(a.expected_finish_ms.cmp(&b.expected_finish_ms))
                .then(a.score.total_cmp(&b.score))
                .then_with(|| a.manus_id.cmp(&b.manus_id))
        });
        Some(Explanation { task_id: task_id.clone(), assigned_to: task.assigned_to().cloned(), candidates })
    }

    fn candidate(&self, agent: &Agent, task: &Task, now_ms: TimeMs) -> Candidate {
        // Whoever has it already is compared as if that were not so.
        let mut without = agent.clone();
        if task.assigned_to() == Some(agent.id()) && agent.has_in_hand(task) {
            without.running.retain(|id| *id != task.spec.id);
            without.queue.remove(&task.rank());
            without.load_minutes -= u64::from(task.spec.estimated_duration);
        }
        let against = self.against(&without, task);
        let (thousandths, mut reasons) = choose::reasons(&without, task);
        let eligible = against.is_empty();
        reasons.splice(0..0, against);
        let under_way = task.stage == Stage::InProgress;
        // A plan that cannot come true any more says nothing.
        let planned = task.planned.as_ref().filter(|planned| {
            let until_ms = if under_way { planned.finish_ms } else { planned.start_ms };
            eligible && planned.manus_id == *agent.id() && until_ms >= now_ms
        });
        if let Some(planned) = planned.filter(|_| !under_way) {
            reasons.insert(0, as_planned((planned.start_ms - now_ms) / 60_000));
        }
        if task.assigned_to() == Some(agent.id()) {
            let how = if task.pinned { "by hand" } else { "by the rule" };
            reasons.insert(0, format!("has it now, chosen {how}"));
        }
        let guess_ms = || {
            let before = without.backlog() * 1_000;
            let [before_ms, own_ms] = [before, thousandths.saturating_sub(before)]
                .map(|thousandths| i64::try_from(thousandths * 60).unwrap_or(i64::MAX / 4));
            (now_ms + before_ms).max(self.free_to_begin_ms(task)) + own_ms
        };
        Candidate {
            manus_id: agent.id().clone(),
            eligible,
            reasons,
            score: thousandths as f64 / 1000.0,
            expected_finish_ms: planned.map_or_else(guess_ms, |planned| planned.finish_ms),
        }
    }

    /// When the tasks before should be done, as far as the plan says: nobody can begin sooner.
    fn free_to_begin_ms(&self, task: &Task) -> TimeMs {
        let before = task.waiting_for().filter_map(|id| self.task(id)?.planned.as_ref());
        before.map(|planned| planned.finish_ms).max().unwrap_or(TimeMs::MIN)
    }

    /// What keeps the rules from giving this task to this agent.
    fn against(&self, agent: &Agent, task: &Task) -> Vec<String> {
        let mut against = Vec::new();
        match agent.presence() {
            Presence::Here if agent.draining => {
                against.push("is draining: it finishes what it has".to_owned())
            }
            Presence::Here => {}
            Presence::Lost => against.push("is lost: silent for too long".to_owned()),
            Presence::Gone => against.push("said goodbye".to_owned()),
        }
        let missing: Vec<&str> = task
            .spec
            .required_capabilities
            .iter()
            .filter(|need| !agent.can(std::slice::from_ref(need)))
            .map(|c| c.as_str())
            .collect();
        if !missing.is_empty() {
            against.push(format!("lacks {}", missing.join(", ")));
        }
        let held: SortedSet<String> = task
            .spec
            .files_involved
            .iter()
            .flat_map(|file| self.locks().in_the_way(file, LockMode::Exclusive, Some(agent.id()), 3))
            .map(|lock| format!("{} is held by {}", lock.file_path, lock.locked_by))
            .collect();
        against.extend(held);
        if agent.presence() == Presence::Here && agent.in_hand() >= self.settings().queue_max {
            against.push(format!("has {} tasks already", agent.in_hand()));
        }
        against
    }

    /// Running and ready tasks whose declared files collide, in the order that costs least: who runs or is better goes first.
    /// Looks at the running and the best thousand ready tasks.
    pub fn forecast_conflicts(&self) -> Vec<Collision> {
        let running = self.agents().flat_map(|agent| agent.running()).filter_map(|id| self.task(id));
        let mut ready: Vec<&Task> = self
            .work
            .pool
            .values()
            .chain(self.work.queued.values())
            .flat_map(|ranks| ranks.iter().take(FORECAST_TASKS))
            .filter_map(|rank| self.task(&rank.task))
            .collect();
        ready.extend(
            self.work
                .parked
                .values()
                .flatten()
                .take(FORECAST_TASKS)
                .collect::<SortedSet<_>>()
                .into_iter()
                .filter_map(|id| self.task(id)),
        );
        // The plan knows which order costs least, also where they are with different agents.
        ready.sort_by_cached_key(|task| {
            task.rank_at(task.planned.as_ref().map_or(TimeMs::MAX, |planned| planned.start_ms))
        });
        ready.truncate(FORECAST_TASKS);
        let tasks: Vec<&Task> =
            running.chain(ready).filter(|task| !task.spec.files_involved.is_empty()).collect();
        let mut found = Vec::new();
        for (place, then) in tasks.iter().enumerate() {
            for first in &tasks[..place] {
                if found.len() == FORECAST_LISTED {
                    return found;
                }
                found.extend(collision(first, then));
            }
        }
        found
    }
}

fn as_planned(minutes: TimeMs) -> String {
    match minutes {
        0 => "the plan has it here, to begin now".to_owned(),
        1 => "the plan has it here, to begin in about 1 minute".to_owned(),
        _ => format!("the plan has it here, to begin in about {minutes} minutes"),
    }
}

fn collision(first: &Task, then: &Task) -> Option<Collision> {
    let meets = |file: &&FilePattern| then.spec.files_involved.iter().any(|other| other.meets(file));
    let files: Vec<FilePattern> = first.spec.files_involved.iter().filter(meets).cloned().collect();
    let running = first.status() == TaskStatus::InProgress;
    let both_run = running && then.status() == TaskStatus::InProgress;
    let left = u64::from(100 - first.progress().percent());
    (!files.is_empty() && !both_run).then(|| Collision {
        first: first.spec.id.clone(),
        then: then.spec.id.clone(),
        files,
        running,
        wait_minutes: u64::from(first.spec.estimated_duration) * left / 100,
    })
}
