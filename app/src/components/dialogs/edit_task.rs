//! The dialog for what an open task is to be instead.

use std::sync::Arc;

use crate::prelude::*;
use engine::TaskId;
use engine::event::TaskSpec;

use super::super::acts::{Fault, Sending};
use super::super::errands::changed_meanwhile;
use super::create_task::Fields;
use super::{Form, meanwhile};
use crate::api::{CreateTask, UpdateTask};
use crate::errand::Step;
use crate::live::{Live, use_live};
use crate::ui::{IntoNode, Node, nodes};

/// Asks what a task is to be instead. Only what differs is sent: the rest may have changed meanwhile.
pub fn edit(id: TaskId) -> Node {
    let (live, sending) = (use_live(), Sending::new());
    let Some(task) = live.peek(|state| state.task(&id).map(|task| task.spec().clone())) else {
        return super::header(format!("There is no open task {id}")).into_node();
    };
    let texts = [
        written(&task.files_involved),
        written(&task.dependencies),
        written(&task.required_capabilities),
        task.estimated_duration.to_string(),
    ];
    let fields = Fields::new(&task.title, &task.description, task.priority, texts);
    let seen = StoredValue::new(task.clone());
    let submit = move || match fields.call() {
        Ok(now) => {
            let now = changes(&task, now);
            if let Some(told) = overtaken(live, &task, &now, seen) {
                // Who sends it again knows, and means it.
                return sending.refuse(Fault { text: told, field: None });
            }
            let back = before(&task, &now);
            let call = UpdateTask { request_id: sending.request_id(&now), ..now.clone() };
            let step = Step::Changed { now: Box::new(now), back: Box::new(back) };
            sending.reversible(vec![step]).send_plain(call, format!("{} is changed.", task.id));
        }
        Err(fault) => sending.refuse(fault),
    };
    let fields = nodes![meanwhile(live, &id), fields.show(live, sending)].into_node();
    Form {
        title: format!("Change {id}"),
        fields,
        send: "Save",
        dangerous: false,
        sending,
        submit,
        tool: false,
    }
    .show()
}

fn changes(task: &TaskSpec, now: CreateTask) -> UpdateTask {
    fn other<T: PartialEq>(now: Option<T>, before: &T) -> Option<T> {
        now.filter(|now| now != before)
    }
    let files = task.files_involved.iter().map(ToString::to_string).collect();
    UpdateTask {
        title: other(Some(now.title), &task.title),
        description: other(Some(now.description), &task.description),
        priority: other(now.priority, &task.priority),
        files_involved: other(now.files_involved, &files),
        dependencies: other(now.dependencies, &task.dependencies),
        estimated_duration: other(now.estimated_duration, &i64::from(task.estimated_duration)),
        required_capabilities: other(now.required_capabilities, &task.required_capabilities),
        ..UpdateTask::new(task.id.clone())
    }
}

/// What a task was, in all that a change names.
fn before(task: &TaskSpec, now: &UpdateTask) -> UpdateTask {
    fn was<T, U>(now: &Option<T>, before: impl FnOnce() -> U) -> Option<U> {
        now.is_some().then(before)
    }
    UpdateTask {
        title: was(&now.title, || task.title.clone()),
        description: was(&now.description, || task.description.clone()),
        priority: was(&now.priority, || task.priority),
        files_involved: was(&now.files_involved, || {
            task.files_involved.iter().map(ToString::to_string).collect()
        }),
        dependencies: was(&now.dependencies, || task.dependencies.clone()),
        estimated_duration: was(&now.estimated_duration, || i64::from(task.estimated_duration)),
        required_capabilities: was(&now.required_capabilities, || task.required_capabilities.clone()),
        ..UpdateTask::new(task.id.clone())
    }
}

/// Says that somebody else has changed meanwhile what would be overwritten, and to what; once, unless that happens again.
fn overtaken(
    live: Live,
    task: &TaskSpec,
    now: &UpdateTask,
    seen: StoredValue<Arc<TaskSpec>>,
) -> Option<String> {
    let present = live.peek(|state| state.task(&task.id).map(|task| task.spec().clone()))?;
    let (had, has) = (before(&seen.get_value(), now), before(&present, now));
    // What is so already is overwritten by nothing, as when only the answer was lost.
    if has == had || has == *now {
        return None;
    }
    seen.set_value(present);
    let told = changed_meanwhile(live, &task.id.to_string(), Some(differences(&had, &has)));
    Some(format!("{told} Save again to overwrite that, or go back and look."))
}

/// What is other than before, a field after the other.
fn differences(had: &UpdateTask, has: &UpdateTask) -> String {
    fn told<T: PartialEq>(had: &Option<T>, has: &Option<T>, tell: fn(&T) -> String) -> Option<String> {
        has.as_ref().filter(|_| had != has).map(tell)
    }
    fn list<T: ToString>(name: &str, items: &[T]) -> String {
        let items = written(items);
        if items.is_empty() { format!("it has no {name} now") } else { format!("its {name} are now {items}") }
    }
    let fields = [
        told(&had.title, &has.title, |title| format!("its title is now “{title}”")),
        told(&had.description, &has.description, |_| "its description is another".to_owned()),
        told(&had.priority, &has.priority, |priority| {
            format!("its priority is now {}", priority.as_str().to_ascii_lowercase())
        }),
        told(&had.estimated_duration, &has.estimated_duration, |minutes| {
            format!("its estimate is now {minutes} minutes")
        }),
        told(&had.files_involved, &has.files_involved, |files| list("files", files)),
        told(&had.dependencies, &has.dependencies, |tasks| list("dependencies", tasks)),
        told(&had.required_capabilities, &has.required_capabilities, |needs| list("needs", needs)),
    ];
    fields.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn written<T: ToString>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
