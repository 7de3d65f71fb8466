//! `manus-sync export`: everything, as one JSON document or a table as CSV.

mod csv;

use std::io::{self, BufWriter, Write};

use app::api::{ListEvents, ListMessages, ListTasks, Snapshot};
use serde_json::Value;

use super::Failed;
use super::answer::list;
use super::print::written;
use super::session::{self, Session};
use crate::cli::{ExportArgs, ExportFormat, ExportTable};

/// How many rows are asked for at once.
const PAGE: i64 = 1_000;
/// What the document says it is, and in which version.
const FORMAT: &str = "manus-sync export";
const VERSION: u32 = 1;

impl ExportTable {
    const ALL: [Self; 5] = [Self::Manus, Self::Tasks, Self::Locks, Self::Messages, Self::Events];

    const fn name(self) -> &'static str {
        match self {
            Self::Manus => "manus",
            Self::Tasks => "tasks",
            Self::Locks => "locks",
            Self::Messages => "messages",
            Self::Events => "events",
        }
    }
}

/// Prints everything, page by page: however much there is, little of it is in memory.
pub fn run(args: &ExportArgs) -> Result<(), Failed> {
    session::with(&args.client, |session| {
        let snapshot = session.call(&Snapshot::new())?;
        let mut out = BufWriter::new(io::stdout().lock());
        match args.format {
            ExportFormat::Json => document(session, &snapshot, args.table, &mut out)?,
            ExportFormat::Csv => {
                let table = args.table.unwrap_or(ExportTable::Tasks);
                written(csv::head(&mut out, table))?;
                each(session, &snapshot, table, |row| csv::row(&mut out, table, row))?;
            }
        }
        written(out.flush())
    })
}

fn document(
    session: &mut Session,
    snapshot: &Value,
    only: Option<ExportTable>,
    out: &mut impl Write,
) -> Result<(), Failed> {
    let (seq, at_ms) = (&snapshot["seq"], &snapshot["at_ms"]);
    let head =
        format!("{{\n\"format\": {:?}, \"version\": {VERSION}, \"seq\": {seq}, \"at_ms\": {at_ms}", FORMAT);
    written(out.write_all(head.as_bytes()))?;
    for table in ExportTable::ALL.into_iter().filter(|table| only.is_none_or(|only| only == *table)) {
        written(write!(out, ",\n{:?}: [", table.name()))?;
        let mut first = true;
        each(session, snapshot, table, |row| {
            let comma = if std::mem::take(&mut first) { "" } else { "," };
            write!(out, "{comma}\n{row}")
        })?;
        written(out.write_all(b"\n]"))?;
    }
    written(out.write_all(b"\n}\n"))
}

/// Hands over each row of a table, oldest first.
fn each(
    session: &mut Session,
    snapshot: &Value,
    table: ExportTable,
    mut take: impl FnMut(&Value) -> io::Result<()>,
) -> Result<(), Failed> {
    let mut cursor: Option<String> = None;
    loop {
        let page = match table {
            ExportTable::Manus | ExportTable::Locks => {
                return list(snapshot, table.name()).iter().try_for_each(|row| written(take(row)));
            }
            ExportTable::Tasks => session.call(&ListTasks {
                cursor: cursor.and_then(|cursor| cursor.parse().ok()),
                limit: Some(PAGE),
                ..ListTasks::new()
            })?,
            ExportTable::Messages => {
                session.call(&ListMessages { cursor, limit: Some(PAGE), ..ListMessages::new() })?
            }
            ExportTable::Events => {
                session.call(&ListEvents { cursor, limit: Some(PAGE), ..ListEvents::new() })?
            }
        };
        list(&page, "items").iter().try_for_each(|row| written(take(row)))?;
        cursor = page["next_cursor"].as_str().map(str::to_owned);
        if cursor.is_none() {
            return Ok(());
        }
    }
}
