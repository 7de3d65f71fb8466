//! Ways to write a batch of claims: what `docs/adr/0001-group-commit.md` decides by.
//!
//! Each way writes the same rows (an event and a lock a claim) into the project's own schema, in one transaction a batch. CPU
//! time stands beside wall time, because the machine may be busy with something else.
//!
//! `cargo bench -p hub --bench statements`

// A bench may give up loudly.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod measure;

use std::fmt::Write;
use std::time::{Duration, Instant};

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor};

const COMMIT: &str = include_str!("../src/store/sqlite/commit.sql");
const EVENTS: &str = "insert into events (seq, at_ms, by_manus, kind, data)";
const LOCKS: &str =
    "insert into file_locks (fencing_token, file_path, locked_by, locked_at_ms, lock_reason, mode)";
const AGENTS: i64 = 64;
const NOW: i64 = 1_750_000_000_000;

/// How a batch is written.
#[derive(Debug, Clone, Copy)]
enum Way {
    /// A prepared statement a row.
    Rows,
    /// A statement for up to 64 rows.
    MultiRow,
    /// A statement a table, fed with a JSON array.
    Json,
    /// The same, its rows handed out in binary form.
    Jsonb,
    /// The same, all statements in one text and so in one hop between threads.
    JsonbOneHop,
    /// One statement for everything, dealt out to all tables by a trigger: as the hub does it.
    Trigger,
}

const WAYS: [Way; 6] = [Way::Rows, Way::MultiRow, Way::Json, Way::Jsonb, Way::JsonbOneHop, Way::Trigger];

struct Claim {
    number: i64,
    agent: String,
    path: String,
    data: String,
}

fn claim(number: i64) -> Claim {
    let agent = format!("agent_{}", number % AGENTS);
    let path = format!("src/module_{}/file_{number}.rs", number % AGENTS);
    let data = format!(
        r#"{{"locks":[{{"file_path":"{path}","locked_by":"{agent}","locked_at_ms":{NOW},"lock_reason":"bench","mode":"exclusive","expires_at_ms":null,"task_id":null,"fencing_token":{number}}}]}}"#
    );
    Claim { number, agent, path, data }
}

async fn write(sql: &mut SqliteConnection, way: Way, claims: &[Claim]) {
    match way {
        Way::Rows => rows(sql, claims, 1).await,
        Way::MultiRow => rows(sql, claims, 64).await,
        Way::Json => json(sql, claims, "json_each", false).await,
        Way::Jsonb => json(sql, claims, "jsonb_each", false).await,
        Way::JsonbOneHop => json(sql, claims, "jsonb_each", true).await,
        Way::Trigger => trigger(sql, claims).await,
    }
}

/// `(?, ?), (?, ?), …`
fn places(columns: usize, rows: usize) -> String {
    let row = format!("({})", vec!["?"; columns].join(", "));
    vec![row; rows].join(", ")
}

async fn rows(sql: &mut SqliteConnection, claims: &[Claim], at_once: usize) {
    sql.execute("begin immediate").await.unwrap();
    for claims in claims.chunks(at_once) {
        let mut query = sqlx::query(AssertSqlSafe(format!("{EVENTS} values {}", places(5, claims.len()))));
        for claim in claims {
            query =
                query.bind(claim.number).bind(NOW).bind(&claim.agent).bind("locks_granted").bind(&claim.data);
        }
        query.execute(&mut *sql).await.unwrap();
    }
    for claims in claims.chunks(at_once) {
        let mut query = sqlx::query(AssertSqlSafe(format!("{LOCKS} values {}", places(6, claims.len()))));
        for claim in claims {
            query = query.bind(claim.number).bind(&claim.path).bind(&claim.agent);
            query = query.bind(NOW).bind("bench").bind("exclusive");
        }
        query.execute(&mut *sql).await.unwrap();
    }
    sql.execute("commit").await.unwrap();
}

