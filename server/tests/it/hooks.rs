//! What coding agents' hooks get to hear: real payloads to the real program, beside a real server.

use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::binary::{Binary, command};
use crate::project::{Caller, Project};

/// Two sessions, as Claude Code names them.
pub const ADA: &str = "1a2b3c4d-0000-4000-8000-000000000001";
pub const BOB: &str = "5e6f7a8b-0000-4000-8000-000000000002";

/// A session in a folder, with its environment.
pub struct Session<'a> {
    pub folder: &'a Path,
    pub id: &'a str,
    pub env: Vec<(&'a str, String)>,
}

impl<'a> Session<'a> {
    pub fn new(folder: &'a Path, id: &'a str) -> Self {
        Self { folder, id, env: Vec::new() }
    }

    /// Runs a hook to its end: exit code, what it answered, what it said besides.
    pub fn run(&self, event: &str, input: &str, more: &[&str]) -> (i32, Value, String) {
        let arguments: Vec<&str> = ["hook", event].iter().chain(more).copied().collect();
        let mut command = command(self.folder, &arguments);
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        command.env_remove("CLAUDE_PROJECT_DIR").env_remove("CLAUDE_ENV_FILE");
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let said = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
        (output.status.code().unwrap(), said, String::from_utf8(output.stderr).unwrap())
    }

    /// An event with the fields that all have, and these.
    pub fn event(&self, event: &str, more: Value) -> Value {
        let mut payload = json!({
            "session_id": self.id,
            "transcript_path": "/home/ada/.claude/projects/shop/transcript.jsonl",
            "cwd": self.folder,
            "permission_mode": "default",
            "hook_event_name": event,
        });
        payload.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let (code, said, complaint) = self.run(event, &payload.to_string(), &[]);
        assert_eq!((code, complaint.as_str()), (0, ""), "{said}");
        said
    }

    pub fn start(&self) -> String {
        let said = self.event("SessionStart", json!({ "source": "startup", "model": "claude-opus" }));
        assert_eq!(said["hookSpecificOutput"]["hookEventName"], "SessionStart");
        said["hookSpecificOutput"]["additionalContext"].as_str().unwrap().to_owned()
    }

    /// Before an edit; why it is denied, if it is.
    pub fn edit(&self, file: &str) -> Option<String> {
        let input = json!({ "file_path": self.folder.join(file), "old_string": "a", "new_string": "b" });
        let said = self.event(
            "PreToolUse",
            json!({ "tool_name": "Edit", "tool_input": input, "tool_use_id": "toolu_1" }),
        );
        denied(&said)
    }

    pub fn stop(&self) {
        assert_eq!(self.event("Stop", json!({ "stop_hook_active": false })), Value::Null);
    }
}

/// Nothing, or a denial in Claude Code's words.
pub fn denied(said: &Value) -> Option<String> {
    if said.is_null() {
        return None;
    }
    let output = &said["hookSpecificOutput"];
    assert_eq!(
        (&output["hookEventName"], &output["permissionDecision"]),
        (&json!("PreToolUse"), &json!("deny")),
        "{said}"
    );
    Some(output["permissionDecisionReason"].as_str().unwrap().to_owned())
}

async fn call(server: &Binary, name: &str, arguments: Value) -> Value {
    Caller::connect(server.authority()).await.call(name, &arguments).await.ok()
}

pub async fn holder(server: &Binary, file: &str) -> Value {
    call(server, "check_files", json!({ "files": [file] })).await["files"][0]["lock"]["locked_by"].clone()
}

#[tokio::test]
async fn a_session_claims_what_it_edits_until_its_turn_ends() {
    let folder = tempfile::tempdir().unwrap();
    let server = Binary::serve(folder.path());
    let (ada, bob) = (Session::new(folder.path(), ADA), Session::new(folder.path(), BOB));
    let board = ada.start();
    assert!(
        board.contains("You are claude-3aa25e3bfe") && board.contains("No other agent is here"),
        "{board}"
    );
    assert!(bob.start().contains("- claude-3aa25e3bfe (SPEED_DEVELOPER): idle"));

    assert_eq!(ada.edit("src/a b.rs"), None);
    assert_eq!(ada.edit("src/a b.rs"), None, "again is no conflict with oneself");
    let why = bob.edit("src/a b.rs").unwrap();
    assert!(
        why.starts_with(
            "src/a b.rs is held by claude-3aa25e3bfe (being edited), until claude-3aa25e3bfe gives it back"
        ),
        "{why}"
    );
    assert_eq!(bob.edit("src/b.rs"), None);

    ada.stop();
    assert_eq!(holder(&server, "src/a b.rs").await, Value::Null);
    assert_eq!(bob.edit("src/a b.rs"), None);

    assert_eq!(bob.event("SessionEnd", json!({ "reason": "prompt_input_exit" })), Value::Null);
    assert_eq!(holder(&server, "src/b.rs").await, Value::Null);
    let agent = call(&server, "get_manus", json!({ "manus_id": "claude-32b66b37ae" })).await;
    assert_eq!(
        (&agent["status"], &agent["program"], &agent["model"]),
        (&json!("INACTIVE"), &json!("claude-code"), &json!("claude-opus"))
    );
}

