//! Sixteen callers at once for one thing: exactly one gets it, the others are told why not.

use std::collections::BTreeMap;

use futures::future::join_all;
use serde_json::{Value, json};

use crate::project::{Answer, Project};

const CALLERS: usize = 16;

fn name(n: usize) -> String {
    format!("agent_{n}")
}

async fn team() -> Project {
    let names: Vec<String> = (0..CALLERS).map(name).collect();
    Project::with_agents(&names.iter().map(String::as_str).collect::<Vec<_>>()).await
}

/// All callers make their call at the same moment, each over its own connection.
async fn race(project: &Project, call: &str, arguments: impl Fn(usize) -> Value) -> Vec<Answer> {
    let mut callers = Vec::new();
    for _ in 0..CALLERS {
        callers.push(project.caller().await);
    }
    let calls = callers.iter_mut().enumerate().map(|(n, caller)| {
        let arguments = arguments(n);
        async move { caller.call(call, &arguments).await }
    });
    join_all(calls).await
}

/// How often each outcome came, by code.
fn outcomes(answers: &[Answer]) -> BTreeMap<String, usize> {
    let mut outcomes = BTreeMap::new();
    for answer in answers {
        let outcome = if answer.status == 200 { "ok".to_owned() } else { answer.code() };
        *outcomes.entry(outcome).or_default() += 1;
    }
    outcomes
}

fn one_and(code: &str) -> BTreeMap<String, usize> {
    BTreeMap::from([("ok".to_owned(), 1), (code.to_owned(), CALLERS - 1)])
}

