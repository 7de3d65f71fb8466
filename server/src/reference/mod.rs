//! The description of the HTTP interface: `/openapi.json` for programs, `docs/api.md` for people, both made from the calls'
//! own declarations.

mod edge;
mod markdown;
mod openapi;

use std::sync::LazyLock;

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::CONTENT_TYPE;

pub use markdown::markdown;
pub use openapi::document;

/// The document as it is sent, made once.
static DOCUMENT: LazyLock<Bytes> = LazyLock::new(|| document().to_string().into());

/// Answers `GET /openapi.json`.
pub async fn serve() -> Response {
    ([(CONTENT_TYPE, "application/json")], DOCUMENT.clone()).into_response()
}
