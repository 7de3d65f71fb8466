//! `/metrics`: the figures are right, named as they should be, and described.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http::header::CONTENT_TYPE;
use http_body_util::Full;
use serde_json::json;

use crate::events::Watcher;
use crate::project::Project;

/// What was read: the kind of each family, and each figure under its name with its labels.
#[derive(Debug)]
struct Figures {
    kinds: BTreeMap<String, String>,
    values: BTreeMap<String, f64>,
}

impl Figures {
    async fn of(project: &Project) -> Self {
        let request = Request::get("/metrics").body(Full::new(Bytes::new())).unwrap();
        let answer = project.caller().await.send(request).await.unwrap();
        assert_eq!(answer.status, 200);
        assert_eq!(answer.headers[CONTENT_TYPE], "text/plain; version=0.0.4");
        Self::read(std::str::from_utf8(&answer.body).unwrap())
    }

    fn read(text: &str) -> Self {
        let (mut kinds, mut values) = (BTreeMap::new(), BTreeMap::new());
        let mut helped = BTreeSet::new();
        for line in text.lines() {
            if let Some(help) = line.strip_prefix("# HELP ") {
                helped.insert(help.split_once(' ').expect("a sentence").0.to_owned());
            } else if let Some(kind) = line.strip_prefix("# TYPE ") {
                let (name, kind) = kind.split_once(' ').unwrap();
                assert!(helped.contains(name), "{name} has no help");
                assert_eq!(kinds.insert(name.to_owned(), kind.to_owned()), None, "{name} comes twice");
            } else {
                let (figure, value) = line.rsplit_once(' ').unwrap();
                assert_eq!(
                    values.insert(figure.to_owned(), value.parse().unwrap()),
                    None,
                    "{figure} comes twice"
                );
            }
        }
        Self { kinds, values }
    }

    fn get(&self, figure: &str) -> f64 {
        *self.values.get(figure).unwrap_or_else(|| panic!("no {figure} in {:#?}", self.values))
    }
}

#[tokio::test]
async fn names_go_by_the_convention_and_stand_in_the_docs() {
    let project = Project::with_agents(&["ada"]).await;
    let figures = Figures::of(&project).await;
    let docs =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/operations.md")).unwrap();
    for (name, kind) in &figures.kinds {
        assert!(name.starts_with("manus_sync_") || name.starts_with("process_"), "{name}");
        assert_eq!(kind == "counter", name.ends_with("_total"), "{name} is a {kind}");
        assert!(!name.ends_with("_ms") && !name.contains("kilobytes"), "{name}: seconds and bytes");
        assert!(
            docs.contains(&format!("`{name}`")) || docs.contains(&format!("`{name}{{")),
            "{name} is missing in docs/operations.md"
        );
    }
    let described = docs.split('`').filter(|word| word.starts_with("manus_sync_") && !word.contains(' '));
    for name in described.map(|word| word.split('{').next().unwrap()) {
        assert!(figures.kinds.contains_key(name), "docs/operations.md describes {name}, which is not there");
    }
}

#[tokio::test]
async fn calls_are_counted_by_name_and_status() {
    let project = Project::with_agents(&["ada", "bob"]).await;
    for name in ["ada", "bob", "bob"] {
        project.call("claim_files", &json!({ "manus_id": name, "files": ["a.rs"] })).await;
    }
    project.call("heartbeat", &json!({ "manus_id": "ada" })).await.ok();
    project.call("no_such_call", &json!({})).await;
    let figures = Figures::of(&project).await;
    let count = |call: &str, status: u16| {
        let name = "manus_sync_call_duration_seconds_count";
        figures.get(&format!("{name}{{call=\"{call}\",status=\"{status}\"}}"))
    };
    assert_eq!((count("claim_files", 200), count("claim_files", 409)), (1.0, 2.0));
    assert_eq!((count("register_manus", 200), count("heartbeat", 200)), (2.0, 1.0));
    assert!(
        !figures.values.keys().any(|figure| figure.contains("no_such_call")),
        "anybody could make figures"
    );
    let upto = |bound: &str| {
        let labels = format!("call=\"claim_files\",status=\"409\",le=\"{bound}\"");
        figures.get(&format!("manus_sync_call_duration_seconds_bucket{{{labels}}}"))
    };
    assert!(upto("0.0001") <= upto("0.5") && upto("0.5") <= upto("+Inf") && upto("+Inf") == 2.0);
}

