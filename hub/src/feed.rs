//! The event feed: what was committed, in order, for whoever watches.
//!
//! Each event is serialised once. The newest frames stay in memory; older ones are read from the log; whoever is further behind
//! than reading the log is worth is told so, and starts anew from a snapshot.

use std::collections::VecDeque;
use std::io::Write;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use engine::{Record, Seq, TimeMs};
use tokio::sync::watch;

use crate::failure::Failure;
use crate::fault;
use crate::store::{EventFilter, Order, Page, Store, StoreError};

/// How many frames stay in memory.
const KEPT: usize = 20_000;
/// How many bytes of them: whatever somebody writes into messages and descriptions, memory has a bound.
const KEPT_BYTES: usize = 64 * 1024 * 1024;
/// How far back the log is read for somebody who resumes.
const REPLAYED: Seq = 50_000;
/// How many bytes of frames go to a watcher at once: one that comes back after long messages is not to fill the memory.
const SLICE_BYTES: usize = 4 * 1024 * 1024;
/// How many events are read from the log at once.
const READ_AT_ONCE: usize = 500;

/// One event as it goes over the wire.
#[derive(Debug, PartialEq)]
pub struct Frame {
    /// Its place in the log.
    pub seq: Seq,
    /// Its kind, such as `task_started`.
    pub kind: &'static str,
    /// When it happened.
    pub at_ms: TimeMs,
    /// A whole server-sent event: `id: …\nevent: …\ndata: …\n\n`, the data being the record as JSON.
    pub sse: Bytes,
    json: Range<usize>,
}

impl Frame {
    /// Serialises an event.
    pub(crate) fn new(record: &Record) -> Result<Self, serde_json::Error> {
        Self::written(record, &mut Vec::new())
    }

    /// The same for one of many: the scratch is where they are written, one after the other, before each gets memory that fits.
    pub(crate) fn written(record: &Record, scratch: &mut Vec<u8>) -> Result<Self, serde_json::Error> {
        let kind = record.event.kind();
        scratch.clear();
        // Writing to memory does not fail.
        let _ = write!(scratch, "id: {}\nevent: {kind}\ndata: ", record.seq);
        let start = scratch.len();
        serde_json::to_writer(&mut *scratch, record)?;
        let json = start..scratch.len();
        scratch.extend_from_slice(b"\n\n");
        Ok(Self { seq: record.seq, kind, at_ms: record.at_ms, sse: Bytes::copy_from_slice(scratch), json })
    }

    /// The record alone, as JSON.
    pub fn json(&self) -> &str {
        // Always UTF-8, since serde_json wrote it.
        std::str::from_utf8(&self.sse[self.json.clone()]).unwrap_or_default()
    }
}

/// What a watcher gets.
#[derive(Debug, PartialEq)]
pub enum FeedSlice {
    /// The next events, perhaps none.
    Frames(Vec<Arc<Frame>>),
    /// The events in between cannot be had, or the log is not the one that was watched: start anew from a snapshot.
    Gap,
}

/// How far the feed is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Head {
    seq: Seq,
    /// Counts how often the log turned out to be another than was published.
    epoch: u64,
    closed: bool,
}

/// The newest events.
#[derive(Debug, Default)]
struct Kept {
    frames: VecDeque<Arc<Frame>>,
    bytes: usize,
}

impl Kept {
    fn add(&mut self, new: &[Arc<Frame>]) {
        self.frames.extend(new.iter().cloned());
        self.bytes += new.iter().map(|frame| frame.sse.len()).sum::<usize>();
        while self.frames.len() > KEPT || self.bytes > KEPT_BYTES {
            let Some(oldest) = self.frames.pop_front() else { break };
            self.bytes -= oldest.sse.len();
        }
    }
}

/// The feed as the writer sees it.
#[derive(Debug)]
pub(crate) struct FeedRing {
    // A std Mutex: nothing awaits while it is held, and frames are serialised before.
    frames: Mutex<Kept>,
    head: watch::Sender<Head>,
}

impl FeedRing {
    pub(crate) fn new(seq: Seq) -> Self {
        Self { frames: Mutex::default(), head: watch::Sender::new(Head { seq, ..Head::default() }) }
    }

    /// Adds committed events, and wakes whoever watches.
    pub(crate) fn append(&self, new: &[Arc<Frame>]) {
        let Some(last) = new.last() else { return };
        self.lock().add(new);
        self.head.send_modify(|head| head.seq = last.seq);
    }

    /// After the state was read anew from the store. When the log is longer or shorter than what was published, everybody has
    /// to start anew.
    pub(crate) fn reload(&self, seq: Seq) {
        if self.head.borrow().seq == seq {
            return;
        }
        *self.lock() = Kept::default();
        self.head.send_modify(|head| {
            head.seq = seq;
            head.epoch += 1;
        });
    }

