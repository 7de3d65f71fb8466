//! `manus-sync simulate`: plays projects through the real rules under a virtual clock, and says how long they take.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use engine::plan::imopse;
use engine::plan::project::Project;
use engine::planning::{Planner, Sketch};
use engine::simulate::{self, Entry, Planning, Played, Unplayable};
use serde::Serialize;

use super::Failed;
use crate::cli::{Policy, SimulateArgs};

/// Chance is drawn from here, so that only the time that there is makes two runs differ.
const SEED: u64 = 1;

/// A project played, as `--json` prints it.
#[derive(Debug, Serialize)]
struct Row {
    name: String,
    makespan: u64,
    lower_bound: u64,
    wall_ms: u64,
    schedule: Vec<Entry>,
}

/// Reads all files before the first is played, so that a mistake in the last one does not cost the time of the others.
pub fn run(args: &SimulateArgs) -> Result<(), Failed> {
    let projects = args.files.iter().map(|file| read(file)).collect::<Result<Vec<_>, _>>()?;
    if args.json {
        let mut rows = Vec::with_capacity(projects.len());
        play_all(&projects, args, |row| rows.push(row))?;
        println!("{}", serde_json::to_string(&rows).map_err(Failed::refused)?);
        return Ok(());
    }
    let width = projects.iter().map(|project| project.name.chars().count()).max().unwrap_or(0);
    play_all(&projects, args, |Row { name, makespan, lower_bound, wall_ms, .. }| {
        println!("{name:<width$} {makespan:>8} {lower_bound:>8} {wall_ms:>8}");
    })
}

/// Plays each project on whichever core is free, and hands on the rows in the order of the files.
fn play_all(projects: &[Project], args: &SimulateArgs, mut show: impl FnMut(Row)) -> Result<(), Failed> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let next = AtomicUsize::new(0);
    let (done, played) = mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..cores.min(projects.len()) {
            let (next, done) = (&next, done.clone());
            scope.spawn(move || {
                while let Some(place) =
                    Some(next.fetch_add(1, Ordering::Relaxed)).filter(|at| *at < projects.len())
                {
                    // Nobody listens any more once another project could not be played.
                    let _ = done.send((place, play(&projects[place], args)));
                }
            });
        }
        drop(done);
        let mut waiting: Vec<Option<Row>> = projects.iter().map(|_| None).collect();
        let mut shown = 0;
        for (place, row) in played {
            let row =
                row.map_err(|error| Failed::refused(format!("{}: {error}", args.files[place].display())));
            match row {
                Ok(row) => waiting[place] = Some(row),
                Err(failed) => {
                    next.store(projects.len(), Ordering::Relaxed);
                    return Err(failed);
                }
            }
            while let Some(row) = waiting.get_mut(shown).and_then(Option::take) {
                show(row);
                shown += 1;
            }
        }
        Ok(())
    })
}

fn play(project: &Project, args: &SimulateArgs) -> Result<Row, Unplayable> {
    let begin = Instant::now();
    let policy = match args.policy {
        Policy::Engine => simulate::Policy::Engine,
        Policy::Fifo => simulate::Policy::Fifo,
    };
    let budget = Duration::from_millis(args.plan_budget_ms);
    let mut planning = |planner: &mut Planner, sketch: Sketch| {
        let begin = Instant::now();
        planner.plan(sketch, SEED, &mut || begin.elapsed() < budget)
    };
    let planning: Option<&mut Planning<'_>> = if budget.is_zero() { None } else { Some(&mut planning) };
    let Played { makespan, lower_bound, schedule, .. } = simulate::play(project, policy, planning)?;
    let wall_ms = u64::try_from(begin.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(Row { name: project.name.clone(), makespan, lower_bound, wall_ms, schedule })
}

/// Reads a project: one that begins with `{` is JSON, anything else is taken for iMOPSE's `.def`.
fn read(file: &Path) -> Result<Project, Failed> {
    let refused = |problem: String| Failed::refused(format!("{}: {problem}", file.display()));
    let text = fs::read_to_string(file).map_err(|error| refused(error.to_string()))?;
    let name = file.file_stem().unwrap_or(file.as_os_str()).to_string_lossy().into_owned();
    let json = text.trim_start().starts_with('{');
    let project = if json {
        let mut project: Project = serde_json::from_str(&text).map_err(|error| refused(error.to_string()))?;
        project.spell_out_levels();
        Project { name, ..project }
    } else {
        imopse::read(&name, &text).map_err(|error| refused(error.to_string()))?
    };
    simulate::check(&project).map_err(|error| refused(error.to_string()))?;
    Ok(project)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(name: &str, text: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(name);
        fs::write(&file, text).unwrap();
        let failed = read(&file).unwrap_err();
        assert_eq!(failed.code, 1);
        failed.message.strip_prefix(&format!("{}: ", file.display())).unwrap().to_owned()
    }

    #[test]
    fn mistakes_in_files_are_named() {
        for (name, text, problem) in [
            ("a.json", "{", "EOF while parsing an object at line 1 column 1"),
            ("a.json", r#"{"agents": []}"#, "missing field `tasks` at line 1 column 14"),
            (
                "a.json",
                r#"{"agents": [{"id": 1}], "tasks": [{"id": "x", "duration": 2.5}]}"#,
                "invalid type: floating point `2.5`, expected u64 at line 1 column 61",
            ),
            (
                "a.json",
                r#"{"agents": [{"id": 1}], "tasks": [{"id": "x", "duration": 1000001}]}"#,
                "task x takes 1000001; the most is 1000000",
            ),
            (
                "a.json",
                r#"{"agents": [{"id": 1}], "tasks": [{"id": "x", "duration": 1, "dependencies": ["x"]}]}"#,
                "these tasks wait for one another in a circle: x",
            ),
            (
                "a.json",
                r#"{"agents": [{"id": 1, "capabilities": ["rust:1"]}], "tasks": [{"id": "x", "duration": 1, "required_capabilities": ["rust:2"]}]}"#,
                "no agent can do task x; it requires rust:2",
            ),
            (
                "a.def",
                "",
                "line 0: the file ends without a table of resources (a line that begins with ResourceID)",
            ),
        ] {
            assert_eq!(refused(name, text), problem);
        }
    }

    #[test]
    fn a_file_that_is_not_there_is_refused() {
        let failed = read(Path::new("/nowhere/x.def")).unwrap_err();
        assert_eq!((failed.code, failed.message.starts_with("/nowhere/x.def: ")), (1, true), "{failed:?}");
    }
}
