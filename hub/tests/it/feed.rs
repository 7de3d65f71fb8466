//! Watching: every committed event once, in order, from wherever one was.

use std::sync::Arc;

use engine::Record;
use hub::{Feed, FeedSlice, Frame};

use crate::project::{Project, create, done, register};
use crate::replay::log;

fn frames(slice: FeedSlice) -> Vec<Arc<Frame>> {
    match slice {
        FeedSlice::Frames(frames) => frames,
        FeedSlice::Gap => panic!("a gap"),
    }
}

async fn seqs(feed: &mut Feed, since: u64, max: usize) -> Vec<u64> {
    frames(feed.since(since, max).await.unwrap()).iter().map(|frame| frame.seq).collect()
}

#[tokio::test]
async fn a_watcher_gets_every_event_once_and_in_order() {
    let project = Project::new();
    let hub = project.open().await;
    let mut feed = hub.feed();
    let watcher = tokio::spawn(async move {
        let (mut seen, mut seq) = (Vec::new(), 0);
        loop {
            let new = frames(feed.since(seq, 7).await.unwrap());
            match new.last() {
                Some(last) => seq = last.seq,
                None if !feed.changed().await => return seen,
                None => {}
            }
            seen.extend(new);
        }
    });
    done(&hub, register("a")).await;
    for n in 0..50 {
        done(&hub, create(&[&format!("task {n}")])).await;
    }
    let log = log(&hub).await;
    hub.shutdown().await;
    let seen = watcher.await.unwrap();
    let records: Vec<Record> = seen.iter().map(|frame| serde_json::from_str(frame.json()).unwrap()).collect();
    assert_eq!(records[..log.len()], log);
    let frame = &seen[1];
    assert_eq!(
        std::str::from_utf8(&frame.sse).unwrap(),
        format!("id: 2\nevent: manus_registered\ndata: {}\n\n", frame.json())
    );
    assert_eq!(frame.kind, "manus_registered");
}

#[tokio::test]
async fn what_is_no_longer_in_memory_comes_from_the_log() {
    let project = Project::new();
    let hub = project.open().await;
    for n in 0..20 {
        done(&hub, create(&[&format!("task {n}")])).await;
    }
    let before = frames(hub.feed().since(0, 1_000).await.unwrap());
    hub.shutdown().await;

    let hub = project.open().await;
    let mut feed = hub.feed();
    let after = frames(feed.since(0, 1_000).await.unwrap());
    assert_eq!(after[..before.len()], before);
    assert_eq!(seqs(&mut feed, 3, 2).await, [4, 5]);
    let last = feed.committed_seq();
    assert_eq!(seqs(&mut feed, last - 1, 100).await, [last]);
    assert_eq!(seqs(&mut feed, last, 100).await, [0_u64; 0]);
}

#[tokio::test]
async fn whoever_knows_more_than_the_log_starts_anew() {
    let project = Project::new();
    let hub = project.open().await;
    let mut feed = hub.feed();
    assert_eq!(feed.since(100, 10).await.unwrap(), FeedSlice::Gap);
}
