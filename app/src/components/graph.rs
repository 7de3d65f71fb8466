//! The tasks as a graph of what has to be done before what.

use crate::prelude::*;
use engine::sorted::SortedSet;
use engine::{State, TaskId, TaskStatus};

use super::bits::{agent_link, button, caption, filtered_out, nothing, task_link};
use super::held::{Held, Hold};
use super::icon::{icon, status_mark, status_word};
use super::tasks::asked;
use crate::dom;
use crate::live::graph::{CELL, Graph, Node as Task};
use crate::live::{Live, use_live, words};
use crate::nav::{Nav, Open, use_nav};
use crate::ui::{El, IntoNode, Node, div, each, el, nodes, when};

/// The width and height of a task, within its place.
const BOX: (i64, i64) = (180, 40);
/// The room around all, in pixels.
const MARGIN: f64 = 16.0;
/// How much larger or smaller one step of the zoom makes it, in per cent, and the bounds.
const ZOOM: (i32, i32, i32) = (20, 20, 160);

/// The graph, and the way around in it.
pub fn graph() -> Node {
    let (live, nav) = (use_live(), use_nav());
    let zoom = RwSignal::new(100);
    let open = Memo::new(move |_| match nav.place().open {
        Some(Open::Task(id)) => Some(id),
        _ => None,
    });
    let now = Memo::new(move |_| live.of_all(|state| Graph::of(state, open.get().as_ref())));
    let held = Held::new(now, |_| false, || 0);
    let drawn = held.shown;
    let meant = Memo::new(move |_| {
        let filter = nav.place().filter();
        let takes = filter.takes();
        let is_meant = |state: &State, id: &TaskId| state.task(id).is_some_and(&takes);
        let found = |state: &State, graph: &Graph| -> SortedSet<TaskId> {
            graph.nodes.iter().map(|node| &node.id).filter(|id| is_meant(state, id)).cloned().collect()
        };
        filter.narrows().then(|| live.of_all(|state| drawn.with(|graph| found(state, graph))))
    });
    let size = move || {
        let (width, height) = drawn.with(size_of);
        (width, height, format!("width:{width}px;height:{height}px;zoom:{}%", zoom.get()))
    };
    let nodes_of = move || drawn.with(|graph| graph.nodes.clone());
    let key = |node: &Task| format!("{} {:?} {}", node.id, corner(node), node.critical);
    let tasks = each(nodes_of, key, move |node| task(live, nav, node, meant));
    let drawing = el("svg")
        .attr("aria-hidden", "true")
        .attr("width", move || size().0.to_string())
        .attr("height", move || size().1.to_string())
        .add(move || drawn.with(lines));
    let paper = div("paper").attr("style", move || size().2).add(drawing).add(el("ul").add(tasks));
    let scroller = div("graph")
        .test_id("graph")
        .attr("tabindex", "0")
        .attr("role", "group")
        .attr("aria-label", "Dependencies")
        .add(paper);
    let empty = || nothing("graph", "No task is open, so there is nothing to wait for.", ());
    let unfound = Memo::new(move |_| {
        let is_drawn = drawn.with(|graph| !graph.nodes.is_empty());
        is_drawn && meant.with(|meant| meant.as_ref().is_some_and(SortedSet::is_empty))
    });
    let told = move || filtered_out(format!("No task that is drawn {}.", asked(&nav.place().filter())));
    effect(move || {
        request_animation_frame(move || drawn.with_untracked(|graph| begin(live, graph)));
    });
    held.within(div("graph-box"))
        .add(when(move || !drawn.with(|graph| graph.nodes.is_empty()), move || tools(drawn, zoom)))
        .add(held.chip())
        .add(when(move || unfound.get(), told))
        .add(scroller)
        .add(when(move || !drawn.with(|graph| graph.chain().is_empty()), move || chain(live, drawn)))
        .add(when(move || drawn.with(|graph| graph.nodes.is_empty()), empty))
        .into_node()
}

/// Begins with what runs, else with the first task, where neither would be in sight: columns are centred, and on a narrow screen the
/// corner of a large drawing is empty.
fn begin(live: Live, graph: &Graph) {
    let Some(frame) = dom::find(".graph") else { return };
    let status = |node: &Task| live.peek(|state| state.task(&node.id).map(|task| task.status()));
    let runs = |node: &&Task| matches!(status(node), Some(TaskStatus::InProgress | TaskStatus::NeedsReview));
    let Some(node) = graph.nodes.iter().find(runs).or(graph.nodes.first()) else { return };
    let (x, y) = corner(node);
    let (width, height) = (i64::from(frame.client_width()), i64::from(frame.client_height()));
    if x + BOX.0 > width || y + BOX.1 > height {
        let at = |px: i64| i32::try_from(px).unwrap_or(0);
        frame.set_scroll_left(at(x - MARGIN as i64));
        frame.set_scroll_top(at(y - height / 2));
    }
}

/// How wide and how high it is drawn, in whole pixels.
fn size_of(graph: &Graph) -> (i32, i32) {
    let (columns, rows) = graph.size;
    ((columns as f64 * CELL.0 + MARGIN) as i32, (rows * CELL.1 + 2.0 * MARGIN) as i32)
}

