//! From a command to what happens: the rules.
//!
//! Every rule first checks all it must and may refuse; from its first event on it can no longer. Events are applied as they
//! are decided, because what follows (a freed task finds an agent, a freed agent finds a task) depends on them.

mod assign;
pub(crate) mod choose;
mod files;
mod handoff;
mod instances;
mod messages;
mod plan;
mod press;
mod reviews;
mod score;
mod setbacks;
mod tasks;
mod tick;
mod waits;

use std::sync::Arc;

use crate::answer::{Answer, Decision, Remembered};
use crate::command::{Call, Command};
use crate::event::{AssignCause, Event, Record, ReleaseCause};
use crate::ids::{ManusId, TaskId, TimeMs, WaitId};
use crate::json::Json;
use crate::planted;
use crate::refusal::Refusal;
use crate::sorted::SortedSet;
use crate::state::{Agent, Presence, State, Task};
use crate::values::LockMode;
use crate::view::{FileLock, Message};

/// Why somebody has lost a task, in a sentence to that agent.
const AWAY: &str = "you were away when it became ready";

type Outcome = Result<Answer, Refusal>;

impl State {
    /// Decides a call at the moment `now_ms` and applies what follows from it. A refusal leaves the state as it was.
    ///
    /// Time does not go back: a moment before the last event counts as that of the last event.
    pub fn decide(&mut self, now_ms: TimeMs, call: &Call) -> Result<Decision, Refusal> {
        if let Some(first) = self.first_decision(call)? {
            return Ok(first);
        }
        let actor = call.command.actor().cloned();
        let now = now_ms.max(self.at_ms());
        let mut rules = Rules::new(self, now, actor.clone());
        let outcome = rules.run(&call.command);
        let events = rules.events;
        debug_assert!(outcome.is_ok() || events.is_empty(), "refused after {events:?}: {outcome:?}");
        let answer = Arc::new(outcome?);
        let settled = !matches!(*answer, Answer::Waiting { .. });
        let remembered = call.request.as_ref().filter(|_| settled).map(|request| Remembered {
            actor,
            request_id: request.id.clone(),
            fingerprint: request.fingerprint,
            at_ms: now,
            answer: answer.clone(),
        });
        if let Some(remembered) = &remembered {
            self.requests.keep(remembered.clone());
        }
        Ok(Decision { events, answer, remembered })
    }

    /// What deciding a call would come to; the state stays as it is. Costs a copy of it, but for the remembered answers.
    pub fn rehearse(&mut self, now_ms: TimeMs, call: &Call) -> Result<Decision, Refusal> {
        if let Some(first) = self.first_decision(call)? {
            return Ok(first);
        }
        let requests = std::mem::take(&mut self.requests);
        let mut copy = self.clone();
        self.requests = requests;
        copy.decide(now_ms, call)
    }

    /// What a repeated call comes to: the answer of before, and nothing else.
    fn first_decision(&self, call: &Call) -> Result<Option<Decision>, Refusal> {
        let Some(request) = &call.request else { return Ok(None) };
        match self.requests.get(call.command.actor(), &request.id) {
            None => Ok(None),
            Some(first) if first.fingerprint == request.fingerprint => {
                Ok(Some(Decision { events: Vec::new(), answer: first.answer.clone(), remembered: None }))
            }
            Some(_) => Err(Refusal::RequestIdReused { request_id: request.id.clone() }),
        }
    }
}

/// One decision in the making.
struct Rules<'a> {
    state: &'a mut State,
    now: TimeMs,
    by: Option<ManusId>,
    events: Vec<Record>,
    /// Ready tasks that nobody has, to be given to somebody.
    to_place: SortedSet<TaskId>,
    /// Agents that may have become able to take something.
    to_feed: SortedSet<ManusId>,
    /// Waiting claims of which something in the way is gone.
    to_wake: SortedSet<WaitId>,
    /// Agents that got files while they wait for others.
    to_judge: SortedSet<ManusId>,
    /// Agents that may have more in their queues now than their hands reach.
    to_relieve: SortedSet<ManusId>,
    /// Queued tasks of which a file is free now.
    to_offer: SortedSet<TaskId>,
    /// Who has just given which task back, and shall not get it at once again.
    declined: SortedSet<(ManusId, TaskId)>,
}

