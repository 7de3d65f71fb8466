//! What stands around the calls: methods, paths, content types, sizes, hosts and origins.

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, COOKIE, HOST, ORIGIN};
use http::{HeaderName, Method, Request};
use http_body_util::Full;
use serde_json::json;

use crate::overload::raw;
use crate::project::{Answer, Project};

async fn send(
    project: &Project,
    method: Method,
    path: &str,
    headers: &[(HeaderName, &str)],
    body: &[u8],
) -> Answer {
    let mut request = Request::new(Full::new(Bytes::copy_from_slice(body)));
    *request.method_mut() = method;
    *request.uri_mut() = path.parse().unwrap();
    for (name, value) in headers {
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    project.caller().await.send(request).await.unwrap()
}

const JSON: (HeaderName, &str) = (CONTENT_TYPE, "application/json");

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unknown_names_and_wrong_methods_answer_json() {
    let project = Project::start().await;
    let cases = [
        (Method::POST, "/api/v1/no_such_call", 404, "not_found"),
        (Method::POST, "/api/v1/", 404, "not_found"),
        (Method::POST, "/api/v1/get_task/", 404, "not_found"),
        (Method::POST, "/api/v2/get_task", 404, "not_found"),
        (Method::GET, "/api", 404, "not_found"),
        (Method::GET, "/api/", 404, "not_found"),
        (Method::GET, "/api/v1/snapshot", 405, "method_not_allowed"),
        (Method::PUT, "/api/v1/snapshot", 405, "method_not_allowed"),
        (Method::OPTIONS, "/api/v1/snapshot", 405, "method_not_allowed"),
        (Method::POST, "/api/v1/events", 405, "method_not_allowed"),
    ];
    for (method, path, status, code) in cases {
        let answer = send(&project, method.clone(), path, &[JSON], b"{}").await;
        assert_eq!(answer.refused(), (status, code.to_owned()), "{method} {path}");
        assert_eq!(answer.headers[CONTENT_TYPE], "application/json");
        assert!(answer.headers.contains_key("manus-seq"));
        assert_eq!(status == 405, answer.headers.contains_key("allow"));
    }
    // What is refused before it was read ends the connection, and that is said.
    let early = b"POST /api/v1/no_such_call HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n";
    let said = raw(&project, early, false);
    assert!(said.contains("404 Not Found") && said.contains("connection: close"), "{said}");
    let whole = raw(&project, &[early, &b"{}"[..]].concat(), false);
    assert!(whole.contains("404 Not Found"), "{whole}");
    let near = send(&project, Method::POST, "/api/v1/claim_file", &[JSON], b"{}").await.json();
    assert_eq!(near["detail"]["did_you_mean"], "claim_files");
}

#[tokio::test]
async fn content_types() {
    let project = Project::start().await;
    for accepted in ["application/json", "application/json; charset=utf-8"] {
        let answer =
            send(&project, Method::POST, "/api/v1/list_manus", &[(CONTENT_TYPE, accepted)], b"{}").await;
        assert_eq!(answer.ok(), json!([]), "{accepted}");
    }
    assert_eq!(send(&project, Method::POST, "/api/v1/list_manus", &[], b"").await.ok(), json!([]));
    // Whatever a page elsewhere could send without asking.
    for simple in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
        for sign in [(HeaderName::from_static("sec-fetch-site"), "cross-site"), (COOKIE, "a=b")] {
            let headers = [(CONTENT_TYPE, simple), sign];
            let answer = send(&project, Method::POST, "/api/v1/list_manus", &headers, b"{}").await;
            assert_eq!(answer.refused(), (415, "unsupported_media_type".to_owned()), "{simple}");
        }
        // A program, such as curl with -d, may call its JSON what it likes.
        let answer =
            send(&project, Method::POST, "/api/v1/list_manus", &[(CONTENT_TYPE, simple)], b"{}").await;
        assert_eq!(answer.ok(), json!([]), "{simple}");
    }
}

