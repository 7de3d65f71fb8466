//! An agent that makes no call while its tests run is not lost: its MCP client answers for it, or, where it is a session that only
//! hooks tell of, the process of its tools. To which it is one agent.

use std::path::Path;

use serde_json::{Value, json};

use crate::binary::{Binary, command};
use crate::hooks::{ADA, BOB, Session, holder};
use crate::piped::Piped;
use crate::project::Caller;

async fn status_of(server: &Binary, name: &str) -> String {
    let listed = Caller::connect(server.authority()).await.call("list_manus", &json!({})).await.ok();
    let found = listed.as_array().unwrap().iter().find(|manus| manus["id"] == name);
    found.unwrap_or_else(|| panic!("{listed}"))["status"].as_str().unwrap().to_owned()
}

async fn until_lost(server: &Binary, name: &str) {
    while status_of(server, name).await != "LOST" {
        tokio::task::yield_now().await;
    }
}

/// A server that takes three seconds of silence for a loss.
fn impatient(folder: &Path) -> Binary {
    let mut serve = command(folder, &["serve", "--listen", "127.0.0.1:0"]);
    serve.env("MANUS_SYNC_HEARTBEAT_TIMEOUT_SECS", "3");
    Binary::start(serve)
}

#[tokio::test]
async fn a_session_in_its_turn_is_answered_for_between_two_hooks() {
    let folder = tempfile::tempdir().unwrap();
    let server = impatient(folder.path());
    let named = |id, name: &str| {
        let mut session = Session::new(folder.path(), id);
        session.env.push(("MANUS_ID", name.to_owned()));
        session
    };
    let at_work = named(ADA, "ada");
    at_work.start();
    at_work.event("UserPromptSubmit", json!({ "prompt": "run the tests" }));
    let client = Piped::begin(command(folder.path(), &["mcp"]));
    // The same program, as another session of it that nobody has asked for anything.
    named(BOB, "bob").start();
    until_lost(&server, "bob").await;
    assert_eq!(status_of(&server, "ada").await, "IDLE");
    at_work.stop();
    until_lost(&server, "ada").await;
    client.end();
    server.kill();
}

#[tokio::test]
async fn a_client_that_answers_gives_signs_of_life() {
    let folder = tempfile::tempdir().unwrap();
    let server = impatient(folder.path());
    let mut client = Piped::begin(command(folder.path(), &["mcp"]));
    client.tool("join", json!({ "manus_id": "ada", "role": "COORDINATOR", "capabilities": [] }));
    // Asked once a second: longer than it may be silent.
    for _ in 0..5 {
        let ping = next_ping(&mut client);
        client.say(&json!({ "jsonrpc": "2.0", "id": ping, "result": {} }));
    }
    // With the next question the sign of life that came of the last answer has been given.
    next_ping(&mut client);
    assert_eq!(status_of(&server, "ada").await, "IDLE");
    // One that does not answer falls silent.
    until_lost(&server, "ada").await;
    client.end();
    server.kill();
}

/// The id of the next question whether the client is there.
fn next_ping(client: &mut Piped) -> Value {
    loop {
        let message = client.hear();
        if message["method"] == "ping" {
            return message["id"].clone();
        }
    }
}

/// The program's hooks and its tools are one agent: otherwise it would be kept from its own files.
#[tokio::test]
async fn hooks_and_tools_of_one_program_are_one_agent() {
    let folder = tempfile::tempdir().unwrap();
    let server = Binary::serve(folder.path());
    let ada = Session::new(folder.path(), ADA);
    ada.start();
    ada.event("UserPromptSubmit", json!({ "prompt": "go on" }));
    let mut tools = Piped::begin(command(folder.path(), &["mcp"]));
    let chosen = json!({ "manus_id": "nova", "role": "SPEED_DEVELOPER", "capabilities": [] });
    let joined = tools.tool("join", chosen);
    assert_eq!(joined["structuredContent"]["manus"]["id"], "claude-3aa25e3bfe", "{joined}");
    tools.tool("claim", json!({ "files": ["mine.rs"] }));
    assert_eq!(holder(&server, "mine.rs").await, "claude-3aa25e3bfe");
    assert_eq!(ada.edit("mine.rs"), None);
    tools.end();
    // And without joining.
    let mut tools = Piped::begin(command(folder.path(), &["mcp"]));
    tools.tool("claim", json!({ "files": ["too.rs"] }));
    assert_eq!(holder(&server, "too.rs").await, "claude-3aa25e3bfe");
    tools.end();
    // A name that a person gave it is its name.
    let mut named = command(folder.path(), &["mcp"]);
    named.env("MANUS_ID", "nova");
    let mut tools = Piped::begin(named);
    tools.tool("join", json!({ "role": "SPEED_DEVELOPER", "capabilities": [] }));
    tools.tool("claim", json!({ "files": ["hers.rs"] }));
    assert_eq!(holder(&server, "hers.rs").await, "nova");
    tools.end();
}
