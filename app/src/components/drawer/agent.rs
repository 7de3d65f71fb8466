//! An agent in full.

use std::rc::Rc;

use crate::prelude::*;
use engine::view::ManusInstance;
use engine::{LockKey, ManusId, TaskId};

use super::super::acts::{Quick, quick};
use super::super::bits::{act, bar, path_code, since, task_link};
use super::super::icon::{icon, life_mark, priority_mark, status_mark};
use super::super::locks::release_button;
use super::lately::lately;
use super::{frame, list, part, property, unknown};
use crate::desk::Ask;
use crate::live::row::{AgentRow, Life, LockId};
use crate::live::sentence::Part;
use crate::live::{Live, needs, use_live, words};
use crate::parts::{Part as Apart, show};
use crate::ui::{El, IntoNode, Node, div, el, nodes, span};

/// An agent.
pub fn drawer(id: ManusId) -> Node {
    let live = use_live();
    let Some(row) = live.agent(&id) else { return unknown("Agent", id.as_str()) };
    let life = Memo::new(move |_| live.life(row));
    let over = el("p")
        .class("over")
        .add(move || life_mark(life.get()))
        .add(el("span").add(move || match row.with(|row| row.value.manus.draining) {
            true => format!("{}, gets nothing new", life.get().word()),
            false => life.get().word().to_owned(),
        }))
        .add(span("muted").add(move || row.with(|row| words::role(row.value.manus.role))));
    let head = nodes![over, el("h2").add(id.to_string())];
    let running = Memo::new(move |_| row.with(|row| row.value.running.clone()));
    let queue = Memo::new(move |_| row.with(|row| row.value.queue.clone()));
    let files = Memo::new(move |_| row.with(|row| row.value.manus.files_claimed.clone()));
    let holder = id.clone();
    let body = nodes![
        properties(row),
        move || part("Works on", running.with(|ids| tasks(live, ids, true))),
        move || part("Queue", queue.with(|ids| tasks(live, ids, false))),
        move || part(
            "Files held",
            files.with(|files| {
                let key = |file: &engine::FilePattern| LockKey {
                    locked_by: holder.clone(),
                    file_path: file.clone(),
                };
                locks(live, files.iter().map(key).collect())
            })
        ),
        actions(live, id.clone(), row, life),
        part("Lately", Some(lately(Part::Manus(id.clone())))),
    ];
    frame("Agent", id.as_str(), head, body)
}

fn properties(row: RwSignal<AgentRow>) -> Node {
    // What does not change with each sign of life, as it is shown.
    let unmoved = Memo::new(move |_| row.with(|row| unmoved(&row.value.manus)));
    let seen_ms = move || row.with(|row| row.value.manus.last_heartbeat_ms);
    let registered_ms = move || row.with(|row| row.value.manus.registered_at_ms);
    let named = move || {
        let shown = |(name, text): (&'static str, String)| (!text.is_empty()).then(|| property(name, text));
        unmoved.get().into_iter().map(shown).collect::<Vec<_>>()
    };
    el("dl")
        .class("properties")
        .add(property("Seen", since(seen_ms)))
        .add(named)
        .add(show(Apart::Score))
        .add(property("Registered", since(registered_ms)))
        .into_node()
}

fn unmoved(manus: &ManusInstance) -> Vec<(&'static str, String)> {
    let runs: Vec<String> = manus.program.iter().chain(&manus.model).cloned().collect();
    vec![
        ("Can", needs::listed(&manus.capabilities)),
        ("Runs", runs.join(", ")),
        ("At a time", words::counted(manus.max_parallel, "task")),
        ("Performance", (manus.performance_score.round() as i64).to_string()),
    ]
}

fn tasks(live: Live, ids: &[TaskId], with_bar: bool) -> Option<El> {
    let line = |id: &TaskId| {
        let row = live.task(id)?;
        let percent = move || row.with(|row| row.value.progress.percent());
        let mark = move || match with_bar {
            true => status_mark(row.with(|row| row.value.status)),
            false => priority_mark(row.with(|row| row.value.priority)),
        };
        let bar = with_bar.then(|| div("wide-bar").add(bar(percent)));
        Some(el("li").add(mark).add(task_link(id.clone(), live.title(id))).add(bar))
    };
    list(ids.iter().filter_map(line).collect())
}

fn locks(live: Live, keys: Vec<LockKey>) -> Option<El> {
    let line = |key: &LockKey| {
        let row = live.lock(&live.peek(|state| state.locks().get(key).map(LockId::of))?)?;
        let path = key.file_path.to_string();
        let since_ms = move || row.with(|row| row.value.locked_at_ms);
        let line = el("li").class("lock").add(path_code(path.clone()));
        Some(line.add(since(since_ms)).add(release_button(row, &path)))
    };
    list(keys.iter().filter_map(line).collect())
}

fn actions(live: Live, id: ManusId, row: RwSignal<AgentRow>, life: Memo<Life>) -> El {
    let ask = |icon_name, words: &'static str, ask: Ask| {
        act("button", move |desk| desk.open(ask.clone())).add(icon(icon_name)).add(words)
    };
    let write = Ask::Message { to: id.to_string(), reply_to: None };
    let draining = Memo::new(move |_| row.with(|row| row.value.manus.draining));
    let holds = Memo::new(move |_| row.with(|row| !row.value.manus.files_claimed.is_empty()));
    let (back, drained, files) = (id.clone(), id.clone(), id.clone());
    let drain = move || {
        let resume = || {
            let dressed = |act: El| act.test_id("resume").add(icon("play"));
            let back = back.clone();
            quick(
                "button",
                "Give it work again",
                dressed,
                Rc::new(move || Quick::work_again(live, back.clone())),
            )
        };
        match (life.get(), draining.get()) {
            (Life::Gone, _) => None,
            (_, true) => Some(resume()),
            (_, false) => Some(ask("pause", "Drain", Ask::Drain(drained.clone())).test_id("drain")),
        }
    };
    let release = move || {
        let button = ask("unlock", "Release its files", Ask::ReleaseAll(files.clone()));
        holds.get().then(|| button.test_id("release-all"))
    };
    let leave = move || {
        (life.get() != Life::Gone).then(|| ask("log-out", "Take off the list", Ask::Deregister(id.clone())))
    };
    let message = ask("message", "Message", write).test_id("message-agent");
    div("actions").add(message).add(drain).add(release).add(leave)
}
