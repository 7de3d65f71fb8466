//! The arguments of the commands about agents.

use clap::Args;
use engine::{Capability, InstanceStatus, ManusId, Progress, Role};

use super::client::{AgentArgs, ClientArgs};
use super::task::progress;

pub(super) const REGISTER: &str = "Examples:
  manus-sync register ada --role SPEED_DEVELOPER --capabilities rust,sql
  MANUS_ID=ada manus-sync register --role coordinator --program claude-code";
pub(super) const HEARTBEAT: &str = "Example: manus-sync heartbeat --as ada";
pub(super) const DEREGISTER: &str = "Example: manus-sync deregister --as ada";
pub(super) const DRAIN: &str = "Examples:
  manus-sync drain ada
  manus-sync drain ada --off                   it gets work again";
pub(super) const AGENTS: &str = "Examples:
  manus-sync agents
  manus-sync agents ada --json";

/// Who comes.
#[derive(Debug, Clone, Args)]
pub struct RegisterArgs {
    /// The agent's name [default: that of --as or MANUS_ID]
    pub name: Option<ManusId>,
    /// What it is for: SPEED_DEVELOPER, QUALITY_ENHANCER, AI_SPECIALIST or COORDINATOR
    #[arg(long, default_value = "SPEED_DEVELOPER")]
    pub role: Role,
    /// What it can do; several with commas between them
    #[arg(long, visible_alias = "can", alias = "capability", value_name = "NAMES", value_delimiter = ',')]
    pub capabilities: Vec<Capability>,
    /// How many tasks it works on at a time [default: 1]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub max_parallel: Option<i64>,
    /// The program that runs it, such as claude-code
    #[arg(long)]
    pub program: Option<String>,
    /// The model behind it
    #[arg(long)]
    pub model: Option<String>,
    /// Take the name even from an agent that is alive
    #[arg(long)]
    pub takeover: bool,
    /// Who, and which server.
    #[command(flatten)]
    pub agent: AgentArgs,
}

/// Who is still there.
#[derive(Debug, Clone, Args)]
pub struct HeartbeatArgs {
    /// What the agent says of itself: ACTIVE, IDLE, or INACTIVE as a goodbye
    #[arg(long)]
    pub status: Option<InstanceStatus>,
    /// How far it is, in per cent
    #[arg(long, value_name = "PERCENT", value_parser = progress)]
    pub progress: Option<Progress>,
    /// Who, and which server.
    #[command(flatten)]
    pub agent: AgentArgs,
}

/// Who winds down.
#[derive(Debug, Clone, Args)]
pub struct DrainArgs {
    /// The agent's name [default: that of --as or MANUS_ID]
    pub name: Option<ManusId>,
    /// Give it work again
    #[arg(long)]
    pub off: bool,
    /// Who, and which server.
    #[command(flatten)]
    pub agent: AgentArgs,
}

/// Whom to show.
#[derive(Debug, Clone, Args)]
pub struct AgentsArgs {
    /// Only this one
    pub name: Option<ManusId>,
    /// Which server to ask, and how to show the answer.
    #[command(flatten)]
    pub client: ClientArgs,
}
