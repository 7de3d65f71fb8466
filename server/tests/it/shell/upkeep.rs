//! Exports and completions.

use expect_test::expect;
use serde_json::{Value, json};

use super::{Shell, command, text};
use crate::binary::Binary;
use crate::project::Project;

#[tokio::test(flavor = "multi_thread")]
async fn an_export_has_everything() {
    let shell = Shell::of(Project::with_agents(&["ada"]).await);
    let tasks: Vec<Value> =
        (1..=1_200).map(|n| json!({ "title": format!("Task {n}"), "description": "" })).collect();
    shell.project.call("create_tasks", &json!({ "tasks": tasks })).await.ok();
    shell.out("manus-sync task start T1 --as ada && manus-sync task done T1");
    let all = shell.json("manus-sync export");
    assert_eq!((&all["format"], &all["version"]), (&json!("manus-sync export"), &json!(1)));
    let count = |table: &str| all[table].as_array().unwrap().len();
    assert_eq!((count("tasks"), count("manus"), count("locks")), (1_200, 1, 0));
    assert_eq!(count("events"), usize::try_from(all["seq"].as_u64().unwrap()).unwrap());
    assert_eq!(all["tasks"][1_199]["id"], "T1200");
    let only = shell.json("manus-sync export --table manus");
    assert!(only["tasks"].is_null() && only["manus"][0]["id"] == "ada");
    let csv = shell.out("manus-sync export --format csv");
    assert_eq!(csv.lines().count(), 1_201);
    shell.check(
        &[
            "manus-sync export --format csv | head -n 2 | cut -d, -f 1,2,4-6",
            "manus-sync export --format csv --table manus | cut -d, -f 1-4",
            "manus-sync export --format csv --table events | head -n 2 | cut -d, -f 1,3-5",
            "manus-sync export --format csv --table locks",
        ],
        expect![[r#"
            $ manus-sync export --format csv | head -n 2 | cut -d, -f 1,2,4-6
            id,title,assigned_to,priority,status
            T1,Task 1,ada,MEDIUM,COMPLETED
            $ manus-sync export --format csv --table manus | cut -d, -f 1-4
            id,role,capabilities,status
            ada,SPEED_DEVELOPER,,IDLE
            $ manus-sync export --format csv --table events | head -n 2 | cut -d, -f 1,3-5
            seq,by,kind,data
            1,,server_started,{}
            $ manus-sync export --format csv --table locks
            file_path,locked_by,locked_at_ms,lock_reason,mode,expires_at_ms,task_id,fencing_token
        "#]],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn completions_know_every_command() {
    let shell = Shell::start().await;
    for name in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = shell.out(&format!("manus-sync completions {name}"));
        for word in ["task", "claim", "inbox", "backup", "doctor", "completions"] {
            assert!(script.contains(word), "{name} lacks {word}");
        }
    }
    let offered = shell.out(
        "manus-sync completions bash > complete.bash && bash -c 'source ./complete.bash; COMP_WORDS=(manus-sync task pr); \
         COMP_CWORD=2; _manus__sync manus-sync pr task; echo ${COMPREPLY[@]}'",
    );
    assert_eq!(offered, "progress\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_while_a_server_is_at_work() {
    let mut shell = Shell::of(Project::with_agents(&["ada"]).await);
    shell.out("manus-sync task add One --files a.rs && manus-sync task start T1 --as ada");
    let said = shell.out("manus-sync backup copy.db");
    assert!(said.contains("with 1 task and 1 agent as of event") && said.contains("found sound"), "{said}");
    let again = shell.run("manus-sync backup copy.db");
    assert_eq!(again.status.code(), Some(1));
    assert!(text(again.stderr).contains("copy.db exists; name a file that does not"));
    // From elsewhere, and without a server.
    shell.cd("src");
    let found = shell.json("manus-sync backup ../second.db --json");
    assert_eq!((&found["tasks"], &found["manus"]), (&json!(1), &json!(1)));
    let folder = tempfile::tempdir().unwrap();
    let database = shell.project.folder.path().join("second.db");
    let other = Project::start_with(folder, |hub| hub.database = Some(database.clone())).await;
    assert_eq!(other.call("get_task", &json!({ "task_id": "T1" })).await.ok()["status"], "IN_PROGRESS");
    // A database elsewhere is found through its server's word.
    let found = Shell::of(other).json("manus-sync backup third.db --json");
    assert_eq!(found["tasks"], json!(1));
    shell.cd("");
    let nothing = shell.run("manus-sync backup copy2.db --project-root src");
    assert_eq!(nothing.status.code(), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn going_back_to_a_backup() {
    let shell = Shell::of(Project::with_agents(&["ada"]).await);
    shell.out("manus-sync task add One && manus-sync backup copy.db && manus-sync task add Two");
    let refused = shell.run("manus-sync restore copy.db");
    let said = text(refused.stderr);
    assert_eq!(refused.status.code(), Some(1));
    assert!(said.contains("already served") && said.contains("stop it first"), "{said}");
    assert_eq!(shell.json("manus-sync task list --json")["items"].as_array().unwrap().len(), 2);
    let Project { folder, server, .. } = shell.project;
    server.stop().await;
    let run = |line: &str| tokio::task::block_in_place(|| command(folder.path(), line).output().unwrap());
    let restored = run("manus-sync restore copy.db");
    let said = text(restored.stdout);
    assert!(restored.status.success() && said.contains("with 1 task and 1 agent."), "{said}");
    assert!(said.contains("sync_engine.db.before-restore"), "{said}");
    let again = run("manus-sync restore .manus-sync/sync_engine.db.before-restore --json");
    let again: Value = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!(again["tasks"], 2, "and forth");
    assert!(again["kept"].as_str().unwrap().ends_with(".2.before-restore"), "{again}");
    for (line, why) in [
        ("manus-sync restore none.db", "there is no file none.db"),
        ("manus-sync restore Cargo.toml", "it is no SQLite database"),
    ] {
        std::fs::write(folder.path().join("Cargo.toml"), "[workspace] # and more than sixteen bytes")
            .unwrap();
        let refused = run(line);
        let said = text(refused.stderr);
        assert!(refused.status.code() == Some(1) && said.contains(why), "{line}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_becomes_a_project_again() {
    let shell = Shell::of(Project::with_agents(&["ada", "bob"]).await);
    shell.out(
        "manus-sync task add One --files a.rs && manus-sync task start T1 --as ada && manus-sync task done T1 --as ada && \
         manus-sync task add Two && manus-sync message send bob Hello --as ada && manus-sync message inbox --as bob && \
         manus-sync files claim src/ --as bob && manus-sync export > all.json",
    );
    let folder = tempfile::tempdir().unwrap();
    let place = shell.project.folder.path().join("all.json");
    let import = format!("manus-sync import {}", place.display());
    let run = |line: &str| tokio::task::block_in_place(|| command(folder.path(), line).output().unwrap());
    for (broken, why) in [
        ("{}", "no document that manus-sync export wrote"),
        (r#"{"format": "manus-sync export", "version": 1, "events": []}"#, "it has no events"),
        (r#"{"format": "manus-sync export", "version": 2, "events": []}"#, "its version is 2"),
    ] {
        std::fs::write(folder.path().join("broken.json"), broken).unwrap();
        let refused = run("manus-sync import broken.json");
        let said = text(refused.stderr);
        assert!(refused.status.code() == Some(1) && said.contains(why), "{broken}: {said}");
    }
    let said = text(run(&import).stdout);
    assert!(said.contains("The export's 2 tasks and 2 agents"), "{said}");
    let refused = run(&import);
    assert!(text(refused.stderr).contains("already holds a project"));
    let server = Binary::serve(folder.path());
    let tables = ["manus", "tasks", "locks", "messages"];
    let all = |json: &str| -> Value {
        let mut all: Value = serde_json::from_str(json).unwrap();
        // Signs of life are counted from the server's start.
        let agents = all["manus"].as_array_mut().unwrap();
        agents.iter_mut().for_each(|manus| manus["last_heartbeat_ms"] = Value::Null);
        // And each server makes plans of its own.
        for task in all["tasks"].as_array_mut().unwrap() {
            for planned in ["planned_for", "expected_start_ms", "expected_finish_ms"] {
                task[planned] = Value::Null;
            }
        }
        Value::from_iter(tables.map(|table| all[table].take()))
    };
    let before = std::fs::read_to_string(&place).unwrap();
    assert_eq!(all(&text(run("manus-sync export").stdout)), all(&before));
    server.kill();
}

#[tokio::test(flavor = "multi_thread")]
async fn letting_go_of_the_past() {
    let folder = tempfile::tempdir().unwrap();
    let server = Binary::serve(folder.path());
    let run = |line: &str| tokio::task::block_in_place(|| command(folder.path(), line).output().unwrap());
    let json = |line: &str| -> Value { serde_json::from_slice(&run(line).stdout).expect(line) };
    for line in ["manus-sync register ada", "manus-sync task add One", "manus-sync task start T1 --as ada"] {
        assert!(run(line).status.success(), "{line}");
    }
    let seq = json("manus-sync export")["seq"].as_u64().unwrap();
    // So that everything that happened is older than the moment at which that is looked at.
    let server = tokio::task::spawn_blocking(move || {
        assert!(server.stop("-TERM").success());
    });
    server.await.unwrap();
    let server = Binary::serve(folder.path());
    let counted = json("manus-sync prune --older-than 0s --dry-run --json");
    assert!(counted["events"].as_u64().unwrap() >= seq - 1 && counted["dry_run"] == true, "{counted}");
    assert_eq!(json("manus-sync export")["events"][0]["seq"], 1, "a dry run");
    let compact = run("manus-sync prune --older-than 0s --compact");
    assert_eq!(compact.status.code(), Some(1), "a server is at work");
    assert_eq!(json("manus-sync export")["events"][0]["seq"], 1, "refused before anything went");
    let said = text(run("manus-sync prune --older-than 0s").stdout);
    assert!(
        said.contains("events and 0 messages from before") && said.contains("The log begins with"),
        "{said}"
    );
    let upto = counted["upto_seq"].as_u64().unwrap();
    let left = json("manus-sync export");
    assert!(left["events"][0]["seq"].as_u64().unwrap() > upto, "{left}");
    assert_eq!(left["tasks"][0]["status"], "IN_PROGRESS");
    let since = run("manus-sync events --since 0");
    assert!(text(since.stderr).contains("were pruned"), "whoever asks for the beginning is told");
    server.kill();
    assert!(run("manus-sync prune --older-than 1w --compact").status.success());
    assert!(run("manus-sync prune --older-than soon").status.code() == Some(2));
}
