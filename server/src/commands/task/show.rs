//! `manus-sync task show` and `why`.

use std::fmt::Write as _;

use app::api::{ExplainAssignment, GetTask};
use app::live::words;
use serde_json::Value;

use crate::cli::OneTaskArgs;
use crate::commands::answer::{items, joined, list, standing, text, titled};
use crate::commands::print::{Cell, Print, Tone, harmless, moment};
use crate::commands::{Failed, session};

pub(super) fn run(args: &OneTaskArgs) -> Result<(), Failed> {
    session::with(&args.client, |session| {
        let task = session.call(&GetTask::new(args.task.clone()))?;
        session.show(&task, |print| at_length(print, &task))
    })
}

fn at_length(print: Print, task: &Value) -> String {
    let mut out = format!("{}\n", standing(task));
    let description = text(task, "description").trim();
    if !description.is_empty() {
        // Writing into a String cannot fail.
        let _ = writeln!(out, "\n{}\n", harmless(description));
    }
    let result = match &task["result"] {
        Value::Null => String::new(),
        Value::String(text) => harmless(text),
        other => other.to_string(),
    };
    let when = |key: &str| task[key].as_i64().map(moment).unwrap_or_default();
    let lines = [
        ("Priority", text(task, "priority").to_owned()),
        ("Estimate", words::work(task["estimated_duration"].as_u64().unwrap_or(0))),
        ("Files", joined(&task["files_involved"])),
        ("Needs", joined(&task["required_capabilities"])),
        ("After", joined(&task["dependencies"])),
        ("Waits for", joined(&task["waiting_for"])),
        ("Note", harmless(text(task, "note"))),
        ("Result", result),
        ("Created", when("created_at_ms")),
        ("Started", when("started_at_ms")),
        ("Closed", when("completed_at_ms")),
    ];
    for (what, value) in lines.iter().filter(|(_, value)| !value.is_empty()) {
        let _ = writeln!(out, "{}: {value}", print.paint(Tone::Head, what));
    }
    for error in items(&task["errors"]) {
        let (manus, message) = (text(error, "manus_id"), harmless(text(error, "message")));
        let _ = writeln!(out, "{}: {manus}: {message}", print.paint(Tone::Bad, "Failed"));
    }
    out
}

/// Every agent with its reasons, the best candidate first.
pub(super) fn why(args: &OneTaskArgs) -> Result<(), Failed> {
    session::with(&args.client, |session| {
        let task = session.call(&GetTask::new(args.task.clone()))?;
        let answer = session.call(&ExplainAssignment::new(args.task.clone()))?;
        session.show(&answer, |print| {
            let holder = match answer["assigned_to"].as_str() {
                Some(manus) => format!("is with {manus}"),
                None => "is with nobody".to_owned(),
            };
            let rows: Vec<_> = list(&answer, "candidates").iter().map(candidate).collect();
            format!("{} {holder}\n{}", titled(&task), print.table(["AGENT", "CAN", "SCORE", "WHY"], &rows))
        })
    })
}

fn candidate(candidate: &Value) -> [Cell; 4] {
    let able = candidate["eligible"] == true;
    let score = candidate["score"].as_f64().map(|score| format!("{score:.1}")).unwrap_or_default();
    let can = if able { Cell::new(Tone::Good, "yes") } else { Cell::new(Tone::Quiet, "no") };
    let reasons: Vec<&str> = list(candidate, "reasons").iter().filter_map(Value::as_str).collect();
    [text(candidate, "manus_id").into(), can, score.into(), reasons.join("; ").into()]
}
