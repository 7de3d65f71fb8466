//! How fast the server is, as ratios within one run: `make bench`.
//!
//! The server runs as a process of its own, as its users run it, with its database on a real disk. Beside it stands a bare axum
//! echo, which shows what HTTP and JSON alone cost on this machine. A row is shown only if every answer that went into it was a
//! success or a typed refusal.

mod busy;
mod connection;
mod echo;
mod growth;
mod load;
mod makespan;
mod million;
mod peers;
mod planning;
mod report;
mod rounds;
mod server;
mod start;
mod table;
mod throughput;
mod versus;
mod watchers;

use std::error::Error;

use report::Report;
use table::Table;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|word| word == echo::ARGUMENT) {
        return echo::serve();
    }
    // Which parts to measure; all where none is named. Cargo adds flags of its own.
    let wanted: Vec<&str> =
        arguments.iter().map(String::as_str).filter(|word| !word.starts_with('-')).collect();
    let versus = wanted.first() == Some(&"versus");
    let wants = |part: &str| wanted.is_empty() || wanted.contains(&part);
    let anyway = arguments.iter().any(|word| word == "--busy");
    if let Some(why) = busy::in_the_way().filter(|_| !anyway) {
        return Err(why.into());
    }
    let begun = busy::Looked::now();
    let _ = rlimit::increase_nofile_limit(u64::MAX);
    // One thread: it costs less than the server it drives, and leaves a core to it.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (mut table, mut report) = (Table::default(), Report::default());
        if versus {
            return versus::measure(&mut table, &wanted[1..]).await;
        }
        if wants("makespan") {
            makespan::measure(&mut table)?;
        }
        if wants("throughput") {
            throughput::measure(&mut table).await?;
        }
        if wants("watchers") {
            watchers::measure(&mut table).await?;
        }
        if wants("growth") {
            growth::measure(&mut table).await?;
        }
        if wants("peers") {
            peers::measure(&mut report).await?;
        }
        if wants("planning") {
            planning::measure(&mut table).await?;
        }
        if wants("million") {
            million::measure(&mut table).await?;
        }
        if wants("start") {
            start::measure(&mut table).await?;
        }
        table.write(&mut report);
        // What is known to be disturbed is shown and not kept.
        match begun.as_ref().and_then(busy::was_in_the_way) {
            Some(why) if !anyway => Err(why.into()),
            Some(why) => {
                eprintln!("docs/benchmarks.md stays as it is: {why}");
                Ok(())
            }
            None => Ok(report.save(&report::machine())?),
        }
    })
}
