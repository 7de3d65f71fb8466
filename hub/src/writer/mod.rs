//! The writer: the one task that decides and commits, for the whole project, in order.
//!
//! It takes what is queued, decides it, commits all of it at once, publishes it, and only then answers. What the published state
//! shows and what callers are told is therefore on the disk. While the disk is busy with one batch, the next is decided already, on
//! top of the first: where the first fails, so has the second.

mod batch;
mod changes;
mod recovery;

use std::collections::{BTreeSet, VecDeque};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use engine::{Call, Command, ManusId, State, TimeMs};
use tokio::sync::{mpsc, oneshot, watch};
use tracing::Instrument;

use self::batch::Batch;
use crate::failure::{Failure, Readiness};
use crate::fault;
use crate::hub::{Reply, Shared};
use crate::store::{Doing, StoreError};

/// How many calls go into one commit at most, so that nobody waits long behind others.
const CALLS_AT_ONCE: usize = 1_024;
/// After how many events a commit takes no more calls.
const EVENTS_AT_ONCE: usize = 20_000;
/// How often plain signs of life reach the disk.
const FOLD_EVERY_MS: TimeMs = 5_000;
/// How often old remembered answers are forgotten.
const FORGET_EVERY_MS: TimeMs = 60_000;

/// A call in the queue.
#[derive(Debug)]
pub(crate) struct Submission {
    pub call: Call,
    pub reply: oneshot::Sender<Result<Reply, Failure>>,
}

/// The writer task.
#[derive(Debug)]
pub(crate) struct Writer {
    shared: Arc<Shared>,
    queue: mpsc::Receiver<Submission>,
    stop: watch::Receiver<bool>,
    stopping: bool,
    /// Nothing will come through the queue any more.
    ended: bool,
    /// Taken from the queue and not yet decided.
    waiting: VecDeque<Submission>,
    /// The state as of the last decision; ahead of the published one by what is open and what is being written.
    state: State,
    /// Decided, to be written next. Calls join until the disk is free.
    open: Option<Batch>,
    /// On its way to the disk.
    writing: Option<Writing>,
    late: Late,
    /// How many turns in a row have failed.
    troubles: u32,
}

/// What reaches the disk a little later than it happens.
#[derive(Debug, Default)]
struct Late {
    /// Agents whose rows lack their last signs of life or files.
    manus: BTreeSet<ManusId>,
    folded_at_ms: TimeMs,
    forgot_at_ms: TimeMs,
}

/// A batch on its way to the disk.
struct Writing {
    batch: Batch,
    begun: Instant,
    commit: Commit,
}

type Commit = Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send>>;

impl fmt::Debug for Writing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writing").field("batch", &self.batch).finish_non_exhaustive()
    }
}

/// What the writer has to do.
enum Next {
    /// Calls wait, or something is due by itself.
    ToDecide,
    /// What was being written is on the disk, or it is not known what became of it.
    Written(Result<(), StoreError>),
    /// Nothing, and there never will be again.
    Over,
}

impl Writer {
    /// Reads the project from the store, and notes that the server is up.
    pub(crate) async fn start(
        shared: Arc<Shared>,
        queue: mpsc::Receiver<Submission>,
        stop: watch::Receiver<bool>,
    ) -> Result<Self, StoreError> {
        let mut writer = Self {
            state: State::new(shared.settings.clone()),
            shared,
            queue,
            stop,
            stopping: false,
            ended: false,
            waiting: VecDeque::new(),
            open: None,
            writing: None,
            late: Late::default(),
            troubles: 0,
        };
        writer.restart().await?;
        writer.shared.set_readiness(Readiness::Ready);
        Ok(writer)
    }

    /// Serves until the hub is shut down or dropped.
    pub(crate) async fn run(mut self) {
        loop {
            let worked = match self.next().await {
                Next::Over => break,
                Next::ToDecide => self.decide(),
                Next::Written(written) => self.go_on(written),
            };
            let worked = worked.and_then(|()| self.write_what_is_open());
            if let Err(error) = worked {
                self.recover(error).await;
            }
        }
        self.finish().await;
    }

