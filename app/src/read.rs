//! Reads JSON in the browser, with little code for each type.
//!
//! serde_json reads text straight into any type, which takes all of its parser for each of them, twice: it lets a struct be
//! written as a list, too. Here the text becomes a tree first, by the one copy of the parser; taking a type out of the tree is
//! short. That is a quarter slower and, with the hundred shapes of this project, 20 KB less to load. Structs are read in the order
//! of their fields, as if they were lists: what serde derives for that is half as long as what looks at each name.

use std::fmt;

use engine::Json;
use serde::de::value::{MapAccessDeserializer, StringDeserializer};
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error as _, Expected, MapAccess, SeqAccess, Unexpected,
    Visitor,
};

/// Reads a value from its JSON. Fails, with the reason, where that is not of the value's shape.
pub fn from_json<T: DeserializeOwned>(text: &[u8]) -> Result<T, Error> {
    T::deserialize(Tree(tree(text)?))
}

/// Not generic: the one place where text is parsed.
fn tree(text: &[u8]) -> Result<Json, Error> {
    serde_json::from_slice(text).map_err(Error::custom)
}

/// Why something cannot be read.
#[derive(Debug)]
pub struct Error(String);

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

impl serde::de::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }

    // serde would tell what it found, too, and bring with it all that it takes to write fractions.
    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_value(found, expected)
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        match found {
            Unexpected::Str(found) => Self(format!("expected {expected}, found {found:?}")),
            _ => Self(format!("expected {expected}")),
        }
    }
}

/// A value to be taken apart.
struct Tree(Json);

impl Tree {
    /// It is not what was expected.
    #[cold]
    fn odd(&self, expected: &dyn Expected) -> Error {
        let found = match &self.0 {
            Json::Text(value) => Unexpected::Str(value),
            _ => Unexpected::Other(""),
        };
        Error::invalid_type(found, expected)
    }

    fn number<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Json::Int(value) => visitor.visit_i64(value),
            Json::UInt(value) => visitor.visit_u64(value),
            Json::Float(value) => visitor.visit_f64(value),
            _ => Err(self.odd(&visitor)),
        }
    }
}

/// Methods that read all kinds of numbers alike.
macro_rules! numbers {
    ($($name:ident)+) => {$(
        fn $name<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            self.number(visitor)
        }
    )+};
}

