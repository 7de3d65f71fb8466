//! The board: how the project is doing, in a size that can be read whatever the project's.

use app::api::ApiError;
use http::HeaderValue;
use serde_json::{Map, Value, json};

use super::backend::Backend;

/// How many open tasks it shows.
const TASKS: usize = 100;
/// What it shows of a task.
const OF_TASK: [&str; 7] = ["id", "title", "status", "priority", "assigned_to", "progress", "waiting_for"];
/// What it shows of an agent.
const OF_MANUS: [&str; 6] = ["id", "role", "status", "current_task", "progress", "files_claimed"];

/// Asks for its parts and puts them together.
pub async fn board(backend: &Backend, shown: Option<HeaderValue>) -> Result<Value, ApiError> {
    let call = |name, arguments| backend.call(name, arguments, shown.clone());
    let health = call("system_health", json!({})).await?;
    let metrics = call("performance_metrics", json!({ "range": 1 })).await?;
    let manus = call("list_manus", json!({})).await?;
    let open = json!(["IN_PROGRESS", "NEEDS_REVIEW", "PENDING", "BLOCKED"]);
    let tasks = call("list_tasks", json!({ "status": open, "limit": TASKS })).await?;
    Ok(json!({
        "health": health,
        "counts": counts(&metrics),
        "manus": some_of(&manus, &OF_MANUS),
        "tasks": some_of(&tasks["items"], &OF_TASK),
        "more_tasks": !tasks["next_cursor"].is_null(),
    }))
}

/// How many tasks there are of each status.
fn counts(metrics: &Value) -> Value {
    let open = metrics["open"].as_array().into_iter().flatten();
    let mut counts: Map<String, Value> =
        open.filter_map(|pair| Some((pair[0].as_str()?.to_owned(), pair[1].clone()))).collect();
    counts.insert("COMPLETED".to_owned(), metrics["completed"].clone());
    counts.insert("CANCELLED".to_owned(), metrics["cancelled"].clone());
    counts.into()
}

/// Some fields of each item.
fn some_of(items: &Value, fields: &[&str]) -> Value {
    let picked = |item: &Value| -> Value {
        fields.iter().map(|field| ((*field).to_owned(), item[field].clone())).collect::<Map<_, _>>().into()
    };
    items.as_array().into_iter().flatten().map(picked).collect()
}
