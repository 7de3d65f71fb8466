//! The list of tasks, with its filters. What is shown stands in the address.

use crate::prelude::*;
use engine::sorted::SortedSet;
use engine::view::SyncTask;
use engine::{TaskId, TaskStatus};

use super::bits::{
    act, agent_link, aside, bar, choose, exports, filtered_out, nothing, panel, search_box, since, tick,
};
use super::icon::{icon, priority_mark, status_mark, status_word};
use super::rows::{Rows, cell, row_of};
use crate::desk::{Ask, use_desk};
use crate::live::figures::Figures;
use crate::live::order::{Filter, SORTS, Show, needed};
use crate::live::row::{RowId, TaskRow};
use crate::live::{Live, use_live, words};
use crate::nav::{Nav, Open, Place, Room, use_nav};
use crate::parts::{Part, show};
use crate::ui::{El, IntoNode, Node, el, nodes, span, when};

/// How many of the tasks that one waits for are named.
const NAMED: usize = 4;

/// What a file of tasks has when the address says nothing else.
const BY_DEFAULT: &str = "show=open&sort=pressing";

const HEADS: &[(&str, &str)] = &[
    ("c-id", "Task"),
    ("c-title", "Title"),
    ("c-who", "Agent"),
    ("c-bar", "Progress"),
    ("c-minutes", "Estimate"),
    ("c-prio", "Priority"),
    ("c-age", "Changed"),
];

/// The room of tasks: as a table, a board or a graph.
pub fn task_views() -> Node {
    let nav = use_nav();
    let view = Memo::new(move |_| nav.choice("view"));
    let other = move |name: &'static str, content: Node| {
        // The board shows closed tasks, too; the graph does not, and leaves out none that is not found.
        let (live, on_board) = (use_live(), name == "board");
        let file = exports("tasks", if on_board { "sort=pressing" } else { BY_DEFAULT });
        let found = Memo::new(move |_| {
            let filter = nav.place().filter();
            let listed = |show: Show| live.task_rows(&Filter { show, ..filter.clone() }, "").len();
            [Show::Open, Show::Closed].map(listed).iter().sum()
        });
        let found = on_board.then_some(found);
        let tools = nodes![view_tabs(), by_need(live, nav), file, search_box("Filter tasks", found)];
        panel("Tasks", name, (), tools).add(picked_bar()).add(content).into_node()
    };
    let shown = move || match view.get().as_str() {
        "board" => other("board", show(Part::Board)),
        "graph" => other("graph", show(Part::Graph)),
        _ => tasks(),
    };
    shown.into_node()
}

/// The way from one view to the others.
fn view_tabs() -> Node {
    const VIEWS: [(&str, &str, &str); 3] =
        [("", "Table (1)", "list"), ("board", "Board (2)", "board"), ("graph", "Graph (3)", "graph")];
    let nav = use_nav();
    let tab = |(view, name, icon_name): (&'static str, &'static str, &'static str)| {
        let base = move || match nav.place() {
            place if place.room == Some(Room::Tasks) => place,
            _ => Place::of(Room::Tasks),
        };
        let here = move || nav.place().room == Some(Room::Tasks) && nav.choice("view") == view;
        el("a")
            .attr("href", move || base().choosing("view", view).href())
            .attr("aria-current", move || here().then_some("true"))
            .attr("aria-label", name)
            .attr("title", name)
            .add(icon(icon_name))
            .into_node()
    };
    el("nav").class("tabs views").attr("aria-label", "How to show them").add(VIEWS.map(tab)).into_node()
}

/// All tasks that the address asks for.
pub fn tasks() -> Node {
    let (live, nav) = (use_live(), use_nav());
    let ids = listed(live, nav);
    // Ticks on what is no longer listed hold nothing.
    let selected = |rows: &Vec<RowId>| {
        let is_picked =
            |picked: &SortedSet<TaskId>, row: &RowId| matches!(row, RowId::Task(id) if picked.contains(id));
        use_desk().picked.with(|picked| !picked.is_empty() && rows.iter().any(|row| is_picked(picked, row)))
    };
    let rows = Rows { name: "tasks", ids, heads: HEADS, draw, empty, selected };
    let found = Memo::new(move |_| ids.with(Vec::len));
    panel("Tasks", "tasks", (), filters(live, found)).add(picked_bar()).add(rows.show()).into_node()
}

/// The tasks that the address asks for.
pub fn listed(live: Live, nav: Nav) -> Memo<Vec<RowId>> {
    Memo::new(move |_| {
        let place = nav.place();
        live.task_rows(&place.filter(), place.choice("sort"))
    })
}

/// What can be done with the ticked tasks, while there are any.
fn picked_bar() -> Node {
    let desk = use_desk();
    when(move || desk.picked.with(|picked| !picked.is_empty()), || show(Part::Picked))
}

fn filters(live: Live, found: Memo<usize>) -> Node {
    let nav = use_nav();
    let tab = |show: Show| {
        el("a")
            .attr("href", move || Place { show, ..nav.place() }.href())
            .attr("aria-current", move || (nav.place().show == show).then_some("true"))
            .add(show.label())
            .add(span("num").add(move || counted(live, show).to_string()))
    };
    let tabs =
        el("nav").class("tabs").attr("aria-label", "Which tasks").add(Show::ALL.map(tab).map(El::into_node));
    let sorts = SORTS.map(|(word, name)| (word.to_owned(), name.to_owned())).to_vec();
    let sort =
        when(move || nav.place().room == Some(Room::Tasks), move || choose("sort", "Order", sorts.clone()));
    let file = when(move || nav.place().room == Some(Room::Tasks), || exports("tasks", BY_DEFAULT));
    let need = when(move || nav.place().room == Some(Room::Tasks), move || by_need(live, nav));
    nodes![tabs, view_tabs(), sort, need, file, search_box("Filter tasks", Some(found))].into_node()
}

