//! Who comes in: recognises whoever makes a request by the token that it shows.
//!
//! Where the server asks nobody who they are, everybody is let in. What one who was let in may do is decided call by call, in
//! [`app::api::access`].

mod pace;

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use app::api::{ApiError, Principal};
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use futures::StreamExt;
use http::header::{AUTHORIZATION, COOKIE, ORIGIN};
use http::{HeaderMap, HeaderValue, Method};
use hub::{AuditEntry, Hub};
use hyper::body::Body as _;

use self::pace::Pace;
use crate::login::Cookie;

/// How many seconds' worth of requests may come at once.
const AHEAD: u32 = 2;
/// How many wrong tokens may come at once from one place …
const FAILURES_AT_ONCE: u32 = 20;
/// … and how far apart they may come from then on.
const FAILURE_EACH: Duration = Duration::from_secs(3);

/// Whether a server asks who comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Auth {
    /// Always
    Required,
    /// Never; for this machine alone
    Off,
    /// Where other machines can reach it
    #[default]
    Auto,
}

/// What stands before everything that is not for everybody.
#[derive(Debug, Clone)]
pub struct Gate {
    hub: Hub,
    required: bool,
    /// Where browsers show their sessions.
    cookie: Cookie,
    paces: Arc<Paces>,
}

/// How often one may ask, and how often one may be wrong.
#[derive(Debug)]
struct Paces {
    began: Instant,
    /// By token or session; `None` where one may ask as often as one likes.
    asking: Option<Pace<String>>,
    /// By where the requests come from.
    failing: Pace<IpAddr>,
}

impl Paces {
    fn now(&self) -> Duration {
        self.began.elapsed()
    }
}

/// Where a request comes from, left with it by whoever accepted its connection.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub IpAddr);

impl std::fmt::Display for Peer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl Peer {
    /// Whom to count: of the newer addresses, anybody has as many as they like within the first half.
    fn counted(self) -> IpAddr {
        match self.0 {
            IpAddr::V6(v6) => {
                let [a, b, c, d, ..] = v6.segments();
                Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
            }
            v4 => v4,
        }
    }
}

impl Gate {
    /// In front of this project. With `encrypted` its cookies are for encrypted connections alone.
    pub fn new(hub: Hub, required: bool, rate_limit: u32, encrypted: bool) -> Self {
        let cookie = Cookie::of(&hub.log_id(), encrypted);
        let asking =
            (rate_limit > 0).then(|| Pace::new(Duration::from_secs(1) / rate_limit, rate_limit * AHEAD));
        let failing = Pace::new(FAILURE_EACH, FAILURES_AT_ONCE);
        Self { hub, required, cookie, paces: Arc::new(Paces { began: Instant::now(), asking, failing }) }
    }

    /// The project behind it.
    pub fn hub(&self) -> &Hub {
        &self.hub
    }

    /// Where browsers show their sessions.
    pub fn cookie(&self) -> &Cookie {
        &self.cookie
    }

    /// Whether it asks who comes in.
    pub fn asks(&self) -> bool {
        self.required
    }

    /// Lets in whoever makes a request: who is known, and does not ask too often.
    pub fn admit(&self, request: &Request) -> Result<Principal, ApiError> {
        let headers = request.headers();
        match self.recognise(request.method(), headers) {
            Ok(principal) => self.keep_pace(&principal).map(|()| principal),
            // Who shows nothing guesses nothing.
            Err(error)
                if error.status == 401
                    && (headers.contains_key(AUTHORIZATION) || headers.contains_key(COOKIE)) =>
            {
                Err(self.failed(request.extensions().get().copied()).err().unwrap_or(error))
            }
            Err(error) => Err(error),
        }
    }

    fn keep_pace(&self, principal: &Principal) -> Result<(), ApiError> {
        let (Principal::Holder(token), Some(asking)) = (principal, &self.paces.asking) else { return Ok(()) };
        asking.take(token.id.clone(), self.paces.now()).map_err(later)
    }

    /// Counts a wrong token. Whoever shows too many is not even told that the next one is wrong.
    pub fn failed(&self, peer: Option<Peer>) -> Result<(), ApiError> {
        let Some(peer) = peer else { return Ok(()) };
        self.paces.failing.take(peer.counted(), self.paces.now()).map_err(later)
    }

