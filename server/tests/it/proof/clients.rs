//! The clients, each over a connection of its own, and what they share.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::timeout;
use witness::Dice;

use super::heard::Told;
use super::wire;
use super::work::{Agent, Ask};
use crate::project::Caller;

/// Clients at the same time.
pub const CONNECTIONS: u64 = 64;
/// How long a server may take to be there again.
const PATIENCE: Duration = Duration::from_secs(60);

/// What all clients share.
pub struct Field {
    /// Where the server is; empty while there is none.
    authority: watch::Sender<String>,
    /// Counts whatever begins or ends: one clock for all, finer than any that counts time.
    moments: AtomicU64,
    /// How many calls are still to be made.
    left: AtomicU64,
    /// Rings whenever there is one less.
    fewer: Notify,
}

impl Field {
    pub fn new(operations: u64) -> Self {
        Self {
            authority: watch::Sender::new(String::new()),
            moments: AtomicU64::new(0),
            left: AtomicU64::new(operations),
            fewer: Notify::new(),
        }
    }

    /// From now on the server is here; nowhere, if that is empty.
    pub fn is_at(&self, authority: &str) {
        self.authority.send_replace(authority.to_owned());
    }

    /// How many calls are still to be made.
    pub fn left(&self) -> u64 {
        self.left.load(Ordering::SeqCst)
    }

    /// Returns when there are so few left.
    pub async fn down_to(&self, few: u64) {
        while self.left() > few {
            self.fewer.notified().await;
        }
    }

    fn moment(&self) -> u64 {
        self.moments.fetch_add(1, Ordering::SeqCst)
    }

    /// Takes one of the calls that are to be made.
    fn take(&self) -> bool {
        let taken = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        self.fewer.notify_one();
        taken.is_ok()
    }

    /// A connection to the server of now.
    async fn connect(&self) -> Caller {
        let mut authority = self.authority.subscribe();
        loop {
            let there = authority.wait_for(|authority| !authority.is_empty());
            let now = timeout(PATIENCE, there).await.expect("a server").unwrap().clone();
            if let Ok(caller) = Caller::try_connect(&now).await {
                return caller;
            }
            // Killed already; the next one has another address.
            let gone = authority.wait_for(|authority| *authority != now);
            timeout(PATIENCE, gone).await.expect("that it is said when a server is killed").unwrap();
        }
    }
}

/// Has everybody stop when a client breaks, so that the run ends and says why.
struct Breaks<'a>(&'a Field);

impl Drop for Breaks<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.left.store(0, Ordering::SeqCst);
            self.0.fewer.notify_one();
        }
    }
}

/// One client's day, until all calls are made. A call whose answer is lost is made again under its name.
pub async fn client(field: Arc<Field>, number: u64, seed: u64) -> Vec<Told> {
    let _breaks = Breaks(&field);
    let mut agent = Agent::new(number, Dice::new(seed));
    let mut all: Vec<Told> = Vec::new();
    let mut caller = field.connect().await;
    let mut again: Option<Ask> = None;
    while again.is_some() || field.take() {
        let ask = again.take().unwrap_or_else(|| agent.ask());
        let (name, arguments) = wire::request(&ask);
        let began = field.moment();
        match caller.try_call(name, &arguments).await {
            // It was not even decided upon.
            Ok(answer) if matches!(answer.status, 429 | 503) => {
                assert_eq!(answer.status, 429, "the disk works: {}", answer.json());
                again = Some(ask);
            }
            Ok(answer) => {
                let told = Told::new(ask, began, Some((field.moment(), answer)));
                agent.learn(&told);
                all.push(told);
            }
            Err(_) => {
                // Dead for sure when the next one is there.
                caller = field.connect().await;
                again = ask.request_id.is_some().then(|| ask.clone());
                all.push(Told::new(ask, began, None).given_up_at(field.moment()));
            }
        }
    }
    all
}
