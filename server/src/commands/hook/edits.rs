//! Claiming what is about to be edited, and giving it back.

use serde_json::{Value, json};

use super::EDITING;
use crate::blocking::Blocking;
use crate::client::CallError;

/// Whether an edit may go on.
#[derive(Debug, PartialEq)]
pub(super) enum Claimed {
    /// The agent holds its files, or they are none of the project's.
    Held,
    /// Somebody else does: who, until when, and what to do.
    Refused(String),
}

/// Claims files for an edit. What the agent holds for good already is left as it is.
pub(super) fn claim(
    server: &mut Blocking,
    manus_id: &str,
    files: &[String],
    ttl_secs: Option<u32>,
) -> Result<Claimed, CallError> {
    let checked = match server.call("check_files", &json!({ "files": files })) {
        // Outside the project: not ours to watch over.
        Err(CallError::Refused(error)) if error.code == "invalid_argument" => {
            return each(server, manus_id, files, ttl_secs);
        }
        checked => checked?,
    };
    let checked = checked["files"].as_array().map_or(&[][..], Vec::as_slice);
    let firm = |file: &Value| {
        let lock = &file["lock"];
        // One that ends by itself may be that of an agent that counts as lost: claiming it again brings the agent back.
        lock["locked_by"] == manus_id && lock["mode"] == "exclusive" && lock["expires_at_ms"].is_null()
    };
    let wanted: Vec<&str> =
        files.iter().zip(checked).filter(|(_, check)| !firm(check)).map(|(file, _)| file.as_str()).collect();
    if wanted.is_empty() && checked.len() == files.len() {
        return Ok(Claimed::Held);
    }
    let mut arguments = json!({ "manus_id": manus_id, "files": wanted, "reason": EDITING });
    if let Some(secs) = ttl_secs.filter(|secs| *secs > 0) {
        arguments["ttl_secs"] = json!(secs);
    }
    match server.call("claim_files", &arguments) {
        Ok(_) => Ok(Claimed::Held),
        Err(CallError::Refused(error)) if error.code == "file_locked" => {
            let lock = error.detail["conflicts"][0].clone();
            Ok(Claimed::Refused(refusal(server, manus_id, &lock, &error.message)))
        }
        Err(error) => Err(error),
    }
}

/// File by file, where one of several lies outside the project.
fn each(
    server: &mut Blocking,
    manus_id: &str,
    files: &[String],
    ttl_secs: Option<u32>,
) -> Result<Claimed, CallError> {
    if files.len() < 2 {
        return Ok(Claimed::Held);
    }
    for file in files {
        let claimed = claim(server, manus_id, std::slice::from_ref(file), ttl_secs)?;
        if claimed != Claimed::Held {
            return Ok(claimed);
        }
    }
    Ok(Claimed::Held)
}

/// Who holds it, what that agent is doing, until when, and what to do now.
fn refusal(server: &mut Blocking, manus_id: &str, lock: &Value, message: &str) -> String {
    let holder = lock["locked_by"].as_str().unwrap_or_default();
    let file = lock["file_path"].as_str().unwrap_or_default();
    if holder == manus_id {
        return message.to_owned();
    }
    let agent = server.call("get_manus", &json!({ "manus_id": holder })).unwrap_or_default();
    let task = agent["current_task"].as_str().map(|task| format!(" for {task}")).unwrap_or_default();
    let why = lock["lock_reason"].as_str().map(|reason| format!(" ({reason})")).unwrap_or_default();
    let until = match message.split_once(" for at most ").and_then(|(_, rest)| rest.split_once(" more")) {
        Some((time, _)) => format!("for at most {time} more"),
        None => format!("until {holder} gives it back, ends its turn, or falls silent"),
    };
    format!(
        "{file} is held by {holder}{task}{why}, {until}. Do not write it by other means. Work on another file meanwhile; or wait \
         for it with `manus-sync files claim '{file}' --wait 120 --as {manus_id}`; or ask {holder} for it with `manus-sync \
         message send {holder} \"…\" --as {manus_id}`."
    )
}

/// Gives back what was claimed for edits. What was claimed for a task, or by hand for a reason, stays.
pub(super) fn release(server: &mut Blocking, manus_id: &str) -> Result<(), CallError> {
    server.call("heartbeat", &json!({ "manus_id": manus_id }))?;
    let agent = server.call("get_manus", &json!({ "manus_id": manus_id }))?;
    let claimed = agent["files_claimed"].as_array().cloned().unwrap_or_default();
    // As many as a call takes.
    for some in claimed.chunks(1_000) {
        let checked = server.call("check_files", &json!({ "files": some }))?;
        let checked = checked["files"].as_array().map_or(&[][..], Vec::as_slice);
        let edits = checked.iter().map(|check| &check["lock"]).filter(|lock| {
            lock["locked_by"] == manus_id && lock["lock_reason"] == EDITING && lock["task_id"].is_null()
        });
        let files: Vec<&Value> = edits.map(|lock| &lock["file_path"]).collect();
        if !files.is_empty() {
            server.call("release_files", &json!({ "manus_id": manus_id, "files": files }))?;
        }
    }
    Ok(())
}
