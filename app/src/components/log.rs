//! The room of activity: the log in sentences, narrowed down by kind, agent, task and time, back to its beginning.

use crate::prelude::*;
use engine::{Event, Record};

use super::bits::{choose, exports, filtered_out, nothing, panel};
use super::feed::line;
use super::held::Lines;
use super::icon::icon;
use super::pager::Pager;
use crate::api::{ListEvents, OneOrMany};
use crate::dom;
use crate::live::sentence::{Before, Entry, Part, entry, push_entry};
use crate::live::{Live, use_live};
use crate::nav::{Nav, use_nav};
use crate::ui::{El, IntoNode, Node, each, el, nodes, span, when};

/// How many events come at once.
const PAGE: i64 = 200;
/// How many entries that came while the room is open are kept.
const KEPT: usize = 2_000;

/// Kinds of events by the beginning of their word, and single ones.
const KINDS: [(&str, &str); 12] = [
    ("", "Everything"),
    ("task_", "Tasks"),
    ("task_created", "Tasks created"),
    ("task_started", "Tasks started"),
    ("task_completed", "Tasks completed"),
    ("task_failed", "Failures"),
    ("task_sent_back", "Sent back"),
    ("manus_", "Agents"),
    ("manus_lost", "Agents lost"),
    ("lock", "Files"),
    ("claim_", "Waiting claims"),
    ("message_", "Messages"),
];

/// What the address asks for.
#[derive(Debug, Clone, PartialEq)]
struct Wanted {
    kind: String,
    about: String,
    from_ms: Option<i64>,
    until_ms: Option<i64>,
}

impl Wanted {
    fn of(nav: Nav) -> Self {
        let moment = |name| nav.choice(name).parse::<i64>().ok();
        // Nothing that came after the moment of the past that is shown.
        let past_ms = moment("at").map(|at_ms| at_ms.saturating_add(1));
        Self {
            kind: nav.choice("kind"),
            about: nav.choice("about"),
            from_ms: moment("from"),
            until_ms: moment("until").into_iter().chain(past_ms).min(),
        }
    }

    fn fits(&self, entry: &Entry) -> bool {
        let names = |part: &Part| match part {
            Part::Manus(id) => id.as_str() == self.about,
            Part::Task(id, _) => id.to_string() == self.about,
            Part::Text(_) | Part::File(_) => false,
        };
        entry.kind.starts_with(self.kind.as_str())
            && (self.about.is_empty()
                || entry.by.as_ref().is_some_and(|by| by.as_str() == self.about)
                || entry.about.iter().any(names))
            && self.from_ms.is_none_or(|from_ms| entry.at_ms >= from_ms)
            && self.until_ms.is_none_or(|until_ms| entry.at_ms < until_ms)
    }

    fn call(&self, cursor: Option<String>) -> ListEvents {
        let kinds = Event::KINDS.iter().filter(|kind| kind.starts_with(self.kind.as_str()));
        let kinds =
            (!self.kind.is_empty()).then(|| OneOrMany::Many(kinds.map(|kind| (*kind).to_owned()).collect()));
        ListEvents {
            kind: kinds,
            about: Some(self.about.clone()).filter(|about| !about.is_empty()),
            since_ms: self.from_ms,
            until_ms: self.until_ms,
            newest_first: Some(true),
            cursor,
            limit: Some(PAGE),
            ..ListEvents::new()
        }
    }
}

