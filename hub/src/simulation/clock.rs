//! A clock that goes with the simulation's own time, and can be set.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use crate::{Clock, Sleep};
use engine::TimeMs;
use tokio::sync::Notify;
use tokio::time::Instant;

/// What the clock shows at first.
const START_MS: TimeMs = 1_750_000_000_000;

/// The clock of a machine in the simulation. It goes on while programs come and go.
#[derive(Debug)]
pub struct Wall {
    /// What it shows when the program's own time is at its beginning.
    shows_ms: AtomicI64,
    set: Notify,
    suspended: AtomicBool,
}

/// The clock as one program sees it.
#[derive(Debug)]
pub struct SimClock {
    wall: std::sync::Arc<Wall>,
    began: Instant,
}

impl Wall {
    pub fn new() -> Self {
        Self { shows_ms: AtomicI64::new(START_MS), set: Notify::new(), suspended: AtomicBool::new(false) }
    }
}

impl SimClock {
    /// To be made within the program's runtime.
    pub fn new(wall: std::sync::Arc<Wall>) -> Self {
        Self { wall, began: Instant::now() }
    }

    fn passed_ms(&self) -> TimeMs {
        self.began.elapsed().as_millis() as TimeMs
    }

    /// Somebody sets the clock forward or back.
    pub fn set(&self, by_ms: TimeMs) {
        self.wall.shows_ms.fetch_add(by_ms, Ordering::SeqCst);
        self.wall.set.notify_waiters();
    }

    /// The machine sleeps for so long.
    pub fn suspend(&self, for_ms: TimeMs) {
        self.wall.suspended.store(true, Ordering::SeqCst);
        self.set(for_ms);
    }

    /// The program is over: the next one has its own time from here on.
    pub fn stop(&self) {
        self.wall.shows_ms.fetch_add(self.passed_ms(), Ordering::SeqCst);
    }
}

impl Clock for SimClock {
    fn now_ms(&self) -> TimeMs {
        self.wall.shows_ms.load(Ordering::SeqCst) + self.passed_ms()
    }

    fn sleep_until(&self, at_ms: TimeMs) -> Sleep<'_> {
        let left = Duration::from_millis(u64::try_from(at_ms - self.now_ms()).unwrap_or(0));
        Box::pin(async move {
            tokio::select! {
                biased;
                () = self.wall.set.notified() => {}
                () = tokio::time::sleep(left) => {}
            }
        })
    }

    fn was_suspended(&self) -> bool {
        self.wall.suspended.swap(false, Ordering::SeqCst)
    }
}
