//! What needs the person: the things that nobody else will put right, those first that free the most work.

use std::cmp::Reverse;
use std::sync::Arc;

use engine::ids::SUPERVISOR;
use engine::sorted::{SortedMap, SortedSet, sort_by_key};
use engine::state::{Outcome, Presence};
use engine::view::Message;
use engine::{Capability, ManusId, MessageId, State, TaskId, TaskStatus, TimeMs};

use super::words;

/// One thing that needs the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Need {
    /// Work waits and no agent is there.
    NoAgents {
        /// How many tasks could start.
        tasks: usize,
    },
    /// An agent went silent.
    Lost {
        /// Which.
        manus_id: ManusId,
        /// How many files it keeps closed.
        files: usize,
    },
    /// No agent has what these tasks need.
    Nobody {
        /// Which, in order of id.
        tasks: Vec<TaskId>,
        /// What they need.
        needed: Vec<Capability>,
        /// What of it nobody has; empty when it is only that no single agent has all of it.
        missing: Vec<Capability>,
    },
    /// A task waits for one that was cancelled.
    DeadEnd {
        /// Which.
        task_id: TaskId,
        /// For what.
        cancelled: TaskId,
    },
    /// A task is held back, or failed for good.
    Held {
        /// Which.
        task_id: TaskId,
        /// Why.
        reason: String,
    },
    /// A task is to be reviewed, and no agent is there who could, or the one who should has let it wait for long.
    Review {
        /// Which.
        task_id: TaskId,
        /// Who should.
        reviewer: Option<ManusId>,
    },
    /// A task in progress has not moved for long.
    Stalled {
        /// Which.
        task_id: TaskId,
        /// With whom.
        manus_id: ManusId,
    },
    /// A message to the person.
    Unread {
        /// Its number.
        id: MessageId,
        /// From whom.
        from: ManusId,
        /// What it says.
        gist: String,
        /// The first message of its conversation.
        thread: MessageId,
    },
}

/// For how long a reviewer may let a task wait before the person hears of it.
const REVIEW_WAITS_MS: TimeMs = 600_000;
/// The engine's word to the person on what is a need of its own.
const STALLED: &str = "TASK_STALLED";

/// A need with what decides its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ranked {
    /// What.
    pub need: Need,
    /// Minutes of work that can go on once it is dealt with.
    pub frees_minutes: u64,
    /// Since when.
    pub since_ms: TimeMs,
}

impl Need {
    /// Names it among all needs, the same as long as it lasts.
    pub fn key(&self) -> String {
        match self {
            Self::NoAgents { .. } => "no-agents".to_owned(),
            Self::Lost { manus_id, .. } => format!("lost {manus_id}"),
            Self::Nobody { needed, .. } => format!("nobody {}", listed(needed)),
            Self::DeadEnd { task_id, .. } => format!("dead {task_id}"),
            Self::Held { task_id, .. } => format!("held {task_id}"),
            Self::Review { task_id, .. } => format!("review {task_id}"),
            Self::Stalled { task_id, .. } => format!("stalled {task_id}"),
            Self::Unread { id, .. } => format!("message {id}"),
        }
    }

    /// What can change of it while it lasts, in words that nobody reads.
    pub fn more(&self) -> String {
        match self {
            Self::NoAgents { tasks: count } | Self::Lost { files: count, .. } => count.to_string(),
            Self::Nobody { tasks, missing, .. } => {
                let tasks: Vec<String> = tasks.iter().map(TaskId::to_string).collect();
                tasks.join(" ") + &listed(missing)
            }
            Self::DeadEnd { cancelled, .. } => cancelled.to_string(),
            Self::Held { reason, .. } => reason.clone(),
            Self::Stalled { manus_id, .. } => manus_id.to_string(),
            Self::Review { reviewer, .. } => reviewer.iter().map(ManusId::as_str).collect(),
            Self::Unread { .. } => String::new(),
        }
    }

    /// Among needs that free equally much: how urgent this kind is.
    fn urgency(&self) -> u8 {
        match self {
            Self::NoAgents { .. } => 0,
            Self::Lost { .. } => 1,
            Self::Review { .. } => 2,
            Self::Held { .. } => 3,
            Self::Unread { .. } => 4,
            Self::Stalled { .. } => 5,
            Self::Nobody { .. } => 6,
            Self::DeadEnd { .. } => 7,
        }
    }
}

/// The capabilities as a list for people.
pub fn listed(capabilities: &[Capability]) -> String {
    capabilities.iter().map(Capability::as_str).collect::<Vec<_>>().join(", ")
}

