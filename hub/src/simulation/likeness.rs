//! The simulated disk against the real one: whatever a hub writes, both show the same at the next start.

use std::path::Path;
use std::sync::Arc;

use crate::store::{Changes, Doing, Loaded, LoadedTokens, LogStart, Store, TokenRow};
use crate::{Config, EventFilter, Hub, ManualClock, MessageFilter, Page, PrunedUpTo, TaskFilter};
use engine::view::{Message, SyncTask};
use engine::{MessageId, Record, Seq, Settings, State, TaskId, TimeMs};
use witness::{Dice, work};

use crate::folder::Folder;
use crate::simulation::disk::Disk;
use crate::store::sqlite::SqliteStore;

/// Both at once.
#[derive(Debug)]
struct Both {
    real: Arc<dyn Store>,
    simulated: Arc<Disk>,
}

impl Store for Both {
    fn load<'a>(&'a self, settings: &'a Settings) -> Doing<'a, Loaded> {
        Box::pin(async move {
            let (real, simulated) = (self.real.load(settings).await?, self.simulated.load(settings).await?);
            compare(&real, &simulated);
            Ok(real)
        })
    }

    fn commit<'a>(&'a self, changes: &'a Changes) -> Doing<'a, ()> {
        Box::pin(async move {
            self.real.commit(changes).await?;
            Store::commit(&*self.simulated, changes).await
        })
    }

    fn closed_tasks<'a>(
        &'a self,
        filter: &'a TaskFilter,
        page: &'a Page<TaskId>,
    ) -> Doing<'a, Vec<Arc<SyncTask>>> {
        self.real.closed_tasks(filter, page)
    }

    fn closed_among<'a>(&'a self, ids: &'a [TaskId]) -> Doing<'a, Vec<Arc<SyncTask>>> {
        self.real.closed_among(ids)
    }

    fn messages<'a>(
        &'a self,
        filter: &'a MessageFilter,
        page: &'a Page<MessageId>,
    ) -> Doing<'a, Vec<Arc<Message>>> {
        self.real.messages(filter, page)
    }

    fn events<'a>(&'a self, filter: &'a EventFilter, page: &'a Page<Seq>) -> Doing<'a, Vec<Record>> {
        self.real.events(filter, page)
    }

    fn backup<'a>(&'a self, file: &'a Path) -> Doing<'a, ()> {
        self.real.backup(file)
    }

    fn pruned(&self) -> Doing<'_, PrunedUpTo> {
        self.real.pruned()
    }

    fn log_start(&self) -> Doing<'_, Option<LogStart>> {
        self.real.log_start()
    }

    fn tokens(&self, now_ms: TimeMs) -> Doing<'_, LoadedTokens> {
        self.real.tokens(now_ms)
    }

    fn write_tokens<'a>(&'a self, rows: &'a [TokenRow]) -> Doing<'a, ()> {
        self.real.write_tokens(rows)
    }

    fn bytes(&self) -> Doing<'_, u64> {
        self.real.bytes()
    }

    fn close(&self) -> Doing<'_, ()> {
        self.real.close()
    }
}

/// The same, but for the order in which a set is listed.
fn compare(real: &Loaded, simulated: &Loaded) {
    let parts = |loaded: &Loaded| {
        let snapshot = &loaded.snapshot;
        let mut locks = snapshot.locks.clone();
        locks.sort_by_key(|lock| lock.fencing_token);
        let mut outcomes = loaded.outcomes.clone();
        outcomes.sort_by(|a, b| a.0.cmp(&b.0));
        let mut lines = vec![
            format!("{} {} {:?} {:?}", snapshot.seq, snapshot.at_ms, snapshot.counters, snapshot.closed),
            format!("{outcomes:?}"),
        ];
        lines.extend(snapshot.manus.iter().map(|row| format!("{row:?}")));
        lines.extend(loaded.tasks.iter().map(|row| format!("{row:?}")));
        lines.extend(locks.iter().map(|row| format!("{row:?}")));
        lines.extend(snapshot.metrics.iter().map(|row| format!("{row:?}")));
        lines.extend(snapshot.messages.iter().map(|row| format!("{row:?}")));
        lines.extend(loaded.requests.iter().map(|row| format!("{row:?}")));
        lines
    };
    let (real, simulated) = (parts(real), parts(simulated));
    for (real, simulated) in real.iter().zip(&simulated) {
        assert_eq!(simulated, real);
    }
    assert_eq!(simulated.len(), real.len());
}

#[tokio::test]
async fn the_simulated_disk_shows_what_sqlite_shows() {
    for seed in 1..=3 {
        let folder = tempfile::tempdir().unwrap();
        let (simulated, clock) = (Disk::new(seed), Arc::new(ManualClock::at(1_750_000_000_000)));
        let mut dice = Dice::new(seed);
        for _ in 0..4 {
            let database = folder.path().join("project.db");
            let real = Arc::new(SqliteStore::open(&database).await.unwrap());
            let own = Folder::take(folder.path(), None).unwrap();
            let store = Arc::new(Both { real, simulated: simulated.clone() });
            let settings = Settings { closed_kept: 5, messages_kept: 5, ..Settings::default() };
            let config =
                Config { clock: clock.clone(), settings, plan_budget_ms: 0, ..Config::new(folder.path()) };
            let hub = Hub::over(store, own, database, None, config).await.unwrap();
            for _ in 0..120 {
                let command = hub.read(|state: &State| work::command(&mut dice, state));
                let _ = hub.submit(command, None).await;
                clock.advance(i64::try_from(dice.below(60_000)).unwrap());
            }
            hub.shutdown().await;
        }
        assert!(simulated.log().len() > 500, "too little happened");
    }
}
