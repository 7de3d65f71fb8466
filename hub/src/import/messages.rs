//! The messages of the original.

use std::collections::HashSet;

use engine::view::Message;
use engine::{Json, ManusId, MessageId, TimeMs};
use serde_json::Value;

use super::OddRow;
use super::agents::{Agents, near};
use super::read::OldMessage;
use super::values;

const TABLE: &str = "communication_log";
/// How the original may have addressed everybody.
const EVERYBODY: [&str; 3] = ["*", "all", "broadcast"];

/// The messages in the order of sending, one a recipient. They keep their numbers where those can be numbers here.
pub(super) fn messages(
    rows: Vec<OldMessage>,
    agents: &Agents,
    now_ms: TimeMs,
    odd: &mut Vec<OddRow>,
) -> Vec<Message> {
    let mut reading = Reading { agents, now_ms, odd };
    let mut messages: Vec<(Option<MessageId>, Message)> = Vec::new();
    for row in rows {
        let number = row.id.as_u64().filter(|number| (1..=i64::MAX as u64).contains(number));
        messages.extend(reading.read(row).into_iter().map(|message| (number, message)));
    }
    let mut seen = HashSet::new();
    if messages.iter().all(|(number, _)| number.is_some_and(|number| seen.insert(number))) {
        messages.sort_by_key(|(number, _)| *number);
        return messages
            .into_iter()
            .map(|(number, message)| Message { id: number.unwrap_or(1), ..message })
            .collect();
    }
    messages.sort_by_key(|(_, message)| message.timestamp_ms);
    let what = "not every message has a number of its own; all are numbered anew, in the order of sending"
        .to_owned();
    odd.push(OddRow { table: TABLE, row: "all".to_owned(), what });
    (1..).zip(messages).map(|(id, (_, message))| Message { id, ..message }).collect()
}

struct Reading<'a> {
    agents: &'a Agents,
    now_ms: TimeMs,
    odd: &'a mut Vec<OddRow>,
}

impl Reading<'_> {
    /// One message a recipient.
    fn read(&mut self, row: OldMessage) -> Vec<Message> {
        let label = values::text(&row.id).unwrap_or_else(|| "without an id".to_owned());
        let mut remarks = Vec::new();
        let from_manus = self.correspondent("from_manus", &row.from_manus, &mut remarks);
        let message = Message {
            id: 0,
            to_manus: from_manus.clone(),
            from_manus,
            message_type: message_type(&row.message_type, &mut remarks),
            content: content(&row.content, &mut remarks),
            timestamp_ms: self.time(&row, &mut remarks),
            processed: processed(&row.processed, &mut remarks),
            reply_to: None,
            thread_id: None,
            requires_ack: false,
        };
        let recipients = self.recipients(&row.to_manus, &message.from_manus, &mut remarks);
        self.odd.extend(remarks.into_iter().map(|what| OddRow { table: TABLE, row: label.clone(), what }));
        recipients.into_iter().map(|to_manus| Message { to_manus, ..message.clone() }).collect()
    }

    fn recipients(&self, value: &Value, from: &ManusId, remarks: &mut Vec<String>) -> Vec<ManusId> {
        let to = values::text(value).unwrap_or_default();
        if !to.is_empty() && !EVERYBODY.iter().any(|word| to.eq_ignore_ascii_case(word)) {
            return vec![self.correspondent("to_manus", value, remarks)];
        }
        let all: Vec<ManusId> =
            self.agents.list.iter().map(|agent| agent.id.clone()).filter(|id| id != from).collect();
        if all.is_empty() {
            remarks
                .push("it was to everybody, and there is nobody; imported as to the supervisor".to_owned());
            return vec![ManusId::supervisor()];
        }
        remarks.push(format!("it was to everybody; imported as {} messages, one a recipient", all.len()));
        all
    }

    /// An agent, or whoever is to be found under that name one day.
    fn correspondent(&self, column: &str, value: &Value, remarks: &mut Vec<String>) -> ManusId {
        let name = values::text(value).unwrap_or_default();
        if let Some(id) = self.agents.named(&name) {
            return id.clone();
        }
        let id =
            ManusId::new(&name).or_else(|_| ManusId::new(&near(&name))).unwrap_or_else(|_| ManusId::system());
        if !id.is_reserved() || id.as_str() != name {
            remarks.push(format!("{column} {name:?} is no agent; kept under the name {id}"));
        }
        id
    }

    fn time(&self, row: &OldMessage, remarks: &mut Vec<String>) -> TimeMs {
        match row.timestamp_ms {
            Some(at) if at <= self.now_ms => at,
            _ => {
                remarks.push(format!(
                    "timestamp {} is no time before now; taken as now",
                    values::shown(&row.timestamp)
                ));
                self.now_ms
            }
        }
    }
}

fn message_type(value: &Value, remarks: &mut Vec<String>) -> String {
    values::text(value).unwrap_or_else(|| {
        remarks.push("it has no message_type; imported as MESSAGE".to_owned());
        "MESSAGE".to_owned()
    })
}

fn content(value: &Value, remarks: &mut Vec<String>) -> Json {
    let Value::String(given) = value else {
        return serde_json::from_value(value.clone()).unwrap_or_default();
    };
    serde_json::from_str(given).unwrap_or_else(|_| {
        remarks.push("its content is no JSON; imported as a text".to_owned());
        Json::text(given)
    })
}

fn processed(value: &Value, remarks: &mut Vec<String>) -> bool {
    match value {
        Value::Null => false,
        Value::Number(number) if number.as_i64() == Some(0) => false,
        Value::Number(number) if number.as_i64() == Some(1) => true,
        other => {
            remarks.push(format!("processed is {}; imported as processed", values::shown(other)));
            true
        }
    }
}
