//! A blocking HTTP client for what must be over at once, such as a hook before each edit: no runtime, no thread, one
//! connection.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::time::Duration;

use app::api::{ApiError, PREFIX};
use http::header::{AUTHORIZATION, CONNECTION, CONTENT_LENGTH, HOST};
use http::{HeaderMap, Uri};
use rustls::{ClientConnection, StreamOwned};
use serde_json::Value;

use crate::client::{Address, CallError, no_token, stranger, unreachable, untrusted};
use crate::front::{OTHER_SERVER, SERVER_HEADER};
use crate::gate;
use crate::tls::{Secure, Trust};

/// How long a connection may take. The server is on this machine; whoever edits a file waits.
const CONNECT: Duration = Duration::from_millis(500);
/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(5);
/// The largest answer that is read, in bytes.
const ANSWER_MAX: u64 = 64 * 1024 * 1024;

/// A connection to a server, opened with the first call.
#[derive(Debug)]
pub struct Blocking {
    authority: String,
    /// With what it is encrypted, where it is.
    secure: Option<Secure>,
    /// Which server must be there, see [`SERVER_HEADER`].
    server: Option<String>,
    /// Who calls, for a server that asks.
    shown: Option<String>,
    connection: Option<BufReader<Wire>>,
    /// How long an answer may take.
    pub patience: Duration,
}

/// What bytes go over.
#[derive(Debug)]
enum Wire {
    Open(TcpStream),
    Encrypted(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Read for Wire {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Open(stream) => stream.read(into),
            Self::Encrypted(stream) => stream.read(into),
        }
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Open(stream) => stream.write(bytes),
            Self::Encrypted(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Open(stream) => stream.flush(),
            Self::Encrypted(stream) => stream.flush(),
        }
    }
}

impl Blocking {
    /// A client of the server at this address, such as `http://localhost:3334`.
    /// `trust` says whom to believe there, where the address begins with https.
    pub fn new(url: &str, trust: &Trust) -> Result<Self, CallError> {
        let Address { authority, secure } = Address::of(url, trust)?;
        Ok(Self { authority, secure, server: None, shown: None, connection: None, patience: ANSWER })
    }

    /// Lets nobody answer but this very server: another one may have got its address since.
    pub fn only(mut self, server: String) -> Self {
        self.server = Some(server);
        self
    }

    /// Shows this token with every call.
    pub fn showing(mut self, token: Option<&str>) -> Result<Self, CallError> {
        self.show(token)?;
        Ok(self)
    }

    /// Shows this token from now on.
    pub fn show(&mut self, token: Option<&str>) -> Result<(), CallError> {
        self.shown = match token {
            Some(token) => {
                gate::shows(token).ok_or_else(no_token)?;
                Some(format!("{AUTHORIZATION}: Bearer {token}\r\n"))
            }
            None => None,
        };
        Ok(())
    }

    /// Makes a call. A connection that the server has closed since the last one is opened again with the next; a call that may
    /// have been carried out is not made twice.
    pub fn call(&mut self, name: &str, arguments: &Value) -> Result<Value, CallError> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.connect()?,
        };
        let body = arguments.to_string();
        let wire = connection.get_mut();
        let asked = wire.write_all(self.request(name, &body).as_bytes()).and_then(|()| wire.flush());
        let (status, body, stays) =
            asked.and_then(|()| answer(&mut connection)).map_err(|error| self.lost(error))?;
        self.connection = stays.then_some(connection);
        if (200..300).contains(&status) {
            return serde_json::from_slice(&body).map_err(|error| stranger(&self.url(), error));
        }
        let error: ApiError = serde_json::from_slice(&body).map_err(|_| stranger(&self.url(), status))?;
        if error.code == OTHER_SERVER {
            return Err(self.unreachable("another project's server has that address now"));
        }
        Err(CallError::Refused(ApiError { status, ..error }))
    }

    fn request(&self, name: &str, body: &str) -> String {
        let server =
            self.server.as_ref().map(|server| format!("{SERVER_HEADER}: {server}\r\n")).unwrap_or_default();
        format!(
            "POST {PREFIX}{name} HTTP/1.1\r\nhost: {}\r\n{server}{}content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            self.authority,
            self.shown.as_deref().unwrap_or_default(),
            body.len()
        )
    }

    fn connect(&self) -> Result<BufReader<Wire>, CallError> {
        let stream = connect(&self.authority, self.patience).map_err(|error| self.unreachable(error))?;
        let Some(secure) = &self.secure else { return Ok(BufReader::new(Wire::Open(stream))) };
        let session = ClientConnection::new(secure.config.clone(), secure.name.clone());
        let mut stream = StreamOwned::new(session.map_err(|error| self.unreachable(error))?, stream);
        // Before anything is asked: whoever is not believed learns nothing, and nothing was carried out.
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock).map_err(|error| untrusted(&self.url(), &error))?;
        }
        Ok(BufReader::new(Wire::Encrypted(Box::new(stream))))
    }

    fn url(&self) -> String {
        let scheme = if self.secure.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.authority)
    }

    fn unreachable(&self, why: impl std::fmt::Display) -> CallError {
        unreachable(&self.url(), why)
    }

    fn lost(&self, why: io::Error) -> CallError {
        let why = match why.kind() {
            // What a system says of a time that is over names neither.
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
                format!("waited {} s for it", self.patience.as_secs())
            }
            _ => why.to_string(),
        };
        CallError::Lost(format!("the server at {} did not answer ({why})", self.url()))
    }
}

