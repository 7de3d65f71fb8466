//! What comes in from outside: bodies of calls, hooks' payloads, and watchers that say what they have seen.

use std::cell::RefCell;
use std::sync::{Arc, LazyLock};

use app::api::{Door, Principal};
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use engine::State;
use futures::FutureExt;
use http_body_util::BodyExt;
use hub::{Config, Hub, ProjectPaths};
use server::events::Streams;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;

/// How many calls a project takes before the next one is begun.
const CALLS: usize = 2_000;

/// A project that is served to whoever comes.
struct Served {
    runtime: Runtime,
    door: Arc<Door>,
    streams: Streams,
    calls: usize,
    _closing: watch::Sender<bool>,
    _folder: TempDir,
}

thread_local! {
    static SERVED: RefCell<Option<Served>> = const { RefCell::new(None) };
}

/// One folder for all whose paths are only spelled.
static FOLDER: LazyLock<Option<(TempDir, ProjectPaths)>> = LazyLock::new(|| {
    let folder = tempfile::tempdir().ok()?;
    let paths = ProjectPaths::new(folder.path()).ok()?;
    Some((folder, paths))
});

impl Served {
    fn begin() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let (closing, closed) = watch::channel(false);
        let (door, streams) = runtime.block_on(async {
            let config = Config { plan_budget_ms: 0, ..Config::new(folder.path()) };
            let hub = Hub::open(config).await.expect("an empty project");
            let door = Arc::new(Door::new(hub, closed));
            let streams = Streams::new(&door);
            (door, streams)
        });
        let served = Self { runtime, door, streams, calls: 0, _closing: closing, _folder: folder };
        for body in [
            r#"register_manus {"manus_id":"ada","role":"COORDINATOR","capabilities":["rust"]}"#,
            r#"create_task {"title":"One","description":"","files_involved":["src/"]}"#,
        ] {
            served.call(body.as_bytes());
        }
        served
    }

    /// A line: the call's name, and its body.
    fn call(&self, bytes: &[u8]) -> Option<Response> {
        let end = bytes.iter().position(|byte| *byte == b' ').unwrap_or(bytes.len());
        let name: String = bytes[..end].iter().map(|byte| char::from(*byte)).collect();
        let request = Request::post(format!("/api/v1/{name}")).header("content-type", "application/json");
        let body = bytes.get(end + 1..).unwrap_or_default().to_vec();
        let request = request.body(Body::from(body)).ok()?;
        // Whoever waits for something may wait for ever: nobody else is here.
        let waits = std::time::Duration::from_millis(200);
        let served = server::calls::serve(&self.door, Principal::Anybody, request);
        self.runtime.block_on(async { tokio::time::timeout(waits, served).await.ok() })
    }
}

/// Does something with the project of this thread.
fn served(work: impl FnOnce(&Served)) {
    SERVED.with_borrow_mut(|slot| {
        if slot.as_ref().is_some_and(|served| served.calls > CALLS) {
            *slot = None;
        }
        let served = slot.get_or_insert_with(Served::begin);
        served.calls += 1;
        work(served);
    });
}

/// A path as the hub spells it, which must be as the engine does.
pub(crate) fn spelled(text: &str) {
    let Some((_, paths)) = &*FOLDER else { return };
    if let Ok(pattern) = paths.pattern(text) {
        assert_eq!(paths.pattern(pattern.as_str()).as_ref(), Ok(&pattern), "it is spelled in one way");
    }
}

/// A call: it is carried out or refused, in JSON and not by an error of ours, and the project stays sound.
pub fn bodies(bytes: &[u8]) {
    served(|served| {
        let Some(response) = served.call(bytes) else { return };
        let status = response.status().as_u16();
        assert!(
            status == 200 || (400..500).contains(&status),
            "{status} for {:?}",
            String::from_utf8_lossy(bytes)
        );
        let body = served.runtime.block_on(response.into_body().collect()).map(|body| body.to_bytes());
        let json = body.ok().and_then(|body| serde_json::from_slice::<serde_json::Value>(&body).ok());
        assert!(json.is_some(), "no JSON for {:?}", String::from_utf8_lossy(bytes));
        let problems = served.door.hub().read(State::check);
        assert!(problems.is_empty(), "{problems:?} after {:?}", String::from_utf8_lossy(bytes));
    });
}

/// A hook's event and its payload: whatever it is, the session goes on.
pub fn hooks(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (event, payload) = text.split_once('\n').unwrap_or(("PreToolUse", &text));
    let folder = std::path::Path::new("/project");
    let _ = server::commands::hook::edited_files(payload, event, folder);
}

/// Somebody who says what they have seen last, in the header and in the address: they get a stream or are told what is wrong.
pub fn resume(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (header, query) = text.split_once('\n').unwrap_or((&text, ""));
    let mut request = Request::get(format!("/api/v1/events?{query}"));
    if !header.is_empty() {
        request = request.header("last-event-id", header);
    }
    let Ok(request) = request.body(Body::empty()) else { return };
    served(|served| {
        let _within = served.runtime.enter();
        let response = served.streams.answer(&request);
        let status = response.status().as_u16();
        assert!(status == 200 || status == 400, "{status}");
        let mut body = response.into_body();
        served.runtime.block_on(async {
            // The greeting and what was missed; then there is nothing more until something happens.
            for _ in 0..3 {
                let Some(Some(frame)) = body.frame().now_or_never() else { return };
                assert!(frame.is_ok(), "a stream does not break");
                tokio::task::yield_now().await;
            }
        });
    });
}