impl<'a> Rules<'a> {
    fn new(state: &'a mut State, now: TimeMs, by: Option<ManusId>) -> Self {
        Self {
            state,
            now,
            by,
            events: Vec::new(),
            to_place: SortedSet::new(),
            to_feed: SortedSet::new(),
            to_wake: SortedSet::new(),
            to_judge: SortedSet::new(),
            to_relieve: SortedSet::new(),
            to_offer: SortedSet::new(),
            declined: SortedSet::new(),
        }
    }

    fn run(&mut self, command: &Command) -> Outcome {
        match command {
            Command::RegisterManus { .. } => self.register(command),
            Command::Heartbeat { manus_id, status, progress } => self.heartbeat(manus_id, *status, *progress),
            Command::NoteBeats { beats } => self.note_beats(beats),
            Command::DeregisterManus { manus_id } => self.deregister(manus_id),
            Command::CreateTasks { tasks } => self.create_tasks(tasks),
            Command::AssignTask { task_id, manus_id } => self.assign_by_hand(task_id, manus_id),
            Command::CancelTask { task_id, reason } => self.cancel(task_id, reason.as_deref()),
            Command::StartTask { manus_id, task_id } => self.start(manus_id, task_id),
            Command::NextTask { manus_id } => self.next_task(manus_id),
            Command::UpdateTaskProgress { manus_id, task_id, progress, note, attempt } => {
                self.progress(manus_id, task_id, *progress, note.as_deref(), *attempt)
            }
            Command::CompleteTask { task_id, manus_id, result, needs_review, attempt } => {
                self.complete(task_id, manus_id.as_ref(), result.as_ref(), *needs_review, *attempt)
            }
            Command::ReviewTask { manus_id, task_id, approve, comment } => {
                self.review(manus_id, task_id, *approve, comment.as_deref())
            }
            Command::BlockTask { manus_id, task_id, reason } => {
                self.block(manus_id, task_id, reason.as_deref())
            }
            Command::UnblockTask { manus_id, task_id } => self.unblock_by_hand(manus_id, task_id),
            Command::FailTask { manus_id, task_id, reason, attempt } => {
                self.fail(manus_id, task_id, reason.as_deref(), *attempt)
            }
            Command::UpdateTask { task_id, changes } => self.update(task_id, changes),
            Command::DrainManus { manus_id, draining } => self.drain(manus_id, *draining),
            Command::ReleaseTask { manus_id, task_id, reason, attempt } => {
                self.give_back(manus_id, task_id, reason.as_deref(), *attempt)
            }
            Command::ClaimFiles { .. } => self.claim(command),
            Command::WithdrawClaim { wait_id } => Ok(self.withdraw(*wait_id)),
            Command::ReleaseFiles { manus_id, files, by } => self.release(manus_id, files, by.as_ref()),
            Command::SendMessage { .. } => self.send(command),
            Command::TakeMessages { manus_id, limit } => self.take_messages(manus_id, *limit),
            Command::AckMessages { manus_id, ids } => self.acknowledge(manus_id, ids),
            Command::AdoptPlan { steps, ended } => self.adopt_plan(steps, ended),
            Command::ServerStarted => {
                self.emit(Event::ServerStarted {});
                // An imported project comes with work that nobody was given yet. Elsewhere there is nothing to do here, but for
                // tasks that were given back and that nobody else can do: this is an occasion to ask again.
                self.to_feed.extend(self.state.work.takers.iter().map(|(_, manus)| manus.clone()));
                self.settle();
                Ok(Answer::Done)
            }
            Command::Tick => self.tick(),
        }
    }

    /// Writes down what happens, applies it, and notes who is concerned by it.
    fn emit(&mut self, event: Event) {
        let unblocked = self.emit_one_of_many(event);
        self.state.follow_chains();
        for task_id in unblocked {
            self.unblock(task_id);
        }
    }

    /// The same for one of several events of which none sets a task free; after the last of them comes
    /// [`State::follow_chains`](crate::State::follow_chains). Answers the tasks that waited for nothing else.
    fn emit_one_of_many(&mut self, event: Event) -> Vec<TaskId> {
        let unblocked = self.concern(&event);
        let record = Record { seq: self.state.seq() + 1, at_ms: self.now, by: self.by.clone(), event };
        self.state.apply_one_of_many(&record);
        self.events.push(record);
        unblocked
    }

