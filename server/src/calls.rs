//! `/api`: the calls, and JSON for everything that is none.

use std::sync::Arc;
use std::time::{Duration, Instant};

use app::api::access::CLASSES;
use app::api::{self, ApiError, Code, Door, Needs, Principal, SEQ_HEADER, error_response};
use axum::extract::Request;
use axum::response::Response;
use http::header::ALLOW;
use http::{HeaderValue, Method, StatusCode};
use hub::{AuditEntry, Token, TokenRole};
use serde_json::json;
use tracing::field::Empty;
use tracing::{Instrument, Span};

use crate::gate::Peer;
use crate::{front, guard, log};

/// Where all of this lies.
pub const ROOT: &str = "/api";

/// Answers whatever lies under [`ROOT`], for whoever asks.
pub async fn serve(door: &Arc<Door>, principal: Principal, request: Request) -> Response {
    let mut response = match route(&request) {
        Ok(name) => {
            let started = Instant::now();
            let span = tracing::info_span!(target: hub::SPANS, parent: None, "call", otel.name = name,
                otel.kind = "server", http.response.status_code = Empty, manus.code = Empty, manus.seq = Empty);
            log::joins(&span, request.headers());
            let caller = Caller::of(&principal, &request);
            let response = api::serve(door, principal, name, request).instrument(span.clone()).await;
            let response = response.unwrap_or_else(|| error_response(&no_such_call(name)));
            tell(&span, &response);
            let took = started.elapsed();
            door.meters().called(name, response.status(), took);
            note(name, &response, took);
            record(door, caller, name, &response);
            response
        }
        Err(error) => Box::pin(front::unread(request, refused(&error))).await,
    };
    if !response.headers().contains_key(&SEQ_HEADER) {
        response.headers_mut().insert(&SEQ_HEADER, door.hub().feed().committed_seq().into());
    }
    response
}

/// Of whom a record is kept: who is denied something, and people.
struct Caller {
    token: Arc<Token>,
    peer: Option<Peer>,
}

impl Caller {
    /// Where nobody is asked, there is nobody to name.
    fn of(principal: &Principal, request: &Request) -> Option<Self> {
        let Principal::Holder(token) = principal else { return None };
        Some(Self { token: token.clone(), peer: request.extensions().get().copied() })
    }
}

/// Writes down what people do, and what is denied to whom. What came of it stands in the log of events, up to that event.
fn record(door: &Door, caller: Option<Caller>, call: &str, response: &Response) {
    let Some(Caller { token, peer }) = caller else { return };
    let code = response.extensions().get::<Code>().map_or("ok", |code| &code.0);
    let seq = response.headers().get(&SEQ_HEADER).and_then(|seq| seq.to_str().ok()?.parse().ok());
    let looks = call.starts_with("list_")
        || CLASSES.iter().any(|(name, needs, _)| *name == call && *needs == Needs::Look);
    let (token_id, role) = (&token.id, token.role.as_str());
    let denied = response.status() == StatusCode::FORBIDDEN;
    let acted = !denied && !looks && (token.session || token.role == TokenRole::Admin);
    if denied || acted {
        let entry = if denied { AuditEntry::denied(call, code) } else { AuditEntry::acted(call, code) };
        door.hub().audit().note(entry.by(&token).from(peer).at(seq));
    }
    if denied {
        tracing::info!(
            call,
            token.id = %token_id,
            token.role = role,
            "Denied: {call} to token {token_id} ({role})"
        );
    } else if acted {
        let seq = seq.unwrap_or_default();
        tracing::info!(
            call,
            token.id = %token_id,
            code,
            "Acted: {call} by token {token_id}, {code} at event {seq}"
        );
    }
}

/// The call that a request means.
fn route(request: &Request) -> Result<&'static str, ApiError> {
    let path = request.uri().path();
    let name = path.strip_prefix(api::PREFIX).ok_or_else(|| no_such_path(path))?;
    let name = api::NAMES.iter().find(|known| **known == name).ok_or_else(|| no_such_call(name))?;
    only(request, name, &Method::POST)?;
    guard::check_content_type(request.headers())?;
    Ok(name)
}

/// Refuses other methods than this one.
pub(crate) fn only(request: &Request, name: &'static str, method: &Method) -> Result<&'static str, ApiError> {
    let given = request.method();
    if given == method {
        return Ok(name);
    }
    let message = format!("{name} is called with {method}, not {given}");
    let detail = json!({ "method": given.as_str(), "allowed": method.as_str() });
    Err(ApiError::new(405, "method_not_allowed", message).with(detail))
}

/// A refusal as an HTTP answer.
pub(crate) fn refused(error: &ApiError) -> Response {
    let mut response = error_response(error);
    let allowed = error.detail.get("allowed").and_then(|method| HeaderValue::from_str(method.as_str()?).ok());
    if let Some(method) = allowed {
        response.headers_mut().insert(ALLOW, method);
    }
    response
}

/// What a trace shows of a call's answer.
fn tell(span: &Span, response: &Response) {
    if span.is_disabled() {
        return;
    }
    span.record("http.response.status_code", response.status().as_u16());
    if let Some(code) = response.extensions().get::<Code>() {
        span.record("manus.code", &*code.0);
    }
    let seq = response.headers().get(&SEQ_HEADER).and_then(|seq| seq.to_str().ok()?.parse::<u64>().ok());
    span.record("manus.seq", seq);
}

/// What `-v` shows of each call.
fn note(name: &str, response: &Response, took: Duration) {
    let status = response.status();
    let code = response.extensions().get::<Code>().map_or("ok", |code| &code.0);
    let ms = (took.as_secs_f64() * 10_000.0).round() / 10.0;
    if status.is_server_error() {
        tracing::warn!(call = name, code, ms, "{name} failed: {code} ({status}) after {ms} ms");
    } else {
        tracing::debug!(call = name, code, ms, "{name}: {code} in {ms} ms");
    }
}

fn no_such_path(path: &str) -> ApiError {
    let message =
        format!("there is nothing at {path}; calls are POST /api/v1/<name>, events are GET /api/v1/events");
    ApiError::new(404, "not_found", message).with(json!({ "path": path }))
}

fn no_such_call(name: &str) -> ApiError {
    let near = api::nearest(name, api::NAMES.iter().copied());
    let hint = near.map(|near| format!("did you mean {near}? ")).unwrap_or_default();
    let message = format!("there is no call {name}; {hint}known are {}", api::NAMES.join(", "));
    ApiError::new(404, "not_found", message)
        .with(json!({ "name": name, "did_you_mean": near, "known": api::NAMES }))
}
