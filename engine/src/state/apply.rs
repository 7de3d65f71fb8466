//! What each event does to the state. Nothing here can fail, and nothing else changes the state.

use std::sync::Arc;

use super::course::Course;
use super::task::{self, Planned};
use super::{Agent, Due, Outcome, Presence, Stage, State, Task};
use crate::event::{AssignCause, Event, Record, ReturnCause, TaskSpec};
use crate::ids::{ManusId, TaskId, TimeMs};
use crate::json::Json;
use crate::shared::Shared;
use crate::values::{InstanceStatus, Progress};
use crate::view::Message;

/// How much of the notes on earlier attempts is kept when a task returns, in characters.
const NOTE_KEPT: usize = 500;

impl State {
    /// Takes the next event of the log into account.
    pub fn apply(&mut self, record: &Record) {
        self.apply_one_of_many(record);
        self.follow_chains();
    }

    /// Takes the next events of the log into account.
    pub fn apply_all(&mut self, records: &[Record]) {
        records.iter().for_each(|record| self.apply_one_of_many(record));
        self.follow_chains();
    }

    /// Takes the next of several events into account; after the last of them comes [`State::follow_chains`]. So a chain of tasks that
    /// is created at once is walked once, and not from each of them back to its beginning.
    pub fn apply_one_of_many(&mut self, record: &Record) {
        self.seq = record.seq;
        self.at_ms = record.at_ms;
        self.count(record);
        #[cfg(not(target_family = "wasm"))]
        self.note_given_back(record);
        self.apply_event(&record.event);
        if let Some(manus) = &record.by {
            self.see(manus, record.at_ms);
        }
    }

    fn apply_event(&mut self, event: &Event) {
        match event {
            Event::ServerStarted {} => self.grant_grace(),
            Event::ManusRegistered { .. } => self.register(event),
            Event::ManusRevived { manus_id } => self.set_presence(manus_id, Presence::Here),
            Event::ManusLost { manus_id } => self.set_presence(manus_id, Presence::Lost),
            Event::ManusLeft { manus_id } => self.set_presence(manus_id, Presence::Gone),
            Event::ManusDeclared { manus_id, status, progress } => self.declare(manus_id, *status, *progress),
            Event::HeartbeatsSeen { beats } => {
                beats.iter().for_each(|(manus, at_ms)| self.see(manus, *at_ms))
            }
            Event::TaskCreated { task, waiting_for } => self.create_task(task, waiting_for),
            Event::TaskAssigned { task_id, manus_id, cause } => self.assign_task(task_id, manus_id, *cause),
            Event::TaskUnassigned { task_id, reason } => self.unassign_task(task_id, reason.as_ref()),
            Event::TaskUnblocked { task_id } => self.unblock_task(task_id),
            Event::TaskReviewRequested { .. }
            | Event::TaskReviewerChosen { .. }
            | Event::TaskSentBack { .. }
            | Event::TaskHeld { .. }
            | Event::TaskFailed { .. }
            | Event::TaskRetryDue { .. }
            | Event::TaskStalled { .. } => self.apply_setback(event),
            Event::TaskUpdated { task, waiting_for } => self.update_task(task, waiting_for),
            Event::TasksPlanned { steps, ended } => self.plan_tasks(steps, ended),
            Event::ManusDraining { manus_id, draining } => {
                self.change_agent(manus_id, |agent| agent.draining = *draining);
            }
            Event::ManusScored { manus_id, score, stats } => self.change_agent(manus_id, |agent| {
                agent.performance_score = *score;
                agent.stats = *stats;
            }),
            Event::TaskStarted { task_id, manus_id } => self.start_task(task_id, manus_id),
            Event::TaskProgressed { task_id, progress, note } => {
                self.progress_task(task_id, *progress, note.as_ref())
            }
            Event::TaskCompleted { task_id, result } => self.complete_task(task_id, result.as_ref()),
            Event::TaskCancelled { task_id, reason } => {
                self.close_task(task_id, Outcome::Cancelled, reason.clone());
            }
            Event::TaskReturned { task_id, cause, reason } => {
                self.return_task(task_id, *cause, reason.as_ref())
            }
            Event::TaskParked { task_id, behind } => {
                self.move_task(task_id, |task| task.course.parked_on.clone_from(behind));
            }
            Event::LocksGranted { .. }
            | Event::LocksDelayed { .. }
            | Event::LocksReleased { .. }
            | Event::ClaimQueued { .. }
            | Event::ClaimWaitsBehind { .. }
            | Event::ClaimWaitEnded { .. } => self.apply_claim(event),
            Event::MessageSent { message } => self.deliver(message),
            Event::MessagesProcessed { manus_id, ids } => {
                self.touched.messages.extend(ids);
                let forgotten = self.inbox.process(manus_id, ids, self.settings.messages_kept);
                self.touched.messages.extend(forgotten);
            }
        }
    }

