//! Who may come in: the tokens of a project.
//!
//! All of them are in memory, so that recognising one asks nobody; whatever changes is on the disk before it is answered. What
//! is taken back lets nobody in from that moment on, and whoever waits or watches with it learns of that.

mod rest;
#[cfg(test)]
mod tests;
mod token;

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use engine::{ManusId, RequestId, TimeMs};
use tokio::sync::{Mutex, watch};

pub use rest::{AtRest, has_tokens};
pub(crate) use token::Hash;
pub use token::{BadToken, Token, TokenRole, only_enrols};

use self::token::Draw;
use crate::clock::Clock;
use crate::failure::Failure;
use crate::store::{Store, StoreError, TokenRow};

/// How long a browser's session lasts: a working week.
const SESSION_MS: TimeMs = 7 * 24 * 60 * 60 * 1000;

/// The tokens of a project.
#[derive(Debug)]
pub struct Access {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    enrolment_key: String,
    // A std RwLock: nothing awaits while it is held.
    known: RwLock<HashMap<String, TokenRow>>,
    /// Whoever changes something holds it, so that a name is not given twice.
    changing: Mutex<()>,
    changed: watch::Sender<()>,
}

/// A token to be made.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// What it shall let its holder do.
    pub role: TokenRole,
    /// In whose name, for an agent's.
    pub manus_id: Option<ManusId>,
    /// What people shall call it.
    pub label: String,
    /// When it shall end by itself.
    pub expires_at_ms: Option<TimeMs>,
}

/// A token that was just made.
#[derive(Debug, Clone)]
pub struct Minted {
    /// What is known of it from now on.
    pub token: Arc<Token>,
    /// All of it, to be shown once.
    pub whole: String,
    /// False where a repeated call found it made already.
    pub fresh: bool,
}

/// Why an agent was not enrolled.
#[derive(Debug, Clone, PartialEq)]
pub enum NotEnrolled {
    /// The name is somebody's: only its holder or an admin decides what becomes of it.
    NameTaken,
    /// What was shown lets nobody in (any more).
    BadToken(BadToken),
    /// It could not be stored.
    Failed(Failure),
}

