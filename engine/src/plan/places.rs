//! Where a task could go: every place on every lane, with the exact length of the longest path that would lead through it.

use super::graph::Graph;
use super::problem::Time;

/// A place for one task.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spot {
    pub(super) lane: u32,
    /// The node on the lane behind which the task goes.
    pub(super) behind: u32,
    /// Its place in the list.
    pub(super) place: u32,
    /// When it would start.
    pub(super) start: Time,
    /// The longest path through the task there.
    pub(super) through: Time,
}

/// Places in the list, up to and including `until`, before which the same tasks of the machines stand.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    until: u32,
    head: Time,
    out: Time,
}

/// Finds places; keeps its buffers from one search to the next.
#[derive(Debug, Default)]
pub(super) struct Places {
    stretches: Vec<Stretch>,
    cuts: Vec<u32>,
}

/// What binds a task apart from its lane: places in the list after `after` and up to `until`, the latest finish of what it
/// waits for, the greatest out of what waits for it.
struct Bounds {
    after: i64,
    until: i64,
    head: Time,
    out: Time,
}

impl Places {
    /// Calls `found` with every place for a task that is on no lane. Nothing may be stale.
    ///
    /// A task's own head and out at a place follow from those of its neighbours there, since no path leads from the task to
    /// what precedes it: so `through` is exact, and the makespan after the insertion is the greater of it and the makespan
    /// without the task (Mastrolilli, Gambardella: "Effective neighbourhood functions for the flexible job shop problem",
    /// 2000, section 4). Places after the first dependent in the list, or before the last dependency, are left out: they
    /// would only delay what starts there now.
    pub(super) fn each(&mut self, graph: &mut Graph, task: u32, mut found: impl FnMut(Spot)) {
        let bounds = bounds(graph, task);
        self.find_stretches(graph, task, &bounds);
        let model = graph.model;
        let end_of_list = model.len() as i64;
        for &lane in model.able(task as usize) {
            let (own, span) = (graph.lane_node(lane), model.span(task as usize, lane as usize));
            let (mut behind, mut before_here, mut stretch) = (own, bounds.after, 0);
            loop {
                graph.work += 1;
                let next = graph.on_lane_after(behind);
                let next_place = if next == own { end_of_list } else { i64::from(graph.place(next)) };
                if next_place > bounds.after {
                    let until = next_place.min(bounds.until);
                    let (head, out) = (graph.finish(behind), graph.out(next));
                    loop {
                        let s = self.stretches[stretch];
                        let place = i64::from(s.until).min(until);
                        if place > before_here {
                            let start = head.max(s.head);
                            let through = start + span + out.max(s.out);
                            found(Spot { lane, behind, place: place as u32, start, through });
                            before_here = place;
                        }
                        if i64::from(s.until) >= until {
                            break;
                        }
                        stretch += 1;
                    }
                    before_here = before_here.max(next_place);
                }
                if next == own || next_place >= bounds.until {
                    break;
                }
                behind = next;
            }
        }
    }

    /// Cuts the places between the bounds at the tasks of the machines.
    fn find_stretches(&mut self, graph: &Graph, task: u32, bounds: &Bounds) {
        self.stretches.clear();
        self.cuts.clear();
        let (mut head, mut last_out) = (bounds.head, bounds.out);
        for &machine in graph.model.machines.row(task as usize) {
            for other in graph.on_machine(machine) {
                let place = i64::from(graph.place(other));
                if place <= bounds.after {
                    head = head.max(graph.finish(other));
                } else if place >= bounds.until {
                    last_out = last_out.max(graph.out(other));
                } else {
                    self.cuts.push(place as u32);
                }
            }
        }
        self.cuts.sort_unstable();
        self.cuts.dedup();
        for &cut in &self.cuts {
            self.stretches.push(Stretch { until: cut, head, out: 0 });
            head = head.max(graph.finish(graph.order()[cut as usize]));
        }
        self.stretches.push(Stretch { until: bounds.until as u32, head, out: last_out });
        for index in (0..self.cuts.len()).rev() {
            let after = graph.out(graph.order()[self.cuts[index] as usize]);
            self.stretches[index].out = self.stretches[index + 1].out.max(after);
        }
    }
}

fn bounds(graph: &Graph, task: u32) -> Bounds {
    let model = graph.model;
    let head = model.release[task as usize];
    let mut bounds =
        Bounds { after: -1, until: model.len() as i64, head, out: graph.delivery[task as usize] };
    for &before in model.before.row(task as usize) {
        bounds.after = bounds.after.max(i64::from(graph.place(before)));
        bounds.head = bounds.head.max(graph.finish(before));
    }
    for &after in model.after.row(task as usize) {
        bounds.until = bounds.until.min(i64::from(graph.place(after)));
        bounds.out = bounds.out.max(graph.out(after));
    }
    bounds
}
