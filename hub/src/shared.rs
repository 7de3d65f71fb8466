//! What the writer, the planner and the hub's handle have in common.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use engine::Settings;
use engine::state::State;
use tokio::sync::watch;

use crate::beats::Beats;
use crate::clock::Clock;
use crate::config::Config;
use crate::failure::Readiness;
use crate::feed::FeedRing;
use crate::folder::Folder;
use crate::meters::Meters;
use crate::planner::Planning;
use crate::store::{Log, Store};

/// What the writer and everybody else have in common.
#[derive(Debug)]
pub(crate) struct Shared {
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
    pub settings: Settings,
    /// What is committed. Only the writer changes it.
    // A std RwLock: nothing awaits while it is held.
    published: RwLock<State>,
    pub status: watch::Sender<Status>,
    pub beats: Beats,
    pub planning: Planning,
    pub feed: Arc<FeedRing>,
    pub meters: Meters,
    pub folder: Folder,
}

/// How the hub stands.
#[derive(Debug)]
pub(crate) struct Status {
    pub readiness: Readiness,
    pub log: Log,
}

impl Shared {
    /// Over a store that was not read yet.
    pub fn new(store: Arc<dyn Store>, folder: Folder, config: &Config) -> Self {
        Self {
            store,
            clock: config.clock.clone(),
            published: RwLock::new(State::new(config.settings.clone())),
            settings: config.settings.clone(),
            status: watch::Sender::new(Status {
                readiness: Readiness::NotReady { reason: "the project is being read".to_owned() },
                log: Log::default(),
            }),
            beats: Beats::default(),
            planning: Planning::new(config.plan_budget_ms, config.plan_seed),
            feed: Arc::new(FeedRing::new(0)),
            meters: Meters::default(),
            folder,
        }
    }

    /// The published state, to look at.
    pub fn published(&self) -> RwLockReadGuard<'_, State> {
        self.published.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The published state, to bring up to date: for the writer alone.
    pub fn publish(&self) -> RwLockWriteGuard<'_, State> {
        self.published.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn readiness(&self) -> Readiness {
        self.status.borrow().readiness.clone()
    }

    pub fn set_readiness(&self, readiness: Readiness) {
        self.status.send_modify(|status| status.readiness = readiness);
    }

    pub fn set_log(&self, log: Log) {
        self.status.send_modify(|status| status.log = log);
    }
}
