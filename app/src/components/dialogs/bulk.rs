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
use crate::api::{Arguments, AssignTask, CancelTask, ReviewTask, UpdateTask, Verdict};
use crate::desk::{Bulk, use_desk};
use crate::errand::{Step, Written};
use crate::live::{Live, use_live, words};
use crate::ui::{IntoNode, Node, el, nodes};

/// What is chosen for all of them.
#[derive(Clone, Copy)]
struct Chosen {
    what: Bulk,
    reason: RwSignal<String>,
    agent: RwSignal<String>,
    priority: RwSignal<Priority>,
}

/// The form for one of the things that can be done.
pub fn form(what: Bulk) -> Node {
    let (live, sending) = (use_live(), Sending::new());
    // As they are ticked now: what is ticked later is not meant. What is closed meanwhile falls out, and so does, once some were
    // refused, what was done.
    let picked = use_desk().picked;
    let ticked: SortedSet<TaskId> = picked.get_untracked();
    let all = ticked.len();
    let ids = Memo::new(move |_| -> SortedSet<TaskId> {
        let here = |state: &State, id: &TaskId| state.task(id).is_some_and(|task| fits(what, task.status()));
        live.of_tasks(|state| {
            let still = |id: &&TaskId| picked.with(|picked| picked.contains(*id)) && here(state, id);
            ticked.iter().filter(still).cloned().collect()
        })
    });
    let chosen = Chosen {
        what,
        reason: RwSignal::new(String::new()),
        agent: RwSignal::new(String::new()),
        priority: RwSignal::new(Priority::High),
    };
    let fields = nodes![move || ids.with(|ids| follows(live, what, ids, all)), ask(live, chosen, sending)];
    let submit = move || {
        let ids = ids.get_untracked();
        if ids.is_empty() {
            let text =
                if what == Bulk::Approve { "None of them is in review." } else { "All of them are closed." };
            return sending.refuse(Fault { text: text.to_owned(), field: None });
        }
        let calls = ids.iter().map(|id| Some((id.clone(), chosen.call(id)?)));
        match calls.collect::<Option<Vec<_>>>() {
            Some(calls) => {
                let steps = ids.iter().filter_map(|id| chosen.step(live, id)).collect();
                let done = ["cancelled", "assigned", "changed", "approved"][what as usize];
                let told = format!("{} {done}.", words::count_of(ids.len(), "task"));
                sending.reversible(steps).send_each(calls, told);
            }
            None => sending.refuse(Fault::at("agent", "choose an agent")),
        }
    };
    let send = ["Cancel them", "Assign them", "Change them", "Approve them"][what as usize];
    let title = move || asked(what, ids.with(SortedSet::len));
    let dangerous = what == Bulk::Cancel;
    Form { title, fields: fields.into_node(), send, dangerous, sending, submit, tool: false }.show()
}

/// Whether it can be done with a task of this status.
fn fits(what: Bulk, status: TaskStatus) -> bool {
    if what == Bulk::Approve { status == TaskStatus::NeedsReview } else { !status.is_closed() }
}

fn asked(what: Bulk, count: usize) -> String {
    let are = if count == 1 { "is" } else { "are" };
    let tasks = words::count_of(count, "task");
    match what {
        Bulk::Cancel => format!("Cancel {tasks}?"),
        Bulk::Assign => format!("Who does {tasks}?"),
        Bulk::Priority => format!("How urgent {are} {tasks}?"),
        Bulk::Approve => format!("Approve {tasks}?"),
    }
}

/// What has to be said or chosen beside that.
fn ask(live: Live, chosen: Chosen, sending: Sending) -> Node {
    match chosen.what {
        Bulk::Cancel | Bulk::Approve => {
            let hint = "Optional; everybody who looks at the tasks reads it.";
            let (name, label) =
                if chosen.what == Bulk::Cancel { ("reason", "Why") } else { ("comment", "A word on them") };
            let field = Field { name, label, value: chosen.reason, sending, hint, lines: 1 };
            field.with(|input| input.attr("autofocus", true))
        }
        Bulk::Assign => choice("field-agent", "Agent", chosen.agent, agents(live)),
        Bulk::Priority => priorities(chosen.priority),
    }
}

