//! How the page stands with the server, and when it tries again. Pure: the browser's part is in `stream`.

use engine::TimeMs;

/// The first pause after a break, in milliseconds; each further one is twice as long.
const FIRST_PAUSE_MS: TimeMs = 1_000;
/// The longest pause, in milliseconds.
const LONGEST_PAUSE_MS: TimeMs = 15_000;

/// How the page stands with the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// Not connected yet: what is shown is as fresh as the page.
    Opening,
    /// Every event arrives.
    Live,
    /// Nothing arrives.
    Broken {
        /// Up to when the picture is complete.
        as_of_ms: TimeMs,
        /// How many tries have failed since.
        tries: u32,
        /// When the next try is due.
        next_try_ms: TimeMs,
    },
}

impl Link {
    /// The state after a break or a failed try.
    pub fn broken(self, now_ms: TimeMs) -> Self {
        let (as_of_ms, tries) = match self {
            Self::Broken { as_of_ms, tries, .. } => (as_of_ms, tries + 1),
            Self::Opening | Self::Live => (now_ms, 0),
        };
        Self::Broken { as_of_ms, tries, next_try_ms: now_ms + pause_ms(tries) }
    }

    /// True while nothing arrives.
    pub fn is_broken(self) -> bool {
        matches!(self, Self::Broken { .. })
    }

    /// True when a try is due.
    pub fn is_due(self, now_ms: TimeMs) -> bool {
        matches!(self, Self::Broken { next_try_ms, .. } if next_try_ms <= now_ms)
    }
}

fn pause_ms(tries: u32) -> TimeMs {
    (FIRST_PAUSE_MS << tries.min(10)).min(LONGEST_PAUSE_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_a_bound_and_the_picture_keeps_its_date() {
        let mut link = Link::Live.broken(10_000);
        let mut pauses = Vec::new();
        for _ in 0..6 {
            let Link::Broken { as_of_ms, next_try_ms, .. } = link else { unreachable!() };
            assert_eq!(as_of_ms, 10_000);
            pauses.push(next_try_ms);
            assert!(!link.is_due(next_try_ms - 1));
            assert!(link.is_due(next_try_ms));
            link = link.broken(next_try_ms);
        }
        assert_eq!(pauses, [11_000, 13_000, 17_000, 25_000, 40_000, 55_000]);
        assert!(!Link::Live.is_due(99_000));
    }
}
