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
use crate::client::{CallError, Stream};

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
    /// The newest event that any answer knew of; 0 before the first.
    heard: AtomicU64,
}

impl Remote {
    /// The server that these name.
    pub fn new(server: ServerArgs) -> Self {
        Self { server, idle: Mutex::default(), heard: AtomicU64::new(0) }
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
        let mut caller = self.caller()?;
        let outcome = caller.call_by_name(name, &arguments).await;
        self.heard.fetch_max(caller.seq().unwrap_or(0), Ordering::Relaxed);
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < KEPT {
            idle.push(caller);
        }
        outcome.map_err(as_refusal)
    }

    fn caller(&self) -> Result<Caller, ApiError> {
        if let Some(caller) = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop() {
            return Ok(caller);
        }
        Whereabouts::find(&self.server).map(Caller::new).map_err(as_refusal)
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
    pub async fn events(&self, since: Seq) -> Result<Stream, ApiError> {
        self.caller()?.events(since).await.map_err(as_refusal)
    }
}

fn as_refusal(error: CallError) -> ApiError {
    match error {
        CallError::Refused(error) => error,
        CallError::Unreachable(message) | CallError::Lost(message) => ApiError::new(0, UNREACHABLE, message),
    }
}
