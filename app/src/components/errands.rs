//! Taking back the last action, and copying actions. Draws nothing: it waits for what the desk sends it to do.

use crate::prelude::*;
use engine::event::TaskSpec;
use engine::{ManusId, State, TaskStatus, TimeMs};
use leptos::task::spawn_local;
use serde::Serialize;

use super::acts::Fault;
use crate::api::{
    self, Arguments, AssignTask, BlockTask, DrainManus, ListEvents, OneOrMany, UnblockTask, UpdateTask,
};
use crate::copied;
use crate::desk::{Desk, use_desk};
use crate::dom;
use crate::errand::{As, Errand, Step, Written};
use crate::live::needs::is_person;
use crate::live::sentence::{Before, Entry, Part, entry};
use crate::live::{Live, use_live, words};
use crate::ui::Node;

/// How many tasks or agents are told of that were not taken back.
const TOLD: usize = 3;
/// Until then, something was just now.
const JUST_NOW_MS: TimeMs = 2_000;

/// Does what the desk sends it to do.
pub fn errands() -> Node {
    let (live, desk) = (use_live(), use_desk());
    effect(move || match desk.errand.get() {
        Some((_, Errand::Undo)) => untrack(|| undo(live, desk)),
        Some((_, Errand::Copy(how, calls))) => untrack(|| copy(live, desk, how, &calls)),
        None => {}
    });
    Node::Nothing
}

fn copy(live: Live, desk: Desk, how: As, calls: &[Written]) {
    let origin = live.about().origin;
    let written = calls.iter().map(|(name, body)| copied::written(how, &origin, name, body));
    match (how, written.collect::<Option<Vec<_>>>()) {
        (_, None) => desk.complain("This cannot be said that way. Copy it as curl."),
        (how, Some(lines)) => {
            dom::copy(&lines.join("\n"));
            desk.say(match how {
                As::Mcp => "Copied, as a request to an MCP server.",
                As::Curl | As::Cli => "Copied, to be pasted into a shell.",
            });
        }
    }
}

/// Takes back what was done last, as far as nobody else has had a hand in it since.
fn undo(live: Live, desk: Desk) {
    let Some((notice, steps)) = desk.undo.get_untracked() else {
        return desk.complain("There is nothing to take back.");
    };
    if steps.is_empty() {
        return desk.complain("What was done last cannot be taken back.");
    }
    if let Some(reason) = live.why_not() {
        return desk.complain(reason);
    }
    // At once: a second press is not to do it twice.
    desk.undo.set(None);
    desk.dismiss(notice);
    spawn_local(async move {
        let (mut back, mut not) = (Vec::new(), Vec::new());
        for step in steps {
            let about = step.about();
            match take_back(live, step).await {
                Ok(()) => back.push(about),
                Err(why) => not.push(why),
            }
        }
        if !back.is_empty() {
            desk.say(match back.as_slice() {
                [one] => format!("Taken back, for {one}."),
                many => format!("Taken back, for {} of them.", many.len()),
            });
        }
        if !not.is_empty() {
            let more = not.len().checked_sub(TOLD + 1).map(|more| format!(" And {} more.", more + 1));
            not.truncate(TOLD);
            desk.complain(format!("Not taken back. {}{}", not.join(" "), more.unwrap_or_default()));
        }
    });
}

/// Takes a step back; why it cannot be, in a sentence.
async fn take_back(live: Live, step: Step) -> Result<(), String> {
    let about = step.about();
    if !live.peek(|state| is_untouched(&step, state)) {
        return Err(changed_meanwhile(live, &about, None));
    }
    let refused = |error| format!("{about}: {}", Fault::from(error).text);
    if let Some(question) = what_since(&step) {
        let since = api::call(question).await.map_err(refused)?.items;
        // The first is the step's own; whatever follows is somebody else's.
        if let Some(record) = since.get(1) {
            let entry = live.peek(|state| entry(record, state, &Before::default()));
            return Err(changed(live, &about, entry, None));
        }
    }
    let Some((name, body)) = reversal(step) else { return Ok(()) };
    api::post(&format!("{}{name}", api::PREFIX), body).await.map(drop).map_err(refused)
}

/// Asks the log for what happened since in the matter of a step, where the present does not tell: who holds a task back without a
/// reason, or drains an agent, looks like anybody else who does.
fn what_since(step: &Step) -> Option<ListEvents> {
    let (kinds, since): (&[&str], _) = match step {
        Step::Held { since, .. } => (&["task_held", "task_unblocked"], since),
        Step::Drained { since, .. } => (&["manus_draining"], since),
        Step::Changed { .. } | Step::Assigned { .. } | Step::LetGo { .. } => return None,
    };
    let kind = Some(OneOrMany::Many(kinds.iter().map(|kind| (*kind).to_owned()).collect()));
    let (about, cursor) = (Some(step.about()), Some(since.to_string()));
    Some(ListEvents { kind, about, cursor, limit: Some(2), ..ListEvents::new() })
}

