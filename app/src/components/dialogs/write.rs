//! The dialog for a message.

use crate::prelude::*;
use engine::{InstanceStatus, Json, ManusId, MessageId, Recipient, Role};

use super::super::acts::{Fault, Sending};
use super::{Field, Form, choice};
use crate::api::SendMessage;
use crate::live::{Live, use_live, words};
use crate::ui::{IntoNode, Node, nodes};

/// The kinds of messages that the person can choose from; agents may use any.
const TYPES: [&str; 4] = ["INSTRUCTION", "QUESTION", "ANSWER", "NOTE"];

/// Asks for a message and sends it as the supervisor.
pub fn form(to: String, reply_to: Option<MessageId>) -> Node {
    let (live, sending) = (use_live(), Sending::new());
    let title = if reply_to.is_some() { format!("Reply to {to}") } else { "Write a message".to_owned() };
    let kind = RwSignal::new(if reply_to.is_some() { "ANSWER" } else { "INSTRUCTION" }.to_owned());
    let (to, text) = (RwSignal::new(to), RwSignal::new(String::new()));
    let submit =
        move || match call(&to.get_untracked(), kind.get_untracked(), &text.get_untracked(), reply_to) {
            Ok(call) => {
                let call = SendMessage { request_id: sending.request_id(&call), ..call };
                let to = to.get_untracked();
                sending.send(call, move |sent| match sent.ids.len() {
                    1 => format!("Sent to {}.", named(&to)),
                    many => format!("Sent to {}.", words::count_of(many, "agent")),
                });
            }
            Err(fault) => sending.refuse(fault),
        };
    let hint = "The agent gets it with its next get_messages.";
    let field = Field { name: "content", label: "Message", value: text, sending, hint, lines: 5 };
    let types = TYPES.map(|name| (name.to_owned(), words::message_type(name)));
    let fields = nodes![
        choice("field-to_manus", "To", to, recipients(live)),
        choice("field-kind", "Kind", kind, types),
        field.with(|input| input.attr("autofocus", true)),
    ]
    .into_node();
    Form { title, fields, send: "Send", dangerous: false, sending, submit, tool: true }.show()
}

fn call(to: &str, kind: String, text: &str, reply_to: Option<MessageId>) -> Result<SendMessage, Fault> {
    if text.trim().is_empty() {
        return Err(Fault::at("content", "the message is empty"));
    }
    let to: Recipient = to.parse().map_err(|error| Fault::at("to_manus", error))?;
    let content = Json::object([("text", Json::text(text.trim()))]);
    Ok(SendMessage { reply_to, ..SendMessage::new(ManusId::supervisor(), to, kind, content) })
}

/// Everybody who can be written to: all at once, by role, and each.
fn recipients(live: Live) -> Vec<(String, String)> {
    let all = live.peek(|state| {
        let here = || state.agents().filter(|agent| agent.status() != InstanceStatus::Inactive);
        let roles = Role::ALL.iter().copied().filter(|role| here().any(|agent| agent.role() == *role));
        let roles = roles.map(|role| format!("role:{role}"));
        let names = here().map(|agent| agent.id().to_string());
        std::iter::once("*".to_owned()).chain(roles).chain(names).collect::<Vec<_>>()
    });
    all.into_iter().map(|recipient| (recipient.clone(), named(&recipient))).collect()
}

/// A recipient as people say it.
fn named(recipient: &str) -> String {
    match recipient.parse() {
        Ok(Recipient::All) => "all agents".to_owned(),
        Ok(Recipient::Role(role)) => format!("every {}", words::role(role)),
        Ok(Recipient::One(_)) | Err(_) => recipient.to_owned(),
    }
}
