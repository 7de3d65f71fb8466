//! The one dialog of the page, and what it can ask.

mod blast;
mod bulk;
mod confirm;
mod create_task;
mod decide;
mod edit_task;
mod help;
mod palette;
mod write;

use std::rc::Rc;

use crate::prelude::*;
use engine::TaskId;
pub use help::table as keys_table;
use wasm_bindgen::JsCast;
use web_sys::{HtmlDialogElement, KeyboardEvent};

use super::acts::Sending;
use super::bits::{button, caption, icon_button};
use super::icon::icon;
use crate::desk::{Ask, Desk, use_desk};
use crate::dom;
use crate::errand::{As, Errand, Written};
use crate::live::{Live, use_live, words};
use crate::parts::{self, use_parts};
use crate::ui::{El, IntoNode, Node, div, el, nodes};

/// The fields at which a refusal can be shown. One about anything else is shown above the buttons.
const FIELDS: [&str; 9] = [
    "title",
    "description",
    "files_involved",
    "dependencies",
    "required_capabilities",
    "estimated_duration",
    "content",
    "reason",
    "comment",
];

/// Shows what the desk asks, as the browser's own modal dialog: it keeps the focus inside and gives it back, and Esc closes it.
pub fn dialog() -> Node {
    let (desk, there) = (use_desk(), use_parts());
    // Whether the next `close` only tells what the page did itself: by then, another question may have been asked.
    let expected = StoredValue::new(false);
    let part = Memo::new(move |_| desk.ask.with(|ask| ask.as_ref().map(parts::asking)));
    // Told apart from the other parts: when one of those arrives, the focus stays with the field that is being filled in.
    let drawn = Memo::new(move |_| part.get().is_some_and(|part| there.has(part)));
    effect(move || {
        let asked = desk.ask.with(Option::is_some) && drawn.get();
        // In the next frame, when the content is there, the browser finds the field to begin with.
        request_animation_frame(move || show(asked, expected));
    });
    let content = move || part.get().map(parts::show);
    let small = move || {
        let large =
            |ask: &Ask| matches!(ask, Ask::CreateTask | Ask::Edit(_) | Ask::Message { .. } | Ask::Help);
        desk.ask.with(|ask| !ask.as_ref().is_none_or(large))
    };
    el("dialog")
        .toggle("small", small)
        .attr("id", "dialog")
        .attr("aria-labelledby", "dialog-title")
        .test_id("dialog")
        // Esc. At once, not when the browser tells that it has closed: the next key may come before.
        .on("cancel", move |event| {
            event.prevent_default();
            desk.close();
        })
        .on("close", move |_| {
            if !expected.try_update_value(std::mem::take).unwrap_or(false) {
                desk.close();
            }
        })
        .add(content)
        .into_node()
}

/// The palette, the help, and how to copy what has no dialog of its own.
pub fn finding() -> Node {
    asked(|ask| match ask {
        Ask::Palette => Some(palette::palette()),
        Ask::Help => Some(help::keys()),
        Ask::Copy { name, call } => Some(copying(name, call)),
        _ => None,
    })
}

/// What a new task is to be.
pub fn tasks() -> Node {
    asked(|ask| match ask {
        Ask::CreateTask => Some(create_task::form()),
        _ => None,
    })
}

/// What a task is to be instead.
pub fn editing() -> Node {
    asked(|ask| match ask {
        Ask::Edit(id) => Some(edit_task::edit(id)),
        _ => None,
    })
}

/// A message.
pub fn letter() -> Node {
    asked(|ask| match ask {
        Ask::Message { to, reply_to } => Some(write::form(to, reply_to)),
        _ => None,
    })
}

/// Questions of whether, and perhaps why.
pub fn confirming() -> Node {
    asked(|ask| match ask {
        Ask::Release(lock) => Some(confirm::release(lock)),
        Ask::Cancel(id) => Some(confirm::cancel(id)),
        Ask::Hold(id) => Some(decide::hold(id)),
        _ => None,
    })
}

/// What becomes of an agent, and of what it holds.
pub fn dismissing() -> Node {
    asked(|ask| match ask {
        Ask::Deregister(id) => Some(confirm::deregister(id)),
        Ask::Drain(id) => Some(decide::drain(id)),
        Ask::ReleaseAll(id) => Some(decide::release_all(id)),
        _ => None,
    })
}

