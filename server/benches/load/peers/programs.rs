//! Programs of others: where they are, starting them, and waiting until they answer.

use std::fmt;
use std::io;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tokio::net::TcpStream;

/// How long one may take to start.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long one may take to end.
const GOODBYE: Duration = Duration::from_secs(5);

/// Why one is not measured.
#[derive(Debug)]
pub struct Missing {
    name: String,
    why: String,
}

impl Missing {
    pub fn new(name: &str, why: impl fmt::Display) -> Self {
        Self { name: name.to_owned(), why: why.to_string() }
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is not measured: {}.", self.name, self.why)
    }
}

/// A program of this name: where `PEERS` says, else in `PATH`, else in the places that packages use.
pub fn find(name: &str) -> Option<PathBuf> {
    let peers = std::env::var_os("PEERS").unwrap_or_default();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&peers).chain(std::env::split_paths(&path));
    let of_packages = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders = folders.chain(of_packages.map(|version| version.path().join("bin")));
    folders.find_map(|folder| Some(folder.join(name)).filter(|program| program.is_file()))
}

/// What a program says of its version: the first thing on its first line that looks like one.
pub fn version(program: &Path, argument: &str) -> String {
    let said = Command::new(program).arg(argument).stdin(Stdio::null()).output();
    let said = said.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    let first = said.lines().next().unwrap_or_default();
    let is_version =
        |word: &&str| word.starts_with(|letter: char| letter.is_ascii_digit()) && word.contains('.');
    let words = first.split([' ', '=', ',']);
    words.into_iter().find(is_version).unwrap_or_default().to_owned()
}

/// A port that nobody listens on at the moment.
pub fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// A program at work; ended when it goes away.
#[derive(Debug)]
pub struct Running {
    child: Child,
    /// How to end it: some would leave children behind when they are killed.
    signal: &'static str,
    pub authority: String,
}

impl Running {
    /// Starts it, and waits until somebody listens on the port.
    pub async fn start(command: &mut Command, port: u16, signal: &'static str) -> io::Result<Self> {
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let mut running = Self { child, signal, authority: format!("127.0.0.1:{port}") };
        let begun = Instant::now();
        while TcpStream::connect(&running.authority).await.is_err() {
            if let Some(status) = running.child.try_wait()? {
                return Err(io::Error::other(format!("it ended with {status}")));
            }
            if begun.elapsed() > PATIENCE {
                return Err(io::Error::other("it does not answer"));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(running)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let asked = Command::new("kill").arg(self.signal).arg(self.child.id().to_string()).status();
        let until = Instant::now() + GOODBYE;
        while asked.is_ok() && Instant::now() < until {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
