//! Messages between agents, and with the person.

use std::sync::Arc;

use super::{Outcome, Rules};
use crate::answer::Answer;
use crate::command::Command;
use crate::event::Event;
use crate::ids::{ManusId, MessageId, SUPERVISOR, SYSTEM};
use crate::json::Json;
use crate::refusal::Refusal;
use crate::state::Presence;
use crate::values::Recipient;
use crate::view::Message;

impl Rules<'_> {
    pub(super) fn send(&mut self, command: &Command) -> Outcome {
        let Command::SendMessage { from_manus, to_manus, message_type, content, reply_to, requires_ack } =
            command
        else {
            return Ok(Answer::Done);
        };
        self.correspondent(from_manus, "from_manus")?;
        let thread_id = reply_to.map(|id| self.thread_of(id)).transpose()?;
        let recipients = self.recipients(from_manus, to_manus)?;
        self.revive(from_manus);
        let mut ids = Vec::with_capacity(recipients.len());
        for recipient in recipients {
            let id = self.state.counters().next_message;
            let message = Message {
                id,
                from_manus: from_manus.clone(),
                to_manus: recipient,
                message_type: message_type.clone(),
                content: content.clone(),
                timestamp_ms: self.now,
                processed: false,
                reply_to: *reply_to,
                thread_id,
                requires_ack: *requires_ack,
            };
            self.emit(Event::MessageSent { message: Arc::new(message) });
            ids.push(id);
        }
        self.settle();
        Ok(Answer::Sent(ids))
    }

    /// Checks that somebody has an inbox: the supervisor, or a registered agent that has not left.
    pub(super) fn correspondent(&self, manus_id: &ManusId, argument: &'static str) -> Result<(), Refusal> {
        match manus_id.as_str() {
            SUPERVISOR => Ok(()),
            SYSTEM => {
                let reason = format!(
                    "{argument} cannot be {SYSTEM}: the engine itself writes under that name and reads nothing"
                );
                Err(Refusal::InvalidArgument { argument, reason })
            }
            _ => self.caller(manus_id).map(|_| ()),
        }
    }

    /// Whom a message goes to, in order of id. The sender does not write to itself by writing to many.
    fn recipients(&self, from: &ManusId, to: &Recipient) -> Result<Vec<ManusId>, Refusal> {
        let role = match to {
            Recipient::One(manus) => {
                // One who has left finds the message on coming back.
                match self.correspondent(manus, "to_manus") {
                    Ok(()) | Err(Refusal::ManusInactive { .. }) => return Ok(vec![manus.clone()]),
                    Err(refusal) => return Err(refusal),
                }
            }
            Recipient::Role(role) => Some(*role),
            Recipient::All => None,
        };
        let found: Vec<ManusId> = self
            .state
            .agents()
            .filter(|agent| agent.presence != Presence::Gone && agent.id != *from)
            .filter(|agent| role.is_none_or(|role| agent.role == role))
            .map(|agent| agent.id.clone())
            .collect();
        if found.is_empty() { Err(Refusal::NoRecipient { to_manus: to.clone() }) } else { Ok(found) }
    }

    /// The conversation that an answer to this message belongs to.
    fn thread_of(&self, reply_to: MessageId) -> Result<MessageId, Refusal> {
        match self.state.inbox().get(reply_to) {
            Some(message) => Ok(message.thread_id.unwrap_or(message.id)),
            // Processed long ago and no longer in memory.
            None if (1..self.state.counters().next_message).contains(&reply_to) => Ok(reply_to),
            None => Err(Refusal::MessageNotFound { message_id: reply_to }),
        }
    }

    pub(super) fn take_messages(&mut self, manus_id: &ManusId, limit: usize) -> Outcome {
        self.correspondent(manus_id, "manus_id")?;
        let messages: Vec<_> = self.state.inbox().unread(manus_id, 0).take(limit).cloned().collect();
        self.process(manus_id, messages.iter().map(|message| message.id).collect());
        Ok(Answer::Messages(messages))
    }

    pub(super) fn acknowledge(&mut self, manus_id: &ManusId, ids: &[MessageId]) -> Outcome {
        self.correspondent(manus_id, "manus_id")?;
        let mut waiting: Vec<_> =
            ids.iter().copied().filter(|id| self.state.inbox().is_unread(manus_id, *id)).collect();
        waiting.sort_unstable();
        waiting.dedup();
        let count = waiting.len();
        self.process(manus_id, waiting);
        Ok(Answer::Acknowledged(count))
    }

    fn process(&mut self, manus_id: &ManusId, ids: Vec<MessageId>) {
        self.revive(manus_id);
        if !ids.is_empty() {
            let asked = self.asked_for_notice(manus_id, &ids);
            self.emit(Event::MessagesProcessed { manus_id: manus_id.clone(), ids });
            for message in asked {
                let content = Json::object([
                    ("message_id", Json::whole(message.id)),
                    ("message_type", Json::text(&message.message_type)),
                    ("acknowledged_by", Json::text(manus_id)),
                ]);
                self.tell(&message.from_manus, "MESSAGE_ACKNOWLEDGED", content);
            }
        }
        self.settle();
    }

    /// Those of an agent's messages whose senders want to know that they were taken. To oneself there is nothing to tell.
    fn asked_for_notice(&self, manus_id: &ManusId, ids: &[MessageId]) -> Vec<Arc<Message>> {
        let messages = ids.iter().filter_map(|id| self.state.inbox().get(*id));
        let asks = |message: &&Arc<Message>| message.requires_ack && message.from_manus != *manus_id;
        messages.filter(asks).cloned().collect()
    }
}
