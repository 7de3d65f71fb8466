//! What is told on hover: date and time, in the person's zone, of what the page tells relative to now; and the whole of what is cut
//! off. Only when somebody points at it, since a page has hundreds of them, and setting a date or measuring takes its time.

use leptos::ev;
use web_sys::Element;

use crate::components::bits::AT;
use crate::dom;
use crate::prelude::*;

/// What the style cuts off where there is no room for it (`text-overflow`).
const CUT: &str = ".path,.card .caption,.lane>:first-child,.lane .bar>span,.top h1,.row a,.row .caption,.row .gist,\
                   .needs li>p,.kind,.mail-head a,.figures dt,.figures .more,.threads .row-link";
/// Stands on what is told in full here: it is told anew each time, since the words may have changed.
const TOLD: &str = "data-told";

/// Listens for the pointer.
pub fn listen() {
    let _ = window_event_listener(ev::pointerover, |event| {
        if let Some(target) = dom::element_of(event.target()) {
            tell(&target);
        }
    });
}

fn tell(target: &Element) {
    let around = |selector: &str| target.closest(selector).ok().flatten();
    if let Some(time) = around("time") {
        if let Some(at_ms) = time.get_attribute(AT).and_then(|at| at.parse().ok()) {
            let _ = time.set_attribute("title", &dom::date_and_time(at_ms));
        }
        return;
    }
    let Some(cut) = around(CUT) else { return };
    let is_news = || !cut.has_attribute("title") && cut.scroll_width() > cut.client_width();
    if cut.has_attribute(TOLD) || is_news() {
        let _ = cut.set_attribute(TOLD, "");
        let _ = cut.set_attribute("title", &cut.text_content().unwrap_or_default());
    }
}
