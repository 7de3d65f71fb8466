//! Who may serve a project, and which files are left alone.

use std::fs;
use std::path::Path;

use hub::{Config, Failure, Hub, OpenError, project_root, server_info};
use sqlx::Connection;

use crate::project::{Project, connect, create, done, register};

fn message(opened: Result<Hub, OpenError>) -> String {
    opened.unwrap_err().to_string()
}

#[tokio::test]
async fn a_second_server_is_refused_with_the_name_of_the_first() {
    let project = Project::new();
    let first = project.open().await;
    let pid = std::process::id();
    let refused = message(Hub::open(project.config()).await);
    assert!(
        refused.contains(&format!("is already served by another manus-sync (process {pid})")),
        "{refused}"
    );

    first.announce("http://localhost:3334", None).unwrap();
    let refused = message(Hub::open(project.config()).await);
    assert!(refused.contains(&format!("(process {pid}, http://localhost:3334)")), "{refused}");
    assert_eq!(server_info(project.root()).unwrap().url.as_deref(), Some("http://localhost:3334"));
    done(&first, register("a")).await;

    first.shutdown().await;
    assert_eq!(server_info(project.root()), None);
    project.open().await.shutdown().await;
}

#[tokio::test]
async fn what_a_killed_server_left_behind_does_no_harm() {
    let project = Project::new();
    let folder = project.root().join(".manus-sync");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("lock"), "").unwrap();
    fs::write(folder.join("server.json"), r#"{"pid": 1, "url": "http://localhost:1", "started_at_ms": 1}"#)
        .unwrap();
    let config = hub::Config { address: Some("http://localhost:2".to_owned()), ..project.config() };
    let hub = Hub::open(config).await.unwrap();
    let info = server_info(project.root()).unwrap();
    assert_eq!((info.pid, info.url.as_deref()), (std::process::id(), Some("http://localhost:2")));
    hub.shutdown().await;
}

#[tokio::test]
async fn dropping_every_handle_lets_go_of_the_project() {
    let project = Project::new();
    let hub = project.open().await;
    let mut feed = hub.feed();
    drop(hub);
    while feed.changed().await {}
    project.open().await;
}

#[tokio::test]
async fn two_projects_cannot_share_a_database() {
    let (one, two) = (Project::new(), Project::new());
    let database = Some(one.root().join("shared.db"));
    let hub = Hub::open(Config { database: database.clone(), ..one.config() }).await.unwrap();
    done(&hub, create(&["something"])).await;
    let refused = Hub::open(Config { database: database.clone(), ..two.config() }).await;
    assert!(matches!(refused, Err(OpenError::AlreadyServed { .. })), "{refused:?}");
    hub.shutdown().await;
    let hub = Hub::open(Config { database, ..two.config() }).await.unwrap();
    assert_eq!(hub.read(|state| state.tasks().len()), 1);
}

#[tokio::test]
async fn a_projects_own_database_is_not_served_for_another_one_either() {
    let (one, two) = (Project::new(), Project::new());
    let address = Some("http://localhost:3334".to_owned());
    let hub = Hub::open(Config { address, ..one.config() }).await.unwrap();
    let mut ways = vec![one.database(), one.root().join(".manus-sync/../.manus-sync/sync_engine.db")];
    #[cfg(unix)]
    {
        let link = two.root().join("link.db");
        std::os::unix::fs::symlink(one.database(), &link).unwrap();
        ways.push(link);
    }
    for database in ways {
        let refused = message(Hub::open(Config { database: Some(database), ..two.config() }).await);
        let first = format!("(process {}, http://localhost:3334)", std::process::id());
        assert!(refused.contains(&first), "{refused}");
    }
    hub.shutdown().await;
    let database = Some(one.database());
    let other = Hub::open(Config { database, ..two.config() }).await.unwrap();
    let refused = message(Hub::open(one.config()).await);
    assert!(refused.contains("is already served"), "{refused}");
    other.shutdown().await;
}

