//! The command line: what can be asked for, with which arguments. What is done about it stands in [`crate::commands`].

mod agent;
mod audit;
mod client;
mod doors;
mod files;
mod mcp;
mod message;
mod simulate;
mod span;
mod task;
mod token;
mod upkeep;

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand};

use crate::log::LogFormat;

pub use agent::{AgentsArgs, DrainArgs, HeartbeatArgs, RegisterArgs};
pub use audit::AuditArgs;
pub use client::{AgentArgs, ClientArgs, ServerArgs};
pub use doors::{
    ConnectArgs, ConnectClient, Dialect, GuardArgs, GuardCheckArgs, GuardCommand, GuardHook, HookArgs,
    ImportArgs,
};
pub use files::{CheckArgs, ClaimArgs, FilesCommand, ReleaseFilesArgs};
pub use mcp::McpArgs;
pub use message::{AckArgs, InboxArgs, ListMessagesArgs, MessageCommand, SendArgs};
pub use simulate::{Policy, SimulateArgs};
pub use span::{NoSpan, Span};
pub use task::{
    AddArgs, AssignArgs, DoneArgs, GiveUpArgs, ListArgs, NextArgs, OneTaskArgs, OwnTaskArgs, ProgressArgs,
    ReasonArgs, ReviewArgs, TaskCommand, UpdateArgs,
};
pub use token::{RoleWord, TokenCommand, TokenCreateArgs, TokenListArgs, TokenPlace, TokenRevokeArgs};
pub use upkeep::{
    BackupArgs, CompletionsArgs, DoctorArgs, EventsArgs, ExportArgs, ExportFormat, ExportTable, PruneArgs,
    RestoreArgs,
};

use crate::gate::Auth;

/// Coordinates a team of AI agents that work on one project, and shows a person what they do.
#[derive(Debug, Parser)]
#[command(
    name = "manus-sync",
    version,
    args_conflicts_with_subcommands = true,
    after_help = "Example: manus-sync --project-root ~/shop --open"
)]
pub struct Cli {
    /// What to do; without a command, `serve`.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// How to serve, where no command is given.
    #[command(flatten)]
    pub serve: ServeArgs,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the engine and its dashboard for one project (the default)
    #[command(after_help = SERVE_EXAMPLES)]
    Serve(ServeArgs),
    /// Serve a made-up project in a temporary folder, with a team of simulated agents at work
    #[command(after_help = "Example: manus-sync demo --open")]
    Demo(DemoArgs),
    /// Play projects through the engine's rules under a virtual clock, and say how long they take
    #[command(after_help = simulate::SIMULATE)]
    Simulate(SimulateArgs),
    /// Show how the project is doing
    #[command(after_help = STATUS_EXAMPLES)]
    Status(ClientArgs),
    /// Introduce an agent, or bring it back
    #[command(after_help = agent::REGISTER)]
    Register(RegisterArgs),
    /// Give a sign of life
    #[command(after_help = agent::HEARTBEAT)]
    Heartbeat(HeartbeatArgs),
    /// Say goodbye: files are free at once, tasks are anybody's again
    #[command(after_help = agent::DEREGISTER)]
    Deregister(AgentArgs),
    /// Let an agent finish what it has and give it nothing new
    #[command(after_help = agent::DRAIN)]
    Drain(DrainArgs),
    /// Show the agents
    #[command(after_help = agent::AGENTS)]
    Agents(AgentsArgs),
    /// Create tasks, work on them, look them up
    #[command(subcommand, after_help = task::EXAMPLES)]
    Task(TaskCommand),
    /// Claim files, give them back, see who holds them
    #[command(subcommand, after_help = files::EXAMPLES)]
    Files(FilesCommand),
    /// Write to other agents, read what they wrote
    #[command(subcommand, after_help = message::EXAMPLES)]
    Message(MessageCommand),
    /// Show what happened, and what happens
    #[command(after_help = upkeep::EVENTS)]
    Events(EventsArgs),
    /// Print everything: tasks, agents, files, messages, events
    #[command(after_help = upkeep::EXPORT)]
    Export(ExportArgs),
    /// Copy the database into a file, also while a server is at work
    #[command(after_help = upkeep::BACKUP)]
    Backup(BackupArgs),
    /// Put a backup in the place of the project's database, while no server is at work; the old one is kept
    #[command(after_help = upkeep::RESTORE)]
    Restore(RestoreArgs),
    /// Let go of old events and messages, after counting them; also while a server is at work
    #[command(after_help = upkeep::PRUNE)]
    Prune(PruneArgs),
    /// Check that everything is in order, and say what to do where it is not
    #[command(after_help = upkeep::DOCTOR)]
    Doctor(DoctorArgs),
    /// Print the script that completes this program's commands in a shell
    #[command(after_help = upkeep::COMPLETIONS)]
    Completions(CompletionsArgs),
    /// Make a project of one that the original Python engine left, or of a backup
    #[command(after_help = doors::IMPORT)]
    Import(ImportArgs),
    /// Answer a coding agent's hook: an event on stdin, the agent's protocol on stdout
    #[command(after_help = doors::HOOK)]
    Hook(HookArgs),
    /// Let git refuse commits and pushes of what somebody else holds
    #[command(subcommand, after_help = doors::GUARD)]
    Guard(GuardCommand),
    /// Write the settings that connect a coding agent, and prove that they work
    #[command(after_help = doors::CONNECT)]
    Connect(ConnectArgs),
    /// Decide who may come in, where the server asks for tokens
    #[command(subcommand, after_help = token::EXAMPLES)]
    Token(TokenCommand),
    /// Show who was denied what, and what people did, where the server asks for tokens
    #[command(after_help = audit::EXAMPLES)]
    Audit(AuditArgs),
    /// Speak MCP over stdin and stdout, for clients that want a process; needs a running server
    #[command(after_help = mcp::EXAMPLES)]
    Mcp(McpArgs),
}

