//! The dialog for a new task.

use std::cell::RefCell;

use crate::prelude::*;
use engine::sorted::SortedSet;
use engine::{Capability, Priority, TaskId};

use super::super::acts::{Fault, Sending, listed};
use super::super::icon::priority_mark;
use super::{Field, Form};
use crate::api::CreateTask;
use crate::live::{Live, use_live};
use crate::ui::{El, IntoNode, Node, el, nodes};

/// The most suggestions for a field.
const SUGGESTED: usize = 50;

/// What was written for a new task and not sent: its texts, and how urgent it is; empty without any.
type Draft = (Vec<String>, Option<Priority>);

thread_local! {
    /// Of the page. On the server, where nobody writes, it stays empty.
    static DRAFT: RefCell<Draft> = RefCell::default();
}

/// What a task is made of, as it is written.
#[derive(Clone, Copy)]
pub(super) struct Fields {
    title: RwSignal<String>,
    description: RwSignal<String>,
    priority: RwSignal<Priority>,
    files: RwSignal<String>,
    after: RwSignal<String>,
    needs: RwSignal<String>,
    minutes: RwSignal<String>,
}

/// Asks for a task and creates it. What is written stays until it is sent or taken out again, though the dialog be closed.
pub fn form() -> Node {
    let (live, sending) = (use_live(), Sending::new());
    let fields = Fields::kept(DRAFT.take());
    effect(move || DRAFT.set(fields.written()));
    let submit = move || match fields.call() {
        Ok(call) => {
            let call = CreateTask { request_id: sending.request_id(&call), ..call };
            sending.send(call, move |task| {
                DRAFT.take();
                match &task.assigned_to {
                    Some(manus) => format!("{} was created and goes to {manus}.", task.id),
                    None => format!("{} was created.", task.id),
                }
            });
        }
        Err(fault) => sending.refuse(fault),
    };
    let fields = fields.show(live, sending);
    Form {
        title: "New task".to_owned(),
        fields,
        send: "Create task",
        dangerous: false,
        sending,
        submit,
        tool: true,
    }
    .show()
}

impl Fields {
    /// With the files, dependencies, needs and minutes as they are written.
    pub(super) fn new(title: &str, description: &str, priority: Priority, texts: [String; 4]) -> Self {
        let text = |text: &str| RwSignal::new(text.to_owned());
        let [files, after, needs, minutes] = texts.map(RwSignal::new);
        let priority = RwSignal::new(priority);
        Self { title: text(title), description: text(description), priority, files, after, needs, minutes }
    }

    /// As they were left.
    fn kept((texts, priority): Draft) -> Self {
        let priority = priority.unwrap_or(Priority::Medium);
        let [title, description, files, after, needs, minutes] =
            <[String; 6]>::try_from(texts).unwrap_or_else(|_| ["", "", "", "", "", "60"].map(str::to_owned));
        Self::new(&title, &description, priority, [files, after, needs, minutes])
    }

    /// What [`Self::kept`] reads, followed.
    fn written(self) -> Draft {
        let texts = [self.title, self.description, self.files, self.after, self.needs, self.minutes];
        (texts.iter().map(RwSignal::get).collect(), Some(self.priority.get()))
    }

    /// The fields on the page.
    pub(super) fn show(self, live: Live, sending: Sending) -> Node {
        let field = |name, label, value, hint| Field { name, label, value, sending, hint, lines: 1 };
        let description =
            field("description", "Description", self.description, "What has to be true when it is done.");
        let files = "Claimed when it starts: src/api.rs, src/ui/, **/*.sql";
        let after = "Tasks that must be completed first: T1, T4";
        let needs = "What the agent must be able to do: rust, testing";
        nodes![
            field("title", "Title", self.title, "").with(|input| input.attr("autofocus", true)),
            Field { lines: 4, ..description }.show(),
            priorities(self.priority),
            field("estimated_duration", "Minutes", self.minutes, "Estimated work.")
                .with(|input| input.attr("inputmode", "numeric")),
            field("files_involved", "Files", self.files, files).show(),
            field("dependencies", "After", self.after, after).with(|input| input.attr("list", "open-tasks")),
            field("required_capabilities", "Needs", self.needs, needs)
                .with(|input| input.attr("list", "capabilities")),
            suggestions(live),
        ]
        .into_node()
    }

    /// The call that they ask for; what is wrong where they ask for none.
    pub(super) fn call(self) -> Result<CreateTask, Fault> {
        let title = self.title.get_untracked().trim().to_owned();
        if title.is_empty() {
            return Err(Fault::at("title", "a task needs a title: one line that says what is to be done"));
        }
        let minutes = self.minutes.get_untracked();
        let minutes = match minutes.trim() {
            "" => None,
            text => {
                let reason = || {
                    Fault::at(
                        "estimated_duration",
                        format!("“{text}” is not a number of minutes; write 45, say"),
                    )
                };
                Some(text.parse::<i64>().map_err(|_| reason())?)
            }
        };
        let after = listed(&self.after.get_untracked());
        let after: Result<Vec<TaskId>, _> = after.iter().map(|text| TaskId::new(text)).collect();
        let needs = listed(&self.needs.get_untracked());
        let needs: Result<Vec<Capability>, _> = needs.iter().map(|text| Capability::new(text)).collect();
        Ok(CreateTask {
            priority: Some(self.priority.get_untracked()),
            files_involved: Some(listed(&self.files.get_untracked())),
            dependencies: Some(after.map_err(|error| Fault::at("dependencies", error))?),
            estimated_duration: minutes,
            required_capabilities: Some(needs.map_err(|error| Fault::at("required_capabilities", error))?),
            ..CreateTask::new(title, self.description.get_untracked())
        })
    }
}

/// The choice of a priority.
pub fn priorities(chosen: RwSignal<Priority>) -> Node {
    let choice = |priority: &Priority| {
        let priority = *priority;
        let word = priority.as_str();
        let name = word[..1].to_owned() + &word[1..].to_ascii_lowercase();
        let input = el("input")
            .attr("type", "radio")
            .attr("name", "priority")
            .attr("value", word)
            .checked(move || chosen.get() == priority)
            .on("change", move |_| chosen.set(priority));
        el("label")
            .add(input)
            .add(priority_mark(priority))
            .add(el("span").attr("aria-hidden", "true").add(name))
    };
    let choices: Vec<El> = Priority::ALL.iter().map(choice).collect();
    el("fieldset")
        .class("field choices")
        .add(el("legend").add("Priority"))
        .add(el("div").add(choices))
        .into_node()
}

/// The open tasks, newest first, and the capabilities that agents have.
fn suggestions(live: Live) -> Node {
    let (tasks, known) = live.peek(|state| {
        let open = state.tasks().rev().filter(|task| !task.status().is_closed()).take(SUGGESTED);
        let option = |id: String, title: String| el("option").attr("value", id).add(title);
        let tasks: Vec<El> =
            open.map(|task| option(task.spec().id.to_string(), task.spec().title.clone())).collect();
        let agents = state.agents().filter_map(|agent| state.manus(agent.id()));
        let known: SortedSet<String> =
            agents.flat_map(|manus| manus.capabilities).map(|skill| skill.to_string()).collect();
        let known: Vec<El> =
            known.into_iter().take(SUGGESTED).map(|name| option(name, String::new())).collect();
        (tasks, known)
    });
    let list = |id: &'static str, options: Vec<El>| el("datalist").attr("id", id).add(options);
    nodes![list("open-tasks", tasks), list("capabilities", known)].into_node()
}
