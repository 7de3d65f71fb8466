//! The tasks as a board: a column a status, the most pressing at the top. Cards stay where they are while somebody points at the
//! board, has the focus in it or has ticked one of them.

use std::collections::{HashMap, HashSet};

use crate::prelude::*;
use engine::sorted::SortedSet;
use engine::view::SyncTask;
use engine::{State, TaskId, TaskStatus};

use super::bits::{agent_link, bar, caption, filtered_out, tick};
use super::held::{Held, Hold};
use super::icon::{priority_mark, status_mark};
use super::tasks::asked;
use super::walk::walked;
use crate::desk::use_desk;
use crate::dom::element_of;
use crate::live::order::{Filter, Show};
use crate::live::row::RowId;
use crate::live::{Live, use_live, words};
use crate::nav::{Nav, Open, Place, use_nav};
use crate::ui::{El, IntoNode, Node, div, each, el, span, when};

/// The columns, and the filter that lists the same as a table.
const COLUMNS: [(TaskStatus, Show); 5] = [
    (TaskStatus::Blocked, Show::Blocked),
    (TaskStatus::Pending, Show::Ready),
    (TaskStatus::InProgress, Show::Running),
    (TaskStatus::NeedsReview, Show::Review),
    (TaskStatus::Completed, Show::Closed),
];
/// How many cards a column has.
const CARDS: usize = 40;
/// How many of the tasks that one waits for are named on its card.
const NAMED: usize = 3;

/// What lies in which column: the cards that are drawn, and how many there are.
#[derive(Debug, Clone, PartialEq, Default)]
struct Columns([Column; COLUMNS.len()]);

type Column = (Vec<TaskId>, usize);

impl Columns {
    fn of<'a>(state: &State, rows: impl Iterator<Item = &'a RowId>) -> Self {
        let mut columns = Self::default();
        for row in rows {
            let RowId::Task(id) = row else { continue };
            let Some(status) = state.task(id).map(|task| task.status()) else { continue };
            let Some(at) = COLUMNS.iter().position(|(of, _)| *of == status) else { continue };
            let (cards, count) = &mut columns.0[at];
            *count += 1;
            if *count <= CARDS {
                cards.push(id.clone());
            }
        }
        columns
    }

    fn has(&self, id: &TaskId) -> bool {
        self.0.iter().any(|(cards, _)| cards.contains(id))
    }

    /// In which column each card lies.
    fn places(&self) -> HashMap<&TaskId, usize> {
        let columns = self.0.iter().enumerate();
        columns.flat_map(|(at, (cards, _))| cards.iter().map(move |id| (id, at))).collect()
    }
}

impl Hold for Columns {
    fn news(&self, now: &Self) -> usize {
        let still = |(before, after): (&Column, &Column)| after.0.starts_with(&before.0);
        if self.0.iter().zip(&now.0).all(still) {
            return 0;
        }
        let (before, after) = (self.places(), now.places());
        let all: HashSet<&&TaskId> = before.keys().chain(after.keys()).collect();
        // Where all are still in their columns, they are in another order.
        all.into_iter().filter(|id| before.get(*id) != after.get(*id)).count().max(1)
    }

    fn keeps(&self, _now: &Self, _place: usize) -> bool {
        // What has the focus is known by its id: see `board`.
        false
    }
}

/// The board.
pub fn board() -> Node {
    let (live, nav, desk) = (use_live(), use_nav(), use_desk());
    let filter = Memo::new(move |_| nav.place().filter());
    let listed = move |show: Show| live.task_rows(&Filter { show, ..filter.get() }, "");
    let open = Memo::new(move |_| listed(Show::Open));
    let closed = Memo::new(move |_| listed(Show::Closed));
    let now = Memo::new(move |_| {
        // Not only their order: a task can change its column and stay in its place among the others.
        open.with(|open| {
            closed.with(|closed| live.of_tasks(|state| Columns::of(state, open.iter().chain(closed))))
        })
    });
    let focused: RwSignal<Option<TaskId>> = RwSignal::new(None);
    let selected = move |columns: &Columns| {
        focused.with(|id| id.as_ref().is_some_and(|id| columns.has(id)))
            || desk.picked.with(|picked| picked.iter().any(|id| columns.has(id)))
    };
    let held = Held::new(now, selected, || 0);
    let columns: Vec<El> = (0..COLUMNS.len()).map(|at| column(live, nav, at, held, now)).collect();
    let none = move || filter.with(Filter::narrows) && open.with(Vec::is_empty) && closed.with(Vec::is_empty);
    let told = move || filtered_out(format!("No task {}.", filter.with(asked)));
    walked(held.under_pointer(div("board-box")), ".card")
        .on("focusin", move |event| {
            let card = element_of(event.target()).and_then(|target| target.closest(".card").ok().flatten());
            let code = card.and_then(|card| card.query_selector("code").ok().flatten()?.text_content());
            focused.set(code.and_then(|code| TaskId::new(&code).ok()));
        })
        .on("focusout", move |_| focused.set(None))
        .add(div("board").test_id("board").add(columns))
        .add(held.chip())
        .add(when(none, told))
        .into_node()
}

