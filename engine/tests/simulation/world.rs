//! A project under random commands, with what must hold after each of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use engine::event::ReturnCause;
use engine::{
    Answer, Call, Command, InstanceStatus, LockKey, LockMode, ManusId, Record, RequestId, Settings, State,
    TaskId, TaskStatus,
};

use crate::aim::aim;

/// A command at its moment.
#[derive(Debug, Clone)]
pub struct Step {
    pub at_ms: i64,
    pub call: Call,
    /// Which of the tasks that fit the command it is about; `None` for one that is as likely not there.
    pub aim: Option<u64>,
}

/// What some run must have seen.
pub const EXPECTED_KINDS: &[&str] = &[
    "manus_registered",
    "manus_revived",
    "manus_lost",
    "manus_left",
    "manus_declared",
    "heartbeats_seen",
    "task_created",
    "task_assigned",
    "task_unassigned",
    "task_unblocked",
    "task_started",
    "task_progressed",
    "task_completed",
    "task_returned",
    "task_cancelled",
    "task_parked",
    "task_review_requested",
    "task_reviewer_chosen",
    "task_sent_back",
    "task_held",
    "task_failed",
    "task_retry_due",
    "task_updated",
    "task_stalled",
    "tasks_planned",
    "manus_draining",
    "manus_scored",
    "claim_queued",
    "claim_waits_behind",
    "claim_wait_ended",
    "locks_granted",
    "locks_delayed",
    "locks_released",
    "message_sent",
    "messages_processed",
    "server_started",
];

pub struct World {
    state: State,
    /// The same by the events alone, as whoever keeps up with the log has it. What the rules change without an event shows here.
    follower: State,
    records: Vec<Record>,
    /// Highest token ever seen, to see that they only grow.
    last_token: u64,
    /// Of the locks that there are.
    tokens: BTreeMap<LockKey, u64>,
    /// Tasks created so far, none of which may ever vanish.
    created: u64,
    /// Who gave which task back: it is not pressed upon the same agent again.
    declined: BTreeSet<(ManusId, TaskId)>,
    /// First answers to requests: a repeated one gets the same again, however late.
    answered: BTreeMap<(Option<ManusId>, RequestId), Arc<Answer>>,
    /// How many requests came again after they had been answered.
    pub repeated: usize,
    /// A picture of the project as a browser holds it: loaded some time ago, and kept up to date by events alone.
    browser: State,
    /// How many records of the log the browser has seen.
    browser_seen: usize,
    steps: usize,
}

/// After how many steps the browser is compared, and loads the project anew.
const BROWSER_STEPS: usize = 50;

fn settings() -> Settings {
    Settings {
        heartbeat_timeout_ms: 2_000,
        lock_delay_ms: 500,
        max_failures: 2,
        retry_backoff_ms: 300,
        // So short that an agent stalls before it is lost, if estimates allow.
        stall_after_ms: 400,
        reassign_stalled: true,
        queue_max: 4,
        closed_kept: 5,
        messages_kept: 5,
    }
}

impl World {
    pub fn new() -> Self {
        Self {
            state: State::new(settings()),
            follower: State::new(settings()),
            records: Vec::new(),
            last_token: 0,
            tokens: BTreeMap::new(),
            created: 0,
            declined: BTreeSet::new(),
            answered: BTreeMap::new(),
            repeated: 0,
            browser: State::new(settings()),
            browser_seen: 0,
            steps: 0,
        }
    }

    pub fn records(&self) -> &[Record] {
        &self.records
    }

    pub fn count_kinds(&self, kinds: &mut BTreeMap<&'static str, u32>) {
        for record in &self.records {
            *kinds.entry(record.event.kind()).or_default() += 1;
        }
    }

