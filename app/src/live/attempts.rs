//! Attempts at tasks that are over and of which the present knows nothing any more: read from the log.

use engine::event::ReturnCause;
use engine::sorted::SortedMap;
use engine::{Event, ManusId, Record, Seq, State, TaskId, TaskStatus, TimeMs};

/// The kinds of events that begin and end attempts: first what begins them.
pub const KINDS: [&str; 6] =
    ["task_started", "task_returned", "task_failed", "task_held", "task_review_requested", "task_cancelled"];

/// An attempt that is over.
#[derive(Debug, Clone, PartialEq)]
pub struct Attempt {
    /// At which task.
    pub task: TaskId,
    /// Whose.
    pub manus: ManusId,
    /// When it began.
    pub from_ms: TimeMs,
    /// When it ended.
    pub to_ms: TimeMs,
    /// How, in a word or two.
    pub end: &'static str,
    /// Whether something went wrong.
    pub bad: bool,
}

/// What the log says of attempts.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Attempts {
    /// Those of which no end is known yet: whose, and since when.
    open: SortedMap<TaskId, (ManusId, TimeMs)>,
    over: Vec<Attempt>,
    /// Up to where the log was read.
    pub seq: Seq,
}

impl Attempts {
    /// Takes what happened next into account.
    pub fn add(&mut self, record: &Record) {
        self.seq = record.seq;
        let (task, end, bad) = match &record.event {
            Event::TaskStarted { task_id, manus_id } => {
                self.open.insert(task_id.clone(), (manus_id.clone(), record.at_ms));
                return;
            }
            Event::TaskReturned { task_id, cause, .. } => (task_id, told(*cause), is_bad(*cause)),
            Event::TaskFailed { task_id, .. } => (task_id, "failed", true),
            Event::TaskHeld { task_id, .. } => (task_id, "held back", false),
            // As long as it was not sent back, the present knows of it.
            Event::TaskReviewRequested { task_id, .. } => (task_id, "sent back", false),
            Event::TaskCancelled { task_id, .. } => (task_id, "cancelled", false),
            _ => return,
        };
        if let Some((manus, from_ms)) = self.open.remove(task) {
            let (task, to_ms) = (task.clone(), record.at_ms);
            self.over.push(Attempt { task, manus, from_ms, to_ms, end, bad });
        }
    }

    /// Those that were over at the moment of a picture which does not show them itself.
    pub fn beside<'a>(&'a self, state: &'a State, now_ms: TimeMs) -> impl Iterator<Item = &'a Attempt> {
        let is_shown = |attempt: &Attempt| {
            state.task(&attempt.task).is_some_and(|task| {
                task.started_at_ms() == Some(attempt.from_ms)
                    && matches!(
                        task.status(),
                        TaskStatus::InProgress | TaskStatus::NeedsReview | TaskStatus::Completed
                    )
            })
        };
        let is_known = |manus: &ManusId| state.agent(manus).is_some();
        self.over
            .iter()
            .filter(move |attempt| attempt.to_ms <= now_ms && is_known(&attempt.manus) && !is_shown(attempt))
    }
}

const fn told(cause: ReturnCause) -> &'static str {
    match cause {
        ReturnCause::Released => "given back",
        ReturnCause::Lost => "its agent was lost",
        ReturnCause::Goodbye => "its agent left",
        ReturnCause::Reassigned => "given to another",
        ReturnCause::Stalled => "taken away, nothing moved",
    }
}

const fn is_bad(cause: ReturnCause) -> bool {
    matches!(cause, ReturnCause::Lost | ReturnCause::Stalled)
}

#[cfg(test)]
mod tests {
    use engine::Command;

    use super::*;
    use crate::live::script::{Script, script};

    fn told(project: &Script, attempts: &Attempts) -> Vec<String> {
        let state = project.state();
        let line = |attempt: &Attempt| {
            let minutes = (attempt.to_ms - attempt.from_ms) / 60_000;
            format!("{} {} {} after {minutes} min", attempt.task, attempt.manus, attempt.end)
        };
        attempts.beside(state, state.at_ms()).map(line).collect()
    }

    #[test]
    fn what_was_given_back_lost_or_failed_is_told_beside_what_runs() {
        let mut project = script();
        let mut attempts = Attempts::default();
        project.agent("a", &[]);
        let task = project.task("one", 10, &[], &[]);
        let manus = ManusId::new("a").unwrap();
        project.start("a", &task);
        project.wait(60_000);
        let (task_id, manus_id) = (task.clone(), manus.clone());
        project.run(Command::ReleaseTask { manus_id, task_id, reason: None, attempt: None });
        project.run(Command::AssignTask { task_id: task.clone(), manus_id: manus });
        project.start("a", &task);
        project.wait(60_000);
        project.wait(600_000);
        project.agent("b", &[]);
        project.start("b", &task);
        project.news().iter().for_each(|record| attempts.add(record));
        assert_eq!(told(&project, &attempts)[0], "T1 a given back after 1 min");
        assert!(told(&project, &attempts)[1].starts_with("T1 a its agent was lost after"));
        assert_eq!(told(&project, &attempts).len(), 2, "what runs is none of them");
        let before = attempts.beside(project.state(), project.state().at_ms() - 600_000);
        assert_eq!(before.count(), 1, "in the past there was only the first");
        project.complete(&task);
        project.news().iter().for_each(|record| attempts.add(record));
        assert_eq!(told(&project, &attempts).len(), 2, "nor what was completed");
    }
}