    /// Notes which tasks and agents an event about to be applied sets free. Answers the tasks that waited for nothing else.
    fn concern(&mut self, event: &Event) -> Vec<TaskId> {
        match event {
            Event::TaskCreated { task, waiting_for } if waiting_for.is_empty() => {
                self.to_place.insert(task.id.clone());
            }
            Event::TaskReturned { task_id, .. } | Event::TaskUnassigned { task_id, .. } => {
                self.to_place.insert(task_id.clone());
                self.to_feed.extend(self.assignee(task_id));
            }
            Event::TaskCancelled { task_id, .. } | Event::TaskReviewRequested { task_id, .. } => {
                self.to_feed.extend(self.assignee(task_id));
            }
            Event::TaskAssigned { task_id, manus_id, .. } => {
                self.to_feed.extend(self.assignee(task_id).filter(|before| before != manus_id));
                self.to_relieve.insert(manus_id.clone());
            }
            Event::TaskStarted { manus_id, .. } => {
                self.to_relieve.insert(manus_id.clone());
            }
            Event::TaskCompleted { task_id, .. } => {
                self.to_feed.extend(self.assignee(task_id));
                return self.last_waiting_for(task_id);
            }
            Event::LocksReleased { manus_id, files, .. } => {
                for file in files {
                    let key = crate::LockKey { locked_by: manus_id.clone(), file_path: file.clone() };
                    self.to_place.extend(self.state.work.parked.get(&key).cloned().unwrap_or_default());
                    let waiting = self.state.waits().behind(&key);
                    self.to_wake.extend(waiting.skip(usize::from(planted::SKIP_WAITER)));
                }
                // What only the holder could have had, somebody else can have now.
                self.to_relieve.insert(manus_id.clone());
                self.to_offer.extend(self.queued_for(files));
            }
            // Sharing what one had alone lets others in.
            Event::LocksGranted { locks } => {
                let waits = |lock: &&FileLock| self.state.waits().of(&lock.locked_by).next().is_some();
                self.to_judge.extend(locks.first().filter(waits).map(|lock| lock.locked_by.clone()));
                for lock in locks.iter().filter(|lock| lock.mode == LockMode::Shared) {
                    self.to_wake.extend(self.state.waits().behind(&lock.key()));
                }
            }
            Event::ManusRegistered { manus_id, .. } | Event::ManusRevived { manus_id } => {
                self.to_feed.insert(manus_id.clone());
                self.to_relieve.insert(manus_id.clone());
            }
            _ => {}
        }
        Vec::new()
    }

    fn assignee(&self, task_id: &TaskId) -> Option<ManusId> {
        self.state.task(task_id).and_then(|task| task.assigned_to.clone())
    }

    /// The tasks for which this one is the last open dependency.
    fn last_waiting_for(&self, task_id: &TaskId) -> Vec<TaskId> {
        let Some(task) = self.state.task(task_id) else { return Vec::new() };
        let last = |id: &&TaskId| {
            self.state.task(id).is_some_and(|task| task.waiting_for.len() == 1 && task.course.held.is_none())
        };
        task.dependents.iter().filter(last).cloned().collect()
    }

    fn unblock(&mut self, task_id: TaskId) {
        let here =
            |manus: &ManusId| self.state.agent(manus).is_some_and(|agent| agent.presence == Presence::Here);
        // Promised by hand to somebody who is not there when it matters: it is anybody's.
        if let Some(away) = self.assignee(&task_id).filter(|manus| !here(manus)) {
            self.emit(Event::TaskUnassigned { task_id: task_id.clone(), reason: None });
            self.tell_taken(&away, &task_id, AWAY);
        }
        self.emit(Event::TaskUnblocked { task_id: task_id.clone() });
        match self.assignee(&task_id) {
            Some(manus) => {
                let content = self.about(&task_id, []);
                self.tell(&manus, "TASK_UNBLOCKED", content);
                self.keep_if_here(&task_id);
            }
            None => {
                self.to_place.insert(task_id);
            }
        }
    }

