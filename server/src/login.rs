//! `/login` and `/logout`: a person shows a token once, and the browser a session from then on. Plain forms, so that they work
//! before and without any program in the page.

mod cookie;
mod page;

use app::api::{ApiError, bounds, read_body};
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use axum::routing::{get, post};
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, ORIGIN, REFERRER_POLICY};
use http::header::{RETRY_AFTER, SET_COOKIE, X_FRAME_OPTIONS};
use http::{HeaderMap, HeaderValue, StatusCode};
use hub::{AuditEntry, Minted, TokenRole};

pub use self::cookie::Cookie;
use crate::gate::{Gate, Peer};

/// Where the form lies.
pub const PATH: &str = "/login";
/// Where the page leads that was asked for before.
const HOME: &str = "/";

/// The routes, for those who are not let in yet. `css` is where the dashboard's stylesheet lies.
pub fn routes(gate: &Gate, css: String) -> Router {
    let (shown, sent, left) = (gate.clone(), gate.clone(), gate.clone());
    let (style, again) = (css.clone(), css);
    Router::new()
        .route(PATH, get(move |request: Request| show(shown.clone(), style.clone(), request)))
        .route(PATH, post(move |request: Request| log_in(sent.clone(), again.clone(), request)))
        .route("/logout", post(move |request: Request| log_out(left.clone(), request)))
}

/// The way to the form for whoever asked for this page.
pub fn way_from(page: &str) -> Response {
    let next: String = form_urlencoded::byte_serialize(page.as_bytes()).collect();
    see(&if page == HOME { PATH.to_owned() } else { format!("{PATH}?next={next}") })
}

async fn show(gate: Gate, css: String, request: Request) -> Response {
    let fields = fields(request.uri().query().unwrap_or_default().as_bytes());
    let next = local(fields.next.as_deref());
    if gate.admit(&request).is_ok_and(|principal| principal.may_look().is_ok()) {
        return see(next);
    }
    page::answer(StatusCode::OK, &form(&gate, &css, request.headers(), next, None))
}

async fn log_in(gate: Gate, css: String, request: Request) -> Response {
    let (headers, peer) = (request.headers().clone(), request.extensions().get::<Peer>().copied());
    let fields = match read_body(request).await {
        Ok(body) => fields(&body),
        Err(error) => return app::api::error_response(&error),
    };
    let next = local(fields.next.as_deref());
    match begin(&gate, fields.token.as_deref().unwrap_or_default().trim()).await {
        Ok(session) => {
            gate.hub().audit().note(AuditEntry::acted("login", "ok").by(&session.token).from(peer));
            let mut response = see(next);
            // Also where something in front of this server does the encrypting: browsers say how they came.
            let secure = headers.get(ORIGIN).is_some_and(|from| from.as_bytes().starts_with(b"https:"));
            set(&mut response, &gate.cookie().begin(&session.whole, secure));
            response
        }
        Err(error) => {
            let error = gate.failed(peer).err().unwrap_or(error);
            gate.hub().audit().note(AuditEntry::denied("login", &error.code).from(peer));
            tracing::info!("Not logged in: {error}");
            let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::UNAUTHORIZED);
            let mut response = page::answer(status, &form(&gate, &css, &headers, next, Some(&error.message)));
            if let Some(secs) = error.retry_after_secs() {
                response.headers_mut().insert(RETRY_AFTER, secs.into());
            }
            response
        }
    }
}

/// Begins the session of whoever has this token.
async fn begin(gate: &Gate, token: &str) -> Result<Minted, ApiError> {
    let access = gate.hub().access();
    let refused = |said: &str| ApiError::new(401, "unauthenticated", said);
    if token.is_empty() {
        return Err(refused("Paste a token; manus-sync token create makes one."));
    }
    let holder = access.holder(token).map_err(|trouble| {
        let said = trouble.to_string();
        refused(&(said[..1].to_uppercase() + &said[1..] + "."))
    })?;
    if holder.role == TokenRole::Enrolment {
        return Err(refused("This token only registers agents. Use one of the role admin or viewer."));
    }
    Ok(access.begin_session(&holder).await?)
}

async fn log_out(gate: Gate, request: Request) -> Response {
    if let Some(session) = gate.cookie().find(request.headers())
        && let Ok(session) = gate.hub().access().session(session)
    {
        let peer = request.extensions().get::<Peer>();
        gate.hub().audit().note(AuditEntry::acted("logout", "ok").by(&session).from(peer));
        if let Err(error) = gate.hub().access().revoke(&session.id, false).await {
            tracing::warn!(%error, "A session ended here, but is not stored as ended");
        }
    }
    let mut response = see(PATH);
    set(&mut response, &gate.cookie().end());
    response
}

fn form(gate: &Gate, css: &str, headers: &HeaderMap, next: &str, fault: Option<&str>) -> String {
    let root = gate.hub().paths().root();
    let project = root.file_name().unwrap_or(root.as_os_str()).to_string_lossy().into_owned();
    let theme = cookie::value(headers, "manus_theme").filter(|theme| ["light", "dark"].contains(theme));
    page::form(&page::Form { css, project: &project, theme, next, fault })
}

#[derive(Default)]
struct Fields {
    token: Option<String>,
    next: Option<String>,
}

fn fields(form: &[u8]) -> Fields {
    let mut fields = Fields::default();
    for (name, value) in form_urlencoded::parse(form) {
        match &*name {
            "token" => fields.token = Some(value.into_owned()),
            "next" => fields.next = Some(value.into_owned()),
            _ => {}
        }
    }
    fields
}

/// A page of this server; the first one for anything else. Two slashes would name another host, as would `/\`.
fn local(next: Option<&str>) -> &str {
    let plain = |page: &&str| {
        let bytes = page.as_bytes();
        bytes.first() == Some(&b'/')
            && !matches!(bytes.get(1), Some(b'/' | b'\\'))
            && bytes.iter().all(|byte| byte.is_ascii_graphic())
            && bytes.len() <= bounds::DESCRIPTION_MAX.min(2_000)
    };
    next.filter(plain).unwrap_or(HOME)
}

fn see(page: &str) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    let way = HeaderValue::from_str(page).unwrap_or(HeaderValue::from_static(HOME));
    response.headers_mut().insert(LOCATION, way);
    response
}

fn set(response: &mut Response, cookie: &str) {
    // Made of letters and digits of ours.
    if let Ok(cookie) = HeaderValue::from_str(cookie) {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_leads_nowhere_else() {
        for ours in ["/", "/tasks?view=board", "/agents/ada#x"] {
            assert_eq!(local(Some(ours)), ours);
        }
        for foreign in
            ["", "//evil.example", "/\\evil.example", "https://evil.example", "/a b", "/\r\nx: y", "tasks"]
        {
            assert_eq!(local(Some(foreign)), "/", "{foreign:?}");
        }
        assert_eq!(local(None), "/");
    }

    #[test]
    fn forms() {
        let fields = fields(b"token=+msk_1%5F2&next=%2Ftasks%3Fq%3Da%2Bb&x=y");
        assert_eq!(
            (fields.token.as_deref(), fields.next.as_deref()),
            (Some(" msk_1_2"), Some("/tasks?q=a+b"))
        );
        assert_eq!(way_from("/tasks?q=a").headers()[LOCATION], "/login?next=%2Ftasks%3Fq%3Da");
    }
}