/// Ids that count time begin alike within a minute, others end alike.
#[tokio::test]
async fn sessions_with_like_ids_are_different_agents() {
    let folder = tempfile::tempdir().unwrap();
    let server = Binary::serve(folder.path());
    let ids = [
        "0199a213-81c0-7000-8000-00000000000a",
        "0199a213-9f1e-7000-8000-00000000000a",
        "0199a213-c07d-7000-8000-00000000000a",
    ];
    let sessions = ids.map(|id| Session::new(folder.path(), id));
    sessions.iter().for_each(|session| drop(session.start()));
    let edits: Vec<bool> = sessions.iter().map(|session| session.edit("shared.rs").is_none()).collect();
    assert_eq!(edits, [true, false, false]);
    assert_eq!(sessions[2].event("SessionEnd", json!({ "reason": "clear" })), Value::Null);
    let agents = call(&server, "list_manus", json!({})).await;
    let here = |manus: &&Value| manus["status"] != "INACTIVE";
    assert_eq!(agents.as_array().unwrap().iter().filter(here).count(), 2, "{agents}");
    assert!(holder(&server, "shared.rs").await.is_string());
}

#[tokio::test]
async fn what_a_task_or_a_claim_holds_outlives_the_turn() {
    let folder = tempfile::tempdir().unwrap();
    let server = Binary::serve(folder.path());
    let ada = Session::new(folder.path(), ADA);
    ada.start();
    let manus_id = "claude-3aa25e3bfe";
    let task = json!({ "title": "Parse", "description": "", "files_involved": ["src/task.rs"] });
    call(&server, "create_task", task).await;
    call(&server, "next_task", json!({ "manus_id": manus_id })).await;
    call(&server, "claim_files", json!({ "manus_id": manus_id, "files": ["docs/"], "reason": "the guide" }))
        .await;
    for file in ["src/task.rs", "docs/guide.md", "src/edit.rs"] {
        assert_eq!(ada.edit(file), None);
    }
    ada.stop();
    let agent = call(&server, "get_manus", json!({ "manus_id": manus_id })).await;
    assert_eq!(agent["files_claimed"], json!(["docs/", "src/task.rs"]));
    let board = ada.start();
    assert!(board.contains("Yours: T1 Parse (IN_PROGRESS)"), "{board}");
}

#[tokio::test]
async fn every_tool_that_writes_is_watched_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let server = Binary::serve(folder.path());
    call(&server, "register_manus", json!({ "manus_id": "eve", "role": "COORDINATOR", "capabilities": [] }))
        .await;
    call(&server, "claim_files", json!({ "manus_id": "eve", "files": ["held/", "held.ipynb"] })).await;
    let ada = Session::new(folder.path(), ADA);
    let before = |tool: &str, input: Value| {
        denied(&ada.event("PreToolUse", json!({ "tool_name": tool, "tool_input": input })))
    };
    // Sessions that never said hello are introduced by their first edit.
    for (tool, key, file) in [
        ("Write", "file_path", "held/new.rs"),
        ("MultiEdit", "file_path", "held/a.rs"),
        ("NotebookEdit", "notebook_path", "held.ipynb"),
    ] {
        assert!(
            before(tool, json!({ key: folder.path().join(file) })).unwrap().contains("held by eve"),
            "{tool}"
        );
    }
    assert_eq!(before("Read", json!({ "file_path": folder.path().join("held/a.rs") })), None);
    assert_eq!(before("Bash", json!({ "command": "ls held" })), None);
    // Relative to where the agent is, and somewhere else altogether.
    assert!(before("Write", json!({ "file_path": "held/../held/x" })).is_some());
    assert_eq!(before("Write", json!({ "file_path": "/somewhere/else.txt" })), None);
}

