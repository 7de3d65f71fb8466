//! Log lines on stderr, as text or as JSON, and traces for a collector: stdout belongs to what a command is asked to print.

mod otlp;

use std::io::{IsTerminal, stderr};

use clap::ValueEnum;
use serde::Deserialize;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt};

use self::otlp::Traces;
pub(crate) use self::otlp::joins;
pub use self::otlp::{Endpoint, EndpointError};

/// Sets its own filter in place of the verbosity, in the syntax of `RUST_LOG`.
const VARIABLE: &str = "MANUS_SYNC_LOG";

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// An object a line, for programs: `timestamp`, `level`, `message`, and what the line is about under names of its own.
    Json,
}

/// What to log, and where traces go.
#[derive(Debug, Clone, Default)]
pub struct LogOptions {
    /// 0 for what is worth knowing, 1 for each call, 2 for everything.
    pub verbosity: u8,
    /// How.
    pub format: LogFormat,
    /// The collector that gets a span for each call, commit and plan.
    pub traces: Option<Endpoint>,
}

/// Logging as it has begun. What is not sent to the collector yet is sent when it goes away.
#[derive(Debug)]
#[must_use = "traces end with it"]
pub struct Logging(Option<Traces>);

/// Begins to log.
pub fn init(options: &LogOptions) -> Logging {
    let usual = match options.verbosity {
        0 => "warn,rmcp=off,server=info,hub=info,app=info",
        1 => "info,rmcp=warn,server=debug,hub=debug,app=debug",
        _ => "debug,server=trace,hub=trace,app=trace",
    };
    let filter = EnvFilter::try_from_env(VARIABLE).unwrap_or_else(|_| EnvFilter::new(usual));
    let lines = fmt::layer().with_writer(stderr).with_ansi(stderr().is_terminal()).with_target(false);
    let lines = match options.format {
        LogFormat::Text => lines.compact().boxed(),
        LogFormat::Json => {
            lines.json().flatten_event(true).with_current_span(false).with_span_list(false).boxed()
        }
    };
    let traces = options.traces.as_ref().map(Traces::to);
    let mut layers = vec![lines.with_filter(filter).boxed()];
    // Not as an `Option` beside the lines: an empty one wants to hear of everything, and spans would be made for nobody.
    layers.extend(traces.as_ref().map(|traces| traces.layer().boxed()));
    // Somebody else in this process may have begun to log before; that is as good.
    let _ = tracing_subscriber::registry().with(layers).try_init();
    Logging(traces)
}

impl Drop for Logging {
    fn drop(&mut self) {
        if let Some(traces) = self.0.take() {
            traces.send_the_rest();
        }
    }
}
