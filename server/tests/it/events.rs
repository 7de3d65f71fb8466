//! The event stream: everything, in order, once; also after a break.

use std::io::Write;
use std::time::Duration;

use bytes::Bytes;
use flate2::write::GzDecoder;
use http::Request;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HOST};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::project::Project;

/// Somebody who watches.
pub struct Watcher {
    body: Incoming,
    /// Where the stream came compressed.
    decoder: Option<GzDecoder<Vec<u8>>>,
    text: String,
    log: String,
}

#[derive(Debug)]
pub struct Event {
    id: u64,
    event: String,
    data: Value,
}

impl Watcher {
    pub async fn open(project: &Project, path: &str, last: Option<u64>) -> Self {
        let last = last.map(|seq| seq.to_string());
        Self::open_in(project, path, last.as_deref(), "identity").await
    }

    async fn open_in(project: &Project, path: &str, last: Option<&str>, encodings: &str) -> Self {
        let authority = project.server.address().to_string();
        let stream = TcpStream::connect(&authority).await.unwrap();
        let (mut connection, driver) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(driver);
        let mut request = Request::get(path).header(HOST, authority).header(ACCEPT_ENCODING, encodings);
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let response = connection.send_request(request.body(Full::new(Bytes::new())).unwrap()).await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()[CONTENT_TYPE], "text/event-stream");
        let packed = response.headers().get(CONTENT_ENCODING).is_some_and(|encoding| encoding == "gzip");
        assert_eq!(packed, encodings.contains("gzip"));
        let decoder = packed.then(|| GzDecoder::new(Vec::new()));
        let log = response.headers()["manus-log"].to_str().unwrap().to_owned();
        Self { body: response.into_body(), decoder, text: String::new(), log }
    }

    /// The next event; `None` at the end of the stream.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.text = rest;
                let field =
                    |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
                let Some(event) = field("event: ") else { continue };
                let id = field("id: ").unwrap().parse().unwrap();
                return Some(Event {
                    id,
                    event,
                    data: serde_json::from_str(&field("data: ").unwrap()).unwrap(),
                });
            }
            let frame = timeout(Duration::from_secs(10), self.body.frame()).await.expect("an event");
            let data = frame?.unwrap().into_data().unwrap();
            let data = match &mut self.decoder {
                None => data.to_vec(),
                Some(decoder) => {
                    decoder.write_all(&data).unwrap();
                    decoder.flush().unwrap();
                    std::mem::take(decoder.get_mut())
                }
            };
            self.text.push_str(std::str::from_utf8(&data).unwrap());
        }
    }

    async fn ids(&mut self, upto: u64) -> Vec<u64> {
        let mut ids = Vec::new();
        while ids.last() != Some(&upto) {
            ids.push(self.next().await.unwrap().id);
        }
        ids
    }
}

async fn create(project: &Project, tasks: usize) -> u64 {
    let mut caller = project.caller().await;
    let mut seq = 0;
    for n in 0..tasks {
        seq = caller
            .call("create_task", &json!({ "title": format!("Task {n}"), "description": "" }))
            .await
            .seq();
    }
    seq
}

#[tokio::test]
async fn everything_in_order_from_the_beginning() {
    let project = Project::with_agents(&["ada"]).await;
    let mut watcher = Watcher::open(&project, "/api/v1/events?since=0", None).await;
    let last = create(&project, 50).await;
    let first = watcher.next().await.unwrap();
    assert_eq!((first.id, &*first.event), (1, "server_started"));
    assert_eq!(first.data["seq"], 1);
    assert_eq!(first.data["kind"], "server_started");
    assert_eq!(watcher.ids(last).await, (2..=last).collect::<Vec<_>>());
}

#[tokio::test]
async fn from_now_on_unless_told_otherwise() {
    let project = Project::start().await;
    create(&project, 5).await;
    let mut watcher = Watcher::open(&project, "/api/v1/events", None).await;
    let last = create(&project, 1).await;
    assert_eq!(watcher.next().await.unwrap().id, last);
}

#[tokio::test]
async fn resumed_where_it_broke() {
    let project = Project::start().await;
    let last = create(&project, 20).await;
    let mut watcher = Watcher::open(&project, "/api/v1/events?since=0", None).await;
    for _ in 0..7 {
        watcher.next().await.unwrap();
    }
    drop(watcher);
    // As a browser does it: the address it first came with, and what it has seen last.
    let mut watcher = Watcher::open(&project, "/api/v1/events?since=0", Some(7)).await;
    assert_eq!(watcher.ids(last).await, (8..=last).collect::<Vec<_>>());
}

