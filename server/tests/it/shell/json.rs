//! What programs read: the answer of the HTTP call.

use serde_json::{Value, json};

use super::Shell;
use crate::project::Project;

#[tokio::test(flavor = "multi_thread")]
async fn each_command_prints_the_answer_of_its_call() {
    let shell = Shell::start().await;
    let says = |line: &str, place: &str, value: Value| {
        let answer = shell.json(&format!("manus-sync {line} --json"));
        assert_eq!(answer.pointer(place), Some(&value), "{line}: {answer:#}");
    };
    says("agents", "", json!([]));
    says("register ada --max-parallel 3", "/manus/max_parallel", json!(3));
    says("register bob --role COORDINATOR", "/heartbeat_interval_secs", json!(30));
    says("heartbeat --as ada --status IDLE", "/assigned_tasks", json!([]));
    says("agents ada", "/status", json!("IDLE"));
    says("drain bob", "/draining", json!(true));
    says("task add One --files a.rs", "/files_involved", json!(["a.rs"]));
    says("task add Two", "/id", json!("T2"));
    says("task start T1 --as ada", "/locks/0/file_path", json!("a.rs"));
    says("task next --as ada", "/task/id", json!("T2"));
    says("task next --as ada", "/task", json!(null));
    says("task progress T1 50 --as ada", "/progress", json!(50));
    says("task fail T2 --reason 'no idea' --as ada", "/errors/0/message", json!("no idea"));
    says("task done T1 --result '{\"tests\": 3}' --as ada", "/result", json!({ "tests": 3 }));
    says("task show T1", "/status", json!("COMPLETED"));
    says("task list", "/items/0/id", json!("T2"));
    says("task list --all -n 1", "/items/0/id", json!("T1"));
    says("task list --mine --as bob", "/items", json!([]));
    says("task why T2", "/task_id", json!("T2"));
    says("task update T2 --needs ''", "/required_capabilities", json!([]));
    says("task cancel T2", "/status", json!("CANCELLED"));
    says("files claim b.rs --shared --ttl 60 --as ada", "/locks/0/mode", json!("shared"));
    says("files check b.rs", "/files/0/lock/locked_by", json!("ada"));
    says("files list", "/0/file_path", json!("b.rs"));
    says("files release b.rs --as ada", "/released", json!(["b.rs"]));
    says("message send ada hello --type HELLO --as bob", "/ids/0", json!(1 + system_messages(&shell).await));
    says("message list -n 1", "/items/0/content/text", json!("hello"));
    says("message inbox --peek -n 1 --as ada", "/0/processed", json!(false));
    says("status", "/tasks", json!({ "CANCELLED": 1, "COMPLETED": 1 }));
    says("deregister --as ada", "/released", json!([]));
}

/// How many messages the engine itself had written by then.
async fn system_messages(shell: &Shell) -> u64 {
    let sent = shell.project.call("list_messages", &json!({ "limit": 1000 })).await.ok();
    sent["items"].as_array().unwrap().len() as u64
}

/// Whoever is somebody says so with every command.
#[tokio::test(flavor = "multi_thread")]
async fn a_name_does_no_harm_where_it_does_not_matter() {
    let shell = Shell::of(Project::with_agents(&["ada"]).await);
    for line in [
        "task add One",
        "task show T1",
        "task list",
        "agents",
        "files list",
        "status",
        "events",
        "message list",
    ] {
        shell.out(&format!("manus-sync {line} --as ada"));
        shell.out(&format!("MANUS_ID=ada manus-sync {line}"));
    }
}

/// The seed's numbers and the calls' own names are understood, too.
#[tokio::test(flavor = "multi_thread")]
async fn other_names() {
    let shell = Shell::of(Project::with_agents(&["ada"]).await);
    let task = shell.json(
        "manus-sync task create One -p 1 --files-involved a.rs,b.rs --estimated-duration 20 --required-capabilities rust --json",
    );
    assert_eq!((&task["priority"], &task["estimated_duration"]), (&json!("CRITICAL"), &json!(20)));
    assert_eq!(task["files_involved"], json!(["a.rs", "b.rs"]));
    let task = shell.json("manus-sync task create Two --depends-on T1 --json");
    assert_eq!(task["waiting_for"], json!(["T1"]));
}
