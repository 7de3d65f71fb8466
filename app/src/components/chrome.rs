//! The frame around every room: rail, top bar, banner, notices.

use crate::prelude::*;

use super::bits::{act_named, button, icon_button};
use super::health::health_chip;
use super::icon::icon;
use crate::desk::{Ask, Notice, use_desk};
use crate::dom;
use crate::errand::Errand;
use crate::live::{Link, Live, Who, use_live, words};
use crate::nav::{Room, use_nav};
use crate::theme;
use crate::ui::{El, IntoNode, Node, div, each, el, nodes, span, when};

/// How many rooms stand in the tabs of a narrow screen; the others are behind "More".
const TABS: usize = 4;
/// The id of the list behind "More".
const MORE: &str = "more-rooms";

/// The way to each room: at the left, or at the bottom where the screen is narrow.
pub fn rail() -> Node {
    let rooms = Room::ALL.into_iter().enumerate().map(|(place, room)| {
        let further = place >= TABS;
        el("li").toggle("further", move || further).add(room_link(room))
    });
    let rooms: Vec<El> = rooms.collect();
    let more = el("button")
        .attr("type", "button")
        .attr("popovertarget", MORE)
        .add(icon("more"))
        .add(el("span").add("More"));
    let further: Vec<El> =
        Room::ALL.into_iter().skip(TABS).map(|room| el("li").add(room_link(room))).collect();
    let list = el("ul").add(rooms).add(el("li").class("more").add(more));
    let behind = el("ul").attr("id", MORE).attr("popover", "auto").class("menu").add(further);
    el("nav").class("rail").attr("aria-label", "Rooms").add(list).add(behind).into_node()
}

fn room_link(room: Room) -> El {
    let (live, nav) = (use_live(), use_nav());
    let badge = move || {
        el("b")
            .class("badge num")
            .attr("aria-label", "things need you")
            .add(move || live.needs.with(Vec::len).to_string())
    };
    el("a")
        .attr("href", room.path())
        .attr("aria-current", move || (nav.place().room == Some(room)).then_some("page"))
        .attr("title", format!("{} (g {})", room.name(), room.key()))
        .add(icon(room.icon()))
        .add(el("span").add(room.name()))
        .add((room == Room::Overview).then(|| when(move || !live.needs.with(Vec::is_empty), badge)))
}

/// The project, the connection, and what can be done everywhere.
pub fn top_bar() -> Node {
    let live = use_live();
    // Named, since a narrow screen shows the icon alone.
    let name = Some("New task".to_owned());
    let new_task = act_named("button primary", name, |desk| desk.open(Ask::CreateTask)).test_id("new-task");
    let palette = button("button quiet find", |desk| desk.open(Ask::Palette))
        .test_id("find")
        .attr("aria-label", "Go to, or do (Ctrl K)")
        .add(icon("search"))
        .add(el("kbd").attr("aria-hidden", "true").add("Ctrl K"));
    let tools = div("tools")
        .add(palette)
        .add(new_task.add(icon("plus")).add(el("span").add("New task")))
        .add(icon_button("contrast", "Light or dark (t)", theme::toggle).test_id("theme"))
        .add(icon_button("help", "Keys (?)", |desk| desk.open(Ask::Help)));
    let printed = use_desk().printed;
    let brand =
        el("a").class("brand").attr("href", "/").attr("aria-label", "manus-sync, overview").add(icon("logo"));
    el("header")
        .class("top")
        .add(brand)
        .add(el("h1").add(live.about().project))
        .add(live_chip(live))
        .add(pause(live))
        .add(health_chip())
        .add(live.about().who.map(looks_on))
        .add(span("printed num").add(move || printed.get()))
        .add(tools)
        .into_node()
}

/// Says who is logged in, and that they look on where they do.
fn looks_on(who: Who) -> El {
    let title = format!("Logged in as {}, {}", who.label, who.role);
    let chip = el("a").class("caption").attr("href", "/settings").attr("title", title).test_id("logged-in");
    chip.add(if who.acts { who.label } else { "Read-only".to_owned() })
}

