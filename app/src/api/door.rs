//! The server's end of every call: reads the request, runs the call against the hub, writes the answer.
//!
//! What a call needs from its surroundings travels in a task-local of its own rather than in Leptos's context: a call has
//! nothing to render, and building a reactive owner for each would cost more than most calls do.

use std::cell::Cell;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use engine::state::Presence;
use engine::{Answer, Command, ManusId, RequestId, Seq, State};
use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, StatusCode};
use hub::Hub;
use leptos::prelude::use_context;
use tokio::sync::watch;
use tokio::time::Instant;

use super::access::{Guarded, Principal};
use super::bounds;
use super::call::{Arguments, Call};
use super::encoding;
use super::error::ApiError;
use super::meters::Meters;

/// The header that says up to which event an answer has seen the log.
pub static SEQ_HEADER: HeaderName = HeaderName::from_static("manus-seq");

/// How long a caller may take to send a request's body.
const BODY_PATIENCE: Duration = Duration::from_secs(30);
/// How much of a body that is too large is read and thrown away, so that the caller gets to read why.
const DISCARDED_MAX: u64 = 64 * 1024 * 1024;
/// How long one waits at least between two looks at the state in a long poll.
const LOOK_AGAIN: Duration = Duration::from_millis(10);
/// How often somebody who waits counts as having given a sign of life.
const STILL_THERE: Duration = Duration::from_secs(5);

/// What all calls of a server share. While a page renders, Leptos's context has one.
#[derive(Debug, Clone)]
pub struct Door {
    hub: Hub,
    /// True once the server is about to stop: nobody is kept waiting any more.
    closing: watch::Receiver<bool>,
    meters: Arc<Meters>,
}

impl Door {
    /// A door in front of this hub, until `closing` becomes true.
    pub fn new(hub: Hub, closing: watch::Receiver<bool>) -> Self {
        Self { hub, closing, meters: Arc::default() }
    }

    /// The hub behind it.
    pub fn hub(&self) -> &Hub {
        &self.hub
    }

    /// What is measured of the calls and of those who watch.
    pub fn meters(&self) -> &Meters {
        &self.meters
    }

    /// True when the server is about to stop.
    pub fn is_closing(&self) -> bool {
        *self.closing.borrow()
    }

    /// Waits until the server is about to stop.
    pub async fn closed(&self) {
        // An error means that whoever could say so is gone, which is the same.
        let _ = self.closing.clone().wait_for(|closing| *closing).await;
    }
}

/// One call under way.
struct UnderWay {
    door: Arc<Door>,
    /// Who makes it.
    principal: Principal,
    /// What that was recognised by, as it came; of those who enrol agents, since it goes into the agents' tokens.
    shown: Option<HeaderValue>,
    /// How far the log was when the call was decided.
    seq: Cell<Seq>,
}

tokio::task_local! {
    static CALL: UnderWay;
}

/// A call that is being answered. In memory of its own: each kind of call has another size.
pub(super) type Answering = Pin<Box<dyn Future<Output = Response> + Send>>;

/// Serves `POST /api/v1/{name}` for whoever makes it; `None` when there is no call of that name.
pub async fn serve(door: &Arc<Door>, principal: Principal, name: &str, request: Request) -> Option<Response> {
    let shown = principal.enrolment().and_then(|_| request.headers().get(AUTHORIZATION).cloned());
    let answering = super::begin(name, request)?;
    let under_way = UnderWay { door: door.clone(), principal, shown, seq: Cell::new(0) };
    Some(CALL.scope(under_way, answering).await)
}

/// Makes a call while rendering on the server, with the door in Leptos's context. What a page asks is the server's own
/// question: whoever may not look gets no page.
pub fn call<C: Call>(arguments: C) -> impl Future<Output = Result<C::Output, ApiError>> + Send {
    let door = CALL.try_with(|call| call.door.clone()).ok().or_else(use_context::<Arc<Door>>);
    async move {
        let door = door.ok_or_else(|| ApiError::internal("no door was provided to the page"))?;
        let under_way = UnderWay { door, principal: Principal::Anybody, shown: None, seq: Cell::new(0) };
        CALL.scope(under_way, arguments.run_body()).await
    }
}

