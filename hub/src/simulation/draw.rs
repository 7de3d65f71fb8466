//! Draws a script: who calls, what fails, what stops, and when.

use witness::Dice;

use crate::simulation::disk::{Fault, Stop};

/// One step. What a call is about is decided by its own seed when it is made, so leaving out others keeps it meaningful.
#[derive(Debug, Clone)]
pub enum Step {
    /// Somebody calls, perhaps under a name that makes repeating it harmless, and nobody waits for the answer.
    Call { after_ms: u64, seed: u64, named: bool },
    /// Somebody calls again what was called before under a name, whether it was answered or not.
    Repeat { after_ms: u64, seed: u64 },
    /// The disk will fail.
    Arm(Fault),
    /// The clock is set forward or back.
    Set(i64),
    /// The machine sleeps.
    Suspend(i64),
    /// The program is ended in order, and started again.
    Restart,
    /// Everything stops, and the program is started again.
    Stop { after_ms: u64, stop: Stop },
}

/// A random history.
pub fn script(seed: u64, steps: usize) -> Vec<Step> {
    let mut dice = Dice::new(seed);
    // Some runs are calm, some are not.
    let trouble = 1 + dice.below(4);
    (0..steps).map(|_| step(&mut dice, trouble)).collect()
}

fn step(dice: &mut Dice, trouble: u64) -> Step {
    let after_ms = match dice.below(40) {
        0 => 2_500,
        1..=3 => 600,
        // At once: together with others in one commit.
        4..=24 => 0,
        n => n / 4,
    };
    if dice.below(100) < trouble {
        return setback(dice, after_ms);
    }
    let seed = dice.any();
    match dice.below(100) {
        0..=7 => Step::Repeat { after_ms, seed },
        8 => Step::Set(i64::try_from(dice.below(3_000)).unwrap_or(0) - 1_500),
        _ => Step::Call { after_ms, seed, named: dice.chance(40) },
    }
}

fn setback(dice: &mut Dice, after_ms: u64) -> Step {
    // In the middle of a commit, often.
    let after_ms = if dice.chance(70) { dice.below(12) } else { after_ms };
    match dice.below(12) {
        0 | 1 => Step::Stop { after_ms, stop: Stop::Killed },
        2 | 3 => Step::Stop { after_ms, stop: Stop::PowerLost },
        4 | 5 => Step::Arm(Fault::Fails),
        6 => Step::Arm(Fault::FailsAfterwards),
        7 | 8 => Step::Arm(Fault::SyncFails),
        9 => Step::Arm(Fault::LoadFails),
        10 => Step::Restart,
        _ => Step::Suspend(5_000),
    }
}
