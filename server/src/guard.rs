//! Who may talk to the server at all: checks of `Host` and `Origin` on every request.
//!
//! The server listens on this machine, and so do the browsers of the person who works here: any web page that they visit can
//! send requests to localhost. What a page cannot do is lie about its origin, or use a host name that is not ours without
//! showing it. So a request for another host is refused (a page elsewhere whose name was made to point here), and so is one
//! from another origin (a page elsewhere that sends us something).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use app::api::ApiError;
use http::header::{CONTENT_TYPE, COOKIE, HOST, ORIGIN};
use http::{HeaderMap, HeaderValue, Uri};
use serde_json::json;

/// The names under which this machine knows itself.
const LOOPBACK: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

/// The names under which the server may be addressed.
#[derive(Debug, Clone)]
pub struct Guard {
    hosts: Vec<String>,
    /// Whether any address will do, since it listens on all that this machine has. Nobody can make a name of theirs lead here
    /// and show an address instead.
    any_address: bool,
    port: u16,
    /// Whether all connections are encrypted.
    encrypted: bool,
}

impl Guard {
    /// Lets through what is addressed to this machine, to the address listened on, or to one of the names given.
    pub fn new(address: SocketAddr, allowed: &[String]) -> Self {
        let mut hosts: Vec<String> = LOOPBACK.map(str::to_owned).to_vec();
        if !address.ip().is_unspecified() {
            hosts.push(match address.ip() {
                IpAddr::V4(ip) => ip.to_string(),
                IpAddr::V6(ip) => format!("[{ip}]"),
            });
        }
        hosts.extend(allowed.iter().map(|host| host.to_lowercase()));
        let any_address = address.ip().is_unspecified();
        Self { hosts, any_address, port: address.port(), encrypted: false }
    }

    /// The same where all connections are encrypted: a page that came over an open wire may be anybody's.
    pub fn encrypted(mut self, encrypted: bool) -> Self {
        self.encrypted = encrypted;
        self
    }

    /// Whether browsers may be told to come encrypted only. Not for the names of this machine: what a browser notes for
    /// `localhost` counts for all that listens there, on any port.
    pub fn insists(&self, headers: &HeaderMap) -> bool {
        let host = without_port(headers.get(HOST).map(HeaderValue::as_bytes).unwrap_or_default());
        self.encrypted && !LOOPBACK.iter().any(|name| name.as_bytes().eq_ignore_ascii_case(host))
    }

    /// Refuses a request for another host or from another origin.
    pub fn check(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), ApiError> {
        let host = headers.get(HOST).map(HeaderValue::as_bytes).unwrap_or_default();
        // A target with a host of its own (`GET http://… HTTP/1.1`) counts as well as the header.
        let named = uri.authority().map(|authority| authority.as_str().as_bytes());
        for authority in [Some(host), named].into_iter().flatten() {
            if !self.is_ours(without_port(authority)) {
                return Err(foreign_host(authority));
            }
        }
        if headers.get_all(HOST).iter().nth(1).is_some() {
            return Err(foreign_host(b"two at once"));
        }
        match headers.get(ORIGIN) {
            Some(origin) if !self.is_own_origin(origin.as_bytes(), host) => Err(foreign_origin(origin)),
            _ => Ok(()),
        }
    }

    fn is_ours(&self, host: &[u8]) -> bool {
        self.hosts.iter().any(|ours| ours.as_bytes().eq_ignore_ascii_case(host))
            || (self.any_address && is_address(host))
    }

    /// Whether a page that this server has sent made the request: it comes from the very host that it talks to, or from
    /// another of our names at our port.
    fn is_own_origin(&self, origin: &[u8], host: &[u8]) -> bool {
        let (authority, default_port) = if let Some(rest) = origin.strip_prefix(b"http://") {
            if self.encrypted {
                return false;
            }
            (rest, 80)
        } else if let Some(rest) = origin.strip_prefix(b"https://") {
            (rest, 443)
        } else {
            return false;
        };
        let same = |a: &[u8], b: &[u8]| {
            without_port(a).eq_ignore_ascii_case(without_port(b))
                && port(a).unwrap_or(default_port) == port(b).unwrap_or(default_port)
        };
        let port = port(authority).unwrap_or(default_port);
        same(authority, host) || (port == self.port && self.is_ours(without_port(authority)))
    }
}

/// Refuses bodies of the types that a page elsewhere could send without asking first, where a page sends them. A program may
/// call its JSON what it likes: `curl -d` calls everything a form.
pub fn check_content_type(headers: &HeaderMap) -> Result<(), ApiError> {
    let Some(given) = headers.get(CONTENT_TYPE).filter(|_| is_from_page(headers)) else { return Ok(()) };
    let given = given.to_str().unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    let message = format!(
        "content-type {given:?} is not accepted; send JSON with content-type: application/json (with curl: -H \
         'content-type: application/json')"
    );
    Err(ApiError::new(415, "unsupported_media_type", message).with(json!({ "content_type": given })))
}

/// Whether a browser made the request for a page: browsers say where a POST comes from, and pages cannot keep them from it.
fn is_from_page(headers: &HeaderMap) -> bool {
    headers.contains_key(ORIGIN) || headers.contains_key("sec-fetch-site") || headers.contains_key(COOKIE)
}

