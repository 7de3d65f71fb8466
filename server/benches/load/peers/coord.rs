//! `coord-mcp-server`, a coordination service in Python: its HTTP interface, which its MCP bridge uses, too.

use std::io;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::programs::{Missing, Running, find, free_port};
use super::{CONNECTIONS, ask};
use crate::connection::{Connection, Kind};
use crate::load::{self, Seen};

pub struct Coord {
    pub name: String,
    running: Running,
}

impl Coord {
    pub async fn start(scratch: &Path) -> Result<Self, Missing> {
        let missing = |why: &dyn std::fmt::Display| Missing::new("coord-mcp-server", why);
        let program = find("coord-api")
            .ok_or_else(|| missing(&"there is no coord-api (pip install coord-mcp-server)"))?;
        let start = async {
            let (folder, port) = (scratch.join("coord"), free_port()?);
            std::fs::create_dir(&folder)?;
            let mut command = Command::new(&program);
            command.current_dir(&folder).env("COORD_PORT", port.to_string()).env("COORD_HOST", "127.0.0.1");
            command
                .env("COORD_ALLOW_INSECURE_NO_AUTH", "true")
                .env("COORD_DATABASE_PATH", folder.join("coordination.db"));
            command.env("COORD_LOG_LEVEL", "warning");
            Running::start(&mut command, port, "-TERM").await
        };
        Ok(Self {
            running: start.await.map_err(|why| missing(&why))?,
            name: format!("coord-mcp-server {}", installed(&program)),
        })
    }

    pub async fn run(&mut self) -> io::Result<Seen> {
        let mut callers = Vec::new();
        for n in 0..CONNECTIONS {
            let connection = Connection::open(&self.running.authority).await?;
            callers.push(Caller { n, connection, held: None });
        }
        load::drive(callers).await
    }
}

/// The version of the package that a program of it belongs to, as the Python in its first line knows it.
fn installed(program: &Path) -> String {
    let code = "from importlib.metadata import version; print(version('coord-mcp-server'))";
    let script = std::fs::read_to_string(program).unwrap_or_default();
    let python = script.lines().next().and_then(|line| line.strip_prefix("#!")).unwrap_or("python3").trim();
    let said =
        Command::new(python).args(["-c", code]).output().map(|output| output.stdout).unwrap_or_default();
    String::from_utf8_lossy(&said).trim().to_owned()
}

struct Caller {
    n: usize,
    connection: Connection,
    /// What the release has to name.
    held: Option<Value>,
}

impl load::Caller for Caller {
    async fn call(&mut self, step: usize) -> io::Result<Kind> {
        let engineer = format!("agent_{}", self.n);
        let Some(held) = self.held.take() else {
            let pattern = format!("src/module_{}/file_{}.rs", self.n, step / 2);
            let claim = json!({ "engineer": engineer, "claims": [{ "type": "file", "pattern": pattern }] });
            let (kind, body) = ask(&mut self.connection, "/claims", &claim.to_string()).await?;
            if kind == Kind::Success {
                let mut body: Value = serde_json::from_slice(&body)?;
                self.held = Some(body["claim_ids"].take());
            }
            return Ok(kind);
        };
        let release = json!({ "engineer": engineer, "claim_ids": held });
        ask(&mut self.connection, "/claims/release", &release.to_string()).await.map(|(kind, _)| kind)
    }
}
