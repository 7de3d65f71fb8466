//! The interface as an OpenAPI 3.1 document.

use std::collections::BTreeMap;

use app::api::describe::{Describer, Description, status};
use app::api::{PREFIX, describe};
use serde_json::{Map, Value, json};

use super::edge::{self, Edge};

const INTRODUCTION: &str = "Every call is a POST of a JSON object, answered in JSON. Refusals carry a status and \
    {\"code\", \"message\", \"detail\"}: the code is stable, the message says what to do next. Words of enums are read in any \
    case. Times are milliseconds since the epoch. Every changing call takes a request_id; repeated with the same arguments, it \
    answers the same and does nothing.";

/// The whole document.
pub fn document() -> Value {
    let mut describer = Describer::default();
    let calls = describe(&mut describer);
    let mut paths: Map<String, Value> = calls
        .iter()
        .map(|call| (format!("{PREFIX}{}", call.name), json!({ "post": operation(call) })))
        .collect();
    paths.extend(others());
    let refusals = refusals(&mut describer);
    let mut schemas = describer.shapes();
    schemas.extend(refusals);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "manus-sync",
            "version": env!("CARGO_PKG_VERSION"),
            "description": INTRODUCTION,
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "tags": tags(&calls),
        // Either of them: a server on this machine alone asks for none, unless told to.
        "security": [{}, { "token": [] }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": security(),
            "headers": { "manus-seq": {
                "description": "Up to which event of the log the answer has seen.",
                "schema": { "type": "integer", "minimum": 0 },
            } },
        },
    })
}

fn security() -> Value {
    json!({
        "token": { "type": "http", "scheme": "bearer", "bearerFormat": "msk_…",
            "description": "A token, as manus-sync token create prints it. An agent's acts for that agent alone, a viewer's \
                            looks, one for enrolment registers agents, an admin's does everything." },
    })
}

fn tags(calls: &[Description]) -> Vec<Value> {
    let mut nouns: Vec<&str> = calls.iter().map(|call| call.noun).collect();
    nouns.sort_unstable();
    nouns.dedup();
    nouns.into_iter().map(|noun| json!({ "name": noun })).collect()
}

fn operation(call: &Description) -> Value {
    let mut responses = Map::new();
    let answer = json!({
        "description": "Done.",
        "headers": seq_header(),
        "content": json_content(&call.answer),
    });
    responses.insert("200".to_owned(), answer);
    for (status, codes) in codes(call) {
        responses.insert(status.to_string(), refused(status, &codes));
    }
    json!({
        "operationId": call.name,
        "summary": call.about,
        "tags": [call.noun],
        "requestBody": {
            "required": !call.needed.is_empty(),
            "content": json_content(&call.arguments),
        },
        "responses": responses,
    })
}

/// The codes with which a call can be refused, by status.
pub fn codes(call: &Description) -> BTreeMap<u16, Vec<&'static str>> {
    let mut codes: BTreeMap<u16, Vec<&str>> = BTreeMap::new();
    for kind in call.refusals {
        codes.entry(status(*kind)).or_default().push(kind.code());
    }
    for Edge { status, code, .. } in edge::of(call) {
        codes.entry(status).or_default().push(code);
    }
    codes
}

fn refused(status: u16, codes: &[&str]) -> Value {
    let shape = |code: &&str| json!({ "$ref": format!("#/components/schemas/{code}") });
    let shapes: Vec<Value> = codes.iter().map(shape).collect();
    let schema = if shapes.len() == 1 { shapes[0].clone() } else { json!({ "anyOf": shapes }) };
    let mut headers = seq_header();
    // Who is not let in, or asks for another host, is turned away before the engine is asked.
    if matches!(status, 401 | 403) {
        headers = json!({});
    }
    if matches!(status, 429 | 503) {
        headers["Retry-After"] = json!({ "description": "In seconds.", "schema": { "type": "integer" } });
    }
    json!({ "description": codes.join(", "), "headers": headers, "content": json_content(&schema) })
}

fn seq_header() -> Value {
    json!({ "manus-seq": { "$ref": "#/components/headers/manus-seq" } })
}

fn json_content(schema: &Value) -> Value {
    json!({ "application/json": { "schema": schema } })
}

/// The shape of each refusal, under its code.
fn refusals(describer: &mut Describer) -> Map<String, Value> {
    let of_rules = describer.details().into_iter().map(|(kind, mut detail)| {
        let about =
            detail.as_object_mut().and_then(|detail| detail.remove("description")).unwrap_or_default();
        (kind.code().to_owned(), refusal(kind.code(), &about, &detail))
    });
    let of_edge = edge::all().into_iter().map(|edge| {
        let detail = json!({ "type": "object", "required": edge.detail });
        (edge.code.to_owned(), refusal(edge.code, &edge.about.into(), &detail))
    });
    // The edge's go last: what is wrong with an argument is the same to the caller, whoever noticed.
    of_rules.chain(of_edge).collect()
}

fn refusal(code: &str, about: &Value, detail: &Value) -> Value {
    json!({
        "description": about,
        "type": "object",
        "properties": { "code": { "const": code }, "message": { "type": "string" }, "detail": detail },
        "required": ["code", "message", "detail"],
    })
}

/// What is not a call.
fn others() -> Map<String, Value> {
    let text = |about: &str| json!({ "description": about, "content": { "text/plain": {} } });
    let plain = |id: &str, summary: &str, responses: Value| json!({ "get": { "operationId": id, "summary": summary, "tags": ["service"], "responses": responses } });
    let since = json!({ "name": "since", "in": "query", "required": false,
        "description": "The seq of the last event seen; without it, only what comes from now on.",
        "schema": { "type": "integer", "minimum": 0, "maximum": u64::MAX } });
    let mut events = plain(
        "events",
        "What happens, as server-sent events: id = seq, event = kind, data = the record as JSON; `resync` when the gap is too old",
        json!({
            "200": { "description": "A stream that does not end.", "content": { "text/event-stream": {} } },
            "400": refused(400, &[edge::INVALID.code]),
            "401": refused(401, &["unauthenticated"]),
            "403": refused(403, &["forbidden"]),
        }),
    );
    events["get"]["parameters"] = json!([since]);
    let ready = json!({ "type": "object", "required": ["ready"],
        "properties": { "ready": { "type": "boolean" }, "reason": { "type": "string" } } });
    let ready = |about: &str| json!({ "description": about, "content": json_content(&ready) });
    Map::from_iter([
        (format!("{PREFIX}events"), events),
        (
            "/healthz".to_owned(),
            plain("healthz", "Whether the process answers", json!({ "200": text("It does.") })),
        ),
        (
            "/readyz".to_owned(),
            plain(
                "readyz",
                "Whether changing calls can be carried out",
                json!({
                    "200": ready("They can."), "503": ready("They cannot, for this reason."),
                }),
            ),
        ),
        (
            "/openapi.json".to_owned(),
            plain(
                "openapi",
                "This document",
                json!({
                    "200": { "description": "OpenAPI 3.1.", "content": json_content(&json!({ "type": "object" })) },
                }),
            ),
        ),
    ])
}
