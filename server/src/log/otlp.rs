//! Traces for an OpenTelemetry collector: OTLP over HTTP, in protobuf.
//!
//! A span is made for each call (named after it), each commit and each plan, under the target [`hub::SPANS`]. Without a collector
//! nothing is interested in that target, and making one costs a look at an atomic flag.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response, Uri};
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::TracerProvider;
use opentelemetry_http::{HeaderExtractor, HttpClient, HttpError};
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::{Level, Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::registry::LookupSpan;

use crate::blocking;

/// How long to wait for the collector to take the last spans, when the server stops.
const PATIENCE: Duration = Duration::from_secs(5);
/// Where a collector takes traces.
const PATH: &str = "/v1/traces";

/// The address of a collector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint(Uri);

/// Why an address will not do.
#[derive(Debug, thiserror::Error)]
#[error(
    "{0:?} is not a collector's address; write it like http://localhost:4318 (only plain HTTP: for a collector elsewhere, let one \
     on this machine pass spans on)"
)]
pub struct EndpointError(String);

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        let wrong = || EndpointError(text.to_owned());
        let uri: Uri = text.trim_end_matches('/').parse().map_err(|_| wrong())?;
        let plain = uri.scheme_str() == Some("http") && uri.host().is_some();
        // As the specification has it: a path of its own is taken as it is, else the usual one follows.
        let whole = if matches!(uri.path(), "" | "/") {
            format!("{}{PATH}", text.trim_end_matches('/'))
        } else {
            text.to_owned()
        };
        if plain { whole.parse().map(Self).map_err(|_| wrong()) } else { Err(wrong()) }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Spans on their way to a collector.
#[derive(Debug)]
pub(super) struct Traces(SdkTracerProvider);

impl Traces {
    /// Sends them there, in batches, from a thread of its own.
    pub(super) fn to(endpoint: &Endpoint) -> Self {
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Collector)
            .with_endpoint(endpoint.to_string())
            .build();
        let provider = SdkTracerProvider::builder().with_resource(resource());
        match exporter {
            Ok(exporter) => Self(provider.with_batch_exporter(exporter).build()),
            Err(error) => {
                eprintln!("manus-sync: no traces will be sent: {error}");
                Self(provider.build())
            }
        }
    }

    /// What makes OpenTelemetry's spans of ours.
    pub(super) fn layer<S: Subscriber + for<'span> LookupSpan<'span>>(&self) -> impl Layer<S> + use<S> {
        let ours = Targets::new().with_target(hub::SPANS, Level::INFO);
        tracing_opentelemetry::layer()
            .with_tracer(self.0.tracer("manus-sync"))
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_filter(ours)
    }

    pub(super) fn send_the_rest(self) {
        if let Err(error) = self.0.shutdown_with_timeout(PATIENCE) {
            tracing::warn!(%error, "The last spans were not sent: {error}");
        }
    }
}

/// Who sends the spans; `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` say more.
fn resource() -> Resource {
    let name = std::env::var("OTEL_SERVICE_NAME").unwrap_or_else(|_| "manus-sync".to_owned());
    let version = opentelemetry::KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    Resource::builder().with_service_name(name).with_attribute(version).build()
}

/// Makes a call's span part of the trace that the caller's `traceparent` names.
pub(crate) fn joins(span: &Span, headers: &HeaderMap) {
    if span.is_disabled() || !headers.contains_key("traceparent") {
        return;
    }
    let context = TraceContextPropagator::new().extract(&HeaderExtractor(headers));
    // Refused only where no layer cares.
    let _ = span.set_parent(context);
}

/// Sends batches over a connection of their own each. Called on the exporter's thread, which may block.
#[derive(Debug)]
struct Collector;

#[async_trait::async_trait]
impl HttpClient for Collector {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (status, body) = blocking::post(request.uri(), request.headers(), request.body())?;
        Ok(Response::builder().status(status).body(body.into())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (given, whole) in [
            ("http://localhost:4318", "http://localhost:4318/v1/traces"),
            ("http://localhost:4318/", "http://localhost:4318/v1/traces"),
            ("http://[::1]:4318", "http://[::1]:4318/v1/traces"),
            ("http://collector/otlp/v1/traces", "http://collector/otlp/v1/traces"),
        ] {
            assert_eq!(given.parse::<Endpoint>().unwrap().to_string(), whole);
        }
        for wrong in ["localhost:4318", "https://collector:4318", "http://", "there"] {
            assert!(wrong.parse::<Endpoint>().is_err(), "{wrong}");
        }
    }
}
