//! Calls of each kind at 1, 16, 64 and 256 connections, beside a bare echo.

use std::error::Error;
use std::io;

use futures::future::join_all;
use serde_json::json;

use crate::connection::{Kind as Answer, request};
use crate::load::{self, Seen};
use crate::rounds::{self, ROUNDS};
use crate::server::{Process, folder, register};
use crate::table::Table;

const CONNECTIONS: [usize; 4] = [1, 16, 64, 256];

/// One kind of call, and how fast it should be at 64 connections as a share of the echo.
pub struct Kind {
    pub name: &'static str,
    wanted: &'static str,
    next: fn(usize, usize) -> Vec<u8>,
}

/// Claims first.
pub const KINDS: [Kind; 3] = [
    Kind {
        name: "claims and releases, durable",
        wanted: "of echo: at least 0.55, p99 under 5 ms",
        next: claim_or_release,
    },
    Kind { name: "heartbeats", wanted: "of echo: at least 0.9", next: heartbeat },
    Kind { name: "messages sent and taken", wanted: "of echo", next: message },
];

pub async fn measure(table: &mut Table) -> Result<(), Box<dyn Error>> {
    table.section(
        "Throughput and latency",
        "So many connections, each with one call after the other, beside a bare axum JSON echo. Of each the median of three \
         interleaved rounds; the percentiles are of all rounds together.",
    );
    let echo = Process::echo()?;
    let project = folder()?;
    let server = Process::server(project.path())?;
    register(&server, 256).await?;
    one_winner(&server).await?;
    let mut alone = None;
    for connections in CONNECTIONS {
        let claims = beside_echo(table, (&server, &echo), connections).await?;
        let alone = alone.get_or_insert(claims.clone());
        if connections == 64 {
            let times = format!("{:.1}", rounds::ratio(&claims, alone));
            table.row(["claims, 64 connections to 1", "", "", &times, "at least 8"]);
            transactions(table, &server).await?;
        }
    }
    fresh_claims(table, &server).await?;
    drop(server);
    new_tasks(table).await
}

/// All kinds of calls and the echo in turn. Answers what was seen of claims.
async fn beside_echo(
    table: &mut Table,
    (server, echo): (&Process, &Process),
    connections: usize,
) -> Result<Vec<Seen>, Box<dyn Error>> {
    let (echoes, seen) = in_turn(echo, std::slice::from_ref(server), connections, ROUNDS).await?;
    table.load(&format!("bare echo, {connections} connections"), &echoes, None);
    for (kind, seen) in KINDS.iter().zip(&seen) {
        let wanted = if connections == 64 { kind.wanted } else { "of echo" };
        let ratio = rounds::ratio(&seen[0], &echoes);
        table.load(&format!("{}, {connections} connections", kind.name), &seen[0], Some((ratio, wanted)));
    }
    let [mut claims, ..] = seen;
    Ok(claims.swap_remove(0))
}

/// What was seen in some rounds: of the echo, and of each kind of call by each server.
pub type InTurn = (Vec<Seen>, [Vec<Vec<Seen>>; KINDS.len()]);

/// In each round the echo, and then each kind of call by one server after the other.
pub async fn in_turn(
    echo: &Process,
    servers: &[Process],
    connections: usize,
    rounds: usize,
) -> io::Result<InTurn> {
    let body = |n, step| request("claim_files", &claim_body(n, step));
    let (mut echoes, mut seen) = (Vec::new(), KINDS.map(|_| vec![Vec::new(); servers.len()]));
    for _ in 0..rounds {
        echoes.push(load::run(echo, connections, body).await?);
        for (kind, seen) in KINDS.iter().zip(&mut seen) {
            for (server, seen) in servers.iter().zip(seen) {
                seen.push(load::run(server, connections, kind.next).await?);
            }
        }
    }
    Ok((echoes, seen))
}

/// How many commands share a transaction, by the server's own figures.
async fn transactions(table: &mut Table, server: &Process) -> Result<(), Box<dyn Error>> {
    let before = server.metric("manus_sync_commit_duration_seconds_count").await?;
    let seen = load::run(server, 64, claim_or_release).await?;
    let commits = server.metric("manus_sync_commit_duration_seconds_count").await? - before;
    let share = format!("{:.3}", commits / seen.calls() as f64);
    table.row(["transactions a command, 64 connections", "", "", &share, "at most 0.05"]);
    Ok(())
}

