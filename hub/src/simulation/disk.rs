//! A disk without a disk: it can fail, be slow, stop in the middle, and lose what was not synced.
//!
//! It keeps commits whole, as a journal with checksums does: one that was cut off is not there at all. What it says of itself is
//! held against SQLite in `likeness.rs`.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::store::{Changes, Doing, Loaded, LoadedTokens, LogStart, Store, StoreError, TokenRow};
use crate::{EventFilter, MessageFilter, Order, Page, PrunedUpTo, TaskFilter};
use engine::view::{Message, SyncTask};
use engine::{MessageId, Record, Seq, Settings, TaskId, TimeMs};
use witness::Dice;

use crate::simulation::tables::Tables;

/// What goes wrong with the next commit or load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing is written, and the disk says so.
    Fails,
    /// Everything is written and synced, and the disk says otherwise.
    FailsAfterwards,
    /// Everything is written, the sync fails, and the system forgets that it is still to be written.
    SyncFails,
    /// The next load fails.
    LoadFails,
}

/// What survives a stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// The program is killed: all that was written.
    Killed,
    /// The machine loses its power: what was synced, and of the rest whatever chance lets through.
    PowerLost,
}

/// The disk. It outlives the programs that use it.
#[derive(Debug)]
pub struct Disk(Mutex<Inner>);

#[derive(Debug)]
struct Inner {
    journal: Vec<Changes>,
    /// How many of the commits will survive whatever happens.
    synced: usize,
    /// A sync failed: what is synced after it is of no use without what was to be synced then.
    doomed: bool,
    /// What the journal comes to.
    tables: Tables,
    faults: VecDeque<Fault>,
    dice: Dice,
}

impl Disk {
    pub fn new(seed: u64) -> Arc<Self> {
        let inner = Inner {
            journal: Vec::new(),
            synced: 0,
            doomed: false,
            tables: Tables::default(),
            faults: VecDeque::new(),
            dice: Dice::new(seed),
        };
        Arc::new(Self(Mutex::new(inner)))
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something will go wrong.
    pub fn arm(&self, fault: Fault) {
        self.inner().faults.push_back(fault);
    }

    /// From now on all goes well.
    pub fn mend(&self) {
        self.inner().faults.clear();
    }

    /// The last event that survives whatever happens.
    pub fn synced_seq(&self) -> Seq {
        let inner = self.inner();
        let last = |changes: &Changes| changes.events.last().map(|frame| frame.seq);
        inner.journal[..inner.synced].iter().rev().find_map(last).unwrap_or(0)
    }

    /// The whole log.
    pub fn log(&self) -> Vec<Record> {
        self.inner().tables.records()
    }

    /// What a load would show.
    pub fn tables(&self, settings: &Settings) -> Loaded {
        self.inner().tables.load(settings)
    }

    /// Everything stops at once. What a killed program has written stays in the system's memory, and so is read again.
    pub fn stop(&self, stop: Stop) {
        let mut inner = self.inner();
        inner.faults.clear();
        if stop == Stop::PowerLost {
            let unsafe_ones = inner.journal.len() - inner.synced;
            let kept = inner.synced + inner.dice.place(unsafe_ones + 1);
            inner.journal.truncate(kept);
            inner.tables = inner.journal.iter().fold(Tables::default(), Tables::with);
            (inner.synced, inner.doomed) = (kept, false);
        }
    }

    async fn pause(&self, most_ms: u64) {
        let ms = self.inner().dice.below(most_ms);
        // Most are quick.
        let ms = ms.saturating_sub(most_ms / 2);
        if ms > 0 {
            tokio::time::sleep(Duration::from_millis(ms)).await;
        }
    }

    fn take(&self, wanted: impl Fn(&Fault) -> bool) -> Option<Fault> {
        let mut inner = self.inner();
        let next = inner.faults.front().copied().filter(wanted)?;
        inner.faults.pop_front();
        Some(next)
    }

    async fn commit(&self, changes: &Changes) -> Result<(), StoreError> {
        let fault = self.take(|fault| *fault != Fault::LoadFails);
        self.pause(8).await;
        if fault == Some(Fault::Fails) {
            return Err(StoreError::plain("the disk is full"));
        }
        {
            let mut inner = self.inner();
            inner.tables.apply(changes);
            inner.journal.push(changes.clone());
        }
        self.pause(8).await;
        self.sync(fault == Some(Fault::SyncFails))?;
        // It is on the disk, and nobody knows yet.
        self.pause(6).await;
        if fault == Some(Fault::FailsAfterwards) {
            return Err(StoreError::plain("the disk does not answer"));
        }
        Ok(())
    }

    /// Brings to the disk what is written. After a sync that failed, later ones bring only what was written since, which is of no
    /// use without what was before.
    fn sync(&self, fails: bool) -> Result<(), StoreError> {
        let mut inner = self.inner();
        if fails {
            inner.doomed = true;
            return Err(StoreError::plain("the disk cannot be written to"));
        }
        if !inner.doomed {
            inner.synced = inner.journal.len();
        }
        Ok(())
    }

    async fn load(&self, settings: &Settings) -> Result<Loaded, StoreError> {
        self.pause(6).await;
        if self.take(|fault| *fault == Fault::LoadFails).is_some() {
            return Err(StoreError::plain("the disk cannot be read"));
        }
        let mut inner = self.inner();
        // Written anew, somewhere else, so that a sync counts again.
        inner.doomed = false;
        inner.synced = inner.journal.len();
        Ok(inner.tables.load(settings))
    }
}

fn not_asked<T>() -> Result<T, StoreError> {
    Err(StoreError::plain("a simulated disk keeps no such pages"))
}

impl Store for Disk {
    fn load<'a>(&'a self, settings: &'a Settings) -> Doing<'a, Loaded> {
        Box::pin(self.load(settings))
    }

