//! Every rule and every refusal, as stories: commands at the margin, what followed beneath them.

// Tests may give up loudly.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod script;

mod assignment;
mod attempts;
mod by_hand;
mod circles;
mod dependencies;
mod drain;
mod edits;
mod failures;
mod files;
mod forecast;
mod handoffs;
mod health;
mod holds;
mod instances;
mod loss;
mod messages;
mod metrics;
mod parked;
mod planned;
mod requests;
mod reviews;
mod scores;
mod stalls;
mod starting;
mod takeover;
mod tasks;
mod time;
mod wait_ends;
mod waits;
