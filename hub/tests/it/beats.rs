//! Plain signs of life: cheap, and still enough.

use engine::{Command, InstanceStatus, TaskId};
use hub::Hub;

use crate::project::{Project, create, done, manus, refused, register};

fn status(hub: &Hub) -> InstanceStatus {
    hub.read(|state| state.manus(&manus("a")).unwrap().status)
}

/// How often the writer has written: the size of the log of writes, which nobody brings into the database so early.
fn written(project: &Project) -> u64 {
    std::fs::metadata(project.root().join(".manus-sync/sync_engine.db-wal")).unwrap().len()
}

#[tokio::test]
async fn heartbeats_cost_no_sql() {
    let project = Project::new();
    let hub = project.open().await;
    for name in ["a", "b"] {
        done(&hub, register(name)).await;
    }
    done(&hub, create(&["something"])).await;
    let (seq, before) = (hub.feed().committed_seq(), written(&project));
    let mut feed = hub.feed();
    for _ in 0..10_000 {
        let beat = hub.beat(&manus("a")).unwrap();
        assert_eq!(
            (beat.assigned_tasks, beat.unread_messages, beat.seq),
            (vec![TaskId::numbered(1)], 1, seq)
        );
    }
    project.clock.advance(4_999);
    hub.beat(&manus("b")).unwrap();
    // A command that writes nothing goes through the writer, which has therefore seen the clock.
    assert_eq!(refused(&hub, Command::NextTask { manus_id: manus("nobody") }).await, "manus_not_found");
    assert_eq!((hub.feed().committed_seq(), written(&project)), (seq, before));

    // All of them together are one event, some seconds later.
    project.clock.advance(1);
    assert!(feed.changed().await);
    let events = hub.events_page(&Default::default(), &hub::Page::newest(1)).await.unwrap();
    assert_eq!((events[0].seq, events[0].event.kind()), (seq + 1, "heartbeats_seen"));
    let seen = |name| hub.read(|state| state.manus(&manus(name)).unwrap().last_heartbeat_ms);
    assert_eq!(seen("b"), crate::project::START_MS + 4_999);
    assert_eq!(seen("a"), crate::project::START_MS);
}

#[tokio::test]
async fn whoever_beats_is_not_lost() {
    let project = Project::new();
    let hub = project.open().await;
    done(&hub, register("a")).await;
    for _ in 0..5 {
        project.clock.advance(100_000);
        hub.beat(&manus("a")).unwrap();
        refused(&hub, Command::NextTask { manus_id: manus("nobody") }).await;
    }
    assert_eq!(status(&hub), InstanceStatus::Idle);
    // A beat that is not yet folded counts when the moment of loss comes.
    project.clock.advance(119_000);
    hub.beat(&manus("a")).unwrap();
    project.clock.advance(2_000);
    refused(&hub, Command::NextTask { manus_id: manus("nobody") }).await;
    assert_eq!(status(&hub), InstanceStatus::Idle);
}

#[tokio::test]
async fn the_silent_are_lost_and_come_back_with_any_call() {
    let project = Project::new();
    let hub = project.open().await;
    done(&hub, register("a")).await;
    let mut feed = hub.feed();
    project.clock.advance(120_000);
    while status(&hub) != InstanceStatus::Lost {
        assert!(feed.changed().await);
    }
    assert_eq!(hub.beat(&manus("a")), None, "to be decided by the rules");
    done(&hub, Command::Heartbeat { manus_id: manus("a"), status: None, progress: None }).await;
    assert_eq!(status(&hub), InstanceStatus::Idle);

    project.clock.advance(120_000);
    while status(&hub) != InstanceStatus::Lost {
        assert!(feed.changed().await);
    }
    // A read that names the agent is a sign of life too, taken into account with the next fold.
    hub.note_sign_of_life(&manus("a"));
    project.clock.advance(5_000);
    while status(&hub) != InstanceStatus::Idle {
        assert!(feed.changed().await);
    }
}

#[tokio::test]
async fn a_refused_call_is_a_sign_of_life() {
    let project = Project::new();
    let hub = project.open().await;
    done(&hub, register("a")).await;
    project.clock.advance(119_000);
    let unknown = Command::StartTask { manus_id: manus("a"), task_id: TaskId::numbered(7) };
    assert_eq!(refused(&hub, unknown).await, "task_not_found");
    project.clock.advance(100_000);
    refused(&hub, Command::NextTask { manus_id: manus("nobody") }).await;
    assert_eq!(status(&hub), InstanceStatus::Idle);
}

#[tokio::test]
async fn the_unknown_and_the_gone_do_not_beat() {
    let project = Project::new();
    let hub = project.open().await;
    assert_eq!(hub.beat(&manus("a")), None);
    done(&hub, register("a")).await;
    done(&hub, Command::DeregisterManus { manus_id: manus("a") }).await;
    assert_eq!(hub.beat(&manus("a")), None);
}
