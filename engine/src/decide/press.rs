//! How pressing ready tasks are, where the plan says nothing.
//!
//! The longest chain of work behind a task says how much time must pass after it. That is half of it: whoever can do the task may
//! be busy for longer anyway, with all the other work that only they can do. So a task presses with `chain + 2 × pressure`, where
//! the pressure is the work that nobody has begun and that needs the same, divided by the number of agents able to do it; twice,
//! because they will do other work as well. The same rule as in `plan/rule.rs`, kept up with every event.

use std::cmp::Reverse;

use super::Rules;
use crate::capability::Capability;
use crate::ids::{TaskId, TimeMs};
use crate::state::{Agent, Rank};
use crate::values::Priority;

/// What the pressure counts for, in the same measure as the chain.
const PRESSURE_WEIGHT: u64 = 2;
/// Minutes count in thousandths.
const FINE: u64 = 1000;
/// Over so many kinds of needs, what presses on an agent is not summed up any more.
const NEEDS_SUMMED: usize = 64;
/// What waits behind somebody else goes before the best of one's own when it presses more by this part at least. A tenth costs
/// nothing that can be measured, and keeps tasks where they were announced.
const WORTH_TAKING: u64 = 10;

/// Smaller goes first: urgency, the plan's turn, how much it presses, age.
pub(super) type Pressing = (Priority, TimeMs, Reverse<u64>, TaskId);

impl Rules<'_> {
    /// The place of a ready task of this rank among others, whatever they need.
    pub(super) fn pressing(&self, rank: &Rank) -> Pressing {
        let Rank { urgency, turn_ms, chain: Reverse(chain), task } = rank;
        let unplanned = self.state.task(task).filter(|task| task.planned.is_none());
        let pressure = unplanned.map_or(0, |task| self.pressure(&task.need));
        (*urgency, *turn_ms, Reverse(chain * FINE + PRESSURE_WEIGHT * pressure), task.clone())
    }

    /// For how long those who can meet a need are busy with what nobody has begun, in thousandths of minutes.
    fn pressure(&self, need: &[Capability]) -> u64 {
        self.state.work.demand.get(need).map_or(0, |minutes| minutes * FINE / self.able_count(need))
    }

    /// How many agents can meet a need, at the most; 1 where there is nobody.
    fn able_count(&self, need: &[Capability]) -> u64 {
        let able = need.iter().map(|one| self.state.work.able.get(one).map_or(0, |agents| agents.len()));
        able.min().unwrap_or(self.state.work.takers.len()).max(1) as u64
    }

    /// How much work waits that an agent could do, its share of each kind summed up: one with less of it is given a task first, and
    /// scarce skills are kept for those who need them.
    pub(super) fn pressure_on(&self, agent: &Agent) -> u64 {
        let demand = &self.state.work.demand;
        if demand.len() > NEEDS_SUMMED {
            return 0;
        }
        demand.keys().filter(|need| agent.can(need)).map(|need| self.pressure(need)).sum()
    }

    /// Whether an agent should rather take what waits behind somebody else than the best of its own. Where the plan has its own
    /// next, it should not.
    pub(super) fn is_worth_taking(&self, theirs: &Rank, own: &Rank) -> bool {
        let planned = |rank: &Rank| self.state.task(&rank.task).is_some_and(|task| task.planned.is_some());
        if planned(theirs) || planned(own) {
            return false;
        }
        let (theirs, own) = (self.pressing(theirs), self.pressing(own));
        let more = |theirs: u64, own: u64| theirs > own + own / WORTH_TAKING;
        own.1 == TimeMs::MAX && (theirs.0 < own.0 || (theirs.0 == own.0 && more(theirs.2.0, own.2.0)))
    }
}
