//! A schedule as a graph: who does what, in which order on each lane and each exclusive file, and the longest paths in it.
//!
//! This is the disjunctive graph of job-shop scheduling (Roy, Sussmann 1964) for tasks that occupy several resources
//! (Dauzère-Pérès, Roux, Lasserre: "Multi-resource shop scheduling with resource flexibility", 1998). Each task's *head* is the
//! longest path up to its start, its *out* the longest path from its start to the end. Head plus out is the length of the
//! longest path through the task: the tasks where that is the makespan are the critical ones. All tasks also stand in one list,
//! sorted by start, in which nothing precedes what it waits for; so any place in the list is a place without a cycle.

use super::marks::Marks;
use super::model::Model;
use super::problem::Time;

/// "Nothing" among tasks, lanes and slots.
pub(super) const NIL: u32 = u32::MAX;

/// What changes for a task, in one cache line.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Node {
    pub(super) finish: Time,
    pub(super) out: Time,
    pub(super) span: Time,
    /// Neighbours on the lane: tasks, or the lane's own node before the first and after the last.
    pub(super) lane_before: u32,
    pub(super) lane_after: u32,
    pub(super) lane: u32,
    /// Position in the list.
    pub(super) place: u32,
}

/// A task's stand in the queue of one exclusive file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slot {
    pub(super) before: u32,
    pub(super) after: u32,
}

/// Everything that is undone when a change is not accepted.
#[derive(Debug, Clone)]
pub(super) struct Saved {
    pub(super) nodes: Vec<Node>,
    pub(super) slots: Vec<Slot>,
    pub(super) order: Vec<u32>,
}

/// A schedule that can be changed task by task.
///
/// Nodes are the tasks, then one for each lane, then one that is neighbour to whatever is not on a lane: it finishes at 0 and
/// nothing follows it. Slots are those of the model's `machines`, then one for each machine that closes its ring.
#[derive(Debug, Clone)]
pub(super) struct Graph<'m> {
    pub(super) model: &'m Model,
    pub(super) now: Saved,
    /// Whose slot each one is.
    pub(super) slot_task: Vec<u32>,
    /// Tasks by place whose head, or whose out, has to be computed anew.
    pub(super) stale_heads: Marks,
    pub(super) stale_outs: Marks,
    /// Before this place, the list is sorted by start.
    pub(super) sorted_until: usize,
    /// Added to the out of each task: how much earlier than the others its class has to be finished.
    pub(super) delivery: Vec<Time>,
    /// Computed heads and outs so far: the measure of effort.
    pub(super) work: u64,
}

impl<'m> Graph<'m> {
    /// All tasks in an order in which nothing precedes what it waits for, none of them on a lane.
    pub(super) fn new(model: &'m Model, order: &[u32]) -> Self {
        let (count, lanes, slots) = (model.len(), model.lanes(), model.machines.items().len());
        let nowhere = (count + lanes) as u32;
        let mut nodes =
            vec![Node { lane_before: nowhere, lane_after: nowhere, ..Node::default() }; count + lanes + 1];
        for (place, &task) in order.iter().enumerate() {
            nodes[task as usize].place = place as u32;
            nodes[task as usize].span = model.shortest(task as usize);
        }
        for lane in 0..lanes {
            let own = (count + lane) as u32;
            let (finish, place) = (model.lane_free[lane], NIL);
            nodes[own as usize] =
                Node { finish, place, lane_before: own, lane_after: own, ..Node::default() };
        }
        let mut ring = vec![Slot { before: NIL, after: NIL }; slots];
        ring.extend(
            (slots..slots + model.machine_count).map(|own| Slot { before: own as u32, after: own as u32 }),
        );
        let mut slot_task = vec![nowhere; slots + model.machine_count];
        for task in 0..count {
            slot_task[model.machines.range(task)].fill(task as u32);
        }
        let mut graph = Self {
            model,
            now: Saved { nodes, slots: ring, order: order.to_vec() },
            slot_task,
            stale_heads: Marks::all(count),
            stale_outs: Marks::all(count),
            sorted_until: 0,
            delivery: vec![0; count],
            work: 0,
        };
        graph.settle();
        graph
    }

