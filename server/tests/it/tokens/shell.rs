//! The same with the built program, as people use it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Output, Stdio};

use serde_json::{Value, json};

use crate::binary::{Binary, command, run};
use crate::project::Caller;

pub fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout)
}

pub fn create(folder: &Path, arguments: &[&str]) -> String {
    let output = run(folder, &[&["token", "create"], arguments].concat());
    assert!(output.status.success(), "{}", said(&output));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn with_token(folder: &Path, token: &str, arguments: &[&str]) -> Output {
    command(folder, arguments).env("MANUS_SYNC_TOKEN", token).output().unwrap()
}

#[test]
fn beyond_this_machine_nobody_comes_in_without_a_token() {
    let folder = tempfile::tempdir().unwrap();
    let exposed = ["serve", "--listen", "0.0.0.0:0"];
    let refused = run(folder.path(), &exposed);
    assert_eq!(refused.status.code(), Some(2));
    assert!(said(&refused).contains("manus-sync token create --role admin"), "{}", said(&refused));
    assert!(!folder.path().join(".manus-sync").exists(), "nothing was begun");
    for odd in [&["--role", "agent"][..], &["--role", "viewer", "--for", "ada"]] {
        let refused = run(folder.path(), &[&["token", "create"], odd].concat());
        assert!(
            refused.status.code() == Some(2) && said(&refused).contains("--for NAME"),
            "{}",
            said(&refused)
        );
    }
    let admin = create(folder.path(), &["--role", "admin", "--label", "me"]);
    let off = run(folder.path(), &[&exposed[..], &["--auth", "off"]].concat());
    assert_eq!(off.status.code(), Some(2));
    assert!(said(&off).contains("--auth off"), "{}", said(&off));
    let server = Binary::start(command(folder.path(), &exposed));
    assert!(server.url.starts_with("http://localhost:"), "{}", server.url);
    let nobody = run(folder.path(), &["agents"]);
    assert_eq!(nobody.status.code(), Some(1));
    assert!(said(&nobody).contains("MANUS_SYNC_TOKEN"), "{}", said(&nobody));
    assert!(with_token(folder.path(), &admin, &["agents"]).status.success());
    let flag = run(folder.path(), &["agents", "--token", &admin, "--server", &server.url]);
    assert!(flag.status.success(), "{}", said(&flag));
    // What ends it for good ends it for this address, too.
    let id = admin.split('_').nth(1).unwrap().to_owned();
    assert!(run(folder.path(), &["token", "revoke", &id]).status.success());
    assert_eq!(with_token(folder.path(), &admin, &["agents"]).status.code(), Some(1));
    server.kill();
    assert_eq!(run(folder.path(), &exposed).status.code(), Some(2));
}

#[tokio::test]
async fn beside_a_running_server_it_counts_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let server = Binary::start(command(folder, &["serve", "--listen", "127.0.0.1:0", "--auth", "required"]));
    let key = folder.join(".manus-sync/admin.key");
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&key).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
    }
    // Whoever owns the folder needs no token to see how it is doing, as a container's own health check, or to make one.
    let status = run(folder, &["status"]);
    assert!(status.status.success(), "{}", said(&status));
    assert_eq!(run(folder, &["agents"]).status.code(), Some(1));
    let agent = create(folder, &["--role", "agent", "--for", "ada"]);
    let register = ["register", "ada", "--role", "SPEED_DEVELOPER"];
    let registered = with_token(folder, &agent, &register);
    assert!(registered.status.success(), "{}", said(&registered));
    let beat = json!({ "manus_id": "ada" });
    let mut caller = Caller::connect(server.authority()).await.showing(&agent);
    caller.call("heartbeat", &beat).await.ok();
    let listed = run(folder, &["token", "list", "--json"]);
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert_eq!(listed[1]["manus_id"], "ada", "{listed}");
    let table = said(&run(folder, &["token", "list"]));
    assert!(table.contains("agent") && table.contains("ada") && !table.contains(&agent), "{table}");
    let id = listed[1]["id"].as_str().unwrap();
    let revoked = run(folder, &["token", "revoke", id]);
    assert!(revoked.status.success(), "{}", said(&revoked));
    assert_eq!(caller.call("heartbeat", &beat).await.status, 401);
    // An agent decides about nobody, however it asks.
    let other = create(folder, &["--role", "agent", "--for", "bob"]);
    let tries = with_token(folder, &other, &["token", "create", "--role", "admin"]);
    assert_eq!(tries.status.code(), Some(1));
    assert!(said(&tries).contains("an admin decides"), "{}", said(&tries));
    tokio::task::spawn_blocking(move || server.stop("-TERM")).await.unwrap();
    assert!(!key.exists());
}

#[tokio::test]
async fn denials_and_what_admins_do_are_written_down() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (admin, viewer) = (create(folder, &["--role", "admin"]), create(folder, &["--role", "viewer"]));
    let log = folder.join("log.txt");
    let mut server = command(folder, &["serve", "--listen", "127.0.0.1:0", "--auth", "required"]);
    let mut server =
        server.stderr(std::fs::File::create(&log).unwrap()).stdout(Stdio::piped()).spawn().unwrap();
    let mut url = String::new();
    BufReader::new(server.stdout.as_mut().unwrap()).read_line(&mut url).unwrap();
    let task = json!({ "title": "One", "description": "" });
    let authority = url.trim().strip_prefix("http://").unwrap().to_owned();
    for (token, status) in [(&admin, 200), (&viewer, 403), (&"msk_x".to_owned(), 401)] {
        let mut caller = Caller::connect(&authority).await.showing(token);
        assert_eq!(caller.call("create_task", &task).await.status, status);
    }
    server.kill().unwrap();
    server.wait().unwrap();
    let log = std::fs::read_to_string(&log).unwrap();
    let id = |token: &str| token.split('_').nth(1).unwrap().to_owned();
    assert!(log.contains(&format!("Acted: create_task by token {}", id(&admin))), "{log}");
    assert!(log.contains(&format!("Denied: create_task to token {}", id(&viewer))), "{log}");
    assert!(log.contains("Kept out, POST /api/v1/create_task"), "{log}");
    for token in [&admin, &viewer] {
        assert!(!log.contains(token.rsplit('_').next().unwrap()), "no secret is written down: {log}");
    }
}

#[tokio::test]
async fn doors_show_what_they_were_given() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let server = Binary::start(command(folder, &["serve", "--listen", "127.0.0.1:0", "--auth", "required"]));
    let agent = create(folder, &["--role", "agent", "--for", "ada"]);
    // From the project's own configuration.
    std::fs::write(folder.join(".manus-sync/config.toml"), format!("token = '{agent}'\n")).unwrap();
    let register = run(folder, &["register", "ada", "--role", "COORDINATOR"]);
    assert!(register.status.success(), "{}", said(&register));
    let edit = json!({ "session_id": "s1", "hook_event_name": "PreToolUse", "tool_name": "Edit", "cwd": folder,
                       "tool_input": { "file_path": folder.join("a.rs") } });
    let mut hook = command(folder, &["hook", "PreToolUse", "--as", "ada"]);
    let input = folder.join("input.json");
    std::fs::write(&input, edit.to_string()).unwrap();
    let hooked = hook.stdin(std::fs::File::open(&input).unwrap()).output().unwrap();
    assert!(hooked.status.success(), "{}", said(&hooked));
    let held = run(folder, &["files", "check", "a.rs", "--json"]);
    let held: Value = serde_json::from_slice(&held.stdout).unwrap();
    assert_eq!(held["files"][0]["lock"]["locked_by"], "ada", "{held} {}", said(&hooked));
    server.kill();
}