#[tokio::test]
async fn resync_when_the_log_is_another_one() {
    let project = Project::start().await;
    let last = create(&project, 3).await;
    let mut watcher = Watcher::open(&project, "/api/v1/events?since=999999", None).await;
    let event = watcher.next().await.unwrap();
    assert_eq!((&*event.event, event.id), ("resync", last));
    let after = create(&project, 1).await;
    assert_eq!(watcher.next().await.unwrap().id, after);
}

#[tokio::test]
async fn resync_when_nobody_knows_what_was_seen_last() {
    let project = Project::start().await;
    let last = create(&project, 3).await;
    for garbled in ["abc", "-1", "3,4"] {
        let mut watcher = Watcher::open_in(&project, "/api/v1/events", Some(garbled), "identity").await;
        let event = watcher.next().await.unwrap();
        assert_eq!((&*event.event, event.id), ("resync", last), "{garbled}");
    }
}

#[tokio::test]
async fn whoever_has_seen_another_log_is_told_whatever_the_number() {
    let project = Project::start().await;
    let last = create(&project, 3).await;
    let mut watcher = Watcher::open(&project, "/api/v1/events?since=2&log=another", None).await;
    let event = watcher.next().await.unwrap();
    assert_eq!((&*event.event, event.id, &event.data["restored"]), ("resync", last, &json!(true)));
    let next = create(&project, 1).await;
    assert_eq!(watcher.next().await.unwrap().id, next);
    let own = format!("/api/v1/events?since=2&log={}", watcher.log);
    let mut watcher = Watcher::open(&project, &own, None).await;
    assert_eq!(watcher.ids(next).await, (3..=next).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_wrong_position_is_explained() {
    let project = Project::start().await;
    let request = Request::get("/api/v1/events?since=yesterday").body(Full::new(Bytes::new())).unwrap();
    let answer = project.caller().await.send(request).await.unwrap();
    assert_eq!(answer.refused(), (400, "invalid_argument".to_owned()));
}

#[tokio::test]
async fn many_watchers_see_the_same_while_much_is_going_on() {
    let project = Project::start().await;
    let mut watchers = Vec::new();
    for encodings in ["identity", "gzip, br"] {
        for _ in 0..10 {
            watchers.push(Watcher::open_in(&project, "/api/v1/events?since=0", None, encodings).await);
        }
    }
    let half = create(&project, 150).await;
    // Some come while much is going on, and from somewhere in the middle.
    for (n, encodings) in [(0, "gzip"), (half / 2, "gzip"), (half, "identity")] {
        let mut late = Watcher::open_in(&project, "/api/v1/events", Some(&n.to_string()), encodings).await;
        let last = create(&project, 5).await;
        assert_eq!(late.ids(last).await, (n + 1..=last).collect::<Vec<_>>());
    }
    let last = create(&project, 150).await;
    let expected: Vec<u64> = (1..=last).collect();
    for watcher in &mut watchers {
        assert_eq!(watcher.ids(last).await, expected);
    }
}

#[tokio::test]
async fn streams_end_when_the_server_stops() {
    let project = Project::start().await;
    let mut watcher = Watcher::open(&project, "/api/v1/events", None).await;
    let Project { server, folder: _folder, .. } = project;
    timeout(Duration::from_secs(5), server.stop()).await.expect("streams must not hold up the end");
    while watcher.next().await.is_some() {}
}

#[tokio::test]
async fn whoever_resumes_before_the_beginning_is_told() {
    let Project { folder, server, .. } = Project::with_agents(&["ada"]).await;
    server.stop().await;
    let project = Project::start_in(folder).await;
    let database = hub::default_database(project.folder.path());
    let before_ms = crate::project::BEGIN_MS + 1;
    let pruned = hub::prune(&database, &engine::Settings::default(), before_ms, false).await.unwrap();
    assert!(pruned.upto_seq > 1, "{pruned:?}");
    let mut watcher = Watcher::open(&project, "/api/v1/events?since=1", None).await;
    let event = watcher.next().await.unwrap();
    assert_eq!((&*event.event, event.data["pruned_upto"].as_u64()), ("resync", Some(pruned.upto_seq)));
    let page = project.call("list_events", &json!({ "cursor": "1" })).await.ok();
    assert_eq!(page["pruned_before_ms"], crate::project::BEGIN_MS);
    assert_eq!(page["items"][0]["seq"], pruned.upto_seq + 1);
    let start = project.call("snapshot", &json!({ "at_log_start": true })).await.ok();
    assert_eq!((&start["seq"], &start["manus"][0]["id"]), (&json!(pruned.upto_seq), &json!("ada")));
}