    /// Tells everybody that nothing more will come.
    pub(crate) fn close(&self) {
        self.head.send_modify(|head| head.closed = true);
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.frames.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The frames after `seq` from memory, if they all are there.
    fn since(&self, seq: Seq, max: usize) -> Option<Vec<Arc<Frame>>> {
        let kept = self.lock();
        let frames = &kept.frames;
        let first = frames.front()?.seq;
        let skip = usize::try_from((seq + 1).checked_sub(first)?).ok()?;
        let mut slice = Slice::default();
        for frame in frames.iter().skip(skip).take(max) {
            if !slice.add(frame.clone()) {
                break;
            }
        }
        Some(slice.frames)
    }
}

/// Frames that go to a watcher at once.
#[derive(Default)]
struct Slice {
    frames: Vec<Arc<Frame>>,
    bytes: usize,
}

impl Slice {
    /// Adds the next one, unless all together were too many bytes then; one always goes. Whether it was added.
    fn add(&mut self, frame: Arc<Frame>) -> bool {
        self.bytes += frame.sse.len();
        let fits = self.frames.is_empty() || self.bytes <= SLICE_BYTES;
        if fits {
            self.frames.push(frame);
        }
        fits
    }
}

/// A watcher's handle. Each watcher has its own.
#[derive(Debug, Clone)]
pub struct Feed {
    ring: Arc<FeedRing>,
    store: Arc<dyn Store>,
    head: watch::Receiver<Head>,
    epoch: u64,
}

impl Feed {
    pub(crate) fn new(ring: &Arc<FeedRing>, store: &Arc<dyn Store>) -> Self {
        let head = ring.head.subscribe();
        let epoch = head.borrow().epoch;
        Self { ring: ring.clone(), store: store.clone(), head, epoch }
    }

    /// The last committed event.
    pub fn committed_seq(&self) -> Seq {
        self.head.borrow().seq
    }

    /// Waits until something was committed since the last call of this function. False once the hub has shut down.
    pub async fn changed(&mut self) -> bool {
        if self.head.borrow().closed {
            return false;
        }
        self.head.changed().await.is_ok()
    }

    /// The events after `seq`, at most `max` of them and no more than go out at once, oldest first. None only where nothing
    /// has happened since.
    ///
    /// After a [`FeedSlice::Gap`] the watcher takes a snapshot and goes on from its seq with the same handle.
    pub async fn since(&mut self, seq: Seq, max: usize) -> Result<FeedSlice, Failure> {
        let head = *self.head.borrow();
        if std::mem::replace(&mut self.epoch, head.epoch) != head.epoch || seq > head.seq {
            return Ok(FeedSlice::Gap);
        }
        if seq == head.seq || max == 0 {
            return Ok(FeedSlice::Frames(Vec::new()));
        }
        if let Some(frames) = self.ring.since(seq, max) {
            return Ok(FeedSlice::Frames(frames));
        }
        if head.seq - seq > REPLAYED {
            return Ok(FeedSlice::Gap);
        }
        self.read_log(seq, head.seq, max).await
    }

    async fn read_log(&self, seq: Seq, committed: Seq, max: usize) -> Result<FeedSlice, Failure> {
        fault::at("feed.read").map_err(StoreError::into_failure)?;
        let page = Page { cursor: Some(seq), order: Order::OldestFirst, limit: max.min(READ_AT_ONCE) };
        let records =
            self.store.events(&EventFilter::default(), &page).await.map_err(StoreError::into_failure)?;
        let mut slice = Slice::default();
        for (record, expected) in records.iter().zip(seq + 1..) {
            if record.seq != expected {
                return Ok(FeedSlice::Gap);
            }
            // The log may be a moment ahead of what is published.
            if record.seq > committed {
                break;
            }
            let frame = Frame::new(record).map_err(|error| StoreError::damaged(error).into_failure())?;
            if !slice.add(Arc::new(frame)) {
                break;
            }
        }
        Ok(FeedSlice::Frames(slice.frames))
    }
}

#[cfg(test)]
mod tests {
    use engine::Event;

    use super::*;

    fn frames(seqs: Range<Seq>) -> Vec<Arc<Frame>> {
        let record = |seq| Record { seq, at_ms: 1, by: None, event: Event::ServerStarted {} };
        seqs.map(|seq| Arc::new(Frame::new(&record(seq)).unwrap())).collect()
    }

    #[test]
    fn the_newest_frames_stay_in_memory() {
        let ring = FeedRing::new(0);
        let kept = KEPT as Seq;
        ring.append(&frames(1..kept + 1));
        assert_eq!(ring.since(0, 2).unwrap(), frames(1..3));
        ring.append(&frames(kept + 1..kept + 11));
        assert_eq!(ring.since(9, 2), None, "the event after 9 is no longer here");
        assert_eq!(ring.since(10, 2).unwrap(), frames(11..13));
        assert_eq!(ring.since(kept + 8, 9).unwrap(), frames(kept + 9..kept + 11));
        assert_eq!(ring.since(kept + 10, 9).unwrap(), []);
    }

    #[test]
    fn what_goes_out_at_once_is_bounded() {
        let ring = FeedRing::new(0);
        let large = |seq| {
            let mut frame = frames(seq..seq + 1).remove(0);
            Arc::get_mut(&mut frame).unwrap().sse = vec![b'x'; SLICE_BYTES / 3].into();
            frame
        };
        ring.append(&(1..=4).map(large).collect::<Vec<_>>());
        let seqs = |after| ring.since(after, 9).unwrap().iter().map(|frame| frame.seq).collect::<Vec<_>>();
        assert_eq!((seqs(0), seqs(3)), (vec![1, 2, 3], vec![4]));
        let mut huge = frames(5..6).remove(0);
        Arc::get_mut(&mut huge).unwrap().sse = vec![b'x'; SLICE_BYTES + 1].into();
        ring.append(&[huge]);
        assert_eq!((seqs(3), seqs(4)), (vec![4], vec![5]), "one always goes");
    }

    #[test]
    fn a_frame_is_a_whole_server_sent_event() {
        let frame = frames(7..8).remove(0);
        let json = r#"{"seq":7,"at_ms":1,"by":null,"kind":"server_started","data":{}}"#;
        assert_eq!((frame.json(), frame.kind), (json, "server_started"));
        assert_eq!(frame.sse, format!("id: 7\nevent: server_started\ndata: {json}\n\n").as_bytes());
    }
}
