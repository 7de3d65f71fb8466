//! How fast the hub is without any HTTP: durable claims and heartbeats by the number of callers, and how long a start takes.
//!
//! `cargo bench -p hub --bench submit`

// A bench may give up loudly.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod measure;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use engine::command::NewTask;
use engine::{Command, FilePattern, LockMode, ManusId, Priority, Role};
use hub::{Config, Hub};

const FOR: Duration = Duration::from_secs(2);

fn manus(number: usize) -> ManusId {
    ManusId::new(&format!("agent_{number}")).unwrap()
}

fn register(number: usize) -> Command {
    Command::RegisterManus {
        manus_id: manus(number),
        role: Role::SpeedDeveloper,
        capabilities: Vec::new(),
        max_parallel: 1,
        program: None,
        model: None,
        takeover: true,
    }
}

fn claim(number: usize, file: usize) -> Command {
    Command::ClaimFiles {
        manus_id: manus(number),
        files: vec![FilePattern::new(&format!("src/module_{number}/file_{file}.rs")).unwrap()],
        reason: Some("bench".to_owned()),
        mode: LockMode::Exclusive,
        ttl_ms: None,
        wait_ms: 0,
    }
}

fn release(number: usize, file: usize) -> Command {
    let files = vec![FilePattern::new(&format!("src/module_{number}/file_{file}.rs")).unwrap()];
    Command::ReleaseFiles { manus_id: manus(number), files, by: None }
}

fn task(number: usize) -> NewTask {
    NewTask {
        title: format!("Task number {number}"),
        description: "What is to be done, in a sentence or two, as people write it.".to_owned(),
        priority: Priority::Medium,
        files_involved: vec![FilePattern::new(&format!("src/part_{number}.rs")).unwrap()],
        dependencies: Vec::new(),
        estimated_duration: 60,
        required_capabilities: Vec::new(),
    }
}

/// Calls a second and latencies of so many callers, each with one call under way.
async fn race<F, Done>(what: &str, callers: usize, call: F)
where
    F: Fn(usize, usize) -> Done + Clone + Send + 'static,
    Done: Future<Output = ()> + Send,
{
    let stop = Arc::new(AtomicBool::new(false));
    let (start, cpu) = (Instant::now(), measure::cpu());
    let tasks: Vec<_> = (0..callers)
        .map(|caller| {
            let (stop, call) = (stop.clone(), call.clone());
            tokio::spawn(async move {
                let mut took = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    let start = Instant::now();
                    call(caller, took.len()).await;
                    took.push(start.elapsed());
                }
                took
            })
        })
        .collect();
    tokio::time::sleep(FOR).await;
    stop.store(true, Ordering::Relaxed);
    let mut took = Vec::new();
    for task in tasks {
        took.extend(task.await.unwrap());
    }
    let rate = took.len() as f64 / start.elapsed().as_secs_f64();
    let cpu = (measure::cpu() - cpu).as_secs_f64() * 1e6 / took.len() as f64;
    took.sort();
    let (p50, p99) = (took[took.len() / 2], took[took.len() * 99 / 100]);
    println!(
        "{what:28} {callers:4} callers {rate:10.0}/s   p50 {p50:>9.1?}   p99 {p99:>9.1?}   CPU {cpu:6.1} us a call"
    );
}

async fn open(dir: &tempfile::TempDir) -> Hub {
    Hub::open(Config::new(dir.path())).await.unwrap()
}

async fn submit(hub: &Hub, command: Command) {
    hub.submit(command, None).await.unwrap();
}

async fn claims(callers: usize) {
    let dir = tempfile::tempdir().unwrap();
    let hub = open(&dir).await;
    for number in 0..callers {
        submit(&hub, register(number)).await;
    }
    let held = hub.clone();
    race("claims, each another file", callers, move |caller, n| {
        let hub = held.clone();
        async move { submit(&hub, claim(caller, n)).await }
    })
    .await;
    let returned = hub.clone();
    race("claim and release in turn", callers, move |caller, n| {
        let hub = returned.clone();
        let file = 1_000_000 + n / 2;
        async move { submit(&hub, if n % 2 == 0 { claim(caller, file) } else { release(caller, file) }).await }
    })
    .await;
    let beating = hub.clone();
    race("heartbeats", callers, move |caller, _| {
        let hub = beating.clone();
        async move {
            hub.beat(&manus(caller)).unwrap();
            tokio::task::yield_now().await;
        }
    })
    .await;
    hub.shutdown().await;
}

async fn creations(callers: usize) {
    let dir = tempfile::tempdir().unwrap();
    let hub = open(&dir).await;
    for number in 0..500 {
        submit(&hub, register(number)).await;
    }
    let creating = hub.clone();
    race("create_task, 500 agents", callers, move |caller, n| {
        let hub = creating.clone();
        async move { submit(&hub, Command::CreateTasks { tasks: vec![task(caller * 1_000_000 + n)] }).await }
    })
    .await;
    hub.shutdown().await;
}

async fn starts(tasks: usize) {
    let dir = tempfile::tempdir().unwrap();
    let hub = open(&dir).await;
    for number in 0..500 {
        submit(&hub, register(number)).await;
    }
    for batch in 0..tasks / 5_000 {
        let tasks = (0..5_000).map(|n| task(batch * 5_000 + n)).collect();
        submit(&hub, Command::CreateTasks { tasks }).await;
    }
    hub.shutdown().await;
    let start = Instant::now();
    let hub = open(&dir).await;
    println!("start with {tasks} open tasks: {:.1?}", start.elapsed());
    let start = Instant::now();
    let snapshot = hub.read(engine::State::snapshot);
    println!("snapshot of {} tasks: {:.1?}", snapshot.tasks.len(), start.elapsed());
    hub.shutdown().await;
}

fn main() {
    // Numbers of callers, to race only those: `cargo bench -p hub --bench submit -- 64`.
    let chosen: Vec<usize> = std::env::args().filter_map(|arg| arg.parse().ok()).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        for callers in if chosen.is_empty() { &[1, 16, 64, 256][..] } else { &chosen } {
            claims(*callers).await;
        }
        if !chosen.is_empty() {
            return;
        }
        for callers in [1, 64] {
            creations(callers).await;
        }
        starts(5_000).await;
        starts(100_000).await;
    });
}