    /// Takes note of a request that got nothing. Of whoever made it is known what the refusal says.
    pub fn note_denied(&self, request: &Request, error: &ApiError) {
        let what = format!("{} {}", request.method(), request.uri().path());
        let token = error.detail.get("token_id").and_then(|id| id.as_str());
        let token = token.and_then(|id| self.hub.access().find(id));
        let entry = AuditEntry::denied(&what, &error.code).from(request.extensions().get::<Peer>());
        self.hub.audit().note(token.into_iter().fold(entry, |entry, token| entry.by(&token)));
    }

    /// Recognises whoever makes a request: by a token, or in a browser by a session.
    pub fn recognise(&self, method: &Method, headers: &HeaderMap) -> Result<Principal, ApiError> {
        if !self.required {
            return Ok(Principal::Anybody);
        }
        let access = self.hub.access();
        let known = match (bearer(headers)?, self.cookie.find(headers)) {
            (Some(token), _) => access.holder(token),
            (None, Some(session)) => {
                check_own_page(method, headers)?;
                access.session(session)
            }
            (None, None) => return Err(ApiError::unauthenticated("this server asks who you are")),
        };
        known.map(Principal::Holder).map_err(|trouble| ApiError::unauthenticated(&trouble.to_string()))
    }

    /// Answers a request for as long as its principal may have an answer: not a moment longer than its token lives, however long
    /// the call waits or the answer goes on.
    pub async fn while_let_in(
        &self,
        principal: &Principal,
        answer: impl Future<Output = Response>,
    ) -> Response {
        let Principal::Holder(token) = principal else { return answer.await };
        let access = self.hub.access();
        let response = tokio::select! {
            biased;
            response = answer => response,
            () = access.ended(token) => {
                return app::api::error_response(&ApiError::unauthenticated("this token has ended meanwhile"));
            }
        };
        // What is complete already is on its way.
        if response.body().size_hint().exact().is_some() {
            return response;
        }
        let (hub, token) = (self.hub.clone(), token.clone());
        let ended = Box::pin(async move { hub.access().ended(&token).await });
        response.map(|body| Body::from_stream(body.into_data_stream().take_until(ended)))
    }
}

fn later(wait: Duration) -> ApiError {
    ApiError::rate_limited(wait.as_millis().div_ceil(1_000).max(1) as u64)
}

/// Browsers send cookies by themselves, so what changes something by a cookie must come from a page of this server's own and say
/// so. Where it says another origin it is refused before; this is for what says none.
fn check_own_page(method: &Method, headers: &HeaderMap) -> Result<(), ApiError> {
    let own = headers.contains_key(ORIGIN)
        || headers.get("sec-fetch-site").is_some_and(|site| site.as_bytes() == b"same-origin");
    if own || matches!(*method, Method::GET | Method::HEAD) {
        return Ok(());
    }
    let message = "a session changes something only from the dashboard's own pages; programs send a token as Authorization: \
                   Bearer msk_…";
    Err(ApiError::new(403, "forbidden", message))
}

/// The token of a request, if it shows one.
fn bearer(headers: &HeaderMap) -> Result<Option<&str>, ApiError> {
    let mut all = headers.get_all(AUTHORIZATION).iter();
    let Some(shown) = all.next() else { return Ok(None) };
    if all.next().is_some() {
        return Err(ApiError::unauthenticated("the request shows two tokens at once"));
    }
    let token = shown.to_str().ok().and_then(|text| {
        let (scheme, token) = text.trim().split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    token.map(Some).ok_or_else(|| ApiError::unauthenticated("the header authorization holds no token"))
}

/// The header that shows a token. What cannot stand in a header is no token.
pub fn shows(token: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(&format!("Bearer {token}")).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_shows_a_token() {
        let with = |values: &[&'static str]| -> HeaderMap {
            values.iter().map(|value| (AUTHORIZATION, HeaderValue::from_static(value))).collect()
        };
        for ours in ["Bearer msk_1", "bearer msk_1", " BEARER  msk_1 "] {
            assert_eq!(bearer(&with(&[ours])).unwrap(), Some("msk_1"), "{ours:?}");
        }
        assert_eq!(bearer(&with(&[])).unwrap(), None);
        for bad in [&["Basic YTpi"][..], &["msk_1"], &["Bearer"], &["Bearer a", "Bearer b"]] {
            assert_eq!(bearer(&with(bad)).unwrap_err().status, 401, "{bad:?}");
        }
    }
}
