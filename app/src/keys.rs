//! The keys of the page. Keys of a list are with the list, those of a dialog with the browser.

use std::cell::Cell;

use crate::prelude::*;
use engine::sorted::SortedSet;
use engine::{TaskId, TaskStatus};
use leptos::ev;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, KeyboardEvent};

use crate::desk::{Ask, Bulk, Desk};
use crate::dom;
use crate::errand::Errand;
use crate::live::{Link, Live, order};
use crate::nav::{Nav, Open, Place, Room};
use crate::theme;

/// What the keys work on.
#[derive(Clone, Copy)]
struct Keys {
    live: Live,
    desk: Desk,
    nav: Nav,
}

/// Listens for the keys.
pub fn listen(live: Live, desk: Desk, nav: Nav) {
    let keys = Keys { live, desk, nav };
    effect(move || {
        let after_g = Cell::new(false);
        let _ = window_event_listener(ev::keydown, move |event| {
            if keys.handle(&event, &after_g) {
                event.prevent_default();
            }
        });
    });
}

impl Keys {
    /// Does what a key is for; true when it is for something.
    fn handle(self, event: &KeyboardEvent, after_g: &Cell<bool>) -> bool {
        let modified = event.ctrl_key() || event.meta_key() || event.alt_key();
        let in_dialog = self.desk.ask.with_untracked(Option::is_some);
        let was_g = after_g.replace(false);
        let key = event.key();
        if (event.ctrl_key() || event.meta_key()) && key == "k" && !in_dialog {
            self.desk.open(Ask::Palette);
            return true;
        }
        if modified || event.default_prevented() || in_dialog {
            return false;
        }
        if let Some(field) = dom::element_of(event.target()).filter(takes_text) {
            let goes_on = field.id() == "filter" && !event.is_composing();
            return match key.as_str() {
                "Escape" => leave(&field),
                "Enter" | "ArrowDown" if goes_on => {
                    focus_first(&FIRST[1..]);
                    true
                }
                _ => false,
            };
        }
        match key.as_str() {
            key if was_g => self.go(key),
            "g" => {
                after_g.set(true);
                true
            }
            key => self.press(key, event),
        }
    }

    /// The second key after `g`.
    fn go(self, key: &str) -> bool {
        let room = Room::ALL.into_iter().find(|room| room.key() == key);
        if let Some(room) = room {
            self.nav.goto(room.path(), false);
        }
        room.is_some()
    }

    fn press(self, key: &str, event: &KeyboardEvent) -> bool {
        match key {
            "c" => self.ask(Ask::CreateTask),
            "m" => self.ask(Ask::Message { to: String::new(), reply_to: None }),
            "?" => self.desk.open(Ask::Help),
            " " if !dom::element_of(event.target()).is_some_and(on_something) => self.live.pause_or_go_on(),
            "[" | "]" => self.desk.step(key == "]"),
            "x" => pick_row(self.desk),
            "*" => self.pick_all(),
            "1" => self.view(""),
            "2" => self.view("board"),
            "3" => self.view("graph"),
            "y" => self.copy_link(),
            "a" | "e" | "p" | "v" => return self.about_chosen(key),
            "t" => theme::toggle(self.desk),
            "z" => self.desk.send(Errand::Undo),
            "/" => dom::focus(dom::find("#filter")),
            "j" | "k" => focus_first(&FIRST),
            "Escape" if self.nav.place_now().open.is_some() => {
                self.nav.goto(&Place { open: None, ..self.nav.place_now() }.href(), false);
            }
            "Escape" if !self.desk.picked.with_untracked(SortedSet::is_empty) => {
                self.desk.picked.set(SortedSet::new());
            }
            "Escape" if self.live.past_ms.with_untracked(Option::is_some) => self.live.back_to_now(),
            "Escape" if !self.nav.place_now().text.is_empty() => {
                self.nav.goto(&Place { text: String::new(), ..self.nav.place_now() }.href(), true);
            }
            _ => return false,
        }
        true
    }

