//! A client at work: its tools and resources, and who it is once it has joined.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use app::api::ApiError;
use http::HeaderValue;
use http::header::AUTHORIZATION;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, CustomRequest, CustomResult, Extensions,
    Implementation, JsonObject, ListResourceTemplatesResult, ListResourcesResult, ListToolsResult,
    PaginatedRequestParams, ProtocolVersion, ReadResourceRequestParams, ReadResourceResponse,
    ReadResourceResult, ResourceContents, ServerCapabilities, ServerConfig, SubscribeRequestParams,
    SubscriptionFilter, UnsubscribeRequestParams,
};
use rmcp::service::{RequestContext, SubscriptionContext};
use rmcp::{ErrorData, RoleServer, ServerHandler};
use serde_json::{Value, json};
use tokio::sync::watch;

use super::attempts::Attempts;
use super::backend::Backend;
use super::board::board;
use super::credentials::Credentials;
use super::listening;
use super::misfit;
use super::pulse;
use super::resources::{self, Address};
use super::say;
use super::tools::{self, Knows, Tool};
use super::watch::{Topic, Watch};

/// How many of those who were told that they listen may not have begun to.
const BEGUN_MAX: usize = 16;
/// How many messages an inbox shows as a resource.
const INBOX: u64 = 100;

const INSTRUCTIONS: &str = "manus-sync keeps the agents that work on one project in step. Call join once. Then, again and \
    again: next_task, do the work with a progress report every few minutes, finish. Before you edit a file that your task \
    has not claimed, claim it; never edit what somebody else holds. When an answer says that messages wait, read inbox.";

/// A client at work. Clones are the same client.
#[derive(Debug, Clone)]
pub struct Session(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    backend: Backend,
    // Std mutexes: nothing awaits while they are held.
    manus: Mutex<Option<String>>,
    attempts: Mutex<Attempts>,
    credentials: Mutex<Credentials>,
    watched: Mutex<Watched>,
    joined: watch::Sender<()>,
    /// Whether signs of life are given for its agent.
    has_pulse: AtomicBool,
    /// What is watched for clients that are just being told that they listen, in their order.
    begun: Mutex<VecDeque<Watch>>,
}

/// What a client of a revision before 2026-07-28 wants to hear of.
#[derive(Debug, Default)]
struct Watched {
    addresses: BTreeMap<String, Address>,
    /// Whether somebody already watches for it.
    begun: bool,
}

impl Session {
    /// A client whose calls go there; perhaps it is known who it is.
    pub fn new(backend: Backend, manus: Option<String>) -> Self {
        let (manus, attempts, watched) = (Mutex::new(manus), Mutex::default(), Mutex::default());
        Self(Arc::new(Inner {
            backend,
            manus,
            attempts,
            credentials: Mutex::default(),
            watched,
            joined: watch::Sender::new(()),
            has_pulse: AtomicBool::new(false),
            begun: Mutex::default(),
        }))
    }

    fn manus(&self) -> MutexGuard<'_, Option<String>> {
        self.0.manus.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn attempts(&self) -> MutexGuard<'_, Attempts> {
        self.0.attempts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn watched(&self) -> MutexGuard<'_, Watched> {
        self.0.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What this session knows of its agent, and will. Over HTTP the newest revision has no sessions.
    fn knows(&self, context: &RequestContext<RoleServer>) -> Knows {
        let forgets = matches!(self.0.backend, Backend::Here(..)) && is_newest(context);
        match &*self.manus() {
            _ if forgets => Knows::Never,
            Some(_) => Knows::Already,
            None => Knows::AfterJoin,
        }
    }

    async fn call(
        &self,
        name: &str,
        arguments: Value,
        shown: Option<&HeaderValue>,
    ) -> Result<Value, ApiError> {
        let shown = self.credentials().instead_of(shown.cloned());
        self.0.backend.call(name, arguments, shown).await
    }

    fn credentials(&self) -> MutexGuard<'_, Credentials> {
        self.0.credentials.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives a sign of life of the agent, if it is known, and answers how many messages wait for it.
    async fn alive(&self, manus: Option<&str>, shown: Option<&HeaderValue>) -> u64 {
        let Some(manus) = manus.map(str::to_owned).or_else(|| self.manus().clone()) else { return 0 };
        // Whatever is wrong with it, the call itself has told.
        let beat = self.heartbeat(&manus, shown).await;
        beat.ok().and_then(|beat| beat["unread_messages"].as_u64()).unwrap_or(0)
    }

    async fn heartbeat(&self, manus: &str, shown: Option<&HeaderValue>) -> Result<Value, ApiError> {
        self.call("heartbeat", json!({ "manus_id": manus }), shown).await
    }

