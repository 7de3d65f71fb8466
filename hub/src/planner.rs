//! The planner: beside the writer, on a copy of what it needs to know, it works out who should do what when, and proposes that.
//!
//! It waits for events that matter to a plan, lets a burst of them pass, copies the open tasks out of the published state in
//! small pieces, plans on a thread of its own for as long as it may, and submits the outcome as [`engine::Command::AdoptPlan`], like
//! any other call. The rules look at each step again. Between two plans it rests for several times as long as it worked, so
//! that it never takes more than a small share of the machine, however much happens.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use engine::planning::{Outlook, Planner, Sketch, WINDOW};
use engine::{Call, Capability, Seq, TimeMs};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::sleep;

use crate::SPANS;
use crate::failure::Failure;
use crate::feed::{Feed, FeedSlice, Frame};
use crate::shared::Shared;
use crate::writer::Submission;

/// How long it waits for more to happen, once something has.
const BURST: Duration = Duration::from_millis(20);
/// It rests for so many times as long as it worked, …
const REST: u32 = 5;
/// … and at least for so long.
const REST_LEAST: Duration = Duration::from_millis(100);
/// How many tasks are copied while the state is kept still. Commits wait for that.
const PIECE: usize = 64;
/// How many events are looked at together.
const EVENTS_AT_ONCE: usize = 1_000;
/// What is expected may come so much later before that is a reason to plan anew.
const LATE_MS: TimeMs = 1_000;
/// Events that change nothing about what can be planned.
const OF_NO_MATTER: &[&str] = &[
    "heartbeats_seen",
    "manus_declared",
    "message_sent",
    "messages_processed",
    "claim_queued",
    "claim_waits_behind",
    "claim_wait_ended",
    "locks_granted",
    "task_reviewer_chosen",
    "task_stalled",
    "tasks_planned",
];

/// Plans, with what it remembers from one plan to the next.
#[derive(Debug)]
pub(crate) struct Planning {
    budget: Duration,
    seed: u64,
    // A std Mutex: held while a plan is made, on threads that may block. So plans are made one after the other.
    memory: Mutex<Memory>,
}

#[derive(Debug, Default)]
struct Memory {
    planner: Planner,
    /// How many plans were made.
    plans: u64,
    /// The newest plan, and the event up to which it knows of things.
    newest: Option<(Seq, Arc<Outlook>)>,
}

impl Planning {
    pub(crate) fn new(budget_ms: u64, seed: u64) -> Self {
        Self { budget: Duration::from_millis(budget_ms), seed, memory: Mutex::default() }
    }

    /// A plan for the project as it is. The newest one, if nothing has happened since.
    pub(crate) fn plan(&self, shared: &Shared) -> Arc<Outlook> {
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        let begin = Instant::now();
        let (seq, sketch) = sketch(shared);
        let late =
            |plan: &Outlook| plan.next_end_ms().is_some_and(|end_ms| sketch.now_ms() > end_ms + LATE_MS);
        if let Some((_, newest)) = memory.newest.as_ref().filter(|(known, plan)| *known == seq && !late(plan))
        {
            return newest.clone();
        }
        let _span = tracing::info_span!(target: SPANS, parent: None, "make_plan", seq).entered();
        memory.plans += 1;
        let seed = self.seed.wrapping_add(memory.plans);
        let outlook = memory.planner.plan(sketch, seed, &mut || begin.elapsed() < self.budget);
        shared.meters.plan_seconds.observe(begin.elapsed().as_secs_f64());
        let outlook = Arc::new(outlook);
        memory.newest = Some((seq, outlook.clone()));
        outlook
    }

    /// The plan that there would be with one more agent who can do this. The plan that is followed stays as it is.
    pub(crate) fn plan_with_one_more(&self, now: &Outlook, capabilities: Vec<Capability>) -> Outlook {
        let begin = Instant::now();
        now.with_one_more(capabilities, self.seed, &mut || begin.elapsed() < self.budget)
    }
}

/// Copies what a plan needs to know, in pieces; what happens in between does no harm.
fn sketch(shared: &Shared) -> (Seq, Sketch) {
    let now_ms = shared.clock.now_ms();
    let (seq, mut sketch) = {
        let state = shared.published();
        (state.seq(), Sketch::begin(&state, now_ms.max(state.at_ms()), WINDOW))
    };
    while sketch.go_on(&shared.published(), PIECE) {}
    (seq, sketch)
}

