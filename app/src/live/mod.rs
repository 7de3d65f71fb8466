//! The live store: the project's state in the browser, brought up to date by the engine's own events, and the signals by which
//! an event repaints only what it changes.
//!
//! The same store renders the page on the server, from the same snapshot, so that both write the same HTML.

pub mod attempts;
mod boot;
pub mod figures;
mod followed;
pub mod gantt;
pub mod graph;
pub mod insight;
mod link;
pub mod needs;
pub mod order;
pub mod past;
pub mod row;
#[cfg(test)]
pub(crate) mod script;
pub mod sentence;
mod store;
#[cfg(feature = "hydrate")]
mod stream;
pub mod waits;
pub mod words;

use std::sync::Arc;

use crate::prelude::*;
use engine::{Record, Seq, State, TimeMs};

pub use boot::{BOOT_ID, Boot, Who};
use figures::Figures;
pub use link::Link;
use needs::Ranked;
use past::Log;
use sentence::Entry;
use store::{Changes, Store};

/// From how many tasks in memory on not every event has everything counted.
const MANY: usize = 2_000;
/// How often it is counted then at the most, in milliseconds.
const COUNTED_EVERY_MS: TimeMs = 400;

/// The live picture of the project. A handle: copies are the same picture.
#[derive(Debug, Clone, Copy)]
pub struct Live {
    store: StoredValue<Store>,
    /// The position in the log that the picture shows.
    pub seq: RwSignal<Seq>,
    /// The server's time, a tick each second.
    pub clock_ms: RwSignal<TimeMs>,
    /// The time that the picture is of: the clock's, but standing still while nothing arrives.
    pub now_ms: RwSignal<TimeMs>,
    /// How the page stands with the server.
    pub link: RwSignal<Link>,
    /// While the person has paused the picture: how many events wait.
    pub paused: RwSignal<Option<usize>>,
    /// The moment that is over of which the picture is; `None` for now.
    pub past_ms: RwSignal<Option<TimeMs>>,
    /// The whole log, once somebody looks back.
    pub log: StoredValue<Log>,
    /// How many events arrived at once after a break; for a moment only.
    pub caught_up: RwSignal<Option<Seq>>,
    /// From commit to paint, the last time it was measured, in milliseconds.
    pub lag_ms: RwSignal<Option<TimeMs>>,
    /// The numbers at the top.
    pub figures: RwSignal<Figures>,
    /// What needs the person.
    pub needs: RwSignal<Vec<Ranked>>,
    /// What happened lately, oldest first.
    pub feed: RwSignal<Vec<Entry>>,
    /// Changes whenever everything is counted anew.
    counted: RwSignal<u32>,
    /// When that was last, by the log's time, and whether it is due.
    counted_ms: StoredValue<TimeMs>,
    count_due: StoredValue<bool>,
    /// Change whenever a list has other rows, or its rows another order.
    lists: Lists,
    /// What does not change while the page is open.
    about: StoredValue<About>,
    /// True once the browser has taken over.
    pub hydrated: RwSignal<bool>,
}

/// What does not change while the page is open.
#[derive(Debug, Clone)]
pub struct About {
    /// The project's name.
    pub project: String,
    /// Where the server is reached.
    pub origin: String,
    /// The server's version.
    pub version: String,
    /// The name of the event log.
    pub log: String,
    /// Who looks, where the server asks for that.
    pub who: Option<Who>,
    /// Whether the address named a task that there was not, when the page was made.
    pub missing: bool,
}

#[derive(Debug, Clone, Copy)]
struct Lists {
    agents: RwSignal<u32>,
    tasks: RwSignal<u32>,
    locks: RwSignal<u32>,
    messages: RwSignal<u32>,
}

/// Events are missing between what the picture shows and what arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap;

impl Live {
    /// The picture that a page starts with.
    pub fn new(boot: &Boot) -> Self {
        let store = Store::new(boot.snapshot.clone(), &boot.recent);
        let list = || RwSignal::new(0);
        Self {
            seq: RwSignal::new(boot.snapshot.seq),
            clock_ms: RwSignal::new(boot.now_ms),
            now_ms: RwSignal::new(boot.now_ms),
            link: RwSignal::new(Link::Opening),
            paused: RwSignal::new(None),
            past_ms: RwSignal::new(None),
            log: StoredValue::new(Log::default()),
            caught_up: RwSignal::new(None),
            lag_ms: RwSignal::new(None),
            figures: RwSignal::new(Figures::of(store.state())),
            needs: RwSignal::new(needs::needs(store.state(), boot.now_ms)),
            feed: RwSignal::new(store.feed().to_vec()),
            counted: RwSignal::new(0),
            counted_ms: StoredValue::new(0),
            count_due: StoredValue::new(false),
            lists: Lists { agents: list(), tasks: list(), locks: list(), messages: list() },
            about: StoredValue::new(About {
                project: boot.project.clone(),
                origin: boot.origin.clone(),
                version: boot.version.clone(),
                log: boot.log.clone(),
                who: boot.who.clone(),
                missing: boot.missing,
            }),
            hydrated: RwSignal::new(false),
            store: StoredValue::new(store),
        }
    }

    /// Takes events into account, all at once. Those that are known already are passed over; when some are missing, nothing
    /// after the gap is taken.
    pub fn apply(&self, records: &[Record]) -> Result<(), Gap> {
        let applied = self.store.try_update_value(|store| store.apply(records));
        let (changes, outcome) = applied.unwrap_or((Changes::default(), Ok(())));
        self.publish(&changes);
        outcome
    }