/// Who is to do a task.
pub fn assigning() -> Node {
    asked(|ask| match ask {
        Ask::Assign(id) => Some(decide::assign(id)),
        _ => None,
    })
}

/// What is said of a result.
pub fn reviewing() -> Node {
    asked(|ask| match ask {
        Ask::Review(id, approve) => Some(decide::review(id, approve)),
        _ => None,
    })
}

/// What becomes of all ticked tasks.
pub fn deciding() -> Node {
    asked(|ask| match ask {
        Ask::Bulk(what) => Some(bulk::form(what)),
        _ => None,
    })
}

/// What is asked, anew with each question.
fn asked(draw: fn(Ask) -> Option<Node>) -> Node {
    let desk = use_desk();
    (move || draw(desk.ask.get()?)).into_node()
}

/// Says so at once when the task that a dialog is about is closed by somebody else.
fn meanwhile(live: Live, id: &TaskId) -> El {
    let row = live.task(id);
    let told = move || {
        let status = row?.with(|row| row.value.status);
        let how = words::status(status).to_ascii_lowercase();
        status.is_closed().then(|| format!("It was {how} meanwhile: there is nothing left to change."))
    };
    el("p").class("meanwhile").attr("role", "alert").test_id("meanwhile").add(told)
}

fn show(asked: bool, expected: StoredValue<bool>) {
    let Some(dialog) = dom::find("#dialog").and_then(|found| found.dyn_into::<HtmlDialogElement>().ok())
    else {
        return;
    };
    if asked && !dialog.open() {
        dom::mark_place();
        let _ = dialog.show_modal();
    } else if asked {
        // One question led to another: the browser looks for the field to begin with only on opening.
        dom::focus(dom::find("#dialog [autofocus]"));
    } else if !asked && dialog.open() {
        expected.set_value(true);
        dialog.close();
        dom::keep_focus();
    }
}

/// The heading of a dialog.
fn header(title: impl IntoNode) -> El {
    let close = icon_button("x", "Close", |desk| desk.close());
    el("header").add(el("h2").attr("id", "dialog-title").add(title)).add(close)
}

/// What a dialog asks for, and how it is sent.
struct Form<F, T = String> {
    title: T,
    fields: Node,
    /// What the button says that sends it.
    send: &'static str,
    /// Whether that takes something away.
    dangerous: bool,
    sending: Sending,
    submit: F,
    /// Whether agents have a tool for it, too.
    tool: bool,
}

impl<F: Fn() + Clone + 'static, T: IntoNode> Form<F, T> {
    /// The form under its heading, with its refusal and its buttons. Ctrl or ⌘ and Enter send it from any field.
    fn show(self) -> Node {
        let Self { title, fields, send, dangerous, sending, submit, tool } = self;
        let live = use_live();
        let enter = submit.clone();
        let unplaced = move || {
            let fault = sending
                .fault
                .get()
                .filter(|fault| fault.field.as_deref().is_none_or(|name| !FIELDS.contains(&name)));
            fault.map(|fault| nodes![icon("alert"), el("p").test_id("fault").add(fault.text)])
        };
        let send = el("button")
            .attr("type", "submit")
            .class(if dangerous { "button danger" } else { "button primary" })
            .test_id("send")
            .attr("disabled", move || sending.busy.get() || live.why_not().is_some())
            .add(send);
        let back = move || {
            let undo = |desk: Desk| {
                desk.close();
                desk.send(Errand::Undo);
            };
            (sending.partly.get() && sending.fault.with(Option::is_some))
                .then(|| button("button small", undo).test_id("undo-partly").add("Undo what was done"))
        };
        // Shown by the style sheet once the page has learned it: see `api::call::post`.
        let out = el("p").class("out").attr("role", "status").test_id("logged-out").add(nodes![
            "Your session has ended. ",
            el("a").attr("href", "/login").attr("target", "_blank").add("Log in in another tab"),
            ", come back, and go on: what is written here stays.",
        ]);
        let footer = el("footer")
            .add(copies(sending, tool, Rc::new(submit.clone())))
            .add(caption(move || live.why_not()))
            .add(button("button", |desk| desk.close()).add("Back"))
            .add(send);
        el("form")
            .attr("method", "dialog")
            .attr("novalidate", true)
            .on("submit", move |event| {
                event.prevent_default();
                if live.why_not().is_none() {
                    submit();
                }
            })
            .on("keydown", move |event| {
                let both = |key: &KeyboardEvent| key.key() == "Enter" && (key.ctrl_key() || key.meta_key());
                if event.dyn_ref::<KeyboardEvent>().is_some_and(both) && live.why_not().is_none() {
                    event.prevent_default();
                    enter();
                }
            })
            .add(header(title))
            .add(div("fields").add(fields))
            .add(div("fault").attr("role", "alert").add(unplaced).add(back))
            .add(out)
            .add(footer)
            .into_node()
    }
}

