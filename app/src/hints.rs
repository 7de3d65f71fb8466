//! What is told on hover: date and time, in the person's zone, of what the page tells relative to now. Only when somebody points
//! at it, since a page tells hundreds of times and setting a date takes its time.

use leptos::ev;

use crate::components::bits::AT;
use crate::dom;
use crate::prelude::*;

/// Listens for the pointer.
pub fn listen() {
    let _ = window_event_listener(ev::pointerover, |event| {
        let told = dom::element_of(event.target()).and_then(|target| target.closest("time").ok().flatten());
        let Some(told) = told else { return };
        if let Some(at_ms) = told.get_attribute(AT).and_then(|at| at.parse().ok()) {
            let _ = told.set_attribute("title", &dom::date_and_time(at_ms));
        }
    });
}
