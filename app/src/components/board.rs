//! The tasks as a board: a column a status, the most pressing at the top.

use crate::prelude::*;
use engine::{TaskId, TaskStatus};

use super::bits::{agent_link, bar, caption, filtered_out};
use super::icon::{priority_mark, status_mark};
use crate::live::order::Show;
use crate::live::row::RowId;
use crate::live::{Live, use_live, words};
use crate::nav::{Nav, Open, Place, use_nav};
use crate::ui::{El, IntoNode, Node, div, each, el, span, when};

/// The columns, and the filter that lists the same as a table.
const COLUMNS: [(TaskStatus, Show); 5] = [
    (TaskStatus::Blocked, Show::Blocked),
    (TaskStatus::Pending, Show::Ready),
    (TaskStatus::InProgress, Show::Running),
    (TaskStatus::NeedsReview, Show::Running),
    (TaskStatus::Completed, Show::Closed),
];
/// How many cards a column has.
const CARDS: usize = 40;
/// How many of the tasks that one waits for are named on its card.
const NAMED: usize = 3;

/// The board.
pub fn board() -> Node {
    let (live, nav) = (use_live(), use_nav());
    let text = Memo::new(move |_| nav.place().text);
    let open = Memo::new(move |_| live.task_rows(Show::Open, &text.get(), ""));
    let closed = Memo::new(move |_| live.task_rows(Show::Closed, &text.get(), ""));
    let columns = COLUMNS.map(|(status, show)| {
        let rows = if status.is_closed() { closed } else { open };
        column(live, nav, status, show, rows).into_node()
    });
    let none = move || !text.get().is_empty() && open.with(Vec::is_empty) && closed.with(Vec::is_empty);
    let told = move || filtered_out(format!("No task contains “{}”.", text.get()));
    div("board-box").add(div("board").test_id("board").add(columns)).add(when(none, told)).into_node()
}

fn column(live: Live, nav: Nav, status: TaskStatus, show: Show, rows: Memo<Vec<RowId>>) -> El {
    let ids = Memo::new(move |_| {
        rows.with(|rows| {
            live.peek(|state| {
                let mine = |row: &RowId| match row {
                    RowId::Task(id) => (state.task(id)?.status() == status).then(|| id.clone()),
                    _ => None,
                };
                rows.iter().filter_map(mine).collect::<Vec<TaskId>>()
            })
        })
    });
    let count = move || ids.with(Vec::len);
    let shown = move || -> Vec<TaskId> { ids.with(|ids| ids.iter().take(CARDS).cloned().collect()) };
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
    let cards = el("ol").add(each(shown, TaskId::to_string, move |id| card(live, nav, &id)));
    el("section")
        .class("column")
        .attr("aria-label", name)
        .test_id(format!("column-{}", status.as_str()))
        .add(head)
        .add(cards)
        .add(when(move || count() > CARDS, more))
}

fn card(live: Live, nav: Nav, id: &TaskId) -> Option<El> {
    let row = live.task(id)?;
    let opened = id.clone();
    let href = move || nav.href(Open::Task(opened.clone()));
    let title = move || row.with(|row| row.value.title.clone());
    let status = Memo::new(move |_| row.with(|row| row.value.status));
    let assignee = Memo::new(move |_| row.with(|row| row.value.assigned_to.clone()));
    let percent = move || row.with(|row| row.value.progress.percent());
    let waits = move || row.with(|row| words::after(&row.value.waiting_for, NAMED).map(caption));
    let foot = el("p")
        .class("line")
        .add(el("code").class("muted").add(id.to_string()))
        .add(move || priority_mark(row.with(|row| row.value.priority)))
        .add(move || assignee.get().map(agent_link))
        .add(waits);
    Some(
        el("li")
            .class("card")
            .test_id(format!("card-{id}"))
            .add(el("a").class("row-link").attr("href", href).add(title))
            .add(foot)
            .add(move || (status.get() == TaskStatus::InProgress).then(|| div("wide-bar").add(bar(percent)))),
    )
}
