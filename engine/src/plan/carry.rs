//! From outlines to schedules, and from yesterday's plan to today's.

use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, BinaryHeap};

use super::graph::{Graph, NIL};
use super::model::Model;
use super::places::{Places, Spot};
use super::problem::{Problem, Time};
use super::rule::{Draft, Rule, list_schedule};
use super::schedule::Plan;

/// Builds the schedule of an outline. Tasks whose lane is [`NIL`] go wherever they lengthen the longest path through them least,
/// the most pressing first.
pub(super) fn build<'m>(model: &'m Model, draft: &Draft) -> Graph<'m> {
    let mut graph = Graph::new(model, &draft.order);
    for &task in &draft.order {
        let lane = draft.lanes[task as usize];
        if lane != NIL {
            let behind = graph.on_lane_before(graph.lane_node(lane));
            graph.link(task, lane, behind, graph.place(task));
        }
    }
    graph.settle();
    graph.sort();
    let mut homeless: Vec<u32> =
        (0..model.len() as u32).filter(|&task| draft.lanes[task as usize] == NIL).collect();
    homeless.sort_by_key(|&task| (model.class[task as usize], Reverse(model.chain[task as usize])));
    let mut places = Places::default();
    for task in homeless {
        insert(&mut graph, &mut places, task);
        graph.sort();
    }
    graph
}

/// Puts a task where the longest path through it is shortest. Among equals: behind what stands in the same line already, so that
/// whoever came first is served first; of different lines, where it starts soonest.
fn insert(graph: &mut Graph, places: &mut Places, task: u32) {
    let mut best: Option<Spot> = None;
    places.each(graph, task, |spot| {
        let better = |best: Spot| match spot.through.cmp(&best.through) {
            Ordering::Equal if spot.lane == best.lane => spot.start > best.start,
            Ordering::Equal => spot.start < best.start,
            order => order.is_lt(),
        };
        if best.is_none_or(better) {
            best = Some(spot);
        }
    });
    if let Some(spot) = best {
        graph.link(task, spot.lane, spot.behind, spot.place);
        graph.settle();
    }
}

/// The outline of an earlier plan for what is still to be planned: who was to do what, in the order planned. New tasks, and those
/// whose agent is gone or no longer able, have no lane.
pub(super) fn carried(problem: &Problem, model: &Model, previous: &Plan) -> Draft {
    let steps: BTreeMap<_, _> = previous.steps.iter().map(|step| (&step.task, step)).collect();
    let agents: BTreeMap<_, _> =
        problem.agents.iter().enumerate().map(|(index, agent)| (&agent.id, index)).collect();
    let mut start = vec![0; model.len()];
    let mut agent = vec![None; model.len()];
    for task in 0..model.len() {
        let step = steps.get(&problem.tasks[model.origin[task] as usize].id);
        let able = |agent: &usize| {
            model.lanes_of_agent(*agent).iter().any(|lane| model.able(task).binary_search(lane).is_ok())
        };
        agent[task] = step.and_then(|step| agents.get(&step.agent).copied()).filter(able);
        // Where a new task belongs in the list is not known: right behind what it waits for will do.
        let behind = model.before.row(task).iter().map(|&before| start[before as usize]).max().unwrap_or(0);
        start[task] = step.map_or(behind, |step| step.start.max(behind));
    }
    let order = by_start(model, &start);
    let lanes = choose_lanes(model, &order, &agent);
    Draft { order, lanes }
}

/// The outline in which each agent does the tasks that it has in this schedule, but never begins something less urgent while
/// something more urgent is ready.
pub(super) fn without_overtaking(graph: &Graph) -> Draft {
    let tasks = 0..graph.model.len() as u32;
    let agents: Vec<u32> =
        tasks.clone().map(|task| graph.model.lane_agent[graph.lane(task) as usize]).collect();
    let starts: Vec<Time> = tasks.map(|task| graph.start(task)).collect();
    list_schedule(graph.model, Rule::Follow { agents: &agents, starts: &starts })
}

/// All tasks by start, but nothing before what it waits for.
fn by_start(model: &Model, start: &[Time]) -> Vec<u32> {
    let mut waits: Vec<usize> = (0..model.len()).map(|task| model.before.row(task).len()).collect();
    let first =
        (0..model.len()).filter(|&task| waits[task] == 0).map(|task| Reverse((start[task], task as u32)));
    let mut next: BinaryHeap<_> = first.collect();
    let mut order = Vec::with_capacity(model.len());
    while let Some(Reverse((_, task))) = next.pop() {
        order.push(task);
        for &after in model.after.row(task as usize) {
            waits[after as usize] -= 1;
            if waits[after as usize] == 0 {
                next.push(Reverse((start[after as usize], after)));
            }
        }
    }
    order
}

/// For each task that has an agent, the lane of that agent which serves it soonest and has been free the shortest.
fn choose_lanes(model: &Model, order: &[u32], agents: &[Option<usize>]) -> Vec<u32> {
    let mut lane_free = model.lane_free.clone();
    let mut machine_free = vec![0; model.machine_count];
    let mut finish = vec![0; model.len()];
    let mut lanes = vec![NIL; model.len()];
    for &task in order {
        let index = task as usize;
        let before = model.before.row(index).iter().map(|&before| finish[before as usize]);
        let machines = model.machines.row(index).iter().map(|&machine| machine_free[machine as usize]);
        let ready: Time = before.chain(machines).fold(model.release[index], Time::max);
        finish[index] = ready + model.shortest(index);
        let Some(agent) = agents[index] else { continue };
        let wait = |&lane: &u32| {
            let free = lane_free[lane as usize];
            (free.max(ready), Reverse(free))
        };
        let Some(lane) = model.lanes_of_agent(agent).iter().copied().min_by_key(wait) else { continue };
        lanes[index] = lane;
        finish[index] = ready.max(lane_free[lane as usize]) + model.span(index, lane as usize);
        lane_free[lane as usize] = finish[index];
        for &machine in model.machines.row(index) {
            machine_free[machine as usize] = finish[index];
        }
    }
    lanes
}