    /// The agent of this name, if it can make calls.
    fn caller(&self, manus_id: &ManusId) -> Result<&Agent, Refusal> {
        match self.state.agent(manus_id) {
            None => Err(Refusal::ManusNotFound { manus_id: manus_id.clone() }),
            Some(agent) if agent.presence == Presence::Gone => {
                Err(Refusal::ManusInactive { manus_id: manus_id.clone() })
            }
            Some(agent) => Ok(agent),
        }
    }

    /// A call of a lost agent brings it back. To be called once nothing can be refused any more.
    fn revive(&mut self, manus_id: &ManusId) {
        if self.state.agent(manus_id).is_some_and(|agent| agent.presence == Presence::Lost) {
            self.emit(Event::ManusRevived { manus_id: manus_id.clone() });
        }
    }

    /// The task of this id, if it is open.
    fn open_task(&self, task_id: &TaskId) -> Result<&Task, Refusal> {
        match self.state.task(task_id) {
            Some(task) if !task.status().is_closed() => Ok(task),
            Some(task) => Err(Refusal::TaskClosed { task_id: task_id.clone(), status: task.status() }),
            None => match self.state.outcome(task_id) {
                Some(outcome) => {
                    Err(Refusal::TaskClosed { task_id: task_id.clone(), status: outcome.status() })
                }
                None => Err(Refusal::TaskNotFound { task_id: task_id.clone() }),
            },
        }
    }

    fn task_answer(&self, task_id: &TaskId) -> Outcome {
        let view = self.state.task_view(task_id);
        view.map(Answer::Task).ok_or_else(|| Refusal::TaskNotFound { task_id: task_id.clone() })
    }

    /// The engine writes to somebody.
    fn tell(&mut self, to: &ManusId, message_type: &str, content: Json) {
        let message = Message {
            id: self.state.counters().next_message,
            from_manus: ManusId::system(),
            to_manus: to.clone(),
            message_type: message_type.to_owned(),
            content,
            timestamp_ms: self.now,
            processed: false,
            reply_to: None,
            thread_id: None,
            requires_ack: false,
        };
        self.emit(Event::MessageSent { message: Arc::new(message) });
    }

    /// What a message about a task says first.
    fn about<const N: usize>(&self, task_id: &TaskId, more: [(&str, Json); N]) -> Json {
        let title = self.state.task(task_id).map_or("", |task| &task.spec.title);
        let mut fields =
            vec![("task_id".to_owned(), Json::text(task_id)), ("title".to_owned(), Json::text(title))];
        fields.extend(more.into_iter().map(|(key, value)| (key.to_owned(), value)));
        Json::Object(fields)
    }

    /// Gives a task to an agent, and tells it.
    fn assign(&mut self, task_id: &TaskId, manus_id: &ManusId, cause: AssignCause) {
        self.emit(Event::TaskAssigned { task_id: task_id.clone(), manus_id: manus_id.clone(), cause });
        let Some(task) = self.state.task(task_id) else { return };
        let handoff = self.handoff(task, manus_id);
        if !cause.is_news() {
            // It knows what it took, but not what was before.
            if handoff != Json::Null {
                let content = self.about(task_id, [("handoff", handoff)]);
                self.tell(manus_id, "TASK_HANDOFF", content);
            }
            return;
        }
        let more = [
            ("priority", Json::text(task.spec.priority)),
            ("estimated_duration", Json::Int(i64::from(task.spec.estimated_duration))),
            ("files_involved", Json::texts(&task.spec.files_involved)),
            ("handoff", handoff),
        ];
        let content = self.about(task_id, more);
        self.tell(manus_id, "TASK_ASSIGNED", content);
    }

    /// Gives back what the start of a task took.
    fn release_task_locks(&mut self, task_id: &TaskId) {
        let Some(task) = self.state.task(task_id) else { return };
        let (Some(manus_id), files) =
            (task.assigned_to.clone(), task.course.took.iter().cloned().collect::<Vec<_>>())
        else {
            return;
        };
        if !files.is_empty() {
            self.emit(Event::LocksReleased { manus_id, files, cause: ReleaseCause::TaskEnded });
        }
    }
}
