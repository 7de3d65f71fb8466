//! A call with a request id can be repeated: the first answer again, and nothing done twice.

use serde_json::{Value, json};

use crate::project::Project;

#[tokio::test]
async fn every_changing_call_answers_the_same_again() {
    let project = Project::with_agents(&["ada", "bob"]).await;
    let script: [(&str, Value); 14] = [
        ("register_manus", json!({ "manus_id": "eve", "role": "COORDINATOR", "capabilities": ["x"] })),
        ("create_task", json!({ "title": "One", "description": "" })),
        ("create_tasks", json!({ "tasks": [{ "title": "Two", "description": "" }] })),
        ("assign_task", json!({ "task_id": "T1", "manus_id": "ada" })),
        ("start_task", json!({ "manus_id": "ada", "task_id": "T1" })),
        ("update_task_progress", json!({ "manus_id": "ada", "task_id": "T1", "progress": 10 })),
        ("complete_task", json!({ "manus_id": "ada", "task_id": "T1" })),
        ("claim_files", json!({ "manus_id": "ada", "files": ["a.rs"] })),
        ("release_files", json!({ "manus_id": "ada", "files": ["a.rs"] })),
        (
            "send_message",
            json!({ "from_manus": "ada", "to_manus": "bob", "message_type": "X", "content": [1, { "a": null }] }),
        ),
        ("get_messages", json!({ "manus_id": "bob" })),
        ("cancel_task", json!({ "task_id": "T2" })),
        ("heartbeat", json!({ "manus_id": "ada", "status": "IDLE" })),
        ("deregister_manus", json!({ "manus_id": "bob" })),
    ];
    for (n, (name, mut arguments)) in script.into_iter().enumerate() {
        arguments["request_id"] = json!(format!("request {n}"));
        let first = project.call(name, &arguments).await;
        let first_seq = project.server.hub().feed().committed_seq();
        assert_eq!(first.status, 200, "{name}: {}", first.json());
        let again = project.call(name, &arguments).await;
        assert_eq!((again.status, &again.body), (first.status, &first.body), "{name}");
        assert_eq!(project.server.hub().feed().committed_seq(), first_seq, "{name} did something twice");
    }
}

#[tokio::test]
async fn the_order_of_fields_does_not_matter() {
    let project = Project::with_agents(&["ada"]).await;
    let first = project
        .call("claim_files", &json!({ "manus_id": "ada", "files": ["./a.rs"], "request_id": "r" }))
        .await;
    let again = project
        .call(
            "claim_files",
            &json!({ "request_id": "r", "files": ["a.rs"], "mode": null, "manus_id": "ada" }),
        )
        .await;
    assert_eq!(again.ok(), first.ok());
}

#[tokio::test]
async fn names_of_calls_are_each_agents_own() {
    let project = Project::with_agents(&["ada", "bob"]).await;
    for (manus, file) in [("ada", "a.rs"), ("bob", "b.rs")] {
        let claim = json!({ "manus_id": manus, "files": [file], "request_id": "1" });
        assert_eq!(project.call("claim_files", &claim).await.ok()["locks"][0]["file_path"], file);
    }
}

#[tokio::test]
async fn repeated_after_a_restart() {
    let project = Project::with_agents(&["ada"]).await;
    let claim = json!({ "manus_id": "ada", "files": ["a.rs"], "request_id": "r" });
    let first = project.call("claim_files", &claim).await.ok();
    let Project { folder, server, .. } = project;
    server.stop().await;
    let project = Project::start_in(folder).await;
    assert_eq!(project.call("claim_files", &claim).await.ok(), first);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_else_is_carried_out_under_the_name_of_a_call_that_waits() {
    let project = Project::with_agents(&["ada", "bob"]).await;
    project.call("claim_files", &json!({ "manus_id": "ada", "files": ["x"] })).await.ok();
    let claim = json!({ "manus_id": "bob", "files": ["x"], "wait_secs": 30, "request_id": "r" });
    let mut caller = project.caller().await;
    let waiting = tokio::spawn(async move { caller.call("claim_files", &claim).await });
    let hub = project.server.hub();
    let mut feed = hub.feed();
    while hub.read(|state| state.waits().iter().next().is_none()) {
        assert!(feed.changed().await);
    }
    let other = json!({ "from_manus": "bob", "to_manus": "ada", "message_type": "X", "content": 1, "request_id": "r" });
    let refused = project.call("send_message", &other).await;
    assert_eq!(refused.refused(), (409, "request_id_reused".to_owned()));
    project.call("release_files", &json!({ "manus_id": "ada", "files": ["x"] })).await.ok();
    assert_eq!(waiting.await.unwrap().ok()["locks"][0]["locked_by"], "bob");
    let again = json!({ "manus_id": "bob", "files": ["x"], "request_id": "r" });
    assert_eq!(project.call("claim_files", &again).await.ok()["locks"][0]["locked_by"], "bob");
}