#[tokio::test]
async fn a_database_in_no_folder_is_no_database() {
    let project = Project::new();
    let database = Some(project.root().join("nowhere/sync.db"));
    let refused = message(Hub::open(Config { database, ..project.config() }).await);
    assert!(refused.contains("nowhere is not there; create it"), "{refused}");
}

#[tokio::test]
async fn the_folder_stays_out_of_version_control() {
    let project = Project::new();
    let hub = project.open().await;
    let ignore = project.root().join(".manus-sync/.gitignore");
    assert_eq!(fs::read_to_string(&ignore).unwrap(), "*\n");
    hub.shutdown().await;
    // A person's own decision stays.
    fs::write(&ignore, "lock\n").unwrap();
    project.open().await.shutdown().await;
    assert_eq!(fs::read_to_string(&ignore).unwrap(), "lock\n");
}

/// Refuses to open, says why, and leaves every byte of the file as it was.
async fn check_untouched(project: &Project, why: &str) {
    let before = fs::read(project.database()).unwrap();
    let refused = message(Hub::open(project.config()).await);
    assert!(refused.contains(why), "{refused}");
    assert_eq!(fs::read(project.database()).unwrap(), before, "the file was changed");
}

#[tokio::test]
async fn a_newer_schema_is_refused_untouched() {
    let project = Project::new();
    project.open().await.shutdown().await;
    project
        .execute(
            "insert into _sqlx_migrations (version, description, success, checksum, execution_time) \
             values (99, 'from the future', true, x'00', 0)",
        )
        .await;
    check_untouched(&project, "written by a newer version of manus-sync (schema 99, this one knows up to")
        .await;
}

#[tokio::test]
async fn other_files_are_refused_untouched() {
    let project = Project::new();
    fs::create_dir(project.root().join(".manus-sync")).unwrap();
    fs::write(project.database(), "a diary, or what else people keep in files").unwrap();
    check_untouched(&project, "it is no SQLite database").await;
    fs::write(project.database(), "short").unwrap();
    check_untouched(&project, "it is no SQLite database").await;

    fs::remove_file(project.database()).unwrap();
    fs::write(project.database(), "").unwrap();
    project.execute("create table recipes (name text)").await;
    check_untouched(&project, "it has tables of another program").await;
}

#[tokio::test]
async fn a_damaged_database_is_refused_in_words() {
    let project = Project::new();
    let hub = project.open().await;
    done(&hub, create(&["something"])).await;
    hub.shutdown().await;
    let mut bytes = fs::read(project.database()).unwrap();
    for byte in bytes.iter_mut().skip(4_096) {
        *byte = 0x5a;
    }
    fs::write(project.database(), bytes).unwrap();
    let refused = message(Hub::open(project.config()).await);
    assert!(refused.contains("the database is damaged"), "{refused}");
}

#[tokio::test]
async fn two_holders_of_one_file_in_the_table_are_not_believed() {
    let project = Project::new();
    let hub = project.open().await;
    done(&hub, register("a")).await;
    hub.shutdown().await;
    project
        .execute(
            "insert into file_locks (fencing_token, file_path, locked_by, locked_at_ms, mode) \
             values (1, 'a.rs', 'a', 1, 'exclusive'), (2, 'a.rs', 'a', 1, 'exclusive')",
        )
        .await;
    let refused = message(Hub::open(project.config()).await);
    assert!(refused.contains("two exclusive holders of a.rs"), "{refused}");
}

#[tokio::test]
async fn a_missing_project_is_refused() {
    let refused = message(Hub::open(Config::new("/no/such/project")).await);
    assert!(refused.contains("/no/such/project is not a folder"), "{refused}");
    assert!(!Path::new("/no/such").exists());
}

