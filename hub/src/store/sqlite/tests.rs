//! What can only be seen from inside: the settings of the connections, and single commits.

use engine::state::LoadedTask;
use engine::view::{FileLock, ManusInstance, Message, SyncTask};
use engine::{
    Answer, Event, FilePattern, Json, LockMode, ManusId, Priority, Progress, Record, Remembered, RequestId,
    TaskStatus,
};
use serde_json::json;

use super::*;
use crate::feed::Frame;
use crate::store::Order;

struct Scratch {
    dir: tempfile::TempDir,
}

impl Scratch {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("sync_engine.db")
    }

    async fn open(&self) -> SqliteStore {
        SqliteStore::open(&self.path()).await.unwrap()
    }
}

fn record(seq: Seq, message: Message) -> Arc<Frame> {
    let event = Event::MessageSent { message: Arc::new(message) };
    Arc::new(Frame::new(&Record { seq, at_ms: 5, by: None, event }).unwrap())
}

fn message(id: u64, content: Json) -> Message {
    Message {
        id,
        from_manus: ManusId::supervisor(),
        to_manus: ManusId::new("a").unwrap(),
        message_type: "NOTE".to_owned(),
        content,
        timestamp_ms: 5,
        processed: false,
        reply_to: None,
        thread_id: None,
        requires_ack: false,
    }
}

fn task(id: u64, title: &str, note: &str) -> Arc<SyncTask> {
    Arc::new(SyncTask {
        id: TaskId::numbered(id),
        title: title.to_owned(),
        description: note.to_owned(),
        assigned_to: None,
        priority: Priority::High,
        status: TaskStatus::Completed,
        dependencies: Vec::new(),
        waiting_for: Vec::new(),
        blocked_reason: None,
        estimated_duration: 1,
        progress: Progress::FULL,
        files_involved: Vec::new(),
        required_capabilities: Vec::new(),
        attempts: 0,
        result: Some(Json::text(note)),
        pinned: true,
        reviewer: None,
        stalled: false,
        stall_level: 0,
        held_reason: None,
        failures: 0,
        errors: Vec::new(),
        retry_at_ms: None,
        progressed_at_ms: None,
        created_at_ms: 1,
        started_at_ms: None,
        completed_at_ms: Some(2),
        planned_for: None,
        returned_by: None,
        expected_start_ms: None,
        expected_finish_ms: None,
        note: Some(note.to_owned()),
        updated_at_ms: 2,
    })
}

#[tokio::test]
async fn every_commit_waits_for_the_disk() {
    let scratch = Scratch::new();
    let store = scratch.open().await;
    let mut slot = store.writer.lock().await;
    let writer = &mut slot.as_mut().unwrap().connection;
    for (pragma, expected) in [
        ("select journal_mode = 'wal' from pragma_journal_mode", 1),
        ("select synchronous from pragma_synchronous", 2),
        ("select foreign_keys from pragma_foreign_keys", 1),
        ("select fullfsync from pragma_fullfsync", 1),
        ("select timeout from pragma_busy_timeout", 2_000),
    ] {
        let found: i64 = sqlx::query_scalar(pragma).fetch_one(&mut *writer).await.unwrap();
        assert_eq!(found, expected, "{pragma}");
    }
    drop(slot);
    let refused = sqlx::query("delete from events").execute(&store.pool()).await.unwrap_err();
    assert_eq!(explain::error(refused).reason, "the database is read-only");
}

/// A store with one event in it, its connection lost, and somebody who reads the database.
async fn failed(scratch: &Scratch) -> (SqliteStore, SqliteConnection) {
    let store = scratch.open().await;
    let mut reader = SqliteConnectOptions::new().filename(scratch.path()).connect().await.unwrap();
    sqlx::query("begin").execute(&mut reader).await.unwrap();
    assert_eq!(events(&mut reader).await, 0);
    let changes = Changes { events: vec![record(1, message(1, Json::text("a note")))], ..Changes::default() };
    store.commit(&changes).await.unwrap();
    store.writer.lock().await.take().unwrap().close().await;
    (store, reader)
}

async fn events(sql: &mut SqliteConnection) -> i64 {
    sqlx::query_scalar("select count(*) from events").fetch_one(sql).await.unwrap_or(0)
}

/// After a sync that failed, the system may show what the disk does not have, until somebody writes it anew.
#[tokio::test]
async fn what_is_loaded_after_a_failure_was_written_anew() {
    let scratch = Scratch::new();
    let (store, mut reader) = failed(&scratch).await;
    sqlx::query("commit").execute(&mut reader).await.unwrap();
    // The file alone, without its log.
    let alone = scratch.dir.path().join("alone.db");
    let events_at_home = async || {
        std::fs::copy(scratch.path(), &alone).unwrap();
        let mut sql = SqliteConnectOptions::new().filename(&alone).connect().await.unwrap();
        events(&mut sql).await
    };
    assert_eq!(events_at_home().await, 0);
    store.load(&Settings::default()).await.unwrap();
    assert_eq!(events_at_home().await, 1);
}

