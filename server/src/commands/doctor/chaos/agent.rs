//! An agent without a plan: claims, works, writes and looks as the dice fall, and remembers what it was told.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use engine::{ManusId, TaskId};
use serde_json::{Value, json};

use super::Options;
use super::judge::{Grant, Judge};
use crate::caller::{Caller, request_id};
use crate::client::CallError;
use crate::commands::answer::list;
use crate::commands::demo::Dice;

/// How much it holds and works on before it lets go of something.
const HELD_MOST: usize = 4;
/// How many of its last calls it repeats in the end.
const REPEATED: usize = 5;
/// Refusals that one has to expect where everybody wants everything. No other code should come.
const EXPECTED: [&str; 7] = [
    "file_locked",
    "would_deadlock",
    "at_capacity",
    "task_not_assigned_to_you",
    "task_already_started",
    "task_not_started",
    "overloaded",
];

/// A call with the answer that came: what was acknowledged.
#[derive(Debug, Clone)]
pub(super) struct Told {
    pub name: &'static str,
    pub body: Value,
    pub answer: Value,
}

/// The agent.
#[derive(Debug)]
pub(super) struct Agent {
    pub name: ManusId,
    pub caller: Caller,
    dice: Dice,
    options: Options,
    judge: Arc<Judge>,
    held: Vec<Grant>,
    /// What it works on, and the locks that came with it.
    work: Vec<(TaskId, Vec<Grant>)>,
    /// How many things it has begun, for names that nobody else uses.
    begun: u64,
    /// Tasks that it was told exist, by title.
    pub created: Vec<(TaskId, String)>,
    /// Tasks that it was told are completed.
    pub completed: Vec<TaskId>,
    /// Messages that it was told are sent, with what they say.
    pub sent: Vec<(u64, String)>,
    /// Tokens of what it was told is free again.
    pub released: Vec<u64>,
    /// Its last changing calls.
    pub last: VecDeque<Told>,
}

impl Agent {
    pub(super) fn new(
        name: ManusId,
        caller: Caller,
        dice: Dice,
        options: Options,
        judge: Arc<Judge>,
    ) -> Self {
        Self {
            name,
            caller,
            dice,
            options,
            judge,
            held: Vec::new(),
            work: Vec::new(),
            begun: 0,
            created: Vec::new(),
            completed: Vec::new(),
            sent: Vec::new(),
            released: Vec::new(),
            last: VecDeque::new(),
        }
    }

    /// Acts until all calls are made. It is still there afterwards, for what it knows.
    pub(super) async fn live(mut self) -> Self {
        while self.judge.may_go_on() {
            self.begun += 1;
            match (self.dice.share() * 100.0) as u32 {
                0..40 if self.held.len() < HELD_MOST => self.claim().await,
                0..40 => self.release().await,
                40..50 if !self.held.is_empty() => self.release().await,
                40..60 => self.create().await,
                60..80 if self.work.is_empty() => self.take_work().await,
                60..80 => self.finish_work().await,
                80..88 => self.write().await,
                88..92 => self.read().await,
                92..96 => drop(self.call("heartbeat", json!({ "manus_id": self.name })).await),
                _ => self.look().await,
            }
        }
        self
    }

    /// One call, timed and judged. Its answer, if it was not refused.
    async fn call(&mut self, name: &'static str, mut body: Value) -> Option<Value> {
        let changes = !matches!(name, "check_files" | "heartbeat");
        if changes {
            body["request_id"] = json!(request_id());
        }
        let (mark, begun) = (self.judge.mark(), Instant::now());
        let outcome = self.caller.call_by_name(name, &body).await;
        if mark.is_some() && mark == self.judge.mark() {
            // Who waits for others waits on purpose.
            let label = if body["wait_secs"].is_null() { name } else { "claim_files, waiting" };
            self.judge.note_time(label, begun.elapsed());
        }
        match outcome {
            Ok(answer) => {
                if changes {
                    self.last.push_back(Told { name, body, answer: answer.clone() });
                    if self.last.len() > REPEATED {
                        self.last.pop_front();
                    }
                }
                Some(answer)
            }
            Err(CallError::Refused(error)) => {
                if !EXPECTED.contains(&&*error.code) {
                    self.judge.note_error(format!("{name} was refused with {}: {error}", error.code));
                }
                self.judge.note_refusal(&error.code);
                None
            }
            Err(error) => {
                self.judge.note_error(format!("{name}: {error}"));
                None
            }
        }
    }

