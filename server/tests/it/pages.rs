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

/// What an address names is there, or the page says so under 404; what was closed so long ago that only the database knows it is there.
#[tokio::test]
async fn an_address_names_what_there_is() {
    let folder = tempfile::tempdir().unwrap();
    let project = Project::start_with(folder, |hub| hub.settings.closed_kept = 1).await;
    let ada = json!({ "manus_id": "ada", "role": "SPEED_DEVELOPER", "capabilities": [] });
    project.call("register_manus", &ada).await.ok();
    for task_id in ["T1", "T2", "T3"] {
        project.call("create_task", &json!({ "title": "One", "description": "" })).await.ok();
        project.call("cancel_task", &json!({ "task_id": task_id })).await.ok();
    }
    let forgotten = engine::TaskId::numbered(1);
    assert!(project.server.hub().read(|state| state.task(&forgotten).is_none()));
    let letter =
        json!({ "from_manus": "supervisor", "to_manus": "ada", "message_type": "NOTE", "content": "x" });
    let sent = project.call("send_message", &letter).await.ok();
    let thread = format!("/messages/{}", sent["ids"][0]);
    let there = ["/tasks/T3", "/tasks/T1", "/?task=T2", "/agents/ada", "/insights", thread.as_str()];
    for path in there {
        assert_eq!(get(&project, path).await.status, 200, "{path}");
    }
    for (path, said) in [
        ("/tasks/T99999", "There is no task T99999."),
        ("/files?task=T4", "There is no task T4."),
        ("/agents/nobody", "There is no agent nobody."),
        ("/messages/4711", "Conversation"),
        ("/tasks/a%20b", "There is no such page."),
        ("/tasks/T1/T2", "There is no such page."),
    ] {
        let page = get(&project, path).await;
        assert_eq!(page.status, 404, "{path}");
        assert!(String::from_utf8_lossy(&page.body).contains(said), "{path}");
    }
}
