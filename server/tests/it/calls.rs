//! Each call's success, in the exact shape that callers rely on.

use engine::state::Presence;
use expect_test::expect;
use serde_json::json;

use crate::project::Project;

#[tokio::test]
async fn agents() {
    let project = Project::start().await;
    let ada = json!({ "manus_id": "ada", "role": "coordinator", "capabilities": ["python", "planning"] });
    let bob = json!({
        "manus_id": "bob", "role": "SPEED_DEVELOPER", "capabilities": [], "max_parallel": 2, "program": "claude-code",
        "model": "opus", "takeover": false, "request_id": null,
    });
    let script = [
        ("register_manus", ada),
        ("register_manus", bob),
        ("heartbeat", json!({ "manus_id": "ada" })),
        ("heartbeat", json!({ "manus_id": "ada", "status": "active", "progress": 30 })),
        ("get_manus", json!({ "manus_id": "ada" })),
        ("list_manus", json!({})),
        ("deregister_manus", json!({ "manus_id": "bob" })),
    ];
    project.check(&script, expect![[r#"
        register_manus {"capabilities":["python","planning"],"manus_id":"ada","role":"coordinator"}
          200 {"heartbeat_interval_secs":30,"manus":{"capabilities":["python","planning"],"current_task":null,"draining":false,"files_claimed":[],"id":"ada","last_heartbeat_ms":1800000000000,"max_parallel":1,"model":null,"performance_score":100.0,"program":null,"progress":0,"registered_at_ms":1800000000000,"role":"COORDINATOR","stats":{"actual_ms":0,"completed":0,"estimated_minutes":0,"failed":0,"on_time":0,"sent_back":0,"speed_permille":1000},"status":"IDLE"},"token":null}
        register_manus {"capabilities":[],"manus_id":"bob","max_parallel":2,"model":"opus","program":"claude-code","request_id":null,"role":"SPEED_DEVELOPER","takeover":false}
          200 {"heartbeat_interval_secs":30,"manus":{"capabilities":[],"current_task":null,"draining":false,"files_claimed":[],"id":"bob","last_heartbeat_ms":1800000000000,"max_parallel":2,"model":"opus","performance_score":100.0,"program":"claude-code","progress":0,"registered_at_ms":1800000000000,"role":"SPEED_DEVELOPER","stats":{"actual_ms":0,"completed":0,"estimated_minutes":0,"failed":0,"on_time":0,"sent_back":0,"speed_permille":1000},"status":"IDLE"},"token":null}
        heartbeat {"manus_id":"ada"}
          200 {"assigned_tasks":[],"server_time_ms":1800000000000,"unread_messages":0}
        heartbeat {"manus_id":"ada","progress":30,"status":"active"}
          200 {"assigned_tasks":[],"server_time_ms":1800000000000,"unread_messages":0}
        get_manus {"manus_id":"ada"}
          200 {"capabilities":["python","planning"],"current_task":null,"draining":false,"files_claimed":[],"id":"ada","last_heartbeat_ms":1800000000000,"max_parallel":1,"model":null,"performance_score":100.0,"program":null,"progress":30,"registered_at_ms":1800000000000,"role":"COORDINATOR","stats":{"actual_ms":0,"completed":0,"estimated_minutes":0,"failed":0,"on_time":0,"sent_back":0,"speed_permille":1000},"status":"ACTIVE"}
        list_manus {}
          200 [{"capabilities":["python","planning"],"current_task":null,"draining":false,"files_claimed":[],"id":"ada","last_heartbeat_ms":1800000000000,"max_parallel":1,"model":null,"performance_score":100.0,"program":null,"progress":30,"registered_at_ms":1800000000000,"role":"COORDINATOR","stats":{"actual_ms":0,"completed":0,"estimated_minutes":0,"failed":0,"on_time":0,"sent_back":0,"speed_permille":1000},"status":"ACTIVE"},{"capabilities":[],"current_task":null,"draining":false,"files_claimed":[],"id":"bob","last_heartbeat_ms":1800000000000,"max_parallel":2,"model":"opus","performance_score":100.0,"program":"claude-code","progress":0,"registered_at_ms":1800000000000,"role":"SPEED_DEVELOPER","stats":{"actual_ms":0,"completed":0,"estimated_minutes":0,"failed":0,"on_time":0,"sent_back":0,"speed_permille":1000},"status":"IDLE"}]
        deregister_manus {"manus_id":"bob"}
          200 {"released":[],"returned_tasks":[]}
    "#]]).await;
}

#[tokio::test]
async fn a_tasks_life() {
    let project = Project::with_agents(&["ada"]).await;
    let task = json!({
        "title": "Implement user authentication", "description": "Add JWT-based authentication to the API", "priority": "HIGH",
        "files_involved": ["auth.py", "src/x/../middleware.py"], "estimated_duration": 180,
    });
    let script = [
        ("create_task", task),
        ("start_task", json!({ "manus_id": "ada", "task_id": "T1" })),
        (
            "update_task_progress",
            json!({ "manus_id": "ada", "task_id": "t1", "progress": 50, "note": "half" }),
        ),
        ("complete_task", json!({ "task_id": "T1", "result": { "tests": 12 } })),
        ("get_task", json!({ "task_id": "T1" })),
        ("next_task", json!({ "manus_id": "ada" })),
    ];
    project.check(&script, expect![[r#"
        create_task {"description":"Add JWT-based authentication to the API","estimated_duration":180,"files_involved":["auth.py","src/x/../middleware.py"],"priority":"HIGH","title":"Implement user authentication"}
          200 {"assigned_to":"ada","attempts":0,"blocked_reason":null,"completed_at_ms":null,"created_at_ms":1800000000000,"dependencies":[],"description":"Add JWT-based authentication to the API","errors":[],"estimated_duration":180,"expected_finish_ms":null,"expected_start_ms":null,"failures":0,"files_involved":["auth.py","src/middleware.py"],"held_reason":null,"id":"T1","note":null,"pinned":false,"planned_for":null,"priority":"HIGH","progress":0,"progressed_at_ms":null,"required_capabilities":[],"result":null,"retry_at_ms":null,"returned_by":null,"reviewer":null,"stall_level":0,"stalled":false,"started_at_ms":null,"status":"PENDING","title":"Implement user authentication","updated_at_ms":1800000000000,"waiting_for":[]}
        start_task {"manus_id":"ada","task_id":"T1"}
          200 {"locks":[{"expires_at_ms":null,"fencing_token":1,"file_path":"auth.py","lock_reason":"T1: Implement user authentication","locked_at_ms":1800000000000,"locked_by":"ada","mode":"exclusive","task_id":"T1"},{"expires_at_ms":null,"fencing_token":2,"file_path":"src/middleware.py","lock_reason":"T1: Implement user authentication","locked_at_ms":1800000000000,"locked_by":"ada","mode":"exclusive","task_id":"T1"}],"task":{"assigned_to":"ada","attempts":1,"blocked_reason":null,"completed_at_ms":null,"created_at_ms":1800000000000,"dependencies":[],"description":"Add JWT-based authentication to the API","errors":[],"estimated_duration":180,"expected_finish_ms":1800010800000,"expected_start_ms":1800000000000,"failures":0,"files_involved":["auth.py","src/middleware.py"],"held_reason":null,"id":"T1","note":null,"pinned":false,"planned_for":"ada","priority":"HIGH","progress":0,"progressed_at_ms":null,"required_capabilities":[],"result":null,"retry_at_ms":null,"returned_by":null,"reviewer":null,"stall_level":0,"stalled":false,"started_at_ms":1800000000000,"status":"IN_PROGRESS","title":"Implement user authentication","updated_at_ms":1800000000000,"waiting_for":[]}}
        update_task_progress {"manus_id":"ada","note":"half","progress":50,"task_id":"t1"}
          200 {"assigned_to":"ada","attempts":1,"blocked_reason":null,"completed_at_ms":null,"created_at_ms":1800000000000,"dependencies":[],"description":"Add JWT-based authentication to the API","errors":[],"estimated_duration":180,"expected_finish_ms":1800010800000,"expected_start_ms":1800000000000,"failures":0,"files_involved":["auth.py","src/middleware.py"],"held_reason":null,"id":"T1","note":"half","pinned":false,"planned_for":"ada","priority":"HIGH","progress":50,"progressed_at_ms":1800000000000,"required_capabilities":[],"result":null,"retry_at_ms":null,"returned_by":null,"reviewer":null,"stall_level":0,"stalled":false,"started_at_ms":1800000000000,"status":"IN_PROGRESS","title":"Implement user authentication","updated_at_ms":1800000000000,"waiting_for":[]}
        complete_task {"result":{"tests":12},"task_id":"T1"}
          200 {"assigned_to":"ada","attempts":1,"blocked_reason":null,"completed_at_ms":1800000000000,"created_at_ms":1800000000000,"dependencies":[],"description":"Add JWT-based authentication to the API","errors":[],"estimated_duration":180,"expected_finish_ms":1800010800000,"expected_start_ms":1800000000000,"failures":0,"files_involved":["auth.py","src/middleware.py"],"held_reason":null,"id":"T1","note":"half","pinned":false,"planned_for":"ada","priority":"HIGH","progress":100,"progressed_at_ms":1800000000000,"required_capabilities":[],"result":{"tests":12},"retry_at_ms":null,"returned_by":null,"reviewer":null,"stall_level":0,"stalled":false,"started_at_ms":1800000000000,"status":"COMPLETED","title":"Implement user authentication","updated_at_ms":1800000000000,"waiting_for":[]}
        get_task {"task_id":"T1"}
          200 {"assigned_to":"ada","attempts":1,"blocked_reason":null,"completed_at_ms":1800000000000,"created_at_ms":1800000000000,"dependencies":[],"description":"Add JWT-based authentication to the API","errors":[],"estimated_duration":180,"expected_finish_ms":1800010800000,"expected_start_ms":1800000000000,"failures":0,"files_involved":["auth.py","src/middleware.py"],"held_reason":null,"id":"T1","note":"half","pinned":false,"planned_for":"ada","priority":"HIGH","progress":100,"progressed_at_ms":1800000000000,"required_capabilities":[],"result":{"tests":12},"retry_at_ms":null,"returned_by":null,"reviewer":null,"stall_level":0,"stalled":false,"started_at_ms":1800000000000,"status":"COMPLETED","title":"Implement user authentication","updated_at_ms":1800000000000,"waiting_for":[]}
        next_task {"manus_id":"ada"}
          200 {"locks":[],"task":null}
    "#]]).await;
}

#[tokio::test]
async fn tasks_move_between_agents() {
    let project = Project::with_agents(&["ada", "bob"]).await;
    let script = [
        ("create_task", json!({ "title": "One", "description": "" })),
        ("assign_task", json!({ "task_id": "T1", "manus_id": "bob" })),
        ("next_task", json!({ "manus_id": "bob", "wait_secs": 0 })),
        ("release_task", json!({ "manus_id": "bob", "task_id": "T1", "reason": "not mine" })),
        ("cancel_task", json!({ "task_id": "T1", "reason": "no longer needed" })),
    ];
    project.check(&script, expect![[r#"
        create_task {"description":"","title":"One"}
          200 {"assigned_to":"ada","attempts":0,"blocked_reason":null,"completed_at_ms":null,"created_at_ms":1800000000000,"dependencies":[],"description":"","errors":[],"estimated_duration":60,"expected_finish_ms":null,"expected_start_ms":null,"failures":0,"files_involved":[],"held_reason":null,"id":"T1","note":null,"pinned":false,"planned_for":null,"priority":"MEDIUM","progress":0,"progressed_at_ms":null,"required_capabilities":[],"result":null,"retry_at_ms":null,"returned_by":null,"reviewer":null,"stall_level":0,"stalled":false,"started_at_ms":null,"status":"PENDING","title":"One","updated_at_ms":1800000000000,"waiting_for":[]}
        assign_task {"manus_id":"bob","task_id":"T1"}
          200 {"assigned_to":"bob","attempts":0,"blocked_reason":null,"completed_at_ms":null,"created_at_ms":1800000000000,"dependencies":[],"description":"","errors":[],"estimated_duration":60,"expected_finish_ms":null,"expected_start_ms":null,"failures":0,"files_involved":[],"held_reason":null,"id":"T1","note":null,"pinned":true,"planned_for":null,"priority":"MEDIUM","progress":0,"progressed_at_ms":null,"required_capabilities":[],"result":null,"retry_at_ms":null,"returned_by":null,"reviewer":null,"stall_level":0,"stalled":false,"started_at_ms":null,"status":"PENDING","title":"One","updated_at_ms":1800000000000,"waiting_for":[]}
        next_task {"manus_id":"bob","wait_secs":0}
          200 {"locks":[],"task":{"assigned_to":"bob","attempts":1,"blocked_reason":null,"completed_at_ms":null,"created_at_ms":1800000000000,"dependencies":[],"description":"","errors":[],"estimated_duration":60,"expected_finish_ms":1800003600000,"expected_start_ms":1800000000000,"failures":0,"files_involved":[],"held_reason":null,"id":"T1","note":null,"pinned":true,"planned_for":"bob","priority":"MEDIUM","progress":0,"progressed_at_ms":null,"required_capabilities":[],"result":null,"retry_at_ms":null,"returned_by":null,"reviewer":null,"stall_level":0,"stalled":false,"started_at_ms":1800000000000,"status":"IN_PROGRESS","title":"One","updated_at_ms":1800000000000,"waiting_for":[]}}
        release_task {"manus_id":"bob","reason":"not mine","task_id":"T1"}
          200 {"assigned_to":"ada","attempts":1,"blocked_reason":null,"completed_at_ms":null,"created_at_ms":1800000000000,"dependencies":[],"description":"","errors":[],"estimated_duration":60,"expected_finish_ms":null,"expected_start_ms":null,"failures":0,"files_involved":[],"held_reason":null,"id":"T1","note":"given back at 0%: not mine","pinned":false,"planned_for":null,"priority":"MEDIUM","progress":0,"progressed_at_ms":null,"required_capabilities":[],"result":null,"retry_at_ms":null,"returned_by":"bob","reviewer":null,"stall_level":0,"stalled":false,"started_at_ms":1800000000000,"status":"PENDING","title":"One","updated_at_ms":1800000000000,"waiting_for":[]}
        cancel_task {"reason":"no longer needed","task_id":"T1"}
          200 {"assigned_to":"ada","attempts":1,"blocked_reason":"no longer needed","completed_at_ms":1800000000000,"created_at_ms":1800000000000,"dependencies":[],"description":"","errors":[],"estimated_duration":60,"expected_finish_ms":null,"expected_start_ms":null,"failures":0,"files_involved":[],"held_reason":null,"id":"T1","note":"given back at 0%: not mine","pinned":false,"planned_for":null,"priority":"MEDIUM","progress":0,"progressed_at_ms":null,"required_capabilities":[],"result":null,"retry_at_ms":null,"returned_by":"bob","reviewer":null,"stall_level":0,"stalled":false,"started_at_ms":1800000000000,"status":"CANCELLED","title":"One","updated_at_ms":1800000000000,"waiting_for":[]}
    "#]]).await;
}

#[tokio::test]
async fn batches_and_lists() {
    let project = Project::start().await;
    let tasks = json!([
        { "key": "schema", "title": "Design the schema", "description": "", "priority": 1 },
        { "key": "api", "title": "Write the API", "description": "with care", "dependencies": ["schema"] },
        { "title": "Write the docs", "description": "", "dependencies": ["T1", "api"], "priority": "low",
          "required_capabilities": ["writing"] },
    ]);
    let script = [
        ("create_task", json!({ "title": "Plan", "description": "" })),
        ("create_tasks", json!({ "tasks": tasks })),
        ("list_tasks", json!({ "limit": 1 })),
        ("list_tasks", json!({ "cursor": "T2", "status": ["BLOCKED", "PENDING"], "text": "CARE" })),
        ("list_tasks", json!({ "priority": "CRITICAL", "assigned_to": "ada" })),
        ("create_tasks", json!({ "tasks": [] })),
    ];
    project.check(&script, expect![[r#"
        create_task {"description":"","title":"Plan"}
          200 {"assigned_to":null,"attempts":0,"blocked_reason":null,"completed_at_ms":null,"created_at_ms":1800000000000,"dependencies":[],"description":"","errors":[],"estimated_duration":60,"expected_finish_ms":null,"expected_start_ms":null,"failures":0,"files_involved":[],"held_reason":null,"id":"T1","note":null,"pinned":false,"planned_for":null,"priority":"MEDIUM","progress":0,"progressed_at_ms":null,"required_capabilities":[],"result":null,"retry_at_ms":null,"returned_by":null,"reviewer":null,"stall_level":0,"stalled":false,"started_at_ms":null,"status":"PENDING","title":"Plan","updated_at_ms":1800000000000,"waiting_for":[]}
        create_tasks {"tasks":[{"description":"","key":"schema","priority":1,"title":"Design the schema"},{"dependencies":["schema"],"description":"with care","key":"api","title":"Write the API"},{"dependencies":["T1","api"],"description":"","priority":"low","required_capabilities":["writing"],"title":"Write the docs"}]}
          200 [{"assigned_to":null,"attempts":0,"blocked_reason":null,"completed_at_ms":null,"created_at_ms":1800000000000,"dependencies":[],"description":"","errors":[],"estimated_duration":60,"expected_finish_ms":null,"expected_start_ms":null,"failures":0,"files_involved":[],"held_reason":null,"id":"T2","note":null,"pinned":false,"planned_for":null,"priority":"CRITICAL","progress":0,"progressed_at_ms":null,"required_capabilities":[],"result":null,"retry_at_ms":null,"returned_by":null,"reviewer":null,"stall_level":0,"stalled":false,"started_at_ms":null,"status":"PENDING","title":"Design the schema","updated_at_ms":1800000000000,"waiting_for":[]},{"assigned_to":null,"attempts":0,"blocked_reason":null,"completed_at_ms":null,"created_at_ms":1800000000000,"dependencies":["T2"],"description":"with care","errors":[],"estimated_duration":60,"expected_finish_ms":null,"expected_start_ms":null,"failures":0,"files_involved":[],"held_reason":null,"id":"T3","note":null,"pinned":false,"planned_for":null,"priority":"MEDIUM","progress":0,"progressed_at_ms":null,"required_capabilities":[],"result":null,"retry_at_ms":null,"returned_by":null,"reviewer":null,"stall_level":0,"stalled":false,"started_at_ms":null,"status":"BLOCKED","title":"Write the API","updated_at_ms":1800000000000,"waiting_for":["T2"]},{"assigned_to":null,"attempts":0,"blocked_reason":null,"completed_at_ms":null,"created_at_ms":1800000000000,"dependencies":["T1","T3"],"description":"","errors":[],"estimated_duration":60,"expected_finish_ms":null,"expected_start_ms":null,"failures":0,"files_involved":[],"held_reason":null,"id":"T4","note":null,"pinned":false,"planned_for":null,"priority":"LOW","progress":0,"progressed_at_ms":null,"required_capabilities":["writing"],"result":null,"retry_at_ms":null,"returned_by":null,"reviewer":null,"stall_level":0,"stalled":false,"started_at_ms":null,"status":"BLOCKED","title":"Write the docs","updated_at_ms":1800000000000,"waiting_for":["T1","T3"]}]
        list_tasks {"limit":1}
          200 {"items":[{"assigned_to":null,"attempts":0,"blocked_reason":null,"completed_at_ms":null,"created_at_ms":1800000000000,"dependencies":[],"description":"","errors":[],"estimated_duration":60,"expected_finish_ms":null,"expected_start_ms":null,"failures":0,"files_involved":[],"held_reason":null,"id":"T1","note":null,"pinned":false,"planned_for":null,"priority":"MEDIUM","progress":0,"progressed_at_ms":null,"required_capabilities":[],"result":null,"retry_at_ms":null,"returned_by":null,"reviewer":null,"stall_level":0,"stalled":false,"started_at_ms":null,"status":"PENDING","title":"Plan","updated_at_ms":1800000000000,"waiting_for":[]}],"next_cursor":"T1"}
        list_tasks {"cursor":"T2","status":["BLOCKED","PENDING"],"text":"CARE"}
          200 {"items":[{"assigned_to":null,"attempts":0,"blocked_reason":null,"completed_at_ms":null,"created_at_ms":1800000000000,"dependencies":["T2"],"description":"with care","errors":[],"estimated_duration":60,"expected_finish_ms":null,"expected_start_ms":null,"failures":0,"files_involved":[],"held_reason":null,"id":"T3","note":null,"pinned":false,"planned_for":null,"priority":"MEDIUM","progress":0,"progressed_at_ms":null,"required_capabilities":[],"result":null,"retry_at_ms":null,"returned_by":null,"reviewer":null,"stall_level":0,"stalled":false,"started_at_ms":null,"status":"BLOCKED","title":"Write the API","updated_at_ms":1800000000000,"waiting_for":["T2"]}],"next_cursor":null}
        list_tasks {"assigned_to":"ada","priority":"CRITICAL"}
          200 {"items":[],"next_cursor":null}
        create_tasks {"tasks":[]}
          200 []
    "#]]).await;
}

#[tokio::test]
async fn files() {
    let project = Project::with_agents(&["ada", "bob"]).await;
    let script = [
        (
            "claim_files",
            json!({ "manus_id": "ada", "files": ["src/a.rs", "docs/"], "reason": "refactoring" }),
        ),
        (
            "claim_files",
            json!({ "manus_id": "bob", "files": ["lib/*.rs"], "mode": "shared", "ttl_secs": 60, "wait_secs": 0 }),
        ),
        ("check_files", json!({ "files": ["src/./a.rs", "docs/x.md", "free.rs"] })),
        ("check_files", json!({ "files": ["src/a.rs"], "manus_id": "ada" })),
        ("release_files", json!({ "manus_id": "ada", "files": ["src//a.rs", "other.rs"] })),
        ("release_files", json!({ "manus_id": "ada", "files": ["docs"], "by": "supervisor" })),
    ];
    project.check(&script, expect![[r#"
        claim_files {"files":["src/a.rs","docs/"],"manus_id":"ada","reason":"refactoring"}
          200 {"locks":[{"expires_at_ms":null,"fencing_token":1,"file_path":"src/a.rs","lock_reason":"refactoring","locked_at_ms":1800000000000,"locked_by":"ada","mode":"exclusive","task_id":null},{"expires_at_ms":null,"fencing_token":2,"file_path":"docs/","lock_reason":"refactoring","locked_at_ms":1800000000000,"locked_by":"ada","mode":"exclusive","task_id":null}]}
        claim_files {"files":["lib/*.rs"],"manus_id":"bob","mode":"shared","ttl_secs":60,"wait_secs":0}
          200 {"locks":[{"expires_at_ms":1800000060000,"fencing_token":3,"file_path":"lib/*.rs","lock_reason":null,"locked_at_ms":1800000000000,"locked_by":"bob","mode":"shared","task_id":null}]}
        check_files {"files":["src/./a.rs","docs/x.md","free.rs"]}
          200 {"files":[{"file":"src/a.rs","lock":{"expires_at_ms":null,"fencing_token":1,"file_path":"src/a.rs","lock_reason":"refactoring","locked_at_ms":1800000000000,"locked_by":"ada","mode":"exclusive","task_id":null}},{"file":"docs/x.md","lock":{"expires_at_ms":null,"fencing_token":2,"file_path":"docs/","lock_reason":"refactoring","locked_at_ms":1800000000000,"locked_by":"ada","mode":"exclusive","task_id":null}},{"file":"free.rs","lock":null}]}
        check_files {"files":["src/a.rs"],"manus_id":"ada"}
          200 {"files":[{"file":"src/a.rs","lock":null}]}
        release_files {"files":["src//a.rs","other.rs"],"manus_id":"ada"}
          200 {"not_held":["other.rs"],"released":["src/a.rs"]}
        release_files {"by":"supervisor","files":["docs"],"manus_id":"ada"}
          200 {"not_held":[],"released":["docs/"]}
    "#]]).await;
}

#[tokio::test]
async fn messages() {
    let project = Project::with_agents(&["ada", "bob", "eve"]).await;
    let request = json!({
        "from_manus": "ada", "to_manus": "bob", "message_type": "CODE_REVIEW_REQUEST",
        "content": { "files": ["auth.py"], "description": "Please review" }, "requires_ack": true,
    });
    let script = [
        ("send_message", request),
        ("get_messages", json!({ "manus_id": "bob", "peek": true })),
        (
            "send_message",
            json!({ "from_manus": "bob", "to_manus": "*", "message_type": "NOTE", "content": null, "reply_to": 1 }),
        ),
        ("get_messages", json!({ "manus_id": "bob" })),
        ("get_messages", json!({ "manus_id": "bob" })),
        ("get_messages", json!({ "manus_id": "eve", "after": 1 })),
        ("ack_messages", json!({ "manus_id": "eve", "ids": [3, 1, 3] })),
        ("list_messages", json!({ "thread_id": 1, "limit": 2 })),
        ("list_messages", json!({ "manus_id": "eve", "newest_first": true })),
        (
            "send_message",
            json!({ "from_manus": "supervisor", "to_manus": "role:speed_developer", "message_type": "X", "content": 1 }),
        ),
    ];
    project.check(&script, expect![[r#"
        send_message {"content":{"description":"Please review","files":["auth.py"]},"from_manus":"ada","message_type":"CODE_REVIEW_REQUEST","requires_ack":true,"to_manus":"bob"}
          200 {"ids":[1]}
        get_messages {"manus_id":"bob","peek":true}
          200 [{"content":{"description":"Please review","files":["auth.py"]},"from_manus":"ada","id":1,"message_type":"CODE_REVIEW_REQUEST","processed":false,"reply_to":null,"requires_ack":true,"thread_id":null,"timestamp_ms":1800000000000,"to_manus":"bob"}]
        send_message {"content":null,"from_manus":"bob","message_type":"NOTE","reply_to":1,"to_manus":"*"}
          200 {"ids":[2,3]}
        get_messages {"manus_id":"bob"}
          200 [{"content":{"description":"Please review","files":["auth.py"]},"from_manus":"ada","id":1,"message_type":"CODE_REVIEW_REQUEST","processed":false,"reply_to":null,"requires_ack":true,"thread_id":null,"timestamp_ms":1800000000000,"to_manus":"bob"}]
        get_messages {"manus_id":"bob"}
          200 []
        get_messages {"after":1,"manus_id":"eve"}
          200 [{"content":null,"from_manus":"bob","id":3,"message_type":"NOTE","processed":false,"reply_to":1,"requires_ack":false,"thread_id":1,"timestamp_ms":1800000000000,"to_manus":"eve"}]
        ack_messages {"ids":[3,1,3],"manus_id":"eve"}
          200 {"count":1}
        list_messages {"limit":2,"thread_id":1}
          200 {"items":[{"content":{"description":"Please review","files":["auth.py"]},"from_manus":"ada","id":1,"message_type":"CODE_REVIEW_REQUEST","processed":true,"reply_to":null,"requires_ack":true,"thread_id":null,"timestamp_ms":1800000000000,"to_manus":"bob"},{"content":null,"from_manus":"bob","id":2,"message_type":"NOTE","processed":false,"reply_to":1,"requires_ack":false,"thread_id":1,"timestamp_ms":1800000000000,"to_manus":"ada"}],"next_cursor":"2"}
        list_messages {"manus_id":"eve","newest_first":true}
          200 {"items":[{"content":null,"from_manus":"bob","id":3,"message_type":"NOTE","processed":true,"reply_to":1,"requires_ack":false,"thread_id":1,"timestamp_ms":1800000000000,"to_manus":"eve"}],"next_cursor":null}
        send_message {"content":1,"from_manus":"supervisor","message_type":"X","to_manus":"role:speed_developer"}
          200 {"ids":[5,6,7]}
    "#]]).await;
}

#[tokio::test]
async fn the_whole_picture() {
    let project = Project::with_agents(&["ada"]).await;
    let script = [
        ("list_events", json!({ "limit": 1 })),
        ("list_events", json!({ "cursor": "1", "kind": "manus_registered", "manus_id": "ada" })),
        ("snapshot", json!({})),
        ("system_health", json!({})),
    ];
    project.check(&script, expect![[r#"
        list_events {"limit":1}
          200 {"items":[{"at_ms":1800000000000,"by":null,"data":{},"kind":"server_started","seq":1}],"next_cursor":"1"}
        list_events {"cursor":"1","kind":"manus_registered","manus_id":"ada"}
          200 {"items":[{"at_ms":1800000000000,"by":"ada","data":{"capabilities":[],"manus_id":"ada","max_parallel":1,"model":null,"program":null,"role":"SPEED_DEVELOPER"},"kind":"manus_registered","seq":2}],"next_cursor":null}
        snapshot {}
          200 {"at_ms":1800000000000,"closed":{"cancelled":0,"completed":0},"counters":{"next_fencing_token":1,"next_message":1,"next_task":1,"next_wait":1},"locks":[],"manus":[{"capabilities":[],"current_task":null,"draining":false,"files_claimed":[],"id":"ada","last_heartbeat_ms":1800000000000,"max_parallel":1,"model":null,"performance_score":100.0,"program":null,"progress":0,"registered_at_ms":1800000000000,"role":"SPEED_DEVELOPER","stats":{"actual_ms":0,"completed":0,"estimated_minutes":0,"failed":0,"on_time":0,"sent_back":0,"speed_permille":1000},"status":"IDLE"}],"messages":[],"metrics":[],"seq":2,"settings":{"closed_kept":1000,"heartbeat_timeout_ms":120000,"lock_delay_ms":15000,"max_failures":3,"messages_kept":200,"queue_max":64,"reassign_stalled":false,"retry_backoff_ms":30000,"stall_after_ms":600000},"tasks":[],"waits":[]}
        system_health {}
          200 {"causes":[],"score":100,"status":"healthy"}
    "#]]).await;
}

#[tokio::test]
async fn health_explains_each_point() {
    let project = Project::with_agents(&["ada", "bob"]).await;
    let script = [
        ("create_task", json!({ "title": "Port it", "description": "", "required_capabilities": ["cobol"] })),
        ("create_task", json!({ "title": "Then that", "description": "", "dependencies": ["T1"] })),
        ("cancel_task", json!({ "task_id": "T1" })),
        (
            "create_task",
            json!({ "title": "Port more", "description": "", "required_capabilities": ["cobol"] }),
        ),
    ];
    for (name, arguments) in &script {
        project.call(name, arguments).await.ok();
    }
    project.clock.advance(121_000);
    // A heartbeat has the clock's move decided before it.
    project.call("heartbeat", &json!({ "manus_id": "bob", "status": "IDLE" })).await.ok();
    project.check(&[("system_health", json!({}))], expect![[r#"
        system_health {}
          200 {"causes":[{"code":"manus_lost","message":"ada fell silent; start it again, or deregister it if it is not coming back","points":10,"subject":"ada"},{"code":"dependency_cancelled","message":"T2 waits for T1, which was cancelled; change its dependencies, or cancel it too","points":8,"subject":"T2"},{"code":"no_eligible_manus","message":"1 task waits for an agent with cobol, and none is here; register one (T3 first)","points":8,"subject":"T3"}],"score":74,"status":"degraded"}
    "#]]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_a_lost_agent_calls_brings_it_back() {
    let project = Project::with_agents(&["ada", "bob"]).await;
    let hub = project.server.hub();
    let is_lost =
        || hub.read(|state| state.agent(&"ada".parse().unwrap()).unwrap().presence() == Presence::Lost);
    for (name, arguments, status) in [
        ("start_task", json!({ "manus_id": "ada", "task_id": "T9" }), 404),
        ("get_messages", json!({ "manus_id": "ada", "peek": true }), 200),
        ("check_files", json!({ "manus_id": "ada", "files": ["a.rs"] }), 200),
    ] {
        project.clock.advance(121_000);
        project.call("heartbeat", &json!({ "manus_id": "bob", "status": "IDLE" })).await.ok();
        assert!(is_lost(), "{name}");
        assert_eq!(project.call(name, &arguments).await.status, status, "{name}");
        let mut feed = hub.feed();
        while is_lost() {
            assert!(feed.changed().await);
        }
    }
}

#[cfg(unix)]
#[tokio::test]
async fn what_became_a_link_is_given_back_by_the_name_under_which_it_was_claimed() {
    let project = Project::with_agents(&["ada"]).await;
    let plain = json!({ "manus_id": "ada", "files": ["plain"] });
    project.call("claim_files", &plain).await.ok();
    std::os::unix::fs::symlink("other", project.folder.path().join("plain")).unwrap();
    assert_eq!(
        project.call("release_files", &plain).await.ok(),
        json!({ "released": ["plain"], "not_held": [] })
    );
}

#[tokio::test]
async fn after_the_last_of_all_numbers_there_is_nothing() {
    let project = Project::with_agents(&["ada"]).await;
    let hello =
        json!({ "from_manus": "supervisor", "to_manus": "ada", "message_type": "HELLO", "content": "there" });
    project.call("send_message", &hello).await.ok();
    let seen = project.call("get_messages", &json!({ "manus_id": "ada", "after": u64::MAX })).await.ok();
    assert_eq!(seen, json!([]));
}

#[tokio::test]
async fn a_page_that_holds_the_last_of_a_list_says_so() {
    let project = Project::with_agents(&["ada"]).await;
    for title in ["One", "Two", "Three"] {
        project.call("create_task", &json!({ "title": title, "description": "" })).await.ok();
        let note = json!({ "from_manus": "ada", "to_manus": "ada", "message_type": "X", "content": title });
        project.call("send_message", &note).await.ok();
    }
    for list in ["list_tasks", "list_messages", "list_events"] {
        let all = project.call(list, &json!({ "limit": 1000 })).await.ok()["items"].as_array().unwrap().len();
        for (limit, goes_on) in [(all - 1, true), (all, false), (all + 1, false)] {
            let page = project.call(list, &json!({ "limit": limit })).await.ok();
            assert_eq!(page["items"].as_array().unwrap().len(), limit.min(all), "{list}");
            assert_eq!(page["next_cursor"].is_string(), goes_on, "{list} with {limit} of {all}");
        }
    }
}
