//! Who may do what, where a server asks for tokens: every call with every role, and everything that is not a call.

mod audit;
mod enrolment;
mod kept;
mod login;
pub mod shell;

use std::time::Duration;

use app::api::access::CLASSES;
use app::api::{Needs, Principal};
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{Method, Request};
use http_body_util::{BodyExt, Full};
use hub::{NewToken, TokenRole};
use serde_json::{Value, json};
use server::gate::Auth;

use crate::project::{Answer, Project};

/// A server that asks, with the agents ada and bob, and a token of each kind.
struct Guarded {
    project: Project,
    admin: String,
    ada: String,
    viewer: String,
    enrolment: String,
}

impl Guarded {
    async fn start() -> Self {
        let project = Project::start_asking(tempfile::tempdir().unwrap()).await;
        let admin = token(&project, TokenRole::Admin, None).await;
        let mut caller = project.caller().await.showing(&admin);
        for name in ["ada", "bob"] {
            let arguments = json!({ "manus_id": name, "role": "SPEED_DEVELOPER", "capabilities": [] });
            caller.call("register_manus", &arguments).await.ok();
        }
        let ada = token(&project, TokenRole::Agent, Some("ada")).await;
        let viewer = token(&project, TokenRole::Viewer, None).await;
        let enrolment = token(&project, TokenRole::Enrolment, None).await;
        Self { project, admin, ada, viewer, enrolment }
    }

    async fn call(&self, token: &str, name: &str, arguments: &Value) -> Answer {
        self.project.caller().await.showing(token).call(name, arguments).await
    }

    async fn send(&self, token: Option<&str>, method: Method, path: &str) -> Answer {
        let mut request = Request::new(Full::new(Bytes::new()));
        *request.method_mut() = method;
        *request.uri_mut() = path.parse().unwrap();
        if let Some(token) = token {
            request.headers_mut().insert(AUTHORIZATION, format!("Bearer {token}").parse().unwrap());
        }
        self.project.caller().await.send(request).await.unwrap()
    }
}

async fn token(project: &Project, role: TokenRole, manus_id: Option<&str>) -> String {
    let manus_id = manus_id.map(|name| engine::ManusId::new(name).unwrap());
    let new = NewToken { role, manus_id, label: String::new(), expires_at_ms: None };
    project.server.hub().access().create(new).await.unwrap().whole
}

/// A call that makes sense, made by ada.
fn sample(call: &str) -> Value {
    match call {
        "register_manus" => {
            json!({ "manus_id": "ada", "role": "COORDINATOR", "capabilities": [], "takeover": true })
        }
        "heartbeat" | "deregister_manus" | "drain_manus" | "next_task" | "get_messages" | "get_manus" => {
            json!({ "manus_id": "ada" })
        }
        "start_task" | "release_task" | "fail_task" | "block_task" | "unblock_task" | "assign_task" => {
            json!({ "manus_id": "ada", "task_id": "T1" })
        }
        "complete_task" => json!({ "task_id": "T1" }),
        "update_task_progress" => json!({ "manus_id": "ada", "task_id": "T1", "progress": 10 }),
        "review_task" => json!({ "manus_id": "ada", "task_id": "T1", "verdict": "approve" }),
        "claim_files" => json!({ "manus_id": "ada", "files": ["a.rs"] }),
        "release_files" => json!({ "manus_id": "ada", "files": ["a.rs"] }),
        "check_files" => json!({ "files": ["a.rs"] }),
        "send_message" => {
            json!({ "from_manus": "ada", "to_manus": "bob", "message_type": "INFO", "content": "x" })
        }
        "ack_messages" => json!({ "manus_id": "ada", "ids": [] }),
        "create_task" => json!({ "title": "One", "description": "" }),
        "create_tasks" => json!({ "tasks": [{ "title": "One", "description": "" }] }),
        "get_task" | "update_task" | "cancel_task" | "explain_assignment" => json!({ "task_id": "T1" }),
        "list_manus" | "list_tasks" | "list_messages" | "list_events" | "snapshot" | "system_health" => {
            json!({})
        }
        "forecast_conflicts"
        | "performance_metrics"
        | "self_check"
        | "plan"
        | "list_tokens"
        | "list_audit" => {
            json!({})
        }
        "create_token" => json!({ "role": "viewer" }),
        "revoke_token" => json!({ "id": "00000000" }),
        other => panic!("say here how {other} is called"),
    }
}

