//! How good plans are: makespan over lower bound on the instances of the iMOPSE library, where they are at hand, and on made-up
//! projects.
//!
//! `cargo run --release -p engine --example plan_quality -- [ms=50] [asks=N] [seeds=1] [only=TEXT] [parts=rule,scratch,rolling]`
//!
//! `rule`: the list rule alone. `scratch`: one planning. `rolling`: the project carried out, planned again at each event. With
//! `asks`, the budget is that many questions whether to go on, instead of milliseconds, so that two versions can be compared on
//! a busy machine.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, missing_docs)]

#[path = "../tests/plan/generate.rs"]
mod generate;
#[path = "../tests/plan/library.rs"]
mod library;
#[path = "../tests/plan/rolling.rs"]
mod rolling;

use std::time::{Duration, Instant};

use engine::plan::{self, Plan, Problem, Time};
use generate::Shape;

#[derive(Clone)]
struct Options {
    ms: u64,
    asks: Option<u64>,
    seeds: u64,
    only: String,
    parts: String,
}

impl Options {
    fn read() -> Self {
        let mut options = Self {
            ms: 50,
            asks: None,
            seeds: 1,
            only: String::new(),
            parts: "rule,scratch,rolling".to_owned(),
        };
        for argument in std::env::args().skip(1) {
            match argument.split_once('=') {
                Some(("ms", ms)) => options.ms = ms.parse().unwrap(),
                Some(("asks", asks)) => options.asks = Some(asks.parse().unwrap()),
                Some(("seeds", seeds)) => options.seeds = seeds.parse().unwrap(),
                Some(("only", only)) => options.only = only.to_owned(),
                Some(("parts", parts)) => options.parts = parts.to_owned(),
                _ => panic!("unknown argument {argument}"),
            }
        }
        options
    }

    fn plan(&self, problem: &Problem, seed: u64, previous: Option<&Plan>) -> Plan {
        let (start, mut asked) = (Instant::now(), 0);
        let allowed = Duration::from_millis(self.ms);
        plan::plan(problem, seed, previous, &mut || {
            asked += 1;
            self.asks.map_or_else(|| start.elapsed() < allowed, |asks| asked <= asks)
        })
    }
}

/// Ratios of one column: their mean and the greatest.
#[derive(Default)]
struct Column {
    ratios: Vec<f64>,
}

impl Column {
    /// Notes the makespans of an instance over its bound.
    fn note(&mut self, makespans: &[Time], bound: Time) -> String {
        let ratios: Vec<f64> = makespans.iter().map(|&makespan| makespan as f64 / bound as f64).collect();
        if ratios.is_empty() {
            return format!("{:>8}", "-");
        }
        let mean = ratios.iter().sum::<f64>() / ratios.len() as f64;
        self.ratios.extend(ratios);
        format!("{mean:>8.4}")
    }

    fn summary(&self) -> String {
        if self.ratios.is_empty() {
            return "not measured".to_owned();
        }
        let worst = self.ratios.iter().copied().fold(0.0, f64::max);
        format!("mean {:.4} worst {worst:.4}", self.ratios.iter().sum::<f64>() / self.ratios.len() as f64)
    }
}

fn measure(title: &str, instances: &[(String, Problem, Time, Time)], options: &Options) {
    let [mut rule, mut scratch, mut rolling] = [(); 3].map(|()| Column::default());
    println!(
        "{title}\n{:<22} {:>6} {:>6} {:>8} {:>8} {:>8} {:>8}",
        "", "bound", "best", "own", "rule", "scratch", "rolling"
    );
    for (name, problem, bound, best) in instances.iter().filter(|instance| instance.0.contains(&options.only))
    {
        let on = |part: &str| if options.parts.contains(part) { 1..options.seeds + 1 } else { 0..0 };
        let checked = |plan: Plan| {
            plan.check(problem).unwrap();
            plan.finish
        };
        let begin = Instant::now();
        let by_rule: Vec<Time> = on("rule").take(1).map(|_| checked(plan::plan_by_rule(problem))).collect();
        let once: Vec<Time> = on("scratch").map(|seed| checked(options.plan(problem, seed, None))).collect();
        let carried =
            |seed| checked(rolling::carry_out(problem, |left, before| options.plan(left, seed, before)));
        let through: Vec<Time> = on("rolling").map(carried).collect();
        let own = plan::lower_bound(problem);
        println!(
            "{name:<22} {bound:>6} {best:>6} {own:>8} {} {} {} {:>8.1} ms",
            rule.note(&by_rule, *bound),
            scratch.note(&once, *bound),
            rolling.note(&through, *bound),
            begin.elapsed().as_secs_f64() * 1000.0
        );
    }
    println!(
        "  rule:    {}\n  scratch: {}\n  rolling: {}",
        rule.summary(),
        scratch.summary(),
        rolling.summary()
    );
}

fn made_up(name: &str, count: u64, shape: Shape) -> Vec<(String, Problem, Time, Time)> {
    let one = |seed| {
        let problem = generate::project(shape, seed);
        let bound = plan::lower_bound(&problem);
        (format!("{name} {seed}"), problem, bound, 0)
    };
    (1..=count).map(one).collect()
}

fn main() {
    let options = Options::read();
    let known = library::load();
    if known.is_empty() {
        println!("{} is not there: the library's instances are left out", library::folder().display());
    }
    // The smallest are for teaching; the library's set d36 are the others.
    let d36 = known.into_iter().filter(|instance| instance.problem.tasks.len() > 15);
    let d36: Vec<_> = d36.map(|i| (i.name, i.problem, i.lower_bound, i.best_known)).collect();
    measure("iMOPSE d36", &d36, &options);
    let dense = Shape { dependencies: 300, reach: 25, ..Shape::PLAIN };
    measure("dense precedence", &made_up("dense", 8, dense), &options);
    let files = Shape { files: 25, files_each: 2, ..Shape::PLAIN };
    measure("shared files", &made_up("files", 8, files), &options);
    let many_files =
        Shape { files: 40, files_each: 5, dependencies: 30, agents: 20, versatility: 6, ..Shape::PLAIN };
    measure("many shared files", &made_up("tangle", 8, many_files), &options);
    let lanes = Shape { lanes: 3, uneven: true, ..Shape::PLAIN };
    measure("lanes, paces, late agents", &made_up("uneven", 8, lanes), &options);
    let large = Shape { tasks: 1000, agents: 50, skills: 15, versatility: 6, reach: 200, ..Shape::PLAIN };
    measure(
        "a thousand tasks",
        &made_up("large", 4, large),
        &Options { parts: options.parts.replace("rolling", ""), ..options.clone() },
    );
}
