//! What is due for all who watch, put together once.

use std::sync::Arc;
use std::time::Duration;

use app::api::Door;
use bytes::{Bytes, BytesMut};
use engine::{Seq, TimeMs};
use hub::{Feed, FeedSlice, Frame};
use tokio::sync::{Notify, watch};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep, sleep_until};

use super::{TRY_AGAIN, pack};

/// The least time between two pieces: 25 a second.
const PACE: Duration = Duration::from_millis(40);
/// How many events go into one piece at most.
const PIECE_MAX: usize = 10_000;
/// From this size on a piece is packed beside the threads that answer calls.
const LARGE: usize = 16 * 1024;

/// How a stream is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// As it is.
    Plain,
    /// With gzip, each write on its own, so that it can be shared by streams that began at different times.
    Packed,
}

/// Some events that follow each other, as they go over the wire.
#[derive(Debug, Clone)]
pub struct Piece {
    /// The event before the first; `None` where the log is not the one that was watched, and everybody starts anew.
    after: Option<Seq>,
    /// The last event.
    pub last: Seq,
    /// When the first one happened; a moment that never comes where there is none.
    pub since_ms: TimeMs,
    /// All of them.
    pub bytes: Bytes,
}

/// Pieces for all who watch in one encoding.
#[derive(Debug)]
pub struct Broadcast {
    encoding: Encoding,
    /// Whoever has seen the last event of the newest piece gets all further ones with the pieces to come.
    newest: watch::Sender<Piece>,
    joined: Notify,
}

impl Encoding {
    /// The first bytes of a stream.
    pub fn beginning(self, bytes: &'static [u8]) -> Bytes {
        match self {
            Self::Plain => Bytes::from_static(bytes),
            Self::Packed => pack::beginning(bytes),
        }
    }

    /// Any further bytes.
    pub fn encoded(self, bytes: Bytes) -> Bytes {
        match self {
            Self::Plain => bytes,
            Self::Packed => pack::pack(&bytes),
        }
    }
}

impl Piece {
    /// Whether this is what comes next for somebody who has seen this event last.
    pub fn follows(&self, seen: Seq) -> bool {
        self.after.is_none_or(|after| after == seen) && !self.bytes.is_empty()
    }
}

impl Broadcast {
    /// Begins to put pieces together, whenever somebody watches, until the door closes.
    pub fn start(door: &Arc<Door>, encoding: Encoding) -> Arc<Self> {
        let newest =
            watch::Sender::new(Piece { after: Some(0), last: 0, since_ms: TimeMs::MAX, bytes: Bytes::new() });
        let broadcast = Arc::new(Self { encoding, newest, joined: Notify::new() });
        let (door, running) = (door.clone(), broadcast.clone());
        tokio::spawn(async move {
            let feed = door.hub().feed();
            tokio::select! {
                () = door.closed() => {}
                () = running.run(feed) => {}
            }
        });
        broadcast
    }

    /// Begins to watch. What is committed from now on comes with the pieces that come from now on.
    pub fn join(&self) -> watch::Receiver<Piece> {
        let pieces = self.newest.subscribe();
        self.joined.notify_one();
        pieces
    }

    /// How its pieces are written.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    async fn run(&self, mut feed: Feed) {
        loop {
            while self.newest.receiver_count() == 0 {
                self.joined.notified().await;
            }
            // Pieces begin here. Whoever has not seen all before is told so.
            let seen = feed.committed_seq();
            self.newest.send_replace(Piece {
                after: Some(seen),
                last: seen,
                since_ms: TimeMs::MAX,
                bytes: Bytes::new(),
            });
            if !self.run_for_watchers(&mut feed, seen).await {
                return;
            }
        }
    }

    /// False when nothing more will come.
    async fn run_for_watchers(&self, feed: &mut Feed, mut seen: Seq) -> bool {
        while self.newest.receiver_count() > 0 {
            let next = Instant::now() + PACE;
            match feed.since(seen, PIECE_MAX).await {
                Ok(FeedSlice::Frames(frames)) => match (frames.first(), frames.last()) {
                    (Some(first), Some(last)) => {
                        let piece = Piece {
                            after: Some(seen),
                            last: last.seq,
                            since_ms: first.at_ms,
                            bytes: merged(&frames),
                        };
                        seen = last.seq;
                        self.publish(piece).await;
                        sleep_until(next).await;
                    }
                    _ if !feed.changed().await => return false,
                    _ => {}
                },
                Ok(FeedSlice::Gap) => {
                    seen = feed.committed_seq();
                    self.publish(Piece {
                        after: None,
                        last: seen,
                        since_ms: TimeMs::MAX,
                        bytes: resync(seen, None),
                    })
                    .await;
                }
                // Why, the hub has written to the log.
                Err(_) => sleep(TRY_AGAIN).await,
            }
        }
        true
    }

    async fn publish(&self, piece: Piece) {
        let encoding = self.encoding;
        let bytes = if encoding == Encoding::Packed && piece.bytes.len() >= LARGE {
            let plain = piece.bytes.clone();
            // It fails only where the program ends.
            spawn_blocking(move || encoding.encoded(plain)).await.unwrap_or_default()
        } else {
            encoding.encoded(piece.bytes)
        };
        self.newest.send_replace(Piece { bytes, ..piece });
    }
}

/// Several events in one piece.
pub fn merged(frames: &[Arc<Frame>]) -> Bytes {
    match frames {
        [frame] => frame.sse.clone(),
        _ => {
            let mut merged = BytesMut::with_capacity(frames.iter().map(|frame| frame.sse.len()).sum());
            frames.iter().for_each(|frame| merged.extend_from_slice(&frame.sse));
            merged.freeze()
        }
    }
}

/// Tells a watcher to take a new snapshot and to go on from this event; and up to where what it missed was pruned, if it was.
pub fn resync(seq: Seq, pruned_upto: Option<Seq>) -> Bytes {
    begin_anew(seq, &pruned_upto.map(|upto| format!(",\"pruned_upto\":{upto}")).unwrap_or_default())
}

/// The same to a watcher of another log, in whose place this one was restored.
pub fn restored(seq: Seq) -> Bytes {
    begin_anew(seq, ",\"restored\":true")
}

/// The event with what more it says, as further fields.
fn begin_anew(seq: Seq, more: &str) -> Bytes {
    format!("id: {seq}\nevent: resync\ndata: {{\"seq\":{seq}{more}}}\n\n").into()
}
