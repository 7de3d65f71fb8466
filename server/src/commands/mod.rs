//! What the command line can be asked for, a file each.

pub mod agent;
mod answer;
pub mod audit;
pub mod backup;
pub mod completions;
pub mod connect;
pub mod demo;
pub mod doctor;
pub mod events;
pub mod export;
pub mod files;
pub mod guard;
pub mod hook;
pub mod import;
pub mod mcp;
pub mod message;
pub mod print;
pub mod prune;
pub mod restore;
pub mod serve;
pub mod session;
pub mod simulate;
pub mod status;
pub mod task;
pub mod token;

use std::fmt::Display;
use std::path::Path;

use app::api::ApiError;

use crate::cli::{Cli, Command};
use crate::client::CallError;
use crate::renamed::renamed;

/// Does what was asked for.
pub fn run(cli: Cli) -> Result<(), Failed> {
    match cli.command {
        None => serve::run(cli.serve),
        Some(Command::Serve(args)) => serve::run(args),
        Some(Command::Demo(args)) => demo::run(args),
        Some(Command::Simulate(args)) => simulate::run(&args),
        Some(Command::Status(args)) => status::run(&args),
        Some(Command::Register(args)) => agent::register(args),
        Some(Command::Heartbeat(args)) => agent::heartbeat(&args),
        Some(Command::Deregister(args)) => agent::deregister(&args),
        Some(Command::Drain(args)) => agent::drain(&args),
        Some(Command::Agents(args)) => agent::show(&args),
        Some(Command::Task(command)) => task::run(command),
        Some(Command::Files(command)) => files::run(command),
        Some(Command::Message(command)) => message::run(command),
        Some(Command::Events(args)) => events::run(&args),
        Some(Command::Export(args)) => export::run(&args),
        Some(Command::Backup(args)) => backup::run(&args),
        Some(Command::Restore(args)) => restore::run(&args),
        Some(Command::Prune(args)) => prune::run(&args),
        Some(Command::Doctor(args)) => doctor::run(&args),
        Some(Command::Completions(args)) => completions::run(&args),
        Some(Command::Import(args)) => import::run(&args),
        Some(Command::Hook(args)) => hook::run(&args),
        Some(Command::Guard(command)) => guard::run(&command),
        Some(Command::Connect(args)) => connect::run(&args),
        Some(Command::Token(command)) => token::run(command),
        Some(Command::Audit(args)) => audit::run(&args),
        Some(Command::Mcp(args)) => mcp::run(&args),
    }
}

/// Why a command ends with another code than 0.
#[derive(Debug)]
pub struct Failed {
    /// What to tell the person; empty when there is nothing to tell.
    pub message: String,
    /// 1 refused, 2 wrong usage, 3 no server can be reached.
    pub code: u8,
    /// What the server said.
    pub error: Option<Box<ApiError>>,
}

impl Failed {
    /// It was tried and refused, or could not be done.
    pub fn refused(message: impl Display) -> Self {
        Self { message: message.to_string(), code: 1, error: None }
    }

    /// What was asked for makes no sense.
    pub fn usage(message: impl Display) -> Self {
        Self { message: message.to_string(), code: 2, error: None }
    }

    /// There is no server to ask.
    pub fn unreachable(message: impl Display) -> Self {
        Self { message: message.to_string(), code: 3, error: None }
    }

    /// Ends with this code, and everything has been said.
    pub fn silently(code: u8) -> Self {
        Self { message: String::new(), code, error: None }
    }
}

/// Refuses a file that is to be read and is not there.
fn must_be_there(file: &Path) -> Result<(), Failed> {
    if file.exists() {
        return Ok(());
    }
    Err(Failed::refused(format!("there is no file {}; check its name", file.display())))
}

impl From<CallError> for Failed {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Refused(error) => {
                Self { error: Some(Box::new(error.clone())), ..Self::refused(in_shell(&error.message)) }
            }
            CallError::Unreachable(message) | CallError::Lost(message) => Self::unreachable(message),
        }
    }
}

/// What the server's sentences call by the names of its calls and arguments, and what a shell calls it.
const SHELL_NAMES: [(&str, &str); 20] = [
    ("register_manus", "manus-sync register"),
    ("list_manus", "manus-sync agents"),
    ("list_tasks", "manus-sync task list"),
    ("list_messages", "manus-sync message list"),
    ("send_message", "manus-sync message send"),
    ("next_task", "manus-sync task next"),
    ("unblock_task", "manus-sync task unblock"),
    ("block_task", "manus-sync task block"),
    ("start_task", "manus-sync task start"),
    ("assign_task", "manus-sync task assign"),
    ("review_task", "manus-sync task review"),
    ("complete_task", "manus-sync task done"),
    ("update_task_progress", "manus-sync task progress"),
    ("create_token", "manus-sync token create"),
    ("list_tokens", "manus-sync token list"),
    ("revoke_token", "manus-sync token revoke"),
    ("wait_secs", "--wait"),
    ("ttl_secs", "--ttl"),
    ("estimated_duration", "--estimate"),
    ("max_parallel", "--max-parallel"),
];

/// A sentence of the server in the words of a shell.
fn in_shell(sentence: &str) -> String {
    let shell = |word: &str| SHELL_NAMES.iter().find(|(name, _)| *name == word).map(|(_, shell)| *shell);
    let words = renamed(sentence, shell);
    words.replace(" takeover: true", " --takeover").replace(" needs_review: true", " --review")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_name_what_a_shell_has() {
        for (said, shell) in [
            (
                "T1 is BLOCKED; unblock_task lets it go on",
                "T1 is BLOCKED; manus-sync task unblock lets it go on",
            ),
            ("report it with update_task_progress, or", "report it with manus-sync task progress, or"),
            ("or pass takeover: true if you are", "or pass --takeover if you are"),
            ("src/start_task.rs is held by ada", "src/start_task.rs is held by ada"),
        ] {
            assert_eq!(in_shell(said), shell);
        }
    }
}
