//! A simulated agent: does what a real one does, in a hundredth of the time, and only pretends to write code.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::sleep;

use super::dice::Dice;
use super::story::{self, Member};
use crate::client::{CallError, Client};

/// How long a minute of estimated work takes.
const MINUTE: Duration = Duration::from_millis(160);
/// How long an agent waits for work before it looks around.
const WAIT_SECS: u64 = 8;
/// With fewer open tasks than this, the planner adds more.
const OPEN_LEAST: usize = 22;
/// How long a forgetful agent is silent: long enough to be missed.
const SILENCE: Duration = Duration::from_secs(45);

/// How fast everything goes.
#[derive(Debug, Clone, Copy)]
pub struct Pace(f64);

impl Pace {
    /// 2 is twice as fast as usual.
    pub fn new(speed: f64) -> Self {
        Self(speed)
    }

    async fn pause(self, time: Duration) {
        sleep(time.div_f64(self.0)).await;
    }
}

/// An agent with its connection.
#[derive(Debug)]
pub struct Agent {
    client: Client,
    member: Member,
    dice: Dice,
    pace: Pace,
    /// How much of the story the planner has told.
    chapters: usize,
    /// How many tasks it has completed.
    completed: u64,
}

impl Agent {
    /// An agent with a connection of its own.
    pub fn new(client: Client, member: Member, dice: Dice, pace: Pace) -> Self {
        Self { client, member, dice, pace, chapters: 0, completed: 0 }
    }

    /// Works until the server is gone.
    pub async fn live(mut self) {
        loop {
            match self.day().await {
                // A refusal is part of life: somebody else was faster, or a person decided otherwise.
                Err(CallError::Refused(error)) => {
                    tracing::debug!("{}: {error}", self.member.id);
                    sleep(Duration::from_secs(1)).await;
                }
                Err(CallError::Unreachable(_) | CallError::Lost(_)) => return,
                Ok(()) => {}
            }
        }
    }

    async fn call(&mut self, name: &str, mut arguments: Value) -> Result<Value, CallError> {
        if arguments.get("manus_id").is_none()
            && name != "send_message"
            && name != "create_tasks"
            && name != "list_tasks"
        {
            arguments["manus_id"] = json!(self.member.id);
        }
        self.client.call(name, &arguments).await
    }

    /// Registers, and goes from task to task until something goes wrong.
    async fn day(&mut self) -> Result<(), CallError> {
        let Member { id, role, capabilities, program, model, .. } = self.member.clone();
        let profile = json!({
            "manus_id": id, "role": role, "capabilities": capabilities, "program": program, "model": model, "takeover": true,
        });
        self.call("register_manus", profile).await?;
        loop {
            self.call("heartbeat", json!({})).await?;
            if role == "COORDINATOR" {
                self.plan().await?;
            }
            self.read_mail().await?;
            let taken = self.call("next_task", json!({ "wait_secs": WAIT_SECS })).await?;
            if taken["task"].is_object() {
                self.work_on(&taken["task"]).await?;
            }
        }
    }

    /// Sees to it that there is enough to do.
    async fn plan(&mut self) -> Result<(), CallError> {
        let open = json!({ "status": ["PENDING", "BLOCKED", "IN_PROGRESS"], "limit": OPEN_LEAST });
        let open = self.call("list_tasks", open).await?;
        if open["items"].as_array().is_some_and(|items| items.len() < OPEN_LEAST) {
            self.call("create_tasks", story::chapter(self.chapters)).await?;
            self.chapters += 1;
        }
        Ok(())
    }

