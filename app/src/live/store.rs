//! The state with its rows: what events and snapshots change, worked out without a browser.

use std::sync::Arc;

use crate::prelude::*;
use engine::sorted::SortedMap;
use engine::view::Snapshot;
use engine::{ManusId, MessageId, Record, Seq, State, TaskId, TimeMs, Touched};

use super::Gap;
use super::row::{AgentRow, AgentView, LockId, LockRow, MessageRow, Row, RowId, TaskRow};
use super::sentence::{self, Before, Entry};

/// The state, and a signal for each row that somebody has asked for.
#[derive(Debug)]
pub(super) struct Store {
    state: State,
    feed: Vec<Entry>,
    agents: SortedMap<ManusId, ArcRwSignal<AgentRow>>,
    tasks: SortedMap<TaskId, ArcRwSignal<TaskRow>>,
    locks: SortedMap<LockId, ArcRwSignal<LockRow>>,
    messages: SortedMap<MessageId, ArcRwSignal<MessageRow>>,
    /// By whom and what lists of tasks are ordered, as of the last look.
    task_places: SortedMap<TaskId, TaskPlace>,
}

type TaskPlace = (engine::TaskStatus, Option<ManusId>);

/// Which lists have other rows, or another order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Listed {
    pub agents: bool,
    pub tasks: bool,
    pub locks: bool,
    pub messages: bool,
}

impl Listed {
    pub const ALL: Self = Self { agents: true, tasks: true, locks: true, messages: true };

    pub fn or(self, other: Self) -> Self {
        Self {
            agents: self.agents || other.agents,
            tasks: self.tasks || other.tasks,
            locks: self.locks || other.locks,
            messages: self.messages || other.messages,
        }
    }
}

/// What some events or a snapshot have changed.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// Where the picture now stands; `None` when nothing was new.
    pub seq: Option<Seq>,
    /// The rows to look at.
    pub rows: Vec<RowId>,
    /// The lists that changed whatever the rows say.
    pub listed: Listed,
    /// Whether anything that is counted changed.
    pub counts: bool,
    /// Whether there are new sentences.
    pub feed: bool,
}

/// What changed, and whether everything could be taken into account.
pub(super) type Applied = (Changes, Result<(), Gap>);

impl Store {
    pub fn new(snapshot: Snapshot, recent: &[Record]) -> Self {
        let state = State::from_snapshot(snapshot, [], []);
        let feed = sentence::feed(recent, &state);
        let mut store = Self {
            state,
            feed,
            agents: SortedMap::new(),
            tasks: SortedMap::new(),
            locks: SortedMap::new(),
            messages: SortedMap::new(),
            task_places: SortedMap::new(),
        };
        store.note_places();
        store
    }

    pub fn state(&self) -> &State {
        &self.state
    }

    pub fn feed(&self) -> &[Entry] {
        &self.feed
    }

    pub fn apply(&mut self, records: &[Record]) -> Applied {
        let mut outcome = Ok(());
        let mut changes = Changes::default();
        let known = self.state.seq();
        for record in records.iter().filter(|record| record.seq > known) {
            if record.seq != self.state.seq() + 1 {
                outcome = Err(Gap);
                break;
            }
            let before = Before::of(&self.state, &record.event);
            self.state.apply_one_of_many(record);
            changes.seq = Some(record.seq);
            if let Some(entry) = sentence::entry(record, &self.state, &before) {
                sentence::add_entry(&mut self.feed, entry);
                changes.feed = true;
            }
        }
        self.state.follow_chains();
        let touched = self.state.take_touched();
        changes.counts = touched != Touched { beats: touched.beats.clone(), ..Touched::default() };
        // Who waits for a file is told beside it.
        changes.listed.locks = !touched.waits.is_empty();
        changes.rows = self.rows(touched);
        (changes, outcome)
    }

    pub fn replace(&mut self, snapshot: Snapshot) -> Changes {
        self.state = State::from_snapshot(snapshot, [], []);
        self.note_places();
        let agents = self.agents.keys().cloned().map(RowId::Agent);
        let tasks = self.tasks.keys().cloned().map(RowId::Task);
        let locks = self.locks.keys().cloned().map(RowId::Lock);
        let messages = self.messages.keys().copied().map(RowId::Message);
        let rows = agents.chain(tasks).chain(locks).chain(messages).collect();
        Changes { seq: Some(self.state.seq()), rows, listed: Listed::ALL, counts: true, feed: true }
    }

    fn note_places(&mut self) {
        self.task_places = self.state.tasks().map(|task| (task.spec().id.clone(), place(task))).collect();
    }

    fn rows(&self, touched: Touched) -> Vec<RowId> {
        let mut rows = Vec::new();
        for (key, before) in touched.locks {
            let now = self.state.locks().get(&key).map(|lock| lock.fencing_token);
            let tokens = before.into_iter().chain(now.filter(|now| before != Some(*now)));
            rows.extend(tokens.map(|token| RowId::Lock(LockId { key: key.clone(), token })));
        }
        rows.extend(touched.tasks.into_iter().map(RowId::Task));
        rows.extend(touched.messages.into_iter().map(RowId::Message));
        rows.extend(touched.manus.union(&touched.beats).cloned().map(RowId::Agent));
        rows
    }

