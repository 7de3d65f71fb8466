//! A call with a request id happens once, however often it is sent.

use engine::{Answer, Command, Json, Recipient, Refusal};
use hub::Failure;

use crate::project::{Project, claim, create, done, manus, register, request};

fn message(text: &str) -> Command {
    Command::SendMessage {
        from_manus: manus("a"),
        to_manus: Recipient::One(manus("a")),
        message_type: "NOTE".to_owned(),
        content: Json::text(text),
        reply_to: None,
        requires_ack: false,
    }
}

#[tokio::test]
async fn the_same_call_gets_the_same_answer_also_after_a_restart() {
    let project = Project::new();
    let hub = project.open().await;
    done(&hub, register("a")).await;
    done(&hub, message("hello")).await;
    let calls = [
        ("create", create(&["something"])),
        ("claim", claim("a", &["a.rs"])),
        ("take", Command::TakeMessages { manus_id: manus("a"), limit: 10 }),
        // Does nothing, and is remembered all the same.
        ("nothing", Command::AckMessages { manus_id: manus("a"), ids: vec![999] }),
        ("send", message("again")),
    ];
    let mut answers = Vec::new();
    for (id, command) in &calls {
        answers.push(hub.submit(command.clone(), request(id)).await.unwrap().answer);
    }
    assert!(matches!(&*answers[2], Answer::Messages(messages) if messages.len() == 2));
    for restart in [false, true] {
        let hub = if restart {
            hub.shutdown().await;
            project.open().await
        } else {
            hub.clone()
        };
        let seq = hub.feed().committed_seq();
        for ((id, command), answer) in calls.iter().zip(&answers) {
            let again = hub.submit(command.clone(), request(id)).await.unwrap();
            assert_eq!((&again.answer, again.seq), (answer, seq), "{id}");
        }
        let other = hub.submit(create(&["something else"]), request("create")).await;
        assert!(
            matches!(other, Err(Failure::Refused { refusal: Refusal::RequestIdReused { .. }, .. })),
            "{other:?}"
        );
        // An agent's request ids are its own.
        assert!(matches!(
            &*hub.submit(create(&["by nobody"]), request("claim")).await.unwrap().answer,
            Answer::Tasks(_)
        ));
    }
}

#[tokio::test]
async fn repeated_in_one_batch_it_happens_once() {
    let project = Project::new();
    let hub = project.open().await;
    // On one thread all of these are queued before the first is decided.
    let calls: Vec<_> = (0..10)
        .map(|n| {
            let hub = hub.clone();
            let title = if n == 9 { "other" } else { "same" };
            tokio::spawn(async move { hub.submit(create(&[title]), request("r1")).await })
        })
        .collect();
    let mut answers = Vec::new();
    for call in calls {
        answers.push(call.await.unwrap());
    }
    let other = answers.pop().unwrap();
    assert!(matches!(other, Err(Failure::Refused { refusal: Refusal::RequestIdReused { .. }, .. })));
    for answer in &answers {
        assert_eq!(answer.as_ref().unwrap().answer, answers[0].as_ref().unwrap().answer);
    }
    assert_eq!(hub.read(|state| state.tasks().len()), 1);
}

#[tokio::test]
async fn answers_are_forgotten_after_a_day() {
    let project = Project::new();
    let hub = project.open().await;
    hub.submit(create(&["something"]), request("r1")).await.unwrap();
    // In memory the next remembered call drives the old one out, on the disk the next fold does.
    project.clock.advance(24 * 3_600_000 + 1);
    hub.submit(create(&["something"]), request("r2")).await.unwrap();
    hub.submit(create(&["something"]), request("r1")).await.unwrap();
    done(&hub, register("a")).await;
    hub.shutdown().await;
    let mut sql = project.sql().await;
    let kept: Vec<String> = sqlx::query_scalar("select request_id from idempotency order by answered_no")
        .fetch_all(&mut sql)
        .await
        .unwrap();
    assert_eq!(kept, ["r2", "r1"]);
    drop(sql);
    assert_eq!(project.open().await.read(|state| state.tasks().len()), 3);
}
