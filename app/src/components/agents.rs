//! The list of agents: who is there, what they do, when they were last heard of.

use crate::prelude::*;
use engine::TaskId;

use super::bits::{bar, caption, count, nothing, panel, since, task_link};
use super::icon::{icon, life_mark};
use super::rows::{Rows, cell, row_of};
use crate::live::row::{AgentRow, Life, RowId};
use crate::live::{Live, use_live, words};
use crate::nav::{Open, use_nav};
use crate::ui::{El, IntoNode, Node, el, nodes, span, when};

const HEADS: &[(&str, &str)] = &[
    ("c-name", "Agent"),
    ("c-task", "Works on"),
    ("c-bar", "Progress"),
    ("c-files", "Files"),
    ("c-queue", "Queue"),
    ("c-beat", "Seen"),
];

/// All agents but those who left.
pub fn agents() -> Node {
    let live = use_live();
    let ids = Memo::new(move |_| live.agent_rows(false));
    list(ids, Memo::new(move |_| ids.with(Vec::len)), nobody, ())
}

/// These agents, and how many of them are counted; in their place, where there are none, why; and what can be done with the list.
pub fn list(ids: Memo<Vec<RowId>>, counted: Memo<usize>, empty: fn() -> Node, tools: impl IntoNode) -> Node {
    let rows = Rows { name: "agents", ids, heads: HEADS, draw, empty, selected: |_| false };
    panel("Agents", "agents", count(move || counted.get()), tools).add(rows.show()).into_node()
}

/// Stands where no agent is.
pub fn nobody() -> Node {
    nothing("bot", "No agent is here at the moment.", ())
}

fn draw(id: &RowId) -> Option<El> {
    let (live, nav) = (use_live(), use_nav());
    let RowId::Agent(id) = id.clone() else { return None };
    let row = live.agent(&id)?;
    let name = id.to_string();
    let life = Memo::new(move |_| live.life(row));
    let beat_ms = move || row.with(|row| row.value.manus.last_heartbeat_ms);
    let link =
        el("a").class("row-link").attr("href", move || nav.href(Open::Agent(id.clone()))).add(name.clone());
    let role = move || row.with(|row| words::role(row.value.manus.role));
    let at_work = move || row.with(|row| row.value.manus.current_task.is_some());
    // An agent changes with each sign of life, and what is said of it seldom.
    let now = Memo::new(move |_| {
        let life = life.get();
        row.with(|row| Doing {
            life,
            task: row.value.manus.current_task.clone(),
            more: row.value.running.len().saturating_sub(1),
            files: row.value.manus.files_claimed.len(),
        })
    });
    let percent = move || row.with(|row| row.value.manus.progress.percent());
    let queued = move || row.with(|row| Some(row.value.queue.len()).filter(|queued| *queued > 0));
    Some(
        row_of(row)
            .test_id(format!("agent-{name}"))
            .attr("data-life", move || life.get().word())
            .add(cell("cell", "c-name").add(move || life_mark(life.get())).add(link).add(caption(role)))
            .add(cell("cell", "c-task").add(move || doing(live, now.get())))
            .add(cell("cell", "c-bar").add(move || at_work().then(|| bar(percent))))
            .add(cell("cell", "c-files").add(move || files(row)))
            .add(cell("cell", "c-queue num").add(move || queued().map(|queued| format!("+{queued}"))))
            .add(cell("cell", "c-beat").add(since(beat_ms))),
    )
}

/// What an agent does, as far as it is said in its row.
#[derive(Clone, PartialEq)]
struct Doing {
    life: Life,
    task: Option<TaskId>,
    /// How many further tasks it works on.
    more: usize,
    files: usize,
}

/// The current task, or in words why there is none.
fn doing(live: Live, now: Doing) -> Node {
    let Doing { life, task, more, files } = now;
    let told = |class: &'static str, text: String| span(class).add(text).into_node();
    match (life, task) {
        (Life::Gone, _) => told("muted", "said goodbye".to_owned()),
        (Life::Lost, _) if files > 0 => {
            told("l-lost", format!("silent, still holds {}", words::count_of(files, "file")))
        }
        (Life::Lost, _) => told("l-lost", "silent; its tasks went to others".to_owned()),
        (_, None) => {
            told("muted", if life == Life::Working { "at work without a task" } else { "idle" }.to_owned())
        }
        (_, Some(id)) => {
            let more = (more > 0).then(|| caption(format!("and {more} more")));
            // Alive, and does not get on all the same.
            let row = live.task(&id);
            let stalled = move || row.is_some_and(|task| task.with(|task| task.value.stalled));
            let stuck = when(stalled, || span("l-stuck").add(icon("clock")).add("stuck"));
            nodes![stuck, task_link(id.clone(), live.title(&id)), more].into_node()
        }
    }
}

/// How many files it holds, and which on hover.
fn files(row: RwSignal<AgentRow>) -> Option<El> {
    row.with(|row| {
        let files = &row.value.manus.files_claimed;
        let list = files.iter().take(20).map(ToString::to_string).collect::<Vec<_>>().join("\n");
        let count = files.len();
        (count > 0).then(|| span("num").attr("title", list).add(icon("lock")).add(count.to_string()))
    })
}
