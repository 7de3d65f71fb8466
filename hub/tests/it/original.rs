//! Projects of the original Python engine: made here with its own tables, as it would have left them.

use std::path::{Path, PathBuf};

use engine::{FilePattern, LockKey, Role, TaskId, TaskStatus};
use expect_test::{Expect, expect};
use hub::{Hub, ImportReport, Imported, OpenError, import, import_original};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection, Executor};

use crate::project::{Project, connect, create, manus, register};
use crate::replay::check_tables;

const TABLES: &str = "
    create table manus_instances (id text primary key, role text, capabilities text, current_task text, status text,
        progress integer, files_claimed text, last_heartbeat text, performance_score real);
    create table sync_tasks (id text primary key, title text, description text, assigned_to text, priority integer,
        status text, dependencies text, estimated_duration integer, created_at text, started_at text,
        completed_at text, files_involved text);
    create table file_locks (file_path text primary key, locked_by text, locked_at text, lock_reason text);
    create table communication_log (id integer primary key autoincrement, from_manus text, to_manus text,
        message_type text, content text, timestamp text, processed boolean default false);
";

/// A working day, every row as the original writes them. The zone is named, so that it reads the same everywhere.
const SOUND: &str = r#"
    insert into manus_instances values
        ('manus_speed', 'speed_developer', '["python", "rapid_prototyping"]', '3f2a9c01', 'ACTIVE', 40, '["auth.py"]',
         '2025-06-15T10:00:00.250000+00:00', 100.0),
        ('manus_quality', 'QUALITY_ENHANCER', '["testing"]', null, 'ACTIVE', 0, '[]', '2025-06-15T10:00:01+00:00', 92.5);
    insert into sync_tasks values
        ('0badcafe', 'Design the schema', 'Tables first', 'manus_quality', 1, 'completed', '[]', 60,
         '2025-06-15T08:00:00+00:00', '2025-06-15T08:05:00+00:00', '2025-06-15T08:45:00+00:00', '["schema.sql"]'),
        ('3f2a9c01', 'Implement login', 'JWT', 'manus_speed', 2, 'in_progress', '["0badcafe"]', 180,
         '2025-06-15T08:00:01+00:00', '2025-06-15T09:00:00+00:00', null, '["auth.py", "./middleware.py"]'),
        ('77777777', 'Test login', '', 'unassigned', 3, 'pending', '["3f2a9c01"]', 30,
         '2025-06-15T08:00:02+00:00', null, null, '[]'),
        ('12345678', 'Buy hardware', 'Waits for money', 'unassigned', 4, 'blocked', '[]', 30,
         '2025-06-15T08:00:03+00:00', null, null, '[]');
    insert into file_locks values ('auth.py', 'manus_speed', '2025-06-15T09:00:00+00:00', 'Working on task 3f2a9c01');
    insert into communication_log (id, from_manus, to_manus, message_type, content, timestamp, processed) values
        (4, 'manus_speed', 'manus_quality', 'CODE_REVIEW_REQUEST', '{"files": ["auth.py"]}', '2025-06-15T09:30:00+00:00', 0),
        (7, 'system', 'manus_speed', 'TASK_ASSIGNMENT', '{"task_id": "3f2a9c01"}', '2025-06-15T08:50:00+00:00', 1);
"#;

/// A sound project of the original engine.
pub async fn sound(path: &Path) {
    original(path, SOUND).await;
}

async fn original(path: &Path, rows: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
    let mut connection = options.connect().await.unwrap();
    connection.execute(TABLES).await.unwrap();
    connection.execute(sqlx::AssertSqlSafe(rows.to_owned())).await.unwrap();
    connection.close().await.unwrap();
}

/// What came over, without what is this machine's.
fn told(report: &ImportReport) -> String {
    let odd: Vec<String> = report.odd.iter().map(|odd| format!("{odd}\n")).collect();
    format!("{report}\n{}", odd.concat())
}

