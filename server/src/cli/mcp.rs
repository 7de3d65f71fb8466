//! The arguments of `mcp`.

use clap::Args;

use super::client::ServerArgs;

pub(super) const EXAMPLES: &str = "Examples, as a client's configuration has them:
  {\"mcpServers\": {\"manus-sync\": {\"command\": \"manus-sync\", \"args\": [\"mcp\"]}}}
  claude mcp add manus-sync -- manus-sync mcp --as ada

Clients that speak streamable HTTP need no process: http://localhost:3334/mcp";

/// Where calls go, and whose they are.
#[derive(Debug, Clone, Args)]
pub struct McpArgs {
    /// The agent whose calls these are, where it does not say so itself
    #[arg(long = "as", value_name = "NAME", env = "MANUS_ID")]
    pub manus: Option<String>,
    /// Where to find the server.
    #[command(flatten)]
    pub server: ServerArgs,
}
