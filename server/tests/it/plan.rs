//! The plan over HTTP: what comes when, what it depends on, and what a further agent would change.

use serde_json::{Value, json};

use crate::project::{BEGIN_MS, Project};

const MINUTE: i64 = 60_000;

async fn plan(project: &Project, arguments: Value) -> Value {
    let answer = project.call("plan", &arguments).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    serde_json::from_slice(&answer.body).unwrap()
}

async fn create(project: &Project, title: &str, more: Value) {
    let mut arguments = json!({ "title": title, "description": "", "estimated_duration": 60 });
    arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    project.call("create_task", &arguments).await.ok();
}

#[tokio::test]
async fn what_comes_when_and_why_not_sooner() {
    let project = Project::with_agents(&["ada", "bob"]).await;
    create(&project, "Schema", json!({})).await;
    create(&project, "Api", json!({ "dependencies": ["T1"] })).await;
    create(&project, "Docs", json!({ "estimated_duration": 30 })).await;
    create(&project, "Model", json!({ "required_capabilities": ["ml"] })).await;
    create(&project, "Serve the model", json!({ "dependencies": ["T4"] })).await;
    create(&project, "Held", json!({})).await;
    project
        .call("block_task", &json!({ "manus_id": "supervisor", "task_id": "T6", "reason": "no budget" }))
        .await
        .ok();
    project.call("start_task", &json!({ "manus_id": "ada", "task_id": "T1" })).await.ok();
    let plan = plan(&project, json!({})).await;
    assert_eq!(plan["now_ms"], BEGIN_MS);
    assert_eq!(plan["finish_ms"], BEGIN_MS + 120 * MINUTE);
    assert_eq!(plan["lower_bound_ms"], plan["finish_ms"]);
    assert_eq!(plan["critical_path"], json!(["T2"]));
    assert_eq!(plan["complete"], true);
    assert_eq!(plan["with_one_more"], Value::Null);
    let lines: Vec<String> = plan["schedule"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| {
            let minute = |name: &str| (step[name].as_i64().unwrap() - BEGIN_MS) / MINUTE;
            let (start, finish) = (minute("expected_start_ms"), minute("expected_finish_ms"));
            format!("{} {} {start} to {finish}, running {}", step["task_id"], step["title"], step["running"])
        })
        .collect();
    assert_eq!(
        lines,
        [
            r#""T1" "Schema" 0 to 60, running true"#,
            r#""T3" "Docs" 0 to 30, running false"#,
            r#""T2" "Api" 60 to 120, running false"#
        ]
    );
    assert_eq!(
        plan["unplaced"],
        json!([
            { "task_id": "T4", "reason": "no agent that gets new work has ml" },
            { "task_id": "T5", "reason": "it waits for T4, which has no place in the plan either" },
            { "task_id": "T6", "reason": "it is held back: no budget" },
        ])
    );
}

#[tokio::test]
async fn a_further_agent_saves_time_or_makes_things_possible() {
    let project = Project::with_agents(&["ada"]).await;
    for title in ["One", "Two", "Three", "Four"] {
        create(&project, title, json!({})).await;
    }
    create(&project, "Model", json!({ "required_capabilities": ["ml"] })).await;
    let with = plan(&project, json!({ "with_capabilities": [] })).await["with_one_more"].clone();
    assert_eq!(with["saves_ms"], 120 * MINUTE);
    assert_eq!((&with["finish_ms"], &with["more_tasks"]), (&json!(BEGIN_MS + 120 * MINUTE), &json!(0)));
    let with = plan(&project, json!({ "with_capabilities": ["ml"] })).await["with_one_more"].clone();
    assert_eq!((&with["saves_ms"], &with["more_tasks"]), (&json!(60 * MINUTE), &json!(1)));
    // Nothing of that has happened.
    let manus = project.call("list_manus", &json!({})).await;
    assert_eq!(serde_json::from_slice::<Value>(&manus.body).unwrap().as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn nothing_to_plan_is_a_plan() {
    let project = Project::start().await;
    let empty = plan(&project, json!({})).await;
    assert_eq!((&empty["schedule"], &empty["finish_ms"]), (&json!([]), &json!(BEGIN_MS)));
    create(&project, "One", json!({})).await;
    let alone = plan(&project, json!({})).await;
    assert_eq!(alone["unplaced"], json!([{ "task_id": "T1", "reason": "no agent is there" }]));
}

#[tokio::test]
async fn mistakes_are_refused() {
    let project = Project::start().await;
    for arguments in [
        json!({ "with_capabilities": "ml" }),
        json!({ "with_capabilities": [""] }),
        json!({ "with_capabilities": vec!["a"; 101] }),
        json!({ "with_capability": ["ml"] }),
    ] {
        let answer = project.call("plan", &arguments).await;
        let said: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!((answer.status, &said["code"]), (400, &json!("invalid_argument")), "{said}");
    }
}

#[tokio::test]
async fn the_plan_is_followed() {
    let folder = tempfile::tempdir().unwrap();
    let project = Project::start_with(folder, |hub| hub.plan_budget_ms = 50).await;
    for (name, capability) in [("ada", "rust"), ("bob", "sql")] {
        let arguments = json!({ "manus_id": name, "role": "SPEED_DEVELOPER", "capabilities": [capability] });
        project.call("register_manus", &arguments).await.ok();
    }
    create(&project, "One", json!({ "required_capabilities": ["rust"] })).await;
    create(&project, "Two", json!({ "dependencies": ["T1"], "required_capabilities": ["sql"] })).await;
    let mut feed = project.server.hub().feed();
    let task = loop {
        let answer = project.call("get_task", &json!({ "task_id": "T2" })).await;
        let task: Value = serde_json::from_slice(&answer.body).unwrap();
        if task["planned_for"] != Value::Null {
            break task;
        }
        assert!(feed.changed().await);
    };
    assert_eq!(task["planned_for"], "bob");
    let minutes = |name: &str| (task[name].as_i64().unwrap() - BEGIN_MS) / MINUTE;
    assert_eq!((minutes("expected_start_ms"), minutes("expected_finish_ms")), (60, 120));
    let explained = project.call("explain_assignment", &json!({ "task_id": "T2" })).await;
    let explained: Value = serde_json::from_slice(&explained.body).unwrap();
    let bob = &explained["candidates"][0];
    assert_eq!((&bob["manus_id"], &bob["expected_finish_ms"]), (&json!("bob"), &task["expected_finish_ms"]));
    assert_eq!(bob["reasons"][0], "the plan has it here, to begin in about 60 minutes");
}