    #[inline]
    pub(super) fn order(&self) -> &[u32] {
        &self.now.order
    }

    #[inline]
    pub(super) fn place(&self, task: u32) -> u32 {
        self.now.nodes[task as usize].place
    }

    #[inline]
    pub(super) fn lane(&self, task: u32) -> u32 {
        self.now.nodes[task as usize].lane
    }

    #[inline]
    pub(super) fn finish(&self, node: u32) -> Time {
        self.now.nodes[node as usize].finish
    }

    #[inline]
    pub(super) fn out(&self, node: u32) -> Time {
        self.now.nodes[node as usize].out
    }

    #[inline]
    pub(super) fn start(&self, task: u32) -> Time {
        let node = &self.now.nodes[task as usize];
        node.finish - node.span
    }

    /// The length of the longest path through a task.
    #[inline]
    pub(super) fn through(&self, task: u32) -> Time {
        let node = &self.now.nodes[task as usize];
        node.finish - node.span + node.out
    }

    /// The node that stands before the first and after the last task of a lane.
    #[inline]
    pub(super) fn lane_node(&self, lane: u32) -> u32 {
        self.model.len() as u32 + lane
    }

    #[inline]
    pub(super) fn on_lane_before(&self, node: u32) -> u32 {
        self.now.nodes[node as usize].lane_before
    }

    #[inline]
    pub(super) fn on_lane_after(&self, node: u32) -> u32 {
        self.now.nodes[node as usize].lane_after
    }

