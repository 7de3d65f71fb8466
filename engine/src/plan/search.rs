//! Improving a schedule until the time is up: a large neighbourhood search that takes a few tasks out and puts each back where
//! it fits best.
//!
//! Ruin and recreate (Schrimpf and others: "Record breaking optimization results using the ruin and recreate principle", 2000)
//! around the critical path: one task is taken from it, and a few others that stand near it in time, so that two
//! agents can trade tasks. Putting one back looks at every place on every lane exactly ([`Places`]), which makes a single step
//! worth hundreds of random moves. What comes out worse is accepted with the usual probability of simulated annealing, at a
//! temperature that falls over ever longer rounds; each round begins from the best schedule so far. A round is cold or hot: skills
//! want the one, since small changes even out the load; tasks with many exclusive files want the other, since they block one
//! another and whole groups must move. After a round without success the next is of the other kind.
//!
//! Forward-backward improvement has no part in it: with the lanes fixed, shifting everything right and left again leaves the
//! order on each lane, and so the schedule, as it was.

use super::dice::Dice;
use super::graph::{Graph, Saved};
use super::objective::{Cost, Objective};
use super::places::{Places, Spot};
use super::problem::Time;

/// At most how many tasks are taken out beside the critical one, in a cold and in a hot round.
const COMPANIONS: [usize; 2] = [3, 6];
/// How far from the critical task in the list the others stand.
const NEAR: usize = 20;
/// Steps of the first round; each round has half as many again as the one before.
const FIRST_ROUND: u64 = 1000;
/// The temperatures at the beginning of a cold and of a hot round, in thousandths of the mean duration.
const WARMTH: [u64; 2] = [30, 800];
/// No temperature is higher, so that products do not overflow.
const WARMEST: u64 = 1 << 40;
/// How many heads, outs and places are looked at between two questions whether to go on: some 50 microseconds.
const WORK_UNASKED: u64 = 4000;
/// The cost counts in thousandths when it is compared with the temperature.
const FINE: u64 = 1000;

/// A search under way.
pub(super) struct Search<'m> {
    graph: Graph<'m>,
    objective: Objective,
    places: Places,
    dice: Dice,
    cost: Cost,
    best_cost: Cost,
    best: Saved,
    /// The schedule that `cost` is about; while a change is tried, `graph` is another.
    current: Saved,
    critical: Vec<u32>,
    taken: Vec<u32>,
    asked_at: u64,
}

impl<'m> Search<'m> {
    /// Begins from a schedule.
    pub(super) fn new(graph: Graph<'m>, seed: u64) -> Self {
        let mut objective = Objective::new(graph.model);
        let cost = objective.cost(&graph);
        let saved = graph.save();
        let mut search = Self {
            objective,
            places: Places::default(),
            dice: Dice::new(seed),
            cost,
            best_cost: cost,
            best: saved.clone(),
            current: saved,
            critical: Vec::new(),
            taken: Vec::new(),
            asked_at: graph.work,
            graph,
        };
        search.aim();
        search
    }

    /// Searches until the cost is down to `bound` or `keep_going` says no.
    pub(super) fn run(&mut self, bound: Cost, keep_going: &mut dyn FnMut() -> bool) {
        if self.best_cost <= bound || !keep_going() {
            return;
        }
        let model = self.graph.model;
        let mean = model.duration.iter().sum::<Time>() / model.len().max(1) as Time;
        let (mut round, mut kind) = (FIRST_ROUND, 0);
        loop {
            let (warmth, before) = ((mean * WARMTH[kind]).min(WARMEST), self.best_cost);
            for left in (1..=round).rev() {
                if self.best_cost <= bound || self.critical.is_empty() || !self.may_go_on(keep_going) {
                    return;
                }
                self.step(warmth * left / round, COMPANIONS[kind]);
            }
            if self.best_cost == before {
                kind = 1 - kind;
            }
            round += round / 2;
            self.return_to_best();
        }
    }

    /// Asks whether to go on, if enough has been done since the last time.
    fn may_go_on(&mut self, keep_going: &mut dyn FnMut() -> bool) -> bool {
        if self.graph.work - self.asked_at < WORK_UNASKED {
            return true;
        }
        self.asked_at = self.graph.work;
        keep_going()
    }

