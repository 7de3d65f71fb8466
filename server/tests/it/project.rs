//! A server in this process on a project of its own, and callers that see exactly what comes back.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use expect_test::Expect;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, Full};
use hub::ManualClock;
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use server::gate::Auth;
use server::serve::{Options, Server};
use server::site::Site;
use tempfile::TempDir;
use tokio::net::TcpStream;

use crate::reference::check_refusal;

/// When all stories here begin.
pub const BEGIN_MS: i64 = 1_800_000_000_000;

/// A project being served, with a clock that stands still.
pub struct Project {
    pub folder: TempDir,
    pub clock: Arc<ManualClock>,
    pub server: Server,
}

impl Project {
    pub async fn start() -> Self {
        Self::start_in(tempfile::tempdir().unwrap()).await
    }

    pub async fn start_in(folder: TempDir) -> Self {
        Self::start_with(folder, |_| {}).await
    }

    /// One that asks for tokens.
    pub async fn start_asking(folder: TempDir) -> Self {
        Self::start_as(folder, Auth::Required, |_| {}).await
    }

    pub async fn start_with(folder: TempDir, change: impl FnOnce(&mut hub::Config)) -> Self {
        Self::start_as(folder, Auth::Auto, change).await
    }

    async fn start_as(folder: TempDir, auth: Auth, change: impl FnOnce(&mut hub::Config)) -> Self {
        let clock = Arc::new(ManualClock::at(BEGIN_MS));
        let mut hub = hub::Config::new(folder.path());
        hub.clock = clock.clone();
        // Unless a test is about that: its events come when they come.
        hub.plan_budget_ms = 0;
        change(&mut hub);
        let listen = "127.0.0.1:0".parse().unwrap();
        let rate_limit = 500;
        let (allow_hosts, tls, site) = (Vec::new(), None, Site::Missing);
        let options = Options { hub, listen, allow_hosts, auth, rate_limit, tls, site };
        Self { folder, clock, server: Server::start(options).await.unwrap() }
    }

    /// With these agents, named and able to do everything that is asked here.
    pub async fn with_agents(names: &[&str]) -> Self {
        let project = Self::start().await;
        for name in names {
            let arguments =
                serde_json::json!({ "manus_id": name, "role": "SPEED_DEVELOPER", "capabilities": [] });
            project.call("register_manus", &arguments).await.ok();
        }
        project
    }

    pub async fn caller(&self) -> Caller {
        Caller::connect(&self.server.address().to_string()).await
    }

    /// One call over a connection of its own.
    pub async fn call(&self, name: &str, arguments: &Value) -> Answer {
        self.caller().await.call(name, arguments).await
    }

    /// Plays calls and compares what came back: a line for the call, then status and body.
    pub async fn check(&self, script: &[(&str, Value)], said: Expect) {
        let mut caller = self.caller().await;
        let mut transcript = String::new();
        for (name, arguments) in script {
            let answer = caller.call(name, arguments).await;
            writeln!(transcript, "{name} {arguments}\n  {} {}", answer.status, answer.json()).unwrap();
        }
        said.assert_eq(&transcript);
    }
}

/// A connection.
pub struct Caller {
    authority: String,
    token: Option<String>,
    connection: SendRequest<Full<Bytes>>,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Caller {
    pub async fn connect(authority: &str) -> Self {
        Self::try_connect(authority).await.unwrap()
    }

    /// An error where nobody listens.
    pub async fn try_connect(authority: &str) -> std::io::Result<Self> {
        let stream = TcpStream::connect(authority).await?;
        stream.set_nodelay(true)?;
        let (connection, driver) = handshake(TokioIo::new(stream)).await.map_err(std::io::Error::other)?;
        tokio::spawn(driver);
        Ok(Self { authority: authority.to_owned(), token: None, connection })
    }

    /// Shows this token with its calls.
    pub fn showing(mut self, token: &str) -> Self {
        self.token = Some(token.to_owned());
        self
    }

    pub async fn call(&mut self, name: &str, arguments: &Value) -> Answer {
        self.try_call(name, arguments).await.unwrap()
    }

    /// An error where the connection broke instead of an answer.
    pub async fn try_call(&mut self, name: &str, arguments: &Value) -> Result<Answer, hyper::Error> {
        let request = Request::post(format!("/api/v1/{name}")).header(CONTENT_TYPE, "application/json");
        let request = request.header(HOST, &self.authority);
        let answer = self.send(request.body(Full::from(arguments.to_string())).unwrap()).await?;
        if answer.status >= 400 {
            check_refusal(name, answer.status, &answer.code());
        }
        Ok(answer)
    }

    /// A request as it is; only a missing Host is filled in, and the token that this caller shows.
    pub async fn send(&mut self, request: Request<Full<Bytes>>) -> Result<Answer, hyper::Error> {
        let (head, body) = self.begin(request).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        Ok(Answer { status: head.status.as_u16(), headers: head.headers, body })
    }

    /// The status of an answer, and its body as it comes.
    pub async fn open(&mut self, request: Request<Full<Bytes>>) -> (u16, Incoming) {
        let response = self.begin(request).await.unwrap();
        (response.status().as_u16(), response.into_body())
    }

    async fn begin(&mut self, mut request: Request<Full<Bytes>>) -> Result<Response<Incoming>, hyper::Error> {
        if !request.headers().contains_key(HOST) {
            request.headers_mut().insert(HOST, self.authority.parse().unwrap());
        }
        if let (Some(token), false) = (&self.token, request.headers().contains_key(AUTHORIZATION)) {
            request.headers_mut().insert(AUTHORIZATION, format!("Bearer {token}").parse().unwrap());
        }
        self.connection.ready().await?;
        let deadline = Duration::from_secs(60);
        tokio::time::timeout(deadline, self.connection.send_request(request)).await.expect("an answer")
    }
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {:?}", self.body))
    }

    /// The body of a success.
    pub fn ok(&self) -> Value {
        assert_eq!(self.status, 200, "{}", String::from_utf8_lossy(&self.body));
        self.json()
    }

    /// The code of a refusal.
    pub fn code(&self) -> String {
        assert!(self.status >= 400, "{} {:?}", self.status, self.body);
        let json = self.json();
        assert!(json["message"].as_str().is_some_and(|message| message.len() > 10), "{json}");
        assert!(json["detail"].is_object(), "{json}");
        json["code"].as_str().unwrap().to_owned()
    }

    pub fn refused(&self) -> (u16, String) {
        (self.status, self.code())
    }

    pub fn seq(&self) -> u64 {
        self.headers["manus-seq"].to_str().unwrap().parse().unwrap()
    }
}