#[tokio::test]
async fn bodies_have_a_limit() {
    let project = Project::start().await;
    let sized = |bytes: usize| format!("{{\"tasks\":[]{}}}", " ".repeat(bytes - 12));
    let most = 1024 * 1024;
    let path = "/api/v1/create_tasks";
    let fits = send(&project, Method::POST, path, &[JSON], sized(most).as_bytes()).await;
    assert_eq!(fits.ok(), json!([]));
    for bytes in [most + 1, 20 * most] {
        let over = send(&project, Method::POST, path, &[JSON], sized(bytes).as_bytes()).await;
        assert_eq!(over.refused(), (413, "too_large".to_owned()), "{bytes}");
    }
}

#[tokio::test]
async fn a_batch_of_thousands_fits() {
    let project = Project::start().await;
    let task = |n: usize| json!({ "key": format!("k{n}"), "title": format!("Task {n}"), "description": "" });
    let tasks: Vec<_> = (0..10_000).map(task).collect();
    let created = project.call("create_tasks", &json!({ "tasks": tasks })).await.ok();
    assert_eq!(created.as_array().unwrap().len(), 10_000);
    let over: Vec<_> = (0..10_001).map(|_| json!({ "title": "x", "description": "" })).collect();
    let answer = project.call("create_tasks", &json!({ "tasks": over })).await;
    assert_eq!(answer.refused(), (400, "invalid_argument".to_owned()));
}

#[tokio::test]
async fn foreign_hosts_and_origins_are_refused_everywhere() {
    let project = Project::start().await;
    let port = project.server.address().port();
    let own = format!("http://localhost:{port}");
    let paths = [
        (Method::POST, "/api/v1/list_manus"),
        (Method::GET, "/api/v1/events"),
        (Method::GET, "/"),
        (Method::GET, "/healthz"),
    ];
    for (method, path) in paths {
        for foreign in [
            (HOST, "evil.example"),
            (ORIGIN, "http://evil.example"),
            (ORIGIN, "null"),
            (ORIGIN, "http://localhost:1"),
        ] {
            let answer = send(&project, method.clone(), path, &[JSON, foreign.clone()], b"").await;
            assert_eq!(answer.refused(), (403, "forbidden".to_owned()), "{path} {foreign:?}");
        }
    }
    let answer = send(&project, Method::POST, "/api/v1/list_manus", &[JSON, (ORIGIN, &own)], b"").await;
    assert_eq!(answer.ok(), json!([]));
    assert!(!answer.headers.contains_key("access-control-allow-origin"));
}

#[tokio::test]
async fn large_answers_are_compressed_for_those_who_ask() {
    let project = Project::start().await;
    let task = |n: usize| json!({ "title": format!("Task {n}"), "description": "x".repeat(100) });
    let tasks: Vec<_> = (0..200).map(task).collect();
    project.call("create_tasks", &json!({ "tasks": tasks })).await.ok();
    let plain = send(&project, Method::POST, "/api/v1/snapshot", &[JSON], b"").await;
    assert!(!plain.headers.contains_key(CONTENT_ENCODING));
    let zipped =
        send(&project, Method::POST, "/api/v1/snapshot", &[JSON, (ACCEPT_ENCODING, "br, gzip")], b"").await;
    assert_eq!(zipped.headers[CONTENT_ENCODING], "gzip");
    assert!(zipped.body.len() * 5 < plain.body.len());
    let mut text = String::new();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(&zipped.body[..]), &mut text).unwrap();
    assert_eq!(text.as_bytes(), plain.body);
}

#[tokio::test]
async fn health_checks() {
    let project = Project::start().await;
    let alive = send(&project, Method::GET, "/healthz", &[], b"").await;
    assert_eq!((alive.status, &alive.body[..]), (200, &b"ok\n"[..]));
    let ready = send(&project, Method::GET, "/readyz", &[], b"").await;
    assert_eq!(ready.ok(), json!({ "ready": true }));
}