    /// Carries a step out and checks what can be seen from its outcome.
    pub fn take(&mut self, step: &Step) -> Result<(), String> {
        let command = match step.aim {
            Some(number) => aim(&self.state, &self.browser, &step.call.command, number),
            None => step.call.command.clone(),
        };
        let step = &Step { call: Call { command, ..step.call.clone() }, ..step.clone() };
        let request = step.call.request.as_ref();
        let request = request.map(|request| (step.call.command.actor().cloned(), request.id.clone()));
        if let Some(first) = request.as_ref().and_then(|request| self.answered.get(request)).cloned() {
            return self.answer_again(step, &first);
        }
        match self.state.decide(step.at_ms, &step.call) {
            Err(refusal) => {
                self.compare_follower()
                    .map_err(|problem| format!("after the refusal {refusal} {problem}"))?;
                if refusal.to_string().is_empty() || refusal.code().is_empty() {
                    return Err("a refusal says nothing".into());
                }
            }
            Ok(decision) => {
                for record in &decision.events {
                    self.follow(record)?;
                }
                self.follower.remember(decision.remembered);
                self.records.extend(decision.events);
                if let Command::ReleaseTask { manus_id, task_id, .. } = &step.call.command {
                    self.declined.insert((manus_id.clone(), task_id.clone()));
                }
                if !matches!(*decision.answer, Answer::Waiting { .. }) {
                    self.answered.extend(request.map(|request| (request, decision.answer.clone())));
                    self.repeat(step)?;
                }
            }
        }
        Ok(())
    }

    /// Takes note of an event.
    fn follow(&mut self, record: &Record) -> Result<(), String> {
        let seq = self.follower.seq() + 1;
        if record.seq != seq {
            return Err(format!("{record:?} should have seq {seq}"));
        }
        self.watch(record)?;
        // Whoever got stuck with a task does not get it back at once either.
        if let engine::Event::TaskReturned { task_id, cause: ReturnCause::Stalled, .. } = &record.event {
            let stuck = self.follower.task(task_id).and_then(|task| task.assigned_to().cloned());
            self.declined.extend(stuck.map(|manus| (manus, task_id.clone())));
        }
        self.follower.apply(record);
        Ok(())
    }

    /// Everything in the state comes from the events, so what came to none has changed nothing.
    fn compare_follower(&mut self) -> Result<(), String> {
        self.state.take_touched();
        self.follower.take_touched();
        if self.state == self.follower { Ok(()) } else { Err("there is more than events tell of".into()) }
    }

    /// A request that comes again, late, gets its first answer and changes nothing.
    fn answer_again(&mut self, step: &Step, first: &Arc<Answer>) -> Result<(), String> {
        self.repeated += 1;
        match self.state.decide(step.at_ms, &step.call) {
            Ok(again) if again.answer == *first && again.events.is_empty() => self.compare_follower(),
            other => Err(format!("answered {first:?} before, and now {other:?}")),
        }
    }

