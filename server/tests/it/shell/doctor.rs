//! `manus-sync doctor`: finds nothing where nothing is wrong, and what was planted where something is.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::{Shell, command, text};
use crate::binary::Binary;
use crate::project::Project;

/// What the doctor says in a folder, and its code.
fn examined(folder: &Path, arguments: &str) -> (Option<i32>, Value) {
    let line = format!("manus-sync doctor --json {arguments}");
    let output = tokio::task::block_in_place(|| command(folder, &line).output().unwrap());
    let said = text(output.stdout);
    let report =
        serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said} {}", text(output.stderr)));
    (output.status.code(), report)
}

fn verdict<'a>(report: &'a Value, check: &str) -> &'a Value {
    let findings = report["findings"].as_array().unwrap();
    findings
        .iter()
        .rfind(|finding| finding["check"] == check)
        .unwrap_or_else(|| panic!("no {check} in {report:#}"))
}

/// A project with something in it, served with the machine's own clock and let go of again.
async fn project() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let project = Project::start_with(folder, |hub| {
        hub.clock = std::sync::Arc::new(hub::SystemClock::default());
    })
    .await;
    let ada = json!({ "manus_id": "ada", "role": "COORDINATOR", "capabilities": [] });
    project.call("register_manus", &ada).await.ok();
    project.call("create_task", &json!({ "title": "One", "description": "" })).await.ok();
    project.call("claim_files", &json!({ "manus_id": "ada", "files": ["a.rs"] })).await.ok();
    let Project { folder, server, .. } = project;
    server.stop().await;
    folder
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sound_project() {
    let folder = project().await;
    let server = tokio::task::block_in_place(|| Binary::serve(folder.path()));
    let (code, report) = examined(folder.path(), "");
    assert_eq!((code, &report["ok"]), (Some(0), &json!(true)), "{report:#}");
    for check in
        ["server", "version", "clock", "storage", "promises", "database", "schema", "disk", "wal", "conflict"]
    {
        assert_eq!(verdict(&report, check)["verdict"], "good", "{report:#}");
    }
    for check in ["hooks", "guard"] {
        assert_eq!(verdict(&report, check)["verdict"], "hint", "{report:#}");
    }
    // In words it says the same, and nothing is left lying around.
    let said = command(folder.path(), "manus-sync doctor").output().unwrap();
    let said = text(said.stdout);
    assert!(said.contains("ok     conflict: ") && said.ends_with("All is well.\n"), "{said}");
    let left: Vec<String> = fs::read_dir(folder.path().join(".manus-sync"))
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("doctor"))
        .collect();
    assert_eq!(left, [""; 0]);
    server.kill();
    // Without a server the rest is looked at all the same.
    let (code, report) = examined(folder.path(), "");
    assert_eq!((code, &verdict(&report, "server")["verdict"]), (Some(0), &json!("hint")), "{report:#}");
    assert_eq!(verdict(&report, "database")["verdict"], "good");
}

