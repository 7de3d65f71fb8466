//! `manus-sync restore`: puts a backup in the place of the project's database. No server may be at work meanwhile.

use app::live::words;
use serde_json::json;

use super::backup::{database, project};
use super::print::put;
use super::{Failed, must_be_there, serve};
use crate::cli::RestoreArgs;

/// Restores, and says what the project holds now and where its old database is.
pub fn run(args: &RestoreArgs) -> Result<(), Failed> {
    must_be_there(&args.file)?;
    let root = project(args.project_root.as_deref())?;
    let database = database(&root, args.database.as_deref())?;
    let usual = database == hub::default_database(&root);
    let config = hub::Config { database: (!usual).then_some(database), ..hub::Config::new(root) };
    let restored = serve::runtime()?.block_on(hub::restore(&args.file, &config)).map_err(Failed::refused)?;
    let (found, kept, revoked) = (restored.found, restored.kept, restored.revoked);
    if args.json {
        let answer = json!({ "seq": found.seq, "at_ms": found.at_ms, "manus": found.manus, "tasks": found.tasks, "kept": kept,
                             "revoked": revoked });
        return put(&format!("{answer:#}\n"));
    }
    let (tasks, manus) = (words::counted(found.tasks, "task"), words::count_of(found.manus, "agent"));
    let before = kept.map(|kept| format!(" What was there before is kept in {}.", kept.display()));
    let access = match revoked {
        Some(0) => String::new(),
        Some(revoked) => format!(" {} had been revoked since, and stay so.", words::counted(revoked, "token")),
        None => " Which tokens had been revoked cannot be told: manus-sync token list shows those that count again.".to_owned(),
    };
    put(&format!(
        "The project is as of event {}, with {tasks} and {manus}.{}{access}\n",
        found.seq,
        before.unwrap_or_default()
    ))
}
