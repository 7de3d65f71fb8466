//! The browser's part of the live store: one event stream, applied once a frame, let go of while nobody looks.

use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use crate::prelude::*;
use engine::{Record, Seq, TimeMs};
use leptos::task::spawn_local;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{EventSource, MessageEvent};

use super::{BOOT_ID, Boot, Link, Live};
use crate::dom::OUT_MARK;
use crate::{api, read};

/// The server's word that too much was missed.
const RESYNC: &str = "resync";
/// What that event ends with when it is of another log than the page, in whose place it was restored.
const RESTORED: &str = "\"restored\":true}";
/// Clocks that differ by less are taken for the same one: rendering and the way here take some time, too.
const SAME_CLOCK_MS: TimeMs = 1_000;
/// How long after a break it takes until what was missed has surely arrived.
const CATCHING_UP: Duration = Duration::from_millis(700);
/// How many events are held back while the picture is paused; with more it starts over afterwards.
const HELD_MOST: usize = 20_000;
/// How long after a break it is asked whether this person may still look.
const STILL_LET_IN: Duration = Duration::from_secs(2);
/// How long the page rests at the most after a frame, in milliseconds.
const REST_MOST_MS: TimeMs = 100;
/// From how many events a second on nobody could follow them with the eye.
const FLOOD: usize = 50;
/// Stands on the document's root while there is a flood of events: what changes is then not tinted.
const FLOOD_MARK: &str = "data-flood";
/// How often it is told at the most how long a change takes to appear, in milliseconds: telling is a change of its own.
const LAG_EVERY_MS: TimeMs = 1_000;
/// How often what needs the person is looked for at the least, in milliseconds: some of it comes with time alone.
const NEEDS_EVERY_MS: TimeMs = 60_000;
/// How long the page says that it caught up.
const SAYING_SO: Duration = Duration::from_secs(6);

type Handler<E> = Closure<dyn FnMut(E)>;

/// The page's connection.
struct Wire {
    live: Live,
    /// The server's clock minus the browser's, in milliseconds.
    skew_ms: TimeMs,
    source: RefCell<Option<EventSource>>,
    /// What arrived since the last frame.
    waiting: RefCell<Vec<String>>,
    /// True from when a frame is asked for until it is painted.
    frame: Cell<bool>,
    /// Before when no further frame is asked for, by the browser's clock.
    rest_until_ms: Cell<TimeMs>,
    /// How many events were applied since the last tick.
    lately: Cell<usize>,
    /// When it was told last how long a change takes to appear, by the browser's clock.
    lag_told_ms: Cell<TimeMs>,
    /// When the stream was opened last: what is older was on the way for other reasons than its own.
    opened_ms: Cell<TimeMs>,
    /// Where the picture stood when the connection broke.
    broke_at: Cell<Option<Seq>>,
    on_event: Handler<MessageEvent>,
    on_resync: Handler<MessageEvent>,
    on_open: Handler<web_sys::Event>,
    on_error: Handler<web_sys::Event>,
}

thread_local! {
    static WIRE: OnceCell<Rc<Wire>> = const { OnceCell::new() };
}

/// Runs something with the page's connection, once there is one.
fn with_wire(act: impl FnOnce(&Rc<Wire>)) {
    WIRE.with(|wire| wire.get().map(act));
}

/// What the server left in the page.
pub fn boot_of_page() -> Option<Arc<Boot>> {
    let text = document().get_element_by_id(BOOT_ID)?.text_content()?;
    match read::from_json(text.as_bytes()) {
        Ok(boot) => Some(Arc::new(boot)),
        Err(error) => {
            leptos::logging::error!("the page's data cannot be read: {error}");
            None
        }
    }
}

