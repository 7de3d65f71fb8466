//! The program as a service: starting, stopping, being found, and refusing what it must not do.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::binary::{Binary, command, run};
use crate::project::{Caller, Project};

#[tokio::test]
async fn stops_in_good_order() {
    for signal in ["-TERM", "-INT"] {
        let folder = tempfile::tempdir().unwrap();
        let server = Binary::serve(folder.path());
        let mut caller = Caller::connect(server.authority()).await;
        let ada = json!({ "manus_id": "ada", "role": "COORDINATOR", "capabilities": [] });
        caller.call("register_manus", &ada).await.ok();
        // One that waits for work, and would go on to do so for long.
        let waiting = tokio::spawn(async move {
            caller.call("next_task", &json!({ "manus_id": "ada", "wait_secs": 60 })).await
        });
        tokio::time::sleep(Duration::from_millis(300)).await;
        let asked = Instant::now();
        let status = tokio::task::spawn_blocking(move || server.stop(signal)).await.unwrap();
        assert_eq!(status.code(), Some(0));
        assert!(asked.elapsed() < Duration::from_secs(5));
        assert_eq!(waiting.await.unwrap().ok()["task"], Value::Null, "answered, not cut off");
        assert!(!folder.path().join(".manus-sync/server.json").exists());
    }
}

#[tokio::test]
async fn a_second_server_is_refused_and_names_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let first = Binary::serve(folder.path());
    let second = run(folder.path(), &["--listen", "127.0.0.1:0"]);
    assert_eq!(second.status.code(), Some(1));
    let said = String::from_utf8(second.stderr).unwrap();
    assert!(said.contains(&first.pid().to_string()) && said.contains(&first.url), "{said}");
    assert!(second.stdout.is_empty());
    first.kill();
    // What the killed one left behind does not stop the next.
    Binary::serve(folder.path()).kill();
}

#[tokio::test]
async fn a_taken_port_is_explained() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let first = Binary::serve(folder.path());
    let address = first.url.replace("http://localhost", "127.0.0.1");
    let second = run(other.path(), &["serve", "--listen", &address]);
    assert_eq!(second.status.code(), Some(1));
    let said = String::from_utf8(second.stderr).unwrap();
    assert!(said.contains(&address) && said.contains("--listen"), "{said}");
}

#[test]
fn strangers_are_kept_out() {
    let folder = tempfile::tempdir().unwrap();
    for listen in ["0.0.0.0:0", "[::]:0"] {
        let refused = run(folder.path(), &["serve", "--listen", listen]);
        assert_eq!(refused.status.code(), Some(2));
        let said = String::from_utf8(refused.stderr).unwrap();
        assert!(said.contains("token") && said.contains("127.0.0.1"), "{said}");
    }
    assert!(!folder.path().join(".manus-sync").exists(), "nothing was begun");
}

#[test]
fn wrong_usage_is_code_2() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [&["serve", "--lisen", "x"][..], &["serve", "--listen", "here"], &["dance"]] {
        assert_eq!(run(folder.path(), arguments).status.code(), Some(2), "{arguments:?}");
    }
    let missing = run(folder.path(), &["serve", "--project-root", "no/such/folder"]);
    assert_eq!(missing.status.code(), Some(1));
}

#[tokio::test]
async fn configuration_by_environment_and_file() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join(".manus-sync")).unwrap();
    std::fs::write(folder.path().join(".manus-sync/config.toml"), "heartbeat_timeout_secs = 40\n").unwrap();
    let mut serve = command(folder.path(), &[]);
    serve.env("MANUS_SYNC_LISTEN", "127.0.0.1:0");
    let server = Binary::start(serve);
    let ada = json!({ "manus_id": "ada", "role": "COORDINATOR", "capabilities": [] });
    let answer = Caller::connect(server.authority()).await.call("register_manus", &ada).await.ok();
    assert_eq!(answer["heartbeat_interval_secs"], 10);
}

#[tokio::test]
async fn status_finds_the_server_from_within_the_project() {
    let folder = tempfile::tempdir().unwrap();
    let deep = folder.path().join("src/deep");
    std::fs::create_dir_all(&deep).unwrap();
    let nobody = run(&deep, &["status"]);
    assert_eq!(nobody.status.code(), Some(3));
    let server = Binary::serve(folder.path());
    let mut caller = Caller::connect(server.authority()).await;
    let ada = json!({ "manus_id": "ada", "role": "COORDINATOR", "capabilities": [] });
    caller.call("register_manus", &ada).await.ok();
    let table = run(&deep, &["status"]);
    assert_eq!(table.status.code(), Some(0));
    let table = String::from_utf8(table.stdout).unwrap();
    assert!(table.contains("healthy") && table.contains("ada") && table.contains("COORDINATOR"), "{table}");
    let found = run(&deep, &["status", "--json"]);
    let found: Value = serde_json::from_slice(&found.stdout).unwrap();
    assert_eq!((&found["url"], &found["manus"][0]["id"]), (&json!(server.url), &json!("ada")));
    server.kill();
    // The word that it left is stale now.
    assert_eq!(run(&deep, &["status"]).status.code(), Some(3));
}

#[tokio::test]
async fn waiting_ends_as_soon_as_there_is_something() {
    let project = Project::with_agents(&["ada"]).await;
    let (mut worker, mut reader) = (project.caller().await, project.caller().await);
    let work = tokio::spawn(async move {
        worker.call("next_task", &json!({ "manus_id": "ada", "wait_secs": 60 })).await.ok()
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!work.is_finished());
    project.call("create_task", &json!({ "title": "One", "description": "" })).await.ok();
    assert_eq!(work.await.unwrap()["task"]["id"], "T1");
    project.call("get_messages", &json!({ "manus_id": "ada" })).await.ok();
    let read = tokio::spawn(async move {
        reader.call("get_messages", &json!({ "manus_id": "ada", "wait_secs": 60 })).await.ok()
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!read.is_finished());
    let hello =
        json!({ "from_manus": "supervisor", "to_manus": "ada", "message_type": "HELLO", "content": "there" });
    project.call("send_message", &hello).await.ok();
    assert_eq!(read.await.unwrap()[0]["message_type"], "HELLO");
}

#[tokio::test]
async fn waiting_ends_with_the_agent() {
    let project = Project::with_agents(&["ada"]).await;
    let asked = Instant::now();
    let (mut worker, mut reader) = (project.caller().await, project.caller().await);
    let wait = json!({ "manus_id": "ada", "wait_secs": 60 });
    let (for_work, for_messages) = (wait.clone(), wait);
    let work = tokio::spawn(async move { worker.call("next_task", &for_work).await });
    let messages = tokio::spawn(async move { reader.call("get_messages", &for_messages).await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!work.is_finished() && !messages.is_finished());
    project.call("deregister_manus", &json!({ "manus_id": "ada" })).await.ok();
    assert_eq!(work.await.unwrap().refused(), (409, "manus_inactive".to_owned()));
    assert_eq!(messages.await.unwrap().refused(), (409, "manus_inactive".to_owned()));
    assert!(asked.elapsed() < Duration::from_secs(30));
}

#[tokio::test]
async fn waiting_ends_with_its_time() {
    let project = Project::with_agents(&["ada"]).await;
    let asked = Instant::now();
    let taken = project.call("next_task", &json!({ "manus_id": "ada", "wait_secs": 1 })).await.ok();
    assert_eq!(taken, json!({ "task": null, "locks": [] }));
    assert!((Duration::from_millis(900)..Duration::from_secs(10)).contains(&asked.elapsed()));
}
