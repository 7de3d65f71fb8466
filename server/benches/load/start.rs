//! How long until a server answers, and what it takes up when it has nothing to do.

use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::rounds;
use crate::server::{Process, folder};
use crate::table::Table;

/// How often a start is made; what is reported is the one in the middle.
const STARTS: usize = 5;

pub async fn measure(table: &mut Table) -> Result<(), Box<dyn Error>> {
    table.section("Start", "From the program's start to the first answer over HTTP, the median of five.");
    let mut times = Vec::new();
    for _ in 0..STARTS {
        let project = folder()?;
        times.push(first_answer(project.path()).await?.0);
    }
    let time = format!("{:.3} s", rounds::middle(times));
    table.row(["start to first answer, empty project", &time, "", "", "under 0.02 s"]);
    let project = folder()?;
    let server = Process::server(project.path())?;
    server.connect().await?.call("list_manus", &json!({})).await?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    if let Some(memory) = server.memory_mb() {
        table.row(["memory when idle, empty project", &format!("{memory:.1} MB"), "", "", "under 60 MB"]);
    }
    Ok(())
}

/// Of a project that is there already. The server before was killed, so what it left is brought in order first.
pub async fn with_tasks(table: &mut Table, project: &Path, tasks: &str) -> Result<(), Box<dyn Error>> {
    let (mut times, mut memory) = (Vec::new(), None);
    for _ in 0..STARTS {
        let (time, server) = first_answer(project).await?;
        times.push(time);
        memory = server.memory_mb();
    }
    let time = format!("{:.2} s", rounds::middle(times));
    table.row([&format!("start to first answer, {tasks}"), &time, "", "", "under 3 s"]);
    if let Some(memory) = memory {
        table.row([&format!("memory after a start, {tasks}"), &format!("{memory:.0} MB"), "", "", ""]);
    }
    Ok(())
}

/// In seconds.
async fn first_answer(project: &Path) -> Result<(f64, Process), Box<dyn Error>> {
    let started = Instant::now();
    let server = Process::server(project)?;
    server.connect().await?.call("list_manus", &json!({})).await?;
    Ok((started.elapsed().as_secs_f64(), server))
}
