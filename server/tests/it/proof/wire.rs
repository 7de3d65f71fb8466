//! Commands and looks as calls of the interface.

use engine::Command;
use serde_json::{Value, json};

use super::work::{Ask, Look, What};

/// The name of the call, and its arguments.
pub fn request(ask: &Ask) -> (&'static str, Value) {
    let (name, mut arguments) = match &ask.what {
        What::Command(command) => call(command),
        What::Look(look) => question(look),
    };
    if let Some(id) = &ask.request_id {
        arguments["request_id"] = json!(id);
    }
    (name, arguments)
}

fn question(look: &Look) -> (&'static str, Value) {
    match look {
        Look::Beat(manus_id) => ("heartbeat", json!({ "manus_id": manus_id })),
        Look::Task(task_id) => ("get_task", json!({ "task_id": task_id })),
        Look::Manus(manus_id) => ("get_manus", json!({ "manus_id": manus_id })),
        Look::Files(manus_id, files) => ("check_files", json!({ "manus_id": manus_id, "files": files })),
        Look::Inbox(manus_id) => ("get_messages", json!({ "manus_id": manus_id, "peek": true, "limit": 50 })),
    }
}

fn call(command: &Command) -> (&'static str, Value) {
    match command {
        Command::RegisterManus { manus_id, role, capabilities, max_parallel, program, model, takeover } => (
            "register_manus",
            json!({
                "manus_id": manus_id, "role": role, "capabilities": capabilities, "max_parallel": max_parallel,
                "program": program, "model": model, "takeover": takeover,
            }),
        ),
        Command::CreateTasks { tasks } => {
            let task = |task: &engine::command::NewTask| {
                json!({
                    "title": task.title, "description": task.description, "priority": task.priority,
                    "files_involved": task.files_involved, "estimated_duration": task.estimated_duration,
                    "required_capabilities": task.required_capabilities,
                })
            };
            ("create_tasks", json!({ "tasks": tasks.iter().map(task).collect::<Vec<_>>() }))
        }
        Command::AssignTask { task_id, manus_id } => {
            ("assign_task", json!({ "task_id": task_id, "manus_id": manus_id }))
        }
        Command::NextTask { manus_id } => ("next_task", json!({ "manus_id": manus_id })),
        Command::StartTask { manus_id, task_id } => {
            ("start_task", json!({ "manus_id": manus_id, "task_id": task_id }))
        }
        Command::UpdateTaskProgress { manus_id, task_id, progress, note, attempt } => (
            "update_task_progress",
            json!({
                "manus_id": manus_id, "task_id": task_id, "progress": progress, "note": note, "attempt": attempt,
            }),
        ),
        Command::CompleteTask { task_id, manus_id, result, needs_review, attempt } => (
            "complete_task",
            json!({
                "task_id": task_id, "manus_id": manus_id, "result": result, "needs_review": needs_review,
                "attempt": attempt,
            }),
        ),
        Command::ReleaseTask { manus_id, task_id, reason, attempt } => (
            "release_task",
            json!({ "manus_id": manus_id, "task_id": task_id, "reason": reason, "attempt": attempt }),
        ),
        Command::FailTask { manus_id, task_id, reason, attempt } => (
            "fail_task",
            json!({ "manus_id": manus_id, "task_id": task_id, "reason": reason, "attempt": attempt }),
        ),
        Command::ClaimFiles { manus_id, files, reason, mode, ttl_ms, wait_ms } => (
            "claim_files",
            json!({
                "manus_id": manus_id, "files": files, "reason": reason, "mode": mode,
                "ttl_secs": ttl_ms.map(|ms| ms / 1_000), "wait_secs": wait_ms / 1_000,
            }),
        ),
        Command::ReleaseFiles { manus_id, files, .. } => {
            ("release_files", json!({ "manus_id": manus_id, "files": files }))
        }
        Command::SendMessage { from_manus, to_manus, message_type, content, requires_ack, .. } => (
            "send_message",
            json!({
                "from_manus": from_manus, "to_manus": to_manus, "message_type": message_type, "content": content,
                "requires_ack": requires_ack,
            }),
        ),
        Command::TakeMessages { manus_id, limit } => {
            ("get_messages", json!({ "manus_id": manus_id, "limit": limit }))
        }
        other => unreachable!("no client asks for {other:?}"),
    }
}
