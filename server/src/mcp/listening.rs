//! What clients of the newest revision hear of while they listen.

use std::collections::BTreeMap;
use std::pin::pin;

use futures::StreamExt;
use rmcp::service::SubscriptionContext;
use tokio::sync::watch;

use super::resources::{self, Address};
use super::watch::Watch;

/// Tells a client of what is new at the addresses that it named, and that it has joined, for as long as it listens.
pub async fn tell_all(context: SubscriptionContext, watch: Watch, mut joined: watch::Receiver<()>) {
    let mut news = pin!(watch.news());
    let uris = context.accepted().resource_subscriptions.clone().unwrap_or_default();
    let addresses: BTreeMap<String, Address> =
        uris.into_iter().filter_map(|uri| Address::parse(&uri).map(|address| (uri, address))).collect();
    let sink = context.sink();
    loop {
        tokio::select! {
            topics = news.next() => {
                let Some(topics) = topics else { return };
                for uri in resources::touched(&addresses, &topics) {
                    if sink.notify_resource_updated(uri).await.is_err() {
                        return;
                    }
                }
            }
            Ok(()) = joined.changed() => {
                // Refused where the client did not ask for it.
                let _ = sink.notify_resource_list_changed().await;
            }
            () = context.cancelled() => return,
        }
    }
}
