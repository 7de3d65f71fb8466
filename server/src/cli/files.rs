//! The arguments of `manus-sync files …`.

use clap::{Args, Subcommand};
use engine::ManusId;

use super::client::{AgentArgs, ClientArgs};

pub(super) const EXAMPLES: &str = "Examples:
  manus-sync files claim src/date.rs --as ada --reason \"parser\"
  manus-sync files check src/date.rs
  manus-sync files release --all --as ada

Paths are meant from the current folder, as everywhere in a shell.";

/// What can be done about files.
#[derive(Debug, Clone, Subcommand)]
pub enum FilesCommand {
    /// Claim files, folders or globs: all or none
    #[command(after_help = "Examples:
  manus-sync files claim src/date.rs 'tests/date_*.rs' --as ada --reason \"parser\"
  manus-sync files claim docs/ --shared --ttl 600 --wait 30 --as ada")]
    Claim(ClaimArgs),
    /// Give files back
    #[command(after_help = "Examples:
  manus-sync files release src/date.rs --as ada
  manus-sync files release --all --as ada
  manus-sync files release src/date.rs --of ada    a person takes it away; ada is told")]
    Release(ReleaseFilesArgs),
    /// See what stands in the way of claiming files
    #[command(after_help = "Examples:
  manus-sync files check src/date.rs --as ada      ada's own claims are not in her way
  manus-sync files check --exit-code src/date.rs && echo free")]
    Check(CheckArgs),
    /// List all claims
    #[command(after_help = "Example: manus-sync files list")]
    List(ClientArgs),
}

/// What to claim.
#[derive(Debug, Clone, Args)]
pub struct ClaimArgs {
    /// Files, folders (src/) or globs (src/*.rs)
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<String>,
    /// What for
    #[arg(short, long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// Let others hold them, too, as long as everybody shares
    #[arg(long)]
    pub shared: bool,
    /// How long at most [default: as long as the agent lives]
    #[arg(long, visible_alias = "ttl-secs", value_name = "SECS", allow_negative_numbers = true)]
    pub ttl: Option<i64>,
    /// How long to wait for others
    #[arg(long, visible_alias = "wait-secs", value_name = "SECS", allow_negative_numbers = true)]
    pub wait: Option<i64>,
    /// Who, and which server.
    #[command(flatten)]
    pub agent: AgentArgs,
}

/// What to give back.
#[derive(Debug, Clone, Args)]
pub struct ReleaseFilesArgs {
    /// In the spelling of the claim or another of the same
    #[arg(value_name = "FILE", required_unless_present = "all")]
    pub files: Vec<String>,
    /// Everything that the agent holds
    #[arg(long, conflicts_with = "files")]
    pub all: bool,
    /// Take them away from this agent, which is told
    #[arg(long, value_name = "NAME")]
    pub of: Option<ManusId>,
    /// Who, and which server.
    #[command(flatten)]
    pub agent: AgentArgs,
}

/// What to look at.
#[derive(Debug, Clone, Args)]
pub struct CheckArgs {
    /// Files, folders or globs
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<String>,
    /// End with code 1 when something stands in the way
    #[arg(long)]
    pub exit_code: bool,
    /// Who, and which server.
    #[command(flatten)]
    pub agent: AgentArgs,
}