#[tokio::test]
async fn codex_and_cursor_are_answered_in_their_words() {
    let folder = tempfile::tempdir().unwrap();
    let server = Binary::serve(folder.path());
    call(&server, "register_manus", json!({ "manus_id": "eve", "role": "COORDINATOR", "capabilities": [] }))
        .await;
    call(&server, "claim_files", json!({ "manus_id": "eve", "files": ["src/b.rs"] })).await;
    let session = Session::new(folder.path(), ADA);
    let patch =
        "*** Begin Patch\n*** Update File: src/a.rs\n@@\n-a\n+b\n*** Add File: src/b.rs\n+x\n*** End Patch\n";
    let codex = json!({ "session_id": ADA, "cwd": folder.path(), "tool_name": "apply_patch", "tool_input": { "command": patch } });
    let (code, said, _) = session.run("PreToolUse", &codex.to_string(), &["--for", "codex"]);
    assert_eq!(code, 0);
    assert!(denied(&said).unwrap().starts_with("src/b.rs is held by eve"));
    assert_eq!(holder(&server, "src/a.rs").await, Value::Null, "all or nothing");
    let cursor = json!({
        "conversation_id": BOB, "workspace_roots": [folder.path()], "tool_name": "Write",
        "tool_input": { "file_path": folder.path().join("src/b.rs") },
    });
    let (_, said, _) = session.run("preToolUse", &cursor.to_string(), &["--for", "cursor"]);
    assert_eq!(said["permission"], "deny");
    assert!(said["agent_message"].as_str().unwrap().contains("held by eve"));
    assert_eq!(
        call(&server, "list_manus", json!({})).await.as_array().unwrap().len(),
        3,
        "codex-…, cursor-… and eve"
    );
}

#[tokio::test]
async fn without_a_server_work_goes_on_with_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let mut ada = Session::new(folder.path(), ADA);
    let edit = json!({ "tool_name": "Write", "tool_input": { "file_path": folder.path().join("a.rs") } });
    let said = ada.event("PreToolUse", edit.clone());
    assert!(said["systemMessage"].as_str().unwrap().contains("manus-sync serve"), "{said}");
    assert!(said.get("hookSpecificOutput").is_none());
    assert_eq!(ada.event("PostToolUse", json!({ "tool_name": "Read" })), Value::Null, "once is enough");
    assert_eq!(ada.event("SessionEnd", json!({ "reason": "clear" })), Value::Null);
    // One that was killed left its address behind.
    let server = Binary::serve(folder.path());
    server.kill();
    let said = ada.event("PreToolUse", edit.clone());
    assert!(said["systemMessage"].as_str().unwrap().contains("no server answers"), "{said}");
    // Refused instead, where that was asked for: by the environment, or by the project's file.
    ada.env.push(("MANUS_SYNC_FAIL_CLOSED", "1".to_owned()));
    let why = denied(&ada.event("PreToolUse", edit.clone())).unwrap();
    assert!(why.contains("no server answers") && why.contains("fail-closed"), "{why}");
    ada.env.clear();
    std::fs::write(folder.path().join(".manus-sync/config.toml"), "[hooks]\nfail-closed = true\n").unwrap();
    assert!(denied(&ada.event("PreToolUse", edit)).is_some());
    assert!(ada.event("SessionStart", json!({ "source": "startup" }))["systemMessage"].is_string());
}

#[tokio::test]
async fn a_broken_event_never_stops_a_session() {
    let folder = tempfile::tempdir().unwrap();
    let ada = Session::new(folder.path(), ADA);
    for input in ["", "no json", "[]", "\"text\""] {
        let (code, said, complaint) = ada.run("PreToolUse", input, &[]);
        // 2 would block the tool.
        assert_eq!((code, said), (1, Value::Null), "{input:?}");
        assert!(complaint.contains("what came on stdin is no event"), "{complaint}");
    }
    // Unless edits are refused that nobody watches over.
    let mut careful = Session::new(folder.path(), BOB);
    careful.env.push(("MANUS_SYNC_FAIL_CLOSED", "1".to_owned()));
    let (code, said, _) = careful.run("PreToolUse", "{\"session_id\": 5}", &[]);
    assert!(code == 0 && denied(&said).unwrap().contains("is no event"), "{said}");
    assert_eq!(careful.run("PostToolUse", "no json", &[]).0, 1);
}

#[tokio::test]
async fn what_comes_after_the_end_begins_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let server = Binary::serve(folder.path());
    let ada = Session::new(folder.path(), ADA);
    ada.start();
    ada.event("SessionEnd", json!({ "reason": "clear" }));
    assert_eq!(ada.event("Notification", json!({ "message": "idle" })), Value::Null);
    let agent = call(&server, "get_manus", json!({ "manus_id": "claude-3aa25e3bfe" })).await;
    assert_eq!(agent["status"], "INACTIVE");
}

