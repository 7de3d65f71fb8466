//! `/healthz`: the process answers. `/readyz`: and can carry out calls.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use hub::{Hub, Readiness};
use serde_json::json;

/// Answers as soon as the process serves at all.
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// Answers 200 when changing calls can be carried out, else 503 with the reason.
pub fn readyz(hub: &Hub) -> Response {
    let (status, said) = match hub.readiness() {
        Readiness::Ready => (StatusCode::OK, json!({ "ready": true })),
        Readiness::NotReady { reason } => {
            (StatusCode::SERVICE_UNAVAILABLE, json!({ "ready": false, "reason": reason }))
        }
    };
    (status, [(CONTENT_TYPE, "application/json")], said.to_string()).into_response()
}
