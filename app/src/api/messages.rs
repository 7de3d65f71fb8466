//! Messages: sent, taken, acknowledged, looked up.

use std::sync::Arc;

use engine::view::Message;
use engine::{Json, ManusId, MessageId, Recipient, RequestId};
use serde::{Deserialize, Serialize};

use super::call::server_call;
use super::reads::Page;

server_call! {
    /// Sends a message to one agent, to `role:…`, or to `*`.
    send_message: SendMessage -> Sent,
    needs {
        /// From whom: a registered agent, or `supervisor`.
        from_manus: ManusId,
        /// To whom.
        to_manus: Recipient,
        /// What kind, such as `CODE_REVIEW_REQUEST`.
        message_type: String,
        /// Any JSON.
        content: Json,
    }
    takes {
        /// The message it answers.
        reply_to: MessageId,
        /// Whether the sender wants to know that it was taken: `MESSAGE_ACKNOWLEDGED` then tells it, with the `message_id`.
        requires_ack: bool,
        /// Makes repeating the call harmless.
        request_id: RequestId,
    }
    refuses { ManusNotFound, ManusInactive, NoRecipient, MessageNotFound, RequestIdReused, }
}

/// The answer to `send_message`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct Sent {
    /// The numbers of the messages, one a recipient.
    pub ids: Vec<MessageId>,
}

server_call! {
    /// The messages that wait for an agent, oldest first. They are marked as processed, unless `peek` or `after` is given.
    get_messages: GetMessages -> Vec<Arc<Message>>,
    needs {
        /// Whose.
        manus_id: ManusId,
    }
    takes {
        /// Only look.
        peek: bool,
        /// Only look, at those after this number.
        after: MessageId,
        /// At most so many.
        limit: i64,
        /// How long to wait for one, in seconds.
        wait_secs: i64,
        /// Makes repeating the call harmless: the same messages again.
        request_id: RequestId,
    }
    refuses { ManusNotFound, ManusInactive, RequestIdReused, }
}

server_call! {
    /// Marks messages as processed.
    ack_messages: AckMessages -> Acknowledged,
    needs {
        /// Whose.
        manus_id: ManusId,
        /// Which.
        ids: Vec<MessageId>,
    }
    takes {
        /// Makes repeating the call harmless.
        request_id: RequestId,
    }
    refuses { ManusNotFound, ManusInactive, RequestIdReused, }
}

/// The answer to `ack_messages`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct Acknowledged {
    /// How many were waiting until now.
    pub count: usize,
}

server_call! {
    /// All messages ever sent, page by page.
    list_messages: ListMessages -> Page<Arc<Message>>,
    needs {}
    takes {
        /// Who wrote it or whose inbox it is in.
        manus_id: ManusId,
        /// Who wrote it.
        from_manus: ManusId,
        /// Whose inbox it is in.
        to_manus: ManusId,
        /// What kind.
        message_type: String,
        /// Which conversation, by its first message.
        thread_id: MessageId,
        /// Words that must all occur in the content, at least as the beginning of a word; words in double quotes must follow one
        /// another. Case and accents do not matter.
        text: String,
        /// Begin with the newest; otherwise with the oldest.
        newest_first: bool,
        /// From the page before.
        cursor: String,
        /// At most so many.
        limit: i64,
    }
    refuses {}
}

#[cfg(feature = "ssr")]
mod answers {
    use engine::{Answer, Command, State};

    use super::super::bounds::{
        self, CONTENT_MAX, MESSAGE_TYPE, MESSAGES_DEFAULT, PAGE, TEXT_MAX, WAIT_SECS,
    };
    use super::super::door::{hub, note_seq, odd, read, reserve, submit, wait_for};
    use super::super::error::ApiError;
    use super::super::reads;
    use super::*;

    impl SendMessage {
        pub(super) async fn answer(self) -> Result<Sent, ApiError> {
            bounds::text("message_type", &self.message_type, &MESSAGE_TYPE)?;
            bounds::json("content", &self.content, CONTENT_MAX)?;
            let command = Command::SendMessage {
                from_manus: self.from_manus,
                to_manus: self.to_manus,
                message_type: self.message_type,
                content: self.content,
                reply_to: self.reply_to,
                requires_ack: self.requires_ack.unwrap_or(false),
            };
            match &*submit(command, self.request_id).await? {
                Answer::Sent(ids) => Ok(Sent { ids: ids.clone() }),
                other => Err(odd(other)),
            }
        }
    }

