//! The dependency graph, laid out in layers from left to right: what has to be done first stands further left.

use std::collections::{HashSet, VecDeque};

use engine::sorted::sort_by_key;
use engine::state::Task;
use engine::{State, TaskId, TaskStatus};

/// The most tasks that are drawn. Of a larger project, what lies around what is open or running.
const DRAWN: usize = 300;
/// How often the order within the layers is improved.
const SWEEPS: usize = 6;
/// How many tasks stand below each other at the most; of more, the rest stands beside them.
const TALLEST: usize = 14;
/// How many tasks without dependencies stand in one row.
const LOOSE_PER_ROW: usize = 6;

/// Width and height of a place for a task, with the room around it, in pixels.
pub const CELL: (f64, f64) = (236.0, 56.0);

/// The graph as it is drawn. Places are columns and rows, rows not always whole ones.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Graph {
    /// The tasks with their places.
    pub nodes: Vec<Node>,
    /// From the task that has to be done first to the one that waits for it: places in `nodes`.
    pub edges: Vec<(usize, usize)>,
    /// How many columns and rows.
    pub size: (usize, f64),
    /// How many tasks are not drawn.
    pub hidden: usize,
    /// Minutes of work along the longest chain.
    pub longest_minutes: u64,
}

/// A task in its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Which.
    pub id: TaskId,
    /// Its column.
    pub column: usize,
    /// Its row.
    pub row: f64,
    /// Whether it is on the longest chain of work.
    pub critical: bool,
}

impl Graph {
    /// The open tasks and what they directly depend on. `around` is the task that should be seen in any case.
    pub fn of(state: &State, around: Option<&TaskId>) -> Self {
        let (ids, hidden) = chosen(state, around);
        let mut edges = Vec::new();
        for (to, id) in ids.iter().enumerate() {
            let before = state.task(id).map(|task| task.spec().dependencies.as_slice()).unwrap_or_default();
            edges.extend(before.iter().filter_map(|id| ids.binary_search(id).ok()).map(|from| (from, to)));
        }
        let mut layout = Layout::new(ids.len(), &edges);
        let (critical, longest_minutes) = layout.longest_chain(|at| minutes_left(state, &ids[at]));
        layout.order();
        layout.wrap();
        layout.settle();
        let nodes = ids.iter().enumerate().map(|(at, id)| Node {
            id: id.clone(),
            column: layout.column[at],
            row: layout.row[at],
            critical: critical[at],
        });
        let nodes: Vec<Node> = nodes.collect();
        let columns = nodes.iter().map(|node| node.column + 1).max().unwrap_or(0);
        let rows = nodes.iter().map(|node| node.row + 1.0).fold(0.0, f64::max);
        Self { nodes, edges, size: (columns, rows), hidden, longest_minutes }
    }

    /// The tasks of the longest chain, the first to be done first.
    pub fn chain(&self) -> Vec<TaskId> {
        let mut chain: Vec<&Node> = self.nodes.iter().filter(|node| node.critical).collect();
        sort_by_key(&mut chain, |node| node.column);
        chain.into_iter().map(|node| node.id.clone()).collect()
    }
}

/// The tasks that are drawn, in order of id, and how many are not.
fn chosen(state: &State, around: Option<&TaskId>) -> (Vec<TaskId>, usize) {
    let open = || state.tasks().filter(|task| !task.status().is_closed());
    let mut wanted: HashSet<&TaskId> = open().map(|task| &task.spec().id).collect();
    let before = open().flat_map(|task| &task.spec().dependencies);
    wanted.extend(before.filter_map(|id| state.task(id)).map(|task| &task.spec().id));
    let all = wanted.len();
    if all <= DRAWN {
        return (in_order(wanted), 0);
    }
    let middle = around.and_then(|id| state.task(id)).map(|task| vec![task]);
    let running =
        || open().filter(|task| matches!(task.status(), TaskStatus::InProgress | TaskStatus::NeedsReview));
    let mut next: VecDeque<&Task> = middle.unwrap_or_else(|| running().collect()).into();
    let mut near: HashSet<&TaskId> = HashSet::new();
    next.extend(open());
    while let Some(task) = next.pop_front() {
        if near.len() == DRAWN {
            break;
        }
        if wanted.contains(&task.spec().id) && near.insert(&task.spec().id) {
            let neighbours = task.spec().dependencies.iter().chain(task.dependents());
            neighbours.filter_map(|id| state.task(id)).for_each(|task| next.push_front(task));
        }
    }
    (in_order(near), all - DRAWN)
}

fn in_order(ids: HashSet<&TaskId>) -> Vec<TaskId> {
    let mut ids: Vec<TaskId> = ids.into_iter().cloned().collect();
    sort_by_key(&mut ids, TaskId::clone);
    ids
}

