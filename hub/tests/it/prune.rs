//! Letting go of the past: exactly what was counted goes, and what is left adds up to what is there now.

use engine::state::State;
use engine::view::Snapshot;
use engine::{Command, Json, Recipient, Record};
use hub::{
    EventFilter, FeedSlice, Hold, Hub, MessageFilter, Order, Page, PruneError, Pruned, examine, prune,
};

use crate::project::{Project, START_MS, create, done, manus, register};
use crate::replay::log;
use crate::work::Work;

/// Long before now, as the tests' clock goes.
const DAY_MS: i64 = 24 * 3_600_000;

/// A project with a history of three days, served.
async fn with_history(seed: u64) -> (Project, Hub) {
    let project = Project::new();
    let hub = project.open().await;
    let mut work = Work::new(seed);
    for _ in 0..3 {
        for _ in 0..150 {
            let _ = hub.submit(work.command(), None).await;
            project.clock.advance(29);
        }
        for agent in 0..3 {
            let note = Command::SendMessage {
                from_manus: manus("supervisor"),
                to_manus: Recipient::One(manus("ada")),
                message_type: "NOTE".to_owned(),
                content: json(agent),
                reply_to: None,
                requires_ack: false,
            };
            let _ = hub.submit(note, None).await;
        }
        project.clock.advance(DAY_MS);
    }
    done(&hub, register("late")).await;
    hub.shutdown().await;
    let hub = project.open().await;
    (project, hub)
}

async fn let_go(project: &Project, before_ms: i64, dry_run: bool) -> Pruned {
    prune(&project.database(), &project.settings, before_ms, dry_run).await.unwrap()
}

/// What replaying from the log's beginning comes to.
fn replayed(start: Snapshot, records: &[Record]) -> Snapshot {
    let mut state = State::from_snapshot(start, [], []);
    for record in records {
        assert_eq!(record.seq, state.seq() + 1, "the log has a gap");
        state.apply(record);
    }
    state.snapshot()
}

fn json(number: u64) -> Json {
    serde_json::from_value(serde_json::json!({ "number": number })).unwrap()
}

/// The log and the state that it comes to, while nobody adds anything in between.
async fn at_once(hub: &Hub) -> (Vec<Record>, Snapshot) {
    loop {
        let (now, log) = (hub.read(State::snapshot), log(hub).await);
        if log.last().is_some_and(|last| last.seq == now.seq) {
            return (log, now);
        }
    }
}

async fn messages(hub: &Hub) -> usize {
    let page = Page { cursor: None, order: Order::OldestFirst, limit: 1_000_000 };
    hub.messages_page(&MessageFilter::default(), &page).await.unwrap().len()
}

#[tokio::test]
async fn what_is_left_adds_up_to_what_is_there() {
    for seed in 1..=2 {
        let (project, hub) = with_history(seed).await;
        let (now, whole) = (hub.read(State::snapshot), log(&hub).await);
        assert_eq!(replayed(hub.log_start().await.unwrap(), &whole), now, "before anything went");
        let mut gone = 0;
        // Twice, since the second time begins with what the first one left.
        for before_ms in [START_MS + DAY_MS, START_MS + 2 * DAY_MS] {
            let counted = let_go(&project, before_ms, true).await;
            assert_eq!(log(&hub).await.len() + gone, whole.len(), "a dry run");
            let pruned = let_go(&project, before_ms, false).await;
            assert_eq!((pruned.events, pruned.upto_seq), (counted.events, counted.upto_seq));
            gone += usize::try_from(pruned.events).unwrap();
            let left = log(&hub).await;
            assert_eq!(left, whole[gone..], "exactly what was counted went");
            assert!(left[0].at_ms >= before_ms && whole[gone - 1].at_ms < before_ms);
            let start = hub.log_start().await.unwrap();
            assert_eq!(start.seq, pruned.upto_seq);
            assert_eq!(replayed(start, &left), now);
            let upto = hub.pruned().await.unwrap();
            assert_eq!((upto.upto_seq, upto.upto_ms), (pruned.upto_seq, pruned.upto_ms));
            assert_eq!(let_go(&project, before_ms, true).await.events, 0, "nothing more is that old");
        }
        // Who serves it, and who starts anew, see what was there before.
        assert_eq!(hub.read(State::snapshot), now);
        hub.shutdown().await;
        assert_eq!(examine(&project.database()).await.unwrap().problems, Vec::<String>::new());
        let hub = project.open().await;
        let again = hub.read(State::snapshot);
        assert_eq!((again.tasks, again.locks, again.messages), (now.tasks, now.locks, now.messages));
        hub.shutdown().await;
    }
}

#[tokio::test]
async fn messages_that_somebody_may_still_want_stay() {
    let mut project = Project::new();
    project.settings.messages_kept = 5;
    let hub = project.open().await;
    for name in ["ada", "bob"] {
        done(&hub, register(name)).await;
    }
    let say = |to: &str| Command::SendMessage {
        from_manus: manus("supervisor"),
        to_manus: Recipient::One(manus(to)),
        message_type: "NOTE".to_owned(),
        content: json(1),
        reply_to: None,
        requires_ack: false,
    };
    for _ in 0..20 {
        done(&hub, say("ada")).await;
        done(&hub, say("bob")).await;
    }
    let take = Command::TakeMessages { manus_id: manus("ada"), limit: 1_000 };
    done(&hub, take).await;
    project.clock.advance(DAY_MS);
    assert_eq!(let_go(&project, START_MS, false).await.messages, 0, "none is that old");
    let all = messages(&hub).await;
    let counted = let_go(&project, START_MS + DAY_MS, true).await;
    let pruned = let_go(&project, START_MS + DAY_MS, false).await;
    assert_eq!((pruned.messages, counted.messages), (15, 15), "of the twenty taken, five are kept");
    assert_eq!(messages(&hub).await, all - 15);
    assert_eq!(hub.pruned().await.unwrap().messages_before_ms, Some(START_MS + DAY_MS));
    assert_eq!(hub.read(|state| state.inbox().unread_count(&manus("bob"))), 20);
    hub.shutdown().await;
}

