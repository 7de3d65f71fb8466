//! etcd: a claim is a transaction that puts a key which must not be there, over gRPC, as its own clients do it. The revision is the
//! fencing token.

use std::io;
use std::path::Path;
use std::process::Command;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use h2::client::SendRequest;
use http::{Method, Request, Uri};
use prost::Message;
use tokio::net::TcpStream;

use super::CONNECTIONS;
use super::programs::{Missing, Running, find, free_port, version};
use crate::connection::Kind;
use crate::load::{self, Seen};

pub struct Etcd {
    pub name: String,
    running: Running,
}

impl Etcd {
    pub async fn start(scratch: &Path) -> Result<Self, Missing> {
        let program = find("etcd").ok_or_else(|| Missing::new("etcd", "there is no etcd"))?;
        let start = async {
            let (folder, port, peers) = (scratch.join("etcd"), free_port()?, free_port()?);
            let (here, there) = (format!("http://127.0.0.1:{port}"), format!("http://127.0.0.1:{peers}"));
            let mut command = Command::new(&program);
            command.arg("--data-dir").arg(folder).args(["--log-level", "error", "--name", "one"]);
            command.args(["--listen-client-urls", &here, "--advertise-client-urls", &here]);
            command.args(["--listen-peer-urls", &there, "--initial-advertise-peer-urls", &there]);
            command.args(["--initial-cluster", &format!("one={there}")]);
            Running::start(&mut command, port, "-TERM").await
        };
        let said =
            Command::new(&program).arg("--version").output().map(|output| output.stdout).unwrap_or_default();
        let number = String::from_utf8_lossy(&said)
            .lines()
            .find_map(|line| line.strip_prefix("etcd Version: ").map(str::to_owned));
        let name = format!("etcd {}", number.unwrap_or_else(|| version(&program, "--version")));
        Ok(Self { running: start.await.map_err(|why| Missing::new("etcd", why))?, name })
    }

    pub async fn run(&mut self) -> io::Result<Seen> {
        let uri: Uri = format!("http://{}/etcdserverpb.KV/Txn", self.running.authority)
            .parse()
            .map_err(io::Error::other)?;
        let mut callers = Vec::new();
        for n in 0..CONNECTIONS {
            let stream = TcpStream::connect(&self.running.authority).await?;
            stream.set_nodelay(true)?;
            let (client, connection) = h2::client::handshake(stream).await.map_err(io::Error::other)?;
            tokio::spawn(connection);
            callers.push(Caller { n, client, uri: uri.clone() });
        }
        load::drive(callers).await
    }
}

struct Caller {
    n: usize,
    client: SendRequest<Bytes>,
    uri: Uri,
}

impl load::Caller for Caller {
    async fn call(&mut self, step: usize) -> io::Result<Kind> {
        let key = format!("src/module_{}/file_{}.rs", self.n, step / 2).into_bytes();
        let agent = format!("agent_{}", self.n).into_bytes();
        let transaction = if step.is_multiple_of(2) {
            Transaction::claim(key, agent)
        } else {
            Transaction::release(key, agent)
        };
        Ok(match self.transact(&transaction).await? {
            Some(answer) if answer.succeeded => Kind::Success,
            Some(_) => Kind::Refusal,
            None => Kind::Neither,
        })
    }
}

impl Caller {
    /// A call of gRPC: a message with its length before it, both ways, and the outcome in the trailers. `None` when that is an error.
    async fn transact(&mut self, transaction: &Transaction) -> io::Result<Option<Answer>> {
        let request = Request::builder()
            .method(Method::POST)
            .uri(self.uri.clone())
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .body(())
            .map_err(io::Error::other)?;
        let mut body = BytesMut::with_capacity(128);
        body.put_u8(0);
        body.put_u32(transaction.encoded_len() as u32);
        transaction.encode(&mut body).map_err(io::Error::other)?;
        let mut client = self.client.clone().ready().await.map_err(io::Error::other)?;
        let (response, mut stream) = client.send_request(request, false).map_err(io::Error::other)?;
        stream.send_data(body.freeze(), true).map_err(io::Error::other)?;
        let mut incoming = response.await.map_err(io::Error::other)?.into_body();
        let mut message = BytesMut::new();
        while let Some(data) = incoming.data().await {
            let data = data.map_err(io::Error::other)?;
            incoming.flow_control().release_capacity(data.len()).map_err(io::Error::other)?;
            message.extend_from_slice(&data);
        }
        let trailers = incoming.trailers().await.map_err(io::Error::other)?.unwrap_or_default();
        if trailers.get("grpc-status").is_none_or(|status| status != "0") || message.len() < 5 {
            return Ok(None);
        }
        message.advance(5);
        Answer::decode(message).map(Some).map_err(io::Error::other)
    }
}

/// `TxnRequest` of etcd's rpc.proto, as far as used.
#[derive(Clone, PartialEq, Message)]
struct Transaction {
    #[prost(message, repeated, tag = "1")]
    compare: Vec<Compare>,
    #[prost(message, repeated, tag = "2")]
    success: Vec<Operation>,
}

/// That a key was created at a revision, or has a value.
#[derive(Clone, PartialEq, Message)]
struct Compare {
    /// 1 for the revision of its creation, 3 for its value.
    #[prost(int32, tag = "2")]
    target: i32,
    #[prost(bytes = "vec", tag = "3")]
    key: Vec<u8>,
    #[prost(int64, optional, tag = "5")]
    created: Option<i64>,
    #[prost(bytes = "vec", optional, tag = "7")]
    value: Option<Vec<u8>>,
}

#[derive(Clone, PartialEq, Message)]
struct Operation {
    #[prost(message, optional, tag = "2")]
    put: Option<Put>,
    #[prost(message, optional, tag = "3")]
    delete: Option<Delete>,
}

#[derive(Clone, PartialEq, Message)]
struct Put {
    #[prost(bytes = "vec", tag = "1")]
    key: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct Delete {
    #[prost(bytes = "vec", tag = "1")]
    key: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct Answer {
    #[prost(bool, tag = "2")]
    succeeded: bool,
}

impl Transaction {
    fn claim(key: Vec<u8>, value: Vec<u8>) -> Self {
        let compare = Compare { target: 1, key: key.clone(), created: Some(0), value: None };
        Self {
            compare: vec![compare],
            success: vec![Operation { put: Some(Put { key, value }), delete: None }],
        }
    }

    fn release(key: Vec<u8>, value: Vec<u8>) -> Self {
        let compare = Compare { target: 3, key: key.clone(), created: None, value: Some(value) };
        Self { compare: vec![compare], success: vec![Operation { put: None, delete: Some(Delete { key }) }] }
    }
}
