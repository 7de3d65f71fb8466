//! What a task waits for, spelled out to the end: the tasks before it, whoever has its files, and its agent's queue.

use std::collections::HashSet;

use engine::state::Task;
use engine::{InstanceStatus, LockMode, ManusId, State, TaskId, TaskStatus, TimeMs};

use super::needs::listed;
use super::sentence::Part;
use super::words;

/// The most that is told.
const TOLD: usize = 40;
/// How many claims that stand in the way of a file are told.
const IN_THE_WAY: usize = 3;

/// One thing that is waited for.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// 0 for what the task itself waits for, 1 for what that waits for, and so on.
    pub depth: usize,
    /// What it is, in words.
    pub parts: Vec<Part>,
}

/// What a task waits for; empty when it waits for nothing.
pub fn spelled_out(state: &State, id: &TaskId, now_ms: TimeMs) -> Vec<Step> {
    let mut story = Story { state, now_ms, seen: HashSet::new(), steps: Vec::new() };
    match state.task(id) {
        Some(task) if task.status() != TaskStatus::InProgress => story.tell(task, 0),
        _ => {}
    }
    story.steps
}

struct Story<'a> {
    state: &'a State,
    now_ms: TimeMs,
    seen: HashSet<&'a TaskId>,
    steps: Vec<Step>,
}

impl<'a> Story<'a> {
    fn say(&mut self, depth: usize, parts: Vec<Part>) {
        if self.steps.len() < TOLD {
            self.steps.push(Step { depth, parts });
        }
    }

    /// Each task once: what it waits for stands where it is named first.
    fn tell(&mut self, task: &'a Task, depth: usize) {
        if !self.seen.insert(&task.spec().id) || self.steps.len() >= TOLD {
            return;
        }
        match task.status() {
            TaskStatus::Blocked => self.blocked(task, depth),
            TaskStatus::Pending => self.pending(task, depth),
            TaskStatus::InProgress => self.running(task, depth),
            TaskStatus::NeedsReview => {
                let by = task.reviewer().cloned().map_or_else(|| text("somebody"), Part::Manus);
                self.say(depth, vec![text("for a review by "), by]);
            }
            TaskStatus::Cancelled => self.say(depth, vec![text("in vain: it was cancelled")]),
            TaskStatus::Completed => {}
        }
    }

    fn blocked(&mut self, task: &'a Task, depth: usize) {
        if let Some(reason) = task.held_reason() {
            self.say(
                depth,
                vec![text("until somebody lets it go on; held back: "), Part::Text(reason.to_owned())],
            );
        }
        let state = self.state;
        for before in task.waiting_for().filter_map(|id| state.task(id)) {
            self.say(depth, vec![text("for "), named(before)]);
            self.tell(before, depth + 1);
        }
    }

    fn running(&mut self, task: &Task, depth: usize) {
        let done = u64::from(task.progress().percent());
        let left = (u64::from(task.spec().estimated_duration) * (100 - done)).div_ceil(100);
        let told = format!(", who is {done}% through and has about {} left", words::work(left));
        let who = task.assigned_to().cloned().map_or_else(|| text("somebody"), Part::Manus);
        self.say(depth, vec![text("for "), who, Part::Text(told)]);
    }

    fn pending(&mut self, task: &'a Task, depth: usize) {
        let state = self.state;
        for file in &task.spec().files_involved {
            for lock in state.locks().in_the_way(file, LockMode::Exclusive, task.assigned_to(), IN_THE_WAY) {
                let path = Part::File(lock.file_path.to_string());
                let holder = Part::Manus(lock.locked_by.clone());
                let of = lock.task_id.as_ref().and_then(|id| state.task(id));
                let mut parts = vec![text("for "), path, text(", held by "), holder];
                parts.extend(of.into_iter().flat_map(|task| [text(" for "), named(task)]));
                self.say(depth, parts);
                of.into_iter().for_each(|task| self.tell(task, depth + 1));
            }
        }
        match task.assigned_to() {
            Some(agent) => self.queued(task, agent, depth),
            None => self.unassigned(task, depth),
        }
    }

    /// What its agent does first.
    fn queued(&mut self, task: &'a Task, agent: &ManusId, depth: usize) {
        let state = self.state;
        let Some(doer) = state.agent(agent) else { return };
        let ahead = doer.queue().take_while(|id| **id != task.spec().id);
        let ahead: Vec<&Task> = doer.running().iter().chain(ahead).filter_map(|id| state.task(id)).collect();
        for first in &ahead {
            self.say(
                depth,
                vec![text("for "), Part::Manus(agent.clone()), text(" to do "), named(first), text(" first")],
            );
            if first.status() == TaskStatus::InProgress && self.seen.insert(&first.spec().id) {
                self.running(first, depth + 1);
            }
        }
        if ahead.is_empty() {
            self.say(depth, vec![text("for "), Part::Manus(agent.clone()), text(" to start it")]);
        }
    }

    fn unassigned(&mut self, task: &Task, depth: usize) {
        let here = |agent: &&engine::state::Agent| {
            matches!(agent.status(), InstanceStatus::Active | InstanceStatus::Idle)
        };
        let needed = &task.spec().required_capabilities;
        let told = if let Some(retry_ms) = task.retry_at_ms().filter(|retry_ms| *retry_ms > self.now_ms) {
            format!("for another try in {}, after a failure", words::for_long(retry_ms - self.now_ms))
        } else if !self.state.agents().any(|agent| here(&agent)) {
            "for an agent: none is here".to_owned()
        } else if needed.is_empty() {
            "for an agent that is free".to_owned()
        } else {
            format!("for an agent that is free and has {}", listed(needed))
        };
        self.say(depth, vec![Part::Text(told)]);
    }
}

fn text(words: &'static str) -> Part {
    Part::Text(words.to_owned())
}

fn named(task: &Task) -> Part {
    Part::Task(task.spec().id.clone(), task.spec().title.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::script::script;

    fn told(state: &State, id: &TaskId) -> Vec<String> {
        let words = |part: &Part| match part {
            Part::Text(words) => words.clone(),
            Part::Manus(id) => id.to_string(),
            Part::Task(id, _) => id.to_string(),
            Part::File(path) => path.clone(),
        };
        let line = |step: &Step| "  ".repeat(step.depth) + &step.parts.iter().map(words).collect::<String>();
        spelled_out(state, id, state.at_ms()).iter().map(line).collect()
    }

    #[test]
    fn chains_end_with_whoever_has_to_act() {
        let mut project = script();
        project.agent("ada", &["rust"]);
        let parser = project.task("parser", 10, &[], &["rust"]);
        let tests = project.task("tests", 10, &[&parser], &["rust"]);
        let model = project.task("model", 10, &[], &["cuda"]);
        let release = project.task("release", 10, &[&tests, &parser, &model], &[]);
        project.start("ada", &parser);
        project.progress("ada", &parser, 40);
        assert_eq!(
            told(project.state(), &release),
            [
                "for T1",
                "  for ada, who is 40% through and has about 6 min left",
                "for T2",
                "  for T1",
                "for T3",
                "  for an agent that is free and has cuda",
            ]
        );
        assert!(told(project.state(), &parser).is_empty());
        let next = project.task("next", 10, &[], &["rust"]);
        assert_eq!(
            told(project.state(), &next),
            ["for ada to do T1 first", "  for ada, who is 40% through and has about 6 min left"]
        );
    }
}