    /// What is asked about the task that is open; else about those that are ticked, else about the one in whose row the focus is.
    fn about_chosen(self, key: &str) -> bool {
        let open = match self.nav.place_now().open {
            Some(Open::Task(id)) => Some(id),
            _ => None,
        };
        let ticked = open.is_none() && !self.desk.picked.with_untracked(SortedSet::is_empty);
        match key {
            "a" if ticked => self.ask(Ask::Bulk(Bulk::Assign)),
            "p" if ticked => self.ask(Ask::Bulk(Bulk::Priority)),
            "v" if ticked => self.ask(Ask::Bulk(Bulk::Approve)),
            "e" if ticked => self.desk.complain("Tasks are edited one by one. Esc takes ticks away."),
            _ => return open.or_else(focused_task).is_some_and(|id| self.about_task(key, id)),
        }
        true
    }

    fn about_task(self, key: &str, id: TaskId) -> bool {
        let status = self.live.peek(|state| state.task(&id).map(|task| task.status()));
        let Some(status) = status.filter(|status| !status.is_closed()) else { return false };
        match (key, status) {
            ("v", TaskStatus::NeedsReview) => self.ask(Ask::Review(id, true)),
            ("a", TaskStatus::NeedsReview) => {
                self.desk.complain("It is in review. Approve it (v), or send it back.");
            }
            // What is not up for review has nothing to be judged.
            ("v", _) => return false,
            ("a", _) => self.ask(Ask::Assign(id)),
            _ => self.ask(Ask::Edit(id)),
        }
        true
    }

    /// The tasks as a table, a board or a graph.
    fn view(self, view: &str) {
        let here = self.nav.place_now();
        let place = if here.room == Some(Room::Tasks) { here } else { Place::of(Room::Tasks) };
        self.nav.goto(&place.choosing("view", view).href(), false);
    }

    /// Ticks all tasks that the address lists.
    fn pick_all(self) {
        let place = self.nav.place_now();
        if matches!(place.room, Some(Room::Tasks | Room::Overview)) {
            let ids = self.live.peek(|state| order::tasks(state, &place.filter(), ""));
            self.desk.picked.set(ids.into_iter().collect());
        }
    }

    fn copy_link(self) {
        dom::copy(&(self.live.about().origin + &self.nav.place_now().href()));
        self.desk.say("The link to this view is copied.");
    }

    /// Opens a dialog. Also while the page still connects: the dialog sends nothing before that, and says so.
    fn ask(self, ask: Ask) {
        match self.live.why_not().filter(|_| self.live.link.get_untracked() != Link::Opening) {
            None => self.desk.open(ask),
            Some(reason) => self.desk.complain(reason),
        }
    }
}

/// Esc in a field leaves it. A filter stays, though browsers would empty its field, until Esc is pressed once more.
fn leave(field: &Element) -> bool {
    let filter = field.id() == "filter";
    if filter {
        dom::focus(dom::find("#room"));
    } else if let Some(field) = field.dyn_ref::<HtmlElement>() {
        let _ = field.blur();
    }
    filter
}

/// True on something that a key does something with by itself.
fn on_something(target: Element) -> bool {
    target.closest("button, summary").ok().flatten().is_some()
}

/// Ticks the task whose row has the focus, or takes the tick away.
fn pick_row(desk: Desk) {
    if let Some(id) = focused_task() {
        desk.pick(&id);
    }
}

/// The task in whose row the focus is, or that the chosen line of the queue is about.
fn focused_task() -> Option<TaskId> {
    const NAMED: &str = ".list.tasks .row:focus-within .c-id code, .card:focus-within code, .needs li:focus-within .task-link code";
    TaskId::new(&dom::find(NAMED)?.text_content()?).ok()
}

/// True when what is typed there is text, not a key of the page.
fn takes_text(target: &Element) -> bool {
    target.closest("input:not([type=radio]), textarea, select").ok().flatten().is_some()
}

/// Where lists begin: what needs the person, else the first task, else the first of any list.
const FIRST: [&str; 4] =
    [".needs li", ".list.tasks .body .row-link", ".list .body .row-link", ":is(.threads, .board) .row-link"];

/// Puts the focus on the first of these that there is.
fn focus_first(places: &[&str]) {
    dom::focus(places.iter().copied().find_map(dom::find));
}
