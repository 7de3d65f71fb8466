//! What happened lately, in sentences.

use crate::prelude::*;

use super::bits::{nothing, panel, sentence, since};
use super::held::Lines;
use super::icon::icon;
use crate::live::sentence::{Entry, Tone};
use crate::live::use_live;
use crate::ui::{El, IntoNode, Node, div, each, el, when};

/// How many entries are drawn.
const SHOWN: usize = 60;

/// Everything that happened lately, newest first.
pub fn feed() -> Node {
    let live = use_live();
    let none = || nothing("activity", "Nothing has happened since this page was opened.", ());
    let none = when(move || live.feed.with(Vec::is_empty), none);
    panel("Activity", "feed", (), ()).add(listed(newest(|_| true))).add(none).into_node()
}

/// What the page knows to have happened lately, as far as it is wanted, newest first.
pub fn newest(wanted: impl Fn(&Entry) -> bool + Send + Sync + 'static) -> Memo<Vec<Entry>> {
    let live = use_live();
    Memo::new(move |_| {
        live.feed.with(|feed| feed.iter().rev().filter(|entry| wanted(entry)).take(SHOWN).cloned().collect())
    })
}

/// Entries as a list.
pub fn listed(entries: Memo<Vec<Entry>>) -> Node {
    let lines = Lines::new(entries, Entry::key);
    let items = move || lines.shown().into_iter().map(|(entry, _)| entry).collect();
    let list = el("ol").class("feed").test_id("feed").add(each(items, Entry::key, line));
    lines.held.within(div("held").add(lines.held.chip()).add(list)).into_node()
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