    /// Waits until there is something to do.
    async fn next(&mut self) -> Next {
        if self.writing.is_none() {
            // Whoever was just answered may have more to ask: let them ask first, and more calls share one wait for the disk.
            tokio::task::yield_now().await;
        }
        let mut taken = Vec::new();
        loop {
            // What is decided while the disk is busy waits for it; so does what finds no room there.
            let room = self.open.as_ref().is_none_or(Batch::has_room);
            if room && !self.waiting.is_empty() {
                return Next::ToDecide;
            }
            if self.ended && self.writing.is_none() {
                return Next::Over;
            }
            let wake_at = self.wake_at();
            let clock = self.shared.clock.clone();
            let due = async {
                match wake_at {
                    Some(at_ms) => clock.sleep_until(at_ms).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                // Also when every hub handle is gone.
                _ = self.stop.wait_for(|stop| *stop), if !self.stopping => {
                    self.stopping = true;
                    self.queue.close();
                }
                written = written(&mut self.writing), if self.writing.is_some() => return Next::Written(written),
                count = self.queue.recv_many(&mut taken, CALLS_AT_ONCE), if room && !self.ended => {
                    self.ended = count == 0;
                    self.waiting.extend(taken.drain(..));
                }
                // When to wake up is to be reckoned anew.
                () = self.shared.beats.first_noted() => {}
                () = due, if room && !self.ended => return Next::ToDecide,
            }
        }
    }

    /// When something will come due by itself.
    fn wake_at(&self) -> Option<TimeMs> {
        let fold = self.has_late().then_some(self.late.folded_at_ms + FOLD_EVERY_MS);
        [fold, self.state.next_deadline()].into_iter().flatten().min()
    }

    fn has_late(&self) -> bool {
        !self.late.manus.is_empty() || !self.shared.beats.is_empty()
    }

    /// What is due by itself, and what is waiting, on top of what is open. The state is ahead of the disk afterwards.
    fn decide(&mut self) -> Result<(), StoreError> {
        let now_ms = self.shared.clock.now_ms().max(self.state.at_ms());
        let mut batch = self.open.take().unwrap_or_else(|| Batch::new(now_ms));
        batch.now_ms = now_ms;
        let decide = || {
            self.decide_into(&mut batch);
            fault::at("decision.after")
        };
        match catch_unwind(AssertUnwindSafe(decide)) {
            Ok(decided) => decided?,
            Err(_) => {
                // Which call it was is not known, so none of this batch is tried again.
                let error = broke();
                self.turn_away_waiting(&error.reason);
                return Err(error);
            }
        }
        self.open = Some(batch);
        Ok(())
    }

    fn decide_into(&mut self, batch: &mut Batch) {
        let now_ms = batch.now_ms;
        if self.shared.clock.was_suspended() {
            // Nobody could be heard meanwhile, so nobody's silence counts.
            batch.decide_own(&mut self.state, Command::ServerStarted);
        }
        let deadline_due = self.state.next_deadline().is_some_and(|at| at <= now_ms);
        let fold_due = now_ms >= self.late.folded_at_ms + FOLD_EVERY_MS;
        if self.has_late() && (deadline_due || fold_due) {
            self.fold(batch);
        }
        if self.state.next_deadline().is_some_and(|at| at <= now_ms) {
            batch.decide_own(&mut self.state, Command::Tick);
        }
        while batch.has_room()
            && let Some(submission) = self.waiting.pop_front()
        {
            if let Some(actor) = batch.decide(&mut self.state, submission) {
                self.shared.beats.note(&actor, now_ms);
            }
        }
    }

    /// Brings the signs of life from memory into the log, and the rows of all agents up to date.
    fn fold(&mut self, batch: &mut Batch) {
        let beats = self.shared.beats.take();
        if !beats.is_empty() {
            batch.decide_own(&mut self.state, Command::NoteBeats { beats });
        }
        batch.complete = true;
        self.late.folded_at_ms = batch.now_ms;
        if batch.now_ms >= self.late.forgot_at_ms + FORGET_EVERY_MS {
            self.late.forgot_at_ms = batch.now_ms;
            batch.forget = true;
        }
    }

    /// Sends what was decided to the disk, as soon as that is free; or answers it, where there is nothing to write.
    fn write_what_is_open(&mut self) -> Result<(), StoreError> {
        if self.writing.is_some() {
            return Ok(());
        }
        let Some(mut batch) = self.open.take() else { return Ok(()) };
        let collected = batch.collect(&mut self.state, &self.shared.published(), &self.late);
        self.late.manus.extend(collected?);
        self.write(batch)
    }

    /// Begins to write. This task waits for the end of it whatever happens: it is never dropped midway.
    fn write(&mut self, batch: Batch) -> Result<(), StoreError> {
        if batch.changes.is_empty() {
            self.troubles = 0;
            return answer(batch);
        }
        let (store, changes) = (self.shared.store.clone(), batch.changes.clone());
        let commit = async move { unbroken(store.commit(&changes)).await };
        let mut commit: Commit = Box::pin(commit.instrument(batch.span()));
        // Begun at once: the disk works while this task goes on.
        if let Poll::Ready(written) = commit.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            commit = Box::pin(std::future::ready(written));
        }
        self.writing = Some(Writing { batch, begun: Instant::now(), commit });
        Ok(())
    }

