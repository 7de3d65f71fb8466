//! What every request passes: the checks, then the calls or the pages, then the headers that every answer carries.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use app::api::{ApiError, Door, Principal, error_response};
use axum::Router;
use axum::body::{HttpBody as _, to_bytes};
use axum::extract::{Path, Request};
use axum::response::Response;
use axum::routing::get;
use http::header::{ACCEPT, CACHE_CONTROL, CONNECTION, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Version};
use leptos::config::LeptosOptions;
use tower::ServiceExt;

use crate::events::{self, Streams};
use crate::gate::Gate;
use crate::guard::Guard;
use crate::mcp::{self, Endpoint};
use crate::metrics::Metrics;
use crate::site::Site;
use crate::{calls, compress, export, health, login, page, reference};

/// Names the server that a request is meant for. Whoever found an address in a project's `server.json` sends it, so that
/// another server that has got this address since does not answer in the first one's place.
pub const SERVER_HEADER: HeaderName = HeaderName::from_static("manus-server");
/// The code that such a request is refused with.
pub const OTHER_SERVER: &str = "other_server";

/// The call after which its own caller may be let in no more.
const REVOKING: &str = "/api/v1/revoke_token";

/// A year, in seconds, as is usual.
const ENCRYPTED_ONLY: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// How much of a refused request is read so that its connection can go on, in bytes, and for how long it is waited for.
const READ_ANYWAY: usize = 64 * 1024;
const PATIENCE: Duration = Duration::from_millis(500);

const SAME_ORIGIN_ONLY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// Everything that answers requests.
#[derive(Debug, Clone)]
pub struct Front(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    guard: Guard,
    gate: Gate,
    door: Arc<Door>,
    streams: Streams,
    /// What this server is called, see [`SERVER_HEADER`].
    name: String,
    mcp: Endpoint,
    /// Whatever else there is.
    pages: Router,
}

impl Front {
    /// In front of this door.
    pub fn new(door: Arc<Door>, guard: Guard, gate: Gate, site: &Site, options: &LeptosOptions) -> Self {
        let (hub, exported) = (door.hub().clone(), door.hub().clone());
        let export = move |Path(name): Path<String>, request: Request| async move {
            export::serve(&exported, &name, &request)
        };
        let metrics = Arc::new(Metrics::new(&door));
        let metrics = move || {
            let metrics = metrics.clone();
            async move { metrics.serve().await }
        };
        let inside = page::routes(&door, options, site.has_parts())
            .route("/export/{name}", get(export))
            .route("/metrics", get(metrics));
        let (for_those, within) = (gate.clone(), inside);
        let inside = move |request: Request| look(for_those.clone(), within.clone(), request);
        // For everybody: whether the server is well, what its interface is, and the files that any page is made of. Whatever is
        // not named here is for those who may look.
        let pages = site
            .routes()
            .merge(login::routes(&gate, site.css()))
            .route("/openapi.json", get(reference::serve))
            .route("/healthz", get(health::healthz))
            .route("/readyz", get(move || async move { health::readyz(&hub) }))
            .fallback(inside);
        let name = door.hub().server_name();
        let (mcp, streams) = (Endpoint::new(&door, &gate), Streams::new(&door));
        Self(Arc::new(Inner { guard, gate, door, streams, name, mcp, pages }))
    }

    /// Whether it matters where a request comes from.
    pub fn asks(&self) -> bool {
        self.0.gate.asks()
    }

    /// Answers a request.
    pub async fn answer(&self, request: Request) -> Response {
        let zip = compress::is_welcome(request.headers());
        let insists = self.0.guard.insists(request.headers());
        let admitted = self.0.guard.check(request.uri(), request.headers());
        let mut response = match admitted.and_then(|()| self.check_name(request.headers())) {
            Ok(()) => self.let_in(request).await,
            Err(error) => {
                tracing::info!("Refused {} {}: {error}", request.method(), request.uri().path());
                self.0.gate.note_denied(&request, &error);
                Box::pin(unread(request, error_response(&error))).await
            }
        };
        if zip {
            response = compress::apply(response).await;
        }
        let headers = response.headers_mut();
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if insists {
            headers.insert(STRICT_TRANSPORT_SECURITY, ENCRYPTED_ONLY);
        }
        headers.insert(SAME_ORIGIN_ONLY, HeaderValue::from_static("same-origin"));
        headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
        response
    }

