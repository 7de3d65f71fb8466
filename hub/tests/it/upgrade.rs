//! Databases of earlier versions: each schema that ever was, with the rows that a whole project has, opens and holds what it held.
//!
//! The rows are those of a project of today, in what tables and columns the earlier schema had. So whatever a migration adds must
//! do without being filled in, and whatever it changes must take what was there.

use std::path::Path;

use engine::state::State;
use hub::{Config, Hub, MessageFilter, NewToken, Order, Page, TokenRole, examine, newest_schema};
use serde_json::Value;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};

use crate::project::{Project, create, done, register};
use crate::work::Work;

/// A project with something in every table that came about by work.
async fn worked() -> Project {
    let project = Project::new();
    let hub = project.open().await;
    let mut work = Work::new(41);
    for n in 0..400 {
        let _ = hub.submit(work.command(), engine::RequestId::new(&format!("r{n}")).ok()).await;
        project.clock.advance(1_700);
    }
    let new =
        NewToken { role: TokenRole::Admin, manus_id: None, label: "me".to_owned(), expires_at_ms: None };
    hub.access().create(new).await.unwrap();
    hub.shutdown().await;
    let mut sql = project.sql().await;
    for table in
        ["manus_instances", "sync_tasks", "file_locks", "communication_log", "idempotency", "metrics"]
    {
        let rows = format!("select count(*) from {table}");
        let rows: i64 = sqlx::query_scalar(AssertSqlSafe(rows)).fetch_one(&mut sql).await.unwrap();
        assert!(rows > 0, "nothing in {table}");
    }
    sql.close().await.unwrap();
    project
}

/// A database of this schema, with the rows of that one.
async fn as_of(schema: i64, whole: &Path, file: &Path) {
    let migrations = sqlx::migrate!();
    let earlier: Vec<_> =
        migrations.iter().filter(|migration| migration.version <= schema).cloned().collect();
    let earlier = sqlx::migrate::Migrator { migrations: earlier.into(), ..sqlx::migrate::Migrator::DEFAULT };
    let options = SqliteConnectOptions::new().filename(file).create_if_missing(true);
    let mut sql = options.connect().await.unwrap();
    earlier.run_direct(None, &mut sql, false).await.unwrap();
    sqlx::query("attach database ?1 as whole").bind(whole.to_str()).execute(&mut sql).await.unwrap();
    let mut copied = sql.begin().await.unwrap();
    // The index of words is kept by its triggers, the list of migrations by whoever runs them.
    let tables = "select name from main.sqlite_schema where type = 'table' and name not like 'sqlite_%' \
                  and name not like '\\_sqlx%' escape '\\' and name not like 'message_search%'";
    let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(&mut *copied).await.unwrap();
    for table in tables {
        copy(&mut copied, &table).await;
    }
    if schema < 4 {
        // Comes with the tokens.
        let unknown = "delete from main.meta where key = 'enrolment_key'";
        sqlx::query(unknown).execute(&mut *copied).await.unwrap();
    }
    copied.commit().await.unwrap();
    sql.close().await.unwrap();
}

async fn copy(sql: &mut SqliteConnection, table: &str) {
    let columns = "select group_concat(name, ', ') from pragma_table_info(?1, 'main')";
    let columns: String = sqlx::query_scalar(columns).bind(table).fetch_one(&mut *sql).await.unwrap();
    // `meta` has rows from the beginning.
    let rows = format!("insert or replace into main.{table} ({columns}) select {columns} from whole.{table}");
    sqlx::query(AssertSqlSafe(rows)).execute(sql).await.unwrap_or_else(|error| panic!("{table}: {error}"));
}

/// Everything live, but for what only the newer schemas know.
fn seen(hub: &Hub, schema: i64) -> Value {
    let mut seen = serde_json::to_value(hub.read(State::snapshot)).unwrap();
    for task in seen["tasks"].as_array_mut().unwrap() {
        let task = task.as_object_mut().unwrap();
        if schema < 2 {
            // A plan that says when but not who is none.
            for planned in ["planned_for", "expected_start_ms", "expected_finish_ms"] {
                task.remove(planned);
            }
        }
        if schema < 7 {
            task.remove("returned_by");
        }
    }
    seen
}

/// Names the first place in which two differ: whole projects are too much to read.
fn check_same(old: &Value, today: &Value, place: &str) {
    match (old, today) {
        (Value::Object(a), Value::Object(b)) if a.keys().eq(b.keys()) => {
            a.iter().for_each(|(key, value)| check_same(value, &b[key], &format!("{place}.{key}")));
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).enumerate().for_each(|(at, (a, b))| check_same(a, b, &format!("{place}[{at}]")));
        }
        _ => assert_eq!(old, today, "{place}"),
    }
}

#[tokio::test]
async fn each_earlier_schema_opens_and_holds_what_it_held() {
    let worked = worked().await;
    for schema in 1..=newest_schema() {
        let (old, same) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (before, whole) = (old.path().join("old.db"), same.path().join("whole.db"));
        std::fs::copy(worked.database(), &whole).unwrap();
        as_of(schema, &whole, &before).await;
        assert_eq!(examine(&before).await.unwrap().schema, schema);
        let open = async |folder: &Path, file: &Path| {
            let config = Config { database: Some(file.to_owned()), ..worked.config() };
            let opened = Hub::open(Config { project_root: folder.to_owned(), ..config }).await;
            opened.unwrap_or_else(|error| panic!("schema {schema}: {error}"))
        };
        let (hub, today) = (open(old.path(), &before).await, open(same.path(), &whole).await);
        check_same(&seen(&hub, schema), &seen(&today, schema), &format!("schema {schema}: "));
        assert_eq!(hub.read(State::check), Vec::<String>::new(), "schema {schema}");
        assert_eq!(hub.access().list().len(), usize::from(schema >= 4), "schema {schema}");
        // What was written is found, also by words that were indexed later.
        let page = Page { cursor: None, order: Order::OldestFirst, limit: 10_000 };
        let filter = MessageFilter { text: Some("T1".to_owned()), ..MessageFilter::default() };
        let found = hub.messages_page(&filter, &page).await.unwrap();
        assert_eq!(found, today.messages_page(&filter, &page).await.unwrap(), "schema {schema}");
        assert!(!found.is_empty());
        // And work goes on.
        done(&hub, register("newcomer")).await;
        done(&hub, create(&["something new"])).await;
        hub.shutdown().await;
        today.shutdown().await;
        let after = examine(&before).await.unwrap();
        assert_eq!((after.schema, after.problems), (newest_schema(), Vec::new()), "schema {schema}");
    }
}