    fn deliver(&mut self, message: &Arc<Message>) {
        self.counters.next_message = message.id + 1;
        self.touched.messages.insert(message.id);
        let forgotten = self.inbox.add(message.clone(), self.settings.messages_kept);
        self.touched.messages.extend(forgotten);
    }

    fn register(&mut self, event: &Event) {
        let Event::ManusRegistered { manus_id, role, capabilities, max_parallel, program, model } = event
        else {
            return;
        };
        let now = self.at_ms;
        self.agents.entry(manus_id.clone()).or_insert_with(|| Agent::unborn(manus_id, now));
        self.change_profile(manus_id, |agent| {
            agent.role = *role;
            agent.capabilities.clone_from(capabilities);
            agent.max_parallel = *max_parallel;
            agent.program.clone_from(program);
            agent.model.clone_from(model);
            agent.presence = Presence::Here;
            agent.says_active = false;
            agent.draining = false;
            agent.said_progress = Progress::NONE;
        });
        self.see(manus_id, now);
    }

    /// What an agent says of itself counts while it has no task in progress: then the tasks speak. So a snapshot, which shows
    /// one or the other, loses nothing.
    fn declare(&mut self, manus: &ManusId, status: Option<InstanceStatus>, progress: Option<Progress>) {
        self.change_agent(manus, |agent| {
            if agent.running.is_empty() {
                agent.says_active =
                    status.map_or(agent.says_active, |status| status == InstanceStatus::Active);
                agent.said_progress = progress.unwrap_or(agent.said_progress);
            }
        });
    }

    fn set_presence(&mut self, manus: &ManusId, presence: Presence) {
        self.change_profile(manus, |agent| {
            agent.presence = presence;
            agent.says_active = agent.says_active && presence == Presence::Here;
        });
        self.watch_silence(manus, |_| {});
    }

    /// A sign of life.
    fn see(&mut self, manus: &ManusId, at_ms: TimeMs) {
        if self.agents.contains_key(manus) {
            self.watch_silence(manus, |agent| agent.last_seen_ms = agent.last_seen_ms.max(at_ms));
            self.touched.beats.insert(manus.clone());
        }
    }

    fn grant_grace(&mut self) {
        // Whoever waited for an answer lost the connection with the server that is gone.
        for id in self.waits.iter().map(|wait| wait.id).collect::<Vec<_>>() {
            self.remove_wait(id);
        }
        let (now, ids) = (self.at_ms, self.agents.keys().cloned().collect::<Vec<_>>());
        for id in ids {
            self.watch_silence(&id, |agent| agent.grace_from_ms = now);
            self.touched.manus.insert(id);
        }
        self.park_anew();
    }

    /// Has the tasks that nobody has wait for the locks that are in their way now, as a state that was loaded has them: so what
    /// follows is the same whether a server began from the tables or the log is replayed.
    fn park_anew(&mut self) {
        if self.locks.is_empty() && self.work.parked.is_empty() {
            return;
        }
        let unplaced = |task: &Task| {
            task.stage == Stage::Pending && task.assigned_to.is_none() && task.course.retry_at_ms.is_none()
        };
        let unplaced = self.tasks.values().filter(|task| unplaced(task));
        let ids: Vec<TaskId> = unplaced.map(|task| task.spec.id.clone()).collect();
        for id in ids {
            let Some(task) = self.tasks.get(&id) else { continue };
            let locks = self.locks_before(task);
            if locks != task.course.parked_on {
                self.move_task(&id, |task| task.course.parked_on = locks);
            }
        }
    }

