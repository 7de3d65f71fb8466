//! The planner as a whole: plans can be carried out, are as good as they claim, and only ever get better.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, missing_docs)]

mod exhaustive;
mod generate;
mod library;
mod rolling;
mod sketches;
mod through_rules;
mod urgency;

use engine::plan::{self, Agent, Plan, Problem, Task, Time};
use engine::{ManusId, TaskId};
use generate::{Dice, Shape, project};

/// A plan after being allowed to go on this many times.
fn plan(problem: &Problem, seed: u64, previous: Option<&Plan>, mut times: u64) -> Plan {
    let plan = plan::plan(problem, seed, previous, &mut || {
        times = times.saturating_sub(1);
        times > 0
    });
    plan.check(problem).unwrap();
    assert!(plan.finish >= plan.bound, "a bound that can be beaten is none");
    plan
}

/// A shape of any kind.
fn any_shape(dice: &mut Dice) -> Shape {
    let files = dice.below(12);
    Shape {
        tasks: dice.below(70) as usize,
        agents: 1 + dice.below(8) as usize,
        skills: 1 + dice.below(6),
        versatility: 1 + dice.below(4),
        dependencies: dice.below(300),
        reach: 1 + dice.below(20),
        files,
        files_each: dice.below(4).min(files),
        lanes: 1 + dice.below(3),
        classes: 1 + dice.below(4),
        uneven: dice.below(2) == 0,
    }
}

#[test]
fn plans_can_be_carried_out() {
    let mut dice = Dice(1);
    for seed in 0..60 {
        let shape = any_shape(&mut dice);
        let problem = project(shape, seed);
        plan::plan_by_rule(&problem)
            .check(&problem)
            .unwrap_or_else(|fault| panic!("{shape:?} {seed}: {fault}"));
        let once = plan(&problem, seed, None, 10);
        assert_eq!(once.steps.len(), problem.tasks.len(), "{shape:?} {seed}");
        critical_path_holds(&problem, &once);
        let done = rolling::carry_out(&problem, |left, before| plan(left, seed, before, 2));
        done.check(&problem).unwrap_or_else(|fault| panic!("{shape:?} {seed}, carried out: {fault}"));
        if shape.classes == 1 && shape.tasks > 0 {
            let until = problem.running.iter().map(|running| running.until).max().unwrap_or(0);
            assert!(
                done.finish.max(until) <= plan(&problem, seed, None, 2).finish,
                "carried out worse than planned"
            );
        }
    }
}

/// Each step of the critical path begins when the one before ends; the last ends with the plan.
fn critical_path_holds(problem: &Problem, plan: &Plan) {
    let step = |id: &TaskId| plan.steps.iter().find(|step| step.task == *id).unwrap();
    for pair in plan.critical.windows(2) {
        assert_eq!(step(&pair[0]).finish, step(&pair[1]).start);
    }
    let running = problem.running.iter().map(|running| running.until).max().unwrap_or(0);
    let last = plan.critical.last().map_or(0, |id| step(id).finish);
    assert_eq!(last.max(running), plan.finish);
}

#[test]
fn the_same_seed_and_steps_give_the_same_plan() {
    let problem = project(Shape { files: 10, files_each: 2, classes: 2, ..Shape::PLAIN }, 3);
    let first = plan(&problem, 9, None, 50);
    assert_eq!(first, plan(&problem, 9, None, 50));
    let json = serde_json::to_string(&first).unwrap();
    let read: Plan = serde_json::from_str(&json).unwrap();
    assert_eq!(first, read);
}

/// Where the order makes no difference to the finish, those who came first are served first.
#[test]
fn new_work_stands_in_line_behind_older_work() {
    let (mut problem, mut done) = (Problem::default(), Plan::default());
    problem.agents.push(Agent::new(ManusId::new("ada").unwrap()));
    problem.groups.push(vec![0]);
    for number in 1..=20_u64 {
        let length = 30 + 7 * (number * 13 % 5);
        problem.tasks.push(Task::new(TaskId::numbered(number), length, 0));
        done = plan(&problem, number, Some(&done), 20);
    }
    let order: Vec<&TaskId> = done.steps.iter().map(|step| &step.task).collect();
    assert_eq!(order, problem.tasks.iter().map(|task| &task.id).collect::<Vec<_>>());
}

#[test]
fn more_time_and_an_earlier_plan_never_make_it_worse() {
    for seed in 0..20 {
        let problem = project(Shape { files: 20, files_each: 2, ..Shape::PLAIN }, seed);
        let mut before: Option<Plan> = None;
        for times in [0, 1, 5, 0, 20] {
            let next = plan(&problem, seed + times, before.as_ref(), times);
            assert!(before.is_none_or(|before| next.finish <= before.finish));
            before = Some(next);
        }
    }
}

#[test]
fn without_anything_better_the_plan_stays_as_it_was() {
    let problem = project(Shape { tasks: 40, ..Shape::PLAIN }, 5);
    let first = plan(&problem, 1, None, 400);
    assert_eq!(first.finish, first.bound, "small enough to be solved");
    assert_eq!(plan(&problem, 2, Some(&first), 400), first);
}

#[test]
fn nothing_waits_that_could_run() {
    for seed in 0..40 {
        // Far more agents than needed: most schedules are as good as any other for the makespan.
        let problem = project(Shape { tasks: 30, agents: 12, dependencies: 100, ..Shape::PLAIN }, seed);
        assert_eq!(waiting_in_vain(&problem, &plan(&problem, seed, None, 20)), [], "seed {seed}");
    }
}