const SERVE_EXAMPLES: &str = "Examples:
  manus-sync serve --project-root ~/shop --open
  manus-sync serve --listen 127.0.0.1:0        any free port; the line on stdout says which
  manus-sync serve --listen 0.0.0.0:3334 --tls-cert server.pem --tls-key server.key --allow-host agents.example
  MANUS_SYNC_LISTEN=127.0.0.1:4000 manus-sync serve -v";

const STATUS_EXAMPLES: &str = "Examples:
  manus-sync status                            of the project around the current folder
  manus-sync status --json --server http://localhost:3334

Exit codes: 0 done, 1 refused, 2 wrong usage, 3 no server can be reached";

/// How to serve. What is not given is looked up in `.manus-sync/config.toml`.
#[derive(Debug, Clone, Default, Args)]
pub struct ServeArgs {
    /// The project's folder
    #[arg(long, value_name = "DIR", env = "MANUS_SYNC_PROJECT_ROOT", default_value = ".")]
    pub project_root: PathBuf,
    /// The database, a relative path being one within the project [default: .manus-sync/sync_engine.db]
    #[arg(long, value_name = "FILE", env = "MANUS_SYNC_DATABASE")]
    pub database: Option<String>,
    /// What any kind of serving takes.
    #[command(flatten)]
    pub common: CommonArgs,
}

