//! What happened lately, in sentences.

use crate::prelude::*;

use super::bits::{nothing, panel, sentence, since};
use super::held::Lines;
use super::icon::icon;
use crate::live::sentence::{Entry, Part, Tone};
use crate::live::use_live;
use crate::nav::{Place, Room};
use crate::ui::{El, IntoNode, Node, div, each, el, nodes, when};

/// How many entries are drawn.
const SHOWN: usize = 60;

/// Everything that happened lately, newest first.
pub fn feed() -> Node {
    panel("Activity", "feed", (), ()).add(entries(|_| true)).into_node()
}

/// The part of it that is about one agent or task.
pub fn feed_about(what: Part) -> Node {
    let about = match &what {
        Part::Manus(id) => id.to_string(),
        Part::Task(id, _) => id.to_string(),
        Part::Text(words) | Part::File(words) => words.clone(),
    };
    let all = Place::of(Room::Activity).choosing("about", about).href();
    let all = el("a").class("button small quiet").attr("href", all).add("All that ever happened");
    nodes![entries_about(what), all].into_node()
}

fn entries_about(what: Part) -> Node {
    entries(move |entry| {
        entry.about.iter().any(|other| match (&what, other) {
            (Part::Task(one, _), Part::Task(other, _)) => one == other,
            (one, other) => one == other,
        })
    })
}

fn entries(shown: impl Fn(&Entry) -> bool + Send + Sync + 'static) -> Node {
    let live = use_live();
    let newest = Memo::new(move |_| -> Vec<Entry> {
        live.feed.with(|feed| feed.iter().rev().filter(|entry| shown(entry)).take(SHOWN).cloned().collect())
    });
    let lines = Lines::new(newest, Entry::key);
    let items = move || lines.shown().into_iter().map(|(entry, _)| entry).collect();
    let none = || nothing("activity", "Nothing has happened since this page was opened.", ());
    let list = el("ol").class("feed").test_id("feed").add(each(items, Entry::key, line));
    let held = lines.held.within(div("held").add(lines.held.chip()).add(list));
    nodes![held, when(move || live.feed.with(Vec::is_empty), none)].into_node()
}

/// An entry as a line of a list.
pub fn line(entry: Entry) -> El {
    let tone = match entry.tone {
        Tone::Quiet => "t-quiet",
        Tone::Running => "t-running",
        Tone::Good => "t-good",
        Tone::Bad => "t-bad",
    };
    let at_ms = entry.at_ms;
    el("li")
        .class(tone)
        .add(icon(entry.icon))
        .add(el("p").add(sentence(entry.parts)))
        .add(since(move || at_ms))
}
