//! Attempts at tasks that are over and of which the present knows nothing any more: read from the log.

use engine::event::ReturnCause;
use engine::sorted::{SortedMap, SortedSet};
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
    /// Those that run, and have since before a moment from which on the log is read: however they end, their beginning is known.
    pub fn running(state: &State, before_ms: TimeMs) -> Self {
        let mut attempts = Self::default();
        for task in state.tasks().filter(|task| task.status() == TaskStatus::InProgress) {
            let begun = task.assigned_to().cloned().zip(task.started_at_ms());
            if let Some(begun) = begun.filter(|(_, from_ms)| *from_ms < before_ms) {
                attempts.open.insert(task.spec().id.clone(), begun);
            }
        }
        attempts
    }

    /// Takes what happened next into account.
    pub fn add(&mut self, record: &Record) {
        self.seq = record.seq;
        if let Event::TaskStarted { task_id, manus_id } = &record.event {
            self.open.insert(task_id.clone(), (manus_id.clone(), record.at_ms));
            return;
        }
        let Some((task, end, bad)) = end(&record.event) else { return };
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

/// Which attempts ended within a stretch of the log, and began before all of it that was read. Read from the newest event back.
#[derive(Debug, Default)]
pub struct Missing(SortedSet<TaskId>);

impl Missing {
    /// Takes what happened before into account. Of an attempt that ended then, whether its beginning is wanted.
    pub fn add_older(&mut self, record: &Record, is_wanted: impl FnOnce(&TaskId) -> bool) {
        let task = match (&record.event, end(&record.event)) {
            (_, Some((task, ..))) if is_wanted(task) => {
                self.0.insert(task.clone());
                return;
            }
            // Begun here; or the attempt before, of which nobody has asked, ended here, and none was under way.
            (Event::TaskStarted { task_id: task, .. }, _) | (_, Some((task, ..))) => task,
            _ => return,
        };
        self.0.remove(task);
    }

    /// Whether every beginning was found.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What ends an attempt: at which task, how, and whether something went wrong.
fn end(event: &Event) -> Option<(&TaskId, &'static str, bool)> {
    Some(match event {
        Event::TaskReturned { task_id, cause, .. } => (task_id, told(*cause), is_bad(*cause)),
        Event::TaskFailed { task_id, .. } => (task_id, "failed", true),
        Event::TaskHeld { task_id, .. } => (task_id, "held back", false),
        // As long as it was not sent back, the present knows of it.
        Event::TaskReviewRequested { task_id, .. } => (task_id, "sent back", false),
        Event::TaskCancelled { task_id, .. } => (task_id, "cancelled", false),
        _ => return None,
    })
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

    #[test]
    fn what_ran_before_the_log_was_read_is_told_when_it_ends() {
        let mut project = script();
        project.agent("a", &[]);
        let task = project.task("one", 10, &[], &[]);
        project.start("a", &task);
        project.wait(40_000);
        project.progress("a", &task, 10);
        project.wait(40_000);
        project.news();
        let mut attempts = Attempts::running(project.state(), project.state().at_ms());
        assert!(told(&project, &attempts).is_empty(), "it runs");
        project.cancel(&task);
        project.news().iter().for_each(|record| attempts.add(record));
        assert_eq!(told(&project, &attempts), ["T1 a cancelled after 1 min"]);
        let later = Attempts::running(project.state(), project.state().at_ms());
        assert_eq!(later, Attempts::default(), "it runs no more");
    }

    #[test]
    fn one_reads_back_until_every_beginning_is_found() {
        let mut project = script();
        project.agent("a", &[]);
        let [first, never] = ["one", "two"].map(|title| project.task(title, 10, &[], &[]));
        project.start("a", &first);
        project.wait(30_000);
        let since_ms = project.state().at_ms();
        project.cancel(&first);
        project.cancel(&never);
        let log = project.news();
        let begun = |id: &TaskId| project.state().task_view(id).is_none_or(|task| task.attempts > 0);
        let mut missing = Missing::default();
        let mut read = Vec::new();
        for record in log.iter().rev() {
            missing.add_older(record, |id| record.at_ms >= since_ms && begun(id));
            read.push((record.event.kind(), missing.is_empty()));
        }
        let back: Vec<_> = read.into_iter().filter(|(kind, _)| KINDS.contains(kind)).collect();
        // The newest is of a task that nobody ever began.
        assert_eq!(back, [("task_cancelled", true), ("task_cancelled", false), ("task_started", true)]);
    }
}
