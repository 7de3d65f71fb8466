//! 0 done, 1 refused, 2 wrong usage, 3 no server: with a sentence that names the next step.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

use expect_test::expect;
use serde_json::{Value, json};

use super::{Shell, command, text};
use crate::project::Project;

#[tokio::test(flavor = "multi_thread")]
async fn refused_and_misused() {
    let shell = Shell::of(Project::with_agents(&["ada", "bob"]).await);
    shell.out("manus-sync files claim a.rs --as ada");
    shell.check(
        &[
            "manus-sync files claim a.rs --as bob",
            "manus-sync task show T9",
            "manus-sync task start T9 --as carl",
            "manus-sync task next",
            "manus-sync task next --as 'not a name'",
            "manus-sync task done T1 --as ada --result '{' 2>&1 | head -n 1",
            "manus-sync message send bob --content '{' --as ada",
            "manus-sync task add --from /dev/null",
            "manus-sync task add x --priority urgent 2>&1 | head -n 1",
            "manus-sync task progress T1 -5 2>&1 | head -n 1",
        ],
        expect![[r#"
            $ manus-sync files claim a.rs --as bob
            ! manus-sync: a.rs is held by ada; work on something else, or ask ada with manus-sync message send to release it
            ! ends with Some(1)
            $ manus-sync task show T9
            ! manus-sync: there is no task T9; manus-sync task list shows the ids
            ! ends with Some(1)
            $ manus-sync task start T9 --as carl
            ! manus-sync: no agent carl is registered; call manus-sync register first, or check the name with manus-sync agents
            ! ends with Some(1)
            $ manus-sync task next
            ! manus-sync: say which agent you are: --as NAME, or set MANUS_ID; manus-sync register introduces a new one
            ! ends with Some(2)
            $ manus-sync task next --as 'not a name'
            ! manus-sync: "not a name" is not an agent id: use 1 to 64 letters, digits, '_', '.', ':' or '-', starting with a letter or digit
            ! ends with Some(2)
            $ manus-sync task done T1 --as ada --result '{' 2>&1 | head -n 1
            manus-sync: there is no task T1; manus-sync task list shows the ids
            $ manus-sync message send bob --content '{' --as ada
            ! manus-sync: --content is not JSON: EOF while parsing an object at line 1 column 1
            ! ends with Some(2)
            $ manus-sync task add --from /dev/null
            ! manus-sync: /dev/null: EOF while parsing a value at line 1 column 0
            ! ends with Some(2)
            $ manus-sync task add x --priority urgent 2>&1 | head -n 1
            error: invalid value 'urgent' for '--priority <PRIORITY>': "urgent" is not a priority: use one of CRITICAL, HIGH, MEDIUM, LOW, or 1 to 4
            $ manus-sync task progress T1 -5 2>&1 | head -n 1
            error: invalid value '-5' for '<PERCENT>': progress -5 is out of range: use a whole number from 0 to 100
        "#]],
    );
    let usage = [
        "manus-sync task",
        "manus-sync task add",
        "manus-sync files claim --as ada",
        "manus-sync task progress T1 101 --as ada",
        "manus-sync task show 'no task'",
        "manus-sync events --since yesterday",
        "manus-sync events --kind task_started,nonsense",
        "manus-sync completions tcsh",
        "manus-sync doctor --operations 5",
        "manus-sync doctor --chaos 0",
    ];
    for line in usage {
        assert_eq!(shell.run(line).status.code(), Some(2), "{line}");
    }
}

/// A program reads the refusal where it would read the answer; a person still gets the sentence.
#[tokio::test(flavor = "multi_thread")]
async fn refusals_as_json() {
    let shell = Shell::of(Project::with_agents(&["ada", "bob"]).await);
    shell.out("manus-sync files claim a.rs --as ada");
    let refused = shell.run("manus-sync files claim a.rs --as bob --json");
    assert_eq!(refused.status.code(), Some(1));
    let error: Value = serde_json::from_slice(&refused.stdout).unwrap();
    assert_eq!(
        (&error["code"], &error["detail"]["conflicts"][0]["locked_by"]),
        (&json!("file_locked"), &json!("ada"))
    );
    assert!(text(refused.stderr).contains("a.rs is held by ada"));
    let nobody = shell.run("manus-sync agents --json --server http://127.0.0.1:1");
    assert_eq!(nobody.status.code(), Some(3));
    let error: Value = serde_json::from_slice(&nobody.stdout).unwrap();
    assert_eq!(error["code"], "unreachable");
}

#[test]
fn no_server_says_how_to_start_one() {
    let folder = tempfile::tempdir().unwrap();
    let ends = |line: &str, code: i32| {
        let output = command(folder.path(), line).output().unwrap();
        assert_eq!((output.status.code(), text(output.stdout)), (Some(code), String::new()), "{line}");
        text(output.stderr).replace(folder.path().to_str().unwrap(), "/project")
    };
    let say = |line: &str| ends(line, 3);
    expect![[r#"
        manus-sync: no server is running for the project here; start one in its folder with manus-sync serve, or name one with --server
    "#]]
    .assert_eq(&say("manus-sync task list"));
    std::fs::create_dir(folder.path().join(".manus-sync")).unwrap();
    expect![[r#"
        manus-sync: no server is running for /project; start one with manus-sync serve --project-root /project
    "#]]
    .assert_eq(&say("mkdir -p src; cd src; manus-sync task list"));
    expect![[r#"
        manus-sync: no server answers at http://127.0.0.1:1 (Connection refused (os error 111)); start one with manus-sync serve
    "#]]
    .assert_eq(&say("manus-sync events --follow --server http://127.0.0.1:1"));
    expect![[r#"
        manus-sync: "nowhere" is not a server's address; write it like http://localhost:3334
    "#]]
    .assert_eq(&ends("MANUS_SYNC_URL=nowhere manus-sync status", 2));
    assert!(ends("manus-sync status --server ftp://x", 2).contains("is not a server's address"));
}

#[test]
fn what_is_no_server_of_ours_is_told_from_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let stranger = thread::spawn(move || {
        for stream in listener.incoming().take(2) {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]).unwrap();
            stream.write_all(b"HTTP/1.1 501 Not Implemented\r\ncontent-length: 3\r\n\r\nno\n").unwrap();
        }
    });
    for line in ["manus-sync status", "manus-sync task list"] {
        let output = command(folder.path(), &format!("{line} --server {url}")).output().unwrap();
        assert_eq!(output.status.code(), Some(3), "{line}");
        let said = text(output.stderr);
        assert!(said.contains("is no manus-sync server (501"), "{line}: {said}");
    }
    stranger.join().unwrap();
}

/// A killed server's word is still there, and another project's server has got its address.
#[tokio::test(flavor = "multi_thread")]
async fn another_projects_server_does_not_answer_in_its_place() {
    let other = Project::with_agents(&["ada"]).await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join(".manus-sync")).unwrap();
    let stale = json!({ "pid": 1, "url": other.server.url(), "started_at_ms": 1 });
    std::fs::write(folder.path().join(".manus-sync/server.json"), stale.to_string()).unwrap();
    let before = other.server.hub().read(engine::State::snapshot);
    for line in ["manus-sync task add Mine", "manus-sync events --follow", "manus-sync register bob"] {
        let output = tokio::task::block_in_place(|| command(folder.path(), line).output().unwrap());
        assert_eq!(output.status.code(), Some(3), "{line}");
        let said = text(output.stderr);
        assert!(said.contains("no server is running for") && said.contains("serve --project-root"), "{said}");
    }
    assert_eq!(other.server.hub().read(engine::State::snapshot), before);
    // Whoever names the address means whoever is there.
    let named = format!("manus-sync agents --server {}", other.server.url());
    let output = tokio::task::block_in_place(|| command(folder.path(), &named).output().unwrap());
    assert!(output.status.success());
}
