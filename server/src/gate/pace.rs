//! How many requests somebody may make in a while. Time is an argument.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How many are counted one by one. Whoever comes when so many have been busy lately shares one count with others.
const COUNTED_MAX: usize = 10_000;

/// A pace that is kept for each of many: a while's requests may come at once, then one at a time.
///
/// For each it is known when the next request would be due if all so far had come evenly; one that is further ahead of that than
/// a while is too early (the generic cell rate algorithm: one number each, and no timer).
#[derive(Debug)]
pub struct Pace<K> {
    /// The even distance between two requests.
    each: Duration,
    /// How far ahead of it one may be.
    ahead: Duration,
    // A std Mutex: nothing awaits while it is held.
    due: Mutex<HashMap<Option<K>, Duration>>,
}

impl<K: Hash + Eq> Pace<K> {
    /// One request each `each`, `at_once` of which may come at once.
    pub fn new(each: Duration, at_once: u32) -> Self {
        Self { each, ahead: each * at_once.saturating_sub(1), due: Mutex::default() }
    }

    /// Counts a request. An error says after how long the next one makes sense.
    pub fn take(&self, who: K, now: Duration) -> Result<(), Duration> {
        let mut due = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        let key = Some(who);
        if due.len() >= COUNTED_MAX && !due.contains_key(&key) {
            // Who has been quiet long enough has nothing left to be counted.
            due.retain(|_, due| *due > now);
        }
        let key = if due.len() < COUNTED_MAX || due.contains_key(&key) { key } else { None };
        let due = due.entry(key).or_insert(now);
        let early = due.saturating_sub(now);
        if early > self.ahead {
            return Err(early - self.ahead);
        }
        *due = (*due).max(now) + self.each;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_while_at_once_and_then_one_at_a_time() {
        let pace = Pace::new(Duration::from_secs(3), 4);
        let at = |secs: u64| Duration::from_secs(100 + secs);
        for _ in 0..4 {
            assert_eq!(pace.take("a", at(0)), Ok(()));
        }
        assert_eq!(pace.take("a", at(0)), Err(Duration::from_secs(3)));
        assert_eq!(pace.take("b", at(0)), Ok(()), "others have a pace of their own");
        assert_eq!(pace.take("a", at(2)), Err(Duration::from_secs(1)));
        assert_eq!(pace.take("a", at(3)), Ok(()));
        assert_eq!(pace.take("a", at(3)), Err(Duration::from_secs(3)));
        // After a while it is as if nothing had been.
        for _ in 0..4 {
            assert_eq!(pace.take("a", at(600)), Ok(()));
        }
        assert!(pace.take("a", at(600)).is_err());
    }

    #[test]
    fn a_crowd_does_not_fill_the_memory() {
        let pace = Pace::new(Duration::from_secs(1), 1);
        for who in 0..COUNTED_MAX * 2 {
            let _ = pace.take(who, Duration::from_secs(1));
        }
        assert!(pace.due.lock().unwrap().len() <= COUNTED_MAX + 1);
        // Those beyond share one count; when it has become quiet, each has its own again.
        assert!(pace.take(COUNTED_MAX * 3, Duration::from_secs(1)).is_err());
        assert_eq!(pace.take(COUNTED_MAX * 3, Duration::from_secs(10_000_000)), Ok(()));
        assert!(pace.due.lock().unwrap().len() < 10);
    }
}
