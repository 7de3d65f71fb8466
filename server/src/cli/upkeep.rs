//! The arguments of the commands that look after a project: its history, copies of it, its health.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum};
use clap_complete::Shell;
use engine::{Event, ManusId, Seq};

use super::client::ClientArgs;
use super::span::Span;

pub(super) const EVENTS: &str = "Examples:
  manus-sync events -n 20
  manus-sync events --follow
  manus-sync events --since 120 --kind task_started --json     a line of JSON each";
pub(super) const EXPORT: &str = "Examples:
  manus-sync export > project.json
  manus-sync export --format csv --table tasks > tasks.csv";
pub(super) const BACKUP: &str = "Examples:
  manus-sync backup ../backup/shop-monday.db
  manus-sync backup /backup/shop.db --project-root ~/shop";
pub(super) const RESTORE: &str = "Examples:
  manus-sync restore ../backup/shop-monday.db
  manus-sync restore /backup/shop.db --project-root ~/shop --json";
pub(super) const PRUNE: &str = "Examples:
  manus-sync prune --older-than 30d --dry-run      counts what would go
  manus-sync prune --older-than 30d
  manus-sync prune --older-than 12h --compact      and makes the file smaller; not while a server is at work

What is there now stays as it is: tasks open and closed, claims, messages that nobody has taken, and the newest others.
manus-sync serve --keep-history 30d does the same by itself, every hour.";
pub(super) const DOCTOR: &str = "Examples:
  manus-sync doctor
  manus-sync doctor --json
  manus-sync doctor --chaos 32                 32 agents at once on a project of their own

Exit codes: 0 all is well, 1 something is wrong";
pub(super) const COMPLETIONS: &str = "Examples:
  manus-sync completions bash > ~/.local/share/bash-completion/completions/manus-sync
  manus-sync completions zsh > ~/.zfunc/_manus-sync
  manus-sync completions fish > ~/.config/fish/completions/manus-sync.fish";

/// Which events.
#[derive(Debug, Clone, Args)]
pub struct EventsArgs {
    /// Go on with what happens, until interrupted
    #[arg(short, long)]
    pub follow: bool,
    /// All after this number; 0 from the beginning [default: the newest]
    #[arg(long, value_name = "SEQ")]
    pub since: Option<Seq>,
    /// Only of this kind or these, such as task_started
    #[arg(short, long, value_delimiter = ',', hide_possible_values = true, value_parser = kinds())]
    pub kind: Vec<String>,
    /// Only from calls of this agent
    #[arg(long, value_name = "NAME")]
    pub of: Option<ManusId>,
    /// At most so many; without --since the newest, 50 unless said otherwise
    #[arg(short = 'n', long, value_name = "N")]
    pub limit: Option<usize>,
    /// Which server to ask, and how to show the answer.
    #[command(flatten)]
    pub client: ClientArgs,
}

/// The words for kinds of events; a wrong one is answered with all of them.
fn kinds() -> PossibleValuesParser {
    Event::KINDS.iter().copied().into()
}

/// What to print, and how.
#[derive(Debug, Clone, Args)]
pub struct ExportArgs {
    /// As one JSON document, or one table as CSV
    #[arg(short, long, value_enum, default_value_t = ExportFormat::Json)]
    pub format: ExportFormat,
    /// Only this table [default: all as JSON, tasks as CSV]
    #[arg(short, long, value_enum)]
    pub table: Option<ExportTable>,
    /// Which server to ask, and how to show the answer.
    #[command(flatten)]
    pub client: ClientArgs,
}

/// How to write an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// One document.
    Json,
    /// One table with a head.
    Csv,
}

/// What can be exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportTable {
    /// The agents.
    Manus,
    /// All tasks, closed ones too.
    Tasks,
    /// The claims.
    Locks,
    /// All messages.
    Messages,
    /// The whole log.
    Events,
}

/// Where to put a copy.
#[derive(Debug, Clone, Args)]
pub struct BackupArgs {
    /// The file to make; one that exists is left alone
    pub file: PathBuf,
    /// The project's folder [default: the nearest project's]
    #[arg(long, value_name = "DIR", env = "MANUS_SYNC_PROJECT_ROOT")]
    pub project_root: Option<PathBuf>,
    /// The database, a relative path being one within the project [default: .manus-sync/sync_engine.db]
    #[arg(long, value_name = "FILE", env = "MANUS_SYNC_DATABASE")]
    pub database: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// What to restore, and where.
#[derive(Debug, Clone, Args)]
pub struct RestoreArgs {
    /// What manus-sync backup made; it is only read
    pub file: PathBuf,
    /// The project's folder [default: the nearest project's]
    #[arg(long, value_name = "DIR", env = "MANUS_SYNC_PROJECT_ROOT")]
    pub project_root: Option<PathBuf>,
    /// The database, a relative path being one within the project [default: .manus-sync/sync_engine.db]
    #[arg(long, value_name = "FILE", env = "MANUS_SYNC_DATABASE")]
    pub database: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// What to let go of.
#[derive(Debug, Clone, Args)]
pub struct PruneArgs {
    /// How old events and messages must be, such as 30d, 12h or 90m
    #[arg(long, value_name = "SPAN")]
    pub older_than: Span,
    /// Only count what would go
    #[arg(long)]
    pub dry_run: bool,
    /// Make the database's file smaller afterwards; no server may be at work on it
    #[arg(long, conflicts_with = "dry_run")]
    pub compact: bool,
    /// The project's folder [default: the nearest project's]
    #[arg(long, value_name = "DIR", env = "MANUS_SYNC_PROJECT_ROOT")]
    pub project_root: Option<PathBuf>,
    /// The database, a relative path being one within the project [default: .manus-sync/sync_engine.db]
    #[arg(long, value_name = "FILE", env = "MANUS_SYNC_DATABASE")]
    pub database: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// What to examine.
#[derive(Debug, Clone, Args)]
pub struct DoctorArgs {
    /// The project's folder [default: the nearest project's]
    #[arg(long, value_name = "DIR", env = "MANUS_SYNC_PROJECT_ROOT")]
    pub project_root: Option<PathBuf>,
    /// The database, a relative path being one within the project [default: .manus-sync/sync_engine.db]
    #[arg(long, value_name = "FILE", env = "MANUS_SYNC_DATABASE")]
    pub database: Option<String>,
    /// Let so many simulated agents loose on a scratch project, in place of the checks
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub chaos: Option<u32>,
    /// With --chaos: how many calls they make altogether [default: 200 an agent]
    #[arg(long, value_name = "N", requires = "chaos", value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    pub operations: Option<u64>,
    /// With --chaos: another seed tells another story
    #[arg(long, value_name = "N", requires = "chaos", default_value_t = 1)]
    pub seed: u64,
    /// Which server to ask, and how to show the answer.
    #[command(flatten)]
    pub client: ClientArgs,
}

/// For which shell.
#[derive(Debug, Clone, Args)]
pub struct CompletionsArgs {
    /// bash, zsh, fish, elvish or powershell
    #[arg(value_enum)]
    pub shell: Shell,
}
