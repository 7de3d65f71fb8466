//! Whether anybody looks. The browser remembers when that was last, for all tabs of the page, and up to which event; who comes
//! back after a while is told what happened since.

use std::time::Duration;

use crate::prelude::*;
use engine::TimeMs;
use wasm_bindgen::JsValue;
use wasm_bindgen::closure::Closure;
use web_sys::wasm_bindgen::JsCast;

use crate::desk::{Desk, Left};
use crate::dom;
use crate::live::Live;
use crate::nav::{Nav, Room};

/// How often a page that is looked at says so.
const SAID_EVERY: Duration = Duration::from_secs(20);
/// From how long on somebody was away, in milliseconds.
const AWAY_MS: TimeMs = 5 * 60_000;
/// Under which name it is remembered.
const KEY: &str = "manus_seen";

/// Notes when the page is put on paper, which then has its date and the whole of what needs somebody.
pub fn watch_paper(live: Live, desk: Desk) {
    let _ = window_event_listener_untyped("beforeprint", move |_| {
        let at_ms = live.past_ms.get_untracked().unwrap_or(live.clock_ms.get_untracked());
        desk.printed.set(dom::date_and_time(at_ms));
    });
    let _ = window_event_listener_untyped("afterprint", move |_| desk.printed.set(String::new()));
}

/// Keeps watch.
pub fn watch(live: Live, desk: Desk, nav: Nav) {
    let watch = Watch { live, desk, nav };
    watch.come_back();
    let changed: Closure<dyn FnMut()> = Closure::new(move || match document().hidden() {
        true => watch.remember(),
        false => watch.come_back(),
    });
    let _ = document().add_event_listener_with_callback("visibilitychange", changed.as_ref().unchecked_ref());
    changed.forget();
    let look = move || {
        if !document().hidden() {
            watch.remember();
        }
    };
    let _ = set_interval_with_handle(look, SAID_EVERY);
}

#[derive(Clone, Copy)]
struct Watch {
    live: Live,
    desk: Desk,
    nav: Nav,
}

impl Watch {
    fn come_back(self) {
        let now_ms = self.live.clock_ms.get_untracked();
        let left = recall(&self.live.about().project).filter(|left| now_ms - left.at_ms >= AWAY_MS);
        // Of another project at the same address there may be fewer events.
        if let Some(left) = left.filter(|left| left.seq <= self.live.seq.get_untracked()) {
            self.desk.left.set(Some(left));
        }
        self.remember();
    }

    fn remember(self) {
        let live = self.live;
        let is_now = live.past_ms.get_untracked().is_none() && !live.link.get_untracked().is_broken();
        // What happened meanwhile is told in the overview. Who has not been there yet has not seen it, however often the page is
        // loaded.
        let is_seen = self.nav.place_now().room == Some(Room::Overview)
            || self.desk.left.with_untracked(Option::is_none);
        let Some(storage) = storage().filter(|_| is_now && is_seen) else { return };
        let (at_ms, seq) = (live.clock_ms.get_untracked(), live.seq.get_untracked());
        let said = format!("{at_ms} {seq} {}", live.about().project);
        // A full storage forgets; there is nothing else to do about it.
        let _ = js_sys::Reflect::set(&storage, &KEY.into(), &said.into());
    }
}

/// Where the browser keeps what pages want to remember; not every browser lets them.
fn storage() -> Option<JsValue> {
    js_sys::Reflect::get(&window(), &"localStorage".into()).ok().filter(JsValue::is_object)
}

fn recall(project: &str) -> Option<Left> {
    let said = js_sys::Reflect::get(&storage()?, &KEY.into()).ok()?.as_string()?;
    let mut words = said.splitn(3, ' ');
    let (at_ms, seq) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    (words.next() == Some(project)).then_some(Left { seq, at_ms })
}
