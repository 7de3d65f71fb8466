//! Doors through which agents enrol, with nothing but a token that enrols: what they get for it is kept, and shown from then on.

use std::path::Path;

use serde_json::{Value, json};

use super::Guarded;
use super::shell::{create, said};
use crate::binary::{Binary, command};
use crate::hooks::{ADA, BOB, Session};
use crate::mcp::Client;
use crate::piped::Piped;

/// A server that asks, in a folder whose programs are given a token that enrols.
fn serve(folder: &Path) -> (Binary, String) {
    let server = Binary::start(command(folder, &["serve", "--listen", "127.0.0.1:0", "--auth", "required"]));
    (server, create(folder, &["--role", "enrolment"]))
}

fn session<'a>(folder: &'a Path, id: &'a str, enrolment: &str) -> Session<'a> {
    Session { env: vec![("MANUS_SYNC_TOKEN", enrolment.to_owned())], ..Session::new(folder, id) }
}

/// The token that is kept for an agent, if there is one.
fn kept(folder: &Path, manus_id: &str) -> Option<String> {
    let file = folder.join(format!(".manus-sync/tokens/{manus_id}.json"));
    let text = std::fs::read(&file).ok()?;
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
    }
    let kept: Value = serde_json::from_slice(&text).unwrap();
    Some(kept["token"].as_str().unwrap().to_owned())
}

#[test]
fn hooks_keep_what_they_got() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (server, enrolment) = serve(folder);
    let (ada, bob) = (session(folder, ADA, &enrolment), session(folder, BOB, &enrolment));
    assert!(ada.start().contains("You are claude-3aa25e3bfe"));
    let own = kept(folder, "claude-3aa25e3bfe").unwrap();
    assert_eq!(ada.edit("a.rs"), None);
    // Its start went by unheard.
    assert!(bob.edit("a.rs").unwrap().contains("claude-3aa25e3bfe"));
    assert_eq!(bob.edit("b.rs"), None);
    assert_ne!(kept(folder, "claude-32b66b37ae"), Some(own.clone()));
    ada.stop();
    assert_eq!(bob.edit("a.rs"), None);
    // One that ends and comes back is who it was.
    ada.event("SessionEnd", json!({ "reason": "exit" }));
    assert!(ada.start().contains("You are claude-3aa25e3bfe"));
    assert_eq!(kept(folder, "claude-3aa25e3bfe"), Some(own));
    // The agent's own commands act in its name, too.
    let mut beat = command(folder, &["heartbeat", "--as", "claude-3aa25e3bfe"]);
    let beat = beat.env("MANUS_SYNC_TOKEN", &enrolment).output().unwrap();
    assert!(beat.status.success(), "{}", said(&beat));
    server.kill();
}

#[test]
fn a_name_that_is_somebodys_gets_a_mark() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (server, enrolment) = serve(folder);
    create(folder, &["--role", "agent", "--for", "ada"]);
    let mut session = session(folder, ADA, &enrolment);
    session.env.push(("MANUS_ID", "ada".to_owned()));
    assert!(session.start().contains("You are ada-3aa25e3bfe"));
    assert_eq!(session.edit("a.rs"), None);
    session.stop();
    assert!(kept(folder, "ada").is_none() && kept(folder, "ada-3aa25e3bfe").is_some());
    server.kill();
}

#[test]
fn what_was_revoked_does_not_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (server, enrolment) = serve(folder);
    let session = session(folder, ADA, &enrolment);
    session.start();
    let own = kept(folder, "claude-3aa25e3bfe").unwrap();
    let revoked = command(folder, &["token", "revoke", own.split('_').nth(1).unwrap()]).output().unwrap();
    assert!(revoked.status.success(), "{}", said(&revoked));
    // The agent of that name was sent away; the session is another one now.
    assert_eq!(session.edit("a.rs"), None);
    assert!(kept(folder, "claude-3aa25e3bfe").is_none());
    assert!(kept(folder, "claude-3aa25e3bfe-3aa25e3bfe").is_some());
    server.kill();
}

#[test]
fn commands_keep_what_they_got() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (server, enrolment) = serve(folder);
    let run =
        |arguments: &[&str]| command(folder, arguments).env("MANUS_SYNC_TOKEN", &enrolment).output().unwrap();
    let registered = run(&["register", "ada", "--role", "SPEED_DEVELOPER"]);
    assert!(registered.status.success(), "{}", said(&registered));
    assert!(kept(folder, "ada").is_some());
    for arguments in [&["heartbeat", "--as", "ada"][..], &["files", "claim", "a.rs", "--as", "ada"]] {
        let done = run(arguments);
        assert!(done.status.success(), "{}", said(&done));
    }
    let again = run(&["register", "ada", "--role", "COORDINATOR", "--takeover"]);
    assert!(again.status.success(), "{}", said(&again));
    server.kill();
}

fn joins(name: &str) -> Value {
    json!({ "manus_id": name, "role": "COORDINATOR", "capabilities": [] })
}

/// The result of having joined, which shows no secret.
fn joined(result: &Value, name: &str) {
    assert_eq!(result["structuredContent"]["manus"]["id"], name, "{result}");
    assert!(!result.to_string().contains("msk_"), "{result}");
}

#[test]
fn a_process_keeps_what_it_got() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (server, enrolment) = serve(folder);
    let begin = || {
        let mut mcp = command(folder, &["mcp"]);
        mcp.env("MANUS_SYNC_TOKEN", &enrolment);
        Piped::begin(mcp)
    };
    let mut client = begin();
    joined(&client.tool("join", joins("ada")), "ada");
    let claimed = client.tool("claim", json!({ "files": ["a.rs"] }));
    assert_eq!(claimed["structuredContent"]["locks"][0]["locked_by"], "ada", "{claimed}");
    // Whoever it tries to be besides, it is still ada.
    create(folder, &["--role", "agent", "--for", "bob"]);
    assert_eq!(client.tool("join", joins("bob"))["structuredContent"]["code"], "forbidden");
    let claimed = client.tool("claim", json!({ "files": ["b.rs"] }));
    assert_eq!(claimed["structuredContent"]["locks"][0]["locked_by"], "ada", "{claimed}");
    client.end();
    // Another process goes on in its name.
    let mut client = begin();
    let again = json!({ "manus_id": "ada", "role": "COORDINATOR", "capabilities": [], "takeover": true });
    joined(&client.tool("join", again), "ada");
    client.end();
    server.kill();
}

#[tokio::test]
async fn a_session_over_http_keeps_what_it_got() {
    let guarded = Guarded::start().await;
    let enrolment = guarded.project.caller().await.showing(&guarded.enrolment);
    let mut client = Client::begin_over(enrolment).await;
    joined(&client.tool("join", joins("eve")).await, "eve");
    let claimed = client.tool("claim", json!({ "files": ["a.rs"] })).await;
    assert_eq!(claimed["structuredContent"]["locks"][0]["locked_by"], "eve", "{claimed}");
    let status = client.tool("status", json!({})).await;
    assert_eq!(status["structuredContent"]["health"]["score"], 100, "{status}");
    // Somebody else who has found out the name of the session is not eve.
    let mut client = client.over(guarded.project.caller().await.showing(&guarded.viewer));
    let claimed = client.tool("claim", json!({ "files": ["b.rs"] })).await;
    assert_eq!(claimed["structuredContent"]["code"], "forbidden", "{claimed}");
}
