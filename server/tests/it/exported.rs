//! Lists as files: what their rooms show, in the order in which those show it.

use app::live::order::{PRESSING, SORTS};
use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use serde_json::{Value, json};

use crate::project::{Answer, Project};

async fn get(project: &Project, path: &str) -> Answer {
    let request = Request::get(path).body(Full::new(Bytes::new())).unwrap();
    project.caller().await.send(request).await.unwrap()
}

async fn page(project: &Project, path: &str) -> String {
    let page = get(project, path).await;
    assert_eq!(page.status, 200, "{path}");
    String::from_utf8(page.body.to_vec()).unwrap()
}

/// The ids in a file of tasks.
async fn file(project: &Project, path: &str) -> Vec<String> {
    let file = get(project, path).await;
    assert_eq!(file.status, 200, "{path}");
    let rows: Vec<Value> = serde_json::from_slice(&file.body).unwrap();
    rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

/// What stands between two texts, wherever it does.
fn between<'a>(text: &'a str, before: &'a str, after: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(before).skip(1).filter_map(move |rest| rest.split(after).next())
}

/// Where the page says that its list is to be had as a file.
fn link(page: &str) -> String {
    let query = between(page, "href=\"/export/tasks.json", "\"").next().unwrap();
    format!("/export/tasks.json{}", query.replace("&amp;", "&"))
}

/// Tasks of which each order makes another list. Of those that are closed, only one stays in memory.
async fn varied() -> Project {
    let folder = tempfile::tempdir().unwrap();
    let project = Project::start_with(folder, |hub| hub.settings.closed_kept = 1).await;
    for (name, capability) in [("zoe", "gpu"), ("ada", "Rust")] {
        let agent = json!({ "manus_id": name, "role": "SPEED_DEVELOPER", "capabilities": [capability] });
        project.call("register_manus", &agent).await.ok();
    }
    for (priority, minutes, needs) in [
        ("LOW", 10, json!(["gpu"])),
        ("CRITICAL", 90, json!(["rust"])),
        ("MEDIUM", 40, json!(["cobol"])),
        ("HIGH", 5, json!(["rust", "gpu"])),
        ("LOW", 60, json!(["rust"])),
        ("HIGH", 20, json!(["gpu"])),
        ("LOW", 30, json!([])),
    ] {
        project.clock.advance(1_000);
        let task = json!({ "title": "One", "description": "", "priority": priority, "estimated_duration": minutes,
            "required_capabilities": needs });
        project.call("create_task", &task).await.ok();
    }
    for task_id in ["T7", "T5", "T6"] {
        project.clock.advance(1_000);
        project.call("cancel_task", &json!({ "task_id": task_id })).await.ok();
    }
    project.clock.advance(1_000);
    project.call("start_task", &json!({ "manus_id": "zoe", "task_id": "T1" })).await.ok();
    project.clock.advance(1_000);
    project.call("update_task", &json!({ "task_id": "T3", "title": "Two" })).await.ok();
    project
}

#[tokio::test]
async fn a_list_and_its_file_have_one_order() {
    let project = varied().await;
    let mut seen = Vec::new();
    for (word, _) in SORTS {
        let html = page(&project, &format!("/tasks?sort={word}")).await;
        let rows: Vec<&str> = between(&html, "data-testid=\"task-", "\"").collect();
        assert_eq!(rows.len(), 4, "{word:?}");
        assert_eq!(file(&project, &link(&html)).await, rows, "{word:?}");
        assert!(!seen.contains(&rows.join(" ")), "{word:?} is told from the others");
        seen.push(rows.join(" "));
    }
}

#[tokio::test]
async fn closed_tasks_have_an_order_too_when_only_the_database_knows_them() {
    let project = varied().await;
    let html = page(&project, "/tasks?show=closed").await;
    assert_eq!(file(&project, &link(&html)).await, ["T6", "T5", "T7"], "closed last, first");
    let all = async |query: &str| file(&project, &format!("/export/tasks.json?{query}")).await;
    assert_eq!(all("show=closed&sort=long").await, ["T5", "T7", "T6"]);
    assert_eq!(all("sort=old").await, ["T1", "T2", "T3", "T4", "T5", "T6", "T7"]);
    // Without an order, as they are kept: those that are open first.
    assert_eq!(all("").await, ["T1", "T2", "T3", "T4", "T5", "T6", "T7"]);
    assert_eq!(all("sort=new&q=two").await, ["T3"]);
    let board = page(&project, "/tasks?view=board&sort=new").await;
    let (board, pressing) = (file(&project, &link(&board)).await, all(&format!("sort={PRESSING}")).await);
    assert_eq!(board, pressing);
    assert_eq!(board[4..], ["T6", "T5", "T7"]);
}

#[tokio::test]
async fn tasks_are_listed_by_what_they_need() {
    let project = varied().await;
    for (query, ids) in [
        ("needs=RUST", ["T2", "T4"].as_slice()),
        ("needs=gpu&sort=new", &["T4", "T1"]),
        ("needs=gpu&show=closed", &["T6"]),
        ("needs=gpu&q=T4", &["T4"]),
    ] {
        let html = page(&project, &format!("/tasks?{query}")).await;
        let rows: Vec<&str> = between(&html, "data-testid=\"task-", "\"").collect();
        let saved = file(&project, &link(&html)).await;
        assert_eq!((rows, saved), (ids.to_vec(), ids.iter().map(ToString::to_string).collect()), "{query}");
    }
    let html = page(&project, "/tasks?needs=fortran").await;
    assert!(html.contains("No task that is open needs fortran.") && html.contains("Needs fortran"), "{html}");
    assert!(
        page(&project, "/tasks?needs=gpu&view=board&q=zzz")
            .await
            .contains("No task needs gpu and contains “zzz”.")
    );
}

#[tokio::test]
async fn a_long_file_is_in_order_across_its_pages() {
    let project = Project::start().await;
    let tasks: Vec<Value> =
        (0..500).map(|n| json!({ "title": "One", "description": "", "estimated_duration": n + 1 })).collect();
    for _ in 0..5 {
        project.call("create_tasks", &json!({ "tasks": tasks })).await.ok();
    }
    let ids = file(&project, "/export/tasks.json?sort=new").await;
    let expected: Vec<String> = (1..=2_500).rev().map(|number| format!("T{number}")).collect();
    assert_eq!(ids, expected);
    let longest = file(&project, "/export/tasks.json?sort=long").await;
    assert_eq!(longest.len(), 2_500);
    assert_eq!(longest[..6], ["T500", "T1000", "T1500", "T2000", "T2500", "T499"]);
}

#[tokio::test]
async fn what_there_is_not_is_refused_by_name() {
    let project = Project::start().await;
    for (query, said) in [
        ("sort=size", "sort is one of pressing, priority, changed, new, old, long, agent"),
        ("show=open&sort=New", "tasks have no order \"New\""),
        ("show=finished", "show is one of open, running, review, ready, blocked, closed"),
    ] {
        for format in ["csv", "json"] {
            let refused = get(&project, &format!("/export/tasks.{format}?{query}")).await;
            assert_eq!(refused.refused(), (400, "invalid_argument".to_owned()), "{query}");
            assert!(String::from_utf8_lossy(&refused.body).contains(&said.replace('"', "\\\"")), "{query}");
        }
    }
}