#[tokio::test]
async fn every_call_with_every_role() {
    let guarded = Guarded::start().await;
    let roles = [
        (Some(&guarded.admin), TokenRole::Admin),
        (Some(&guarded.ada), TokenRole::Agent),
        (Some(&guarded.viewer), TokenRole::Viewer),
        (Some(&guarded.enrolment), TokenRole::Enrolment),
    ];
    for (call, needs, _) in CLASSES {
        let arguments = sample(call);
        let answer = guarded.project.call(call, &arguments).await;
        assert_eq!(answer.refused(), (401, "unauthenticated".to_owned()), "{call} without a token");
        assert!(answer.headers.contains_key("www-authenticate"));
        for (token, role) in &roles {
            let answer = guarded.call(token.unwrap(), call, &arguments).await;
            let may = match needs {
                Needs::Look => *role != TokenRole::Enrolment,
                Needs::Work => matches!(role, TokenRole::Admin | TokenRole::Agent),
                // An enrolment's has its own story below: ada is known already.
                Needs::Join => matches!(role, TokenRole::Admin | TokenRole::Agent),
                Needs::Govern => *role == TokenRole::Admin,
            };
            if may {
                assert!(!matches!(answer.status, 400 | 401 | 403), "{call} by {role:?}: {:?}", answer.body);
            } else {
                assert_eq!(answer.refused(), (403, "forbidden".to_owned()), "{call} by {role:?}");
                assert_eq!(answer.json()["detail"]["role"], role.as_str(), "{call}");
            }
        }
    }
}

#[tokio::test]
async fn an_agents_token_acts_for_that_agent_alone() {
    let guarded = Guarded::start().await;
    for (call, _, names) in CLASSES {
        for argument in *names {
            for other in ["bob", "supervisor", "nobody_yet"] {
                let mut arguments = sample(call);
                arguments[argument] = json!(other);
                let answer = guarded.call(&guarded.ada, call, &arguments).await;
                assert_eq!(answer.refused(), (403, "forbidden".to_owned()), "{call} with {argument} {other}");
                let detail = &answer.json()["detail"];
                assert_eq!(
                    (&detail["argument"], &detail["named"]),
                    (&json!(argument), &json!(other)),
                    "{call}"
                );
            }
        }
    }
    // Nor does a viewer give signs of life for anybody.
    let check = json!({ "files": ["a.rs"], "manus_id": "ada" });
    assert_eq!(guarded.call(&guarded.viewer, "check_files", &check).await.status, 403);
}

#[tokio::test]
async fn who_completes_a_task_goes_without_saying() {
    let guarded = Guarded::start().await;
    let create = json!({ "title": "One", "description": "" });
    guarded.call(&guarded.admin, "create_task", &create).await.ok();
    let assign = json!({ "task_id": "T1", "manus_id": "bob" });
    guarded.call(&guarded.admin, "assign_task", &assign).await.ok();
    let start = json!({ "task_id": "T1", "manus_id": "bob" });
    guarded.call(&guarded.admin, "start_task", &start).await.ok();
    // Without a name it would count as the assignee's own call; a token says whose call it is.
    let answer = guarded.call(&guarded.ada, "complete_task", &json!({ "task_id": "T1" })).await;
    assert_eq!(answer.refused(), (409, "task_not_assigned_to_you".to_owned()));
    guarded.call(&guarded.admin, "complete_task", &json!({ "task_id": "T1" })).await.ok();
}

