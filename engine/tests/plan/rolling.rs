//! A project carried out under a virtual clock, planned again whenever a task ends.

use engine::plan::{Plan, Problem, Running, Step, Task, Time};

/// Carries a project out: at each event everything that has ended is taken out, `planner` is asked with what is left and its own
/// plan from the event before, and what the plan starts now is started. Tasks take exactly as long as expected.
pub fn carry_out(project: &Problem, mut planner: impl FnMut(&Problem, Option<&Plan>) -> Plan) -> Plan {
    let mut done = Plan::default();
    let mut started: Vec<Option<Step>> = vec![None; project.tasks.len()];
    let mut plan: Option<Plan> = None;
    let mut now = project.now;
    while started.iter().any(Option::is_none) {
        let (left, places) = what_is_left(project, &started, now);
        let next = planner(&left, plan.as_ref());
        assert!(next.unplaced.is_empty(), "everything in a test project can be done");
        let mut event = Time::MAX;
        for step in &next.steps {
            if step.start > now {
                event = event.min(step.start);
                continue;
            }
            let place =
                left.tasks.iter().position(|task| task.id == step.task).expect("a planned task is open");
            started[places[place]] = Some(step.clone());
            done.steps.push(step.clone());
        }
        let ends = started.iter().flatten().map(|step| step.finish).filter(|finish| *finish > now);
        now = ends.min().unwrap_or(Time::MAX).min(event);
        plan = Some(next);
    }
    done.finish = done.steps.iter().map(|step| step.finish).max().unwrap_or(0);
    done
}

/// The open tasks as a problem of their own, and where each stands in the project.
fn what_is_left(project: &Problem, started: &[Option<Step>], now: Time) -> (Problem, Vec<usize>) {
    let open: Vec<usize> = (0..started.len()).filter(|&task| started[task].is_none()).collect();
    let mut left = Problem { now, tasks: Vec::new(), ..project.clone() };
    for (task, step) in started.iter().enumerate() {
        if let Some(step) = step.as_ref().filter(|step| step.finish > now) {
            let agent =
                project.agents.iter().position(|agent| agent.id == step.agent).expect("agents stay") as u32;
            left.running.push(Running {
                agent,
                until: step.finish,
                machines: project.tasks[task].machines.clone(),
            });
        }
    }
    for &index in &open {
        let task = &project.tasks[index];
        let before = task.after.iter().map(|&before| before as usize);
        let running = before.clone().filter_map(|before| started[before].as_ref()).map(|step| step.finish);
        let release = running.fold(task.release, Time::max);
        let after =
            before.filter_map(|before| open.binary_search(&before).ok()).map(|place| place as u32).collect();
        left.tasks.push(Task { release, after, ..task.clone() });
    }
    (left, open)
}
