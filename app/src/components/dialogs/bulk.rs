//! One decision about all ticked tasks: how many they are, what follows, and which of them refuse.

use crate::prelude::*;
use engine::sorted::SortedSet;
use engine::{ManusId, Priority, State, TaskId, TaskStatus};
use serde::Serialize;

use super::super::acts::{Fault, Sending};
use super::confirm::{line, named, tasks};
use super::create_task::priorities;
use super::decide::assigned;
use super::{Field, Form, blast, choice};
use crate::api::{Arguments, AssignTask, CancelTask, UpdateTask};
use crate::desk::{Bulk, use_desk};
use crate::errand::{Step, Written};
use crate::live::{Live, use_live, words};
use crate::ui::{IntoNode, Node, el, nodes};

/// The form for one of the things that can be done.
pub fn form(what: Bulk) -> Node {
    let (live, sending) = (use_live(), Sending::new());
    // In an order that people follow, and as they are ticked now: what comes later is not meant.
    let picked = use_desk().picked;
    let ticked: SortedSet<TaskId> = picked.get_untracked();
    let is_open = |state: &State, id: &TaskId| state.task(id).is_some_and(|task| !task.status().is_closed());
    let ids: SortedSet<TaskId> =
        live.peek(|state| ticked.iter().filter(|id| is_open(state, id)).cloned().collect());
    let closed = ticked.len() - ids.len();
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
    let fields = nodes![follows(live, what, &ids, closed), ask].into_node();
    let submit = move || {
        // Sent once more, after some were refused: those are the ones that are still ticked.
        let ids: SortedSet<TaskId> =
            picked.with_untracked(|picked| ids.iter().filter(|id| picked.contains(*id)).cloned().collect());
        let call = |id: &TaskId| -> Option<Written> {
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
        if ids.is_empty() {
            return sending.refuse(Fault { text: "All of them are closed.".to_owned(), field: None });
        }
        let calls = ids.iter().map(|id| Some((id.clone(), call(id)?)));
        match calls.collect::<Option<Vec<_>>>() {
            Some(calls) => {
                let chosen = (what, ManusId::new(&agent.get_untracked()).ok(), priority.get_untracked());
                let steps = ids.iter().filter_map(|id| step(live, id, &chosen)).collect();
                sending.reversible(steps).send_each(calls, told.clone());
            }
            None => sending.refuse(Fault::at("agent", "no agent is here")),
        }
    };
    Form { title, fields, send, dangerous, sending, submit, tool: false }.show()
}

/// How to take back what is done with one of them, where that can be.
fn step(live: Live, id: &TaskId, (what, agent, now): &(Bulk, Option<ManusId>, Priority)) -> Option<Step> {
    match what {
        Bulk::Cancel => None,
        Bulk::Assign => assigned(live, id, agent.as_ref()?),
        Bulk::Priority => {
            let was = live.peek(|state| state.task(id).map(|task| task.spec().priority))?;
            let set = |priority| UpdateTask { priority: Some(priority), ..UpdateTask::new(id.clone()) };
            (was != *now).then(|| Step::Changed { now: Box::new(set(*now)), back: Box::new(set(was)) })
        }
    }
}

fn body<C: Arguments + Serialize>(call: &C) -> Option<Written> {
    Some((C::NAME, serde_json::to_string(call).ok()?))
}

/// Which tasks, how many of them somebody works on, and who waits for them.
fn follows(live: Live, what: Bulk, ids: &SortedSet<TaskId>, closed: usize) -> Node {
    let is_picked = |task: &engine::state::Task| ids.contains(&task.spec().id);
    let picked = tasks(live, is_picked);
    let running = tasks(live, |task| is_picked(task) && task.status() == TaskStatus::InProgress).len();
    let running = (running > 0).then(|| line(format!("{} of them somebody works on.", running)));
    let closed = (closed > 0).then(|| line(format!("{closed} more are closed already, and stay so.")));
    let lost = match what {
        Bulk::Cancel => nodes![
            blast::freed(live, &blast::locks_of(live, ids)),
            blast::stalled(live, ids, "These wait for them, and stay blocked: "),
            line("A cancelled task cannot be opened again."),
        ]
        .into_node(),
        Bulk::Assign | Bulk::Priority => Node::Nothing,
    };
    el("ul").class("follows").add(nodes![named("", picked), running, closed, lost]).into_node()
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
