use expect_test::{Expect, expect};
use serde_json::json;

use super::*;

const GROUP: Snippet<'static> =
    Snippet("{\n  \"matcher\": \"Edit\",\n  \"hooks\": [\n    { \"command\": \"ours\" }\n  ]\n}");

fn is_ours(item: &Value) -> bool {
    item["hooks"][0]["command"] == "ours"
}

/// Puts the group in, compares, and takes it out again: then the text is what it was.
fn check(before: &str, after: Expect) {
    let mut json = JsonText::read(before).unwrap();
    json.set_item(&["hooks", "PreToolUse"], GROUP, is_ours).unwrap();
    after.assert_eq(&json.to_string());
    let once = json.to_string();
    json.set_item(&["hooks", "PreToolUse"], GROUP, is_ours).unwrap();
    assert_eq!(json.to_string(), once, "again is no change");
    assert!(json.value()["hooks"]["PreToolUse"].as_array().unwrap().iter().any(is_ours));
    json.remove_items(&["hooks", "PreToolUse"], is_ours);
    let expected: Value = serde_json::from_str(if before.is_empty() { "{}" } else { before }).unwrap();
    assert_eq!(json.value(), expected);
}

#[test]
fn what_is_there_stays_as_it_was_written() {
    check(
        "{\n\t\"z\": [1,2,  3],\n\t\"hooks\": {\n\t\t\"PreToolUse\": [\n\t\t\t{\"matcher\": \"Bash\", \"hooks\": []}\n\t\t]\n\t},\n\t\"a\": \"\\\"}\"\n}\n",
        expect![[r#"
            {
            	"z": [1,2,  3],
            	"hooks": {
            		"PreToolUse": [
            			{"matcher": "Bash", "hooks": []},
            			{
            				"matcher": "Edit",
            				"hooks": [
            					{ "command": "ours" }
            				]
            			}
            		]
            	},
            	"a": "\"}"
            }
        "#]],
    );
}

#[test]
fn the_way_is_made() {
    check(
        "",
        expect![[r#"
            {
              "hooks": {
                "PreToolUse": [
                  {
                    "matcher": "Edit",
                    "hooks": [
                      { "command": "ours" }
                    ]
                  }
                ]
              }
            }
        "#]],
    );
    check(
        r#"{"permissions": {"allow": []}}"#,
        expect![[r#"
            {"permissions": {"allow": []}, "hooks": {
              "PreToolUse": [
                {
                  "matcher": "Edit",
                  "hooks": [
                    { "command": "ours" }
                  ]
                }
              ]
            }}"#]],
    );
    check(
        r#"{"hooks": {"PreToolUse": [{"x": 1}]}}"#,
        expect![[
            r#"{"hooks": {"PreToolUse": [{"x": 1}, { "matcher": "Edit", "hooks": [ { "command": "ours" } ] }]}}"#
        ]],
    );
}

#[test]
fn members_come_change_and_go() {
    let text = "{\r\n    \"mcpServers\": {\r\n        \"other\": { \"command\": \"x\" }\r\n    }\r\n}\r\n";
    let mut json = JsonText::read(text).unwrap();
    json.set_member(&["mcpServers"], "ours", Snippet("{\n  \"command\": \"a\"\n}")).unwrap();
    let with = "{\r\n    \"mcpServers\": {\r\n        \"other\": { \"command\": \"x\" },\r\n        \"ours\": {\r\n            \"command\": \"a\"\r\n        }\r\n    }\r\n}\r\n";
    assert_eq!(json.to_string(), with);
    json.set_member(&["mcpServers"], "ours", Snippet("{ \"command\": \"b\" }")).unwrap();
    assert_eq!(
        json.value()["mcpServers"],
        json!({ "other": { "command": "x" }, "ours": { "command": "b" } })
    );
    json.remove_member(&["mcpServers"], "ours");
    assert_eq!(json.to_string(), text);
    json.remove_member(&["mcpServers"], "other");
    assert_eq!(json.value(), json!({}));
}

#[test]
fn what_cannot_be_edited_is_left_alone() {
    assert!(matches!(JsonText::read("{\"a\": 1,}"), Err(CannotEdit::NotJson(_))));
    assert!(matches!(JsonText::read("// a comment\n{}"), Err(CannotEdit::NotJson(_))));
    let mut json = JsonText::read(r#"{"hooks": []}"#).unwrap();
    let error = json.set_item(&["hooks", "PreToolUse"], GROUP, is_ours).unwrap_err();
    assert_eq!(error.to_string(), "hooks is not an object there");
    assert_eq!(json.to_string(), r#"{"hooks": []}"#);
}