impl Access {
    /// Reads the tokens from the store.
    pub(crate) async fn load(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Result<Self, StoreError> {
        let loaded = store.tokens(clock.now_ms()).await?;
        let known = loaded.rows.into_iter().map(|row| (row.token.id.clone(), row)).collect();
        Ok(Self {
            store,
            clock,
            enrolment_key: loaded.enrolment_key,
            known: RwLock::new(known),
            changing: Mutex::default(),
            changed: watch::Sender::new(()),
        })
    }

    fn known(&self) -> RwLockReadGuard<'_, HashMap<String, TokenRow>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whose token this is. Sessions are none.
    pub fn holder(&self, shown: &str) -> Result<Arc<Token>, BadToken> {
        self.recognise(shown, false)
    }

    /// Whose session this is. Tokens are none.
    pub fn session(&self, shown: &str) -> Result<Arc<Token>, BadToken> {
        self.recognise(shown, true)
    }

    fn recognise(&self, shown: &str, session: bool) -> Result<Arc<Token>, BadToken> {
        let id = token::public_part(shown).ok_or(BadToken::Malformed)?;
        let known = self.known();
        let row = known.get(id).filter(|row| row.token.session == session).ok_or(BadToken::Unknown)?;
        if !token::same(&row.hash, &token::hash(shown)) {
            return Err(BadToken::Unknown);
        }
        match row.token.trouble(self.clock.now_ms()) {
            Some(trouble) => Err(trouble),
            None => Ok(row.token.clone()),
        }
    }

    /// Waits until a token lets nobody in any more.
    pub async fn ended(&self, token: &Token) {
        let mut changed = self.changed.subscribe();
        loop {
            let known = self.known().get(&token.id).map(|row| row.token.clone());
            let Some(known) = known.filter(|known| known.trouble(self.clock.now_ms()).is_none()) else {
                return;
            };
            let expired = async {
                match known.expires_at_ms {
                    Some(at_ms) => self.clock.sleep_until(at_ms).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                // The sender lives as long as this.
                _ = changed.changed() => {}
                () = expired => {}
            }
        }
    }

    /// All tokens and sessions, those taken back too, in the order in which they were made.
    pub fn list(&self) -> Vec<Arc<Token>> {
        let mut all: Vec<_> = self.known().values().map(|row| row.token.clone()).collect();
        all.sort_by(|a, b| (a.created_at_ms, &a.id).cmp(&(b.created_at_ms, &b.id)));
        all
    }

    /// The token or session with this public part.
    pub fn find(&self, id: &str) -> Option<Arc<Token>> {
        self.known().get(id).map(|row| row.token.clone())
    }

    /// Makes a token.
    pub async fn create(&self, new: NewToken) -> Result<Minted, Failure> {
        let _changing = self.changing.lock().await;
        self.mint(draw()?, new, None, false, true).await
    }

    /// Begins a browser's session, which can do what the token can whose holder logs in. It ends with that token.
    pub async fn begin_session(&self, of: &Token) -> Result<Minted, Failure> {
        let _changing = self.changing.lock().await;
        let end = self.clock.now_ms() + SESSION_MS;
        let new = NewToken {
            role: of.role,
            manus_id: of.manus_id.clone(),
            label: of.label.clone(),
            expires_at_ms: Some(of.expires_at_ms.map_or(end, |sooner| sooner.min(end))),
        };
        let kept = self.known().get(&of.id).is_some_and(|row| row.kept);
        self.mint(draw()?, new, Some(of.id.clone()), true, kept).await
    }

    /// Makes the token of a new agent, for whoever shows this token, all of it. `is_taken` says whether the project knows the name
    /// already. With a request id, repeating it answers the same.
    pub async fn enrol(
        &self,
        shown: &str,
        manus_id: &ManusId,
        request_id: Option<&RequestId>,
        is_taken: bool,
    ) -> Result<Minted, NotEnrolled> {
        let _changing = self.changing.lock().await;
        let with = self.holder(shown).map_err(NotEnrolled::BadToken)?;
        let draw = match request_id {
            Some(request_id) => {
                // The key, the names and the request id stand in the database, and in its backups. The secret of what was shown does
                // not, so nobody finds the token by reading there.
                let words = ["enrol", shown, manus_id.as_str(), request_id.as_str()];
                Draw::derived(self.enrolment_key.as_bytes(), &words)
            }
            None => draw().map_err(NotEnrolled::Failed)?,
        };
        let again = self.known().get(&draw.id()).map(|row| row.token.clone());
        if let Some(token) = again.filter(|token| token.manus_id.as_ref() == Some(manus_id)) {
            let whole = draw.whole(token::prefix(TokenRole::Agent, false));
            return Ok(Minted { token, whole, fresh: false });
        }
        let named = |row: &TokenRow| row.token.manus_id.as_ref() == Some(manus_id);
        if is_taken || self.known().values().any(named) {
            return Err(NotEnrolled::NameTaken);
        }
        let new = NewToken {
            role: TokenRole::Agent,
            manus_id: Some(manus_id.clone()),
            label: manus_id.to_string(),
            expires_at_ms: None,
        };
        self.mint(draw, new, Some(with.id.clone()), false, true).await.map_err(NotEnrolled::Failed)
    }

    async fn mint(
        &self,
        draw: Draw,
        new: NewToken,
        parent: Option<String>,
        session: bool,
        kept: bool,
    ) -> Result<Minted, Failure> {
        let NewToken { role, manus_id, label, expires_at_ms } = new;
        let whole = draw.whole(token::prefix(role, session));
        let token = Arc::new(Token {
            id: draw.id(),
            role,
            manus_id,
            label,
            parent,
            session,
            created_at_ms: self.clock.now_ms(),
            expires_at_ms,
            revoked_at_ms: None,
        });
        let row = TokenRow { token: token.clone(), hash: token::hash(&whole), kept };
        self.write(vec![row.clone()]).await?;
        self.remember(vec![row]);
        Ok(Minted { token, whole, fresh: true })
    }

    /// Takes a token or session back, with the sessions that came of it; with `and_enrolled` also the agents' tokens that did.
    /// Answers all that let nobody in from now on because of this; nothing where there is no such token.
    pub async fn revoke(&self, id: &str, and_enrolled: bool) -> Result<Vec<Arc<Token>>, Failure> {
        let _changing = self.changing.lock().await;
        let now_ms = self.clock.now_ms();
        let revoked = |row: &TokenRow| {
            let mut token = Token::clone(&row.token);
            token.revoked_at_ms.get_or_insert(now_ms);
            TokenRow { token: Arc::new(token), hash: row.hash, kept: row.kept }
        };
        let rows: Vec<TokenRow> = self.descent(id, and_enrolled).iter().map(revoked).collect();
        // First here: should the disk fail, then rather one who may is kept out than one who may not is let in.
        self.remember(rows.clone());
        let tokens = rows.iter().map(|row| row.token.clone()).collect();
        self.write(rows).await?;
        Ok(tokens)
    }

    /// A token and what came of it.
    fn descent(&self, id: &str, and_enrolled: bool) -> Vec<TokenRow> {
        let known = self.known();
        let mut found: Vec<TokenRow> = known.get(id).cloned().into_iter().collect();
        let mut next = 0;
        while let Some(parent) = found.get(next).map(|row| row.token.id.clone()) {
            let of = |row: &&TokenRow| row.token.parent.as_ref() == Some(&parent);
            found.extend(known.values().filter(of).filter(|row| row.token.session || and_enrolled).cloned());
            next += 1;
        }
        found
    }

    /// Makes the key of whoever owns the project's folder: an admin's token that is never stored and lasts as long as this
    /// process. Answers all of it.
    pub(crate) fn make_local(&self) -> Result<String, Failure> {
        let draw = draw()?;
        let whole = draw.whole(token::prefix(TokenRole::Admin, false));
        let token = Token {
            id: draw.id(),
            role: TokenRole::Admin,
            manus_id: None,
            label: "the project's folder".to_owned(),
            parent: None,
            session: false,
            created_at_ms: self.clock.now_ms(),
            expires_at_ms: None,
            revoked_at_ms: None,
        };
        self.remember(vec![TokenRow { hash: token::hash(&whole), token: Arc::new(token), kept: false }]);
        Ok(whole)
    }

    fn remember(&self, rows: Vec<TokenRow>) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.extend(rows.into_iter().map(|row| (row.token.id.clone(), row)));
        drop(known);
        self.changed.send_replace(());
    }

    /// In a task of its own: a caller that hangs up must not leave the connection in the middle of a statement.
    async fn write(&self, mut rows: Vec<TokenRow>) -> Result<(), Failure> {
        rows.retain(|row| row.kept);
        if rows.is_empty() {
            return Ok(());
        }
        let store = self.store.clone();
        let written = tokio::spawn(async move { store.write_tokens(&rows).await }).await;
        let broke = |_| StoreError::plain("the tokens could not be written");
        written.map_err(broke).flatten().map_err(StoreError::into_failure)
    }
}

fn draw() -> Result<Draw, Failure> {
    Draw::random().map_err(|error| {
        tracing::error!(%error, "The system gives no random numbers");
        Failure::Unavailable { reason: "the system gives no random numbers".to_owned() }
    })
}
