//! The interface as a page to read.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::openapi::document;

const HEAD: &str = "# The HTTP interface

Made from the calls' own declarations by `make api-docs`; a running server describes itself at `/openapi.json`.

Every call is `POST /api/v1/<name>` with a JSON object, answered in JSON. Optional arguments may be left out or null. Words
of enums are read in any case, a priority also as 1 (CRITICAL) to 4 (LOW). Times are milliseconds since the epoch. Files are
paths relative to the project's root, folders (`src/`) or globs (`src/*.rs`, `**/*.sql`).

A refusal has a status and `{\"code\", \"message\", \"detail\"}`: the code is stable, the message says what to do next, the detail
holds what the message was made of. Beside the refusals named with each call, every call can be met with those of the server
itself (see [Refusals](#refusals)). Every changing call takes a `request_id`: repeated with the same arguments it answers the
same and does nothing. Every answer says in the header `manus-seq` up to which event of the log it has seen.

A server that other machines can reach, or that was started with `--auth required`, asks for a token with everything but
`/healthz`, `/readyz` and `/openapi.json`: `Authorization: Bearer msk_…`, from `manus-sync token create`. A viewer's token
looks; an agent's also works, in its own name alone; an enrolment's registers agents of new names, each of which is answered a
token of its own; an admin's does everything. Nobody known is refused with 401, somebody who may not with 403.

`GET /api/v1/events?since=SEQ` is the log as server-sent events: id = seq, event = kind, data = the record. It resumes from
`Last-Event-ID`, and says `resync` when the gap is too old: take a `snapshot`, and go on from its seq. The answer's header
`manus-log` names the log. Who comes back with that name, as `&log=NAME`, after the project was restored from a backup, is told
`resync` with `\"restored\": true` whatever the numbers; who comes back without it, where its number may be that of another event.
With `Accept-Encoding: gzip` the stream comes compressed, to about a tenth while much is going on.
";

/// The page.
pub fn markdown() -> String {
    let document = document();
    let mut page = HEAD.to_owned();
    let none = Map::new();
    let paths = document["paths"].as_object().unwrap_or(&none);
    for tag in document["tags"].as_array().into_iter().flatten() {
        let noun = text(&tag["name"]);
        let _ = write!(page, "\n## {}{}\n", noun[..1].to_uppercase(), &noun[1..]);
        let calls = paths.values().map(|path| &path["post"]).filter(|call| call["tags"][0] == tag["name"]);
        calls.for_each(|operation| call(&mut page, operation));
    }
    let shapes = document["components"]["schemas"].as_object().unwrap_or(&none);
    let (refusals, shapes): (Vec<_>, Vec<_>) = shapes.iter().partition(|(_, shape)| is_refusal(shape));
    page.push_str("\n## Shapes\n");
    shapes.into_iter().for_each(|(name, schema)| shape(&mut page, name, schema));
    page.push_str("\n## Refusals\n\n| code | when | detail |\n|---|---|---|\n");
    for (code, refusal) in refusals {
        let detail = &refusal["properties"]["detail"];
        let fields: Vec<String> = in_order(detail).iter().map(|name| format!("`{name}`")).collect();
        let _ = writeln!(page, "| `{code}` | {} | {} |", text(&refusal["description"]), fields.join(", "));
    }
    page
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn is_refusal(shape: &Value) -> bool {
    shape["properties"]["code"].get("const").is_some()
}

/// The fields of an object: first those that are always there, in the order of their declaration.
fn in_order(schema: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = schema["required"].as_array().into_iter().flatten().map(text).collect();
    let all = schema["properties"].as_object().into_iter().flat_map(Map::keys).map(String::as_str);
    let others: Vec<&str> = all.filter(|name| !names.contains(name)).collect();
    names.extend(others);
    names
}

fn call(page: &mut String, operation: &Value) {
    let name = text(&operation["operationId"]);
    let _ = write!(page, "\n### {name}\n\n{}\n", text(&operation["summary"]));
    let arguments = &operation["requestBody"]["content"]["application/json"]["schema"];
    fields(page, arguments, "argument");
    let answer = &operation["responses"]["200"]["content"]["application/json"]["schema"];
    let _ = write!(page, "\nAnswers {}.", kind(answer));
    let none = Map::new();
    let responses = operation["responses"].as_object().unwrap_or(&none);
    let refused: Vec<String> = responses
        .iter()
        .filter(|(status, _)| matches!(status.as_str(), "404" | "409"))
        .map(|(status, response)| format!("{status} {}", text(&response["description"])))
        .collect();
    if !refused.is_empty() {
        let _ = write!(page, " Refused with {}.", refused.join("; "));
    }
    page.push('\n');
}

fn shape(page: &mut String, name: &str, schema: &Value) {
    let _ = write!(page, "\n### {name}\n\n{}\n", text(&schema["description"]));
    if schema.get("properties").is_some() {
        fields(page, schema, "field");
    } else {
        let _ = write!(page, "\n{}\n", kind(schema));
    }
}

fn fields(page: &mut String, schema: &Value, what: &str) {
    let names = in_order(schema);
    if names.is_empty() {
        return;
    }
    let _ = write!(page, "\n| {what} | | |\n|---|---|---|\n");
    for name in names {
        let property = &schema["properties"][name];
        let needed = schema["required"].as_array().is_some_and(|needed| needed.iter().any(|it| it == name));
        let mark = if needed { "" } else { "?" };
        let mut kind = kind(property);
        if !needed {
            // Whatever may be left out may be null.
            kind = kind.trim_end_matches(" or null").to_owned();
        }
        let _ = writeln!(page, "| `{name}`{mark} | {kind} | {} |", text(&property["description"]));
    }
}

/// A schema in a few words.
fn kind(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        return format!("[{name}](#{})", name.to_lowercase());
    }
    if let Some(either) = schema["anyOf"].as_array().or(schema["oneOf"].as_array()) {
        return either.iter().map(kind).collect::<Vec<_>>().join(" or ");
    }
    if let Some(word) = schema["const"].as_str() {
        return format!("`{word}`");
    }
    if let Some(words) = schema["enum"].as_array() {
        let words: Vec<String> =
            words.iter().filter_map(|word| Some(format!("`{}`", word.as_str()?))).collect();
        return if words.len() > 8 { "text".to_owned() } else { words.join(", ") };
    }
    match &schema["type"] {
        Value::Array(kinds) => {
            kinds.iter().map(|each| kind(&one_of(schema, each))).collect::<Vec<_>>().join(" or ")
        }
        Value::String(name) => match name.as_str() {
            "array" => format!("list of {}", kind(&schema["items"])),
            "string" => "text".to_owned(),
            "integer" => "whole number".to_owned(),
            "boolean" => "true or false".to_owned(),
            other => other.to_owned(),
        },
        _ => "any JSON".to_owned(),
    }
}

/// The schema for one of its types.
fn one_of(schema: &Value, kind: &Value) -> Value {
    let mut one = schema.clone();
    one["type"] = kind.clone();
    one
}
