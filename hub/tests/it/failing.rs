//! What happens when commits fail: callers are told so, readers notice nothing, and all is well again by itself.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use engine::{Command, State};
use hub::{Clock, Config, Failure, FeedSlice, Hub, Readiness};
use sqlx::Connection;

use crate::project::{Project, START_MS, claim, create, done, manus, refused, register, request};
use crate::replay::check_tables;

/// The reason why a call cannot be carried out.
async fn unavailable(hub: &Hub, command: Command) -> String {
    match hub.submit(command, None).await {
        Err(Failure::Unavailable { reason }) => reason,
        other => panic!("{other:?}"),
    }
}

/// The reason why the hub is not ready.
fn not_ready(hub: &Hub) -> String {
    match hub.readiness() {
        Readiness::NotReady { reason } => reason,
        Readiness::Ready => panic!("ready"),
    }
}

/// A project with something in it.
async fn started(project: &Project) -> Hub {
    let hub = project.open().await;
    done(&hub, register("a")).await;
    done(&hub, create(&["before"])).await;
    hub
}

/// Nothing of a failed call is there, what was acknowledged is, and the log still adds up to the tables.
async fn check_sound(project: &Project, hub: Hub, titles: &[&str]) {
    let found: Vec<String> = hub.read(|state| state.tasks().map(|task| task.spec().title.clone()).collect());
    assert_eq!(found, titles);
    assert_eq!(hub.read(State::check), Vec::<String>::new());
    let before = hub.read(State::snapshot);
    hub.shutdown().await;
    check_tables(project).await;
    let again = project.open().await;
    assert_eq!(again.read(State::snapshot).tasks, before.tasks);
}

#[tokio::test]
async fn a_table_dropped_by_hand_and_put_back() {
    let project = Project::new();
    let hub = started(&project).await;
    project.execute("alter table communication_log rename to hidden").await;
    // A claim does not write messages; the commit notices all the same that something is missing.
    let reason = unavailable(&hub, claim("a", &["a.rs"])).await;
    assert_eq!(reason, "the table communication_log is missing in the database");
    assert_eq!(not_ready(&hub), reason);
    assert_eq!(unavailable(&hub, create(&["meanwhile"])).await, reason);
    // Reads go on, and so do signs of life.
    assert_eq!(hub.read(|state| state.tasks().len()), 1);
    assert!(hub.beat(&manus("a")).is_some());
    assert!(hub.read(|state| state.locks().is_empty()));

    project.execute("alter table hidden rename to communication_log").await;
    hub.until_ready().await;
    done(&hub, create(&["after"])).await;
    check_sound(&project, hub, &["before", "after"]).await;
}

#[tokio::test]
async fn a_refused_row_fails_every_call_of_its_batch() {
    let project = Project::new();
    let hub = started(&project).await;
    let mut feed = hub.feed();
    let seq = feed.committed_seq();
    project
        .execute(
            "create trigger no_poison before insert on sync_tasks when new.title = 'poison' \
             begin select raise(abort, 'poison'); end",
        )
        .await;
    let calls: Vec<_> = ["good", "poison", "better"]
        .into_iter()
        .map(|title| {
            let hub = hub.clone();
            tokio::spawn(async move { hub.submit(create(&[title]), request(title)).await })
        })
        .collect();
    for call in calls {
        let told = call.await.unwrap();
        assert!(matches!(told, Err(Failure::Unavailable { .. })), "{told:?}");
    }
    hub.until_ready().await;
    assert_eq!(hub.read(|state| state.tasks().len()), 1);
    // Nothing was published that is not on the disk, so watchers go on where they were.
    let Ok(FeedSlice::Frames(frames)) = feed.since(seq, 10).await else { panic!("a gap") };
    assert_eq!(frames.iter().map(|frame| frame.kind).collect::<Vec<_>>(), ["server_started"]);
    // Their request ids settle it.
    for title in ["good", "better"] {
        hub.submit(create(&[title]), request(title)).await.unwrap();
    }
    project.execute("drop trigger no_poison").await;
    check_sound(&project, hub, &["before", "good", "better"]).await;
}

#[tokio::test]
async fn a_commit_that_reached_the_disk_unnoticed() {
    let project = Project::new();
    let hub = started(&project).await;
    let mut feed = hub.feed();
    let seq = feed.committed_seq();
    // The file's name is taken away for a moment: the commit itself works, but nobody can vouch for it.
    let away = project.root().join("away");
    fs::rename(project.database(), &away).unwrap();
    let told = hub.submit(create(&["unsure"]), request("r1")).await.unwrap_err();
    assert!(told.to_string().contains("the database file was moved, deleted or replaced"), "{told}");
    while !not_ready(&hub).contains("it may be missing") {
        unavailable(&hub, create(&["meanwhile"])).await;
    }
    assert!(!project.database().exists(), "a new database was made in place of the lost one");
    assert_eq!(hub.read(|state| state.tasks().len()), 1);
    fs::rename(&away, project.database()).unwrap();
    hub.until_ready().await;
    // The disk has more than was published: watchers start anew, and the request id tells what became of the call.
    assert_eq!(feed.since(seq, 10).await.unwrap(), FeedSlice::Gap);
    assert_eq!(hub.read(|state| state.tasks().len()), 2);
    let seq = hub.feed().committed_seq();
    assert_eq!(hub.submit(create(&["unsure"]), request("r1")).await.unwrap().seq, seq);
    check_sound(&project, hub, &["before", "unsure"]).await;
}

