//! What callers read when a request is malformed. Pins serde's sentences, from which ours are made.

use expect_test::{Expect, expect};

use super::*;
use crate::api;

fn check<T: Arguments + DeserializeOwned>(body: impl AsRef<[u8]>, said: Expect) {
    match arguments::<T>(body.as_ref()) {
        Ok(_) => said.assert_eq("fine\n"),
        Err(error) => {
            assert_eq!((error.status, &*error.code), (400, "invalid_argument"));
            said.assert_eq(&format!("{}\n{}\n", error.message, error.detail));
        }
    }
}

#[test]
fn well_formed_bodies() {
    check::<api::GetTask>(
        r#"{"task_id":"T1"}"#,
        expect![[r#"
        fine
    "#]],
    );
    check::<api::ListTasks>(
        r#" {"status":["pending","BLOCKED"],"priority":null} "#,
        expect![[r#"
        fine
    "#]],
    );
    check::<api::ListTasks>(
        r#"{"status":"in_progress","priority":1}"#,
        expect![[r#"
        fine
    "#]],
    );
    check::<api::ListManus>(
        "",
        expect![[r#"
        fine
    "#]],
    );
    check::<api::ListManus>(
        " \n",
        expect![[r#"
        fine
    "#]],
    );
}

#[test]
fn whole_numbers_may_be_written_with_a_point() {
    let body = r#"{"manus_id":"a","task_id":"T1","progress":40.0}"#;
    assert_eq!(arguments::<api::UpdateTaskProgress>(body.as_bytes()).unwrap().progress.percent(), 40);
    let body = r#"{"tasks":[{"title":"x","description":"","estimated_duration":5.0,"priority":1.0}]}"#;
    assert_eq!(arguments::<api::CreateTasks>(body.as_bytes()).unwrap().tasks[0].estimated_duration, Some(5));
    // What agents say to each other is kept as it came.
    let body = r#"{"from_manus":"a","to_manus":"b","message_type":"X","content":{"n":1.0},"reply_to":3.0}"#;
    let sent = arguments::<api::SendMessage>(body.as_bytes()).unwrap();
    assert_eq!(
        (sent.reply_to, serde_json::to_string(&sent.content).unwrap()),
        (Some(3), r#"{"n":1.0}"#.to_owned())
    );
}

#[test]
fn bodies_that_are_no_objects() {
    check::<api::GetTask>(
        r#"["T1"]"#,
        expect![[r#"
        the body is a list; send a JSON object. get_task takes task_id
        {"argument":"body"}
    "#]],
    );
    check::<api::GetTask>(
        "null",
        expect![[r#"
        the body is null; send a JSON object. get_task takes task_id
        {"argument":"body"}
    "#]],
    );
    check::<api::GetTask>(
        "task_id=T1",
        expect![[r#"
        the body is not valid JSON: expected ident at line 1 column 2
        {"argument":"body"}
    "#]],
    );
    check::<api::GetTask>(
        r#"{"task_id":"T1"} {}"#,
        expect![[r#"
        the body is not valid JSON: trailing characters at line 1 column 18
        {"argument":"body"}
    "#]],
    );
    check::<api::GetTask>(
        r#"{"task_id":"T1""#,
        expect![[r#"
        the body is not valid JSON: EOF while parsing an object at line 1 column 15
        {"argument":"body"}
    "#]],
    );
    check::<api::GetTask>(
        b"{\"task_id\":\"\xff\"}",
        expect![[r#"
        the body is not UTF-8; send JSON in UTF-8
        {"argument":"body"}
    "#]],
    );
    check::<api::SendMessage>(
        format!(r#"{{"content":{}"#, "[".repeat(200)),
        expect![[r#"
        the body is not valid JSON: recursion limit exceeded at line 1 column 138
        {"argument":"body"}
    "#]],
    );
}

#[test]
fn missing_unknown_and_doubled_arguments() {
    check::<api::CreateTask>(
        r#"{"title":"x"}"#,
        expect![[r#"
        description is missing. create_task takes title, description, priority?, files_involved?, dependencies?, estimated_duration?, required_capabilities?, request_id?
        {"argument":"description"}
    "#]],
    );
    check::<api::CreateTask>(
        "",
        expect![[r#"
        title is missing. create_task takes title, description, priority?, files_involved?, dependencies?, estimated_duration?, required_capabilities?, request_id?
        {"argument":"title"}
    "#]],
    );
    check::<api::ClaimFiles>(
        r#"{"manus_id":"a","files":[],"ttl_sec":4}"#,
        expect![[r#"
        ttl_sec is not an argument (did you mean ttl_secs?). claim_files takes manus_id, files, reason?, mode?, ttl_secs?, wait_secs?, request_id?
        {"argument":"ttl_sec","did_you_mean":"ttl_secs","known":["manus_id","files","reason","mode","ttl_secs","wait_secs","request_id"]}
    "#]],
    );
    check::<api::ClaimFiles>(
        r#"{"manus_id":"a","files":[],"zzz":4}"#,
        expect![[r#"
        zzz is not an argument. claim_files takes manus_id, files, reason?, mode?, ttl_secs?, wait_secs?, request_id?
        {"argument":"zzz","known":["manus_id","files","reason","mode","ttl_secs","wait_secs","request_id"]}
    "#]],
    );
    check::<api::ListManus>(
        r#"{"status":"LOST"}"#,
        expect![[r#"
        status is not an argument of list_manus; it takes none
        {"argument":"status","known":[]}
    "#]],
    );
    check::<api::GetTask>(
        r#"{"task_id":"T1","task_id":"T2"}"#,
        expect![[r#"
        task_id stands in the body twice; send it once
        {"argument":"task_id"}
    "#]],
    );
}

#[test]
fn numbers_that_are_none() {
    check::<api::UpdateTaskProgress>(
        r#"{"manus_id":"a","task_id":"T1","progress":"50"}"#,
        expect![[r#"
        progress is the text "50"; send a whole number
        {"argument":"progress"}
    "#]],
    );
    check::<api::UpdateTaskProgress>(
        r#"{"manus_id":"a","task_id":"T1","progress":101}"#,
        expect![[r#"
        progress 101 is out of range: use a whole number from 0 to 100
        {"argument":"progress"}
    "#]],
    );
    check::<api::UpdateTaskProgress>(
        r#"{"manus_id":"a","task_id":"T1","progress":50.5}"#,
        expect![[r#"
        progress is the number 50.5; send a whole number
        {"argument":"progress"}
    "#]],
    );
    check::<api::UpdateTaskProgress>(
        r#"{"manus_id":"a","task_id":"T1","progress":1e99}"#,
        expect![[r#"
        progress is the number 1e+99; send a whole number
        {"argument":"progress"}
    "#]],
    );
    check::<api::CreateTask>(
        r#"{"title":"x","description":"y","priority":9}"#,
        expect![[r#"
        priority: 9 is not a priority: use 1 (CRITICAL) to 4 (LOW)
        {"argument":"priority"}
    "#]],
    );
    check::<api::ClaimFiles>(
        r#"{"manus_id":"a","files":["a"],"ttl_secs":99999999999999999999}"#,
        expect![[r#"
        ttl_secs is the number 1e+20; send a whole number
        {"argument":"ttl_secs"}
    "#]],
    );
    check::<api::AckMessages>(
        r#"{"manus_id":"a","ids":[1,-2]}"#,
        expect![[r#"
        ids[1] is the number -2; send a whole number, 0 or more
        {"argument":"ids","path":"ids[1]"}
    "#]],
    );
}

#[test]
fn words_that_are_none_of_ours() {
    check::<api::Heartbeat>(
        r#"{"manus_id":"a b"}"#,
        expect![[r#"
        manus_id: "a b" is not an agent id: use 1 to 64 letters, digits, '_', '.', ':' or '-', starting with a letter or digit
        {"argument":"manus_id"}
    "#]],
    );
    check::<api::Heartbeat>(
        r#"{"manus_id":"a","status":"busy"}"#,
        expect![[r#"
        status: "busy" is not a status: use one of ACTIVE, IDLE, INACTIVE, LOST
        {"argument":"status"}
    "#]],
    );
    check::<api::CreateTask>(
        r#"{"title":"x","description":"y","priority":"urgent"}"#,
        expect![[r#"
        priority: "urgent" is not a priority: use one of CRITICAL, HIGH, MEDIUM, LOW
        {"argument":"priority"}
    "#]],
    );
    check::<api::ClaimFiles>(
        r#"{"manus_id":"a","files":["a"],"mode":"mine"}"#,
        expect![[r#"
        mode: "mine" is not a mode: use exclusive or shared
        {"argument":"mode"}
    "#]],
    );
    check::<api::ListTasks>(
        r#"{"status":["PENDING","DONE"]}"#,
        expect![[r#"
        status[1]: "DONE" is not a status: use one of PENDING, IN_PROGRESS, COMPLETED, BLOCKED, NEEDS_REVIEW, CANCELLED
        {"argument":"status","path":"status[1]"}
    "#]],
    );
    check::<api::SendMessage>(
        r#"{"from_manus":"a","to_manus":"role:cook","message_type":"X","content":1}"#,
        expect![[r#"
        to_manus: "cook" is not a role: use one of SPEED_DEVELOPER, QUALITY_ENHANCER, AI_SPECIALIST, COORDINATOR
        {"argument":"to_manus"}
    "#]],
    );
}

#[test]
fn words_of_a_choice_are_named_once() {
    check::<api::ReviewTask>(
        r#"{"manus_id":"a","task_id":"T1","verdict":"maybe"}"#,
        expect![[r#"
        verdict is the text "maybe"; send approve or request_changes
        {"argument":"verdict"}
    "#]],
    );
    for verdict in ["approve", "REQUEST_CHANGES"] {
        check::<api::ReviewTask>(
            format!(r#"{{"manus_id":"a","task_id":"T1","verdict":"{verdict}"}}"#),
            expect![[r#"
            fine
        "#]],
        );
    }
}

#[test]
fn values_of_another_kind() {
    check::<api::CreateTask>(
        r#"{"title":["x"],"description":"y"}"#,
        expect![[r#"
        title is a list; send a text
        {"argument":"title"}
    "#]],
    );
    check::<api::ClaimFiles>(
        r#"{"manus_id":"a","files":"src/a.rs"}"#,
        expect![[r#"
        files is the text "src/a.rs"; send a list
        {"argument":"files"}
    "#]],
    );
    check::<api::ClaimFiles>(
        r#"{"manus_id":"a","files":["src/a.rs",3]}"#,
        expect![[r#"
        files[1] is the number 3; send a text
        {"argument":"files","path":"files[1]"}
    "#]],
    );
    check::<api::ListTasks>(
        r#"{"status":7}"#,
        expect![[r#"
        status is the number 7; send a text, or a list of texts
        {"argument":"status"}
    "#]],
    );
    check::<api::UpdateTaskProgress>(
        r#"{"manus_id":null,"task_id":"T1","progress":1}"#,
        expect![[r#"
        manus_id is null; send a text
        {"argument":"manus_id"}
    "#]],
    );
    check::<api::Heartbeat>(
        r#"{"manus_id":7}"#,
        expect![[r#"
        manus_id is the number 7; send a text
        {"argument":"manus_id"}
    "#]],
    );
}

#[test]
fn mistakes_within_a_batch() {
    check::<api::CreateTasks>(
        r#"{"tasks":[["a","b"]]}"#,
        expect![[r#"
        tasks[0] is a list; send an object
        {"argument":"tasks","path":"tasks[0]"}
    "#]],
    );
    check::<api::CreateTasks>(
        r#"{"tasks":[{"title":"a","description":"b"},{"title":"a"}]}"#,
        expect![[r#"
        tasks[1].description is missing
        {"argument":"tasks","path":"tasks[1].description"}
    "#]],
    );
    check::<api::CreateTasks>(
        r#"{"tasks":[{"title":"a","description":"b","prio":1}]}"#,
        expect![[r#"
        tasks[0].prio is not a field there (did you mean priority?); known are key, title, description, priority, files_involved, dependencies, estimated_duration, required_capabilities
        {"argument":"tasks","did_you_mean":"priority","known":["key","title","description","priority","files_involved","dependencies","estimated_duration","required_capabilities"],"path":"tasks[0].prio"}
    "#]],
    );
    check::<api::CreateTasks>(
        r#"{"tasks":[{"title":"a","description":"b","required_capabilities":[""]}]}"#,
        expect![[r#"
        tasks[0].required_capabilities[0]: "" is not a capability: use 1 to 64 printable characters, like python
        {"argument":"tasks","path":"tasks[0].required_capabilities[0]"}
    "#]],
    );
}