    async fn read_mail(&mut self) -> Result<(), CallError> {
        let messages = self.call("get_messages", json!({ "limit": 50 })).await?;
        for message in messages.as_array().into_iter().flatten() {
            let (kind, answer) = match message["message_type"].as_str() {
                Some("QUESTION") => ("ANSWER", "Yes, go ahead; I will adapt my side."),
                Some("CODE_REVIEW_REQUEST") => {
                    ("CODE_REVIEW", "Read it: clear and well tested. One name could be shorter.")
                }
                _ => continue,
            };
            self.pace.pause(Duration::from_millis(600)).await;
            let reply = json!({
                "from_manus": self.member.id, "to_manus": message["from_manus"], "message_type": kind,
                "content": { "text": answer }, "reply_to": message["id"],
            });
            self.call("send_message", reply).await?;
        }
        Ok(())
    }

    async fn work_on(&mut self, task: &Value) -> Result<(), CallError> {
        let id = &task["id"];
        let minutes = task["estimated_duration"].as_f64().unwrap_or(60.0);
        let steps = 4 + (self.dice.share() * 5.0) as u32;
        let whole = MINUTE.mul_f64(minutes * (0.7 + 0.6 * self.dice.share()));
        for step in 1..steps {
            self.pace.pause(whole / steps).await;
            let note = self.dice.one_of(story::NOTES);
            let progress = json!({ "task_id": id, "progress": step * 100 / steps, "note": note });
            self.call("update_task_progress", progress).await?;
            self.aside(task).await?;
        }
        self.pace.pause(whole / steps).await;
        if self.dice.once_in(30) {
            let reason = "needs a decision first; somebody with more context should take it";
            self.call("release_task", json!({ "task_id": id, "reason": reason })).await?;
            return Ok(());
        }
        let result = json!({ "summary": format!("{} is done", task["title"].as_str().unwrap_or_default()),
                             "tests_passed": 10 + (self.dice.share() * 60.0) as u32 });
        self.call("complete_task", json!({ "task_id": id, "result": result })).await?;
        self.completed += 1;
        Ok(())
    }

    /// What happens beside the work.
    async fn aside(&mut self, task: &Value) -> Result<(), CallError> {
        let from = self.member.id;
        let others: Vec<&str> =
            story::team().iter().map(|member| member.id).filter(|id| *id != from).collect();
        let other = self.dice.one_of(&others).copied();
        if self.dice.once_in(6) {
            self.touch_a_shared_file().await?;
        } else if self.dice.once_in(9) {
            let text = self.dice.one_of(story::QUESTIONS);
            self.tell(json!({ "to_manus": other, "message_type": "QUESTION", "content": { "text": text } }))
                .await?;
        } else if self.dice.once_in(12) {
            let content = json!({ "task_id": task["id"], "files": task["files_involved"], "description": "Please look over this" });
            let to = "role:QUALITY_ENHANCER";
            self.tell(json!({ "to_manus": to, "message_type": "CODE_REVIEW_REQUEST", "content": content }))
                .await?;
        } else if self.dice.once_in(60) {
            let text = self.dice.one_of(story::DECISIONS);
            self.tell(
                json!({ "to_manus": "supervisor", "message_type": "QUESTION", "content": { "text": text } }),
            )
            .await?;
        } else if self.member.forgetful && self.completed >= 2 && self.dice.once_in(25) {
            // Not shortened by the pace: the others' patience is not, either.
            sleep(SILENCE).await;
        }
        Ok(())
    }

    async fn tell(&mut self, mut message: Value) -> Result<(), CallError> {
        message["from_manus"] = json!(self.member.id);
        self.call("send_message", message).await.map(|_| ())
    }

    async fn touch_a_shared_file(&mut self) -> Result<(), CallError> {
        let file = self.dice.one_of(story::SHARED_FILES);
        let claim = json!({ "files": [file], "reason": "a line in passing", "ttl_secs": 60 });
        match self.call("claim_files", claim).await {
            Ok(_) => {
                self.pace.pause(Duration::from_millis(1_500)).await;
                self.call("release_files", json!({ "files": [file] })).await.map(|_| ())
            }
            // Somebody else is at it; later, then.
            Err(CallError::Refused(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