#[tokio::test]
async fn a_database_locked_by_somebody_else() {
    let project = Project::new();
    let hub = started(&project).await;
    let mut other = project.sql().await;
    sqlx::query("begin immediate").execute(&mut other).await.unwrap();
    assert_eq!(unavailable(&hub, create(&["meanwhile"])).await, "another program keeps the database locked");
    sqlx::query("rollback").execute(&mut other).await.unwrap();
    other.close().await.unwrap();
    hub.until_ready().await;
    done(&hub, create(&["after"])).await;
    check_sound(&project, hub, &["before", "after"]).await;
}

#[tokio::test]
async fn a_replaced_database_is_read_anew() {
    let project = Project::new();
    let hub = started(&project).await;
    hub.shutdown().await;
    let backup = project.root().join("backup");
    fs::copy(project.database(), &backup).unwrap();
    let hub = project.open().await;
    done(&hub, create(&["gone with the backup"])).await;
    let (mut feed, log_id) = (hub.feed(), hub.log_id());
    let seq = feed.committed_seq();
    // Somebody puts a backup in place while the server runs.
    fs::rename(&backup, project.database()).unwrap();
    for rest in ["-wal", "-shm"] {
        let _ = fs::remove_file(format!("{}{rest}", project.database().display()));
    }
    assert!(unavailable(&hub, create(&["meanwhile"])).await.contains("moved, deleted or replaced"));
    hub.until_ready().await;
    assert_eq!(hub.log_id(), log_id);
    assert!(feed.committed_seq() < seq);
    assert_eq!(feed.since(seq, 10).await.unwrap(), FeedSlice::Gap);
    check_sound(&project, hub, &["before"]).await;
}

#[tokio::test]
async fn shutting_down_while_nothing_works() {
    let project = Project::new();
    let hub = started(&project).await;
    project.execute("alter table events rename to hidden").await;
    unavailable(&hub, create(&["meanwhile"])).await;
    hub.shutdown().await;
    assert_eq!(not_ready(&hub), "the server is shutting down");
    project.execute("alter table hidden rename to events").await;
    check_sound(&project, project.open().await, &["before"]).await;
}

#[tokio::test]
async fn refusals_wait_for_the_commit_that_they_speak_of() {
    let project = Project::new();
    let hub = started(&project).await;
    done(&hub, register("b")).await;
    let mut other = project.sql().await;
    sqlx::query("begin immediate").execute(&mut other).await.unwrap();
    // Both are in one batch: that b is refused tells of a's claim, which is not on the disk.
    let claims: Vec<_> = ["a", "b"]
        .into_iter()
        .map(|name| {
            let hub = hub.clone();
            tokio::spawn(async move { hub.submit(claim(name, &["a.rs"]), None).await })
        })
        .collect();
    for claim in claims {
        let told = claim.await.unwrap();
        assert!(matches!(told, Err(Failure::Unavailable { .. })), "{told:?}");
    }
    sqlx::query("rollback").execute(&mut other).await.unwrap();
    hub.until_ready().await;
    done(&hub, claim("b", &["a.rs"])).await;
    assert_eq!(refused(&hub, claim("a", &["a.rs"])).await, "file_locked");
}

/// A clock that breaks whoever asks it, once.
#[derive(Debug)]
struct BrokenClock(AtomicBool);

impl Clock for BrokenClock {
    fn now_ms(&self) -> engine::TimeMs {
        START_MS
    }

    fn sleep_until(&self, _at_ms: engine::TimeMs) -> hub::Sleep<'_> {
        Box::pin(std::future::pending())
    }

    fn was_suspended(&self) -> bool {
        assert!(!self.0.swap(false, Ordering::SeqCst), "broken on purpose");
        false
    }
}

#[tokio::test]
async fn a_panic_while_deciding_is_a_failed_batch() {
    let project = Project::new();
    let clock = Arc::new(BrokenClock(AtomicBool::new(false)));
    let hub = Hub::open(Config { clock: clock.clone(), ..project.config() }).await.unwrap();
    done(&hub, create(&["before"])).await;
    clock.0.store(true, Ordering::SeqCst);
    let told = hub.submit(create(&["unlucky"]), request("r1")).await;
    let reason = "the engine broke while deciding, and starts anew from what is stored".to_owned();
    assert_eq!(told, Err(Failure::Unavailable { reason }));
    hub.until_ready().await;
    hub.submit(create(&["unlucky"]), request("r1")).await.unwrap();
    check_sound(&project, hub, &["before", "unlucky"]).await;
}

#[tokio::test]
async fn paging_while_nothing_works_fails_in_words() {
    let project = Project::new();
    let hub = started(&project).await;
    project.execute("alter table events rename to hidden").await;
    let told = hub.events_page(&Default::default(), &hub::Page::newest(1)).await.unwrap_err();
    assert_eq!(
        told,
        Failure::Unavailable { reason: "the table events is missing in the database".to_owned() }
    );
    assert_eq!(hub.readiness(), Readiness::Ready, "one reader's trouble is not yet the writer's");
    tokio::time::timeout(Duration::from_secs(10), hub.shutdown()).await.unwrap();
}
