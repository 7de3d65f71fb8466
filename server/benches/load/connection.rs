//! A kept-alive connection that costs little: requests are bytes, answers are looked at as far as needed.

use std::io;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// One connection.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// What an answer was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Success,
    /// 4xx with a code.
    Refusal,
    Neither,
}

impl Connection {
    pub async fn open(authority: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(authority).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(16 * 1024) })
    }

    /// Sends a request and reads the answer.
    pub async fn send(&mut self, request: &[u8]) -> io::Result<(Kind, &[u8])> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let (head, length) = loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if let Some(head) = find(&self.buffer, b"\r\n\r\n") {
                break (head + 4, content_length(&self.buffer[..head])?);
            }
        };
        while self.buffer.len() < head + length {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        let body = &self.buffer[head..head + length];
        let kind = match &self.buffer[9..12] {
            b"200" => Kind::Success,
            [b'4', ..] if find(body, b"\"code\":\"").is_some() => Kind::Refusal,
            _ => Kind::Neither,
        };
        Ok((kind, body))
    }

    /// A call that must succeed.
    pub async fn call(&mut self, name: &str, arguments: &Value) -> io::Result<Value> {
        match self.send(&request(name, &arguments.to_string())).await? {
            (Kind::Success, body) => Ok(serde_json::from_slice(body)?),
            (_, body) => Err(io::Error::other(format!("{name}: {}", String::from_utf8_lossy(body)))),
        }
    }

    /// Sends a request without reading the answer.
    pub async fn begin(&mut self, request: &[u8]) -> io::Result<()> {
        self.buffer.clear();
        self.stream.write_all(request).await
    }

    /// Reads until this has come.
    pub async fn until(&mut self, text: &[u8]) -> io::Result<()> {
        while find(&self.buffer, text).is_none() {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        self.buffer.clear();
        Ok(())
    }

    /// Reads whatever comes, for ever.
    pub async fn drain(mut self, request: &[u8]) -> io::Result<()> {
        self.stream.write_all(request).await?;
        let mut buffer = vec![0; 256 * 1024];
        while self.stream.read(&mut buffer).await? > 0 {}
        Ok(())
    }
}

/// The bytes of a call.
pub fn request(name: &str, body: &str) -> Vec<u8> {
    format!(
        "POST /api/v1/{name} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

fn content_length(head: &[u8]) -> io::Result<usize> {
    const NAME: &[u8] = b"\r\ncontent-length: ";
    let start = find(head, NAME).ok_or_else(|| io::Error::other("an answer without a length"))? + NAME.len();
    Ok(head[start..]
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .fold(0, |n, byte| n * 10 + usize::from(byte - b'0')))
}
