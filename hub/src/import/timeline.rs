//! From the original's rows to a log: what happened when, in order, and the state that it comes to.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use engine::event::{AssignCause, Event};
use engine::state::{Outcome, Stage};
use engine::view::{FileLock, ManusStats, Message};
use engine::{Json, ManusId, Record, Settings, State, TaskId, TaskStatus, TimeMs};

use super::agents::{Agent, Agents};
use super::read::Old;
use super::tasks::{OldWork, Tasks};
use super::{ImportReport, OddRow, everything, files, messages};
use crate::paths::ProjectPaths;
use crate::store::{Changes, StoreError};

/// How many lines of the report the message to the supervisor carries.
const LINES_TOLD: usize = 100;

/// The history of a project in the making.
pub(super) struct Timeline {
    now_ms: TimeMs,
    state: State,
    records: Vec<Record>,
    odd: Vec<OddRow>,
    agents: Agents,
    tasks: Tasks,
    locks: Vec<FileLock>,
    messages: Vec<Message>,
}

/// Something with its time. At one time, the lower rank comes first.
struct Step {
    at_ms: TimeMs,
    rank: u8,
    event: Event,
}

impl Timeline {
    pub(super) fn new(settings: &Settings, now_ms: TimeMs) -> Self {
        // Everything is to be written down, so nothing may be let go of.
        let settings = Settings { closed_kept: usize::MAX, messages_kept: usize::MAX, ..settings.clone() };
        Self {
            now_ms,
            state: State::new(settings),
            records: Vec::new(),
            odd: Vec::new(),
            agents: Agents::default(),
            tasks: Tasks::default(),
            locks: Vec::new(),
            messages: Vec::new(),
        }
    }

    /// Reads the rows, each with what it means for the others.
    pub(super) fn lay_out(&mut self, old: Old, paths: &ProjectPaths) {
        let (now, odd) = (self.now_ms, &mut self.odd);
        self.agents = Agents::read(old.agents, now, odd);
        self.tasks = Tasks::read(old.tasks, &self.agents, paths, now, odd);
        self.locks = files::locks(old.locks, &self.agents, paths, now, odd);
        files::compare(&self.agents, &self.locks, paths, odd);
        self.messages = messages::messages(old.messages, &self.agents, now, odd);
        for table in old.others {
            let what = "the original has no such table; its rows stay in the copy that is kept".to_owned();
            self.odd.push(OddRow { table: "table", row: table, what });
        }
        self.compare_current_tasks();
        self.give_locks_to_tasks();
    }

    /// Lets it all happen, and tells the supervisor. The problem, should the outcome break a promise of the rules.
    pub(super) fn play(&mut self, backup: &Path, file: &Path) -> Result<ImportReport, String> {
        let mut steps = self.steps();
        steps.sort_by_key(|step| (step.at_ms, step.rank));
        let dependents = self.dependents();
        for step in steps {
            let freed = match &step.event {
                Event::TaskCompleted { task_id, .. } => dependents.get(task_id).cloned().unwrap_or_default(),
                _ => Vec::new(),
            };
            self.happen(step.at_ms, self.with_open_dependencies(step.event));
            for task_id in freed {
                self.unblock(step.at_ms, task_id);
            }
        }
        self.end();
        let report = ImportReport {
            agents: self.agents.list.len(),
            tasks: self.tasks.list.len(),
            locks: self.locks.len(),
            messages: self.messages.len(),
            odd: self.odd.clone(),
            backup: backup.to_owned(),
            file: file.to_owned(),
        };
        self.tell(&report);
        match self.state.check().into_iter().next() {
            None => Ok(report),
            Some(problem) => Err(problem),
        }
    }

    /// Everything that is to be written down.
    pub(super) fn changes(&self) -> Result<Changes, StoreError> {
        everything(&self.state, &self.records)
    }

    fn happen(&mut self, at_ms: TimeMs, event: Event) {
        let at_ms = at_ms.max(self.state.at_ms());
        let record = Record { seq: self.state.seq() + 1, at_ms, by: None, event };
        self.state.apply(&record);
        self.records.push(record);
    }

    /// A created task waits for those of its dependencies that are open at that moment.
    fn with_open_dependencies(&self, event: Event) -> Event {
        let Event::TaskCreated { task, waiting_for } = event else { return event };
        let open = |id: &TaskId| self.state.outcome(id) != Some(Outcome::Completed);
        Event::TaskCreated { task, waiting_for: waiting_for.into_iter().filter(open).collect() }
    }

