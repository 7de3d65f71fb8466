//! `manus-sync connect`: writes the settings by which a coding agent takes part, shows them first, and proves that they work.

mod diff;
mod json_text;
mod plan;
mod proof;
mod record;
mod section;

use std::fs;
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};

use self::plan::FilePlan;
use self::record::Record;
use super::Failed;
use crate::caller::Whereabouts;
use crate::cli::{ConnectArgs, ConnectClient};

/// A file as it is and as it shall be; `None` where there is none.
#[derive(Debug, Clone, PartialEq)]
struct Change {
    path: &'static str,
    before: Option<String>,
    after: Option<String>,
}

/// Connects, or takes back what connecting did.
pub fn run(args: &ConnectArgs) -> Result<(), Failed> {
    let here = std::env::current_dir().map_err(Failed::refused)?;
    let root = args.project_root.clone().or_else(|| hub::project_root(&here)).unwrap_or(here);
    let root = fs::canonicalize(&root).map_err(|error| cannot(&root, &error))?;
    let named = Whereabouts::named(&args.server);
    let server = named.unwrap_or_else(|| Whereabouts::of_project(root.clone(), &args.server));
    let plan = plan::plan(args, server.url().as_deref())?;
    let record = Record::read(&root, args.client);
    let changes =
        if args.undo { take_back(&root, args.client, &plan, &record)? } else { put_in(&root, &plan)? };
    for change in &changes {
        print!("{}", diff::diff(change.path, change.before.as_deref(), change.after.as_deref()));
    }
    if args.dry_run {
        println!("{}", if changes.is_empty() { "Nothing would change." } else { "Nothing was changed." });
        return Ok(());
    }
    if changes.is_empty() {
        println!(
            "{}",
            if args.undo { "There is nothing to take back." } else { "All of it is there already." }
        );
    } else {
        agree(args.yes)?;
        apply(&root, &changes)?;
    }
    if args.undo {
        return record.forget(&root, args.client);
    }
    record.with(&changes).write(&root, args.client)?;
    proof::prove(args.client, &root, &server)?;
    println!("{}", plan::next_step(args.client));
    Ok(())
}

/// What the plan makes of the files that are there.
fn put_in(root: &Path, plan: &[FilePlan]) -> Result<Vec<Change>, Failed> {
    let mut changes = Vec::new();
    for file in plan {
        let before = read(&root.join(file.path))?;
        let after = Some(file.put(before.as_deref())?);
        changes.extend((before != after).then_some(Change { path: file.path, before, after }));
    }
    Ok(changes)
}

/// What there was before; where a file was changed since, only what the plan put in goes.
fn take_back(
    root: &Path,
    client: ConnectClient,
    plan: &[FilePlan],
    record: &Record,
) -> Result<Vec<Change>, Failed> {
    let mut changes = Vec::new();
    let shared = Record::is_another_there(root, client);
    for file in plan.iter().filter(|file| !(shared && file.path == plan::SHARED)) {
        let Some(now) = read(&root.join(file.path))? else { continue };
        let after = match record.of(file.path) {
            Some(noted) if noted.after.as_deref() == Some(now.as_str()) => noted.before.clone(),
            noted => {
                let made_by_us = noted.is_some_and(|noted| noted.before.is_none());
                file.take(&now, made_by_us)?
            }
        };
        let before = Some(now);
        changes.extend((before != after).then_some(Change { path: file.path, before, after }));
    }
    Ok(changes)
}

/// Asks the person, where there is one.
fn agree(yes: bool) -> Result<(), Failed> {
    if yes || !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return Ok(());
    }
    print!("Write this? [Y/n] ");
    io::stdout().flush().map_err(Failed::refused)?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).map_err(Failed::refused)?;
    match answer.trim().to_lowercase().as_str() {
        "" | "y" | "yes" => Ok(()),
        _ => Err(Failed::refused("nothing was changed")),
    }
}

fn apply(root: &Path, changes: &[Change]) -> Result<(), Failed> {
    for change in changes {
        let path = root.join(change.path);
        match &change.after {
            Some(text) => write(&path, text).map_err(|error| cannot(&path, &error))?,
            None => {
                fs::remove_file(&path).map_err(|error| cannot(&path, &error))?;
                // A folder that was made for it goes with it; one that holds anything else stays.
                let _ = path.parent().filter(|folder| *folder != root).map(fs::remove_dir);
            }
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<Option<String>, Failed> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(cannot(path, &error)),
    }
}

/// Renamed into place, so that nobody reads half of it. A link stays one.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut new = path.as_os_str().to_owned();
    new.push(".manus-sync-new");
    let new = PathBuf::from(new);
    fs::write(&new, text)?;
    if let Ok(old) = fs::metadata(&path) {
        fs::set_permissions(&new, old.permissions())?;
    }
    fs::rename(&new, &path)
}

fn cannot(path: &Path, error: &io::Error) -> Failed {
    Failed::refused(format!("{}: {error}", path.display()))
}
