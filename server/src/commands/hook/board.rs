//! What a session is shown when it starts: who it is, who else is here, and what to do, in a few lines.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::blocking::Blocking;
use crate::client::CallError;

/// How many other agents are shown.
const AGENTS_SHOWN: usize = 8;
/// How many waiting tasks are shown.
const TASKS_SHOWN: usize = 5;

/// The board, as this agent sees it.
pub(super) fn board(server: &mut Blocking, manus_id: &str) -> Result<String, CallError> {
    let beat = server.call("heartbeat", &json!({ "manus_id": manus_id }))?;
    let agents = server.call("list_manus", &json!({}))?;
    let pending = server.call("list_tasks", &json!({ "status": "PENDING", "limit": TASKS_SHOWN + 1 }))?;
    let mut own = Vec::new();
    for task in beat["assigned_tasks"].as_array().into_iter().flatten().take(TASKS_SHOWN) {
        own.push(server.call("get_task", &json!({ "task_id": task }))?);
    }
    Ok(text(manus_id, &beat, &agents, &pending, &own))
}

fn text(manus_id: &str, beat: &Value, agents: &Value, pending: &Value, own: &[Value]) -> String {
    let agents = agents.as_array().map_or(&[][..], Vec::as_slice);
    let here = |agent: &&Value| {
        agent["id"] != manus_id && matches!(agent["status"].as_str(), Some("ACTIVE" | "IDLE"))
    };
    let others: Vec<&Value> = agents.iter().filter(here).collect();
    let mut out = format!(
        "manus-sync coordinates the agents on this project. You are {manus_id}. Each file is claimed for you before you edit it, \
         until your turn ends; an edit of a file that somebody else holds is denied.\n"
    );
    // Writing into a String cannot fail.
    match others.len() {
        0 => out.push_str("No other agent is here.\n"),
        n => {
            let _ = writeln!(out, "{n} other {} here:", if n == 1 { "agent is" } else { "agents are" });
        }
    }
    for agent in others.iter().take(AGENTS_SHOWN) {
        let task = agent["current_task"].as_str();
        let doing = task.map_or("idle".to_owned(), |task| format!("works on {task}, {}%", agent["progress"]));
        let files: Vec<&str> = agent["files_claimed"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .take(5)
            .collect();
        let holds = if files.is_empty() { String::new() } else { format!(", holds {}", files.join(", ")) };
        let _ = writeln!(out, "- {} ({}): {doing}{holds}", name(agent, "id"), name(agent, "role"));
    }
    for task in own {
        let _ =
            writeln!(out, "Yours: {} {} ({})", name(task, "id"), name(task, "title"), name(task, "status"));
    }
    let unassigned =
        |task: &&Value| task["assigned_to"].is_null() && own.iter().all(|mine| mine["id"] != task["id"]);
    for task in pending["items"].as_array().into_iter().flatten().filter(unassigned).take(TASKS_SHOWN) {
        let _ = writeln!(
            out,
            "Waiting: {} {} ({})",
            name(task, "id"),
            name(task, "title"),
            name(task, "priority")
        );
    }
    if let Some(unread) = beat["unread_messages"].as_u64().filter(|unread| *unread > 0) {
        let _ = writeln!(out, "{unread} unread messages: `manus-sync message inbox --as {manus_id}`.");
    }
    let _ = write!(
        out,
        "Take work with `manus-sync task next --as {manus_id}`, report with `manus-sync task progress` and `task done` (with the same \
         --as), or use the manus-sync tools; there, too, you are {manus_id}."
    );
    out
}

fn name<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn a_few_lines() {
        let agents = json!([
            { "id": "claude-1", "role": "SPEED_DEVELOPER", "status": "IDLE" },
            { "id": "bob", "role": "COORDINATOR", "status": "ACTIVE", "current_task": "T3", "progress": 40, "files_claimed": ["src/api.rs"] },
            { "id": "eve", "role": "AI_SPECIALIST", "status": "IDLE", "current_task": null, "files_claimed": [] },
            { "id": "lost", "role": "AI_SPECIALIST", "status": "LOST", "current_task": null, "files_claimed": [] },
        ]);
        let own = [json!({ "id": "T4", "title": "Test the API", "status": "PENDING" })];
        let pending = json!({ "items": [
            { "id": "T4", "title": "Test the API", "priority": "HIGH", "assigned_to": "claude-1" },
            { "id": "T5", "title": "Write the guide", "priority": "LOW", "assigned_to": null },
        ] });
        expect![[r#"
            manus-sync coordinates the agents on this project. You are claude-1. Each file is claimed for you before you edit it, until your turn ends; an edit of a file that somebody else holds is denied.
            2 other agents are here:
            - bob (COORDINATOR): works on T3, 40%, holds src/api.rs
            - eve (AI_SPECIALIST): idle
            Yours: T4 Test the API (PENDING)
            Waiting: T5 Write the guide (LOW)
            2 unread messages: `manus-sync message inbox --as claude-1`.
            Take work with `manus-sync task next --as claude-1`, report with `manus-sync task progress` and `task done` (with the same --as), or use the manus-sync tools; there, too, you are claude-1."#]]
        .assert_eq(&text("claude-1", &json!({ "unread_messages": 2 }), &agents, &pending, &own));
    }
}
