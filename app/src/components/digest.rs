//! What happened while nobody looked: a line on the overview, each part of it a link.

use crate::prelude::*;
use engine::ids::SUPERVISOR;
use engine::{Event, ManusId, MessageId, Record, Seq, TaskId, TimeMs};
use leptos::task::spawn_local;

use super::bits::{agent_link, icon_button, task_link};
use super::icon::icon;
use crate::api::{self, ListEvents, OneOrMany};
use crate::desk::{Left, use_desk};
use crate::live::{Live, use_live, words};
use crate::nav::{Place, Room};
use crate::ui::{El, IntoNode, Node, el, nodes, span};

/// The kinds of events that are told.
const KINDS: [&str; 4] = ["task_completed", "task_failed", "manus_lost", "message_sent"];
/// How many events come at once.
const PAGE: i64 = 1_000;
/// How many pages are read at the most: after so many, the rest is not counted.
const PAGES: usize = 20;
/// Up to how many are named instead of counted.
const NAMED: usize = 2;

/// What happened.
#[derive(Debug, Clone, PartialEq, Default)]
struct Told {
    completed: Vec<TaskId>,
    failed: Vec<TaskId>,
    lost: Vec<ManusId>,
    /// Messages to the person, by what is written at their head.
    messages: Vec<MessageId>,
    /// Whether there is more than was counted.
    more: bool,
}

impl Told {
    fn add(&mut self, record: Record) {
        match record.event {
            Event::TaskCompleted { task_id, .. } => once(&mut self.completed, task_id),
            Event::TaskFailed { task_id, .. } => once(&mut self.failed, task_id),
            Event::ManusLost { manus_id } => once(&mut self.lost, manus_id),
            Event::MessageSent { message } if message.to_manus.as_str() == SUPERVISOR => {
                once(&mut self.messages, message.thread_id.unwrap_or(message.id));
            }
            _ => {}
        }
    }

    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Adds what is not there yet.
fn once<T: PartialEq>(all: &mut Vec<T>, one: T) {
    if !all.contains(&one) {
        all.push(one);
    }
}

/// The line; nothing while nothing is known, or when nothing happened.
pub fn digest() -> Node {
    let (live, desk) = (use_live(), use_desk());
    let told: RwSignal<Option<(TimeMs, Told)>> = RwSignal::new(None);
    effect(move || {
        let Some(Left { seq, at_ms }) = desk.left.get() else { return told.set(None) };
        spawn_local(async move { told.set(ask(seq).await.map(|all| (at_ms, all))) });
    });
    let shown = move || {
        let (at_ms, all) = told.get().filter(|(_, all)| !all.is_empty())?;
        Some(line(live, at_ms, all))
    };
    shown.into_node()
}

async fn ask(since: Seq) -> Option<Told> {
    let mut told = Told::default();
    let mut cursor = Some(since.to_string());
    for _ in 0..PAGES {
        let kind = Some(OneOrMany::Many(KINDS.map(str::to_owned).to_vec()));
        let call = ListEvents { kind, cursor, limit: Some(PAGE), ..ListEvents::new() };
        let page = api::call(call).await.ok()?;
        page.items.into_iter().for_each(|record| told.add(record));
        cursor = page.next_cursor;
        if cursor.is_none() {
            return Some(told);
        }
    }
    told.more = true;
    Some(told)
}

fn line(live: Live, at_ms: TimeMs, told: Told) -> El {
    let Told { completed, failed, lost, messages, more } = told;
    let log =
        |kind: &str| Place::of(Room::Activity).choosing("kind", kind).choosing("from", at_ms.to_string());
    let tasks = |ids: Vec<TaskId>, kind: &'static str, word: &'static str| {
        if ids.is_empty() {
            return None;
        }
        Some(match ids.len() <= NAMED {
            true => piece(ids.into_iter().map(|id| task_link(id.clone(), live.title(&id))).collect(), word),
            false => piece(vec![link(log(kind), words::count_of(ids.len(), "task"))], word),
        })
    };
    let agents = match lost.len() {
        0 => None,
        few if few <= NAMED => Some(piece(lost.into_iter().map(agent_link).collect(), "lost")),
        many => Some(piece(vec![link(log("manus_lost"), words::count_of(many, "agent"))], "lost")),
    };
    let mail = match messages.as_slice() {
        [] => None,
        [one] => {
            let place = Place { thread: Some(*one), ..Place::of(Room::Messages) };
            Some(piece(vec![link(place, words::count_of(1, "message"))], "to you"))
        }
        many => {
            let told = words::count_of(many.len(), "conversation");
            Some(piece(vec![link(Place::of(Room::Messages).choosing("who", SUPERVISOR), told)], "with you"))
        }
    };
    let long = words::for_long(live.now_ms.get_untracked() - at_ms);
    el("section")
        .class("digest")
        .test_id("digest")
        .attr("role", "status")
        .attr("aria-label", "Since you left")
        .add(icon("clock"))
        .add(el("p").add(nodes![
            el("b").add(format!("Since you left {long} ago:")),
            tasks(completed, "task_completed", "completed"),
            tasks(failed, "task_failed", "failed"),
            agents,
            mail,
            more.then_some(" and more"),
        ]))
        .add(icon_button("x", "Dismiss", |desk| desk.left.set(None)))
}

fn piece(links: Vec<Node>, word: &'static str) -> El {
    let links: Vec<El> = links.into_iter().map(|link| span("concerned").add(link)).collect();
    span("piece").add(links).add(" ").add(word)
}

fn link(place: Place, text: String) -> Node {
    el("a").attr("href", place.href()).add(text).into_node()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::script::script;

    #[test]
    fn each_is_told_once_and_only_what_concerns_the_person() {
        let mut project = script();
        project.agent("a", &[]);
        project.agent("b", &[]);
        let first = project.task("one", 10, &[], &[]);
        let mut told = Told::default();
        project.news().into_iter().for_each(|record| told.add(record));
        assert!(told.is_empty());
        let doer = project.state().task(&first).unwrap().assigned_to().unwrap().to_string();
        project.start(&doer, &first);
        project.complete(&first);
        project.message("a", "b", "between us");
        project.message("a", "supervisor", "which port?");
        project.wait(600_000);
        let news = project.news();
        news.iter().chain(&news).for_each(|record| told.add(record.clone()));
        // Both at the same moment, so either may come first.
        told.lost.sort();
        let lost = ["a", "b"].map(|id| ManusId::new(id).unwrap()).to_vec();
        assert_eq!((told.completed, told.lost, told.messages.len()), (vec![first], lost, 1));
    }
}
