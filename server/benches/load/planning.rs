//! What the planner costs those who only give signs of life, in a project with very many open tasks.

use std::error::Error;

use serde_json::json;

use crate::connection::request;
use crate::growth::create;
use crate::load::{self, Seen};
use crate::rounds::{self, ROUNDS};
use crate::server::{Process, folder, register};
use crate::table::Table;

const TASKS: usize = 100_000;
const AGENTS: usize = 64;

pub async fn measure(table: &mut Table) -> Result<(), Box<dyn Error>> {
    table.section(
        "The planner at work",
        "What it costs those who only give signs of life; three rounds with and without it in turn.",
    );
    let project = folder()?;
    {
        let server = Process::server_with(project.path(), &["--plan-budget-ms", "0"])?;
        register(&server, AGENTS).await?;
        create(&server, TASKS).await?;
        server.connect().await?.call("next_task", &json!({ "manus_id": "agent_0" })).await?;
    }
    let (mut without, mut with) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        for (budget, seen) in [("0", &mut without), ("50", &mut with)] {
            let server = Process::server_with(project.path(), &["--plan-budget-ms", budget])?;
            seen.push(beats_while_work_goes_on(&server).await?);
        }
    }
    let what = format!("heartbeats with {TASKS} open tasks, {AGENTS} connections, work going on");
    table.load(&format!("{what}, no planner"), &without, None);
    let p99 = |(without, with): (&Seen, &Seen)| with.percentile_ms(0.99) / without.percentile_ms(0.99);
    let ratio = rounds::middle(without.iter().zip(&with).map(p99).collect());
    table.load(&format!("{what}, the planner busy"), &with, Some((ratio, "times the p99: at most 2")));
    Ok(())
}

/// Everybody gives signs of life, while reports on a task in progress give the planner a reason to plan whenever it can.
async fn beats_while_work_goes_on(server: &Process) -> Result<Seen, Box<dyn Error>> {
    let mut reporter = server.connect().await?;
    let agent = reporter.call("get_manus", &json!({ "manus_id": "agent_0" })).await?;
    let report = json!({ "manus_id": "agent_0", "task_id": agent["current_task"], "progress": 1 });
    let reports = tokio::spawn(async move {
        // Ends when it is told to.
        while reporter.call("update_task_progress", &report).await.is_ok() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    });
    let seen =
        load::run(server, AGENTS, |n, _| request("heartbeat", &format!("{{\"manus_id\":\"agent_{n}\"}}")))
            .await;
    reports.abort();
    Ok(seen?)
}
