//! The description of the interface: complete, true to the calls, and in step with the page in docs/.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use engine::RefusalKind;
use expect_test::expect_file;
use serde_json::{Value, json};
use server::reference;

use crate::project::Project;

/// The calls that a document describes, by name.
fn calls(document: &Value) -> BTreeMap<&str, &Value> {
    let paths = document["paths"].as_object().unwrap();
    paths
        .iter()
        .filter_map(|(path, item)| Some((path.strip_prefix("/api/v1/")?, item.get("post")?)))
        .collect()
}

/// Fails where a call was refused in a way that its description does not name.
pub fn check_refusal(name: &str, status: u16, code: &str) {
    static DOCUMENT: LazyLock<Value> = LazyLock::new(reference::document);
    if let Some(call) = calls(&DOCUMENT).get(name) {
        let response = call["responses"][status.to_string()]["description"].as_str().unwrap_or_default();
        let known = response.split(", ").any(|known| known == code);
        assert!(known, "{name} answered {status} {code}, which its `refuses` does not name");
    }
}

#[test]
fn every_call_is_described_and_nothing_else() {
    let document = reference::document();
    let described: BTreeSet<&str> = calls(&document).into_keys().collect();
    assert_eq!(described, app::api::NAMES.iter().copied().collect());
}

#[test]
fn every_shape_that_is_named_exists() {
    fn check(value: &Value, document: &Value) {
        match value {
            Value::Object(fields) => {
                if let Some(Value::String(path)) = fields.get("$ref") {
                    let shape = document.pointer(path.strip_prefix('#').unwrap());
                    assert!(shape.is_some(), "{path} leads nowhere");
                }
                fields.values().for_each(|value| check(value, document));
            }
            Value::Array(items) => items.iter().for_each(|value| check(value, document)),
            _ => {}
        }
    }
    let document = reference::document();
    check(&document, &document);
    for kind in RefusalKind::ALL {
        let shape = &document["components"]["schemas"][kind.code()];
        assert_eq!(shape["properties"]["code"]["const"], kind.code());
        assert!(shape["description"].as_str().is_some_and(|about| about.len() > 10), "{shape}");
    }
}

#[test]
fn every_argument_has_a_word_on_it() {
    let document = reference::document();
    for (name, call) in calls(&document) {
        assert!(call["summary"].as_str().unwrap().len() > 5, "{name}");
        let arguments = &call["requestBody"]["content"]["application/json"]["schema"];
        assert_eq!(arguments["additionalProperties"], false, "{name}");
        for (argument, schema) in arguments["properties"].as_object().into_iter().flatten() {
            assert!(
                schema["description"].as_str().is_some_and(|about| !about.is_empty()),
                "{name} {argument}"
            );
        }
    }
}

/// `make api-docs` brings the page up to date.
#[test]
fn the_page_is_up_to_date() {
    expect_file!["../../../docs/api.md"].assert_eq(&reference::markdown());
}

#[tokio::test]
async fn a_server_describes_itself() {
    let project = Project::start().await;
    let request = http::Request::get("/openapi.json").body(http_body_util::Full::default()).unwrap();
    let answer = project.caller().await.send(request).await.unwrap();
    assert_eq!(answer.headers["content-type"], "application/json");
    let document = answer.ok();
    assert_eq!(document["openapi"], "3.1.0");
    let start = &document["paths"]["/api/v1/start_task"]["post"];
    assert_eq!(
        start["requestBody"]["content"]["application/json"]["schema"]["required"],
        json!(["manus_id", "task_id"])
    );
    assert!(start["responses"]["409"]["description"].as_str().unwrap().contains("file_locked"), "{start}");
}
