//! What is read of the live picture: rows and lists, each followed as far as an event can change it.

use crate::prelude::*;
use engine::{FilePattern, LockMode, ManusId, MessageId, State, TaskId};

use super::row::{AgentRow, Life, LockId, LockRow, MessageRow, RowId, TaskRow};
use super::{Live, order};

impl Live {
    /// The row of an agent, if there is or was one of this name.
    pub fn agent(&self, id: &ManusId) -> Option<RwSignal<AgentRow>> {
        self.store.try_update_value(|store| store.agent(id)).flatten().map(RwSignal::from)
    }

    /// The row of a task in memory.
    pub fn task(&self, id: &TaskId) -> Option<RwSignal<TaskRow>> {
        self.store.try_update_value(|store| store.task(id)).flatten().map(RwSignal::from)
    }

    /// The row of a lock.
    pub fn lock(&self, id: &LockId) -> Option<RwSignal<LockRow>> {
        self.store.try_update_value(|store| store.lock(id)).flatten().map(RwSignal::from)
    }

    /// The row of a message in memory.
    pub fn message(&self, id: MessageId) -> Option<RwSignal<MessageRow>> {
        self.store.try_update_value(|store| store.message(id)).flatten().map(RwSignal::from)
    }

    /// The title of a task in memory, empty for others; once.
    pub fn title(&self, id: &TaskId) -> String {
        self.peek(|state| state.task(id).map(|task| task.spec().title.clone()).unwrap_or_default())
    }

    /// A list of agents, followed.
    pub fn agent_rows(&self, with_gone: bool) -> Vec<RowId> {
        self.lists.agents.track();
        self.peek(|state| order::agents(state, with_gone)).into_iter().map(RowId::Agent).collect()
    }

    /// A list of tasks, followed.
    pub fn task_rows(&self, filter: &order::Filter, sort: &str) -> Vec<RowId> {
        self.lists.tasks.track();
        self.peek(|state| order::tasks(state, filter, sort)).into_iter().map(RowId::Task).collect()
    }

    /// The list of locks, followed.
    pub fn lock_rows(&self) -> Vec<RowId> {
        self.lists.locks.track();
        self.peek(order::locks).into_iter().map(RowId::Lock).collect()
    }

    /// The locks by folder, followed.
    pub fn lock_tree(&self, text: &str) -> Vec<RowId> {
        self.lists.locks.track();
        self.peek(|state| order::lock_tree(state, text))
    }

    /// Reads what locks and waiting claims there are, followed.
    pub fn of_locks<R>(&self, read: impl FnOnce(&State) -> R) -> R {
        self.lists.locks.track();
        self.peek(read)
    }

    /// Reads what tasks there are and whose they are, followed.
    pub fn of_tasks<R>(&self, read: impl FnOnce(&State) -> R) -> R {
        self.lists.tasks.track();
        self.peek(read)
    }

    /// Reads what agents there are and what they have done, followed.
    pub fn of_agents<R>(&self, read: impl FnOnce(&State) -> R) -> R {
        self.lists.agents.track();
        self.of_tasks(read)
    }

    /// Reads what messages there are, followed.
    pub fn of_messages<R>(&self, read: impl FnOnce(&State) -> R) -> R {
        self.lists.messages.track();
        self.peek(read)
    }

    /// Reads what may change with any event but a sign of life, followed. In a large project that is not after each event, but a
    /// few times a second.
    pub fn of_all<R>(&self, read: impl FnOnce(&State) -> R) -> R {
        self.counted.track();
        self.peek(read)
    }

    /// A list of messages, followed.
    pub fn message_rows(&self, with_system: bool) -> Vec<RowId> {
        self.lists.messages.track();
        self.peek(|state| order::messages(state, with_system)).into_iter().map(RowId::Message).collect()
    }

    /// To how many a message went with one call, and how many of them have not read it; followed.
    pub fn readers(&self, first: MessageId) -> (usize, usize) {
        self.lists.messages.track();
        self.peek(|state| {
            let letter = order::letter(state, first);
            (letter.len(), letter.iter().filter(|message| !message.processed).count())
        })
    }

    /// The open tasks that wait for this one, followed.
    pub fn dependents(&self, id: &TaskId) -> Vec<TaskId> {
        self.lists.tasks.track();
        self.peek(|state| state.task(id).map(|task| task.dependents().cloned().collect()).unwrap_or_default())
    }

    /// Who holds what meets this pattern, as far as it is not the given agent; followed.
    pub fn holder(&self, file: &FilePattern, but: Option<&ManusId>) -> Option<ManusId> {
        self.lists.locks.track();
        self.peek(|state| {
            let locks = state.locks().in_the_way(file, LockMode::Exclusive, but, 1);
            locks.first().map(|lock| lock.locked_by.clone())
        })
    }

    /// How an agent stands now, followed.
    pub fn life(&self, row: RwSignal<AgentRow>) -> Life {
        let now_ms = self.now_ms.get();
        let timeout_ms = self.peek(|state| state.settings().heartbeat_timeout_ms);
        row.with(|row| Life::of(&row.value.manus, now_ms, timeout_ms))
    }
}
