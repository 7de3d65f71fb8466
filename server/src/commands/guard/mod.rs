//! `manus-sync guard`: git refuses to commit or push what somebody else holds.
//!
//! Hooks of coding agents see edits through the agent's own tools; an edit by a script, or by an agent without hooks, shows at
//! the commit at the latest. The guard looks there.

mod check;
mod git;
mod history;
mod install;

use self::git::Repository;
use super::Failed;
use crate::cli::{GuardArgs, GuardCommand};

/// Installs, takes away, or checks.
pub fn run(command: &GuardCommand) -> Result<(), Failed> {
    match command {
        GuardCommand::Install(args) => install::install(&repository(args)?, &args.repository),
        GuardCommand::Uninstall(args) => install::uninstall(&repository(args)?),
        GuardCommand::Check(args) => check::run(args),
    }
}

fn repository(args: &GuardArgs) -> Result<Repository, Failed> {
    Repository::find(&args.repository)
}