fn column(live: Live, nav: Nav, at: usize, held: Held<Columns>, now: Memo<Columns>) -> El {
    let (status, show) = COLUMNS[at];
    let cards = move || held.shown.with(|columns| columns.0[at].0.clone());
    let count = move || now.with(|columns| columns.0[at].1);
    let name = words::status(status);
    let more = move || {
        let href = move || Place { show, ..nav.place() }.choosing("view", "").href();
        let text = move || format!("{} more in the table", count().saturating_sub(CARDS));
        el("a").class("button quiet").attr("href", href).add(text)
    };
    let head = el("header")
        .add(status_mark(status))
        .add(el("h3").attr("aria-hidden", "true").add(name))
        .add(span("count num").add(move || count().to_string()));
    let cards = el("ol").add(each(cards, TaskId::to_string, move |id| card(live, nav, status, id)));
    el("section")
        .class("column")
        .attr("aria-label", name)
        .test_id(format!("column-{}", status.as_str()))
        .add(head)
        .add(cards)
        .add(when(move || count() > CARDS, more))
}

/// A card in the column of a status. One that is held there tells what its task is now.
fn card(live: Live, nav: Nav, column: TaskStatus, id: TaskId) -> Option<El> {
    let desk = use_desk();
    let row = live.task(&id)?;
    let (opened, ticked) = (id.clone(), id.clone());
    let href = move || nav.href(Open::Task(opened.clone()));
    let title = move || row.with(|row| row.value.title.clone());
    let status = Memo::new(move |_| row.with(|row| row.value.status));
    let assignee = Memo::new(move |_| row.with(|row| row.value.assigned_to.clone()));
    let percent = move || row.with(|row| row.value.progress.percent());
    let blocked = move || {
        let told = |task: &SyncTask| match task.status {
            TaskStatus::Blocked => words::blocked(task, NAMED),
            _ => task.stalled.then(|| words::STALLED.to_owned()),
        };
        row.with(|row| told(&row.value))
    };
    let moved = move || {
        let status = status.get();
        (status != column)
            .then(|| span("line moved").add(status_mark(status)).add(caption(words::status(status))))
    };
    let foot = el("p")
        .class("line")
        .add(tick(desk, &id))
        .add(el("code").class("muted").add(id.to_string()))
        .add(move || priority_mark(row.with(|row| row.value.priority)))
        .add(move || assignee.get().map(agent_link))
        .add(move || blocked().map(caption))
        .add(moved);
    let is_ticked = move |picked: &SortedSet<TaskId>| picked.contains(&ticked);
    Some(
        el("li")
            .class("card")
            .toggle("ticked", move || desk.picked.with(&is_ticked))
            .toggle("stalled", move || row.with(|row| row.value.stalled))
            .test_id(format!("card-{id}"))
            // What is cut off in it: the link lies over the whole card, so it is told here.
            .attr("title", blocked)
            .add(el("a").class("row-link").attr("href", href).add(title))
            .add(foot)
            .add(move || (status.get() == TaskStatus::InProgress).then(|| div("wide-bar").add(bar(percent)))),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(columns: [&[u64]; 2]) -> Columns {
        let mut all = Columns::default();
        for (at, ids) in columns.into_iter().enumerate() {
            all.0[at] = (ids.iter().map(|id| TaskId::numbered(*id)).collect(), ids.len());
        }
        all
    }

    #[test]
    fn a_card_that_would_leave_its_place_is_news_and_one_at_the_end_is_not() {
        let shown = columns([&[1, 2], &[3]]);
        let news = |ids: [&[u64]; 2]| shown.news(&columns(ids));
        assert_eq!([news([&[1, 2], &[3]]), news([&[1, 2, 5], &[3, 4]])], [0, 0]);
        assert_eq!(news([&[2], &[1, 3]]), 1, "one has moved to the next column");
        assert_eq!(news([&[2, 1], &[3]]), 1, "another order");
        assert_eq!(news([&[1], &[4, 3]]), 2, "one has gone, one has come first");
    }
}