#[tokio::test]
async fn a_full_queue_turns_calls_away() {
    let project = Project::new();
    let hub = Hub::open(Config { queue_max: 2, ..project.config() }).await.unwrap();
    // On one thread the writer does not run before all of these have been tried.
    let calls = (0..4).map(|_| {
        let hub = hub.clone();
        tokio::spawn(async move { hub.submit(create(&["something"]), None).await })
    });
    let mut turned_away = 0;
    for call in calls.collect::<Vec<_>>() {
        match call.await.unwrap() {
            Ok(_) => {}
            Err(Failure::Overloaded { retry_after_secs: 1 }) => turned_away += 1,
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(turned_away, 2);
    assert_eq!(hub.read(|state| state.tasks().len()), 2);
}

#[tokio::test]
async fn after_a_shutdown_calls_are_turned_away_and_the_database_is_one_file() {
    let project = Project::new();
    let hub = project.open().await;
    done(&hub, create(&["something"])).await;
    let queued: Vec<_> = (0..20)
        .map(|_| {
            let hub = hub.clone();
            tokio::spawn(async move { hub.submit(create(&["queued"]), None).await })
        })
        .collect();
    tokio::task::yield_now().await;
    hub.shutdown().await;
    hub.shutdown().await;
    // What was queued in time was done.
    for call in queued {
        assert!(call.await.unwrap().is_ok());
    }
    let refused = hub.submit(create(&["too late"]), None).await.unwrap_err();
    assert_eq!(refused, Failure::Unavailable { reason: "the server is shutting down".to_owned() });
    assert!(!project.root().join(".manus-sync/sync_engine.db-wal").exists());
    let mut connection = connect(&project.database()).await;
    let tasks: i64 =
        sqlx::query_scalar("select count(*) from sync_tasks").fetch_one(&mut connection).await.unwrap();
    assert_eq!(tasks, 21);
    connection.close().await.unwrap();
}

#[tokio::test]
async fn the_word_of_a_server_names_a_database_elsewhere() {
    let (project, elsewhere) = (Project::new(), tempfile::tempdir().unwrap());
    let database = elsewhere.path().join("a.db");
    let hub = Hub::open(Config { database: Some(database.clone()), ..project.config() }).await.unwrap();
    let info = server_info(project.root()).unwrap();
    assert_eq!((info.database.as_ref(), info.name()), (Some(&database), hub.server_name()));
    hub.shutdown().await;
    let hub = project.open().await;
    assert_eq!(server_info(project.root()).unwrap().database, None);
    hub.shutdown().await;
}

#[test]
fn the_nearest_project() {
    let folder = tempfile::tempdir().unwrap();
    // As git spells it, which resolves links.
    let folder = folder.path().canonicalize().unwrap();
    let make = |path: &str| fs::create_dir_all(folder.join(path)).unwrap();
    make("shop/src/deep");
    make("shop/tools/cli");
    assert_eq!(project_root(&folder.join("shop/src")), None);
    make("shop/.manus-sync");
    make("shop/tools/.manus-sync");
    assert_eq!(project_root(&folder.join("shop/src/deep")), Some(folder.join("shop")));
    assert_eq!(project_root(&folder.join("shop/tools/cli")), Some(folder.join("shop/tools")));
    assert_eq!(project_root(&folder.join("shop")), Some(folder.join("shop")));
    // In another worktree of the same repository it is the main one's, at the same place.
    let git = |arguments: &[&str]| {
        let identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"];
        let git = std::process::Command::new("git")
            .current_dir(folder.join("shop"))
            .args(identity)
            .args(arguments)
            .output();
        assert!(git.unwrap().status.success(), "{arguments:?}");
    };
    git(&["init", "--quiet"]);
    git(&["commit", "--quiet", "--allow-empty", "--message", "begin"]);
    git(&["worktree", "add", "--quiet", "../feature"]);
    make("feature/tools/cli");
    assert_eq!(project_root(&folder.join("feature")), Some(folder.join("shop")));
    assert_eq!(project_root(&folder.join("feature/tools/cli")), Some(folder.join("shop/tools")));
    make("feature/.manus-sync");
    assert_eq!(project_root(&folder.join("feature/tools/cli")), Some(folder.join("feature")));
}