    /// What was written is published; the next is sent to the disk; then those are answered whose calls were written.
    fn go_on(&mut self, written: Result<(), StoreError>) -> Result<(), StoreError> {
        let batch = self.settle(written)?;
        self.troubles = 0;
        let next = if self.waiting.is_empty() { Ok(()) } else { self.decide() };
        let next = next.and_then(|()| self.write_what_is_open());
        next.and(batch.map_or(Ok(()), answer))
    }

    /// Publishes what was written. What was not is answered with that.
    fn settle(&mut self, written: Result<(), StoreError>) -> Result<Option<Batch>, StoreError> {
        let Some(Writing { mut batch, begun, .. }) = self.writing.take() else { return Ok(None) };
        batch.note(&self.shared.meters, begun.elapsed(), written.is_ok());
        if let Err(error) = written {
            // First, so that whoever is told finds the hub not ready.
            self.shared.set_readiness(Readiness::NotReady { reason: error.reason.clone() });
            batch.fail(&error.reason);
            return Err(error);
        }
        let publish = || fault::at("publication.before").map(|()| self.publish(&batch));
        catch_unwind(AssertUnwindSafe(publish)).unwrap_or_else(|_| Err(broke()))?;
        if batch.complete {
            self.late.manus.clear();
        }
        Ok(Some(batch))
    }

    /// Waits for what is being written, publishes and answers it.
    async fn written(&mut self) -> Result<(), StoreError> {
        if self.writing.is_some() {
            let written = written(&mut self.writing).await;
            return self.settle(written)?.map_or(Ok(()), answer);
        }
        Ok(())
    }

    /// Lets everybody see what was committed. The feed moves under the same lock, so that it is never behind what a reader of
    /// the state has seen, and the state never behind what a watcher of the feed was told.
    fn publish(&self, batch: &Batch) {
        let mut published = self.shared.publish();
        for record in &batch.records {
            published.apply(record);
        }
        published.take_touched();
        self.shared.feed.append(&batch.changes.events);
    }

    /// Writes down what is only in memory, and lets go of everything.
    async fn finish(mut self) {
        if self.shared.readiness() == Readiness::Ready
            && let Err(error) = self.write_the_last().await
        {
            tracing::error!(detail = ?error.detail, "The last signs of life were not written: {error}");
        }
        self.shared.set_readiness(Readiness::NotReady { reason: "the server is shutting down".to_owned() });
        if let Err(error) = self.shared.store.close().await {
            tracing::error!(detail = ?error.detail, "The store did not close well: {error}");
        }
        self.shared.feed.close();
        self.shared.folder.leave();
    }

    async fn write_the_last(&mut self) -> Result<(), StoreError> {
        let mut batch = Batch::new(self.shared.clock.now_ms().max(self.state.at_ms()));
        self.fold(&mut batch);
        self.open = Some(batch);
        self.write_what_is_open()?;
        self.written().await
    }
}

/// The outcome of what is being written.
async fn written(writing: &mut Option<Writing>) -> Result<(), StoreError> {
    match writing {
        Some(writing) => writing.commit.as_mut().await,
        None => std::future::pending().await,
    }
}

/// Tells everybody what came of their calls.
fn answer(mut batch: Batch) -> Result<(), StoreError> {
    let answer = || fault::at("answers.before").map(|()| batch.answer());
    catch_unwind(AssertUnwindSafe(answer)).unwrap_or_else(|_| Err(broke()))
}

/// What a store's work comes to, be it that it breaks.
async fn unbroken<T>(mut work: Doing<'_, T>) -> Result<T, StoreError> {
    let step = |context: &mut Context<'_>| {
        let polled = catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context)));
        polled.unwrap_or_else(|_| {
            Poll::Ready(Err(StoreError::plain("the store broke, and what is stored is read anew")))
        })
    };
    std::future::poll_fn(step).await
}

/// Something in the rules panicked: the calls of this batch are not carried out.
fn broke() -> StoreError {
    StoreError::plain("the engine broke while deciding, and starts anew from what is stored")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_store_that_breaks_has_failed() {
        let breaks: Doing<'_, ()> = Box::pin(async {
            tokio::task::yield_now().await;
            panic!("on purpose");
        });
        assert!(unbroken(breaks).await.unwrap_err().reason.starts_with("the store broke"));
        assert_eq!(unbroken(Box::pin(async { Ok(7) })).await.unwrap(), 7);
    }
}
