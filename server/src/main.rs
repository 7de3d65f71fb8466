//! The `manus-sync` binary.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use mimalloc::MiMalloc;
use server::cli::Cli;
use server::commands::{self, Failed};

/// A call takes and gives back memory some hundred times, on whichever thread it is: with the system's allocator a tenth of all
/// time went there. SQLite's memory comes from it, too: the crate's feature `override` puts it in the place of C's allocator.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    match commands::run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failed) => {
            let Failed { message, code, .. } = failed;
            if !message.is_empty() {
                // Whoever read what is said here may have gone.
                let _ = writeln!(std::io::stderr(), "manus-sync: {message}");
            }
            ExitCode::from(code)
        }
    }
}