#[tokio::test(flavor = "multi_thread")]
async fn hooks_and_guards_are_seen() {
    let folder = project().await;
    let git = |arguments: &[&str]| {
        assert!(
            Command::new("git").current_dir(folder.path()).args(arguments).output().unwrap().status.success()
        );
    };
    git(&["init", "--quiet"]);
    git(&["config", "core.hooksPath", "hooks of ours"]);
    fs::create_dir_all(folder.path().join("hooks of ours")).unwrap();
    for hook in ["pre-commit", "pre-push"] {
        let (_, report) = examined(folder.path(), "");
        assert_eq!(verdict(&report, "guard")["verdict"], "hint");
        fs::write(folder.path().join("hooks of ours").join(hook), "exec manus-sync guard check\n").unwrap();
    }
    fs::create_dir(folder.path().join(".claude")).unwrap();
    fs::write(folder.path().join(".claude/settings.json"), r#"{"hooks": "manus-sync hook"}"#).unwrap();
    let (_, report) = examined(folder.path(), "");
    assert_eq!(verdict(&report, "guard")["verdict"], "good");
    assert_eq!(verdict(&report, "hooks")["verdict"], "good");
}

/// What is wrong is named, and the code is 1.
fn check_wrong(folder: &Path, check: &str, words: &str) {
    let (code, report) = examined(folder, "");
    assert_eq!((code, &report["ok"]), (Some(1), &json!(false)), "{report:#}");
    let found = verdict(&report, check);
    assert_eq!(found["verdict"], "wrong", "{report:#}");
    assert!(found["message"].as_str().unwrap().contains(words), "{found}");
    assert!(found["advice"].as_str().unwrap().len() > 10, "{found}");
}

/// A statement behind the engine's back, by another program.
fn change(folder: &Path, sql: &str) {
    let python = "import sqlite3, sys; d = sqlite3.connect(sys.argv[1]); d.execute(sys.argv[2]); d.commit(); d.close()";
    let database = folder.join(".manus-sync/sync_engine.db");
    let done = Command::new("python3").args(["-c", python]).arg(database).arg(sql).status().unwrap();
    assert!(done.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_was_changed_by_hand() {
    let folder = project().await;
    let twice = "insert into file_locks select fencing_token + 1, file_path, locked_by, locked_at_ms, lock_reason, mode, \
                 expires_at_ms, task_id from file_locks";
    change(folder.path(), twice);
    check_wrong(folder.path(), "database", "two exclusive holders of a.rs");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_file() {
    let folder = project().await;
    let database = folder.path().join(".manus-sync/sync_engine.db");
    let mut bytes = fs::read(&database).unwrap();
    bytes.iter_mut().skip(8_192).take(4_096).for_each(|byte| *byte = 0x5a);
    fs::write(&database, bytes).unwrap();
    check_wrong(folder.path(), "database", "the database is damaged");
    let backup = command(folder.path(), "manus-sync backup copy.db").output().unwrap();
    assert_eq!(backup.status.code(), Some(1), "{}", text(backup.stderr));
    assert!(!folder.path().join("copy.db").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_was_put_back() {
    let folder = project().await;
    change(
        folder.path(),
        "update events set at_ms = at_ms + 7200000 where seq = (select max(seq) from events)",
    );
    check_wrong(folder.path(), "clock", "the newest event is 1 hour in the future");
}

/// The test's server has a clock that stands still in another year.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_with_another_clock() {
    let shell = Shell::of(Project::with_agents(&["ada"]).await);
    let report = shell.run("manus-sync doctor --json");
    assert_eq!(report.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&report.stdout).unwrap();
    let clocks: Vec<&Value> =
        report["findings"].as_array().unwrap().iter().filter(|finding| finding["check"] == "clock").collect();
    assert!(clocks[0]["message"].as_str().unwrap().contains("the server's clock is"), "{clocks:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn chaos() {
    let folder = tempfile::tempdir().unwrap();
    let line = "manus-sync doctor --chaos 12 --operations 1500 --json";
    let output = tokio::task::block_in_place(|| command(folder.path(), line).output().unwrap());
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (output.status.code(), &report["ok"]),
        (Some(0), &json!(true)),
        "{report:#} {}",
        text(output.stderr)
    );
    for kind in ["races", "lost", "doubled", "errors", "problems"] {
        assert_eq!(report[kind], json!([]), "{kind}");
    }
    // It was really tried: files were wanted by several, the server was gone for a while, and much was looked for again.
    assert!(report["refusals"]["file_locked"].as_u64().unwrap() > 50, "{report:#}");
    assert!(
        report["restart_ms"].as_u64().unwrap() > 0 && report["looked_for"].as_u64().unwrap() > 300,
        "{report:#}"
    );
    let times = &report["latency"]["claim_files"];
    assert!(times["p50_ms"].as_f64().unwrap() <= times["p99_ms"].as_f64().unwrap(), "{times}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "chaos stays in its own folder");
    let said =
        command(folder.path(), "manus-sync doctor --chaos 2 --operations 40 --seed 7").output().unwrap();
    let said = text(said.stdout);
    assert!(said.contains("2 agents made 40 calls") && said.contains("races: 0\n"), "{said}");
}
