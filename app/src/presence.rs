//! Whether anybody looks. The browser remembers when that was last, for all tabs of the page, and up to which event; who comes
//! back after a while is told what happened since.

use std::time::Duration;

use crate::prelude::*;
use engine::TimeMs;
use wasm_bindgen::JsValue;
use wasm_bindgen::closure::Closure;
use web_sys::wasm_bindgen::JsCast;

use crate::desk::{Desk, Left};
use crate::live::Live;

/// How often a page that is looked at says so.
const SAID_EVERY: Duration = Duration::from_secs(20);
/// From how long on somebody was away, in milliseconds.
const AWAY_MS: TimeMs = 5 * 60_000;
/// Under which name it is remembered.
const KEY: &str = "manus_seen";

/// Keeps watch.
pub fn watch(live: Live, desk: Desk) {
    come_back(live, desk);
    let changed: Closure<dyn FnMut()> = Closure::new(move || match document().hidden() {
        true => remember(live),
        false => come_back(live, desk),
    });
    let _ = document().add_event_listener_with_callback("visibilitychange", changed.as_ref().unchecked_ref());
    changed.forget();
    let look = move || {
        if !document().hidden() {
            remember(live);
        }
    };
    let _ = set_interval_with_handle(look, SAID_EVERY);
}

fn come_back(live: Live, desk: Desk) {
    let now_ms = live.clock_ms.get_untracked();
    let left = recall(&live.about().project).filter(|left| now_ms - left.at_ms >= AWAY_MS);
    // Of another project at the same address there may be fewer events.
    if let Some(left) = left.filter(|left| left.seq <= live.seq.get_untracked()) {
        desk.left.set(Some(left));
    }
    remember(live);
}

/// Where the browser keeps what pages want to remember; not every browser lets them.
fn storage() -> Option<JsValue> {
    js_sys::Reflect::get(&window(), &"localStorage".into()).ok().filter(JsValue::is_object)
}

fn remember(live: Live) {
    let is_now = live.past_ms.get_untracked().is_none() && !live.link.get_untracked().is_broken();
    let Some(storage) = storage().filter(|_| is_now) else { return };
    let (at_ms, seq) = (live.clock_ms.get_untracked(), live.seq.get_untracked());
    let said = format!("{at_ms} {seq} {}", live.about().project);
    // A full storage forgets; there is nothing else to do about it.
    let _ = js_sys::Reflect::set(&storage, &KEY.into(), &said.into());
}

fn recall(project: &str) -> Option<Left> {
    let said = js_sys::Reflect::get(&storage()?, &KEY.into()).ok()?.as_string()?;
    let mut words = said.splitn(3, ' ');
    let (at_ms, seq) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    (words.next() == Some(project)).then_some(Left { seq, at_ms })
}