    impl GetMessages {
        pub(super) async fn answer(self) -> Result<Vec<Arc<Message>>, ApiError> {
            let limit = bounds::number_or("limit", self.limit, &PAGE, MESSAGES_DEFAULT)?;
            let wait_secs = bounds::number_or("wait_secs", self.wait_secs, &WAIT_SECS, 0)?;
            let looks_only = self.peek.unwrap_or(false) || self.after.is_some();
            let after = self.after.unwrap_or(0);
            let mut reserved = None;
            if wait_secs > 0 {
                let manus_id = &self.manus_id;
                self.check_inbox()?;
                let taking = Command::TakeMessages { manus_id: manus_id.clone(), limit };
                reserved = reserve(&taking, self.request_id.as_ref().filter(|_| !looks_only))?;
                wait_for(manus_id, wait_secs, |state| state.inbox().unread(manus_id, after).next().is_some())
                    .await?;
            }
            let answer = if looks_only { self.look(after, limit) } else { self.take(limit).await };
            drop(reserved);
            answer
        }

        fn check_inbox(&self) -> Result<(), ApiError> {
            let manus_id = &self.manus_id;
            let known = |state: &State| *manus_id == ManusId::supervisor() || state.agent(manus_id).is_some();
            if read(known)? { Ok(()) } else { Err(ApiError::manus_not_found(manus_id)) }
        }

        fn look(&self, after: MessageId, limit: usize) -> Result<Vec<Arc<Message>>, ApiError> {
            self.check_inbox()?;
            hub()?.note_sign_of_life(&self.manus_id);
            read(|state| state.inbox().unread(&self.manus_id, after).take(limit).cloned().collect())
        }

        async fn take(self, limit: usize) -> Result<Vec<Arc<Message>>, ApiError> {
            // Most looks into an inbox find nothing; those need no decision.
            if self.request_id.is_none() {
                match hub()?.beat(&self.manus_id) {
                    Some(beat) if beat.unread_messages == 0 => {
                        note_seq(beat.seq);
                        return Ok(Vec::new());
                    }
                    _ => {}
                }
            }
            match &*submit(Command::TakeMessages { manus_id: self.manus_id, limit }, self.request_id).await? {
                Answer::Messages(messages) => Ok(messages.clone()),
                other => Err(odd(other)),
            }
        }
    }

    impl AckMessages {
        pub(super) async fn answer(self) -> Result<Acknowledged, ApiError> {
            bounds::count("ids", self.ids.len(), bounds::ACKS_MAX)?;
            match &*submit(Command::AckMessages { manus_id: self.manus_id, ids: self.ids }, self.request_id)
                .await?
            {
                Answer::Acknowledged(count) => Ok(Acknowledged { count: *count }),
                other => Err(odd(other)),
            }
        }
    }

    impl ListMessages {
        pub(super) async fn answer(self) -> Result<Page<Arc<Message>>, ApiError> {
            bounds::text("text", self.text.as_deref().unwrap_or_default(), &(0..=TEXT_MAX))?;
            if let Some(message_type) = &self.message_type {
                bounds::text("message_type", message_type, &MESSAGE_TYPE)?;
            }
            let page = reads::page(self.cursor.as_deref(), self.limit, self.newest_first)?;
            let filter = hub::MessageFilter {
                to_manus: self.to_manus,
                from_manus: self.from_manus,
                with_manus: self.manus_id,
                message_type: self.message_type,
                thread_id: self.thread_id,
                text: self.text,
            };
            let hub = hub()?;
            note_seq(hub.feed().committed_seq());
            let items = hub.messages_page(&filter, &page).await?;
            let pruned_before_ms = hub.pruned().await?.messages_before_ms;
            Ok(Page { pruned_before_ms, ..Page::of(items, page.limit, |message| message.id.to_string()) })
        }
    }
}
