//! `GET /api/v1/events`: what happens, as server-sent events.
//!
//! What is due for all who watch is put together once, by a [`Broadcast`], at most every 40 ms; a stream passes it on. So a crowd
//! of watchers costs little, and after a quiet moment an event goes out at once. Nothing is queued for a watcher that does not
//! read: it gets what it missed when it reads again, or `resync` when that is too much.

mod broadcast;
mod pack;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use app::api::{ApiError, Door, SEQ_HEADER, Watching};
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use engine::{Seq, TimeMs};
use futures::stream;
use http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, VARY};
use http::{HeaderName, HeaderValue, Method};
use hub::{Feed, FeedSlice};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

use self::broadcast::{Broadcast, Encoding, Piece};
use crate::{calls, compress};

/// Where the streams are.
pub const PATH: &str = "/api/v1/events";
/// The header that names the log which a stream is of. Another name means that numbers stand for other events.
pub const LOG_HEADER: HeaderName = HeaderName::from_static("manus-log");
/// After how much silence a comment shows that the connection lives.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How many events go into one write at most for somebody who has missed some.
const MERGED_MAX: u64 = 2_000;
/// How long to wait before the log is read again when that failed.
const TRY_AGAIN: Duration = Duration::from_secs(1);
/// Tells a browser to come back after a second when the connection breaks.
const HELLO: &[u8] = b"retry: 1000\n\n";
const STILL_HERE: &[u8] = b": still here\n\n";

/// All streams of a server.
#[derive(Debug)]
pub struct Streams {
    door: Arc<Door>,
    plain: Arc<Broadcast>,
    packed: Arc<Broadcast>,
}

impl Streams {
    /// Streams of what happens behind this door.
    pub fn new(door: &Arc<Door>) -> Self {
        let of = |encoding| Broadcast::start(door, encoding);
        Self { door: door.clone(), plain: of(Encoding::Plain), packed: of(Encoding::Packed) }
    }

    /// Opens a stream after the event that the caller has seen last: `Last-Event-ID`, else `since`, else the newest.
    pub fn answer(&self, request: &Request) -> Response {
        let asked = calls::only(request, "events", &Method::GET).and_then(|_| seen_last(request));
        let log_id = self.door.hub().log_id();
        let named = argument(request, "log=").map(|log| log != log_id);
        let mut response = match asked {
            Ok(seen) => {
                // Who does not say of which log may mean an event of one before.
                let unclear = || seen.is_some_and(|seq| self.door.hub().is_reused(seq));
                let of_another = named.unwrap_or_else(unclear);
                self.open(seen, of_another, compress::is_welcome(request.headers()))
            }
            Err(error) => calls::refused(&error),
        };
        let headers = response.headers_mut();
        headers.insert(&SEQ_HEADER, self.door.hub().feed().committed_seq().into());
        if let Ok(name) = HeaderValue::from_str(&log_id) {
            headers.insert(LOG_HEADER, name);
        }
        response
    }

    fn open(&self, seen: Option<Seq>, of_another: bool, packed: bool) -> Response {
        let broadcast = if packed { &self.packed } else { &self.plain };
        // Joined first: what is committed after the next line comes with a piece.
        let pieces = broadcast.join();
        let feed = self.door.hub().feed();
        let upto = feed.committed_seq();
        let (door, encoding) = (self.door.clone(), broadcast.encoding());
        // What was seen of another log is no place in this one.
        let (seen, watching) = (seen.filter(|_| !of_another).unwrap_or(upto), door.meters().watching());
        let in_step = seen == upto;
        let watcher = Watcher {
            door,
            feed,
            pieces,
            encoding,
            seen,
            upto,
            in_step,
            greeted: false,
            of_another,
            watching,
        };
        let mut response = Response::new(Body::from_stream(stream::unfold(watcher, |mut watcher| async {
            watcher.next().await.map(|chunk| (Ok::<_, Infallible>(chunk), watcher))
        })));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
        // Proxies that collect answers before passing them on would hold events back.
        headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
        if packed {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        response
    }
}

/// What the query says under a name.
fn argument<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    let query = request.uri().query().unwrap_or_default();
    query.split('&').find_map(|pair| pair.strip_prefix(name))
}

