use expect_test::expect;

use super::*;

fn json(knows: Knows) -> Vec<Value> {
    listed(knows).iter().map(|tool| serde_json::to_value(tool).unwrap()).collect()
}

/// What every agent pays for in tokens.
#[test]
fn the_whole_list_stays_under_12_kb() {
    for knows in [Knows::Already, Knows::AfterJoin, Knows::Never] {
        let size = serde_json::to_vec(&json!({ "tools": json(knows) })).unwrap().len();
        assert!(size < 12 * 1024, "{size} bytes");
    }
}

#[test]
fn each_tool_makes_a_call_that_takes_what_it_shows() {
    for tool in TOOLS.iter().filter(|tool| tool.name != "status") {
        let call = &CALLS.calls[tool.call];
        let takes = |name: &&str| call.needed.contains(name) || call.optional.contains(name);
        assert!(tool.shows.iter().all(takes), "{}", tool.name);
        match tool.actor {
            Some(Actor::Needed(name)) => assert!(call.needed.contains(&name), "{}", tool.name),
            Some(Actor::Welcome) => assert!(call.optional.contains(&"manus_id"), "{}", tool.name),
            None => {}
        }
        // Nothing that the call needs is kept from whoever uses the tool.
        let given =
            |name: &&'static str| tool.shows.contains(name) || tool.actor == Some(Actor::Needed(name));
        assert!(call.needed.iter().all(given), "{}", tool.name);
    }
}

#[test]
fn what_an_agent_reads() {
    let tools = json(Knows::AfterJoin);
    let tool = |name: &str| tools.iter().find(|tool| tool["name"] == name).unwrap();
    expect![[r#"
        {
          "annotations": {
            "destructiveHint": false,
            "idempotentHint": true,
            "openWorldHint": false,
            "readOnlyHint": false
          },
          "description": "Claim files before you edit them, where your task has not claimed them already; nobody else can hold them then. Folders (src/) and globs (src/*.rs) too; all or nothing. A refusal says who holds what: wait with wait_secs, do something else, or ask with send.",
          "inputSchema": {
            "properties": {
              "files": {
                "description": "What, as paths relative to the project's root (or absolute inside it).",
                "items": {
                  "type": "string"
                },
                "type": "array"
              },
              "manus_id": {
                "description": "You; not needed after join.",
                "type": "string"
              },
              "mode": {
                "description": "`exclusive` (the default) or `shared`.",
                "enum": [
                  "exclusive",
                  "shared"
                ],
                "type": "string"
              },
              "reason": {
                "description": "What for.",
                "type": "string"
              },
              "ttl_secs": {
                "description": "How long at most, in seconds; without it, as long as the agent lives.",
                "maximum": 86400,
                "minimum": 1,
                "type": "integer"
              },
              "wait_secs": {
                "description": "How long to wait for others, in seconds, first come first served and without holding anything meanwhile; 0.",
                "maximum": 300,
                "minimum": 0,
                "type": "integer"
              }
            },
            "required": [
              "files"
            ],
            "type": "object"
          },
          "name": "claim"
        }"#]].assert_eq(&format!("{:#}", tool("claim")));
    assert_eq!(tool("join")["inputSchema"]["required"], json!(["manus_id", "role", "capabilities"]));
    let named = listed(Knows::Already);
    assert_eq!(named[0].input_schema["required"], json!(["role", "capabilities"]));
    let nested = &tool("create_tasks")["inputSchema"]["properties"]["tasks"]["items"];
    assert_eq!(nested["required"], json!(["title", "description"]), "{nested:#}");
}

#[test]
fn hints() {
    let hint = |name: &str, hint: &str| {
        let tool = json(Knows::AfterJoin).into_iter().find(|tool| tool["name"] == name).unwrap();
        tool["annotations"][hint] == true
    };
    let with = |hinted: &str| {
        TOOLS.iter().map(|tool| tool.name).filter(|name| hint(name, hinted)).collect::<Vec<_>>()
    };
    assert_eq!(with("readOnlyHint"), ["check", "status"]);
    assert_eq!(
        with("idempotentHint"),
        ["start", "progress", "finish", "fail", "review", "claim", "release", "check", "status"]
    );
    assert_eq!(with("destructiveHint"), [""; 0]);
}

#[test]
fn a_refusal_names_what_there_is_here() {
    for (said, here) in [
        ("there is no task T1; list_tasks shows the ids", "there is no task T1; status shows the ids"),
        (
            "call register_manus first, or check the name with list_manus",
            "call join first, or check the name with status",
        ),
        ("or ask z with send_message to release it", "or ask z with send to release it"),
        ("T1 is PENDING, not IN_PROGRESS; start_task first", "T1 is PENDING, not IN_PROGRESS; start first"),
        (
            "files is missing. claim_files takes manus_id, files",
            "files is missing. claim takes manus_id, files",
        ),
        (
            "take your own task, or have it moved with assign_task",
            "take your own task, or have it moved with a message to supervisor",
        ),
        ("src/start_task.rs is held", "src/start_task.rs is held"),
    ] {
        assert_eq!(crate::renamed::renamed(said, name_of), here);
    }
}
