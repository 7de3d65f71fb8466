//! Longest paths, kept up to date.

use super::graph::{Graph, NIL};
use super::problem::Time;

impl Graph<'_> {
    /// The latest finish of all tasks that are on a lane.
    pub(super) fn makespan(&self) -> Time {
        let lanes = 0..self.model.lanes() as u32;
        let last = lanes.map(|lane| self.on_lane_before(self.lane_node(lane)));
        last.filter(|&node| (node as usize) < self.model.len())
            .map(|task| self.finish(task))
            .max()
            .unwrap_or(0)
    }

    /// Tasks each of which begins when the one before ends, up to the latest finish. Where two could stand before one, the
    /// dependency goes before the agent, and the agent before the exclusive file.
    pub(super) fn critical_path(&self) -> Vec<u32> {
        let last =
            self.order().iter().copied().max_by_key(|&task| (self.finish(task), std::cmp::Reverse(task)));
        let mut path: Vec<u32> = std::iter::successors(last, |&task| self.just_before(task)).collect();
        path.reverse();
        path
    }

    /// A task whose end lets this one begin.
    fn just_before(&self, task: u32) -> Option<u32> {
        let (start, count) = (self.start(task), self.model.len());
        let dependencies = self.model.before.row(task as usize).iter().copied();
        let neighbours =
            std::iter::once(self.on_lane_before(task)).chain(self.on_machines_before(task as usize));
        let mut before = dependencies.chain(neighbours).filter(|&before| (before as usize) < count);
        before.find(|&before| self.finish(before) == start)
    }

    /// Says anew how much earlier than the whole each task has to be finished, and brings all outs up to date.
    pub(super) fn deliver(&mut self, delivery: Vec<Time>) {
        self.delivery = delivery;
        self.stale_outs.set_all(self.model.len());
        self.settle();
    }

    /// Brings heads and outs up to date, visiting only what has changed.
    pub(super) fn settle(&mut self) {
        self.settle_heads();
        while let Some(place) = self.stale_outs.take_last() {
            self.settle_out(place);
        }
    }

    /// Brings only heads, and so starts and finishes, up to date.
    pub(super) fn settle_heads(&mut self) {
        while let Some(place) = self.stale_heads.take_first() {
            self.settle_head(place);
        }
    }

    #[inline]
    fn settle_head(&mut self, place: usize) {
        self.work += 1;
        let (model, count) = (self.model, self.model.len());
        let (nodes, slots) = (&mut self.now.nodes, &self.now.slots);
        let task = self.now.order[place] as usize;
        let mut start = model.release[task].max(nodes[nodes[task].lane_before as usize].finish);
        for &before in model.before.row(task) {
            start = start.max(nodes[before as usize].finish);
        }
        for slot in model.machines.range(task) {
            let before = slots[slot].before;
            if before != NIL {
                start = start.max(nodes[self.slot_task[before as usize] as usize].finish);
            }
        }
        let finish = start + nodes[task].span;
        if finish == nodes[task].finish {
            return;
        }
        nodes[task].finish = finish;
        self.sorted_until = self.sorted_until.min(place);
        let next = nodes[task].lane_after as usize;
        if next < count {
            self.stale_heads.set(nodes[next].place as usize);
        }
        for &after in model.after.row(task) {
            self.stale_heads.set(nodes[after as usize].place as usize);
        }
        for slot in model.machines.range(task) {
            let after = slots[slot].after;
            if after != NIL && (self.slot_task[after as usize] as usize) < count {
                self.stale_heads.set(nodes[self.slot_task[after as usize] as usize].place as usize);
            }
        }
    }

    #[inline]
    fn settle_out(&mut self, place: usize) {
        self.work += 1;
        let (model, count) = (self.model, self.model.len());
        let (nodes, slots) = (&mut self.now.nodes, &self.now.slots);
        let task = self.now.order[place] as usize;
        let mut out = self.delivery[task].max(nodes[nodes[task].lane_after as usize].out);
        for &after in model.after.row(task) {
            out = out.max(nodes[after as usize].out);
        }
        for slot in model.machines.range(task) {
            let after = slots[slot].after;
            if after != NIL {
                out = out.max(nodes[self.slot_task[after as usize] as usize].out);
            }
        }
        out += nodes[task].span;
        if out == nodes[task].out {
            return;
        }
        nodes[task].out = out;
        let before = nodes[task].lane_before as usize;
        if before < count {
            self.stale_outs.set(nodes[before].place as usize);
        }
        for &before in model.before.row(task) {
            self.stale_outs.set(nodes[before as usize].place as usize);
        }
        for slot in model.machines.range(task) {
            let before = slots[slot].before;
            if before != NIL && (self.slot_task[before as usize] as usize) < count {
                self.stale_outs.set(nodes[self.slot_task[before as usize] as usize].place as usize);
            }
        }
    }
}
