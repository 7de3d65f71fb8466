//! A caller that finds its server and does not give up at the first trouble.
//!
//! Every changing call gets a `request_id`, so that it can be repeated when its connection breaks and still happens once.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::path::{Path, PathBuf};
use std::time::Duration;

use app::api::Arguments;
use engine::Seq;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};

use crate::blocking::Blocking;
use crate::cli::ServerArgs;
use crate::client::{CallError, Client, Seen, Stream};
use crate::config;
use crate::front::OTHER_SERVER;
use crate::kept;
use crate::tls::Trust;

/// How long a call is tried again.
const PATIENCE: Duration = Duration::from_secs(10);
/// The pause between two attempts.
const PAUSE: Duration = Duration::from_millis(100);
/// How long an answer may take, beside what the call itself waits for.
const ANSWER: Duration = Duration::from_secs(60);

/// Where to look for the server, and what to show there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whereabouts {
    place: Place,
    token: Option<String>,
    /// The project in whose folder agents' own tokens are kept.
    around: Option<PathBuf>,
    /// The file with the authorities that vouch for the server; those of this machine where none is named.
    cacert: Option<PathBuf>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    /// At this address, whichever it is.
    Url(String),
    /// Wherever the server of this project says. Looked up again for each connection: one that was started anew may be
    /// elsewhere.
    Project(PathBuf),
}

impl Whereabouts {
    /// The address given; without one, the nearest project's.
    pub fn find(args: &ServerArgs) -> Result<Self, CallError> {
        if let Some(named) = Self::named(args) {
            return Ok(named);
        }
        let here = std::env::current_dir();
        let here = here.map_err(|error| CallError::Unreachable(format!("the current folder: {error}")))?;
        hub::project_root(&here).map(|root| Self::of_project(root, args)).ok_or_else(|| {
            CallError::Unreachable(
                "no server is running for the project here; start one in its folder with manus-sync serve, or name one \
                 with --server"
                    .to_owned(),
            )
        })
    }

    /// The address given, if there is one.
    pub fn named(args: &ServerArgs) -> Option<Self> {
        let url = args.server.clone().filter(|url| !url.is_empty())?;
        let around = std::env::current_dir().ok().and_then(|here| hub::project_root(&here));
        Some(Self::at(Place::Url(url), args, around.as_deref()))
    }

    /// What was not given is looked up in this project.
    fn at(place: Place, args: &ServerArgs, root: Option<&Path>) -> Self {
        let given = args.token.clone().filter(|token| !token.is_empty());
        let cacert = args.cacert.clone().filter(|file| !file.as_os_str().is_empty());
        let of_project = match (&given, &cacert) {
            (Some(_), Some(_)) => config::ForClients::default(),
            _ => root.map(config::for_clients).unwrap_or_default(),
        };
        let around = root.map(Path::to_owned);
        Self { place, token: given.or(of_project.token), around, cacert: cacert.or(of_project.cacert) }
    }

    /// The server of this project, wherever it is.
    pub fn of_project(root: PathBuf, args: &ServerArgs) -> Self {
        let around = root.clone();
        Self::at(Place::Project(root), args, Some(&around))
    }

    /// Shows this token, if no other one was given.
    pub fn or_show(mut self, token: Option<String>) -> Self {
        self.token = self.token.or(token);
        self
    }

    /// In the name of this agent: with the token that it got when it enrolled, where there is nothing better to show.
    pub fn as_agent(mut self, manus_id: &str) -> Self {
        let server = self.server();
        if let (true, Some(root)) = (self.needs_own(), &self.around) {
            self.token = kept::token(root, &server, manus_id).or(self.token);
        }
        self
    }

    /// Shows this token instead, where there is one.
    pub fn showing(mut self, token: Option<String>) -> Self {
        self.token = token.or(self.token);
        self
    }

