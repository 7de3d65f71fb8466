//! The Leptos app of manus-sync, shared by server and browser.
//!
//! `api` holds the calls of the HTTP interface; `live` the picture of the project that events keep up to date; `pages` and
//! `components` show it, made of the nodes of `ui`. Nothing here knows SQL, and nothing here decides: that is the engine's.

pub mod api;
mod components;
pub mod copied;
mod desk;
mod dom;
pub mod errand;
#[cfg(feature = "hydrate")]
mod hints;
#[cfg(feature = "hydrate")]
mod keys;
pub mod live;
mod nav;
mod pages;
mod parts;
mod prelude;
#[cfg(feature = "hydrate")]
mod presence;
mod read;
#[cfg(feature = "ssr")]
mod shell;
mod signals;
mod theme;
mod ui;

use crate::prelude::*;

use components::chrome::{banner, notices, rail, top_bar};
use components::dialogs::dialog;
use desk::{Desk, use_desk};
use live::{Live, use_live};
use nav::{Nav, Open, Place, Room, use_nav};
use pages::room;
#[cfg(feature = "ssr")]
pub use parts::{Apart, LOADER};
use parts::{Part, Parts};
#[cfg(feature = "ssr")]
pub use shell::{Open as Named, named, paths, shell};
use ui::{IntoNode, Node, div, el, nodes, when};

/// The id of the element that the page lives in.
const ROOT_ID: &str = "page";

/// Provides what all parts of the page share: the live picture, the address, the desk.
fn provide() -> Live {
    let live = Live::new(&live::boot());
    provide_context(live);
    Desk::provide();
    Parts::provide(live);
    Nav::provide();
    live
}

/// The whole page: what the server renders and the browser takes over.
fn page() -> Node {
    let (live, nav) = (use_live(), use_nav());
    let skip = el("a").class("skip").attr("href", "#room").add("Skip to the content");
    let room = el("main").attr("id", "room").attr("tabindex", "-1").add(room());
    let desk = use_desk();
    let looks_back = move || {
        desk.steps.with(Option::is_some) || live.past_ms.get().is_some() || !nav.choice("at").is_empty()
    };
    let travel = when(looks_back, || parts::show(Part::Travel));
    let open = Memo::new(move |_| nav.place().open.as_ref().map(parts::in_drawer));
    let drawer = move || open.get().map(parts::show);
    let errands = when(move || desk.errand.with(Option::is_some), || parts::show(Part::Errands));
    let app = div("app")
        .toggle("in-the-past", move || live.past_ms.get().is_some())
        .toggle("stale", move || live.link.get().is_broken())
        .toggle("with-drawer", move || nav.place().open.is_some());
    nodes![
        skip,
        app.add(nodes![rail(), top_bar(), banner(), travel, room, drawer]),
        dialog(),
        notices(),
        errands
    ]
    .into_node()
}

/// The tab's title: how many things need the person, what is open, and where.
fn title(live: Live, place: &Place) -> String {
    let needs = match live.needs.with(Vec::len) {
        0 => String::new(),
        needs => format!("({needs}) "),
    };
    let what = match (&place.open, place.room) {
        (Some(Open::Task(id)), _) => id.to_string(),
        (Some(Open::Agent(id)), _) => id.to_string(),
        (None, room) => room.map_or("Not found", Room::name).to_owned(),
    };
    format!("{needs}{what} · {} · manus-sync", live.about().project)
}

/// Makes the server's page live. Called once, in the browser.
#[cfg(feature = "hydrate")]
pub fn hydrate() {
    // An error means that there is an executor already, which does as well.
    let _ = any_spawner::Executor::init_wasm_bindgen();
    let owner = Owner::new();
    let (live, parts, nav) = owner.with(|| (provide(), parts::use_parts(), use_nav()));
    leptos::task::spawn_local(async move {
        // A part that does not come is missing on screen, and said to be; the rest is live.
        parts.bring(parts.missing(&nav.place_now())).await;
        dom::next_task().await;
        if let Some(root) = document().get_element_by_id(ROOT_ID) {
            owner.with(|| ui::mount(&root, page)).await;
        }
        owner.with(|| {
            hints::listen();
            keys::listen(live, use_desk(), nav);
            presence::watch(live, use_desk(), nav);
            presence::watch_paper(live, use_desk());
            wake_up(live);
        });
        // The page lives as long as its tab.
        std::mem::forget(owner);
        dom::when_idle(move || leptos::task::spawn_local(parts.bring_all()));
    });
}

/// Connects, and keeps the marks by which tests and scripts see how far the page is: `data-hydrated` on the body, `data-seq`
/// on the document's root.
#[cfg(feature = "hydrate")]
fn wake_up(live: Live) {
    live.hydrated.set(true);
    effect(move || {
        if let Some(body) = document().body() {
            // A page without the marks works as well, so there is nothing to do when they cannot be set.
            let _ = body.set_attribute("data-hydrated", "");
        }
        live.connect();
    });
    effect(move || {
        let seq = live.seq.get().to_string();
        if let Some(root) = document().document_element() {
            let _ = root.set_attribute("data-seq", &seq);
        }
    });
    let nav = use_nav();
    effect(move || document().set_title(&title(live, &nav.place())));
}
