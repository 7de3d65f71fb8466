//! What came of a tool, in words: one line, and below it what does not fit into one, for clients that show their agents text
//! alone.

use app::api::ApiError;
use rmcp::model::{CallToolResult, ContentBlock};
use serde_json::{Map, Value, json};

use super::tools::{Tool, name_of};
use crate::renamed::renamed;

/// How many things are named one by one in a line.
const NAMED: usize = 5;

/// The result of a tool that did what it was asked for. `unread` messages wait for the agent.
pub fn done(tool: &Tool, answer: Value, unread: u64) -> CallToolResult {
    let answer = match tool.list {
        Some(key) => json!({ key: answer }),
        None => answer,
    };
    let mut line = one_line(&line(tool.name, &answer));
    if unread > 0 && tool.name != "inbox" {
        let noun = if unread == 1 { "message waits" } else { "messages wait" };
        line = format!("{line} {unread} {noun}: see inbox.");
    }
    let below = below(tool.name, &answer).map(ContentBlock::text);
    let content = std::iter::once(ContentBlock::text(line)).chain(below).collect();
    let mut result = CallToolResult::success(content);
    result.structured_content = Some(lean(answer));
    result
}

/// The result of a tool that was refused: an error that the agent reads.
pub fn refused(error: &ApiError) -> CallToolResult {
    let message = in_tools(&error.message);
    let line = one_line(&format!("{}: {message}", error.code));
    let mut result = CallToolResult::error(vec![ContentBlock::text(line)]);
    result.structured_content =
        Some(json!({ "code": error.code, "message": message, "detail": error.detail }));
    result
}

/// A sentence of the server in the words of whoever has tools.
pub fn in_tools(sentence: &str) -> String {
    renamed(sentence, name_of)
}

/// Leaves out what is null, but for the answers to "which one?".
pub fn lean(value: Value) -> Value {
    const ANSWERS: [&str; 2] = ["task", "lock"];
    match value {
        Value::Object(fields) => {
            let told =
                fields.into_iter().filter(|(key, value)| !value.is_null() || ANSWERS.contains(&key.as_str()));
            // What agents write themselves stays as it is.
            let own = |key: &str| matches!(key, "content" | "result");
            told.map(|(key, value)| if own(&key) { (key, value) } else { (key, lean(value)) })
                .collect::<Map<_, _>>()
                .into()
        }
        Value::Array(items) => items.into_iter().map(lean).collect(),
        other => other,
    }
}

fn line(tool: &str, answer: &Value) -> String {
    match tool {
        "join" => format!(
            "You are {} ({}). Give a sign of life at least every {} s; every call is one.",
            text(&answer["manus"]["id"]),
            text(&answer["manus"]["role"]),
            answer["heartbeat_interval_secs"]
        ),
        "next_task" if answer["task"].is_null() => "There is nothing for you to do at the moment.".to_owned(),
        "next_task" | "start" => started(&answer["task"]),
        "progress" => format!("{} is at {} %.", text(&answer["id"]), answer["progress"]),
        "finish" | "fail" | "review" => outcome(answer),
        "claim" => {
            let token = answer["locks"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|lock| &lock["fencing_token"])
                .max_by_key(|token| token.as_u64());
            format!(
                "You hold {} (fencing token {}).",
                files(&answer["locks"], "file_path"),
                token.unwrap_or(&Value::Null)
            )
        }
        "release" => {
            let released = format!("Free again: {}.", names(&answer["released"]));
            if is_empty(&answer["not_held"]) {
                return released;
            }
            format!("{released} You did not hold {}.", names(&answer["not_held"]))
        }
        "check" => checked(&answer["files"]),
        "send" => format!("Sent as {}.", numbered("message", &answer["ids"])),
        "inbox" if is_empty(&answer["messages"]) => "No new messages.".to_owned(),
        "inbox" => {
            format!("{} new: {}.", count(&answer["messages"], "message"), from_whom(&answer["messages"]))
        }
        "create_tasks" => format!("Created {}.", ids(&answer["tasks"])),
        _ => status(answer),
    }
}

