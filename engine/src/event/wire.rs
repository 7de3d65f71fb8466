//! A record on the wire: `{"seq", "at_ms", "by", "kind", "data"}`, in this order.
//!
//! By hand, because what serde derives for a flattened, tagged enum takes every event apart into a tree of values first, in
//! case the kind should come after the data. Here it comes before, so an event is read in one go; and the browser, which reads
//! records too, is spared a second copy of the code for each kind.

use std::fmt;

use serde::de::value::StrDeserializer;
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, EnumAccess, Error as _, IgnoredAny, MapAccess, VariantAccess,
    Visitor,
};
use serde::ser::{Impossible, Serialize, SerializeMap, Serializer};

use super::{Event, Record};

const FIELDS: [&str; 5] = ["seq", "at_ms", "by", "kind", "data"];

impl Serialize for Record {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(FIELDS.len()))?;
        map.serialize_entry("seq", &self.seq)?;
        map.serialize_entry("at_ms", &self.at_ms)?;
        map.serialize_entry("by", &self.by)?;
        map.serialize_entry("kind", self.event.kind())?;
        map.serialize_entry("data", &Data(&self.event))?;
        map.end()
    }
}

/// An event without its kind.
struct Data<'a>(&'a Event);

impl Serialize for Data<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(WithoutKind(serializer))
    }
}

impl<'de> Deserialize<'de> for Record {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct RecordVisitor;

        impl<'de> Visitor<'de> for RecordVisitor {
            type Value = Record;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an event with its seq, at_ms, by, kind and data")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Record, A::Error> {
                let (mut seq, mut at_ms, mut by, mut event) = (None, None, None, None);
                let mut kind: Option<String> = None;
                while let Some(name) = map.next_key::<String>()? {
                    match name.as_str() {
                        "seq" => seq = Some(map.next_value()?),
                        "at_ms" => at_ms = Some(map.next_value()?),
                        "by" => by = map.next_value()?,
                        "kind" => kind = Some(map.next_value()?),
                        "data" => {
                            let kind =
                                kind.as_deref().ok_or_else(|| A::Error::custom("data comes before kind"))?;
                            event = Some(map.next_value_seed(OfKind(kind))?);
                        }
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(Record {
                    seq: seq.ok_or_else(|| A::Error::missing_field("seq"))?,
                    at_ms: at_ms.ok_or_else(|| A::Error::missing_field("at_ms"))?,
                    by,
                    event: event.ok_or_else(|| A::Error::missing_field("data"))?,
                })
            }
        }

        deserializer.deserialize_map(RecordVisitor)
    }
}

/// Reads the data of an event whose kind is known.
struct OfKind<'k>(&'k str);

impl<'de> DeserializeSeed<'de> for OfKind<'_> {
    type Value = Event;

    fn deserialize<D: Deserializer<'de>>(self, data: D) -> Result<Event, D::Error> {
        Event::deserialize(KindAndData { kind: self.0, data })
    }
}

/// Kind and data as what serde takes an enum to be: a name, and something of the shape that goes with it.
struct KindAndData<'k, D> {
    kind: &'k str,
    data: D,
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for KindAndData<'_, D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        visitor.visit_enum(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de, D: Deserializer<'de>> EnumAccess<'de> for KindAndData<'_, D> {
    type Error = D::Error;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), D::Error> {
        let kind = seed.deserialize(StrDeserializer::<D::Error>::new(self.kind))?;
        Ok((kind, self))
    }
}

impl<'de, D: Deserializer<'de>> VariantAccess<'de> for KindAndData<'_, D> {
    type Error = D::Error;