    /// Starts over from another snapshot, keeping the rows that are the same.
    pub fn replace(&self, snapshot: engine::view::Snapshot) {
        let changes = self.store.try_update_value(|store| store.replace(snapshot)).unwrap_or_default();
        self.publish(&changes);
    }

    /// Shows everything as it was at a moment of the log, until somebody goes back to now.
    pub fn show_past(self, at_ms: TimeMs) {
        let settings = self.peek(|state| state.settings().clone());
        let (snapshot, feed) = self.log.with_value(|log| {
            let (state, until) = log.at(at_ms, settings);
            let recent = &until[until.len().saturating_sub(sentence::ENTRIES_KEPT)..];
            (state.snapshot(), sentence::feed(recent, &state))
        });
        if self.paused.get_untracked().is_none() {
            self.paused.set(Some(0));
        }
        self.past_ms.set(Some(at_ms));
        self.now_ms.set(at_ms);
        self.replace(snapshot);
        self.feed.set(feed);
    }

    /// Shows what is, and goes on with it.
    pub fn back_to_now(self) {
        self.past_ms.set(None);
        self.paused.set(None);
        self.log.set_value(Log::default());
        #[cfg(feature = "hydrate")]
        stream::start_over(self);
    }

    fn publish(&self, changes: &Changes) {
        if changes.seq.is_none() {
            return;
        }
        let changed = self.store.try_update_value(|store| {
            changes.rows.iter().map(|id| store.refresh(id)).fold(store::Listed::default(), store::Listed::or)
        });
        let listed = changed.unwrap_or_default().or(changes.listed);
        for (list, changed) in [
            (self.lists.agents, listed.agents),
            (self.lists.tasks, listed.tasks),
            (self.lists.locks, listed.locks),
            (self.lists.messages, listed.messages),
        ] {
            if changed {
                list.update(|version| *version = version.wrapping_add(1));
            }
        }
        if changes.counts {
            let (tasks, at_ms) = self.peek(|state| (state.tasks().len(), state.at_ms()));
            if tasks < MANY || at_ms - self.counted_ms.get_value() >= COUNTED_EVERY_MS {
                self.count();
            } else {
                self.count_due.set_value(true);
            }
        }
        if changes.feed {
            self.feed.set(self.store.with_value(|store| store.feed().to_vec()));
        }
        if let Some(seq) = changes.seq {
            self.seq.set(seq);
        }
    }

    /// Counts everything that changes with the whole of the state.
    fn count(&self) {
        self.count_due.set_value(false);
        self.counted_ms.set_value(self.peek(State::at_ms));
        self.set_if_other(self.figures, Figures::of);
        self.find_needs();
        self.counted.update(|version| *version = version.wrapping_add(1));
    }

    /// Counts what was put off, if anything was.
    pub fn count_if_due(&self) {
        if self.count_due.get_value() {
            self.count();
        }
    }

    /// Finds what needs the person now. Some of it comes with time alone.
    pub fn find_needs(&self) {
        let now_ms = self.now_ms.get_untracked();
        self.set_if_other(self.needs, |state| needs::needs(state, now_ms));
    }

    fn set_if_other<T: PartialEq + Send + Sync + 'static>(
        &self,
        signal: RwSignal<T>,
        of: impl FnOnce(&State) -> T,
    ) {
        let now = self.peek(of);
        if signal.with_untracked(|before| *before != now) {
            signal.set(now);
        }
    }

    /// Reads the state without following it.
    pub fn peek<R>(&self, read: impl FnOnce(&State) -> R) -> R {
        self.store.with_value(|store| read(store.state()))
    }

    /// What does not change while the page is open.
    pub fn about(&self) -> About {
        self.about.get_value()
    }

    /// Why nothing can be done at the moment, for the person; `None` when everything can.
    pub fn why_not(&self) -> Option<&'static str> {
        if self.past_ms.get().is_some() {
            return Some("This is the past: nothing can be done about it. Go back to now first.");
        }
        if self.about.with_value(|about| about.who.as_ref().is_some_and(|who| !who.acts)) {
            return Some(
                "You are looking on: your token shows you everything and lets you do nothing. An admin's acts.",
            );
        }
        match self.link.get() {
            Link::Live => None,
            Link::Opening => Some("The page is still connecting to the server."),
            Link::Broken { .. } => {
                Some("There is no connection to the server. It will work again when there is.")
            }
        }
    }

    /// Connects to the server and stays connected, in the browser; nothing elsewhere.
    pub fn connect(self) {
        #[cfg(feature = "hydrate")]
        stream::connect(self);
    }

    /// Holds the picture still, or lets it go on with all that has happened meanwhile.
    pub fn pause_or_go_on(self) {
        if self.past_ms.get_untracked().is_some() {
            return self.back_to_now();
        }
        let now = if self.paused.get_untracked().is_some() { None } else { Some(0) };
        self.paused.set(now);
        #[cfg(feature = "hydrate")]
        stream::go_on(self);
    }

    /// Tries again at once to reach the server.
    pub fn retry(self) {
        #[cfg(feature = "hydrate")]
        stream::retry(self);
    }
}

/// What the page starts with: on the server from the context of the request, in the browser from the page itself.
pub fn boot() -> Arc<Boot> {
    #[cfg(feature = "hydrate")]
    let found = stream::boot_of_page();
    #[cfg(not(feature = "hydrate"))]
    let found = use_context::<Arc<Boot>>();
    // Without one (when the routes are listed, say) there is an empty project to show.
    found.unwrap_or_default()
}

/// The live picture of the page.
pub fn use_live() -> Live {
    use_context::<Live>().unwrap_or_else(|| Live::new(&Boot::default()))
}
