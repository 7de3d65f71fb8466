//! The processes under test.

use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::json;
use tempfile::TempDir;

use crate::connection::Connection;
use crate::echo;

/// A process that has said where it listens.
pub struct Process {
    child: Child,
    pub authority: String,
}

impl Process {
    pub fn echo() -> io::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg(echo::ARGUMENT);
        Self::start(command)
    }

    pub fn server(project: &Path) -> io::Result<Self> {
        Self::server_with(project, &[])
    }

    /// With these flags.
    pub fn server_with(project: &Path, flags: &[&str]) -> io::Result<Self> {
        Self::server_of(Path::new(env!("CARGO_BIN_EXE_manus-sync")), project, flags)
    }

    /// Of another build.
    pub fn server_of(binary: &Path, project: &Path, flags: &[&str]) -> io::Result<Self> {
        let mut command = Command::new(binary);
        command.args(["serve", "--listen", "127.0.0.1:0", "--project-root"]).arg(project).args(flags);
        Self::start(command)
    }

    fn start(mut command: Command) -> io::Result<Self> {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let mut url = String::new();
        if let Some(stdout) = child.stdout.as_mut() {
            BufReader::new(stdout).read_line(&mut url)?;
        }
        let authority = url.trim().trim_start_matches("http://").replace("localhost", "127.0.0.1");
        if authority.is_empty() {
            return Err(io::Error::other("the process did not start"));
        }
        Ok(Self { child, authority })
    }

    pub async fn connect(&self) -> io::Result<Connection> {
        Connection::open(&self.authority).await
    }

    /// A figure that the server gives of itself at `/metrics`.
    pub async fn metric(&self, name: &str) -> io::Result<f64> {
        let mut connection = self.connect().await?;
        let (_, body) = connection.send(b"GET /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n").await?;
        let value = |line: &str| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok();
        let found = String::from_utf8_lossy(body).lines().find_map(value);
        found.ok_or_else(|| io::Error::other(format!("/metrics has no {name}")))
    }

    /// Memory in use, in megabytes. `None` where the system does not say.
    pub fn memory_mb(&self) -> Option<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        Some(line.trim().trim_end_matches("kB").trim().parse::<f64>().ok()? / 1024.0)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A project's folder on the disk that the checkout is on: the temporary folder is often in memory.
pub fn folder() -> io::Result<TempDir> {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))
}

/// Registers agents `agent_0`, `agent_1`, …
pub async fn register(server: &Process, agents: usize) -> io::Result<()> {
    let mut connection = server.connect().await?;
    for n in 0..agents {
        let agent = json!({
            "manus_id": format!("agent_{n}"), "role": "SPEED_DEVELOPER", "capabilities": ["rust"], "takeover": true,
        });
        connection.call("register_manus", &agent).await?;
    }
    Ok(())
}
