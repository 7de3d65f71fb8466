//! How results move an agent's performance score.
//!
//! The score starts at 100. Each result is a mark from 0 to 125, and the score moves 15 % of the way towards it (exponential
//! smoothing), so one result never decides, and old ones fade. Marks: a completed task gets `100 * estimated / actual time`,
//! held between 50 and 125; a review that asks for changes 50; a failed attempt 0. So the score stays within 0 and 125, and an
//! agent without results has 100. Examples: on time from 100 stays 100; twice as fast: 103.75; twice as slow: 92.5; a failure: 85.

use super::Rules;
use crate::event::Event;
use crate::ids::{ManusId, TaskId};
use crate::view::ManusStats;

/// How far a result moves the score towards its mark.
const WEIGHT: f64 = 0.15;
/// How far a result moves the learned speed.
const SPEED_WEIGHT: f64 = 0.2;

impl Rules<'_> {
    /// Marks the completion of a task with the time it took: from its start until it was reported done, in milliseconds. How
    /// long a review took afterwards is not its agent's doing.
    pub(super) fn score_completion(&mut self, task_id: &TaskId, actual_ms: u64) {
        let Some(task) = self.state.task(task_id) else { return };
        let Some(manus_id) = task.assigned_to.clone() else { return };
        let estimated = u64::from(task.spec.estimated_duration);
        // An estimate of nothing says nothing about speed.
        let ratio = if estimated == 0 { 1.0 } else { (estimated * 60_000) as f64 / actual_ms.max(1) as f64 };
        self.score(&manus_id, 100.0 * ratio.clamp(0.5, 1.25), |stats| {
            stats.completed += 1;
            stats.on_time += u32::from(ratio >= 1.0);
            stats.estimated_minutes += estimated;
            stats.actual_ms += actual_ms;
            let speed = f64::from(stats.speed_permille);
            stats.speed_permille =
                (speed + SPEED_WEIGHT * (1000.0 * ratio.clamp(0.25, 4.0) - speed)).round() as u32;
        });
    }

    pub(super) fn score_failure(&mut self, manus_id: &ManusId) {
        self.score(manus_id, 0.0, |stats| stats.failed += 1);
    }

    pub(super) fn score_sent_back(&mut self, task_id: &TaskId) {
        if let Some(manus_id) = self.assignee(task_id) {
            self.score(&manus_id, 50.0, |stats| stats.sent_back += 1);
        }
    }

    fn score(&mut self, manus_id: &ManusId, mark: f64, count: impl FnOnce(&mut ManusStats)) {
        let Some(agent) = self.state.agent(manus_id) else { return };
        let (before, mut stats) = (agent.performance_score, agent.stats);
        count(&mut stats);
        // Hundredths are exact enough, and come back from the disk as they were.
        let score = ((before + WEIGHT * (mark - before)) * 100.0).round() / 100.0;
        self.emit(Event::ManusScored { manus_id: manus_id.clone(), score, stats });
    }
}