    /// The best schedule found.
    pub(super) fn into_best(mut self) -> Graph<'m> {
        self.graph.restore(&self.best);
        self.graph
    }

    fn return_to_best(&mut self) {
        self.graph.restore(&self.best);
        self.current = self.best.clone();
        self.cost = self.best_cost;
        self.aim();
    }

    /// Takes a critical task and some others out, puts them back, and keeps or undoes it.
    fn step(&mut self, warmth: u64, companions: usize) {
        // Cost and temperature differ by that factor.
        let limit = self.cost + Cost::from(self.dice.exponential(warmth) / FINE);
        let cost = self.change(companions, limit).filter(|cost| *cost <= limit);
        // What has been done to the whole of the schedule was quick, but is to be counted.
        self.graph.work += self.graph.model.len() as u64 / 4;
        let Some(cost) = cost else {
            self.graph.restore(&self.current);
            return;
        };
        self.cost = cost;
        self.finish_change();
        self.graph.save_to(&mut self.current);
        if cost < self.best_cost {
            self.best_cost = cost;
            self.graph.save_to(&mut self.best);
        }
        self.find_critical();
    }

    /// Changes the schedule; gives up as soon as it is certain that the cost will be over the limit. All heads are up to date
    /// afterwards.
    fn change(&mut self, companions: usize, limit: Cost) -> Option<Cost> {
        self.choose(companions);
        for index in 0..self.taken.len() {
            self.graph.unlink(self.taken[index]);
        }
        self.graph.settle();
        self.arrange();
        for index in 0..self.taken.len() {
            if index > 0 {
                self.graph.settle();
            }
            let (task, alone) = (self.taken[index], self.taken.len() == 1);
            let spot = self.find_spot(task, alone)?;
            // With one class, what is put in later cannot make a path shorter.
            if self.graph.model.classes == 1 && Cost::from(spot.through) > limit {
                return None;
            }
            self.graph.link(task, spot.lane, spot.behind, spot.place);
        }
        self.graph.settle_heads();
        if self.graph.model.classes > 1 {
            self.finish_change();
        }
        Some(self.objective.cost(&self.graph))
    }

    /// Does what can wait until it is certain that a change stays, unless the cost depends on it.
    fn finish_change(&mut self) {
        self.graph.settle();
        self.graph.sort();
    }

    /// Chooses what to take out: a critical task, and up to so many others.
    fn choose(&mut self, companions: usize) {
        let critical = self.critical[self.dice.below(self.critical.len())];
        self.taken.clear();
        self.taken.push(critical);
        let place = self.graph.place(critical) as usize;
        let (from, to) = (place.saturating_sub(NEAR), (place + NEAR + 1).min(self.graph.model.len()));
        for _ in 0..self.dice.below(companions + 1) {
            let other = self.graph.order()[from + self.dice.below(to - from)];
            if !self.taken.contains(&other) {
                self.taken.push(other);
            }
        }
    }

    /// Decides in which order the tasks are put back: the longest first, the most critical first, or at random.
    fn arrange(&mut self) {
        let (graph, taken) = (&self.graph, &mut self.taken);
        match self.dice.below(3) {
            0 => taken.sort_by_key(|&task| std::cmp::Reverse(graph.model.duration[task as usize])),
            1 => taken.sort_by_key(|&task| std::cmp::Reverse(graph.through(task))),
            _ => self.dice.shuffle(taken),
        }
    }

    /// The place for a task where the longest path through it is shortest; equals have equal chances. A task taken out alone goes
    /// somewhere else than where it was, if it can.
    fn find_spot(&mut self, task: u32, elsewhere: bool) -> Option<Spot> {
        let (was_on, was_behind) = self.current.position(task);
        let (mut best, mut best_key): (Option<Spot>, _) = (None, (true, Time::MAX, u64::MAX));
        let dice = &mut self.dice;
        self.places.each(&mut self.graph, task, |spot| {
            let same = elsewhere && spot.lane == was_on && spot.behind == was_behind;
            if (same, spot.through) <= (best_key.0, best_key.1) {
                let key = (same, spot.through, dice.roll());
                if key < best_key {
                    (best, best_key) = (Some(spot), key);
                }
            }
        });
        best
    }

    /// Sets the search on what is late: where there are several classes, each one's last tasks are made critical.
    fn aim(&mut self) {
        if self.graph.model.classes > 1 {
            let model = self.graph.model;
            let deliveries = self.objective.deliveries(&self.graph);
            let per_task: Vec<Time> = model.class.iter().map(|&class| deliveries[class as usize]).collect();
            self.graph.deliver(per_task);
            self.graph.save_to(&mut self.current);
            self.graph.save_to(&mut self.best);
        }
        self.find_critical();
    }

    fn find_critical(&mut self) {
        let graph = &self.graph;
        let longest = graph.order().iter().map(|&task| graph.through(task)).max().unwrap_or(0);
        self.critical.clear();
        self.critical.extend(graph.order().iter().copied().filter(|&task| graph.through(task) == longest));
    }
}
