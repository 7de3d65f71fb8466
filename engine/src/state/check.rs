//! The promises of the state, recounted from scratch. Used by tests after every command, and by `doctor` on a live project.

use super::{Due, Outcome, Presence, Stage, State, Task};
use crate::ids::ManusId;
use crate::sorted::{SortedMap, SortedSet};
use crate::state::task::Place;

impl State {
    /// What is wrong, a sentence each; empty on a sound state. Looks at everything, so not for a hot path.
    pub fn check(&self) -> Vec<String> {
        let mut problems = Vec::new();
        self.locks.check(&mut problems);
        self.inbox.check(&mut problems);
        self.waits.check(&mut problems);
        self.check_waits(&mut problems);
        for task in self.tasks.values() {
            self.check_task(task, &mut problems);
        }
        self.check_places(&mut problems);
        self.check_demand(&mut problems);
        self.check_agents(&mut problems);
        self.check_locks(&mut problems);
        self.check_deadlines(&mut problems);
        problems
    }

    fn check_task(&self, task: &Task, problems: &mut Vec<String>) {
        let id = &task.spec.id;
        let mut wrong = |what: String| problems.push(format!("{id} {what}"));
        let open: SortedSet<_> = task
            .spec
            .dependencies
            .iter()
            .filter(|d| self.outcome(d) != Some(Outcome::Completed))
            .cloned()
            .collect();
        match &task.stage {
            Stage::Blocked if task.waiting_for.is_empty() && task.course.held.is_none() => {
                wrong("is blocked by nothing".into())
            }
            Stage::Pending | Stage::InProgress | Stage::NeedsReview | Stage::Completed { .. }
                if !open.is_empty() =>
            {
                wrong(format!("is {} before its dependencies {open:?}", task.status()));
            }
            Stage::InProgress if task.assigned_to.is_none() => wrong("is in progress with nobody".into()),
            _ => {}
        }
        if !task.status().is_closed() && task.waiting_for != open {
            wrong(format!("waits for {:?}, but {open:?} are open", task.waiting_for));
        }
        for dependency in &task.waiting_for {
            if self.tasks.get(dependency).is_none_or(|d| !d.dependents.contains(id)) {
                wrong(format!("waits for {dependency}, which does not know of it"));
            }
        }
        if !task.status().is_closed() && (task.chain, task.urgency) != self.chain_of(task) {
            wrong(format!("counts a chain of {} minutes, {}", task.chain, task.urgency));
        }
        for lock in task.course.parked_on.iter().filter(|lock| self.locks.get(lock).is_none()) {
            wrong(format!("waits for the lock of {} on {}, which is gone", lock.locked_by, lock.file_path));
        }
        if task.status().is_closed() != self.outcome(id).is_some() {
            wrong(format!("is {} but the outcome is {:?}", task.status(), self.outcome(id)));
        }
    }

    /// The work that nobody has begun adds up, and is listed where the plan has it.
    fn check_demand(&self, problems: &mut Vec<String>) {
        let mut demand = SortedMap::new();
        for (need, minutes) in self.tasks().filter_map(Task::demand) {
            *demand.entry(need).or_insert(0) += minutes;
        }
        let turns: SortedSet<_> = self.tasks().filter_map(Task::turn).collect();
        if turns != self.work.turns {
            problems.push(format!("the plan has {turns:?}, but {:?} are listed", self.work.turns));
        }
        if demand != self.work.demand {
            problems.push(format!("{demand:?} minutes of work wait, but {:?} are counted", self.work.demand));
        }
    }

    /// Every task is in the index where it belongs, and nowhere else.
    fn check_places(&self, problems: &mut Vec<String>) {
        let (mut pool, mut parked, mut queued, mut promised) = (0, 0, 0, 0);
        for task in self.tasks.values() {
            if let Some((manus, start_ms)) = task.promise() {
                let agent = self.agents.get(&manus);
                promised += usize::from(agent.is_some());
                if agent.is_some_and(|agent| !agent.promised.contains(&(start_ms, task.spec.id.clone()))) {
                    problems.push(format!("{} is promised to {manus}, who does not know", task.spec.id));
                }
            }
            let listed = match task.place() {
                Place::Nowhere => true,
                Place::Pool(need, rank) => {
                    pool += 1;
                    self.work.pool.get(&need).is_some_and(|ranks| ranks.contains(&rank))
                }
                Place::Parked(locks, id) => {
                    parked += locks.len();
                    locks
                        .iter()
                        .all(|lock| self.work.parked.get(lock).is_some_and(|tasks| tasks.contains(&id)))
                }
                Place::Queue(need, manus, rank, _) => {
                    queued += 1;
                    self.work.queued.get(&need).is_some_and(|ranks| ranks.contains(&rank))
                        && self.agents.get(&manus).is_some_and(|agent| agent.queue.contains(&rank))
                }
                Place::Held(id) => self.work.held.contains(&id),
                Place::Review(None, id) => self.work.unreviewed.contains(&id),
                Place::Review(Some(manus), id) => {
                    self.agents.get(&manus).is_some_and(|agent| agent.reviewing.contains(&id))
                }
                Place::Running(manus, id, ..) => {
                    self.agents.get(&manus).is_some_and(|agent| agent.running.contains(&id))
                }
            };
            if !listed {
                problems.push(format!("{} is missing in the index {:?}", task.spec.id, task.place()));
            }
        }
        for (what, counted, listed) in [
            ("pool", pool, self.work.pool.values().map(SortedSet::len).sum::<usize>()),
            ("parked", parked, self.work.parked.values().map(SortedSet::len).sum()),
            ("queued", queued, self.work.queued.values().map(SortedSet::len).sum()),
            ("queues", queued, self.agents.values().map(|agent| agent.queue.len()).sum()),
            ("promises", promised, self.agents.values().map(|agent| agent.promised.len()).sum()),
        ] {
            if counted != listed {
                problems.push(format!("{counted} tasks belong in {what}, {listed} are listed"));
            }
        }
    }

