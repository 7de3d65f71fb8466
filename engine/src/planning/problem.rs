//! From a sketch to a problem for the planner.

use std::collections::{BTreeMap, BTreeSet};

use super::sketch::{At, Open, Sketch};
use crate::event::PlannedStep;
use crate::ids::{ManusId, TaskId, TimeMs};
use crate::plan::{Agent, Problem, Running, Task, Time, USUAL_PACE, files};
use crate::state::task::Need;

/// In milliseconds.
const MINUTE: TimeMs = 60_000;
/// How long a review may take, for all that is known.
const REVIEW_MS: TimeMs = 10 * MINUTE;
/// When a claim without an end may be given back, for all that is known.
const CLAIM_MS: TimeMs = 15 * MINUTE;
/// What has taken longer than expected will probably go on for this part of the time that it has taken, …
const OVERRUN: TimeMs = 8;
/// … and at least for so long.
const OVERRUN_LEAST_MS: TimeMs = MINUTE;

impl Sketch {
    /// What there is to plan, in milliseconds from [`Sketch::now_ms`].
    pub fn problem(&self) -> Problem {
        let mut problem = Problem { agents: self.agents.iter().map(agent).collect(), ..Problem::default() };
        let waiting: Vec<&Open> = self.plannable();
        let running = self.tasks.iter().filter(|open| matches!(open.stage, At::Running { .. }));
        let files =
            || waiting.iter().copied().chain(running.clone()).map(|open| open.spec.files_involved.as_slice());
        let mut machines = files::machines(files());
        problem.machines = vec![0; machines.patterns.len()];
        let of_running = machines.of_task.split_off(waiting.len());
        let places: BTreeMap<&ManusId, u32> = self.agents.iter().map(|hands| &hands.id).zip(0..).collect();
        for (open, machines) in running.clone().zip(of_running) {
            let agent = open.assigned_to.as_ref().and_then(|manus| places.get(manus));
            let running = |&agent: &u32| Running { agent, until: self.ends(open), machines };
            problem.running.extend(agent.map(running));
        }
        let ends: BTreeMap<&TaskId, Time> = self
            .tasks
            .iter()
            .filter(|open| open.stage != At::Waiting)
            .map(|open| (&open.spec.id, self.ends(open)))
            .collect();
        let order: BTreeMap<&TaskId, u32> = waiting.iter().map(|open| &open.spec.id).zip(0..).collect();
        let mut groups = Groups { sketch: self, places: &places, known: BTreeMap::new() };
        for (&open, machines) in waiting.iter().zip(machines.of_task) {
            let (group, free) = groups.of(open, &mut problem);
            let task = Task::new(open.spec.id.clone(), duration(open), group);
            let retry = open.retry_at_ms.map_or(0, |at_ms| self.time_until(at_ms));
            let ended = open.waiting_for.iter().filter_map(|id| ends.get(id).copied());
            problem.tasks.push(Task {
                after: open.waiting_for.iter().filter_map(|id| order.get(id).copied()).collect(),
                machines,
                priority: open.spec.priority,
                release: ended.fold(retry.max(free), Time::max),
                ..task
            });
        }
        problem
    }

    /// What nobody has started and waits for nothing that is not in the sketch.
    fn plannable(&self) -> Vec<&Open> {
        let mut known: BTreeSet<&TaskId> = self.tasks.iter().map(|open| &open.spec.id).collect();
        let mut waiting: Vec<&Open> = self.tasks.iter().filter(|open| open.stage == At::Waiting).collect();
        loop {
            let before = waiting.len();
            waiting.retain(|open| {
                let stays = open.waiting_for.iter().all(|id| known.contains(id));
                if !stays {
                    known.remove(&open.spec.id);
                }
                stays
            });
            if waiting.len() == before {
                return waiting;
            }
        }
    }

    /// What is in progress, and when it should be done.
    pub(super) fn running(&self) -> impl Iterator<Item = PlannedStep> {
        self.tasks.iter().filter_map(|open| {
            let At::Running { since_ms, .. } = open.stage else { return None };
            let finish_ms = self.now_ms.saturating_add_unsigned(self.ends(open));
            let (task_id, manus_id) = (open.spec.id.clone(), open.assigned_to.clone()?);
            Some(PlannedStep { task_id, manus_id, start_ms: since_ms, finish_ms })
        })
    }

