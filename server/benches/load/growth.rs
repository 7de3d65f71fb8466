//! What a large project costs: the same calls with little and with much already there.

use std::error::Error;
use std::io;
use std::path::Path;

use serde_json::json;

use crate::connection::request;
use crate::load;
use crate::rounds::{self, ROUNDS};
use crate::server::{Process, folder, register};
use crate::start;
use crate::table::Table;
use crate::throughput::claim_or_release;

const AGENTS: usize = 1_000;
const FEW: usize = 100;
const MANY: usize = 100_000;
const BATCH: usize = 5_000;
const CONNECTIONS: usize = 64;

pub async fn measure(table: &mut Table) -> Result<(), Box<dyn Error>> {
    table.section(
        "Growth",
        "The same calls with little and with much already there, by 64 connections. Of each the median of three interleaved rounds; \
         the percentiles are of all rounds together.",
    );
    let (few, many) = (folder()?, folder()?);
    let small = project(table, few.path(), FEW).await?;
    let large = project(table, many.path(), MANY).await?;
    let (mut claims, mut small_seen, mut large_seen) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        claims.push(load::run(&small, CONNECTIONS, claim_or_release).await?);
        small_seen.push(load::run(&small, CONNECTIONS, new_task).await?);
        large_seen.push(load::run(&large, CONNECTIONS, new_task).await?);
    }
    table.load("create_task with 100 open tasks at first, 1,000 agents", &small_seen, None);
    let cost = rounds::ratio(&small_seen, &large_seen);
    table.load(
        "create_task with 100,000 open tasks and more, 1,000 agents",
        &large_seen,
        Some((cost, "times the cost: at most 1.5")),
    );
    let of_claims = format!("{:.2}", rounds::ratio(&large_seen, &claims));
    table.row(["the same over claims and releases", "", "", &of_claims, "at least 0.7"]);
    drop((small, large));
    start::with_tasks(table, many.path(), "100,000 open tasks and more").await?;
    live_claims(table).await
}

/// A server with a thousand agents and so many open tasks.
async fn project(table: &mut Table, folder: &Path, tasks: usize) -> Result<Process, Box<dyn Error>> {
    let server = Process::server(folder)?;
    register(&server, AGENTS).await?;
    let before = server.memory_mb();
    create(&server, tasks).await?;
    if let (Some(before), Some(after)) = (before, server.memory_mb()) {
        let what = format!("memory for {tasks} open tasks");
        table.row([&what, &format!("{:.0} MB", after - before), "", "", "80 MB a 100,000"]);
    }
    Ok(server)
}

fn new_task(n: usize, step: usize) -> Vec<u8> {
    let body = format!(
        "{{\"title\":\"Task {n}.{step}\",\"description\":\"\",\"files_involved\":[\"src/{n}/{step}.rs\"]}}"
    );
    request("create_task", &body)
}

/// Open tasks, in batches, a tenth of them waiting for another.
pub async fn create(server: &Process, tasks: usize) -> io::Result<()> {
    let mut connection = server.connect().await?;
    for first in (0..tasks).step_by(BATCH) {
        let task = |n: usize| {
            let needs = if n % 10 == 9 { vec![format!("k{}", n - 1)] } else { Vec::new() };
            json!({ "key": format!("k{n}"), "title": format!("Task {n}"), "description": "", "dependencies": needs })
        };
        let batch: Vec<_> = (first..tasks.min(first + BATCH)).map(task).collect();
        connection.call("create_tasks", &json!({ "tasks": batch })).await?;
    }
    Ok(())
}

async fn live_claims(table: &mut Table) -> Result<(), Box<dyn Error>> {
    let mut projects = Vec::new();
    for live in [0, 1_000, 10_000] {
        let project = folder()?;
        let server = Process::server(project.path())?;
        register(&server, 80).await?;
        hold(&server, live).await?;
        projects.push((live, project, server, Vec::new()));
    }
    for _ in 0..ROUNDS {
        for (_, _, server, seen) in &mut projects {
            seen.push(load::run(server, CONNECTIONS, claim_or_release).await?);
        }
    }
    let none = projects[0].3.clone();
    for (live, _, _, seen) in &projects {
        let what = format!("claims and releases with {live} live claims");
        let time = rounds::ratio(&none, seen);
        table.load(&what, seen, Some((time, "times the time of none: at most 1.1")));
    }
    Ok(())
}

/// Has others than those who are measured hold so many files.
async fn hold(server: &Process, live: usize) -> io::Result<()> {
    let mut connection = server.connect().await?;
    for n in 0..live / 1_000 {
        let files: Vec<String> = (0..1_000).map(|file| format!("held/{n}/{file}.rs")).collect();
        let claim = json!({ "manus_id": format!("agent_{}", 64 + n), "files": files });
        connection.call("claim_files", &claim).await?;
    }
    Ok(())
}
