//! A project under test, with what the engine promises at any time, held against it after every command.

use std::collections::BTreeSet;

use engine::view::Snapshot;
use engine::{Answer, Call, Command, Decision, Record, Refusal, Settings, State, TimeMs};

use super::words::START_MS;

pub struct Project {
    pub state: State,
    pub now: TimeMs,
    /// The log so far.
    records: Vec<Record>,
    /// A picture of the project loaded after each command so far, and kept up to date by events alone, as browsers do.
    watchers: Vec<State>,
    /// Answers are remembered beside the log, so a replay does not know them.
    named_requests: bool,
}

impl Default for Project {
    fn default() -> Self {
        let state = State::new(Settings::default());
        Self {
            now: START_MS,
            records: Vec::new(),
            watchers: vec![state.clone()],
            named_requests: false,
            state,
        }
    }
}

impl Project {
    /// An empty project with these settings.
    pub fn begin_again(&mut self, settings: Settings) {
        assert!(self.records.is_empty(), "settings come first");
        self.state = State::new(settings);
        self.watchers = vec![self.state.clone()];
    }

    /// Asks the engine, and checks all promises.
    pub fn ask(&mut self, call: &Call) -> Result<Decision, Refusal> {
        let before = self.state.clone();
        let outcome = self.state.decide(self.now, call);
        self.named_requests |= call.request.is_some();
        match &outcome {
            Err(refusal) => {
                assert!(self.state == before, "{call:?} was refused ({refusal}) and changed something");
                check_wording(refusal);
            }
            Ok(decision) => {
                self.check_log(&before, decision);
                self.check_touched(&before);
                self.check_answer(decision);
                self.records.extend(decision.events.iter().cloned());
            }
        }
        assert_eq!(self.state.check(), [""; 0], "after {call:?}");
        self.check_watchers(outcome.as_ref().map_or(&[], |decision| &decision.events));
        self.check_replay();
        self.check_restart();
        outcome
    }

    /// The log has no gaps, its times do not go back, and it reads back as written. No event, no change.
    fn check_log(&self, before: &State, decision: &Decision) {
        let (mut seq, mut at_ms) = (before.seq(), before.at_ms());
        for record in &decision.events {
            seq += 1;
            assert_eq!(record.seq, seq, "{record:?}");
            assert!(record.at_ms >= at_ms, "{record:?} is older than the event before it");
            at_ms = record.at_ms;
            let text = serde_json::to_string(record).expect("records can be written");
            assert!(text.contains(&format!("\"kind\":\"{}\"", record.event.kind())), "{text}");
            assert_eq!(&serde_json::from_str::<Record>(&text).expect("records can be read"), record);
        }
        assert_eq!(self.state.seq(), seq);
        if decision.events.is_empty() {
            assert_eq!(self.state.snapshot(), before.snapshot(), "something changed without an event");
        }
    }

    /// Every row that looks different now is named in what the change touched.
    fn check_touched(&mut self, before: &State) {
        let touched = self.state.take_touched();
        let (before, now) = (before.snapshot(), self.state.snapshot());
        for agent in &now.manus {
            let was = before.manus.iter().find(|was| was.id == agent.id);
            if was == Some(agent) || touched.manus.contains(&agent.id) {
                continue;
            }
            // A row whose beats alone have changed.
            let beats_alone = was.map(|was| engine::view::ManusInstance {
                last_heartbeat_ms: agent.last_heartbeat_ms,
                files_claimed: agent.files_claimed.clone(),
                ..was.clone()
            });
            assert!(
                beats_alone.as_ref() == Some(agent) && touched.beats.contains(&agent.id),
                "{agent:?} is not touched"
            );
        }
        for task in now.tasks.iter().filter(|task| !before.tasks.contains(task)) {
            assert!(touched.tasks.contains(&task.id), "{task:?} is not touched");
        }
        let held: BTreeSet<_> = now.tasks.iter().map(|task| &task.id).collect();
        for task in before.tasks.iter().filter(|task| !held.contains(&task.id)) {
            assert!(touched.tasks.contains(&task.id), "{task:?} is let go of, and not touched");
        }
        let locks = now.locks.iter().filter(|lock| !before.locks.contains(lock));
        for lock in locks.chain(before.locks.iter().filter(|lock| !now.locks.contains(lock))) {
            assert!(touched.locks.contains_key(&lock.key()), "{lock:?} is not touched");
        }
        let waits = now.waits.iter().filter(|wait| !before.waits.contains(wait));
        for wait in waits.chain(before.waits.iter().filter(|wait| !now.waits.contains(wait))) {
            assert!(touched.waits.contains(&wait.id), "{wait:?} is not touched");
        }
        for bucket in now.metrics.iter().filter(|bucket| !before.metrics.contains(bucket)) {
            assert!(
                touched.buckets.contains(&(bucket.width_ms, bucket.start_ms)),
                "{bucket:?} is not touched"
            );
        }
        for message in now.messages.iter().filter(|message| !before.messages.contains(message)) {
            assert!(touched.messages.contains(&message.id), "{message:?} is not touched");
        }
        let held: BTreeSet<_> = now.messages.iter().map(|message| message.id).collect();
        for message in before.messages.iter().filter(|message| !held.contains(&message.id)) {
            assert!(touched.messages.contains(&message.id), "{message:?} is let go of, and not touched");
        }
    }

