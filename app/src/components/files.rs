//! The room of files: who holds what, who waits for it, and what will collide.

use crate::prelude::*;
use engine::explain::Collision;
use engine::view::ClaimWait;
use engine::{LockKey, LockMode};

use super::bits::{
    agent_link, caption, count, exports, filtered_out, nothing, panel, path_code, search_box, since,
    task_link,
};
use super::icon::icon;
use super::locks::{release_button, what_for};
use super::rows::{Rows, cell, row_of};
use crate::live::order::split_path;
use crate::live::row::{LockRow, RowId};
use crate::live::{Live, use_live, words};
use crate::nav::use_nav;
use crate::ui::{El, IntoNode, Node, div, each, el, nodes, span, when};

const HEADS: &[(&str, &str)] = &[
    ("c-path", "Path"),
    ("c-who", "Holder"),
    ("c-for", "For"),
    ("c-age", "Held"),
    ("c-until", "Lapses"),
    ("c-wait", "Waits for it"),
    ("c-token", "Token"),
    ("c-act", "Release"),
];
/// How many collisions are told.
const TOLD: usize = 40;

/// The room.
pub fn files() -> Node {
    let (live, nav) = (use_live(), use_nav());
    let ids = Memo::new(move |_| live.lock_tree(&nav.place().text));
    let held = move || live.figures.with(|figures| figures.locks);
    let is_lock = |row: &&RowId| matches!(row, RowId::Lock(_));
    let found = Memo::new(move |_| ids.with(|ids| ids.iter().filter(is_lock).count()));
    let rows = Rows { name: "files", ids, heads: HEADS, draw, empty, selected: |_| false };
    let tree = panel(
        "Files held",
        "files",
        count(held),
        nodes![exports("files", ""), search_box("Filter files", Some(found))],
    )
    .add(rows.show());
    let side = div("side").add(nodes![waits(live), collisions(live)]);
    div("room split").add(tree).add(side).into_node()
}

fn empty() -> Node {
    let nav = use_nav();
    let told = move || match nav.place().text.as_str() {
        "" => nothing("unlock", "Nobody holds a file. Starting a task claims the files it names.", ()),
        text => filtered_out(format!("No claim contains “{text}”.")),
    };
    told.into_node()
}

fn draw(id: &RowId) -> Option<El> {
    let live = use_live();
    let id = match id.clone() {
        RowId::Lock(id) => id,
        RowId::Folder(name) => {
            let name = el("code").class("path").add(name);
            let cell =
                div("c-path").attr("role", "cell").attr("aria-colspan", "8").add(icon("folder")).add(name);
            return Some(div("row folder").add(cell));
        }
        _ => return None,
    };
    let row = live.lock(&id)?;
    let path = id.key.file_path.to_string();
    let (folder, name) = split_path(&path);
    let inside = !folder.is_empty();
    let name = el("code").class("path").attr("title", path.clone()).add(name.to_owned());
    let shared = row.with_untracked(|row| row.value.mode) == LockMode::Shared;
    let since_ms = move || row.with(|row| row.value.locked_at_ms);
    let key = id.key.clone();
    Some(
        row_of(row)
            .toggle("inside", move || inside)
            .test_id(format!("lock-{path}"))
            .add(cell("cell", "c-path").add(name).add(shared.then(|| caption("shared"))))
            .add(cell("cell", "c-who").add(agent_link(id.key.locked_by)))
            .add(cell("cell", "c-for").add(move || what_for(live, row)))
            .add(cell("cell", "c-age").add(since(since_ms)))
            .add(cell("cell", "c-until num").add(move || until(live, row)))
            .add(cell("cell", "c-wait").add(move || waiters(live, &key)))
            .add(cell("cell", "c-token num").add(format!("#{}", id.token)))
            .add(cell("cell", "c-act").add(release_button(row, &path))),
    )
}

/// When it lapses by itself.
fn until(live: Live, row: RwSignal<LockRow>) -> String {
    match row.with(|row| row.value.expires_at_ms) {
        Some(until_ms) => format!("in {}", words::ago(until_ms, live.now_ms.get())),
        None => "–".to_owned(),
    }
}

/// Those whose claims wait for this lock.
fn waiters(live: Live, key: &LockKey) -> Node {
    let waiting: Vec<_> = live.of_locks(|state| {
        let waits = state.waits().behind(key).filter_map(|id| state.waits().get(id));
        waits.map(|wait| wait.manus_id.clone()).collect()
    });
    let link = |manus| agent_link(manus);
    span("list-of").add(waiting.into_iter().map(link).collect::<Vec<_>>()).into_node()
}

/// The claims that wait, in the order of coming.
fn waits(live: Live) -> El {
    let waiting =
        move || -> Vec<ClaimWait> { live.of_locks(|state| state.waits().iter().cloned().collect()) };
    let line = move |wait: ClaimWait| {
        let files: Vec<Node> = wait.files.iter().take(4).map(|file| path_code(file.to_string())).collect();
        let behind: Vec<Node> =
            wait.behind.iter().take(4).map(|key| agent_link(key.locked_by.clone())).collect();
        let (since_ms, until_ms) = (wait.since_ms, wait.until_ms);
        let left = move || format!("gives up in {}", words::for_long(until_ms - live.now_ms.get()));
        el("li")
            .test_id(format!("wait-{}", wait.id))
            .add(icon("clock"))
            .add(
                el("p")
                    .add(agent_link(wait.manus_id))
                    .add(" waits for ")
                    .add(span("list-of").add(files))
                    .add(" behind ")
                    .add(span("list-of").add(behind))
                    .add(el("br"))
                    .add(caption(left)),
            )
            .add(since(move || since_ms))
    };
    let none = || nothing("check", "No claim waits.", ());
    let list =
        el("ol").class("feed").add(each(waiting, |wait| format!("{} {}", wait.id, wait.behind.len()), line));
    let number = move || waiting().len();
    panel("Waiting claims", "waits", count(number), ())
        .test_id("waits")
        .add(list)
        .add(when(move || number() == 0, none))
}

/// What will have to wait for what, before it does.
fn collisions(live: Live) -> El {
    let found = Memo::new(move |_| {
        live.of_all(|state| {
            let mut found = state.forecast_conflicts();
            found.truncate(TOLD);
            found
        })
    });
    let line = move |collision: Collision| {
        let files: Vec<Node> =
            collision.files.iter().take(3).map(|file| path_code(file.to_string())).collect();
        let title = |id: &engine::TaskId| task_link(id.clone(), live.title(id));
        let so = if collision.running { "runs" } else { "goes first" };
        let wait = words::work(collision.wait_minutes);
        el("li")
            .add(icon("alert"))
            .add(
                el("p")
                    .add(title(&collision.then))
                    .add(" will wait for ")
                    .add(title(&collision.first))
                    .add(el("br"))
                    .add(span("list-of").add(files))
                    .add(caption(format!(" · {} {so}", collision.first))),
            )
            .add(span("num muted").attr("title", "How long it waits at the most").add(wait))
    };
    let key = |found: &Collision| {
        format!("{} {} {} {}", found.first, found.then, found.wait_minutes, found.running)
    };
    let list = el("ol").class("feed").add(each(move || found.get(), key, line));
    let none = || nothing("check", "No two tasks that could run now change the same file.", ());
    panel("Forecast collisions", "collisions", count(move || found.with(Vec::len)), ())
        .test_id("collisions")
        .add(list)
        .add(when(move || found.with(Vec::is_empty), none))
}
