//! What needs the person, with the way to deal with it.

use std::rc::Rc;

use crate::prelude::*;
use engine::{ManusId, TaskId};
use wasm_bindgen::JsCast;
use web_sys::{Event, KeyboardEvent};

use super::acts::{Quick, quick};
use super::bits::{act, agent_link, button, since, task_link};
use super::held::Lines;
use super::icon::icon;
use crate::desk::{Ask, Desk, use_desk};
use crate::dom::{click, element_of, find, focus, is_nowhere, mark_place};
use crate::live::needs::{Need, Ranked, listed};
use crate::live::order::Show;
use crate::live::{Live, use_live, words};
use crate::nav::{Place, Room, use_nav};
use crate::ui::{El, IntoNode, Node, div, each, el, nodes, span, when};

/// How many needs are shown before somebody asks for all.
const SHOWN: usize = 5;
/// The first one that is not.
const FURTHER: &str = ".needs li:nth-child(6)";

/// The attribute with a button's key, which counts while its line is the chosen one.
const KEYS: &str = "aria-keyshortcuts";

/// The queue of what needs the person; a single quiet line when nothing does.
pub fn needs() -> Node {
    let live = use_live();
    let all = RwSignal::new(false);
    let count = move || live.needs.with(Vec::len);
    let printed = use_desk().printed;
    let most = move || if all.get() || !printed.with(String::is_empty) { usize::MAX } else { SHOWN };
    let first = Memo::new(move |_| -> Vec<Ranked> {
        live.needs.with(|needs| needs.iter().take(most()).cloned().collect())
    });
    let lines = Lines::new(first, |ranked| ranked.need.key());
    let key = |(ranked, over): &(Ranked, bool)| {
        let Ranked { need, frees_minutes, since_ms } = ranked;
        format!("{} {over} {frees_minutes} {since_ms} {}", need.key(), need.more())
    };
    let list = each(
        move || lines.shown(),
        key,
        move |(ranked, over)| {
            let need = format!("need-{}", ranked.need.key().replace(' ', "-"));
            let line = line(live, ranked, over);
            // What is dealt with has no name any more.
            if over { line } else { line.test_id(need) }
        },
    );
    let told = move || match count() {
        0 => nodes![icon("check"), "Nothing needs you"],
        1 => nodes![icon("alert"), "One thing needs you"],
        n => nodes![icon("alert"), format!("{n} things need you")],
    };
    let more = move || {
        let text = move || format!("Show {} more", count().saturating_sub(SHOWN));
        let show = move |_| {
            all.set(true);
            // The button is gone then: one goes on with the first line that was not there.
            request_animation_frame(|| focus(find(FURTHER)));
        };
        button("button quiet", show).add(text)
    };
    // Under the pointer alone: the keys go on with the next line.
    let queue = lines.held.under_pointer(el("section"));
    keep_place(queue, first)
        .class("needs")
        .toggle("calm", move || count() == 0)
        .test_id("needs")
        .attr("aria-labelledby", "needs-title")
        .later()
        .add(el("h2").attr("id", "needs-title").add(told))
        .add(lines.held.chip())
        .add(el("ul").add(list))
        .add(when(move || count() > most(), more))
        .into_node()
}

/// Keeps the focus in the queue when the line that has it is drawn anew or goes: with the same need, else with the line after it.
fn keep_place(queue: El, first: Memo<Vec<Ranked>>) -> El {
    let chosen: StoredValue<Option<String>> = StoredValue::new(None);
    let back = move || {
        let Some(name) = chosen.get_value().filter(|_| is_nowhere()) else { return };
        let same = format!(".needs [data-testid='{name}']");
        let places = [&same, "[data-after]:not(.gone)", ".needs li:not(.gone)", "#room"];
        focus(places.into_iter().find_map(find));
    };
    effect(move || {
        first.with(|_| ());
        request_animation_frame(back);
    });
    queue
        .on("focusin", move |event| {
            mark_place();
            let line = element_of(event.target()).and_then(|target| target.closest("li").ok().flatten());
            chosen.set_value(line.and_then(|line| line.get_attribute("data-testid")));
        })
        .on("focusout", move |event| {
            let line = element_of(event.target());
            request_animation_frame(move || {
                // A line that is gone loses the focus as well, and that is not the person's doing.
                let is_there = line.is_none_or(|line| line.is_connected());
                if is_there && find(".needs li:focus-within").is_none() {
                    chosen.set_value(None);
                }
            });
        })
}

