//! The arguments of `token`.

use std::path::PathBuf;

use app::api::bounds::EXPIRES_SECS;
use clap::{Args, Subcommand, ValueEnum};
use engine::ManusId;

use super::client::ServerArgs;

pub(super) const EXAMPLES: &str = "Examples:
  manus-sync token create --role admin --label 'Ada at her desk'
  manus-sync token create --role agent --for backend_1
  manus-sync token create --role enrolment --expires 8h     agents register themselves with it
  manus-sync token list
  manus-sync token revoke 3k9x7m2a

Beside a running server its answer counts at once. Whoever may read the project's folder may decide who comes in;
from elsewhere that takes an admin's token (--server and --token).";

/// What to do about tokens.
#[derive(Debug, Clone, Subcommand)]
pub enum TokenCommand {
    /// Make a token, and print it: this once
    #[command(after_help = "Example: manus-sync token create --role agent --for backend_1 --expires 30d")]
    Create(TokenCreateArgs),
    /// Show the tokens, without their secrets
    #[command(after_help = "Example: manus-sync token list --all")]
    List(TokenListArgs),
    /// Take a token back: it lets nobody in from then on
    #[command(after_help = "Example: manus-sync token revoke 3k9x7m2a")]
    Revoke(TokenRevokeArgs),
}

/// Whose tokens.
#[derive(Debug, Clone, Default, Args)]
pub struct TokenPlace {
    /// The project's folder [default: the nearest project's, or the current folder]
    #[arg(long, value_name = "DIR", env = "MANUS_SYNC_PROJECT_ROOT")]
    pub project_root: Option<PathBuf>,
    /// The database, where the project has it elsewhere; a relative path is one within the project
    #[arg(long, value_name = "FILE", env = "MANUS_SYNC_DATABASE")]
    pub database: Option<String>,
    /// Where to find the server.
    #[command(flatten)]
    pub server: ServerArgs,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// What a token is to be.
#[derive(Debug, Clone, Args)]
pub struct TokenCreateArgs {
    /// What it lets its holder do
    #[arg(short, long, value_enum)]
    pub role: RoleWord,
    /// The one agent in whose name it may act; with --role agent
    #[arg(long = "for", value_name = "NAME")]
    pub manus_id: Option<ManusId>,
    /// What to call it
    #[arg(short, long, value_name = "TEXT")]
    pub label: Option<String>,
    /// When it ends by itself, as in 8h or 30d [default: never]
    #[arg(short, long, value_name = "TIME", value_parser = seconds)]
    pub expires: Option<i64>,
    /// Whose tokens.
    #[command(flatten)]
    pub place: TokenPlace,
}

/// The roles, as words of the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RoleWord {
    /// Everything, in anybody's name
    Admin,
    /// What agents do, in the name of one agent alone
    Agent,
    /// To look, and nothing else
    Viewer,
    /// To register agents of new names, each of which gets a token of its own
    Enrolment,
}

impl From<RoleWord> for hub::TokenRole {
    fn from(word: RoleWord) -> Self {
        match word {
            RoleWord::Admin => Self::Admin,
            RoleWord::Agent => Self::Agent,
            RoleWord::Viewer => Self::Viewer,
            RoleWord::Enrolment => Self::Enrolment,
        }
    }
}

/// Which tokens to show.
#[derive(Debug, Clone, Args)]
pub struct TokenListArgs {
    /// Also those that let nobody in any more, and the sessions of browsers
    #[arg(short, long)]
    pub all: bool,
    /// Whose tokens.
    #[command(flatten)]
    pub place: TokenPlace,
}

/// Which token to take back.
#[derive(Debug, Clone, Args)]
pub struct TokenRevokeArgs {
    /// The part of it that may be seen, as manus-sync token list shows it
    pub id: String,
    /// With the tokens of the agents that were enrolled with it
    #[arg(long)]
    pub and_enrolled: bool,
    /// Whose tokens.
    #[command(flatten)]
    pub place: TokenPlace,
}

/// `30d`, `8h`, `15m` or `90s`, in seconds.
fn seconds(text: &str) -> Result<i64, String> {
    let wrong = || format!("{text:?} is no time from 1m to 3650d; write it like 15m, 8h or 30d");
    let unit = text.chars().last().ok_or_else(wrong)?;
    let each = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return Err(wrong()),
    };
    let count: i64 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
    count.checked_mul(each).filter(|secs| EXPIRES_SECS.contains(secs)).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        for (text, secs) in [("90s", 90), ("15m", 900), ("8h", 28_800), ("30d", 2_592_000)] {
            assert_eq!(seconds(text), Ok(secs));
        }
        for bad in ["", "d", "30", "-1d", "0h", "59s", "3651d", "1.5h", "3é", "99999999999999d"] {
            assert!(seconds(bad).is_err(), "{bad:?}");
        }
    }
}