/// The choice of a capability that tasks have to need, where any of them needs one.
fn by_need(live: Live, nav: Nav) -> Node {
    let known = Memo::new(move |_| live.of_all(|state| needed(state, nav.place().filter().needs)));
    let shown = move || {
        let known = known.get();
        let any = (!known.is_empty()).then(|| (String::new(), "Any capability".to_owned()));
        let each = known.into_iter().map(|needs| (needs.to_string(), ["Needs ", needs.as_str()].concat()));
        any.map(|any| choose("needs", "What they need", std::iter::once(any).chain(each).collect()))
    };
    shown.into_node()
}

/// What a filter asks of a task, in words that follow "no task".
pub fn asked(filter: &Filter) -> String {
    let needs = filter.needs.as_ref().map(|needs| ["needs ", needs.as_str()].concat());
    let text = (!filter.text.is_empty()).then(|| ["contains “", &filter.text, "”"].concat());
    needs.into_iter().chain(text).collect::<Vec<_>>().join(" and ")
}

fn counted(live: Live, show: Show) -> u64 {
    live.figures.with(|figures| {
        if show == Show::Closed {
            return figures.completed + figures.cancelled;
        }
        let shown = TaskStatus::ALL.iter().filter(|status| show.has(**status));
        shown.map(|status| u64::try_from(figures.tasks(*status)).unwrap_or(0)).sum()
    })
}

/// Why there is nothing to see, and what to do about it.
fn empty() -> Node {
    let (live, nav) = (use_live(), use_nav());
    let any = move || live.figures.with(Figures::any_task);
    let told = move || {
        let place = nav.place();
        let word = if place.show == Show::Review { "in review" } else { place.show.word() };
        let filter = place.filter();
        if filter.narrows() {
            filtered_out(format!("No task that is {word} {}.", asked(&filter)))
        } else if !any() {
            show(Part::FirstTask)
        } else if place.show == Show::Open {
            nothing("check", "Everything is done.", new_task())
        } else {
            filtered_out(format!("No task is {word}."))
        }
    };
    told.into_node()
}

/// The button that opens the dialog for a new task.
pub fn new_task() -> El {
    act("button", |desk| desk.open(Ask::CreateTask)).add(icon("plus")).add("New task")
}

fn draw(id: &RowId) -> Option<El> {
    let (live, nav, desk) = (use_live(), use_nav(), use_desk());
    let RowId::Task(id) = id.clone() else { return None };
    let (ticked, opened) = (id.clone(), id.clone());
    let row = live.task(&id)?;
    let code = id.to_string();
    let status = Memo::new(move |_| row.with(|row| row.value.status));
    let assignee = Memo::new(move |_| row.with(|row| row.value.assigned_to.clone()));
    let changed_ms = move || row.with(|row| row.value.updated_at_ms);
    let percent = move || row.with(|row| row.value.progress.percent());
    let title = move || row.with(|row| row.value.title.clone());
    let link =
        el("a").class("row-link").attr("href", move || nav.href(Open::Task(opened.clone()))).add(title);
    let who = move || match assignee.get() {
        Some(id) => agent_link(id),
        None if status.get() == TaskStatus::Pending => span("muted").add("nobody yet").into_node(),
        None => Node::Nothing,
    };
    let estimate = move || words::work(u64::from(row.with(|row| row.value.estimated_duration)));
    Some(
        row_of(row)
            .test_id(format!("task-{code}"))
            .attr("data-status", move || status_word(status.get()))
            .toggle("ticked", move || desk.picked.with(|picked| picked.contains(&ticked)))
            .toggle("stalled", move || row.with(|row| row.value.stalled))
            .add(
                cell("cell", "c-id")
                    .add(tick(desk, &id))
                    .add(move || status_mark(status.get()))
                    .add(el("code").add(code)),
            )
            .add(cell("cell", "c-title").add(link).add(move || a_word(live, row).map(aside)))
            .add(cell("cell", "c-who").add(who))
            .add(
                cell("cell", "c-bar")
                    .add(move || (status.get() == TaskStatus::InProgress).then(|| bar(percent))),
            )
            .add(cell("cell", "c-minutes num").add(estimate))
            .add(cell("cell", "c-prio").add(move || priority_mark(row.with(|row| row.value.priority))))
            .add(cell("cell", "c-age").add(since(changed_ms))),
    )
}

/// What a task waits for, or a word on it.
fn a_word(live: Live, row: RwSignal<TaskRow>) -> Option<String> {
    row.with(|row| {
        let task = &row.value;
        match task.status {
            TaskStatus::Blocked => words::blocked(task, NAMED),
            TaskStatus::Pending if task.assigned_to.is_none() => {
                held_up(live, task).or_else(|| task.note.clone())
            }
            TaskStatus::InProgress if task.stalled => Some(words::STALLED.to_owned()),
            TaskStatus::InProgress | TaskStatus::Pending => task.note.clone(),
            TaskStatus::Cancelled => task.blocked_reason.clone(),
            TaskStatus::Completed | TaskStatus::NeedsReview => None,
        }
    })
}

/// The file that a ready task waits for, and who has it.
fn held_up(live: Live, task: &SyncTask) -> Option<String> {
    task.files_involved.iter().find_map(|file| {
        let holder = live.holder(file, None)?;
        Some(format!("waits for {file}, held by {holder}"))
    })
}