/// Opens the stream and keeps it open while the page is looked at.
pub fn connect(live: Live) {
    let skew_ms = skew(live.now_ms.get_untracked());
    let wire = Rc::new(Wire {
        live,
        skew_ms,
        source: RefCell::new(None),
        waiting: RefCell::default(),
        frame: Cell::new(false),
        rest_until_ms: Cell::new(0),
        lately: Cell::new(0),
        lag_told_ms: Cell::new(0),
        opened_ms: Cell::new(0),
        broke_at: Cell::new(None),
        on_event: Closure::new(|event: MessageEvent| with_wire(|wire| wire.receive(&event))),
        on_resync: Closure::new(|event: MessageEvent| match event.data().as_string() {
            // Another history: nothing of this page holds.
            Some(data) if data.ends_with(RESTORED) => drop(window().location().reload()),
            _ => with_wire(Wire::start_over),
        }),
        on_open: Closure::new(|_| with_wire(Wire::opened)),
        on_error: Closure::new(|_| with_wire(|wire| wire.broken())),
    });
    if WIRE.with(|place| place.set(wire.clone())).is_err() {
        return;
    }
    let _ = set_interval_with_handle(|| with_wire(|wire| wire.tick()), Duration::from_secs(1));
    let listen = |name: &'static str, act: fn(&Rc<Wire>)| {
        let _ = window_event_listener_untyped(name, move |_| with_wire(act));
    };
    listen("online", |wire| wire.open());
    listen("offline", |wire| wire.broken());
    let changed: Handler<web_sys::Event> = Closure::new(|_| with_wire(|wire| wire.looked_at()));
    let _ = document().add_event_listener_with_callback("visibilitychange", changed.as_ref().unchecked_ref());
    changed.forget();
    wire.looked_at();
}

/// Shows what was held back, unless the picture is still paused.
pub fn go_on(_live: Live) {
    with_wire(|wire| wire.clone().draw());
}

/// Takes the whole picture anew.
pub fn start_over(_live: Live) {
    with_wire(Wire::start_over);
}

/// Tries at once.
pub fn retry(_live: Live) {
    with_wire(|wire| wire.open());
}

impl Wire {
    /// The server's time.
    fn now_ms(&self) -> TimeMs {
        browser_ms() + self.skew_ms
    }

    fn looked_at(&self) {
        if !document().hidden() {
            self.open();
        } else if let Some(source) = self.source.take() {
            source.close();
            if self.live.link.get_untracked() == Link::Live {
                self.live.link.set(Link::Opening);
            }
        }
    }

    fn open(&self) {
        if self.source.borrow().is_some() || document().hidden() {
            return;
        }
        let url =
            format!("/api/v1/events?since={}&log={}", self.live.seq.get_untracked(), self.live.about().log);
        let Ok(source) = EventSource::new(&url) else { return self.broken() };
        for kind in engine::Event::KINDS.iter().copied() {
            let _ = source.add_event_listener_with_callback(kind, self.on_event.as_ref().unchecked_ref());
        }
        let _ = source.add_event_listener_with_callback(RESYNC, self.on_resync.as_ref().unchecked_ref());
        source.set_onopen(Some(self.on_open.as_ref().unchecked_ref()));
        source.set_onerror(Some(self.on_error.as_ref().unchecked_ref()));
        self.source.replace(Some(source));
    }

    fn opened(self: &Rc<Self>) {
        self.live.link.set(Link::Live);
        if let Some(root) = document().document_element() {
            let _ = root.remove_attribute(OUT_MARK);
        }
        self.opened_ms.set(self.now_ms());
        self.tick();
        let Some(before) = self.broke_at.take() else { return };
        let live = self.live;
        set_timeout(
            move || {
                live.caught_up.set(Some(live.seq.get_untracked().saturating_sub(before)));
                set_timeout(move || live.caught_up.set(None), SAYING_SO);
            },
            CATCHING_UP,
        );
    }

    /// The browser would try again by itself, but not tell when; so this is ours.
    fn broken(&self) {
        if let Some(source) = self.source.take() {
            source.close();
        }
        self.apply_waiting();
        if self.broke_at.get().is_none() {
            self.broke_at.set(Some(self.live.seq.get_untracked()));
        }
        let now_ms = self.now_ms();
        self.live.clock_ms.set(now_ms);
        self.live.link.update(|link| *link = link.broken(now_ms));
        // A stream does not tell why it ended. Whoever is let in no more learns it from any call, and is led to the way in; not at
        // once, since who logs out is on the way there already.
        if self.live.about().who.is_some() {
            let ask = || {
                spawn_local(async {
                    let _ = api::post(&format!("{}get_manus", api::PREFIX), "{}".to_owned()).await;
                });
            };
            set_timeout(ask, STILL_LET_IN);
        }
    }

    fn tick(&self) {
        let now_ms = self.now_ms();
        self.live.clock_ms.set(now_ms);
        self.live.count_if_due();
        if let Some(root) = document().document_element() {
            // Without the mark there is only more to paint.
            let _ = root.toggle_attribute_with_force(FLOOD_MARK, self.lately.replace(0) >= FLOOD);
        }
        let link = self.live.link.get_untracked();
        if !link.is_broken() {
            if self.live.past_ms.get_untracked().is_none() {
                let before_ms = self.live.now_ms.get_untracked();
                self.live.now_ms.set(now_ms);
                if now_ms / NEEDS_EVERY_MS != before_ms / NEEDS_EVERY_MS {
                    self.live.find_needs();
                }
            }
        } else if link.is_due(now_ms) {
            self.open();
        }
    }

