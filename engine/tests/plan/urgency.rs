//! Several classes of urgency.

use engine::plan::{Agent, Plan, Problem, Task, Time};
use engine::{ManusId, Priority, TaskId};

use crate::generate::{Shape, project};
use crate::plan;

/// How urgent each task is, counting whatever waits for it.
fn inherited(problem: &Problem) -> Vec<u8> {
    let mut urgency: Vec<u8> = problem.tasks.iter().map(|task| task.priority.number()).collect();
    for _ in 0..problem.tasks.len() {
        for (index, task) in problem.tasks.iter().enumerate() {
            for &before in &task.after {
                urgency[before as usize] = urgency[before as usize].min(urgency[index]);
            }
        }
    }
    urgency
}

/// Tasks that were ready when their agent began something less urgent instead, with that.
fn overtaken(problem: &Problem, plan: &Plan) -> Vec<(TaskId, TaskId)> {
    let urgency = inherited(problem);
    let step = |index: usize| plan.steps.iter().find(|step| step.task == problem.tasks[index].id).unwrap();
    let mut found = Vec::new();
    for (index, task) in problem.tasks.iter().enumerate() {
        let own = step(index);
        let before = task.after.iter().map(|&before| step(before as usize).finish);
        let shared = |other: &Task| other.machines.iter().any(|machine| task.machines.contains(machine));
        let sharing =
            problem.tasks.iter().enumerate().filter(|(other, task)| *other != index && shared(task));
        let files = sharing.map(|(other, _)| step(other).finish).filter(|finish| *finish <= own.start);
        let running = problem.running.iter().filter(|r| r.machines.iter().any(|m| task.machines.contains(m)));
        let ready = before
            .chain(files)
            .chain(running.map(|r| r.until))
            .fold(task.release.max(problem.now), Time::max);
        for (other, less) in
            problem.tasks.iter().enumerate().filter(|(other, _)| urgency[*other] > urgency[index])
        {
            let begun = step(other);
            if begun.agent == own.agent && begun.start >= ready && begun.start < own.start {
                found.push((task.id.clone(), less.id.clone()));
            }
        }
    }
    found
}

#[test]
fn nobody_waits_while_the_agent_begins_something_less_urgent() {
    for seed in 0..40 {
        let shape = Shape {
            tasks: 60,
            agents: 6,
            classes: 4,
            dependencies: 40,
            files: 10,
            files_each: 1,
            lanes: 1 + seed % 2,
            ..Shape::PLAIN
        };
        let problem = project(shape, seed);
        let once = plan(&problem, seed, None, 40);
        assert_eq!(overtaken(&problem, &once), [], "seed {seed}");
        // The same holds for a plan that comes from one in which nothing was urgent.
        let mut calm = problem.clone();
        calm.tasks.iter_mut().for_each(|task| task.priority = Priority::Low);
        let carried = plan(&problem, seed, Some(&plan(&calm, seed, None, 40)), 0);
        assert_eq!(overtaken(&problem, &carried), [], "seed {seed}, carried over");
    }
}

#[test]
fn what_an_urgent_task_waits_for_is_urgent_too() {
    let mut problem = Problem::default();
    problem.agents.push(Agent::new(ManusId::new("only").unwrap()));
    let group = problem.group_of(vec![0]);
    let task = |number, priority, after: &[u32]| Task {
        priority,
        after: after.to_vec(),
        ..Task::new(TaskId::numbered(number), 10, group)
    };
    problem.tasks = vec![
        task(1, Priority::High, &[]),
        task(2, Priority::Low, &[]),
        task(3, Priority::Critical, &[1]),
        task(4, Priority::Medium, &[]),
    ];
    let plan = plan(&problem, 0, None, 5);
    let order: Vec<String> = plan.steps.iter().map(|step| step.task.to_string()).collect();
    assert_eq!(order, ["T2", "T3", "T1", "T4"]);
}

#[test]
fn urgency_comes_before_the_makespan_and_the_makespan_still_counts() {
    for seed in 0..5 {
        let urgent = project(Shape { classes: 2, ..Shape::PLAIN }, seed);
        let mut calm = urgent.clone();
        calm.tasks.iter_mut().for_each(|task| task.priority = Priority::Medium);
        let finish = |plan: &Plan| {
            let critical = plan.steps.iter().filter(|step| {
                urgent.tasks.iter().any(|task| task.id == step.task && task.priority == Priority::Critical)
            });
            critical.map(|step| step.finish).max().unwrap()
        };
        let (with, without) = (plan(&urgent, seed, None, 150), plan(&calm, seed, None, 150));
        assert!(finish(&with) < finish(&without), "seed {seed}");
        assert!(with.finish * 100 <= with.bound * 115, "seed {seed}: {} over {}", with.finish, with.bound);
    }
}
