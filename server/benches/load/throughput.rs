//! Calls of each kind at 1, 16, 64 and 256 connections, beside a bare echo.

use std::error::Error;

use futures::future::join_all;
use serde_json::json;

use crate::connection::{Kind, request};
use crate::load::{self, Seen};
use crate::server::{Process, folder, register};
use crate::table::Table;

const CONNECTIONS: [usize; 4] = [1, 16, 64, 256];

pub async fn measure(table: &mut Table) -> Result<(), Box<dyn Error>> {
    let echo = Process::echo()?;
    let project = folder()?;
    let server = Process::server(project.path())?;
    register(&server, 256).await?;
    one_winner(&server).await?;
    let mut echoes = Vec::new();
    for connections in CONNECTIONS {
        let seen =
            load::run(&echo, connections, |n, step| request("claim_files", &claim_body(n, step))).await?;
        table.load(&format!("bare echo, {connections} connections"), &seen, None);
        echoes.push(seen);
    }
    claims(table, &server, &echoes).await?;
    let heartbeat = |n: usize, _| request("heartbeat", &format!("{{\"manus_id\":\"agent_{n}\"}}"));
    for (place, connections) in CONNECTIONS.into_iter().enumerate() {
        let seen = load::run(&server, connections, heartbeat).await?;
        let ratio = seen.per_second() / echoes[place].per_second();
        let wanted = if connections == 64 { "of echo: at least 0.9" } else { "of echo" };
        table.load(&format!("heartbeats, {connections} connections"), &seen, Some((ratio, wanted)));
    }
    for connections in CONNECTIONS {
        let seen = load::run(&server, connections, message).await?;
        table.load(&format!("messages sent and taken, {connections} connections"), &seen, None);
    }
    for connections in CONNECTIONS {
        let task = |n: usize, step: usize| {
            request("create_task", &format!("{{\"title\":\"Task {n}.{step}\",\"description\":\"\"}}"))
        };
        let seen = load::run(&server, connections, task).await?;
        table.load(&format!("tasks created and assigned, {connections} connections"), &seen, None);
    }
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

async fn claims(table: &mut Table, server: &Process, echoes: &[Seen]) -> Result<(), Box<dyn Error>> {
    let mut alone = None;
    for (place, connections) in CONNECTIONS.into_iter().enumerate() {
        let seen = load::run(server, connections, claim_or_release).await?;
        let ratio = seen.per_second() / echoes[place].per_second();
        let wanted = if connections == 64 { "of echo: at least 0.55, p99 under 5 ms" } else { "of echo" };
        table.load(
            &format!("claims and releases, durable, {connections} connections"),
            &seen,
            Some((ratio, wanted)),
        );
        let alone = *alone.get_or_insert(seen.per_second());
        if connections == 64 {
            let times = format!("{:.1}", seen.per_second() / alone);
            table.row(["claims, 64 connections to 1", "", "", &times, "at least 8"]);
        }
    }
    fresh_claims(table, server).await
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
        table.load("new claims only, all found afterwards, 64 connections", &seen, None);
    } else {
        let said = format!("not shown: {} granted, {} found", seen.successes, now - before);
        table.row(["new claims only, 64 connections", &said, "", "", ""]);
    }
    Ok(())
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
    let count = |wanted: Kind| kinds.iter().filter(|kind| **kind == wanted).count();
    if (count(Kind::Success), count(Kind::Refusal)) == (1, 15) {
        return Ok(());
    }
    Err(format!("a race for one file was not decided: {kinds:?}").into())
}
