//! MCP over HTTP as it goes over the wire: sessions, their end, and what is kept out. The stories that an agent plays are told
//! by the official SDK, in `server/tests/clients`.

use std::io::Write;
use std::process::Stdio;

use app::copied::written;
use app::errand::As;
use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use serde_json::{Value, json};

use crate::binary::{Binary, command};
use crate::project::{Answer, Caller, Project};

/// A client of the revision with sessions.
pub struct Client {
    caller: Caller,
    session: Option<String>,
    revision: &'static str,
}

impl Client {
    /// One that has not yet said anything.
    async fn silent(project: &Project) -> Self {
        Self { caller: project.caller().await, session: None, revision: "2025-11-25" }
    }

    async fn begin(project: &Project) -> Self {
        Self::begin_over(project.caller().await).await
    }

    pub async fn begin_over(caller: Caller) -> Self {
        let mut client = Self { caller, session: None, revision: "2025-11-25" };
        client.greet().await;
        client
    }

    /// Begins a session, and gives what was answered.
    async fn greet(&mut self) -> Answer {
        let me = json!({ "name": "it", "version": "1" });
        let hello = json!({ "protocolVersion": self.revision, "capabilities": {}, "clientInfo": me });
        let answer = self.ask("initialize", hello).await;
        assert_eq!(message(&answer)["result"]["protocolVersion"], self.revision);
        self.session = Some(answer.headers["mcp-session-id"].to_str().unwrap().to_owned());
        let ready = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
        assert_eq!(self.send("POST", ready).await.status, 202);
        answer
    }

    async fn send(&mut self, method: &str, body: Value) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri("/mcp")
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream")
            .header("mcp-protocol-version", self.revision);
        if let Some(session) = &self.session {
            request = request.header("mcp-session-id", session);
        }
        let body = if body.is_null() { Bytes::new() } else { body.to_string().into() };
        self.caller.send(request.body(Full::new(body)).unwrap()).await.unwrap()
    }

    async fn ask(&mut self, method: &str, params: Value) -> Answer {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        self.send("POST", body).await
    }

    /// The result of a tool.
    pub async fn tool(&mut self, name: &str, arguments: Value) -> Value {
        let answer = self.ask("tools/call", json!({ "name": name, "arguments": arguments })).await;
        assert_eq!(answer.status, 200);
        message(&answer)["result"].clone()
    }

    /// Goes on over another connection.
    pub fn over(mut self, caller: Caller) -> Self {
        self.caller = caller;
        self
    }

    async fn join(&mut self, name: &str) {
        let joined =
            self.tool("join", json!({ "manus_id": name, "role": "COORDINATOR", "capabilities": [] })).await;
        assert_eq!(joined["structuredContent"]["manus"]["id"], name, "{joined}");
    }
}

/// The message in a stream that holds nothing else, or in a body of its own.
fn message(answer: &Answer) -> Value {
    let text = std::str::from_utf8(&answer.body).unwrap();
    let data = text.lines().filter_map(|line| line.strip_prefix("data: ")).find(|data| data.starts_with('{'));
    serde_json::from_str(data.unwrap_or(text)).unwrap_or_else(|_| panic!("{} {text:?}", answer.status))
}

#[tokio::test]
async fn a_session_knows_who_has_joined() {
    let project = Project::start().await;
    let (mut one, mut two) = (Client::begin(&project).await, Client::begin(&project).await);
    one.join("ada").await;
    let claimed = one.tool("claim", json!({ "files": ["a.py"] })).await;
    assert_eq!(claimed["structuredContent"]["locks"][0]["locked_by"], "ada", "{claimed}");
    let stranger = two.tool("claim", json!({ "files": ["b.py"] })).await;
    assert_eq!(
        (&stranger["isError"], &stranger["structuredContent"]["code"]),
        (&json!(true), &json!("invalid_argument")),
        "another session is another client"
    );
    two.join("bob").await;
    let refused = two.tool("claim", json!({ "files": ["a.py"] })).await;
    assert_eq!(refused["structuredContent"]["code"], "file_locked");
    assert_eq!(refused["structuredContent"]["detail"]["conflicts"][0]["locked_by"], "ada");
    // Whoever says so acts for somebody else, and stays who it is.
    let other = two.tool("release", json!({ "manus_id": "ada", "files": ["a.py"] })).await;
    assert_eq!(other["structuredContent"]["released"], json!(["a.py"]));
    let claimed = two.tool("claim", json!({ "files": ["a.py"] })).await;
    assert_eq!(claimed["structuredContent"]["locks"][0]["locked_by"], "bob");
}

