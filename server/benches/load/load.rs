//! Load: so many connections, each with one call after the other, for a while.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::time::{Duration, Instant};

use futures::future::join_all;

use crate::connection::{Connection, Kind};
use crate::server::Process;

const WARM_UP: Duration = Duration::from_millis(500);
const MEASURED: Duration = Duration::from_millis(2_000);

/// What was seen.
#[derive(Debug, Default, Clone)]
pub struct Seen {
    pub successes: u64,
    pub refusals: u64,
    pub neither: u64,
    pub seconds: f64,
    /// Of each call while it counted, in microseconds, in order.
    micros: Vec<u32>,
}

impl Seen {
    pub fn calls(&self) -> u64 {
        self.successes + self.refusals + self.neither
    }

    pub fn per_second(&self) -> f64 {
        self.micros.len() as f64 / self.seconds
    }

    /// The time within which this share of the calls was answered, in milliseconds.
    pub fn percentile_ms(&self, share: f64) -> f64 {
        let place = (self.micros.len() as f64 * share) as usize;
        self.micros
            .get(place.min(self.micros.len().saturating_sub(1)))
            .map_or(0.0, |micros| f64::from(*micros) / 1000.0)
    }
}

/// Runs load: caller `n` sends what `next(n, step)` says.
pub async fn run(
    process: &Process,
    connections: usize,
    next: impl Fn(usize, usize) -> Vec<u8>,
) -> io::Result<Seen> {
    let mut open = Vec::new();
    for _ in 0..connections {
        open.push(process.connect().await?);
    }
    let begin = Instant::now() + WARM_UP;
    let seen = Rc::new(RefCell::new(Seen::default()));
    let next = &next;
    let callers = open.iter_mut().enumerate().map(|(n, connection)| {
        let seen = seen.clone();
        async move { caller(connection, n, next, begin, &seen).await }
    });
    for outcome in join_all(callers).await {
        outcome?;
    }
    let mut seen = seen.take();
    seen.seconds = MEASURED.as_secs_f64();
    seen.micros.sort_unstable();
    Ok(seen)
}

async fn caller(
    connection: &mut Connection,
    n: usize,
    next: &impl Fn(usize, usize) -> Vec<u8>,
    begin: Instant,
    seen: &RefCell<Seen>,
) -> io::Result<()> {
    for step in 0.. {
        let sent = Instant::now();
        if sent >= begin + MEASURED {
            break;
        }
        let (kind, _) = connection.send(&next(n, step)).await?;
        let answered = Instant::now();
        let mut seen = seen.borrow_mut();
        match kind {
            Kind::Success => seen.successes += 1,
            Kind::Refusal => seen.refusals += 1,
            Kind::Neither => seen.neither += 1,
        }
        if answered >= begin && answered < begin + MEASURED {
            seen.micros.push(u32::try_from((answered - sent).as_micros()).unwrap_or(u32::MAX));
        }
    }
    Ok(())
}
