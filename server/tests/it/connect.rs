//! Connecting programs: settings that are written, shown, proven and taken back.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::binary::{Binary, run};
use crate::hooks::{ADA, BOB, Session};

fn connect(folder: &Path, arguments: &[&str]) -> String {
    let all: Vec<&str> = ["connect"].iter().chain(arguments).copied().collect();
    let output = run(folder, &all);
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

fn read(folder: &Path, file: &str) -> Value {
    serde_json::from_slice(&fs::read(folder.join(file)).unwrap()).unwrap()
}

/// Settings as somebody wrote them, with tabs and an order of their own.
const SETTINGS: &str = "{\n\t\"permissions\": { \"allow\": [\"Bash(ls:*)\"] },\n\t\"hooks\": {\n\t\t\"PreToolUse\": [\n\t\t\t{ \"matcher\": \"Bash\", \"hooks\": [{ \"type\": \"command\", \"command\": \"./check.sh\" }] }\n\t\t]\n\t},\n\t\"model\": \"opus\"\n}\n";

#[tokio::test]
async fn claude_code_is_connected_proven_and_disconnected() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let server = Binary::serve(root);
    fs::create_dir(root.join(".claude")).unwrap();
    fs::write(root.join(".claude/settings.json"), SETTINGS).unwrap();

    let shown = connect(root, &["claude-code", "--dry-run"]);
    assert!(
        shown.contains(".mcp.json (new)") && shown.contains("+ ") && shown.contains("Nothing was changed"),
        "{shown}"
    );
    assert!(!root.join(".mcp.json").exists());
    assert_eq!(fs::read_to_string(root.join(".claude/settings.json")).unwrap(), SETTINGS);

    let said = connect(root, &["claude-code"]);
    assert!(said.contains("proof.txt is held by claude-d015044725") && said.contains(&server.url), "{said}");
    let settings = read(root, ".claude/settings.json");
    assert_eq!(settings["hooks"]["PreToolUse"][0]["hooks"][0]["command"], "./check.sh");
    let ours = &settings["hooks"]["PreToolUse"][1];
    assert_eq!(ours["matcher"], "Edit|Write|MultiEdit|NotebookEdit");
    assert!(ours["hooks"][0]["command"].as_str().unwrap().ends_with("manus-sync hook PreToolUse"));
    for event in ["SessionStart", "UserPromptSubmit", "PostToolUse", "Stop", "SessionEnd"] {
        assert_eq!(settings["hooks"][event].as_array().unwrap().len(), 1, "{event}");
    }
    let text = fs::read_to_string(root.join(".claude/settings.json")).unwrap();
    assert!(
        text.starts_with("{\n\t\"permissions\": { \"allow\": [\"Bash(ls:*)\"] },\n\t\"hooks\"")
            && text.contains("},\n\t\"model\": \"opus\"\n}\n"),
        "{text}"
    );
    assert_eq!(read(root, ".mcp.json")["mcpServers"]["manus-sync"]["args"], json!(["mcp"]));
    assert!(connect(root, &["claude-code"]).contains("All of it is there already"));

    let shown = connect(root, &["claude-code", "--undo"]);
    assert!(shown.contains(".mcp.json (goes)") && shown.contains("- "), "{shown}");
    assert_eq!(fs::read_to_string(root.join(".claude/settings.json")).unwrap(), SETTINGS);
    assert!(!root.join(".mcp.json").exists());
    assert!(connect(root, &["claude-code", "--undo"]).contains("nothing to take back"));
}

#[tokio::test]
async fn undoing_keeps_what_was_changed_since() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    connect(root, &["claude-code", "--local"]);
    assert!(
        root.join(".claude/settings.local.json").exists() && !root.join(".claude/settings.json").exists()
    );
    let file = root.join(".mcp.json");
    let with = fs::read_to_string(&file).unwrap().replacen("{\n", "{\n  \"other\": 1,\n", 1);
    fs::write(&file, with).unwrap();
    connect(root, &["claude-code", "--local", "--undo"]);
    assert_eq!(read(root, ".mcp.json"), json!({ "other": 1 }));
    assert!(!root.join(".claude").exists(), "made for it, gone with it");
}

#[tokio::test]
async fn settings_that_cannot_be_read_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::create_dir(root.join(".claude")).unwrap();
    for broken in ["{ \"hooks\": ", "{\"hooks\": 7}", "[]"] {
        fs::write(root.join(".claude/settings.json"), broken).unwrap();
        let output = run(root, &["connect", "claude-code"]);
        assert_eq!(output.status.code(), Some(1));
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("settings.json cannot be edited, and nothing was changed"), "{said}");
        assert_eq!(fs::read_to_string(root.join(".claude/settings.json")).unwrap(), broken);
        assert!(!root.join(".mcp.json").exists());
    }
}

#[tokio::test]
async fn codex_cursor_and_any_other() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let server = Binary::serve(root);
    fs::write(root.join("AGENTS.md"), "# House rules\n").unwrap();
    fs::create_dir(root.join(".codex")).unwrap();
    fs::write(root.join(".codex/config.toml"), "model = \"o\" # mine\n").unwrap();
    for (client, holder) in
        [("codex", "codex-d015044725"), ("cursor", "cursor-d015044725"), ("generic", "proof-one")]
    {
        let said = connect(root, &[client]);
        assert!(said.contains(&format!("proof.txt is held by {holder}")), "{client}: {said}");
        let agents = fs::read_to_string(root.join("AGENTS.md")).unwrap();
        assert!(
            agents.starts_with("# House rules\n\n<!-- manus-sync: begin -->")
                && agents.contains("manus-sync task next")
        );
    }
    let codex = fs::read_to_string(root.join(".codex/config.toml")).unwrap();
    assert!(
        codex.starts_with("model = \"o\" # mine\n") && codex.contains("[mcp_servers.manus-sync]"),
        "{codex}"
    );
    assert_eq!(read(root, ".cursor/hooks.json")["version"], 1);
    assert!(read(root, ".cursor/mcp.json")["mcpServers"]["manus-sync"]["command"].is_string());
    let said = connect(root, &["cursor", "--http"]);
    assert!(said.contains(&format!("{}/mcp", server.url)), "{said}");
    for client in ["generic", "cursor", "codex"] {
        connect(root, &[client, "--undo"]);
    }
    assert_eq!(fs::read_to_string(root.join(".codex/config.toml")).unwrap(), "model = \"o\" # mine\n");
    assert_eq!(fs::read_to_string(root.join("AGENTS.md")).unwrap(), "# House rules\n");
    assert!(!root.join(".cursor").exists() && !root.join(".codex/hooks.json").exists());
}

#[tokio::test]
async fn the_written_hooks_work_from_any_folder() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let _server = Binary::serve(root);
    connect(root, &["claude-code"]);
    let deep = root.join("src/deep");
    fs::create_dir_all(&deep).unwrap();
    // The agent has gone into a folder, and then out of the project.
    assert_eq!(Session::new(&deep, ADA).edit("x.rs"), None);
    let elsewhere = tempfile::tempdir().unwrap();
    let mut bob = Session::new(elsewhere.path(), BOB);
    bob.env.push(("CLAUDE_PROJECT_DIR", root.display().to_string()));
    let input = json!({ "file_path": deep.join("x.rs"), "content": "" });
    let said = bob.event("PreToolUse", json!({ "tool_name": "Write", "tool_input": input }));
    assert!(crate::hooks::denied(&said).unwrap().contains("src/deep/x.rs is held by claude-3aa25e3bfe"));
}
