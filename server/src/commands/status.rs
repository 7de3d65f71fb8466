//! `manus-sync status`: how a project is doing, on a screenful or as JSON.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use app::api::{Snapshot, SystemHealth};
use serde_json::{Value, json};

use super::answer::{list, text};
use super::print::{Print, Tone};
use super::{Failed, agent, session};
use crate::caller::Whereabouts;
use crate::cli::ClientArgs;

/// Asks the server and prints.
pub fn run(args: &ClientArgs) -> Result<(), Failed> {
    session::with(&with_local_key(args), |session| {
        let health = session.call(&SystemHealth::new())?;
        let snapshot = session.call(&Snapshot::new())?;
        let url = session.url();
        session.show(&as_json(&url, &health, &snapshot), |print| as_text(print, &url, &health, &snapshot))
    })
}

/// Whoever owns the project's folder needs no token to see how it is doing: so a container can look after its own server.
fn with_local_key(args: &ClientArgs) -> ClientArgs {
    let mut args = args.clone();
    let place = Whereabouts::find(&args.server).ok().filter(|place| place.token().is_none());
    if let Some(root) = place.as_ref().and_then(Whereabouts::root) {
        args.server.token = hub::local_key(root);
    }
    args
}

/// How many tasks there are of each status. Of closed ones only the total is complete.
fn counts(snapshot: &Value) -> BTreeMap<&str, u64> {
    let mut counts = BTreeMap::new();
    for task in list(snapshot, "tasks") {
        *counts.entry(text(task, "status")).or_default() += 1;
    }
    for (status, total) in [("COMPLETED", "completed"), ("CANCELLED", "cancelled")] {
        counts.insert(status, snapshot["closed"][total].as_u64().unwrap_or_default());
    }
    counts.retain(|_, count| *count > 0);
    counts
}

fn as_json(url: &str, health: &Value, snapshot: &Value) -> Value {
    json!({
        "url": url,
        "seq": snapshot["seq"],
        "health": health,
        "manus": snapshot["manus"],
        "tasks": counts(snapshot),
        "locks": snapshot["locks"],
        "unread_messages": unread(snapshot),
    })
}

fn unread(snapshot: &Value) -> usize {
    list(snapshot, "messages").iter().filter(|message| message["processed"] == false).count()
}

fn as_text(print: Print, url: &str, health: &Value, snapshot: &Value) -> String {
    let mut out = String::new();
    let status = text(health, "status");
    let tone = match status {
        "healthy" => Tone::Good,
        "degraded" => Tone::Warning,
        _ => Tone::Bad,
    };
    // Writing into a String cannot fail.
    let _ = writeln!(out, "{url}: {}, {} of 100", print.paint(tone, status), health["score"]);
    for cause in list(health, "causes") {
        let message = text(cause, "message");
        let _ = match cause["points"].as_u64() {
            Some(points @ 1..) => writeln!(out, "  -{points} {message}"),
            // Worth knowing, and nothing worse.
            _ => writeln!(out, "  {message}"),
        };
    }
    let counts: Vec<String> = counts(snapshot)
        .iter()
        .map(|(status, count)| format!("{count} {}", status.to_lowercase().replace('_', " ")))
        .collect();
    let tasks = if counts.is_empty() { "none".to_owned() } else { counts.join(", ") };
    let _ = writeln!(out, "Tasks: {tasks}");
    let _ = writeln!(out, "Locks: {}   Unread messages: {}", list(snapshot, "locks").len(), unread(snapshot));
    match list(snapshot, "manus") {
        [] => out.push_str("No agent has registered yet.\n"),
        agents => {
            out.push('\n');
            out.push_str(&agent::table(print, agents, list(snapshot, "tasks")));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn a_screenful() {
        let health = json!({ "score": 90, "status": "healthy", "causes": [
            { "code": "agent_lost", "message": "ada has been silent for 3 min", "points": 10, "subject": "ada" },
            { "code": "files_open", "message": "bob holds a file without a task", "points": 0, "subject": "bob" } ] });
        let snapshot = json!({
            "seq": 12, "closed": { "completed": 4, "cancelled": 0 }, "locks": [{}],
            "messages": [{ "processed": false }, { "processed": true }],
            "tasks": [
                { "id": "T1", "title": "Design the schema", "status": "IN_PROGRESS" },
                { "id": "T2", "title": "Write the API", "status": "BLOCKED" },
                { "id": "T3", "title": "Old", "status": "COMPLETED" },
            ],
            "manus": [
                { "id": "ada", "role": "COORDINATOR", "status": "LOST", "current_task": null, "progress": 0, "files_claimed": [] },
                { "id": "bob", "role": "SPEED_DEVELOPER", "status": "ACTIVE", "current_task": "T1", "progress": 40,
                  "files_claimed": ["src/schema.sql"] },
            ],
        });
        expect![[r#"
            http://localhost:3334: healthy, 90 of 100
              -10 ada has been silent for 3 min
              bob holds a file without a task
            Tasks: 1 blocked, 4 completed, 1 in progress
            Locks: 1   Unread messages: 1

            AGENT  ROLE             STATUS  TASK                  DONE  FILES
            ada    COORDINATOR      LOST                                0
            bob    SPEED_DEVELOPER  ACTIVE  T1 Design the schema  40%   1
        "#]]
        .assert_eq(&as_text(Print::PLAIN, "http://localhost:3334", &health, &snapshot));
    }
}