impl<'de> Deserializer<'de> for Tree {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Json::Null => visitor.visit_unit(),
            Json::Bool(value) => visitor.visit_bool(value),
            Json::Int(_) | Json::UInt(_) | Json::Float(_) => self.number(visitor),
            Json::Text(value) => visitor.visit_string(value),
            Json::List(items) => visitor.visit_seq(Items(items.into_iter())),
            Json::Object(fields) => visitor.visit_map(Fields::new(fields)),
        }
    }

    numbers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_u8 deserialize_u16 deserialize_u32
        deserialize_u64 deserialize_f32 deserialize_f64
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Json::Bool(value) => visitor.visit_bool(value),
            _ => Err(self.odd(&visitor)),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Json::Text(value) => visitor.visit_string(value),
            _ => Err(self.odd(&visitor)),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Json::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Json::List(items) => visitor.visit_seq(Items(items.into_iter())),
            _ => Err(self.odd(&visitor)),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _length: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Json::Object(fields) => visitor.visit_map(Fields::new(fields)),
            _ => Err(self.odd(&visitor)),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.0 {
            Json::Object(values) => {
                let mut order = InOrder { fields: fields.iter(), values, at: 0, missing: None };
                visitor.visit_seq(&mut order).map_err(|error| order.explain(error))
            }
            _ => Err(self.odd(&visitor)),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.0 {
            Json::Text(name) => visitor.visit_enum(StringDeserializer::new(name)),
            Json::Object(fields) => visitor.visit_enum(MapAccessDeserializer::new(Fields::new(fields))),
            _ => Err(self.odd(&visitor)),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! { i128 u128 char bytes byte_buf unit unit_struct tuple_struct }
}

/// The items of a list.
struct Items(std::vec::IntoIter<Json>);

impl<'de> SeqAccess<'de> for Items {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        self.0.next().map(|item| seed.deserialize(Tree(item))).transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

/// The fields of a struct in the order in which it declares them, wherever they stand.
struct InOrder {
    fields: std::slice::Iter<'static, &'static str>,
    values: Vec<(String, Json)>,
    /// Where the next one most likely is.
    at: usize,
    /// The last one that was asked for, if it is not there.
    missing: Option<&'static str>,
}

impl InOrder {
    /// The value of the next field; `None` after the last. One that is not there is like `null`.
    fn value(&mut self) -> Option<Json> {
        let name = *self.fields.next()?;
        let is_it = |(other, _): &(String, Json)| other == name;
        let (before, after) = self.values.split_at(self.at.min(self.values.len()));
        let found = after.iter().position(is_it).map(|place| self.at + place);
        let found = found.or_else(|| before.iter().position(is_it));
        self.missing = if found.is_none() { Some(name) } else { None };
        let found = found.and_then(|place| {
            self.at = place + 1;
            self.values.get_mut(place)
        });
        Some(found.map(|(_, value)| std::mem::take(value)).unwrap_or_default())
    }

    /// What is wrong, where serde only knows the number of the field.
    fn explain(&self, error: Error) -> Error {
        self.missing.map_or(error, Error::missing_field)
    }
}

impl<'de> SeqAccess<'de> for &mut InOrder {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        let Some(value) = self.value() else { return Ok(None) };
        match seed.deserialize(Tree(value)) {
            Ok(value) => Ok(Some(value)),
            // What is not there may have a default.
            Err(_) if self.missing.is_some() => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// The fields of an object.
struct Fields {
    rest: std::vec::IntoIter<(String, Json)>,
    value: Json,
}

impl Fields {
    fn new(fields: Vec<(String, Json)>) -> Self {
        Self { rest: fields.into_iter(), value: Json::Null }
    }
}

impl<'de> MapAccess<'de> for Fields {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        let Some((key, value)) = self.rest.next() else { return Ok(None) };
        self.value = value;
        seed.deserialize(StringDeserializer::new(key)).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Error> {
        seed.deserialize(Tree(std::mem::take(&mut self.value)))
    }
}

#[cfg(test)]
mod tests {
    use engine::Record;
    use engine::view::Snapshot;

    use super::*;
    use crate::api::ApiError;
    use crate::live::script::script;

    #[test]
    fn reads_what_the_server_writes() {
        let mut project = script();
        project.agent("a", &["rust"]);
        let first = project.task("one", 10, &[], &[]);
        project.task("two", 10, &[&first], &[]);
        project.start("a", &first);
        project.claim("a", &["src/x.rs", "docs/"]);
        project.message("a", "supervisor", "hello");
        project.complete(&first);
        project.release("a", &["docs/"], Some("supervisor"));
        for record in project.news() {
            let json = serde_json::to_vec(&record).unwrap();
            assert_eq!(from_json::<Record>(&json).unwrap(), record);
        }
        let json = serde_json::to_vec(&project.snapshot()).unwrap();
        assert_eq!(from_json::<Snapshot>(&json).unwrap(), project.snapshot());
        let error = ApiError::invalid("title", "the title is empty");
        let json = serde_json::to_vec(&error).unwrap();
        assert_eq!(from_json::<ApiError>(&json).unwrap().detail, error.detail);
    }

    #[test]
    fn says_what_is_wrong() {
        let why = |text: &str| from_json::<Snapshot>(text.as_bytes()).unwrap_err().to_string();
        assert!(why("{").contains("EOF"), "{}", why("{"));
        assert_eq!(why("[]"), "expected struct Snapshot");
        assert_eq!(why("{}"), "missing field `seq`");
        assert_eq!(why(r#"{"seq":"x"}"#), r#"expected u64, found "x""#);
    }

    #[test]
    fn fields_stand_in_any_order_and_may_have_defaults() {
        #[derive(Debug, PartialEq, serde::Deserialize)]
        struct Shape {
            first: u8,
            maybe: Option<String>,
            #[serde(default)]
            list: Vec<u8>,
            last: bool,
        }
        let read = |text: &str| from_json::<Shape>(text.as_bytes());
        let whole = Shape { first: 1, maybe: Some("x".into()), list: vec![2], last: true };
        assert_eq!(read(r#"{"last":true,"more":{},"list":[2],"maybe":"x","first":1}"#).unwrap(), whole);
        let least = Shape { first: 1, maybe: None, list: Vec::new(), last: true };
        assert_eq!(read(r#"{"first":1,"last":true}"#).unwrap(), least);
        assert_eq!(read(r#"{"first":1}"#).unwrap_err().to_string(), "missing field `last`");
        assert_eq!(read(r#"{"first":1,"list":[true]}"#).unwrap_err().to_string(), "expected u8");
    }
}
