//! Messages in memory: every unread one, and the newest of the others.

use std::ops::Bound;
use std::sync::Arc;

use crate::ids::{ManusId, MessageId};
use crate::sorted::{SortedMap, SortedSet};
use crate::view::Message;

/// All inboxes.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Inbox {
    messages: SortedMap<MessageId, Arc<Message>>,
    unread: SortedMap<ManusId, SortedSet<MessageId>>,
    /// Processed messages still in memory.
    processed: SortedSet<MessageId>,
}

impl Inbox {
    /// A message in memory.
    pub fn get(&self, id: MessageId) -> Option<&Arc<Message>> {
        self.messages.get(&id)
    }

    /// All messages in memory, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Arc<Message>> + ExactSizeIterator {
        self.messages.values()
    }

    /// How many messages wait for an agent.
    pub fn unread_count(&self, manus: &ManusId) -> usize {
        self.unread.get(manus).map_or(0, SortedSet::len)
    }

    /// The messages that wait for an agent, oldest first, with numbers above `after`.
    pub fn unread(&self, manus: &ManusId, after: MessageId) -> impl Iterator<Item = &Arc<Message>> {
        self.unread
            .get(manus)
            .into_iter()
            .flat_map(move |ids| ids.range((Bound::Excluded(after), Bound::Unbounded)))
            .filter_map(|id| self.messages.get(id))
    }

    /// Whether this message waits for this agent.
    pub(crate) fn is_unread(&self, manus: &ManusId, id: MessageId) -> bool {
        self.unread.get(manus).is_some_and(|ids| ids.contains(&id))
    }

    /// Takes a message in, and names those that are let go of for it.
    pub(super) fn add(&mut self, message: Arc<Message>, kept: usize) -> Vec<MessageId> {
        let id = message.id;
        if message.processed {
            self.processed.insert(id);
        } else {
            self.unread.entry(message.to_manus.clone()).or_default().insert(id);
        }
        self.messages.insert(id, message);
        self.forget(kept)
    }

    /// Counts messages as read, and names those that are let go of for them.
    pub(super) fn process(&mut self, manus: &ManusId, ids: &[MessageId], kept: usize) -> Vec<MessageId> {
        for id in ids {
            if !self.unread.get_mut(manus).is_some_and(|unread| unread.remove(id)) {
                continue;
            }
            if let Some(message) = self.messages.get_mut(id) {
                Arc::make_mut(message).processed = true;
                self.processed.insert(*id);
            }
        }
        if self.unread.get(manus).is_some_and(SortedSet::is_empty) {
            self.unread.remove(manus);
        }
        self.forget(kept)
    }

    fn forget(&mut self, kept: usize) -> Vec<MessageId> {
        let surplus = self.processed.len().saturating_sub(kept);
        let forgotten: Vec<MessageId> = (0..surplus).filter_map(|_| self.processed.pop_first()).collect();
        for id in &forgotten {
            self.messages.remove(id);
        }
        forgotten
    }

    /// What is wrong between the messages and the index of unread ones.
    pub(super) fn check(&self, problems: &mut Vec<String>) {
        let counted: usize = self.unread.values().map(SortedSet::len).sum();
        let unread = self.messages.values().filter(|message| !message.processed).count();
        if counted != unread {
            problems.push(format!("{unread} unread messages, but {counted} in the inboxes"));
        }
        for (manus, ids) in &self.unread {
            if ids.iter().any(|id| self.messages.get(id).is_none_or(|m| m.to_manus != *manus || m.processed))
            {
                problems.push(format!(
                    "the inbox of {manus} lists a message that is not an unread one of its own"
                ));
            }
        }
    }
}
