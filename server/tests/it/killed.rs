//! `kill -9` in the middle of load, again and again: what was acknowledged is there, and nothing is half done.

use std::time::Duration;

use serde_json::{Value, json};

use crate::binary::Binary;
use crate::project::Caller;

const ROUNDS: u64 = 50;
const CALLERS: u64 = 6;

/// A call with what came back; nothing where the server was killed before it could answer.
#[derive(Debug, Clone)]
struct Told {
    name: &'static str,
    arguments: Value,
    answer: Option<Value>,
}

/// What caller `n` does in a round: batches, claims, work on tasks of its own, messages. Until the connection breaks.
async fn load(authority: String, round: u64, n: u64) -> Vec<Told> {
    let (mut caller, mut told) = (Caller::connect(&authority).await, Vec::new());
    let manus = format!("agent_{n}");
    for step in 0.. {
        let tag = format!("{round}.{n}.{step}");
        let task = |part: u64| json!({ "title": format!("{tag} part {part}"), "description": "" });
        let mine = json!({ "title": format!("{tag} work"), "description": "", "files_involved": [format!("work/{tag}/")] });
        let last_task = told
            .iter()
            .rev()
            .find_map(|told: &Told| told.answer.as_ref()?["task"]["id"].as_str().map(str::to_owned));
        let (name, mut arguments) = match step % 6 {
            0 => ("create_tasks", json!({ "tasks": [task(0), task(1), task(2)] })),
            1 => (
                "claim_files",
                json!({ "manus_id": manus, "files": [format!("a/{tag}"), format!("b/{tag}")] }),
            ),
            2 => ("create_task", mine),
            3 => ("next_task", json!({ "manus_id": manus })),
            4 => match last_task {
                Some(id) => ("complete_task", json!({ "manus_id": manus, "task_id": id })),
                None => ("heartbeat", json!({ "manus_id": manus, "status": "IDLE" })),
            },
            _ => (
                "send_message",
                json!({ "from_manus": manus, "to_manus": "*", "message_type": "NOTE", "content": tag }),
            ),
        };
        arguments["request_id"] = json!(tag);
        let answer = match caller.try_call(name, &arguments).await {
            // Refused: an agent's hands are full after a kill between taking and completing.
            Ok(answer) if answer.status != 200 => continue,
            Ok(answer) => Some(answer.ok()),
            Err(_) => None,
        };
        let broken = answer.is_none();
        told.push(Told { name, arguments, answer });
        if broken {
            break;
        }
    }
    told
}

/// What must hold of a project at any time, whatever was killed when.
fn check_whole(snapshot: &Value) {
    let tasks = snapshot["tasks"].as_array().unwrap();
    for task in tasks.iter().filter(|task| task["status"] == "IN_PROGRESS") {
        for file in task["files_involved"].as_array().unwrap() {
            let held = |lock: &&Value| lock["file_path"] == *file && lock["locked_by"] == task["assigned_to"];
            let locks = snapshot["locks"].as_array().unwrap();
            assert_eq!(locks.iter().filter(held).count(), 1, "{task} runs without its file");
        }
    }
    for lock in snapshot["locks"].as_array().unwrap().iter().filter(|lock| lock["task_id"].is_string()) {
        let owner = |task: &&Value| task["id"] == lock["task_id"];
        assert_eq!(tasks.iter().find(owner).unwrap()["status"], "IN_PROGRESS", "{lock}");
    }
}

/// The callers come back with what they know: each call is repeated under its name.
async fn settle(caller: &mut Caller, told: &[Told]) {
    for Told { name, arguments, answer } in told {
        let again = caller.call(name, arguments).await;
        match answer {
            Some(first) => assert_eq!(&again.ok(), first, "{name} {arguments} was acknowledged"),
            // Either it was carried out before, or it is now, or it cannot be any more; in any case once.
            None => assert!(matches!(again.status, 200 | 409), "{name} {arguments}: {}", again.json()),
        }
    }
}

/// Every batch is there once and whole.
async fn check_batches(caller: &mut Caller, told: &[Told]) {
    for told in told.iter().filter(|told| told.name == "create_tasks") {
        let tag = told.arguments["request_id"].as_str().unwrap();
        let found = caller.call("list_tasks", &json!({ "text": format!("{tag} part") })).await.ok();
        assert_eq!(found["items"].as_array().unwrap().len(), 3, "{tag}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_and_nothing_is_half_done() {
    let folder = tempfile::tempdir().unwrap();
    let mut told: Vec<Told> = Vec::new();
    let mut acknowledged = 0;
    for round in 0..=ROUNDS {
        let server = Binary::serve(folder.path());
        let mut caller = Caller::connect(server.authority()).await;
        check_whole(&caller.call("snapshot", &json!({})).await.ok());
        settle(&mut caller, &told).await;
        check_batches(&mut caller, &told).await;
        if round == ROUNDS {
            break;
        }
        for n in 0..CALLERS {
            let agent = json!({ "manus_id": format!("agent_{n}"), "role": "SPEED_DEVELOPER", "capabilities": [], "takeover": true, "max_parallel": 64 });
            caller.call("register_manus", &agent).await.ok();
        }
        let loads: Vec<_> =
            (0..CALLERS).map(|n| tokio::spawn(load(server.authority().to_owned(), round, n))).collect();
        // Another moment each time: from the first calls on to well into the load.
        tokio::time::sleep(Duration::from_millis(3 + round * 37 % 140)).await;
        server.kill();
        told.clear();
        for load in loads {
            told.extend(load.await.unwrap());
        }
        acknowledged += told.iter().filter(|told| told.answer.is_some()).count();
    }
    assert!(acknowledged > 50 * CALLERS as usize, "hardly any load: {acknowledged}");
}
