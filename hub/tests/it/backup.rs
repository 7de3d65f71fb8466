//! Copies made while others go on, and what an examination sees.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use engine::State;
use hub::{BackupError, Config, Hub, backup, examine};
use sqlx::Connection;

use crate::project::{Project, claim, connect, create, done, register};

/// The state that a copy holds, by serving it.
async fn served(copy: &Path) -> (Hub, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let config = Config { database: Some(copy.to_owned()), ..Config::new(folder.path()) };
    (Hub::open(config).await.unwrap(), folder)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_under_load_is_one_moment_and_whole() {
    let project = Project::new();
    let hub = project.open().await;
    let busy = Arc::new(AtomicBool::new(true));
    let callers: Vec<_> = (0..4)
        .map(|n| {
            let (hub, busy) = (hub.clone(), busy.clone());
            tokio::spawn(async move {
                let name = format!("agent_{n}");
                done(&hub, register(&name)).await;
                let mut rounds = 0;
                while busy.load(Ordering::Relaxed) {
                    done(&hub, create(&["one", "two"])).await;
                    done(&hub, claim(&name, &[&format!("{n}/{rounds}.rs")])).await;
                    rounds += 1;
                }
                rounds
            })
        })
        .collect();
    let mut feed = hub.feed();
    while feed.committed_seq() < 500 {
        feed.changed().await;
    }
    let folder = tempfile::tempdir().unwrap();
    for n in 0..5 {
        let copy = folder.path().join(format!("{n}.db"));
        let before = hub.read(State::seq);
        // Once from within the server's process, then as another program does it.
        let found = match n {
            0 => hub.backup(&copy).await.unwrap(),
            _ => backup(&project.database(), &copy).await.unwrap(),
        };
        assert!(found.seq >= before && found.problems.is_empty(), "{found:?}");
        assert_eq!(found.tasks % 2, 0, "half a batch");
        let (other, _root) = served(&copy).await;
        assert_eq!(other.read(|state| state.tasks().len() as u64), found.tasks);
        assert_eq!(other.read(State::check), Vec::<String>::new());
        other.shutdown().await;
    }
    busy.store(false, Ordering::Relaxed);
    for caller in callers {
        assert!(caller.await.unwrap() > 0);
    }
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().flatten().filter(|file| partial(&file.path())).count(),
        0
    );
}

fn partial(path: &Path) -> bool {
    path.to_string_lossy().ends_with(".partial")
}

#[cfg(unix)]
#[tokio::test]
async fn the_database_and_its_copies_are_for_their_owner_alone() {
    let project = Project::new();
    let hub = project.open().await;
    let (database, copy) = (project.database(), project.root().join("copy.db"));
    hub.backup(&copy).await.unwrap();
    let log = database.with_extension("db-wal");
    let shared = database.with_extension("db-shm");
    for file in [database, log, shared, copy] {
        let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&file).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600, "{}", file.display());
    }
    hub.shutdown().await;
}

#[tokio::test]
async fn what_exists_is_left_alone() {
    let project = Project::new();
    project.open().await.shutdown().await;
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy.db");
    fs::write(&copy, "precious").unwrap();
    let refused = backup(&project.database(), &copy).await.unwrap_err();
    assert!(matches!(refused, BackupError::Exists(_)), "{refused}");
    assert_eq!(fs::read(&copy).unwrap(), b"precious");
    let nowhere = folder.path().join("no/such/folder/copy.db");
    let refused = backup(&project.database(), &nowhere).await.unwrap_err();
    assert!(matches!(refused, BackupError::Storage { .. }), "{refused}");
    let refused = backup(&folder.path().join("none.db"), &folder.path().join("new.db")).await.unwrap_err();
    assert!(matches!(refused, BackupError::Missing(_)), "{refused}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

/// What an examination says after somebody changed the tables behind the engine's back.
async fn said_after(sql: &'static str) -> Vec<String> {
    let project = Project::new();
    let hub = project.open().await;
    done(&hub, register("ada")).await;
    done(&hub, create(&["one", "two"])).await;
    done(&hub, claim("ada", &["a.rs"])).await;
    hub.shutdown().await;
    assert_eq!(examine(&project.database()).await.unwrap().problems, Vec::<String>::new());
    let mut connection = connect(&project.database()).await;
    sqlx::query("pragma foreign_keys = off").execute(&mut connection).await.unwrap();
    sqlx::query(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let copy = project.root().join("copy.db");
    let refused = backup(&project.database(), &copy).await.unwrap_err();
    assert!(matches!(refused, BackupError::Unsound { .. }) && !copy.exists(), "{refused}");
    examine(&project.database()).await.unwrap().problems
}

#[tokio::test]
async fn an_examination_sees_what_is_wrong() {
    assert_eq!(
        said_after("delete from events where seq = 3").await,
        ["the log holds 8 events, numbered from 1 to 9: some are missing"]
    );
    assert_eq!(
        said_after("delete from manus_instances").await,
        [
            "a row of file_locks names one of manus_instances that is missing",
            "a row of sync_tasks names one of manus_instances that is missing"
        ]
    );
    assert_eq!(
        said_after("insert into file_locks select fencing_token + 1, file_path, locked_by, 1, null, mode, null, null from file_locks").await,
        ["file_locks names two exclusive holders of a.rs"]
    );
    let said =
        said_after("update sync_tasks set status = 'BLOCKED', assigned_to = null where id = 'T1'").await;
    assert!(said.iter().any(|problem| problem.contains("T1 is blocked by nothing")), "{said:?}");
}
