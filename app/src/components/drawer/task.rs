//! A task in full.

use std::rc::Rc;
use std::sync::Arc;

use crate::prelude::*;
use engine::view::SyncTask;
use engine::{Capability, TaskId, TaskStatus};
use leptos::task::spawn_local;

use super::super::acts::{Fault, Quick, quick};
use super::super::bits::{act, agent_link, bar, button, caption, nothing, path_code, since, task_link};
use super::super::icon::{icon, priority_mark, status_mark};
use super::lately::lately;
use super::{frame, list, part, property, unknown};
use crate::api::{self, ApiError};
use crate::desk::Ask;
use crate::live::sentence::Part;
use crate::live::{Live, use_live, words};
use crate::nav::{Place, Room};
use crate::parts::{Part as Parted, show};
use crate::ui::{El, IntoNode, Node, div, el, nodes, span};

type Task = Signal<Arc<SyncTask>>;

/// A task; one that was closed long ago is asked of the server.
pub fn drawer(id: TaskId) -> Node {
    let live = use_live();
    match live.task(&id) {
        Some(row) => shown(live, Signal::derive(move || row.with(|row| row.value.clone()))),
        // As the page begins, the server has looked already.
        None if live.about().missing && !live.hydrated.get_untracked() => unknown("Task", &id.to_string()),
        None => from_history(live, id),
    }
}

fn from_history(live: Live, id: TaskId) -> Node {
    let found: RwSignal<Option<Result<Arc<SyncTask>, ApiError>>> = RwSignal::new(None);
    let (asked, tries) = (id.clone(), RwSignal::new(0));
    effect(move || {
        tries.track();
        let asked = asked.clone();
        spawn_local(async move {
            found.set(Some(api::call(api::GetTask::new(asked)).await));
        });
    });
    let content = move || {
        let (name, title) = (id.to_string(), el("h2").add(id.to_string()));
        match found.get() {
            Some(Ok(task)) => shown(live, Signal::stored(task)),
            Some(Err(error)) if error.code == "task_not_found" => unknown("Task", &name),
            Some(Err(error)) => {
                let again = button("button", move |_| tries.update(|tries| *tries += 1)).test_id("retry");
                let again = again.add(icon("undo")).add("Try again");
                frame("Task", &name, title, nothing("alert", Fault::from(error).text, again))
            }
            None => frame("Task", &name, title, el("p").class("muted").add("Loading…")),
        }
    };
    content.into_node()
}

fn shown(live: Live, task: Task) -> Node {
    let id = task.with_untracked(|task| task.id.clone());
    let status = Memo::new(move |_| task.with(|task| task.status));
    let stalled = Memo::new(move |_| task.with(|task| task.stalled));
    let over = el("p")
        .class("over")
        .add(move || status_mark(status.get()))
        .add(el("code").add(id.to_string()))
        .add(el("span").add(move || words::status(status.get())))
        .add(move || stalled.get().then(|| span("stalled").add(icon("clock")).add(words::STALLED)));
    let head = nodes![over, el("h2").add(move || task.with(|task| task.title.clone()))];
    let percent = move || task.with(|task| task.progress.percent());
    let running = move || (status.get() == TaskStatus::InProgress).then(|| div("wide-bar").add(bar(percent)));
    let dependents = {
        let id = id.clone();
        move || part("Waited for by", tasks(live, &live.dependents(&id)))
    };
    let body = nodes![
        running,
        move || text(Some(task.with(|task| task.description.clone()))),
        move || task.with(|task| properties(live, task)),
        show(Parted::Waits),
        move || part("After", task.with(|task| tasks(live, &task.dependencies))),
        dependents,
        move || part("Files", task.with(|task| files(live, task))),
        move || part("Last word", text(task.with(|task| task.note.clone()))),
        move || part("Result", text(task.with(|task| task.result.as_ref().map(words::gist)))),
        move || actions(live, status.get(), task),
        part("Lately", Some(lately(Part::Task(id.clone(), String::new())))),
    ];
    frame("Task", &id.to_string(), head, body)
}

/// Words as they were written; nothing when there are none.
fn text(words: Option<String>) -> Option<El> {
    let words = words.filter(|words| !words.is_empty())?;
    Some(el("p").class("description").add(words))
}

/// When it should be done, as planned.
fn expected(live: Live, task: &SyncTask) -> Option<Node> {
    let finish_ms = task.expected_finish_ms.filter(|_| !task.status.is_closed())?;
    let told = move || match finish_ms - live.now_ms.get() {
        left_ms if left_ms > 0 => format!("done in {}", words::for_long(left_ms)),
        late_ms => format!("should be done since {}", words::for_long(-late_ms)),
    };
    Some(property("Expected", told))
}