    fn unit_variant(self) -> Result<(), D::Error> {
        Err(D::Error::custom("every event has fields"))
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, D::Error> {
        seed.deserialize(self.data)
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, D::Error> {
        self.data.deserialize_tuple(length, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.data.deserialize_struct("data", fields, visitor)
    }
}

/// Writes the fields of an enum's variant as a struct, and nothing else.
struct WithoutKind<S>(S);

/// What an event is not.
macro_rules! never {
    ($($name:ident($($argument:ident: $type:ty),*),)+) => {$(
        fn $name(self, $($argument: $type),*) -> Result<S::Ok, S::Error> {
            Err(not_an_event())
        }
    )+};
}

fn not_an_event<E: serde::ser::Error>() -> E {
    E::custom("only events are written so, and every event has fields")
}

type None<S> = Impossible<<S as Serializer>::Ok, <S as Serializer>::Error>;

impl<S: Serializer> Serializer for WithoutKind<S> {
    type Ok = S::Ok;
    type Error = S::Error;
    type SerializeSeq = None<S>;
    type SerializeTuple = None<S>;
    type SerializeTupleStruct = None<S>;
    type SerializeTupleVariant = None<S>;
    type SerializeMap = None<S>;
    type SerializeStruct = None<S>;
    type SerializeStructVariant = Fields<S::SerializeStruct>;

    fn serialize_struct_variant(
        self,
        name: &'static str,
        _index: u32,
        _variant: &'static str,
        length: usize,
    ) -> Result<Self::SerializeStructVariant, S::Error> {
        self.0.serialize_struct(name, length).map(Fields)
    }

    never! {
        serialize_bool(_v: bool), serialize_i8(_v: i8), serialize_i16(_v: i16), serialize_i32(_v: i32),
        serialize_i64(_v: i64), serialize_u8(_v: u8), serialize_u16(_v: u16), serialize_u32(_v: u32),
        serialize_u64(_v: u64), serialize_f32(_v: f32), serialize_f64(_v: f64), serialize_char(_v: char),
        serialize_str(_v: &str), serialize_bytes(_v: &[u8]), serialize_none(), serialize_unit(),
        serialize_unit_struct(_n: &'static str),
        serialize_unit_variant(_n: &'static str, _i: u32, _v: &'static str),
    }

    fn serialize_some<T: ?Sized + Serialize>(self, _value: &T) -> Result<S::Ok, S::Error> {
        Err(not_an_event())
    }

    fn serialize_newtype_struct<T: ?Sized + Serialize>(
        self,
        _name: &'static str,
        _value: &T,
    ) -> Result<S::Ok, S::Error> {
        Err(not_an_event())
    }

    fn serialize_newtype_variant<T: ?Sized + Serialize>(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _value: &T,
    ) -> Result<S::Ok, S::Error> {
        Err(not_an_event())
    }

    fn serialize_seq(self, _length: Option<usize>) -> Result<None<S>, S::Error> {
        Err(not_an_event())
    }

    fn serialize_tuple(self, _length: usize) -> Result<None<S>, S::Error> {
        Err(not_an_event())
    }

    fn serialize_tuple_struct(self, _name: &'static str, _length: usize) -> Result<None<S>, S::Error> {
        Err(not_an_event())
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _length: usize,
    ) -> Result<None<S>, S::Error> {
        Err(not_an_event())
    }

    fn serialize_map(self, _length: Option<usize>) -> Result<None<S>, S::Error> {
        Err(not_an_event())
    }

    fn serialize_struct(self, _name: &'static str, _length: usize) -> Result<None<S>, S::Error> {
        Err(not_an_event())
    }
}

/// The fields of a variant, as those of a struct.
struct Fields<S>(S);

impl<S: serde::ser::SerializeStruct> serde::ser::SerializeStructVariant for Fields<S> {
    type Ok = S::Ok;
    type Error = S::Error;

    fn serialize_field<T: ?Sized + Serialize>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), S::Error> {
        self.0.serialize_field(name, value)
    }

    fn end(self) -> Result<S::Ok, S::Error> {
        self.0.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::ReturnCause;
    use crate::ids::{ManusId, TaskId};

    fn check(record: &Record, json: &str) {
        assert_eq!(serde_json::to_string(record).unwrap(), json);
        assert_eq!(serde_json::from_str::<Record>(json).unwrap(), *record);
        // The hub makes records of parsed values, too.
        let value: serde_json::Value = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_value(record).unwrap(), value);
    }

    #[test]
    fn comes_out_as_it_went_in() {
        let event = Event::ServerStarted {};
        check(
            &Record { seq: 7, at_ms: 1, by: None, event },
            r#"{"seq":7,"at_ms":1,"by":null,"kind":"server_started","data":{}}"#,
        );
        let by = Some(ManusId::new("ada").unwrap());
        let event =
            Event::TaskReturned { task_id: TaskId::numbered(3), cause: ReturnCause::Lost, reason: None };
        check(
            &Record { seq: 8, at_ms: 2, by, event },
            r#"{"seq":8,"at_ms":2,"by":"ada","kind":"task_returned","data":{"task_id":"T3","cause":"lost","reason":null}}"#,
        );
    }

    #[test]
    fn what_is_no_record_is_refused_with_a_reason() {
        let why = |json: &str| serde_json::from_str::<Record>(json).unwrap_err().to_string();
        assert!(
            why(r#"{"seq":7,"at_ms":1,"by":null,"data":{},"kind":"server_started"}"#).contains("before kind")
        );
        assert!(
            why(r#"{"seq":7,"at_ms":1,"by":null,"kind":"server_started"}"#).contains("missing field `data`")
        );
        assert!(
            why(r#"{"seq":7,"at_ms":1,"by":null,"kind":"tea_time","data":{}}"#).contains("unknown variant")
        );
        assert!(
            why(r#"{"seq":7,"at_ms":1,"by":null,"kind":"task_completed","data":{}}"#)
                .contains("missing field")
        );
        assert!(
            serde_json::from_str::<Record>(
                r#"{"seq":1,"at_ms":1,"by":null,"later":[1],"kind":"server_started","data":{}}"#
            )
            .is_ok()
        );
    }
}
