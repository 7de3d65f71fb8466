//! How soon everything could be finished at best: bounds that no schedule can beat.
//!
//! The greatest of: the critical path; for each exclusive file and each set of agents that can do the same, the work that cannot
//! begin before some time, between the earliest start and the shortest rest after it (as in Carlier: "The one-machine
//! sequencing problem", 1982, Proposition 1, with m machines the work divided by m); and the fractional work bound, in which
//! tasks may be split at will among those able to do them, found as a maximum flow.

use super::flow::Flow;
use super::model::Model;
use super::problem::{Time, USUAL_PACE};

/// Above this many pairs of a group and a lane, the flow costs more than it is worth.
const PAIRS_MAX: usize = 20_000;
/// Above this many groups, the work of each is not bounded on its own.
const GROUPS_MAX: usize = 100;

/// The earliest that everything planned and running can be finished.
pub(super) fn lower_bound(model: &Model) -> Time {
    of_tasks(model, &(0..model.len()).collect::<Vec<_>>()).max(model.running_until)
}

/// Per class of urgency, the earliest that everything of it and of more urgent ones can be finished; for the last, what is
/// running included. What such a task waits for is as urgent, so each of these is a bound of its own.
pub(super) fn by_class(model: &Model) -> Vec<Time> {
    let up_to = |class: usize| {
        (0..model.len()).filter(|&task| model.class[task] as usize <= class).collect::<Vec<_>>()
    };
    let mut bounds: Vec<Time> = (0..model.classes).map(|class| of_tasks(model, &up_to(class))).collect();
    if let Some(last) = bounds.last_mut() {
        *last = model.running_until.max(*last);
    }
    bounds
}

/// The bound for some tasks and nothing else, given with all that they wait for, each after that.
fn of_tasks(model: &Model, tasks: &[usize]) -> Time {
    let (heads, tails) = (heads(model, tasks), tails(model, tasks));
    let path = tasks.iter().map(|&task| heads[task] + model.shortest(task) + tails[task]).max().unwrap_or(0);
    let mut by_head = tasks.to_vec();
    by_head.sort_unstable_by_key(|&task| std::cmp::Reverse(heads[task]));
    let all = by_head.iter().copied();
    let mut bound = path.max(squeezed(model, all, model.lanes() as u64, &heads, &tails));
    let mut of_machine = vec![Vec::new(); model.machine_count];
    for &task in &by_head {
        model.machines.row(task).iter().for_each(|&machine| of_machine[machine as usize].push(task));
    }
    for tasks in &of_machine {
        bound = bound.max(squeezed(model, tasks.iter().copied(), 1, &heads, &tails));
    }
    if model.able.len() <= GROUPS_MAX {
        for group in 0..model.able.len() {
            let lanes = model.able.row(group);
            let inside =
                |task: &usize| model.able(*task).iter().all(|lane| lanes.binary_search(lane).is_ok());
            let tasks = by_head.iter().copied().filter(inside);
            bound = bound.max(squeezed(model, tasks, lanes.len() as u64, &heads, &tails));
        }
    }
    fractional(model, tasks, bound)
}

/// When each task could start if only its dependencies, its exclusive files and its agents' present work were in its way.
fn heads(model: &Model, tasks: &[usize]) -> Vec<Time> {
    let mut heads = vec![0; model.len()];
    for &task in tasks {
        let free = model.able(task).iter().map(|&lane| model.lane_free[lane as usize]).min().unwrap_or(0);
        let before = model
            .before
            .row(task)
            .iter()
            .map(|&before| heads[before as usize] + model.shortest(before as usize));
        heads[task] = before.fold(model.release[task].max(free), Time::max);
    }
    heads
}

/// The longest chain of work behind each task, itself not included.
fn tails(model: &Model, tasks: &[usize]) -> Vec<Time> {
    let mut tails = vec![0; model.len()];
    for &task in tasks.iter().rev() {
        for &before in model.before.row(task) {
            tails[before as usize] = tails[before as usize].max(tails[task] + model.shortest(task));
        }
    }
    tails
}

/// The bound for tasks, latest head first, that all have to go through the same few servers: whatever starts late has to be
/// done between the earliest of its heads and the shortest of its tails.
fn squeezed(
    model: &Model,
    tasks: impl Iterator<Item = usize>,
    servers: u64,
    heads: &[Time],
    tails: &[Time],
) -> Time {
    let (mut work, mut tail, mut bound) = (0, Time::MAX, 0);
    for task in tasks {
        work += model.shortest(task);
        tail = tail.min(tails[task]);
        bound = bound.max(heads[task] + Time::div_ceil(work, servers.max(1)) + tail);
    }
    bound
}

/// The least time, from `bound` on, by which lanes can do all work if tasks may be split. Each time that the flow falls short,
/// its minimum cut names groups of tasks whose lanes have too little time; the next try is the least time that is enough for
/// those (discrete Newton method; Dinkelbach 1967).
fn fractional(model: &Model, tasks: &[usize], mut bound: Time) -> Time {
    if model.able.items().len() > PAIRS_MAX {
        return bound;
    }
    // Work is counted in thousandths, so that lanes of any pace can be compared.
    let mut work = vec![0u128; model.able.len()];
    for &task in tasks {
        work[model.group[task] as usize] += u128::from(model.duration[task]) * u128::from(USUAL_PACE);
    }
    let capacity = |lane: usize, until: Time| {
        let time = u128::from(until.saturating_sub(model.lane_free[lane])) * 1_000_000;
        time / u128::from(model.lane_pace[lane].max(1))
    };
    loop {
        let capacities = (0..model.lanes()).map(|lane| capacity(lane, bound)).collect();
        let Some(short) = Flow::new(&work, capacities, &model.able).shortage() else { return bound };
        let needed: u128 = short.groups.iter().map(|&group| work[group]).sum();
        let enough =
            |until: Time| short.lanes.iter().map(|&lane| capacity(lane, until)).sum::<u128>() >= needed;
        let Some(next) = least_after(bound, enough) else { return bound };
        bound = next;
    }
}

/// The least time after `from` that is enough.
fn least_after(from: Time, enough: impl Fn(Time) -> bool) -> Option<Time> {
    let reach = (0..62).map(|bit| 1 << bit).find(|&step| enough(from + step))?;
    let (mut short, mut long) = (from + reach / 2, from + reach);
    while short + 1 < long {
        let middle = short + (long - short) / 2;
        if enough(middle) { long = middle } else { short = middle }
    }
    Some(long)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_time_is_found_exactly() {
        for wanted in 11..200 {
            assert_eq!(least_after(10, |time| time >= wanted), Some(wanted));
        }
        assert_eq!(least_after(10, |_| false), None);
    }
}
