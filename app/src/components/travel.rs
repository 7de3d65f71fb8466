//! Looking back: the banner that says of when the picture is, with the slider that goes through time.

use std::cell::Cell;

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
use crate::nav::{Nav, use_nav};
use crate::ui::{IntoNode, Node, el, nodes, when};

/// How many events come at once.
const PAGE: i64 = 1_000;
/// What the moment is called in the address.
const AT: &str = "at";

/// The button that begins to look back.
pub fn look_back() -> Node {
    button("button quiet", |desk| desk.step(false))
        .test_id("look-back")
        .add(icon("undo"))
        .add("Look back")
        .into_node()
}

/// Steps to the event before or after; looking back begins with the first step.
fn step(live: Live, desk: Desk, nav: Nav, forward: bool) {
    match live.past_ms.get_untracked() {
        None if forward => {}
        None => begin(live, desk, nav, None),
        Some(at_ms) => match live.log.with_value(|log| log.step(at_ms, forward)) {
            // After the newest everything is as it is now.
            next if forward && (next.is_none() || next == live.log.with_value(Log::last)) => {
                live.back_to_now()
            }
            Some(at_ms) => live.show_past(at_ms),
            None => {}
        },
    }
}

/// Loads the log, and shows the picture of a moment: without one, of that before the newest event.
fn begin(live: Live, desk: Desk, nav: Nav, at_ms: Option<TimeMs>) {
    spawn_local(async move {
        match load(live).await {
            Ok(log) => {
                let at_ms = at_ms.or_else(|| log.before_last());
                live.log.set_value(log);
                at_ms.into_iter().for_each(|at_ms| live.show_past(at_ms));
            }
            Err(text) => {
                desk.complain(text);
                nav.choose(AT, "");
            }
        }
    });
}

/// The whole log; or why it cannot be had.
async fn load(live: Live) -> Result<Log, String> {
    let told = |error| Fault::from(error).text;
    let start = api::call(Snapshot { at_log_start: Some(true) }).await.map_err(told)?;
    if live.seq.get_untracked().saturating_sub(start.seq) > LONGEST {
        return Err(format!("The log is too long to be replayed here: it has more than {LONGEST} events."));
    }
    let mut records: Vec<Record> = Vec::new();
    let mut cursor = None;
    loop {
        let call = ListEvents { cursor, limit: Some(PAGE), ..ListEvents::new() };
        let page = api::call(call).await.map_err(told)?;
        records.extend(page.items);
        cursor = page.next_cursor;
        if cursor.is_none() {
            return Ok(Log::new(start, records));
        }
    }
}

/// Keeps address and picture at the same moment: whichever has moved leads the other.
fn keep_together(live: Live, desk: Desk, nav: Nav) {
    let asked = Memo::new(move |_| nav.choice(AT).parse::<TimeMs>().ok().filter(|at_ms| *at_ms >= 0));
    let last = Cell::new(None);
    effect(move || {
        let (asked, past) = (asked.get(), live.past_ms.get());
        let has_moved = last.replace(asked) != asked;
        match (asked, past) {
            (asked, past) if asked == past => {}
            (Some(at_ms), None) if has_moved => begin(live, desk, nav, Some(at_ms)),
            (Some(at_ms), _) if has_moved => live.show_past(at_ms),
            (None, _) if has_moved => live.back_to_now(),
            (_, past) => nav.choose(AT, &past.map(|at_ms| at_ms.to_string()).unwrap_or_default()),
        }
    });
}

/// Follows the steps in time, and shows where they led.
pub fn travel() -> Node {
    let (live, desk, nav) = (use_live(), use_desk(), use_nav());
    effect(move || {
        if let Some((_, forward)) = desk.steps.get() {
            step(live, desk, nav, forward);
        }
    });
    keep_together(live, desk, nav);
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
            " ago. Only the present can be saved as a file.",
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
