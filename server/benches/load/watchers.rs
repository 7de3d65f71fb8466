//! What a hundred dashboards cost those who work, and how soon they see what happens.

use std::error::Error;
use std::io;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::sync::mpsc;

use crate::connection::Connection;
use crate::load;
use crate::rounds::{self, ROUNDS};
use crate::server::{Process, folder, register};
use crate::table::Table;
use crate::throughput::claim_or_release;

const WATCHERS: usize = 100;
const WORKERS: usize = 64;
/// As browsers ask for it.
const STREAM: &[u8] =
    b"GET /api/v1/events HTTP/1.1\r\nhost: localhost\r\naccept-encoding: gzip, deflate, br\r\n\r\n";
/// So that what comes can be looked at.
const PLAIN_STREAM: &[u8] = b"GET /api/v1/events HTTP/1.1\r\nhost: localhost\r\n\r\n";
/// How many events are followed to the last stream.
const FOLLOWED: usize = 200;
/// The pause after each, longer than a stream's pause between two writes.
const PAUSE: Duration = Duration::from_millis(50);

pub async fn measure(table: &mut Table) -> Result<(), Box<dyn Error>> {
    table.section(
        "Watchers",
        "What a hundred dashboards cost those who work (64 connections, the median of three rounds with and without in turn), and how \
         soon they see what happens.",
    );
    let project = folder()?;
    let server = Process::server(project.path())?;
    register(&server, WORKERS).await?;
    let (mut alone, mut watched) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        alone.push(load::run(&server, WORKERS, claim_or_release).await?);
        let watchers = watch(&server).await?;
        watched.push(load::run(&server, WORKERS, claim_or_release).await?);
        for watcher in watchers {
            watcher.abort();
        }
    }
    table.load("claims and releases, nobody watches", &alone, None);
    let ratio = rounds::ratio(&watched, &alone);
    table.load("the same with 100 open event streams", &watched, Some((ratio, "of unwatched: at least 0.9")));
    delay(table).await
}

/// From the call to the last of all streams, while nothing else goes on.
async fn delay(table: &mut Table) -> Result<(), Box<dyn Error>> {
    let project = folder()?;
    let server = Process::server(project.path())?;
    let (seen, mut sightings) = mpsc::unbounded_channel();
    let mut watchers = Vec::new();
    for _ in 0..WATCHERS {
        watchers.push(tokio::spawn(look_out(server.connect().await?, seen.clone())));
    }
    let mut caller = server.connect().await?;
    let mut delays = Vec::new();
    for n in 0..FOLLOWED {
        let called = Instant::now();
        caller.call("create_task", &json!({ "title": beacon(n), "description": "" })).await?;
        for _ in 0..WATCHERS {
            sightings.recv().await.ok_or("a stream ended")?;
        }
        delays.push(called.elapsed());
        tokio::time::sleep(PAUSE).await;
    }
    watchers.iter().for_each(tokio::task::JoinHandle::abort);
    delays.sort();
    let ms = |share: usize| delays[FOLLOWED * share / 100].as_secs_f64() * 1000.0;
    let times = format!("p50 {:.2} ms, p99 {:.2} ms", ms(50), ms(99));
    table.row(["an event, from the call to the last of 100 streams", "", &times, "", "p99 under 10 ms"]);
    Ok(())
}

fn beacon(n: usize) -> String {
    format!("beacon {n}.")
}

/// Says each time when it sees what is expected next.
async fn look_out(mut connection: Connection, seen: mpsc::UnboundedSender<()>) -> io::Result<()> {
    connection.begin(PLAIN_STREAM).await?;
    for n in 0..FOLLOWED {
        connection.until(beacon(n).as_bytes()).await?;
        let _ = seen.send(());
    }
    Ok(())
}

async fn watch(server: &Process) -> Result<Vec<tokio::task::JoinHandle<()>>, Box<dyn Error>> {
    let mut watchers = Vec::new();
    for _ in 0..WATCHERS {
        let connection = server.connect().await?;
        watchers.push(tokio::spawn(async move {
            // Ends when it is told to; what went wrong before would show in the server's numbers.
            let _ = connection.drain(STREAM).await;
        }));
    }
    Ok(watchers)
}