/// A claim of a file of the caller's own, and its release, in turn: all durable, all granted.
pub fn claim_body(n: usize, step: usize) -> String {
    format!("{{\"manus_id\":\"agent_{n}\",\"files\":[\"src/module_{n}/file_{}.rs\"]}}", step / 2)
}

/// A claim or its release.
pub fn claim_or_release(n: usize, step: usize) -> Vec<u8> {
    request(if step.is_multiple_of(2) { "claim_files" } else { "release_files" }, &claim_body(n, step))
}

/// Claims alone: every one a new lock, all of which must be there afterwards.
async fn fresh_claims(table: &mut Table, server: &Process) -> Result<(), Box<dyn Error>> {
    let mut connection = server.connect().await?;
    let held = |snapshot: serde_json::Value| snapshot["locks"].as_array().map_or(0, Vec::len) as u64;
    let before = held(connection.call("snapshot", &json!({})).await?);
    let fresh = |n: usize, step: usize| {
        request("claim_files", &format!("{{\"manus_id\":\"agent_{n}\",\"files\":[\"fresh/{n}/{step}.rs\"]}}"))
    };
    let seen = load::run(server, 64, fresh).await?;
    let now = held(connection.call("snapshot", &json!({})).await?);
    if now == before + seen.successes {
        let seen = std::slice::from_ref(&seen);
        table.load("new claims only, all found afterwards, 64 connections", seen, None);
    } else {
        let said = format!("not shown: {} granted, {} found", seen.successes, now - before);
        table.row(["new claims only, 64 connections", &said, "", "", ""]);
    }
    Ok(())
}

fn heartbeat(n: usize, _: usize) -> Vec<u8> {
    request("heartbeat", &format!("{{\"manus_id\":\"agent_{n}\"}}"))
}

fn new_task(n: usize, step: usize) -> Vec<u8> {
    request("create_task", &format!("{{\"title\":\"Task {n}.{step}\",\"description\":\"\"}}"))
}

/// Sends to oneself, and takes what is there.
fn message(n: usize, step: usize) -> Vec<u8> {
    if step.is_multiple_of(2) {
        let body = format!(
            "{{\"from_manus\":\"agent_{n}\",\"to_manus\":\"agent_{n}\",\"message_type\":\"NOTE\",\"content\":{{\"step\":{step}}}}}"
        );
        request("send_message", &body)
    } else {
        request("get_messages", &format!("{{\"manus_id\":\"agent_{n}\"}}"))
    }
}

/// On a server of its own, which is left with very many open tasks.
async fn new_tasks(table: &mut Table) -> Result<(), Box<dyn Error>> {
    let project = folder()?;
    let server = Process::server(project.path())?;
    register(&server, 256).await?;
    for connections in CONNECTIONS {
        let mut seen = Vec::new();
        for _ in 0..ROUNDS {
            seen.push(load::run(&server, connections, new_task).await?);
        }
        table.load(&format!("tasks created and assigned, {connections} connections"), &seen, None);
    }
    Ok(())
}

/// What all numbers rest on: of sixteen that want one file at once, one gets it.
async fn one_winner(server: &Process) -> Result<(), Box<dyn Error>> {
    let mut connections = Vec::new();
    for _ in 0..16 {
        connections.push(server.connect().await?);
    }
    let claims = connections.iter_mut().enumerate().map(|(n, connection)| async move {
        let claim = request(
            "claim_files",
            &json!({ "manus_id": format!("agent_{n}"), "files": ["one.rs"] }).to_string(),
        );
        connection.send(&claim).await.map(|(kind, _)| kind)
    });
    let kinds = join_all(claims).await.into_iter().collect::<Result<Vec<_>, _>>()?;
    let count = |wanted: Answer| kinds.iter().filter(|kind| **kind == wanted).count();
    if (count(Answer::Success), count(Answer::Refusal)) == (1, 15) {
        return Ok(());
    }
    Err(format!("a race for one file was not decided: {kinds:?}").into())
}