fn properties(live: Live, task: &Arc<SyncTask>) -> Node {
    let assignee = match &task.assigned_to {
        Some(id) => agent_link(id.clone()),
        None => span("muted").add("nobody").into_node(),
    };
    let estimate = words::work(u64::from(task.estimated_duration));
    let took = task.started_at_ms.zip(task.completed_at_ms).map(|(from, to)| words::for_long(to - from));
    let work = took.map_or(estimate.clone(), |took| format!("{estimate} estimated, {took} taken"));
    // Each leads to all that need it.
    let needing = |needs: &Capability| {
        let href = Place::of(Room::Tasks).choosing("needs", needs.as_str()).href();
        el("a").attr("href", href).add(needs.to_string())
    };
    let needs: Vec<El> = task.required_capabilities.iter().map(needing).collect();
    let time = |name, at_ms: Option<i64>| at_ms.map(|at_ms| property(name, since(move || at_ms)));
    let priority = nodes![priority_mark(task.priority), task.priority.as_str().to_ascii_lowercase()];
    el("dl")
        .class("properties")
        .add(nodes![
            property("Agent", assignee),
            property("Priority", priority),
            property("Work", work),
            (!needs.is_empty()).then(|| property("Needs", span("list-of").add(needs))),
            task.reviewer.clone().map(|reviewer| property("Reviewer", agent_link(reviewer))),
            (task.attempts > 1).then(|| property("Attempts", task.attempts.to_string())),
            task.blocked_reason.clone().map(|reason| property("Because", reason)),
            expected(live, task),
            time("Created", Some(task.created_at_ms)),
            time("Started", task.started_at_ms),
            time("Closed", task.completed_at_ms),
        ])
        .into_node()
}

fn tasks(live: Live, ids: &[TaskId]) -> Option<El> {
    let line = |id: &TaskId| {
        let mark = live.task(id).map(|row| move || status_mark(row.with(|row| row.value.status)));
        el("li").add(mark).add(task_link(id.clone(), live.title(id)))
    };
    list(ids.iter().map(line).collect())
}

/// The files, and who else has one of them now.
fn files(live: Live, task: &SyncTask) -> Option<El> {
    let line = |file: &engine::FilePattern| {
        let held = live.holder(file, task.assigned_to.as_ref());
        let held = held.map(|holder| caption(nodes!["held by ", agent_link(holder)]));
        el("li").add(path_code(file.to_string())).add(held)
    };
    list(task.files_involved.iter().map(line).collect())
}

/// What can be done about a task as it stands.
fn actions(live: Live, status: TaskStatus, task: Task) -> Option<El> {
    if status.is_closed() {
        return None;
    }
    let id = task.with_untracked(|task| task.id.clone());
    let held = task.with(|task| task.held_reason.is_some());
    let may_hold = !held && matches!(status, TaskStatus::Pending | TaskStatus::InProgress);
    let ask = |icon_name, words: &'static str, ask: Ask| {
        act("button", move |desk| desk.open(ask.clone())).add(icon(icon_name)).add(words)
    };
    let to = task.with(|task| task.assigned_to.clone());
    let write =
        to.map(|to| ask("message", "Message its agent", Ask::Message { to: to.to_string(), reply_to: None }));
    let review = (status == TaskStatus::NeedsReview).then(|| {
        nodes![
            ask("check", "Approve", Ask::Review(id.clone(), true)).test_id("approve"),
            ask("undo", "Send back", Ask::Review(id.clone(), false)).test_id("send-back"),
        ]
        .into_node()
    });
    let (let_go, hold) = (id.clone(), id.clone());
    let go_on = held.then(|| {
        let dressed = |act: El| act.test_id("unblock").add(icon("unblocked"));
        quick("button", "Let it go on", dressed, Rc::new(move || Quick::let_go_on(live, let_go.clone())))
    });
    let hold = may_hold.then(|| ask("pause", "Hold back", Ask::Hold(hold)).test_id("hold"));
    let assign = (status != TaskStatus::NeedsReview)
        .then(|| ask("user", "Assign", Ask::Assign(id.clone())).test_id("assign"));
    Some(div("actions").add(nodes![
        review,
        go_on,
        assign,
        ask("pencil", "Edit", Ask::Edit(id.clone())).test_id("edit"),
        write,
        hold,
        ask("ban", "Cancel task", Ask::Cancel(id)).test_id("cancel-task"),
    ]))
}