/// From a request to its answer, for one kind of call.
pub(super) async fn answer<I, O, F, Fut>(request: Request, body: F) -> Response
where
    I: Arguments + Guarded + serde::de::DeserializeOwned,
    O: serde::Serialize,
    F: Fn(I) -> Fut,
    Fut: Future<Output = Result<O, ApiError>>,
{
    let outcome = async move {
        let bytes = read_body(request).await?;
        let principal = principal()?;
        principal.may_make::<I>()?;
        let mut arguments = encoding::arguments::<I>(&bytes)?;
        principal.may_speak(&mut arguments)?;
        let output = body(arguments).await?;
        serde_json::to_vec(&output).map_err(|error| ApiError::internal(error.to_string()))
    };
    let mut response = match outcome.await {
        Ok(json) => json_response(StatusCode::OK, json),
        Err(error) => error_response(&error),
    };
    if let Ok(seq) = CALL.try_with(|call| match call.seq.get() {
        // Refused before it reached the hub.
        0 => call.door.hub.feed().committed_seq(),
        seq => seq,
    }) {
        response.headers_mut().insert(&SEQ_HEADER, HeaderValue::from(seq));
    }
    response
}

/// Reads a request's body, in the time and up to the size that any body may have.
pub async fn read_body(request: Request) -> Result<bytes::Bytes, ApiError> {
    let announced = request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    let body = request.into_body();
    if announced.is_some_and(|length: u64| length > bounds::BODY_MAX as u64) {
        // Whoever is answered before having sent everything often sees a broken connection instead of the answer.
        let _ = tokio::time::timeout(BODY_PATIENCE, Box::pin(discard(body, DISCARDED_MAX))).await;
        return Err(too_large());
    }
    match tokio::time::timeout(BODY_PATIENCE, axum::body::to_bytes(body, bounds::BODY_MAX)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) if is_too_large(&error) => Err(too_large()),
        Ok(Err(_)) => Err(ApiError::invalid("body", "the body ended before it was complete; send it again")),
        Err(_) => {
            let patience = BODY_PATIENCE.as_secs();
            let message = format!("the body did not arrive within {patience} s; send it again in one go");
            Err(ApiError::new(408, "request_timeout", message))
        }
    }
}

async fn discard(body: Body, most: u64) {
    use http_body_util::BodyExt;
    let mut body = http_body_util::Limited::new(body, usize::try_from(most).unwrap_or(usize::MAX));
    while let Some(Ok(_)) = body.frame().await {}
}

fn is_too_large(error: &axum::Error) -> bool {
    std::error::Error::source(error).is_some_and(|source| source.is::<http_body_util::LengthLimitError>())
}

fn too_large() -> ApiError {
    let most = bounds::BODY_MAX;
    let message = format!(
        "the body is larger than {most} bytes; send less at once, for example fewer tasks or files a call"
    );
    ApiError::new(413, "too_large", message).with(serde_json::json!({ "max_bytes": most }))
}

fn json_response(status: StatusCode, json: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(json));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// An error as an HTTP answer. Its code goes along as an extension, for the log.
pub fn error_response(error: &ApiError) -> Response {
    let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let json = serde_json::to_vec(error).unwrap_or_default();
    let mut response = json_response(status, json);
    if error.status == 401 {
        response
            .headers_mut()
            .insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"manus-sync\""));
    }
    if let Some(seconds) = error.retry_after_secs() {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response.extensions_mut().insert(Code(error.code.clone()));
    response
}

