//! `manus-sync import FILE`: makes a project of one that the original Python engine left, of a backup, or of an export.

use app::live::words;
use hub::{Examination, ImportReport, Imported};
use serde_json::json;

use super::serve::runtime;
use super::{Failed, must_be_there};
use crate::cli::{CommonArgs, ImportArgs, ServeArgs};
use crate::config;

/// Imports, and says what could not be taken as it was.
pub fn run(args: &ImportArgs) -> Result<(), Failed> {
    must_be_there(&args.file)?;
    let serve = ServeArgs {
        project_root: args.project_root.clone(),
        database: args.database.clone(),
        common: CommonArgs::default(),
    };
    let config = config::serve_options(serve)?.hub;
    match runtime()?.block_on(hub::import(&args.file, &config)).map_err(Failed::refused)? {
        Imported::Original(report) => tell(args, &report),
        Imported::Backup(found) => tell_whole(args, "backup", &found),
        Imported::Export(found) => tell_whole(args, "export", &found),
    }
    Ok(())
}

fn tell_whole(args: &ImportArgs, of: &str, found: &Examination) {
    if args.json {
        println!("{:#}", json!({ "agents": found.manus, "tasks": found.tasks, "seq": found.seq }));
        return;
    }
    let (tasks, manus) = (words::counted(found.tasks, "task"), words::count_of(found.manus, "agent"));
    println!("The {of}'s {tasks} and {manus}, as of event {}, are this project's.", found.seq);
}

fn tell(args: &ImportArgs, report: &ImportReport) {
    if args.json {
        println!("{:#}", as_json(report));
        return;
    }
    for odd in &report.odd {
        println!("{odd}");
    }
    println!("{report}.");
    println!(
        "A copy of the original is kept in {}, this report in {}.",
        report.backup.display(),
        report.file.display()
    );
}

fn as_json(report: &ImportReport) -> serde_json::Value {
    let odd = |odd: &hub::OddRow| json!({ "table": odd.table, "row": odd.row, "what": odd.what });
    json!({
        "agents": report.agents,
        "tasks": report.tasks,
        "locks": report.locks,
        "messages": report.messages,
        "odd_rows": report.odd.iter().map(odd).collect::<Vec<_>>(),
        "original": report.backup,
        "report": report.file,
    })
}
