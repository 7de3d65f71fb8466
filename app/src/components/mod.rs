//! What the rooms are made of.

pub mod acts;
pub mod agents;
pub mod bits;
pub mod board;
mod chart;
pub mod chrome;
pub mod connect;
pub mod dialogs;
pub mod drawer;
pub mod feed;
pub mod figures;
pub mod files;
pub mod graph;
mod health;
pub mod icon;
pub mod insights;
pub mod locks;
pub mod log;
pub mod mail;
pub mod messages;
pub mod needs;
mod pager;
pub mod rows;
pub mod settings;
pub mod tasks;
pub mod timeline;
pub mod travel;