impl Chosen {
    /// The call about one of them; `None` as long as something has to be chosen.
    fn call(self, id: &TaskId) -> Option<Written> {
        let words = Some(self.reason.get_untracked().trim().to_owned()).filter(|text| !text.is_empty());
        match self.what {
            Bulk::Cancel => body(&CancelTask { reason: words, ..CancelTask::new(id.clone()) }),
            Bulk::Approve => {
                let call = ReviewTask::new(ManusId::supervisor(), id.clone(), Verdict::Approve);
                body(&ReviewTask { comment: words, ..call })
            }
            Bulk::Assign => {
                let manus = ManusId::new(&self.agent.get_untracked()).ok()?;
                body(&AssignTask::new(id.clone(), manus))
            }
            Bulk::Priority => {
                let priority = Some(self.priority.get_untracked());
                body(&UpdateTask { priority, ..UpdateTask::new(id.clone()) })
            }
        }
    }

    /// How to take back what is done with one of them, where that can be.
    fn step(self, live: Live, id: &TaskId) -> Option<Step> {
        match self.what {
            Bulk::Cancel | Bulk::Approve => None,
            Bulk::Assign => assigned(live, id, &ManusId::new(&self.agent.get_untracked()).ok()?),
            Bulk::Priority => {
                let now = self.priority.get_untracked();
                let was = live.peek(|state| state.task(id).map(|task| task.spec().priority))?;
                let set = |priority| UpdateTask { priority: Some(priority), ..UpdateTask::new(id.clone()) };
                (was != now).then(|| Step::Changed { now: Box::new(set(now)), back: Box::new(set(was)) })
            }
        }
    }
}

fn body<C: Arguments + Serialize>(call: &C) -> Option<Written> {
    Some((C::NAME, serde_json::to_string(call).ok()?))
}

/// Which tasks of all that were ticked, how many of them somebody works on, and who waits for them.
fn follows(live: Live, what: Bulk, ids: &SortedSet<TaskId>, all: usize) -> Node {
    let is_picked = |task: &engine::state::Task| ids.contains(&task.spec().id);
    let picked = tasks(live, is_picked);
    let running = tasks(live, |task| is_picked(task) && task.status() == TaskStatus::InProgress).len();
    let running = (running > 0).then(|| line(format!("{} of them somebody works on.", running)));
    let others = all - ids.len();
    let why = if what == Bulk::Approve { "not in review" } else { "closed or done already" };
    let are = if others == 1 { "is" } else { "are" };
    let others =
        (others > 0).then(|| line(format!("Of those that were ticked, {others} {are} left out: {why}.")));
    let lost = match what {
        Bulk::Cancel => nodes![
            blast::freed(live, &blast::locks_of(live, ids)),
            blast::stalled(live, ids, "These wait for them, and stay blocked: "),
            line("A cancelled task cannot be opened again."),
        ]
        .into_node(),
        Bulk::Assign | Bulk::Priority | Bulk::Approve => Node::Nothing,
    };
    el("ul").class("follows").add(nodes![named("", picked), running, others, lost]).into_node()
}

fn agents(live: Live) -> Vec<(String, String)> {
    let here = |agent: &&engine::state::Agent| agent.presence() == engine::state::Presence::Here;
    let names = live
        .peek(|state| state.agents().filter(here).map(|agent| agent.id().to_string()).collect::<Vec<_>>());
    let nobody = (String::new(), "Choose an agent".to_owned());
    std::iter::once(nobody).chain(names.into_iter().map(|name| (name.clone(), name))).collect()
}