    fn unblock(&mut self, at_ms: TimeMs, task_id: TaskId) {
        let free =
            |task: &engine::state::Task| *task.stage() == Stage::Blocked && task.waiting_for().len() == 0;
        if self.state.task(&task_id).is_some_and(free) {
            self.happen(at_ms, Event::TaskUnblocked { task_id });
        }
    }

    fn steps(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        for agent in &self.agents.list {
            steps.push(Step { at_ms: self.first_seen(agent), rank: 0, event: registered(agent) });
        }
        for work in &self.tasks.list {
            self.task_steps(work, &mut steps);
        }
        // Their numbers are the order of sending, whatever their times say.
        let mut at_ms = TimeMs::MIN;
        for message in &self.messages {
            at_ms = at_ms.max(message.timestamp_ms);
            steps.push(Step {
                at_ms,
                rank: 6,
                event: Event::MessageSent { message: Arc::new(message.clone()) },
            });
        }
        steps
    }

    fn task_steps(&self, work: &OldWork, steps: &mut Vec<Step>) {
        let task_id = work.spec.id.clone();
        let mut step = |at_ms, rank, event| steps.push(Step { at_ms, rank, event });
        let waiting_for = work.spec.dependencies.clone();
        step(work.created_ms, 1, Event::TaskCreated { task: work.spec.clone(), waiting_for });
        let started = work.started_ms.filter(|_| work.was_started());
        if let Some(manus_id) = work.assigned_to.clone() {
            let at_ms = started.unwrap_or(work.created_ms);
            let cause = AssignCause::Rule;
            step(
                at_ms,
                2,
                Event::TaskAssigned { task_id: task_id.clone(), manus_id: manus_id.clone(), cause },
            );
            if let Some(at_ms) = started {
                step(at_ms, 3, Event::TaskStarted { task_id: task_id.clone(), manus_id });
            }
        }
        let from = started.unwrap_or(work.created_ms);
        match work.status {
            TaskStatus::Completed => {
                step(work.closed_ms.unwrap_or(from), 5, Event::TaskCompleted { task_id, result: None });
            }
            TaskStatus::Cancelled => {
                step(work.closed_ms.unwrap_or(from), 5, Event::TaskCancelled { task_id, reason: None });
            }
            TaskStatus::NeedsReview => {
                let at_ms = work.closed_ms.unwrap_or(from);
                step(at_ms, 5, Event::TaskReviewRequested { task_id, result: None });
            }
            TaskStatus::Pending | TaskStatus::InProgress | TaskStatus::Blocked => {}
        }
    }

    /// The first moment at which something shows that the agent was there.
    fn first_seen(&self, agent: &Agent) -> TimeMs {
        let its = |work: &&OldWork| work.assigned_to.as_ref() == Some(&agent.id);
        let tasks = self.tasks.list.iter().filter(its).map(|work| work.created_ms);
        let locks = self.locks.iter().filter(|lock| lock.locked_by == agent.id).map(|lock| lock.locked_at_ms);
        let sent = self.messages.iter().filter(|message| message.from_manus == agent.id);
        let times = tasks.chain(locks).chain(sent.map(|message| message.timestamp_ms)).chain(agent.seen_ms);
        times.min().unwrap_or(self.now_ms)
    }

    fn dependents(&self) -> HashMap<TaskId, Vec<TaskId>> {
        let mut dependents: HashMap<TaskId, Vec<TaskId>> = HashMap::new();
        for work in &self.tasks.list {
            for dependency in &work.spec.dependencies {
                dependents.entry(dependency.clone()).or_default().push(work.spec.id.clone());
            }
        }
        dependents
    }

    /// What is true of the original at its end: who holds what, how far everybody is, who has gone.
    fn end(&mut self) {
        let now = self.now_ms;
        for task_id in self.held() {
            let reason = "blocked in the original engine, which does not say why".to_owned();
            self.happen(now, Event::TaskHeld { task_id, reason });
        }
        if !self.locks.is_empty() {
            self.happen(now, Event::LocksGranted { locks: self.locks.clone() });
        }
        for event in self.agents.list.iter().flat_map(|agent| self.standing(agent)).collect::<Vec<_>>() {
            self.happen(now, event);
        }
        let beats: Vec<_> =
            self.agents.list.iter().filter_map(|agent| Some((agent.id.clone(), agent.seen_ms?))).collect();
        if !beats.is_empty() {
            self.happen(now, Event::HeartbeatsSeen { beats });
        }
        let gone: Vec<ManusId> =
            self.agents.list.iter().filter(|agent| agent.gone).map(|agent| agent.id.clone()).collect();
        for manus_id in gone {
            self.happen(now, Event::ManusLeft { manus_id });
        }
    }

