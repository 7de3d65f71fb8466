//! Agents that introduce themselves over the network.

use engine::ManusId;
use serde_json::{Value, json};

use super::{Guarded, token};

fn register(name: &str, request_id: Option<&str>) -> Value {
    let mut arguments = json!({ "manus_id": name, "role": "SPEED_DEVELOPER", "capabilities": ["rust"] });
    if let Some(request_id) = request_id {
        arguments["request_id"] = json!(request_id);
    }
    arguments
}

#[tokio::test]
async fn an_agent_gets_a_token_of_its_own() {
    let guarded = Guarded::start().await;
    let answer = guarded.call(&guarded.enrolment, "register_manus", &register("eve", None)).await.ok();
    let own = answer["token"].as_str().unwrap().to_owned();
    assert_eq!(answer["manus"]["id"], "eve");
    guarded.call(&own, "heartbeat", &json!({ "manus_id": "eve" })).await.ok();
    assert_eq!(guarded.call(&own, "heartbeat", &json!({ "manus_id": "ada" })).await.status, 403);
    // With its own token it comes back, and keeps that.
    let again = json!({ "manus_id": "eve", "role": "COORDINATOR", "capabilities": [], "takeover": true });
    assert_eq!(guarded.call(&own, "register_manus", &again).await.ok()["token"], Value::Null);
    // An admin registers agents, too, and gives them tokens where that is wanted.
    let fred = guarded.call(&guarded.admin, "register_manus", &register("fred", None)).await.ok();
    assert_eq!(fred["token"], Value::Null);
}

#[tokio::test]
async fn names_are_given_once() {
    let guarded = Guarded::start().await;
    let enrol =
        async |name: &str| guarded.call(&guarded.enrolment, "register_manus", &register(name, None)).await;
    // Registered; has a token; the person in charge.
    token(&guarded.project, hub::TokenRole::Agent, Some("carol")).await;
    for taken in ["ada", "carol", "supervisor"] {
        let answer = enrol(taken).await;
        assert_eq!(answer.refused(), (403, "forbidden".to_owned()), "{taken}");
        assert!(answer.json()["message"].as_str().unwrap().contains("taken"), "{:?}", answer.body);
    }
    enrol("eve").await.ok();
    let takeover = json!({ "manus_id": "eve", "role": "COORDINATOR", "capabilities": [], "takeover": true });
    assert_eq!(guarded.call(&guarded.enrolment, "register_manus", &takeover).await.status, 403);
    // One that was sent away does not come back through this door.
    let access = guarded.project.server.hub().access();
    let eve = access.list().into_iter().find(|token| token.manus_id == Some(ManusId::new("eve").unwrap()));
    access.revoke(&eve.unwrap().id, false).await.unwrap();
    assert_eq!(enrol("eve").await.status, 403);
    // However many try at once, one gets the name.
    let all = (0..8).map(|_| enrol("gina"));
    let answers = futures::future::join_all(all).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
}

#[tokio::test]
async fn repeating_the_call_answers_the_same_token() {
    let guarded = Guarded::start().await;
    let first = guarded.call(&guarded.enrolment, "register_manus", &register("eve", Some("r-1"))).await.ok();
    let second = guarded.call(&guarded.enrolment, "register_manus", &register("eve", Some("r-1"))).await.ok();
    assert_eq!((&first["token"], &first["manus"]), (&second["token"], &second["manus"]));
    let other = guarded.call(&guarded.enrolment, "register_manus", &register("eve", Some("r-2"))).await;
    assert_eq!(other.status, 403);
    // Somebody else's enrolment with the same words is something else: it has another secret.
    let another = token(&guarded.project, hub::TokenRole::Enrolment, None).await;
    assert_eq!(guarded.call(&another, "register_manus", &register("eve", Some("r-1"))).await.status, 403);
    guarded.call(first["token"].as_str().unwrap(), "heartbeat", &json!({ "manus_id": "eve" })).await.ok();
}

#[tokio::test]
async fn those_who_were_enrolled_stay_unless_they_are_meant() {
    let guarded = Guarded::start().await;
    let id = guarded.enrolment.split('_').nth(1).unwrap();
    let own = guarded.call(&guarded.enrolment, "register_manus", &register("eve", None)).await.ok();
    let own = own["token"].as_str().unwrap();
    guarded.call(&guarded.admin, "revoke_token", &json!({ "id": id })).await.ok();
    assert_eq!(guarded.call(&guarded.enrolment, "register_manus", &register("fred", None)).await.status, 401);
    guarded.call(own, "heartbeat", &json!({ "manus_id": "eve" })).await.ok();
    let revoke = json!({ "id": id, "and_enrolled": true });
    let revoked = guarded.call(&guarded.admin, "revoke_token", &revoke).await.ok();
    assert_eq!(revoked["revoked"].as_array().unwrap().len(), 2);
    assert_eq!(guarded.call(own, "heartbeat", &json!({ "manus_id": "eve" })).await.status, 401);
}