    /// Brings a row up to date, and tells which lists that concerns.
    pub fn refresh(&mut self, id: &RowId) -> Listed {
        let now_ms = self.state.at_ms();
        match id {
            RowId::Agent(id) => {
                let now = AgentView::of(&self.state, id).map(Arc::new);
                let listed = match self.agents.get(id).zip(now.as_ref()) {
                    Some((row, now)) => row.with_untracked(|row| row.value.manus.status != now.manus.status),
                    None => true,
                };
                update(&mut self.agents, id, now, now_ms, only_a_beat);
                Listed { agents: listed, ..Listed::default() }
            }
            RowId::Task(id) => {
                let now = self.state.task(id).map(place);
                let listed = self.task_places.get(id) != now.as_ref();
                match now {
                    Some(now) => self.task_places.insert(id.clone(), now),
                    None => self.task_places.remove(id),
                };
                let value = if self.tasks.contains_key(id) { self.state.task_view(id) } else { None };
                update_or_forget(&mut self.tasks, id, value, now_ms);
                Listed { tasks: listed, ..Listed::default() }
            }
            RowId::Lock(id) => {
                let now = self.state.locks().get(&id.key).filter(|lock| lock.fencing_token == id.token);
                let now = now.cloned().map(Arc::new);
                update(&mut self.locks, id, now, now_ms, |_, _| false);
                Listed { locks: true, ..Listed::default() }
            }
            RowId::Message(id) => {
                let now = self.state.inbox().get(*id).cloned();
                update_or_forget(&mut self.messages, id, now, now_ms);
                Listed { messages: true, ..Listed::default() }
            }
            RowId::Folder(_) => Listed::default(),
        }
    }

    pub fn agent(&mut self, id: &ManusId) -> Option<ArcRwSignal<AgentRow>> {
        let state = &self.state;
        row(&mut self.agents, id, || AgentView::of(state, id).map(Arc::new))
    }

    pub fn task(&mut self, id: &TaskId) -> Option<ArcRwSignal<TaskRow>> {
        let state = &self.state;
        row(&mut self.tasks, id, || state.task_view(id))
    }

    pub fn lock(&mut self, id: &LockId) -> Option<ArcRwSignal<LockRow>> {
        let state = &self.state;
        let find = || {
            state.locks().get(&id.key).filter(|lock| lock.fencing_token == id.token).cloned().map(Arc::new)
        };
        row(&mut self.locks, id, find)
    }

    pub fn message(&mut self, id: MessageId) -> Option<ArcRwSignal<MessageRow>> {
        let state = &self.state;
        row(&mut self.messages, &id, || state.inbox().get(id).cloned())
    }
}

fn place(task: &engine::state::Task) -> TaskPlace {
    (task.status(), task.assigned_to().cloned())
}

/// The signal of a row, made at the first asking.
fn row<K: Ord + Clone, T: Send + Sync + 'static>(
    rows: &mut SortedMap<K, ArcRwSignal<Row<T>>>,
    id: &K,
    find: impl FnOnce() -> Option<Arc<T>>,
) -> Option<ArcRwSignal<Row<T>>> {
    if let Some(row) = rows.get(id) {
        return Some(row.clone());
    }
    let fresh = ArcRwSignal::new(Row { value: find()?, changes: 0, changed_ms: 0, gone: false });
    rows.insert(id.clone(), fresh.clone());
    Some(fresh)
}

/// Gives a row that somebody shows its new value. One whose thing is gone keeps the last value and is let go of: whoever still
/// shows it sees that it is gone.
fn update<K: Ord, T: PartialEq + Send + Sync + 'static>(
    rows: &mut SortedMap<K, ArcRwSignal<Row<T>>>,
    id: &K,
    now: Option<Arc<T>>,
    now_ms: TimeMs,
    unimportant: impl FnOnce(&T, &T) -> bool,
) {
    let Some(row) = rows.get(id).cloned() else { return };
    let before = row.with_untracked(Row::clone);
    match now {
        Some(value) if value == before.value => {}
        Some(value) if unimportant(&before.value, &value) => row.set(Row { value, ..before }),
        Some(value) => row.set(Row { value, changes: before.changes + 1, changed_ms: now_ms, gone: false }),
        None => {
            rows.remove(id);
            row.set(Row { gone: true, ..before });
        }
    }
}

/// The same for things that do not end: what is no longer in memory stays as it was last.
fn update_or_forget<K: Ord, T: PartialEq + Send + Sync + 'static>(
    rows: &mut SortedMap<K, ArcRwSignal<Row<T>>>,
    id: &K,
    now: Option<Arc<T>>,
    now_ms: TimeMs,
) {
    match now {
        Some(now) => update(rows, id, Some(now), now_ms, |_, _| false),
        None => {
            rows.remove(id);
        }
    }
}

