//! Names that stand twice in one object of a message: refused, as everywhere else. Parsers differ in which of the two counts, and so
//! would whoever looks at a message and whoever carries it out.

use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// The first name that stands twice in one object anywhere in this, if it is JSON.
pub fn doubled(body: &[u8]) -> Option<String> {
    let error = serde_json::from_slice::<Looked>(body).err()?.to_string();
    let (_, rest) = error.split_once(MARK)?;
    rest.rsplit_once(MARK).map(|(name, _)| name.to_owned())
}

/// Around the name, in an error that says no more than that.
const MARK: char = '\u{1}';

/// A value that has been looked at.
struct Looked;

impl<'de> Deserialize<'de> for Looked {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Looked)
    }
}

impl<'de> Visitor<'de> for Looked {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self, A::Error> {
        let mut names = HashSet::new();
        while let Some(name) = map.next_key::<String>()? {
            map.next_value::<Looked>()?;
            if let Some(name) = names.replace(name) {
                return Err(Error::custom(format!("{MARK}{name}{MARK}")));
            }
        }
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self, A::Error> {
        while items.next_element::<Looked>()?.is_some() {}
        Ok(self)
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_stand_twice() {
        let doubled = |text: &str| doubled(text.as_bytes());
        assert_eq!(doubled(r#"{"a": 1, "b": [{"c": null}], "c": {"a": -2.5}}"#), None);
        assert_eq!(doubled(r#"{"a": 1, "b": 2, "a": 1}"#).as_deref(), Some("a"));
        assert_eq!(doubled(r#"[true, {"x": {"files": "y", "f\u0069les": 9}}]"#).as_deref(), Some("files"));
        assert_eq!(doubled(r#"{"a": 1, "a""#), None, "what is no JSON is somebody else's to refuse");
    }
}