/// A need; one that is over stays in its place, with nothing to be done, until nobody points at it.
fn line(live: Live, ranked: Ranked, over: bool) -> El {
    let desk = use_desk();
    let frees = (ranked.frees_minutes > 0).then(|| {
        let minutes = words::work(ranked.frees_minutes);
        let title = "Estimated work that can go on once this is dealt with";
        span("frees").attr("title", title).add(format!("frees {minutes}"))
    });
    let since_ms = ranked.since_ms;
    let line = el("li")
        .toggle("gone", move || over)
        .add(told(live, &ranked.need))
        .add(frees)
        .add(since(move || since_ms));
    if over {
        return line.add(div("acts"));
    }
    let need = ranked.need.clone();
    line.attr("tabindex", "-1")
        .on("keydown", move |event| pressed(live, desk, &need, event))
        .add(div("acts").add(acts_for(live, ranked.need)))
}

/// A key while a line is chosen: to the next one or the one before, open what it is about, or deal with it.
fn pressed(live: Live, desk: Desk, need: &Need, event: Event) {
    let Some(press) = event.dyn_ref::<KeyboardEvent>() else { return };
    let line = element_of(event.target()).and_then(|target| target.closest("li").ok().flatten());
    let Some(line) = line.filter(|_| !press.ctrl_key() && !press.meta_key() && !press.alt_key()) else {
        return;
    };
    let on_line = element_of(event.target()).as_ref() == Some(&line);
    let within = |selector: &str| line.query_selector(selector).ok().flatten();
    let next = || line.next_element_sibling().or_else(|| find("#list-tasks .body .row-link"));
    let before = || line.previous_element_sibling();
    match press.key().as_str() {
        "j" | "ArrowDown" => focus(next()),
        "k" | "ArrowUp" => focus(before()),
        // Of a message that is what was said, not who said it.
        "Enter" if on_line => click(within("a:has(q)").or_else(|| within("a"))),
        "v" if matches!(need, Need::Review { .. } | Need::Held { .. } | Need::Unread { .. }) => {
            // The line goes, and the work goes on with the next one.
            focus(line.next_element_sibling().or_else(before).or_else(|| find("#room")));
            match (need, untrack(|| live.why_not())) {
                (_, Some(reason)) => desk.complain(reason),
                (Need::Review { task_id, .. }, None) => {
                    Quick::approve(task_id.clone()).make(desk, RwSignal::new(false));
                }
                _ => click(within("[aria-keyshortcuts='v']")),
            }
        }
        key @ ("v" | "a" | "b" | "e" | "m") => match within(&format!("[aria-keyshortcuts='{key}']")) {
            Some(button) => click(Some(button)),
            None => return,
        },
        _ => return,
    }
    event.prevent_default();
    event.stop_propagation();
}

fn told(live: Live, need: &Need) -> Node {
    let line = |icon_name, words: Node| nodes![icon(icon_name), el("p").add(words)].into_node();
    match need {
        Need::NoAgents { tasks } => {
            let text = format!("{} could start, but no agent is here", words::count_of(*tasks, "task"));
            line("bot", text.into_node())
        }
        Need::Lost { manus_id, files } => line("unplug", lost(manus_id, *files)),
        Need::Nobody { tasks, needed, missing } => {
            line("user-x", nobody(live, tasks, listed(needed), &listed(missing)))
        }
        Need::DeadEnd { task_id, cancelled } => {
            let (waiting, gone) = (
                task_link(task_id.clone(), live.title(task_id)),
                task_link(cancelled.clone(), String::new()),
            );
            line("ban", nodes![waiting, " waits for ", gone, ", which was cancelled"].into_node())
        }
        Need::Held { task_id, reason } => {
            let task = task_link(task_id.clone(), live.title(task_id));
            line("ban", nodes![task, format!(" is held back: {reason}")].into_node())
        }
        Need::Review { task_id, reviewer } => {
            let task = task_link(task_id.clone(), live.title(task_id));
            let told = match reviewer {
                None => " is to be reviewed, and no other agent is here",
                Some(_) => " has waited for long for its review by ",
            };
            let reviewer = reviewer.clone().map(agent_link);
            line("eye", nodes![task, told, reviewer].into_node())
        }
        Need::Stalled { task_id, manus_id } => {
            let task = task_link(task_id.clone(), live.title(task_id));
            let who = agent_link(manus_id.clone());
            line("clock", nodes![task, " has not moved for long in the hands of ", who].into_node())
        }
        Need::Unread { from, gist, thread, .. } => {
            let href = Place { thread: Some(*thread), ..Place::of(Room::Messages) }.href();
            let said = el("a").attr("href", href).add(el("q").add(gist.clone()));
            line("message", nodes![agent_link(from.clone()), ": ", said].into_node())
        }
    }
}

