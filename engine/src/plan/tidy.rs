//! The last touch: nothing waits that could run.
//!
//! The search looks at what is critical and leaves the rest wherever it does no harm: a task may stand in the queue of one agent
//! while another who could do it has nothing to do. Here such tasks are moved to where they start at once, as long as the
//! schedule costs no more and tasks start sooner in all. What would wait later can wait: by then there is another plan.

use super::graph::Graph;
use super::objective::{Objective, ready};
use super::places::{Places, Spot};

pub(super) fn tidy(graph: &mut Graph) {
    if !somebody_is_idle(graph) {
        return;
    }
    let (mut objective, mut places) = (Objective::new(graph.model), Places::default());
    let cost = objective.cost(graph);
    let (mut kept, mut starts) = (graph.save(), sum_of_starts(graph));
    for task in graph.order().to_vec() {
        let now = graph.model.now;
        if graph.start(task) <= now || ready(graph, task as usize) > now {
            continue;
        }
        graph.unlink(task);
        graph.settle();
        if let Some(spot) = spot_now(graph, &mut places, task) {
            graph.link(task, spot.lane, spot.behind, spot.place);
            graph.settle();
            graph.sort();
            let sum = sum_of_starts(graph);
            if sum < starts && objective.cost(graph) <= cost {
                starts = sum;
                graph.save_to(&mut kept);
                continue;
            }
        }
        graph.restore(&kept);
    }
}

/// Whether some lane is free now and nothing starts on it.
fn somebody_is_idle(graph: &Graph) -> bool {
    let now = graph.model.now;
    let idle = |lane: u32| {
        let first = graph.on_lane_after(graph.lane_node(lane));
        let begins_later = first == graph.lane_node(lane) || graph.start(first) > now;
        graph.model.lane_free[lane as usize] <= now && begins_later
    };
    (0..graph.model.lanes() as u32).any(idle)
}

/// A lane on which a task would start now and be finished before the next task there starts.
fn spot_now(graph: &mut Graph, places: &mut Places, task: u32) -> Option<Spot> {
    let (now, mut spots) = (graph.model.now, Vec::new());
    places.each(graph, task, |spot| {
        if spot.start <= now {
            spots.push(spot);
        }
    });
    let fits = |spot: &Spot| {
        let next = graph.on_lane_after(spot.behind);
        let finish = spot.start + graph.model.span(task as usize, spot.lane as usize);
        next == graph.lane_node(spot.lane) || finish <= graph.start(next)
    };
    spots.into_iter().filter(fits).min_by_key(|spot| spot.through)
}

fn sum_of_starts(graph: &Graph) -> u128 {
    graph.order().iter().map(|&task| u128::from(graph.start(task))).sum()
}