    /// When what is under way will be done, for all that is known.
    pub(super) fn ends(&self, open: &Open) -> Time {
        let At::Running { since_ms, percent, said_ms } = open.stage else { return REVIEW_MS.unsigned_abs() };
        let hands = self.agents.iter().find(|hands| Some(&hands.id) == open.assigned_to.as_ref());
        let span = duration(open) * Time::from(hands.map_or(USUAL_PACE, pace)) / Time::from(USUAL_PACE);
        let left = span * Time::from(100 - percent.min(100)) / 100;
        let end_ms = said_ms.saturating_add_unsigned(left);
        if end_ms > self.now_ms {
            return self.time_until(end_ms);
        }
        let taken_ms = (self.now_ms - since_ms).max(0);
        (taken_ms / OVERRUN).max(OVERRUN_LEAST_MS).unsigned_abs()
    }

    fn time_until(&self, at_ms: TimeMs) -> Time {
        Time::try_from(at_ms - self.now_ms).unwrap_or(0)
    }
}

fn agent(hands: &super::sketch::Hands) -> Agent {
    Agent { lanes: hands.lanes, pace: pace(hands), ..Agent::new(hands.id.clone()) }
}

/// Thousandths of the estimate that an agent needs, by its learned speed.
fn pace(hands: &super::sketch::Hands) -> u32 {
    1000 * USUAL_PACE / hands.speed_permille.clamp(250, 4000)
}

fn duration(open: &Open) -> Time {
    Time::from(open.spec.estimated_duration) * MINUTE.unsigned_abs()
}

/// Who can do what: the sets of agents, each worked out once.
struct Groups<'a> {
    sketch: &'a Sketch,
    places: &'a BTreeMap<&'a ManusId, u32>,
    known: BTreeMap<Need, u32>,
}

impl Groups<'_> {
    /// The group of agents that can do a task, and when the claims in its way may be over.
    fn of(&mut self, open: &Open, problem: &mut Problem) -> (u32, Time) {
        let keeps =
            open.assigned_to.as_ref().filter(|_| open.pinned).and_then(|manus| self.places.get(manus));
        let (group, alone) = match keeps {
            Some(&only) => (problem.group_of(vec![only]), Some(only)),
            None => (self.able(open, problem), None),
        };
        // Who holds everything in the way can begin at once, and nobody else can.
        let mut holders = open.claims.iter().map(|(manus, _)| self.places.get(manus).copied());
        let holder = holders.next().flatten().filter(|first| holders.all(|other| other == Some(*first)));
        let able = |place: &u32| problem.groups.get(group as usize).is_some_and(|able| able.contains(place));
        if let Some(holder) = holder.filter(able).filter(|holder| alone.is_none_or(|only| only == *holder)) {
            return (problem.group_of(vec![holder]), 0);
        }
        let unknown_ms = self.sketch.now_ms + CLAIM_MS;
        let ends = open.claims.iter().map(|(_, until)| self.sketch.time_until(until.unwrap_or(unknown_ms)));
        (group, ends.max().unwrap_or(0))
    }

    /// Who can do a task. Who gave it back is no choice while there is another.
    fn able(&mut self, open: &Open, problem: &mut Problem) -> u32 {
        let group = self.able_to(&open.need, problem);
        let returned_by = open.returned_by.as_ref().and_then(|manus| self.places.get(manus));
        let (Some(away), Some(able)) = (returned_by, problem.groups.get(group as usize)) else {
            return group;
        };
        let others: Vec<u32> = able.iter().copied().filter(|place| place != away).collect();
        if others.is_empty() { group } else { problem.group_of(others) }
    }

    fn able_to(&mut self, need: &Need, problem: &mut Problem) -> u32 {
        if let Some(group) = self.known.get(need) {
            return *group;
        }
        let agents = self.sketch.agents.iter().zip(0..);
        let able = agents.filter(|(hands, _)| {
            !hands.draining && need.iter().all(|capability| hands.capabilities.contains(capability))
        });
        let group = problem.group_of(able.map(|(_, place)| place).collect());
        self.known.insert(need.clone(), group);
        group
    }
}