fn only_a_beat(before: &AgentView, now: &AgentView) -> bool {
    before.manus.status == now.manus.status
        && before.running == now.running
        && before.queue == now.queue
        && before.manus.progress == now.manus.progress
        && before.manus.files_claimed == now.manus.files_claimed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::Live;
    use crate::live::boot::Boot;
    use crate::live::script::{script, script_with};

    #[test]
    fn the_browser_ends_where_the_server_is() {
        let mut project = script();
        project.agent("a", &[]);
        let mut store = Store::new(project.snapshot(), &[]);
        project.news();
        let first = project.task("one", 10, &[], &[]);
        project.start("a", &first);
        project.claim("a", &["src/x.rs"]);
        project.message("a", "supervisor", "hello");
        project.complete(&first);
        project.release("a", &["src/x.rs"], None);
        let (changes, outcome) = store.apply(&project.news());
        assert_eq!(outcome, Ok(()));
        assert_eq!(changes.seq, Some(project.state().seq()));
        assert_eq!(store.state().snapshot(), project.snapshot());
    }

    #[test]
    fn what_the_state_lets_go_of_leaves_nothing_behind() {
        let settings = engine::Settings { closed_kept: 2, messages_kept: 2, ..Default::default() };
        let mut project = script_with(settings);
        project.agent("a", &[]);
        let mut store = Store::new(project.snapshot(), &[]);
        project.news();
        for n in 0..10 {
            let task = project.task(&format!("task {n}"), 10, &[], &[]);
            project.start("a", &task);
            project.message("supervisor", "a", "hello");
            project.complete(&task);
            project.read_all("a");
            let (changes, _) = store.apply(&project.news());
            // Each was on the screen once.
            let messages: Vec<_> = store.state().inbox().iter().map(|message| message.id).collect();
            assert!(store.task(&task).is_some() && messages.iter().all(|id| store.message(*id).is_some()));
            for id in &changes.rows {
                store.refresh(id);
            }
        }
        assert_eq!((store.state().tasks().len(), store.state().inbox().iter().len()), (2, 2));
        assert_eq!((store.task_places.len(), store.tasks.len(), store.messages.len()), (2, 2, 2));
    }

    #[test]
    fn known_events_are_passed_over_and_missing_ones_noticed() {
        let mut project = script();
        project.agent("a", &[]);
        let mut store = Store::new(project.snapshot(), &[]);
        let known = project.news();
        project.agent("b", &[]);
        project.agent("c", &[]);
        let new = project.news();
        assert!(store.apply(&known).0.seq.is_none());
        assert_eq!(store.apply(&new[1..]).1, Err(Gap));
        assert!(store.state().agent(&ManusId::new("c").unwrap()).is_none(), "nothing after the gap");
        store.replace(project.snapshot());
        assert_eq!(store.state().snapshot(), project.snapshot());
    }

    #[test]
    fn only_rows_that_changed_count_a_change() {
        let mut project = script();
        project.agent("a", &[]);
        project.agent("b", &[]);
        let task = project.task("one", 10, &[], &[]);
        let doer = project.state().task(&task).unwrap().assigned_to().unwrap().to_string();
        let other = if doer == "a" { "b" } else { "a" };
        project.news();
        let owner = Owner::new();
        let live = owner.with(|| Live::new(&Boot { snapshot: project.snapshot(), ..Boot::default() }));
        let row = |id: &str| live.agent(&ManusId::new(id).unwrap()).unwrap();
        let (busy, calm) = (row(&doer), row(other));
        project.start(&doer, &task);
        live.apply(&project.news()).unwrap();
        assert_eq!((busy.get_untracked().changes, calm.get_untracked().changes), (1, 0));
        assert_eq!(live.figures.get_untracked().working, 1);
        assert_eq!(live.task(&task).unwrap().get_untracked().value.status, engine::TaskStatus::InProgress);
    }

    #[test]
    fn a_lock_that_ends_is_gone_and_a_new_claim_is_another() {
        let mut project = script();
        project.agent("a", &[]);
        project.claim("a", &["x.rs"]);
        project.news();
        let owner = Owner::new();
        let live = owner.with(|| Live::new(&Boot { snapshot: project.snapshot(), ..Boot::default() }));
        let RowId::Lock(id) = live.lock_rows().remove(0) else { unreachable!() };
        let row = live.lock(&id).unwrap();
        project.release("a", &["x.rs"], Some("supervisor"));
        project.claim("a", &["x.rs"]);
        live.apply(&project.news()).unwrap();
        assert!(row.get_untracked().gone);
        let RowId::Lock(again) = live.lock_rows().remove(0) else { unreachable!() };
        assert!(again.token > id.token);
        assert!(!live.lock(&again).unwrap().get_untracked().gone);
    }
}