#[tokio::test]
async fn a_name_that_a_person_gave_is_one_sessions_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let server = Binary::serve(folder.path());
    let shell = folder.path().join("env.sh");
    let named = |id| Session {
        env: vec![
            ("MANUS_ID", "ada".to_owned()),
            ("MANUS_ROLE", "QUALITY_ENHANCER".to_owned()),
            ("MANUS_CAPABILITIES", "rust, sql".to_owned()),
        ],
        ..Session::new(folder.path(), id)
    };
    let mut first = named(ADA);
    first.env.push(("CLAUDE_ENV_FILE", shell.display().to_string()));
    assert!(first.start().contains("You are ada."));
    assert_eq!(std::fs::read_to_string(&shell).unwrap(), "export MANUS_ID='ada'\n");
    let agent = call(&server, "get_manus", json!({ "manus_id": "ada" })).await;
    assert_eq!(
        (&agent["role"], &agent["capabilities"]),
        (&json!("QUALITY_ENHANCER"), &json!(["rust", "sql"]))
    );
    let second = named(BOB);
    assert!(second.start().contains("You are ada-32b66b37ae."));
    assert_eq!(first.edit("a.rs"), None);
    assert!(second.edit("a.rs").unwrap().contains("held by ada "), "two sessions of one name are two agents");
    // Coming back is no conflict with oneself; and the name is free when its session is over.
    assert!(first.start().contains("You are ada."));
    first.event("SessionEnd", json!({ "reason": "logout" }));
    assert!(named("99999999-0000").start().contains("You are ada."));
}

#[tokio::test]
async fn after_a_tool_progress_is_reported_and_news_told_once() {
    let folder = tempfile::tempdir().unwrap();
    let server = Binary::serve(folder.path());
    let ada = Session::new(folder.path(), ADA);
    ada.start();
    let todos = json!({ "todos": [{ "content": "a", "status": "completed" }, { "content": "b", "status": "pending" }] });
    assert_eq!(
        ada.event(
            "PostToolUse",
            json!({ "tool_name": "TodoWrite", "tool_input": todos, "tool_response": {} })
        ),
        Value::Null
    );
    assert_eq!(call(&server, "get_manus", json!({ "manus_id": "claude-3aa25e3bfe" })).await["progress"], 50);
    let hello = json!({ "from_manus": "supervisor", "to_manus": "claude-3aa25e3bfe", "message_type": "NOTE", "content": "Mind the tests" });
    call(&server, "send_message", hello).await;
    let read = json!({ "tool_name": "Read", "tool_input": { "file_path": "/x" }, "tool_response": {} });
    let said = ada.event("PostToolUse", read.clone());
    let told = said["hookSpecificOutput"]["additionalContext"].as_str().unwrap();
    assert!(told.contains("#1 from supervisor, NOTE: Mind the tests"), "{told}");
    assert_eq!(said["hookSpecificOutput"]["hookEventName"], "PostToolUse");
    assert_eq!(ada.event("PostToolUse", read), Value::Null, "told once");
    let unread =
        call(&server, "get_messages", json!({ "manus_id": "claude-3aa25e3bfe", "peek": true })).await;
    assert_eq!(unread.as_array().unwrap().len(), 1, "telling is not taking");
    assert_eq!(ada.event("UserPromptSubmit", json!({ "prompt": "go on" })), Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_was_lost_claims_anew() {
    let project = Project::start().await;
    let folder = project.folder.path().to_owned();
    let edit = |id: &'static str| {
        let folder = folder.clone();
        tokio::task::spawn_blocking(move || Session::new(&folder, id).edit("a.rs"))
    };
    assert_eq!(edit(ADA).await.unwrap(), None);
    // Lost, and within the delay: hers still, but not for long.
    project.clock.advance(121_000);
    project.lost("claude-3aa25e3bfe").await;
    assert!(edit(BOB).await.unwrap().unwrap().contains("for at most 15 s more"));
    assert_eq!(edit(ADA).await.unwrap(), None);
    project.clock.advance(16_000);
    assert!(edit(BOB).await.unwrap().is_some(), "an edit brought her back, and the file with her");
    project.clock.advance(140_000);
    project.lost("claude-3aa25e3bfe").await;
    project.clock.advance(16_000);
    project.free("a.rs").await;
    assert_eq!(edit(BOB).await.unwrap(), None);
    assert!(edit(ADA).await.unwrap().unwrap().contains("held by claude-32b66b37ae"));
}

impl Project {
    /// Waits until an agent counts as lost.
    async fn lost(&self, manus_id: &str) {
        self.until("get_manus", json!({ "manus_id": manus_id }), |agent| agent["status"] == "LOST").await;
    }

    /// Waits until nobody holds a file.
    async fn free(&self, file: &str) {
        self.until("check_files", json!({ "files": [file] }), |checked| {
            checked["files"][0]["lock"].is_null()
        })
        .await;
    }

    async fn until(&self, name: &str, arguments: Value, so: impl Fn(&Value) -> bool) {
        let patience = std::time::Instant::now() + std::time::Duration::from_secs(20);
        while !so(&self.call(name, &arguments).await.ok()) {
            assert!(std::time::Instant::now() < patience, "{name} {arguments} never came so");
            tokio::task::yield_now().await;
        }
    }
}
