//! Rounds of the same measurements, one subject after the other, so that whatever else goes on meets all alike.

use crate::load::Seen;

/// How many there are; what is reported is the one in the middle.
pub const ROUNDS: usize = 3;

/// Calls a second in the middle round.
pub fn median(rounds: &[Seen]) -> f64 {
    middle(rounds.iter().map(Seen::per_second).collect())
}

/// How many times as fast the one is as the other: of each round's ratio the one in the middle.
pub fn ratio(one: &[Seen], other: &[Seen]) -> f64 {
    middle(one.iter().zip(other).map(|(one, other)| one.per_second() / other.per_second()).collect())
}

/// The one in the middle.
pub fn middle(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
