//! What an agent can do, and what a task asks for.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::ids::{BadId, shortened};

/// A skill or technology, such as `python`: 1 to 64 printable characters, kept as given, compared without regard to case.
#[derive(Debug, Clone)]
pub struct Capability(Arc<str>);

/// The most characters a capability may have.
pub const CAPABILITY_MAX: usize = 64;

impl Capability {
    /// Checks and wraps; surrounding blanks are dropped.
    pub fn new(text: &str) -> Result<Self, BadId> {
        let text = text.trim();
        if !text.is_empty() && text.chars().count() <= CAPABILITY_MAX && !text.chars().any(char::is_control) {
            return Ok(Self(text.into()));
        }
        Err(BadId(format!(
            "{:?} is not a capability: use 1 to {CAPABILITY_MAX} printable characters, like python",
            shortened(text)
        )))
    }

    /// The text as given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text by which capabilities are compared.
    fn folded(&self) -> impl Iterator<Item = char> {
        self.0.chars().flat_map(char::to_lowercase)
    }
}

impl PartialEq for Capability {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0 || self.folded().eq(other.folded())
    }
}

impl Eq for Capability {}

impl PartialOrd for Capability {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Capability {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.folded().cmp(other.folded())
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for Capability {
    type Err = BadId;

    fn from_str(text: &str) -> Result<Self, BadId> {
        Self::new(text)
    }
}

impl Serialize for Capability {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}
impl<'de> Deserialize<'de> for Capability {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::new(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_does_not_matter_but_is_kept() {
        let (given, other) = (Capability::new(" Python ").unwrap(), Capability::new("pYTHON").unwrap());
        assert_eq!(given, other);
        assert_eq!(given.cmp(&other), std::cmp::Ordering::Equal);
        assert_eq!(given.as_str(), "Python");
        for bad in ["", "  ", "a\nb", &"x".repeat(65)] {
            assert!(Capability::new(bad).is_err(), "{bad:?}");
        }
    }
}
