//! Which attempts at tasks a client has begun, so that what it says of one that is over by now is refused.

use std::collections::BTreeMap;

use rmcp::model::JsonObject;
use serde_json::Value;

/// How many are remembered. Nobody works on so many tasks; this bounds what a client can make the server keep.
const KEPT: usize = 256;

/// The attempts begun, by task: by whom, and which.
#[derive(Debug, Default)]
pub struct Attempts(BTreeMap<String, (String, u64)>);

impl Attempts {
    /// Notes what a call began.
    pub fn note(&mut self, call: &str, answer: &Value) {
        let task = &answer["task"];
        let (Some(id), Some(manus), Some(attempt)) =
            (task["id"].as_str(), task["assigned_to"].as_str(), task["attempts"].as_u64())
        else {
            return;
        };
        if !matches!(call, "next_task" | "start_task") {
            return;
        }
        if self.0.len() >= KEPT {
            self.0.pop_first();
        }
        self.0.insert(id.to_owned(), (manus.to_owned(), attempt));
    }

    /// Adds to what an agent says of a task under way in which attempt that is, if it began it here.
    pub fn add_to(&self, call: &str, arguments: &mut JsonObject) {
        let speaks_of_one =
            matches!(call, "update_task_progress" | "complete_task" | "fail_task" | "release_task");
        let begun = arguments.get("task_id").and_then(Value::as_str).and_then(|id| self.0.get(id));
        let Some((manus, attempt)) = begun.filter(|_| speaks_of_one) else { return };
        let says = arguments.get("manus_id").and_then(Value::as_str);
        if says.is_none_or(|says| says == manus) {
            arguments.entry("attempt").or_insert((*attempt).into());
        }
    }
}
