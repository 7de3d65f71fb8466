//! Where the person is: all view state stands in the address, and these functions read and write addresses.

mod browser;
mod escape;
mod room;

use crate::prelude::*;
use browser::{own_link, present_address, write_address};
use engine::{Capability, ManusId, MessageId, TaskId};
use escape::{escaped, unescaped};
use leptos::ev;
use leptos::task::spawn_local;
pub use room::Room;

use crate::desk::{Desk, use_desk};
use crate::dom;
use crate::live::order::{Filter, SORTS, Show};
use crate::live::{Live, use_live};
use crate::parts::{LOST, Parts, use_parts};

/// The addresses of all pages, for the server's router.
#[cfg(feature = "ssr")]
pub const PATHS: [&str; 13] = [
    "/",
    "/tasks",
    "/tasks/{task_id}",
    "/agents",
    "/agents/{manus_id}",
    "/timeline",
    "/files",
    "/messages",
    "/messages/{thread}",
    "/insights",
    "/activity",
    "/connect",
    "/settings",
];

/// What is open in the drawer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Open {
    /// A task.
    Task(TaskId),
    /// An agent.
    Agent(ManusId),
}

/// What an address says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The room, `None` where there is none.
    pub room: Option<Room>,
    /// What is open.
    pub open: Option<Open>,
    /// The conversation, in the room of messages.
    pub thread: Option<MessageId>,
    /// Which tasks are listed.
    pub show: Show,
    /// What they have to contain.
    pub text: String,
    /// What else is chosen, by the names of [`CHOICES`].
    pub choices: [String; CHOICES.len()],
}

/// The further parameters of addresses: how it is shown, in what order, as of which moment of the past; and then what narrows down what
/// is shown: what kind, by or with whom, about what, from when and until when, and of tasks, what they need.
const CHOICES: [&str; 9] = ["view", "sort", "at", "kind", "who", "about", "from", "until", "needs"];
/// How many of them narrow nothing down.
const MANNERS: usize = 3;

impl Place {
    /// Reads an address. In the rooms of tasks and agents, what is open is part of the path; elsewhere, a parameter.
    pub fn read(address: &str) -> Self {
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        let parameter = |wanted: &str| {
            let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs.find(|(name, _)| *name == wanted).map(|(_, value)| unescaped(value))
        };
        let mut names = path.split('/').filter(|name| !name.is_empty());
        let (first, second, more) = (names.next(), names.next().map(unescaped), names.next());
        let second = second.as_deref();
        let task = |text: &str| TaskId::new(text).ok().map(Open::Task);
        let agent = |text: &str| ManusId::new(text).ok().map(Open::Agent);
        let room = match first {
            None => Some(Room::Overview),
            Some(name) => Room::ALL.into_iter().find(|room| room.path()[1..] == *name),
        };
        let mut open = match room {
            Some(Room::Tasks) => second.and_then(task),
            Some(Room::Agents) => second.and_then(agent),
            _ => None,
        };
        let thread = second.filter(|_| room == Some(Room::Messages)).and_then(|text| text.parse().ok());
        // What stands below a room and is nothing in it is no page.
        let is_read = second.is_none() || open.is_some() || thread.is_some();
        let room = room.filter(|_| is_read && more.is_none());
        if !matches!(room, Some(Room::Tasks | Room::Agents)) {
            let asked = parameter("task").and_then(|text| task(&text));
            open = asked.or_else(|| parameter("agent").and_then(|text| agent(&text)));
        }
        let show = parameter("show").map(|word| Show::from_word(&word)).unwrap_or_default();
        let mut choices = CHOICES.map(|name| parameter(name).unwrap_or_default());
        // Words that mean nothing here are as good as none, so that what is shown is marked as chosen.
        if room == Some(Room::Tasks) {
            if !matches!(choices[0].as_str(), "board" | "graph") {
                choices[0].clear();
            }
            if !SORTS.iter().any(|(known, _)| *known == choices[1]) {
                choices[1].clear();
            }
            if Capability::new(&choices[8]).is_err() {
                choices[8].clear();
            }
        }
        Self { room, open, thread, show, text: parameter("q").unwrap_or_default(), choices }
    }

    /// A room as one enters it.
    pub fn of(room: Room) -> Self {
        Self::read(room.path())
    }

