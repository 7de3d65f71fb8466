//! What happens beside the straight way, over HTTP: reviews, failures, holds, changes, drains, and claims that wait.

use serde_json::{Value, json};

use crate::project::Project;

async fn ok(project: &Project, name: &str, arguments: Value) -> Value {
    project.call(name, &arguments).await.ok()
}

async fn refused(project: &Project, name: &str, arguments: Value) -> (u16, String) {
    project.call(name, &arguments).await.refused()
}

async fn team(project: &Project) {
    for (name, role) in [("ada", "SPEED_DEVELOPER"), ("bob", "QUALITY_ENHANCER")] {
        ok(project, "register_manus", json!({ "manus_id": name, "role": role, "capabilities": [] })).await;
    }
}

/// A task that ada works on.
async fn at_work(project: &Project, files: &[&str]) -> Value {
    let task =
        ok(project, "create_task", json!({ "title": "Build", "description": "it", "files_involved": files }))
            .await;
    let task_id = task["id"].clone();
    ok(project, "assign_task", json!({ "task_id": task_id, "manus_id": "ada" })).await;
    ok(project, "start_task", json!({ "task_id": task_id, "manus_id": "ada" })).await;
    task_id
}

#[tokio::test]
async fn a_review_sends_back_and_approves() {
    let project = Project::start().await;
    team(&project).await;
    let task_id = at_work(&project, &["a.rs"]).await;
    let done = json!({ "task_id": task_id, "manus_id": "ada", "needs_review": true });
    let task = ok(&project, "complete_task", done.clone()).await;
    assert_eq!((&task["status"], &task["reviewer"]), (&json!("NEEDS_REVIEW"), &json!("bob")));
    let own = json!({ "task_id": task_id, "manus_id": "ada", "verdict": "approve" });
    assert_eq!(refused(&project, "review_task", own).await, (409, "not_your_review".to_owned()));
    let odd = json!({ "task_id": task_id, "manus_id": "bob", "verdict": "perhaps" });
    assert_eq!(refused(&project, "review_task", odd).await, (400, "invalid_argument".to_owned()));
    let back =
        json!({ "task_id": task_id, "manus_id": "bob", "verdict": "request_changes", "comment": "tests" });
    let task = ok(&project, "review_task", back).await;
    assert_eq!((&task["status"], &task["assigned_to"]), (&json!("PENDING"), &json!("ada")));
    ok(&project, "start_task", json!({ "task_id": task_id, "manus_id": "ada" })).await;
    ok(&project, "complete_task", done).await;
    let good = json!({ "task_id": task_id, "manus_id": "bob", "verdict": "approve" });
    assert_eq!(ok(&project, "review_task", good).await["status"], "COMPLETED");
}

#[tokio::test]
async fn failures_holds_and_changes() {
    let project = Project::start().await;
    team(&project).await;
    let task_id = at_work(&project, &[]).await;
    let task =
        ok(&project, "fail_task", json!({ "task_id": task_id, "manus_id": "ada", "reason": "broke" })).await;
    assert_eq!((&task["status"], &task["failures"]), (&json!("PENDING"), &json!(1)));
    assert_eq!(task["errors"][0]["message"], "broke");

    let task_id = at_work(&project, &[]).await;
    let held = json!({ "task_id": task_id, "manus_id": "ada", "reason": "no key" });
    let task = ok(&project, "block_task", held).await;
    assert_eq!((&task["status"], &task["blocked_reason"]), (&json!("BLOCKED"), &json!("no key")));
    let freed = json!({ "task_id": task_id, "manus_id": "supervisor" });
    assert_eq!(ok(&project, "unblock_task", freed.clone()).await["status"], "PENDING");
    assert_eq!(refused(&project, "unblock_task", freed).await, (409, "task_not_held".to_owned()));

    let changes = json!({ "task_id": task_id, "priority": "CRITICAL", "dependencies": ["T1"] });
    let task = ok(&project, "update_task", changes).await;
    assert_eq!((&task["priority"], &task["waiting_for"]), (&json!("CRITICAL"), &json!(["T1"])));
    let round = json!({ "task_id": "T1", "dependencies": [task_id] });
    assert_eq!(refused(&project, "update_task", round).await, (409, "dependency_cycle".to_owned()));

    assert_eq!(ok(&project, "drain_manus", json!({ "manus_id": "ada" })).await["draining"], true);
    let why = ok(&project, "explain_assignment", json!({ "task_id": "T1" })).await;
    assert_eq!(why["candidates"].as_array().map(Vec::len), Some(2));
    assert_eq!(ok(&project, "forecast_conflicts", json!({})).await, json!([]));
    let metrics = ok(&project, "performance_metrics", json!({})).await;
    assert_eq!(metrics["by_hour"][0]["failed"], 1);
}

#[tokio::test]
async fn a_claim_waits_until_it_can_be_granted() {
    let project = Project::start().await;
    team(&project).await;
    let files = json!({ "manus_id": "ada", "files": ["src/"] });
    ok(&project, "claim_files", files.clone()).await;
    let short = json!({ "manus_id": "bob", "files": ["src/a.rs"], "wait_secs": 1 });
    assert_eq!(refused(&project, "claim_files", short).await, (409, "file_locked".to_owned()));

    let patient = json!({ "manus_id": "bob", "files": ["src/a.rs"], "wait_secs": 60, "request_id": "once" });
    let waiting = ok(&project, "claim_files", patient.clone());
    let freeing = async {
        while ok(&project, "snapshot", json!({})).await["waits"] == json!([]) {}
        ok(&project, "release_files", files).await;
    };
    let (granted, ()) = tokio::join!(waiting, freeing);
    assert_eq!(granted["locks"][0]["locked_by"], "bob");
    assert_eq!(ok(&project, "claim_files", patient).await, granted);
}
