//! Where calls go: to the engine in this process, or to a server over HTTP. Either way through the same door.

use std::sync::Arc;

use app::api::{ApiError, Door, PREFIX};
use axum::body::Body;
use axum::extract::Request;
use http::HeaderValue;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use serde_json::Value;

use super::remote::Remote;
use super::watch::Watch;
use crate::calls;
use crate::cli::ServerArgs;
use crate::gate::Gate;

/// Where calls go.
#[derive(Debug, Clone)]
pub enum Backend {
    /// To the engine in this process, for whoever the gate lets in.
    Here(Arc<Door>, Gate),
    /// To a server elsewhere.
    There(Arc<Remote>),
}

impl Backend {
    /// To the server that these name, for a client that perhaps is known to be this agent, or that `beside` knows by a name.
    pub fn there(server: ServerArgs, manus_id: Option<String>, beside: fn() -> Option<String>) -> Self {
        Self::There(Arc::new(Remote::new(server, manus_id, beside)))
    }

    /// The agent as which the client's own hooks have introduced it, where nobody gave it another name.
    pub fn introduced(&self) -> Option<String> {
        match self {
            Self::Here(..) => None,
            Self::There(remote) => remote.introduced(),
        }
    }

    /// Makes a call, in the name of whoever showed this.
    pub async fn call(
        &self,
        name: &str,
        arguments: Value,
        shown: Option<HeaderValue>,
    ) -> Result<Value, ApiError> {
        match self {
            Self::Here(door, gate) => here(door, gate, name, &arguments, shown).await,
            Self::There(remote) => remote.call(name, arguments).await,
        }
    }

    /// Why no call can be made at the moment, where that is known.
    pub fn trouble(&self) -> Option<String> {
        match self {
            Self::Here(..) => None,
            Self::There(remote) => remote.trouble(),
        }
    }

    /// What happens from now on.
    pub fn watch(&self) -> Watch {
        match self {
            Self::Here(door, _) => Watch::here(door.clone()),
            Self::There(remote) => Watch::there(remote.clone()),
        }
    }
}

/// As if the request had come over HTTP.
async fn here(
    door: &Arc<Door>,
    gate: &Gate,
    name: &str,
    arguments: &Value,
    shown: Option<HeaderValue>,
) -> Result<Value, ApiError> {
    let broken = |error: &dyn std::fmt::Display| ApiError::internal(format!("the call broke: {error}"));
    let mut request = Request::post(format!("{PREFIX}{name}"))
        .header(CONTENT_TYPE, "application/json")
        .body(Body::from(arguments.to_string()))
        .map_err(|error| broken(&error))?;
    if let Some(shown) = shown {
        request.headers_mut().insert(AUTHORIZATION, shown);
    }
    let principal = gate.recognise(request.method(), request.headers())?;
    let response = calls::serve(door, principal, request).await;
    let status = response.status();
    let body =
        axum::body::to_bytes(response.into_body(), usize::MAX).await.map_err(|error| broken(&error))?;
    if status.is_success() {
        return serde_json::from_slice(&body).map_err(|error| broken(&error));
    }
    let error: ApiError = serde_json::from_slice(&body).map_err(|error| broken(&error))?;
    Err(ApiError { status: status.as_u16(), ..error })
}
