//! The newest messages.

use crate::prelude::*;

use super::bits::{act, act_named, agent_link, caption, nothing, panel, since};
use super::icon::icon;
use super::rows::{Rows, cell, row_of};
use crate::desk::Ask;
use crate::live::needs::is_person;
use crate::live::row::RowId;
use crate::live::{use_live, words};
use crate::ui::{El, IntoNode, Node, el, nodes, span};

const HEADS: &[(&str, &str)] = &[("c-from", "From and to"), ("c-text", "Message"), ("c-age", "Sent")];
/// How many messages are listed here.
const SHOWN: usize = 50;

/// The newest messages, and the way to write one.
pub fn messages() -> Node {
    let live = use_live();
    let with_system = RwSignal::new(false);
    let ids = Memo::new(move |_| {
        let mut ids = live.message_rows(with_system.get());
        ids.truncate(SHOWN);
        ids
    });
    let tick = el("input")
        .attr("type", "checkbox")
        .checked(move || with_system.get())
        .on("change", move |event| with_system.set(event_target_checked(&event)));
    let write = act("button quiet", |desk| desk.open(Ask::Message { to: String::new(), reply_to: None }));
    let tools = nodes![
        el("label").class("toggle").add(tick).add("from the engine, too"),
        write.test_id("write").add(icon("message")).add("Write"),
    ];
    let empty = || nothing("message", "Nobody has written anything yet.", ());
    let rows = Rows { name: "messages", ids, heads: HEADS, draw, empty, selected: |_| false };
    panel("Messages", "messages", (), tools).add(rows.show()).into_node()
}

fn draw(id: &RowId) -> Option<El> {
    let live = use_live();
    let RowId::Message(id) = *id else { return None };
    let row = live.message(id)?;
    let message = row.with_untracked(|row| row.value.clone());
    let sent_ms = message.timestamp_ms;
    let (copies, _) = untrack(|| live.readers(id));
    let unread = Memo::new(move |_| live.readers(id).1);
    let read = move || match (unread.get(), copies) {
        (0, _) => None,
        (_, 1) => Some("not read yet".to_owned()),
        (unread, copies) => Some(format!("{} of {copies} have read it", copies - unread)),
    };
    let to = match copies {
        0 | 1 => agent_link(message.to_manus.clone()),
        many => words::count_of(many, "agent").into_node(),
    };
    // The engine reads no answers.
    let answerable = is_person(&message.to_manus) && !message.from_manus.is_reserved();
    let reply = answerable.then(|| {
        let (to, name) = (message.from_manus.to_string(), format!("Reply to {}", message.from_manus));
        let ask = Ask::Message { to, reply_to: Some(id) };
        act_named("button quiet small", Some(name), move |desk| desk.open(ask.clone())).add(icon("reply"))
    });
    let gist = words::gist(&message.content);
    let text = cell("cell", "c-text")
        .add(span("kind").add(words::message_type(&message.message_type)))
        .add(span("gist").attr("title", gist.clone()).add(gist))
        .add(move || read().map(caption));
    Some(
        row_of(row)
            .toggle("unread", move || unread.get() != 0)
            .test_id(format!("message-{id}"))
            .add(
                cell("cell", "c-from")
                    .add(agent_link(message.from_manus.clone()))
                    .add(icon("arrow-right"))
                    .add(to),
            )
            .add(text)
            .add(cell("cell", "c-age").add(reply).add(since(move || sent_ms))),
    )
}
