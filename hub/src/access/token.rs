//! What a token is, and how one is made and recognised.

use engine::{ManusId, TimeMs};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// What a token lets its holder do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum TokenRole {
    /// Everything, in anybody's name.
    Admin,
    /// What agents do, in the name of one agent alone.
    Agent,
    /// To look, and nothing else.
    Viewer,
    /// To register agents of new names, each of which gets a token of its own.
    Enrolment,
}

impl TokenRole {
    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Agent => "agent",
            Self::Viewer => "viewer",
            Self::Enrolment => "enrolment",
        }
    }
}

/// A token, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Token {
    /// The part of it that may be seen.
    pub id: String,
    /// What it lets its holder do.
    pub role: TokenRole,
    /// The agent in whose name it may act, of an agent's token.
    pub manus_id: Option<ManusId>,
    /// What people call it.
    pub label: String,
    /// The token that it came of: by logging in with it, or by being enrolled with it.
    pub parent: Option<String>,
    /// Whether it is a session of a browser.
    pub session: bool,
    /// When it was made.
    pub created_at_ms: TimeMs,
    /// When it ends by itself.
    pub expires_at_ms: Option<TimeMs>,
    /// When it was taken back.
    pub revoked_at_ms: Option<TimeMs>,
}

impl Token {
    /// Why it lets nobody in, if so.
    pub fn trouble(&self, now_ms: TimeMs) -> Option<BadToken> {
        if self.revoked_at_ms.is_some() {
            Some(BadToken::Revoked)
        } else if self.expires_at_ms.is_some_and(|end| end <= now_ms) {
            Some(BadToken::Expired)
        } else {
            None
        }
    }
}

/// Why a token lets nobody in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadToken {
    /// It does not look like one.
    #[error("what was sent is no token of manus-sync")]
    Malformed,
    /// There is no such token here.
    #[error("this project knows no such token")]
    Unknown,
    /// Its time is over.
    #[error("this token has expired")]
    Expired,
    /// It was taken back.
    #[error("this token was revoked")]
    Revoked,
}

/// SHA-256 of a whole token.
pub(crate) type Hash = [u8; 32];

/// How many characters the public part has.
const ID_LENGTH: usize = 8;
/// Letters and digits that are not mistaken for one another, five bits each.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Public and secret part of a new token: 40 and 160 bits.
pub(super) struct Draw {
    id: [u8; 5],
    secret: [u8; 20],
}

impl Draw {
    /// At random, from the operating system.
    pub(super) fn random() -> Result<Self, getrandom::Error> {
        let mut draw = Self { id: [0; 5], secret: [0; 20] };
        getrandom::fill(&mut draw.id)?;
        getrandom::fill(&mut draw.secret)?;
        Ok(draw)
    }

    /// Of a key and words: for those who lack the key or one of the words, as good as at random; the same again for the same words.
    pub(super) fn derived(key: &[u8], words: &[&str]) -> Self {
        let mut hash = Sha256::new();
        hash.update(key);
        for word in words {
            hash.update((word.len() as u64).to_be_bytes());
            hash.update(word);
        }
        // The rest of the hash is kept back, so that nobody can go on from it to the hash of longer words.
        let hash: Hash = hash.finalize().into();
        let mut draw = Self { id: [0; 5], secret: [0; 20] };
        draw.id.copy_from_slice(&hash[..5]);
        draw.secret.copy_from_slice(&hash[5..25]);
        draw
    }

    pub(super) fn id(&self) -> String {
        written(&self.id)
    }

    /// The whole token, as it is shown once.
    pub(super) fn whole(&self, prefix: &str) -> String {
        format!("{prefix}{}_{}", written(&self.id), written(&self.secret))
    }
}

/// Bytes, five at a time, as letters and digits.
fn written(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 8 / 5);
    for five in bytes.chunks(5) {
        let bits = five.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
        for place in (0..8).rev() {
            text.push(char::from(ALPHABET[(bits >> (place * 5) & 31) as usize]));
        }
    }
    text
}

/// What all tokens begin with, so that people and scanners for lost secrets know what they have found.
pub(super) const fn prefix(role: TokenRole, session: bool) -> &'static str {
    match role {
        _ if session => "mss_",
        TokenRole::Enrolment => "mse_",
        TokenRole::Admin | TokenRole::Agent | TokenRole::Viewer => "msk_",
    }
}

/// Whether this looks like a token that does nothing but enrol agents.
pub fn only_enrols(shown: &str) -> bool {
    shown.starts_with(prefix(TokenRole::Enrolment, false))
}

/// The public part of what was shown, where that looks like a token or session.
pub(super) fn public_part(shown: &str) -> Option<&str> {
    let rest = ["msk_", "mse_", "mss_"].iter().find_map(|prefix| shown.strip_prefix(prefix))?;
    let (id, secret) = rest.split_once('_')?;
    let fits =
        |text: &str, length: usize| text.len() == length && text.bytes().all(|b| ALPHABET.contains(&b));
    (fits(id, ID_LENGTH) && fits(secret, 32)).then_some(id)
}

/// What is kept of a token.
pub(super) fn hash(whole: &str) -> Hash {
    Sha256::digest(whole).into()
}

/// In a time that says nothing about where they differ.
pub(super) fn same(a: &Hash, b: &Hash) -> bool {
    a.ct_eq(b).into()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn tokens_are_long_random_and_recognised() {
        let tokens: BTreeSet<String> = (0..1_000).map(|_| Draw::random().unwrap().whole("msk_")).collect();
        assert_eq!(tokens.len(), 1_000);
        for token in &tokens {
            assert_eq!(token.len(), 4 + 8 + 1 + 32);
            assert_eq!(public_part(token), Some(&token[4..12]));
        }
        for bad in
            ["", "msk_", "msk_00000000", "msk_00000000_x", "sk_00000000_0", "msk_0000000u_0", "msk_é_é"]
        {
            assert_eq!(public_part(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn every_bit_is_written() {
        assert_eq!(written(&[0; 5]), "00000000");
        assert_eq!(written(&[255; 5]), "zzzzzzzz");
        assert_eq!(written(&[0, 0, 0, 0, 1]), "00000001");
        assert_eq!(written(&[128, 0, 0, 0, 0]), "g0000000");
    }

    #[test]
    fn derived_ones_depend_on_every_word_and_on_the_key() {
        let whole = |key: &[u8], words: &[&str]| Draw::derived(key, words).whole("msk_");
        let one = whole(b"key", &["ada", "r1"]);
        assert_eq!(one, whole(b"key", &["ada", "r1"]));
        let others =
            [whole(b"kez", &["ada", "r1"]), whole(b"key", &["adar", "1"]), whole(b"key", &["ada", "r1", ""])];
        assert!(!others.contains(&one));
    }
}