fn lost(manus: &ManusId, files: usize) -> Node {
    let holds = (files > 0).then(|| format!(" and still holds {}", words::count_of(files, "file")));
    nodes![agent_link(manus.clone()), " went silent", holds, ". Restart it, or take it off the list"]
        .into_node()
}

fn nobody(live: Live, tasks: &[TaskId], needed: String, missing: &str) -> Node {
    let first = tasks.first().map(|first| task_link(first.clone(), live.title(first)));
    let need = match tasks.len() {
        0 | 1 => " needs ".to_owned(),
        more => format!(" and {} more need ", more - 1),
    };
    let why = if missing.is_empty() {
        "no agent has all of it".to_owned()
    } else {
        format!("nobody here has {missing}")
    };
    nodes![first, need, el("b").add(needed), format!(", and {why}")].into_node()
}

/// Leads to the tasks that can start, with these ticked: what can be done about all of them stands above the list.
fn show_ticked(tasks: Vec<TaskId>) -> El {
    let nav = use_nav();
    let show = move |desk: Desk| {
        desk.picked.set(tasks.iter().cloned().collect());
        nav.goto(&Place { show: Show::Ready, ..Place::of(Room::Tasks) }.href(), false);
    };
    button("button small", show).attr(KEYS, "v").add("Show tasks")
}

/// The buttons that deal with a need.
fn acts_for(live: Live, need: Need) -> Node {
    let ask = |key: &'static str, words: &'static str, ask: Ask| {
        act("button small", move |desk| desk.open(ask.clone())).attr(KEYS, key).add(words)
    };
    match need {
        Need::NoAgents { .. } => Node::Nothing,
        Need::Lost { manus_id, .. } => ask("v", "Take off the list", Ask::Deregister(manus_id)).into_node(),
        Need::Nobody { tasks, .. } => match <[TaskId; 1]>::try_from(tasks) {
            Ok([task]) => {
                let edit = ask("e", "Change it", Ask::Edit(task.clone()));
                nodes![edit, ask("v", "Cancel task", Ask::Cancel(task))].into_node()
            }
            Err(tasks) => show_ticked(tasks).into_node(),
        },
        Need::DeadEnd { task_id, .. } => {
            let edit = ask("e", "Change it", Ask::Edit(task_id.clone()));
            nodes![edit, ask("v", "Cancel task", Ask::Cancel(task_id))].into_node()
        }
        Need::Held { task_id, .. } => {
            let make = Rc::new(move || Quick::let_go_on(live, task_id.clone()));
            quick("button small", "Let it go on", |act| act.attr(KEYS, "v"), make).into_node()
        }
        Need::Review { task_id, .. } => nodes![
            ask("v", "Approve", Ask::Review(task_id.clone(), true)),
            ask("b", "Send back", Ask::Review(task_id, false)),
        ]
        .into_node(),
        Need::Stalled { task_id, manus_id } => nodes![
            ask("a", "Give to another", Ask::Assign(task_id)),
            ask("m", "Ask", Ask::Message { to: manus_id.to_string(), reply_to: None }),
        ]
        .into_node(),
        Need::Unread { id, from, .. } => {
            let make = Rc::new(move || Quick::read(vec![id]));
            let read = quick("button small quiet", "Mark as read", |act| act.attr(KEYS, "v"), make);
            // The engine reads no answers.
            let reply = (!from.is_reserved())
                .then(|| ask("m", "Reply", Ask::Message { to: from.to_string(), reply_to: Some(id) }));
            nodes![reply, read].into_node()
        }
    }
}
