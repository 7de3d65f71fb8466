//! How the project is doing, why a task is where it is, and what will collide. The engine works it out.

use engine::TaskId;
use engine::explain::{Collision, Explanation};
use engine::health::Health;
use engine::state::metrics::Bucket;
use engine::view::ManusStats;
use engine::{ManusId, Seq, TaskStatus, TimeMs};
use serde::{Deserialize, Serialize};

use super::call::server_call;

server_call! {
    /// How the project is doing, and why not better.
    system_health: SystemHealth -> Health,
    needs {}
    takes {}
    refuses {}
}

server_call! {
    /// Why a task is with its agent and not with another: every agent with its reasons, the best candidate first.
    explain_assignment: ExplainAssignment -> Explanation,
    needs {
        /// Which.
        task_id: TaskId,
    }
    takes {}
    refuses { TaskNotFound, TaskClosed, }
}

server_call! {
    /// Running and ready tasks whose files collide, in the order that costs least.
    forecast_conflicts: ForecastConflicts -> Vec<Collision>,
    needs {}
    takes {}
    refuses {}
}

server_call! {
    /// Counts and rates, per agent and overall, and by minute and hour.
    performance_metrics: PerformanceMetrics -> Metrics,
    needs {}
    takes {
        /// How far back the series go, in minutes; 60. The series by minute reaches back three hours, the one by hour 31 days.
        range: i64,
    }
    refuses {}
}

server_call! {
    /// What a doctor asks: who answers, what the clock shows, and every promise of the live state, recounted. Takes a moment in a
    /// large project.
    self_check: SelfCheck -> SelfChecked,
    needs {}
    takes {}
    refuses {}
}

/// The answer to `self_check`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct SelfChecked {
    /// The version of the server's program.
    pub version: String,
    /// The newest schema of databases that it knows.
    pub schema: i64,
    /// When it started.
    pub started_at_ms: TimeMs,
    /// What its clock shows.
    pub server_time_ms: TimeMs,
    /// The last event in the state that was looked at.
    pub seq: Seq,
    /// Why no changing call can be carried out at the moment; null when they can.
    pub trouble: Option<String>,
    /// What is wrong with the state, a sentence each.
    pub problems: Vec<String>,
}

/// The answer to `performance_metrics`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct Metrics {
    /// How many open tasks there are of each status.
    pub open: Vec<(TaskStatus, usize)>,
    /// Tasks ever completed.
    pub completed: u64,
    /// Tasks ever cancelled.
    pub cancelled: u64,
    /// Of all tasks that ever were, the share that is completed, in per cent.
    pub completion_rate: f64,
    /// What each agent has done.
    pub manus: Vec<ManusMetrics>,
    /// What happened, minute by minute.
    pub by_minute: Vec<Bucket>,
    /// What happened, hour by hour.
    pub by_hour: Vec<Bucket>,
}

/// What an agent has done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct ManusMetrics {
    /// Who.
    pub manus_id: ManusId,
    /// Where its results have moved its score.
    pub performance_score: f64,
    /// Its results.
    #[serde(flatten)]
    pub stats: ManusStats,
}

#[cfg(feature = "ssr")]
mod answers {
    use engine::state::metrics::{HOUR_MS, MINUTE_MS};
    use engine::{Refusal, State};

    use super::super::bounds;
    use super::super::door::{hub, read};
    use super::super::error::ApiError;
    use super::*;

    impl SystemHealth {
        pub(super) async fn answer(self) -> Result<Health, ApiError> {
            let hub = hub()?;
            let trouble = match hub.readiness() {
                hub::Readiness::NotReady { reason } => Some(reason),
                hub::Readiness::Ready => None,
            };
            read(|state| state.health(hub.now_ms(), trouble.as_deref()))
        }
    }

    impl SelfCheck {
        pub(super) async fn answer(self) -> Result<SelfChecked, ApiError> {
            let hub = hub()?;
            let trouble = match hub.readiness() {
                hub::Readiness::NotReady { reason } => Some(reason),
                hub::Readiness::Ready => None,
            };
            let (seq, problems) = read(|state| (state.seq(), state.check()))?;
            Ok(SelfChecked {
                version: env!("CARGO_PKG_VERSION").to_owned(),
                schema: hub::newest_schema(),
                started_at_ms: hub.started_at_ms(),
                server_time_ms: hub.now_ms(),
                seq,
                trouble,
                problems,
            })
        }
    }

    impl ExplainAssignment {
        pub(super) async fn answer(self) -> Result<Explanation, ApiError> {
            let now_ms = hub()?.now_ms();
            let (explained, outcome) = read(|state| {
                (state.explain_assignment(&self.task_id, now_ms), state.outcome(&self.task_id))
            })?;
            let task_id = self.task_id;
            explained.ok_or_else(|| match outcome {
                // So long ago that nothing of it is in memory.
                Some(outcome) => Refusal::TaskClosed { task_id, status: outcome.status() }.into(),
                None => Refusal::TaskNotFound { task_id }.into(),
            })
        }
    }

    impl ForecastConflicts {
        pub(super) async fn answer(self) -> Result<Vec<Collision>, ApiError> {
            read(State::forecast_conflicts)
        }
    }

    impl PerformanceMetrics {
        pub(super) async fn answer(self) -> Result<Metrics, ApiError> {
            let minutes = bounds::number_or::<TimeMs>("range", self.range, &bounds::RANGE_MINUTES, 60)?;
            let from_ms = hub()?.now_ms() - minutes * MINUTE_MS;
            read(|state| metrics(state, from_ms))
        }
    }

    fn metrics(state: &State, from_ms: TimeMs) -> Metrics {
        let open = TaskStatus::ALL.iter().filter(|status| !status.is_closed());
        let count = |status| state.tasks().filter(|task| task.status() == status).count();
        let open: Vec<_> = open.map(|status| (*status, count(*status))).collect();
        let closed = state.closed_counts();
        let all =
            closed.completed + closed.cancelled + open.iter().map(|(_, count)| *count as u64).sum::<u64>();
        let series = |width| {
            let recent = |bucket: &&Bucket| bucket.start_ms + width > from_ms;
            state.metrics().series(width).filter(recent).copied().collect()
        };
        Metrics {
            open,
            completed: closed.completed,
            cancelled: closed.cancelled,
            completion_rate: if all == 0 { 0.0 } else { 100.0 * closed.completed as f64 / all as f64 },
            manus: state
                .agents()
                .map(|agent| {
                    let view = agent.view(state);
                    let (performance_score, stats) = (view.performance_score, view.stats);
                    ManusMetrics { manus_id: view.id, performance_score, stats }
                })
                .collect(),
            by_minute: series(MINUTE_MS),
            by_hour: series(HOUR_MS),
        }
    }
}
