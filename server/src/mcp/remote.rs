//! Calls to a server in another process, for as long as there is one: it may stop and come back, perhaps elsewhere.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use app::api::ApiError;
use app::api::error::UNREACHABLE;
use engine::Seq;
use serde_json::{Value, json};

use super::tools;
use crate::caller::{Caller, Whereabouts, request_id};
use crate::cli::ServerArgs;
use crate::client::{CallError, Seen, Stream};

/// How many idle callers are kept.
const KEPT: usize = 4;

/// A server, found anew whenever it does not answer.
#[derive(Debug)]
pub struct Remote {
    /// As named by whoever started this program.
    server: ServerArgs,
    /// One for each call that is under way at a time.
    // A std Mutex: nothing awaits while it is held.
    idle: Mutex<Vec<Caller>>,
    /// For whom they call.
    agent: Mutex<Agent>,
    /// Whether the agent was named when this program was started.
    named: bool,
    /// The agent as which hooks have introduced the client.
    beside: fn() -> Option<String>,
    /// The newest event that any answer knew of; 0 before the first.
    heard: AtomicU64,
}

/// The agent that the client is, and the token that it got when it enrolled.
#[derive(Debug, Clone, Default, PartialEq)]
struct Agent {
    manus_id: Option<String>,
    token: Option<String>,
}

impl Remote {
    /// The server that these name, for a client that perhaps is known to be this agent, or that `beside` knows by a name.
    pub fn new(server: ServerArgs, manus_id: Option<String>, beside: fn() -> Option<String>) -> Self {
        let named = manus_id.is_some();
        let agent = Mutex::new(Agent { manus_id, token: None });
        Self { server, idle: Mutex::default(), agent, named, beside, heard: AtomicU64::new(0) }
    }

    /// The agent as which the client's hooks have introduced it, unless it was named otherwise when this program was started. Calls
    /// that are in nobody else's name are that agent's from then on.
    pub fn introduced(&self) -> Option<String> {
        let name = if self.named { return None } else { (self.beside)()? };
        if self.agent().manus_id.is_none() {
            self.call_for(Agent { manus_id: Some(name.clone()), token: None });
        }
        Some(name)
    }

    /// From now on calls are this agent's. Answers whose they were.
    fn call_for(&self, agent: Agent) -> Agent {
        let mut now = self.agent.lock().unwrap_or_else(PoisonError::into_inner);
        if *now != agent {
            // They show what they showed.
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
        std::mem::replace(&mut now, agent)
    }

    fn agent(&self) -> Agent {
        self.agent.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Introduces an agent, and is that agent from then on.
    async fn register(&self, arguments: Value) -> Result<Value, ApiError> {
        let manus_id = arguments["manus_id"].as_str().map(str::to_owned);
        let same = self.agent().manus_id == manus_id;
        let before = if same { self.agent() } else { self.call_for(Agent { manus_id, token: None }) };
        let outcome = self.send("register_manus", &arguments).await;
        match &outcome {
            Ok(answer) if answer["token"].is_string() => {
                let manus_id = answer["manus"]["id"].as_str().unwrap_or_default();
                let mut own = self.whereabouts()?;
                own.enrolled(manus_id, answer);
                let token = own.token().map(str::to_owned);
                self.call_for(Agent { manus_id: Some(manus_id.to_owned()), token });
            }
            Ok(_) => {}
            Err(_) => {
                self.call_for(before);
            }
        }
        outcome
    }

    /// Why no call can be made at the moment, as far as one can tell without making one.
    pub fn trouble(&self) -> Option<String> {
        let found = Whereabouts::find(&self.server).and_then(|place| place.client());
        found.err().map(|error| error.to_string())
    }

    /// Makes a call; makes it again where no answer came. The name given to it sees to it that it happens once.
    pub async fn call(&self, name: &str, mut arguments: Value) -> Result<Value, ApiError> {
        if tools::changes(name) && arguments.get("request_id").is_none_or(Value::is_null) {
            arguments["request_id"] = json!(request_id());
        }
        if name == "register_manus" {
            self.register(arguments).await
        } else {
            self.send(name, &arguments).await
        }
    }

    async fn send(&self, name: &str, arguments: &Value) -> Result<Value, ApiError> {
        let (mut caller, agent) = (self.caller()?, self.agent());
        let outcome = caller.call_by_name(name, arguments).await;
        self.heard.fetch_max(caller.seq().unwrap_or(0), Ordering::Relaxed);
        let now = self.agent.lock().unwrap_or_else(PoisonError::into_inner);
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < KEPT && *now == agent {
            idle.push(caller);
        }
        outcome.map_err(as_refusal)
    }

    fn caller(&self) -> Result<Caller, ApiError> {
        if let Some(caller) = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop() {
            return Ok(caller);
        }
        self.whereabouts().map(Caller::new)
    }

    /// The server as it is now, and what the agent shows there.
    fn whereabouts(&self) -> Result<Whereabouts, ApiError> {
        let found = Whereabouts::find(&self.server).map_err(as_refusal)?;
        let agent = self.agent();
        let kept = agent.manus_id.iter().fold(found, |found, manus_id| found.as_agent(manus_id));
        Ok(if kept.needs_own() { kept.showing(agent.token) } else { kept })
    }

    /// The newest event that any answer knew of.
    pub fn heard(&self) -> Option<Seq> {
        Some(self.heard.load(Ordering::Relaxed)).filter(|seq| *seq > 0)
    }

    /// The newest event.
    pub async fn newest(&self) -> Result<Seq, ApiError> {
        let page = self.call("list_events", json!({ "newest_first": true, "limit": 1 })).await?;
        Ok(page["items"][0]["seq"].as_u64().unwrap_or(0))
    }

    /// Opens the stream of events after this one.
    pub async fn events(&self, seen: &mut Seen) -> Result<Stream, ApiError> {
        self.caller()?.events(seen).await.map_err(as_refusal)
    }
}

fn as_refusal(error: CallError) -> ApiError {
    match error {
        CallError::Refused(error) => error,
        CallError::Unreachable(message) | CallError::Lost(message) => ApiError::new(0, UNREACHABLE, message),
    }
}
