//! Coming from the original: a database that Python's own sqlite3 made, served, and imported by hand.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::binary::{Binary, run};
use crate::project::Caller;

/// As the original makes and fills its database, local times and all.
const ORIGINAL: &str = r#"
import json, os, sqlite3, sys
from datetime import datetime, timedelta
os.makedirs(os.path.dirname(sys.argv[1]), exist_ok=True)
db = sqlite3.connect(sys.argv[1])
db.executescript("""
CREATE TABLE manus_instances (id TEXT PRIMARY KEY, role TEXT, capabilities TEXT, current_task TEXT, status TEXT,
    progress INTEGER, files_claimed TEXT, last_heartbeat TEXT, performance_score REAL);
CREATE TABLE sync_tasks (id TEXT PRIMARY KEY, title TEXT, description TEXT, assigned_to TEXT, priority INTEGER,
    status TEXT, dependencies TEXT, estimated_duration INTEGER, created_at TEXT, started_at TEXT, completed_at TEXT,
    files_involved TEXT);
CREATE TABLE file_locks (file_path TEXT PRIMARY KEY, locked_by TEXT, locked_at TEXT, lock_reason TEXT);
CREATE TABLE communication_log (id INTEGER PRIMARY KEY AUTOINCREMENT, from_manus TEXT, to_manus TEXT,
    message_type TEXT, content TEXT, timestamp TEXT, processed BOOLEAN DEFAULT FALSE);
""")
now = datetime.now()
ago = lambda minutes: (now - timedelta(minutes=minutes)).isoformat()
db.execute("INSERT INTO manus_instances VALUES (?,?,?,?,?,?,?,?,?)", ("manus_speed", "speed_developer",
    json.dumps(["python"]), "3f2a9c01", "ACTIVE", 40, json.dumps(["auth.py"]), ago(1), 100.0))
db.execute("INSERT INTO manus_instances VALUES (?,?,?,?,?,?,?,?,?)", ("manus_perfect", "system_perfectionist",
    "[]", None, "INACTIVE", 0, "[]", ago(90), 100.0))
db.execute("INSERT INTO sync_tasks VALUES (?,?,?,?,?,?,?,?,?,?,?,?)", ("3f2a9c01", "Implement login", "JWT",
    "manus_speed", 2, "in_progress", "[]", 180, ago(60), ago(30), None, json.dumps(["auth.py"])))
db.execute("INSERT INTO sync_tasks VALUES (?,?,?,?,?,?,?,?,?,?,?,?)", ("0badcafe", "Test login", "",
    "unassigned", 3, "pending", json.dumps(["3f2a9c01"]), 60, ago(59), None, None, "[]"))
db.execute("INSERT INTO file_locks VALUES (?,?,?,?)", ("auth.py", "manus_speed", ago(30), "Working"))
db.execute("INSERT INTO communication_log (from_manus, to_manus, message_type, content, timestamp, processed) "
    "VALUES (?,?,?,?,?,?)", ("manus_perfect", "manus_speed", "HELLO", json.dumps({"a": 1}), ago(20), False))
