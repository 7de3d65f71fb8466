//! An agent in the live state.

use super::{Rank, Settings, State, Task};
use crate::capability::Capability;
use crate::ids::{ManusId, TaskId, TimeMs};
use crate::sorted::SortedSet;
use crate::values::{InstanceStatus, Progress, Role};
use crate::view::{ManusInstance, ManusStats};

/// Whether an agent is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// Alive.
    Here,
    /// Silent for too long.
    Lost,
    /// Said goodbye.
    Gone,
}

/// An agent, with what it has in hand.
#[derive(Debug, Clone, PartialEq)]
pub struct Agent {
    pub(crate) id: ManusId,
    pub(crate) role: Role,
    pub(crate) capabilities: Vec<Capability>,
    pub(crate) max_parallel: u32,
    pub(crate) program: Option<String>,
    pub(crate) model: Option<String>,
    pub(crate) registered_at_ms: TimeMs,
    pub(crate) last_seen_ms: TimeMs,
    /// Silence is counted from here when this is later than the last sign of life: the server was down in between.
    pub(crate) grace_from_ms: TimeMs,
    /// Where the deadlines list it.
    pub(crate) silence_due_ms: Option<TimeMs>,
    pub(crate) presence: Presence,
    /// It said that it is at work, whatever tasks it has.
    pub(crate) says_active: bool,
    pub(crate) said_progress: Progress,
    pub(crate) draining: bool,
    pub(crate) performance_score: f64,
    pub(crate) stats: ManusStats,
    /// Tasks of others that it was asked to review.
    pub(crate) reviewing: SortedSet<TaskId>,
    /// In the order of starting; of those started in one moment, in order of id.
    pub(crate) running: Vec<TaskId>,
    /// Assigned and not started, best first.
    pub(crate) queue: SortedSet<Rank>,
    /// What the plan has for it and it does not have yet, by when it should start.
    pub(crate) promised: SortedSet<(TimeMs, TaskId)>,
    /// Estimated minutes of all that is running and queued.
    pub(crate) load_minutes: u64,
}

impl Agent {
    /// An agent before its first registration is applied.
    pub(super) fn unborn(id: &ManusId, at_ms: TimeMs) -> Self {
        Self {
            id: id.clone(),
            role: Role::SpeedDeveloper,
            capabilities: Vec::new(),
            max_parallel: 1,
            program: None,
            model: None,
            registered_at_ms: at_ms,
            last_seen_ms: at_ms,
            grace_from_ms: at_ms,
            silence_due_ms: None,
            presence: Presence::Gone,
            says_active: false,
            said_progress: Progress::NONE,
            draining: false,
            performance_score: 100.0,
            stats: ManusStats::default(),
            reviewing: SortedSet::new(),
            running: Vec::new(),
            queue: SortedSet::new(),
            promised: SortedSet::new(),
            load_minutes: 0,
        }
    }

    /// Its name.
    pub fn id(&self) -> &ManusId {
        &self.id
    }

    /// What it is for.
    pub fn role(&self) -> Role {
        self.role
    }

    /// Whether it is there.
    pub fn presence(&self) -> Presence {
        self.presence
    }

    /// When it last gave a sign of life.
    pub fn last_seen_ms(&self) -> TimeMs {
        self.last_seen_ms
    }

    /// The tasks it works on, in the order of starting.
    pub fn running(&self) -> &[TaskId] {
        &self.running
    }

    /// The tasks it was given and has not started, best first.
    pub fn queue(&self) -> impl ExactSizeIterator<Item = &TaskId> {
        self.queue.iter().map(|rank| &rank.task)
    }

    /// Working, idle, gone or lost.
    pub fn status(&self) -> InstanceStatus {
        match self.presence {
            Presence::Lost => InstanceStatus::Lost,
            Presence::Gone => InstanceStatus::Inactive,
            Presence::Here if self.says_active || !self.running.is_empty() => InstanceStatus::Active,
            Presence::Here => InstanceStatus::Idle,
        }
    }

    /// The task it started last and still works on.
    pub fn current_task(&self) -> Option<&TaskId> {
        self.running.last()
    }

    /// Whether it has every one of these capabilities.
    pub fn can(&self, needed: &[Capability]) -> bool {
        needed.iter().all(|need| self.capabilities.contains(need))
    }

    /// Whether the rule may give it another task.
    pub(crate) fn takes_work(&self, settings: &Settings) -> bool {
        self.presence == Presence::Here && !self.draining && self.in_hand() < settings.queue_max
    }

    /// Whether it may start another task.
    pub(crate) fn has_room(&self) -> bool {
        self.running.len() < self.max_parallel as usize
    }

    /// How many tasks it has, running and queued.
    pub(crate) fn in_hand(&self) -> usize {
        self.running.len() + self.queue.len()
    }

    /// Whether it works on this task, or has it in its queue.
    pub(crate) fn has_in_hand(&self, task: &Task) -> bool {
        self.running.contains(&task.spec.id) || self.queue.contains(&task.rank())
    }

    /// Whether it would begin a new task at once.
    pub(crate) fn has_free_hand(&self) -> bool {
        self.in_hand() < self.max_parallel as usize
    }

    /// How much work is before a new task, counting parallel work as such. In minutes; 0 exactly when a hand is free.
    pub(crate) fn backlog(&self) -> u64 {
        match self.has_free_hand() {
            true => 0,
            false => (self.load_minutes / u64::from(self.max_parallel.max(1))).max(1),
        }
    }

    /// How long it takes, by its learned speed, for what is estimated at so many minutes. In milliseconds.
    pub(crate) fn needs_ms(&self, minutes: u32) -> TimeMs {
        let speed = TimeMs::from(self.stats.speed_permille.clamp(250, 4000));
        TimeMs::from(minutes) * 60_000 * 1000 / speed
    }

    /// The moment from which its silence is counted.
    pub(crate) fn silent_since_ms(&self) -> TimeMs {
        self.last_seen_ms.max(self.grace_from_ms)
    }

    /// The agent as others see it.
    pub fn view(&self, state: &State) -> ManusInstance {
        let current = self.current_task();
        ManusInstance {
            id: self.id.clone(),
            role: self.role,
            capabilities: self.capabilities.clone(),
            status: self.status(),
            current_task: current.cloned(),
            progress: current.and_then(|id| state.task(id)).map_or(self.said_progress, |task| task.progress),
            files_claimed: state.locks().of(&self.id).map(|lock| lock.file_path.clone()).collect(),
            last_heartbeat_ms: self.last_seen_ms,
            performance_score: self.performance_score,
            max_parallel: self.max_parallel,
            program: self.program.clone(),
            model: self.model.clone(),
            registered_at_ms: self.registered_at_ms,
            draining: self.draining,
            stats: self.stats,
        }
    }
}
