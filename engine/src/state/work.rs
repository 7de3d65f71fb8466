//! The indexes by which work finds agents and agents find work, and the only functions that change what they depend on.
//!
//! Where a task stands in them is a function of the task ([`Task::place`]), where an agent stands a function of the agent.
//! So each change goes: out of the index, change, into the index; nothing else writes to them.

use super::task::{Need, Place};
use super::{Agent, Presence, Rank, State, Task};
use crate::capability::Capability;
use crate::ids::{LockKey, ManusId, TaskId, TimeMs};
use crate::shared::{Shared, own};
use crate::sorted::{SortedMap, SortedSet};

/// Ready tasks by what they need, and agents by how busy they are.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Work {
    /// Ready tasks that nobody has, by need, best first.
    pub(crate) pool: SortedMap<Need, SortedSet<Rank>>,
    /// Ready tasks that nobody has because of locks, under each lock in the way.
    pub(crate) parked: SortedMap<LockKey, SortedSet<TaskId>>,
    /// Ready tasks that somebody has in the queue, by need, best first.
    pub(crate) queued: SortedMap<Need, SortedSet<Rank>>,
    /// Minutes of all open work that nobody has begun, by need.
    pub(crate) demand: SortedMap<Need, u64>,
    /// Tasks that nobody has begun and that the plan has a place for, by when they should start.
    pub(crate) turns: SortedSet<(TimeMs, TaskId)>,
    /// Tasks that are held back.
    pub(crate) held: SortedSet<TaskId>,
    /// Tasks up for review that nobody was found to review.
    pub(crate) unreviewed: SortedSet<TaskId>,
    /// Agents that may be given work, the least busy first: minutes before a new task could begin, and name.
    pub(crate) takers: SortedSet<(u64, ManusId)>,
    /// Agents that are here, by capability.
    pub(crate) able: SortedMap<Capability, SortedSet<ManusId>>,
}

impl Work {
    fn demand(&mut self, demand: Option<(Need, u64)>) {
        if let Some((need, minutes)) = demand {
            *self.demand.entry(need).or_default() += minutes;
        }
    }

    fn lift(&mut self, demand: Option<(Need, u64)>) {
        let Some((need, minutes)) = demand else { return };
        let Some(all) = self.demand.get_mut(&need) else { return };
        *all = all.saturating_sub(minutes);
        if *all == 0 {
            self.demand.remove(&need);
        }
    }
}

fn remove_from(rows: &mut SortedMap<Need, SortedSet<Rank>>, need: &Need, rank: &Rank) {
    let Some(ranks) = rows.get_mut(need) else { return };
    ranks.remove(rank);
    if ranks.is_empty() {
        rows.remove(need);
    }
}

impl State {
    /// Changes a task, keeps the indexes in step, and notes that the task has news.
    pub(super) fn change_task(&mut self, id: &TaskId, change: impl FnOnce(&mut Task)) {
        let now = self.at_ms;
        self.move_task(id, |task| {
            change(task);
            task.updated_at_ms = now;
        });
        self.touched.tasks.insert(id.clone());
    }

    /// Changes what only the indexes know of a task.
    pub(super) fn move_task(&mut self, id: &TaskId, change: impl FnOnce(&mut Task)) {
        let Some(task) = self.tasks.get_mut(id).map(own) else { return };
        let (before, due_before, promise_before) = (task.place(), task.due(&self.settings), task.promise());
        let (demand_before, turn_before) = (task.demand(), task.turn());
        change(task);
        task.course.settle();
        let (after, due, promise) = (task.place(), task.due(&self.settings), task.promise());
        let (demand, turn) = (task.demand(), task.turn());
        if demand_before != demand {
            self.work.lift(demand_before);
            self.work.demand(demand);
        }
        if turn_before != turn {
            turn_before.map(|turn| self.work.turns.remove(&turn));
            turn.map(|turn| self.work.turns.insert(turn));
        }
        if due_before != due {
            due_before.map(|due| self.deadlines.remove(&due));
            due.map(|due| self.deadlines.insert(due));
        }
        if promise_before != promise {
            self.list_promise(promise_before, id, false);
            self.list_promise(promise, id, true);
        }
        if before != after {
            self.take_out(&before);
            self.put_in(after);
        }
    }

    /// Enters what the plan has for an agent with that agent, or takes it out. Nobody else sees that of the agent.
    fn list_promise(&mut self, promise: Option<(ManusId, TimeMs)>, id: &TaskId, listed: bool) {
        let Some((manus, start_ms)) = promise else { return };
        let Some(agent) = self.agents.get_mut(&manus) else { return };
        let entry = (start_ms, id.clone());
        if listed {
            agent.promised.insert(entry);
        } else {
            agent.promised.remove(&entry);
        }
    }