/// The task that keeps the plan up to date.
pub(crate) struct Replanning {
    shared: Arc<Shared>,
    // Weak, so that the writer ends when nobody else can submit anything.
    queue: mpsc::WeakSender<Submission>,
    stop: watch::Receiver<bool>,
    feed: Feed,
    seen: Seq,
}

impl Replanning {
    /// Starts it.
    pub(crate) fn start(
        shared: Arc<Shared>,
        queue: mpsc::WeakSender<Submission>,
        stop: watch::Receiver<bool>,
    ) -> JoinHandle<()> {
        let feed = Feed::new(&shared.feed, &shared.store);
        tokio::spawn(Self { shared, queue, stop, feed, seen: 0 }.run())
    }

    async fn run(mut self) {
        let mut stop = self.stop.clone();
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => {}
            () = self.replan_for_ever() => {}
        }
    }

    /// Until the hub has shut down.
    async fn replan_for_ever(&mut self) {
        // What was there before needs a plan, too.
        let mut late_ms = None;
        loop {
            sleep(BURST).await;
            self.seen = self.feed.committed_seq();
            let begin = Instant::now();
            match self.plan().await {
                Ok(next) => late_ms = next,
                Err(Failure::Refused { refusal, .. }) => tracing::error!(%refusal, "A plan was refused"),
                // Whatever it is, others are told of it. There will be another plan.
                Err(failure) => tracing::debug!(?failure, "A plan was not adopted"),
            }
            sleep((begin.elapsed() * REST).max(REST_LEAST)).await;
            if !self.until_it_matters(late_ms).await {
                return;
            }
        }
    }

    /// Makes a plan and has it adopted. Answers when the first of what is under way is late.
    async fn plan(&self) -> Result<Option<TimeMs>, Failure> {
        let shared = self.shared.clone();
        let planned = spawn_blocking(move || shared.planning.plan(&shared)).await;
        let outlook = match planned {
            Ok(outlook) => outlook,
            Err(error) => {
                tracing::error!(%error, "The planner broke");
                return Ok(None);
            }
        };
        if let (Some(command), Some(queue)) = (outlook.adoption(), self.queue.upgrade()) {
            let (reply, answer) = oneshot::channel();
            let submission = Submission { call: Call::from(command), reply };
            // Where there is no room for it in the queue, there is more pressing work.
            if queue.try_send(submission).is_ok() {
                drop(queue);
                answer.await.unwrap_or_else(|_| Err(Failure::Unavailable { reason: String::new() }))?;
            }
        }
        Ok(outlook.next_end_ms().map(|end_ms| end_ms + LATE_MS))
    }

    /// Waits until something has happened that matters, or something has not happened that was expected. False when nothing
    /// ever will again.
    async fn until_it_matters(&mut self, late_ms: Option<TimeMs>) -> bool {
        let clock = self.shared.clock.clone();
        let late = async {
            match late_ms {
                Some(at_ms) => clock.sleep_until(at_ms).await,
                None => std::future::pending().await,
            }
        };
        tokio::pin!(late);
        loop {
            match self.feed.since(self.seen, EVENTS_AT_ONCE).await {
                Ok(FeedSlice::Frames(frames)) if frames.iter().any(|frame| matters(frame)) => return true,
                Ok(FeedSlice::Frames(frames)) if !frames.is_empty() => {
                    self.seen = frames.last().map_or(self.seen, |frame| frame.seq);
                    continue;
                }
                Ok(FeedSlice::Frames(_)) => {}
                // Much has happened, or something else than was known.
                Ok(FeedSlice::Gap) | Err(_) => {
                    self.seen = self.feed.committed_seq();
                    return true;
                }
            }
            tokio::select! {
                changed = self.feed.changed() => if !changed { return false },
                () = &mut late => return true,
            }
        }
    }
}

/// Whether an event may change what can be planned. That a rule gave a task to somebody follows from something else that did.
fn matters(frame: &Frame) -> bool {
    match frame.kind {
        "task_assigned" => frame.json().contains(r#""cause":"by_hand""#),
        kind => !OF_NO_MATTER.contains(&kind),
    }
}

/// What is still expected of a project that is no longer planned.
pub(crate) async fn forget_plan(shared: &Shared, queue: &mpsc::Sender<Submission>) {
    let forgotten = engine::planning::forget(&shared.published());
    let Some(command) = forgotten else { return };
    let (reply, answer) = oneshot::channel();
    if queue.send(Submission { call: Call::from(command), reply }).await.is_ok() {
        let _ = answer.await;
    }
}
