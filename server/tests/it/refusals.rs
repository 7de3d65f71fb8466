//! Each refusal, with its status and its code.

use serde_json::{Value, json};

use crate::project::Project;

/// Plays what goes before, and expects the last call to be refused like this.
async fn refused(
    project: &Project,
    before: &[(&str, Value)],
    name: &str,
    arguments: Value,
    status: u16,
    code: &str,
) -> Value {
    for (name, arguments) in before {
        project.call(name, arguments).await.ok();
    }
    let seq = project.server.hub().feed().committed_seq();
    let answer = project.call(name, &arguments).await;
    assert_eq!(answer.refused(), (status, code.to_owned()), "{name} {arguments}: {}", answer.json());
    assert_eq!(project.server.hub().feed().committed_seq(), seq, "a refusal must not change anything");
    answer.json()
}

fn task(title: &str) -> (&'static str, Value) {
    ("create_task", json!({ "title": title, "description": "" }))
}

#[tokio::test]
async fn unknown_things() {
    let project = Project::with_agents(&["ada"]).await;
    let nobody = [
        ("heartbeat", json!({ "manus_id": "eve" })),
        ("get_manus", json!({ "manus_id": "eve" })),
        ("deregister_manus", json!({ "manus_id": "eve" })),
        ("claim_files", json!({ "manus_id": "eve", "files": ["a"] })),
        ("release_files", json!({ "manus_id": "eve", "files": ["a"] })),
        ("next_task", json!({ "manus_id": "eve", "wait_secs": 30 })),
        ("get_messages", json!({ "manus_id": "eve" })),
        ("get_messages", json!({ "manus_id": "eve", "peek": true, "wait_secs": 30 })),
        ("ack_messages", json!({ "manus_id": "eve", "ids": [] })),
        (
            "send_message",
            json!({ "from_manus": "eve", "to_manus": "ada", "message_type": "X", "content": 1 }),
        ),
        (
            "send_message",
            json!({ "from_manus": "ada", "to_manus": "eve", "message_type": "X", "content": 1 }),
        ),
    ];
    for (name, arguments) in nobody {
        refused(&project, &[], name, arguments, 404, "manus_not_found").await;
    }
    let nothing = [
        ("get_task", json!({ "task_id": "T9" })),
        ("start_task", json!({ "manus_id": "ada", "task_id": "T9" })),
        ("update_task_progress", json!({ "manus_id": "ada", "task_id": "abc123", "progress": 1 })),
        ("complete_task", json!({ "task_id": "T9" })),
        ("release_task", json!({ "manus_id": "ada", "task_id": "T9" })),
        ("assign_task", json!({ "manus_id": "ada", "task_id": "T9" })),
        ("cancel_task", json!({ "task_id": "T9" })),
        ("create_task", json!({ "title": "x", "description": "", "dependencies": ["T9"] })),
    ];
    for (name, arguments) in nothing {
        refused(&project, &[], name, arguments, 404, "task_not_found").await;
    }
    let reply =
        json!({ "from_manus": "ada", "to_manus": "ada", "message_type": "X", "content": 1, "reply_to": 99 });
    refused(&project, &[], "send_message", reply, 404, "message_not_found").await;
}

#[tokio::test]
async fn agents_that_are_not_there() {
    let project = Project::with_agents(&["ada", "bob"]).await;
    let taken = json!({ "manus_id": "ada", "role": "COORDINATOR", "capabilities": [] });
    refused(&project, &[], "register_manus", taken, 409, "manus_id_taken").await;
    let gone = [("deregister_manus", json!({ "manus_id": "bob" }))];
    refused(&project, &gone, "heartbeat", json!({ "manus_id": "bob" }), 409, "manus_inactive").await;
    let to_the_gone = json!({ "task_id": "T1", "manus_id": "bob" });
    refused(&project, &[task("One")], "assign_task", to_the_gone, 409, "manus_unavailable").await;
    let nobody =
        json!({ "from_manus": "ada", "to_manus": "role:AI_SPECIALIST", "message_type": "X", "content": 1 });
    refused(&project, &[], "send_message", nobody, 409, "no_recipient").await;
}

#[tokio::test]
async fn an_agent_that_was_lost_gets_no_work() {
    let project = Project::with_agents(&["ada"]).await;
    project
        .call("create_task", &json!({ "title": "One", "description": "", "required_capabilities": ["x"] }))
        .await
        .ok();
    project.clock.advance(121_000);
    let assign = json!({ "task_id": "T1", "manus_id": "ada" });
    let answer = project.call("assign_task", &assign).await;
    assert_eq!(answer.refused(), (409, "manus_unavailable".to_owned()), "{}", answer.json());
}

