//! Reading answers. As JSON and not as the types that the server made them of: it may be of another version.

use app::live::words;
use serde_json::Value;

/// The list of this name; empty where there is none.
pub fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    items(&value[key])
}

/// What is in a list; nothing where it is none.
pub fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The text of this name; empty where there is none.
pub fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

/// The texts of a list, with commas between them.
pub fn joined(value: &Value) -> String {
    items(value).iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
}

/// The numbers of a list, with commas between them.
pub fn joined_numbers(numbers: &[Value]) -> String {
    numbers.iter().map(Value::to_string).collect::<Vec<_>>().join(", ")
}

/// The task as `T1 Parse dates`.
pub fn titled(task: &Value) -> String {
    format!("{} {}", text(task, "id"), text(task, "title"))
}

/// A sentence about a task: how it stands, and with whom.
pub fn standing(task: &Value) -> String {
    let status = text(task, "status");
    let mut said = format!("{}: {}", titled(task), status.to_lowercase().replace('_', " "));
    let progress = task["progress"].as_u64().unwrap_or(0);
    if status == "IN_PROGRESS" && progress > 0 {
        said.push_str(&format!(", {progress}%"));
    }
    if let Some(manus) = task["assigned_to"].as_str() {
        said.push_str(if status == "COMPLETED" { ", by " } else { ", with " });
        said.push_str(manus);
    } else if status == "PENDING" {
        said.push_str(", waits for somebody to do it");
    }
    if let Some(reviewer) = task["reviewer"].as_str().filter(|_| status == "NEEDS_REVIEW") {
        said.push_str(&format!(", to be reviewed by {reviewer}"));
    }
    match task["blocked_reason"].as_str() {
        Some(reason) => said.push_str(&format!(" ({reason})")),
        None if status == "BLOCKED" => {
            said.push_str(&format!(" until {} is done", joined(&task["waiting_for"])))
        }
        None => {}
    }
    said
}

/// A sentence about a lock, without the file: by whom, what for, how long.
pub fn held(lock: &Value, now_ms: i64) -> String {
    let mut said = format!("held by {}", text(lock, "locked_by"));
    if text(lock, "mode") == "shared" {
        said.push_str(", shared");
    }
    if let Some(reason) = lock["lock_reason"].as_str() {
        said.push_str(&format!(", for {reason:?}"));
    }
    if let Some(expires) = lock["expires_at_ms"].as_i64() {
        said.push_str(&format!(", for another {}", words::for_long(expires - now_ms)));
    }
    said
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn sentences() {
        let task = json!({ "id": "T1", "title": "Parse", "status": "IN_PROGRESS", "progress": 40, "assigned_to": "ada" });
        assert_eq!(standing(&task), "T1 Parse: in progress, 40%, with ada");
        let task =
            json!({ "id": "T2", "title": "Test", "status": "BLOCKED", "blocked_reason": "waits for T1" });
        assert_eq!(standing(&task), "T2 Test: blocked (waits for T1)");
        let task = json!({ "id": "T2", "title": "Test", "status": "BLOCKED", "waiting_for": ["T1"] });
        assert_eq!(standing(&task), "T2 Test: blocked until T1 is done");
        let task = json!({ "id": "T3", "title": "Ship", "status": "PENDING" });
        assert_eq!(standing(&task), "T3 Ship: pending, waits for somebody to do it");
        let lock =
            json!({ "locked_by": "ada", "mode": "shared", "lock_reason": "look", "expires_at_ms": 61_000 });
        assert_eq!(held(&lock, 1_000), "held by ada, shared, for \"look\", for another 1 minute");
    }
}