    fn watch(&mut self, record: &Record) -> Result<(), String> {
        match &record.event {
            engine::Event::TaskCreated { .. } => self.created += 1,
            engine::Event::LocksGranted { locks } => {
                for lock in locks {
                    // A renewal keeps its token; anything new has one above all before.
                    let renewed =
                        self.tokens.insert(lock.key(), lock.fencing_token) == Some(lock.fencing_token);
                    if !renewed && lock.fencing_token <= self.last_token {
                        return Err(format!(
                            "{lock:?} is new and its token is not above {}",
                            self.last_token
                        ));
                    }
                    self.last_token = self.last_token.max(lock.fencing_token);
                }
            }
            engine::Event::LocksReleased { manus_id, files, .. } => {
                for file_path in files.iter().cloned() {
                    self.tokens.remove(&LockKey { locked_by: manus_id.clone(), file_path });
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// A call with a request id, repeated at once, gets the same answer and changes nothing.
    fn repeat(&mut self, step: &Step) -> Result<(), String> {
        if step.call.request.is_none() {
            return Ok(());
        }
        let again = self
            .state
            .decide(step.at_ms, &step.call)
            .map_err(|refusal| format!("refused again: {refusal}"))?;
        if !again.events.is_empty() {
            return Err("repeating a request did something".into());
        }
        self.compare_follower()
    }

    /// Everything that must hold at any time.
    pub fn recount(&mut self) -> Result<(), String> {
        self.compare_follower()?;
        let problems = self.state.check();
        if !problems.is_empty() {
            return Err(problems.join("; "));
        }
        self.nothing_lost()?;
        self.nothing_waits_that_could_run()
    }

    /// Now and then: a browser that has followed the events since it loaded the project sees what there is, and so does one
    /// that loads it now.
    pub fn compare_browser(&mut self) -> Result<(), String> {
        self.steps += 1;
        if !self.steps.is_multiple_of(BROWSER_STEPS) {
            return Ok(());
        }
        self.records[self.browser_seen..].iter().for_each(|record| self.browser.apply(record));
        self.browser_seen = self.records.len();
        let (seen, now) = (self.browser.snapshot(), self.state.snapshot());
        if seen != now || !self.browser.check().is_empty() {
            return Err(format!(
                "a browser sees {seen:#?}\nbut there is {now:#?}: {:?}",
                self.browser.check()
            ));
        }
        self.browser = State::from_snapshot(now, self.outcomes(), []);
        Ok(())
    }

    fn outcomes(&self) -> Vec<(TaskId, engine::state::Outcome)> {
        let ids = (1..=self.created).map(TaskId::numbered);
        ids.filter_map(|id| Some((id.clone(), self.state.outcome(&id)?))).collect()
    }

    fn nothing_lost(&self) -> Result<(), String> {
        for number in 1..=self.created {
            let id = TaskId::numbered(number);
            if self.state.task(&id).is_none() && self.state.outcome(&id).is_none() {
                return Err(format!("{id} is lost"));
            }
        }
        Ok(())
    }

    /// No ready task is without an agent while somebody able and idle could begin it now.
    fn nothing_waits_that_could_run(&self) -> Result<(), String> {
        let idle = || {
            self.state
                .agents()
                .filter(|agent| {
                    agent.status() == InstanceStatus::Idle || agent.status() == InstanceStatus::Active
                })
                .filter(|agent| agent.running().is_empty() && agent.queue().len() == 0)
                .filter(|agent| !agent.view(&self.state).draining)
        };
        let waiting = self
            .state
            .tasks()
            .filter(|task| task.status() == TaskStatus::Pending && task.assigned_to().is_none());
        for task in waiting.filter(|task| task.view(&self.state).retry_at_ms.is_none()) {
            let locks = self.state.locks();
            let open_to = |id: &ManusId| {
                let held = |file| !locks.in_the_way(file, LockMode::Exclusive, Some(id), 1).is_empty();
                !task.spec().files_involved.iter().any(held)
            };
            let declined = |id: &ManusId| self.declined.contains(&(id.clone(), task.spec().id.clone()));
            let able = |agent: &&engine::state::Agent| {
                agent.can(&task.spec().required_capabilities) && open_to(agent.id()) && !declined(agent.id())
            };
            if let Some(agent) = idle().find(able) {
                return Err(format!("{} waits although {} is idle and able", task.spec().id, agent.id()));
            }
        }
        Ok(())
    }

    /// Replaying the log, and loading a snapshot, both give the state that there is.
    pub fn compare_replay(&self) -> Result<(), String> {
        let mut replayed = State::new(settings());
        self.records.iter().for_each(|record| replayed.apply(record));
        if replayed.snapshot() != self.state.snapshot() || !replayed.check().is_empty() {
            return Err(format!("replay differs: {:#?}\n{:#?}", replayed.snapshot(), self.state.snapshot()));
        }
        let loaded = State::from_snapshot(self.state.snapshot(), self.outcomes(), []);
        let problems = loaded.check();
        if loaded.snapshot() != self.state.snapshot() || !problems.is_empty() {
            return Err(format!("loading differs: {problems:?}"));
        }
        Ok(())
    }
}
