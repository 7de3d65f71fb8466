//! What there is to know about each call, for those who describe them: the reference and the tools of MCP.
//!
//! Names, types and words come from the declarations of the calls, bounds from [`bounds`], so nothing is written twice.

use engine::{Refusal, RefusalKind};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value};

use super::bounds;
use super::call::{Arguments, Call};
use super::error::{ApiError, status_of};

/// Where definitions of shapes lie in a description of the API.
const DEFINITIONS: &str = "/components/schemas";

/// A call, described.
#[derive(Debug, Clone)]
pub struct Description {
    /// As in the path.
    pub name: &'static str,
    /// What it is about, such as `tasks`.
    pub noun: &'static str,
    /// What it does, in a sentence or two.
    pub about: String,
    /// Arguments that must be there, in order.
    pub needed: &'static [&'static str],
    /// Arguments that may be left out, in order.
    pub optional: &'static [&'static str],
    /// What the rules may say no to it with.
    pub refusals: &'static [RefusalKind],
    /// The schema of its arguments, an object.
    pub arguments: Value,
    /// The schema of its answer.
    pub answer: Value,
}

impl Description {
    /// Whether the call can change anything. Exactly those calls take a `request_id`.
    pub fn changes(&self) -> bool {
        self.optional.contains(&"request_id")
    }
}

/// Collects the descriptions of calls, and the shapes that they share.
#[derive(Debug)]
pub struct Describer {
    arguments: SchemaGenerator,
    answers: SchemaGenerator,
}

impl Default for Describer {
    fn default() -> Self {
        let settings = || {
            SchemaSettings::draft2020_12().with(|settings| {
                settings.definitions_path = DEFINITIONS.into();
                settings.meta_schema = None;
            })
        };
        Self {
            arguments: settings().for_deserialize().into_generator(),
            answers: settings().for_serialize().into_generator(),
        }
    }
}

impl Describer {
    /// Describes a call.
    pub(super) fn describe<C>(&mut self) -> Description
    where
        C: Call + JsonSchema,
        C::Output: JsonSchema,
    {
        let mut arguments = C::json_schema(&mut self.arguments).to_value();
        limit(C::NAME, &mut arguments);
        tidy(&mut arguments);
        let about = arguments.as_object_mut().and_then(|schema| schema.remove("description"));
        Description {
            name: <C as Arguments>::NAME,
            noun: C::MODULE.split("::").nth(2).unwrap_or_default(),
            about: about.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned(),
            needed: C::NEEDED,
            optional: C::OPTIONAL,
            refusals: C::REFUSES,
            arguments,
            answer: self.answers.subschema_for::<C::Output>().to_value(),
        }
    }

    /// The shape of what a refused call answers.
    pub fn error(&mut self) -> Value {
        self.answers.subschema_for::<ApiError>().to_value()
    }

    /// The shapes of the details of the rules' refusals, each with its kind.
    pub fn details(&mut self) -> Vec<(RefusalKind, Value)> {
        let mut schema = Refusal::json_schema(&mut self.answers).to_value();
        tidy(&mut schema);
        let shapes = schema["anyOf"].as_array().cloned().unwrap_or_default();
        RefusalKind::ALL.iter().copied().zip(shapes).collect()
    }

    /// The shapes that were referred to, by name.
    pub fn shapes(mut self) -> Map<String, Value> {
        let mut shapes = self.answers.take_definitions(true);
        for (name, mut shape) in self.arguments.take_definitions(true) {
            limit("", &mut shape);
            shapes.insert(name, shape);
        }
        shapes.values_mut().for_each(tidy);
        shapes
    }
}

/// The HTTP status of a refusal of the rules.
pub const fn status(refusal: RefusalKind) -> u16 {
    status_of(refusal)
}

/// Adds the bounds of a call's arguments to their schema, or to that of an object among them.
fn limit(call: &str, schema: &mut Value) {
    let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else { return };
    for (name, property) in properties {
        let Some(property) = property.as_object_mut() else { continue };
        if let Some(Value::Object(bounds)) = bounds::schema(call, name) {
            merge(property, bounds);
        }
        whole_numbers(property);
    }
}

fn merge(into: &mut Map<String, Value>, from: Map<String, Value>) {
    for (key, value) in from {
        match (into.get_mut(&key), value) {
            (Some(Value::Object(into)), Value::Object(from)) => merge(into, from),
            // What the type says goes first.
            (Some(_), _) => {}
            (None, value) => {
                into.insert(key, value);
            }
        }
    }
}

/// A whole number of unlimited size is none that fits into 64 bits.
fn whole_numbers(schema: &mut Map<String, Value>) {
    if let Some(Value::Object(items)) = schema.get_mut("items") {
        whole_numbers(items);
    }
    let (least, most): (Value, Value) = match schema.get("format").and_then(Value::as_str) {
        Some("int64") => (i64::MIN.into(), i64::MAX.into()),
        Some("uint64") => (0.into(), u64::MAX.into()),
        _ => return,
    };
    schema.entry("minimum").or_insert(least);
    schema.entry("maximum").or_insert(most);
}

/// Line breaks of the source are none of the text, and its links lead nowhere.
fn tidy(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            for (key, value) in fields {
                match value {
                    Value::String(text) if key == "description" => {
                        let text = text.replace("[`", "`").replace("`]", "`");
                        *value = text.split_whitespace().collect::<Vec<_>>().join(" ").into();
                    }
                    _ => tidy(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(tidy),
        _ => {}
    }
}
