//! The calls of one commit: decided one after the other, answered together.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use engine::state::Presence;
use engine::view::SyncTask;
use engine::{Call, Command, Event, ManusId, Record, Remembered, State, TaskId, TimeMs};
use tokio::sync::oneshot;

use super::{CALLS_AT_ONCE, EVENTS_AT_ONCE, Submission};
use crate::SPANS;
use crate::failure::Failure;
use crate::hub::Reply;
use crate::meters::Meters;
use crate::planted;
use crate::store::Changes;

type Outcome = Result<Reply, Failure>;

/// A batch in the making.
#[derive(Debug)]
pub(super) struct Batch {
    /// When all of it happens.
    pub now_ms: TimeMs,
    pub records: Vec<Record>,
    pub changes: Changes,
    /// The rows of all agents are brought up to date with this commit.
    pub complete: bool,
    /// Old remembered answers are forgotten with this commit.
    pub forget: bool,
    pub remembered: Vec<Remembered>,
    /// Tasks as they were when they were closed: the state may let go of them before the batch ends.
    pub closed: BTreeMap<TaskId, Arc<SyncTask>>,
    answers: Vec<(oneshot::Sender<Outcome>, Outcome)>,
}

impl Batch {
    pub(super) fn new(now_ms: TimeMs) -> Self {
        Self {
            now_ms,
            records: Vec::new(),
            changes: Changes::default(),
            complete: false,
            forget: false,
            remembered: Vec::new(),
            closed: BTreeMap::new(),
            answers: Vec::new(),
        }
    }

    /// Whether another call may join.
    pub(super) fn has_room(&self) -> bool {
        self.answers.len() < CALLS_AT_ONCE && self.records.len() < EVENTS_AT_ONCE
    }

    /// Decides something that nobody asked for.
    pub(super) fn decide_own(&mut self, state: &mut State, command: Command) {
        match state.decide(self.now_ms, &Call::from(command)) {
            Ok(decision) => self.keep(state, decision.events),
            Err(refusal) => tracing::error!(%refusal, "The engine refused its own command"),
        }
    }

    /// Decides a call. Answers the agent that gave a sign of life with it which no event tells of.
    pub(super) fn decide(&mut self, state: &mut State, submission: Submission) -> Option<ManusId> {
        let Submission { call, reply } = submission;
        let decided = state.decide(self.now_ms, &call);
        let unheard = !decided.as_ref().is_ok_and(|decision| !decision.events.is_empty());
        let seq = state.seq();
        let outcome = match decided {
            Ok(decision) => {
                self.remembered.extend(decision.remembered.filter(|_| !planted::DROP_REQUEST_ID));
                self.keep(state, decision.events);
                Ok(Reply { answer: decision.answer, seq })
            }
            Err(refusal) => Err(Failure::Refused { refusal, seq }),
        };
        self.answers.push((reply, outcome));
        let actor = call.command.actor().filter(|_| unheard)?;
        state.agent(actor).is_some_and(|agent| agent.presence() != Presence::Gone).then(|| actor.clone())
    }

    fn keep(&mut self, state: &State, events: Vec<Record>) {
        for record in &events {
            if let Event::TaskCompleted { task_id, .. } | Event::TaskCancelled { task_id, .. } = &record.event
                && let Some(task) = state.task_view(task_id)
            {
                self.closed.insert(task_id.clone(), task);
            }
        }
        self.records.extend(events);
    }

    /// What a trace shows of writing this.
    pub(super) fn span(&self) -> tracing::Span {
        let (first, last) = (self.records.first().map(|r| r.seq), self.records.last().map(|r| r.seq));
        let (commands, events) = (self.answers.len(), self.records.len());
        tracing::info_span!(target: SPANS, parent: None, "commit", commands, events, first_seq = first, last_seq = last)
    }

    /// Notes how it went to write this.
    pub(super) fn note(&self, meters: &Meters, took: Duration, written: bool) {
        meters.commit_seconds.observe(took.as_secs_f64());
        if !written {
            return meters.commit_failures.inc();
        }
        if !self.answers.is_empty() {
            meters.batch_commands.observe(self.answers.len() as f64);
        }
        meters.batch_events.observe(self.records.len() as f64);
    }

    /// Tells everybody what came of their calls. To be called when it is on the disk.
    pub(super) fn answer(&mut self) {
        for (reply, outcome) in self.answers.drain(..) {
            // Whoever does not wait any longer has hung up.
            let _ = reply.send(outcome);
        }
    }

    /// Tells everybody that it is unknown what came of their calls.
    pub(super) fn fail(&mut self, reason: &str) {
        for (reply, _) in self.answers.drain(..) {
            let _ = reply.send(Err(Failure::Unavailable { reason: reason.to_owned() }));
        }
    }
}
