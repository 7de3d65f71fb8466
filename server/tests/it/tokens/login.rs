//! A person at the dashboard: logging in, what the session may, and how it ends.

use bytes::Bytes;
use http::header::{ACCEPT, COOKIE, LOCATION, ORIGIN, SET_COOKIE};
use http::{HeaderName, Method, Request};
use http_body_util::Full;
use serde_json::json;

use super::Guarded;
use crate::project::Answer;

type Headers<'a> = &'a [(HeaderName, &'a str)];

impl Guarded {
    fn own(&self) -> String {
        format!("http://localhost:{}", self.project.server.address().port())
    }

    pub(super) async fn ask(&self, method: Method, path: &str, headers: Headers<'_>, body: &str) -> Answer {
        let mut request = Request::new(Full::new(Bytes::copy_from_slice(body.as_bytes())));
        *request.method_mut() = method;
        *request.uri_mut() = path.parse().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        self.project.caller().await.send(request).await.unwrap()
    }

    pub(super) async fn log_in(&self, token: &str) -> String {
        let own = self.own();
        let answer = self.ask(Method::POST, "/login", &[(ORIGIN, &own)], &format!("token={token}")).await;
        assert_eq!((answer.status, &answer.headers[LOCATION]), (303, &"/".parse().unwrap()));
        let cookie = answer.headers[SET_COOKIE].to_str().unwrap();
        assert!(cookie.contains("HttpOnly; SameSite=Strict") && !cookie.contains("Secure"), "{cookie}");
        assert!(!cookie.contains(token.rsplit('_').next().unwrap()), "not the token itself");
        cookie.split(';').next().unwrap().to_owned()
    }

    pub(super) async fn click(&self, cookie: &str, call: &str) -> Answer {
        let own = self.own();
        let body = super::sample(call).to_string();
        let headers = [(COOKIE, cookie), (ORIGIN, &own), (http::header::CONTENT_TYPE, "application/json")];
        self.ask(Method::POST, &format!("/api/v1/{call}"), &headers, &body).await
    }
}

#[tokio::test]
async fn the_way_in_and_out() {
    let guarded = Guarded::start().await;
    let html = [(ACCEPT, "text/html,*/*")];
    let sent = guarded.ask(Method::GET, "/tasks?view=board", &html, "").await;
    assert_eq!(
        (sent.status, &sent.headers[LOCATION]),
        (303, &"/login?next=%2Ftasks%3Fview%3Dboard".parse().unwrap())
    );
    let form = guarded.ask(Method::GET, "/login?next=%2Ftasks%3Fview%3Dboard", &html, "").await;
    let page = String::from_utf8_lossy(&form.body).into_owned();
    assert!(
        form.status == 200 && page.contains("value=\"/tasks?view=board\"") && !page.contains("<script"),
        "{page}"
    );
    assert!(form.headers["content-security-policy"].to_str().unwrap().contains("default-src 'none'"));
    for bad in ["", "nonsense", &guarded.enrolment, "msk_00000000_00000000000000000000000000000000"] {
        let own = guarded.own();
        let body = format!("token={bad}&next=/tasks");
        let answer = guarded.ask(Method::POST, "/login", &[(ORIGIN, &own)], &body).await;
        let page = String::from_utf8_lossy(&answer.body).into_owned();
        assert!(answer.status == 401 && page.contains("role=\"alert\""), "{bad}: {page}");
        assert!(!answer.headers.contains_key(SET_COOKIE));
    }
    let cookie = guarded.log_in(&guarded.admin).await;
    let page = guarded.ask(Method::GET, "/settings", &[(COOKIE, &cookie)], "").await;
    assert!(page.status == 200 && String::from_utf8_lossy(&page.body).contains("Log out"));
    guarded.click(&cookie, "create_task").await.ok();
    // Whoever is in needs no form.
    assert_eq!(guarded.ask(Method::GET, "/login", &[(COOKIE, &cookie)], "").await.status, 303);
    let own = guarded.own();
    let out = guarded.ask(Method::POST, "/logout", &[(COOKIE, &cookie), (ORIGIN, &own)], "").await;
    assert!(out.headers[SET_COOKIE].to_str().unwrap().contains("Max-Age=0"));
    assert_eq!(guarded.click(&cookie, "list_manus").await.status, 401, "a kept cookie is worth nothing");
}

#[tokio::test]
async fn a_session_changes_things_from_own_pages_alone() {
    let guarded = Guarded::start().await;
    let cookie = guarded.log_in(&guarded.admin).await;
    let body = json!({ "title": "x", "description": "" }).to_string();
    let json = (http::header::CONTENT_TYPE, "application/json");
    let site = |value| (HeaderName::from_static("sec-fetch-site"), value);
    for more in [vec![], vec![site("cross-site")], vec![site("same-site")], vec![(ORIGIN, "null")]] {
        let headers = [vec![(COOKIE, &*cookie), json.clone()], more].concat();
        let answer = guarded.ask(Method::POST, "/api/v1/create_task", &headers, &body).await;
        assert_eq!(answer.refused(), (403, "forbidden".to_owned()), "{headers:?}");
    }
    let headers = [(COOKIE, &*cookie), json, site("same-origin")];
    guarded.ask(Method::POST, "/api/v1/create_task", &headers, &body).await.ok();
    // A session is no token, and a token is no session.
    let session = cookie.split_once('=').unwrap().1;
    assert_eq!(guarded.call(session, "list_manus", &json!({})).await.status, 401);
    let name = cookie.split_once('=').unwrap().0;
    let forged = format!("{name}={}", guarded.admin);
    assert_eq!(guarded.click(&forged, "list_manus").await.status, 401);
}

#[tokio::test]
async fn viewers_look_on_whatever_they_click() {
    let guarded = Guarded::start().await;
    for token in [&guarded.viewer, &guarded.ada] {
        let cookie = guarded.log_in(token).await;
        let page = guarded.ask(Method::GET, "/", &[(COOKIE, &cookie)], "").await;
        let page = String::from_utf8_lossy(&page.body).into_owned();
        assert!(page.contains("Read-only"), "{page}");
        guarded.click(&cookie, "snapshot").await.ok();
    }
    let cookie = guarded.log_in(&guarded.viewer).await;
    for (call, needs, _) in app::api::access::CLASSES {
        let may = *needs == app::api::Needs::Look;
        assert_eq!(guarded.click(&cookie, call).await.status == 403, !may, "{call}");
    }
}

#[tokio::test]
async fn a_session_ends_with_its_token_and_outlives_the_server() {
    let guarded = Guarded::start().await;
    let cookie = guarded.log_in(&guarded.admin).await;
    let Guarded { project, admin, ada, viewer, enrolment } = guarded;
    project.server.stop().await;
    let project = crate::project::Project::start_asking(project.folder).await;
    let guarded = Guarded { project, admin, ada, viewer, enrolment };
    guarded.click(&cookie, "list_manus").await.ok();
    let id = guarded.admin.split('_').nth(1).unwrap();
    let revoked = guarded.call(&guarded.admin, "revoke_token", &json!({ "id": id })).await.ok();
    assert_eq!(revoked["revoked"].as_array().unwrap().len(), 2, "the token and the session: {revoked}");
    assert_eq!(guarded.click(&cookie, "list_manus").await.status, 401);
    let html = [(ACCEPT, "text/html"), (COOKIE, &*cookie)];
    assert_eq!(guarded.ask(Method::GET, "/", &html, "").await.headers[LOCATION], "/login");
}