    /// Changes the times that decide when an agent counts as lost, and its deadline with them.
    pub(super) fn watch_silence(&mut self, manus: &ManusId, change: impl FnOnce(&mut Agent)) {
        let Some(agent) = self.agents.get_mut(manus) else { return };
        if let Some(at) = agent.silence_due_ms.take() {
            self.deadlines.remove(&(at, Due::Silence(manus.clone())));
        }
        change(agent);
        if agent.presence == Presence::Here {
            let at = agent.silent_since_ms() + self.settings.heartbeat_timeout_ms;
            agent.silence_due_ms = Some(at);
            self.deadlines.insert((at, Due::Silence(manus.clone())));
        }
    }

    fn create_task(&mut self, spec: &Arc<TaskSpec>, waiting_for: &[TaskId]) {
        if let Some(number) = spec.id.number() {
            self.counters.next_task = self.counters.next_task.max(number + 1);
        }
        self.insert_task(Shared::new(Task {
            need: task::need_of(spec),
            stage: if waiting_for.is_empty() { Stage::Pending } else { Stage::Blocked },
            assigned_to: None,
            pinned: false,
            waiting_for: waiting_for.iter().cloned().collect(),
            dependents: Default::default(),
            chain: u64::from(spec.estimated_duration),
            urgency: spec.priority,
            planned: None,
            progress: Progress::NONE,
            attempts: 0,
            created_at_ms: self.at_ms,
            updated_at_ms: self.at_ms,
            course: Course::default(),
            spec: spec.clone(),
        }));
        self.touched.tasks.insert(spec.id.clone());
        self.link(&spec.id, waiting_for);
    }

    fn assign_task(&mut self, id: &TaskId, manus: &ManusId, cause: AssignCause) {
        self.change_task(id, |task| {
            task.assigned_to = Some(manus.clone());
            task.planned.take_if(|planned| planned.manus_id != *manus);
            task.pinned = cause == AssignCause::ByHand;
            task.course.parked_on.clear();
            // Whoever gives it to somebody during the pause after a failure wants it tried now.
            task.course.retry_at_ms = None;
        });
    }

    /// Notes who gives back what it had in its queue. Only whoever decides and plans needs to know.
    #[cfg(not(target_family = "wasm"))]
    fn note_given_back(&mut self, record: &Record) {
        let Event::TaskUnassigned { task_id, .. } = &record.event else { return };
        if record.by.is_some() && self.tasks.get(task_id).is_some_and(|task| task.assigned_to == record.by) {
            self.change_task(task_id, |task| task.course.returned_by.clone_from(&record.by));
        }
    }

    fn unassign_task(&mut self, id: &TaskId, reason: Option<&String>) {
        self.change_task(id, |task| {
            let before = task.assigned_to.take();
            task.planned.take_if(|planned| Some(&planned.manus_id) == before.as_ref());
            task.pinned = false;
            if let Some(reason) = reason {
                task.course.note = Some(format!("given back: {reason}").chars().take(NOTE_KEPT).collect());
            }
        });
    }

    fn unblock_task(&mut self, id: &TaskId) {
        self.touch_if_held(id);
        self.change_task(id, |task| {
            if task.course.held.take().is_some() {
                task.course.failures = 0;
            }
            task.stage = if task.waiting_for.is_empty() { Stage::Pending } else { Stage::Blocked };
        });
    }

    fn start_task(&mut self, id: &TaskId, manus: &ManusId) {
        let now = self.at_ms;
        // What it said of itself held until now: see `declare`.
        self.change_agent(manus, |agent| {
            agent.says_active = false;
            agent.said_progress = Progress::NONE;
        });
        let minutes = self.tasks.get(id).map_or(0, |task| task.spec.estimated_duration);
        let finish_ms = self.agents.get(manus).map_or(now, |agent| now + agent.needs_ms(minutes));
        self.change_task(id, |task| {
            task.planned = Some(Planned { manus_id: manus.clone(), start_ms: now, finish_ms });
            task.stage = Stage::InProgress;
            task.assigned_to = Some(manus.clone());
            task.attempts += 1;
            task.course.started_at_ms = Some(now);
            // A new attempt reports from the start; how far the last one came stands in the note.
            task.progress = Progress::NONE;
            task.course.progressed_at_ms = None;
            task.course.stall_level = 0;
            task.course.returned_by = None;
        });
    }

