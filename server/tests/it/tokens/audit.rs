//! What stands in the audit: who was denied what, and what people did.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{COOKIE, HOST, ORIGIN};
use http::{Method, Request};
use http_body_util::Full;
use serde_json::{Value, json};

use super::{Guarded, sample};
use crate::binary::{Binary, command, run};
use crate::project::Caller;

/// Entries as who, what and what came of it.
fn told(entries: &Value) -> Vec<String> {
    let told = |entry: &Value| {
        let text = |key: &str| entry[key].as_str().unwrap_or("nobody").to_owned();
        let who = if entry["session"] == true { text("role") + "'s session" } else { text("role") };
        let again = entry["times"].as_u64().filter(|times| *times > 1);
        let again = again.map_or_else(String::new, |times| format!(" {times} times"));
        format!("{} {who}: {} {}{again}", text("kind"), text("what"), text("code"))
    };
    entries.as_array().unwrap().iter().map(told).collect()
}

#[tokio::test]
async fn denials_and_what_people_do_are_entered() {
    let guarded = Guarded::start().await;
    let task = sample("create_task");
    let id = |token: &str| token.split('_').nth(1).unwrap().to_owned();
    // What agents may do is no business of the audit; nor is looking.
    assert_eq!(guarded.call(&guarded.ada, "create_task", &task).await.status, 200);
    assert_eq!(guarded.call(&guarded.admin, "list_tasks", &json!({})).await.status, 200);
    let created = guarded.call(&guarded.admin, "create_task", &task).await;
    assert_eq!(guarded.call(&guarded.admin, "cancel_task", &json!({ "task_id": "T99" })).await.status, 404);
    assert_eq!(guarded.call(&guarded.viewer, "create_task", &task).await.status, 403);
    let for_bob = json!({ "manus_id": "bob" });
    assert_eq!(guarded.call(&guarded.ada, "heartbeat", &for_bob).await.status, 403);
    assert_eq!(guarded.send(Some(&guarded.enrolment), Method::GET, "/api/v1/events").await.status, 403);
    assert_eq!(guarded.send(None, Method::GET, "/metrics?secret=1").await.status, 401);
    let elsewhere = Request::get("/").header(HOST, "evil.example").body(Full::new(Bytes::new())).unwrap();
    assert_eq!(guarded.project.caller().await.send(elsewhere).await.unwrap().status, 403);
    let cookie = guarded.log_in(&guarded.admin).await;
    assert_eq!(guarded.click(&cookie, "create_task").await.status, 200);
    let own = format!("http://localhost:{}", guarded.project.server.address().port());
    let headers = [(ORIGIN, &*own), (COOKIE, &*cookie)];
    guarded.ask(Method::POST, "/logout", &headers, "").await;
    assert_eq!(guarded.ask(Method::POST, "/login", &headers[..1], "token=msk_wrong").await.status, 401);
    let expected = [
        "acted admin: create_task ok",
        "acted admin: cancel_task task_not_found",
        "denied viewer: create_task forbidden",
        "denied agent: heartbeat forbidden",
        "denied enrolment: GET /api/v1/events forbidden",
        "denied nobody: GET /metrics unauthenticated",
        "denied nobody: GET / forbidden",
        "acted admin's session: login ok",
        "acted admin's session: create_task ok",
        "acted admin's session: logout ok",
        "denied nobody: login unauthenticated",
    ];
    // Entries come to be within a second.
    let until = Instant::now() + Duration::from_secs(30);
    let items = loop {
        let answer = guarded.call(&guarded.admin, "list_audit", &json!({})).await.ok();
        // The two agents were registered by the admin, before all this.
        let entries = &answer["items"].as_array().unwrap()[..];
        let items = json!(entries.get(2..).unwrap_or_default());
        if told(&items).len() >= expected.len() || Instant::now() > until {
            break items;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!(told(&items), expected);
    assert_eq!(
        (&items[0]["token_id"], &items[0]["seq"]),
        (&json!(id(&guarded.admin)), &json!(created.seq()))
    );
    assert_eq!((&items[3]["manus_id"], &items[3]["peer"]), (&json!("ada"), &json!("127.0.0.1")));
    assert_eq!(
        items[8]["token_id"],
        json!(id(&guarded.admin)),
        "the token, not the session, which is forgotten"
    );
    let denied = json!({ "kind": "denied", "newest_first": true, "limit": 2 });
    let page = guarded.call(&guarded.admin, "list_audit", &denied).await.ok();
    assert_eq!(
        told(&page["items"]),
        ["denied nobody: login unauthenticated", "denied nobody: GET / forbidden"]
    );
    let next = json!({ "kind": "denied", "newest_first": true, "limit": 1, "cursor": page["next_cursor"] });
    let page = guarded.call(&guarded.admin, "list_audit", &next).await.ok();
    assert_eq!(told(&page["items"]), ["denied nobody: GET /metrics unauthenticated"]);
}

#[tokio::test]
async fn from_the_shell_while_served_and_at_rest() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let made = run(folder, &["token", "create", "--role", "viewer"]);
    let viewer = String::from_utf8(made.stdout).unwrap().trim().to_owned();
    let serve = ["serve", "--listen", "127.0.0.1:0", "--auth", "required"];
    let server = Binary::start(command(folder, &serve));
    let mut caller = Caller::connect(server.authority()).await.showing(&viewer);
    for _ in 0..2 {
        assert_eq!(caller.call("create_task", &sample("create_task")).await.status, 403);
    }
    let audit = |arguments: &[&str]| {
        let output = run(folder, &[&["audit"], arguments].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    // Whoever owns the folder needs no token; the first entry is there at once.
    assert!(audit(&[]).contains("create_token"), "made while nobody served");
    // It reads from the server, whose answers are for admins alone.
    let refused = command(folder, &["audit", "--server", &server.url, "--token", &viewer]).output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    tokio::task::spawn_blocking(move || server.stop("-TERM")).await.unwrap();
    let entries: Value = serde_json::from_str(&audit(&["--since", "1h", "--json"])).unwrap();
    let told = told(&entries);
    assert_eq!(told[0], "acted nobody: create_token ok");
    // Twice the same is one entry or two, as it came; and asking for the audit was denied.
    let denied: u64 = entries
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["what"] == "create_task")
        .map(|entry| entry["times"].as_u64().unwrap())
        .sum();
    assert_eq!(denied, 2, "{told:?}");
    assert_eq!(told.last().unwrap(), "denied viewer: list_audit forbidden");
    let table = audit(&["--denied", "-n", "1"]);
    assert!(table.contains("list_audit") && !table.contains("create_token"), "{table}");
}
