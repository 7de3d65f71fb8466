//! Who may come in: tokens made, shown and taken back. For admins; where a server asks nobody who they are, for everybody.

use engine::ManusId;
use hub::{Token, TokenRole};
use serde::{Deserialize, Serialize};

use super::bounds::{self, EXPIRES_SECS, NAME_MAX, TOKEN_ID};
use super::call::server_call;
use super::door::hub;
use super::error::ApiError;

server_call! {
    /// Makes a token. It is shown in the answer and never again.
    create_token: CreateToken -> NewToken,
    needs {
        /// What it lets its holder do.
        role: TokenRole,
    }
    takes {
        /// The one agent in whose name it may act; for the role `agent`.
        manus_id: ManusId,
        /// What people call it.
        label: String,
        /// After how long it ends by itself, in seconds; without it, never.
        expires_in_secs: i64,
    }
    refuses {}
}

/// The answer to `create_token`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct NewToken {
    /// The whole token, to be kept like a password: `Authorization: Bearer msk_…`.
    pub token: String,
    /// What is known of it from now on.
    pub about: Token,
}

server_call! {
    /// The tokens in the order in which they were made, without their secrets.
    list_tokens: ListTokens -> Vec<Token>,
    needs {}
    takes {
        /// Also those that let nobody in any more, and the sessions of browsers.
        all: bool,
    }
    refuses {}
}

server_call! {
    /// Takes a token back, with the sessions of those who logged in with it. From then on it lets nobody in; who waits or
    /// watches with it is cut off.
    revoke_token: RevokeToken -> Revoked,
    needs {
        /// Which, by the part that may be seen, as in `msk_3k9x7m2a_…`.
        id: String,
    }
    takes {
        /// With the tokens of the agents that were enrolled with it.
        and_enrolled: bool,
    }
    refuses {}
}

/// The answer to `revoke_token`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Revoked {
    /// All that let nobody in any more because of it, sessions included.
    pub revoked: Vec<Token>,
}

impl CreateToken {
    /// What is to be made, where that makes sense. `now_ms` is when.
    pub fn checked(self, now_ms: i64) -> Result<hub::NewToken, ApiError> {
        let label = self.label.unwrap_or_default();
        bounds::text("label", &label, &(0..=NAME_MAX))?;
        let lives =
            self.expires_in_secs.map(|secs| bounds::number::<i64>("expires_in_secs", secs, &EXPIRES_SECS));
        match (self.role, &self.manus_id) {
            (TokenRole::Agent, None) => {
                let reason = "manus_id is missing; name the agent for which the token shall act";
                return Err(ApiError::invalid("manus_id", reason));
            }
            (TokenRole::Agent, Some(name)) if *name == ManusId::supervisor() => {
                let reason =
                    "supervisor is no agent but the person in charge; make a token of the role admin";
                return Err(ApiError::invalid("manus_id", reason));
            }
            (TokenRole::Agent, Some(_))
            | (TokenRole::Admin | TokenRole::Viewer | TokenRole::Enrolment, None) => {}
            (role @ (TokenRole::Admin | TokenRole::Viewer | TokenRole::Enrolment), Some(_)) => {
                let reason = format!(
                    "a token of the role {} is not bound to an agent; leave manus_id out",
                    role.as_str()
                );
                return Err(ApiError::invalid("manus_id", reason));
            }
        }
        Ok(hub::NewToken {
            role: self.role,
            manus_id: self.manus_id,
            label,
            expires_at_ms: lives.transpose()?.map(|secs| now_ms + secs * 1000),
        })
    }

    pub(super) async fn answer(self) -> Result<NewToken, ApiError> {
        let hub = hub()?;
        let minted = hub.access().create(self.checked(hub.now_ms())?).await?;
        Ok(minted.into())
    }
}

impl From<hub::Minted> for NewToken {
    fn from(minted: hub::Minted) -> Self {
        Self { token: minted.whole, about: Token::clone(&minted.token) }
    }
}

impl ListTokens {
    /// Those of a list that were asked for.
    pub fn choose(&self, tokens: Vec<std::sync::Arc<Token>>, now_ms: i64) -> Vec<Token> {
        let all = self.all.unwrap_or(false);
        let wanted =
            |token: &&std::sync::Arc<Token>| all || (!token.session && token.trouble(now_ms).is_none());
        tokens.iter().filter(wanted).map(|token| Token::clone(token)).collect()
    }

    pub(super) async fn answer(self) -> Result<Vec<Token>, ApiError> {
        let hub = hub()?;
        Ok(self.choose(hub.access().list(), hub.now_ms()))
    }
}

impl RevokeToken {
    /// Takes it back.
    pub async fn from(self, access: &hub::Access) -> Result<Revoked, ApiError> {
        bounds::text("id", &self.id, &TOKEN_ID)?;
        // Whoever pastes the whole token means that token.
        let id = self.id.split('_').nth(1).unwrap_or(&self.id);
        let revoked = access.revoke(id, self.and_enrolled.unwrap_or(false)).await?;
        if revoked.is_empty() {
            let message = format!("there is no token {id}; list_tokens shows all");
            return Err(ApiError::new(404, "token_not_found", message).with(serde_json::json!({ "id": id })));
        }
        Ok(Revoked { revoked: revoked.iter().map(|token| Token::clone(token)).collect() })
    }

    pub(super) async fn answer(self) -> Result<Revoked, ApiError> {
        let hub = hub()?;
        self.from(hub.access()).await
    }
}
