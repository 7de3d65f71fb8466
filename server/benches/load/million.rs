//! A project with a million open tasks: how much memory they take up, and how long a start takes.

use std::error::Error;

use crate::growth::create;
use crate::server::{Process, folder, register};
use crate::start;
use crate::table::Table;

const TASKS: usize = 1_000_000;
const AGENTS: usize = 64;

pub async fn measure(table: &mut Table) -> Result<(), Box<dyn Error>> {
    table.section(
        "A million open tasks",
        "With 64 agents. The starts are the median of five, each after the one before was killed.",
    );
    let project = folder()?;
    {
        let server = Process::server(project.path())?;
        register(&server, AGENTS).await?;
        create(&server, TASKS).await?;
    }
    start::with_tasks(table, project.path(), "1,000,000 open tasks").await
}
