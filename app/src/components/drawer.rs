//! The drawer: one task or one agent in full, beside what is on screen.

mod agent;
mod lately;
pub mod score;
mod task;
pub mod waits;

use crate::prelude::*;

use super::bits::nothing;
use super::icon::icon;
use crate::dom;
use crate::live::use_live;
use crate::nav::{Open, use_nav};
use crate::ui::{El, IntoNode, Node, div, el};

/// The task that the address says is open.
pub fn open_task() -> Node {
    opened(|open| match open {
        Open::Task(id) => Some(task::drawer(id)),
        Open::Agent(_) => None,
    })
}

/// The agent that the address says is open.
pub fn open_agent() -> Node {
    opened(|open| match open {
        Open::Agent(id) => Some(agent::drawer(id)),
        Open::Task(_) => None,
    })
}

fn opened(draw: fn(Open) -> Option<Node>) -> Node {
    let nav = use_nav();
    let open = Memo::new(move |_| nav.place().open);
    let shown = move || open.get().and_then(draw);
    shown.into_node()
}

/// The frame of a drawer: kind and id for screen readers, what stands at its head, and what in its body.
fn frame(kind: &'static str, id: &str, head: impl IntoNode, body: impl IntoNode) -> Node {
    let nav = use_nav();
    // Whoever opened it from afar finds it by the keyboard; the list keeps the focus as long as one walks through it. A page
    // that begins with a drawer begins at its top all the same.
    let opened = use_live().hydrated.get_untracked();
    effect(move || {
        let in_list = dom::find(".list .row-link:focus").is_some();
        if opened && !in_list {
            dom::focus(dom::find(".drawer .close"));
        }
    });
    let close = el("a")
        .class("button quiet icon-only close")
        .attr("href", move || nav.closed())
        .attr("aria-label", "Close")
        .attr("title", "Close (Esc)")
        .add(icon("x"));
    let content = div("content").attr("tabindex", "0").attr("role", "group").attr("aria-label", "Details");
    el("aside")
        .class("drawer")
        .attr("aria-label", format!("{kind} {id}"))
        .test_id("drawer")
        .add(el("header").add(head).add(close))
        .add(content.add(body))
        .into_node()
}

/// Stands in a drawer about something that there is not.
fn unknown(kind: &'static str, id: &str) -> Node {
    let told = nothing("search", format!("There is no {} {id}.", kind.to_ascii_lowercase()), ());
    frame(kind, id, el("h2").add(id.to_owned()), told)
}

/// A named property.
fn property(name: &'static str, value: impl IntoNode) -> Node {
    el("div").add(el("dt").add(name)).add(el("dd").add(value)).into_node()
}

/// A part of a drawer under a heading; nothing when it is empty.
fn part(title: &'static str, content: Option<impl IntoNode>) -> Option<El> {
    content.map(|content| el("section").add(el("h3").add(title)).add(content))
}

/// A list of things, one below the other; nothing when there are none.
fn list(lines: Vec<El>) -> Option<El> {
    if lines.is_empty() { None } else { Some(el("ul").class("plain").add(lines)) }
}
