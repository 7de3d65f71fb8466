//! The dashboard as the server sends it.

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use serde_json::json;

use crate::project::{Answer, Project};

async fn get(project: &Project, path: &str) -> Answer {
    let request = Request::get(path).body(Full::new(Bytes::new())).unwrap();
    project.caller().await.send(request).await.unwrap()
}

#[tokio::test]
async fn a_page_shows_what_is_live() {
    let project = Project::with_agents(&["ada"]).await;
    project.call("create_task", &json!({ "title": "Paint <the> shed", "description": "" })).await.ok();
    let page = get(&project, "/").await;
    assert_eq!(page.status, 200);
    let html = String::from_utf8_lossy(&page.body);
    assert!(html.contains("Paint &lt;the&gt; shed") && html.contains("ada"), "{html}");
    assert!(!html.contains("Paint <the>"), "{html}");
}

#[tokio::test]
async fn scripts_run_by_nonce_only() {
    let project = Project::start().await;
    let (first, second) = (get(&project, "/").await, get(&project, "/").await);
    let policy = |page: &Answer| page.headers["content-security-policy"].to_str().unwrap().to_owned();
    assert!(
        policy(&first).contains("default-src 'none'") && policy(&first).contains("frame-ancestors 'none'")
    );
    assert_ne!(policy(&first), policy(&second));
    let html = String::from_utf8_lossy(&first.body).into_owned();
    let nonce = policy(&first).split("'nonce-").nth(1).unwrap().split('\'').next().unwrap().to_owned();
    for script in html.split("<script").skip(1) {
        let tag = script.split('>').next().unwrap();
        assert!(tag.contains("application/json") || tag.contains(&nonce), "{tag}");
    }
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "same-origin"),
    ] {
        assert_eq!(first.headers[name], value);
    }
}

#[tokio::test]
async fn what_is_not_there_is_a_page_too() {
    let project = Project::start().await;
    let page = get(&project, "/no/such/page").await;
    assert_eq!(page.status, 404);
    assert!(page.headers["content-type"].to_str().unwrap().starts_with("text/html"));
}