/// Whoever reads an older state keeps the log from being written home, and then nothing can be vouched for.
#[tokio::test]
async fn nothing_is_loaded_after_a_failure_while_somebody_reads_an_older_state() {
    let scratch = Scratch::new();
    let (store, mut reader) = failed(&scratch).await;
    assert!(store.load(&Settings::default()).await.unwrap_err().reason.contains("reads an older state"));
    sqlx::query("commit").execute(&mut reader).await.unwrap();
    assert_eq!(store.load(&Settings::default()).await.unwrap().snapshot.seq, 1);
}

/// Rows of tasks are read by position, so no two of these values are alike.
#[tokio::test]
async fn every_field_of_a_task_comes_back_in_its_place() {
    let agent = |id: &str| -> ManusInstance {
        serde_json::from_value(json!({
            "id": id, "role": "COORDINATOR", "capabilities": [], "status": "IDLE", "current_task": null, "progress": 0,
            "files_claimed": [], "last_heartbeat_ms": 1, "performance_score": 100.0, "max_parallel": 1, "program": null,
            "model": null, "registered_at_ms": 1, "draining": false, "stats": {},
        }))
        .unwrap()
    };
    let closed = json!({
        "id": "T7", "title": "title", "description": "description", "assigned_to": "worker", "priority": 4,
        "status": "COMPLETED", "dependencies": ["T3"], "waiting_for": [], "blocked_reason": "blocked",
        "estimated_duration": 11, "progress": 100, "files_involved": ["a.rs"], "required_capabilities": ["rust"],
        "attempts": 12, "result": {"told": true}, "pinned": true, "reviewer": "reviewer", "stalled": false,
        "stall_level": 13, "held_reason": null, "failures": 14,
        "errors": [{"at_ms": 15, "manus_id": "other", "message": "wrong"}], "retry_at_ms": 16, "progressed_at_ms": 17,
        "created_at_ms": 18, "started_at_ms": 19, "completed_at_ms": 20, "planned_for": "planned",
        "returned_by": "returned",
        "expected_start_ms": 21, "expected_finish_ms": 22, "note": "note", "updated_at_ms": 23,
    });
    let mut held = closed.clone();
    for (field, value) in [
        ("id", json!("T8")),
        ("status", json!("BLOCKED")),
        ("held_reason", json!("held")),
        ("pinned", json!(false)),
        ("completed_at_ms", json!(null)),
        ("dependencies", json!([])),
    ] {
        held[field] = value;
    }
    let tasks: Vec<Arc<SyncTask>> = serde_json::from_value(json!([closed, held])).unwrap();
    let scratch = Scratch::new();
    let store = scratch.open().await;
    let manus = ["worker", "reviewer", "planned", "returned"].map(agent).to_vec();
    store.commit(&Changes { manus, tasks: tasks.clone(), ..Changes::default() }).await.unwrap();
    let page = Page { cursor: None, order: Order::OldestFirst, limit: 100 };
    assert_eq!(Store::closed_tasks(&store, &TaskFilter::default(), &page).await.unwrap(), tasks[..1]);
    let loaded = store.load(&Settings::default()).await.unwrap().tasks;
    assert_eq!(loaded, [0, 1].map(|n| LoadedTask::from((*tasks[n]).clone())));
}

#[tokio::test]
async fn any_text_comes_back_as_it_was() {
    let scratch = Scratch::new();
    let store = scratch.open().await;
    let nasty = [
        "",
        "null",
        "'; drop table events; --",
        "\"quoted\" \\ back\\\\slash / slash",
        "line\r\nline\ttab\u{7f}\u{1}\u{1f}",
        "\u{2028}\u{2029}\u{feff}\u{fffd}\u{ffff}",
        "\u{1f980} \u{10ffff} e\u{301}",
        "[1, {\"a\": 'b'}]",
        "before\u{0}after",
        "\u{0}",
    ];
    let changes = Changes {
        events: (1..).zip(nasty).map(|(seq, text)| record(seq, message(seq, Json::text(text)))).collect(),
        tasks: (1..).zip(nasty).map(|(id, text)| task(id, text, text)).collect(),
        messages: (1..).zip(nasty).map(|(id, text)| Arc::new(message(id, Json::text(text)))).collect(),
        ..Changes::default()
    };
    store.commit(&changes).await.unwrap();
    let page = Page { cursor: None, order: Order::OldestFirst, limit: 100 };
    let tasks = Store::closed_tasks(
        &store,
        &TaskFilter::default(),
        &Page { cursor: None, order: page.order, limit: 100 },
    )
    .await
    .unwrap();
    assert_eq!(tasks, changes.tasks);
    assert_eq!(Store::messages(&store, &MessageFilter::default(), &page).await.unwrap(), changes.messages);
    for (record, frame) in
        Store::events(&store, &EventFilter::default(), &page).await.unwrap().iter().zip(&changes.events)
    {
        assert_eq!(Frame::new(record).unwrap(), **frame);
    }
}

