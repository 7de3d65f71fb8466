//! The dialog for a message.

use crate::prelude::*;
use engine::{InstanceStatus, Json, ManusId, MessageId, Recipient, Role};

use super::super::acts::{Fault, Quick, Sending};
use super::{Field, Form, choice};
use crate::api::SendMessage;
use crate::desk::use_desk;
use crate::live::{Live, use_live, words};
use crate::nav::{Open, use_nav};
use crate::ui::{El, IntoNode, Node, el, nodes};

/// The kinds of messages that the person can choose from; agents may use any.
const TYPES: [&str; 4] = ["INSTRUCTION", "QUESTION", "ANSWER", "NOTE"];

/// Asks for a message and sends it as the supervisor. Where nobody is named, it is for the agent that is in view.
pub fn form(to: String, reply_to: Option<MessageId>) -> Node {
    let (live, desk, sending) = (use_live(), use_desk(), Sending::new());
    let to = if to.is_empty() { in_view(live).map(|id| id.to_string()).unwrap_or_default() } else { to };
    let (options, to_nobody) = (recipients(live, &to), to.is_empty());
    let title = if reply_to.is_some() { format!("Reply to {to}") } else { "Write a message".to_owned() };
    let kind = RwSignal::new(if reply_to.is_some() { "ANSWER" } else { "INSTRUCTION" }.to_owned());
    let (to, text) = (RwSignal::new(to), RwSignal::new(String::new()));
    let submit =
        move || match call(&to.get_untracked(), kind.get_untracked(), &text.get_untracked(), reply_to) {
            Ok(call) => {
                let call = SendMessage { request_id: sending.request_id(&call), ..call };
                let to = to.get_untracked();
                sending.send(call, move |sent| {
                    // Who has answered a message has read it.
                    if let Some(id) = reply_to.filter(|id| is_unread(live, *id)) {
                        Quick::read(vec![id]).make(desk, RwSignal::new(false));
                    }
                    match sent.ids.len() {
                        1 => format!("Sent to {}.", named(&to)),
                        many => format!("Sent to {}.", words::count_of(many, "agent")),
                    }
                });
            }
            Err(fault) => sending.refuse(fault),
        };
    let hint = "The agent gets it with its next get_messages.";
    let field = Field { name: "content", label: "Message", value: text, sending, hint, lines: 5 };
    let types = TYPES.map(|name| (name.to_owned(), words::message_type(name)));
    let fields = nodes![
        reply_to.map(|id| quoted(live, id)),
        choice("field-to_manus", "To", to, options),
        choice("field-kind", "Kind", kind, types),
        field.with(|input| input.attr("autofocus", !to_nobody)),
    ]
    .into_node();
    Form { title, fields, send: "Send", dangerous: false, sending, submit, tool: true }.show()
}

fn call(to: &str, kind: String, text: &str, reply_to: Option<MessageId>) -> Result<SendMessage, Fault> {
    if text.trim().is_empty() {
        return Err(Fault::at("content", "the message is empty"));
    }
    if to.is_empty() {
        return Err(Fault::at("to_manus", "choose who gets it"));
    }
    let to: Recipient = to.parse().map_err(|error| Fault::at("to_manus", error))?;
    let content = Json::object([("text", Json::text(text.trim()))]);
    Ok(SendMessage { reply_to, ..SendMessage::new(ManusId::supervisor(), to, kind, content) })
}

/// The agent that is open, or that does the task that is.
fn in_view(live: Live) -> Option<ManusId> {
    match use_nav().place_now().open? {
        Open::Agent(id) => Some(id),
        Open::Task(id) => live.peek(|state| state.task(&id)?.assigned_to().cloned()),
    }
}

/// Whether a message waits for the person.
fn is_unread(live: Live, id: MessageId) -> bool {
    live.peek(|state| state.inbox().unread(&ManusId::supervisor(), 0).any(|message| message.id == id))
}

/// What a message says, above the answer to it; nothing of one that is no longer in memory.
fn quoted(live: Live, id: MessageId) -> Option<El> {
    let said = live.peek(|state| state.inbox().get(id).map(|message| words::gist(&message.content)))?;
    Some(el("blockquote").class("description").add(said))
}

/// Everybody who can be written to: all at once, by role, and each; and whoever is written to already, though they may have left.
/// Nobody as long as nobody was chosen.
fn recipients(live: Live, to: &str) -> Vec<(String, String)> {
    let all = live.peek(|state| {
        let here = || state.agents().filter(|agent| agent.status() != InstanceStatus::Inactive);
        let roles = Role::ALL.iter().copied().filter(|role| here().any(|agent| agent.role() == *role));
        let roles = roles.map(|role| format!("role:{role}"));
        let names = here().map(|agent| agent.id().to_string());
        std::iter::once("*".to_owned()).chain(roles).chain(names).collect::<Vec<_>>()
    });
    let other = (!all.iter().any(|known| known == to)).then(|| to.to_owned());
    other.into_iter().chain(all).map(|recipient| (recipient.clone(), named(&recipient))).collect()
}

/// A recipient as people say it.
fn named(recipient: &str) -> String {
    if recipient.is_empty() {
        return "Choose who gets it".to_owned();
    }
    match recipient.parse() {
        Ok(Recipient::All) => "all agents".to_owned(),
        Ok(Recipient::Role(role)) => format!("every {}", words::role(role)),
        Ok(Recipient::One(_)) | Err(_) => recipient.to_owned(),
    }
}
