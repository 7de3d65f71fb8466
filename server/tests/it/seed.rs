//! The original engine's own examples, spoken over HTTP.

use serde_json::{Value, json};

use crate::project::{Answer, Project};

async fn call(project: &Project, name: &str, arguments: Value) -> Answer {
    project.call(name, &arguments).await
}

async fn team() -> Project {
    let project = Project::start().await;
    let agents = [
        json!({ "manus_id": "manus_speed", "role": "SPEED_DEVELOPER", "capabilities": ["python", "javascript", "rapid_prototyping"] }),
        json!({ "manus_id": "manus_quality", "role": "QUALITY_ENHANCER", "capabilities": ["testing", "optimization", "code_review"] }),
    ];
    for agent in agents {
        call(&project, "register_manus", agent).await.ok();
    }
    project
}

#[tokio::test]
async fn creating_and_managing_tasks() {
    let project = team().await;
    let task = json!({
        "title": "Implement user authentication", "description": "Add JWT-based authentication to the API", "priority": "HIGH",
        "files_involved": ["auth.py", "middleware.py"], "estimated_duration": 180,
    });
    let task = call(&project, "create_task", task).await.ok();
    assert_eq!(task["assigned_to"], "manus_speed", "python files, and somebody who knows python");
    let id = task["id"].as_str().unwrap();
    let started =
        call(&project, "start_task", json!({ "manus_id": "manus_speed", "task_id": id })).await.ok();
    assert_eq!(started["task"]["status"], "IN_PROGRESS");
    assert_eq!(started["locks"].as_array().unwrap().len(), 2);
    let progress = json!({ "manus_id": "manus_speed", "task_id": id, "progress": 50 });
    assert_eq!(call(&project, "update_task_progress", progress).await.ok()["progress"], 50);
    let done = call(&project, "complete_task", json!({ "task_id": id })).await.ok();
    assert_eq!((&done["status"], &done["progress"]), (&json!("COMPLETED"), &json!(100)));
    let agent = call(&project, "get_manus", json!({ "manus_id": "manus_speed" })).await.ok();
    assert_eq!((&agent["files_claimed"], &agent["current_task"]), (&json!([]), &json!(null)));
}

#[tokio::test]
async fn file_locking() {
    let project = team().await;
    let claim = |manus: &str| json!({ "manus_id": manus, "files": ["auth.py"] });
    assert_eq!(call(&project, "claim_files", claim("manus_speed")).await.status, 200);
    let refused = call(&project, "claim_files", claim("manus_quality")).await;
    assert_eq!(refused.refused(), (409, "file_locked".to_owned()));
    call(&project, "release_files", claim("manus_speed")).await.ok();
    assert_eq!(call(&project, "claim_files", claim("manus_quality")).await.status, 200);
}

#[tokio::test]
async fn one_file_has_one_key() {
    let project = team().await;
    std::fs::create_dir(project.folder.path().join("src")).unwrap();
    let inside = project.folder.path().join("src/a.rs");
    call(&project, "claim_files", json!({ "manus_id": "manus_speed", "files": ["src/x/../a.rs"] }))
        .await
        .ok();
    for spelling in
        ["src/a.rs", "./src/a.rs", "src//a.rs", "src", "src/", "**/*.rs", inside.to_str().unwrap()]
    {
        let claim = json!({ "manus_id": "manus_quality", "files": [spelling] });
        assert_eq!(
            call(&project, "claim_files", claim).await.refused(),
            (409, "file_locked".to_owned()),
            "{spelling}"
        );
    }
}

#[tokio::test]
async fn what_became_a_folder_can_still_be_released() {
    let project = team().await;
    let files = json!({ "manus_id": "manus_speed", "files": ["new"] });
    call(&project, "claim_files", files.clone()).await.ok();
    std::fs::create_dir(project.folder.path().join("new")).unwrap();
    assert_eq!(call(&project, "release_files", files).await.ok()["not_held"], json!([]));
}

#[tokio::test]
async fn inter_instance_communication() {
    let project = team().await;
    let request = json!({
        "from_manus": "manus_speed", "to_manus": "manus_quality", "message_type": "CODE_REVIEW_REQUEST",
        "content": { "files": ["auth.py"], "description": "Please review authentication implementation" },
    });
    call(&project, "send_message", request.clone()).await.ok();
    let messages = call(&project, "get_messages", json!({ "manus_id": "manus_quality" })).await.ok();
    assert_eq!(messages[0]["from_manus"], "manus_speed");
    assert_eq!(messages[0]["content"], request["content"]);
    assert_eq!(call(&project, "get_messages", json!({ "manus_id": "manus_quality" })).await.ok(), json!([]));
}

#[tokio::test]
async fn a_task_waits_for_its_dependency() {
    let project = team().await;
    let first = call(&project, "create_task", json!({ "title": "Schema", "description": "" })).await.ok();
    let second = json!({ "title": "API", "description": "", "dependencies": [first["id"]] });
    let second = call(&project, "create_task", second).await.ok();
    assert_eq!((&second["status"], &second["waiting_for"]), (&json!("BLOCKED"), &json!([first["id"]])));
    let owner = first["assigned_to"].as_str().unwrap();
    call(&project, "start_task", json!({ "manus_id": owner, "task_id": first["id"] })).await.ok();
    call(&project, "complete_task", json!({ "task_id": first["id"] })).await.ok();
    let now = call(&project, "get_task", json!({ "task_id": second["id"] })).await.ok();
    assert_eq!((&now["status"], &now["waiting_for"]), (&json!("PENDING"), &json!([])));
    assert!(now["assigned_to"].is_string());
}

#[tokio::test]
async fn a_silent_agent_loses_its_work_to_another() {
    let project = team().await;
    let task = call(
        &project,
        "create_task",
        json!({ "title": "One", "description": "", "files_involved": ["a.py"] }),
    )
    .await
    .ok();
    let (id, first) = (task["id"].as_str().unwrap(), task["assigned_to"].as_str().unwrap());
    let other = if first == "manus_speed" { "manus_quality" } else { "manus_speed" };
    call(&project, "start_task", json!({ "manus_id": first, "task_id": id })).await.ok();
    project.clock.advance(100_000);
    call(&project, "heartbeat", json!({ "manus_id": other })).await.ok();
    project.clock.advance(21_000);
    // The file stays closed for a while, in case the silent one still writes; then the other takes over.
    call(&project, "heartbeat", json!({ "manus_id": other, "status": "IDLE" })).await.ok();
    assert_eq!(call(&project, "get_manus", json!({ "manus_id": first })).await.ok()["status"], "LOST");
    let claim = json!({ "manus_id": other, "files": ["a.py"] });
    assert_eq!(call(&project, "claim_files", claim).await.refused(), (409, "file_locked".to_owned()));
    project.clock.advance(15_001);
    let taken = call(&project, "next_task", json!({ "manus_id": other })).await.ok();
    assert_eq!(taken["task"]["id"], id);
    assert_eq!(taken["locks"][0]["file_path"], "a.py");
}