#[tokio::test]
async fn any_json_comes_back_as_it_was() {
    let scratch = Scratch::new();
    let store = scratch.open().await;
    let deep = (0..100).fold(Json::Null, |inside, _| Json::List(vec![inside]));
    let values = [
        Json::Null,
        Json::Bool(false),
        Json::Int(i64::MIN),
        Json::UInt(u64::MAX),
        Json::Float(0.1),
        Json::Float(-1e-300),
        Json::Float(1e300),
        Json::Float(2.0),
        Json::text("text"),
        Json::Object(vec![("z".into(), Json::Int(1)), ("a".into(), Json::Null), ("z".into(), Json::Int(2))]),
        deep,
    ];
    let changes = Changes {
        messages: (1..).zip(values).map(|(id, value)| Arc::new(message(id, value))).collect(),
        ..Changes::default()
    };
    store.commit(&changes).await.unwrap();
    let page = Page { cursor: None, order: Order::OldestFirst, limit: 100 };
    assert_eq!(Store::messages(&store, &MessageFilter::default(), &page).await.unwrap(), changes.messages);
}

#[tokio::test]
async fn remembered_answers_come_back_and_are_forgotten_from_the_old_end() {
    let scratch = Scratch::new();
    let store = scratch.open().await;
    let remembered = |number: u64, actor: Option<&str>| Remembered {
        actor: actor.map(|actor| ManusId::new(actor).unwrap()),
        request_id: RequestId::new(&format!("request {number}")).unwrap(),
        fingerprint: u64::MAX - number,
        at_ms: number.cast_signed() * 10,
        answer: Arc::new(if actor.is_some() { Answer::Done } else { Answer::Sent(vec![1, 2]) }),
    };
    let all = vec![remembered(1, None), remembered(2, Some("a")), remembered(3, None)];
    store.commit(&Changes { remembered: all.clone(), ..Changes::default() }).await.unwrap();
    assert_eq!(store.load(&Settings::default()).await.unwrap().requests, all);
    store.commit(&Changes { forget_before_ms: Some(20), ..Changes::default() }).await.unwrap();
    assert_eq!(store.load(&Settings::default()).await.unwrap().requests, all[1..]);
}

#[tokio::test]
async fn a_broken_constraint_undoes_the_whole_commit() {
    let scratch = Scratch::new();
    let store = scratch.open().await;
    let lock = FileLock {
        file_path: FilePattern::new("a.rs").unwrap(),
        // Not registered.
        locked_by: ManusId::new("nobody").unwrap(),
        locked_at_ms: 1,
        lock_reason: None,
        mode: LockMode::Exclusive,
        expires_at_ms: None,
        task_id: None,
        fencing_token: 1,
    };
    let changes =
        Changes { events: vec![record(1, message(1, Json::Null))], locks: vec![lock], ..Changes::default() };
    let error = store.commit(&changes).await.unwrap_err();
    assert_eq!(error.reason, "the database refuses a row that breaks one of its constraints");
    assert_eq!(store.commit(&Changes::default()).await.unwrap_err().reason, "the database is not open");
    // A load opens it again; nothing of the commit is there, and the next one works.
    assert_eq!(store.load(&Settings::default()).await.unwrap().snapshot.seq, 0);
    store.commit(&Changes { locks: Vec::new(), ..changes }).await.unwrap();
    assert_eq!(store.load(&Settings::default()).await.unwrap().snapshot.seq, 1);
}

#[tokio::test]
async fn messages_from_before_the_search_are_found() {
    let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
    let insert = "insert into communication_log values (1, 'a', 'b', 'NOTE', '{\"text\": \"Green paint\", \"n\": 7}', 5, 1, null, null, 0), \
                  (2, 'a', 'b', 'NOTE', 'null', 5, 1, null, null, 0)";
    for migration in MIGRATIONS.iter().filter(|migration| migration.version < 3) {
        sqlx::raw_sql(migration.sql.clone()).execute(&mut connection).await.unwrap();
    }
    sqlx::raw_sql(insert).execute(&mut connection).await.unwrap();
    for migration in MIGRATIONS.iter().filter(|migration| migration.version >= 3) {
        sqlx::raw_sql(migration.sql.clone()).execute(&mut connection).await.unwrap();
    }
    let found = async |connection: &mut SqliteConnection, query: &str| -> Vec<i64> {
        let sql = "select rowid from message_search where message_search match ?1 order by rowid";
        sqlx::query_scalar(sql).bind(query.to_owned()).fetch_all(connection).await.unwrap()
    };
    assert_eq!(found(&mut connection, "\"green\" AND \"7\"").await, [1]);
    let later = "insert into communication_log values (3, 'a', 'b', 'NOTE', '\"green\"', 5, 1, null, null, 0); \
                 delete from communication_log where id = 1";
    sqlx::raw_sql(later).execute(&mut connection).await.unwrap();
    assert_eq!(found(&mut connection, "\"green\"").await, [3]);
}
