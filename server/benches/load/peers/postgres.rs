//! PostgreSQL: a row a lock, by prepared statements over its own protocol. Committing calls share an fsync by its own group commit.

use std::io;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use super::CONNECTIONS;
use super::programs::{Missing, Running, find, free_port, version};
use crate::connection::Kind;
use crate::load::{self, Seen};

/// How long it may take to be ready.
const READY: Duration = Duration::from_secs(10);
const TABLE: &str = "create sequence if not exists token; create table if not exists locks (path text primary key, holder text not null, \
    token bigint not null default nextval('token'), at timestamptz not null default now())";
const CLAIM: &str = "insert into locks (path, holder) values ($1, $2) on conflict do nothing returning token";
const RELEASE: &str = "delete from locks where path = $1 and holder = $2 returning token";

pub struct Postgres {
    pub name: String,
    running: Running,
}

impl Postgres {
    pub async fn start(scratch: &Path) -> Result<Self, Missing> {
        let missing = |why: &dyn std::fmt::Display| Missing::new("PostgreSQL", why);
        let (Some(server), Some(initdb)) = (find("postgres"), find("initdb")) else {
            return Err(missing(&"there is no postgres with its initdb"));
        };
        let running = Self::serve(scratch, &server, &initdb).await.map_err(|why| missing(&why))?;
        let begun = Instant::now();
        while let Err(why) = make_table(&running.authority).await {
            // It listens before it is ready.
            if begun.elapsed() > READY {
                return Err(missing(&why));
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Ok(Self { name: format!("PostgreSQL {}", version(&server, "--version")), running })
    }

    async fn serve(scratch: &Path, server: &Path, initdb: &Path) -> io::Result<Running> {
        let (folder, port) = (scratch.join("postgres"), free_port()?);
        std::fs::create_dir(&folder)?;
        // It refuses to work for root.
        let root = Command::new("id").arg("-u").output()?.stdout == b"0\n";
        let as_somebody = |program: &Path| {
            // Unlike runuser, this becomes the program: so whoever ends the process ends PostgreSQL.
            let mut command = Command::new(if root { Path::new("setpriv") } else { program });
            if root {
                command.args(["--reuid=postgres", "--regid=postgres", "--init-groups", "--"]).arg(program);
            }
            command.current_dir(std::env::temp_dir());
            command
        };
        if root {
            let own = Command::new("chown").arg("postgres").arg(&folder).arg(scratch).status()?;
            let reach = Command::new("chmod").arg("755").arg(scratch).status()?;
            if !own.success() || !reach.success() {
                return Err(io::Error::other("there is no user postgres to run it"));
            }
        }
        let made = as_somebody(initdb)
            .args(["--auth=trust", "--username=bench", "--encoding=UTF8", "-D"])
            .arg(&folder)
            .output()?;
        if !made.status.success() {
            return Err(io::Error::other(String::from_utf8_lossy(&made.stderr).trim().to_owned()));
        }
        let mut command = as_somebody(server);
        command.arg("-D").arg(&folder).args(["-h", "127.0.0.1", "-p", &port.to_string()]);
        command.args(["-c", "fsync=on", "-c", "synchronous_commit=on", "-c", "unix_socket_directories="]);
        command.args(["-c", "max_connections=200", "-c", "shared_buffers=256MB"]);
        // SIGINT ends it with everybody who is connected.
        Running::start(&mut command, port, "-INT").await
    }

    pub async fn run(&mut self) -> io::Result<Seen> {
        let mut callers = Vec::new();
        for n in 0..CONNECTIONS {
            let mut connection = Connection::open(&self.running.authority).await?;
            connection.prepare("claim", CLAIM).await?;
            connection.prepare("release", RELEASE).await?;
            callers.push(Caller { n, connection });
        }
        load::drive(callers).await
    }
}

async fn make_table(authority: &str) -> io::Result<()> {
    Connection::open(authority).await?.plain(TABLE).await
}

struct Caller {
    n: usize,
    connection: Connection,
}

impl load::Caller for Caller {
    async fn call(&mut self, step: usize) -> io::Result<Kind> {
        let statement = if step.is_multiple_of(2) { "claim" } else { "release" };
        let path = format!("src/module_{}/file_{}.rs", self.n, step / 2);
        match self.connection.execute(statement, &[&path, &format!("agent_{}", self.n)]).await? {
            Some(1) => Ok(Kind::Success),
            Some(_) => Ok(Kind::Refusal),
            None => Ok(Kind::Neither),
        }
    }
}

/// A connection that speaks PostgreSQL's protocol, version 3, as far as needed here.
struct Connection {
    stream: BufReader<TcpStream>,
}

impl Connection {
    async fn open(authority: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(authority).await?;
        stream.set_nodelay(true)?;
        let mut connection = Self { stream: BufReader::new(stream) };
        let words = b"user\0bench\0database\0postgres\0\0";
        let mut hello = u32::to_be_bytes(words.len() as u32 + 8).to_vec();
        hello.extend(196_608_u32.to_be_bytes());
        hello.extend(words);
        connection.stream.write_all(&hello).await?;
        connection.until_ready().await?;
        Ok(connection)
    }

    /// Statements without parameters.
    async fn plain(&mut self, sql: &str) -> io::Result<()> {
        self.stream.write_all(&message(b'Q', &[sql.as_bytes(), b"\0"])).await?;
        match self.until_ready().await? {
            Some(_) => Ok(()),
            None => Err(io::Error::other("the statement failed")),
        }
    }

    async fn prepare(&mut self, name: &str, sql: &str) -> io::Result<()> {
        let mut bytes = message(b'P', &[name.as_bytes(), b"\0", sql.as_bytes(), b"\0", &0_u16.to_be_bytes()]);
        bytes.extend(message(b'S', &[]));
        self.stream.write_all(&bytes).await?;
        self.until_ready()
            .await?
            .map(|_| ())
            .ok_or_else(|| io::Error::other("the statement cannot be prepared"))
    }

    /// How many rows came back; `None` on an error.
    async fn execute(&mut self, name: &str, values: &[&str]) -> io::Result<Option<u32>> {
        let mut bind = vec![0];
        bind.extend(name.as_bytes());
        bind.push(0);
        bind.extend(0_u16.to_be_bytes());
        bind.extend((values.len() as u16).to_be_bytes());
        for value in values {
            bind.extend((value.len() as u32).to_be_bytes());
            bind.extend(value.as_bytes());
        }
        bind.extend(0_u16.to_be_bytes());
        let mut bytes = message(b'B', &[&bind]);
        bytes.extend(message(b'E', &[b"\0", &0_u32.to_be_bytes()]));
        bytes.extend(message(b'S', &[]));
        self.stream.write_all(&bytes).await?;
        self.until_ready().await
    }

    /// Reads until it waits for the next statement. Answers how many rows came; `None` if there was an error.
    async fn until_ready(&mut self) -> io::Result<Option<u32>> {
        let (mut rows, mut failed) = (0, false);
        loop {
            let kind = self.stream.read_u8().await?;
            let length = self.stream.read_u32().await?.saturating_sub(4);
            let mut body = vec![0; length as usize];
            self.stream.read_exact(&mut body).await?;
            match kind {
                b'D' => rows += 1,
                b'E' => failed = true,
                b'Z' => return Ok((!failed).then_some(rows)),
                _ => {}
            }
        }
    }
}

fn message(kind: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut bytes = vec![kind];
    bytes.extend((length as u32 + 4).to_be_bytes());
    parts.iter().for_each(|part| bytes.extend(*part));
    bytes
}