#[tokio::test(flavor = "multi_thread")]
async fn one_file_under_many_spellings() {
    let project = team().await;
    let spellings = ["src/a.rs", "src/x/../a.rs", "./src//a.rs", "src\\a.rs"];
    for round in 0..20 {
        let claim =
            |n: usize| json!({ "manus_id": name(n), "files": [spellings[(n + round) % spellings.len()]] });
        let answers = race(&project, "claim_files", claim).await;
        assert_eq!(outcomes(&answers), one_and("file_locked"));
        let winner = answers.iter().position(|answer| answer.status == 200).unwrap();
        for loser in answers.iter().filter(|answer| answer.status != 200) {
            assert_eq!(loser.json()["detail"]["conflicts"][0]["locked_by"], name(winner));
        }
        let release = json!({ "manus_id": name(winner), "files": ["src/a.rs"] });
        assert_eq!(project.call("release_files", &release).await.ok()["released"], json!(["src/a.rs"]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_task_to_start() {
    let project = team().await;
    let task = project.call("create_task", &json!({ "title": "One", "description": "" })).await.ok();
    let owner = task["assigned_to"].as_str().unwrap().to_owned();
    let strangers = race(&project, "start_task", |n| json!({ "manus_id": name(n), "task_id": "T1" })).await;
    assert_eq!(outcomes(&strangers), one_and("task_not_assigned_to_you"));
    // And the owner from many terminals at once.
    project.call("create_task", &json!({ "title": "Two", "description": "" })).await.ok();
    project.call("complete_task", &json!({ "task_id": "T1" })).await.ok();
    project.call("assign_task", &json!({ "task_id": "T2", "manus_id": owner })).await.ok();
    let again = race(&project, "start_task", |_| json!({ "manus_id": owner, "task_id": "T2" })).await;
    assert_eq!(outcomes(&again), one_and("task_already_started"));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_task_to_take() {
    let project = team().await;
    for n in 1..=10 {
        project
            .call(
                "create_task",
                &json!({ "title": "The only one", "description": "", "files_involved": ["a.rs"] }),
            )
            .await
            .ok();
        let answers = race(&project, "next_task", |n| json!({ "manus_id": name(n) })).await;
        let taken: Vec<Value> =
            answers.iter().map(Answer::ok).filter(|answer| !answer["task"].is_null()).collect();
        assert_eq!(taken.len(), 1, "{taken:?}");
        assert_eq!(taken[0]["task"]["status"], "IN_PROGRESS");
        assert_eq!(taken[0]["locks"][0]["locked_by"], taken[0]["task"]["assigned_to"]);
        project.call("complete_task", &json!({ "task_id": format!("T{n}") })).await.ok();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_name() {
    let project = Project::start().await;
    let register = |_| json!({ "manus_id": "ada", "role": "COORDINATOR", "capabilities": [] });
    assert_eq!(outcomes(&race(&project, "register_manus", register).await), one_and("manus_id_taken"));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_tasks_are_each_taken_once() {
    let project = team().await;
    let tasks: Vec<Value> =
        (0..200).map(|n| json!({ "title": format!("Task {n}"), "description": "" })).collect();
    project.call("create_tasks", &json!({ "tasks": tasks })).await.ok();
    let workers = (0..CALLERS).map(|n| {
        let project = &project;
        async move {
            let (mut caller, mut done) = (project.caller().await, Vec::new());
            loop {
                let taken = caller.call("next_task", &json!({ "manus_id": name(n) })).await.ok();
                let Some(id) = taken["task"]["id"].as_str() else { return done };
                caller.call("complete_task", &json!({ "manus_id": name(n), "task_id": id })).await.ok();
                done.push(id.to_owned());
            }
        }
    });
    let mut done: Vec<String> = join_all(workers).await.concat();
    done.sort();
    done.dedup();
    assert_eq!(done.len(), 200);
}

/// A full queue turns calls away at once, and says when to come back; none of these has done anything.
#[tokio::test(flavor = "multi_thread")]
async fn more_calls_than_can_wait() {
    let project = Project::start_with(tempfile::tempdir().unwrap(), |hub| hub.queue_max = 1).await;
    let ada = json!({ "manus_id": "ada", "role": "COORDINATOR", "capabilities": [] });
    project.call("register_manus", &ada).await.ok();
    let (mut done, mut turned_away) = (0, 0);
    for round in 0..50 {
        let claim = |n: usize| json!({ "manus_id": "ada", "files": [format!("{round}/{n}.rs")] });
        for answer in race(&project, "claim_files", claim).await {
            match answer.status {
                200 => done += 1,
                _ => {
                    assert_eq!(answer.refused(), (429, "overloaded".to_owned()));
                    assert!(answer.headers.contains_key("retry-after"));
                    turned_away += 1;
                }
            }
        }
    }
    assert!(turned_away > 0, "a queue of one was never full");
    let held = project.call("get_manus", &json!({ "manus_id": "ada" })).await.ok();
    assert_eq!(held["files_claimed"].as_array().unwrap().len(), done);
}

/// Answers carry their place in the log: sorted by it, every claim and release must tell one consistent story.
#[tokio::test(flavor = "multi_thread")]
async fn the_history_is_linear() {
    let project = team().await;
    let story = |n: usize| {
        let project = &project;
        async move {
            let (mut caller, mut told) = (project.caller().await, Vec::new());
            for _ in 0..30 {
                let claim =
                    caller.call("claim_files", &json!({ "manus_id": name(n), "files": ["a.rs"] })).await;
                if claim.status == 200 {
                    let token = claim.json()["locks"][0]["fencing_token"].as_u64().unwrap();
                    told.push((claim.seq(), n, Some(token)));
                    let release = caller
                        .call("release_files", &json!({ "manus_id": name(n), "files": ["a.rs"] }))
                        .await;
                    told.push((release.seq(), n, None));
                }
            }
            told
        }
    };
    let mut history = join_all((0..CALLERS).map(story)).await.concat();
    history.sort();
    let (mut holder, mut last_token) = (None, 0);
    for (seq, manus, token) in history {
        match token {
            Some(token) => {
                assert_eq!(holder, None, "at {seq}");
                assert!(token > last_token, "tokens only grow");
                (holder, last_token) = (Some(manus), token);
            }
            None => assert_eq!(holder.take(), Some(manus), "at {seq}"),
        }
    }
}
