//! `manus-sync message …`.

use app::api::{AckMessages, GetMessages, ListMessages, SendMessage};
use app::live::words;
use engine::Json;
use serde_json::{Value, json};

use super::Failed;
use super::answer::{items, joined_numbers, list, text};
use super::print::{Print, Tone, harmless, moment};
use super::session;
use crate::caller::request_id;
use crate::cli::{AckArgs, InboxArgs, ListMessagesArgs, MessageCommand, SendArgs};

/// How many messages are asked for at once.
const PAGE: usize = 1_000;

/// Does what was asked for.
pub fn run(command: MessageCommand) -> Result<(), Failed> {
    match command {
        MessageCommand::Send(args) => send(args),
        MessageCommand::Inbox(args) => inbox(&args),
        MessageCommand::Ack(args) => ack(args),
        MessageCommand::List(args) => show(args),
    }
}

fn send(args: SendArgs) -> Result<(), Failed> {
    let from = args.agent.who_or_supervisor()?;
    let content = match (&args.text, &args.content) {
        (_, Some(content)) => serde_json::from_str(content)
            .map_err(|error| Failed::usage(format!("--content is not JSON: {error}")))?,
        (text, None) => Json::object([("text", Json::text(text.as_deref().unwrap_or_default()))]),
    };
    session::with(&args.agent.client, |session| {
        let call = SendMessage {
            reply_to: args.reply_to,
            requires_ack: args.ack.then_some(true),
            ..SendMessage::new(from, args.to.clone(), args.kind, content)
        };
        let answer = session.call(&call)?;
        session.show(&answer, |_| {
            let ids = list(&answer, "ids");
            let noun = words::count_of(ids.len(), "message");
            format!("{noun} to {}: {}", args.to, joined_numbers(ids))
        })
    })
}

fn inbox(args: &InboxArgs) -> Result<(), Failed> {
    let manus = args.agent.who()?;
    let looks_only = args.peek || args.after.is_some();
    session::with(&args.agent.client, |session| {
        let call = GetMessages {
            peek: args.peek.then_some(true),
            after: args.after,
            limit: args.limit,
            wait_secs: args.wait,
            ..GetMessages::new(manus.clone())
        };
        // Named where it changes something: looking leaves nothing to be remembered.
        let mut body = json!(call);
        if !looks_only {
            body["request_id"] = json!(request_id());
        }
        let answer = session.block_on(|caller| async { caller.call_by_name("get_messages", &body).await })?;
        session.show(&answer, |print| match items(&answer) {
            [] => format!("Nothing new for {manus}."),
            messages => letters(print, messages),
        })
    })
}

fn ack(args: AckArgs) -> Result<(), Failed> {
    let manus = args.agent.who()?;
    session::with(&args.agent.client, |session| {
        let answer = session.call(&AckMessages::new(manus, args.ids))?;
        session.show(&answer, |_| {
            format!("{} marked as read.", words::counted(answer["count"].as_u64().unwrap_or(0), "message"))
        })
    })
}

fn show(args: ListMessagesArgs) -> Result<(), Failed> {
    session::with(&args.client, |session| {
        let mut call = ListMessages {
            manus_id: args.of,
            message_type: args.kind,
            text: args.text,
            newest_first: Some(true),
            ..ListMessages::new()
        };
        let mut messages: Vec<Value> = Vec::new();
        while messages.len() < args.limit {
            call.limit = i64::try_from(PAGE.min(args.limit - messages.len())).ok();
            let page = session.call(&call)?;
            messages.extend_from_slice(list(&page, "items"));
            call.cursor = page["next_cursor"].as_str().map(str::to_owned);
            if call.cursor.is_none() {
                break;
            }
        }
        messages.reverse();
        session.show(&json!({ "items": messages, "next_cursor": null }), |print| match messages.as_slice() {
            [] => "No such messages.".to_owned(),
            messages => letters(print, messages),
        })
    })
}

/// A head line for each, and below it what it says.
fn letters(print: Print, messages: &[Value]) -> String {
    let letter = |message: &Value| {
        let reply = message["reply_to"].as_u64().map(|id| format!(", in reply to {id}")).unwrap_or_default();
        let head = format!(
            "{} {} from {} to {}{reply}",
            message["id"],
            text(message, "message_type"),
            text(message, "from_manus"),
            text(message, "to_manus"),
        );
        let at = moment(message["timestamp_ms"].as_i64().unwrap_or(0));
        let (head, at) = (print.paint(Tone::Head, &head), print.paint(Tone::Quiet, &at));
        let body: String = said(&message["content"]).lines().map(|line| format!("  {line}\n")).collect();
        format!("{head}  {at}\n{body}")
    };
    messages.iter().map(letter).collect()
}

/// The text of a message that has nothing else, any other content as JSON.
fn said(content: &Value) -> String {
    match content {
        Value::String(text) => harmless(text),
        Value::Object(fields) if fields.len() == 1 => match fields.get("text").and_then(Value::as_str) {
            Some(text) => harmless(text),
            None => content.to_string(),
        },
        other => other.to_string(),
    }
}