/// The ways to have what the dialog would send, and do it elsewhere.
fn copies(sending: Sending, tool: bool, submit: Rc<dyn Fn()>) -> El {
    ways(tool, Rc::new(move |_: Desk, how: As| sending.copy(how, &*submit)))
}

/// What is done without a dialog, to be done elsewhere.
fn copying(name: &'static str, call: Written) -> Node {
    let told = el("p").add("What the button would do, for a shell: it is copied, and not done.");
    // Agents have no tool for any of these.
    let ways =
        ways(false, Rc::new(move |desk: Desk, how: As| desk.send(Errand::Copy(how, vec![call.clone()]))));
    let footer = el("footer").add(ways).add(button("button", |desk| desk.close()).add("Back"));
    nodes![header(format!("Copy “{name}”")), div("fields").add(told), footer].into_node()
}

/// A button for each way to copy an action.
fn ways(tool: bool, copy: Rc<dyn Fn(Desk, As)>) -> El {
    let way = |(how, word): (As, &'static str)| {
        let copy = copy.clone();
        button("button quiet small", move |desk| copy(desk, how))
            .test_id(format!("copy-{}", word.to_ascii_lowercase()))
            .attr("title", format!("Copy as {word}, without doing it"))
            .attr("aria-label", format!("Copy as {word}"))
            .add(word)
    };
    let ways = As::ALL.into_iter().filter(|(how, _)| tool || *how != As::Mcp);
    div("copies").add(icon("copy")).add(ways.map(way).collect::<Vec<_>>())
}

/// A text field with its label, a hint, and its refusal.
struct Field {
    /// The argument's name.
    name: &'static str,
    label: &'static str,
    /// What is written in it.
    value: RwSignal<String>,
    sending: Sending,
    /// What can be written.
    hint: &'static str,
    /// Lines; one line where there is one.
    lines: u8,
}

impl Field {
    fn show(self) -> Node {
        self.with(|input| input)
    }

    /// The field, its input changed by a function.
    fn with(self, change: impl Fn(El) -> El) -> Node {
        let Self { name, label, value, sending, hint, lines } = self;
        let fault = move || {
            let fault = sending.fault.get().filter(|fault| fault.field.as_deref() == Some(name));
            fault.map(|fault| fault.text)
        };
        let (id, about) = (format!("field-{name}"), format!("about-{name}"));
        let input = if lines > 1 {
            el("textarea").attr("rows", lines.to_string())
        } else {
            el("input").attr("type", "text")
        };
        let input = input
            .toggle("code", move || matches!(name, "files_involved" | "dependencies"))
            .attr("id", id.clone())
            .attr("autocomplete", "off")
            .attr("aria-describedby", about.clone())
            .attr("aria-invalid", move || fault().map(|_| "true"))
            .value(move || value.get())
            .on("input", move |event| value.set(event_target_value(&event)));
        let told = el("p").class("about").toggle("bad", move || fault().is_some()).attr("id", about);
        div("")
            .class(format!("field f-{name}"))
            .add(el("label").attr("for", id).add(label))
            .add(change(input))
            .add(told.add(move || fault().unwrap_or_else(|| hint.to_owned())))
            .into_node()
    }
}

/// A choice among named values.
fn choice(
    id: &'static str,
    label: &'static str,
    chosen: RwSignal<String>,
    options: impl IntoIterator<Item = (String, String)>,
) -> Node {
    let first = chosen.get_untracked();
    let first_is_none = first.is_empty();
    let option = |(value, name): (String, String)| {
        let selected = value == first;
        el("option").attr("value", value).attr("selected", selected).add(name)
    };
    let options: Vec<El> = options.into_iter().map(option).collect();
    let select = el("select")
        .attr("id", id)
        // What has to be chosen is where one begins.
        .attr("autofocus", first_is_none)
        .on("change", move |event| chosen.set(event_target_value(&event)));
    div("field").add(el("label").attr("for", id).add(label)).add(select.add(options)).into_node()
}
