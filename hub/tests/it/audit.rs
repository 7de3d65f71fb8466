//! The audit: written by itself, bounded, and honest about what is missing.

use hub::{AuditEntry, AuditFilter, AuditKind, Config, Hub, Order, Page};

use crate::project::Project;

async fn entries(hub: &Hub, filter: &AuditFilter) -> Vec<AuditEntry> {
    let page = Page { cursor: None, order: Order::OldestFirst, limit: 100_000 };
    hub.audit().page(filter, &page).await.unwrap()
}

#[tokio::test]
async fn what_was_noted_is_there_after_a_shutdown() {
    let project = Project::new();
    let hub = project.open().await;
    hub.audit().note(AuditEntry::acted("create_task", "ok").from(Some("::1")).at(Some(7)));
    project.clock.advance(5);
    for _ in 0..3 {
        hub.audit().note(AuditEntry::denied("GET /", "unauthenticated"));
    }
    hub.shutdown().await;
    // Too late: nobody writes any more.
    hub.audit().note(AuditEntry::acted("cancel_task", "ok"));
    let hub = project.open().await;
    let found = entries(&hub, &AuditFilter::default()).await;
    let told: Vec<_> = found.iter().map(|entry| (entry.kind, &*entry.what, entry.times)).collect();
    assert_eq!(told, [(AuditKind::Acted, "create_task", 1), (AuditKind::Denied, "GET /", 3)]);
    assert_eq!((found[0].peer.as_deref(), found[0].seq), (Some("::1"), Some(7)));
    assert_eq!(found[1].at_ms, found[0].at_ms + 5);
    let denied = AuditFilter { kind: Some(AuditKind::Denied), ..AuditFilter::default() };
    assert_eq!(entries(&hub, &denied).await, found[1..]);
    let later = AuditFilter { since_ms: Some(found[1].at_ms), ..AuditFilter::default() };
    assert_eq!(entries(&hub, &later).await, found[1..]);
    let newest = hub.audit().page(&AuditFilter::default(), &Page::newest(1)).await.unwrap();
    assert_eq!(newest, found[1..]);
    let rest = Page { cursor: Some(newest[0].id), ..Page::newest(10) };
    assert_eq!(hub.audit().page(&AuditFilter::default(), &rest).await.unwrap(), found[..1]);
    hub.shutdown().await;
}

#[tokio::test]
async fn a_flood_is_bounded_and_what_is_missing_is_counted() {
    let project = Project::new();
    let hub = project.open().await;
    // Nobody writes while this thread does not wait.
    for n in 0..10_050 {
        hub.audit().note(AuditEntry::acted(&format!("call {n}"), "ok"));
    }
    hub.shutdown().await;
    let hub = project.open().await;
    let found = entries(&hub, &AuditFilter::default()).await;
    let lost =
        found.iter().filter(|entry| entry.kind == AuditKind::Lost).map(|entry| entry.times).sum::<u64>();
    assert_eq!((found.len() as u64 - 1, lost), (10_000, 50));
    hub.shutdown().await;
}

#[tokio::test]
async fn what_is_old_goes_where_history_does() {
    let project = Project::new();
    let config = Config { keep_history_ms: Some(60_000), ..project.config() };
    for (passed_ms, kept) in [(0, 1), (50_000, 2), (20_000, 2), (200_000, 1)] {
        project.clock.advance(passed_ms);
        let hub = Hub::open(config.clone()).await.unwrap();
        hub.audit().note(AuditEntry::acted("create_task", "ok"));
        hub.shutdown().await;
        let hub = project.open().await;
        assert_eq!(entries(&hub, &AuditFilter::default()).await.len(), kept, "after {passed_ms} ms more");
        hub.shutdown().await;
    }
}

#[tokio::test]
async fn what_cannot_be_written_now_is_written_later() {
    let project = Project::new();
    let hub = project.open().await;
    project.execute("alter table audit rename to away").await;
    hub.audit().note(AuditEntry::acted("create_task", "ok"));
    // Until it has been tried: then nothing is queued any more, and whatever is left is with whoever writes.
    tokio::task::yield_now().await;
    project.execute("alter table away rename to audit").await;
    // Calls are none the wiser.
    crate::project::done(&hub, crate::project::register("ada")).await;
    hub.shutdown().await;
    let hub = project.open().await;
    assert_eq!(entries(&hub, &AuditFilter::default()).await.len(), 1);
    hub.shutdown().await;
}
