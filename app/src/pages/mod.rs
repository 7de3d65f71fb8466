//! The rooms.

pub mod first_run;

use crate::prelude::*;

use crate::components::agents::agents;
use crate::components::bits::nothing;
use crate::components::feed::feed;
use crate::components::figures::key_figures;
use crate::components::locks::locks;
use crate::components::log::log;
use crate::components::messages::messages;
use crate::components::needs::needs;
use crate::components::tasks::{task_views, tasks};
use crate::components::timeline::timeline as chart;
use crate::desk::use_desk;
use crate::live::use_live;
use crate::nav::{Room, use_nav};
use crate::parts::{Part, show};
use crate::ui::{IntoNode, Node, div, el, nodes, when};

/// The room that the address names.
pub fn room() -> Node {
    let nav = use_nav();
    let room = Memo::new(move |_| nav.place().room);
    let shown = move || match room.get() {
        Some(Room::Overview) => overview(),
        Some(Room::Tasks) => div("room").add(task_views()).into_node(),
        Some(Room::Files) => unless_empty(|| show(Part::Files)),
        Some(Room::Agents) => unless_empty(|| show(Part::Roster)),
        Some(Room::Messages) => unless_empty(|| show(Part::Messages)),
        Some(Room::Activity) => show(Part::Activity),
        Some(Room::Insights) => unless_empty(|| show(Part::Insights)),
        Some(Room::Connect) => show(Part::Connect),
        Some(Room::Settings) => show(Part::Settings),
        Some(Room::Timeline) => unless_empty(|| show(Part::Timeline)),
        None => nothing(
            "search",
            "There is no such page.",
            el("a").class("button").attr("href", "/").add("To the overview"),
        ),
    };
    shown.into_node()
}

/// A room, or how to begin while there has never been an agent.
fn unless_empty(room: impl Fn() -> Node + 'static) -> Node {
    let live = use_live();
    let empty = Memo::new(move |_| live.agent_rows(true).is_empty());
    let shown = move || if empty.get() { show(Part::FirstRun) } else { room() };
    shown.into_node()
}

/// The room of activity.
pub fn activity() -> Node {
    div("room").add(log()).into_node()
}

/// The room of the timeline.
pub fn timeline() -> Node {
    div("room").add(chart()).into_node()
}

/// Everything at a glance: what needs the person, whether everyone moves, what is left.
fn overview() -> Node {
    let desk = use_desk();
    unless_empty(move || {
        let digest = when(move || desk.left.with(Option::is_some), || show(Part::Digest));
        let main = div("main").add(nodes![agents(), tasks()]);
        let side = div("side").add(nodes![feed(), locks(), messages()]);
        div("overview")
            .add(nodes![digest, needs(), key_figures(), div("columns").add(main).add(side)])
            .into_node()
    })
}
