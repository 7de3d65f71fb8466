//! The `manus-sync` server: everything between a socket and the hub, and the command line.
//!
//! [`serve::Server`] opens a project and accepts connections; [`front`] is what every request passes; [`calls`] and [`events`]
//! lead to the app's server functions and the hub's feed, [`page`] to the dashboard, and [`site`] holds the dashboard's files.
//! On the other side of the socket, [`commands`] does what [`cli`] understands, by calls through [`caller`] and [`client`].

pub mod blocking;
pub mod caller;
pub mod calls;
pub mod cli;
pub mod client;
pub mod commands;
mod compress;
pub mod config;
pub mod events;
mod export;
pub mod front;
pub mod gate;
pub mod guard;
mod health;
mod kept;
pub mod log;
mod login;
pub mod mcp;
mod metrics;
pub mod page;
pub mod reference;
mod renamed;
pub mod serve;
pub mod site;
pub mod tls;
