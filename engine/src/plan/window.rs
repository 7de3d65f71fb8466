//! Which part of a huge project to plan: what is ready, or will be soon, best first.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

/// A task that waits for tasks already in the window, and for nothing else once all of those are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependent<R, T> {
    /// Its place among others; smaller is better.
    pub rank: R,
    /// Which.
    pub task: T,
    /// How many open tasks it waits for in all.
    pub waits_for: usize,
}

/// Picks up to `limit` tasks such that whatever one of them waits for is among them too.
///
/// `ready` holds the tasks that could start now, a row for each kind (those that the same agents can do), each row best first;
/// rows are read only as far as needed. First every row gives its share of half the window, so that nobody runs out of plan
/// because others have more urgent work; the other half goes by rank, to whatever is ready once the tasks picked are done.
/// `dependents` names what waits for a task. Takes O(limit · log limit) and a look at the first of each row.
pub fn window<R: Ord + Clone, T: Ord + Clone>(
    ready: impl IntoIterator<Item = impl Iterator<Item = (R, T)>>,
    limit: usize,
    mut dependents: impl FnMut(&T, &mut Vec<Dependent<R, T>>),
) -> Vec<T> {
    let mut rows: Vec<_> = ready.into_iter().collect();
    let share = (limit / 2 / rows.len().max(1)).max(1);
    let mut picked: Vec<T> = Vec::new();
    let mut next: BinaryHeap<Reverse<(R, T, Option<usize>)>> = BinaryHeap::new();
    for (index, row) in rows.iter_mut().enumerate() {
        let room = limit.saturating_sub(picked.len()).min(share);
        picked.extend(row.by_ref().take(room).map(|(_, task)| task));
        next.extend(row.next().map(|(rank, task)| Reverse((rank, task, Some(index)))));
    }
    let mut waits: BTreeMap<T, usize> = BTreeMap::new();
    let mut found = Vec::new();
    let mut seen = 0;
    loop {
        while seen < picked.len() {
            dependents(&picked[seen], &mut found);
            seen += 1;
            for dependent in found.drain(..) {
                let left = waits.entry(dependent.task.clone()).or_insert(dependent.waits_for);
                *left = left.saturating_sub(1);
                if *left == 0 {
                    next.push(Reverse((dependent.rank, dependent.task, None)));
                }
            }
        }
        if picked.len() >= limit {
            return picked;
        }
        let Some(Reverse((_, task, row))) = next.pop() else { return picked };
        picked.push(task);
        if let Some(index) = row {
            next.extend(rows[index].next().map(|(rank, task)| Reverse((rank, task, row))));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tasks 0 to 99 are ready, of two kinds; 100 + n waits for n and for n + 1.
    fn picked(limit: usize, better: std::ops::Range<u32>) -> Vec<u32> {
        let rank = |task: u32| (u32::from(!better.contains(&task)), task);
        let row = |tasks: std::ops::Range<u32>| tasks.map(rank).map(|rank| (rank, rank.1));
        let dependents = |task: &u32, found: &mut Vec<Dependent<(u32, u32), u32>>| {
            let waiting = [task + 100, (task + 99).max(100)];
            let first = if waiting[0] == waiting[1] { 1 } else { 0 };
            found.extend(waiting[first..].iter().filter(|_| *task < 100).map(|&task| {
                let waits_for = if task == 199 { 1 } else { 2 };
                Dependent { rank: rank(task), task, waits_for }
            }));
        };
        window([row(0..60), row(60..100)], limit, dependents)
    }

    #[test]
    fn every_kind_has_its_share_and_nothing_waits_for_what_is_left_out() {
        for limit in [0, 1, 2, 7, 40, 120, 500] {
            let tasks = picked(limit, 0..10);
            assert_eq!(tasks.len(), limit.min(200), "as many as there are room and tasks for");
            for task in tasks.iter().filter(|task| **task >= 100) {
                assert!(
                    tasks.contains(&(task - 100)) && (*task == 199 || tasks.contains(&(task - 99))),
                    "{task}"
                );
            }
        }
        let forty = picked(40, 0..10);
        assert_eq!(forty.iter().filter(|task| (60..100).contains(*task)).count(), 10);
        let urgent_later = picked(40, 100..110);
        assert!(
            (100..109).all(|task| urgent_later.contains(&task)),
            "what an urgent task waits for is there: {urgent_later:?}"
        );
    }
}