    fn receive(self: &Rc<Self>, event: &MessageEvent) {
        let Some(data) = event.data().as_string() else { return };
        self.waiting.borrow_mut().push(data);
        if self.live.paused.get_untracked().is_some() {
            let held = self.waiting.borrow().len();
            // What is too much to hold back is read anew when the picture goes on.
            if held > HELD_MOST {
                self.waiting.borrow_mut().clear();
            }
            self.live.paused.update(|held| *held = held.map(|held| held + 1));
        } else if !self.frame.replace(true) {
            self.ask_for_frame();
        }
    }

    /// Draws with the next frame, once the page has rested from the one before.
    fn ask_for_frame(self: &Rc<Self>) {
        let wire = self.clone();
        let ask = move || request_animation_frame(move || wire.draw());
        // Clocks are put back now and then.
        let rest_ms = (self.rest_until_ms.get() - browser_ms()).min(REST_MOST_MS);
        match u64::try_from(rest_ms) {
            Ok(rest_ms) if rest_ms > 0 => set_timeout(ask, Duration::from_millis(rest_ms)),
            _ => ask(),
        }
    }

    fn draw(self: Rc<Self>) {
        if self.live.paused.get_untracked().is_some() {
            return self.frame.set(false);
        }
        let begun_ms = browser_ms();
        let newest = self.apply_waiting();
        // A timeout set within a frame runs after that frame is painted.
        set_timeout(move || self.painted(begun_ms, newest), Duration::ZERO);
    }

    /// After a frame. The page rests for half as long as that took, so that whatever happens at once is drawn at once, and much of
    /// it leaves a third of the time to everything else: what comes meanwhile is drawn together.
    fn painted(self: Rc<Self>, begun_ms: TimeMs, newest: Option<TimeMs>) {
        let painted_ms = browser_ms();
        self.rest_until_ms.set(painted_ms + ((painted_ms - begun_ms) / 2).clamp(0, REST_MOST_MS));
        if let Some(at_ms) = newest.filter(|at_ms| *at_ms > self.opened_ms.get())
            && painted_ms - self.lag_told_ms.get() >= LAG_EVERY_MS
        {
            self.lag_told_ms.set(painted_ms);
            self.live.lag_ms.set(Some((self.now_ms() - at_ms).max(0)));
        }
        let more = !self.waiting.borrow().is_empty() && self.live.paused.get_untracked().is_none();
        self.frame.set(more);
        if more {
            self.ask_for_frame();
        }
    }

    /// Applies what has arrived; answers the time of the newest event.
    fn apply_waiting(&self) -> Option<TimeMs> {
        let waiting = self.waiting.take();
        let mut records: Vec<Record> = Vec::with_capacity(waiting.len());
        let mut unknown = false;
        for text in &waiting {
            match read::from_json(text.as_bytes()) {
                Ok(record) => records.push(record),
                Err(error) => {
                    leptos::logging::error!("an event cannot be read: {error}");
                    unknown = true;
                    break;
                }
            }
        }
        self.lately.set(self.lately.get() + records.len());
        if self.live.apply(&records).is_err() || unknown {
            with_wire(Wire::start_over);
        }
        records.last().map(|record| record.at_ms)
    }

    /// Too much was missed, or something could not be read: takes the whole picture anew.
    fn start_over(self: &Rc<Self>) {
        if let Some(source) = self.source.take() {
            source.close();
        }
        self.waiting.take();
        let wire = self.clone();
        spawn_local(async move {
            match api::call(api::Snapshot::new()).await {
                Ok(snapshot) => {
                    wire.live.replace(snapshot);
                    wire.open();
                }
                Err(_) => wire.broken(),
            }
        });
    }
}

fn browser_ms() -> TimeMs {
    js_sys::Date::now() as TimeMs
}

/// The server's clock minus the browser's, by the moment at which the page's first byte arrived.
fn skew(rendered_ms: TimeMs) -> TimeMs {
    let arrived = window().performance().and_then(|performance| {
        let entry = performance.get_entries_by_type("navigation").get(0);
        let start = js_sys::Reflect::get(&entry, &"responseStart".into()).ok()?.as_f64()?;
        Some((performance.time_origin() + start) as TimeMs)
    });
    let skew_ms = rendered_ms - arrived.unwrap_or_else(browser_ms);
    if skew_ms.abs() < SAME_CLOCK_MS { 0 } else { skew_ms }
}
