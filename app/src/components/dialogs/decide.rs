//! What a person decides about tasks and agents: who does it, whether it is good, who winds down.

use crate::prelude::*;
use engine::explain::Candidate;
use engine::state::Presence;
use engine::view::FileLock;
use engine::{ManusId, State, TaskId, TaskStatus};

use super::super::acts::{Fault, Sending};
use super::super::bits::caption;
use super::super::icon::life_mark;
use super::confirm::{files_of, line, named, tasks};
use super::{Field, Form, blast, meanwhile};
use crate::api::{AssignTask, BlockTask, DrainManus, ReleaseFiles, ReviewTask, Verdict};
use crate::errand::Step;
use crate::live::{Live, use_live, words};
use crate::ui::{El, IntoNode, Node, el, nodes, span};

/// Who is to do a task: all agents, whoever would be done first at the top and who is not here at the end, each with what speaks for
/// and against.
pub fn assign(id: TaskId) -> Node {
    let (live, sending) = (use_live(), Sending::new());
    let (candidates, has) = candidates(live, &id);
    let best = candidates.iter().find(|other| other.eligible && has.as_ref() != Some(&other.manus_id));
    let chosen = RwSignal::new(best.map(|best| best.manus_id.clone()));
    // Where nobody is to be recommended, one begins with the first all the same.
    let first = best.or(candidates.first()).map(|first| first.manus_id.clone());
    let list: Vec<El> = candidates
        .into_iter()
        .map(|candidate| {
            let begin = first.as_ref() == Some(&candidate.manus_id);
            choice(live, chosen, candidate, begin)
        })
        .collect();
    let none = list.is_empty().then(|| el("p").add("No agent is here."));
    let fields = nodes![
        meanwhile(live, &id),
        el("p").add(el("code").add(id.to_string())).add(" ").add(el("b").add(live.title(&id))),
        el("fieldset").class("field candidates").add(el("legend").add("Who does it")).add(list),
        none,
    ]
    .into_node();
    let title = format!("Who does {id}?");
    let submit = move || match chosen.get_untracked() {
        None => sending.refuse(Fault::at("manus_id", "choose an agent")),
        Some(manus) => {
            let told = format!("{id} goes to {manus}.");
            let step = assigned(live, &id, &manus);
            let call = AssignTask::new(id.clone(), manus);
            let call = AssignTask { request_id: sending.request_id(&call), ..call };
            sending.reversible(step.into_iter().collect()).send_plain(call, told);
        }
    };
    Form { title, fields, send: "Assign", dangerous: false, sending, submit, tool: false }.show()
}

/// How each agent would do, and who has the task. Whoever has begun with it lets go of the files that it holds for it, so these are in
/// nobody's way.
fn candidates(live: Live, id: &TaskId) -> (Vec<Candidate>, Option<ManusId>) {
    let now_ms = live.now_ms.get_untracked();
    let explained = live.peek(|state| {
        let is_its = |lock: &FileLock| lock.task_id.as_ref() == Some(id);
        if !state.locks().iter().any(is_its) {
            return state.explain_assignment(id, now_ms);
        }
        let mut without = state.snapshot();
        without.locks.retain(|lock| !is_its(lock));
        State::from_snapshot(without, [], []).explain_assignment(id, now_ms)
    });
    let Some(explained) = explained else { return Default::default() };
    let is_here = |candidate: &Candidate| {
        live.peek(|state| {
            state.agent(&candidate.manus_id).is_some_and(|agent| agent.presence() == Presence::Here)
        })
    };
    let (mut all, away): (Vec<_>, Vec<_>) = explained.candidates.into_iter().partition(is_here);
    all.extend(away);
    (all, explained.assigned_to)
}

/// How to take back that a task goes to somebody else. Nothing gives a task back to nobody, or an attempt to whom it was taken.
pub(super) fn assigned(live: Live, task_id: &TaskId, now: &ManusId) -> Option<Step> {
    let back = live.peek(|state| {
        let task = state.task(task_id).filter(|task| task.status() != TaskStatus::InProgress)?;
        task.assigned_to().filter(|has| *has != now).cloned()
    })?;
    Some(Step::Assigned { task_id: task_id.clone(), now: now.clone(), back })
}

fn choice(live: Live, chosen: RwSignal<Option<ManusId>>, candidate: Candidate, begin: bool) -> El {
    let Candidate { manus_id, eligible, reasons, expected_finish_ms, .. } = candidate;
    let (name, set) = (manus_id.to_string(), manus_id.clone());
    let life = live.agent(&manus_id).map(|row| life_mark(untrack(|| live.life(row))));
    let input = el("input")
        .attr("type", "radio")
        .attr("name", "candidate")
        .attr("value", name.clone())
        .attr("autofocus", begin)
        .checked(move || chosen.with(|chosen| chosen.as_ref() == Some(&manus_id)))
        .on("change", move |_| chosen.set(Some(set.clone())));
    let left_ms = expected_finish_ms - live.now_ms.get_untracked();
    let done = eligible.then(|| span("num muted").add(format!("done in {}", words::for_long(left_ms))));
    el("label")
        .toggle("against", move || !eligible)
        .add(input)
        .add(el("span").add(life).add(el("b").add(name)))
        .add(done)
        .add(caption(reasons.join(" · ")))
}

