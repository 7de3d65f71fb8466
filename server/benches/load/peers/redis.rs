//! Redis: a claim is a script, so that looking and taking is one step, and counts a fencing token, as ours do.

use std::io;
use std::path::Path;
use std::process::Command;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::CONNECTIONS;
use super::programs::{Missing, Running, find, free_port, version};
use crate::connection::Kind;
use crate::load::{self, Seen};

const CLAIM: &str = "if redis.call('exists', KEYS[1]) == 1 then return 0 end \
    local token = redis.call('incr', 'token') redis.call('hset', KEYS[1], 'by', ARGV[1], 'token', token) return token";
const RELEASE: &str =
    "if redis.call('hget', KEYS[1], 'by') == ARGV[1] then return redis.call('del', KEYS[1]) end return 0";

pub struct Redis {
    pub name: String,
    running: Running,
}

impl Redis {
    pub async fn start(scratch: &Path) -> Result<Self, Missing> {
        let program =
            find("redis-server").ok_or_else(|| Missing::new("Redis", "there is no redis-server"))?;
        let start = async {
            let (folder, port) = (scratch.join("redis"), free_port()?);
            std::fs::create_dir(&folder)?;
            let mut command = Command::new(&program);
            command.args([
                "--appendonly",
                "yes",
                "--appendfsync",
                "always",
                "--save",
                "",
                "--bind",
                "127.0.0.1",
            ]);
            command.arg("--port").arg(port.to_string()).arg("--dir").arg(&folder);
            Running::start(&mut command, port, "-TERM").await
        };
        let said = Command::new(&program).arg("--version").output();
        let said =
            said.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
        let number = said.split_once("v=").and_then(|(_, rest)| rest.split(' ').next().map(str::to_owned));
        let name = format!("Redis {}", number.unwrap_or_else(|| version(&program, "--version")));
        Ok(Self { running: start.await.map_err(|why| Missing::new("Redis", why))?, name })
    }

    pub async fn run(&mut self) -> io::Result<Seen> {
        let mut callers = Vec::new();
        for n in 0..CONNECTIONS {
            let mut stream = TcpStream::connect(&self.running.authority).await?;
            stream.set_nodelay(true)?;
            let claim = load_script(&mut stream, CLAIM).await?;
            let release = load_script(&mut stream, RELEASE).await?;
            callers.push(Caller { n, stream, claim, release });
        }
        load::drive(callers).await
    }
}

struct Caller {
    n: usize,
    stream: TcpStream,
    claim: String,
    release: String,
}

impl load::Caller for Caller {
    async fn call(&mut self, step: usize) -> io::Result<Kind> {
        let script = if step.is_multiple_of(2) { &self.claim } else { &self.release };
        let key = format!("src/module_{}/file_{}.rs", self.n, step / 2);
        let agent = format!("agent_{}", self.n);
        self.stream.write_all(&command(&["EVALSHA", script, "1", &key, &agent])).await?;
        let answer = reply(&mut self.stream).await?;
        Ok(match answer.strip_prefix(':').and_then(|number| number.trim().parse::<u64>().ok()) {
            Some(0) => Kind::Refusal,
            Some(_) => Kind::Success,
            None => Kind::Neither,
        })
    }
}

async fn load_script(stream: &mut TcpStream, script: &str) -> io::Result<String> {
    stream.write_all(&command(&["SCRIPT", "LOAD", script])).await?;
    let said = reply(stream).await?;
    said.lines().nth(1).map(str::to_owned).ok_or_else(|| io::Error::other(said))
}

/// As the protocol has it: an array of texts, each with its length before it.
fn command(words: &[&str]) -> Vec<u8> {
    let mut text = format!("*{}\r\n", words.len());
    words.iter().for_each(|word| text += &format!("${}\r\n{word}\r\n", word.len()));
    text.into_bytes()
}

/// One reply of a line, or of a text with its length before it.
async fn reply(stream: &mut TcpStream) -> io::Result<String> {
    let mut buffer = Vec::with_capacity(128);
    loop {
        if stream.read_buf(&mut buffer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let lines = buffer.iter().filter(|byte| **byte == b'\n').count();
        if buffer.ends_with(b"\r\n") && lines == if buffer[0] == b'$' { 2 } else { 1 } {
            return String::from_utf8(buffer).map_err(io::Error::other);
        }
    }
}