    /// Adds a task, and enters it in the indexes.
    pub(super) fn insert_task(&mut self, task: Shared<Task>) {
        self.enter(&task);
        self.tasks.insert(task.spec.id.clone(), task);
    }

    /// Enters a task in the indexes.
    pub(super) fn enter(&mut self, task: &Task) {
        self.deadlines.extend(task.due(&self.settings));
        self.list_promise(task.promise(), &task.spec.id, true);
        self.work.demand(task.demand());
        self.work.turns.extend(task.turn());
        self.put_in(task.place());
    }

    fn take_out(&mut self, place: &Place) {
        match place {
            Place::Nowhere => {}
            Place::Pool(need, rank) => remove_from(&mut self.work.pool, need, rank),
            Place::Parked(locks, task) => {
                for lock in locks {
                    let Some(tasks) = self.work.parked.get_mut(lock) else { continue };
                    tasks.remove(task);
                    if tasks.is_empty() {
                        self.work.parked.remove(lock);
                    }
                }
            }
            Place::Queue(need, manus, rank, minutes) => {
                remove_from(&mut self.work.queued, need, rank);
                self.change_agent(manus, |agent| {
                    agent.queue.remove(rank);
                    agent.load_minutes -= u64::from(*minutes);
                });
            }
            Place::Held(task) => {
                self.work.held.remove(task);
            }
            Place::Review(None, task) => {
                self.work.unreviewed.remove(task);
            }
            Place::Review(Some(manus), task) => self.change_agent(manus, |agent| {
                agent.reviewing.remove(task);
            }),
            Place::Running(manus, task, minutes, _) => self.change_agent(manus, |agent| {
                agent.running.retain(|running| running != task);
                agent.load_minutes -= u64::from(*minutes);
            }),
        }
    }

    fn put_in(&mut self, place: Place) {
        match place {
            Place::Nowhere => {}
            Place::Pool(need, rank) => {
                self.work.pool.entry(need).or_default().insert(rank);
            }
            Place::Parked(locks, task) => {
                for lock in locks {
                    self.work.parked.entry(lock).or_default().insert(task.clone());
                }
            }
            Place::Queue(need, manus, rank, minutes) => {
                self.work.queued.entry(need).or_default().insert(rank.clone());
                self.change_agent(&manus, |agent| {
                    agent.queue.insert(rank);
                    agent.load_minutes += u64::from(minutes);
                });
            }
            Place::Held(task) => {
                self.work.held.insert(task);
            }
            Place::Review(None, task) => {
                self.work.unreviewed.insert(task);
            }
            Place::Review(Some(manus), task) => self.change_agent(&manus, |agent| {
                agent.reviewing.insert(task);
            }),
            Place::Running(manus, task, minutes, started) => {
                let before = |other: &TaskId| {
                    let other_started = self.tasks.get(other).and_then(|task| task.course.started_at_ms);
                    (other_started, other) < (started, &task)
                };
                let place = self.agents.get(&manus).map_or(0, |agent| agent.running.partition_point(before));
                self.change_agent(&manus, |agent| {
                    agent.running.insert(place, task);
                    agent.load_minutes += u64::from(minutes);
                });
            }
        }
    }

    /// Changes an agent, and keeps the indexes in step.
    pub(super) fn change_agent(&mut self, id: &ManusId, change: impl FnOnce(&mut Agent)) {
        let Some(agent) = self.agents.get_mut(id) else { return };
        let (backlog, took) = (agent.backlog(), agent.takes_work(&self.settings));
        change(agent);
        let (backlog_now, takes) = (agent.backlog(), agent.takes_work(&self.settings));
        if (backlog, took) != (backlog_now, takes) {
            if took {
                self.work.takers.remove(&(backlog, id.clone()));
            }
            if takes {
                self.work.takers.insert((backlog_now, id.clone()));
            }
        }
        self.touched.manus.insert(id.clone());
    }

    /// Changes whether an agent is here or what it can do, and keeps the index of capabilities in step.
    pub(super) fn change_profile(&mut self, id: &ManusId, change: impl FnOnce(&mut Agent)) {
        self.list_abilities(id, false);
        self.change_agent(id, change);
        self.list_abilities(id, true);
    }

    pub(super) fn list_abilities(&mut self, id: &ManusId, listed: bool) {
        let Some(agent) = self.agents.get(id) else { return };
        if agent.presence != Presence::Here {
            return;
        }
        for capability in &agent.capabilities {
            if listed {
                self.work.able.entry(capability.clone()).or_default().insert(id.clone());
            } else if let Some(able) = self.work.able.get_mut(capability) {
                able.remove(id);
                if able.is_empty() {
                    self.work.able.remove(capability);
                }
            }
        }
    }
}
