//! Random commands against the rules. What is cheap is seen to after each of them; all invariants are recounted after every tenth,
//! in one run of fifty after each. A failure prints the seed and the shortest script found that still fails.
//!
//! As a matter of course these are 10,000 histories of 500 commands; `SEEDS=N` plays fewer, `make soak` others and any number,
//! `FIRST_SEED=N` begins elsewhere.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod aim;
mod dice;
mod draw;
mod world;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};

use world::{Step, World};

/// Commands a run.
const STEPS: usize = 500;
/// After how many commands everything is recounted.
const RECOUNT: usize = 10;
/// In one of so many runs after each.
const CLOSELY: u64 = 50;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

/// The seeds to run.
fn seeds() -> std::ops::Range<u64> {
    let first = number("FIRST_SEED").unwrap_or(0);
    first..first + number("SEEDS").unwrap_or(10_000)
}

/// Plays a script, and recounts after every so many commands; the error names the first step after which something was wrong.
fn play(steps: &[Step], recount: usize) -> Result<World, String> {
    let mut world = World::new();
    for (place, step) in steps.iter().enumerate() {
        let mut taken = world.take(step);
        if (place + 1).is_multiple_of(recount) {
            taken = taken.and_then(|()| world.recount());
        }
        taken
            .and_then(|()| world.compare_browser())
            .map_err(|problem| format!("after step {place}, {step:?}: {problem}"))?;
    }
    world.recount()?;
    world.compare_replay().map(|()| world)
}

/// The world in the end or what went wrong, a panic included.
fn outcome(steps: &[Step], recount: usize) -> Result<World, String> {
    catch_unwind(AssertUnwindSafe(|| play(steps, recount))).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        Err(text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default())
    })
}

/// Leaves out whatever the failure does not need: halves first, then single steps.
fn shrink(mut steps: Vec<Step>) -> Vec<Step> {
    let mut chunk = steps.len() / 2;
    while chunk > 0 {
        let mut start = 0;
        while start < steps.len() {
            let end = (start + chunk).min(steps.len());
            let without = [&steps[..start], &steps[end..]].concat();
            if outcome(&without, 1).is_err() {
                steps = without;
            } else {
                start = end;
            }
        }
        chunk /= 2;
    }
    steps
}

/// What all runs came to.
#[derive(Default)]
struct Sum {
    runs: u64,
    kinds: BTreeMap<&'static str, u32>,
    repeated: usize,
}

/// Plays what is left of the seeds, one after the other.
fn work(next: &AtomicU64, end: u64) -> Sum {
    let mut sum = Sum::default();
    loop {
        let seed = next.fetch_add(1, Ordering::SeqCst);
        if seed >= end {
            return sum;
        }
        let steps = draw::script(seed, STEPS);
        let recount = if seed.is_multiple_of(CLOSELY) { 1 } else { RECOUNT };
        let Ok(world) = outcome(&steps, recount) else {
            next.store(end, Ordering::SeqCst);
            let shortest = shrink(steps);
            let problem = outcome(&shortest, 1).err();
            panic!("seed {seed}: {problem:?}\nshortest script ({} steps): {shortest:#?}", shortest.len());
        };
        sum.runs += 1;
        world.count_kinds(&mut sum.kinds);
        sum.repeated += world.repeated;
    }
}

/// Plays the seeds on all cores.
fn run(seeds: std::ops::Range<u64>) -> Sum {
    let next = AtomicU64::new(seeds.start);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(|| work(&next, seeds.end))).collect();
        let mut all = Sum::default();
        for worker in workers {
            let sum = worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            all.runs += sum.runs;
            all.repeated += sum.repeated;
            for (kind, count) in sum.kinds {
                *all.kinds.entry(kind).or_default() += count;
            }
        }
        all
    })
}

#[test]
fn random_histories_keep_every_invariant() {
    let began = std::time::Instant::now();
    let Sum { runs, kinds, repeated } = run(seeds());
    println!("{runs} runs of {STEPS} commands in {:.1?}", began.elapsed());
    assert!(repeated > 0, "no answer was ever asked for again");
    // A simulation that never reaches a rule proves nothing about it.
    for kind in world::EXPECTED_KINDS {
        assert!(kinds.get(kind).copied().unwrap_or(0) > 0, "no run ever saw {kind}: {kinds:?}");
    }
}

#[test]
fn the_same_seed_gives_the_same_history() {
    let histories: Vec<_> = (0..2)
        .map(|_| {
            let mut world = World::new();
            for step in draw::script(7, STEPS) {
                let _ = world.take(&step);
            }
            world.records().to_vec()
        })
        .collect();
    assert_eq!(histories[0], histories[1]);
}
