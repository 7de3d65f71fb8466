//! The whole of the product but for its doors, without real time, disk or network: the real engine and the real hub over a
//! simulated disk that fails, is slow, stops, and loses what was not synced; callers that give up, repeat and come late; clocks
//! that jump. A seed is a run. A run that goes wrong is made as short as it can be and still go wrong, and printed.
//!
//! As a matter of course a few dozen runs; `make soak` plays any number, `FIRST_SEED=N` begins elsewhere.

mod clock;
mod disk;
mod draw;
mod likeness;
mod play;
mod tables;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};

use self::draw::Step;
use self::play::{Played, play};

/// Steps a run.
const STEPS: usize = 500;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

/// What went wrong, a panic included.
fn outcome(seed: u64, steps: &[Step]) -> Result<Played, String> {
    catch_unwind(AssertUnwindSafe(|| play(seed, steps))).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        Err(format!("panicked: {}", text.unwrap_or_default()))
    })
}

/// Leaves out whatever the failure does not need: halves first, then single steps.
fn shrink(seed: u64, mut steps: Vec<Step>) -> Vec<Step> {
    let mut chunk = steps.len() / 2;
    while chunk > 0 {
        let mut start = 0;
        while start < steps.len() {
            let end = (start + chunk).min(steps.len());
            let without = [&steps[..start], &steps[end..]].concat();
            if outcome(seed, &without).is_err() {
                steps = without;
            } else {
                start = end;
            }
        }
        chunk /= 2;
    }
    steps
}

/// Plays the seeds on all cores. Answers what all runs came to.
fn run(seeds: std::ops::Range<u64>) -> Played {
    let next = AtomicU64::new(seeds.start);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let worker = || {
        let mut sum = Played::default();
        loop {
            let seed = next.fetch_add(1, Ordering::SeqCst);
            if seed >= seeds.end {
                return sum;
            }
            let steps = draw::script(seed, STEPS);
            match outcome(seed, &steps) {
                Ok(played) => sum.add(&played),
                Err(_) => {
                    next.store(seeds.end, Ordering::SeqCst);
                    let shortest = shrink(seed, steps);
                    let problem = outcome(seed, &shortest).unwrap_err();
                    panic!(
                        "seed {seed}: {problem}\nshortest script ({} steps): {shortest:#?}",
                        shortest.len()
                    );
                }
            }
        }
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(worker)).collect();
        let mut sum = Played::default();
        for worker in workers {
            match worker.join() {
                Ok(played) => sum.add(&played),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        sum
    })
}

impl Played {
    fn add(&mut self, other: &Self) {
        for (kind, count) in &other.kinds {
            *self.kinds.entry(kind).or_default() += count;
        }
        self.told += other.told;
        self.unknown += other.unknown;
        self.settled += other.settled;
        self.lives += other.lives;
        self.recovered += other.recovered;
        self.completed += other.completed;
    }
}

#[test]
fn whatever_fails_the_history_is_one() {
    let first = number("FIRST_SEED").unwrap_or(0);
    let count = number("SEEDS").unwrap_or(60);
    let began = std::time::Instant::now();
    let sum = run(first..first + count);
    println!("{count} runs in {:.1?}: {sum:?}", began.elapsed());
    // A simulation in which nothing goes wrong proves nothing.
    assert!(sum.lives as u64 > 2 * count && sum.recovered > 0 && sum.settled > 0, "{sum:?}");
    assert!(sum.unknown > sum.settled && sum.told > 10 * sum.unknown, "{sum:?}");
    let never: Vec<&&str> =
        engine::Event::KINDS.iter().filter(|kind| !sum.kinds.contains_key(**kind)).collect();
    assert_eq!(never, [&""; 0], "no run ever saw these");
}

#[test]
fn the_same_seed_is_the_same_run() {
    let one: Vec<BTreeMap<&str, usize>> =
        (0..2).map(|_| outcome(7, &draw::script(7, STEPS)).unwrap().kinds).collect();
    assert_eq!(one[0], one[1]);
}
