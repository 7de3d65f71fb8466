//! Looking back: the banner that says of when the picture is, with the slider that goes through time.

use crate::prelude::*;
use engine::{Record, TimeMs};
use leptos::task::spawn_local;

use super::acts::Fault;
use super::bits::{button, icon_button};
use super::icon::icon;
use crate::api::{self, ListEvents, Snapshot};
use crate::desk::{Desk, use_desk};
use crate::dom;
use crate::live::past::{LONGEST, Log};
use crate::live::{Live, use_live, words};
use crate::ui::{IntoNode, Node, el, nodes, when};

/// How many events come at once.
const PAGE: i64 = 1_000;

/// The button that begins to look back.
pub fn look_back() -> Node {
    button("button quiet", |desk| desk.step(false))
        .test_id("look-back")
        .add(icon("undo"))
        .add("Look back")
        .into_node()
}

/// Steps to the event before or after; looking back begins with the first step.
fn step(live: Live, desk: Desk, forward: bool) {
    match live.past_ms.get_untracked() {
        None if forward => {}
        None => begin(live, desk),
        Some(at_ms) => match live.log.with_value(|log| log.step(at_ms, forward)) {
            Some(at_ms) => live.show_past(at_ms),
            // Behind the newest comes now.
            None if forward => live.back_to_now(),
            None => {}
        },
    }
}

/// Loads the log, and shows the picture of a moment ago.
fn begin(live: Live, desk: Desk) {
    spawn_local(async move {
        let start = match api::call(Snapshot { at_log_start: Some(true) }).await {
            Ok(start) => start,
            Err(error) => return desk.complain(Fault::from(error).text),
        };
        if live.seq.get_untracked() - start.seq > LONGEST {
            let text = format!("The log is too long to be replayed here: it has more than {LONGEST} events.");
            return desk.complain(text);
        }
        let mut records: Vec<Record> = Vec::new();
        let mut cursor = None;
        loop {
            let call = ListEvents { cursor, limit: Some(PAGE), ..ListEvents::new() };
            match api::call(call).await {
                Ok(page) => {
                    records.extend(page.items);
                    cursor = page.next_cursor;
                }
                Err(error) => return desk.complain(Fault::from(error).text),
            }
            if cursor.is_none() {
                break;
            }
        }
        let log = Log::new(start, records);
        if let Some((_, last_ms)) = log.span_ms() {
            live.log.set_value(log);
            live.show_past(last_ms);
        }
    });
}

/// Follows the steps in time, and shows where they led.
pub fn travel() -> Node {
    let (live, desk) = (use_live(), use_desk());
    effect(move || {
        if let Some((_, forward)) = desk.steps.get() {
            step(live, desk, forward);
        }
    });
    past_banner()
}

/// While the picture is of the past: of when it is, and the way through time and back to now.
fn past_banner() -> Node {
    let live = use_live();
    let at_ms = move || live.past_ms.get().unwrap_or_default();
    let shown = move || {
        let (first_ms, last_ms) = live.log.with_value(Log::span_ms).unwrap_or_default();
        let slider = el("input")
            .attr("type", "range")
            .attr("aria-label", "Moment")
            .attr("aria-valuetext", move || dom::date_and_time(at_ms()))
            .attr("min", "0")
            .attr("max", (last_ms - first_ms).to_string())
            .value(move || (at_ms() - first_ms).to_string())
            .on("input", move |event| {
                if let Ok(offset_ms) = event_target_value(&event).parse::<TimeMs>() {
                    live.show_past(first_ms + offset_ms);
                }
            });
        let told = nodes![
            "As it was at ",
            el("b").class("num").add(move || dom::time_of_day(at_ms())),
            ", ",
            move || words::for_long(live.clock_ms.get() - at_ms()),
            " ago",
        ];
        let back = icon_button("arrow-left", "The event before ([)", |desk| desk.step(false));
        let on = icon_button("arrow-right", "The next event (])", |desk| desk.step(true));
        let now =
            button("button small", move |_| live.back_to_now()).test_id("back-to-now").add("Back to now");
        el("section")
            .class("banner past")
            .attr("aria-label", "The past")
            .test_id("past")
            .add(icon("clock"))
            .add(el("p").add(told))
            .add(nodes![back, slider, on, now])
    };
    when(move || live.past_ms.get().is_some(), shown)
}
