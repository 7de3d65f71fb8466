//! The few things that need the browser itself.

use crate::prelude::*;
use leptos::wasm_bindgen::JsCast;
use web_sys::{Element, EventTarget, HtmlElement};

/// Stands on the document's root once a session has ended, until the page is let in again.
#[cfg(feature = "hydrate")]
pub const OUT_MARK: &str = "data-out";

/// The element that an event is about.
pub fn element_of(target: Option<EventTarget>) -> Option<Element> {
    target?.dyn_into().ok()
}

/// Puts the focus on an element.
pub fn focus(element: Option<Element>) {
    if let Some(element) = html(element) {
        // Without focus the person goes on with the pointer.
        let _ = element.focus();
    }
}

/// Marks what has the focus before something opens over it or beside it, so that [`keep_focus`] finds back. Of a line with keys, the
/// line as a whole, and the one after it: the first may be dealt with meanwhile. What is in the drawer is no place to go back to.
pub fn mark_place() {
    let here = document().active_element();
    if here.as_ref().is_some_and(|here| matches!(here.closest(".drawer"), Ok(Some(_)))) {
        return;
    }
    let line = here.as_ref().and_then(|here| here.closest(".needs li").ok().flatten());
    mark(AFTER, line.as_ref().and_then(Element::next_element_sibling));
    mark(FROM, line.or(here));
}

const FROM: &str = "data-from";
const AFTER: &str = "data-after";

fn mark(name: &str, place: Option<Element>) {
    if let Some(before) = find(&["[", name, "]"].concat()) {
        let _ = before.remove_attribute(name);
    }
    if let Some(place) = place {
        let _ = place.set_attribute(name, "");
    }
}

/// When nothing has the focus any more after the next frame, since what had it is gone, gives it to where the person came from, else
/// to the room: there the keys and a screen reader go on.
pub fn keep_focus() {
    request_animation_frame(|| {
        if is_nowhere() {
            let places = ["[data-from]:not(.gone, body)", "[data-after]:not(.gone)", "#room"];
            focus(places.into_iter().find_map(find));
        }
    });
}

/// Whether nothing has the focus.
pub fn is_nowhere() -> bool {
    document().active_element().is_none_or(|element| element.tag_name() == "BODY")
}

/// Does what a click on an element does.
pub fn click(element: Option<Element>) {
    if let Some(element) = html(element) {
        element.click();
    }
}

fn html(element: Option<Element>) -> Option<HtmlElement> {
    element?.dyn_into().ok()
}

/// The first element that a selector finds.
pub fn find(selector: &str) -> Option<Element> {
    document().query_selector(selector).ok().flatten()
}

/// Does something when the browser has nothing else to do.
#[cfg(feature = "hydrate")]
pub fn when_idle(act: impl Fn() + Clone + 'static) {
    // Not every browser tells when that is.
    if request_idle_callback_with_handle(act.clone()).is_err() {
        set_timeout(act, std::time::Duration::from_secs(2));
    }
}

/// Lets the browser do what is waiting: draw, and hear what the person does.
#[cfg(feature = "hydrate")]
pub async fn next_task() {
    let (done, wait) = futures::channel::oneshot::channel();
    set_timeout(
        move || {
            let _ = done.send(());
        },
        std::time::Duration::ZERO,
    );
    // The sender stays until then.
    let _ = wait.await;
}

/// Puts a text into the clipboard.
#[cfg(feature = "hydrate")]
pub fn copy(text: &str) {
    // The answer is a promise; where the clipboard is not allowed, the text stands on the page to be selected.
    let _ = window().navigator().clipboard().write_text(text);
}

/// Puts a text into the clipboard.
#[cfg(not(feature = "hydrate"))]
pub fn copy(_text: &str) {}

/// The time of day in the person's zone, as in `12:04:31`. Empty outside a browser.
#[cfg(feature = "hydrate")]
pub fn time_of_day(ms: engine::TimeMs) -> String {
    let date = js_sys::Date::new(&(ms as f64).into());
    format!("{:02}:{:02}:{:02}", date.get_hours(), date.get_minutes(), date.get_seconds())
}

/// The time of day in the person's zone. Empty outside a browser.
#[cfg(not(feature = "hydrate"))]
pub fn time_of_day(_ms: engine::TimeMs) -> String {
    String::new()
}

/// Date and time as the person's browser writes them. Empty outside a browser.
#[cfg(feature = "hydrate")]
pub fn date_and_time(ms: engine::TimeMs) -> String {
    thread_local! {
        // Made once: making it takes much longer than writing a date with it.
        static FORMAT: js_sys::Intl::DateTimeFormat = date_and_time_format();
    }
    let date = js_sys::Date::new(&(ms as f64).into());
    let written = FORMAT.with(|format| format.format().call1(&wasm_bindgen::JsValue::NULL, &date));
    written.ok().and_then(|written| written.as_string()).unwrap_or_default()
}

#[cfg(feature = "hydrate")]
fn date_and_time_format() -> js_sys::Intl::DateTimeFormat {
    let options = js_sys::Object::new();
    for part in ["year", "month", "day", "hour", "minute", "second"] {
        // Only frozen objects refuse it.
        let _ = js_sys::Reflect::set(&options, &part.into(), &"numeric".into());
    }
    js_sys::Intl::DateTimeFormat::new(&js_sys::Array::new(), &options)
}

/// Date and time as the person's browser writes them. Empty outside a browser.
#[cfg(not(feature = "hydrate"))]
pub fn date_and_time(_ms: engine::TimeMs) -> String {
    String::new()
}

/// A text in small letters, to be compared. The browser knows all alphabets already.
#[cfg(feature = "hydrate")]
pub fn lower(text: &str) -> String {
    if text.is_ascii() {
        text.to_ascii_lowercase()
    } else {
        js_sys::JsString::from(text).to_lower_case().into()
    }
}

/// A text in small letters, to be compared.
#[cfg(not(feature = "hydrate"))]
pub fn lower(text: &str) -> String {
    text.to_lowercase()
}

/// A number with its fraction, as it is written in JSON.
#[cfg(feature = "hydrate")]
pub fn number(value: f64) -> String {
    js_sys::JsString::from(wasm_bindgen::JsValue::from(value)).into()
}

/// A number with its fraction, as it is written in JSON.
#[cfg(not(feature = "hydrate"))]
pub fn number(value: f64) -> String {
    value.to_string()
}

/// A name for a call that nothing else has, so that repeating the call does nothing twice.
#[cfg(feature = "hydrate")]
pub fn fresh_id() -> String {
    let part = || (js_sys::Math::random() * f64::from(u32::MAX)) as u32;
    format!("page-{:x}-{:08x}{:08x}", js_sys::Date::now() as u64, part(), part())
}

/// A name for a call that nothing else has. Empty outside a browser.
#[cfg(not(feature = "hydrate"))]
pub fn fresh_id() -> String {
    String::new()
}
