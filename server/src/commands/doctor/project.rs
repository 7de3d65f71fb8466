//! The server as it answers, and the database as it lies on the disk.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use app::api::SelfCheck;
use app::live::words;
use hub::{BackupError, OpenError};
use serde_json::Value;

use super::Patient;
use super::findings::Findings;
use crate::caller::Caller;
use crate::client::CallError;
use crate::commands::answer::{items, list, text};

/// How far apart two clocks may be.
const CLOCKS_MS: i64 = 2_000;
/// How long to wait for a server that has trouble.
const PATIENCE: Duration = Duration::from_secs(3);
const VERSION: &str = env!("CARGO_PKG_VERSION");

fn now_ms() -> i64 {
    hub::Clock::now_ms(&hub::SystemClock::default())
}

/// Asks the server about itself. What it answers, if it does.
pub(super) async fn server(patient: &Patient, findings: &mut Findings) -> Option<Value> {
    let Some(whereabouts) = &patient.server else {
        let root = patient.root.as_deref().unwrap_or(Path::new(".")).display();
        findings.hint(
            "server",
            "no server is running here",
            format!("start one with manus-sync serve --project-root {root}"),
        );
        return None;
    };
    let url = whereabouts.url().unwrap_or_default();
    let mut caller = Caller::new(whereabouts.clone()).with_patience(PATIENCE);
    let before_ms = now_ms();
    let answer = match caller.call(&SelfCheck::new()).await {
        Ok(answer) => answer,
        Err(CallError::Refused(error)) if error.status == 404 => {
            let said = format!("{url} is a server of an older version than this program ({VERSION})");
            findings.wrong("server", said, "restart it with this program");
            return None;
        }
        // Said, but not running: a killed server leaves its word behind, which does no harm.
        Err(CallError::Unreachable(message)) if whereabouts.root().is_some() => {
            findings.hint(
                "server",
                message,
                "a server that was killed leaves .manus-sync/server.json; the next one replaces it",
            );
            return None;
        }
        Err(CallError::Refused(error)) if matches!(error.status, 401 | 403) => {
            findings.hint(
                "server",
                format!("{url} is at work, and does not show itself to whoever asks"),
                "pass --token, or set MANUS_SYNC_TOKEN, so that it looks itself over, too",
            );
            return None;
        }
        Err(error) => {
            findings.wrong("server", error.to_string(), "see what it logs; stop it and start it again");
            return None;
        }
    };
    let took_ms = now_ms() - before_ms;
    findings.good("server", format!("{url} answers after {took_ms} ms"));
    version(&answer, findings);
    clock(&answer, before_ms + took_ms / 2, findings);
    match answer["trouble"].as_str() {
        Some(trouble) => {
            findings.wrong("storage", trouble.to_owned(), "changing calls are refused until this is mended")
        }
        None => findings.good("storage", "the server takes changing calls"),
    }
    promises("promises", "the live state", &answer["problems"], findings);
    Some(answer)
}

fn version(answer: &Value, findings: &mut Findings) {
    match text(answer, "version") {
        VERSION => findings.good("version", format!("program and server are {VERSION}")),
        other => findings.wrong(
            "version",
            format!("this program is {VERSION}, the server is {other}"),
            "restart the server with this program, or use that one's",
        ),
    }
}

fn clock(answer: &Value, now_ms: i64, findings: &mut Findings) {
    let ahead_ms = answer["server_time_ms"].as_i64().unwrap_or(now_ms) - now_ms;
    if ahead_ms.abs() <= CLOCKS_MS {
        findings.good("clock", "the server's clock and this one agree");
        return;
    }
    let side = if ahead_ms > 0 { "ahead of" } else { "behind" };
    let apart = words::for_long(ahead_ms.abs());
    findings.wrong(
        "clock",
        format!("the server's clock is {apart} {side} this one"),
        "set the one that is wrong",
    );
}

fn promises(check: &'static str, of_what: &str, problems: &Value, findings: &mut Findings) {
    match items(problems) {
        [] => findings.good(check, format!("{of_what} keeps every promise")),
        problems => {
            let said: Vec<&str> = problems.iter().filter_map(Value::as_str).collect();
            findings.wrong(
                check,
                format!("{of_what} breaks promises: {}", said.join("; ")),
                "please report this with the log; a restart of the server reads the state anew",
            );
        }
    }
}

/// Reads the whole database, from the file's pages to the rules' promises.
pub(super) async fn database(patient: &Patient, live: Option<&Value>, findings: &mut Findings) {
    let Some(database) = patient.database.as_deref() else { return };
    if !database.is_file() {
        // Of another machine's server the database is elsewhere.
        if live.is_none() {
            findings.hint("database", format!("there is no {} yet", database.display()), "a server makes it");
        }
        return;
    }
    let found = match hub::examine(database).await {
        Ok(found) => found,
        Err(error) => {
            findings.wrong("database", error.to_string(), advice(database, &error));
            return;
        }
    };
    if !found.problems.is_empty() {
        findings.wrong("database", found.problems.join("; "), RESTORE);
        return;
    }
    let seq = found.seq;
    let (tasks, manus) = (words::counted(found.tasks, "task"), words::count_of(found.manus, "agent"));
    findings.good("database", format!("it is sound: {tasks}, {manus}, up to event {seq}"));
    let known = hub::newest_schema();
    if found.schema < known {
        let said = format!("the database has schema {}, this program knows {known}", found.schema);
        findings.hint("schema", said, "the next start of a server brings it up to date");
    } else {
        findings.good("schema", format!("schema {known}, the newest that this program knows"));
    }
    let behind_ms = found.at_ms - now_ms();
    if behind_ms > CLOCKS_MS {
        let said = format!("the newest event is {} in the future", words::for_long(behind_ms));
        findings.wrong("clock", said, "the clock was put back; set it right, or agents are kept waiting");
    }
    if let Some(live) = live.filter(|live| live["seq"].as_u64().is_some_and(|live| live > found.seq)) {
        // What is answered is on the disk; what was read later cannot be older, unless it is another file.
        let said = format!("the server is at event {}, the database at {seq}", live["seq"]);
        findings.wrong("database", said, "the server works on another file than this one; restart it");
    }
}

const RESTORE: &str =
    "stop the server, keep the file, and go back to the newest backup (manus-sync backup makes them)";

/// What to do about a database that cannot be looked over. Only one that is broken is to be given up.
fn advice(database: &Path, error: &BackupError) -> &'static str {
    match error {
        BackupError::Open(OpenError::NewerSchema { .. }) => {
            "look with the version of manus-sync that wrote it"
        }
        _ if File::open(database).is_err() => {
            "look as a user who may read it; nothing is known to be wrong with it"
        }
        _ => RESTORE,
    }
}

/// What a server finds wrong with its own live state.
pub(super) fn problems(answer: &Value) -> Vec<String> {
    list(answer, "problems").iter().filter_map(Value::as_str).map(str::to_owned).collect()
}