/// Everything that needs the person at a moment, the most pressing first.
pub fn needs(state: &State, now_ms: TimeMs) -> Vec<Ranked> {
    let mut found = Vec::new();
    let stuck = stuck_tasks(state);
    let anybody = state.agents().any(|agent| agent.presence() == Presence::Here);
    if anybody {
        found.extend(stuck.iter().map(|(needed, tasks)| nobody(state, needed, tasks)));
    } else if !stuck.is_empty() {
        let tasks: Vec<TaskId> = stuck.values().flatten().cloned().collect();
        let since_ms = oldest(state, &tasks);
        let need = Need::NoAgents { tasks: tasks.len() };
        found.push(Ranked { need, frees_minutes: minutes_behind(state, &tasks), since_ms });
    }
    found.extend(state.agents().filter(|agent| agent.presence() == Presence::Lost).map(|agent| {
        let tasks: Vec<TaskId> = stuck
            .iter()
            .filter(|(needed, _)| agent.can(needed))
            .flat_map(|(_, tasks)| tasks.clone())
            .collect();
        let frees_minutes = if anybody { minutes_behind(state, &tasks) } else { 0 };
        let need = Need::Lost { manus_id: agent.id().clone(), files: state.locks().count_of(agent.id()) };
        Ranked { need, frees_minutes, since_ms: agent.last_seen_ms() }
    }));
    found.extend(dead_ends(state));
    found.extend(decisions(state, now_ms));
    found.extend(letters(state));
    sort_by_key(&mut found, |ranked| (Reverse(ranked.frees_minutes), ranked.need.urgency(), ranked.since_ms));
    found
}

/// True for the name under which the person writes and is written to.
pub fn is_person(id: &ManusId) -> bool {
    id.as_str() == SUPERVISOR
}

/// Ready tasks that nobody has and nobody here can do, by what they need.
fn stuck_tasks(state: &State) -> SortedMap<Vec<Capability>, Vec<TaskId>> {
    let mut stuck: SortedMap<Vec<Capability>, Vec<TaskId>> = SortedMap::new();
    let mut known: SortedMap<&[Capability], bool> = SortedMap::new();
    let ready =
        state.tasks().filter(|task| task.status() == TaskStatus::Pending && task.assigned_to().is_none());
    for task in ready {
        let needed = task.spec().required_capabilities.as_slice();
        let can = *known.entry(needed).or_insert_with(|| {
            state.agents().any(|agent| agent.presence() == Presence::Here && agent.can(needed))
        });
        if !can {
            stuck.entry(needed.to_vec()).or_default().push(task.spec().id.clone());
        }
    }
    stuck
}

fn nobody(state: &State, needed: &[Capability], tasks: &[TaskId]) -> Ranked {
    let has = |wanted: &Capability| {
        let wanted = std::slice::from_ref(wanted);
        state.agents().any(|agent| agent.presence() == Presence::Here && agent.can(wanted))
    };
    let missing = needed.iter().filter(|wanted| !has(wanted)).cloned().collect();
    let need = Need::Nobody { tasks: tasks.to_vec(), needed: needed.to_vec(), missing };
    Ranked { need, frees_minutes: minutes_behind(state, tasks), since_ms: oldest(state, tasks) }
}

fn dead_ends(state: &State) -> impl Iterator<Item = Ranked> {
    state.tasks().filter(|task| task.status() == TaskStatus::Blocked).filter_map(|task| {
        let cancelled = task.waiting_for().find(|id| state.outcome(id) == Some(Outcome::Cancelled))?.clone();
        let task_id = task.spec().id.clone();
        let frees_minutes = minutes_behind(state, std::slice::from_ref(&task_id));
        let since_ms =
            state.task_view(&cancelled).and_then(|t| t.completed_at_ms).unwrap_or(task.updated_at_ms());
        Some(Ranked { need: Need::DeadEnd { task_id, cancelled }, frees_minutes, since_ms })
    })
}

/// What the person has not read. Of the engine's own the kind is told, since they have no words.
fn letters(state: &State) -> Vec<Ranked> {
    let ranked = |message: &Arc<Message>| {
        let (id, from, gist) = (message.id, message.from_manus.clone(), words::gist(&message.content));
        let kind = from.is_reserved().then(|| words::message_type(&message.message_type) + ": ");
        let (gist, thread) = (kind.unwrap_or_default() + &gist, message.thread_id.unwrap_or(id));
        let need = Need::Unread { id, from, gist, thread };
        Ranked { need, frees_minutes: 0, since_ms: message.timestamp_ms }
    };
    let is_need =
        |message: &&Arc<Message>| !(message.from_manus.is_reserved() && message.message_type == STALLED);
    state.inbox().unread(&ManusId::supervisor(), 0).filter(is_need).map(ranked).collect()
}