    fn commit<'a>(&'a self, changes: &'a Changes) -> Doing<'a, ()> {
        Box::pin(self.commit(changes))
    }

    fn closed_tasks<'a>(&'a self, _: &'a TaskFilter, _: &'a Page<TaskId>) -> Doing<'a, Vec<Arc<SyncTask>>> {
        Box::pin(std::future::ready(not_asked()))
    }

    fn closed_among<'a>(&'a self, _: &'a [TaskId]) -> Doing<'a, Vec<Arc<SyncTask>>> {
        Box::pin(std::future::ready(not_asked()))
    }

    fn messages<'a>(&'a self, _: &'a MessageFilter, _: &'a Page<MessageId>) -> Doing<'a, Vec<Arc<Message>>> {
        Box::pin(std::future::ready(not_asked()))
    }

    fn events<'a>(&'a self, filter: &'a EventFilter, page: &'a Page<Seq>) -> Doing<'a, Vec<Record>> {
        assert_eq!((filter, page.order), (&EventFilter::default(), Order::OldestFirst), "only the feed asks");
        let after = page.cursor.unwrap_or(0);
        let records = self.log().into_iter().filter(move |record| record.seq > after).take(page.limit);
        Box::pin(std::future::ready(Ok(records.collect())))
    }

    fn backup<'a>(&'a self, _: &'a Path) -> Doing<'a, ()> {
        Box::pin(std::future::ready(not_asked()))
    }

    fn pruned(&self) -> Doing<'_, PrunedUpTo> {
        Box::pin(std::future::ready(Ok(PrunedUpTo::default())))
    }

    fn log_start(&self) -> Doing<'_, Option<LogStart>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    fn tokens(&self, _: TimeMs) -> Doing<'_, LoadedTokens> {
        Box::pin(std::future::ready(Ok(LoadedTokens { enrolment_key: String::new(), rows: Vec::new() })))
    }

    fn write_tokens<'a>(&'a self, _: &'a [TokenRow]) -> Doing<'a, ()> {
        Box::pin(std::future::ready(not_asked()))
    }

    fn bytes(&self) -> Doing<'_, u64> {
        Box::pin(std::future::ready(not_asked()))
    }

    fn close(&self) -> Doing<'_, ()> {
        Box::pin(std::future::ready(Ok(())))
    }
}
