//! Builds of the server beside each other, in turn: `make bench ARGS="versus BINARY…"`, with absolute paths, to see what a change is
//! worth on a machine whose own speed varies.

use std::error::Error;
use std::path::Path;

use crate::rounds;
use crate::server::{Process, folder, register};
use crate::table::Table;
use crate::throughput::{KINDS, in_turn};

const CONNECTIONS: usize = 64;
const ROUNDS: usize = 7;

pub async fn measure(table: &mut Table, binaries: &[&str]) -> Result<(), Box<dyn Error>> {
    table.section(
        "Builds in turn",
        "The same calls by 64 connections, one build after the other in each of seven rounds.",
    );
    let echo = Process::echo()?;
    let (mut projects, mut servers) = (Vec::new(), Vec::new());
    for binary in binaries {
        let project = folder()?;
        let server = Process::server_of(Path::new(binary), project.path(), &[])?;
        register(&server, CONNECTIONS).await?;
        servers.push(server);
        projects.push(project);
    }
    let (echoes, seen) = in_turn(&echo, &servers, CONNECTIONS, ROUNDS).await?;
    table.load("bare echo", &echoes, None);
    for (kind, seen) in KINDS.iter().zip(&seen) {
        for (binary, seen) in binaries.iter().zip(seen) {
            table.load(
                &format!("{}, {binary}", kind.name),
                seen,
                Some((rounds::ratio(seen, &echoes), "of echo")),
            );
        }
    }
    Ok(())
}
