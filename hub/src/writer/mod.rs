//! The writer: the one task that decides and commits, for the whole project, in order.
//!
//! It takes what is queued, decides it at one moment, commits all of it at once, publishes it, and only then answers. What the
//! published state shows and what callers are told is therefore on the disk.

mod batch;
mod changes;
mod recovery;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::thread;
use std::time::Instant;

use engine::state::Presence;
use engine::{Call, Command, ManusId, State, TimeMs};
use tokio::runtime::{Builder, Handle, Runtime, RuntimeFlavor};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tracing::Instrument;

use self::batch::Batch;
use crate::failure::{Failure, Readiness};
use crate::fault;
use crate::hub::Reply;
use crate::planted;
use crate::shared::Shared;
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
    /// Taken from the queue and not yet decided.
    waiting: VecDeque<Submission>,
    /// The state as of the last decision; ahead of the published one between deciding and publishing, and behind it between
    /// publishing and catching up.
    state: State,
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

impl Writer {
    /// Reads the project from the store, and notes that the server is up.
    pub(crate) async fn start(
        shared: Arc<Shared>,
        queue: mpsc::Receiver<Submission>,
        stop: watch::Receiver<bool>,
    ) -> Result<Self, StoreError> {
        let state = State::new(shared.settings.clone());
        let (waiting, late) = (VecDeque::new(), Late::default());
        let mut writer = Self { shared, queue, stop, stopping: false, waiting, state, late, troubles: 0 };
        writer.restart().await?;
        writer.shared.set_readiness(Readiness::Ready);
        Ok(writer)
    }

    /// Serves until the hub is shut down or dropped.
    pub(crate) async fn run(mut self) {
        while self.wait().await {
            self.turn().await;
        }
        self.finish().await;
    }