fn minutes_left(state: &State, id: &TaskId) -> u64 {
    let task = state.task(id).filter(|task| !task.status().is_closed());
    task.map_or(0, |task| {
        let open = 100 - u64::from(task.progress().percent());
        (u64::from(task.spec().estimated_duration) * open).div_ceil(100)
    })
}

struct Layout {
    before: Vec<Vec<usize>>,
    after: Vec<Vec<usize>>,
    /// So that each stands after all that it depends on.
    sorted: Vec<usize>,
    column: Vec<usize>,
    row: Vec<f64>,
    /// The tasks of each column from top to bottom.
    layers: Vec<Vec<usize>>,
    /// Tasks that depend on nothing, and on which nothing depends.
    loose: Vec<usize>,
}

impl Layout {
    fn new(nodes: usize, edges: &[(usize, usize)]) -> Self {
        let (mut before, mut after) = (vec![Vec::new(); nodes], vec![Vec::new(); nodes]);
        for (from, to) in edges {
            before[*to].push(*from);
            after[*from].push(*to);
        }
        let mut missing: Vec<usize> = before.iter().map(Vec::len).collect();
        let mut sorted: Vec<usize> = (0..nodes).filter(|node| missing[*node] == 0).collect();
        let mut column = vec![0; nodes];
        let mut at = 0;
        while let Some(&node) = sorted.get(at) {
            for &next in &after[node] {
                column[next] = column[next].max(column[node] + 1);
                missing[next] -= 1;
                if missing[next] == 0 {
                    sorted.push(next);
                }
            }
            at += 1;
        }
        let loose = |node: &usize| before[*node].is_empty() && after[*node].is_empty();
        let (loose, bound): (Vec<usize>, Vec<usize>) = sorted.iter().copied().partition(loose);
        let mut layers = vec![Vec::new(); column.iter().max().map_or(0, |last| last + 1)];
        bound.iter().for_each(|node| layers[column[*node]].push(*node));
        let row = vec![0.0; nodes];
        Self { before, after, sorted, column, row, layers, loose }
    }

    /// The chain with the most work left, and how much that is.
    fn longest_chain(&self, minutes: impl Fn(usize) -> u64) -> (Vec<bool>, u64) {
        let mut behind = vec![0; self.before.len()];
        for &node in self.sorted.iter().rev() {
            let most = self.after[node].iter().map(|next| behind[*next]).max().unwrap_or(0);
            behind[node] = minutes(node) + most;
        }
        let first = self.sorted.iter().copied().filter(|node| minutes(*node) > 0);
        let Some(first) = first.max_by_key(|node| (behind[*node], std::cmp::Reverse(*node))) else {
            return (vec![false; behind.len()], 0);
        };
        let next = |node: &usize| {
            let after = self.after[*node].iter().copied().filter(|next| behind[*next] > 0);
            after.max_by_key(|next| (behind[*next], std::cmp::Reverse(*next)))
        };
        let chain: Vec<usize> = std::iter::successors(Some(first), next).collect();
        let mut on_it = vec![false; behind.len()];
        // A single task is no chain.
        chain.iter().filter(|_| chain.len() > 1).for_each(|node| on_it[*node] = true);
        (on_it, behind[first])
    }

    /// Brings neighbours to about the same height, so that fewer lines cross.
    fn order(&mut self) {
        for sweep in 0..SWEEPS {
            let forward = sweep % 2 == 0;
            let mut places = vec![0.0; self.before.len()];
            for layer in &self.layers {
                layer.iter().enumerate().for_each(|(at, node)| places[*node] = at as f64);
            }
            for step in 0..self.layers.len() {
                let at = if forward { step } else { self.layers.len() - 1 - step };
                let near = if forward { &self.before } else { &self.after };
                let middle = |node: usize| mean(&near[node], &places).unwrap_or(places[node]);
                let mut layer: Vec<(f64, usize)> =
                    self.layers[at].iter().map(|node| (middle(*node), *node)).collect();
                // In thousandths of a row: fractions have no order of their own.
                sort_by_key(&mut layer, |(middle, _)| (middle * 1_000.0) as i64);
                layer.iter().enumerate().for_each(|(at, (_, node))| places[*node] = at as f64);
                self.layers[at] = layer.into_iter().map(|(_, node)| node).collect();
            }
        }
    }

    /// Has tall columns go on beside themselves, in as many equal ones as it takes.
    fn wrap(&mut self) {
        let mut layers = Vec::new();
        for layer in self.layers.iter().filter(|layer| !layer.is_empty()) {
            let columns = layer.len().div_ceil(TALLEST);
            layers.extend(layer.chunks(layer.len().div_ceil(columns)).map(<[usize]>::to_vec));
        }
        for (at, layer) in layers.iter().enumerate() {
            layer.iter().for_each(|node| self.column[*node] = at);
        }
        self.layers = layers;
    }