/// The room.
pub fn log() -> Node {
    let (live, nav) = (use_live(), use_nav());
    let wanted = Memo::new(move |_| Wanted::of(nav));
    let fresh = follow_feed(live);
    let pager: Pager<Record> = Pager::new();
    pager.follow(move || {
        let wanted = wanted.get();
        Some(move |cursor| wanted.call(cursor))
    });
    let shown = Memo::new(move |_| shown(live, &wanted.get(), fresh, pager));
    let empty = move || match nav.place().is_filtered() {
        true => filtered_out("Nothing of this kind has happened."),
        false => nothing("activity", "Nothing has happened yet.", ()),
    };
    let lines = Lines::new(shown, Entry::key);
    let items = move || lines.shown().into_iter().map(|(entry, _)| entry).collect();
    let list = el("ol").class("feed").test_id("log").add(each(items, Entry::key, numbered));
    lines
        .held
        .within(panel("Activity", "log", (), tools(live)))
        .add(lines.held.chip())
        .add(
            el("div")
                .class("scroll")
                .attr("tabindex", "0")
                .attr("role", "group")
                .attr("aria-label", "The log")
                .add(nodes![
                    list,
                    when(move || shown.with(Vec::is_empty) && pager.is_complete(), empty),
                    pager.foot("Further back"),
                ]),
        )
        .into_node()
}

/// The newest first: from the log what has come from there, and whatever is newer from what the page knows.
fn shown(live: Live, wanted: &Wanted, fresh: RwSignal<Vec<Entry>>, pager: Pager<Record>) -> Vec<Entry> {
    let mut shown = Vec::new();
    let newest = pager.items.with(|items| items.first().map(|record| record.seq));
    pager.items.with(|items| {
        let told = |record: &Record| live.peek(|state| entry(record, state, &Before::default()));
        items.iter().rev().filter_map(told).for_each(|entry| push_entry(&mut shown, entry));
    });
    fresh.with(|fresh| {
        let newer = |entry: &&Entry| newest.is_none_or(|newest| entry.seq > newest) && wanted.fits(entry);
        shown.extend(fresh.iter().filter(newer).cloned());
    });
    shown.reverse();
    shown
}

/// What the page knows of what happened, and whatever happens while the room is open.
fn follow_feed(live: Live) -> RwSignal<Vec<Entry>> {
    let fresh = RwSignal::new(live.feed.get_untracked());
    effect(move || {
        live.feed.with(|feed| {
            let Some(first) = feed.first().map(|first| first.seq) else { return };
            fresh.update(|fresh| {
                fresh.retain(|entry| entry.seq < first);
                fresh.extend(feed.iter().cloned());
                let over = fresh.len().saturating_sub(KEPT);
                fresh.drain(..over);
            });
        });
    });
    fresh
}

fn numbered(entry: Entry) -> El {
    let (seq, kind) = (entry.seq, entry.kind);
    line(entry).add(span("num seq").attr("title", kind).add(format!("#{seq}")))
}

fn tools(live: Live) -> Node {
    let nav = use_nav();
    let kinds = KINDS.map(|(word, name)| (word.to_owned(), name.to_owned()));
    let window = move || {
        let place = nav.place();
        let time = |name: &str| place.choice(name).parse().map(dom::time_of_day).unwrap_or_default();
        let (from, until) = (time("from"), time("until"));
        let all = place.clone().choosing("from", "").choosing("until", "").href();
        let text = format!("{from}–{until}");
        (!place.choice("from").is_empty()).then(|| {
            el("a").class("button").attr("href", all).attr("aria-label", "All times").add(text).add(icon("x"))
        })
    };
    nodes![
        window,
        choose("kind", "What kind", kinds.to_vec()),
        choose("about", "About whom or what", subjects(live, nav)),
        exports("events", ""),
    ]
    .into_node()
}

/// Whom and what the log can be narrowed down to: the agents, and the task that the address names.
fn subjects(live: Live, nav: Nav) -> Vec<(String, String)> {
    let mut names: Vec<String> =
        live.peek(|state| state.agents().map(|agent| agent.id().to_string()).collect());
    let about = nav.place_now().choice("about").to_owned();
    if !about.is_empty() && !names.contains(&about) {
        names.insert(0, about);
    }
    let all = (String::new(), "Agents and tasks".to_owned());
    std::iter::once(all).chain(names.into_iter().map(|name| (name.clone(), name))).collect()
}
