//! Signs of life between two hooks. A session that runs its tests for ten minutes calls no hook meanwhile, and has not fallen
//! silent: the tools' process that the same program started beside it, and that ends with it, answers for it.

use std::path::Path;
use std::time::Duration;

use serde_json::json;

use super::notes::{self, Notes};
use crate::caller::{Caller, Whereabouts};
use crate::cli::ServerArgs;

/// How often it is looked whether a session is at work.
const LOOK: Duration = Duration::from_secs(5);
/// How often a sign of life is given where the server does not say.
const USUAL: Duration = Duration::from_secs(30);

/// Gives signs of life for all sessions of the program that started this process, for as long as it runs, while their turns last.
pub(crate) async fn keep(server: &ServerArgs) {
    let Some(program) = notes::parent() else { return };
    loop {
        let here = std::env::current_dir().ok();
        let Some(root) = here.as_deref().and_then(hub::project_root) else { return };
        let mut pause = LOOK;
        for (manus_id, notes) in notes::at_work(&root, program) {
            beat(&root, server, &manus_id).await;
            pause = wanted(&notes);
        }
        tokio::time::sleep(pause).await;
    }
}

/// The agent whose turn the program that started this process has on, where that is one alone.
pub(crate) fn agent_at_work() -> Option<String> {
    let root = hub::project_root(&std::env::current_dir().ok()?)?;
    let mut at_work = notes::at_work(&root, notes::parent()?);
    let (manus_id, _) = at_work.pop()?;
    at_work.is_empty().then_some(manus_id)
}

fn wanted(notes: &Notes) -> Duration {
    notes.beat_secs.map_or(USUAL, Duration::from_secs)
}

/// Where no server answers, or it does not know the agent, the next hook says so.
async fn beat(root: &Path, server: &ServerArgs, manus_id: &str) {
    let at = Whereabouts::named(server).unwrap_or_else(|| Whereabouts::of_project(root.to_owned(), server));
    let mut caller = Caller::new(at.as_agent(manus_id));
    let _ = caller.call_by_name("heartbeat", &json!({ "manus_id": manus_id })).await;
}