/// The code of an error, beside the answer that carries it.
#[derive(Debug, Clone)]
pub struct Code(pub std::borrow::Cow<'static, str>);

/// The door of the call under way.
pub(super) fn door() -> Result<Arc<Door>, ApiError> {
    CALL.try_with(|call| call.door.clone()).map_err(|_| ApiError::internal("not in a call"))
}

/// Who makes the call under way.
pub(super) fn principal() -> Result<Principal, ApiError> {
    CALL.try_with(|call| call.principal.clone()).map_err(|_| ApiError::internal("not in a call"))
}

/// The whole token of whoever enrols an agent with the call under way. It was found good before the call began.
pub(super) fn shown() -> Result<String, ApiError> {
    let shown = CALL.try_with(|call| call.shown.clone()).ok().flatten();
    let token = shown.as_ref().and_then(|shown| shown.to_str().ok()?.trim().split_once(' '));
    let token = token.map(|(_scheme, token)| token.trim().to_owned());
    token.ok_or_else(|| ApiError::internal("the call came without the token that was recognised"))
}

/// The hub of the call under way.
pub(super) fn hub() -> Result<Hub, ApiError> {
    door().map(|door| door.hub.clone())
}

/// Says up to which event the answer has seen the log.
pub(super) fn note_seq(seq: Seq) {
    // Outside of a call nobody asks.
    let _ = CALL.try_with(|call| call.seq.set(seq));
}

/// Looks at the published state.
pub(super) fn read<R>(look: impl FnOnce(&State) -> R) -> Result<R, ApiError> {
    let hub = hub()?;
    let (seq, seen) = hub.read(|state| (state.seq(), look(state)));
    note_seq(seq);
    Ok(seen)
}

/// Has the engine decide, and waits until that is on the disk.
pub(super) async fn submit(command: Command, request_id: Option<RequestId>) -> Result<Arc<Answer>, ApiError> {
    match hub()?.submit(command, request_id).await {
        Ok(reply) => {
            note_seq(reply.seq);
            Ok(reply.answer)
        }
        Err(failure) => {
            if let hub::Failure::Refused { seq, .. } = failure {
                note_seq(seq);
            }
            Err(failure.into())
        }
    }
}

/// Keeps a call's request id while it waits, so that nothing else is carried out under it.
pub(super) fn reserve(
    command: &Command,
    request_id: Option<&RequestId>,
) -> Result<Option<hub::Reserved>, ApiError> {
    let hub = hub()?;
    Ok(request_id.map(|id| hub.reserve(command, id)).transpose()?)
}

/// The engine answered something that does not belong to the question.
pub(super) fn odd(answer: &Answer) -> ApiError {
    tracing::error!(?answer, "The engine's answer does not fit the call");
    ApiError::internal("the answer does not fit the call; please report this")
}

/// Waits until `look` finds something in the published state, the agent leaves, `wait_secs` have passed, or the server is about to
/// stop. Meanwhile the agent counts as alive.
pub(super) async fn wait_for(
    manus_id: &ManusId,
    wait_secs: u64,
    look: impl Fn(&State) -> bool,
) -> Result<(), ApiError> {
    let door = door()?;
    // In memory of its own: most calls that may wait do not.
    let waiting = async {
        let until = Instant::now() + Duration::from_secs(wait_secs);
        let mut feed = door.hub.feed();
        let has_left =
            |state: &State| state.agent(manus_id).is_some_and(|agent| agent.presence() == Presence::Gone);
        // Who has left before may still wait for messages.
        let may_leave = !door.hub.read(has_left);
        while !door.hub.read(|state| look(state) || (may_leave && has_left(state))) {
            door.hub.note_sign_of_life(manus_id);
            let something = async {
                // The pause bounds what a crowd of waiting agents costs while much is going on.
                tokio::time::sleep(LOOK_AGAIN).await;
                feed.changed().await
            };
            tokio::select! {
                open = something => if !open { break },
                () = door.closed() => break,
                () = tokio::time::sleep(STILL_THERE) => {}
                () = tokio::time::sleep_until(until) => break,
            }
        }
    };
    Box::pin(waiting).await;
    Ok(())
}
