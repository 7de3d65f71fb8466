//! `manus-sync mcp`: MCP over stdin and stdout, for clients that want a process. Its calls go to the project's running server.

use engine::ManusId;
use rmcp::service::ServerInitializeError;
use rmcp::transport::io::stdio_pipes;

use super::{Failed, hook};
use crate::cli::McpArgs;
use crate::log::{self, LogOptions};
use crate::mcp::{Backend, Session};

/// Serves the client until it closes stdin.
///
/// Without a running server it stays all the same, and says with every call how to start one: an agent that is told can have
/// it started, while one whose tools did not even appear knows nothing.
pub fn run(args: &McpArgs) -> Result<(), Failed> {
    let _logging = log::init(&LogOptions::default());
    let manus = args.manus.as_deref().filter(|name| !name.is_empty());
    let manus = manus.map(|name| ManusId::new(name).map_err(Failed::usage)).transpose()?;
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failed::refused)?;
    let manus = manus.map(|name| name.to_string());
    let backend = Backend::there(args.server.clone(), manus.clone(), hook::agent_at_work);
    let missing = backend.trouble();
    if let Some(missing) = &missing {
        eprintln!("manus-sync: {missing}");
    }
    runtime.block_on(async {
        let server = args.server.clone();
        tokio::spawn(async move { hook::keep_alive(&server).await });
        match rmcp::serve_server(Session::new(backend, manus), stdio_pipes()).await {
            Ok(client) => client.waiting().await.map(|_| ()).map_err(Failed::refused),
            // Nobody ever spoke; what is missing was said above.
            Err(ServerInitializeError::ConnectionClosed(_)) if missing.is_some() => Err(Failed::silently(3)),
            Err(ServerInitializeError::ConnectionClosed(_)) => Ok(()),
            Err(error) => Err(Failed::refused(error)),
        }
    })
}
