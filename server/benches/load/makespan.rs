//! How soon projects are finished: makespan over lower bound when the rules carry them out under a virtual clock, on the instances
//! of the iMOPSE library, where they are at hand, and on made-up projects always.

use std::time::{Duration, Instant};

use engine::plan::Time;
use engine::plan::project::Project;
use engine::planning::{Planner, Sketch};
use engine::simulate::{Planning, Policy, Unplayable, play};

use crate::table::Table;

#[allow(
    dead_code,
    clippy::unwrap_used,
    reason = "shared with the engine's tests, which need all of it and may give up loudly"
)]
#[path = "../../../engine/tests/simulate/generate.rs"]
mod generate;
#[allow(
    dead_code,
    clippy::unwrap_used,
    reason = "shared with the engine's tests, which need all of it and may give up loudly"
)]
#[path = "../../../engine/tests/simulate/library.rs"]
mod library;

/// How long each planning may take, as where a server is not told otherwise.
const BUDGET: Duration = Duration::from_millis(50);
/// How many made-up projects there are of each shape.
const MADE_UP: u64 = 8;

/// Projects with what cannot be beaten.
type Projects = Vec<(Project, Time)>;

pub fn measure(table: &mut Table) -> Result<(), Unplayable> {
    table.section(
        "Makespans",
        "How soon projects are finished under a virtual clock, over what cannot be beaten: the mean, and the worst.",
    );
    // The smallest are for teaching; the library's set d36 are the others.
    let d36 = library::load().into_iter().filter(|instance| instance.project.tasks.len() > 15);
    let d36: Projects = d36.map(|instance| (instance.project, instance.lower_bound)).collect();
    if d36.is_empty() {
        let missing = format!("{} is not there", library::folder().display());
        table.row(["makespan, iMOPSE d36", &missing, "", "", ""]);
    } else {
        of(table, "iMOPSE d36", &d36, ["", "1.09", "1.020"])?;
    }
    for (what, shape, wanted) in [
        ("made up, 100 tasks", generate::Shape::USUAL, "1.03"),
        ("made up, dense", generate::Shape::DENSE, "1.03"),
        ("made up, shared files", generate::Shape::FILES, "1.03"),
    ] {
        let made_up = |seed| {
            let project = generate::project(shape, seed);
            let bound = engine::plan::lower_bound(&project.problem()?);
            Ok((project, bound))
        };
        of(table, what, &(1..=MADE_UP).map(made_up).collect::<Result<_, Unplayable>>()?, ["", "", wanted])?;
    }
    Ok(())
}

/// A row for each way to carry the projects out.
fn of(table: &mut Table, what: &str, projects: &Projects, wanted: [&str; 3]) -> Result<(), Unplayable> {
    let ways = [
        ("first task first", Policy::Fifo, None),
        ("rule alone", Policy::Engine, None),
        ("planned, 50 ms", Policy::Engine, Some(BUDGET)),
    ];
    for ((way, policy, budget), wanted) in ways.into_iter().zip(wanted) {
        let begin = Instant::now();
        let mut ratios = Vec::with_capacity(projects.len());
        for (project, bound) in projects {
            ratios.push(makespan(project, policy, budget)? as f64 / *bound as f64);
        }
        let worst = format!("worst {:.4}", ratios.iter().copied().fold(0.0, f64::max));
        let times = format!("{} ms a project", begin.elapsed().as_millis() / projects.len().max(1) as u128);
        let mean = format!("{:.4}", ratios.iter().sum::<f64>() / ratios.len() as f64);
        let wanted =
            if wanted.is_empty() { String::new() } else { format!("of the bound: at most {wanted}") };
        table.row([&format!("makespan, {what}: {way}"), &worst, &times, &mean, &wanted]);
    }
    Ok(())
}

fn makespan(project: &Project, policy: Policy, budget: Option<Duration>) -> Result<Time, Unplayable> {
    let mut planning = |planner: &mut Planner, sketch: Sketch| {
        let begin = Instant::now();
        planner.plan(sketch, 1, &mut || begin.elapsed() < budget.unwrap_or_default())
    };
    let planning: Option<&mut Planning<'_>> = if budget.is_some() { Some(&mut planning) } else { None };
    Ok(play(project, policy, planning)?.makespan)
}
