//! `manus-sync doctor`: looks a project over from outside, and says what is wrong in words and what to do about it.

mod chaos;
mod conflict;
mod disk;
mod findings;
mod git;
mod project;
mod scratch;

use std::path::PathBuf;

use serde_json::json;

use self::findings::Findings;
use super::Failed;
use super::backup::database;
use super::print::{Print, put};
use super::serve::runtime;
use crate::caller::Whereabouts;
use crate::cli::DoctorArgs;

/// Examines, or lets chaos loose.
pub fn run(args: &DoctorArgs) -> Result<(), Failed> {
    let failed = match args.chaos {
        Some(agents) => {
            let options = chaos::Options {
                agents,
                operations: args.operations.unwrap_or(u64::from(agents) * 200),
                seed: args.seed,
            };
            let report = runtime()?.block_on(chaos::run(options))?;
            show(args, &report.as_json(), |print| report.as_text(print))?;
            !report.is_sound()
        }
        None => {
            let findings = runtime()?.block_on(examine(args))?;
            show(args, &findings.as_json(), |print| findings.as_text(print))?;
            !findings.are_good()
        }
    };
    // What is wrong has been said.
    if failed { Err(Failed::silently(1)) } else { Ok(()) }
}

fn show(
    args: &DoctorArgs,
    json: &serde_json::Value,
    text: impl FnOnce(Print) -> String,
) -> Result<(), Failed> {
    put(&if args.client.json { format!("{json:#}\n") } else { text(Print::to_stdout()) })
}

/// What is looked at.
struct Patient {
    /// The project's folder, where one is around.
    root: Option<PathBuf>,
    database: Option<PathBuf>,
    /// Where its server should be, if one runs.
    server: Option<Whereabouts>,
}

impl Patient {
    fn find(args: &DoctorArgs) -> Result<Self, Failed> {
        let here = std::env::current_dir().map_err(Failed::refused)?;
        let root = match &args.project_root {
            Some(root) => Some(std::path::absolute(root).map_err(Failed::refused)?),
            None => hub::project_root(&here),
        };
        let database = root.as_deref().map(|root| database(root, args.database.as_deref())).transpose()?;
        let args = &args.client.server;
        let named = Whereabouts::named(args);
        let announced = root
            .clone()
            .filter(|root| hub::server_info(root).is_some())
            .map(|root| Whereabouts::of_project(root, args));
        Ok(Self { root, database, server: named.or(announced) })
    }
}

async fn examine(args: &DoctorArgs) -> Result<Findings, Failed> {
    let patient = Patient::find(args)?;
    let mut findings = Findings::new(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "project_root": patient.root,
        "database": patient.database,
        "server": patient.server.as_ref().and_then(Whereabouts::url),
    }));
    let live = project::server(&patient, &mut findings).await;
    project::database(&patient, live.as_ref(), &mut findings).await;
    if let Some(root) = &patient.root {
        disk::examine(root, patient.database.as_deref(), &mut findings);
        git::examine(root, &mut findings);
    }
    conflict::examine(&mut findings).await;
    Ok(findings)
}
