//! Load: so many connections, each with one call after the other, for a while.

use std::cell::RefCell;
use std::io;
use std::time::{Duration, Instant};

use futures::future::join_all;

use crate::connection::{Connection, Kind};
use crate::server::Process;

pub const WARM_UP: Duration = Duration::from_millis(500);
pub const MEASURED: Duration = Duration::from_millis(2_000);

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

    /// Whether every answer was a success or a refusal.
    pub fn is_sound(&self) -> bool {
        self.neither == 0 && self.calls() > 0
    }

    fn note(&mut self, kind: Kind) {
        match kind {
            Kind::Success => self.successes += 1,
            Kind::Refusal => self.refusals += 1,
            Kind::Neither => self.neither += 1,
        }
    }

    /// Adds what somebody else has seen in the same time.
    pub fn add(&mut self, successes: u64, refusals: u64, micros: &[u32]) {
        self.successes += successes;
        self.refusals += refusals;
        self.micros.extend(micros);
    }

    /// When the time is over.
    pub fn ended(mut self) -> Self {
        self.seconds = MEASURED.as_secs_f64();
        self.micros.sort_unstable();
        self
    }

    /// Several rounds as one.
    pub fn all(rounds: &[Self]) -> Self {
        let mut all = Self::default();
        for round in rounds {
            all.add(round.successes, round.refusals, &round.micros);
            all.neither += round.neither;
        }
        all.seconds = rounds.iter().map(|round| round.seconds).sum();
        all.micros.sort_unstable();
        all
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

/// One who calls, one call after the other.
pub trait Caller {
    /// Makes the call of this step.
    fn call(&mut self, step: usize) -> impl Future<Output = io::Result<Kind>>;
}

/// Runs load by these callers at once.
pub async fn drive(mut callers: Vec<impl Caller>) -> io::Result<Seen> {
    let begin = Instant::now() + WARM_UP;
    let seen = RefCell::new(Seen::default());
    for outcome in join_all(callers.iter_mut().map(|caller| go_on(caller, begin, &seen))).await {
        outcome?;
    }
    Ok(seen.into_inner().ended())
}

async fn go_on(caller: &mut impl Caller, begin: Instant, seen: &RefCell<Seen>) -> io::Result<()> {
    for step in 0.. {
        let sent = Instant::now();
        if sent >= begin + MEASURED {
            break;
        }
        let kind = caller.call(step).await?;
        let answered = Instant::now();
        seen.borrow_mut().note(kind);
        if answered >= begin && answered < begin + MEASURED {
            let micros = u32::try_from((answered - sent).as_micros()).unwrap_or(u32::MAX);
            seen.borrow_mut().micros.push(micros);
        }
    }
    Ok(())
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
    let next = &next;
    let callers = open.into_iter().enumerate().map(|(n, connection)| Sender { n, connection, next });
    drive(callers.collect()).await
}

/// One who sends over HTTP what somebody else makes up.
struct Sender<'a, F> {
    n: usize,
    connection: Connection,
    next: &'a F,
}

impl<F: Fn(usize, usize) -> Vec<u8>> Caller for Sender<'_, F> {
    async fn call(&mut self, step: usize) -> io::Result<Kind> {
        self.connection.send(&(self.next)(self.n, step)).await.map(|(kind, _)| kind)
    }
}