/// Who or what came in between, in a sentence: from the newest that is known of it, or in these words.
pub fn changed_meanwhile(live: Live, about: &str, told: Option<String>) -> String {
    let is_about = |entry: &&Entry| entry.about.iter().any(|part| plain(part) == about);
    let newest = live.feed.with_untracked(|feed| feed.iter().rev().find(is_about).cloned());
    changed(live, about, newest, told)
}

fn changed(live: Live, about: &str, entry: Option<Entry>, told: Option<String>) -> String {
    let Some(entry) = entry else {
        let told = told.map(|told| format!(": {told}")).unwrap_or_default();
        return format!("{about} was changed meanwhile{told}.");
    };
    let sentence = told.unwrap_or_else(|| entry.parts.iter().map(plain).collect());
    let when = match live.clock_ms.get_untracked() - entry.at_ms {
        past_ms if past_ms < JUST_NOW_MS => "just now".to_owned(),
        past_ms => format!("{} ago", words::for_long(past_ms)),
    };
    let by = match &entry.by {
        Some(by) if is_person(by) => " by a supervisor".to_owned(),
        Some(by) => format!(" by {by}"),
        None => String::new(),
    };
    format!("{about} was changed{by} {when}: {sentence}.")
}

fn plain(part: &Part) -> String {
    match part {
        Part::Text(words) | Part::File(words) => words.clone(),
        Part::Manus(id) => id.to_string(),
        Part::Task(id, _) => id.to_string(),
    }
}

/// Whether it still is as the step has left it; or as it was before, when the step's own event is still on its way.
fn is_untouched(step: &Step, state: &State) -> bool {
    match step {
        Step::Changed { now, back } => {
            let task = state.task(&now.task_id).filter(|task| !task.status().is_closed());
            task.is_some_and(|task| is_so(task.spec(), now) || is_so(task.spec(), back))
        }
        Step::Assigned { task_id, now, back } => state.task(task_id).is_some_and(|task| {
            let waits = matches!(task.status(), TaskStatus::Pending | TaskStatus::Blocked);
            waits && task.assigned_to().is_some_and(|has| has == now || has == back)
        }),
        Step::Held { task_id, .. } => state.task(task_id).is_some_and(|task| !task.status().is_closed()),
        Step::LetGo { task_id, reason } => state.task(task_id).is_some_and(|task| {
            let waits = matches!(task.status(), TaskStatus::Pending | TaskStatus::Blocked);
            waits && task.held_reason().is_none_or(|held| held == reason)
        }),
        Step::Drained { manus_id, .. } => state.agent(manus_id).is_some(),
    }
}

/// Whether a task is so, in all that a change names.
fn is_so(task: &TaskSpec, change: &UpdateTask) -> bool {
    fn same<T: PartialEq>(wanted: &Option<T>, has: &T) -> bool {
        wanted.as_ref().is_none_or(|wanted| wanted == has)
    }
    let files = task.files_involved.iter().map(ToString::to_string).collect();
    same(&change.title, &task.title)
        && same(&change.description, &task.description)
        && same(&change.priority, &task.priority)
        && same(&change.files_involved, &files)
        && same(&change.dependencies, &task.dependencies)
        && same(&change.estimated_duration, &i64::from(task.estimated_duration))
        && same(&change.required_capabilities, &task.required_capabilities)
}

/// The call that takes a step back.
fn reversal(step: Step) -> Option<Written> {
    let you = ManusId::supervisor();
    match step {
        Step::Changed { back, .. } => body(&*back),
        Step::Assigned { task_id, back, .. } => body(&AssignTask::new(task_id, back)),
        Step::Held { task_id, .. } => body(&UnblockTask::new(you, task_id)),
        Step::LetGo { task_id, reason } => {
            body(&BlockTask { reason: Some(reason), ..BlockTask::new(you, task_id) })
        }
        Step::Drained { manus_id, draining, .. } => {
            body(&DrainManus { draining: Some(!draining), ..DrainManus::new(manus_id) })
        }
    }
}

fn body<C: Arguments + Serialize>(call: &C) -> Option<Written> {
    Some((C::NAME, serde_json::to_string(call).ok()?))
}