#[tokio::test]
async fn what_the_dashboard_copies_is_done_as_by_its_button() {
    let project = Project::start().await;
    let mut client = Client::begin(&project).await;
    client.join("ada").await;
    let letter = json!({
        "from_manus": "supervisor", "to_manus": "ada", "message_type": "NOTE", "content": { "text": "look" },
    });
    let copied = written(As::Mcp, "http://localhost:3334", "send_message", &letter.to_string()).unwrap();
    let sent = client.send("POST", serde_json::from_str(&copied).unwrap()).await;
    assert_eq!(message(&sent)["result"]["isError"], false, "{}", message(&sent));
    let inbox = client.tool("inbox", json!({})).await;
    let letters = &inbox["structuredContent"]["messages"];
    let letter =
        letters.as_array().unwrap().iter().find(|letter| letter["content"]["text"] == "look").unwrap();
    assert_eq!((&letter["from_manus"], &letter["to_manus"]), (&json!("supervisor"), &json!("ada")));
}

#[tokio::test]
async fn a_session_ends_and_is_not_found() {
    let project = Project::start().await;
    let mut client = Client::begin(&project).await;
    assert_eq!(client.send("DELETE", Value::Null).await.status, 204);
    assert_eq!(client.ask("tools/list", json!({})).await.status, 404, "so that clients begin anew");
    client.session = Some("11111111-2222-4333-8444-555555555555".to_owned());
    assert_eq!(client.ask("tools/list", json!({})).await.status, 404);
    client.session = None;
    assert_eq!(client.ask("tools/list", json!({})).await.status, 400);
}

/// An empty event at the beginning of a stream says from where to go on; clients of earlier revisions complain about it.
/// Whoever is gone does not get what is granted later.
#[tokio::test]
async fn a_call_that_waits_ends_with_its_session() {
    let project = Project::with_agents(&["bob"]).await;
    project.call("claim_files", &json!({ "manus_id": "bob", "files": ["a.rs"] })).await.ok();
    let mut client = Client::begin(&project).await;
    client.join("ada").await;
    let session = client.session.clone();
    let waits = tokio::spawn(async move {
        let claim = json!({ "name": "claim", "arguments": { "files": ["a.rs"], "wait_secs": 60 } });
        client.ask("tools/call", claim).await.status
    });
    let waiting = async || {
        let snapshot = project.call("snapshot", &json!({})).await.ok();
        snapshot["waits"].as_array().unwrap().len()
    };
    while waiting().await == 0 {}
    let mut end = Client { session, ..Client::silent(&project).await };
    assert_eq!(end.send("DELETE", Value::Null).await.status, 204);
    while waiting().await == 1 {}
    project.call("release_files", &json!({ "manus_id": "bob", "files": ["a.rs"] })).await.ok();
    let lock = project.call("check_files", &json!({ "files": ["a.rs"] })).await.ok();
    assert_eq!(lock["files"][0]["lock"], Value::Null);
    waits.abort();
}

#[tokio::test]
async fn streams_of_earlier_revisions_hold_messages_alone() {
    let project = Project::start().await;
    for (revision, begins_empty) in [("2025-03-26", false), ("2025-06-18", false), ("2025-11-25", true)] {
        let mut client = Client { revision, ..Client::silent(&project).await };
        let answers = [client.greet().await, client.ask("tools/list", json!({})).await];
        for answer in answers {
            let text = std::str::from_utf8(&answer.body).unwrap();
            assert_eq!(text.contains("retry:"), begins_empty, "{revision} {text}");
        }
        assert_eq!(client.send("DELETE", Value::Null).await.status, 204, "{revision}");
        assert_eq!(client.ask("tools/list", json!({})).await.status, 404, "{revision}");
    }
}

#[tokio::test]
async fn any_request_is_a_sign_of_life() {
    let project = Project::start().await;
    let mut client = Client::begin(&project).await;
    client.join("ada").await;
    let requests = [
        ("ping", json!({})),
        ("tools/list", json!({})),
        ("resources/list", json!({})),
        ("resources/read", json!({ "uri": "manus://board" })),
        ("tools/call", json!({ "name": "status", "arguments": {} })),
        ("tools/call", json!({ "name": "check", "arguments": { "files": ["a.py"] } })),
        ("tools/call", json!({ "name": "create_tasks", "arguments": { "tasks": [] } })),
    ];
    for (method, params) in requests {
        project.clock.advance(119_000);
        assert_eq!(client.ask(method, params).await.status, 200);
        project.clock.advance(2_000);
        // Has the clock's move decided.
        let bystander =
            json!({ "manus_id": "bob", "role": "COORDINATOR", "capabilities": [], "takeover": true });
        project.call("register_manus", &bystander).await.ok();
        let ada = project.call("get_manus", &json!({ "manus_id": "ada" })).await.ok();
        assert_eq!(ada["status"], "IDLE", "{method}");
    }
    project.clock.advance(121_000);
    let bob = json!({ "manus_id": "bob", "role": "COORDINATOR", "capabilities": [], "takeover": true });
    project.call("register_manus", &bob).await.ok();
    assert_eq!(project.call("get_manus", &json!({ "manus_id": "ada" })).await.ok()["status"], "LOST");
}

