//! What the search relies on, checked against computing everything anew.

use super::carry::build;
use super::dice::Dice;
use super::graph::Graph;
use super::model::Model;
use super::places::{Places, Spot};
use super::problem::{Agent, Problem, Task};
use super::rule::{Draft, Rule, list_schedule};
use crate::ids::{ManusId, TaskId};

/// Forty tasks for four agents, one of them slow and one with two lanes, with dependencies and exclusive files.
fn problem(dice: &mut Dice) -> Problem {
    let mut problem = Problem { machines: vec![0; 6], ..Problem::default() };
    for (name, lanes, pace) in [("a", 1, 1000), ("b", 2, 1000), ("c", 1, 1500), ("d", 1, 1000)] {
        problem.agents.push(Agent { lanes, pace, ..Agent::new(ManusId::new(name).unwrap()) });
    }
    for index in 0..40 {
        let able = (0..4).filter(|_| dice.below(2) == 0).collect::<Vec<u32>>();
        let group = problem.group_of(if able.is_empty() { vec![1] } else { able });
        let mut task = Task::new(TaskId::numbered(index + 1), dice.below(9) as u64, group);
        if index > 0 && dice.below(2) == 0 {
            task.after.push(dice.below(index as usize) as u32);
        }
        task.machines.extend((0..dice.below(3)).map(|_| dice.below(6) as u32));
        problem.tasks.push(task);
    }
    problem
}

fn outline(graph: &Graph) -> Draft {
    let lanes = (0..graph.model.len() as u32).map(|task| graph.lane(task)).collect();
    Draft { order: graph.order().to_vec(), lanes }
}

#[test]
fn a_place_is_exactly_as_good_as_it_is_said_to_be() {
    let mut dice = Dice::new(5);
    for _ in 0..30 {
        let problem = problem(&mut dice);
        let model = Model::new(&problem);
        let mut graph = build(&model, &list_schedule(&model, Rule::ChainAndPressure));
        let mut places = Places::default();
        for _ in 0..20 {
            let task = dice.below(model.len()) as u32;
            graph.unlink(task);
            graph.settle();
            let without = graph.makespan();
            let mut spots: Vec<Spot> = Vec::new();
            places.each(&mut graph, task, |spot| spots.push(spot));
            assert!(!spots.is_empty(), "a task can always go back to where it was");
            let saved = graph.save();
            for spot in &spots {
                graph.restore(&saved);
                graph.link(task, spot.lane, spot.behind, spot.place);
                graph.settle();
                assert_eq!((graph.start(task), graph.through(task)), (spot.start, spot.through));
                assert_eq!(graph.makespan(), without.max(spot.through));
            }
            graph.sort();
        }
    }
}

#[test]
fn what_is_kept_up_to_date_is_what_would_be_computed_anew() {
    let mut dice = Dice::new(6);
    for _ in 0..30 {
        let problem = problem(&mut dice);
        let model = Model::new(&problem);
        let mut graph = build(&model, &list_schedule(&model, Rule::Chain));
        let mut places = Places::default();
        for _ in 0..50 {
            let task = dice.below(model.len()) as u32;
            graph.unlink(task);
            graph.settle();
            let mut spots: Vec<Spot> = Vec::new();
            places.each(&mut graph, task, |spot| spots.push(spot));
            let spot = spots[dice.below(spots.len())];
            graph.link(task, spot.lane, spot.behind, spot.place);
            graph.settle();
            graph.sort();
            let anew = build(&model, &outline(&graph));
            for task in 0..model.len() as u32 {
                assert_eq!((graph.start(task), graph.finish(task)), (anew.start(task), anew.finish(task)));
                assert_eq!((graph.out(task), graph.place(task)), (anew.out(task), anew.place(task)));
            }
        }
    }
}