/// The rows of both tables as JSON arrays.
fn arrays(claims: &[Claim]) -> (String, String) {
    let (mut events, mut locks) = (String::from("["), String::from("["));
    for Claim { number, agent, path, data } in claims {
        let comma = if events.len() > 1 { "," } else { "" };
        let event =
            format!(r#""seq":{number},"at_ms":{NOW},"by":"{agent}","kind":"locks_granted","data":{data}"#);
        let lock = format!(
            r#""fencing_token":{number},"file_path":"{path}","locked_by":"{agent}","locked_at_ms":{NOW},"lock_reason":"bench","mode":"exclusive""#
        );
        write!(events, "{comma}{{{event}}}").unwrap();
        write!(locks, "{comma}{{{lock}}}").unwrap();
    }
    (events + "]", locks + "]")
}

async fn json(sql: &mut SqliteConnection, claims: &[Claim], each: &str, one_hop: bool) {
    let (events, locks) = arrays(claims);
    let into_events = format!(
        "{EVENTS} select value ->> 'seq', value ->> 'at_ms', value ->> 'by', value ->> 'kind', value -> 'data' \
         from {each}(?)"
    );
    let into_locks = format!(
        "{LOCKS} select value ->> 'fencing_token', value ->> 'file_path', value ->> 'locked_by', \
         value ->> 'locked_at_ms', value ->> 'lock_reason', value ->> 'mode' from {each}(?)"
    );
    if one_hop {
        let all = format!("begin immediate; {into_events}; {into_locks}; commit");
        sqlx::query(AssertSqlSafe(all)).bind(events).bind(locks).execute(sql).await.unwrap();
    } else {
        sql.execute("begin immediate").await.unwrap();
        sqlx::query(AssertSqlSafe(into_events)).bind(events).execute(&mut *sql).await.unwrap();
        sqlx::query(AssertSqlSafe(into_locks)).bind(locks).execute(&mut *sql).await.unwrap();
        sql.execute("commit").await.unwrap();
    }
}

async fn trigger(sql: &mut SqliteConnection, claims: &[Claim]) {
    let (events, locks) = arrays(claims);
    let all =
        "insert into changes values (?, '[]', '[]', '[]', ?, '[]', '[]', '[]', '[]', '[]', 0, null, '{}')";
    sqlx::query(all).bind(events).bind(locks).execute(sql).await.unwrap();
}

async fn database(dir: &tempfile::TempDir, also: &'static str) -> SqliteConnection {
    let mut sql = SqliteConnectOptions::new()
        .filename(dir.path().join("bench.db"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("cache_size", "-16384")
        .disable_statement_logging()
        .connect()
        .await
        .unwrap();
    sqlx::migrate!().run(&mut sql).await.unwrap();
    sql.execute(COMMIT).await.unwrap();
    sql.execute(also).await.unwrap();
    for agent in 0..AGENTS {
        let agent = format!("agent_{agent}");
        let insert = "insert into manus_instances values (?, 'COORDINATOR', '[]', null, 'IDLE', 0, '[]', 0, 100.0, 1, \
                      null, null, 0, 0, '{}')";
        sqlx::query(insert).bind(agent).execute(&mut sql).await.unwrap();
    }
    sql
}

async fn compare(name: &str, way: Way, batch: i64, also: &'static str) {
    let dir = tempfile::tempdir().unwrap();
    let mut sql = database(&dir, also).await;
    let (mut next, mut spent) = (1, Duration::ZERO);
    let cpu_before = measure::cpu();
    while spent < Duration::from_secs(2) && next < 60_000 {
        let claims: Vec<_> = (next..next + batch).map(claim).collect();
        next += batch;
        let start = Instant::now();
        write(&mut sql, way, &claims).await;
        spent += start.elapsed();
    }
    let claims = (next - 1) as f64;
    let (wall, cpu) = (spent.as_secs_f64(), (measure::cpu() - cpu_before).as_secs_f64());
    println!(
        "{name:34} batch {batch:4}: {:8.0} claims/s, {:7.1} us a claim, {:6.1} us of CPU",
        claims / wall,
        wall / claims * 1e6,
        cpu / claims * 1e6
    );
    sql.close().await.unwrap();
}

#[tokio::main(flavor = "multi_thread")]
async fn main() {
    // Which ways to compare; all where none is named. Cargo adds flags of its own.
    let only = std::env::args().skip(1).find(|word| !word.starts_with('-')).unwrap_or_default();
    let wanted = |way: Way| format!("{way:?}").contains(&only);
    for batch in [1, 16, 64, 512] {
        for way in WAYS.into_iter().filter(|way| wanted(*way)) {
            compare(&format!("{way:?}"), way, batch, "").await;
        }
    }
    let unique =
        "create unique index one_exclusive_holder on file_locks (file_path) where mode = 'exclusive'";
    for batch in [1, 16, 64, 512].into_iter().filter(|_| wanted(Way::Trigger)) {
        compare("Trigger, with a unique index", Way::Trigger, batch, unique).await;
    }
}
