//! How good carried-out projects are: makespan over lower bound when the rules themselves carry a project out, on the instances of
//! the iMOPSE library, where they are at hand, and on made-up projects.
//!
//! `cargo run --release -p engine --example simulate_quality -- [ms=50] [only=TEXT]`

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, missing_docs)]

// What is shared with the tests; not all of it is needed here.
#[allow(dead_code)]
#[path = "../tests/simulate/facts.rs"]
mod facts;
#[path = "../tests/simulate/generate.rs"]
mod generate;
#[allow(dead_code)]
#[path = "../tests/simulate/library.rs"]
mod library;

use std::time::{Duration, Instant};

use engine::plan::Time;
use engine::plan::project::Project;
use engine::planning::{Planner, Sketch};
use engine::simulate::{Policy, play};
use facts::Facts;
use generate::Shape;

/// The makespan of a project, if what came of it is sound, and how often tasks were moved.
fn makespan(project: &Project, policy: Policy, ms: u64) -> (Time, usize) {
    let budget = Duration::from_millis(ms);
    let mut planning = |planner: &mut Planner, sketch: Sketch| {
        let begin = Instant::now();
        planner.plan(sketch, 1, &mut || begin.elapsed() < budget)
    };
    let played = play(project, policy, if ms > 0 { Some(&mut planning) } else { None }).unwrap();
    Facts::of(project).check(&played.schedule).unwrap();
    (played.makespan, played.moves)
}

fn measure(title: &str, ms: u64, instances: &[(String, Project, Time)]) {
    let ways = [(Policy::Fifo, 0), (Policy::Engine, 0), (Policy::Engine, ms)];
    let mut ratios = [(); 3].map(|()| Vec::new());
    println!("{title}\n{:<20} {:>6} {:>8} {:>8} {:>8}", "", "bound", "fifo", "rule", "planned");
    for (name, project, bound) in instances {
        let begin = Instant::now();
        let mut line = format!("{name:<20} {bound:>6}");
        let mut moved = 0;
        for ((policy, ms), ratios) in ways.iter().zip(&mut ratios) {
            let (makespan, moves) = makespan(project, *policy, *ms);
            ratios.push(makespan as f64 / *bound as f64);
            line += &format!(" {:>8.4}", makespan as f64 / *bound as f64);
            moved = moves;
        }
        println!("{line} {moved:>5} moved {:>8} ms", begin.elapsed().as_millis());
    }
    for (name, ratios) in
        ["fifo", "rule", "planned"].iter().zip(&ratios).filter(|(_, ratios)| !ratios.is_empty())
    {
        let mean = ratios.iter().sum::<f64>() / ratios.len() as f64;
        println!("  {name:<8} mean {mean:.4} worst {:.4}", ratios.iter().copied().fold(0.0, f64::max));
    }
}

fn made_up(name: &str, shape: Shape) -> Vec<(String, Project, Time)> {
    let one = |seed| {
        let project = generate::project(shape, seed);
        let bound = engine::plan::lower_bound(&project.problem().unwrap());
        (format!("{name} {seed}"), project, bound)
    };
    (1..=8).map(one).collect()
}

fn main() {
    let (mut ms, mut only) = (50, String::new());
    for argument in std::env::args().skip(1) {
        match argument.split_once('=') {
            Some(("ms", text)) => ms = text.parse().unwrap(),
            Some(("only", text)) => only = text.to_owned(),
            _ => panic!("unknown argument {argument}"),
        }
    }
    let known = library::load();
    if known.is_empty() {
        println!("{} is not there: the library's instances are left out", library::folder().display());
    }
    // The smallest are for teaching; the library's set d36 are the others.
    let d36 = known.into_iter().filter(|instance| instance.project.tasks.len() > 15);
    let d36: Vec<_> = d36.map(|instance| (instance.name, instance.project, instance.lower_bound)).collect();
    let three = Shape { lanes: 3, ..Shape::FILES };
    for (title, instances) in [
        ("iMOPSE d36", d36),
        ("usual", made_up("usual", Shape::USUAL)),
        ("dense precedence", made_up("dense", Shape::DENSE)),
        ("shared files", made_up("files", Shape::FILES)),
        ("shared files, several hands", made_up("hands", three)),
    ] {
        let named = |instance: &(String, Project, Time)| title.contains(&only) || instance.0.contains(&only);
        let instances: Vec<_> = instances.into_iter().filter(named).collect();
        if !instances.is_empty() {
            measure(title, ms, &instances);
        }
    }
}
