//! What clients hear of without asking: those of the newest revision while they listen, earlier ones of what they have subscribed to.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::time::Duration;

use futures::StreamExt;
use rmcp::RoleServer;
use rmcp::model::ResourceUpdatedNotificationParam;
use rmcp::service::{Peer, SubscriptionContext};
use tokio::sync::watch;

use super::resources::{self, Address};
use super::watch::{Topic, Watch};

/// How often it is looked whether a session has ended while one of its calls waits.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

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

/// Returns when a client's session has ended.
pub async fn gone(peer: &Peer<RoleServer>) {
    while !peer.is_transport_closed() {
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// Tells a client of an earlier revision of what it has subscribed to, for as long as it is there: of the addresses that news of
/// these topics touch, as long as there are any.
pub async fn tell_subscribed(
    peer: Peer<RoleServer>,
    watch: Watch,
    touched: impl Fn(&BTreeSet<Topic>) -> Option<Vec<String>>,
) {
    let mut news = pin!(watch.news());
    while let Some(topics) = news.next().await {
        let Some(uris) = touched(&topics) else { return };
        if peer.is_transport_closed() {
            return;
        }
        for uri in uris {
            if peer.notify_resource_updated(ResourceUpdatedNotificationParam::new(uri)).await.is_err() {
                return;
            }
        }
    }
}
