//! Projects as `manus-sync export` writes them: one JSON document, whose events, played again, come to the same state.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use engine::{Record, Seq, Settings, State, TimeMs};
use serde::Deserialize;
use serde_json::Value;

use super::{clear, everything, take, write_new};
use crate::backup::{Examination, newest_schema};
use crate::beside::{put_in_place, with_suffix};
use crate::config::Config;
use crate::failure::OpenError;
use crate::store::StoreError;

/// The one version of the document that there is.
const VERSION: u32 = 1;
/// The largest document that is read, in bytes.
const LARGEST: u64 = 4 << 30;

/// What is read of the document; the other tables are what the events come to.
#[derive(Debug, Deserialize)]
struct Document {
    format: String,
    version: u32,
    #[serde(default)]
    events: Vec<Row>,
}

/// An event, with its fields in whatever order.
#[derive(Debug, Deserialize)]
struct Row {
    seq: Seq,
    at_ms: TimeMs,
    #[serde(default)]
    by: Value,
    kind: Value,
    data: Value,
}

impl Row {
    /// What an event is about can only be read once its kind is known.
    fn record(self) -> Result<Record, String> {
        let Self { seq, at_ms, by, kind, data } = self;
        let text = format!("{{\"seq\":{seq},\"at_ms\":{at_ms},\"by\":{by},\"kind\":{kind},\"data\":{data}}}");
        serde_json::from_str(&text).map_err(|error| format!("event {seq} cannot be read: {error}"))
    }
}

/// Whether a file begins as such a document does, and no database.
pub(super) fn is_document(file: &Path) -> bool {
    let mut begin = [0; 64];
    let read = File::open(file).and_then(|mut file| file.read(&mut begin)).unwrap_or(0);
    begin[..read].trim_ascii_start().starts_with(b"{")
}

/// Makes a project of such a document. The project must not be served at the moment, and nothing may have happened in it yet.
pub(super) async fn import(file: &Path, config: &Config) -> Result<Examination, OpenError> {
    let records = read(file).map_err(|reason| OpenError::Storage { path: file.to_owned(), reason })?;
    let state = play(&records, &config.settings)
        .map_err(|reason| OpenError::Storage { path: file.to_owned(), reason })?;
    let (folder, _) = take(config)?;
    let database = config.database_in(folder.path());
    clear(&database).await?;
    let new = with_suffix(&database, ".importing");
    let storage = |error: StoreError| OpenError::Storage { path: new.clone(), reason: error.into_reason() };
    write_new(&new, everything(&state, &records).map_err(storage)?).await?;
    put_in_place(&new, &database).map_err(|error| OpenError::Io { path: database.clone(), error })?;
    Ok(Examination {
        schema: newest_schema(),
        seq: state.seq(),
        at_ms: state.at_ms(),
        manus: state.agents().count(),
        tasks: state.tasks().count() as u64,
        problems: Vec::new(),
    })
}

/// The events of a document: all of them, from the first. Otherwise why not.
fn read(file: &Path) -> Result<Vec<Record>, String> {
    let open = File::open(file).map_err(|error| error.to_string())?;
    let document: Document = serde_json::from_reader(BufReader::new(open.take(LARGEST)))
        .map_err(|error| format!("it is no document that manus-sync export wrote: {error}"))?;
    if document.format != "manus-sync export" {
        return Err(format!("it is of the format {:?}, not \"manus-sync export\"", document.format));
    }
    if document.version != VERSION {
        return Err(format!("its version is {}, and only {VERSION} is known here", document.version));
    }
    let Some(first) = document.events.first() else {
        return Err("it has no events; export all tables, without --table".to_owned());
    };
    if first.seq != 1 {
        return Err(format!(
            "its events begin with {}, since older ones were pruned before; take manus-sync backup and restore instead",
            first.seq
        ));
    }
    let gap = document.events.windows(2).find(|pair| pair[1].seq != pair[0].seq + 1);
    match gap {
        Some(pair) => Err(format!("after event {} comes {}, so some are missing", pair[0].seq, pair[1].seq)),
        None => document.events.into_iter().map(Row::record).collect(),
    }
}

/// What the events come to. Otherwise what about that breaks a promise of the rules.
fn play(records: &[Record], settings: &Settings) -> Result<State, String> {
    // Everything is to be written down, so nothing may be let go of.
    let settings = Settings { closed_kept: usize::MAX, messages_kept: usize::MAX, ..settings.clone() };
    let mut state = State::new(settings);
    state.apply_all(records);
    match state.check().into_iter().next() {
        None => Ok(state),
        Some(problem) => Err(format!("its events do not make a project: {problem}")),
    }
}
