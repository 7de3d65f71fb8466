//! Builds of the server beside each other, in turn: `cargo bench --bench load -- versus BINARY…`, to see what a change is worth on a
//! machine whose own speed varies.

use std::error::Error;
use std::path::Path;

use crate::connection::request;
use crate::load;
use crate::rounds;
use crate::server::{Process, folder, register};
use crate::table::Table;
use crate::throughput::{CLAIMS, OTHERS, claim_body};

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
    let kinds = [&CLAIMS, &OTHERS[0], &OTHERS[1]];
    let mut echoes = Vec::new();
    let mut seen = vec![vec![Vec::new(); servers.len()]; kinds.len()];
    for _ in 0..ROUNDS {
        echoes.push(
            load::run(&echo, CONNECTIONS, |n, step| request("claim_files", &claim_body(n, step))).await?,
        );
        for (kind, seen) in kinds.iter().zip(&mut seen) {
            for (server, seen) in servers.iter().zip(seen) {
                seen.push(load::run(server, CONNECTIONS, kind.next).await?);
            }
        }
    }
    table.load("bare echo", &echoes, None);
    for (kind, seen) in kinds.iter().zip(&seen) {
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
