//! The list of locks.

use crate::prelude::*;

use super::bits::{act_named, agent_link, caption, count, nothing, panel, since, task_link};
use super::icon::icon;
use super::rows::{Rows, cell, row_of};
use crate::desk::Ask;
use crate::live::row::{LockRow, RowId};
use crate::live::{Live, use_live, words};
use crate::ui::{El, IntoNode, Node, el};

const HEADS: &[(&str, &str)] =
    &[("c-path", "Path"), ("c-who", "Holder"), ("c-token", "Token"), ("c-age", "Held"), ("c-act", "Release")];

/// All locks: who holds what.
pub fn locks() -> Node {
    let live = use_live();
    let ids = Memo::new(move |_| live.lock_rows());
    let empty = || nothing("unlock", "Nobody holds a file. Starting a task claims the files it names.", ());
    let rows = Rows { name: "locks", ids, heads: HEADS, draw, empty, selected: |_| false };
    panel("Files held", "locks", count(move || ids.with(Vec::len)), ()).add(rows.show()).into_node()
}

fn draw(id: &RowId) -> Option<El> {
    let live = use_live();
    let RowId::Lock(id) = id.clone() else { return None };
    let row = live.lock(&id)?;
    let since_ms = move || row.with(|row| row.value.locked_at_ms);
    let path = id.key.file_path.to_string();
    let shown = el("code").class("path").attr("title", path.clone()).add(el("bdi").add(path.clone()));
    let token = cell("cell", "c-token num").attr("title", "Fencing token: a later grant has a larger one");
    Some(
        row_of(row)
            .test_id(format!("lock-{path}"))
            .add(cell("cell", "c-path").add(shown))
            .add(cell("cell", "c-who").add(agent_link(id.key.locked_by)).add(move || what_for(live, row)))
            .add(token.add(format!("#{}", id.token)))
            .add(cell("cell", "c-age").add(since(since_ms)))
            .add(cell("cell", "c-act").add(release_button(row, &path))),
    )
}

/// The task it serves, the holder's words, or when it lapses.
pub fn what_for(live: Live, row: RwSignal<LockRow>) -> Node {
    let lock = row.with(|row| row.value.clone());
    if let (Some(until_ms), None) = (lock.expires_at_ms, &lock.task_id) {
        return caption(move || format!("free in {}", words::for_long(until_ms - live.now_ms.get())));
    }
    match &lock.task_id {
        Some(task) => caption(task_link(task.clone(), String::new())),
        None => caption(lock.lock_reason.clone()),
    }
}

/// The button that asks whether to take the lock away.
pub fn release_button(row: RwSignal<LockRow>, path: &str) -> El {
    act_named("button quiet small", Some(format!("Release {path}")), move |desk| {
        desk.open(Ask::Release(row.with_untracked(|row| (*row.value).clone())));
    })
    .add(icon("unlock"))
}
