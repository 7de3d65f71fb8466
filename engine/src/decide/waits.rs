//! Claims that wait until they can be granted.

use super::Rules;
use super::files::Terms;
use crate::answer::Answer;
use crate::event::{Event, WaitEnd};
use crate::ids::{ManusId, TimeMs, WaitId};
use crate::pattern::FilePattern;
use crate::refusal::Refusal;
use crate::view::ClaimWait;

impl Rules<'_> {
    /// Queues a claim that cannot be granted now. Refused when the wait could never end by itself.
    pub(super) fn wait_for(
        &mut self,
        files: Vec<FilePattern>,
        terms: &Terms,
        ttl_ms: Option<TimeMs>,
        wait_ms: TimeMs,
    ) -> Result<Answer, Refusal> {
        let wait = ClaimWait {
            id: self.state.counters().next_wait,
            manus_id: terms.manus_id.clone(),
            behind: self.state.locks_before_claim(terms.manus_id, &files, terms.mode, None),
            files,
            mode: terms.mode,
            reason: terms.reason.map(str::to_owned),
            ttl_ms,
            since_ms: self.now,
            until_ms: self.now + wait_ms,
        };
        if let Some(cycle) = self.state.circle(&wait) {
            return Err(Refusal::WouldDeadlock { cycle });
        }
        self.revive(terms.manus_id);
        let answer = Answer::Waiting { wait_id: wait.id, until_ms: wait.until_ms };
        self.emit(Event::ClaimQueued { wait });
        self.settle();
        Ok(answer)
    }

    /// Looks again at the waiting claims of which something in the way is gone, first come first served.
    pub(super) fn wake_all(&mut self) {
        while let Some(wait_id) = self.to_wake.pop_first() {
            self.wake(wait_id);
        }
    }

    /// An agent got files while it waits for others. Where that closes a circle, its newest wait gives way; whoever asks
    /// again is refused with the circle.
    pub(super) fn judge_waits(&mut self, manus_id: &ManusId) {
        let mut waits: Vec<ClaimWait> = self.state.waits().of(manus_id).cloned().collect();
        while let Some(wait) = waits.pop() {
            if self.state.circle(&wait).is_some() {
                self.end_wait(wait.id, WaitEnd::Deadlock);
            }
        }
    }

    /// Time is up for a waiting claim, unless what ended before lets it through: ticks may come late.
    pub(super) fn time_out(&mut self, wait_id: WaitId) {
        self.wake_all();
        self.end_wait(wait_id, WaitEnd::TimedOut);
    }

    /// Ends a wait in vain.
    fn end_wait(&mut self, wait_id: WaitId, cause: WaitEnd) {
        let Some(wait) = self.state.waits().get(wait_id).cloned() else { return };
        self.emit(Event::ClaimWaitEnded { wait_id, cause });
        self.wake_later_than(&wait);
    }

    /// Those who came later may only have let this one go first, which is over or behind something else now.
    fn wake_later_than(&mut self, wait: &ClaimWait) {
        let behind = wait.behind.iter().flat_map(|lock| self.state.waits().behind(lock));
        self.to_wake.extend(behind.filter(|other| *other > wait.id));
    }

    /// Looks at a waiting claim again: grants it whole, or leaves it waiting behind what is in its way now.
    fn wake(&mut self, wait_id: WaitId) {
        let Some(wait) = self.state.waits().get(wait_id).cloned() else { return };
        let terms = Terms { expires_at_ms: wait.ttl_ms.map(|ttl| self.now + ttl), ..Terms::of(&wait) };
        let behind = self.state.locks_before_claim(&wait.manus_id, &wait.files, wait.mode, Some(wait_id));
        if behind.is_empty() {
            let locks = self.grant(&wait.files, &terms);
            self.emit(Event::ClaimWaitEnded { wait_id, cause: WaitEnd::Granted });
            self.emit(Event::LocksGranted { locks });
        } else if behind != wait.behind {
            self.emit(Event::ClaimWaitsBehind { wait_id, behind });
            self.wake_later_than(&wait);
        }
    }

    /// The caller no longer waits.
    pub(super) fn withdraw(&mut self, wait_id: WaitId) -> Answer {
        self.end_wait(wait_id, WaitEnd::Withdrawn);
        self.settle();
        Answer::Done
    }

    /// An agent that has gone waits for nothing.
    pub(super) fn end_waits(&mut self, manus_id: &ManusId) {
        let ids: Vec<WaitId> = self.state.waits().of(manus_id).map(|wait| wait.id).collect();
        for wait_id in ids {
            self.end_wait(wait_id, WaitEnd::AgentGone);
        }
    }
}
