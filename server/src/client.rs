//! A small HTTP client for this program's own commands: one kept-alive connection, calls in JSON, and the event stream.

mod stream;

use std::io;
use std::time::Duration;

use app::api::{ApiError, PREFIX, SEQ_HEADER};
use bytes::Bytes;
use engine::Seq;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{HeaderValue, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

pub use self::stream::{Frame, Seen, Stream};
use crate::events::LOG_HEADER;
use crate::front::SERVER_HEADER;
use crate::gate;
use crate::tls::{Secure, Trust, advice};

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(5);

/// Why a call brought nothing.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The server said no.
    #[error(transparent)]
    Refused(ApiError),
    /// No server answers there; nothing was sent.
    #[error("{0}")]
    Unreachable(String),
    /// The connection broke before the answer came: the call may or may not have been carried out.
    #[error("{0}")]
    Lost(String),
}

/// A connection to a server, opened when it is needed.
#[derive(Debug)]
pub struct Client {
    /// Host and port.
    authority: String,
    /// With what it is encrypted, where it is.
    secure: Option<Secure>,
    /// Which server must be there, see [`SERVER_HEADER`].
    server: Option<String>,
    /// Who calls, for a server that asks.
    shown: Option<HeaderValue>,
    connection: Option<SendRequest<Full<Bytes>>>,
    /// The newest event that an answer knew of.
    seq: Option<Seq>,
}

impl Client {
    /// A client of the server at this address, such as `http://localhost:3334`.
    /// `trust` says whom to believe there, where the address begins with https.
    pub fn new(url: &str, trust: &Trust) -> Result<Self, CallError> {
        let Address { authority, secure } = Address::of(url, trust)?;
        Ok(Self { authority, secure, server: None, shown: None, connection: None, seq: None })
    }

    /// Lets nobody answer but this very server: another one may have got its address since.
    pub fn only(mut self, server: String) -> Self {
        self.server = Some(server);
        self
    }

    /// Shows this token with everything it asks.
    pub fn showing(mut self, token: Option<&str>) -> Result<Self, CallError> {
        self.shown = token.map(|token| gate::shows(token).ok_or_else(no_token)).transpose()?;
        Ok(self)
    }

    /// Up to which event of the log the last answer had seen.
    pub fn seq(&self) -> Option<Seq> {
        self.seq
    }

    /// Makes a call. A connection that broke since the last one is opened again.
    pub async fn call(&mut self, name: &str, arguments: &impl Serialize) -> Result<Value, CallError> {
        let body = serde_json::to_vec(arguments).map_err(|error| self.unreachable(error))?;
        let request = Request::post(format!("{PREFIX}{name}")).header(CONTENT_TYPE, "application/json");
        let request = self.request(request, body.into())?;
        let response = self.send(request).await?;
        let (status, answer) = self.read(response).await?;
        if status.is_success() {
            return serde_json::from_slice(&answer).map_err(|error| self.unreachable(error));
        }
        Err(self.refused(status, &answer))
    }

    /// Opens the stream of events after this one. The connection is the stream's from then on.
    pub async fn events(&mut self, seen: &mut Seen) -> Result<Stream, CallError> {
        let log = seen.log.iter().map(|log| format!("&log={log}")).collect::<String>();
        let request = Request::get(format!("{PREFIX}events?since={}{log}", seen.seq));
        let request = self.request(request, Bytes::new())?;
        let response = self.send(request).await?;
        if response.status().is_success() {
            self.connection = None;
            let log = response.headers().get(LOG_HEADER).and_then(|log| log.to_str().ok());
            seen.log = log.map(str::to_owned);
            return Ok(Stream::new(response.into_body()));
        }
        let (status, answer) = self.read(response).await?;
        Err(self.refused(status, &answer))
    }

    fn request(
        &self,
        request: http::request::Builder,
        body: Bytes,
    ) -> Result<Request<Full<Bytes>>, CallError> {
        let mut request = request.header(HOST, &self.authority);
        if let Some(server) = &self.server {
            request = request.header(SERVER_HEADER, server);
        }
        if let Some(shown) = &self.shown {
            request = request.header(AUTHORIZATION, shown);
        }
        request.body(Full::new(body)).map_err(|error| self.unreachable(error))
    }

