//! An agent that makes no call while its tests run is not lost, as long as its MCP client is there and answers.

use serde_json::{Value, json};

use crate::binary::{Binary, command};
use crate::piped::Piped;
use crate::project::Caller;

async fn status_of(server: &Binary, name: &str) -> String {
    let listed = Caller::connect(server.authority()).await.call("list_manus", &json!({})).await.ok();
    let found = listed.as_array().unwrap().iter().find(|manus| manus["id"] == name);
    found.unwrap_or_else(|| panic!("{listed}"))["status"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_client_that_answers_gives_signs_of_life() {
    let folder = tempfile::tempdir().unwrap();
    let mut serve = command(folder.path(), &["serve", "--listen", "127.0.0.1:0"]);
    serve.env("MANUS_SYNC_HEARTBEAT_TIMEOUT_SECS", "3");
    let server = Binary::start(serve);
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
    while status_of(&server, "ada").await != "LOST" {
        tokio::task::yield_now().await;
    }
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
