//! The arguments of `audit`.

use clap::Args;

use super::span::Span;
use super::token::TokenPlace;

pub(super) const EXAMPLES: &str = "Examples:
  manus-sync audit                             the newest entries
  manus-sync audit --since 2h --denied
  manus-sync audit --since 30d --json > audit.json

Whoever may read the project's folder may read it; from elsewhere that takes an admin's token (--server and --token).";

/// Which entries.
#[derive(Debug, Clone, Args)]
pub struct AuditArgs {
    /// How far back, such as 2h or 30d; then all entries from there on, the oldest first [default: the newest]
    #[arg(long, value_name = "SPAN")]
    pub since: Option<Span>,
    /// What was denied, and not what people did
    #[arg(long, conflicts_with = "acted")]
    pub denied: bool,
    /// What people did, and not what was denied
    #[arg(long)]
    pub acted: bool,
    /// How many of the newest
    #[arg(short, long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=1000))]
    pub number: i64,
    /// Whose audit.
    #[command(flatten)]
    pub place: TokenPlace,
}
