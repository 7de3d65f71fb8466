//! The same work done by others: a file claimed by one of 64 agents and given back, durably, beside a bare echo.
//!
//! Each is started the way its own documentation has it, on the same disk, and driven by the same loop: 64 connections, each with
//! one call after the other. Rounds are interleaved, so that whatever else goes on meets all alike. One that is not installed is
//! left out, and that is said.

mod coord;
mod etcd;
mod naive;
mod postgres;
mod programs;
mod redis;
mod task_graph;

use std::error::Error;
use std::io;
use std::time::Duration;

use crate::connection::{Connection, Kind, request};
use crate::load::{self, Seen};
use crate::report::{Report, milliseconds};
use crate::rounds::{self, ROUNDS};
use crate::server::{Process, folder, register};
use crate::throughput::{claim_body, claim_or_release};

pub use programs::Missing;

/// How long a round may take, with 64 processes to start.
const PATIENCE: Duration = Duration::from_secs(60);
/// How many agents claim at the same time.
pub const CONNECTIONS: usize = 64;

/// What is measured, and for others what ours should reach of it.
struct Subject {
    name: String,
    /// How it keeps what it acknowledged.
    keeps: &'static str,
    wanted: Option<f64>,
    runner: Runner,
}

enum Runner {
    Http(Process, fn(usize, usize) -> Vec<u8>),
    Redis(redis::Redis),
    Postgres(postgres::Postgres),
    Etcd(etcd::Etcd),
    Coord(coord::Coord),
    TaskGraph(task_graph::TaskGraph),
    Naive(naive::Naive),
}

impl Runner {
    async fn run(&mut self) -> io::Result<Seen> {
        match self {
            Self::Http(process, next) => load::run(process, CONNECTIONS, *next).await,
            Self::Redis(peer) => peer.run().await,
            Self::Postgres(peer) => peer.run().await,
            Self::Etcd(peer) => peer.run().await,
            Self::Coord(peer) => peer.run().await,
            Self::TaskGraph(peer) => peer.run().await,
            Self::Naive(peer) => peer.run(),
        }
    }
}

pub async fn measure(report: &mut Report) -> Result<(), Box<dyn Error>> {
    let (project, scratch) = (folder()?, folder()?);
    let server = Process::server(project.path())?;
    register(&server, CONNECTIONS).await?;
    let echo = |n, step| request("claim_files", &claim_body(n, step));
    let mut subjects = vec![
        subject("manus-sync", "fsync before each answer", None, Runner::Http(server, claim_or_release)),
        subject("bare axum JSON echo", "nothing", Some(0.55), Runner::Http(Process::echo()?, echo)),
    ];
    let (mut here, mut missing) = others(scratch.path()).await;
    subjects.append(&mut here);
    let mut seen = vec![Vec::new(); subjects.len()];
    for _ in 0..ROUNDS {
        for (subject, seen) in subjects.iter_mut().zip(&mut seen) {
            let round = tokio::time::timeout(PATIENCE, subject.runner.run()).await;
            match round.unwrap_or_else(|_| Err(io::Error::other("a round does not end"))) {
                Ok(round) => {
                    eprintln!("{}: {:.0} a second", subject.name, round.per_second());
                    seen.push(round);
                }
                Err(error) => missing.push(Missing::new(&subject.name, format!("it broke: {error}"))),
            }
        }
    }
    write(report, &subjects, seen, &missing);
    Ok(())
}

fn subject(name: impl Into<String>, keeps: &'static str, wanted: Option<f64>, runner: Runner) -> Subject {
    Subject { name: name.into(), keeps, wanted, runner }
}

/// Those that are installed here, and why the others are not measured.
async fn others(scratch: &std::path::Path) -> (Vec<Subject>, Vec<Missing>) {
    let (mut here, mut missing) = (Vec::new(), Vec::new());
    let mut take = |started: Result<Subject, Missing>| match started {
        Ok(subject) => here.push(subject),
        Err(why) => missing.push(why),
    };
    take(
        redis::Redis::start(scratch)
            .await
            .map(|peer| subject(peer.name.clone(), "appendfsync always", Some(0.70), Runner::Redis(peer))),
    );
    take(postgres::Postgres::start(scratch).await.map(|peer| {
        subject(peer.name.clone(), "fsync and synchronous_commit on", Some(2.5), Runner::Postgres(peer))
    }));
    take(
        etcd::Etcd::start(scratch).await.map(|peer| {
            subject(peer.name.clone(), "fsync, as it always does", Some(5.0), Runner::Etcd(peer))
        }),
    );
    take(coord::Coord::start(scratch).await.map(|peer| {
        subject(
            peer.name.clone(),
            "SQLite, synchronous=NORMAL: not on a power loss",
            None,
            Runner::Coord(peer),
        )
    }));
    take(
        task_graph::TaskGraph::start(scratch)
            .await
            .map(|peer| subject(peer.name.clone(), "SQLite, as it comes", None, Runner::TaskGraph(peer))),
    );
    take(naive::Naive::start(scratch).map(|peer| {
        subject(
            "naive Python + sqlite3",
            "SQLite's defaults: fsync each commit",
            Some(40.0),
            Runner::Naive(peer),
        )
    }));
    (here, missing)
}

fn write(report: &mut Report, subjects: &[Subject], seen: Vec<Vec<Seen>>, missing: &[Missing]) {
    report.section("Claims beside the peers", INTRODUCTION);
    let head = [
        "",
        "claims and releases a second",
        "p50",
        "p99",
        "p99.9",
        "manus-sync is … times as fast",
        "wanted",
        "keeps",
    ];
    report.table(&head);
    let ours = seen.first().cloned().unwrap_or_default();
    for (subject, rounds) in subjects.iter().zip(&seen) {
        if rounds.len() < ROUNDS || rounds.iter().any(|round| !round.is_sound()) {
            let wrong: u64 = rounds.iter().map(|round| round.neither).sum();
            report.note(&format!(
                "{} is not shown: {wrong} answers were neither success nor refusal.",
                subject.name
            ));
            continue;
        }
        let (ratio, wanted) = match rounds::ratio(&ours, rounds) {
            _ if std::ptr::eq(subject, &raw const subjects[0]) => (String::new(), String::new()),
            ratio => {
                (format!("{ratio:.2}"), subject.wanted.map(|w| format!("at least {w}")).unwrap_or_default())
            }
        };
        let all = Seen::all(rounds);
        report.row(&[
            &subject.name,
            &format!("{:.0}", rounds::median(rounds)),
            &milliseconds(all.percentile_ms(0.5)),
            &milliseconds(all.percentile_ms(0.99)),
            &milliseconds(all.percentile_ms(0.999)),
            &ratio,
            &wanted,
            subject.keeps,
        ]);
    }
    for missing in missing {
        report.note(&missing.to_string());
    }
}

const INTRODUCTION: &str = "64 agents, each over a connection of its own, claim a file and give it back, one call after the other. \
    Of each subject the median of three interleaved rounds; the percentiles are of all rounds together.";

/// An answer in JSON over HTTP.
pub async fn ask(connection: &mut Connection, path: &str, body: &str) -> io::Result<(Kind, Vec<u8>)> {
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    connection.send(request.as_bytes()).await.map(|(kind, body)| (kind, body.to_vec()))
}
