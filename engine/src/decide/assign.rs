//! The immediate rule: whatever becomes free finds its counterpart at once.
//!
//! A task that becomes ready looks for an agent; an agent that becomes free looks for tasks, and when nothing is left, takes
//! over what waits behind somebody busy; what begins to wait looks for somebody idle. What cannot be placed stays in the pool,
//! or parked behind the locks in its way, and is looked at again by exactly the events that can change that.

use super::press::Pressing;
use super::{Outcome, Rules};
use crate::answer::Answer;
use crate::event::{AssignCause, Event};
use crate::ids::{ManusId, TaskId};
use crate::pattern::FilePattern;
use crate::sorted::SortedSet;
use crate::state::{Agent, Presence, Rank, Settings, Stage, Task};
use crate::values::LockMode;

/// How many queued tasks of a kind, and how many kinds, an idle agent looks through for one to take over.
const TAKEOVERS_CONSIDERED: usize = 64;
/// How many queued tasks are looked at in all when files become free.
const TAKEOVERS_IN_ALL: usize = 256;

impl Rules<'_> {
    /// Places what has become free, until nothing more moves.
    pub(super) fn settle(&mut self) {
        while !(self.to_wake.is_empty()
            && self.to_judge.is_empty()
            && self.to_place.is_empty()
            && self.to_feed.is_empty()
            && self.to_relieve.is_empty()
            && self.to_offer.is_empty())
        {
            self.wake_all();
            for manus in std::mem::take(&mut self.to_judge) {
                self.judge_waits(&manus);
            }
            let ready = std::mem::take(&mut self.to_place);
            let ready = ready.iter().filter_map(|id| self.state.task(id));
            let mut ready: Vec<Pressing> = ready.map(|task| self.pressing(&task.rank())).collect();
            ready.sort();
            for (.., task_id) in ready {
                self.place(&task_id);
            }
            for manus in std::mem::take(&mut self.to_feed) {
                self.feed(&manus);
            }
            for manus in std::mem::take(&mut self.to_relieve) {
                self.relieve(&manus);
            }
            for task_id in std::mem::take(&mut self.to_offer) {
                self.offer(&task_id);
            }
        }
    }

    /// Gives a ready task that nobody has to the agent who will probably finish it first.
    fn place(&mut self, task_id: &TaskId) {
        let Some(task) = self.state.task(task_id).filter(|task| is_free(task)) else { return };
        match self.choose_agent(task) {
            Some(manus) => self.assign(task_id, &manus, AssignCause::Rule),
            None => self.park(task_id),
        }
    }

    /// Puts a task aside until one of the locks in its way ends, if there are any.
    fn park(&mut self, task_id: &TaskId) {
        let Some(task) = self.state.task(task_id).filter(|task| task.course.parked_on.is_empty()) else {
            return;
        };
        let behind = self.state.locks_before(task);
        if !behind.is_empty() {
            self.emit(Event::TaskParked { task_id: task_id.clone(), behind });
        }
    }

    /// Gives an agent what the plan has for its free hands, and the best of what nobody has; while it has a free hand then,
    /// also what waits behind somebody busy.
    fn feed(&mut self, manus_id: &ManusId) {
        if !self.state.work.unreviewed.is_empty() {
            self.offer_reviews();
        }
        self.keep_promises(manus_id);
        while let Some(task_id) = self.best_for(manus_id, Agent::takes_work) {
            self.assign(&task_id, manus_id, AssignCause::Rule);
        }
        self.watch_others(manus_id);
        while self.could_begin_more(manus_id) {
            let unasked = |task: &Task| !self.gave_back(manus_id, task);
            let Some((task_id, before)) = self.waiting_behind_others(manus_id, unasked) else { break };
            self.assign(&task_id, manus_id, AssignCause::Rule);
            self.tell_moved(&before, &task_id, manus_id);
        }
    }

    pub(super) fn could_begin_more(&self, manus_id: &ManusId) -> bool {
        let takes = |agent: &Agent| agent.has_free_hand() && agent.takes_work(self.state.settings());
        self.state.agent(manus_id).is_some_and(takes)
    }

    /// An agent got or began something: the first of its queue that its hands do not reach any more may go to somebody who
    /// could begin it at once.
    fn relieve(&mut self, manus_id: &ManusId) {
        if self.nobody_is_idle() {
            return;
        }
        let Some(agent) = self.state.agent(manus_id) else { return };
        let free_hands = (agent.max_parallel as usize).saturating_sub(agent.running.len());
        let mut waiting = agent.queue.iter().skip(free_hands).filter_map(|rank| self.state.task(&rank.task));
        let Some(task) = waiting.find(|task| !task.pinned) else { return };
        let allowed = |agent: &Agent| self.plan_allows(agent, task) && !self.gave_back(&agent.id, task);
        let (task_id, better) = (task.spec.id.clone(), self.choose_by_rule(task, allowed));
        if let Some(better) = better.filter(|better| better != manus_id && self.could_begin_more(better)) {
            self.assign(&task_id, &better, AssignCause::Rule);
            self.tell_moved(manus_id, &task_id, &better);
        }
    }

    /// The least busy come first: where the first has no free hand, nobody has.
    fn nobody_is_idle(&self) -> bool {
        self.state.work.takers.first().is_none_or(|(backlog, _)| *backlog > 0)
    }

    /// Queued tasks that change some of these files, the best first, while there is somebody idle to take them.
    pub(super) fn queued_for(&self, files: &[FilePattern]) -> Vec<TaskId> {
        let seen = if self.nobody_is_idle() { 0 } else { TAKEOVERS_CONSIDERED };
        let rows = self.state.work.queued.values();
        let ranks = rows.flat_map(|row| row.iter().take(seen)).take(TAKEOVERS_IN_ALL);
        let queued = ranks.filter_map(|rank| self.state.task(&rank.task));
        let changes = |task: &&Task| {
            task.spec.files_involved.iter().any(|file| files.iter().any(|other| other.meets(file)))
        };
        queued.filter(changes).map(|task| task.spec.id.clone()).collect()
    }

    /// A queued task of which a file is free now may go to somebody idle who could begin it at once, if it has to wait where
    /// it is.
    fn offer(&mut self, task_id: &TaskId) {
        let Some(task) = self.state.task(task_id) else { return };
        let Some(before) = task.assigned_to.clone().filter(|before| self.is_stuck(task, before)) else {
            return;
        };
        let idle = self.state.work.takers.iter().take_while(|(backlog, _)| *backlog == 0);
        let fits = |manus: &&ManusId| {
            self.state
                .agent(manus)
                .is_some_and(|agent| agent.can(&task.need) && self.plan_allows(agent, task))
                && **manus != before
                && !self.has_declined(manus, task_id)
                && !self.gave_back(manus, task)
                && self.can_begin(manus, task_id)
        };
        let taker = idle.map(|(_, manus)| manus).take(TAKEOVERS_CONSIDERED).find(fits).cloned();
        if let Some(taker) = taker {
            self.assign(task_id, &taker, AssignCause::Rule);
            self.tell_moved(&before, task_id, &taker);
        }
    }

    /// Whether the rules may move a queued task, and it has to wait where it is: its agent is busy, or may not touch a file.
    fn is_stuck(&self, task: &Task, manus_id: &ManusId) -> bool {
        let waits = || self.waits(manus_id, &task.rank()) || !self.is_open_to(manus_id, &task.spec.id);
        task.stage == Stage::Pending && !task.pinned && waits()
    }

    /// Parked tasks that an agent could have now, were it not for locks that others claimed since: the end of those must wake
    /// them, too.
    fn watch_others(&mut self, manus_id: &ManusId) {
        let Some(agent) = self.state.agent(manus_id).filter(|agent| agent.takes_work(self.state.settings()))
        else {
            return;
        };
        let alone = |task: &&Task| {
            task.course.parked_on.iter().all(|lock| lock.locked_by == *manus_id) && agent.can(&task.need)
        };
        let alone: Vec<TaskId> =
            self.behind_locks_of(agent).filter(alone).map(|task| task.spec.id.clone()).collect();
        for task_id in alone {
            let Some(task) = self.state.task(&task_id) else { continue };
            let behind = self.state.locks_before(task);
            if behind.iter().any(|lock| lock.locked_by != *manus_id) {
                self.emit(Event::TaskParked { task_id, behind });
            }
        }
    }

    /// The best task in the pool that this agent may be given. Parks those that it finds behind a lock on its way.
    fn best_for(&mut self, manus_id: &ManusId, takes: impl Fn(&Agent, &Settings) -> bool) -> Option<TaskId> {
        loop {
            let agent = self.state.agent(manus_id).filter(|agent| takes(agent, self.state.settings()))?;
            let declined = |rank: &&Rank| !self.has_declined(manus_id, &rank.task);
            let pool = &self.state.work.pool;
            let ranks = pool
                .iter()
                .filter(|(need, _)| agent.can(need))
                .filter_map(|(_, ranks)| ranks.iter().find(declined));
            let best = ranks.cloned().chain(self.behind_own_locks(manus_id));
            let (.., best) = best.map(|rank| self.pressing(&rank)).min()?;
            if self.is_open_to(manus_id, &best) {
                return Some(best);
            }
            self.park(&best);
        }
    }

    /// The best task that nobody has and that waits for a lock of this agent's own.
    fn behind_own_locks(&self, manus_id: &ManusId) -> Option<Rank> {
        let agent = self.state.agent(manus_id)?;
        let free = |task: &&Task| {
            agent.can(&task.need)
                && !self.has_declined(manus_id, &task.spec.id)
                && self.is_open_to(manus_id, &task.spec.id)
        };
        self.behind_locks_of(agent).filter(free).map(Task::rank).min()
    }

    /// The tasks that nobody has and that wait for a lock of this agent's.
    fn behind_locks_of(&self, agent: &Agent) -> impl Iterator<Item = &Task> {
        let parked = &self.state.work.parked;
        let locks = self.state.locks().of(&agent.id).take(if parked.is_empty() { 0 } else { usize::MAX });
        locks.filter_map(|lock| parked.get(&lock.key())).flatten().filter_map(|id| self.state.task(id))
    }

    /// Whether no file of the task is held by somebody else.
    pub(super) fn is_open_to(&self, manus_id: &ManusId, task_id: &TaskId) -> bool {
        let Some(task) = self.state.task(task_id) else { return false };
        let locks = self.state.locks();
        let held = |file| !locks.in_the_way(file, LockMode::Exclusive, Some(manus_id), 1).is_empty();
        !task.spec.files_involved.iter().any(held)
    }

    pub(super) fn has_declined(&self, manus_id: &ManusId, task_id: &TaskId) -> bool {
        !self.declined.is_empty() && self.declined.contains(&(manus_id.clone(), task_id.clone()))
    }

    /// Whether an agent has given a task back, or had it taken away since nothing moved, and somebody else can do it: then nothing
    /// moves it back there but the agent itself, when it asks.
    pub(super) fn gave_back(&self, manus_id: &ManusId, task: &Task) -> bool {
        let other = |agent: &&Agent| {
            agent.id != *manus_id
                && agent.presence == Presence::Here
                && !agent.draining
                && agent.can(&task.need)
        };
        task.course.returned_by.as_ref() == Some(manus_id)
            && self.state.agents.values().any(|agent| other(&agent))
    }

    /// Whether an agent can begin a task now, as far as the files go.
    pub(super) fn can_begin(&self, manus_id: &ManusId, task_id: &TaskId) -> bool {
        self.is_open_to(manus_id, task_id) && self.in_own_use(manus_id, task_id).is_empty()
    }

    /// The best task in somebody's queue that would begin sooner here: its agent is busy, or may not touch a file that this one
    /// holds; and nobody chose that agent by hand.
    fn waiting_behind_others(
        &self,
        manus_id: &ManusId,
        fits: impl Fn(&Task) -> bool,
    ) -> Option<(TaskId, ManusId)> {
        let agent = self.state.agent(manus_id).filter(|agent| !agent.draining)?;
        let movable = |task: &&Task| {
            let (id, before) = (&task.spec.id, task.assigned_to.as_ref());
            before.is_some_and(|before| before != manus_id && self.is_stuck(task, before))
                && self.plan_allows(agent, task)
                && !self.has_declined(manus_id, id)
                && fits(task)
                && self.can_begin(manus_id, id)
        };
        let rows = self.state.work.queued.iter().filter(|(need, _)| agent.can(need));
        // Within a row all need the same, so the first of each is the most pressing.
        let first = |(_, row): (_, &SortedSet<Rank>)| {
            let mut tasks =
                row.iter().take(TAKEOVERS_CONSIDERED).filter_map(|rank| self.state.task(&rank.task));
            tasks.find(|task| movable(task))
        };
        let best = rows.take(TAKEOVERS_CONSIDERED).filter_map(first);
        let best = best.min_by_key(|task| self.pressing(&task.rank()))?;
        Some((best.spec.id.clone(), best.assigned_to.clone()?))
    }

    /// Whether a queued task has to wait for others of its agent: all hands are full, or better ones come first.
    fn waits(&self, manus_id: &ManusId, rank: &Rank) -> bool {
        let Some(agent) = self.state.agent(manus_id) else { return true };
        let ahead = agent.running.len() + agent.queue.iter().take_while(|other| *other != rank).count();
        ahead >= agent.max_parallel as usize
    }

    /// What an agent should do next, started for it: the best of its own queue, the pool and what the plan has for it, or
    /// something that waits behind somebody busy.
    pub(super) fn next_task(&mut self, manus_id: &ManusId) -> Outcome {
        if !self.caller(manus_id)?.has_room() {
            return Err(self.at_capacity(manus_id));
        }
        self.revive(manus_id);
        self.settle();
        let own = self.best_of_queue(manus_id);
        let promised = self.best_promised(manus_id);
        let pool = self.best_of_pool(manus_id);
        let own = own.into_iter().chain(promised).chain(pool).min_by_key(|rank| self.pressing(rank));
        let theirs = self.waiting_behind_others(manus_id, |_| true).and_then(|(id, _)| self.state.task(&id));
        let theirs = theirs.map(Task::rank);
        let theirs = theirs.filter(|theirs| own.as_ref().is_none_or(|own| self.is_worth_taking(theirs, own)));
        let Some(task_id) = theirs.or(own).map(|rank| rank.task) else {
            return Ok(Answer::Started { task: None, locks: Vec::new() });
        };
        let before = self.assignee(&task_id);
        if before.as_ref() != Some(manus_id) {
            self.assign(&task_id, manus_id, AssignCause::Taken);
        }
        let locks = self.begin(manus_id, &task_id);
        if let Some(before) = before.filter(|before| before != manus_id) {
            self.tell_moved(&before, &task_id, manus_id);
        }
        self.settle();
        Ok(Answer::Started { task: self.state.task_view(&task_id), locks })
    }

    /// The best queued task that can begin now.
    fn best_of_queue(&self, manus_id: &ManusId) -> Option<Rank> {
        let agent = self.state.agent(manus_id)?;
        let begins = |rank: &&Rank| {
            self.can_begin(manus_id, &rank.task)
                && self.state.task(&rank.task).is_some_and(|task| self.plan_allows(agent, task))
        };
        agent.queue.iter().filter(begins).min_by_key(|rank| self.pressing(rank)).cloned()
    }

    /// The best task that nobody has and that can begin here now, even with a full queue.
    fn best_of_pool(&mut self, manus_id: &ManusId) -> Option<Rank> {
        let takes = |agent: &Agent, _: &Settings| agent.presence == Presence::Here && !agent.draining;
        let task_id = self.best_for(manus_id, takes)?;
        // What must wait for another task of this agent's is not looked beyond: that is rare and short.
        let agent = self.state.agent(manus_id)?;
        let begins = |task: &&Task| self.can_begin(manus_id, &task_id) && self.plan_allows(agent, task);
        self.state.task(&task_id).filter(begins).map(Task::rank)
    }
}

/// Ready, and nobody's.
fn is_free(task: &Task) -> bool {
    task.stage == Stage::Pending && task.assigned_to.is_none() && task.course.retry_at_ms.is_none()
}