#[tokio::test]
async fn tasks_that_cannot_be_started() {
    let project = Project::with_agents(&["ada", "bob"]).await;
    let start = |manus: &str, task: &str| json!({ "manus_id": manus, "task_id": task });
    let before = [task("One"), ("assign_task", start("ada", "T1"))];
    refused(&project, &before, "start_task", start("bob", "T1"), 409, "task_not_assigned_to_you").await;
    let progress = json!({ "manus_id": "ada", "task_id": "T1", "progress": 5 });
    refused(&project, &[], "update_task_progress", progress, 409, "task_not_started").await;
    let before = [("start_task", start("ada", "T1"))];
    refused(&project, &before, "start_task", start("ada", "T1"), 409, "task_already_started").await;
    let before = [task("Two"), ("assign_task", start("ada", "T2"))];
    refused(&project, &before, "start_task", start("ada", "T2"), 409, "at_capacity").await;
    let before = [("create_task", json!({ "title": "Three", "description": "", "dependencies": ["T1"] }))];
    let detail = refused(&project, &before, "start_task", start("ada", "T3"), 409, "task_blocked").await;
    assert_eq!(detail["detail"]["waiting_for"], json!(["T1"]));
    let before = [("update_task_progress", json!({ "manus_id": "ada", "task_id": "T1", "progress": 50 }))];
    let back = json!({ "manus_id": "ada", "task_id": "T1", "progress": 49 });
    refused(&project, &before, "update_task_progress", back, 409, "progress_would_go_back").await;
    let before = [("complete_task", json!({ "task_id": "T1" }))];
    refused(&project, &before, "complete_task", json!({ "task_id": "T1" }), 409, "task_closed").await;
}

#[tokio::test]
async fn held_files() {
    let project = Project::with_agents(&["ada", "bob"]).await;
    let before = [("claim_files", json!({ "manus_id": "ada", "files": ["src/a.rs", "src/b.rs"] }))];
    let claim = json!({ "manus_id": "bob", "files": ["free.rs", "src/"] });
    let refusal = refused(&project, &before, "claim_files", claim, 409, "file_locked").await;
    let conflicts = refusal["detail"]["conflicts"].as_array().unwrap();
    assert_eq!(conflicts.len(), 2);
    assert_eq!((&conflicts[0]["file_path"], &conflicts[0]["locked_by"]), (&json!("src/a.rs"), &json!("ada")));
    assert!(conflicts[0]["fencing_token"].is_u64());
    let free = project.call("check_files", &json!({ "files": ["free.rs"] })).await.ok();
    assert_eq!(free["files"][0]["lock"], json!(null), "all or nothing");
}

#[tokio::test]
async fn repeated_with_other_arguments() {
    let project = Project::with_agents(&["ada"]).await;
    let claim = |file: &str| json!({ "manus_id": "ada", "files": [file], "request_id": "r1" });
    let before = [("claim_files", claim("a.rs"))];
    refused(&project, &before, "claim_files", claim("b.rs"), 409, "request_id_reused").await;
}

#[tokio::test]
async fn tasks_that_wait_for_each_other() {
    let project = Project::start().await;
    let task = |key: &str, needs: &str| json!({ "key": key, "title": key, "description": "", "dependencies": [needs] });
    let circle = json!({ "tasks": [task("a", "b"), task("b", "c"), task("c", "a")] });
    let refusal = refused(&project, &[], "create_tasks", circle, 409, "dependency_cycle").await;
    assert_eq!(refusal["detail"]["cycle"].as_array().unwrap().len(), 4);
}

/// Plays calls each of which has one argument out of bounds.
async fn out_of_bounds<const N: usize>(cases: [(&str, Value, &str); N]) {
    let project = Project::with_agents(&["ada"]).await;
    for (name, arguments, argument) in cases {
        let refusal = refused(&project, &[], name, arguments.clone(), 400, "invalid_argument").await;
        assert_eq!(refusal["detail"]["argument"], argument, "{name}: {refusal}");
    }
}

fn many(n: usize) -> Value {
    json!(vec!["x"; n])
}

#[tokio::test]
async fn tasks_out_of_bounds() {
    let new = |name: &str, value: Value| {
        let mut task = json!({ "title": "x", "description": "" });
        task[name] = value;
        task
    };
    let batch =
        |name: &str, value: &str| json!({ "tasks": [new(name, json!(value)), new(name, json!(value))] });
    let needs = new("dependencies", json!(["no key"]));
    out_of_bounds([
        ("create_task", new("title", json!("")), "title"),
        ("create_task", new("title", json!("   ")), "title"),
        ("create_task", new("title", json!("x".repeat(201))), "title"),
        ("create_task", new("title", json!("a\u{0}b")), "title"),
        ("create_task", new("description", json!("x".repeat(65_537))), "description"),
        ("create_task", new("estimated_duration", json!(-1)), "estimated_duration"),
        ("create_task", new("estimated_duration", json!(525_601)), "estimated_duration"),
        ("create_task", new("required_capabilities", many(101)), "required_capabilities"),
        ("create_task", new("files_involved", many(1_001)), "files_involved"),
        ("create_task", new("files_involved", json!(["../x"])), "files_involved"),
        ("create_task", new("dependencies", json!(["T 1"])), "dependencies"),
        ("create_tasks", batch("key", "twice"), "tasks"),
        ("create_tasks", json!({ "tasks": [needs] }), "tasks"),
        ("list_tasks", json!({ "limit": 1_001 }), "limit"),
        ("list_tasks", json!({ "cursor": "garb age" }), "cursor"),
    ])
    .await;
}

