//! What a client was told, held against what the rules say.

use std::sync::Arc;

use bytes::Bytes;
use engine::{Answer, Call, Command, Seq, State, TimeMs};
use serde_json::{Value, json};
use witness::{Heard, Says};

use super::work::{Ask, Look, What};

/// A call and what came of it, as its client wrote it down.
#[derive(Clone)]
pub struct Told {
    pub ask: Ask,
    call: Option<Call>,
    began: u64,
    ended: Option<u64>,
    answer: Option<(Seq, u16, Bytes)>,
}

impl std::fmt::Debug for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { ask, began, ended, answer, .. } = self;
        write!(f, "{began}..{ended:?} {ask:?} -> {answer:?}")
    }
}

impl Told {
    pub fn new(ask: Ask, began: u64, answer: Option<(u64, crate::project::Answer)>) -> Self {
        let (ended, answer) = match answer {
            Some((ended, answer)) => {
                // Not a piece of the connection's buffer, which would be kept as a whole.
                let body = Bytes::copy_from_slice(&answer.body);
                (Some(ended), Some((answer.seq(), answer.status, body)))
            }
            None => (None, None),
        };
        let mut told = Self { ask, call: None, began, ended, answer };
        // Only who is ready to wait is told that it would be for ever.
        let in_vain = told.refusal()["code"] == "would_deadlock";
        told.call = if in_vain { told.ask.waiting(told.ask.patience_ms()) } else { told.ask.call() };
        told
    }

    /// Without an answer, and there will be none.
    pub fn given_up_at(self, moment: u64) -> Self {
        Self { ended: Some(moment), ..self }
    }

    /// The answer's body, if it was a success.
    pub fn success(&self) -> Option<Value> {
        let (_, status, body) = self.answer.as_ref()?;
        (*status == 200).then(|| serde_json::from_slice(body).unwrap())
    }

    /// The answer's body, if it was a refusal; otherwise nothing.
    pub fn refusal(&self) -> Value {
        match &self.answer {
            Some((_, 400.., body)) => serde_json::from_slice(body).unwrap(),
            _ => Value::Null,
        }
    }

    /// Whether this is the answer to a plain sign of life.
    pub fn saw_a_beat(&self) -> bool {
        matches!(self.ask.what, What::Look(Look::Beat(_))) && self.success().is_some()
    }

    /// Changes what it was told.
    pub fn misremember(&mut self, change: impl Fn(&mut Value)) {
        let mut answer = self.success().unwrap();
        change(&mut answer);
        if let Some((_, _, body)) = &mut self.answer {
            *body = answer.to_string().into();
        }
    }

    /// Changes when it was: after everything else.
    pub fn happened_last(&mut self) {
        (self.began, self.ended) = (u64::MAX - 1, Some(u64::MAX));
    }

    /// In a word.
    pub fn outcome(&self) -> &'static str {
        match (&self.answer, &self.ask.what) {
            (None, _) => "unknown",
            (Some((_, 200, _)), What::Look(_)) => "seen",
            (Some((_, 200, _)), What::Command(command)) => match command {
                Command::CreateTasks { .. } => "created",
                Command::ClaimFiles { .. } => "claimed",
                Command::CompleteTask { .. } => "completed",
                Command::NextTask { .. } => "taken",
                _ => "done",
            },
            (Some((_, status, _)), _) => {
                let refusal = self.refusal();
                let code = refusal["code"].as_str().unwrap();
                let known = engine::RefusalKind::ALL.iter().find(|kind| kind.code() == code);
                known.unwrap_or_else(|| panic!("{status} {code}")).code()
            }
        }
    }
}

impl Heard for Told {
    fn call(&self) -> Option<&Call> {
        self.call.as_ref()
    }

    fn queued(&self, wait_ms: TimeMs) -> Option<Call> {
        let could_wait = (1..=self.ask.patience_ms()).contains(&wait_ms);
        if could_wait { self.ask.waiting(wait_ms) } else { None }
    }

    fn seq(&self) -> Option<Seq> {
        self.answer.as_ref().map(|(seq, ..)| *seq)
    }

    fn span(&self) -> (u64, Option<u64>) {
        (self.began, self.ended)
    }

    /// Only what is answered when nothing follows from a call can be put into the rules' words from here.
    fn answer(&self) -> Option<Arc<Answer>> {
        let (told, What::Command(command)) = (self.success()?, &self.ask.what) else { return None };
        let answer = match command {
            Command::NextTask { .. } if told["task"].is_null() => {
                Answer::Started { task: None, locks: Vec::new() }
            }
            Command::TakeMessages { .. } if told == json!([]) => Answer::Messages(Vec::new()),
            Command::ReleaseFiles { .. } => Answer::Released {
                released: serde_json::from_value(told["released"].clone()).ok()?,
                not_held: serde_json::from_value(told["not_held"].clone()).ok()?,
            },
            Command::AssignTask { .. } => Answer::Task(Arc::new(serde_json::from_value(told).ok()?)),
            _ => return None,
        };
        Some(Arc::new(answer))
    }