/// What `serve` and `demo` have in common.
#[derive(Debug, Clone, Default, Args)]
pub struct CommonArgs {
    /// Where to accept connections; port 0 takes any that is free [default: 127.0.0.1:3334]
    #[arg(long, value_name = "ADDR", env = "MANUS_SYNC_LISTEN")]
    pub listen: Option<String>,
    /// A further host name under which the server may be addressed; can be repeated
    #[arg(long, value_name = "NAME", env = "MANUS_SYNC_ALLOW_HOST", value_delimiter = ',')]
    pub allow_host: Vec<String>,
    /// Whether callers must show a token [default: auto]
    #[arg(long, value_name = "WHEN", env = "MANUS_SYNC_AUTH", value_enum)]
    pub auth: Option<Auth>,
    /// Serve https: a PEM file with the server's certificate, and those between it and its authority after it
    #[arg(long, value_name = "FILE", env = "MANUS_SYNC_TLS_CERT")]
    pub tls_cert: Option<PathBuf>,
    /// A PEM file with that certificate's private key
    #[arg(long, value_name = "FILE", env = "MANUS_SYNC_TLS_KEY")]
    pub tls_key: Option<PathBuf>,
    /// How many requests a second each token may make, where tokens are asked for; 0 for any number [default: 500]
    #[arg(long, value_name = "N", env = "MANUS_SYNC_RATE_LIMIT")]
    pub rate_limit: Option<u32>,
    /// Silence after which an agent counts as lost [default: 120]
    #[arg(long, value_name = "SECS", env = "MANUS_SYNC_HEARTBEAT_TIMEOUT_SECS")]
    pub heartbeat_timeout_secs: Option<u32>,
    /// How long the files of a lost agent stay closed [default: 15]
    #[arg(long, value_name = "SECS", env = "MANUS_SYNC_LOCK_DELAY_SECS")]
    pub lock_delay_secs: Option<u32>,
    /// How long the planner may work on a plan; 0 for no planner [default: 50]
    #[arg(long, value_name = "MS", env = "MANUS_SYNC_PLAN_BUDGET_MS")]
    pub plan_budget_ms: Option<u32>,
    /// How long a task in progress may go without a report before that is raised, half its estimate if that is more [default: 600]
    #[arg(long, value_name = "SECS", env = "MANUS_SYNC_STALL_AFTER_SECS")]
    pub stall_after_secs: Option<u32>,
    /// Give a task to somebody else when it has stalled three times as long, after its agent and the person were told
    #[arg(long, env = "MANUS_SYNC_REASSIGN_STALLED")]
    pub reassign_stalled: bool,
    /// Keep events and messages for so long, such as 30d; open work and closed tasks stay [default: for ever]
    #[arg(long, value_name = "SPAN", env = "MANUS_SYNC_KEEP_HISTORY")]
    pub keep_history: Option<Span>,
    /// How to write log lines, which go to stderr [default: text]
    #[arg(long, value_enum, value_name = "FORMAT", env = "MANUS_SYNC_LOG_FORMAT")]
    pub log_format: Option<LogFormat>,
    /// Send traces to an OpenTelemetry collector (OTLP over HTTP), such as http://localhost:4318
    #[arg(long, value_name = "URL", env = "MANUS_SYNC_OTLP_ENDPOINT")]
    pub otlp_endpoint: Option<String>,
    /// Open the dashboard in the browser
    #[arg(long)]
    pub open: bool,
    /// Log each call (-vv: everything)
    #[arg(short, long, action = ArgAction::Count)]
    pub verbose: u8,
}

/// How to show the demonstration.
#[derive(Debug, Clone, Args)]
pub struct DemoArgs {
    /// What any kind of serving takes.
    #[command(flatten)]
    pub common: CommonArgs,
    /// Another seed tells another story
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// How fast the agents work; 2 is twice as fast
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0)]
    pub speed: f64,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn serving_is_the_default() {
        let cli = Cli::try_parse_from(["manus-sync", "--listen", "127.0.0.1:0"]).unwrap();
        assert!(cli.command.is_none());
        assert_eq!(cli.serve.common.listen.as_deref(), Some("127.0.0.1:0"));
    }

    #[test]
    fn every_help_shows_an_example() {
        fn check(command: &mut clap::Command, checked: &mut usize) {
            let help = command.render_help().to_string();
            assert!(help.contains("Example"), "{help}");
            *checked += 1;
            for command in command.get_subcommands_mut().filter(|command| command.get_name() != "help") {
                check(command, checked);
            }
        }
        let (mut cli, mut checked) = (Cli::command(), 0);
        cli.build();
        check(&mut cli, &mut checked);
        assert!(checked > 30, "only {checked} commands");
    }
}
