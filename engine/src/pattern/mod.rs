//! File patterns: what a claim covers, in one canonical spelling, and whether two of them can meet.
//!
//! A pattern is a file (`src/a.rs`), a folder with everything beneath (`src/`), or a glob (`src/*.rs`, `**/*.sql`). Special
//! characters are `*` (any run within a name), `?` (one character of a name) and `**` (any number of whole folders). Square
//! brackets are plain characters, since frameworks use them in file names (`app/[id]/page.tsx`).

mod meet;

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::ids::shortened;

/// The longest path accepted, in bytes.
pub const PATH_MAX: usize = 1024;
/// The canonical spelling of "the whole project".
const EVERYTHING: &str = "**";

/// Why a text names nothing inside the project.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadPattern {
    /// Nothing was named.
    #[error("a file path is empty; use \"./\" for the whole project")]
    Empty,
    /// Longer than [`PATH_MAX`].
    #[error("the path {0:?} is longer than {PATH_MAX} bytes")]
    TooLong(String),
    /// The path leaves the project.
    #[error("{0:?} lies outside the project; name paths inside the project root, relative to it")]
    Outside(String),
    /// A control character, a brace alternative, or `**` glued to other characters.
    #[error("{path:?} is not a usable pattern: {why}")]
    Malformed {
        /// The text as given.
        path: String,
        /// What is wrong and what to write instead.
        why: &'static str,
    },
}

/// What shape a pattern has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Exactly one path.
    File,
    /// Every path beneath a folder.
    Folder,
    /// Every path that fits wildcards.
    Glob,
}

/// A file, folder or glob in canonical spelling, relative to the project root with `/` between names. A folder ends in `/`;
/// the whole project is `**`. Two equal patterns have equal spelling.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FilePattern(Arc<str>);

impl FilePattern {
    /// Brings a project-relative spelling into canonical form: backslashes, `.`, `..`, doubled slashes, `src/**` for `src/`.
    ///
    /// Purely lexical. What needs the file system (absolute paths, letter case, Unicode form, whether a name is a folder) is
    /// settled by the caller before.
    pub fn new(text: &str) -> Result<Self, BadPattern> {
        check_text(text)?;
        let text = text.replace('\\', "/");
        if text.starts_with('/') {
            return Err(BadPattern::Outside(shortened(&text)));
        }
        let mut names: Vec<&str> = Vec::new();
        let mut beneath = true;
        for name in text.split('/') {
            beneath = matches!(name, "" | "." | "..");
            match name {
                "" | "." => {}
                // Leaving a `**` would need another pattern than one can write; nobody means it.
                ".." if names.pop().is_none_or(|left| left == "**") => {
                    return Err(BadPattern::Outside(shortened(&text)));
                }
                ".." => {}
                // `a/**/**/b` is `a/**/b`.
                "**" if names.last() == Some(&"**") => {}
                _ => names.push(name),
            }
        }
        Ok(Self::spelled(&names, beneath))
    }

    /// Joins checked names; `beneath` says that the text ended like a folder.
    fn spelled(names: &[&str], beneath: bool) -> Self {
        let names = match names.split_last() {
            Some((&"**", folder)) => return Self::folder(folder),
            _ => names,
        };
        if names.is_empty() || beneath { Self::folder(names) } else { Self(names.join("/").into()) }
    }

    fn folder(names: &[&str]) -> Self {
        if names.is_empty() { Self(EVERYTHING.into()) } else { Self((names.join("/") + "/").into()) }
    }

    /// The canonical spelling.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The shape.
    pub fn kind(&self) -> Kind {
        let wild = self.0.bytes().any(|b| matches!(b, b'*' | b'?'));
        match &*self.0 {
            EVERYTHING => Kind::Folder,
            _ if wild => Kind::Glob,
            text if text.ends_with('/') => Kind::Folder,
            _ => Kind::File,
        }
    }

    /// The names on the way from the root, without the mark of a folder. Of `**`: none.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let text = if &*self.0 == EVERYTHING { "" } else { self.0.trim_end_matches('/') };
        text.split('/').filter(|name| !name.is_empty())
    }

    /// The leading names that hold no wildcard: every path the pattern can match lies beneath them (or, for a file, is them).
    pub fn fixed_names(&self) -> impl Iterator<Item = &str> {
        self.names().take_while(|name| !name.contains(['*', '?']))
    }

    /// True exactly when one path could match both patterns, or when one is the name of what the other has as a folder: who claimed `new`
    /// before it was there, and made it a folder since, holds that.
    pub fn meets(&self, other: &Self) -> bool {
        match (self.kind(), other.kind()) {
            (Kind::File, Kind::File) => self == other,
            (Kind::Folder, Kind::File) => lies_in(&other.0, &self.0) || other.is_name_of(self),
            (Kind::File, Kind::Folder) => lies_in(&self.0, &other.0) || self.is_name_of(other),
            (Kind::Folder, Kind::Folder) => lies_in(&self.0, &other.0) || lies_in(&other.0, &self.0),
            _ => meet::meets(&self.segments(), &other.segments()),
        }
    }

    /// Whether this path is a folder's name.
    fn is_name_of(&self, folder: &Self) -> bool {
        folder.0.strip_suffix('/') == Some(&*self.0)
    }

    /// The pattern as whole-path segments; a folder is `folder/**/*`, at least one name beneath.
    fn segments(&self) -> Vec<&str> {
        let beneath = &*self.0 == EVERYTHING || self.0.ends_with('/');
        let tail: &[&str] = if beneath { &["**", "*"] } else { &[] };
        self.names().chain(tail.iter().copied()).collect()
    }
}

/// Whether a canonical path or folder is inside a canonical folder (or is that folder).
fn lies_in(path: &str, folder: &str) -> bool {
    folder == EVERYTHING || path.starts_with(folder)
}

fn check_text(text: &str) -> Result<(), BadPattern> {
    if text.is_empty() {
        return Err(BadPattern::Empty);
    }
    if text.len() > PATH_MAX {
        return Err(BadPattern::TooLong(shortened(text)));
    }
    let malformed = |why| Err(BadPattern::Malformed { path: shortened(text), why });
    if text.chars().any(char::is_control) {
        return malformed("it contains a control character");
    }
    if has_alternatives(text) {
        return malformed("alternatives in braces are not supported; name each one as an entry of its own");
    }
    if text.split(['/', '\\']).any(|name| name.contains("**") && name != "**") {
        return malformed("** stands for whole folders; write it alone between slashes, like src/**/*.rs");
    }
    Ok(())
}

/// `{a,b}` somewhere. Refused rather than taken literally: whoever writes it means alternatives, and would go unprotected.
fn has_alternatives(text: &str) -> bool {
    text.split('{')
        .skip(1)
        .any(|rest| rest.split('}').next().is_some_and(|inside| inside.contains(',')) && rest.contains('}'))
}

impl fmt::Display for FilePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for FilePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for FilePattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for FilePattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::new(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
