//! What the dashboard copies: commands that a shell and the command line understand, and requests that name tools.

use std::process::Command as Process;

use app::copied::written;
use app::errand::As;
use clap::Parser;
use engine::ManusId;
use serde_json::{Value, json};
use server::cli::{Cli, Command, FilesCommand, MessageCommand, TaskCommand};

const ORIGIN: &str = "http://localhost:3334";
/// Everything that a shell could take for something else.
const ODD: &str = "it's \"$HOME\" `id` \\ *\n--new line;";

/// A call as a command, taken apart by a real shell and then by the command line.
fn parsed(call: &str, arguments: &Value) -> Command {
    let line = written(As::Cli, ORIGIN, call, &arguments.to_string()).unwrap();
    let words = line.strip_prefix("manus-sync ").unwrap();
    let output = Process::new("sh").arg("-c").arg(format!("printf '%s\\0' {words}")).output().unwrap();
    let words = String::from_utf8(output.stdout).unwrap();
    let words = words.split_terminator('\0');
    let cli = Cli::try_parse_from(std::iter::once("manus-sync").chain(words))
        .unwrap_or_else(|error| panic!("{line}\n{error}"));
    cli.command.unwrap()
}

fn task(call: &str, arguments: &Value) -> TaskCommand {
    match parsed(call, arguments) {
        Command::Task(task) => task,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_task_is_created_and_changed() {
    let arguments = json!({
        "title": "-5 degrees", "description": ODD, "priority": "HIGH", "files_involved": ["src/a b.rs", "**/*.sql"],
        "dependencies": ["T1", "T2"], "estimated_duration": 45, "required_capabilities": ["rust"],
    });
    let TaskCommand::Add(add) = task("create_task", &arguments) else { panic!() };
    assert_eq!((add.title.as_deref(), add.description.as_str()), (Some("-5 degrees"), ODD));
    assert_eq!(
        (add.files, add.after.len(), add.estimate),
        (vec!["src/a b.rs".to_owned(), "**/*.sql".to_owned()], 2, Some(45))
    );
    assert_eq!(add.client.server.server.as_deref(), Some(ORIGIN));
    let empty = json!({ "title": "x", "description": "", "files_involved": [], "dependencies": [], "required_capabilities": [] });
    let TaskCommand::Add(add) = task("create_task", &empty) else { panic!() };
    assert!(add.files.is_empty() && add.after.is_empty() && add.needs.is_empty());

    let TaskCommand::Update(update) =
        task("update_task", &json!({ "task_id": "T1", "title": ODD, "dependencies": [] }))
    else {
        panic!()
    };
    assert_eq!(
        (update.title.as_deref(), update.after, update.files),
        (Some(ODD), Some(vec![String::new()]), None)
    );
}

#[test]
fn tasks_are_decided_about() {
    let TaskCommand::Cancel(cancel) = task("cancel_task", &json!({ "task_id": "T1", "reason": ODD })) else {
        panic!()
    };
    assert_eq!((cancel.task.to_string(), cancel.reason.as_deref()), ("T1".to_owned(), Some(ODD)));
    let TaskCommand::Block(block) = task("block_task", &json!({ "manus_id": "supervisor", "task_id": "T1" }))
    else {
        panic!()
    };
    assert_eq!(block.reason, None);
    assert!(matches!(
        task("unblock_task", &json!({ "manus_id": "supervisor", "task_id": "T1" })),
        TaskCommand::Unblock(_)
    ));
    assert_eq!(block.agent.client.manus.as_deref(), Some("supervisor"), "whatever MANUS_ID says");
    let TaskCommand::Assign(assign) = task("assign_task", &json!({ "task_id": "T1", "manus_id": "ada" }))
    else {
        panic!()
    };
    assert_eq!(assign.to, ManusId::new("ada").unwrap());
    for verdict in ["approve", "request_changes"] {
        let arguments =
            json!({ "manus_id": "supervisor", "task_id": "T1", "verdict": verdict, "comment": ODD });
        let TaskCommand::Review(review) = task("review_task", &arguments) else { panic!() };
        assert_eq!((json!(review.verdict), review.comment.as_deref()), (json!(verdict), Some(ODD)));
    }
}

#[test]
fn agents_files_and_messages() {
    let Command::Drain(drain) = parsed("drain_manus", &json!({ "manus_id": "ada" })) else { panic!() };
    assert_eq!((drain.name, drain.off), (ManusId::new("ada").ok(), false));
    let Command::Drain(drain) = parsed("drain_manus", &json!({ "manus_id": "ada", "draining": false }))
    else {
        panic!()
    };
    assert!(drain.off);
    let Command::Deregister(leave) = parsed("deregister_manus", &json!({ "manus_id": "ada" })) else {
        panic!()
    };
    assert_eq!(leave.client.manus.as_deref(), Some("ada"));

    let arguments = json!({ "manus_id": "ada", "files": ["a,b.rs", "-c.rs"], "by": "supervisor" });
    let Command::Files(FilesCommand::Release(release)) = parsed("release_files", &arguments) else {
        panic!()
    };
    assert_eq!(
        (release.files, release.of),
        (vec!["a,b.rs".to_owned(), "-c.rs".to_owned()], ManusId::new("ada").ok())
    );

    let arguments = json!({
        "from_manus": "supervisor", "to_manus": "*", "message_type": "NOTE", "content": { "text": ODD }, "reply_to": 7,
    });
    let read = json!({ "manus_id": "supervisor", "ids": [4, 7] });
    let Command::Message(MessageCommand::Ack(ack)) = parsed("ack_messages", &read) else { panic!() };
    assert_eq!((ack.ids, ack.agent.client.manus.as_deref()), (vec![4, 7], Some("supervisor")));
    let Command::Message(MessageCommand::Send(send)) = parsed("send_message", &arguments) else { panic!() };
    assert_eq!(
        (send.to.to_string(), send.text.as_deref(), send.kind, send.reply_to),
        ("*".to_owned(), Some(ODD), "NOTE".to_owned(), Some(7))
    );
}