    /// From now on gives signs of life of this session's agent, as long as the client is there. Over HTTP the newest revision has no
    /// sessions, and so nobody to ask.
    fn keep_alive(
        &self,
        every_secs: Option<u64>,
        shown: Option<HeaderValue>,
        context: &RequestContext<RoleServer>,
    ) {
        if is_newest(context) || self.manus().is_none() || self.0.has_pulse.swap(true, Ordering::Relaxed) {
            return;
        }
        let every = every_secs.map_or(pulse::USUAL, Duration::from_secs);
        let (session, peer) = (Arc::downgrade(&self.0), context.peer.clone());
        tokio::spawn(pulse::keep(peer, every, async move || {
            let Some(inner) = session.upgrade() else { return false };
            Session(inner).beat(shown.as_ref()).await
        }));
    }

    /// Gives a sign of life of the session's agent. False when it may not any more.
    async fn beat(&self, shown: Option<&HeaderValue>) -> bool {
        let Some(manus) = self.manus().clone() else { return true };
        let refused = self.heartbeat(&manus, shown).await.err();
        let over = refused.is_some_and(|error| matches!(error.status, 401 | 403));
        if over {
            // Should it be let in again, the next call begins anew.
            self.0.has_pulse.store(false, Ordering::Relaxed);
        }
        !over
    }

    /// Runs a tool.
    async fn run(
        &self,
        tool: &Tool,
        arguments: JsonObject,
        context: &RequestContext<RoleServer>,
    ) -> Result<CallToolResult, ApiError> {
        let shown = shown(&context.extensions);
        let me = self.manus().clone();
        // Hooks leave word in files, which need not be read with each call of an agent that is known.
        let asks = me.is_none() || tool.name == "join";
        let introduced = if asks { self.0.backend.introduced() } else { None };
        let arguments = tool.as_introduced(arguments, introduced.as_deref());
        let me = me.or(introduced);
        let (mut arguments, manus) = tool.complete(arguments, context.client_info(), me)?;
        self.attempts().add_to(tool.call, &mut arguments);
        let mut answer = match tool.call {
            "status" => self.board(shown.clone()).await?,
            call => self.call(call, Value::Object(arguments), shown.as_ref()).await?,
        };
        self.attempts().note(tool.call, &answer);
        if tool.name == "join" {
            self.keep(&mut answer, shown.as_ref(), context);
            self.remember(&answer, context).await;
        }
        let unread = self.alive(manus.as_deref(), shown.as_ref()).await;
        self.keep_alive(answer["heartbeat_interval_secs"].as_u64(), shown, context);
        Ok(say::done(tool, answer, unread))
    }

    async fn board(&self, shown: Option<HeaderValue>) -> Result<Value, ApiError> {
        let shown = self.credentials().instead_of(shown);
        board(&self.0.backend, shown).await
    }

    /// A token that joining answered is the session's to show from now on, and not for the model to read; unless there is no session.
    fn keep(&self, answer: &mut Value, shown: Option<&HeaderValue>, context: &RequestContext<RoleServer>) {
        match self.0.backend {
            Backend::Here(..) if is_newest(context) => {}
            Backend::Here(..) => self.credentials().keep(shown, answer),
            // Whoever made the call has kept it.
            Backend::There(..) => answer["token"] = Value::Null,
        }
    }

    /// From now on it is known who this is.
    async fn remember(&self, answer: &Value, context: &RequestContext<RoleServer>) {
        let Some(manus) = answer["manus"]["id"].as_str() else { return };
        let before = self.manus().replace(manus.to_owned());
        if before.as_deref() == Some(manus) {
            return;
        }
        self.0.joined.send_replace(());
        if !is_newest(context) {
            // A client that is gone by now needs no notice.
            let _ = context.peer.notify_resource_list_changed().await;
        }
    }

    async fn read(&self, address: Address, shown: Option<HeaderValue>) -> Result<Value, ApiError> {
        match address {
            Address::Board => self.board(shown).await,
            Address::Task(task_id) => {
                self.call("get_task", json!({ "task_id": task_id }), shown.as_ref()).await
            }
            Address::Inbox(manus_id) => {
                let look = json!({ "manus_id": manus_id, "peek": true, "limit": INBOX });
                self.call("get_messages", look, shown.as_ref()).await
            }
        }
    }

    /// The addresses among those watched at which there may be something new.
    fn touched(&self, topics: &BTreeSet<Topic>) -> Vec<String> {
        resources::touched(&self.watched().addresses, topics)
    }
}