/// Tasks that cannot go on before somebody has decided, and those that should and do not.
fn decisions(state: &State, now_ms: TimeMs) -> impl Iterator<Item = Ranked> {
    state.tasks().filter(|task| !task.status().is_closed()).filter_map(move |task| {
        let task_id = task.spec().id.clone();
        let need = match (task.status(), task.held_reason(), task.assigned_to()) {
            (TaskStatus::Blocked, Some(reason), _) => Need::Held { task_id, reason: reason.to_owned() },
            (TaskStatus::NeedsReview, ..)
                if task.reviewer().is_none() || now_ms - task.updated_at_ms() >= REVIEW_WAITS_MS =>
            {
                Need::Review { task_id, reviewer: task.reviewer().cloned() }
            }
            (TaskStatus::InProgress, _, Some(manus)) if task.stall_level() > 1 => {
                Need::Stalled { task_id, manus_id: manus.clone() }
            }
            _ => return None,
        };
        let frees_minutes = minutes_behind(state, std::slice::from_ref(&task.spec().id));
        Some(Ranked { need, frees_minutes, since_ms: task.updated_at_ms() })
    })
}

fn oldest(state: &State, tasks: &[TaskId]) -> TimeMs {
    tasks.iter().filter_map(|id| state.task(id)).map(|task| task.updated_at_ms()).min().unwrap_or(0)
}

/// The estimated minutes of these tasks and of all that wait for them, directly or not.
fn minutes_behind(state: &State, tasks: &[TaskId]) -> u64 {
    let mut seen: SortedSet<&TaskId> = SortedSet::new();
    let mut open: Vec<&TaskId> = tasks.iter().collect();
    let mut minutes = 0;
    while let Some(id) = open.pop() {
        let Some(task) = state.task(id) else { continue };
        if seen.insert(&task.spec().id) {
            minutes += u64::from(task.spec().estimated_duration);
            open.extend(task.dependents());
        }
    }
    minutes
}

#[cfg(test)]
mod tests {
    use engine::Command;

    use super::*;
    use crate::live::script::{Script, script};

    fn told(script: &Script) -> Vec<String> {
        needs(script.state(), script.state().at_ms())
            .iter()
            .map(|ranked| format!("{} {} min", ranked.need.key(), ranked.frees_minutes))
            .collect()
    }

    #[test]
    fn a_calm_project_needs_nobody() {
        let mut project = script();
        assert_eq!(told(&project), [] as [String; 0]);
        project.agent("a", &["rust"]);
        project.task("build", 30, &[], &[]);
        assert_eq!(told(&project), [] as [String; 0]);
    }

    #[test]
    fn work_without_agents_is_one_need() {
        let mut project = script();
        let first = project.task("build", 30, &[], &["rust"]);
        project.task("test", 20, &[&first], &[]);
        assert_eq!(told(&project), ["no-agents 50 min"]);
    }

    #[test]
    fn what_frees_the_most_comes_first() {
        let mut project = script();
        project.agent("a", &["rust"]);
        let kernel = project.task("kernel", 60, &[], &["cuda"]);
        project.task("bench", 90, &[&kernel], &[]);
        project.task("kernel 2", 10, &[], &["cuda"]);
        project.task("docs", 15, &[], &["writing"]);
        project.message("a", "supervisor", "which port?");
        assert_eq!(told(&project), ["nobody cuda 160 min", "nobody writing 15 min", "message 1 0 min"]);
        project.cancel(&kernel);
        assert_eq!(told(&project)[0], "dead T2 90 min");
    }

    #[test]
    fn what_waits_for_a_decision_is_a_need() {
        let mut project = script();
        project.agent("a", &[]);
        let first = project.task("parse", 30, &[], &[]);
        project.task("print", 20, &[&first], &[]);
        project.start("a", &first);
        project.run(Command::CompleteTask {
            task_id: first.clone(),
            manus_id: None,
            result: None,
            needs_review: true,
            attempt: None,
        });
        assert_eq!(told(&project), ["review T1 50 min"]);
        let third = project.task("sell", 5, &[], &[]);
        project.run(Command::BlockTask {
            manus_id: ManusId::supervisor(),
            task_id: third,
            reason: Some("no licence yet".to_owned()),
        });
        assert_eq!(told(&project), ["review T1 50 min", "held T3 5 min"]);
    }

    #[test]
    fn a_lost_agent_counts_what_only_it_can_do() {
        let mut project = script();
        project.agent("a", &["cuda"]);
        project.wait(60_000);
        project.agent("b", &["rust"]);
        project.task("kernel", 60, &[], &["cuda"]);
        project.wait(70_000);
        assert_eq!(told(&project), ["lost a 60 min", "nobody cuda 60 min"]);
    }
}
