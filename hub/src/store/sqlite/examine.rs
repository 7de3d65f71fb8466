//! Everything about a database that can be seen to, from the file's pages to the rules' promises.

use std::path::Path;

use engine::{Settings, State};
use sqlx::sqlite::SqliteConnection;
use sqlx::{ConnectOptions, Connection};

use super::{explain, load, options, preflight};
use crate::backup::Examination;
use crate::failure::OpenError;
use crate::store::StoreError;

/// Reads the whole database and says what is wrong with it. An error where it cannot be read at all.
pub(crate) async fn examine(path: &Path) -> Result<Examination, OpenError> {
    preflight::check(path).await?;
    let storage =
        |error: StoreError| OpenError::Storage { path: path.to_owned(), reason: error.into_reason() };
    let connected = options(path).read_only(true).connect().await;
    let mut connection = connected.map_err(|error| storage(explain::error(error)))?;
    let found = look(&mut connection).await;
    let _ = connection.close().await;
    found.map_err(storage)
}

async fn look(connection: &mut SqliteConnection) -> Result<Examination, StoreError> {
    let seen = preflight::look(&mut *connection).await.map_err(explain::error)?;
    let mut found = Examination { schema: seen.schema.unwrap_or(0), ..Examination::default() };
    found.problems = pages(&mut *connection).await?;
    if found.problems.is_empty() {
        found.problems = references(&mut *connection).await?;
    }
    if found.problems.is_empty() {
        log(&mut *connection, &mut found).await?;
        // What cannot even be read is a finding, too.
        match load::load(connection, &Settings::default()).await {
            Ok(loaded) => rules(loaded, &mut found),
            Err(error) => found.problems.push(error.into_reason()),
        }
    }
    Ok(found)
}

/// SQLite's own check of its file: at most 20 sentences.
async fn pages(connection: &mut SqliteConnection) -> Result<Vec<String>, StoreError> {
    let said: Result<Vec<String>, _> =
        sqlx::query_scalar("pragma integrity_check(20)").fetch_all(connection).await;
    match said {
        Ok(said) => {
            Ok(said.into_iter().filter(|line| line != "ok").map(|line| format!("SQLite: {line}")).collect())
        }
        Err(error) => Ok(vec![explain::error(error).into_reason()]),
    }
}

/// Rows that name others which are not there.
async fn references(connection: &mut SqliteConnection) -> Result<Vec<String>, StoreError> {
    let rows: Vec<(String, String)> =
        sqlx::query_as("select distinct \"table\", parent from pragma_foreign_key_check limit 20")
            .fetch_all(connection)
            .await
            .map_err(explain::error)?;
    Ok(rows
        .into_iter()
        .map(|(table, parent)| format!("a row of {table} names one of {parent} that is missing"))
        .collect())
}

/// The log is numbered without a gap.
async fn log(connection: &mut SqliteConnection, found: &mut Examination) -> Result<(), StoreError> {
    let (count, first, last): (i64, i64, i64) =
        sqlx::query_as("select count(*), coalesce(min(seq), 1), coalesce(max(seq), 0) from events")
            .fetch_one(&mut *connection)
            .await
            .map_err(explain::error)?;
    // What was pruned is missing for a reason. A schema before that knows of none.
    let start = "select coalesce((select value from meta where key = 'log_start_seq'), 0)";
    let start: i64 = sqlx::query_scalar(start).fetch_one(connection).await.map_err(explain::error)?;
    if last - first + 1 != count || first > start + 1 {
        let held = format!("the log holds {count} events, numbered from {first} to {last}");
        found.problems.push(format!("{held}: some are missing"));
    }
    Ok(())
}

/// The promises of the state that these rows make.
fn rules(loaded: crate::store::Loaded, found: &mut Examination) {
    let snapshot = &loaded.snapshot;
    found.seq = snapshot.seq;
    found.at_ms = snapshot.at_ms;
    found.manus = snapshot.manus.len();
    let open = loaded.tasks.iter().filter(|task| !task.is_closed()).count() as u64;
    found.tasks = open + snapshot.closed.completed + snapshot.closed.cancelled;
    let state = State::restore(loaded.snapshot, loaded.tasks, loaded.outcomes, loaded.requests);
    found.problems.extend(state.check());
}
