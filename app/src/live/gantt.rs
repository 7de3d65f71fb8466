//! Who did what when, and what comes next: spans of time by agent.

use engine::sorted::sort_by_key;
use engine::state::Task;
use engine::{ManusId, State, TaskId, TaskStatus, TimeMs};

use super::attempts::{Attempt, Attempts};

const MINUTE_MS: TimeMs = 60_000;

/// An agent with its spans.
#[derive(Debug, Clone, PartialEq)]
pub struct Lane {
    /// Who.
    pub manus: ManusId,
    /// What it did and will do, in order of beginning.
    pub spans: Vec<Span>,
    /// How many of them lie beside each other at the most.
    pub rows: usize,
}

/// A task's time with an agent.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    /// Which.
    pub task: TaskId,
    /// How it stands.
    pub status: TaskStatus,
    /// From when.
    pub from_ms: TimeMs,
    /// Until when; of what runs, until now.
    pub to_ms: TimeMs,
    /// Whether it is still to come.
    pub ahead: bool,
    /// Of an attempt that led nowhere: how it ended, and whether something went wrong.
    pub over: Option<(&'static str, bool)>,
    /// Beside which others it lies.
    pub row: usize,
}

/// The lanes of all agents that had or have something to do within a stretch of time.
pub fn lanes(
    state: &State,
    attempts: &Attempts,
    now_ms: TimeMs,
    from_ms: TimeMs,
    to_ms: TimeMs,
) -> Vec<Lane> {
    let mut done: Vec<(&ManusId, Span)> = attempts.beside(state, now_ms).map(tried).collect();
    for task in state.tasks() {
        let span = task.assigned_to().and_then(|manus| Some((manus, worked(task, now_ms)?)));
        done.extend(span.or_else(|| planned(task, now_ms)));
    }
    sort_by_key(&mut done, |(manus, _)| *manus);
    let mut done = done.into_iter().peekable();
    let mut lanes: Vec<(ManusId, Vec<Span>)> = Vec::new();
    // Both in order of id.
    for agent in state.agents() {
        let mut spans = Vec::new();
        while let Some((_, span)) = done.next_if(|(manus, _)| *manus <= agent.id()) {
            spans.push(span);
        }
        spans.extend(ahead(state, agent, now_ms));
        lanes.push((agent.id().clone(), spans));
    }
    let lane = |(manus, mut spans): (ManusId, Vec<Span>)| {
        spans.retain(|span| span.to_ms > from_ms && span.from_ms < to_ms);
        sort_by_key(&mut spans, |span| span.from_ms);
        let rows = pack(&mut spans);
        (!spans.is_empty()).then_some(Lane { manus, spans, rows })
    };
    lanes.into_iter().filter_map(lane).collect()
}

/// The time of an attempt that led nowhere.
fn tried(attempt: &Attempt) -> (&ManusId, Span) {
    let Attempt { task, manus, from_ms, to_ms, end, bad } = attempt;
    let (task, status, over) = (task.clone(), TaskStatus::Cancelled, Some((*end, *bad)));
    (manus, Span { task, status, from_ms: *from_ms, to_ms: *to_ms, ahead: false, over, row: 0 })
}

/// The time that a task took, or has taken so far.
fn worked(task: &Task, now_ms: TimeMs) -> Option<Span> {
    let from_ms = task.started_at_ms()?;
    let to_ms = match task.status() {
        TaskStatus::InProgress => now_ms,
        TaskStatus::Completed | TaskStatus::NeedsReview => task.updated_at_ms(),
        // Given back or held: nobody works on it.
        TaskStatus::Pending | TaskStatus::Blocked | TaskStatus::Cancelled => return None,
    };
    let (task, status) = (task.spec().id.clone(), task.status());
    Some(Span { task, status, from_ms, to_ms: to_ms.max(from_ms), ahead: false, over: None, row: 0 })
}

/// Where the plan has a task that nobody has begun.
fn planned(task: &Task, now_ms: TimeMs) -> Option<(&ManusId, Span)> {
    let (manus, start_ms, finish_ms) = task.planned_for()?;
    let open = matches!(task.status(), TaskStatus::Pending | TaskStatus::Blocked);
    let late_ms = (now_ms - start_ms).max(0);
    open.then(|| (manus, coming(task, start_ms + late_ms, finish_ms + late_ms)))
}

fn coming(task: &Task, from_ms: TimeMs, to_ms: TimeMs) -> Span {
    let (task, status) = (task.spec().id.clone(), task.status());
    Span { task, status, from_ms, to_ms, ahead: true, over: None, row: 0 }
}

/// What is left of what runs, and then what the plan has no place for yet, by the estimates one after the other.
fn ahead(state: &State, agent: &engine::state::Agent, now_ms: TimeMs) -> Vec<Span> {
    let minutes = |task: &Task| TimeMs::from(task.spec().estimated_duration) * MINUTE_MS;
    let mut spans = Vec::new();
    let mut free_ms = now_ms;
    for task in agent.running().iter().filter_map(|id| state.task(id)) {
        let left_ms = minutes(task) * TimeMs::from(100 - task.progress().percent()) / 100;
        let planned = task.planned_for().filter(|(manus, ..)| *manus == agent.id());
        let to_ms = planned.map_or(now_ms + left_ms, |(_, _, finish_ms)| finish_ms.max(now_ms));
        free_ms = free_ms.max(to_ms);
        spans.push(coming(task, now_ms, to_ms));
    }
    let unplanned = |task: &&Task| task.planned_for().is_none();
    for task in agent.queue().filter_map(|id| state.task(id)).filter(unplanned) {
        let to_ms = free_ms + minutes(task);
        spans.push(coming(task, free_ms, to_ms));
        free_ms = to_ms;
    }
    spans
}

/// Puts spans that overlap by more than a minute beside each other; answers how many rows that takes.
fn pack(spans: &mut [Span]) -> usize {
    let mut ends: Vec<TimeMs> = Vec::new();
    for span in spans.iter_mut() {
        let row = ends.iter().position(|end| *end <= span.from_ms + MINUTE_MS).unwrap_or(ends.len());
        if row == ends.len() {
            ends.push(span.to_ms);
        }
        ends[row] = span.to_ms;
        span.row = row;
    }
    ends.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::script::script;

    #[test]
    fn what_was_done_and_what_comes() {
        let mut project = script();
        project.agent("a", &[]);
        let first = project.task("one", 10, &[], &[]);
        let second = project.task("two", 20, &[], &[]);
        project.task("three", 30, &[], &[]);
        let begin_ms = project.state().at_ms();
        project.start("a", &first);
        project.wait(60_000);
        project.complete(&first);
        project.start("a", &second);
        project.progress("a", &second, 50);
        let now_ms = project.state().at_ms();
        let lanes = lanes(project.state(), &Attempts::default(), now_ms, begin_ms, now_ms + 3_600_000);
        let told: Vec<String> = lanes[0]
            .spans
            .iter()
            .map(|span| {
                let ahead = if span.ahead { " ahead" } else { "" };
                format!("{} {} min{ahead}", span.task, (span.to_ms - span.from_ms) / MINUTE_MS)
            })
            .collect();
        // Faster than estimated with the first, so it is expected to be so with the second.
        assert_eq!(told, ["T1 1 min", "T2 0 min", "T2 12 min ahead", "T3 30 min ahead"]);
        assert_eq!((lanes.len(), lanes[0].rows), (1, 1));
    }
}
