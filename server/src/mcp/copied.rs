//! Requests that the dashboard copies name tools that there are, with what these take.

use app::copied::{has_tool, written};
use app::errand::As;
use serde_json::{Value, json};

use super::tools::{Knows, TOOLS, find, listed};

#[test]
fn requests_name_tools_with_what_they_take() {
    let calls = [
        ("create_task", json!({ "title": "x", "description": "", "priority": "LOW" })),
        ("review_task", json!({ "manus_id": "supervisor", "task_id": "T1", "verdict": "approve" })),
        (
            "send_message",
            json!({ "from_manus": "supervisor", "to_manus": "ada", "message_type": "NOTE", "content": { "text": "x" } }),
        ),
    ];
    let tools = listed(Knows::Already);
    for (call, arguments) in calls {
        let request = written(As::Mcp, "http://localhost:3334", call, &arguments.to_string()).unwrap();
        let request: Value = serde_json::from_str(&request).unwrap();
        assert_eq!((&request["method"], &request["jsonrpc"]), (&json!("tools/call"), &json!("2.0")));
        let name = request["params"]["name"].as_str().unwrap();
        let made = find(name).unwrap().call;
        assert!(made == call || made == "create_tasks", "{name} makes the call {made}");
        let tool = tools.iter().find(|tool| tool.name == name).unwrap();
        let takes = tool.input_schema["properties"].as_object().unwrap();
        let given = request["params"]["arguments"].as_object().unwrap();
        assert!(given.keys().all(|name| takes.contains_key(name)), "{request}");
        if call != "create_task" {
            assert_eq!(given["manus_id"], "supervisor", "whoever pastes it, the person has done it");
        }
        let needed = tool.input_schema["required"].as_array().unwrap();
        assert!(needed.iter().all(|name| given.contains_key(name.as_str().unwrap())), "{request}");
    }
}

#[test]
fn what_agents_have_no_tool_for_is_not_offered() {
    let named: Vec<&str> = app::api::NAMES.iter().copied().filter(|call| has_tool(call)).collect();
    assert_eq!(named, ["create_task", "send_message", "review_task"]);
    let others = [
        "update_task",
        "assign_task",
        "cancel_task",
        "block_task",
        "unblock_task",
        "drain_manus",
        "deregister_manus",
    ];
    for call in others {
        assert!(!TOOLS.iter().any(|tool| tool.call == call), "{call} has a tool now");
    }
}
