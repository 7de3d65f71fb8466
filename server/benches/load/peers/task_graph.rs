//! `task-graph-mcp`, an MCP server over SQLite: each agent has a process of its own, as MCP clients start it, and marks a file with
//! the prefix that makes the mark exclusive.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use super::CONNECTIONS;
use super::programs::{Missing, find, version};
use crate::connection::Kind;
use crate::load::{self, Seen};

const NAME: &str = "task-graph-mcp";

pub struct TaskGraph {
    pub name: String,
    program: PathBuf,
    folder: PathBuf,
}

impl TaskGraph {
    pub async fn start(scratch: &Path) -> Result<Self, Missing> {
        let program = find(NAME)
            .ok_or_else(|| Missing::new(NAME, "it is not installed (cargo install task-graph-mcp)"))?;
        let peer = Self {
            name: format!("{NAME} {}", version(&program, "--version")),
            program,
            folder: scratch.join("task-graph"),
        };
        std::fs::create_dir(&peer.folder).map_err(|why| Missing::new(NAME, why))?;
        // The first one makes the database.
        Agent::start(&peer, CONNECTIONS).await.map_err(|why| Missing::new(NAME, why))?;
        Ok(peer)
    }

    pub async fn run(&mut self) -> io::Result<Seen> {
        let mut agents = Vec::new();
        for n in 0..CONNECTIONS {
            agents.push(Agent::start(self, n).await?);
        }
        load::drive(agents).await
    }
}

struct Agent {
    n: usize,
    calls: u64,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    /// Ended when it goes away.
    _process: Child,
}

impl Agent {
    async fn start(peer: &TaskGraph, n: usize) -> io::Result<Self> {
        let mut command = Command::new(&peer.program);
        command.arg("--stdio").arg("--database").arg(peer.folder.join("tasks.db")).current_dir(&peer.folder);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
        let mut process = command.spawn()?;
        let (input, output) = (process.stdin.take(), process.stdout.take());
        let (Some(input), Some(output)) = (input, output) else { return Err(io::Error::other("no pipes")) };
        let output = BufReader::new(output).lines();
        let mut agent = Self { n, calls: 0, input, output, _process: process };
        let client = json!({ "name": "bench", "version": "1" });
        let hello = json!({ "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client });
        agent.ask("initialize", hello).await?;
        agent.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" })).await?;
        let connected = agent.tool("connect", json!({ "worker_id": agent.worker(), "force": true })).await?;
        if connected == Kind::Success { Ok(agent) } else { Err(io::Error::other("it lets nobody connect")) }
    }

    fn worker(&self) -> String {
        format!("agent-{}", self.n)
    }

    async fn tool(&mut self, name: &str, arguments: Value) -> io::Result<Kind> {
        let answer = self.ask("tools/call", json!({ "name": name, "arguments": arguments })).await?;
        Ok(match (&answer["result"], answer["result"]["isError"].as_bool()) {
            (Value::Object(_), Some(true)) => Kind::Refusal,
            (Value::Object(_), _) => Kind::Success,
            _ => Kind::Neither,
        })
    }

    async fn ask(&mut self, method: &str, params: Value) -> io::Result<Value> {
        self.calls += 1;
        let id = self.calls;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })).await?;
        loop {
            let line = self.output.next_line().await?.ok_or(io::ErrorKind::UnexpectedEof)?;
            let said: Value = serde_json::from_str(&line)?;
            if said["id"] == id {
                return Ok(said);
            }
        }
    }

    async fn send(&mut self, message: &Value) -> io::Result<()> {
        self.input.write_all(format!("{message}\n").as_bytes()).await?;
        self.input.flush().await
    }
}

impl load::Caller for Agent {
    async fn call(&mut self, step: usize) -> io::Result<Kind> {
        let file = format!("lock:src/module_{}/file_{}.rs", self.n, step / 2);
        let tool = if step.is_multiple_of(2) { "mark_file" } else { "unmark_file" };
        self.tool(tool, json!({ "worker_id": self.worker(), "file": file })).await
    }
}
