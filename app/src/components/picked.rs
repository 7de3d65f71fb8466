//! What can be done with all ticked tasks at once, above their list.

use engine::sorted::SortedSet;
use engine::{State, TaskId, TaskStatus};

use super::bits::{act, button};
use super::icon::icon;
use super::tasks::listed;
use crate::desk::{Ask, Bulk, Desk, use_desk};
use crate::live::order::Show;
use crate::live::row::RowId;
use crate::live::{use_live, words};
use crate::nav::use_nav;
use crate::prelude::*;
use crate::ui::{IntoNode, Node, div, el, nodes, when};

/// How many are ticked, and the ways to decide about them.
pub fn picked() -> Node {
    let (live, nav, desk) = (use_live(), use_nav(), use_desk());
    let ids = listed(live, nav);
    // A tick on what was closed meanwhile could be seen nowhere.
    effect(move || {
        let is_open =
            |state: &State, id: &TaskId| state.task(id).is_some_and(|task| !task.status().is_closed());
        let closed = live.of_tasks(|state| {
            desk.picked
                .with(|picked| picked.iter().filter(|id| !is_open(state, id)).cloned().collect::<Vec<_>>())
        });
        if !closed.is_empty() && nav.place().show != Show::Closed {
            desk.picked.update(|picked| closed.iter().for_each(|id| _ = picked.remove(id)));
        }
    });
    let in_review = move || {
        let waits = |state: &State, id: &TaskId| {
            state.task(id).is_some_and(|task| task.status() == TaskStatus::NeedsReview)
        };
        live.of_tasks(|state| desk.picked.with(|picked| picked.iter().any(|id| waits(state, id))))
    };
    let count = move || desk.picked.with(SortedSet::len);
    let told = move || format!("{} ticked", words::count_of(count(), "task"));
    let ask = |bulk: Bulk, icon_name, words: &'static str| {
        act("button small", move |desk| desk.open(Ask::Bulk(bulk))).add(icon(icon_name)).add(words)
    };
    let all = move || {
        let text = format!("Tick all {}", ids.with(Vec::len));
        let every = move |desk: Desk| {
            let id = |row: &RowId| match row {
                RowId::Task(id) => Some(id.clone()),
                _ => None,
            };
            let all: SortedSet<TaskId> = ids.with_untracked(|ids| ids.iter().filter_map(id).collect());
            desk.picked.set(all);
        };
        (count() < ids.with(Vec::len)).then(|| button("button small quiet", every).add(text))
    };
    let none = button("button small quiet", |desk| desk.picked.set(SortedSet::new())).add("Take ticks away");
    div("picked")
        .test_id("picked")
        .attr("role", "status")
        .add(nodes![
            el("b").add(told),
            all,
            ask(Bulk::Priority, "gauge", "Priority"),
            ask(Bulk::Assign, "user", "Assign"),
            when(in_review, move || ask(Bulk::Approve, "check", "Approve")),
            ask(Bulk::Cancel, "ban", "Cancel"),
            none,
        ])
        .into_node()
}