    /// The tasks on a machine, in their order.
    pub(super) fn on_machine(&self, machine: u32) -> impl Iterator<Item = u32> + '_ {
        let own = (self.model.machines.items().len() + machine as usize) as u32;
        let next = move |slot: u32| Some(self.now.slots[slot as usize].after).filter(|after| *after != own);
        std::iter::successors(next(own), move |&slot| next(slot)).map(|slot| self.slot_task[slot as usize])
    }

    /// The tasks just before this one on its machines.
    #[inline]
    pub(super) fn on_machines_before(&self, task: usize) -> impl Iterator<Item = u32> + '_ {
        let before = |slot: usize| self.now.slots[slot].before;
        self.model
            .machines
            .range(task)
            .map(before)
            .filter(|slot| *slot != NIL)
            .map(|slot| self.slot_task[slot as usize])
    }

    /// Takes a task off its lane and its machines. It keeps its place in the list, and its dependencies.
    pub(super) fn unlink(&mut self, task: u32) {
        let nowhere = (self.model.len() + self.model.lanes()) as u32;
        let Node { lane_before, lane_after, .. } = self.now.nodes[task as usize];
        self.now.nodes[lane_before as usize].lane_after = lane_after;
        self.now.nodes[lane_after as usize].lane_before = lane_before;
        let node = &mut self.now.nodes[task as usize];
        (node.lane_before, node.lane_after) = (nowhere, nowhere);
        self.mark(task, lane_before, lane_after);
        for slot in self.model.machines.range(task as usize) {
            let Slot { before, after } = self.now.slots[slot];
            self.now.slots[before as usize].after = after;
            self.now.slots[after as usize].before = before;
            self.now.slots[slot] = Slot { before: NIL, after: NIL };
            self.mark(task, self.slot_task[before as usize], self.slot_task[after as usize]);
        }
    }

    /// Puts a task that is on no lane behind `before` on `lane`, to a place in the list, and on its machines accordingly.
    pub(super) fn link(&mut self, task: u32, lane: u32, before: u32, place: u32) {
        self.move_to(task, place);
        let after = self.now.nodes[before as usize].lane_after;
        self.now.nodes[before as usize].lane_after = task;
        self.now.nodes[after as usize].lane_before = task;
        let span = self.model.span(task as usize, lane as usize);
        let node = &mut self.now.nodes[task as usize];
        (node.lane, node.lane_before, node.lane_after, node.span) = (lane, before, after, span);
        self.mark(task, before, after);
        for slot in self.model.machines.range(task as usize) {
            let machine = self.model.machines.items()[slot] as usize;
            let before = self.slot_before(machine, task);
            let after = self.now.slots[before as usize].after;
            self.now.slots[before as usize].after = slot as u32;
            self.now.slots[after as usize].before = slot as u32;
            self.now.slots[slot] = Slot { before, after };
            self.mark(task, self.slot_task[before as usize], self.slot_task[after as usize]);
        }
    }

    /// The slot on a machine behind which a task belongs by its place in the list.
    fn slot_before(&self, machine: usize, task: u32) -> u32 {
        let own = (self.model.machines.items().len() + machine) as u32;
        let place = self.place(task);
        let mut slot = own;
        loop {
            let after = self.now.slots[slot as usize].after;
            if after == own || self.place(self.slot_task[after as usize]) > place {
                return slot;
            }
            slot = after;
        }
    }

    /// Moves a task in the list so that those now before `place` stay before it.
    fn move_to(&mut self, task: u32, place: u32) {
        let from = self.place(task) as usize;
        let mut to = place as usize;
        if to > from {
            to -= 1;
            self.now.order.copy_within(from + 1..=to, from);
        } else {
            self.now.order.copy_within(to..from, to + 1);
        }
        self.now.order[to] = task;
        self.sorted_until = self.sorted_until.min(from.min(to));
        for place in from.min(to)..=from.max(to) {
            self.now.nodes[self.now.order[place] as usize].place = place as u32;
        }
    }

    /// Notes that a task and its neighbours have to be computed anew.
    #[inline]
    fn mark(&mut self, task: u32, before: u32, after: u32) {
        let count = self.model.len() as u32;
        let place = |task: u32| self.now.nodes[task as usize].place as usize;
        self.stale_heads.set(place(task));
        self.stale_outs.set(place(task));
        if after < count {
            self.stale_heads.set(place(after));
        }
        if before < count {
            self.stale_outs.set(place(before));
        }
    }

    /// Remembers the schedule.
    pub(super) fn save(&self) -> Saved {
        self.now.clone()
    }

    /// Writes the schedule over one remembered before, without allocating.
    pub(super) fn save_to(&self, saved: &mut Saved) {
        saved.copy_from(&self.now);
    }

    /// Goes back to a remembered schedule of the same problem, of which nothing was stale and the list sorted. No head may be
    /// stale now.
    pub(super) fn restore(&mut self, saved: &Saved) {
        self.now.copy_from(saved);
        self.stale_outs.clear();
        self.sorted_until = self.now.order.len();
    }

    /// Sorts the list by start. Stable, so that what takes no time stays before what waits for it; nearly sorted already, so
    /// by insertion. Nothing may be stale: what is stale is noted by place.
    pub(super) fn sort(&mut self) {
        debug_assert!(
            self.stale_heads.is_empty() && self.stale_outs.is_empty(),
            "what is stale is noted by place"
        );
        for place in self.sorted_until.max(1)..self.now.order.len() {
            let task = self.now.order[place];
            let start = self.start(task);
            let mut to = place;
            while to > 0 && self.start(self.now.order[to - 1]) > start {
                let other = self.now.order[to - 1];
                self.now.order[to] = other;
                self.now.nodes[other as usize].place = to as u32;
                to -= 1;
            }
            if to != place {
                self.now.order[to] = task;
                self.now.nodes[task as usize].place = to as u32;
            }
        }
        self.sorted_until = self.now.order.len();
    }
}

impl Saved {
    /// The lane of a task, and the node on it that stands before it.
    #[inline]
    pub(super) fn position(&self, task: u32) -> (u32, u32) {
        let node = &self.nodes[task as usize];
        (node.lane, node.lane_before)
    }

    fn copy_from(&mut self, other: &Self) {
        self.nodes.copy_from_slice(&other.nodes);
        self.slots.copy_from_slice(&other.slots);
        self.order.copy_from_slice(&other.order);
    }
}
