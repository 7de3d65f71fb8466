//! `kill -9` at any moment: whatever was acknowledged is found again, and nothing is half done.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::Arc;

use engine::{Answer, Command, RequestId, State};
use hub::{Clock, Config, Hub, ManualClock, SystemClock};
use serde::{Deserialize, Serialize};

use crate::child;
use crate::project::{Project, request};
use crate::replay::check_tables;
use crate::work::Work;

/// An acknowledged call, as the process that is going to be killed wrote it down before.
#[derive(Debug, Serialize, Deserialize)]
pub struct Acknowledged {
    request_id: RequestId,
    command: Command,
    answer: Arc<Answer>,
    seq: u64,
}

const CALLERS: u64 = 8;

/// Calls from several sides without end, each acknowledged call in a line of its own.
pub async fn work_until_killed(folder: &Path) {
    let hub = Hub::open(Config::new(folder)).await.unwrap();
    let start = hub.feed().committed_seq();
    let callers: Vec<_> = (0..CALLERS)
        .map(|caller| {
            let (hub, mut work) = (hub.clone(), Work::new(start * CALLERS + caller));
            tokio::spawn(async move {
                for number in 0_u64.. {
                    let (command, id) = (work.command(), format!("{start}-{caller}-{number}"));
                    let Ok(reply) = hub.submit(command.clone(), request(&id)).await else { continue };
                    let request_id = RequestId::new(&id).unwrap();
                    let line = Acknowledged { request_id, command, answer: reply.answer, seq: reply.seq };
                    println!("\n{}", serde_json::to_string(&line).unwrap());
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }
}

/// Lets a process work until it has acknowledged so many calls, and kills it.
fn work_and_kill(folder: &Path, calls: usize) -> Vec<Acknowledged> {
    let mut process: Child = child::command("work until killed", folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let mut acknowledged = Vec::new();
    while acknowledged.len() < calls {
        let line = lines.next().expect("it ended by itself").unwrap();
        acknowledged.extend(serde_json::from_str(&line));
    }
    process.kill().unwrap();
    process.wait().unwrap();
    // What it wrote down before it was killed counts too; its last line may be cut off.
    acknowledged.extend(lines.map_while(Result::ok).filter_map(|line| serde_json::from_str(&line).ok()));
    acknowledged
}

/// What a process wrote down before it ended by itself.
pub fn acknowledged(output: &[u8]) -> Vec<Acknowledged> {
    let lines = output.split(|byte| *byte == b'\n');
    lines.filter_map(|line| serde_json::from_slice(line).ok()).collect()
}

/// Everything acknowledged is there: repeating a call gives the same answer and does nothing.
pub async fn check(project: &Project, acknowledged: &[Acknowledged]) {
    let hub = project.open().await;
    assert_eq!(hub.read(State::check), Vec::<String>::new());
    let seq = hub.feed().committed_seq();
    // A claim that waits has no answer yet that could be repeated.
    let answered = |call: &&Acknowledged| !matches!(*call.answer, engine::Answer::Waiting { .. });
    for call in acknowledged.iter().filter(answered) {
        assert!(call.seq < seq);
        let again = hub.submit(call.command.clone(), Some(call.request_id.clone())).await.unwrap();
        assert_eq!((again.answer, again.seq), (call.answer.clone(), seq), "{call:?}");
    }
    hub.shutdown().await;
    check_tables(project).await;
}

/// Kills with different timing: from the very start of a new project to far into the work.
fn kill_again_and_again(seed: u64) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut project = Project::new();
    // The other process has the machine's clock, so this one starts from there.
    project.clock = Arc::new(ManualClock::at(SystemClock::default().now_ms()));
    let mut random = seed;
    for round in 0..13 {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let calls = if round == 0 { 0 } else { usize::try_from(random >> 57).unwrap() };
        let acknowledged = work_and_kill(project.root(), calls);
        runtime.block_on(check(&project, &acknowledged));
    }
}

#[test]
fn killed_thirteen_times() {
    kill_again_and_again(1);
}

#[test]
fn killed_thirteen_times_otherwise() {
    kill_again_and_again(2);
}

#[test]
fn killed_thirteen_times_yet_otherwise() {
    kill_again_and_again(3);
}

#[test]
fn killed_thirteen_times_again() {
    kill_again_and_again(4);
}
