//! What the writer does when a commit fails: nobody knows whether it reached the disk, so only the disk can tell.
//!
//! The state is read anew from the store and published; reads go on from the last published one meanwhile, and the callers'
//! request ids settle what became of their calls.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use engine::{Command, State, TimeMs};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep_until};

use super::batch::Batch;
use super::{Late, Writer, broke, unbroken};
use crate::failure::{Failure, Readiness};
use crate::store::StoreError;

/// The pause before the second attempt; doubled with each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

impl Writer {
    /// Tries to start anew until that works or the hub is shut down. Calls are turned away in the pauses between attempts.
    ///
    /// The first attempt comes at once. When every turn fails although starting anew works, the pauses grow likewise.
    pub(super) async fn recover(&mut self, error: StoreError) {
        let mut reason = self.suspend(error);
        loop {
            let pause = match self.troubles {
                0 => Duration::ZERO,
                n => (FIRST_PAUSE * 2_u32.saturating_pow(n - 1)).min(LONGEST_PAUSE),
            };
            self.troubles = (self.troubles + 1).min(16);
            if !pause.is_zero() && !self.turn_away(pause, &reason).await {
                return;
            }
            match self.restart().await {
                Ok(()) => break,
                Err(error) => reason = self.suspend_again(reason, error),
            }
        }
        tracing::info!("The store works again; the state was read anew");
        self.shared.set_readiness(Readiness::Ready);
    }

    fn suspend(&self, error: StoreError) -> String {
        tracing::error!(detail = ?error.detail, "Calls are suspended: {error}");
        self.shared.set_readiness(Readiness::NotReady { reason: error.reason.clone() });
        error.reason
    }

    /// Says so only when the reason is another one than before.
    fn suspend_again(&self, before: String, error: StoreError) -> String {
        if error.reason == before { before } else { self.suspend(error) }
    }

    /// Reads the project from the store, publishes it, and grants everybody a full timeout of grace: agents could not be heard
    /// meanwhile, and the last signs of life before may be lost. That this commits shows that the store works.
    pub(super) async fn restart(&mut self) -> Result<(), StoreError> {
        let loaded = unbroken(self.shared.store.load(&self.shared.settings)).await?;
        let seq = loaded.snapshot.seq;
        // Two states are made of it, of which one is a copy of the other: what never changes about a task they have in common.
        let made = spawn_blocking(|| {
            let published = State::restore(loaded.snapshot, loaded.tasks, loaded.outcomes, []);
            let mut own = published.clone();
            own.remember(loaded.requests);
            (published, own)
        });
        let (published, own) = made.await.map_err(StoreError::damaged)?;
        self.state = own;
        self.late = Late::default();
        self.shared.set_log(loaded.log);
        {
            let mut shown = self.shared.publish();
            *shown = published;
            self.shared.feed.reload(seq);
        }
        let now_ms = self.shared.clock.now_ms().max(self.state.at_ms());
        let decided = catch_unwind(AssertUnwindSafe(|| self.decide_restart(now_ms)));
        let batch = decided.unwrap_or_else(|_| Err(broke()))?;
        self.carry_out(batch).await
    }

    /// The first event of every run.
    fn decide_restart(&mut self, now_ms: TimeMs) -> Result<Batch, StoreError> {
        let mut batch = Batch::new(now_ms);
        batch.decide_own(&mut self.state, Command::ServerStarted);
        batch.complete = true;
        self.late.folded_at_ms = now_ms;
        batch.collect(&mut self.state, &self.late)?;
        Ok(batch)
    }

    /// Answers calls for a while that nothing can be done now. False when the hub is shut down.
    async fn turn_away(&mut self, pause: Duration, reason: &str) -> bool {
        let until = Instant::now() + pause;
        loop {
            self.turn_away_waiting(reason);
            tokio::select! {
                biased;
                _ = self.stop.wait_for(|stop| *stop), if !self.stopping => {
                    self.stopping = true;
                    self.queue.close();
                }
                submission = self.queue.recv() => match submission {
                    Some(submission) => self.waiting.push_back(submission),
                    None => return false,
                },
                () = sleep_until(until) => return true,
            }
        }
    }

    /// Answers the calls at hand that nothing can be done now.
    pub(super) fn turn_away_waiting(&mut self, reason: &str) {
        for submission in self.waiting.drain(..) {
            let _ = submission.reply.send(Err(Failure::Unavailable { reason: reason.to_owned() }));
        }
    }
}
