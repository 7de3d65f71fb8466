//! `/metrics`: what there is to measure, in Prometheus's text format. docs/operations.md describes each figure.
//!
//! What happens often is counted where it happens, for a few atomic additions each. Everything else is looked up when somebody
//! asks.

mod live;
#[cfg(unix)]
mod process;

use app::api::Door;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use hub::Hub;
use prometheus::{Encoder, Registry, TextEncoder};

/// Everything that `/metrics` shows.
#[derive(Debug)]
pub struct Metrics {
    /// What is counted all the time.
    counted: Registry,
    hub: Hub,
}

impl Metrics {
    /// The figures of the hub behind this door, and of the door itself.
    pub fn new(door: &Door) -> Self {
        let counted = Registry::new();
        let hub = door.hub().clone();
        for collector in door.meters().collectors().into_iter().chain(hub.meters().collectors()) {
            if let Err(error) = counted.register(collector) {
                tracing::error!(%error, "A figure is missing in /metrics");
            }
        }
        Self { counted, hub }
    }

    /// The answer to `GET /metrics`.
    pub async fn serve(&self) -> Response {
        match self.text().await {
            Ok(text) => ([(CONTENT_TYPE, prometheus::TEXT_FORMAT)], text).into_response(),
            Err(error) => {
                tracing::error!(%error, "The figures could not be written down");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }

    async fn text(&self) -> Result<Vec<u8>, prometheus::Error> {
        let looked_up = Registry::new();
        live::look(&self.hub, &looked_up).await?;
        #[cfg(unix)]
        process::look(&looked_up)?;
        let mut families = self.counted.gather();
        families.extend(looked_up.gather());
        families.sort_by(|a, b| a.name().cmp(b.name()));
        let mut text = Vec::new();
        TextEncoder::new().encode(&families, &mut text)?;
        Ok(text)
    }
}
