//! One decision about all ticked tasks: how many they are, what follows, and which of them refuse.

use crate::prelude::*;
use engine::sorted::SortedSet;
use engine::{ManusId, Priority, TaskId, TaskStatus};
use serde::Serialize;

use super::super::acts::{Fault, Sending};
use super::confirm::{line, named, tasks};
use super::create_task::priorities;
use super::{Field, Form, choice};
use crate::api::{Arguments, AssignTask, CancelTask, UpdateTask};
use crate::desk::{Bulk, use_desk};
use crate::live::{Live, use_live, words};
use crate::ui::{IntoNode, Node, el, nodes};

/// The form for one of the things that can be done.
pub fn form(what: Bulk) -> Node {
    let (live, sending) = (use_live(), Sending::new());
    // In an order that people follow, and as they are ticked now: what comes later is not meant.
    let ids: SortedSet<TaskId> = use_desk().picked.get_untracked();
    let count = words::count_of(ids.len(), "task");
    let (reason, agent) = (RwSignal::new(String::new()), RwSignal::new(first_agent(live)));
    let priority = RwSignal::new(Priority::High);
    let (title, send, dangerous, told) = match what {
        Bulk::Cancel => (format!("Cancel {count}?"), "Cancel them", true, format!("{count} cancelled.")),
        Bulk::Assign => (format!("Who does {count}?"), "Assign them", false, format!("{count} assigned.")),
        Bulk::Priority => {
            (format!("How urgent are {count}?"), "Change them", false, format!("{count} changed."))
        }
    };
    let ask = match what {
        Bulk::Cancel => {
            let hint = "Optional; everybody who looks at the tasks reads it.";
            let field = Field { name: "reason", label: "Why", value: reason, sending, hint, lines: 1 };
            field.with(|input| input.attr("autofocus", true))
        }
        Bulk::Assign => choice("field-agent", "Agent", agent, agents(live)),
        Bulk::Priority => priorities(priority),
    };
    let fields = nodes![follows(live, what, &ids), ask].into_node();
    let submit = move || {
        let call = |id: &TaskId| -> Option<(&'static str, String)> {
            match what {
                Bulk::Cancel => {
                    let reason =
                        Some(reason.get_untracked().trim().to_owned()).filter(|text| !text.is_empty());
                    body(&CancelTask { reason, ..CancelTask::new(id.clone()) })
                }
                Bulk::Assign => {
                    let manus = ManusId::new(&agent.get_untracked()).ok()?;
                    body(&AssignTask::new(id.clone(), manus))
                }
                Bulk::Priority => {
                    let priority = Some(priority.get_untracked());
                    body(&UpdateTask { priority, ..UpdateTask::new(id.clone()) })
                }
            }
        };
        let calls = ids.iter().map(|id| call(id).map(|(name, body)| (id.to_string(), name, body)));
        match calls.collect::<Option<Vec<_>>>() {
            Some(calls) => sending.send_each(calls, told.clone()),
            None => sending.refuse(Fault::at("agent", "no agent is here")),
        }
    };
    Form { title, fields, send, dangerous, sending, submit }.show()
}

fn body<C: Arguments + Serialize>(call: &C) -> Option<(&'static str, String)> {
    Some((C::NAME, serde_json::to_string(call).ok()?))
}

/// Which tasks, how many of them somebody works on, and who waits for them.
fn follows(live: Live, what: Bulk, ids: &SortedSet<TaskId>) -> Node {
    let is_picked = |task: &engine::state::Task| ids.contains(&task.spec().id);
    let picked = tasks(live, is_picked);
    let running = tasks(live, |task| is_picked(task) && task.status() == TaskStatus::InProgress).len();
    let waiting = tasks(live, |task| {
        task.status() == TaskStatus::Blocked
            && !is_picked(task)
            && task.waiting_for().any(|id| ids.contains(id))
    });
    let running = (running > 0).then(|| line(format!("{} of them somebody works on.", running)));
    let lost = match what {
        Bulk::Cancel => nodes![
            named("These wait for them, and stay blocked: ", waiting),
            line("A cancelled task cannot be opened again."),
        ]
        .into_node(),
        Bulk::Assign | Bulk::Priority => Node::Nothing,
    };
    el("ul").class("follows").add(nodes![named("", picked), running, lost]).into_node()
}

fn agents(live: Live) -> Vec<(String, String)> {
    let here = |agent: &&engine::state::Agent| agent.presence() == engine::state::Presence::Here;
    let names = live
        .peek(|state| state.agents().filter(here).map(|agent| agent.id().to_string()).collect::<Vec<_>>());
    names.into_iter().map(|name| (name.clone(), name)).collect()
}

fn first_agent(live: Live) -> String {
    agents(live).into_iter().next().map(|(name, _)| name).unwrap_or_default()
}
