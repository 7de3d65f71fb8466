//! The hub from outside: what it keeps, what it promises, and what it does when the disk lets it down.

// Tests may give up loudly.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod audit;
mod backup;
mod beats;
mod child;
mod disk;
mod failing;
mod faults;
mod feed;
mod history;
mod images;
mod kill;
mod order;
mod original;
mod overload;
mod planner;
mod project;
mod prune;
mod recovery;
mod replay;
mod requests;
mod restore;
mod serving;
mod upgrade;
mod work;
