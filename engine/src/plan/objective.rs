//! What makes one schedule better than another.
//!
//! With one class of urgency: the makespan. With several, the sum over the classes of the time by which everything at least
//! that urgent is finished, each class weighing [`STEP`] times the next; the last of these times is the makespan. And before
//! all that: nobody waits for an agent who began something less urgent when the more urgent task was ready to start. Such
//! *overtaking* costs what it makes the more urgent task wait, at a weight above all others. A task counts as urgent as the
//! most urgent one that waits for it.

use super::graph::Graph;
use super::model::Model;
use super::problem::Time;

/// How much more a class of urgency weighs than the next.
const STEP: u128 = 16;

/// Smaller is better.
pub(super) type Cost = u128;

/// Judges schedules; keeps its buffers from one to the next.
#[derive(Debug)]
pub(super) struct Objective {
    /// Per class: when everything of it is finished.
    finished: Vec<Time>,
    /// Per agent and class: the latest start of a task of this class or a less urgent one, and the latest before that one, each
    /// plus 1; 0 for none.
    begun: Vec<(Time, Time)>,
}

impl Objective {
    pub(super) fn new(model: &Model) -> Self {
        let several = if model.classes > 1 { model.agents.len() * model.classes } else { 0 };
        Self { finished: vec![0; model.classes], begun: vec![(0, 0); several] }
    }

    /// The cost of a schedule whose list is sorted by start.
    pub(super) fn cost(&mut self, graph: &Graph) -> Cost {
        if graph.model.classes == 1 {
            return Cost::from(graph.makespan().max(graph.model.running_until));
        }
        self.note_finishes(graph);
        let last = self.finished.len() - 1;
        self.finished[last] = self.finished[last].max(graph.model.running_until);
        let top = STEP.pow(self.finished.len() as u32);
        weighed(&self.finished) + top * self.overtaken(graph)
    }

    /// Per class, how much earlier than the whole it is finished: with this added to their outs, the last of each class lie on
    /// a longest path.
    pub(super) fn deliveries(&mut self, graph: &Graph) -> &[Time] {
        self.note_finishes(graph);
        let makespan = self.finished.iter().copied().max().unwrap_or(0);
        self.finished.iter_mut().for_each(|finish| *finish = makespan - *finish);
        &self.finished
    }

    /// When everything of each class and of more urgent ones is finished.
    fn note_finishes(&mut self, graph: &Graph) {
        self.finished.fill(0);
        for &task in graph.order() {
            let finished = &mut self.finished[graph.model.class[task as usize] as usize];
            *finished = graph.finish(task).max(*finished);
        }
        for class in 1..self.finished.len() {
            self.finished[class] = self.finished[class].max(self.finished[class - 1]);
        }
    }

    /// How long tasks wait in all that were ready when their agent began something less urgent.
    fn overtaken(&mut self, graph: &Graph) -> Cost {
        let model = graph.model;
        self.begun.fill((0, 0));
        let mut waited: Cost = 0;
        for &task in graph.order() {
            let index = task as usize;
            let (class, start) = (model.class[index] as usize, graph.start(task));
            let agent = model.lane_agent[graph.lane(task) as usize] as usize * model.classes;
            let less_urgent = self.begun.get(agent + class + 1).filter(|_| class + 1 < model.classes);
            if let Some(&(latest, earlier)) = less_urgent {
                let ready = ready(graph, index);
                let begun = if latest > start { earlier } else { latest };
                if begun > ready {
                    waited += Cost::from(start - ready);
                }
            }
            for begun in &mut self.begun[agent..=agent + class] {
                if start + 1 > begun.0 {
                    *begun = (start + 1, begun.0);
                }
            }
        }
        waited
    }
}

/// What it costs that everything up to each class is finished at these times.
pub(super) fn weighed(finished: &[Time]) -> Cost {
    finished.iter().fold(0, |sum, &finish| sum * STEP + Cost::from(finish))
}

/// When a task could start if its agent were free.
pub(super) fn ready(graph: &Graph, task: usize) -> Time {
    let before = graph.model.before.row(task).iter().copied().chain(graph.on_machines_before(task));
    before.fold(graph.model.release[task], |latest, before| latest.max(graph.finish(before)))
}