/// The header goes first: a browser that comes back names the address with which it first came.
fn seen_last(request: &Request) -> Result<Option<Seq>, ApiError> {
    let header = request.headers().get("last-event-id").and_then(|value| value.to_str().ok());
    if let Some(text) = header.map(str::trim).filter(|text| !text.is_empty()) {
        // What is no position of this log has missed nobody knows what, like one that the log has not reached.
        return Ok(Some(text.parse().unwrap_or(Seq::MAX)));
    }
    let since = argument(request, "since=");
    since.map(|text| text.parse().map_err(|_| bad_since(text))).transpose()
}

fn bad_since(text: &str) -> ApiError {
    let reason =
        format!("since is {text:?}; send the seq of the last event that you have seen, a whole number");
    ApiError::invalid("since", reason)
}

/// Somebody who watches.
struct Watcher {
    door: Arc<Door>,
    feed: Feed,
    pieces: watch::Receiver<Piece>,
    encoding: Encoding,
    seen: Seq,
    /// What no piece brings any more, or ever: events up to this one are read from the feed.
    upto: Seq,
    /// Has once had everything there was, so that from now on it can only fall behind by being slow.
    in_step: bool,
    greeted: bool,
    /// Has seen another log, from before a restore, and does not know yet that this one begins anew.
    of_another: bool,
    watching: Watching,
}

impl Watcher {
    /// What to write next; `None` when the server is about to stop.
    async fn next(&mut self) -> Option<Bytes> {
        if !std::mem::replace(&mut self.greeted, true) {
            return Some(self.encoding.beginning(HELLO));
        }
        if std::mem::take(&mut self.of_another) {
            return Some(self.encoding.encoded(broadcast::restored(self.seen)));
        }
        let quiet_until = Instant::now() + KEEP_ALIVE;
        let door = self.door.clone();
        tokio::select! {
            biased;
            chunk = self.due() => return Some(chunk),
            () = door.closed() => {}
            () = sleep_until(quiet_until) => return Some(self.encoding.encoded(STILL_HERE.into())),
        }
        // Whoever watches shall see what the last calls did.
        self.upto = self.feed.committed_seq();
        self.missed().await
    }

    /// What happened next: what was missed, or the next piece.
    async fn due(&mut self) -> Bytes {
        loop {
            if let Some(missed) = self.missed().await {
                return missed;
            }
            if self.pieces.changed().await.is_err() {
                // Nothing more will come, since the server stops.
                std::future::pending::<()>().await;
            }
            let piece = self.pieces.borrow_and_update().clone();
            if piece.follows(self.seen) {
                (self.seen, self.upto) = (piece.last, piece.last);
                self.note_lag(piece.since_ms);
                return piece.bytes;
            }
            // From its end on this watcher is in step with all others.
            self.upto = self.upto.max(piece.last);
        }
    }

    /// Events that came before the pieces that are yet to come.
    async fn missed(&mut self) -> Option<Bytes> {
        while self.seen != self.upto {
            let most = self.upto.saturating_sub(self.seen).min(MERGED_MAX);
            match self.feed.since(self.seen, usize::try_from(most).unwrap_or(0)).await {
                Ok(FeedSlice::Frames(frames)) => match (frames.first(), frames.last()) {
                    (Some(first), Some(last)) => {
                        self.note_lag(first.at_ms);
                        self.seen = last.seq;
                        return Some(self.encoding.encoded(broadcast::merged(&frames)));
                    }
                    _ => self.upto = self.seen,
                },
                Ok(FeedSlice::Gap) => {
                    let missed = std::mem::replace(&mut self.seen, self.feed.committed_seq());
                    self.upto = self.seen;
                    let pruned = self.door.hub().pruned().await;
                    let upto = pruned.ok().map(|pruned| pruned.upto_seq).filter(|upto| missed < *upto);
                    return Some(self.encoding.encoded(broadcast::resync(self.seen, upto)));
                }
                // Why, the hub has written to the log.
                Err(_) => sleep(TRY_AGAIN).await,
            }
        }
        self.in_step = true;
        None
    }

    /// Notes how old the oldest event is that is about to be written.
    fn note_lag(&self, since_ms: TimeMs) {
        if self.in_step {
            self.watching.lags(self.door.hub().now_ms() - since_ms);
        }
    }
}