/// Whether the page is live, how far it is, and how long a change takes to appear.
fn live_chip(live: Live) -> El {
    let words = move || match (live.link.get(), live.paused.get()) {
        _ if live.past_ms.get().is_some() => ("paused", "The past".to_owned()),
        (Link::Live, Some(held)) => {
            ("paused", format!("Paused, {} held back", words::count_of(held, "event")))
        }
        (link, _) => (link_words(link).0, link_words(link).1.to_owned()),
    };
    let (state, label) = (move || words().0, move || words().1);
    let shape = move || format!("#l-{}", if state() == "live" { "working" } else { "lost" });
    let lag = move || live.lag_ms.get().filter(|_| state() == "live").map(|lag| format!("{lag} ms"));
    let title = "Position in the project's log, and the time from the last commit until it was painted here";
    let seq = span("num seq").attr("aria-hidden", "true").add(move || format!("#{}", live.seq.get()));
    div("live-chip")
        .test_id("live")
        .attr("data-state", state)
        .attr("title", title)
        .add(el("svg").class("mark").attr("aria-hidden", "true").add(el("use").attr("href", shape)))
        .add(el("span").add(label))
        .add(seq)
        .add(span("num lag").attr("aria-hidden", "true").add(lag))
}

/// The button that holds the picture still.
fn pause(live: Live) -> El {
    let paused = move || live.paused.get().is_some();
    let name = move || if paused() { "Go on (Space)" } else { "Hold the picture still (Space)" };
    el("button")
        .attr("type", "button")
        .class("button quiet icon-only pause")
        .test_id("pause")
        .attr("aria-pressed", move || if paused() { "true" } else { "false" })
        .attr("aria-label", name)
        .attr("title", name)
        .on("click", move |_| live.pause_or_go_on())
        .add(move || icon(if paused() { "play" } else { "pause" }))
}

fn link_words(link: Link) -> (&'static str, &'static str) {
    match link {
        Link::Opening => ("opening", "Connecting"),
        Link::Live => ("live", "Live"),
        Link::Broken { .. } => ("broken", "Disconnected"),
    }
}

/// Says that there is no connection, of when the picture is and when the next try is due; and afterwards what was missed.
pub fn banner() -> Node {
    let live = use_live();
    let broken = Memo::new(move |_| live.link.get().is_broken());
    // Only what changes seldom is read out: not the countdown.
    let announced = move || match broken.get() {
        true => {
            "Connection lost. What you see is no longer up to date, and nothing can be done until it is back."
                .to_owned()
        }
        false => live.caught_up.get().map(caught_up).unwrap_or_default(),
    };
    let lost = move || {
        let retry =
            el("button").attr("type", "button").class("button small").on("click", move |_| live.retry());
        let as_of = move || match live.link.get() {
            Link::Broken { as_of_ms, .. } => dom::time_of_day(as_of_ms),
            Link::Live | Link::Opening => String::new(),
        };
        let told = nodes![
            "No connection. As of ",
            el("b").class("num").add(as_of),
            ". ",
            span("num").add(move || next_try(live))
        ];
        div("banner bad")
            .test_id("disconnected")
            .add(icon("unplug"))
            .add(el("p").add(told))
            .add(retry.add("Try now"))
    };
    let back = move || {
        let told = el("p").add(move || live.caught_up.get().map(caught_up));
        div("banner good").test_id("caught-up").add(icon("check")).add(told)
    };
    let announcer = el("p").class("away").attr("role", "status").test_id("announcer").add(announced);
    nodes![
        announcer,
        when(move || broken.get(), lost),
        when(move || live.caught_up.get().is_some() && !broken.get(), back)
    ]
    .into_node()
}

fn next_try(live: Live) -> String {
    let Link::Broken { next_try_ms, .. } = live.link.get() else { return String::new() };
    match (next_try_ms - live.clock_ms.get()).max(0).saturating_add(999) / 1_000 {
        0 => "Trying now…".to_owned(),
        left => format!("Next try in {left} s."),
    }
}

fn caught_up(events: u64) -> String {
    match events {
        0 => "Connected again. Nothing happened meanwhile.".to_owned(),
        events => format!("Connected again, with {} caught up.", words::counted(events, "event")),
    }
}

/// Short notices in the corner.
pub fn notices() -> Node {
    let desk = use_desk();
    let draw = move |notice: Notice| {
        let takes_back = move || {
            desk.undo
                .with(|last| last.as_ref().is_some_and(|(id, steps)| *id == notice.id && !steps.is_empty()))
        };
        let back = || {
            let back = button("button small", |desk| desk.send(Errand::Undo)).test_id("undo");
            back.attr("title", "Take it back (z)").add("Undo")
        };
        div("notice")
            .toggle("bad", move || notice.bad)
            .add(icon(if notice.bad { "alert" } else { "check" }))
            .add(el("p").add(notice.text))
            .add(when(takes_back, back))
            .add(icon_button("x", "Dismiss", move |desk| desk.dismiss(notice.id)))
    };
    let list = each(move || desk.notices.get(), |notice| notice.id.to_string(), draw);
    div("notices").attr("role", "status").attr("aria-live", "polite").add(list).into_node()
}
