//! `manus-sync demo`: the real server on a made-up project in a temporary folder, with a team of simulated agents that make
//! the same HTTP calls as real ones.

mod agent;
mod dice;
mod story;

pub(super) use self::dice::Dice;

use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io};

use super::Failed;
use super::serve::{runtime, start, stop, stop_asked_for};
use crate::cli::DemoArgs;
use crate::client::Client;
use crate::{config, log};

/// Shorter than usual, so that one can see what becomes of an agent that falls silent; longer for slow agents.
const HEARTBEAT_TIMEOUT_SECS: f64 = 20.0;
const LOCK_DELAY_SECS: u32 = 5;

/// Plays until SIGTERM or SIGINT.
pub fn run(args: DemoArgs) -> Result<(), Failed> {
    let DemoArgs { mut common, seed, speed } = args;
    if !(0.01..=100.0).contains(&speed) {
        return Err(Failed::usage(format!("--speed is {speed}; use a factor from 0.01 to 100")));
    }
    let _logging = log::init(&config::demo_log_options(&common)?);
    common.heartbeat_timeout_secs.get_or_insert((HEARTBEAT_TIMEOUT_SECS / speed.min(1.0)) as u32);
    common.lock_delay_secs.get_or_insert(LOCK_DELAY_SECS);
    let folder = Folder::make().map_err(Failed::refused)?;
    let open = common.open;
    let options = config::demo_options(&folder.0, common)?;
    runtime()?.block_on(async {
        let server = start(options, open).await?;
        let team = story::team();
        tracing::info!(
            "{} agents begin to work on Harbor, a booking service; Ctrl-C ends the demonstration",
            team.len()
        );
        let pace = agent::Pace::new(speed);
        for (n, member) in team.into_iter().enumerate() {
            let client = Client::new(&server.url(), &server.trust())?;
            let agent = agent::Agent::new(client, member, dice::Dice::new(seed, n as u64), pace);
            tokio::spawn(agent.live());
            tokio::time::sleep(Duration::from_millis(150)).await;
        }
        stop_asked_for().await;
        stop(server).await;
        Ok(())
    })
}

/// A folder that goes when the demonstration ends.
struct Folder(PathBuf);

impl Folder {
    fn make() -> io::Result<Self> {
        let folder =
            std::env::temp_dir().join(format!("manus-sync-demo-{}", std::process::id())).join("harbor");
        fs::create_dir_all(&folder)?;
        let folder = Self(folder);
        for file in story::FILES {
            folder.write(file)?;
        }
        Ok(folder)
    }

    fn write(&self, file: &str) -> io::Result<()> {
        let path = self.0.join(file);
        fs::create_dir_all(path.parent().unwrap_or(&self.0))?;
        fs::write(path, "")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed now is the system's to clean up.
        let _ = fs::remove_dir_all(self.0.parent().unwrap_or(Path::new(&self.0)));
    }
}
