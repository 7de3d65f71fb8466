//! Databases that claim to be a project: of the original engine, of this one, or of nobody.

use std::fs;

use engine::State;
use hub::{Config, Hub};
use tokio::runtime::Builder;

/// Opens a project with this database. Either it is refused, or what came over is sound.
pub fn databases(bytes: &[u8]) {
    let (Ok(folder), Ok(runtime)) = (tempfile::tempdir(), Builder::new_current_thread().enable_all().build())
    else {
        return;
    };
    let place = folder.path().join(".manus-sync");
    let laid = fs::create_dir(&place).and_then(|()| fs::write(place.join("sync_engine.db"), bytes));
    if laid.is_err() {
        return;
    }
    runtime.block_on(async {
        let config = Config { plan_budget_ms: 0, ..Config::new(folder.path()) };
        let Ok(hub) = Hub::open(config).await else { return };
        let problems = hub.read(State::check);
        hub.shutdown().await;
        assert!(problems.is_empty(), "{problems:?}");
    });
}