#[tokio::test]
async fn what_a_session_says_counts_for_the_attempt_that_it_began() {
    let project = Project::start().await;
    let (mut late, mut client) = (Client::begin(&project).await, Client::begin(&project).await);
    late.join("ada").await;
    project.call("create_task", &json!({ "title": "One", "description": "" })).await.ok();
    late.tool("next_task", json!({})).await;
    // The process is thought to be dead, and another one goes on in its name.
    project.call("release_task", &json!({ "manus_id": "ada", "task_id": "T1" })).await.ok();
    project.call("assign_task", &json!({ "manus_id": "ada", "task_id": "T1" })).await.ok();
    client.tool("start", json!({ "manus_id": "ada", "task_id": "T1" })).await;
    let said = [
        ("progress", json!({ "task_id": "T1", "progress": 90 })),
        ("fail", json!({ "task_id": "T1" })),
        ("finish", json!({ "task_id": "T1", "result": "late" })),
    ];
    for (tool, arguments) in said {
        let refused = late.tool(tool, arguments).await;
        assert_eq!(refused["structuredContent"]["code"], "attempt_over", "{refused}");
        assert_eq!(refused["structuredContent"]["detail"]["attempts"], 2);
    }
    let done = client.tool("finish", json!({ "manus_id": "ada", "task_id": "T1", "result": "good" })).await;
    assert_eq!(done["structuredContent"]["result"], "good", "{done}");
}

#[tokio::test]
async fn strangers_and_floods_are_kept_out() {
    let project = Project::start().await;
    let mut client = Client::silent(&project).await;
    for (header, value) in [("origin", "https://evil.example"), ("host", "evil.example")] {
        let request = Request::post("/mcp").header(header, value).body(Full::default()).unwrap();
        assert_eq!(
            project.caller().await.send(request).await.unwrap().refused(),
            (403, "forbidden".to_owned())
        );
    }
    let flood =
        json!({ "jsonrpc": "2.0", "id": 1, "method": "ping", "params": { "x": "y".repeat(1024 * 1024) } });
    assert_eq!(client.send("POST", flood).await.refused(), (413, "too_large".to_owned()));
    let odd = client.send("POST", json!([1, 2])).await;
    assert_eq!((odd.status, odd.json()["error"]["code"].as_i64()), (400, Some(-32600)), "not a message");
    let broken = Request::post("/mcp")
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream")
        .body(Full::from("{"));
    let broken = project.caller().await.send(broken.unwrap()).await.unwrap();
    assert_eq!((broken.status, broken.json()["error"]["code"].as_i64()), (400, Some(-32700)), "not JSON");
    let twice = r#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"claim","arguments":{"files":["a"],"files":["b"]}}}"#;
    let twice = Request::post("/mcp")
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream")
        .body(Full::from(twice));
    let twice = project.caller().await.send(twice.unwrap()).await.unwrap().json();
    assert_eq!((&twice["id"], &twice["error"]["code"]), (&json!(7), &json!(-32602)), "{twice}");
    assert!(twice["error"]["message"].as_str().unwrap().contains("files stands twice"), "{twice}");
    assert_eq!(client.send("PUT", json!({})).await.status, 405);
}

#[tokio::test]
async fn a_process_without_a_server_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let alone = command(folder.path(), &["mcp"]).output().unwrap();
    assert_eq!((alone.status.code(), alone.stdout.as_slice()), (Some(3), &b""[..]));
    let said = String::from_utf8(alone.stderr).unwrap();
    assert!(said.contains("no server is running") && said.contains("manus-sync serve"), "{said}");
    let server = Binary::serve(folder.path());
    let found = command(folder.path(), &["mcp"]).output().unwrap();
    assert_eq!((found.status.code(), found.stderr.as_slice()), (Some(0), &b""[..]));
    server.kill();
}

#[tokio::test]
async fn a_process_ends_with_its_client() {
    let folder = tempfile::tempdir().unwrap();
    let server = Binary::serve(folder.path());
    let mut process =
        command(folder.path(), &["mcp"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let me = json!({ "name": "it", "version": "1" });
    let hello = json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": me });
    let messages = [
        json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello }),
        json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }),
        json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": { "name": "status", "arguments": {} } }),
    ];
    let mut stdin = process.stdin.take().unwrap();
    for message in messages {
        writeln!(stdin, "{message}").unwrap();
    }
    // Read to the end of what there is, which comes with the end of stdin.
    let reading = tokio::task::spawn_blocking(move || {
        use std::io::BufRead;
        let lines: Vec<String> = std::io::BufReader::new(process.stdout.take().unwrap())
            .lines()
            .take(2)
            .map(Result::unwrap)
            .collect();
        drop(stdin);
        (lines, process.wait().unwrap())
    });
    let (lines, status) = reading.await.unwrap();
    assert_eq!(status.code(), Some(0));
    let answer: Value = serde_json::from_str(&lines[1]).unwrap();
    assert_eq!(answer["result"]["structuredContent"]["health"]["score"], 100, "{answer}");
    server.kill();
}