/// Whether a host is an address and no name.
fn is_address(host: &[u8]) -> bool {
    let Ok(host) = std::str::from_utf8(host) else { return false };
    let v6 = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    v6.map_or_else(|| host.parse::<Ipv4Addr>().is_ok(), |v6| v6.parse::<Ipv6Addr>().is_ok())
}

fn without_port(authority: &[u8]) -> &[u8] {
    match authority.iter().rposition(|byte| *byte == b':') {
        // In `[::1]` without a port the last colon belongs to the address.
        Some(colon) if !authority[colon..].contains(&b']') => &authority[..colon],
        _ => authority,
    }
}

fn port(authority: &[u8]) -> Option<u16> {
    let digits = authority.strip_prefix(without_port(authority))?.strip_prefix(b":")?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

fn foreign_host(host: &[u8]) -> ApiError {
    let host = String::from_utf8_lossy(host);
    let message = format!(
        "this server does not answer for the host {host:?}; use localhost, or start it with --allow-host and that name"
    );
    ApiError::new(403, "forbidden", message).with(json!({ "host": host }))
}

fn foreign_origin(origin: &HeaderValue) -> ApiError {
    let origin = String::from_utf8_lossy(origin.as_bytes());
    let message = format!(
        "pages of {origin} may not talk to this server; use its own dashboard, or a program that sends no Origin header"
    );
    ApiError::new(403, "forbidden", message).with(json!({ "origin": origin }))
}

#[cfg(test)]
mod tests {
    use http::HeaderName;

    use super::*;

    fn check(host: &str, origin: Option<&str>) -> bool {
        let guard = Guard::new("127.0.0.1:3334".parse().unwrap(), &["Agents.example".to_owned()]);
        let mut headers = HeaderMap::from_iter([(HOST, HeaderValue::from_str(host).unwrap())]);
        if let Some(origin) = origin {
            headers.insert(ORIGIN, HeaderValue::from_str(origin).unwrap());
        }
        guard.check(&Uri::from_static("/"), &headers).is_ok()
    }

    #[test]
    fn hosts() {
        for ours in ["localhost:3334", "LOCALHOST", "127.0.0.1:9", "[::1]:3334", "[::1]", "agents.example:80"]
        {
            assert!(check(ours, None), "{ours}");
        }
        for foreign in
            ["", "evil.example", "localhost.evil.example:3334", "127.0.0.1.evil.example", "127.0.0.2", "::1"]
        {
            assert!(!check(foreign, None), "{foreign}");
        }
    }

    #[test]
    fn any_address_of_a_machine_that_listens_on_all() {
        let guard = Guard::new("0.0.0.0:3334".parse().unwrap(), &[]);
        let check = |host: &str| {
            let headers = HeaderMap::from_iter([(HOST, HeaderValue::from_str(host).unwrap())]);
            guard.check(&Uri::from_static("/"), &headers).is_ok()
        };
        for ours in ["192.168.1.5:3334", "10.0.0.1", "[fe80::1]:3334", "localhost:3334"] {
            assert!(check(ours), "{ours}");
        }
        for foreign in ["evil.example", "192.168.1.5.evil.example", "[evil]", "192.168.1"] {
            assert!(!check(foreign), "{foreign}");
        }
    }

    #[test]
    fn origins() {
        for ours in ["http://localhost:3334", "http://127.0.0.1:3334", "http://[::1]:3334"] {
            assert!(check("localhost:3334", Some(ours)), "{ours}");
        }
        assert!(check("agents.example", Some("https://agents.example")));
        for foreign in [
            "null",
            "http://localhost:8080",
            "http://localhost",
            "https://evil.example",
            "http://evil.example:3334",
            "file://",
        ] {
            assert!(!check("localhost:3334", Some(foreign)), "{foreign}");
        }
    }

    #[test]
    fn a_target_with_another_host_is_refused() {
        let guard = Guard::new("127.0.0.1:3334".parse().unwrap(), &[]);
        let headers = HeaderMap::from_iter([(HOST, HeaderValue::from_static("localhost"))]);
        assert!(guard.check(&Uri::from_static("http://evil.example/"), &headers).is_err());
        assert!(guard.check(&Uri::from_static("http://localhost:3334/"), &headers).is_ok());
    }

    #[test]
    fn content_types_of_pages() {
        let check = |given: &'static str, more: Option<&'static str>| {
            let mut headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(given))]);
            headers.extend(more.map(|name| (HeaderName::from_static(name), HeaderValue::from_static("x"))));
            check_content_type(&headers).is_ok()
        };
        for json in ["application/json", "Application/JSON; charset=utf-8"] {
            assert!(check(json, Some("origin")), "{json}");
        }
        for other in ["text/plain", "application/x-www-form-urlencoded", ""] {
            for of_page in ["origin", "sec-fetch-site", "cookie"] {
                assert!(!check(other, Some(of_page)), "{other:?} with {of_page}");
            }
            assert!(check(other, None), "{other:?} from a program");
        }
        assert!(check_content_type(&HeaderMap::new()).is_ok());
    }
}
