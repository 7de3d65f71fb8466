//! `manus-sync completions`: a script for a shell, made from the definition of the command line.

use clap::CommandFactory;
use clap_complete::Shell;

use super::Failed;
use super::print::written;
use crate::cli::{Cli, CompletionsArgs};

/// Prints the script.
pub fn run(args: &CompletionsArgs) -> Result<(), Failed> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "manus-sync", &mut script);
    if args.shell == Shell::Bash {
        // clap_complete 4.6 names a program with a hyphen in two ways, and then finds no command of its own.
        let named = String::from_utf8_lossy(&script).replace("manus__subcmd__sync", "manus__sync");
        script = named.into_bytes();
    }
    written(std::io::Write::write_all(&mut std::io::stdout().lock(), &script))
}
