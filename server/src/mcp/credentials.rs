//! What a session over HTTP shows the engine: what its client shows, until an agent joined with a token that enrols and got one of its
//! own.

use http::HeaderValue;
use serde_json::Value;

use crate::gate;

/// The token that an agent got by enrolling.
#[derive(Debug, Default)]
pub struct Credentials {
    /// What the client showed when it joined, and what its agent shows instead.
    own: Option<(HeaderValue, HeaderValue)>,
}

impl Credentials {
    /// What goes with a call of whoever showed this. Somebody else who has found out the session's name does not become its agent.
    pub fn instead_of(&self, shown: Option<HeaderValue>) -> Option<HeaderValue> {
        match &self.own {
            Some((joined_with, own)) if shown.as_ref() == Some(joined_with) => Some(own.clone()),
            _ => shown,
        }
    }

    /// Keeps the token that joining answered, if it did, for whoever showed this. Then nobody else needs to see it.
    pub fn keep(&mut self, joined_with: Option<&HeaderValue>, answer: &mut Value) {
        let own = answer["token"].as_str().and_then(gate::shows);
        if let (Some(own), Some(joined_with)) = (own, joined_with) {
            self.own = Some((joined_with.clone(), own));
            answer["token"] = Value::Null;
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn whoever_enrolled_shows_what_it_got() {
        let shows = |token: &str| gate::shows(token);
        let mut credentials = Credentials::default();
        assert_eq!(credentials.instead_of(shows("mse_1")), shows("mse_1"));
        let mut answer = json!({ "token": null });
        credentials.keep(shows("mse_1").as_ref(), &mut answer);
        assert_eq!(credentials.instead_of(shows("mse_1")), shows("mse_1"));
        let mut answer = json!({ "token": "msk_2" });
        credentials.keep(shows("mse_1").as_ref(), &mut answer);
        assert_eq!(answer, json!({ "token": null }));
        assert_eq!(credentials.instead_of(shows("mse_1")), shows("msk_2"));
        assert_eq!(credentials.instead_of(shows("mse_3")), shows("mse_3"));
        assert_eq!(credentials.instead_of(None), None);
    }
}