/// The zoom, in per cent, at which all of it is to be seen; never larger than it is.
fn fitting(graph: &Graph) -> i32 {
    let (width, height) = size_of(graph);
    let Some(frame) = dom::find(".graph") else { return 100 };
    let fits = (frame.client_width() * 100 / width.max(1)).min(frame.client_height() * 100 / height.max(1));
    fits.clamp(ZOOM.1, 100)
}

fn tools(drawn: RwSignal<Graph>, zoom: RwSignal<i32>) -> El {
    let (step, least, most) = ZOOM;
    let fit = button("button small", move |_| zoom.set(drawn.with_untracked(fitting))).test_id("fit");
    let scale = move |by: i32, name: &'static str, sign: &'static str| {
        button("button small icon-only", move |_| zoom.update(|zoom| *zoom = (*zoom + by).clamp(least, most)))
            .attr("aria-label", name)
            .attr("title", name)
            .add(sign)
    };
    let follow = button("button small", |_| {
        if let Some(node) = dom::find(".node.s-running, .node.s-review") {
            node.scroll_into_view();
        }
    });
    let told = move || {
        drawn.with(|graph| {
            let longest = (graph.longest_minutes > 0)
                .then(|| format!("Longest chain: {}", words::work(graph.longest_minutes)));
            let hidden =
                (graph.hidden > 0).then(|| format!("{} further away", words::count_of(graph.hidden, "task")));
            longest.into_iter().chain(hidden).collect::<Vec<_>>().join(" · ")
        })
    };
    div("graph-tools").add(nodes![
        scale(-step, "Smaller", "−"),
        scale(step, "Larger", "+"),
        fit.attr("title", "All of it at once").add("Fit"),
        follow.add(icon("play")).add("What runs"),
        caption(told),
    ])
}

/// The longest chain of work, task by task: whatever takes longer here makes everything later.
fn chain(live: Live, drawn: RwSignal<Graph>) -> El {
    let line = move |id: TaskId| {
        let row = live.task(&id);
        let mark = row.map(|row| move || status_mark(row.with(|row| row.value.status)));
        let who = row.map(|row| {
            move || match row.with(|row| row.value.assigned_to.clone()) {
                Some(agent) => agent_link(agent),
                None => caption("nobody yet"),
            }
        });
        el("li").add(mark).add(task_link(id.clone(), live.title(&id))).add(who)
    };
    let items = move || drawn.with(Graph::chain);
    el("details")
        .class("chain")
        .test_id("critical-path")
        .attr("open", true)
        .add(el("summary").add("Critical path"))
        .add(el("ol").add(each(items, TaskId::to_string, line)))
}

impl Hold for Graph {
    fn news(&self, now: &Self) -> usize {
        let place = |node: &Task| (node.id.clone(), corner(node));
        let places = |graph: &Self| graph.nodes.iter().map(place).collect::<Vec<_>>();
        // Both in order of id; what is only marked otherwise, and lines, move nothing.
        places(self).news(&places(now))
    }

    fn keeps(&self, now: &Self, place: usize) -> bool {
        self.nodes.get(place).is_some_and(|node| now.nodes.iter().any(|other| other.id == node.id))
    }
}

/// Where the left upper corner of a task is, in whole pixels: writing fractions would cost the code for all of their cases.
fn corner(node: &Task) -> (i64, i64) {
    ((MARGIN + node.column as f64 * CELL.0) as i64, (MARGIN + node.row * CELL.1).round() as i64)
}

/// A task; one that the filter does not mean is dim.
fn task(live: Live, nav: Nav, node: Task, meant: Memo<Option<SortedSet<TaskId>>>) -> Option<El> {
    let (x, y) = corner(&node);
    let row = live.task(&node.id)?;
    let id: TaskId = node.id;
    let status = Memo::new(move |_| row.with(|row| row.value.status));
    let title = move || row.with(|row| row.value.title.clone());
    let (code, name) = (id.to_string(), title());
    let (current, this) = (id.clone(), id.clone());
    let dim = move || meant.with(|meant| meant.as_ref().is_some_and(|meant| !meant.contains(&this)));
    let link = el("a")
        .class(move || format!("node s-{}", status_word(status.get())))
        .toggle("critical", move || node.critical)
        .toggle("dim", dim)
        .test_id(format!("node-{code}"))
        .attr("href", move || nav.href(Open::Task(id.clone())))
        .attr("title", name)
        .attr("aria-current", move || {
            (nav.place().open == Some(Open::Task(current.clone()))).then_some("true")
        })
        .attr("style", format!("left:{x}px;top:{y}px"))
        .add(move || status_mark(status.get()))
        .add(el("code").add(code))
        .add(el("span").add(title));
    Some(el("li").add(link))
}

/// The lines from each task to those that wait for it.
fn lines(graph: &Graph) -> Vec<El> {
    let line = |(from, to): &(usize, usize)| {
        let (from, to) = (&graph.nodes[*from], &graph.nodes[*to]);
        let ((x1, y1), (x2, y2)) = (corner(from), corner(to));
        let (x1, y1, y2) = (x1 + BOX.0, y1 + BOX.1 / 2, y2 + BOX.1 / 2);
        let bend = ((x2 - x1) / 2).min(48);
        let path = format!("M{x1} {y1}C{} {y1} {} {y2} {x2} {y2}", x1 + bend, x2 - bend);
        let critical = from.critical && to.critical;
        el("path").toggle("critical", move || critical).attr("d", path)
    };
    graph.edges.iter().map(line).collect()
}
