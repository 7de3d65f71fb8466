//! Time as the hub sees it: read and waited for in one place, so that tests can hold it still.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use engine::TimeMs;
use tokio::sync::watch;

/// A wait for a moment.
pub type Sleep<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// Where the time comes from.
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// Milliseconds since the Unix epoch. May jump; the hub never lets the log's time go back.
    fn now_ms(&self) -> TimeMs;

    /// Waits until the clock shows this moment. May return early: whoever waits looks at the clock again.
    fn sleep_until(&self, at_ms: TimeMs) -> Sleep<'_>;

    /// True once after each stretch of time in which this program could not run though the clock went on, such as a laptop's
    /// sleep. Then the silence of others means nothing.
    fn was_suspended(&self) -> bool {
        false
    }
}

/// The machine's clock.
#[derive(Debug)]
pub struct SystemClock {
    /// The two clocks of the machine at the last look: one that goes on while the machine sleeps, and one that does not.
    seen: Mutex<(SystemTime, Instant)>,
}

/// How far the wall clock may run ahead of the monotonic one before that counts as a suspension.
const SUSPENDED: Duration = Duration::from_secs(10);
/// The longest sleep without a look at the clock, which might have been set meanwhile.
const LOOK_EVERY: Duration = Duration::from_secs(60);

impl Default for SystemClock {
    fn default() -> Self {
        Self { seen: Mutex::new((SystemTime::now(), Instant::now())) }
    }
}

impl Clock for SystemClock {
    fn now_ms(&self) -> TimeMs {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        TimeMs::try_from(since_epoch.as_millis()).unwrap_or(TimeMs::MAX)
    }

    fn sleep_until(&self, at_ms: TimeMs) -> Sleep<'_> {
        let left = Duration::from_millis(u64::try_from(at_ms - self.now_ms()).unwrap_or(0));
        Box::pin(tokio::time::sleep(left.min(LOOK_EVERY)))
    }

    fn was_suspended(&self) -> bool {
        let now = (SystemTime::now(), Instant::now());
        let seen = std::mem::replace(&mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner), now);
        let wall = now.0.duration_since(seen.0).unwrap_or_default();
        wall > now.1.duration_since(seen.1) + SUSPENDED
    }
}

/// A clock that a test sets by hand.
#[derive(Debug)]
pub struct ManualClock {
    now: watch::Sender<TimeMs>,
    suspended: AtomicBool,
}

impl ManualClock {
    /// A clock that stands still at this moment.
    pub fn at(now_ms: TimeMs) -> Self {
        Self { now: watch::Sender::new(now_ms), suspended: AtomicBool::new(false) }
    }

    /// Moves on, and wakes whoever waited for a moment up to the new one.
    pub fn advance(&self, by_ms: TimeMs) {
        self.now.send_modify(|now| *now += by_ms);
    }

    /// Moves on as if the machine had slept meanwhile.
    pub fn suspend(&self, by_ms: TimeMs) {
        self.suspended.store(true, Ordering::SeqCst);
        self.advance(by_ms);
    }
}

impl Clock for ManualClock {
    fn now_ms(&self) -> TimeMs {
        *self.now.borrow()
    }

    fn sleep_until(&self, at_ms: TimeMs) -> Sleep<'_> {
        let mut now = self.now.subscribe();
        Box::pin(async move {
            // The sender lives as long as `self`, so this ends only by the clock's reaching the moment.
            let _ = now.wait_for(|now| *now >= at_ms).await;
        })
    }

    fn was_suspended(&self) -> bool {
        self.suspended.swap(false, Ordering::SeqCst)
    }
}
