//! The log is the truth: applying it from the start gives what the tables hold.

use std::collections::BTreeMap;

use engine::state::metrics::Bucket;
use engine::{Event, Record, Settings, State};
use hub::{EventFilter, Hub, Order, Page};
use serde_json::{Map, Value};
use sqlx::Connection;
use sqlx::sqlite::SqliteConnection;

use crate::project::Project;
use crate::work::Work;

/// The whole log.
pub async fn log(hub: &Hub) -> Vec<Record> {
    let page = Page { cursor: None, order: Order::OldestFirst, limit: 1_000_000 };
    hub.events_page(&EventFilter::default(), &page).await.unwrap()
}

/// The whole log, as anybody can read it.
async fn log_table(sql: &mut SqliteConnection) -> Vec<Record> {
    let query = "select json_object('seq', seq, 'at_ms', at_ms, 'by', by_manus, 'kind', kind, 'data', json(data)) \
                 from events order by seq";
    let rows: Vec<String> = sqlx::query_scalar(query).fetch_all(sql).await.unwrap();
    rows.iter().map(|row| serde_json::from_str(row).unwrap()).collect()
}

/// Settings by which nothing leaves memory.
fn keep_all() -> Settings {
    Settings { closed_kept: 1_000_000, messages_kept: 1_000_000, ..Settings::default() }
}

fn replay(log: &[Record]) -> State {
    let mut state = State::new(keep_all());
    for (record, expected) in log.iter().zip(1..) {
        assert_eq!(record.seq, expected, "the log has a gap");
        state.apply(record);
    }
    state
}

/// The rows of a table as they stand, by a key, with every column under its name.
async fn rows(sql: &mut SqliteConnection, table: &str, key: &str) -> BTreeMap<String, Value> {
    let columns: Vec<String> = sqlx::query_scalar("select name from pragma_table_info(?1)")
        .bind(table)
        .fetch_all(&mut *sql)
        .await
        .unwrap();
    let pairs: Vec<String> = columns.iter().map(|column| format!("'{column}', {column}")).collect();
    let query = format!("select cast({key} as text), json_object({}) from {table}", pairs.join(", "));
    let rows: Vec<(String, String)> =
        sqlx::query_as(sqlx::AssertSqlSafe(query)).fetch_all(sql).await.unwrap();
    rows.into_iter().map(|(key, row)| (key, serde_json::from_str(&row).unwrap())).collect()
}

/// A view as its row must be: lists and free values as JSON text, truth as a number, the priority as the seed's.
fn row(view: &impl serde::Serialize, json_columns: &[&str], derived: &[&str]) -> Value {
    let Value::Object(fields) = serde_json::to_value(view).unwrap() else { panic!("no object") };
    let column = |(name, value): (String, Value)| {
        let value = match value {
            Value::Null if name != "content" => Value::Null,
            value if json_columns.contains(&name.as_str()) => Value::String(value.to_string()),
            Value::Bool(truth) => Value::from(i64::from(truth)),
            Value::String(word) if name == "priority" => Value::from(
                ["CRITICAL", "HIGH", "MEDIUM", "LOW"].iter().position(|w| *w == word).unwrap() + 1,
            ),
            value => value,
        };
        (name, value)
    };
    let fields: Map<_, _> =
        fields.into_iter().filter(|(name, _)| !derived.contains(&name.as_str())).map(column).collect();
    Value::Object(fields)
}

/// JSON text in columns, compared as JSON: the spelling of numbers and the order of keys are the database's own affair.
fn parsed(mut row: Value, json_columns: &[&str]) -> Value {
    for column in json_columns {
        if let Some(Value::String(text)) = row.get(*column) {
            let value: Value = serde_json::from_str(text).unwrap();
            row[*column] = value;
        }
    }
    row
}

fn compare(
    table: &str,
    found: BTreeMap<String, Value>,
    expected: BTreeMap<String, Value>,
    json_columns: &[&str],
) {
    assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>(), "{table}");
    for ((key, found), expected) in found.into_iter().zip(expected.into_values()) {
        assert_eq!(parsed(found, json_columns), parsed(expected, json_columns), "{table} {key}");
    }
}