    fn progress_task(&mut self, id: &TaskId, progress: Progress, note: Option<&String>) {
        let now = self.at_ms;
        self.change_task(id, |task| {
            task.progress = progress;
            task.course.progressed_at_ms = Some(now);
            task.course.stall_level = 0;
            if let Some(note) = note {
                task.course.note = Some(note.clone());
            }
        });
        if let Some(manus) = self.tasks.get(id).and_then(|task| task.assigned_to.clone()) {
            self.touched.manus.insert(manus);
        }
    }

    fn return_task(&mut self, id: &TaskId, cause: ReturnCause, reason: Option<&String>) {
        self.change_task(id, |task| {
            task.stage = Stage::Pending;
            task.planned = None;
            let before = task.assigned_to.take();
            if matches!(cause, ReturnCause::Released | ReturnCause::Stalled) {
                task.course.returned_by = before;
            }
            task.pinned = false;
            task.course.stall_level = 0;
            let done = task.progress.percent();
            task.course.took.clear();
            let why = cause.words();
            let last =
                reason.or(task.course.note.as_ref()).map(|note| format!(": {note}")).unwrap_or_default();
            // The note tells of the attempts before this one, too; but not of all that ever were.
            task.course.note = Some(format!("{why} at {done}%{last}").chars().take(NOTE_KEPT).collect());
        });
    }

    fn complete_task(&mut self, id: &TaskId, result: Option<&Json>) {
        self.change_task(id, |task| {
            task.course.result = result.cloned();
            task.progress = Progress::FULL;
        });
        self.close_task(id, Outcome::Completed, None);
    }

    fn close_task(&mut self, id: &TaskId, outcome: Outcome, reason: Option<String>) {
        let at_ms = self.at_ms;
        self.change_task(id, |task| {
            task.stage = match outcome {
                Outcome::Completed => Stage::Completed { at_ms },
                Outcome::Cancelled => Stage::Cancelled { at_ms, reason },
            };
            task.course.took.clear();
            task.course.parked_on.clear();
            task.course.held = None;
            task.course.retry_at_ms = None;
            task.course.stall_level = 0;
        });
        self.closed.note(id, outcome);
        match outcome {
            Outcome::Completed => {
                self.closed_counts.completed += 1;
                self.free_dependents(id);
            }
            Outcome::Cancelled => {
                self.closed_counts.cancelled += 1;
                self.forget_waiting(id);
                self.touch_dependents(id);
            }
        }
        self.keep_for_a_while(id);
    }

    /// A completed task is no longer in anybody's way.
    fn free_dependents(&mut self, id: &TaskId) {
        let dependents =
            self.task_mut(id).map(|task| std::mem::take(&mut task.dependents)).unwrap_or_default();
        for dependent in dependents {
            self.change_task(&dependent, |task| {
                task.waiting_for.remove(id);
            });
        }
    }

    /// A cancelled task waits for nothing any more.
    fn forget_waiting(&mut self, id: &TaskId) {
        let waiting = self.task_mut(id).map(|task| std::mem::take(&mut task.waiting_for)).unwrap_or_default();
        for dependency in waiting {
            if let Some(task) = self.task_mut(&dependency) {
                task.dependents.remove(id);
            }
            self.rechain(&dependency);
            // The last that waited for a cancelled task has given up, too.
            self.keep_for_a_while(&dependency);
        }
    }

    /// A closed task that nobody waits for stays in memory until enough others have been closed after it.
    pub(super) fn keep_for_a_while(&mut self, id: &TaskId) {
        let Some(task) = self.tasks.get(id).filter(|task| task.dependents.is_empty()) else { return };
        let Some(closed_at) = task.closed_at_ms() else { return };
        let kept = &mut self.closed.kept;
        kept.insert((closed_at, id.clone()));
        // Not this one, even where many are closed in the same moment: its caller is still to be answered.
        let oldest = kept.iter().find(|(_, other)| other != id).cloned();
        if let Some(oldest) = oldest.filter(|_| kept.len() > self.settings.closed_kept) {
            kept.remove(&oldest);
            self.tasks.remove(&oldest.1);
            self.touched.tasks.insert(oldest.1);
        }
    }
}
