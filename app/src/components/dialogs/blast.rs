//! What follows from taking something away: what stalls, and what is freed. Counted from the state, directly or not.

use engine::sorted::SortedSet;
use engine::state::{Presence, Task};
use engine::{FilePattern, LockKey, ManusId, State, TaskId, TaskStatus};

use super::confirm::{line, named, tasks};
use crate::live::{Live, words};
use crate::ui::{IntoNode, Node, nodes};

/// How many names stand in one line.
const NAMED: usize = 8;

/// What stalls when these are never done: all that wait for them, directly or not.
pub fn stalled(live: Live, gone: &SortedSet<TaskId>, begin: &'static str) -> Node {
    let waiting = live.peek(|state| behind(state, gone));
    let listed = tasks(live, |task| waiting.contains(&task.spec().id));
    nodes![named(begin, listed), total(live, &waiting)].into_node()
}

/// How many these are, and how much work; nothing for one.
fn total(live: Live, which: &SortedSet<TaskId>) -> Option<Node> {
    let minutes = |state: &State| {
        which
            .iter()
            .filter_map(|id| state.task(id))
            .map(|task| u64::from(task.spec().estimated_duration))
            .sum()
    };
    let told = || {
        let work = words::work(live.peek(minutes));
        line(format!("That is {}, {work} of work, directly or not.", words::count_of(which.len(), "task")))
    };
    (which.len() > 1).then(|| told().into_node())
}

/// All open tasks that wait for these, directly or not.
fn behind(state: &State, gone: &SortedSet<TaskId>) -> SortedSet<TaskId> {
    let mut found = SortedSet::new();
    let mut open: Vec<&TaskId> = gone.iter().collect();
    while let Some(id) = open.pop() {
        let dependents = state.task(id).into_iter().flat_map(Task::dependents);
        for dependent in dependents {
            if !gone.contains(dependent) && found.insert(dependent.clone()) {
                open.push(dependent);
            }
        }
    }
    found
}

/// The locks that these tasks hold.
pub fn locks_of(live: Live, ids: &SortedSet<TaskId>) -> Vec<LockKey> {
    live.peek(|state| {
        let theirs =
            state.locks().iter().filter(|lock| lock.task_id.as_ref().is_some_and(|id| ids.contains(id)));
        theirs.map(|lock| lock.key()).collect()
    })
}

/// What is freed with these locks: the files, the claims that wait for them, and the tasks that could start.
pub fn freed(live: Live, keys: &[LockKey]) -> Node {
    if keys.is_empty() {
        return Node::Nothing;
    }
    let files: Vec<String> = keys.iter().map(|key| key.file_path.to_string()).collect();
    let told = format!("{} free at once: {}", are(files.len(), "file"), words::in_short(&files, NAMED));
    nodes![line(told), then(live, keys)].into_node()
}

/// What goes on once these locks have ended.
pub fn then(live: Live, keys: &[LockKey]) -> Node {
    let mut claims: Vec<String> = Vec::new();
    live.peek(|state| {
        let waits = keys.iter().flat_map(|key| state.waits().behind(key));
        for wait in waits.filter_map(|id| state.waits().get(id)) {
            let name = wait.manus_id.to_string();
            // Whoever waits for several of them is named once.
            if !claims.contains(&name) {
                claims.push(name);
            }
        }
    });
    let claims = (!claims.is_empty())
        .then(|| line(format!("Whose claims wait for that, and go on: {}", words::in_short(&claims, NAMED))));
    let meets = |file: &FilePattern| keys.iter().any(|key| key.file_path.meets(file));
    let waiting = tasks(live, |task| {
        task.status() == TaskStatus::Pending && task.spec().files_involved.iter().any(meets)
    });
    nodes![claims, named("Could start then: ", waiting)].into_node()
}

/// What nobody else who is here can do: it waits until the agent is back.
pub fn only_by(live: Live, id: &ManusId, with_running: bool) -> Node {
    let which = live.peek(|state| only(state, id, with_running));
    let listed = tasks(live, |task| which.contains(&task.spec().id));
    nodes![named("Nobody else here can do these, so they stall: ", listed), total(live, &which)].into_node()
}

fn only(state: &State, id: &ManusId, with_running: bool) -> SortedSet<TaskId> {
    let Some(agent) = state.agent(id) else { return SortedSet::new() };
    let draining = |id: &ManusId| state.manus(id).is_some_and(|manus| manus.draining);
    let others: Vec<_> = state
        .agents()
        .filter(|other| other.id() != id && other.presence() == Presence::Here && !draining(other.id()))
        .collect();
    let open = state.tasks().filter(|task| match task.status() {
        TaskStatus::Pending | TaskStatus::Blocked => true,
        TaskStatus::InProgress => with_running && task.assigned_to() == Some(id),
        _ => false,
    });
    let alone = open.filter(|task| {
        let needed = &task.spec().required_capabilities;
        agent.can(needed) && !others.iter().any(|other| other.can(needed))
    });
    alone.map(|task| task.spec().id.clone()).collect()
}

/// What an agent is in the middle of.
pub fn underway(live: Live, id: &ManusId) -> Node {
    let lines = live.peek(|state| {
        let running = state.agent(id).map(|agent| agent.running().to_vec()).unwrap_or_default();
        let told = |id: &TaskId| {
            let task = state.task(id)?;
            Some(line(format!("{id} is {}% done, and is interrupted.", task.progress().percent())))
        };
        running.iter().filter_map(told).collect::<Vec<_>>()
    });
    lines.into_node()
}

/// A number of things, and the verb.
fn are(number: usize, noun: &str) -> String {
    format!("{} {}", words::count_of(number, noun), if number == 1 { "is" } else { "are" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::script::script;

    #[test]
    fn all_that_wait_are_counted_once() {
        let mut project = script();
        project.agent("a", &["rust"]);
        let first = project.task("one", 10, &[], &[]);
        let second = project.task("two", 10, &[&first], &[]);
        let third = project.task("three", 10, &[&first, &second], &[]);
        project.task("apart", 10, &[], &[]);
        let gone = [first].into_iter().collect();
        assert_eq!(behind(project.state(), &gone).into_iter().collect::<Vec<_>>(), [second, third]);
    }

    #[test]
    fn what_only_one_can_do_stalls_without_it() {
        let mut project = script();
        project.agent("a", &["rust", "sql"]);
        project.agent("b", &["rust"]);
        let both = project.task("both", 10, &[], &["rust"]);
        let query = project.task("query", 10, &[], &["sql"]);
        let later = project.task("later", 10, &[&query], &["sql"]);
        let (a, b) = (ManusId::new("a").unwrap(), ManusId::new("b").unwrap());
        let alone = |id, running| only(project.state(), id, running).into_iter().collect::<Vec<_>>();
        assert_eq!(alone(&a, false), [query.clone(), later.clone()]);
        assert!(alone(&b, true).is_empty(), "the other can do {both}, too");
        project.start("a", &query);
        let alone = |running| only(project.state(), &a, running).into_iter().collect::<Vec<_>>();
        assert_eq!((alone(false), alone(true)), (vec![later.clone()], vec![query, later]));
    }
}
