//! `manus-sync audit`: who was denied what, and what people did. From the server where one runs, else from the database itself.

use app::api::ListAudit;
use hub::AuditKind;
use serde_json::{Value, json};

use super::Failed;
use super::answer::{items, text};
use super::print::{Cell, Print, Tone, moment, put};
use super::token::{Desk, asked, json, now_ms, refused, with};
use crate::cli::AuditArgs;

/// How many entries are asked for at once.
const PAGE: i64 = 1_000;

/// Reads and shows.
pub fn run(args: &AuditArgs) -> Result<(), Failed> {
    let mut call = ListAudit::new();
    call.kind = match (args.denied, args.acted) {
        (true, _) => Some(AuditKind::Denied),
        (_, true) => Some(AuditKind::Acted),
        _ => None,
    };
    call.since_ms = args.since.map(|since| now_ms() - since.ms());
    call.newest_first = Some(args.since.is_none());
    call.limit = Some(if args.since.is_none() { args.number } else { PAGE });
    let entries = with(&args.place, false, async |mut desk| all(&mut desk, call).await)?;
    if args.place.json {
        return put(&format!("{entries:#}\n"));
    }
    match items(&entries) {
        [] => put(
            "There is no such entry. Where the server asks nobody for tokens, there is little to enter.\n",
        ),
        entries => put(&table(Print::to_stdout(), entries)),
    }
}

/// All that was asked for, in the order of time.
async fn all(desk: &mut Desk<'_>, mut call: ListAudit) -> Result<Value, Failed> {
    let mut entries = Vec::new();
    loop {
        let answer = match desk {
            Desk::Server(caller) => asked(caller, &call).await?,
            Desk::Rest(rest) => {
                let (filter, page) = call.checked().map_err(refused)?;
                let found = rest.audit(&filter, &page).await.map_err(Failed::refused)?;
                json(&ListAudit::answered(found, page.limit))
            }
        };
        entries.extend_from_slice(items(&answer["items"]));
        let next = answer["next_cursor"].as_str().map(str::to_owned);
        if call.newest_first == Some(true) {
            entries.reverse();
            return Ok(json!(entries));
        }
        if next.is_none() {
            return Ok(json!(entries));
        }
        call.cursor = next;
    }
}

fn table(print: Print, entries: &[Value]) -> String {
    let row = |entry: &Value| -> [Cell; 6] {
        let kind = text(entry, "kind");
        let tone = if kind == "acted" { Tone::Plain } else { Tone::Bad };
        let who = match (entry["token_id"].as_str(), entry["role"].as_str()) {
            (Some(id), Some(role)) if entry["session"] == true => format!("{role} {id} (session)"),
            (Some(id), Some(role)) => format!("{role} {id}"),
            _ => String::new(),
        };
        let times = entry["times"].as_u64().filter(|times| *times > 1);
        let what = text(entry, "what").to_owned()
            + &times.map_or_else(String::new, |times| format!(" ({times} times)"));
        [
            moment(entry["at_ms"].as_i64().unwrap_or_default()).into(),
            Cell::new(tone, kind),
            what.into(),
            text(entry, "code").into(),
            who.into(),
            text(entry, "peer").into(),
        ]
    };
    let rows: Vec<_> = entries.iter().map(row).collect();
    print.table(["WHEN", "KIND", "WHAT", "CAME OF IT", "BY", "FROM"], &rows)
}
