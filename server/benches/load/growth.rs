//! What a large project costs: the same calls with little and with much already there.

use std::error::Error;
use std::io;

use serde_json::json;

use crate::connection::request;
use crate::load;
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
    let (small, large) = (folder()?, folder()?);
    let (mut seen, mut claims) = (Vec::new(), None);
    for (folder, tasks) in [(&small, FEW), (&large, MANY)] {
        let server = Process::server(folder.path())?;
        register(&server, AGENTS).await?;
        if claims.is_none() {
            claims = Some(load::run(&server, CONNECTIONS, claim_or_release).await?.per_second());
        }
        let before = server.memory_mb();
        create(&server, tasks).await?;
        if let (Some(before), Some(after)) = (before, server.memory_mb()) {
            let what = format!("memory for {tasks} open tasks");
            table.row([&what, &format!("{:.0} MB", after - before), "", "", "80 MB a 100,000"]);
        }
        seen.push(load::run(&server, CONNECTIONS, new_task).await?);
    }
    let cost = seen[0].per_second() / seen[1].per_second();
    table.load("create_task with 100 open tasks, 1,000 agents", &seen[0], None);
    table.load(
        "create_task with 100,000 open tasks, 1,000 agents",
        &seen[1],
        Some((cost, "times the cost: at most 1.5")),
    );
    let of_claims = format!("{:.2}", seen[1].per_second() / claims.unwrap_or(f64::NAN));
    table.row(["the same over claims and releases", "", "", &of_claims, "at least 0.7"]);
    start::with_tasks(table, large.path(), "100,000 open tasks and more").await?;
    live_claims(table).await
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
    let project = folder()?;
    let server = Process::server(project.path())?;
    register(&server, 80).await?;
    let mut connection = server.connect().await?;
    let mut none = None;
    for (live, held) in [(0, 0..0), (1_000, 0..1), (10_000, 1..10)] {
        for n in held {
            let files: Vec<String> = (0..1_000).map(|file| format!("held/{n}/{file}.rs")).collect();
            let claim = json!({ "manus_id": format!("agent_{}", 64 + n), "files": files });
            connection.call("claim_files", &claim).await?;
        }
        let seen = load::run(&server, 64, claim_or_release).await?;
        let none = *none.get_or_insert(seen.per_second());
        let what = format!("claims and releases with {live} live claims, 64 connections");
        table.load(&what, &seen, Some((seen.per_second() / none, "of none")));
    }
    Ok(())
}
