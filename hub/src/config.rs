//! What a hub is opened with.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use engine::{Settings, TimeMs};

use crate::clock::{Clock, SystemClock};
use crate::hub::DATABASE;

/// What a hub is opened with. [`Config::new`] has the usual for everything but the project's root.
#[derive(Debug, Clone)]
pub struct Config {
    /// The project's folder. Must exist.
    pub project_root: PathBuf,
    /// The database file; `<project_root>/.manus-sync/sync_engine.db` when not given.
    pub database: Option<PathBuf>,
    /// What can be tuned in the rules.
    pub settings: Settings,
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
    /// The address at which the server can be reached, left in `.manus-sync/server.json` for others to find. Can also be given
    /// later, see [`Hub::announce`](crate::Hub::announce).
    pub address: Option<String>,
    /// How many commands may wait to be decided before further ones are turned away.
    pub queue_max: usize,
    /// How long the planner may work on a plan, in milliseconds; 0 for no planner: then the immediate rule alone decides.
    pub plan_budget_ms: u64,
    /// Where the planner's chance comes from.
    pub plan_seed: u64,
    /// How long events and messages are kept, in milliseconds; `None` for ever.
    pub keep_history_ms: Option<TimeMs>,
}

impl Config {
    /// The usual configuration for a project.
    pub fn new(project_root: impl Into<PathBuf>) -> Self {
        Self {
            project_root: project_root.into(),
            database: None,
            settings: Settings::default(),
            clock: Arc::new(SystemClock::default()),
            address: None,
            queue_max: 10_000,
            plan_budget_ms: 50,
            plan_seed: 0,
            keep_history_ms: None,
        }
    }

    /// Where the database is, in this folder of the project unless it was put elsewhere.
    pub(crate) fn database_in(&self, folder: &Path) -> PathBuf {
        self.database.clone().unwrap_or_else(|| folder.join(DATABASE))
    }
}
