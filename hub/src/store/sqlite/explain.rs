//! What SQLite complains about, in words for people. The inner detail stays in the log.

use sqlx::error::Error;

use crate::store::StoreError;

/// A sentence for an error, with the error itself as detail.
pub(crate) fn error(error: Error) -> StoreError {
    StoreError::new(reason(&error), error)
}

fn reason(error: &Error) -> String {
    let Error::Database(database) = error else {
        return "the database cannot be reached".to_owned();
    };
    // The low byte of SQLite's extended result codes says what kind of error it is.
    let code = database.code().and_then(|code| code.parse::<i32>().ok()).unwrap_or(1) & 0xff;
    match code {
        5 | 6 => "another program keeps the database locked",
        8 => "the database is read-only",
        10 => "the disk does not take or give what the database needs; it may be full or broken",
        11 => "the database is damaged",
        13 => "the disk is full",
        14 => "the database file cannot be opened; it may be missing, or not ours to read",
        19 => "the database refuses a row that breaks one of its constraints",
        26 => "the file is not a database of SQLite",
        _ => return statement_failed(database.message()),
    }
    .to_owned()
}

/// A table or column that somebody took away is worth naming.
fn statement_failed(message: &str) -> String {
    match message.strip_prefix("no such table: ") {
        Some(table) => {
            let table = table.trim_start_matches("main.");
            format!("the table {table} is missing in the database")
        }
        None if message.contains("no such column") || message.contains("has no column named") => {
            "a table of the database lacks a column".to_owned()
        }
        None => "the database refuses what manus-sync asks of it".to_owned(),
    }
}
