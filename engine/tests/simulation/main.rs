//! Thousands of random commands against the rules; after each, the invariants. A failure prints the seed and the shortest
//! script found that still fails.
//!
//! As a matter of course these are 100,000 commands; `make soak` runs many more, and `FIRST_SEED=N` begins elsewhere.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod aim;
mod dice;
mod draw;
mod world;

use world::{Step, World};

/// Commands a run.
const STEPS: usize = 500;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

/// The seeds to run.
fn seeds() -> std::ops::Range<u64> {
    let first = number("FIRST_SEED").unwrap_or(0);
    first..first + number("SEEDS").unwrap_or(200)
}

/// Plays a script; the error names the first step after which something was wrong.
fn play(steps: &[Step]) -> Result<(), String> {
    let mut world = World::new();
    for (place, step) in steps.iter().enumerate() {
        world.take(step).map_err(|problem| format!("after step {place}, {step:?}: {problem}"))?;
        world.recount().map_err(|problem| format!("after step {place}, {step:?}: {problem}"))?;
        world.compare_browser().map_err(|problem| format!("after step {place}, {step:?}: {problem}"))?;
    }
    world.compare_replay()
}

/// What went wrong, a panic included.
fn failure(steps: &[Step]) -> Option<String> {
    match std::panic::catch_unwind(|| play(steps)) {
        Ok(outcome) => outcome.err(),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            Some(
                text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
                    .unwrap_or_default(),
            )
        }
    }
}

/// Leaves out whatever the failure does not need: halves first, then single steps.
fn shrink(mut steps: Vec<Step>) -> Vec<Step> {
    let mut chunk = steps.len() / 2;
    while chunk > 0 {
        let mut start = 0;
        while start < steps.len() {
            let end = (start + chunk).min(steps.len());
            let without = [&steps[..start], &steps[end..]].concat();
            if failure(&without).is_some() {
                steps = without;
            } else {
                start = end;
            }
        }
        chunk /= 2;
    }
    steps
}

#[test]
fn random_histories_keep_every_invariant() {
    let mut kinds = std::collections::BTreeMap::<&'static str, u32>::new();
    let mut repeated = 0;
    for seed in seeds() {
        let steps = draw::script(seed, STEPS);
        if failure(&steps).is_some() {
            let shortest = shrink(steps);
            let problem = failure(&shortest);
            panic!("seed {seed}: {problem:?}\nshortest script ({} steps): {shortest:#?}", shortest.len());
        }
        let mut world = World::new();
        for step in &steps {
            let _ = world.take(step);
        }
        world.count_kinds(&mut kinds);
        repeated += world.repeated;
    }
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
