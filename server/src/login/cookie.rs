//! The cookie in which a browser shows its session.

use http::HeaderMap;
use http::header::COOKIE;

/// The cookie of a project's sessions. Browsers share cookies among all ports of a host, so each project has a name of its own.
#[derive(Debug, Clone)]
pub struct Cookie {
    name: String,
    /// Whether browsers shall show it over encrypted connections alone, however they came.
    encrypted: bool,
}

impl Cookie {
    /// Of the project whose log is called so.
    pub fn of(log_id: &str, encrypted: bool) -> Self {
        let short: String = log_id.chars().filter(char::is_ascii_alphanumeric).take(8).collect();
        Self { name: format!("manus_session_{short}"), encrypted }
    }

    /// The session that a request shows.
    pub fn find<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        value(headers, &self.name)
    }

    /// What has a browser keep a session until it ends. No program in a page can read it, and no other site's page can have it
    /// sent.
    pub fn begin(&self, session: &str, secure: bool) -> String {
        let secure = if secure || self.encrypted { "; Secure" } else { "" };
        format!("{}={session}; Path=/; Max-Age=604800; HttpOnly; SameSite=Strict{secure}", self.name)
    }

    /// What has a browser forget it.
    pub fn end(&self) -> String {
        let secure = if self.encrypted { "; Secure" } else { "" };
        format!("{}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict{secure}", self.name)
    }
}

/// The value of a cookie.
pub fn value<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let pairs = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = pairs.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(known, _)| *known == name).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn cookies() {
        let cookie = Cookie::of("1a2b3c4d5e6f", false);
        let headers = |text| HeaderMap::from_iter([(COOKIE, HeaderValue::from_static(text))]);
        assert_eq!(cookie.find(&headers("manus_theme=dark; manus_session_1a2b3c4d=mss_1")), Some("mss_1"));
        assert_eq!(cookie.find(&headers("manus_session_ffffffff=mss_1; manus_session_1a2b3c4")), None);
        let begun = cookie.begin("mss_1", true);
        assert!(begun.contains("HttpOnly; SameSite=Strict; Secure"), "{begun}");
        assert!(!cookie.begin("mss_1", false).contains("Secure"));
        let encrypted = Cookie::of("1a2b3c4d5e6f", true);
        assert!(
            encrypted.begin("mss_1", false).ends_with("; Secure") && encrypted.end().ends_with("; Secure")
        );
    }
}
