//! The server's integration tests, in one binary: each module below is one subject.

// Tests may give up loudly.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod binary;
mod calls;
mod connect;
mod copied;
mod dist;
mod doors;
mod edits;
mod encrypted;
mod events;
mod exported;
mod guard;
mod hooks;
mod houses;
mod killed;
mod logs;
mod mcp;
mod metrics;
mod original;
mod overload;
mod pages;
mod piped;
mod plan;
mod project;
mod proof;
mod pulse;
mod races;
mod reference;
mod refusals;
mod repeated;
mod seed;
mod service;
mod setbacks;
mod shell;
mod simulate;
mod tokens;
