//! What comes due by itself.

use super::{Outcome, Rules};
use crate::answer::Answer;
use crate::event::{Event, ReleaseCause};
use crate::ids::ManusId;
use crate::pattern::FilePattern;
use crate::state::Due;

impl Rules<'_> {
    /// Decides everything that is due. Does nothing when called too early.
    pub(super) fn tick(&mut self) -> Outcome {
        while let Some((_, due)) = self.state.deadlines.first().filter(|(at, _)| *at <= self.now).cloned() {
            match due {
                Due::Silence(manus) => self.lose(&manus),
                Due::Lapse(key) => self.lapse(&key.locked_by),
                Due::Retry(task_id) => self.retry(task_id),
                Due::Stall(task_id) => self.stall(&task_id),
                Due::WaitOver(wait_id) => self.time_out(wait_id),
            }
        }
        self.settle();
        Ok(Answer::Done)
    }

    /// The time of some of an agent's locks is up. Those that are due next to each other end together, and it is told once.
    fn lapse(&mut self, manus_id: &ManusId) {
        let due = self.state.deadlines.iter().take_while(|(at, _)| *at <= self.now);
        let files: Vec<FilePattern> = due
            .map_while(|(_, due)| match due {
                Due::Lapse(key) if key.locked_by == *manus_id => Some(key.file_path.clone()),
                _ => None,
            })
            .collect();
        let (manus_id, cause) = (manus_id.clone(), ReleaseCause::Expired);
        self.emit(Event::LocksReleased { manus_id: manus_id.clone(), files: files.clone(), cause });
        self.tell_lost(&manus_id, &files, "their time was up");
    }
}