/// What does not fit into a line.
fn below(tool: &str, answer: &Value) -> Option<String> {
    match tool {
        "next_task" | "start" => {
            Some(text(&answer["task"]["description"])).filter(|text| !text.is_empty()).map(str::to_owned)
        }
        "inbox" if !is_empty(&answer["messages"]) => {
            let message = |message: &Value| {
                format!(
                    "{} from {}, {}: {}",
                    message["id"],
                    text(&message["from_manus"]),
                    text(&message["message_type"]),
                    message["content"]
                )
            };
            Some(list(&answer["messages"]).map(message).collect::<Vec<_>>().join("\n"))
        }
        "status" => {
            let task = |task: &Value| {
                let whose =
                    task["assigned_to"].as_str().map(|manus| format!(", {manus}")).unwrap_or_default();
                format!(
                    "{} {} ({}{whose})",
                    text(&task["id"]),
                    one_line(text(&task["title"])),
                    text(&task["status"])
                )
            };
            let causes = list(&answer["health"]["causes"]).map(|cause| one_line(text(&cause["message"])));
            Some(causes.chain(list(&answer["tasks"]).map(task)).collect::<Vec<_>>().join("\n"))
                .filter(|text| !text.is_empty())
        }
        _ => None,
    }
}

fn started(task: &Value) -> String {
    let held = match is_empty(&task["files_involved"]) {
        true => String::new(),
        false => format!(", you hold {}", names(&task["files_involved"])),
    };
    let note = task["note"].as_str().map(|note| format!(" Noted before: {note}.")).unwrap_or_default();
    format!(
        "{} is yours and started: {} ({}, {} min{held}).{note}",
        text(&task["id"]),
        text(&task["title"]),
        text(&task["priority"]),
        task["estimated_duration"]
    )
}

fn outcome(task: &Value) -> String {
    let (id, status) = (text(&task["id"]), text(&task["status"]));
    match (status, task["reviewer"].as_str(), task["blocked_reason"].as_str()) {
        ("NEEDS_REVIEW", Some(reviewer), _) => format!("{id} is {status}: {reviewer} looks at it."),
        ("NEEDS_REVIEW", None, _) => format!("{id} is {status}: nobody is here yet to look at it."),
        (_, _, Some(reason)) => format!("{id} is {status}: {reason}."),
        _ => format!("{id} is {status}."),
    }
}

fn checked(files: &Value) -> String {
    let file = |check: &Value| match check["lock"]["locked_by"].as_str() {
        Some(holder) => format!("{} is held by {holder}", text(&check["file"])),
        None => format!("{} is free", text(&check["file"])),
    };
    format!("{}.", shortened(list(files).map(file).collect()))
}

fn status(board: &Value) -> String {
    let at_work = list(&board["manus"]).filter(|manus| manus["status"] == "ACTIVE").count();
    let open = ["PENDING", "IN_PROGRESS", "BLOCKED", "NEEDS_REVIEW"]
        .iter()
        .filter_map(|status| board["counts"][status].as_u64())
        .sum::<u64>();
    format!(
        "The project is {} ({} of 100): {}, {at_work} at work; open tasks: {open}, in progress: {}, completed: {}.",
        text(&board["health"]["status"]),
        board["health"]["score"],
        count(&board["manus"], "agent"),
        board["counts"]["IN_PROGRESS"],
        board["counts"]["COMPLETED"]
    )
}

fn from_whom(messages: &Value) -> String {
    shortened(
        list(messages)
            .map(|message| {
                format!(
                    "{} from {} ({})",
                    message["id"],
                    text(&message["from_manus"]),
                    text(&message["message_type"])
                )
            })
            .collect(),
    )
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn is_empty(value: &Value) -> bool {
    list(value).next().is_none()
}

fn count(items: &Value, noun: &str) -> String {
    match list(items).count() {
        1 => format!("1 {noun}"),
        count => format!("{count} {noun}s"),
    }
}

fn numbered(noun: &str, numbers: &Value) -> String {
    let all: Vec<String> = list(numbers).map(Value::to_string).collect();
    let plural = if all.len() == 1 { "" } else { "s" };
    format!("{noun}{plural} {}", shortened(all))
}

fn ids(tasks: &Value) -> String {
    if is_empty(tasks) {
        return "nothing".to_owned();
    }
    shortened(list(tasks).map(|task| text(&task["id"]).to_owned()).collect())
}

fn names(texts: &Value) -> String {
    if is_empty(texts) {
        return "nothing".to_owned();
    }
    shortened(list(texts).map(|name| text(name).to_owned()).collect())
}

fn files(items: &Value, key: &str) -> String {
    names(&list(items).map(|item| item[key].clone()).collect())
}

/// The first few of many.
fn shortened(all: Vec<String>) -> String {
    match all.len().checked_sub(NAMED) {
        None | Some(0) => all.join(", "),
        Some(more) => format!("{} and {more} more", all[..NAMED].join(", ")),
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
