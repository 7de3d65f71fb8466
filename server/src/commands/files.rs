//! `manus-sync files …`.

use app::api::{CheckFiles, ClaimFiles, GetManus, ReleaseFiles, Snapshot};
use engine::{LockMode, ManusId};
use serde_json::Value;

use super::Failed;
use super::answer::{held, joined, list, text};
use super::print::{Cell, Print, Tone};
use super::session::{self, Session};
use crate::cli::{CheckArgs, ClaimArgs, ClientArgs, FilesCommand, ReleaseFilesArgs};

/// Does what was asked for.
pub fn run(command: FilesCommand) -> Result<(), Failed> {
    match command {
        FilesCommand::Claim(args) => claim(args),
        FilesCommand::Release(args) => release(args),
        FilesCommand::Check(args) => check(&args),
        FilesCommand::List(args) => show(&args),
    }
}

fn claim(args: ClaimArgs) -> Result<(), Failed> {
    let manus = args.agent.who()?;
    session::with(&args.agent.client, |session| {
        let call = ClaimFiles {
            reason: args.reason,
            mode: args.shared.then_some(LockMode::Shared),
            ttl_secs: args.ttl,
            wait_secs: args.wait,
            ..ClaimFiles::new(manus.clone(), session.paths(&args.files)?)
        };
        let answer = session.call(&call)?;
        session.show(&answer, |_| {
            let line = |lock: &Value| {
                format!("{} is {manus}'s, token {}\n", text(lock, "file_path"), lock["fencing_token"])
            };
            list(&answer, "locks").iter().map(line).collect()
        })
    })
}

fn release(args: ReleaseFilesArgs) -> Result<(), Failed> {
    // Of another agent: whoever calls takes it away, and that is told.
    let (holder, by) = match args.of {
        Some(holder) => (holder, Some(args.agent.who_or_supervisor()?)),
        None => (args.agent.who()?, None),
    };
    session::with(&args.agent.client, |session| {
        let files = match args.all {
            true => all_of(session, &holder)?,
            false => session.paths(&args.files)?,
        };
        let answer = session.call(&ReleaseFiles { by, ..ReleaseFiles::new(holder.clone(), files) })?;
        session.show(&answer, |_| {
            let mut said = String::new();
            if !list(&answer, "released").is_empty() {
                said.push_str(&format!("Free again: {}\n", joined(&answer["released"])));
            }
            if !list(&answer, "not_held").is_empty() {
                said.push_str(&format!("Not held by {holder}: {}\n", joined(&answer["not_held"])));
            }
            if said.is_empty() { format!("{holder} holds nothing.") } else { said }
        })
    })
}

fn all_of(session: &mut Session, manus: &ManusId) -> Result<Vec<String>, Failed> {
    let manus = session.call(&GetManus::new(manus.clone()))?;
    Ok(list(&manus, "files_claimed").iter().filter_map(Value::as_str).map(str::to_owned).collect())
}

fn check(args: &CheckArgs) -> Result<(), Failed> {
    let manus_id = args.agent.who_if_any()?;
    session::with(&args.agent.client, |session| {
        let files = session.paths(&args.files)?;
        let answer = session.call(&CheckFiles { manus_id, ..CheckFiles::new(files) })?;
        let now_ms = now_ms();
        session.show(&answer, |print| {
            let row = |check: &Value| -> [Cell; 2] {
                let said = match &check["lock"] {
                    Value::Null => Cell::new(Tone::Good, "free"),
                    lock => Cell::new(Tone::Warning, &held(lock, now_ms)),
                };
                [text(check, "file").into(), said]
            };
            let rows: Vec<_> = list(&answer, "files").iter().map(row).collect();
            print.table(["FILE", "STATE"], &rows)
        })?;
        let taken = list(&answer, "files").iter().any(|check| !check["lock"].is_null());
        if taken && args.exit_code { Err(Failed::silently(1)) } else { Ok(()) }
    })
}

fn show(args: &ClientArgs) -> Result<(), Failed> {
    session::with(args, |session| {
        let snapshot = session.call(&Snapshot::new())?;
        let locks = &snapshot["locks"];
        session.show(locks, |print| match list(&snapshot, "locks") {
            [] => "No file is held.".to_owned(),
            locks => table(print, locks),
        })
    })
}

fn table(print: Print, locks: &[Value]) -> String {
    let now_ms = now_ms();
    let row = |lock: &Value| -> [Cell; 3] {
        [text(lock, "file_path").into(), text(lock, "task_id").into(), held(lock, now_ms).into()]
    };
    let rows: Vec<_> = locks.iter().map(row).collect();
    print.table(["FILE", "TASK", "STATE"], &rows)
}

fn now_ms() -> i64 {
    hub::Clock::now_ms(&hub::SystemClock::default())
}
