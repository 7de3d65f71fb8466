//! What is measured while a hub is at work, for whoever collects it.
//!
//! Noting something is a few atomic additions, so that measuring costs nothing that can be measured.

use prometheus::core::Collector;
use prometheus::{Histogram, HistogramOpts, HistogramVec, IntCounter, IntGauge, IntGaugeVec, Opts};

/// The bounds of how long something on the disk takes, in seconds.
const COMMIT_SECONDS: [f64; 12] =
    [0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.125, 0.25, 1.0, 5.0];
/// The bounds of how long planning takes, in seconds.
const PLAN_SECONDS: [f64; 9] = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0];
/// The bounds of how many come together.
const TOGETHER: [f64; 11] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0];

/// What the writer and the planner measure of themselves.
#[derive(Debug)]
pub struct Meters {
    pub(crate) commit_seconds: Histogram,
    pub(crate) commit_failures: IntCounter,
    pub(crate) batch_commands: Histogram,
    pub(crate) batch_events: Histogram,
    pub(crate) plan_seconds: Histogram,
    pub(crate) pruned_events: IntCounter,
    pub(crate) pruned_messages: IntCounter,
}

impl Meters {
    /// All of them, to be collected.
    pub fn collectors(&self) -> Vec<Box<dyn Collector>> {
        vec![
            Box::new(self.commit_seconds.clone()),
            Box::new(self.commit_failures.clone()),
            Box::new(self.batch_commands.clone()),
            Box::new(self.batch_events.clone()),
            Box::new(self.plan_seconds.clone()),
            Box::new(self.pruned_events.clone()),
            Box::new(self.pruned_messages.clone()),
        ]
    }
}

impl Default for Meters {
    fn default() -> Self {
        let (commit, failures) = ("manus_sync_commit_duration_seconds", "manus_sync_commit_failures_total");
        let (commands, events) = ("manus_sync_batch_commands", "manus_sync_batch_events");
        let unknown =
            "Batches that could not be written; their callers were told that the outcome is unknown.";
        Self {
            commit_seconds: histogram(
                commit,
                "How long it took to write a batch to the disk.",
                &COMMIT_SECONDS,
            ),
            commit_failures: counter(failures, unknown),
            batch_commands: histogram(commands, "How many commands shared a written batch.", &TOGETHER),
            batch_events: histogram(events, "How many events a written batch had.", &TOGETHER),
            plan_seconds: histogram(
                "manus_sync_plan_duration_seconds",
                "How long it took to make a plan.",
                &PLAN_SECONDS,
            ),
            pruned_events: counter("manus_sync_pruned_events_total", "Events let go of since the start."),
            pruned_messages: counter(
                "manus_sync_pruned_messages_total",
                "Messages let go of since the start.",
            ),
        }
    }
}

/// A histogram with these upper bounds. Name, help and bounds are the program's own: wrong ones are a mistake in it.
pub fn histogram(name: &str, help: &str, bounds: &[f64]) -> Histogram {
    sound(Histogram::with_opts(HistogramOpts::new(name, help).buckets(bounds.to_vec())))
}

/// Histograms by labels.
pub fn histograms(name: &str, help: &str, bounds: &[f64], labels: &[&str]) -> HistogramVec {
    sound(HistogramVec::new(HistogramOpts::new(name, help).buckets(bounds.to_vec()), labels))
}

/// A counter.
pub fn counter(name: &str, help: &str) -> IntCounter {
    sound(IntCounter::new(name, help))
}

/// A figure that goes up and down.
pub fn gauge(name: &str, help: &str) -> IntGauge {
    sound(IntGauge::new(name, help))
}

/// Figures that go up and down, by labels.
pub fn gauges(name: &str, help: &str, labels: &[&str]) -> IntGaugeVec {
    sound(IntGaugeVec::new(Opts::new(name, help), labels))
}

// Refused are wrong names and bounds out of order, and those stand in the source: the first start of any test would show it.
#[allow(clippy::expect_used)]
fn sound<M>(made: prometheus::Result<M>) -> M {
    made.expect("a name and bounds that make a meter")
}