#[cfg(test)]
mod tests {
    use engine::{Command, Priority, Record};

    use super::*;
    use crate::live::script::script;

    #[test]
    fn what_somebody_else_has_changed_since_stays() {
        let mut project = script();
        project.agent("a", &[]);
        project.agent("b", &[]);
        let task = project.task("one", 10, &[], &[]);
        let change =
            |priority| Box::new(UpdateTask { priority: Some(priority), ..UpdateTask::new(task.clone()) });
        let step = Step::Changed { now: change(Priority::High), back: change(Priority::Medium) };
        assert!(is_untouched(&step, project.state()), "the step's own event is on its way");
        let set = |priority| Command::UpdateTask {
            task_id: task.clone(),
            changes: Box::new(engine::command::TaskChanges {
                priority: Some(priority),
                ..Default::default()
            }),
        };
        project.run(set(Priority::High));
        assert!(is_untouched(&step, project.state()));
        project.run(set(Priority::Low));
        assert!(!is_untouched(&step, project.state()));
    }

    #[test]
    fn what_has_begun_is_not_taken_away() {
        let mut project = script();
        project.agent("a", &[]);
        project.agent("b", &[]);
        let task = project.task("one", 10, &[], &[]);
        let (a, b) = (ManusId::new("a").unwrap(), ManusId::new("b").unwrap());
        project.run(Command::AssignTask { task_id: task.clone(), manus_id: b.clone() });
        let step = Step::Assigned { task_id: task.clone(), now: b, back: a };
        let let_go = Step::LetGo { task_id: task.clone(), reason: "no licence".to_owned() };
        assert!(is_untouched(&step, project.state()) && is_untouched(&let_go, project.state()));
        project.start("b", &task);
        assert!(!is_untouched(&step, project.state()) && !is_untouched(&let_go, project.state()));
    }

    /// What the log tells about a step, as the server would answer the question.
    fn since<'a>(step: &Step, log: &'a [Record]) -> Vec<&'a Record> {
        let question = what_since(step).unwrap();
        let kinds = question.kind.map(OneOrMany::into_vec).unwrap_or_default();
        let after: u64 = question.cursor.unwrap().parse().unwrap();
        log.iter()
            .filter(|record| record.seq > after && kinds.iter().any(|kind| kind == record.event.kind()))
            .collect()
    }

    #[test]
    fn a_hold_or_drain_that_another_has_ended_and_begun_again_is_not_the_same() {
        let mut project = script();
        project.agent("a", &[]);
        let (manus_id, task_id) = (ManusId::new("a").unwrap(), project.task("one", 10, &[], &[]));
        let (since_seq, you) = (project.state().seq(), ManusId::supervisor());
        let held = Step::Held { task_id: task_id.clone(), since: since_seq };
        let drained = Step::Drained { manus_id: manus_id.clone(), draining: true, since: since_seq };
        let hold = Command::BlockTask { manus_id: you.clone(), task_id: task_id.clone(), reason: None };
        project.run(hold.clone());
        project.run(Command::DrainManus { manus_id: manus_id.clone(), draining: true });
        let mut log = project.news();
        assert_eq!((since(&held, &log).len(), since(&drained, &log).len()), (1, 1), "the steps' own");
        project.run(Command::UnblockTask { manus_id: you, task_id });
        project.run(hold);
        project.run(Command::DrainManus { manus_id: manus_id.clone(), draining: false });
        project.run(Command::DrainManus { manus_id, draining: true });
        log.extend(project.news());
        let other = |step| since(step, &log).get(1).map(|record| record.event.kind());
        assert_eq!((other(&held), other(&drained)), (Some("task_unblocked"), Some("manus_draining")));
        assert!(
            is_untouched(&held, project.state()) && is_untouched(&drained, project.state()),
            "by the looks of it"
        );
    }

    #[test]
    fn each_step_has_its_way_back() {
        let task_id = engine::TaskId::numbered(1);
        let held = reversal(Step::Held { task_id: task_id.clone(), since: 7 }).unwrap();
        assert_eq!(held, ("unblock_task", r#"{"manus_id":"supervisor","task_id":"T1"}"#.to_owned()));
        let (name, body) = reversal(Step::LetGo { task_id, reason: "later".to_owned() }).unwrap();
        assert!(name == "block_task" && body.contains(r#""reason":"later""#), "{body}");
        let drained = Step::Drained { manus_id: ManusId::new("a").unwrap(), draining: true, since: 7 };
        let (name, body) = reversal(drained).unwrap();
        assert!(name == "drain_manus" && body.contains(r#""draining":false"#), "{body}");
    }
}