    /// Tasks that are blocked by nothing that is known here.
    fn held(&self) -> Vec<TaskId> {
        let blocked = self.tasks.list.iter().filter(|work| work.status == TaskStatus::Blocked);
        let by_nothing =
            |id: &TaskId| self.state.task(id).is_some_and(|task| *task.stage() == Stage::Pending);
        blocked.map(|work| work.spec.id.clone()).filter(by_nothing).collect()
    }

    /// How far an agent is, and how well it did.
    fn standing(&self, agent: &Agent) -> Vec<Event> {
        let mut events = Vec::new();
        let current = agent.current_task.as_deref().and_then(|name| self.tasks.named(name));
        let running = self.state.agent(&agent.id).map(|agent| agent.running()).unwrap_or_default();
        let progress = agent.progress;
        if let Some(task_id) = current.filter(|id| running.contains(id)).cloned() {
            events.push(Event::TaskProgressed { task_id, progress, note: None });
        } else if running.is_empty() && !agent.gone && progress != engine::Progress::NONE {
            let (manus_id, progress) = (agent.id.clone(), Some(progress));
            events.push(Event::ManusDeclared { manus_id, status: None, progress });
        }
        let stats = self.stats(&agent.id);
        events.push(Event::ManusScored { manus_id: agent.id.clone(), score: agent.score, stats });
        events
    }

    /// What its completed tasks add up to.
    fn stats(&self, manus_id: &ManusId) -> ManusStats {
        let mut stats = ManusStats::default();
        let done = |work: &&OldWork| {
            work.status == TaskStatus::Completed && work.assigned_to.as_ref() == Some(manus_id)
        };
        for work in self.tasks.list.iter().filter(done) {
            stats.completed += 1;
            let (Some(started), Some(closed)) = (work.started_ms, work.closed_ms) else { continue };
            let estimated = u64::from(work.spec.estimated_duration);
            let actual_ms = u64::try_from(closed - started).unwrap_or(0);
            stats.on_time += u32::from(actual_ms <= estimated * 60_000);
            stats.estimated_minutes += estimated;
            stats.actual_ms += actual_ms;
        }
        stats
    }

    /// A lock on a file of a task that its holder works on is the task's: its end gives it back.
    fn give_locks_to_tasks(&mut self) {
        for lock in &mut self.locks {
            let uses = |work: &&OldWork| {
                work.status == TaskStatus::InProgress
                    && work.assigned_to.as_ref() == Some(&lock.locked_by)
                    && work.spec.files_involved.contains(&lock.file_path)
            };
            lock.task_id = self.tasks.list.iter().find(uses).map(|work| work.spec.id.clone());
        }
    }

    fn compare_current_tasks(&mut self) {
        for agent in &self.agents.list {
            let Some(name) = &agent.current_task else { continue };
            let its = |work: &OldWork| {
                Some(&work.spec.id) == self.tasks.named(name)
                    && work.status == TaskStatus::InProgress
                    && work.assigned_to.as_ref() == Some(&agent.id)
            };
            if !self.tasks.list.iter().any(its) {
                let what = format!("current_task {name:?} is not in progress with it; left out");
                self.odd.push(OddRow { table: "manus_instances", row: agent.row.clone(), what });
            }
        }
    }

    fn tell(&mut self, report: &ImportReport) {
        let told: Vec<String> = report.odd.iter().take(LINES_TOLD).map(OddRow::to_string).collect();
        let content = Json::object([
            ("imported", Json::text(report)),
            ("rows_changed", Json::Int(i64::try_from(report.odd.len()).unwrap_or(i64::MAX))),
            ("lines", Json::texts(told)),
            ("report", Json::text(report.file.display())),
            ("original", Json::text(report.backup.display())),
        ]);
        let message = Message {
            id: self.state.counters().next_message,
            from_manus: ManusId::system(),
            to_manus: ManusId::supervisor(),
            message_type: "IMPORTED".to_owned(),
            content,
            timestamp_ms: self.now_ms,
            processed: false,
            reply_to: None,
            thread_id: None,
            requires_ack: false,
        };
        self.happen(self.now_ms, Event::MessageSent { message: Arc::new(message) });
    }
}

impl OldWork {
    /// Whether an attempt was made that its status tells of.
    fn was_started(&self) -> bool {
        matches!(self.status, TaskStatus::InProgress | TaskStatus::NeedsReview | TaskStatus::Completed)
    }
}

fn registered(agent: &Agent) -> Event {
    Event::ManusRegistered {
        manus_id: agent.id.clone(),
        role: agent.role,
        capabilities: agent.capabilities.clone(),
        max_parallel: 1,
        program: None,
        model: None,
    }
}
