//! What commands take that talk to a server.

use std::path::PathBuf;

use clap::Args;
use engine::ManusId;

use crate::commands::Failed;

/// Where to find the server.
#[derive(Debug, Clone, Default, Args)]
pub struct ServerArgs {
    /// The server's address [default: what a running server left in .manus-sync/server.json of the nearest project]
    #[arg(long, value_name = "URL", env = "MANUS_SYNC_URL")]
    pub server: Option<String>,
    /// The token to show, where the server asks for one [default: `token` in .manus-sync/config.toml]
    #[arg(long, value_name = "TOKEN", env = "MANUS_SYNC_TOKEN", hide_env_values = true)]
    pub token: Option<String>,
    /// The authority that vouches for a server with https, in PEM [default: `cacert` in .manus-sync/config.toml, else those that
    /// this machine trusts]
    #[arg(long, value_name = "FILE", env = "MANUS_SYNC_CACERT")]
    pub cacert: Option<PathBuf>,
}

/// Which server to ask, and how to show the answer.
#[derive(Debug, Clone, Default, Args)]
pub struct ClientArgs {
    /// Which agent you are, where that matters
    #[arg(long = "as", value_name = "NAME", env = "MANUS_ID")]
    pub manus: Option<String>,
    /// Where to find the server.
    #[command(flatten)]
    pub server: ServerArgs,
    /// Print JSON: the answer of the HTTP call, or its error
    #[arg(long)]
    pub json: bool,
}

/// The same where it matters which agent calls.
#[derive(Debug, Clone, Default, Args)]
pub struct AgentArgs {
    /// Which server to ask, and how to show the answer.
    #[command(flatten)]
    pub client: ClientArgs,
}

impl AgentArgs {
    /// Who calls, if that was said at all.
    pub fn who_if_any(&self) -> Result<Option<ManusId>, Failed> {
        let name = self.client.manus.as_deref().filter(|name| !name.is_empty());
        name.map(|name| ManusId::new(name).map_err(Failed::usage)).transpose()
    }

    /// Who calls; an error when nobody said.
    pub fn who(&self) -> Result<ManusId, Failed> {
        self.who_if_any()?.ok_or_else(|| {
            Failed::usage("say which agent you are: --as NAME, or set MANUS_ID; manus-sync register introduces a new one")
        })
    }

    /// Who calls; the person at the keyboard when nobody said.
    pub fn who_or_supervisor(&self) -> Result<ManusId, Failed> {
        Ok(self.who_if_any()?.unwrap_or_else(ManusId::supervisor))
    }
}
