//! Too much at once, and clocks that somebody sets.

use engine::view::FileLock;
use engine::{Answer, Command, InstanceStatus, State};
use hub::{Config, Failure, Hub};

use crate::project::{Project, claim, create, done, manus, register};

/// Ten times as many calls as the queue has room for: those that fit are carried out, the others are told at once and have done
/// nothing, and the queue never holds more than its bound.
#[tokio::test]
async fn ten_times_what_the_queue_holds() {
    const BOUND: usize = 1_000;
    let project = Project::new();
    let hub = Hub::open(Config { queue_max: BOUND, ..project.config() }).await.unwrap();
    // On one thread the writer does not run before all of these have been tried.
    let calls = (0..10 * BOUND).map(|n| {
        let hub = hub.clone();
        tokio::spawn(async move {
            let outcome = hub.submit(create(&[&format!("task {n}")]), None).await;
            assert!(hub.queue_depth().0 <= BOUND);
            outcome
        })
    });
    let (mut accepted, mut turned_away) = (0, 0);
    for call in calls.collect::<Vec<_>>() {
        match call.await.unwrap() {
            Ok(_) => accepted += 1,
            Err(Failure::Overloaded { retry_after_secs: 1 }) => turned_away += 1,
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!((accepted, turned_away), (BOUND, 9 * BOUND));
    assert_eq!(hub.read(|state| state.tasks().len()), BOUND);
    // It is over as soon as it is over.
    assert_eq!(hub.queue_depth().0, 0);
    done(&hub, create(&["one more"])).await;
    assert_eq!(hub.read(State::check), Vec::<String>::new());
}

fn status(hub: &Hub, name: &str) -> InstanceStatus {
    hub.read(|state| state.agent(&manus(name)).unwrap().status())
}

fn with_ttl(name: &str, file: &str, ttl: i64) -> Command {
    let Command::ClaimFiles { manus_id, files, reason, mode, wait_ms, .. } = claim(name, &[file]) else {
        unreachable!()
    };
    Command::ClaimFiles { manus_id, files, reason, mode, ttl_ms: Some(ttl), wait_ms }
}

fn lock(answer: &Answer) -> FileLock {
    let Answer::Locks(locks) = answer else { panic!("{answer:?}") };
    locks[0].clone()
}

/// Time in the log never goes back, whatever the clock does, and nothing ends before its time because of it.
#[tokio::test]
async fn the_clock_back_and_forth() {
    const HOUR: i64 = 3_600_000;
    let project = Project::new();
    let hub = project.open().await;
    done(&hub, register("ada")).await;
    let before = lock(&done(&hub, with_ttl("ada", "a.rs", 60_000)).await);
    // An hour back: what happens now comes after what happened, and ends no earlier.
    project.clock.advance(-HOUR);
    let during = lock(&done(&hub, with_ttl("ada", "b.rs", 60_000)).await);
    assert_eq!((during.locked_at_ms, during.expires_at_ms), (before.locked_at_ms, before.expires_at_ms));
    assert!(during.fencing_token > before.fencing_token);
    assert_ne!(status(&hub, "ada"), InstanceStatus::Lost);
    // Forth again, and half a minute further: half of the time to live is left.
    project.clock.advance(HOUR + 30_000);
    done(&hub, Command::Heartbeat { manus_id: manus("ada"), status: None, progress: None }).await;
    assert_eq!(hub.read(|state| state.locks().len()), 2);
    // An hour forth, all at once: whoever was silent is lost, and what was due has ended.
    project.clock.advance(HOUR);
    done(&hub, create(&["later"])).await;
    assert_eq!(status(&hub, "ada"), InstanceStatus::Lost);
    assert_eq!(hub.read(|state| state.locks().len()), 0);
    // And back: she comes back, claims, and time stands still until the clock has caught up.
    project.clock.advance(-HOUR);
    done(&hub, register("ada")).await;
    let late = lock(&done(&hub, with_ttl("ada", "a.rs", 60_000)).await);
    assert!(late.locked_at_ms > before.locked_at_ms + HOUR && late.fencing_token > during.fencing_token);
    let seq = hub.read(State::seq);
    hub.shutdown().await;
    drop(hub);
    // A server that starts with its clock an hour behind goes on from where the log is.
    let hub = project.open().await;
    assert!(hub.read(State::at_ms) >= late.locked_at_ms && hub.read(State::seq) > seq);
    assert_eq!(hub.read(|state| state.locks().len()), 1);
    assert_eq!(hub.read(State::check), Vec::<String>::new());
    hub.shutdown().await;
    let times: Vec<i64> = sqlx::query_scalar("select at_ms from events order by seq")
        .fetch_all(&mut project.sql().await)
        .await
        .unwrap();
    assert!(times.is_sorted(), "{times:?}");
}
