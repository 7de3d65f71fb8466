//! `/mcp`: the protocol over streamable HTTP, in both its ways: with sessions, as revisions up to 2025-11-25 have them, and
//! without, as 2026-07-28 does.

use std::sync::Arc;
use std::time::Duration;

use app::api::bounds::BODY_MAX;
use app::api::{ApiError, Door, error_response, read_body};
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, StatusCode};
use http_body_util::Full;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use super::backend::Backend;
use super::session::Session;
use super::strict;
use crate::gate::Gate;

/// Where it lies.
pub const PATH: &str = "/mcp";
/// How long a session is kept of which nothing is heard.
const KEPT: Duration = Duration::from_secs(12 * 60 * 60);
/// How many sessions there may be at a time.
const SESSIONS_MAX: usize = 4_096;
/// How long calls under way have to be answered when the server is about to stop.
const GRACE: Duration = Duration::from_millis(250);
const JSON: &[u8] = b"application/json";
const SESSION_HEADER: &str = "mcp-session-id";
/// Since this revision a stream begins with an empty event, from which a client goes on when the connection breaks. Clients of
/// earlier ones take it for a broken message.
const BEGINS_EMPTY: &str = "2025-11-25";

/// What answers there.
pub struct Endpoint {
    /// For revisions whose streams begin with an empty event, and for those without sessions.
    newer: Desk,
    older: Desk,
}

/// Sessions whose streams begin alike.
struct Desk {
    service: StreamableHttpService<Session, LocalSessionManager>,
    sessions: Arc<LocalSessionManager>,
}

/// As much of a request as tells which revision its client would like to speak.
#[derive(Deserialize)]
struct Hello {
    params: Wish,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wish {
    protocol_version: String,
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Endpoint").finish_non_exhaustive()
    }
}

impl Endpoint {
    /// In front of this door; its streams end when the server is about to stop.
    pub fn new(door: &Arc<Door>, gate: &Gate) -> Self {
        // Hosts and origins have been looked at before a request comes here.
        let config = StreamableHttpServerConfig::default()
            .disable_allowed_hosts()
            .with_json_response(true)
            .with_max_request_body_bytes(BODY_MAX);
        let (closing, stop) = (door.clone(), config.cancellation_token.clone());
        tokio::spawn(async move {
            closing.closed().await;
            // Whoever waits for something in the engine is answered by itself; then the streams end.
            tokio::time::sleep(GRACE).await;
            stop.cancel();
        });
        let backend = Backend::Here(door.clone(), gate.clone());
        let older = Desk::new(backend.clone(), config.clone().with_sse_retry(None));
        Self { newer: Desk::new(backend, config), older }
    }

    /// Answers a request.
    pub async fn answer(&self, request: Request) -> Response {
        let begins = request.method() == Method::POST && !request.headers().contains_key(SESSION_HEADER);
        if begins && self.is_full().await {
            let message = "too many MCP sessions are open; end some with DELETE, or try again later";
            let error = ApiError::new(429, "overloaded", message).with(json!({ "retry_after_secs": 60 }));
            return error_response(&error);
        }
        let ends = request.method() == Method::DELETE;
        let (head, body) = request.into_parts();
        let body = match read_body(Request::from_parts(head.clone(), body)).await {
            Ok(body) => body,
            Err(error) => return error_response(&error),
        };
        let is_older = match head.headers.get(SESSION_HEADER) {
            Some(session) => self.older.has(session).await,
            None => begins && wishes_older(&body),
        };
        if let Some(name) = strict::doubled(&body) {
            return doubled(&body, &name);
        }
        let desk = if is_older { &self.older } else { &self.newer };
        let is_json = head.headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(JSON));
        let response = desk.service.handle(Request::from_parts(head, Full::new(body.clone()))).await;
        if is_json && response.status() == StatusCode::UNSUPPORTED_MEDIA_TYPE {
            return no_message(&body);
        }
        let mut response = response.map(Body::new);
        if ends && response.status() == StatusCode::ACCEPTED {
            // It has ended by now, and clients complain about an end that is only accepted.
            *response.status_mut() = StatusCode::NO_CONTENT;
        }
        response
    }

    async fn is_full(&self) -> bool {
        self.newer.count().await + self.older.count().await >= SESSIONS_MAX
    }
}

impl Desk {
    fn new(backend: Backend, config: StreamableHttpServerConfig) -> Self {
        let mut sessions = LocalSessionManager::default();
        sessions.session_config.keep_alive = Some(KEPT);
        sessions.session_config.sse_retry = config.sse_retry;
        let sessions = Arc::new(sessions);
        let begin = move || Ok(Session::new(backend.clone(), None));
        Self { service: StreamableHttpService::new(begin, sessions.clone(), config), sessions }
    }

    async fn count(&self) -> usize {
        self.sessions.sessions.read().await.len()
    }

    async fn has(&self, session: &HeaderValue) -> bool {
        let Ok(id) = session.to_str() else { return false };
        self.sessions.sessions.read().await.contains_key(id)
    }
}

/// What JSON-RPC answers to what is no JSON, or none of its messages: an error of no request.
fn no_message(body: &[u8]) -> Response {
    let (code, message) = match serde_json::from_slice::<IgnoredAny>(body) {
        Err(error) => (-32700, format!("Parse error: {error}")),
        Ok(_) => (-32600, "Invalid Request: send one JSON-RPC message, an object".to_owned()),
    };
    error_of(&Value::Null, code, &message)
}

/// What is answered to a request with a name that stands twice in one of its objects.
fn doubled(body: &[u8], name: &str) -> Response {
    let id = serde_json::from_slice::<Value>(body).map_or(Value::Null, |mut request| request["id"].take());
    error_of(&id, -32602, &format!("{name} stands twice in one object; send it once"))
}

/// JSON-RPC's error of the request with this id.
fn error_of(id: &Value, code: i32, message: &str) -> Response {
    let said = json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": message } });
    let mut response = Response::new(Body::from(said.to_string()));
    *response.status_mut() = StatusCode::BAD_REQUEST;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// Whether a session begins with the wish for a revision whose streams hold messages alone. They are dates, in order as texts.
fn wishes_older(body: &[u8]) -> bool {
    serde_json::from_slice::<Hello>(body)
        .is_ok_and(|hello| hello.params.protocol_version.as_str() < BEGINS_EMPTY)
}
