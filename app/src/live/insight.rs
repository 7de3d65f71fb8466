//! What the room of insights draws, worked out from the live state.

use engine::sorted::sort_by_key;
use engine::state::metrics::{Bucket, HOUR_MS, MINUTE_MS};
use engine::{ManusId, Role, State, TaskId, TimeMs};

/// How many minutes or hours are drawn.
pub const DRAWN: usize = 60;

/// One point of a series.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Point {
    /// What happened within it.
    pub bucket: Bucket,
    /// How many tasks were open at its end.
    pub open: u64,
}

/// The last minutes or hours, oldest first, with those in which nothing happened; and how many tasks were open at the end of
/// each, counted back from now.
pub fn series(state: &State, now_ms: TimeMs, by_hour: bool) -> Vec<Point> {
    let width_ms = if by_hour { HOUR_MS } else { MINUTE_MS };
    let last_ms = now_ms - now_ms.rem_euclid(width_ms);
    let mut open = state.tasks().filter(|task| !task.status().is_closed()).count() as u64;
    let mut points: Vec<Point> = (0..DRAWN)
        .map(|back| {
            let start_ms = last_ms - back as TimeMs * width_ms;
            let none = Bucket { width_ms, start_ms, ..Bucket::default() };
            let bucket = state.metrics().get(width_ms, start_ms).copied().unwrap_or(none);
            let point = Point { bucket, open };
            let closed = u64::from(bucket.completed) + u64::from(bucket.cancelled);
            open = (open + closed).saturating_sub(u64::from(bucket.created));
            point
        })
        .collect();
    points.reverse();
    points
}

/// How long the newest completed tasks took, in milliseconds, the shortest first; each with its task.
pub fn durations(state: &State) -> Vec<(TimeMs, TaskId)> {
    let mut found: Vec<(TimeMs, TaskId)> = state
        .tasks()
        .filter(|task| task.status() == engine::TaskStatus::Completed)
        .filter_map(|task| Some((task.updated_at_ms() - task.started_at_ms()?, task.spec().id.clone())))
        .collect();
    sort_by_key(&mut found, Clone::clone);
    found
}

/// The value below which so many per cent of sorted values lie, by nearest rank; `None` of nothing.
pub fn percentile(sorted: &[(TimeMs, TaskId)], percent: usize) -> Option<TimeMs> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).map(|(ms, _)| *ms)
}

/// What an agent has done, and what it has to do.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Who; nobody by name where it is all of a role together.
    pub id: Option<ManusId>,
    /// What for.
    pub role: Role,
    /// Tasks completed, and of these within the estimate.
    pub completed: (u32, u32),
    /// Attempts that failed, and reviews that asked for changes.
    pub setbacks: u32,
    /// Estimated time of the completed tasks, in minutes.
    pub estimated_minutes: u64,
    /// The time they took, in milliseconds.
    pub actual_ms: u64,
    /// How many tasks it has, running and queued.
    pub in_hand: usize,
    /// Where its results have moved its score.
    pub score: i64,
}

/// All agents that are here or have done something, those with the most completed first.
pub fn records(state: &State) -> Vec<Record> {
    let of = |agent: &engine::state::Agent| {
        let view = agent.view(state);
        let stats = view.stats;
        Record {
            id: Some(view.id),
            role: view.role,
            completed: (stats.completed, stats.on_time),
            setbacks: stats.failed + stats.sent_back,
            estimated_minutes: stats.estimated_minutes,
            actual_ms: stats.actual_ms,
            in_hand: agent.running().len() + agent.queue().len(),
            score: view.performance_score.round() as i64,
        }
    };
    let mut found: Vec<Record> = state.agents().map(of).collect();
    sort_by_key(&mut found, |record| std::cmp::Reverse(record.completed.0));
    found
}

/// The same by role: what its agents have done together, and their score in the middle. Nothing for a single agent.
pub fn by_role(all: &[Record]) -> Vec<Record> {
    if all.len() < 2 {
        return Vec::new();
    }
    let of = |role: &Role| {
        let mut its = all.iter().filter(|record| record.role == *role);
        let mut sum = Record { id: None, ..its.next()?.clone() };
        let mut count = 1;
        for record in its {
            sum.completed.0 += record.completed.0;
            sum.completed.1 += record.completed.1;
            sum.setbacks += record.setbacks;
            sum.estimated_minutes += record.estimated_minutes;
            sum.actual_ms += record.actual_ms;
            sum.in_hand += record.in_hand;
            sum.score += record.score;
            count += 1;
        }
        sum.score /= count;
        Some(sum)
    };
    Role::ALL.iter().filter_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::script::script;

    #[test]
    fn open_tasks_are_counted_back_from_now() {
        let mut project = script();
        project.agent("a", &[]);
        let first = project.task("one", 10, &[], &[]);
        project.task("two", 10, &[], &[]);
        project.start("a", &first);
        project.wait(2 * MINUTE_MS);
        project.agent("a", &[]);
        project.start("a", &first);
        project.complete(&first);
        let points = series(project.state(), project.state().at_ms(), false);
        assert_eq!(points.len(), DRAWN);
        let last: Vec<u64> = points[DRAWN - 4..].iter().map(|point| point.open).collect();
        assert_eq!(last, [0, 2, 2, 1]);
        assert_eq!(points[DRAWN - 1].bucket.completed, 1);
        assert_eq!(records(project.state())[0].completed.0, 1);
    }

    #[test]
    fn a_role_is_the_sum_of_its_agents() {
        let mut project = script();
        project.agent("a", &[]);
        assert!(by_role(&records(project.state())).is_empty(), "as good as the agent itself");
        project.agent("b", &[]);
        for (agent, title) in [("a", "one"), ("b", "two"), ("a", "three")] {
            let task = project.task(title, 10, &[], &[]);
            let manus_id = ManusId::new(agent).unwrap();
            project.run(engine::Command::AssignTask { task_id: task.clone(), manus_id });
            project.start(agent, &task);
            project.complete(&task);
        }
        let all = by_role(&records(project.state()));
        assert_eq!((all.len(), all[0].role, all[0].id.clone()), (1, Role::SpeedDeveloper, None));
        assert_eq!((all[0].completed.0, all[0].estimated_minutes), (3, 30));
    }

    #[test]
    fn percentiles_are_of_what_was_measured() {
        let times: Vec<_> = (1..=20).map(|n| (n, TaskId::numbered(1))).collect();
        assert_eq!((percentile(&times, 50), percentile(&times, 95)), (Some(10), Some(19)));
        assert_eq!((percentile(&times[..1], 95), percentile(&[], 50)), (Some(1), None));
    }
}
