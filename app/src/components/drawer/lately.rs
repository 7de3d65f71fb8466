//! What happened lately to the task or the agent in the drawer: what the page knows of it, and before that what the log says.

use crate::prelude::*;
use leptos::task::spawn_local;

use super::super::feed::{listed, newest};
use crate::api::{self, ListEvents};
use crate::live::sentence::{Before, Entry, Part, entry, push_entry};
use crate::live::use_live;
use crate::nav::{Place, Room};
use crate::ui::{IntoNode, Node, el, nodes};

/// How many events of the log are asked for.
const ASKED: i64 = 20;
/// The log need not be asked when the page knows of so many.
const ENOUGH: usize = 5;

/// What is known of what came before.
#[derive(Clone, PartialEq)]
enum Earlier {
    Unknown,
    Lost,
    Known(Vec<Entry>),
}

/// The latest about one agent or task, and the way to all of it.
pub fn lately(what: Part) -> Node {
    let about = match &what {
        Part::Manus(id) => id.to_string(),
        Part::Task(id, _) => id.to_string(),
        Part::Text(words) | Part::File(words) => words.clone(),
    };
    let all = Place::of(Room::Activity).choosing("about", about.clone()).href();
    let all = el("a").class("button small quiet").attr("href", all).add("All that ever happened");
    let is_about = move |other: &Part| match (&what, other) {
        (Part::Task(one, _), Part::Task(other, _)) => one == other,
        (one, other) => one == other,
    };
    let fresh = newest(move |entry| entry.about.iter().any(&is_about));
    let earlier = RwSignal::new(Earlier::Unknown);
    ask(about, fresh, earlier);
    let shown = Memo::new(move |_| {
        let mut shown = fresh.get();
        let oldest = shown.last().map(|entry| entry.seq);
        earlier.with(|earlier| {
            if let Earlier::Known(before) = earlier {
                let is_older = |entry: &&Entry| oldest.is_none_or(|oldest| entry.seq < oldest);
                shown.extend(before.iter().rev().filter(is_older).cloned());
            }
        });
        shown
    });
    let told = move || {
        let none = shown.with(Vec::is_empty);
        let told = earlier.with(|earlier| match earlier {
            Earlier::Lost => Some("What happened before could not be read."),
            Earlier::Unknown if none => Some("Looking into the log…"),
            Earlier::Known(_) if none => Some("The log has nothing on it any more."),
            Earlier::Unknown | Earlier::Known(_) => None,
        });
        told.map(|told| el("p").class("muted").add(told))
    };
    nodes![listed(shown), told, all].into_node()
}

/// Asks the log once, where the page knows of little.
fn ask(about: String, fresh: Memo<Vec<Entry>>, earlier: RwSignal<Earlier>) {
    let live = use_live();
    effect(move || {
        if fresh.with_untracked(Vec::len) >= ENOUGH {
            return;
        }
        // Nothing that came after the moment of the past that is shown.
        let until_ms = live.past_ms.get_untracked().map(|at_ms| at_ms.saturating_add(1));
        let (about, limit, newest_first) = (Some(about.clone()), Some(ASKED), Some(true));
        let question = ListEvents { about, until_ms, newest_first, limit, ..ListEvents::new() };
        spawn_local(async move {
            earlier.set(match api::call(question).await {
                Err(_) => Earlier::Lost,
                Ok(page) => {
                    let mut entries = Vec::new();
                    for record in page.items.iter().rev() {
                        let entry = live.peek(|state| entry(record, state, &Before::default()));
                        entry.into_iter().for_each(|entry| push_entry(&mut entries, entry));
                    }
                    Earlier::Known(entries)
                }
            });
        });
    });
}
