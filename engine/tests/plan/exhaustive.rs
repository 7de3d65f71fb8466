//! Tiny projects, planned by trying everything.

use engine::plan::{Problem, Time};

use crate::generate::{Dice, Shape, project};

/// The least makespan of all orders and all choices of agents: each task, in the order, as soon as all that it needs is free.
/// Some order gives the optimum (Kolisch 1996: the active schedules hold one, and the serial scheme builds them all).
fn optimum(problem: &Problem) -> Time {
    let agents = vec![0; problem.agents.len()];
    let until = problem.running.iter().map(|running| running.until).max().unwrap_or(0);
    until.max(best_from(
        problem,
        &mut vec![None; problem.tasks.len()],
        agents,
        vec![0; problem.machines.len()],
    ))
}

fn best_from(problem: &Problem, finish: &mut Vec<Option<Time>>, agents: Vec<Time>, files: Vec<Time>) -> Time {
    let mut best = if finish.iter().all(Option::is_some) {
        finish.iter().flatten().copied().max().unwrap_or(0)
    } else {
        Time::MAX
    };
    for (index, task) in problem.tasks.iter().enumerate() {
        let before: Option<Vec<Time>> = task.after.iter().map(|&before| finish[before as usize]).collect();
        let Some(before) = before.filter(|_| finish[index].is_none()) else { continue };
        for &agent in &problem.groups[task.group as usize] {
            let free = task.machines.iter().map(|&machine| files[machine as usize]);
            let start =
                before.iter().copied().chain(free).fold(agents[agent as usize].max(task.release), Time::max);
            let end = start + task.duration;
            let (mut agents, mut files) = (agents.clone(), files.clone());
            agents[agent as usize] = end;
            task.machines.iter().for_each(|&machine| files[machine as usize] = end);
            finish[index] = Some(end);
            best = best.min(best_from(problem, finish, agents, files));
            finish[index] = None;
        }
    }
    best
}

#[test]
fn tiny_projects_are_planned_optimally() {
    let mut dice = Dice(4);
    for seed in 0..60 {
        let shape = Shape {
            tasks: 5,
            agents: 2 + dice.below(2) as usize,
            skills: 2,
            versatility: 1,
            dependencies: dice.below(150),
            reach: 5,
            files: 2,
            files_each: dice.below(2),
            ..Shape::PLAIN
        };
        let problem = project(shape, seed);
        let optimum = optimum(&problem);
        let plan = crate::plan(&problem, seed, None, 30);
        assert_eq!(plan.finish, optimum, "{shape:?} {seed}");
        assert!(plan.bound <= optimum, "{shape:?} {seed}: bound {} over optimum {optimum}", plan.bound);
    }
}