#[tokio::test]
async fn what_is_there_is_counted() {
    let project = Project::with_agents(&["ada", "bob"]).await;
    for title in ["One", "Two", "Three"] {
        project
            .call("create_task", &json!({ "title": title, "description": "", "files_involved": [title] }))
            .await
            .ok();
    }
    project.call("start_task", &json!({ "manus_id": "ada", "task_id": "T1" })).await.ok();
    project.call("complete_task", &json!({ "task_id": "T1" })).await.ok();
    project.call("start_task", &json!({ "manus_id": "bob", "task_id": "T2" })).await.ok();
    let shared = json!({ "manus_id": "ada", "files": ["docs/"], "mode": "shared" });
    let seq = project.call("claim_files", &shared).await.seq();
    let figures = Figures::of(&project).await;
    assert_eq!(figures.get("manus_sync_tasks{status=\"COMPLETED\"}"), 1.0);
    assert_eq!(figures.get("manus_sync_tasks{status=\"IN_PROGRESS\"}"), 1.0);
    assert_eq!(figures.get("manus_sync_tasks{status=\"PENDING\"}"), 1.0);
    assert_eq!(figures.get("manus_sync_tasks{status=\"BLOCKED\"}"), 0.0);
    assert_eq!(figures.get("manus_sync_agents{status=\"ACTIVE\"}"), 1.0);
    assert_eq!(figures.get("manus_sync_agents{status=\"IDLE\"}"), 1.0);
    assert_eq!(figures.get("manus_sync_claims{mode=\"exclusive\"}"), 1.0);
    assert_eq!(figures.get("manus_sync_claims{mode=\"shared\"}"), 1.0);
    assert_eq!(figures.get("manus_sync_events_total"), seq as f64);
    assert_eq!((figures.get("manus_sync_ready"), figures.get("manus_sync_queue_commands")), (1.0, 0.0));
    assert!(figures.get("manus_sync_database_bytes") > 50_000.0);
    let commits = figures.get("manus_sync_commit_duration_seconds_count");
    assert!(commits >= 9.0 && figures.get("manus_sync_batch_events_sum") >= seq as f64 - 1.0);
    assert_eq!(figures.get("manus_sync_batch_commands_sum"), 9.0);
    assert!(figures.get("process_resident_memory_bytes") > 1e6);
}

#[tokio::test]
async fn streams_are_counted_while_they_are_open() {
    let project = Project::with_agents(&["ada"]).await;
    assert_eq!(Figures::of(&project).await.get("manus_sync_event_streams"), 0.0);
    let mut watcher = Watcher::open(&project, "/api/v1/events", None).await;
    project.clock.advance(7_000);
    project.call("create_task", &json!({ "title": "One", "description": "" })).await.ok();
    watcher.next().await.unwrap();
    let figures = Figures::of(&project).await;
    assert_eq!(figures.get("manus_sync_event_streams"), 1.0);
    assert_eq!(figures.get("manus_sync_feed_lag_seconds_count"), 1.0);
    assert_eq!(
        figures.get("manus_sync_feed_lag_seconds_sum"),
        0.0,
        "decided and written at the same time of the clock"
    );
    drop(watcher);
    let gone = async {
        while Figures::of(&project).await.get("manus_sync_event_streams") > 0.0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), gone).await.expect("the stream ends with its connection");
}

#[tokio::test]
async fn plans_are_timed() {
    let folder = tempfile::tempdir().unwrap();
    let project = Project::start_with(folder, |hub| hub.plan_budget_ms = 5).await;
    project.call("create_task", &json!({ "title": "One", "description": "" })).await.ok();
    project.call("plan", &json!({})).await.ok();
    assert!(Figures::of(&project).await.get("manus_sync_plan_duration_seconds_count") >= 1.0);
}