    fn check_agents(&self, problems: &mut Vec<String>) {
        let mut takers = SortedSet::new();
        for agent in self.agents.values() {
            let id = agent.id();
            let hands = agent.running.iter().chain(agent.queue());
            let minutes: u64 = hands
                .filter_map(|id| self.tasks.get(id))
                .map(|task| u64::from(task.spec.estimated_duration))
                .sum();
            if minutes != agent.load_minutes {
                problems
                    .push(format!("{id} has {minutes} minutes of work, counted as {}", agent.load_minutes));
            }
            if agent.presence != Presence::Here
                && !(agent.running.is_empty() && agent.queue.is_empty() && agent.reviewing.is_empty())
            {
                problems.push(format!("{id} is {} and still has tasks", agent.status()));
            }
            if agent.takes_work(&self.settings) {
                takers.insert((agent.backlog(), id.clone()));
            }
            let able = |listed: &ManusId| listed == id;
            for capability in &agent.capabilities {
                let listed = self.work.able.get(capability).is_some_and(|agents| agents.iter().any(able));
                if listed != (agent.presence == Presence::Here) {
                    problems.push(format!("{id} is listed wrongly under {capability}"));
                }
            }
        }
        if takers != self.work.takers {
            problems.push(format!("{takers:?} take work, but {:?} are listed", self.work.takers));
        }
    }

    fn check_locks(&self, problems: &mut Vec<String>) {
        let held: usize = self.agents.keys().map(|id| self.locks.count_of(id)).sum();
        if held != self.locks.len() {
            problems.push(format!("{} locks, but agents hold {held}", self.locks.len()));
        }
        for lock in self.locks.iter() {
            if lock.fencing_token >= self.counters.next_fencing_token {
                problems.push(format!("the token of {} is not from here", lock.file_path));
            }
            let taken =
                |id| self.tasks.get(id).is_some_and(|task| task.course.took.contains(&lock.file_path));
            if lock.task_id.as_ref().is_some_and(|id| !taken(id)) {
                problems.push(format!("{:?} does not know that it took {}", lock.task_id, lock.file_path));
            }
        }
    }

    /// Every waiting claim is behind locks that exist, could not be granted now, and can be some time.
    fn check_waits(&self, problems: &mut Vec<String>) {
        for wait in self.waits.iter() {
            let gone = wait.behind.iter().any(|lock| self.locks.get(lock).is_none());
            let in_the_way =
                |file| self.in_the_way_of_claim(file, wait.mode, &wait.manus_id, Some(wait.id), 1);
            let blocked = |file| !in_the_way(file).is_empty();
            if gone || !wait.files.iter().any(blocked) {
                problems
                    .push(format!("the claim of {} on {:?} waits for nothing", wait.manus_id, wait.files));
            }
            if let Some(circle) = self.circle(wait) {
                problems.push(format!("the claim of {} waits for ever: {circle:?}", wait.manus_id));
            }
            if self.agents.get(&wait.manus_id).is_none_or(|agent| agent.presence != Presence::Here) {
                problems.push(format!("{} is gone and waits for {:?}", wait.manus_id, wait.files));
            }
        }
    }

    fn check_deadlines(&self, problems: &mut Vec<String>) {
        let here = self.agents.values().filter(|agent| agent.presence == Presence::Here);
        let timeout = self.settings.heartbeat_timeout_ms;
        let silences = here.map(|agent| (agent.silent_since_ms() + timeout, Due::Silence(agent.id.clone())));
        let lapses = self.locks.iter().filter_map(|lock| Some((lock.expires_at_ms?, Due::Lapse(lock.key()))));
        let tasks = self.tasks.values().filter_map(|task| task.due(&self.settings));
        let waits = self.waits.iter().map(|wait| (wait.until_ms, Due::WaitOver(wait.id)));
        let expected: SortedSet<_> = silences.chain(lapses).chain(waits).chain(tasks).collect();
        if expected != self.deadlines {
            problems.push(format!("deadlines are {:?}, expected {expected:?}", self.deadlines));
        }
    }
}