#[tokio::test]
async fn claims_out_of_bounds() {
    let claim = |name: &str, value: Value| {
        let mut claim = json!({ "manus_id": "ada", "files": ["a"] });
        claim[name] = value;
        claim
    };
    out_of_bounds([
        ("claim_files", claim("files", json!([])), "files"),
        ("claim_files", claim("files", many(1_001)), "files"),
        ("claim_files", claim("files", json!(["a", ""])), "files"),
        ("claim_files", claim("files", json!(["/etc/passwd"])), "files"),
        ("claim_files", claim("ttl_secs", json!(0)), "ttl_secs"),
        ("claim_files", claim("ttl_secs", json!(86_401)), "ttl_secs"),
        ("claim_files", claim("wait_secs", json!(301)), "wait_secs"),
        ("claim_files", claim("reason", json!("x".repeat(2_001))), "reason"),
        ("claim_files", claim("request_id", json!("")), "request_id"),
    ])
    .await;
}

#[tokio::test]
async fn agents_and_messages_out_of_bounds() {
    let deep = (0..70).fold(json!(1), |inner, _| json!([inner]));
    let message = |content: Value| json!({ "from_manus": "ada", "to_manus": "ada", "message_type": "X", "content": content });
    let agent = |name: &str, value: Value| {
        let mut agent = json!({ "manus_id": "bob", "role": "COORDINATOR", "capabilities": [] });
        agent[name] = value;
        agent
    };
    out_of_bounds([
        ("register_manus", agent("manus_id", json!("system")), "manus_id"),
        ("register_manus", agent("capabilities", many(101)), "capabilities"),
        ("register_manus", agent("max_parallel", json!(0)), "max_parallel"),
        ("heartbeat", json!({ "manus_id": "ada", "status": "LOST" }), "status"),
        ("send_message", message(json!("x".repeat(65_536))), "content"),
        ("send_message", message(deep), "content"),
        ("get_messages", json!({ "manus_id": "ada", "limit": 0 }), "limit"),
        ("get_messages", json!({ "manus_id": "ada", "wait_secs": 301 }), "wait_secs"),
        ("list_events", json!({ "cursor": "x" }), "cursor"),
        ("list_events", json!({ "kind": "task_start" }), "kind"),
        ("list_events", json!({ "kind": ["task_started", "nonsense"] }), "kind"),
    ])
    .await;
}

#[tokio::test]
async fn what_is_no_cursor() {
    let project = Project::with_agents(&["ada"]).await;
    project.call("create_task", &task("One").1).await.ok();
    let garbage = || json!({ "cursor": "garbage" });
    for name in ["list_tasks", "list_messages", "list_events", "list_audit"] {
        let refusal = refused(&project, &[], name, garbage(), 400, "invalid_argument").await;
        let said = r#""garbage" is not a cursor; pass next_cursor of the page before"#;
        assert_eq!(refusal["message"], said, "{name}");
    }
    let page = project.call("list_tasks", &json!({ "cursor": "T9" })).await.ok();
    assert_eq!(page["items"], json!([]), "nothing comes after the last one");
}

#[tokio::test]
async fn what_is_no_kind_of_event() {
    let project = Project::with_agents(&["ada"]).await;
    let wrong = json!({ "kind": "task_start" });
    let refusal = refused(&project, &[], "list_events", wrong, 400, "invalid_argument").await;
    let message = refusal["message"].as_str().unwrap();
    assert!(
        message.starts_with("\"task_start\" is no kind of event (did you mean task_started?)"),
        "{message}"
    );
    assert_eq!(refusal["detail"]["known"], json!(engine::Event::KINDS));
    let page = project.call("list_events", &json!({ "kind": engine::Event::KINDS })).await.ok();
    assert!(!page["items"].as_array().unwrap().is_empty());
    // One that is known, in capitals, and that has not happened yet.
    let page = project.call("list_events", &json!({ "kind": "TASK_STARTED" })).await.ok();
    assert_eq!(page["items"], json!([]));
}

/// Those that are no longer in memory.
#[tokio::test]
async fn tasks_closed_long_ago() {
    let project = Project::start_with(tempfile::tempdir().unwrap(), |hub| hub.settings.closed_kept = 1).await;
    let cancel = |task: &str| ("cancel_task", json!({ "task_id": task }));
    let before = [task("One"), task("Two"), cancel("T1"), cancel("T2")];
    let first = json!({ "task_id": "T1" });
    let refusal = refused(&project, &before, "explain_assignment", first.clone(), 409, "task_closed").await;
    assert_eq!(refusal["detail"]["status"], "CANCELLED");
    refused(&project, &[], "cancel_task", first, 409, "task_closed").await;
    let none = json!({ "task_id": "T9" });
    refused(&project, &[], "explain_assignment", none, 404, "task_not_found").await;
}