impl ServerHandler for Session {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder()
            .enable_tools()
            .enable_resources()
            .enable_resources_subscribe()
            .enable_resources_list_changed()
            .build();
        let me = Implementation::new("manus-sync", env!("CARGO_PKG_VERSION"));
        ServerConfig::new(capabilities).with_server_info(me).with_instructions(INSTRUCTIONS)
    }

    async fn ping(&self, context: RequestContext<RoleServer>) -> Result<(), ErrorData> {
        self.alive(None, shown(&context.extensions).as_ref()).await;
        Ok(())
    }

    async fn list_tools(
        &self,
        _page: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        self.alive(None, shown(&context.extensions).as_ref()).await;
        Ok(ListToolsResult::with_all_items(tools::listed(self.knows(&context))))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let Some(tool) = tools::find(&request.name) else {
            let known: Vec<&str> = tools::TOOLS.iter().map(|tool| tool.name).collect();
            let message = format!("there is no tool {}; known are {}", request.name, known.join(", "));
            return Err(ErrorData::invalid_params(message, None));
        };
        let result = tokio::select! {
            result = self.run(tool, request.arguments.unwrap_or_default(), &context) => result,
            // Nobody waits for the answer any more: nor does whatever waits in the engine.
            () = context.ct.cancelled() => return Err(ErrorData::internal_error("cancelled", None)),
            () = listening::gone(&context.peer) => return Err(ErrorData::internal_error("the session has ended", None)),
        };
        Ok(result.unwrap_or_else(|error| say::refused(&error)).into())
    }

    async fn on_custom_request(
        &self,
        request: CustomRequest,
        _context: RequestContext<RoleServer>,
    ) -> Result<CustomResult, ErrorData> {
        Err(misfit::answer(&request))
    }

    async fn list_resources(
        &self,
        _page: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        self.alive(None, shown(&context.extensions).as_ref()).await;
        Ok(ListResourcesResult::with_all_items(resources::listed(self.manus().as_deref())))
    }

    async fn list_resource_templates(
        &self,
        _page: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        self.alive(None, shown(&context.extensions).as_ref()).await;
        Ok(ListResourceTemplatesResult::with_all_items(resources::templates()))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let shown = shown(&context.extensions);
        self.alive(None, shown.as_ref()).await;
        let found = self.read(resources::find(&request.uri)?, shown).await.map_err(|error| {
            let detail = Some(json!({ "code": error.code, "detail": error.detail }));
            let message = say::in_tools(&error.message);
            match error.status {
                404 => ErrorData::resource_not_found(message, detail),
                400..500 => ErrorData::invalid_params(message, detail),
                _ => ErrorData::internal_error(message, detail),
            }
        })?;
        let contents = ResourceContents::TextResourceContents {
            uri: request.uri,
            mime_type: Some("application/json".to_owned()),
            text: say::lean(found).to_string(),
            meta: None,
        };
        Ok(ReadResourceResult::new(vec![contents]).into())
    }

    async fn subscribe(
        &self,
        request: SubscribeRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        let address = resources::find(&request.uri)?;
        let begins = {
            let mut watched = self.watched();
            watched.addresses.insert(request.uri, address);
            !std::mem::replace(&mut watched.begun, true)
        };
        if begins {
            // Opened before the answer: what happens from now on is heard of.
            let mut watch = self.0.backend.watch();
            watch.open().await;
            let session = Arc::downgrade(&self.0);
            let touched = move |topics: &_| session.upgrade().map(|inner| Session(inner).touched(topics));
            tokio::spawn(listening::tell_subscribed(context.peer, watch, touched));
        }
        Ok(())
    }

    async fn unsubscribe(
        &self,
        request: UnsubscribeRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        self.watched().addresses.remove(&request.uri);
        Ok(())
    }

    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        let mut accepted = SubscriptionFilter::new();
        accepted.resources_list_changed = requested.resources_list_changed;
        let known = |uri: &&String| Address::parse(uri).is_some();
        accepted.resource_subscriptions = requested
            .resource_subscriptions
            .as_ref()
            .map(|uris| uris.iter().filter(known).cloned().collect());
        // Begun before the client is told that it listens: what happens from then on is heard of.
        let mut begun = self.0.begun.lock().unwrap_or_else(PoisonError::into_inner);
        if begun.len() < BEGUN_MAX {
            begun.push_back(self.0.backend.watch());
        }
        Some(accepted)
    }

    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        let begun = self.0.begun.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let watch = begun.unwrap_or_else(|| self.0.backend.watch());
        listening::tell_all(context, watch, self.0.joined.subscribe()).await;
        Ok(())
    }
}

/// Whether a request is of a revision without sessions.
fn is_newest(context: &RequestContext<RoleServer>) -> bool {
    context.protocol_version().is_some_and(|version| version >= ProtocolVersion::V_2026_07_28)
}

/// What the request showed of who makes it.
fn shown(extensions: &Extensions) -> Option<HeaderValue> {
    extensions.get::<http::request::Parts>()?.headers.get(AUTHORIZATION).cloned()
}