/// What is said on approving a task's result, or on sending it back.
pub fn review(id: TaskId, approve: bool) -> Node {
    let (live, sending) = (use_live(), Sending::new());
    let value = RwSignal::new(String::new());
    let task = live.peek(|state| state.task_view(&id));
    let result = task.as_ref().and_then(|task| task.result.as_ref().map(words::gist));
    let waiting =
        live.peek(|state| state.task(&id).map(|task| task.dependents().cloned().collect::<Vec<_>>()));
    let waiting = tasks(live, |task| waiting.iter().flatten().any(|id| *id == task.spec().id));
    let (title, label, send) = match approve {
        true => (format!("Approve {id}?"), "A word on it", "Approve"),
        false => (format!("Send {id} back?"), "What is to change", "Send back"),
    };
    let follows = match approve {
        true => nodes![named("These wait for it: ", waiting)],
        false => nodes![line("Its author has it again, with your words.")],
    };
    let comment = Field { name: "comment", label, value, sending, hint: "", lines: 3 };
    let fields = nodes![
        el("p").add(el("b").add(task.map(|task| task.title.clone()).unwrap_or_default())),
        result.map(|result| el("p").class("description").add(result)),
        el("ul").class("follows").add(follows),
        comment.with(|input| input.attr("autofocus", true)),
    ]
    .into_node();
    let submit = move || {
        let comment = value.get_untracked().trim().to_owned();
        if !approve && comment.is_empty() {
            return sending.refuse(Fault::at("comment", "say what is to change"));
        }
        let verdict = if approve { Verdict::Approve } else { Verdict::RequestChanges };
        let comment = Some(comment).filter(|comment| !comment.is_empty());
        let call = ReviewTask { comment, ..ReviewTask::new(ManusId::supervisor(), id.clone(), verdict) };
        let call = ReviewTask { request_id: sending.request_id(&call), ..call };
        let what = if approve { "is completed" } else { "goes back to its author" };
        sending.send_plain(call, format!("{id} {what}."));
    };
    Form { title, fields, send, dangerous: false, sending, submit, tool: true }.show()
}

/// Why a task is held back.
pub fn hold(id: TaskId) -> Node {
    let (live, sending) = (use_live(), Sending::new());
    let value = RwSignal::new(String::new());
    let hint = "Its agent reads it, and has hands and files free meanwhile.";
    let reason = Field { name: "reason", label: "Why", value, sending, hint, lines: 1 };
    let fields = nodes![
        el("p").add(el("b").add(live.title(&id))),
        reason.with(|input| input.attr("autofocus", true)),
    ]
    .into_node();
    let title = format!("Hold {id} back?");
    let submit = move || {
        let reason = Some(value.get_untracked().trim().to_owned()).filter(|reason| !reason.is_empty());
        let step = Step::Held { task_id: id.clone(), since: live.seq.get_untracked() };
        let call = BlockTask { reason, ..BlockTask::new(ManusId::supervisor(), id.clone()) };
        let call = BlockTask { request_id: sending.request_id(&call), ..call };
        sending.reversible(vec![step]).send_plain(call, format!("{id} is held back."));
    };
    Form { title, fields, send: "Hold back", dangerous: false, sending, submit, tool: false }.show()
}

/// Whether an agent gets nothing new.
pub fn drain(id: ManusId) -> Node {
    let (live, sending) = (use_live(), Sending::new());
    let queue = live.peek(|state| state.agent(&id).map(|agent| agent.queue().cloned().collect::<Vec<_>>()));
    let running = live.peek(|state| state.agent(&id).map(|agent| agent.running().to_vec()));
    let of =
        |ids: Option<Vec<TaskId>>| tasks(live, |task| ids.iter().flatten().any(|id| *id == task.spec().id));
    let fields = el("ul").class("follows").add(nodes![
        named("It finishes ", of(running)),
        named("Others get ", of(queue)),
        blast::only_by(live, &id, false),
        line("It gets nothing new until you let it work again."),
    ]);
    let title = format!("No new work for {id}?");
    let submit = move || {
        let call = DrainManus::new(id.clone());
        let call = DrainManus { request_id: sending.request_id(&call), ..call };
        let since = live.seq.get_untracked();
        let step = Step::Drained { manus_id: id.clone(), draining: true, since };
        sending
            .reversible(vec![step])
            .send_plain(call, format!("{id} finishes what it has, and gets nothing new."));
    };
    Form { title, fields: fields.into_node(), send: "Drain", dangerous: false, sending, submit, tool: false }
        .show()
}

/// Whether to take all files away from an agent.
pub fn release_all(id: ManusId) -> Node {
    let (live, sending) = (use_live(), Sending::new());
    let keys = files_of(live, &id);
    let names: Vec<String> = keys.iter().map(|key| key.file_path.to_string()).collect();
    let running = live.peek(|state| state.agent(&id).map(|agent| agent.running().to_vec()));
    let running = tasks(live, |task| running.iter().flatten().any(|id| *id == task.spec().id));
    let fields = el("ul").class("follows").add(nodes![
        blast::freed(live, &keys),
        line("It is told at once, but may be in the middle of writing: what it writes from now on is not protected."),
        named("It goes on without them with ", running),
    ]);
    let title = format!("Take {} from {id}?", words::count_of(names.len(), "file"));
    let submit = move || {
        let call = ReleaseFiles::new(id.clone(), names.clone());
        let call = ReleaseFiles { by: Some(ManusId::supervisor()), ..call };
        let call = ReleaseFiles { request_id: sending.request_id(&call), ..call };
        sending.send_plain(call, format!("The files of {id} are free, and it was told."));
    };
    Form {
        title,
        fields: fields.into_node(),
        send: "Release them",
        dangerous: true,
        sending,
        submit,
        tool: false,
    }
    .show()
}
