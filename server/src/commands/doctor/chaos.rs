//! `manus-sync doctor --chaos N`: agents that do whatever comes to their minds, all at once, on a scratch project and through
//! the real door, while the server is killed in the middle of it. Afterwards everything is counted.

mod aftermath;
mod agent;
mod judge;
mod report;

use std::sync::Arc;
use std::time::{Duration, Instant};

use app::api::RegisterManus;
use engine::{ManusId, Role};
use tokio::task::JoinSet;

use self::aftermath::Losses;
use self::agent::Agent;
use self::judge::Judge;
pub(super) use self::report::Report;
use super::scratch::Scratch;
use crate::caller::Caller;
use crate::commands::Failed;
use crate::commands::demo::Dice;

/// How long a caller waits for a server that is being started anew.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often the one who pulls the plug looks whether it is time.
const LOOK: Duration = Duration::from_millis(5);

/// What to do.
#[derive(Debug, Clone, Copy)]
pub(super) struct Options {
    /// How many agents.
    pub agents: u32,
    /// How many calls they make altogether.
    pub operations: u64,
    /// Another seed tells another story.
    pub seed: u64,
}

/// Plays, and counts.
pub(super) async fn run(options: Options) -> Result<Report, Failed> {
    let mut scratch = Scratch::start()?;
    let judge = Arc::new(Judge::new(options.operations));
    let mut agents = Vec::new();
    for n in 0..options.agents {
        let name = ManusId::new(&format!("agent_{n}")).map_err(Failed::refused)?;
        let mut caller = Caller::new(scratch.whereabouts()).with_patience(PATIENCE);
        let register = RegisterManus {
            max_parallel: Some(2),
            ..RegisterManus::new(name.clone(), Role::SpeedDeveloper, Vec::new())
        };
        caller.call(&register).await?;
        agents.push(Agent::new(name, caller, Dice::new(options.seed, u64::from(n)), options, judge.clone()));
    }
    let begun = Instant::now();
    let mut at_work = JoinSet::new();
    for agent in agents {
        at_work.spawn(agent.live());
    }
    let restarted = pull_the_plug(&mut scratch, &judge, &at_work).await;
    let restart_ms = *restarted.as_ref().unwrap_or(&0);
    let (took, counted) = match restarted {
        Ok(_) => {
            let mut retired = Vec::new();
            while let Some(agent) = at_work.join_next().await {
                retired.push(agent.map_err(Failed::refused)?);
            }
            (begun.elapsed(), aftermath::count(&mut scratch, &judge, &mut retired).await)
        }
        // Without a server there is nothing to look for; what was seen until then still counts.
        Err(failed) => {
            at_work.shutdown().await;
            (begun.elapsed(), Err(failed))
        }
    };
    let losses = counted.unwrap_or_else(Losses::none_could_be_counted);
    let mut report = Report::new(options, took, restart_ms, judge.verdict(), losses);
    if !report.is_sound() {
        scratch.keep();
        report.kept = Some(scratch.folder().to_owned());
    }
    Ok(report)
}

/// Kills the server when half of the calls are made, and starts another one. How long nobody could be served.
async fn pull_the_plug(
    scratch: &mut Scratch,
    judge: &Judge,
    at_work: &JoinSet<Agent>,
) -> Result<u64, Failed> {
    while !judge.is_half_time() && !at_work.is_empty() {
        tokio::time::sleep(LOOK).await;
    }
    let begun = Instant::now();
    judge.note_outage(true);
    scratch.kill();
    // Blocks a thread of several: everybody else has to wait for this anyway.
    scratch.serve()?;
    judge.note_outage(false);
    Ok(u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX))
}