    /// Whether an agent that comes from here needs a token of its own.
    pub fn needs_own(&self) -> bool {
        self.token.as_deref().is_none_or(hub::only_enrols)
    }

    /// Takes note of the token that an agent was given when it registered, if it was given one.
    pub fn enrolled(&mut self, manus_id: &str, answer: &Value) {
        let Some(token) = answer["token"].as_str() else { return };
        if let Some(root) = &self.around
            && let Err(error) = kept::keep(root, &self.server(), manus_id, token)
        {
            tracing::warn!(%error, "The token of {manus_id} could not be kept in {}", root.display());
        }
        self.token = Some(token.to_owned());
    }

    /// Lets go of what is kept for this agent: it lets nobody in any more.
    pub fn disown(&self, manus_id: &str) {
        if let Some(root) = &self.around {
            kept::forget(root, manus_id);
        }
    }

    /// What is shown.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// What tokens are kept under.
    fn server(&self) -> String {
        match &self.place {
            Place::Url(url) => url.clone(),
            Place::Project(_) => "project".to_owned(),
        }
    }

    /// The project's root, where the server was not named by its address.
    pub fn root(&self) -> Option<&Path> {
        match &self.place {
            Place::Url(_) => None,
            Place::Project(root) => Some(root),
        }
    }

    /// A client of the server there.
    pub fn client(&self) -> Result<Client, CallError> {
        let Found { url, server, trust } = self.address()?;
        let client = Client::new(&url, &trust)?.showing(self.token.as_deref())?;
        Ok(server.into_iter().fold(client, Client::only))
    }

    /// The same, for what has no time for a runtime.
    pub fn blocking(&self) -> Result<Blocking, CallError> {
        let Found { url, server, trust } = self.address()?;
        let client = Blocking::new(&url, &trust)?.showing(self.token.as_deref())?;
        Ok(server.into_iter().fold(client, Blocking::only))
    }

    fn address(&self) -> Result<Found, CallError> {
        let trust = self.cacert.clone().map_or(Trust::System, Trust::Authority);
        match &self.place {
            Place::Url(url) => Ok(Found { url: url.clone(), server: None, trust }),
            Place::Project(root) => {
                let info = hub::server_info(root).ok_or_else(|| not_running(root))?;
                let server = Some(info.name());
                // By its own word: the names in its certificate are those by which others know it.
                let trust = info.certificate.map_or(trust, Trust::Pinned);
                Ok(Found { url: info.url.ok_or_else(|| not_running(root))?, server, trust })
            }
        }
    }

    /// The address, as far as it is known.
    pub fn url(&self) -> Option<String> {
        match &self.place {
            Place::Url(url) => Some(url.clone()),
            Place::Project(root) => hub::server_info(root)?.url,
        }
    }
}

/// A server's address.
struct Found {
    url: String,
    /// Which server must be there, where that matters.
    server: Option<String>,
    trust: Trust,
}

fn not_running(root: &Path) -> CallError {
    let root = root.display();
    CallError::Unreachable(format!(
        "no server is running for {root}; start one with manus-sync serve --project-root {root}"
    ))
}

/// Calls, and calls again.
#[derive(Debug)]
pub struct Caller {
    whereabouts: Whereabouts,
    client: Option<Client>,
    patience: Duration,
}

impl Caller {
    /// A caller of the server there.
    pub fn new(whereabouts: Whereabouts) -> Self {
        Self { whereabouts, client: None, patience: PATIENCE }
    }

    /// Gives up after this time.
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Where it looks for the server.
    pub fn whereabouts(&self) -> &Whereabouts {
        &self.whereabouts
    }

    /// Up to which event of the log the last answer had seen.
    pub fn seq(&self) -> Option<Seq> {
        self.client.as_ref().and_then(Client::seq)
    }

