//! Chance from a seed.

/// A small seeded source of chance: SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
#[derive(Debug, Clone)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    #[inline]
    pub(super) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`, which is not 0.
    #[inline]
    pub(super) fn below(&mut self, bound: usize) -> usize {
        (((self.roll() >> 32) * bound as u64) >> 32) as usize
    }

    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }

    /// `scale` times an exponentially distributed number with mean 1, roughly and in integers alone, so that it is the same
    /// on every machine: a fair coin's run of heads is geometric, and what is left of the roll fills in between.
    pub(super) fn exponential(&mut self, scale: u64) -> u64 {
        let roll = self.roll();
        let heads = u64::from(roll.leading_zeros().min(31));
        let between = 0xffff - (roll & 0xffff);
        // ln 2 in 16 bits: a run of heads counts halvings, the scale is for a mean of 1.
        const LN_2: u128 = 45_426;
        let drawn = (u128::from((heads << 16) + between) * LN_2) >> 16;
        u64::try_from((drawn * u128::from(scale)) >> 16).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exponential_has_its_mean_and_its_tail() {
        let mut dice = Dice::new(7);
        let drawn: Vec<u64> = (0..100_000).map(|_| dice.exponential(1000)).collect();
        let mean = drawn.iter().sum::<u64>() / 100_000;
        assert!((960..1100).contains(&mean), "mean {mean}");
        let above = drawn.iter().filter(|x| **x > 3000).count();
        assert!((4_000..6_500).contains(&above), "{above} of 100,000 lie above three times the mean");
    }
}
