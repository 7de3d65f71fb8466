//! Chance that repeats itself: the same seed tells the same story, as far as timing lets it.

/// A small generator of random numbers (SplitMix64, by Sebastiano Vigna).
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// Each agent has dice of its own.
    pub fn new(seed: u64, agent: u64) -> Self {
        Self(seed.wrapping_mul(0xA076_1D64_78BD_642F).wrapping_add(agent.wrapping_mul(0xE703_7ED1_A0B4_28DB)))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// From 0 up to 1.
    pub fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A whole number below `bound`; 0 where there is none.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    /// True once in so many times.
    pub fn once_in(&mut self, times: u64) -> bool {
        self.next().is_multiple_of(times.max(1))
    }

    /// One of these; nothing of nothing.
    pub fn one_of<'a, T>(&mut self, choices: &'a [T]) -> Option<&'a T> {
        let place = self.below(choices.len() as u64);
        choices.get(usize::try_from(place).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_falls_alike() {
        let rolls = |seed, agent| {
            let mut dice = Dice::new(seed, agent);
            (0..5).map(|_| dice.next()).collect::<Vec<_>>()
        };
        assert_eq!(rolls(1, 2), rolls(1, 2));
        assert_ne!(rolls(1, 2), rolls(1, 3));
        assert_ne!(rolls(1, 2), rolls(2, 2));
        assert!((0..1000).all(|_| (0.0..1.0).contains(&Dice::new(7, 7).share())));
    }
}