    fn may_have_changed_something(&self) -> bool {
        self.call.is_some() && self.answer.as_ref().is_none_or(|(_, status, _)| *status == 200)
    }

    fn compare(&self, says: &Says<'_>) -> Result<(), String> {
        let Some((_, status, body)) = &self.answer else { return Ok(()) };
        let told: Value = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        match (says, &self.ask.what) {
            (Says::Decided(Ok(decision)), What::Command(command)) => {
                let expected = written(command, &decision.answer);
                same(*status == 200 && told == expected, &told, &expected)
            }
            (Says::Decided(Err(refusal)), _) => {
                let expected =
                    json!([refusal.code(), timeless(serde_json::to_value(refusal).unwrap_or_default())]);
                let told = json!([told["code"], timeless(told["detail"].clone())]);
                same(*status >= 400 && told == expected, &told, &expected)
            }
            (Says::State(state), What::Look(look)) => seen(look, state, *status, &told),
            _ => Err("something else was asked".to_owned()),
        }
    }
}

fn same(same: bool, told: &Value, expected: &Value) -> Result<(), String> {
    if same { Ok(()) } else { Err(format!("told {told}, but the rules say {expected}")) }
}

/// A refusal is decided at a moment of its own, which the log does not have.
fn timeless(mut detail: Value) -> Value {
    if let Some(fields) = detail.as_object_mut() {
        fields.retain(|field, _| !matches!(field.as_str(), "at_ms" | "silent_ms"));
    }
    detail
}

/// An answer as the interface writes it.
fn written(command: &Command, answer: &Answer) -> Value {
    match answer {
        Answer::Registered(manus) if matches!(command, Command::DrainManus { .. }) => json!(manus),
        Answer::Registered(manus) => {
            let every = engine::Settings::default().heartbeat_interval_secs();
            json!({ "manus": manus, "heartbeat_interval_secs": every, "token": null })
        }
        Answer::Left { released, returned_tasks } => {
            json!({ "released": released, "returned_tasks": returned_tasks })
        }
        Answer::Task(task) => json!(task),
        Answer::Tasks(tasks) => json!(tasks),
        Answer::Started { task, locks } => json!({ "task": task, "locks": locks }),
        Answer::Locks(locks) => json!({ "locks": locks }),
        Answer::Released { released, not_held } => json!({ "released": released, "not_held": not_held }),
        Answer::Sent(ids) => json!({ "ids": ids }),
        Answer::Messages(messages) => json!(messages),
        Answer::Acknowledged(count) => json!({ "count": count }),
        // Nobody here asks for these, or would see them.
        Answer::Beat { .. } | Answer::Done | Answer::Waiting { .. } => {
            json!({ "unexpected": format!("{answer:?}") })
        }
    }
}

/// What somebody saw, held against the state as of that event.
fn seen(look: &Look, state: &State, status: u16, told: &Value) -> Result<(), String> {
    let expected = match look {
        Look::Beat(manus) => {
            let (unread, tasks) = (state.inbox().unread_count(manus), state.assigned_tasks(manus));
            let same = (&told["unread_messages"], &told["assigned_tasks"]) == (&json!(unread), &json!(tasks));
            return if same {
                Ok(())
            } else {
                Err(format!("told {told}, but there are {unread} and {tasks:?}"))
            };
        }
        Look::Task(id) => match (state.task_view(id), state.outcome(id)) {
            (Some(task), _) => json!(task),
            // Closed long ago: from the tables, and it does not change any more.
            (None, Some(outcome)) if told["status"] == json!(outcome.status()) => return Ok(()),
            (None, _) if status == 404 => return Ok(()),
            (None, outcome) => json!({ "outcome": format!("{outcome:?}") }),
        },
        Look::Manus(id) => json!(state.manus(id)),
        Look::Files(manus, files) => {
            let way = |file| state.locks().in_the_way(file, engine::LockMode::Exclusive, Some(manus), 1);
            let files = files.iter().map(|file| json!({ "file": file, "lock": way(file).first() }));
            json!({ "files": files.collect::<Vec<_>>() })
        }
        Look::Inbox(manus) => json!(state.inbox().unread(manus, 0).take(50).collect::<Vec<_>>()),
    };
    if (status, told) == (200, &expected) {
        Ok(())
    } else {
        Err(format!("told {status} {told}, but there is {expected}"))
    }
}