    /// Sends a request as it is.
    pub async fn send(&mut self, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, CallError> {
        let kept = match self.connection.take() {
            Some(mut connection) => connection.ready().await.is_ok().then_some(connection),
            None => None,
        };
        let mut connection = match kept {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        let response = match connection.try_send_request(request).await {
            Ok(response) => response,
            // The server may have closed an idle connection just now. Only a request that it never saw is sent again: the
            // caller decides about all others.
            Err(mut error) => match error.take_message() {
                Some(request) => {
                    connection = self.connect().await?;
                    connection.send_request(request).await.map_err(|error| self.lost(error))?
                }
                None => return Err(self.lost(error.into_error())),
            },
        };
        self.connection = Some(connection);
        let seq = response.headers().get(&SEQ_HEADER).and_then(|seq| seq.to_str().ok()?.parse().ok());
        self.seq = seq.or(self.seq);
        Ok(response)
    }

    async fn read(&mut self, response: Response<Incoming>) -> Result<(StatusCode, Bytes), CallError> {
        let status = response.status();
        match response.into_body().collect().await {
            Ok(answer) => Ok((status, answer.to_bytes())),
            Err(error) => {
                self.connection = None;
                Err(self.lost(error))
            }
        }
    }

    async fn connect(&self) -> Result<SendRequest<Full<Bytes>>, CallError> {
        let stream = timeout(CONNECT, TcpStream::connect(&self.authority)).await;
        let stream = stream.map_err(|_| self.unreachable("no answer"))?;
        let stream = stream.map_err(|error| self.unreachable(error))?;
        // Answers are small and waited for. Where this cannot be set, they only come later.
        let _ = stream.set_nodelay(true);
        let Some(secure) = &self.secure else { return self.speak(stream).await };
        let connector = TlsConnector::from(secure.config.clone());
        let stream = timeout(CONNECT, connector.connect(secure.name.clone(), stream)).await;
        let stream = stream.map_err(|_| self.unreachable("no answer"))?;
        self.speak(stream.map_err(|error| untrusted(&self.url(), &error))?).await
    }

    async fn speak(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    ) -> Result<SendRequest<Full<Bytes>>, CallError> {
        let (sender, connection) =
            handshake(TokioIo::new(stream)).await.map_err(|error| self.unreachable(error))?;
        // Ends with the sender; an error shows at the next call.
        tokio::spawn(connection);
        Ok(sender)
    }

    fn url(&self) -> String {
        let scheme = if self.secure.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.authority)
    }

    /// What a status of 400 and above means. Whoever does not answer in our JSON is no server of ours.
    fn refused(&self, status: StatusCode, answer: &[u8]) -> CallError {
        match serde_json::from_slice::<ApiError>(answer) {
            Ok(error) => CallError::Refused(ApiError { status: status.as_u16(), ..error }),
            Err(_) => stranger(&self.url(), status),
        }
    }

    fn unreachable(&self, why: impl std::fmt::Display) -> CallError {
        unreachable(&self.url(), why)
    }

    fn lost(&self, why: impl std::fmt::Display) -> CallError {
        let url = self.url();
        CallError::Lost(format!(
            "the connection to {url} broke before the answer came ({why}); see with manus-sync status whether \
             the server still runs"
        ))
    }
}

/// A server's address, and how to talk to it.
#[derive(Debug)]
pub(crate) struct Address {
    /// Host and port.
    pub authority: String,
    /// With what connections are encrypted, where they are.
    pub secure: Option<Secure>,
}

impl Address {
    pub(crate) fn of(url: &str, trust: &Trust) -> Result<Self, CallError> {
        let (uri, encrypted) = parts(url).map_err(CallError::Unreachable)?;
        let host = uri.host().unwrap_or_default();
        let secure = encrypted.then(|| trust.secure(host)).transpose().map_err(CallError::Unreachable)?;
        let port = uri.port_u16().unwrap_or(if encrypted { 443 } else { 80 });
        Ok(Self { authority: format!("{host}:{port}"), secure })
    }
}

/// What an address is made of, with a host in any case, and whether it is one with https; or why it cannot be a server's.
pub(crate) fn parts(url: &str) -> Result<(Uri, bool), String> {
    let uri = url.parse::<Uri>().ok().filter(|uri| uri.host().is_some());
    let known = uri.and_then(|uri| match uri.scheme_str()? {
        "http" => Some((uri, false)),
        "https" => Some((uri, true)),
        _ => None,
    });
    known.ok_or_else(|| format!("{url:?} is not a server's address; write it like http://localhost:3334"))
}

/// Nobody answers there.
pub(crate) fn unreachable(url: &str, why: impl std::fmt::Display) -> CallError {
    CallError::Unreachable(format!("no server answers at {url} ({why}); start one with manus-sync serve"))
}

/// Somebody answers there, but not as a server of ours does.
pub(crate) fn stranger(url: &str, answer: impl std::fmt::Display) -> CallError {
    CallError::Unreachable(format!(
        "what answers at {url} is no manus-sync server ({answer}); check the address, or start one with manus-sync serve"
    ))
}

/// Somebody answers there, but cannot be believed.
pub(crate) fn untrusted(url: &str, error: &io::Error) -> CallError {
    match advice(error) {
        Some(advice) => CallError::Unreachable(format!("the server at {url} is not to be trusted: {advice}")),
        None => unreachable(url, error),
    }
}

/// What was given as a token cannot be one.
pub(crate) fn no_token() -> CallError {
    let message = "what was given as token contains characters that no token has; copy it again";
    CallError::Refused(ApiError::unauthenticated(message))
}
