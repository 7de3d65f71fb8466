//! `manus-sync events`.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

use expect_test::expect;
use serde_json::{Value, json};

use super::{Shell, command};
use crate::project::Project;

#[tokio::test(flavor = "multi_thread")]
async fn what_happened() {
    let shell = Shell::of(Project::with_agents(&["ada"]).await);
    shell.out("manus-sync task add 'Parse dates' --files a.rs");
    shell.out("manus-sync task start T1 --as ada");
    shell.check(
        &[
            "manus-sync events -n 3",
            "manus-sync events --since 1 -n 1",
            "manus-sync events --kind task_started --of ada",
        ],
        expect![[r#"
            $ manus-sync events -n 3
                 5  2027-01-15T08:00:00Z  system wrote to ada: TASK_ASSIGNED
                 6  2027-01-15T08:00:00Z  ada claimed a.rs
                 7  2027-01-15T08:00:00Z  ada started T1 Parse dates
            $ manus-sync events --since 1 -n 1
                 2  2027-01-15T08:00:00Z  ada joined as speed developer
            $ manus-sync events --kind task_started --of ada
                 7  2027-01-15T08:00:00Z  ada started T1 Parse dates
        "#]],
    );
    shell.out("manus-sync message inbox --as ada");
    let last = shell.out("manus-sync events -n 1");
    assert!(last.ends_with("ada has dealt with 1 message\n"), "{last}");
    let lines = shell.out("manus-sync events --since 0 --json");
    let seqs: Vec<u64> = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["seq"].as_u64().unwrap())
        .collect();
    assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>());
    assert!(lines.starts_with(r#"{"seq":1,"at_ms":"#), "{lines}");
}

/// `events --follow`, at work.
struct Follower {
    child: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
}

impl Follower {
    fn start(shell: &Shell, arguments: &str) -> Self {
        // Not left to the shell, whose own id would be another.
        let line = format!("exec manus-sync events --follow {arguments}");
        let mut child = command(shell.project.folder.path(), &line).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    fn next(&mut self) -> String {
        tokio::task::block_in_place(|| self.lines.next().unwrap().unwrap())
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens() {
    let shell = Shell::of(Project::with_agents(&["ada"]).await);
    let mut all = Follower::start(&shell, "--since 0 --json");
    let first: Value = serde_json::from_str(&all.next()).unwrap();
    assert_eq!((&first["seq"], &first["kind"]), (&json!(1), &json!("server_started")));
    let mut some = Follower::start(&shell, "-n 1 --kind task_started,manus_registered");
    assert!(some.next().ends_with("ada joined as speed developer"));
    shell.out("manus-sync task add 'Parse dates'");
    shell.out("manus-sync task start T1 --as ada");
    assert!(some.next().ends_with("ada started T1 Parse dates"));
    let kinds: Vec<String> = std::iter::repeat_with(|| {
        let event: Value = serde_json::from_str(&all.next()).unwrap();
        event["kind"].as_str().unwrap().to_owned()
    })
    .take(3)
    .collect();
    assert_eq!(kinds, ["manus_registered", "task_created", "task_assigned"]);
    // Ended by its own id, as a script would.
    let pid = all.child.id().to_string();
    assert!(Command::new("kill").arg(&pid).status().unwrap().success());
    assert_eq!(all.child.wait().unwrap().code(), None, "ended by the signal");
}

/// Started again, on another port perhaps: the follower goes on where it was.
#[tokio::test(flavor = "multi_thread")]
async fn a_restart_is_no_end() {
    let shell = Shell::of(Project::with_agents(&["ada"]).await);
    let mut follower = Follower::start(&shell, "-n 1 --kind manus_registered,task_created --json");
    assert!(follower.next().contains("manus_registered"));
    let Project { folder, server, .. } = shell.project;
    server.stop().await;
    let again = Project::start_in(folder).await;
    again.call("create_task", &json!({ "title": "One", "description": "" })).await.ok();
    assert!(follower.next().contains("task_created"));
}

/// Whoever closes the pipe has seen enough.
#[tokio::test(flavor = "multi_thread")]
async fn a_closed_pipe_is_no_error() {
    let shell = Shell::of(Project::with_agents(&["ada"]).await);
    for n in 0..50 {
        shell
            .project
            .call("create_task", &json!({ "title": format!("Task {n}"), "description": "x".repeat(4000) }))
            .await
            .ok();
    }
    assert_eq!(shell.out("manus-sync export | head -n 1"), "{\n");
    assert!(shell.out("manus-sync events --follow --since 0 --json | head -n 1").contains("server_started"));
}
