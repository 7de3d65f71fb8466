//! Letting go of the past as time goes by, where the project's settings say for how long it is kept.

use std::path::PathBuf;
use std::sync::Arc;

use engine::TimeMs;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::prune::prune;
use crate::shared::Shared;

/// How often it is looked whether something is old enough.
const EVERY_MS: TimeMs = 60 * 60 * 1000;

/// The task that does it, until the hub shuts down.
pub(crate) fn start(
    shared: Arc<Shared>,
    database: PathBuf,
    keep_ms: TimeMs,
    mut stop: watch::Receiver<bool>,
) -> JoinHandle<()> {
    tokio::spawn(async move {
        tokio::select! {
            // Whatever was begun is finished by the next run.
            _ = stop.wait_for(|stop| *stop) => {}
            () = for_ever(&shared, database, keep_ms) => {}
        }
    })
}

async fn for_ever(shared: &Shared, database: PathBuf, keep_ms: TimeMs) {
    loop {
        let now_ms = shared.clock.now_ms();
        match prune(&database, &shared.settings, now_ms - keep_ms, false).await {
            Ok(pruned) => {
                shared.meters.pruned_events.inc_by(pruned.events);
                shared.meters.pruned_messages.inc_by(pruned.messages);
                if pruned.events + pruned.messages > 0 {
                    let (events, messages) = (pruned.events, pruned.messages);
                    tracing::info!(
                        events,
                        messages,
                        upto_seq = pruned.upto_seq,
                        "Let go of {events} events and {messages} messages that were older than is kept"
                    );
                }
            }
            Err(error) => tracing::warn!(%error, "The past was not shortened: {error}"),
        }
        // A clock may return early.
        while shared.clock.now_ms() < now_ms + EVERY_MS {
            shared.clock.sleep_until(now_ms + EVERY_MS).await;
        }
    }
}