    /// What is chosen under one of the names of [`CHOICES`]; empty for nothing.
    pub fn choice(&self, name: &str) -> &str {
        let at = CHOICES.iter().position(|known| *known == name);
        at.map_or("", |at| &self.choices[at])
    }

    /// The same place with another choice; an empty one takes it away.
    pub fn choosing(mut self, name: &str, value: impl Into<String>) -> Self {
        if let Some(at) = CHOICES.iter().position(|known| *known == name) {
            self.choices[at] = value.into();
        }
        self
    }

    /// What the tasks are narrowed down to.
    pub fn filter(&self) -> Filter {
        let needs = Capability::new(self.choice("needs")).ok();
        Filter { show: self.show, text: self.text.clone(), needs }
    }

    /// Whether anything narrows down what is listed.
    pub fn is_filtered(&self) -> bool {
        !self.text.is_empty() || self.choices[MANNERS..].iter().any(|value| !value.is_empty())
    }

    /// The same place with nothing narrowed down.
    pub fn unfiltered(mut self) -> Self {
        self.choices[MANNERS..].fill(String::new());
        Self { text: String::new(), show: Show::Open, ..self }
    }

    /// The address that says this.
    pub fn href(&self) -> String {
        let mut path = self.room.unwrap_or(Room::Overview).path().to_owned();
        let mut query = Vec::new();
        match (self.room, &self.open) {
            (Some(Room::Tasks), Some(Open::Agent(id))) => path = format!("/agents/{id}"),
            (Some(Room::Tasks), Some(Open::Task(id))) => path = format!("/tasks/{id}"),
            (Some(Room::Agents), Some(Open::Task(id))) => path = format!("/tasks/{id}"),
            (Some(Room::Agents), Some(Open::Agent(id))) => path = format!("/agents/{id}"),
            (_, Some(Open::Task(id))) => query.push(format!("task={id}")),
            (_, Some(Open::Agent(id))) => query.push(format!("agent={id}")),
            (_, None) => {}
        }
        if let Some(thread) = self.thread {
            path = format!("{path}/{thread}");
        }
        if self.show != Show::default() {
            query.push(format!("show={}", self.show.word()));
        }
        if !self.text.is_empty() {
            query.push(format!("q={}", escaped(&self.text)));
        }
        let chosen = CHOICES.iter().zip(&self.choices).filter(|(_, value)| !value.is_empty());
        query.extend(chosen.map(|(name, value)| format!("{name}={}", escaped(value))));
        if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) }
    }
}

/// The present address, and the way to others. A handle.
#[derive(Debug, Clone, Copy)]
pub struct Nav {
    place: RwSignal<Place>,
    live: Live,
    parts: Parts,
    desk: Desk,
    /// Counts the ways, so that one that waits for a part of the page is given up for the next.
    ways: StoredValue<u32>,
}

impl Nav {
    /// To be called once.
    pub fn provide() -> Self {
        let place = RwSignal::new(Place::read(&present_address()));
        let (live, parts, desk) = (use_live(), use_parts(), use_desk());
        let nav = Self { place, live, parts, desk, ways: StoredValue::new(0) };
        provide_context(nav);
        nav.listen();
        nav
    }

    /// Where the person is, followed.
    pub fn place(self) -> Place {
        self.place.get()
    }

    /// Where the person is, once.
    pub fn place_now(self) -> Place {
        self.place.get_untracked()
    }

    /// The address at which this is open beside what is on screen now, followed.
    pub fn href(self, open: Open) -> String {
        Place { open: Some(open), ..self.place.get() }.href()
    }

    /// What is chosen under a name, followed.
    pub fn choice(self, name: &str) -> String {
        self.place.with(|place| place.choice(name).to_owned())
    }

    /// The address of this place with another choice, followed.
    pub fn choosing(self, name: &str, value: &str) -> String {
        self.place.get().choosing(name, value).href()
    }

    /// Changes a choice of the present place, without a step in the history.
    pub fn choose(self, name: &str, value: &str) {
        self.goto(&self.place_now().choosing(name, value).href(), true);
    }

    /// The address at which nothing is open, followed.
    pub fn closed(self) -> String {
        Place { open: None, ..self.place.get() }.href()
    }

