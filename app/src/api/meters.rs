//! What is measured of the calls, and of those who watch.

use std::collections::HashMap;
use std::sync::OnceLock;
use std::time::Duration;

use engine::TimeMs;
use http::StatusCode;
use hub::meters::{gauge, histogram, histograms};
use prometheus::core::Collector;
use prometheus::{Histogram, HistogramVec, IntGauge};

use super::NAMES;

/// The bounds of how long a call takes, in seconds. Some wait for up to a minute because they are asked to.
const CALL_SECONDS: [f64; 17] = [
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0,
    60.0,
];
/// The bounds of how far a stream is behind, in seconds. Streams are written to every 40 ms at most.
const LAG_SECONDS: [f64; 11] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.5, 2.0, 10.0];

/// The figures of one server's calls and streams.
#[derive(Debug)]
pub struct Meters {
    /// By call and status.
    calls: HistogramVec,
    /// Those of successful calls, which need not be looked up by their labels. Filled as they are first made.
    succeeded: HashMap<&'static str, OnceLock<Histogram>>,
    streams: IntGauge,
    lag: Histogram,
}

impl Meters {
    /// Notes that a call was answered. Others than those known are not told apart, so that nobody can make figures without end.
    pub fn called(&self, name: &str, status: StatusCode, took: Duration) {
        let Some((name, succeeded)) = self.succeeded.get_key_value(name) else { return };
        let histogram = || self.calls.with_label_values(&[name, status.as_str()]);
        if status == StatusCode::OK {
            succeeded.get_or_init(histogram).observe(took.as_secs_f64());
        } else {
            histogram().observe(took.as_secs_f64());
        }
    }

    /// Notes that somebody watches, until what is answered goes away.
    pub fn watching(&self) -> Watching {
        self.streams.inc();
        Watching { streams: self.streams.clone(), lag: self.lag.clone() }
    }

    /// All of them, to be collected.
    pub fn collectors(&self) -> Vec<Box<dyn Collector>> {
        vec![Box::new(self.calls.clone()), Box::new(self.streams.clone()), Box::new(self.lag.clone())]
    }
}

impl Default for Meters {
    fn default() -> Self {
        let help = "How long calls took until they were answered, by call and HTTP status.";
        let calls = histograms("manus_sync_call_duration_seconds", help, &CALL_SECONDS, &["call", "status"]);
        let lag = "How old the oldest event of a write to an event stream was, once that had caught up.";
        Self {
            calls,
            succeeded: NAMES.iter().map(|name| (*name, OnceLock::new())).collect(),
            streams: gauge("manus_sync_event_streams", "Open event streams."),
            lag: histogram("manus_sync_feed_lag_seconds", lag, &LAG_SECONDS),
        }
    }
}

/// Somebody watches the events.
#[derive(Debug)]
pub struct Watching {
    streams: IntGauge,
    lag: Histogram,
}

impl Watching {
    /// Notes how old the oldest event is that is about to be written.
    pub fn lags(&self, by_ms: TimeMs) {
        self.lag.observe(by_ms.max(0) as f64 / 1000.0);
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.streams.dec();
    }
}
