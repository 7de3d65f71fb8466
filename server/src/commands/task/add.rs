//! `manus-sync task add`: one task, or a file of them.

use std::io::Read;
use std::path::Path;

use app::api::{Arguments, CreateTask, CreateTasks};
use serde_json::{Value, json};

use crate::caller::request_id;
use crate::cli::AddArgs;
use crate::commands::answer::{items, standing};
use crate::commands::{Failed, session};

pub(super) fn run(args: AddArgs) -> Result<(), Failed> {
    if let Some(file) = &args.from {
        return many(&args, file);
    }
    session::with(&args.client, |session| {
        let some = |files: Vec<String>| (!files.is_empty()).then_some(files);
        let call = CreateTask {
            priority: args.priority,
            files_involved: some(session.paths(&args.files)?),
            dependencies: (!args.after.is_empty()).then_some(args.after),
            estimated_duration: args.estimate,
            required_capabilities: (!args.needs.is_empty()).then_some(args.needs),
            ..CreateTask::new(args.title.unwrap_or_default(), args.description)
        };
        let task = session.call(&call)?;
        session.show(&task, |_| standing(&task))
    })
}

/// The server reads the tasks; here they only have to be JSON, so that its refusals name the place of a mistake.
fn many(args: &AddArgs, file: &Path) -> Result<(), Failed> {
    let tasks = read(file)?;
    let mut body = if tasks.is_array() { json!({ "tasks": tasks }) } else { tasks };
    if !body["tasks"].is_array() {
        return Err(Failed::usage(format!(
            "{} holds neither a list of tasks nor an object with one under \"tasks\"",
            file.display()
        )));
    }
    if body["request_id"].is_null() {
        body["request_id"] = json!(request_id());
    }
    session::with(&args.client, |session| {
        let tasks =
            session.block_on(|caller| async { caller.call_by_name(CreateTasks::NAME, &body).await })?;
        session.show(&tasks, |_| items(&tasks).iter().map(|task| format!("{}\n", standing(task))).collect())
    })
}

fn read(file: &Path) -> Result<Value, Failed> {
    let mut text = String::new();
    let read = match file.as_os_str() == "-" {
        true => std::io::stdin().read_to_string(&mut text),
        false => std::fs::File::open(file).and_then(|mut file| file.read_to_string(&mut text)),
    };
    read.map_err(|error| Failed::usage(format!("{}: {error}", file.display())))?;
    serde_json::from_str(&text).map_err(|error| Failed::usage(format!("{}: {error}", file.display())))
}
