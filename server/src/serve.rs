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
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::server::TlsStream;

use crate::front::Front;
use crate::gate::{Auth, Gate, Peer};
use crate::guard::Guard;
use crate::site::Site;
use crate::tls::{Encryption, Identity, TlsError, Trust};

/// How long a connection may be idle, or take to send a request's head.
const PATIENCE: Duration = Duration::from_secs(75);
/// How long calls under way may take after the word to stop.
const DRAIN: Duration = Duration::from_secs(10);
/// How long two may take to agree on how to encrypt.
const HANDSHAKE: Duration = Duration::from_secs(10);
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
    /// With what to encrypt; plain HTTP without.
    pub tls: Option<Identity>,
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
    /// It cannot encrypt as it was told to.
    #[error(transparent)]
    Tls(#[from] TlsError),
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
    /// By what its certificate is known.
    certificate: Option<String>,
    hub: Hub,
    closing: watch::Sender<bool>,
    accepting: JoinHandle<GracefulShutdown>,
}

impl Server {
    /// Opens the project and begins to accept connections.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let encryption = options.tls.as_ref().map(Identity::load).transpose()?;
        let asks = Self::asks(&options).await?;
        // The project first: who starts a second server learns of the first, not that some port is taken.
        let hub = Hub::open(options.hub.clone()).await?;
        match Self::open_door(&hub, &options, asks, encryption).await {
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

    async fn open_door(
        hub: &Hub,
        options: &Options,
        asks: bool,
        encryption: Option<Encryption>,
    ) -> Result<Self, StartError> {
        let Options { listen, allow_hosts, site, .. } = options;
        let listen = *listen;
        let cannot = |error| StartError::Listen { address: listen, error };
        let listener = TcpListener::bind(listen).await.map_err(cannot)?;
        let address = listener.local_addr().map_err(cannot)?;
        let (closing, closed) = watch::channel(false);
        let door = Arc::new(Door::new(hub.clone(), closed.clone()));
        let encrypted = encryption.is_some();
        let guard = Guard::new(address, allow_hosts).encrypted(encrypted);
        let gate = Gate::new(hub.clone(), asks, options.rate_limit, encrypted);
        let front = Front::new(door, guard, gate, site, &site.leptos_options(address));
        if asks {
            hub.leave_local_key()?;
        }
        let certificate = encryption.as_ref().map(|encryption| encryption.certificate.clone());
        hub.announce(&url(address, encrypted), certificate.as_deref())?;
        let accepting = tokio::spawn(accept(listener, encryption, front, closed));
        Ok(Self { address, certificate, hub: hub.clone(), closing, accepting })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it can be reached.
    pub fn url(&self) -> String {
        url(self.address, self.certificate.is_some())
    }

    /// By what callers in this process know that it is this server.
    pub fn trust(&self) -> Trust {
        self.certificate.clone().map_or(Trust::System, Trust::Pinned)
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

fn url(address: SocketAddr, encrypted: bool) -> String {
    let scheme = if encrypted { "https" } else { "http" };
    match address {
        SocketAddr::V4(v4) if v4.ip().octets() == [127, 0, 0, 1] => {
            format!("{scheme}://localhost:{}", v4.port())
        }
        // All of this machine's addresses; this one serves those who read it here.
        any if any.ip().is_unspecified() => format!("{scheme}://localhost:{}", any.port()),
        other => format!("{scheme}://{other}"),
    }
}

/// Accepts connections until told to stop; answers those still open.
async fn accept(
    listener: TcpListener,
    encryption: Option<Encryption>,
    front: Front,
    mut closed: watch::Receiver<bool>,
) -> GracefulShutdown {
    let connections = GracefulShutdown::new();
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(PATIENCE);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = closed.wait_for(|closing| *closing) => return connections,
        };
        match accepted {
            Ok((stream, peer)) => {
                // Answers are small and waited for. Where this cannot be set, they only come later.
                let _ = stream.set_nodelay(true);
                let (watcher, peer) = (connections.watcher(), Peer(peer.ip()));
                match encryption.clone() {
                    None => serve_connection(stream, peer, &http, &front, watcher),
                    Some(encryption) => {
                        let (http, front, closed) = (http.clone(), front.clone(), closed.clone());
                        tokio::spawn(async move {
                            if let Some(stream) = shake_hands(stream, &encryption, closed).await {
                                serve_connection(stream, peer, &http, &front, watcher);
                            }
                        });
                    }
                }
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "Cannot accept connections at the moment: {error}");
                tokio::time::sleep(OUT_OF_SOCKETS).await;
            }
        }
    }
}

/// `None` for whoever does not speak TLS, or takes too long over it.
async fn shake_hands(
    stream: TcpStream,
    encryption: &Encryption,
    mut closed: watch::Receiver<bool>,
) -> Option<TlsStream<TcpStream>> {
    let shaken = tokio::select! {
        shaken = tokio::time::timeout(HANDSHAKE, encryption.acceptor.accept(stream)) => shaken,
        // Nobody has asked for anything yet.
        _ = closed.wait_for(|closing| *closing) => return None,
    };
    match shaken {
        Ok(Ok(stream)) => Some(stream),
        Ok(Err(error)) => {
            tracing::debug!(%error, "A connection did not come to be: {error}");
            None
        }
        Err(_) => None,
    }
}

fn serve_connection(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    peer: Peer,
    http: &http1::Builder,
    front: &Front,
    watcher: Watcher,
) {
    let front = front.clone();
    let service = service_fn(move |request: http::Request<hyper::body::Incoming>| {
        let front = front.clone();
        let mut request = request.map(Body::new);
        if front.asks() {
            request.extensions_mut().insert(peer);
        }
        async move { Ok::<_, Infallible>(front.answer(request).await) }
    });
    let connection = watcher.watch(http.serve_connection(TokioIo::new(stream), service));
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