/// Compares the tables of a project that is not being served with what its log comes to.
pub async fn check_tables(project: &Project) {
    let mut sql = project.sql().await;
    let state = replay(&log_table(&mut sql).await);
    assert_eq!(state.check(), Vec::<String>::new());
    let snapshot = state.snapshot();

    let lists = ["capabilities", "files_claimed", "stats"];
    let manus = snapshot.manus.iter().map(|view| (view.id.to_string(), row(view, &lists, &[]))).collect();
    compare("manus_instances", rows(&mut sql, "manus_instances", "id").await, manus, &lists);

    let lists = ["dependencies", "files_involved", "required_capabilities", "result", "errors"];
    let tasks = snapshot
        .tasks
        .iter()
        .map(|view| (view.id.to_string(), row(view, &lists, &["waiting_for"])))
        .collect();
    let mut found = rows(&mut sql, "sync_tasks", "id").await;
    for task in found.values_mut() {
        task.as_object_mut().unwrap().remove("created_no");
    }
    compare("sync_tasks", found, tasks, &lists);

    let locks =
        snapshot.locks.iter().map(|view| (view.fencing_token.to_string(), row(view, &[], &[]))).collect();
    compare("file_locks", rows(&mut sql, "file_locks", "fencing_token").await, locks, &[]);

    let messages =
        snapshot.messages.iter().map(|view| (view.id.to_string(), row(view, &["content"], &[]))).collect();
    compare("communication_log", rows(&mut sql, "communication_log", "id").await, messages, &["content"]);

    let mut counts: Vec<Bucket> = Vec::new();
    let rows: Vec<(String,)> = sqlx::query_as("select counts from metrics order by width_ms, start_ms")
        .fetch_all(&mut sql)
        .await
        .unwrap();
    counts.extend(rows.iter().map(|(json,)| serde_json::from_str::<Bucket>(json).unwrap()));
    assert_eq!(counts, snapshot.metrics, "metrics");

    let meta: Vec<(String, i64)> =
        sqlx::query_as("select key, value from meta where key like 'next_%' order by key")
            .fetch_all(&mut sql)
            .await
            .unwrap();
    let counters = snapshot.counters;
    let expected = [
        ("next_fencing_token", counters.next_fencing_token),
        ("next_message", counters.next_message),
        ("next_task", counters.next_task),
        ("next_wait", counters.next_wait),
    ];
    assert_eq!(meta, expected.map(|(key, value)| (key.to_owned(), value.cast_signed())));
    sql.close().await.unwrap();
}

/// A restart is one event more. Beyond that it may only ask those once more who gave a task back, as any other occasion would.
fn check_restart(log: &[Record], before: u64) {
    let at = log.iter().position(|record| record.seq == before + 1).unwrap();
    let (history, restart) = log.split_at(at);
    assert_eq!(restart[0].event, Event::ServerStarted {});
    for record in &restart[1..] {
        let (task_id, manus_id) = match &record.event {
            Event::TaskAssigned { task_id, manus_id, .. } => (task_id, manus_id),
            Event::MessageSent { message } if message.message_type == "TASK_ASSIGNED" => continue,
            other => panic!("a restart came with {other:?}"),
        };
        let given_back = history.iter().rev().find(|record| match &record.event {
            Event::TaskUnassigned { task_id: id, .. } | Event::TaskReturned { task_id: id, .. } => {
                id == task_id
            }
            Event::TaskAssigned { task_id: id, .. } => id == task_id,
            _ => false,
        });
        let by = given_back.filter(|record| !matches!(record.event, Event::TaskAssigned { .. }));
        assert_eq!(by.and_then(|record| record.by.as_ref()), Some(manus_id), "{task_id} had been forgotten");
    }
}

#[tokio::test]
async fn replaying_the_log_gives_the_tables() {
    // With 8 somebody has given a task back that nobody else can do.
    for seed in [1, 2, 3, 8] {
        let project = Project::new();
        let mut work = Work::new(seed);
        let mut log = Vec::new();
        // With restarts in between.
        for _ in 0..3 {
            let hub = project.open().await;
            for _ in 0..400 {
                let _ = hub.submit(work.command(), None).await;
                project.clock.advance(17);
            }
            let feed = hub.feed();
            hub.shutdown().await;
            let hub = project.open().await;
            let longer = self::log(&hub).await;
            assert_eq!(longer[..log.len()], log, "history was rewritten");
            check_restart(&longer, feed.committed_seq());
            log = longer;
            hub.shutdown().await;
        }
        check_tables(&project).await;
    }
}
