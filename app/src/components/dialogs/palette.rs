//! The palette: rooms, actions, tasks and agents by a few letters of their name.

use crate::prelude::*;
use engine::state::{Agent, Presence};
use engine::{ManusId, TaskId};
use wasm_bindgen::JsCast;
use web_sys::KeyboardEvent;

use super::super::icon::icon;
use crate::desk::{Ask, Desk, use_desk};
use crate::dom;
use crate::live::Live;
use crate::live::use_live;
use crate::nav::{Nav, Open, Place, Room, use_nav};
use crate::theme;
use crate::ui::{IntoNode, Node, div, each, el, span, when};

/// How many things are offered: as many as there are before anything is written.
const OFFERED: usize = 14;

/// Something that can be chosen.
#[derive(Clone, PartialEq)]
struct Offer {
    icon: &'static str,
    name: String,
    more: String,
    act: Act,
}

#[derive(Clone, PartialEq)]
enum Act {
    Go(Room),
    Ask(Ask),
    Theme,
    Task(TaskId),
    Agent(ManusId),
    /// A file to be saved, by its address.
    Save(&'static str),
}

/// What can be saved as a file: name and address.
const FILES: [(&str, &str); 5] = [
    ("Export open tasks", "/export/tasks.csv?show=open"),
    ("Export agents", "/export/agents.csv"),
    ("Export files held", "/export/files.csv"),
    ("Export messages", "/export/messages.csv?kind=agents"),
    ("Export events", "/export/events.csv"),
];

/// The field and what it finds.
pub fn palette() -> Node {
    let (live, nav, desk) = (use_live(), use_nav(), use_desk());
    let (text, at) = (RwSignal::new(String::new()), RwSignal::new(0_usize));
    let offers = Memo::new(move |_| found(live, &text.get()));
    let pick = move |offer: &Offer| run(offer.act.clone(), live, nav, desk);
    let keys = move |event: web_sys::Event| {
        let Some(key) = event.dyn_ref::<KeyboardEvent>().map(KeyboardEvent::key) else { return };
        let offers = offers.get_untracked();
        let last = offers.len().saturating_sub(1);
        match key.as_str() {
            "ArrowDown" => at.update(|at| *at = if *at >= last { 0 } else { *at + 1 }),
            "ArrowUp" => at.update(|at| *at = if *at == 0 { last } else { *at - 1 }),
            "Enter" => {
                if let Some(offer) = offers.get(at.get_untracked()) {
                    pick(offer);
                }
            }
            _ => return,
        }
        event.prevent_default();
    };
    let input = el("input")
        .attr("type", "text")
        .attr("id", "palette")
        .attr("role", "combobox")
        .attr("aria-label", "Go to, or do")
        .attr("aria-expanded", "true")
        .attr("aria-controls", "offers")
        .attr("aria-activedescendant", move || format!("offer-{}", at.get()))
        .attr("placeholder", "A room, a task, an agent, or something to do")
        .attr("autocomplete", "off")
        .attr("autofocus", true)
        .value(move || text.get())
        .on("input", move |event| {
            at.set(0);
            text.set(event_target_value(&event));
        })
        .on("keydown", keys);
    let numbered = move || offers.get().into_iter().enumerate().collect::<Vec<_>>();
    let line = move |(place, offer): (usize, Offer)| {
        let picked = offer.clone();
        el("li")
            .attr("role", "option")
            .attr("id", format!("offer-{place}"))
            .attr("aria-selected", move || if at.get() == place { "true" } else { "false" })
            .on("click", move |_| pick(&picked))
            .add(icon(offer.icon))
            .add(el("span").add(offer.name))
            .add(span("caption").add(offer.more))
    };
    let list = el("ul").attr("role", "listbox").attr("id", "offers").attr("aria-label", "Found").add(each(
        numbered,
        |(place, offer)| format!("{place} {} {}", offer.name, offer.more),
        line,
    ));
    let none = || el("p").class("muted").add("Nothing of that name.");
    div("palette")
        .test_id("palette")
        .add(el("h2").attr("id", "dialog-title").class("away").add("Go to, or do"))
        .add(el("label").class("search").add(icon("search")).add(input))
        .add(list)
        .add(when(move || offers.with(Vec::is_empty), none))
        .into_node()
}

/// What a text finds: what is called just that, before what begins with it, before what contains it.
fn found(live: Live, text: &str) -> Vec<Offer> {
    let text = dom::lower(text.trim());
    let mut piles = [const { Vec::new() }; 3];
    let mut put = |names: &[&str], offer: &dyn Fn() -> Offer| {
        if let Some(pile) = names.iter().filter_map(|name| nearness(&dom::lower(name), &text)).min()
            && piles[pile].len() < OFFERED
        {
            piles[pile].push(offer());
        }
    };
    for (icon, name, more, also, act) in acts() {
        put(&[name, also], &|| offer(icon, name, more, act.clone()));
    }
    for (name, href) in FILES.iter().filter(|_| !text.is_empty()) {
        put(&[name, "save as a file"], &|| offer("download", name, "CSV", Act::Save(href)));
    }
    for room in Room::ALL {
        let more = format!("g {}", room.key());
        put(&[room.name()], &|| offer(room.icon(), room.name(), &more, Act::Go(room)));
    }
    if !text.is_empty() {
        live.peek(|state| {
            for id in state.agents().map(Agent::id) {
                put(&[id.as_str()], &|| offer("bot", id.as_str(), "agent", Act::Agent(id.clone())));
            }
            // Not for each agent whose name is being written.
            let drains = "drain".starts_with(&text) || text.starts_with("drain");
            for agent in state.agents().filter(|agent| drains && agent.presence() == Presence::Here) {
                let (name, ask) = (format!("Drain {}", agent.id()), Ask::Drain(agent.id().clone()));
                put(&[&name], &|| offer("pause", &name, "agent", Act::Ask(ask.clone())));
            }
            for task in state.tasks().rev() {
                let (spec, id) = (task.spec(), task.spec().id.to_string());
                put(&[&id, &spec.title], &|| offer("list", &spec.title, &id, Act::Task(spec.id.clone())));
            }
            for lock in state.locks().iter() {
                let (path, by) = (lock.file_path.as_str(), &lock.locked_by);
                let more = format!("held by {by}");
                put(&[path], &|| offer("folder", path, &more, Act::Agent(by.clone())));
            }
        });
    }
    piles.into_iter().flatten().take(OFFERED).collect()
}

/// How near a name is to a text, nearest first; `None` where it does not contain it.
fn nearness(name: &str, text: &str) -> Option<usize> {
    match name {
        _ if name == text => Some(0),
        _ if name.starts_with(text) => Some(1),
        _ => name.contains(text).then_some(2),
    }
}

/// What can be done from everywhere: icon, name, key, and other words for it.
fn acts() -> [(&'static str, &'static str, &'static str, &'static str, Act); 4] {
    let message = Ask::Message { to: String::new(), reply_to: None };
    [
        ("plus", "Create a task", "c", "new task", Act::Ask(Ask::CreateTask)),
        ("message", "Write a message", "m", "send mail", Act::Ask(message)),
        ("contrast", "Light or dark", "t", "theme", Act::Theme),
        ("help", "Show the keys", "?", "help shortcuts", Act::Ask(Ask::Help)),
    ]
}

fn offer(icon: &'static str, name: &str, more: &str, act: Act) -> Offer {
    Offer { icon, name: name.to_owned(), more: more.to_owned(), act }
}

fn run(act: Act, live: Live, nav: Nav, desk: Desk) {
    let open = |open: Open| nav.goto(&Place { open: Some(open), ..nav.place_now() }.href(), false);
    if !matches!(act, Act::Ask(_)) {
        desk.close();
    }
    match act {
        Act::Go(room) => nav.goto(room.path(), false),
        Act::Theme => theme::toggle(desk),
        Act::Save(_) if live.past_ms.get_untracked().is_some() => {
            desk.complain("Files hold the present. Go back to now first.");
        }
        Act::Save(href) => {
            let _ = window().location().set_href(href);
        }
        Act::Task(id) => open(Open::Task(id)),
        Act::Agent(id) => open(Open::Agent(id)),
        Act::Ask(ask) => match untrack(|| live.why_not()) {
            Some(reason) if ask != Ask::Help => {
                desk.close();
                desk.complain(reason);
            }
            _ => desk.open(ask),
        },
    }
}
