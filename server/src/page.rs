//! The dashboard's pages: rendered by Leptos from the published state, made live by the browser.

use std::sync::Arc;

use app::api::{Door, Principal};
use app::live::{Boot, Who};
use app::{Apart, Named, named, paths, shell};
use axum::Router;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use engine::{MessageId, Record, TaskId};
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, REFERRER_POLICY, X_FRAME_OPTIONS};
use http::{HeaderValue, Method, StatusCode};
use hub::{FeedSlice, Hub, MessageFilter, Order, TokenRole};
use leptos::config::LeptosOptions;
use leptos::prelude::{provide_context, use_context};
use leptos_axum::{ResponseOptions, render_app_async_with_context};

/// How many events a page knows of from before it was loaded.
const RECENT: u64 = 100;

/// Routes for all pages, and a page for what is none.
pub fn routes(door: &Arc<Door>, options: &LeptosOptions, in_parts: bool) -> Router {
    let page = Page { door: door.clone(), options: options.clone(), in_parts };
    let page = |status: StatusCode| {
        let page = page.clone();
        move |request: Request| render(page.clone(), request, status)
    };
    let router = paths().fold(Router::new(), |router, path| router.route(path, get(page(StatusCode::OK))));
    router.fallback(page(StatusCode::NOT_FOUND))
}

/// What pages are made with.
#[derive(Clone)]
struct Page {
    door: Arc<Door>,
    options: LeptosOptions,
    in_parts: bool,
}

async fn render(page: Page, request: Request, status: StatusCode) -> Response {
    let Page { door, options, in_parts } = page;
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    let origin = format!("http://{host}");
    let who = request.extensions().get::<Principal>().and_then(who);
    let address = request.uri().path_and_query().map_or("/", |address| address.as_str());
    let (is_there, missing) = look_up(door.hub(), address).await;
    let status = if is_there { status } else { StatusCode::NOT_FOUND };
    let boot = Arc::new(Boot { missing, ..boot(door.hub(), origin, who).await });
    let context = move || {
        provide_context(boot.clone());
        provide_context(door.clone());
        provide_context(door.hub().clone());
        if in_parts {
            provide_context(Apart);
        }
        protect();
    };
    let render = render_app_async_with_context(context, move || shell(options.clone()));
    let mut response = render(request).await;
    if response.status() == StatusCode::OK {
        *response.status_mut() = status;
    }
    response
}

/// What the page is made from.
async fn boot(hub: &Hub, origin: String, who: Option<Who>) -> Boot {
    let snapshot = hub.read(engine::State::snapshot);
    Boot {
        recent: recent(hub, snapshot.seq).await,
        snapshot,
        now_ms: hub.now_ms(),
        project: project_name(hub),
        origin,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        log: hub.log_id(),
        who,
        missing: false,
    }
}

/// Whether there is what an address names, and whether it is a task that is not there, for the page to say so at once.
async fn look_up(hub: &Hub, address: &str) -> (bool, bool) {
    let Some((open, thread)) = named(address) else { return (false, false) };
    let (open, missing) = match &open {
        Some(Named::Task(id)) => {
            let is_there = has_task(hub, id).await;
            (is_there, !is_there)
        }
        Some(Named::Agent(id)) => (hub.read(|state| state.agent(id).is_some()), false),
        None => (true, false),
    };
    let thread = match thread {
        Some(id) => has_message(hub, id).await,
        None => true,
    };
    (open && thread, missing)
}

/// Whether a task is there, open or closed however long ago. What cannot be read may well be: the page asks again.
async fn has_task(hub: &Hub, id: &TaskId) -> bool {
    hub.read(|state| state.task(id).is_some())
        || hub.task_from_history(id).await.map_or(true, |task| task.is_some())
}

/// The same of a conversation.
async fn has_message(hub: &Hub, id: MessageId) -> bool {
    let filter = MessageFilter { thread_id: Some(id), ..MessageFilter::default() };
    let page = hub::Page { cursor: None, order: Order::OldestFirst, limit: 1 };
    hub.read(|state| state.inbox().get(id).is_some())
        || hub.messages_page(&filter, &page).await.map_or(true, |messages| !messages.is_empty())
}

/// Who looks, where that was asked. What a person does on the page is done as the supervisor, which an admin alone may.
fn who(principal: &Principal) -> Option<Who> {
    let Principal::Holder(token) = principal else { return None };
    let label = if token.label.is_empty() { token.id.clone() } else { token.label.clone() };
    let acts = token.role == TokenRole::Admin;
    Some(Who { label, role: token.role.as_str().to_owned(), acts })
}

/// The events just before the snapshot. None are better than no page.
async fn recent(hub: &Hub, seq: u64) -> Vec<Record> {
    let (mut feed, mut seen) = (hub.feed(), seq.saturating_sub(RECENT));
    let mut records = Vec::new();
    while seen < seq {
        let most = usize::try_from(seq - seen).unwrap_or_default();
        let Ok(FeedSlice::Frames(frames)) = feed.since(seen, most).await else { return Vec::new() };
        let Some(last) = frames.last() else { break };
        seen = last.seq;
        records.extend(frames.iter().filter_map(|frame| serde_json::from_str(frame.json()).ok()));
    }
    records
}

fn project_name(hub: &Hub) -> String {
    let root = hub.paths().root();
    root.file_name().map_or_else(|| root.display().to_string(), |name| name.to_string_lossy().into_owned())
}

/// Headers that keep foreign code out of the page. Scripts run only with this rendering's nonce; style attributes are allowed,
/// since bars have their lengths there.
fn protect() {
    let Some(options) = use_context::<ResponseOptions>() else { return };
    let nonce = leptos::nonce::use_nonce().map(|nonce| format!(" 'nonce-{nonce}'")).unwrap_or_default();
    let policy = format!(
        "default-src 'none'; script-src 'self'{nonce} 'wasm-unsafe-eval'; style-src 'self'{nonce}; \
         style-src-attr 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; \
         base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    );
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        options.insert_header(CONTENT_SECURITY_POLICY, policy);
    }
    options.insert_header(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Not `no-referrer`: with that browsers send forms, such as the one to log out, with the origin "null".
    options.insert_header(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    options.insert_header(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
}