    /// Waits until there is something to do. False when there never will be again.
    async fn wait(&mut self) -> bool {
        let mut taken = Vec::new();
        while self.waiting.is_empty() {
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
                count = self.queue.recv_many(&mut taken, CALLS_AT_ONCE) => {
                    if count == 0 {
                        return false;
                    }
                    self.waiting.extend(taken.drain(..));
                }
                // When to wake up is to be reckoned anew.
                () = self.shared.beats.first_noted() => {}
                () = due => return true,
            }
        }
        true
    }

    /// When something will come due by itself.
    fn wake_at(&self) -> Option<TimeMs> {
        let fold = self.has_late().then_some(self.late.folded_at_ms + FOLD_EVERY_MS);
        [fold, self.state.next_deadline()].into_iter().flatten().min()
    }

    fn has_late(&self) -> bool {
        !self.late.manus.is_empty() || !self.shared.beats.is_empty()
    }

    /// One batch: decided, committed, published, answered.
    async fn turn(&mut self) {
        let now_ms = self.shared.clock.now_ms().max(self.state.at_ms());
        let decided = catch_unwind(AssertUnwindSafe(|| self.decide(now_ms)));
        let result = match decided {
            Ok(Ok(batch)) => self.carry_out(batch).await,
            Ok(Err(error)) => Err(error),
            Err(_) => {
                // Which call it was is not known, so none of this batch is tried again.
                let error = broke();
                self.turn_away_waiting(&error.reason);
                Err(error)
            }
        };
        match result {
            Ok(()) => self.troubles = 0,
            Err(error) => self.recover(error).await,
        }
    }

    /// What is due by itself, and what is waiting. The state is ahead of the disk afterwards.
    fn decide(&mut self, now_ms: TimeMs) -> Result<Batch, StoreError> {
        let mut batch = Batch::new(now_ms);
        if self.shared.clock.was_suspended() {
            // Nobody could be heard meanwhile, so nobody's silence counts.
            batch.decide_own(&mut self.state, Command::ServerStarted);
        }
        let deadline_due = self.state.next_deadline().is_some_and(|at| at <= now_ms);
        let fold_due = now_ms >= self.late.folded_at_ms + FOLD_EVERY_MS;
        if self.has_late() && (deadline_due || fold_due) {
            self.fold(&mut batch);
        }
        if self.state.next_deadline().is_some_and(|at| at <= now_ms) {
            batch.decide_own(&mut self.state, Command::Tick);
        }
        let mut back = BTreeMap::new();
        while batch.has_room()
            && let Some(submission) = self.waiting.pop_front()
        {
            let Some(actor) = batch.decide(&mut self.state, submission) else { continue };
            if self.state.agent(&actor).is_some_and(|agent| agent.presence() == Presence::Lost) {
                back.insert(actor, now_ms);
            } else {
                self.shared.beats.note(&actor, now_ms);
            }
        }
        if !back.is_empty() {
            // Any call brings a lost agent back, also one that is refused; work waits for it, so not only with the next fold.
            batch.decide_own(&mut self.state, Command::NoteBeats { beats: back.into_iter().collect() });
        }
        fault::at("decision.after")?;
        self.late.manus.extend(batch.collect(&mut self.state, &self.late)?);
        Ok(batch)
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

    /// Commits, publishes, answers, and catches up. This task waits for the commit whatever happens: it is never dropped midway.
    async fn carry_out(&mut self, mut batch: Batch) -> Result<(), StoreError> {
        if !batch.changes.is_empty() {
            if planted::ACKNOWLEDGE_BEFORE_COMMIT {
                batch.answer();
            }
            if planted::PUBLISH_UNCOMMITTED {
                self.publish(&batch);
            }
            let begun = Instant::now();
            let committed = unbroken(self.shared.store.commit(&batch.changes)).instrument(batch.span()).await;
            batch.note(&self.shared.meters, begun.elapsed(), committed.is_ok());
            if let Err(error) = committed {
                // First, so that whoever is told finds the hub not ready.
                self.shared.set_readiness(Readiness::NotReady { reason: error.reason.clone() });
                batch.fail(&error.reason);
                return Err(error);
            }
            guarded(|| {
                fault::at("publication.before")?;
                if !planted::PUBLISH_UNCOMMITTED {
                    self.publish(&batch);
                }
                Ok(())
            })?;
            if batch.complete {
                self.late.manus.clear();
            }
        }
        guarded(|| fault::at("answers.before").map(|()| batch.answer()))?;
        // Last, since nobody waits for it.
        guarded(|| {
            self.catch_up(&batch);
            Ok(())
        })
    }

    /// Lets everybody see what was committed: the state that was decided with and the published one change places, which takes
    /// no longer for a large batch than for a small one. The feed moves under the same lock, so that it is never behind what a
    /// reader of the state has seen, and the state never behind what a watcher of the feed was told.
    fn publish(&mut self, batch: &Batch) {
        let mut published = self.shared.publish();
        self.state.change_places(&mut published);
        self.shared.feed.append(&batch.changes.events);
    }

    /// Brings the state that was published until now up to date, to decide the next batch with.
    fn catch_up(&mut self, batch: &Batch) {
        if batch.changes.is_empty() {
            return;
        }
        self.state.apply_all(&batch.records);
        let touched = self.state.take_touched();
        if !touched.tasks.is_empty() {
            self.state.share_tasks(&self.shared.published(), &touched.tasks);
        }
    }

    /// Writes down what is only in memory, and lets go of everything.
    async fn finish(mut self) {
        if self.shared.readiness() == Readiness::Ready {
            let mut batch = Batch::new(self.shared.clock.now_ms().max(self.state.at_ms()));
            self.fold(&mut batch);
            let collected = batch.collect(&mut self.state, &self.late);
            let result = match collected {
                Ok(_) => self.carry_out(batch).await,
                Err(error) => Err(error),
            };
            if let Err(error) = result {
                tracing::error!(detail = ?error.detail, "The last signs of life were not written: {error}");
            }
        }
        self.shared.set_readiness(Readiness::NotReady { reason: "the server is shutting down".to_owned() });
        if let Err(error) = self.shared.store.close().await {
            tracing::error!(detail = ?error.detail, "The store did not close well: {error}");
        }
        self.shared.feed.close();
        self.shared.folder.leave();
    }
}

/// Has the writer run. Where the runtime has several threads it gets one of its own: so it decides the next calls while the answers
/// to the last ones go out, and is not kept from that by whoever else has something to do.
pub(crate) fn begin(writer: Writer) -> Result<JoinHandle<()>, StoreError> {
    if Handle::current().runtime_flavor() == RuntimeFlavor::CurrentThread {
        return Ok(tokio::spawn(writer.run()));
    }
    let failed = |error| StoreError::new("the writer could not be set to work", error);
    let (ends, ended) = oneshot::channel();
    // The thread first: where there is none, nothing has to be taken back that may not be dropped here.
    let (give, given) = std::sync::mpsc::channel::<(Runtime, Writer)>();
    let run = move || {
        if let Ok((runtime, writer)) = given.recv() {
            runtime.block_on(writer.run());
            let _ = ends.send(());
        }
    };
    thread::Builder::new().name("writer".to_owned()).spawn(run).map_err(failed)?;
    let runtime = Builder::new_current_thread().enable_time().build().map_err(failed)?;
    let _ = give.send((runtime, writer));
    Ok(tokio::spawn(async {
        if ended.await.is_err() {
            tracing::error!("The writer broke");
        }
    }))
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

/// What a step comes to, be it that it breaks.
fn guarded(step: impl FnOnce() -> Result<(), StoreError>) -> Result<(), StoreError> {
    catch_unwind(AssertUnwindSafe(step)).unwrap_or_else(|_| Err(broke()))
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
