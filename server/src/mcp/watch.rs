//! What happens, as far as somebody who reads resources is concerned.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use app::api::{ApiError, Door};
use engine::{Event, ManusId, Record, Seq, TaskId};
use futures::stream;
use hub::{Feed, FeedSlice};
use tokio::time::{Instant, timeout_at};

use super::remote::Remote;
use crate::client::{Seen, Stream};

/// How many events are looked at in one go.
const AT_ONCE: usize = 1_000;
/// How long to wait before the stream of a server that does not answer is opened again.
const COME_BACK: Duration = Duration::from_secs(1);
/// How long news is collected before it goes out.
const PACE: Duration = Duration::from_millis(50);

/// Something to read that may be different now.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    /// The board.
    Board,
    /// A task.
    Task(TaskId),
    /// An agent's inbox.
    Inbox(ManusId),
    /// Any task, since it may wait for one that has ended.
    AnyTask,
    /// Anything at all: some events were missed.
    Everything,
}

/// Somebody who watches.
#[derive(Debug)]
pub struct Watch(Source);

#[derive(Debug)]
enum Source {
    Here {
        door: Arc<Door>,
        feed: Feed,
        seen: Seq,
    },
    There {
        remote: Arc<Remote>,
        /// Open while the server is there.
        stream: Option<Stream>,
        /// `None` as long as the server has never answered.
        seen: Option<Seen>,
    },
}

impl Watch {
    /// The events of the engine in this process.
    pub fn here(door: Arc<Door>) -> Self {
        let feed = door.hub().feed();
        let seen = feed.committed_seq();
        Self(Source::Here { door, feed, seen })
    }

    /// The events of a server elsewhere, after what its answers have told of.
    pub fn there(remote: Arc<Remote>) -> Self {
        let seen = remote.heard().map(|seq| Seen { seq, log: None });
        Self(Source::There { remote, stream: None, seen })
    }

    /// Begins now, where that takes asking. Where it fails, watching begins when the server is there.
    pub async fn open(&mut self) {
        if let Source::There { remote, stream, seen } = &mut self.0 {
            let _ = connect(remote, stream, seen).await;
        }
    }

    /// What may be different now; waits for something. `None` when nothing more will come.
    pub async fn next(&mut self) -> Option<BTreeSet<Topic>> {
        match &mut self.0 {
            Source::Here { door, feed, seen } => {
                let door = door.clone();
                tokio::select! {
                    topics = next_here(feed, seen) => topics,
                    () = door.closed() => None,
                }
            }
            Source::There { remote, stream, seen } => Some(next_there(remote, stream, seen).await),
        }
    }

    /// What may be different, collected for a moment each: a crowd of events is one notice. Nothing is lost by not waiting for
    /// the next.
    pub fn news(self) -> impl futures::Stream<Item = BTreeSet<Topic>> {
        stream::unfold(self, async |mut watch| {
            let mut topics = watch.next().await?;
            let until = Instant::now() + PACE;
            while let Ok(Some(more)) = timeout_at(until, watch.next()).await {
                topics.extend(more);
            }
            Some((topics, watch))
        })
    }
}

async fn next_here(feed: &mut Feed, seen: &mut Seq) -> Option<BTreeSet<Topic>> {
    loop {
        match feed.since(*seen, AT_ONCE).await {
            Ok(FeedSlice::Frames(frames)) => {
                if let Some(last) = frames.last() {
                    *seen = last.seq;
                    return Some(topics(frames.iter().map(|frame| frame.json())));
                }
            }
            Ok(FeedSlice::Gap) => {
                *seen = feed.committed_seq();
                return Some(BTreeSet::from([Topic::Everything]));
            }
            // Why, the hub has written to the log.
            Err(_) => tokio::time::sleep(COME_BACK).await,
        }
        if !feed.changed().await {
            return None;
        }
    }
}

async fn next_there(
    remote: &Remote,
    stream: &mut Option<Stream>,
    seen: &mut Option<Seen>,
) -> BTreeSet<Topic> {
    loop {
        let Some(open) = stream else {
            if connect(remote, stream, seen).await.is_err() {
                tokio::time::sleep(COME_BACK).await;
            }
            continue;
        };
        match open.next().await {
            Some(frame) => {
                // Every frame names its place in the log, `resync` included.
                let place = serde_json::from_str::<serde_json::Value>(&frame.data);
                let seq = place.ok().and_then(|data| data["seq"].as_u64());
                if let (Some(seen), Some(seq)) = (seen, seq) {
                    seen.seq = seq;
                }
                return topics(std::iter::once(frame.data.as_str()));
            }
            None => *stream = None,
        }
    }
}

/// Opens the stream after what was seen last; the first time, after the newest event.
async fn connect(
    remote: &Remote,
    stream: &mut Option<Stream>,
    seen: &mut Option<Seen>,
) -> Result<(), ApiError> {
    let seen = match seen {
        Some(seen) => seen,
        None => seen.insert(Seen { seq: remote.newest().await?, log: None }),
    };
    *stream = Some(remote.events(seen).await?);
    Ok(())
}

/// What these records, given as JSON, are about. One that cannot be read, such as `resync`, may be about anything.
fn topics<'a>(records: impl Iterator<Item = &'a str>) -> BTreeSet<Topic> {
    let of = |json: &str| match serde_json::from_str::<Record>(json) {
        Ok(record) => about(&record.event),
        Err(_) => vec![Topic::Everything],
    };
    records.flat_map(of).collect()
}

/// What an event is about.
fn about(event: &Event) -> Vec<Topic> {
    let task = |id: &TaskId| vec![Topic::Board, Topic::Task(id.clone())];
    match event {
        Event::ServerStarted {} | Event::HeartbeatsSeen { .. } => Vec::new(),
        Event::MessageSent { message } => vec![Topic::Inbox(message.to_manus.clone())],
        Event::MessagesProcessed { manus_id, .. } => vec![Topic::Inbox(manus_id.clone())],
        Event::TaskCreated { task: spec, .. } | Event::TaskUpdated { task: spec, .. } => task(&spec.id),
        Event::TaskCompleted { .. } | Event::TaskCancelled { .. } => vec![Topic::Board, Topic::AnyTask],
        Event::TaskAssigned { task_id, .. }
        | Event::TaskUnassigned { task_id, .. }
        | Event::TaskUnblocked { task_id }
        | Event::TaskStarted { task_id, .. }
        | Event::TaskProgressed { task_id, .. }
        | Event::TaskReturned { task_id, .. }
        | Event::TaskReviewRequested { task_id, .. }
        | Event::TaskReviewerChosen { task_id, .. }
        | Event::TaskSentBack { task_id, .. }
        | Event::TaskHeld { task_id, .. }
        | Event::TaskFailed { task_id, .. }
        | Event::TaskRetryDue { task_id }
        | Event::TaskStalled { task_id, .. } => task(task_id),
        _ => vec![Topic::Board],
    }
}