for n in range(int(sys.argv[2])):
    task = "%08x" % (n * 2654435761 % 2**32)
    db.execute("INSERT INTO sync_tasks VALUES (?,?,?,?,?,?,?,?,?,?,?,?)", (task, "Old %d" % n, "", "manus_speed", 3,
        "completed", "[]", 60, ago(9000 - n), ago(8000 - n), ago(7000 - n // 2), "[]"))
db.commit()
"#;

/// With so many completed tasks beside.
fn original(path: &Path, completed: usize) {
    let made =
        Command::new("python3").args(["-c", ORIGINAL]).arg(path).arg(completed.to_string()).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

#[tokio::test]
async fn serving_a_project_of_the_original() {
    let folder = tempfile::tempdir().unwrap();
    original(&folder.path().join(".manus-sync/sync_engine.db"), 0);
    let server = Binary::serve(folder.path());
    let mut caller = Caller::connect(server.authority()).await;
    let mut call = async |name: &str, arguments: Value| caller.call(name, &arguments).await.ok();
    let task = call("get_task", json!({ "task_id": "3f2a9c01" })).await;
    assert_eq!(
        (&task["status"], &task["progress"], &task["assigned_to"]),
        (&json!("IN_PROGRESS"), &json!(40), &json!("manus_speed"))
    );
    let listed = call("list_tasks", json!({})).await;
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
    let told = call("get_messages", json!({ "manus_id": "supervisor", "peek": true })).await;
    assert!(told[0]["content"]["lines"][0].as_str().unwrap().contains("system_perfectionist"), "{told}");
    // The seed's day goes on: the imported task ends, and what waited for it begins.
    let messages = call("get_messages", json!({ "manus_id": "manus_speed" })).await;
    assert_eq!(messages[0]["content"], json!({ "a": 1 }));
    call("complete_task", json!({ "task_id": "3f2a9c01" })).await;
    let next = call("next_task", json!({ "manus_id": "manus_speed" })).await;
    assert_eq!(next["task"]["id"], "0badcafe");
    assert!(folder.path().join(".manus-sync/sync_engine.db.original").exists());
}

#[tokio::test]
async fn importing_by_hand() {
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let old = from.path().join("old.db");
    original(&old, 0);
    let file = old.to_str().unwrap();
    let done = run(to.path(), &["import", file]);
    let said = String::from_utf8(done.stdout).unwrap();
    assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
    assert!(
        said.contains("manus_instances manus_perfect: the role system_perfectionist does not exist here"),
        "{said}"
    );
    assert!(
        said.contains("2 agents, 2 tasks, 1 locks and 1 messages of the original engine imported"),
        "{said}"
    );
    let again = run(to.path(), &["import", file]);
    assert_eq!(again.status.code(), Some(1));
    assert!(String::from_utf8(again.stderr).unwrap().contains("a history of its own"));
    let other = tempfile::tempdir().unwrap();
    let json = run(other.path(), &["import", file, "--json"]);
    let report: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!((&report["tasks"], &report["odd_rows"][0]["row"]), (&json!(2), &json!("manus_perfect")));
    let backup = from.path().join("monday.db");
    let made = run(to.path(), &["backup", backup.to_str().unwrap()]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let third = tempfile::tempdir().unwrap();
    let said = run(third.path(), &["import", backup.to_str().unwrap()]).stdout;
    assert!(String::from_utf8(said).unwrap().contains("The backup's 2 tasks and 2 agents"));
    let nothing = run(third.path(), &["import", "no/such.db"]);
    assert!(String::from_utf8(nothing.stderr).unwrap().contains("there is no file no/such.db"));
    let server = Binary::serve(to.path());
    let status = run(to.path(), &["status", "--server", &server.url]);
    assert!(String::from_utf8(status.stdout).unwrap().contains("manus_speed"));
}

#[tokio::test]
async fn long_lists_of_imported_tasks_are_complete() {
    let folder = tempfile::tempdir().unwrap();
    original(&folder.path().join(".manus-sync/sync_engine.db"), 2_500);
    let server = Binary::serve(folder.path());
    let mut caller = Caller::connect(server.authority()).await;
    for n in 0..3 {
        let task = json!({ "title": format!("New {n}"), "description": "" });
        caller.call("create_task", &task).await.ok();
    }
    let (mut ids, mut cursor) = (Vec::new(), Value::Null);
    loop {
        // More than stay in memory, so that pages come from there and from the disk.
        let page = caller.call("list_tasks", &json!({ "limit": 170, "cursor": cursor })).await.ok();
        ids.extend(
            page["items"].as_array().unwrap().iter().map(|task| task["id"].as_str().unwrap().to_owned()),
        );
        cursor = page["next_cursor"].clone();
        if cursor.is_null() {
            break;
        }
    }
    let listed = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!((listed, ids.len()), (2_505, 2_505), "each task once");
}
