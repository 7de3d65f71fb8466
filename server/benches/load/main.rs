//! How fast the server is, as ratios within one run: `make bench`.
//!
//! The server runs as a process of its own, as its users run it, with its database on a real disk. Beside it stands a bare axum
//! echo, which shows what HTTP and JSON alone cost on this machine. A row is shown only if every answer that went into it was a
//! success or a typed refusal.

mod connection;
mod echo;
mod growth;
mod load;
mod makespan;
mod million;
mod planning;
mod server;
mod start;
mod table;
mod throughput;
mod watchers;

use std::error::Error;

use table::Table;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|word| word == echo::ARGUMENT) {
        return echo::serve();
    }
    // Which parts to measure; all where none is named. Cargo adds flags of its own.
    let wanted: Vec<&str> =
        arguments.iter().map(String::as_str).filter(|word| !word.starts_with('-')).collect();
    let wants = |part: &str| wanted.is_empty() || wanted.contains(&part);
    let _ = rlimit::increase_nofile_limit(u64::MAX);
    // One thread: it costs less than the server it drives, and leaves a core to it.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut table = Table::default();
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
        if wants("planning") {
            planning::measure(&mut table).await?;
        }
        if wants("million") {
            million::measure(&mut table).await?;
        }
        if wants("start") {
            start::measure(&mut table).await?;
        }
        table.print();
        Ok(())
    })
}