    /// Gives each its row: near those that it depends on, none upon another; and the loose ones below all.
    fn settle(&mut self) {
        for at in 0..self.layers.len() {
            let layer = &self.layers[at];
            let wish: Vec<f64> = layer
                .iter()
                .enumerate()
                .map(|(place, node)| mean(&self.before[*node], &self.row).unwrap_or(place as f64))
                .collect();
            let mut rows: Vec<f64> = Vec::with_capacity(layer.len());
            for wish in &wish {
                rows.push(rows.last().map_or(*wish, |last| wish.max(last + 1.0)));
            }
            let shift: f64 =
                wish.iter().zip(&rows).map(|(wish, row)| wish - row).sum::<f64>() / rows.len().max(1) as f64;
            layer.iter().zip(&rows).for_each(|(node, row)| self.row[*node] = row + shift);
        }
        let bound = || self.layers.iter().flatten();
        let top = bound().map(|node| self.row[*node]).fold(f64::INFINITY, f64::min);
        let bound: Vec<usize> = bound().copied().collect();
        bound.iter().for_each(|node| self.row[*node] -= top);
        let below = bound.iter().map(|node| self.row[*node] + 1.5).fold(0.0, f64::max);
        for (at, node) in self.loose.iter().enumerate() {
            self.column[*node] = at % LOOSE_PER_ROW;
            self.row[*node] = below + (at / LOOSE_PER_ROW) as f64;
        }
    }
}

fn mean(nodes: &[usize], of: &[f64]) -> Option<f64> {
    let sum: f64 = nodes.iter().map(|node| of[*node]).sum();
    (!nodes.is_empty()).then(|| sum / nodes.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::script::script;

    #[test]
    fn what_waits_stands_further_right_and_none_upon_another() {
        let mut project = script();
        let first = project.task("schema", 60, &[], &[]);
        let second = project.task("api", 30, &[&first], &[]);
        let third = project.task("page", 90, &[&first], &[]);
        project.task("release", 10, &[&second, &third], &[]);
        project.task("alone", 500, &[], &[]);
        let graph = Graph::of(project.state(), None);
        let shown: Vec<String> = graph
            .nodes
            .iter()
            .map(|node| {
                format!("{} {} {}{}", node.id, node.column, node.row, if node.critical { " !" } else { "" })
            })
            .collect();
        assert_eq!(shown, ["T1 0 0.5", "T2 1 0", "T3 1 1", "T4 2 0.5", "T5 0 2.5"]);
        assert_eq!((graph.edges.len(), graph.hidden), (4, 0));
        project.cancel(&TaskId::numbered(5));
        let graph = Graph::of(project.state(), None);
        let critical: Vec<String> =
            graph.nodes.iter().filter(|node| node.critical).map(|node| node.id.to_string()).collect();
        assert_eq!((critical.join(" "), graph.longest_minutes), ("T1 T3 T4".to_owned(), 160));
        let chain: Vec<String> = graph.chain().iter().map(ToString::to_string).collect();
        assert_eq!(chain, ["T1", "T3", "T4"]);
    }

    #[test]
    fn many_that_wait_for_one_stand_in_several_columns() {
        let mut project = script();
        let first = project.task("first", 1, &[], &[]);
        let middle: Vec<TaskId> =
            (0..50).map(|n| project.task(&format!("step {n}"), 1, &[&first], &[])).collect();
        project.task("last", 1, &middle.iter().collect::<Vec<_>>(), &[]);
        let graph = Graph::of(project.state(), None);
        assert_eq!((graph.size.0, graph.nodes[51].column, graph.chain().len()), (6, 5, 3));
        assert!(graph.size.1 <= TALLEST as f64, "{:?}", graph.size);
        let places: HashSet<(usize, i64)> =
            graph.nodes.iter().map(|node| (node.column, (node.row * 100.0) as i64)).collect();
        assert_eq!(places.len(), graph.nodes.len(), "none upon another");
    }

    #[test]
    fn of_many_tasks_those_around_the_open_one_are_drawn() {
        let mut project = script();
        let ids: Vec<TaskId> =
            (0..DRAWN + 50).map(|n| project.task(&format!("step {n}"), 1, &[], &[])).collect();
        let last = project.task("last", 1, &[&ids[320], &ids[330]], &[]);
        let graph = Graph::of(project.state(), Some(&last));
        let drawn: HashSet<&TaskId> = graph.nodes.iter().map(|node| &node.id).collect();
        assert!([&last, &ids[320], &ids[330]].iter().all(|id| drawn.contains(*id)));
        assert_eq!((graph.nodes.len(), graph.hidden), (DRAWN, 51));
    }
}
