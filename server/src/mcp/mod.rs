//! MCP: the calls as tools, the board, tasks and inboxes as resources, for agents whose programs speak the protocol.
//!
//! One [`Session`] serves a client, over either transport: within the server it makes calls through the same door as everybody
//! else ([`Endpoint`], `/mcp`), in `manus-sync mcp` it makes them over HTTP. So a tool can do what the call can, and no more.

mod arguments;
mod attempts;
mod backend;
mod board;
#[cfg(test)]
mod copied;
mod credentials;
mod endpoint;
mod listening;
mod misfit;
mod pulse;
mod remote;
mod resources;
mod say;
mod session;
mod strict;
mod tools;
mod watch;

pub use backend::Backend;
pub use endpoint::{Endpoint, PATH};
pub use session::Session;
