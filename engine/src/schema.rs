//! JSON Schemas of the small types, for the description of the API. Those of structs are derived where these stand.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::capability::{CAPABILITY_MAX, Capability};
use crate::event::{Event, Record};
use crate::ids::{ManusId, REQUEST_ID_MAX, RequestId, Seq, TaskId, TimeMs};
use crate::json::Json;
use crate::pattern::FilePattern;
use crate::values::{InstanceStatus, LockMode, Priority, Progress, Recipient, Role, TaskStatus};

/// Characters of names.
const NAME: &str = "[A-Za-z0-9_.:-]";
/// Control characters, as a set of a regular expression leaves them out.
const NO_CONTROL: &str = r"[^\u0000-\u001f\u007f-\u009f]";

/// Written in place, or named among the definitions.
macro_rules! schema {
    ($type:ident, inline $inline:literal, |$generator:ident| $schema:expr) => {
        impl JsonSchema for $type {
            fn inline_schema() -> bool {
                $inline
            }

            fn schema_name() -> Cow<'static, str> {
                Cow::Borrowed(stringify!($type))
            }

            fn json_schema($generator: &mut SchemaGenerator) -> Schema {
                $schema
            }
        }
    };
}

/// Closed vocabularies.
macro_rules! words {
    ($($type:ident,)+) => {
        $(schema!($type, inline true, |_generator| json_schema!({
            "type": "string",
            "enum": $type::ALL.iter().map(|word| word.as_str()).collect::<Vec<_>>(),
        }));)+
    };
}

schema!(ManusId, inline true, |_generator| json_schema!({
    "type": "string",
    "pattern": format!("^[A-Za-z0-9]{NAME}{{0,63}}$"),
}));

schema!(TaskId, inline true, |_generator| json_schema!({
    "type": "string",
    "pattern": format!("^{NAME}{{1,64}}$"),
}));

schema!(RequestId, inline true, |_generator| json_schema!({
    "type": "string",
    "minLength": 1,
    "maxLength": REQUEST_ID_MAX,
    "pattern": format!("^{NO_CONTROL}*$"),
}));

schema!(Capability, inline true, |_generator| json_schema!({
    "type": "string",
    "minLength": 1,
    "maxLength": CAPABILITY_MAX,
    "pattern": format!(r"^{NO_CONTROL}*[^\s\u0000-\u001f\u007f-\u009f]{NO_CONTROL}*$"),
}));

schema!(FilePattern, inline true, |_generator| json_schema!({ "type": "string" }));

schema!(Progress, inline true, |_generator| json_schema!({ "type": "integer", "minimum": 0, "maximum": 100 }));

schema!(Recipient, inline true, |_generator| json_schema!({
    "type": "string",
    "pattern": format!(r"^(\*|role:({})|(?!role:)[A-Za-z0-9]{NAME}{{0,63}})$", Role::ALL.iter().map(|role| role.as_str()).collect::<Vec<_>>().join("|")),
}));

schema!(Json, inline true, |_generator| json_schema!({}));

schema!(LockMode, inline true, |_generator| json_schema!({
    "type": "string",
    "enum": [LockMode::Exclusive.as_str(), LockMode::Shared.as_str()],
}));

words! { Role, InstanceStatus, TaskStatus, }

// Read from the seed's numbers, too.
schema!(Priority, inline true, |generator| {
    let words: Vec<_> = Priority::ALL.iter().map(|priority| priority.as_str()).collect();
    let word = json_schema!({ "type": "string", "enum": words });
    if generator.contract().is_serialize() {
        return word;
    }
    json_schema!({ "anyOf": [word, { "type": "integer", "minimum": 1, "maximum": 4 }] })
});

// The data of each kind is what the event's fields are; see engine/src/event.rs.
schema!(Record, inline false, |generator| {
    let (seq, at_ms) = (generator.subschema_for::<Seq>(), generator.subschema_for::<TimeMs>());
    let by = generator.subschema_for::<Option<ManusId>>();
    json_schema!({
        "description": "Something that happened.",
        "type": "object",
        "properties": {
            "seq": seq,
            "at_ms": at_ms,
            "by": by,
            "kind": { "type": "string", "enum": Event::KINDS },
            "data": { "type": "object" },
        },
        "required": ["seq", "at_ms", "by", "kind", "data"],
    })
});
