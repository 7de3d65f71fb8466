//! What one writes first: Python and sqlite3, see `naive.py`.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde::Deserialize;

use super::CONNECTIONS;
use super::programs::{Missing, find};
use crate::load::{self, Seen};

const SCRIPT: &str = include_str!("naive.py");

pub struct Naive {
    python: PathBuf,
    folder: PathBuf,
}

/// What one agent saw.
#[derive(Deserialize)]
struct Said {
    successes: u64,
    refusals: u64,
    micros: Vec<u32>,
}

impl Naive {
    pub fn start(scratch: &Path) -> Result<Self, Missing> {
        let python =
            find("python3").ok_or_else(|| Missing::new("naive Python + sqlite3", "there is no python3"))?;
        let folder = scratch.join("naive");
        let write = || {
            std::fs::create_dir(&folder)?;
            std::fs::write(folder.join("naive.py"), SCRIPT)
        };
        write().map_err(|why| Missing::new("naive Python + sqlite3", why))?;
        Ok(Self { python, folder })
    }

    pub fn run(&mut self) -> io::Result<Seen> {
        let mut agents = Vec::new();
        for number in 0..CONNECTIONS {
            let mut command = Command::new(&self.python);
            command.current_dir(&self.folder).args(["naive.py", "sync_engine.db", &number.to_string()]);
            command.args([load::WARM_UP, load::MEASURED].map(|span| span.as_secs_f64().to_string()));
            let agent = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
            agents.push(Agent(agent));
        }
        // All begin when all are there.
        let mut outputs = Vec::new();
        for agent in &mut agents {
            let output = agent.0.stdout.take().ok_or_else(|| io::Error::other("an agent without output"))?;
            let mut output = BufReader::new(output);
            output.read_line(&mut String::new())?;
            outputs.push(output);
        }
        for agent in &mut agents {
            agent.0.stdin.take().map_or(Ok(()), |mut input| input.write_all(b"go\n"))?;
        }
        let mut seen = Seen::default();
        for mut output in outputs {
            let mut text = String::new();
            output.read_to_string(&mut text)?;
            let said: Said = serde_json::from_str(&text)?;
            seen.add(said.successes, said.refusals, &said.micros);
        }
        Ok(seen.ended())
    }
}

/// A process that is ended when something goes wrong.
struct Agent(Child);

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