    /// Goes to an address. With `replace` it takes the place of the present one, so that "back" skips it. Whoever looks at a moment of
    /// the past takes it along.
    pub fn goto(self, href: &str, replace: bool) {
        let (mut place, mut href) = (Place::read(href), href.to_owned());
        if let Some(at_ms) = self.live.past_ms.get_untracked() {
            place = place.choosing("at", at_ms.to_string());
            href = place.href();
        }
        let now = self.place_now();
        let other_room = place.room != now.room;
        if place.open.is_some() && now.open.is_none() {
            dom::mark_place();
        }
        self.once_ready(&place.clone(), href.clone(), move || {
            write_address(&href, replace);
            self.place.set(place);
            if let Some(room) = dom::find("#room").filter(|_| other_room) {
                room.set_scroll_top(0);
            }
            dom::keep_focus();
        });
    }

    /// Follows the browser to where it is already.
    fn follow(self) {
        let href = present_address();
        let place = Place::read(&href);
        self.once_ready(&place.clone(), href, move || self.place.set(place));
    }

    /// Arrives as soon as the parts of the page are there that show a place; until then, what is on screen stays. What cannot be
    /// loaded at all is most likely of a server that is gone: the address is then asked for as a page of its own.
    fn once_ready(self, place: &Place, href: String, arrive: impl FnOnce() + 'static) {
        self.ways.update_value(|ways| *ways = ways.wrapping_add(1));
        let (way, missing) = (self.ways.get_value(), self.parts.missing(place));
        if missing.is_empty() {
            return arrive();
        }
        spawn_local(async move {
            let there = self.parts.bring(missing).await;
            if self.ways.get_value() != way {
                return;
            }
            if there {
                arrive();
            } else if self.live.link.get_untracked().is_broken() {
                self.desk.complain(LOST);
            } else {
                let _ = window().location().set_href(&href);
            }
        });
    }

    /// Follows "back" and "forward", and takes over clicks on links to this server's own pages.
    fn listen(self) {
        effect(move || {
            let _ = window_event_listener_untyped("popstate", move |_| self.follow());
            let _ = window_event_listener(ev::click, move |event| {
                if let Some(href) = own_link(&event) {
                    event.prevent_default();
                    self.goto(&href, false);
                }
            });
        });
    }
}

/// The present address.
pub fn use_nav() -> Nav {
    expect_context::<Nav>()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(href: &str) -> Place {
        Place::read(href)
    }

    #[test]
    fn addresses_say_what_they_are_read_as() {
        for href in [
            "/",
            "/?task=T3",
            "/?agent=a:1",
            "/tasks",
            "/tasks/T3",
            "/tasks?show=closed",
            "/tasks?view=board",
            "/agents/a_1",
            "/files?agent=a",
            "/messages/7?q=x&who=ada",
            "/activity?kind=task_started&about=T3&from=1&until=2",
            "/agents?at=1800000000000&who=ada",
            "/tasks?show=ready&q=api&needs=rust",
        ] {
            assert_eq!(read(href).href(), href);
        }
        assert_eq!(read("/tasks?view=nonsense&sort=nonsense").href(), "/tasks");
        assert_eq!(read("/tasks/T3?show=ready&q=api").text, "api");
        let odd = Place { text: "50% ü & <b>".to_owned(), ..read("/tasks") };
        assert_eq!(read(&odd.href()), odd);
        assert_eq!(read("/?q=100%&show=blocked").text, "100%");
        assert_eq!(read("/nowhere").room, None);
        assert_eq!(read("/agents/a%3A1").open, read("/agents/a:1").open);
        for href in ["/tasks/a b", "/tasks/T1/T2", "/timeline/T1", "/messages/x"] {
            assert_eq!((read(href).room, read(href).open), (None, None), "{href}");
        }
    }

    #[test]
    fn a_filter_is_cleared_and_the_view_stays() {
        let place = read("/tasks?view=board&sort=new&q=api&who=ada&at=5&needs=gpu");
        assert!(place.is_filtered());
        assert_eq!(place.unfiltered().href(), "/tasks?view=board&sort=new&at=5");
        assert!(!read("/tasks?view=board&at=5").is_filtered());
        let place = read("/tasks?needs=C%23+");
        assert_eq!(place.filter().needs, Capability::new("C#").ok());
        assert_eq!(read("/tasks?needs=%00").href(), "/tasks");
    }

    #[test]
    fn rooms_lead_to_each_other() {
        let place = Place { open: Some(Open::Agent(ManusId::new("a").unwrap())), ..read("/tasks/T3") };
        assert_eq!(place.href(), "/agents/a");
    }
}
