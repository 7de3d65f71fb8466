//! A server at work: opens the project, listens, serves each connection, and stops in good order.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use app::api::Door;
use axum::body::Body;
use hub::{Hub, OpenError};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::front::Front;
use crate::gate::{Auth, Gate, Peer};
use crate::guard::Guard;
use crate::site::Site;

/// How long a connection may be idle, or take to send a request's head.
const PATIENCE: Duration = Duration::from_secs(75);
/// How long calls under way may take after the word to stop.
const DRAIN: Duration = Duration::from_secs(10);
/// How long to wait when the system has no more sockets to give.
const OUT_OF_SOCKETS: Duration = Duration::from_millis(100);

/// What a server is started with.
#[derive(Debug, Clone)]
pub struct Options {
    /// The project.
    pub hub: hub::Config,
    /// Where to accept connections; port 0 takes any that is free.
    pub listen: SocketAddr,
    /// Further names under which the server may be addressed.
    pub allow_hosts: Vec<String>,
    /// Whether callers must show a token.
    pub auth: Auth,
    /// How many requests a second a token or session may make; 0 for any number.
    pub rate_limit: u32,
    /// The dashboard's files.
    pub site: Site,
}

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The project cannot be served.
    #[error(transparent)]
    Project(#[from] OpenError),
    /// Nobody could tell friends from strangers at an address that is not this machine's alone.
    #[error(
        "{address} can be reached from other machines, and this project has no token by which to tell friends from strangers; \
         make one with manus-sync token create --role admin --project-root {}, or listen on 127.0.0.1 and use an SSH tunnel \
         from elsewhere (ssh -L 3334:localhost:3334 …)", root.display()
    )]
    NoTokens {
        /// Where it should have listened.
        address: SocketAddr,
        /// The project.
        root: PathBuf,
    },
    /// It was to ask nobody who they are, at such an address.
    #[error(
        "{0} can be reached from other machines, where --auth off would let anybody in; leave it out, or listen on 127.0.0.1"
    )]
    Exposed(SocketAddr),
    /// The address is taken or not there.
    #[error(
        "cannot listen on {address}: {error}; choose another address with --listen (port 0 takes any that is free)"
    )]
    Listen {
        /// Which.
        address: SocketAddr,
        /// What the system says.
        error: io::Error,
    },
}

/// A server that accepts connections.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    hub: Hub,
    closing: watch::Sender<bool>,
    accepting: JoinHandle<GracefulShutdown>,
}

impl Server {
    /// Opens the project and begins to accept connections.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let asks = Self::asks(&options).await?;
        // The project first: who starts a second server learns of the first, not that some port is taken.
        let hub = Hub::open(options.hub.clone()).await?;
        match Self::open_door(&hub, &options, asks).await {
            Ok(server) => Ok(server),
            Err(error) => {
                hub.shutdown().await;
                Err(error)
            }
        }
    }

    /// Whether callers must show a token. Looked at before anything is begun.
    async fn asks(options: &Options) -> Result<bool, StartError> {
        let exposed = !options.listen.ip().is_loopback();
        if exposed && options.auth == Auth::Off {
            return Err(StartError::Exposed(options.listen));
        }
        let asks = exposed || options.auth == Auth::Required;
        if exposed {
            let root = options.hub.project_root.clone();
            let database = options.hub.database.clone().unwrap_or_else(|| hub::default_database(&root));
            if !hub::has_tokens(&database, options.hub.clock.now_ms()).await? {
                return Err(StartError::NoTokens { address: options.listen, root });
            }
        }
        Ok(asks)
    }

    async fn open_door(hub: &Hub, options: &Options, asks: bool) -> Result<Self, StartError> {
        let Options { listen, allow_hosts, site, .. } = options;
        let listen = *listen;
        let cannot = |error| StartError::Listen { address: listen, error };
        let listener = TcpListener::bind(listen).await.map_err(cannot)?;
        let address = listener.local_addr().map_err(cannot)?;
        let (closing, closed) = watch::channel(false);
        let door = Arc::new(Door::new(hub.clone(), closed.clone()));
        let (guard, gate) =
            (Guard::new(address, allow_hosts), Gate::new(hub.clone(), asks, options.rate_limit));
        let front = Front::new(door, guard, gate, site, &site.leptos_options(address));
        if asks {
            hub.leave_local_key()?;
        }
        hub.announce(&url(address))?;
        let accepting = tokio::spawn(accept(listener, front, closed));
        Ok(Self { address, hub: hub.clone(), closing, accepting })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it can be reached.
    pub fn url(&self) -> String {
        url(self.address)
    }

    /// The project that it serves.
    pub fn hub(&self) -> &Hub {
        &self.hub
    }

    /// Accepts nothing more, ends streams and waits, lets calls under way finish, and closes the project.
    pub async fn stop(self) {
        self.closing.send_replace(true);
        if let Ok(connections) = self.accepting.await
            && tokio::time::timeout(DRAIN, connections.shutdown()).await.is_err()
        {
            tracing::warn!("Some calls did not finish within {} s and were cut off", DRAIN.as_secs());
        }
        self.hub.shutdown().await;
    }
}

fn url(address: SocketAddr) -> String {
    match address {
        SocketAddr::V4(v4) if v4.ip().octets() == [127, 0, 0, 1] => format!("http://localhost:{}", v4.port()),
        // All of this machine's addresses; this one serves those who read it here.
        any if any.ip().is_unspecified() => format!("http://localhost:{}", any.port()),
        other => format!("http://{other}"),
    }
}

/// Accepts connections until told to stop; answers those still open.
async fn accept(listener: TcpListener, front: Front, mut closed: watch::Receiver<bool>) -> GracefulShutdown {
    let connections = GracefulShutdown::new();
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(PATIENCE);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = closed.wait_for(|closing| *closing) => return connections,
        };
        match accepted {
            Ok((stream, peer)) => serve_connection(stream, Peer(peer.ip()), &http, &front, &connections),
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "Cannot accept connections at the moment: {error}");
                tokio::time::sleep(OUT_OF_SOCKETS).await;
            }
        }
    }
}

fn serve_connection(
    stream: TcpStream,
    peer: Peer,
    http: &http1::Builder,
    front: &Front,
    connections: &GracefulShutdown,
) {
    // Answers are small and waited for. Where this cannot be set, they only come later.
    let _ = stream.set_nodelay(true);
    let front = front.clone();
    let service = service_fn(move |request: http::Request<hyper::body::Incoming>| {
        let front = front.clone();
        let mut request = request.map(Body::new);
        if front.asks() {
            request.extensions_mut().insert(peer);
        }
        async move { Ok::<_, Infallible>(front.answer(request).await) }
    });
    let connection = connections.watch(http.serve_connection(TokioIo::new(stream), service));
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::trace!(%error, "A connection broke");
        }
    });
}

/// Errors that say nothing about the next connection.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionRefused | ConnectionAborted | ConnectionReset)
}
