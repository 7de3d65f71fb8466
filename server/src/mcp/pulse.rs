//! Signs of life while a client is there. An agent that runs tests for ten minutes makes no call meanwhile, and has not fallen silent:
//! its client answers for it. Whether it gets on is another question, which its progress tells.

use std::time::Duration;

use rmcp::RoleServer;
use rmcp::model::{PingRequest, ServerRequest};
use rmcp::service::{Peer, PeerRequestOptions, ServiceError};

/// How often where the server does not say.
pub const USUAL: Duration = Duration::from_secs(30);

/// Asks the client from time to time whether it is there, and has a sign of life given whenever it answers, until that is false or the
/// client has gone. One that hears nothing at the moment, as without a stream, does not answer: then its silence counts.
pub async fn keep(peer: Peer<RoleServer>, every: Duration, beat: impl AsyncFn() -> bool) {
    loop {
        tokio::time::sleep(every).await;
        match ask(&peer, every).await {
            // Whatever it says to that, it is there.
            Ok(()) | Err(ServiceError::McpError(_) | ServiceError::UnexpectedResponse) => {
                if !beat().await {
                    return;
                }
            }
            Err(ServiceError::TransportSend(_) | ServiceError::TransportClosed) => return,
            Err(_) if peer.is_transport_closed() => return,
            Err(_) => {}
        }
    }
}

async fn ask(peer: &Peer<RoleServer>, patience: Duration) -> Result<(), ServiceError> {
    let ping = PingRequest { method: Default::default(), extensions: Default::default() };
    let options = PeerRequestOptions::with_timeout(patience);
    let asked = peer.send_request_with_option(ServerRequest::PingRequest(ping), options).await?;
    asked.await_response().await.map(|_| ())
}
