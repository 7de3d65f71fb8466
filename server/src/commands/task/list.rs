//! `manus-sync task list`.

use app::api::{ListTasks, OneOrMany};
use engine::TaskStatus;
use serde_json::{Value, json};

use crate::cli::ListArgs;
use crate::commands::Failed;
use crate::commands::answer::{list, text};
use crate::commands::print::{Cell, Print};
use crate::commands::session::{self, Session};

/// How many tasks are asked for at once.
const PAGE: usize = 1_000;

pub(super) fn run(args: ListArgs) -> Result<(), Failed> {
    let assigned_to = if args.mine { Some(args.agent.who()?) } else { args.assigned_to };
    let open = || TaskStatus::ALL.iter().copied().filter(|status| !status.is_closed()).collect();
    let status: Vec<TaskStatus> = match args.status {
        given if !given.is_empty() => given,
        _ if args.all => Vec::new(),
        _ => open(),
    };
    let call = ListTasks {
        status: (!status.is_empty()).then_some(OneOrMany::Many(status)),
        assigned_to,
        priority: args.priority,
        text: args.text,
        ..ListTasks::new()
    };
    session::with(&args.agent.client, |session| {
        let tasks = all(session, call, args.limit.unwrap_or(usize::MAX))?;
        let answer = json!({ "items": tasks, "next_cursor": null });
        session.show(&answer, |print| match tasks.as_slice() {
            [] => "No such tasks.".to_owned(),
            tasks => table(print, tasks),
        })
    })
}

fn all(session: &mut Session, mut call: ListTasks, most: usize) -> Result<Vec<Value>, Failed> {
    let mut tasks = Vec::new();
    loop {
        let limit = PAGE.min(most - tasks.len()).max(1);
        call.limit = i64::try_from(limit).ok();
        let page = session.call(&call)?;
        tasks.extend_from_slice(list(&page, "items"));
        call.cursor = page["next_cursor"].as_str().and_then(|cursor| cursor.parse().ok());
        if call.cursor.is_none() || tasks.len() >= most {
            tasks.truncate(most);
            return Ok(tasks);
        }
    }
}

fn table(print: Print, tasks: &[Value]) -> String {
    let row = |task: &Value| -> [Cell; 6] {
        let done = if text(task, "status") == "IN_PROGRESS" {
            format!("{}%", task["progress"])
        } else {
            String::new()
        };
        [
            text(task, "id").into(),
            text(task, "priority").into(),
            Cell::status(text(task, "status")),
            text(task, "assigned_to").into(),
            done.into(),
            text(task, "title").into(),
        ]
    };
    let rows: Vec<_> = tasks.iter().map(row).collect();
    print.table(["TASK", "PRIORITY", "STATUS", "AGENT", "DONE", "TITLE"], &rows)
}
