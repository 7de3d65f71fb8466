//! Questions before something is taken away: who is concerned, and what follows.

use crate::prelude::*;
use engine::sorted::SortedSet;
use engine::view::FileLock;
use engine::{LockKey, ManusId, TaskId, TaskStatus};

use super::super::acts::Sending;
use super::super::bits::{path_code, task_link};
use super::{Field, Form, blast};
use crate::api::{CancelTask, DeregisterManus, ReleaseFiles};
use crate::live::{Live, use_live, words};
use crate::ui::{El, IntoNode, Node, el, nodes, span};

/// How many concerned tasks are named.
const NAMED: usize = 8;

/// Whether to take a lock away from its holder.
pub fn release(lock: FileLock) -> Node {
    let (live, sending) = (use_live(), Sending::new());
    let (path, holder) = (lock.file_path.to_string(), lock.locked_by.clone());
    let title = format!("Take {path} from {holder}?");
    let held = words::for_long(live.now_ms.get_untracked() - lock.locked_at_ms);
    let purpose = lock.lock_reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    let serves = lock.task_id.as_ref().map(|task| {
        line("It is for ").add(task_link(task.clone(), live.title(task))).add(", which goes on without it.")
    });
    let then = blast::then(live, &[lock.key()]);
    let name = el("b").add(holder.to_string());
    let told = el("p")
        .add(name)
        .add(" has held ")
        .add(path_code(path.clone()))
        .add(format!(" for {held}{purpose}."));
    let token = lock.fencing_token;
    let follows = el("ul").class("follows").add(nodes![
        line("It is told at once, but may be in the middle of writing: what it writes from now on is not protected."),
        line(format!("Whoever claims the path next gets a token above {token}, so late writes can be told apart.")),
        serves,
        then,
    ]);
    let submit = move || {
        let by = Some(ManusId::supervisor());
        let call = ReleaseFiles { by, ..ReleaseFiles::new(holder.clone(), vec![path.clone()]) };
        let call = ReleaseFiles { request_id: sending.request_id(&call), ..call };
        let (path, holder) = (path.clone(), holder.clone());
        sending.send(call, move |answer| match answer.released.is_empty() {
            true => format!("{holder} had given {path} back already."),
            false => format!("{path} is free, and {holder} was told."),
        });
    };
    let fields = nodes![told, follows].into_node();
    Form { title, fields, send: "Release the lock", dangerous: true, sending, submit, tool: false }.show()
}

/// Whether a task will not be done.
pub fn cancel(id: TaskId) -> Node {
    let (live, sending) = (use_live(), Sending::new());
    let value = RwSignal::new(String::new());
    let task = live.peek(|state| state.task_view(&id));
    let gone: SortedSet<TaskId> = std::iter::once(id.clone()).collect();
    let agent = task.as_ref().and_then(|task| {
        let manus = task.assigned_to.as_ref()?;
        Some(line(match task.status {
            TaskStatus::InProgress => {
                format!(
                    "{manus} is {}% through it. It is told, and gives back the task's files.",
                    task.progress.percent()
                )
            }
            _ => format!("It leaves the queue of {manus}."),
        }))
    });
    let title = task.map(|task| task.title.clone()).unwrap_or_default();
    let follows = el("ul").class("follows").add(nodes![
        agent,
        blast::freed(live, &blast::locks_of(live, &gone)),
        blast::stalled(live, &gone, "These wait for it, and stay blocked: "),
        line("A cancelled task cannot be opened again."),
    ]);
    let hint = "Optional; everybody who looks at the task reads it.";
    let reason = Field { name: "reason", label: "Why", value, sending, hint, lines: 1 };
    let fields = nodes![
        el("p").add(el("code").add(id.to_string())).add(" ").add(el("b").add(title)),
        follows,
        reason.with(|input| input.attr("autofocus", true)),
    ]
    .into_node();
    let title = format!("Cancel {id}?");
    let submit = move || {
        let reason = Some(value.get_untracked().trim().to_owned()).filter(|reason| !reason.is_empty());
        let call = CancelTask { reason, ..CancelTask::new(id.clone()) };
        let call = CancelTask { request_id: sending.request_id(&call), ..call };
        sending.send(call, |task| format!("{} is cancelled.", task.id));
    };
    Form { title, fields, send: "Cancel the task", dangerous: true, sending, submit, tool: false }.show()
}

/// Whether an agent is gone for good.
pub fn deregister(id: ManusId) -> Node {
    let (live, sending) = (use_live(), Sending::new());
    let keys = files_of(live, &id);
    let had = tasks(live, |task| task.assigned_to() == Some(&id) && !task.status().is_closed());
    let fields = el("ul").class("follows").add(nodes![
        blast::underway(live, &id),
        blast::freed(live, &keys),
        named("Its tasks go to others: ", had),
        blast::only_by(live, &id, true),
        line("Its messages stay. It can come back with register_manus."),
    ]);
    let title = format!("Take {id} off the list?");
    let submit = move || {
        let call = DeregisterManus::new(id.clone());
        let call = DeregisterManus { request_id: sending.request_id(&call), ..call };
        let id = id.clone();
        sending.send(call, move |_| format!("{id} is off the list."));
    };
    Form {
        title,
        fields: fields.into_node(),
        send: "Take off the list",
        dangerous: true,
        sending,
        submit,
        tool: false,
    }
    .show()
}

/// The locks of an agent.
pub(super) fn files_of(live: Live, id: &ManusId) -> Vec<LockKey> {
    let held = |state: &engine::State| {
        let theirs = state.locks().iter().filter(|lock| lock.locked_by == *id);
        theirs.map(FileLock::key).collect()
    };
    live.peek(held)
}

pub(super) fn line(text: impl IntoNode) -> El {
    el("li").add(text)
}

/// The tasks that are so, by id and title.
pub(super) fn tasks(live: Live, which: impl Fn(&engine::state::Task) -> bool) -> Vec<(TaskId, String)> {
    live.peek(|state| {
        let found = state.tasks().filter(|task| which(task));
        found.map(|task| (task.spec().id.clone(), task.spec().title.clone())).collect()
    })
}

/// The concerned tasks in one line; nothing when there are none.
pub(super) fn named(begin: &'static str, tasks: Vec<(TaskId, String)>) -> Option<El> {
    if tasks.is_empty() {
        return None;
    }
    let more = tasks.len().checked_sub(NAMED + 1).map(|more| format!("and {} more", more + 1));
    let link = |(id, title): (TaskId, String)| span("concerned").add(task_link(id, title));
    let links: Vec<El> = tasks.into_iter().take(NAMED).map(link).collect();
    Some(line(begin).add(links).add(more))
}