#[tokio::test]
async fn whatever_is_not_a_call() {
    let guarded = Guarded::start().await;
    let looks = ["/", "/tasks", "/agents/ada", "/export/tasks.json", "/no/such/page"];
    for path in looks.into_iter().chain(["/api/v1/no_such_call", "/api", "/mcp"]) {
        let answer = guarded.send(None, Method::GET, path).await;
        assert_eq!(answer.status, 401, "{path}");
        assert!(!String::from_utf8_lossy(&answer.body).contains("ada"), "{path}");
    }
    for path in looks {
        let status = if path == "/no/such/page" { 404 } else { 200 };
        for token in [&guarded.admin, &guarded.ada, &guarded.viewer] {
            assert_eq!(guarded.send(Some(token), Method::GET, path).await.status, status, "{path}");
        }
        assert_eq!(guarded.send(Some(&guarded.enrolment), Method::GET, path).await.status, 403, "{path}");
    }
    let answer = guarded.send(Some(&guarded.enrolment), Method::GET, "/api/v1/events").await;
    assert_eq!(answer.status, 403);
    for path in ["/healthz", "/readyz", "/openapi.json"] {
        assert_eq!(guarded.send(None, Method::GET, path).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn what_is_no_token_lets_nobody_in() {
    let guarded = Guarded::start().await;
    let other = Guarded::start().await;
    let mut changed = guarded.admin.clone();
    let last = if changed.ends_with('0') { "1" } else { "0" };
    changed.replace_range(changed.len() - 1.., last);
    let session = guarded.admin.replacen("msk_", "mss_", 1);
    let long = "x".repeat(5_000);
    for bad in
        ["", "x", "msk_00000000_00000000000000000000000000000000", &changed, &other.admin, &session, &long]
    {
        let answer = guarded.call(bad, "list_manus", &json!({})).await;
        assert_eq!(answer.refused(), (401, "unauthenticated".to_owned()), "{bad:?}");
        assert!(!answer.json()["message"].as_str().unwrap().contains(&bad.to_owned()) || bad.len() < 2);
    }
}

#[tokio::test]
async fn what_is_revoked_is_cut_off_at_once() {
    let guarded = Guarded::start().await;
    let id = guarded.ada.split('_').nth(1).unwrap().to_owned();
    let mut waiting = guarded.project.caller().await.showing(&guarded.ada);
    let waiting = tokio::spawn(async move {
        waiting.call("next_task", &json!({ "manus_id": "ada", "wait_secs": 60 })).await
    });
    let stream = open_stream(&guarded.project, &guarded.ada).await;
    let watching = tokio::spawn(stream.collect());
    let revoked = guarded.call(&guarded.admin, "revoke_token", &json!({ "id": id })).await.ok();
    assert_eq!(revoked["revoked"][0]["id"], json!(id));
    let deadline = Duration::from_secs(30);
    let waited = tokio::time::timeout(deadline, waiting).await.unwrap().unwrap();
    assert_eq!(waited.refused(), (401, "unauthenticated".to_owned()));
    tokio::time::timeout(deadline, watching).await.unwrap().unwrap().unwrap();
    let after = guarded.call(&guarded.ada, "heartbeat", &json!({ "manus_id": "ada" })).await;
    assert_eq!(after.status, 401);
    assert!(after.json()["message"].as_str().unwrap().contains("revoked"), "{:?}", after.body);
    // Again: nothing else happens. And the others go on.
    guarded.call(&guarded.admin, "revoke_token", &json!({ "id": id })).await.ok();
    guarded.call(&guarded.viewer, "list_manus", &json!({})).await.ok();
    let unknown = guarded.call(&guarded.admin, "revoke_token", &json!({ "id": "zzzzzzzz" })).await;
    assert_eq!(unknown.refused(), (404, "token_not_found".to_owned()));
}

/// The body of an event stream that was opened with this token.
async fn open_stream(project: &Project, token: &str) -> hyper::body::Incoming {
    let request = Request::get("/api/v1/events").header(AUTHORIZATION, format!("Bearer {token}"));
    let request = request.body(Full::new(Bytes::new())).unwrap();
    let (status, mut body) = project.caller().await.open(request).await;
    assert_eq!(status, 200);
    // The greeting: from here on it is watching.
    body.frame().await.unwrap().unwrap();
    body
}

#[tokio::test]
async fn tokens_end_with_their_time() {
    let guarded = Guarded::start().await;
    let create = json!({ "role": "viewer", "expires_in_secs": 60 });
    let short = guarded.call(&guarded.admin, "create_token", &create).await.ok();
    let short = short["token"].as_str().unwrap();
    let watching = tokio::spawn(open_stream(&guarded.project, short).await.collect());
    guarded.call(short, "list_manus", &json!({})).await.ok();
    guarded.project.clock.advance(60_000);
    assert_eq!(guarded.call(short, "list_manus", &json!({})).await.status, 401);
    tokio::time::timeout(Duration::from_secs(30), watching).await.unwrap().unwrap().unwrap();
    for bad in [
        json!({ "role": "viewer", "expires_in_secs": 0 }),
        json!({ "role": "agent" }),
        json!({ "role": "agent", "manus_id": "supervisor" }),
        json!({ "role": "viewer", "manus_id": "ada" }),
        json!({ "role": "king" }),
    ] {
        let refused = guarded.call(&guarded.admin, "create_token", &bad).await.refused();
        assert_eq!(refused, (400, "invalid_argument".to_owned()), "{bad}");
    }
}

#[tokio::test]
async fn tokens_outlive_the_server_and_secrets_are_not_kept() {
    let guarded = Guarded::start().await;
    let id = guarded.viewer.split('_').nth(1).unwrap().to_owned();
    guarded.call(&guarded.admin, "revoke_token", &json!({ "id": id })).await.ok();
    let Guarded { project, admin, viewer, .. } = guarded;
    project.server.stop().await;
    for entry in std::fs::read_dir(project.folder.path().join(".manus-sync")).unwrap() {
        let path = entry.unwrap().path();
        let content = std::fs::read(&path).unwrap();
        for token in [&admin, &viewer] {
            let secret = token.rsplit('_').next().unwrap().as_bytes();
            assert!(!content.windows(secret.len()).any(|part| part == secret), "{}", path.display());
        }
    }
    let project = Project::start_asking(project.folder).await;
    let mut caller = project.caller().await.showing(&admin);
    assert_eq!(caller.call("list_manus", &json!({})).await.ok().as_array().unwrap().len(), 2);
    assert_eq!(project.caller().await.showing(&viewer).call("list_manus", &json!({})).await.status, 401);
    let all = caller.call("list_tokens", &json!({ "all": true })).await.ok();
    let live = caller.call("list_tokens", &json!({})).await.ok();
    // The fifth is the key of the project's folder.
    assert_eq!((all.as_array().unwrap().len(), live.as_array().unwrap().len()), (5, 4));
    assert!(!all.to_string().contains(admin.rsplit('_').next().unwrap()));
}

#[tokio::test]
async fn who_is_not_asked_needs_no_token() {
    let project = Project::with_agents(&["ada"]).await;
    let mut caller = project.caller().await.showing("msk_whatever");
    assert_eq!(caller.call("list_manus", &json!({})).await.ok().as_array().unwrap().len(), 1);
    assert!(!project.folder.path().join(".manus-sync/admin.key").exists());
    assert!(matches!(Principal::Anybody.may_look(), Ok(())));
    assert_eq!(Auth::default(), Auth::Auto);
}

#[tokio::test]
async fn tools_are_no_way_around() {
    let guarded = Guarded::start().await;
    let tool = async |token: &str, name: &str, arguments: Value| {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call",
            "params": { "name": name, "arguments": arguments, "_meta": {
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientInfo": { "name": "test", "version": "1" },
                "io.modelcontextprotocol/clientCapabilities": {} } } });
        let request = Request::post("/mcp")
            .header("accept", "application/json, text/event-stream")
            .header("content-type", "application/json")
            .header("mcp-protocol-version", "2026-07-28")
            .header("mcp-method", "tools/call")
            .header("mcp-name", name)
            .header(AUTHORIZATION, format!("Bearer {token}"))
            .body(Full::from(body.to_string()))
            .unwrap();
        guarded.project.caller().await.send(request).await.unwrap()
    };
    let claim = |name: &str| json!({ "manus_id": name, "files": ["a.rs"] });
    let denied = tool(&guarded.ada, "claim", claim("bob")).await;
    let said = String::from_utf8_lossy(&denied.body).into_owned();
    assert!(said.contains("acts for ada alone"), "{} {said}", denied.status);
    let denied = tool(&guarded.viewer, "claim", claim("ada")).await;
    let said = String::from_utf8_lossy(&denied.body).into_owned();
    assert!(said.contains("only looks"), "{} {said}", denied.status);
    let done = tool(&guarded.ada, "claim", claim("ada")).await;
    let said = String::from_utf8_lossy(&done.body).into_owned();
    assert!(said.contains("fencing_token"), "{} {said}", done.status);
    assert_eq!(tool("msk_x", "status", json!({})).await.status, 401);
}

#[tokio::test]
async fn whoever_asks_too_often_is_told_when_to_come_back() {
    let guarded = Guarded::start().await;
    // Wrong tokens first: some are refused as such, the next ones not even that; right ones go on.
    let mut wrong = guarded.project.caller().await.showing("msk_x");
    let mut codes = Vec::new();
    for _ in 0..30 {
        codes.push(wrong.call("list_manus", &json!({})).await.refused());
    }
    let limited = (429, "rate_limited".to_owned());
    assert!(codes[..20].iter().all(|code| code.0 == 401) && codes[29] == limited, "{codes:?}");
    let answer = wrong.call("list_manus", &json!({})).await;
    let secs: u64 = answer.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=3).contains(&secs), "{secs}");
    guarded.call(&guarded.ada, "list_manus", &json!({})).await.ok();
    // As fast as a second's worth twice over comes out of one connection, and nobody else is the worse for it.
    let mut busy = guarded.project.caller().await.showing(&guarded.viewer);
    let mut limited_at = None;
    for n in 0..20_000 {
        let answer = busy.call("list_manus", &json!({})).await;
        if answer.status != 200 {
            assert_eq!(answer.refused(), limited);
            limited_at = Some(n);
            break;
        }
    }
    assert!(limited_at.is_some_and(|n| n >= 1_000), "{limited_at:?}");
    guarded.call(&guarded.ada, "list_manus", &json!({})).await.ok();
}

/// Everything that a caller can be told stands in the description.
#[test]
fn the_description_names_the_scheme() {
    let document = server::reference::document();
    assert_eq!(document["components"]["securitySchemes"]["token"]["scheme"], "bearer");
    for call in app::api::NAMES {
        let responses = &document["paths"][format!("/api/v1/{call}")]["post"]["responses"];
        assert_eq!(responses["401"]["description"], "unauthenticated", "{call}");
    }
}