/// Tasks that wait though somebody able has nothing to do before they would be finished.
fn waiting_in_vain(problem: &Problem, plan: &Plan) -> Vec<plan::Step> {
    let finish = |index: u32| {
        let id = &problem.tasks[index as usize].id;
        plan.steps.iter().find(|step| step.task == *id).map_or(Time::MAX, |step| step.finish)
    };
    let vain = |step: &&plan::Step| {
        let task = problem.tasks.iter().find(|task| task.id == step.task).expect("planned tasks are open");
        let ready =
            task.after.iter().all(|&before| finish(before) <= problem.now) && task.release <= problem.now;
        let idle = |&agent: &u32| {
            let agent = &problem.agents[agent as usize];
            plan.of_agent(&agent.id).all(|other| other.start >= problem.now + task.duration)
        };
        step.start > problem.now && ready && problem.groups[task.group as usize].iter().any(idle)
    };
    plan.steps.iter().filter(vain).cloned().collect()
}

#[test]
fn tasks_move_only_when_that_finishes_the_project_sooner_or_starts_them_at_once() {
    for seed in 0..3 {
        let problem = project(Shape { tasks: 60, ..Shape::PLAIN }, seed);
        rolling::carry_out(&problem, |left, before| {
            let next = plan(left, seed, before, 10);
            let Some(before) = before.filter(|before| before.finish == next.finish) else { return next };
            let stays = |step: &plan::Step| {
                before.steps.iter().any(|old| old.task == step.task && old.agent == step.agent)
            };
            let moved: Vec<_> =
                next.steps.iter().filter(|step| step.start > left.now && !stays(step)).collect();
            assert!(moved.is_empty(), "seed {seed}: {moved:?}");
            next
        });
    }
}

#[test]
fn a_plan_is_carried_over_to_what_has_changed() {
    let problem = project(Shape { tasks: 60, ..Shape::PLAIN }, 8);
    let before = plan(&problem, 1, None, 100);
    let mut changed = problem.clone();
    // Agent 0 is gone; ten tasks are new; every task takes a little longer.
    changed.groups.iter_mut().for_each(|group| group.retain(|agent| *agent != 0));
    changed.groups.iter_mut().filter(|group| group.is_empty()).for_each(|group| group.push(1));
    changed.tasks.iter_mut().for_each(|task| task.duration += 3);
    for number in 0..10 {
        let task = Task::new(TaskId::numbered(1000 + number), 25, (number % 3) as u32);
        changed.tasks.push(Task { after: vec![number as u32], ..task });
    }
    let after = plan(&changed, 1, Some(&before), 0);
    let gone = ManusId::new("agent_0").unwrap();
    assert_eq!(after.of_agent(&gone).count(), 0);
    let old = |step: &plan::Step| {
        before.steps.iter().find(|old| old.task == step.task).filter(|old| old.agent != gone)
    };
    let moved: Vec<_> =
        after.steps.iter().filter(|step| old(step).is_some_and(|old| old.agent != step.agent)).collect();
    assert!(moved.is_empty(), "nobody else's tasks move without need: {moved:?}");
}

#[test]
fn what_cannot_be_done_is_left_out_with_all_that_waits_for_it() {
    let mut problem = Problem::default();
    problem.agents.push(plan::Agent::new(ManusId::new("only").unwrap()));
    let (able, nobody) = (problem.group_of(vec![0]), problem.group_of(Vec::new()));
    let task = |number, group, after: &[u32]| Task {
        after: after.to_vec(),
        ..Task::new(TaskId::numbered(number), 10, group)
    };
    problem.tasks = vec![
        task(1, able, &[]),
        task(2, nobody, &[]),
        task(3, able, &[0, 1]),
        task(4, able, &[4]),
        task(5, able, &[3]),
        task(6, able, &[99]),
        task(7, able, &[0]),
    ];
    let plan = plan(&problem, 0, None, 3);
    let unplaced: Vec<String> = plan.unplaced.iter().map(ToString::to_string).collect();
    assert_eq!(unplaced, ["T2", "T3", "T4", "T5", "T6"]);
    assert_eq!(
        plan.steps.iter().map(|step| (step.start, step.finish)).collect::<Vec<_>>(),
        [(0, 10), (10, 20)]
    );
    assert_eq!(plan::plan(&Problem::default(), 0, None, &mut || true), Plan::default());
}

#[test]
fn the_check_finds_what_is_wrong() {
    let problem = project(Shape { files: 5, files_each: 2, uneven: true, ..Shape::PLAIN }, 2);
    let good = plan(&problem, 1, None, 5);
    let broken = |change: &dyn Fn(&mut Plan)| {
        let mut plan = good.clone();
        change(&mut plan);
        plan.check(&problem).unwrap_err().to_string()
    };
    assert!(broken(&|plan| drop(plan.steps.pop())).ends_with("is missing"));
    assert!(broken(&|plan| plan.steps.push(plan.steps[0].clone())).contains("stands in the plan twice"));
    assert!(broken(&|plan| plan.steps[50].finish += 1).contains("does not take the time"));
    let shift = |plan: &mut Plan, step: usize, by: Time| {
        plan.steps[step].start -= by;
        plan.steps[step].finish -= by;
    };
    for step in 0..good.steps.len() {
        if good.steps[step].start > 0 {
            broken(&|plan| shift(plan, step, 1));
        }
    }
}

#[test]
fn the_library_is_planned_close_to_its_bounds() {
    let instances = library::load();
    if instances.is_empty() {
        println!("{} is not there: not tested", library::folder().display());
    }
    for instance in instances {
        let plan = plan(&instance.problem, 1, None, 30);
        assert!(plan.bound <= instance.best_known, "{}", instance.name);
        let limit = if instance.problem.tasks.len() <= 15 { 100 } else { 105 };
        assert!(plan.finish * 100 <= instance.lower_bound * limit, "{}: {}", instance.name, plan.finish);
    }
}
