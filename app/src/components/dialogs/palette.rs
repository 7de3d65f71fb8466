//! The palette: rooms, actions, tasks and agents by a few letters of their name.

use std::rc::Rc;

use crate::prelude::*;
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

/// How many things are offered.
const OFFERED: usize = 12;

/// Something that can be chosen.
#[derive(Clone)]
struct Offer {
    icon: &'static str,
    name: String,
    more: String,
    act: Act,
}

#[derive(Clone)]
enum Act {
    Go(Room),
    Ask(Ask),
    Theme,
    Task(TaskId),
    Agent(ManusId),
}

/// The field and what it finds.
pub fn palette() -> Node {
    let (live, nav, desk) = (use_live(), use_nav(), use_desk());
    let (text, at) = (RwSignal::new(String::new()), RwSignal::new(0_usize));
    let offers: Rc<dyn Fn() -> Vec<Offer>> = Rc::new(move || found(live, &text.get()));
    let pick = move |offer: &Offer| run(offer.act.clone(), live, nav, desk);
    let (listed, known) = (offers.clone(), offers.clone());
    let keys = move |event: web_sys::Event| {
        let Some(key) = event.dyn_ref::<KeyboardEvent>().map(KeyboardEvent::key) else { return };
        let offers = untrack(|| known());
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
    let numbered = move || listed().into_iter().enumerate().collect::<Vec<_>>();
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
        .add(when(move || offers().is_empty(), none))
        .into_node()
}

fn found(live: Live, text: &str) -> Vec<Offer> {
    let text = dom::lower(text.trim());
    let has = |field: &str| dom::lower(field).contains(&text);
    let rooms = Room::ALL.into_iter().map(|room| Offer {
        icon: room.icon(),
        name: room.name().to_owned(),
        more: format!("g {}", room.key()),
        act: Act::Go(room),
    });
    let message = Ask::Message { to: "*".to_owned(), reply_to: None };
    let acts = [
        ("plus", "Create a task", "c", Act::Ask(Ask::CreateTask)),
        ("message", "Write a message", "m", Act::Ask(message)),
        ("contrast", "Light or dark", "t", Act::Theme),
        ("help", "Show the keys", "?", Act::Ask(Ask::Help)),
    ];
    let acts = acts.into_iter().map(|(icon, name, more, act)| Offer {
        icon,
        name: name.to_owned(),
        more: more.to_owned(),
        act,
    });
    let mut found: Vec<Offer> = acts.chain(rooms).filter(|offer| has(&offer.name)).collect();
    if text.is_empty() {
        return found;
    }
    live.peek(|state| {
        let agents = state.agents().filter(|agent| has(agent.id().as_str()));
        found.extend(agents.take(OFFERED).map(|agent| Offer {
            icon: "bot",
            name: agent.id().to_string(),
            more: "agent".to_owned(),
            act: Act::Agent(agent.id().clone()),
        }));
        let fits = |spec: &engine::event::TaskSpec| has(&spec.id.to_string()) || has(&spec.title);
        let tasks = state.tasks().rev().filter(|task| fits(task.spec()));
        found.extend(tasks.take(OFFERED).map(|task| Offer {
            icon: "list",
            name: task.spec().title.clone(),
            more: task.spec().id.to_string(),
            act: Act::Task(task.spec().id.clone()),
        }));
    });
    found.truncate(OFFERED);
    found
}

fn run(act: Act, live: Live, nav: Nav, desk: Desk) {
    let open = |open: Open| nav.goto(&Place { open: Some(open), ..nav.place_now() }.href(), false);
    if !matches!(act, Act::Ask(_)) {
        desk.close();
    }
    match act {
        Act::Go(room) => nav.goto(room.path(), false),
        Act::Theme => theme::toggle(desk),
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
