//! Projects carried out by the rules under a virtual clock.
//!
//! Budgets here are questions whether to go on, not milliseconds, so that every run is the same.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod facts;
mod generate;
mod library;

use engine::plan::project::{ItemId, Project};
use engine::planning::{Planner, Sketch};
use engine::simulate::{LONGEST_UNITS, Played, Policy, Unplayable, check, play};
use facts::Facts;
use generate::Shape;

/// Plays a project with plans of so many questions each, or none, and holds what came of it against what it demands.
fn played(project: &Project, facts: &Facts, policy: Policy, questions: usize) -> Played {
    let mut planning = |planner: &mut Planner, sketch: Sketch| {
        let mut asked = 0;
        planner.plan(sketch, 1, &mut || {
            asked += 1;
            asked <= questions
        })
    };
    let played = play(project, policy, if questions > 0 { Some(&mut planning) } else { None }).unwrap();
    facts.check(&played.schedule).unwrap();
    assert_eq!(played.makespan, played.schedule.iter().map(|entry| entry.finish).max().unwrap_or(0));
    assert!(played.makespan >= played.lower_bound);
    played
}

/// By how many thousandths a makespan is above its bound.
fn above(played: &Played) -> u64 {
    (played.makespan - played.lower_bound) * 1000 / played.lower_bound
}

#[test]
fn the_librarys_small_instances() {
    for instance in library::load().iter().filter(|instance| instance.project.tasks.len() <= 15) {
        let facts = Facts::of_def(&instance.text);
        assert_eq!(facts.size(), (instance.project.tasks.len(), instance.project.agents.len()));
        played(&instance.project, &facts, Policy::Fifo, 0);
        let by_rule = played(&instance.project, &facts, Policy::Engine, 0);
        let planned = played(&instance.project, &facts, Policy::Engine, 20);
        let (name, bound) = (&instance.name, instance.lower_bound);
        assert!(planned.makespan >= bound && by_rule.makespan >= bound, "{name} beats what was proved");
        assert!(planned.makespan * 100 <= bound * 108, "{name}: {} of {bound}", planned.makespan);
    }
}

#[test]
fn made_up_projects_of_every_shape() {
    let shapes = [
        Shape::SMALL,
        Shape::USUAL,
        Shape::DENSE,
        Shape::FILES,
        Shape { lanes: 3, ..Shape::FILES },
        Shape { durations: (0, 3), ..Shape::USUAL },
    ];
    for (shape, seed) in shapes.into_iter().flat_map(|shape| (0..3).map(move |seed| (shape, seed))) {
        let project = generate::project(shape, seed);
        let facts = Facts::of(&project);
        played(&project, &facts, Policy::Fifo, 0);
        played(&project, &facts, Policy::Engine, 0);
        played(&project, &facts, Policy::Engine, 2);
    }
}

#[test]
fn plans_bring_projects_close_to_what_is_possible() {
    for (shape, questions, worst) in [(Shape::USUAL, 20, 40), (Shape::FILES, 40, 30)] {
        let found: Vec<u64> = (1..=5)
            .map(|seed| {
                let project = generate::project(shape, seed);
                above(&played(&project, &Facts::of(&project), Policy::Engine, questions))
            })
            .collect();
        assert!(
            found.iter().all(|above| *above <= worst),
            "{shape:?}: {found:?} thousandths above the bound"
        );
    }
}

#[test]
fn without_plans_tasks_still_go_where_they_press() {
    // The rule that asks for the longest chain alone comes to 150 and more.
    for shape in [Shape::USUAL, Shape::DENSE] {
        let found: Vec<u64> = (1..=8)
            .map(|seed| {
                let project = generate::project(shape, seed);
                above(&played(&project, &Facts::of(&project), Policy::Engine, 0))
            })
            .collect();
        assert!(found.iter().sum::<u64>() / 8 <= 70, "{shape:?}: {found:?} thousandths above the bound");
    }
}

#[test]
fn the_same_questions_give_the_same_schedule() {
    let project = generate::project(Shape::FILES, 3);
    let facts = Facts::of(&project);
    let [one, other] = [(); 2].map(|()| played(&project, &facts, Policy::Engine, 3));
    assert_eq!(one, other);
}

#[test]
fn first_task_first_is_that() {
    let shape = Shape { tasks: 6, agents: 1, skills: 1, dependencies: 0, ..Shape::SMALL };
    let project = generate::project(shape, 1);
    let played = played(&project, &Facts::of(&project), Policy::Fifo, 0);
    let order: Vec<ItemId> = played.schedule.into_iter().map(|entry| entry.task).collect();
    assert_eq!(order, (1..=6).map(ItemId::Number).collect::<Vec<_>>());
}

#[test]
fn what_would_be_played_wrongly_is_refused() {
    let mut project = generate::project(Shape::SMALL, 1);
    assert_eq!(check(&project), Ok(()));
    project.tasks[2].estimated_duration = LONGEST_UNITS + 1;
    let too_long = Unplayable::TooLong { task: ItemId::Number(3), duration: LONGEST_UNITS + 1 };
    assert_eq!(check(&project), Err(too_long.clone()));
    assert_eq!(play(&project, Policy::Engine, None), Err(too_long));
    project.tasks[2].estimated_duration = 1;
    project.tasks[2].dependencies = vec![ItemId::Text("elsewhere".to_owned())];
    assert_eq!(
        check(&project).unwrap_err().to_string(),
        "task 3 waits for elsewhere, which is no task of the project"
    );
}

#[test]
fn nothing_to_do_takes_no_time() {
    let played = play(&Project::default(), Policy::Engine, None).unwrap();
    assert_eq!((played.makespan, played.lower_bound, played.schedule.len()), (0, 0, 0));
}