    /// What callers are told is what there is, and is remembered in a form that reads back.
    fn check_answer(&self, decision: &Decision) {
        if let Some(remembered) = &decision.remembered {
            let text = serde_json::to_string(remembered).expect("answers can be written");
            assert_eq!(
                &serde_json::from_str::<engine::Remembered>(&text).expect("answers can be read"),
                remembered
            );
        }
        if let (Answer::Task(task), false) = (&*decision.answer, decision.events.is_empty()) {
            assert_eq!(self.state.task_view(&task.id).as_ref(), Some(task));
        }
    }

    /// Whoever loaded the project at any moment so far, and has applied the events since, sees what there is.
    fn check_watchers(&mut self, events: &[Record]) {
        let now = self.state.snapshot();
        for (age, watcher) in self.watchers.iter_mut().enumerate() {
            events.iter().for_each(|record| watcher.apply(record));
            let seen = watcher.snapshot();
            assert!(
                seen == now,
                "seen by whoever loaded the project after command {age}:\n{}",
                differences(&seen, &now)
            );
        }
        let loaded = State::from_snapshot(now.clone(), self.outcomes(), []);
        assert_eq!(loaded.snapshot(), now, "loading a snapshot and taking one again");
        assert_eq!(loaded.check(), [""; 0], "after loading a snapshot");
        let text = serde_json::to_string(&now).expect("snapshots can be written");
        assert_eq!(serde_json::from_str::<Snapshot>(&text).expect("snapshots can be read"), now);
        self.watchers.push(loaded);
    }

    /// The log alone, from the start, gives the same state.
    fn check_replay(&self) {
        let mut replayed = State::new(self.state.settings().clone());
        self.records.iter().for_each(|record| replayed.apply(record));
        replayed.take_touched();
        assert_eq!(replayed.check(), [""; 0], "after replaying the log");
        assert_eq!(replayed.snapshot(), self.state.snapshot(), "replaying the log");
        assert_eq!(replayed.next_deadline(), self.state.next_deadline(), "replaying the log");
        assert!(self.named_requests || replayed == self.state, "replaying the log gives another state");
    }

    /// A server that comes up from the tables goes on as one that replays the log: whichever agent lets go of its files then.
    fn check_restart(&self) {
        let mut live = self.state.clone();
        let mut loaded = State::from_snapshot(live.snapshot(), self.outcomes(), []);
        for command in std::iter::once(Command::ServerStarted).chain(self.releases()) {
            let call = Call { command, request: None };
            let events = |state: &mut State| state.decide(self.now, &call).map(|decision| decision.events);
            assert_eq!(events(&mut loaded), events(&mut live), "after coming up from the tables: {call:?}");
        }
    }

    /// Everybody lets go of everything.
    fn releases(&self) -> Vec<Command> {
        let release = |lock: engine::view::FileLock| Command::ReleaseFiles {
            manus_id: lock.locked_by,
            files: vec![lock.file_path],
            by: Some(engine::ManusId::supervisor()),
        };
        self.state.snapshot().locks.into_iter().map(release).collect()
    }

    fn outcomes(&self) -> Vec<(engine::TaskId, engine::state::Outcome)> {
        let ids = (1..self.state.counters().next_task).map(engine::TaskId::numbered);
        ids.filter_map(|id| self.state.outcome(&id).map(|outcome| (id, outcome))).collect()
    }
}

/// The rows in which two pictures of a project differ.
fn differences(one: &Snapshot, other: &Snapshot) -> String {
    let lines = |of: &Snapshot| -> Vec<String> {
        let rows = of
            .manus
            .iter()
            .map(|row| format!("{row:?}"))
            .chain(of.tasks.iter().map(|row| format!("{row:?}")));
        rows.chain(of.locks.iter().map(|row| format!("{row:?}")))
            .chain(of.messages.iter().map(|row| format!("{row:?}")))
            .collect()
    };
    let (one, other) = (lines(one), lines(other));
    let missing = |from: &[String], of: &[String]| {
        of.iter().filter(|row| !from.contains(row)).cloned().collect::<Vec<_>>()
    };
    format!("it shows {:#?}\nbut there is {:#?}", missing(&other, &one), missing(&one, &other))
}

/// A refusal has a stable code, a sentence for its reader and data for a program.
fn check_wording(refusal: &Refusal) {
    let (code, message) = (refusal.code(), refusal.to_string());
    assert!(code.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{code}");
    // What happened, and after a semicolon or comma what to do about it.
    assert!(
        message.contains(';') || matches!(refusal, Refusal::InvalidArgument { .. }),
        "{message:?} does not say what to do"
    );
    assert!(!message.ends_with('.') && !message.contains("\n") && !message.contains("  "), "{message:?}");
    assert!(serde_json::to_value(refusal).expect("refusals can be written").is_object());
}