#[tokio::test]
async fn watchers_that_come_too_late_are_told() {
    let (project, hub) = with_history(7).await;
    let pruned = let_go(&project, START_MS + 2 * DAY_MS, false).await;
    let mut feed = hub.feed();
    assert_eq!(feed.since(1, 10).await.unwrap(), FeedSlice::Gap);
    assert_eq!(feed.since(pruned.upto_seq - 1, 10).await.unwrap(), FeedSlice::Gap);
    let FeedSlice::Frames(frames) = feed.since(pruned.upto_seq, 10).await.unwrap() else { panic!("a gap") };
    assert_eq!(frames[0].seq, pruned.upto_seq + 1);
    // Pages begin where the log does, whatever the cursor says.
    let page = Page { cursor: Some(1), order: Order::OldestFirst, limit: 1 };
    let first = hub.events_page(&EventFilter::default(), &page).await.unwrap();
    assert_eq!(first[0].seq, pruned.upto_seq + 1);
    hub.shutdown().await;
}

#[tokio::test]
async fn an_interrupted_run_is_finished_by_the_next() {
    let (project, hub) = with_history(11).await;
    hub.shutdown().await;
    let whole = {
        let hub = project.open().await;
        let whole = log(&hub).await;
        hub.shutdown().await;
        whole
    };
    // As if it had been killed after half of the events, with rows of an attempt before that left over.
    let pruned = let_go(&project, START_MS + DAY_MS, false).await;
    let put_back = &whole[usize::try_from(pruned.upto_seq).unwrap() - 1];
    let mut sql = project.sql().await;
    sqlx::query("insert into events values (?1, ?2, null, ?3, '{}')")
        .bind(put_back.seq.cast_signed())
        .bind(put_back.at_ms)
        .bind(put_back.event.kind())
        .execute(&mut sql)
        .await
        .unwrap();
    sqlx::query("insert into log_start values (3, 0, 'head', '{}')").execute(&mut sql).await.unwrap();
    sqlx::Connection::close(sql).await.unwrap();
    let hub = project.open().await;
    let now = hub.read(State::snapshot);
    let seen = log(&hub).await;
    assert_eq!(seen[0].seq, pruned.upto_seq + 1, "what is left over is not shown");
    assert_eq!(replayed(hub.log_start().await.unwrap(), &seen), now);
    assert_eq!(let_go(&project, START_MS + DAY_MS, false).await.events, 1);
    assert_eq!(replayed(hub.log_start().await.unwrap(), &log(&hub).await), now);
    hub.shutdown().await;
    assert_eq!(examine(&project.database()).await.unwrap().problems, Vec::<String>::new());
}

#[tokio::test]
async fn while_a_server_is_busy() {
    let (project, hub) = with_history(13).await;
    let busy = hub.clone();
    let load = tokio::spawn(async move {
        for _ in 0..200 {
            done(&busy, create(&["one", "two"])).await;
        }
    });
    let pruned = let_go(&project, START_MS + 2 * DAY_MS, false).await;
    load.await.unwrap();
    assert!(pruned.events > 100);
    let now = hub.read(State::snapshot);
    assert_eq!(replayed(hub.log_start().await.unwrap(), &log(&hub).await), now);
    assert!(matches!(Hold::take(&project.config()), Err(hub::OpenError::AlreadyServed { .. })));
    hub.shutdown().await;
    Hold::take(&project.config()).unwrap().compact().await.unwrap();
    // Not the size before: what the load wrote after the pruning may have used up all pages that it freed.
    let mut sql = project.sql().await;
    let unused: i64 = sqlx::query_scalar("pragma freelist_count").fetch_one(&mut sql).await.unwrap();
    assert_eq!(unused, 0);
    sqlx::Connection::close(sql).await.unwrap();
    assert_eq!(examine(&project.database()).await.unwrap().problems, Vec::<String>::new());
}

#[tokio::test]
async fn a_log_that_does_not_add_up_is_left_alone() {
    let (project, hub) = with_history(17).await;
    hub.shutdown().await;
    project.execute("delete from events where seq = 20").await;
    let refused = prune(&project.database(), &project.settings, START_MS + DAY_MS, false).await.unwrap_err();
    assert!(refused.to_string().contains("the log lacks event 20"), "{refused}");
    let missing = prune(&project.root().join("none.db"), &project.settings, 0, true).await.unwrap_err();
    assert!(matches!(missing, PruneError::Missing(_)), "{missing}");
}

#[tokio::test]
async fn a_server_lets_go_by_itself() {
    let (project, hub) = with_history(19).await;
    hub.shutdown().await;
    let config = hub::Config { keep_history_ms: Some(DAY_MS), ..project.config() };
    let hub = Hub::open(config).await.unwrap();
    let mut upto = hub.pruned().await.unwrap().upto_seq;
    while upto == 0 {
        tokio::task::yield_now().await;
        upto = hub.pruned().await.unwrap().upto_seq;
    }
    // An hour later it looks again, also for what has become old meanwhile.
    project.clock.advance(2 * DAY_MS);
    while hub.pruned().await.unwrap().upto_seq == upto {
        tokio::task::yield_now().await;
    }
    let (left, now) = at_once(&hub).await;
    assert_eq!(replayed(hub.log_start().await.unwrap(), &left), now);
    hub.shutdown().await;
}