/// Imports these rows and compares the report.
async fn check(rows: &str, said: Expect) -> (Project, Hub) {
    let project = Project::new();
    original(&project.database(), rows).await;
    let hub = project.open().await;
    said.assert_eq(&told(hub.imported().unwrap()));
    assert_eq!(hub.read(|state| state.check()), Vec::<String>::new());
    (project, hub)
}

fn task(id: &str) -> TaskId {
    TaskId::new(id).unwrap()
}

fn files(project: &Project) -> Vec<String> {
    let entries = std::fs::read_dir(project.root().join(".manus-sync")).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    // The lock is no copy, and stays.
    names.retain(|name| name.starts_with("sync_engine.db") && !name.ends_with(".lock"));
    names.sort();
    names
}

#[tokio::test]
async fn a_sound_project_comes_over_as_it_was() {
    let said = expect![[r#"
        2 agents, 4 tasks, 1 locks and 2 messages of the original engine imported, every row as it was
    "#]];
    let (project, hub) = check(SOUND, said).await;
    hub.read(|state| {
        let speed = state.manus(&manus("manus_speed")).unwrap();
        assert_eq!(speed.current_task, Some(task("3f2a9c01")));
        assert_eq!((speed.progress.percent(), speed.performance_score), (40, 100.0));
        assert_eq!(speed.last_heartbeat_ms, 1_749_981_600_250);
        assert_eq!(speed.registered_at_ms, 1_749_974_401_000, "when it first shows");
        let quality = state.manus(&manus("manus_quality")).unwrap();
        assert_eq!((quality.role, quality.performance_score), (Role::QualityEnhancer, 92.5));
        assert_eq!(
            (quality.stats.completed, quality.stats.on_time, quality.stats.actual_ms),
            (1, 1, 2_400_000)
        );

        let login = state.task_view(&task("3f2a9c01")).unwrap();
        assert_eq!((login.status, login.progress.percent()), (TaskStatus::InProgress, 40));
        assert_eq!(login.started_at_ms, Some(1_749_978_000_000));
        assert_eq!(login.files_involved[1].as_str(), "middleware.py");
        let test = state.task_view(&task("77777777")).unwrap();
        assert_eq!((test.status, &test.waiting_for[..]), (TaskStatus::Blocked, &[task("3f2a9c01")][..]));
        let hardware = state.task_view(&task("12345678")).unwrap();
        assert_eq!(hardware.status, TaskStatus::Blocked);
        assert!(hardware.held_reason.as_ref().unwrap().contains("original engine"));
        assert_eq!(state.outcome(&task("0badcafe")), Some(engine::state::Outcome::Completed));

        let file_path = FilePattern::new("auth.py").unwrap();
        let lock = state.locks().get(&LockKey { locked_by: manus("manus_speed"), file_path }).unwrap();
        assert_eq!((lock.locked_at_ms, &lock.task_id), (1_749_978_000_000, &Some(task("3f2a9c01"))));
        let unread: Vec<u64> = state.inbox().unread(&manus("manus_quality"), 0).map(|m| m.id).collect();
        assert_eq!(unread, [4]);
    });
    // Their ids are ids like any other from here on.
    let complete = engine::Command::CompleteTask {
        task_id: task("3f2a9c01"),
        manus_id: Some(manus("manus_speed")),
        result: None,
        needs_review: false,
        attempt: None,
    };
    hub.submit(complete, None).await.unwrap();
    hub.read(|state| {
        assert_eq!(state.locks().len(), 0, "the task gave back what was taken for it");
        let test = state.task_view(&task("77777777")).unwrap();
        assert!(test.assigned_to.is_some(), "what waited for it goes to somebody");
    });
    let created = hub.submit(create(&["New"]), None).await.unwrap();
    assert!(format!("{:?}", created.answer).contains("T1"), "{:?}", created.answer);
    hub.shutdown().await;
    check_tables(&project).await;
}

#[tokio::test]
async fn it_is_imported_once_and_the_original_is_kept() {
    let project = Project::new();
    original(&project.database(), SOUND).await;
    let before = std::fs::read(project.database()).unwrap();
    let hub = project.open().await;
    let report = hub.imported().unwrap().clone();
    assert_eq!(std::fs::read(&report.backup).unwrap(), before);
    assert!(std::fs::read_to_string(&report.file).unwrap().contains("2 agents, 4 tasks"));
    let told = hub.read(|state| {
        let to_person = state.inbox().iter().filter(|message| message.to_manus.as_str() == "supervisor");
        to_person.map(|message| message.message_type.clone()).collect::<Vec<_>>()
    });
    assert_eq!(told, ["IMPORTED"]);
    let tasks = hub.read(|state| state.snapshot().tasks);
    hub.shutdown().await;
    let again = project.open().await;
    assert_eq!(again.imported(), None);
    assert_eq!(again.read(|state| state.snapshot().tasks), tasks);
    again.shutdown().await;
    assert_eq!(files(&project), ["sync_engine.db", "sync_engine.db.original"]);
    check_tables(&project).await;
}

#[tokio::test]
async fn odd_rows_are_told_one_by_one() {
    let rows = r#"
        insert into manus_instances values
            ('perfect', 'system_perfectionist', '["testing", ""]', 'gone', 'ACTIVE', 250, '["x.py"]', 'yesterday', 'good'),
            ('Manus One', 'chief', 'python', null, 'asleep', 0, null, '2031-01-01T00:00:00Z', 500),
            ('away', 'coordinator', '[]', null, 'INACTIVE', 0, '[]', '2025-06-15T09:00:00Z', 100);
        insert into sync_tasks values
            ('a', '', null, 'nobody', 7, 'someday', '["zzz", "a"]', -5, 'whenever', null, '2025-06-15T09:00:00Z', '["../out.py"]'),
            ('b', 'B', 'b', 'perfect', 'HIGH', 'in_progress', '["c"]', null, '2025-06-15T08:00:00Z', null, null, null),
            ('c', 'C', 'c', 'away', 3, 'in_progress', '["d"]', 10, '2025-06-15T08:30:00Z', '2025-06-15T08:00:00Z', null, '[]'),
            ('d', 'D', 'd', 'unassigned', 3, 'pending', '["c"]', 10, '2025-06-15T08:00:00Z', null, null, '[]'),
            ('e f', 'E', 'e', null, 3, 'completed', '["d"]', 10, '2025-06-15T08:00:00Z', null, null, '[]');
        insert into file_locks values
            ('src/', 'perfect', '2025-06-15T09:00:00Z', null),
            ('src/a.py', 'Manus One', '2025-06-15T09:00:01Z', 'late'),
            ('b.py', 'ghost', '2025-06-15T09:00:00Z', null),
            ('/etc/passwd', 'perfect', '2025-06-15T09:00:00Z', null);
        insert into communication_log (from_manus, to_manus, message_type, content, timestamp, processed) values
            ('perfect', 'all', 'HELLO', 'plain words', '2025-06-15T09:00:00Z', 0),
            ('ghost', 'perfect', null, '{}', 'noon', 3);
        create table notes (text text);
    "#;
    let said = expect![[r#"
        3 agents, 5 tasks, 1 locks and 3 messages of the original engine imported; 45 times a row was not taken as it was
        manus_instances perfect: capabilities holds what is no text: ""; left out
        manus_instances perfect: last_heartbeat "yesterday" is no time; left out
        manus_instances perfect: the role system_perfectionist does not exist here; imported as QUALITY_ENHANCER, the nearest
        manus_instances perfect: performance_score "good" is no number; imported as 100
        manus_instances perfect: progress 250 is taken as 100
        manus_instances Manus One: "Manus One" cannot be an agent's name here; imported as Manus_One
        manus_instances Manus One: capabilities is no list: "python"; imported as an empty one
        manus_instances Manus One: last_heartbeat "2031-01-01T00:00:00Z" lies in the future; taken as now
        manus_instances Manus One: "chief" is no role; imported as SPEED_DEVELOPER
        manus_instances Manus One: "asleep" is no status of an agent; imported as INACTIVE
        manus_instances Manus One: performance_score 500 is beyond the scale of 0 to 125; imported as 125
        sync_tasks a: it depends on "zzz", which is no task; left out
        sync_tasks a: it depends on itself; that dependency is left out
        sync_tasks a: it has no title; imported as "Untitled"
        sync_tasks a: it is assigned to "nobody", who is no agent; imported as nobody's
        sync_tasks a: "someday" is no status of a task; imported as PENDING
        sync_tasks a: created_at "whenever" is no time; left out
        sync_tasks a: it has no created_at; the first time known of it is taken
        sync_tasks a: it has a completed_at and is PENDING; the time is left out
        sync_tasks a: priority 7 is not 1 to 4; imported as MEDIUM
        sync_tasks a: "../out.py" lies outside the project; name paths inside the project root, relative to it; left out
        sync_tasks a: estimated_duration -5 is taken as 60 minutes
        sync_tasks b: it is IN_PROGRESS although c is not completed; that dependency is left out
        sync_tasks b: it was created before a task that it depends on; created_at is taken as of that one
        sync_tasks b: it is IN_PROGRESS without started_at; taken as of its creation
        sync_tasks c: it is IN_PROGRESS with away, who is INACTIVE; imported as PENDING
        sync_tasks c: it is assigned to away, who is INACTIVE; imported as nobody's
        sync_tasks c: it was started 1800000 ms before its creation; taken as of its creation
        sync_tasks d: it waits for c, which waits for it in turn; that dependency is left out
        sync_tasks e f: its id cannot be one here; imported as e_f
        sync_tasks e f: it is COMPLETED although d is not completed; that dependency is left out
        sync_tasks e f: it is COMPLETED without completed_at; taken as of its start
        file_locks b.py: it is held by "ghost", who is no agent; not locked
        file_locks /etc/passwd: "/etc/passwd" lies outside the project; name paths inside the project root, relative to it; not locked
        file_locks src/a.py: it is held by Manus_One, who is INACTIVE; not locked
        manus_instances perfect: files_claimed names "x.py", which file_locks does not give it; not locked
        communication_log 1: its content is no JSON; imported as a text
        communication_log 1: it was to everybody; imported as 2 messages, one a recipient
        communication_log 2: from_manus "ghost" is no agent; kept under the name ghost
        communication_log 2: it has no message_type; imported as MESSAGE
        communication_log 2: timestamp "noon" is no time before now; taken as now
        communication_log 2: processed is 3; imported as processed
        communication_log all: not every message has a number of its own; all are numbered anew, in the order of sending
        table notes: the original has no such table; its rows stay in the copy that is kept
        manus_instances perfect: current_task "gone" is not in progress with it; left out
    "#]];
    let (project, hub) = check(rows, said).await;
    hub.shutdown().await;
    check_tables(&project).await;
}

#[tokio::test]
async fn times_without_a_zone_are_this_machines() {
    let project = Project::new();
    let rows = "insert into manus_instances values ('a', 'coordinator', '[]', null, 'ACTIVE', 0, '[]',
        strftime('%Y-%m-%dT%H:%M:%f', 1749981600.25, 'unixepoch', 'localtime') || '000', 100)";
    original(&project.database(), rows).await;
    let hub = project.open().await;
    assert_eq!(hub.read(|state| state.manus(&manus("a")).unwrap().last_heartbeat_ms), 1_749_981_600_250);
    hub.shutdown().await;
}

#[tokio::test]
async fn one_in_use_is_left_alone() {
    let project = Project::new();
    original(&project.database(), SOUND).await;
    let mut other = connect(&project.database()).await;
    other.execute("begin immediate").await.unwrap();
    let error = Hub::open(project.config()).await.unwrap_err();
    assert!(error.to_string().contains("stop its programs first"), "{error}");
    other.execute("rollback").await.unwrap();
    let still: i64 = count(&mut other, "select count(*) from sync_tasks where created_at is not null").await;
    assert_eq!(still, 4);
    other.close().await.unwrap();
    assert_eq!(files(&project), ["sync_engine.db"]);
    project.open().await.shutdown().await;
}

async fn count(connection: &mut SqliteConnection, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(connection).await.unwrap()
}

#[tokio::test]
async fn what_a_cut_off_import_left_is_no_obstacle() {
    let project = Project::new();
    original(&project.database(), SOUND).await;
    let beside = |suffix: &str| PathBuf::from(format!("{}{suffix}", project.database().display()));
    std::fs::copy(project.database(), beside(".original")).unwrap();
    std::fs::write(beside(".importing"), "half a database").unwrap();
    std::fs::write(beside(".importing-wal"), "half a log").unwrap();
    std::fs::write(beside(".copying"), "half a copy").unwrap();
    let hub = project.open().await;
    assert_eq!(hub.imported().unwrap().tasks, 4);
    hub.shutdown().await;
    assert_eq!(files(&project), ["sync_engine.db", "sync_engine.db.2.original", "sync_engine.db.original"]);
}

#[tokio::test]
async fn from_elsewhere_into_an_empty_project() {
    let (from, to) = (tempfile::tempdir().unwrap(), Project::new());
    let old = from.path().join("old.db");
    original(&old, SOUND).await;
    // Nothing but a start has happened here.
    to.open().await.shutdown().await;
    let report = import_original(&old, &to.config()).await.unwrap();
    assert_eq!((report.tasks, report.odd.len()), (4, 0));
    assert!(old.exists());
    let hub = to.open().await;
    assert_eq!(hub.read(|state| state.tasks().len()), 4);
    assert_eq!(hub.imported(), None);
    // While it is served, nobody imports; and afterwards it is not empty any more.
    let refused = import_original(&old, &to.config()).await.unwrap_err();
    assert!(matches!(refused, OpenError::AlreadyServed { .. }), "{refused}");
    hub.shutdown().await;
    let refused = import_original(&old, &to.config()).await.unwrap_err();
    assert!(matches!(refused, OpenError::HasHistory { .. }), "{refused}");
    check_tables(&to).await;
}

#[tokio::test]
async fn what_is_not_the_originals_is_not_imported() {
    let project = Project::new();
    let hub = project.open().await;
    hub.submit(register("ada"), None).await.unwrap();
    hub.shutdown().await;
    let other = Project::new();
    let refused = import_original(&project.database(), &other.config()).await.unwrap_err();
    assert!(matches!(refused, OpenError::NotOriginal { .. }), "{refused}");
    assert!(!other.database().exists());
    let text = other.root().join("text.db");
    std::fs::write(&text, "no database").unwrap();
    let refused = import_original(&text, &other.config()).await.unwrap_err();
    assert!(matches!(refused, OpenError::NotOurs { .. }), "{refused}");
    assert_eq!(std::fs::read(&text).unwrap(), b"no database");
}

#[tokio::test]
async fn a_backup_becomes_a_project_again() {
    let (from, to) = (Project::new(), Project::new());
    let hub = from.open().await;
    hub.submit(register("ada"), None).await.unwrap();
    hub.submit(create(&["One", "Two"]), None).await.unwrap();
    hub.shutdown().await;
    let file = from.root().join("monday.db");
    hub::backup(&from.database(), &file).await.unwrap();
    to.open().await.shutdown().await;
    let Imported::Backup(found) = import(&file, &to.config()).await.unwrap() else { panic!("no backup") };
    assert_eq!((found.tasks, found.manus), (2, 1));
    let hub = to.open().await;
    assert_eq!(hub.read(|state| (state.tasks().len(), state.agents().len())), (2, 1));
    hub.shutdown().await;
    let refused = import(&file, &to.config()).await.unwrap_err();
    assert!(matches!(refused, OpenError::HasHistory { .. }), "{refused}");
    check_tables(&to).await;
}
