//! The arguments of the commands by which agents and git are connected: hooks, guard, settings, and projects of old.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::ServerArgs;
pub use crate::commands::hook::Dialect;

pub(super) const HOOK: &str = "Examples:
  echo '{\"session_id\": \"…\", \"tool_name\": \"Edit\", …}' | manus-sync hook PreToolUse
  manus-sync hook preToolUse --for cursor      what Cursor's .cursor/hooks.json names

manus-sync connect writes these commands into an agent's settings.
MANUS_ID, MANUS_ROLE and MANUS_CAPABILITIES say who the session is; without, its id makes a name.
MANUS_SYNC_FAIL_CLOSED=1 refuses edits while no server answers.";
pub(super) const GUARD: &str = "Examples:
  manus-sync guard install                     into the repository around the current folder
  MANUS_ID=ada manus-sync guard check
  MANUS_SYNC_BYPASS=1 git commit …             goes past the guard; the supervisor is told";
pub(super) const CONNECT: &str = "Examples:
  manus-sync connect claude-code --dry-run     shows what would be written
  manus-sync connect claude-code
  manus-sync connect claude-code --undo";
pub(super) const IMPORT: &str = "Examples:
  manus-sync import ~/old/.manus-sync/sync_engine.db
  manus-sync import old.db --project-root ~/shop
  manus-sync import shop-monday.db --project-root ~/shop-again      what manus-sync backup made

A project of the original engine that lies where manus-sync looks for it is imported by itself when it is served.";

/// Which event, and in whose protocol.
#[derive(Debug, Clone, Args)]
pub struct HookArgs {
    /// The event, such as PreToolUse; its JSON comes on stdin
    pub event: String,
    /// Whose protocol to speak
    #[arg(long = "for", value_name = "PROGRAM", value_enum, default_value_t)]
    pub dialect: Dialect,
    /// Which agent the session is [default: a name made of its id]
    #[arg(long = "as", value_name = "NAME", env = "MANUS_ID")]
    pub manus_id: Option<String>,
    /// Where to find the server.
    #[command(flatten)]
    pub server: ServerArgs,
}

/// What to do with the guard.
#[derive(Debug, Clone, Subcommand)]
pub enum GuardCommand {
    /// Put the guard among the repository's hooks; hooks that are there go first
    #[command(after_help = "Example: manus-sync guard install")]
    Install(GuardArgs),
    /// Check what is staged
    #[command(after_help = "Example: MANUS_ID=ada manus-sync guard check")]
    Check(GuardCheckArgs),
    /// Take the guard away; what was there before is there again
    #[command(after_help = "Example: manus-sync guard uninstall")]
    Uninstall(GuardArgs),
}

/// Which repository.
#[derive(Debug, Clone, Args)]
pub struct GuardArgs {
    /// A folder in the repository
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub repository: PathBuf,
}

/// What to check, and for whom.
#[derive(Debug, Clone, Args)]
pub struct GuardCheckArgs {
    /// A folder in the repository
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub repository: PathBuf,
    /// Which agent commits [default: git config manus.id]
    #[arg(long = "as", value_name = "NAME", env = "MANUS_ID")]
    pub manus_id: Option<String>,
    /// Where to find the server.
    #[command(flatten)]
    pub server: ServerArgs,
    /// As which of git's hooks this is called
    #[arg(long, value_enum, hide = true)]
    pub hook: Option<GuardHook>,
    /// The project, where it is not around the repository's top
    #[arg(long, value_name = "DIR", hide = true)]
    pub project_root: Option<PathBuf>,
    /// The hook that was there before
    #[arg(long, value_name = "FILE", hide = true)]
    pub before: Option<PathBuf>,
    /// What git gave to the hook
    #[arg(last = true, hide = true)]
    pub rest: Vec<String>,
}

/// The hooks of git that guard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum GuardHook {
    /// Before a commit.
    PreCommit,
    /// Before a push.
    PrePush,
}

/// Which program to connect, and how.
#[derive(Debug, Clone, Args)]
pub struct ConnectArgs {
    /// The program that runs the agent
    #[arg(value_enum)]
    pub client: ConnectClient,
    /// Show what would change, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Take back what connecting did
    #[arg(long)]
    pub undo: bool,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
    /// Write hooks into .claude/settings.local.json, which is yours alone
    #[arg(long)]
    pub local: bool,
    /// Name the server by its address instead of starting `manus-sync mcp`
    #[arg(long)]
    pub http: bool,
    /// The project's folder [default: the nearest project's, or the current folder]
    #[arg(long, value_name = "DIR", env = "MANUS_SYNC_PROJECT_ROOT")]
    pub project_root: Option<PathBuf>,
    /// Where to find the server.
    #[command(flatten)]
    pub server: ServerArgs,
}

/// Programs that run agents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ConnectClient {
    /// Claude Code: hooks and tools
    ClaudeCode,
    /// OpenAI's Codex: hooks, tools and AGENTS.md
    Codex,
    /// Cursor: hooks, tools and AGENTS.md
    Cursor,
    /// Anything that reads AGENTS.md
    Generic,
}

impl ConnectClient {
    /// As on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::ClaudeCode => "claude-code",
            Self::Codex => "codex",
            Self::Cursor => "cursor",
            Self::Generic => "generic",
        }
    }
}

/// Which project of old, and where to.
#[derive(Debug, Clone, Args)]
pub struct ImportArgs {
    /// The original's database, a backup, or what `export` printed
    pub file: PathBuf,
    /// The project's folder
    #[arg(long, value_name = "DIR", env = "MANUS_SYNC_PROJECT_ROOT", default_value = ".")]
    pub project_root: PathBuf,
    /// The database, a relative path being one within the project [default: .manus-sync/sync_engine.db]
    #[arg(long, value_name = "FILE", env = "MANUS_SYNC_DATABASE")]
    pub database: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}
