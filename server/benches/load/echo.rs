//! The yardstick: a bare axum server that reads JSON and sends it back. A process of its own, like the server.

use std::error::Error;

use axum::routing::post;
use axum::serve::ListenerExt;
use axum::{Json, Router};
use serde_json::Value;

/// Makes this program an echo.
pub const ARGUMENT: &str = "--echo";

pub fn serve() -> Result<(), Box<dyn Error>> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        println!("http://{}", listener.local_addr()?);
        let listener = listener.tap_io(|stream| {
            let _ = stream.set_nodelay(true);
        });
        let echo =
            Router::new().route("/api/v1/{name}", post(|Json(body): Json<Value>| async { Json(body) }));
        axum::serve(listener, echo).await?;
        Ok(())
    })
}