/// Posts a body somewhere, over a connection of its own, and answers status and body.
pub(crate) fn post(uri: &Uri, headers: &HeaderMap, body: &[u8]) -> io::Result<(u16, Vec<u8>)> {
    let host = uri.host().ok_or_else(|| io::Error::other("the address names no host"))?;
    let authority = format!("{host}:{}", uri.port_u16().unwrap_or(80));
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let mut head = format!("POST {path} HTTP/1.1\r\nhost: {authority}\r\nconnection: close\r\n");
    let own = [HOST, CONNECTION, CONTENT_LENGTH];
    for (name, value) in headers.iter().filter(|(name, _)| !own.contains(name)) {
        head += &format!("{name}: {}\r\n", String::from_utf8_lossy(value.as_bytes()));
    }
    head += &format!("content-length: {}\r\n\r\n", body.len());
    let mut connection = BufReader::new(connect(&authority, ANSWER)?);
    connection.get_mut().write_all(head.as_bytes())?;
    connection.get_mut().write_all(body)?;
    let (status, body, _) = answer(&mut connection)?;
    Ok((status, body))
}

fn connect(authority: &str, patience: Duration) -> io::Result<TcpStream> {
    let mut last = io::Error::other("its name leads nowhere");
    for address in addresses(authority)? {
        match TcpStream::connect_timeout(&address, CONNECT) {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(patience))?;
                stream.set_write_timeout(Some(patience))?;
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// Where to try, the usual first. This machine needs no resolver.
fn addresses(authority: &str) -> io::Result<Vec<SocketAddr>> {
    if let Some(port) = authority.strip_prefix("localhost:").and_then(|port| port.parse::<u16>().ok()) {
        return Ok(vec![([127, 0, 0, 1], port).into(), ([0, 0, 0, 0, 0, 0, 0, 1], port).into()]);
    }
    let mut found: Vec<SocketAddr> = authority.to_socket_addrs()?.collect();
    found.sort_by_key(SocketAddr::is_ipv6);
    Ok(found)
}

/// Status and body, and whether the connection takes another request.
fn answer(connection: &mut impl BufRead) -> io::Result<(u16, Vec<u8>, bool)> {
    let broken = || io::Error::new(io::ErrorKind::InvalidData, "that is no answer of HTTP");
    let status = line(connection)?;
    let status = status.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or_else(broken)?;
    let (mut length, mut chunked, mut stays) = (None, false, true);
    loop {
        let header = line(connection)?;
        let Some((name, value)) = header.split_once(':') else {
            if header.is_empty() {
                break;
            }
            return Err(broken());
        };
        let value = value.trim();
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = Some(value.parse::<u64>().map_err(|_| broken())?),
            "transfer-encoding" => chunked = value.eq_ignore_ascii_case("chunked"),
            "connection" => stays = !value.eq_ignore_ascii_case("close"),
            _ => {}
        }
    }
    let mut body = Vec::new();
    match length {
        _ if chunked => chunks(connection, &mut body)?,
        Some(length) => exactly(connection, length, &mut body)?,
        None => {
            connection.take(ANSWER_MAX).read_to_end(&mut body)?;
            stays = false;
        }
    }
    Ok((status, body, stays))
}

fn chunks(connection: &mut impl BufRead, body: &mut Vec<u8>) -> io::Result<()> {
    loop {
        let size = line(connection)?;
        let size = size.split(';').next().unwrap_or_default().trim();
        let size = u64::from_str_radix(size, 16)
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "a chunk has no size"))?;
        exactly(connection, size, body)?;
        line(connection)?;
        if size == 0 {
            return Ok(());
        }
    }
}

fn exactly(connection: &mut impl BufRead, length: u64, body: &mut Vec<u8>) -> io::Result<()> {
    if length > ANSWER_MAX {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the answer is too large"));
    }
    let read = connection.take(length).read_to_end(body)?;
    if read as u64 == length { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

fn line(connection: &mut impl BufRead) -> io::Result<String> {
    const LONGEST: u64 = 64 * 1024;
    let mut line = String::new();
    if connection.take(LONGEST).read_line(&mut line)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(line.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> io::Result<(u16, String, bool)> {
        let (status, body, stays) = answer(&mut text.as_bytes())?;
        Ok((status, String::from_utf8(body).unwrap(), stays))
    }

    #[test]
    fn answers() {
        let plain = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nx: y\r\n\r\n{}rest";
        assert_eq!(read(plain).unwrap(), (200, "{}".to_owned(), true));
        let chunked = "HTTP/1.1 409 Conflict\r\ntransfer-encoding: chunked\r\n\r\n2;x=1\r\n{\"\r\n3\r\na\":\r\n0\r\n\r\n";
        assert_eq!(read(chunked).unwrap(), (409, "{\"a\":".to_owned(), true));
        let closing = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nall of it";
        assert_eq!(read(closing).unwrap(), (200, "all of it".to_owned(), false));
        for bad in [
            "",
            "nonsense\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n{}",
            "HTTP/1.1 200 OK\r\ncontent-le",
        ] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn this_machine_needs_no_resolver() {
        assert_eq!(addresses("localhost:80").unwrap()[0], "127.0.0.1:80".parse().unwrap());
        assert_eq!(addresses("[::1]:80").unwrap(), ["[::1]:80".parse().unwrap()]);
    }
}