    /// Few files for many agents, under several names.
    fn some_pattern(&mut self) -> String {
        let files = u64::from(self.options.agents / 2 + 4);
        let file = self.dice.below(files);
        let folder = file % 3;
        match self.dice.below(12) {
            0 => format!("src/{folder}/"),
            1 => format!("src/{folder}/*.rs"),
            2 => format!("src/{folder}/../{folder}//{file}.rs"),
            3 => "**/*.md".to_owned(),
            4 => format!("src/{folder}/{file}.md"),
            _ => format!("src/{folder}/{file}.rs"),
        }
    }

    async fn claim(&mut self) {
        let files: Vec<String> = (0..=self.dice.below(2)).map(|_| self.some_pattern()).collect();
        let mut body = json!({ "manus_id": self.name, "files": files, "reason": "chaos" });
        if self.dice.once_in(5) {
            self.judge.sharing(&self.name, &files);
            body["mode"] = json!("shared");
        }
        if self.dice.once_in(10) {
            body["wait_secs"] = json!(1);
        }
        if let Some(answer) = self.call("claim_files", body).await {
            let grants = self.judge.granted(&self.name, list(&answer, "locks"));
            for grant in grants {
                // Claimed again it is the same lock, and what came with a task goes with that.
                let of_work = |(_, locks): &(TaskId, Vec<Grant>)| locks.iter().any(|lock| lock.is_of(&grant));
                let known = self.held.iter().any(|held| held.is_of(&grant)) || self.work.iter().any(of_work);
                if !known {
                    self.held.push(grant);
                }
            }
        }
    }

    async fn release(&mut self) {
        let place = self.dice.below(self.held.len() as u64);
        let grant = self.held.swap_remove(usize::try_from(place).unwrap_or(0));
        self.judge.giving_back(&grant);
        let body = json!({ "manus_id": self.name, "files": [grant.file] });
        match self.call("release_files", body).await {
            Some(answer) if list(&answer, "released").len() == 1 => self.released.push(grant.token),
            Some(answer) => self
                .judge
                .note_error(format!("{} was not {}'s to give back: {answer}", grant.file, self.name)),
            None => {}
        }
    }

    async fn create(&mut self) {
        let title = format!("{} {}", self.name, self.begun);
        let files = if self.dice.once_in(2) { vec![self.some_pattern()] } else { Vec::new() };
        let body =
            json!({ "title": title, "description": "", "files_involved": files, "estimated_duration": 5 });
        if let Some(answer) = self.call("create_task", body).await
            && let Some(id) = task_id(&answer["id"])
        {
            self.created.push((id, title));
        }
    }

    async fn take_work(&mut self) {
        let Some(answer) = self.call("next_task", json!({ "manus_id": self.name })).await else { return };
        if let Some(task) = task_id(&answer["task"]["id"]) {
            self.judge.started(&self.name, &task);
            let grants = self.judge.granted(&self.name, list(&answer, "locks"));
            self.held.retain(|held| !grants.iter().any(|grant| grant.is_of(held)));
            self.work.push((task, grants));
        }
    }

    async fn finish_work(&mut self) {
        let Some((task, grants)) = self.work.pop() else { return };
        self.judge.ending(&task);
        // What came with the task goes with it.
        grants.iter().for_each(|grant| self.judge.giving_back(grant));
        let body = json!({ "manus_id": self.name, "task_id": task, "result": { "by": self.name } });
        if self.call("complete_task", body).await.is_some() {
            self.completed.push(task);
        }
    }

    async fn write(&mut self) {
        let to = format!("agent_{}", self.dice.below(u64::from(self.options.agents)));
        let text = format!("{} {}", self.name, self.begun);
        let body =
            json!({ "from_manus": self.name, "to_manus": to, "message_type": "CHAOS", "content": text });
        if let Some(answer) = self.call("send_message", body).await {
            let ids = list(&answer, "ids").iter().filter_map(Value::as_u64);
            self.sent.extend(ids.map(|id| (id, text.clone())));
        }
    }

    async fn read(&mut self) {
        let _ = self.call("get_messages", json!({ "manus_id": self.name, "limit": 20 })).await;
    }

    async fn look(&mut self) {
        let file = self.some_pattern();
        let _ = self.call("check_files", json!({ "files": [file], "manus_id": self.name })).await;
    }
}

pub(super) fn task_id(id: &Value) -> Option<TaskId> {
    TaskId::new(id.as_str()?).ok()
}