    /// Makes a call, with a `request_id` of its own where the call takes one and none was given.
    pub async fn call<A: Arguments + Serialize>(&mut self, arguments: &A) -> Result<Value, CallError> {
        let mut body = serde_json::to_value(arguments)
            .map_err(|error| CallError::Unreachable(format!("the call could not be written: {error}")))?;
        if A::OPTIONAL.contains(&"request_id") && body.get("request_id").is_none() {
            body["request_id"] = json!(request_id());
        }
        self.call_by_name(A::NAME, &body).await
    }

    /// Makes a call that can be repeated without harm: one that changes nothing, or with a `request_id`.
    pub async fn call_by_name(&mut self, name: &str, body: &Value) -> Result<Value, CallError> {
        let until = Instant::now() + self.patience;
        // Once it was there, it may be only that it is started anew.
        let mut was_there = self.client.is_some();
        loop {
            let pause = match self.attempt(name, body).await {
                // Too many at once, or trouble with the disk: the server says when to come back.
                Err(CallError::Refused(error)) if matches!(error.status, 429 | 503) => {
                    let pause = Duration::from_secs(error.retry_after_secs().unwrap_or(1));
                    if Instant::now() + pause > until {
                        return Err(CallError::Refused(error));
                    }
                    pause
                }
                Err(CallError::Lost(_)) if Instant::now() < until => PAUSE,
                Err(CallError::Unreachable(_)) if was_there && Instant::now() < until => PAUSE,
                outcome => return outcome,
            };
            was_there = true;
            sleep(pause).await;
        }
    }

    async fn attempt(&mut self, name: &str, body: &Value) -> Result<Value, CallError> {
        let mut client = match self.client.take() {
            Some(client) => client,
            None => self.whereabouts.client()?,
        };
        let within = ANSWER + Duration::from_secs(body["wait_secs"].as_u64().unwrap_or(0));
        let outcome = match timeout(within, client.call(name, body)).await {
            Ok(outcome) => outcome,
            Err(_) => {
                let message = format!("the server did not answer within {} s", within.as_secs());
                return Err(CallError::Unreachable(message));
            }
        };
        match outcome {
            Err(CallError::Refused(error)) if error.code == OTHER_SERVER => Err(self.not_here()),
            Ok(_) | Err(CallError::Refused(_)) => {
                self.client = Some(client);
                outcome
            }
            // Its successor may be elsewhere.
            Err(_) => outcome,
        }
    }

    /// Opens the stream of events after this one.
    pub async fn events(&mut self, seen: &mut Seen) -> Result<Stream, CallError> {
        match self.whereabouts.client()?.events(seen).await {
            Err(CallError::Refused(error)) if error.code == OTHER_SERVER => Err(self.not_here()),
            outcome => outcome,
        }
    }

    fn not_here(&self) -> CallError {
        match &self.whereabouts.place {
            Place::Project(root) => not_running(root),
            Place::Url(url) => CallError::Unreachable(format!("another server answers at {url}")),
        }
    }
}

/// A name for a call that nobody has used before: 128 random bits.
pub fn request_id() -> String {
    // The standard library's own randomness, from the system. Each state differs from the ones before.
    let part = || RandomState::new().build_hasher().finish();
    format!("cli-{:016x}{:016x}", part(), part())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn request_ids_differ() {
        let ids: BTreeSet<String> = (0..1_000).map(|_| request_id()).collect();
        assert_eq!(ids.len(), 1_000);
        assert!(ids.iter().all(|id| engine::RequestId::new(id).is_ok()));
    }

    #[test]
    fn an_empty_address_is_none() {
        let find = |url: &str| {
            let args = ServerArgs { server: Some(url.to_owned()), token: Some(String::new()), cacert: None };
            Whereabouts::find(&args)
        };
        let named = find("http://x:1").unwrap();
        assert_eq!((named.url().as_deref(), named.root()), (Some("http://x:1"), None));
        let found = find("");
        assert!(found.as_ref().is_ok_and(|found| found.root().is_some()) || found.is_err(), "{found:?}");
    }
}