    /// Answers those who may have an answer. What is not a call gets memory of its own while it is answered: a future is as large
    /// as the largest that it may become, and that of a call is moved about a few times.
    async fn let_in(&self, request: Request) -> Response {
        let path = request.uri().path();
        // Not through the router: most requests are calls, and of those there is but one route.
        if !is_call(path) && path != mcp::PATH {
            let ends = ends_unread(&request);
            let response = Box::pin(routed(self.0.pages.clone(), request)).await;
            return if ends && response.status().is_client_error() { ended(response) } else { response };
        }
        let ends_tokens = path == REVOKING;
        let principal = match self.0.gate.admit(&request) {
            Ok(principal) => principal,
            Err(error) => return Box::pin(kept_out(&self.0.gate, request, &error)).await,
        };
        let answer = pin!(self.serve(&principal, request));
        // Who takes back the token that they show still get to read that this was done.
        if ends_tokens {
            return answer.await;
        }
        self.0.gate.while_let_in(&principal, answer).await
    }

    async fn serve(&self, principal: &Principal, request: Request) -> Response {
        match request.uri().path() {
            events::PATH => match principal.may_look() {
                Ok(()) => self.0.streams.answer(&request),
                Err(error) => Box::pin(kept_out(&self.0.gate, request, &error)).await,
            },
            mcp::PATH => Box::pin(self.0.mcp.answer(request)).await,
            _ => calls::serve(&self.0.door, principal.clone(), request).await,
        }
    }

    fn check_name(&self, headers: &HeaderMap) -> Result<(), ApiError> {
        let Some(meant) = headers.get(&SERVER_HEADER) else { return Ok(()) };
        if meant.as_bytes() == self.0.name.as_bytes() {
            return Ok(());
        }
        let message = "this is another server than the one that you mean; read .manus-sync/server.json again, or leave out \
                       the header manus-server";
        Err(ApiError::new(421, OTHER_SERVER, message))
    }
}

/// Answers from these routes whoever may look.
async fn look(gate: Gate, routes: Router, mut request: Request) -> Response {
    let admitted = gate.admit(&request);
    match admitted.and_then(|principal| principal.may_look().map(|()| principal)) {
        Ok(principal) => {
            request.extensions_mut().insert(principal.clone());
            gate.while_let_in(&principal, routed(routes, request)).await
        }
        // A person who wants to see something: there is a form for that.
        Err(error) if error.status == 401 && wants_page(&request) => {
            login::way_from(request.uri().path_and_query().map_or("/", |page| page.as_str()))
        }
        Err(error) => kept_out(&gate, request, &error).await,
    }
}

fn wants_page(request: &Request) -> bool {
    let accepts = request.headers().get(ACCEPT).and_then(|kinds| kinds.to_str().ok());
    matches!(*request.method(), Method::GET | Method::HEAD)
        && accepts.is_some_and(|kinds| kinds.contains("text/html"))
}

async fn kept_out(gate: &Gate, request: Request, error: &ApiError) -> Response {
    gate.note_denied(&request, error);
    tracing::info!("Kept out, {} {}: {error}", request.method(), request.uri().path());
    unread(request, error_response(error)).await
}

/// An answer to a request of which nobody has read the body. A small one that comes soon is read after all, so that the connection can
/// go on: whoever is told to come back later need not connect anew.
pub(crate) async fn unread(request: Request, response: Response) -> Response {
    if !ends_unread(&request) {
        return response;
    }
    match tokio::time::timeout(PATIENCE, to_bytes(request.into_body(), READ_ANYWAY)).await {
        Ok(Ok(_)) => response,
        _ => ended(response),
    }
}

/// Whether the connection ends with an answer that comes before the request was read: there is more of it to come, which would stand
/// where the next request is expected.
fn ends_unread(request: &Request) -> bool {
    request.version() <= Version::HTTP_11 && !request.body().is_end_stream()
}

/// Says so, since a client that is not told would send its next request into nothing.
fn ended(mut response: Response) -> Response {
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

async fn routed(router: Router, request: Request) -> Response {
    match router.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

fn is_call(path: &str) -> bool {
    path.strip_prefix(calls::ROOT).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
