//! Going back to a copy: what was there before is kept, and nobody who comes late is taken for the holder.

use std::fs;

use engine::state::State;
use engine::{Answer, TaskId};
use hub::{BadToken, Config, Hub, Minted, NewToken, RestoreError, Restored, TokenRole, examine, restore};

use crate::project::{Project, claim, connect, create, done, manus, register, request};

/// A project with a backup of when it had one task, and two more tasks and a claim since.
async fn with_backup() -> (Project, std::path::PathBuf) {
    let project = Project::new();
    let hub = project.open().await;
    done(&hub, register("ada")).await;
    done(&hub, create(&["one"])).await;
    done(&hub, claim("ada", &["a.rs"])).await;
    let copy = project.root().join("copy.db");
    hub.backup(&copy).await.unwrap();
    done(&hub, create(&["two", "three"])).await;
    for n in 0..5 {
        done(&hub, claim("ada", &[&format!("{n}.rs")])).await;
    }
    hub.shutdown().await;
    (project, copy)
}

fn tasks(hub: &Hub) -> Vec<String> {
    hub.read(|state| state.tasks().map(|task| task.spec().title.clone()).collect())
}

async fn token(hub: &Hub, file: &str) -> u64 {
    match done(hub, claim("ada", &[file])).await {
        Answer::Locks(locks) => locks[0].fencing_token,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_project_goes_back_and_its_old_database_is_kept() {
    let (project, copy) = with_backup().await;
    let before = fs::read(&copy).unwrap();
    let old = project.open().await;
    let (old_log, last_token) = (old.log_id(), token(&old, "last.rs").await);
    let last_seq = old.read(State::seq);
    assert!(!(0..=last_seq).any(|seq| old.is_reused(seq)));
    old.shutdown().await;
    let Restored { found, kept, revoked } = restore(&copy, &project.config()).await.unwrap();
    assert_eq!((found.tasks, found.manus, found.problems, revoked), (1, 1, Vec::new(), Some(0)));
    assert_eq!(fs::read(&copy).unwrap(), before, "the backup itself is only read");
    let hub = project.open().await;
    assert_eq!(tasks(&hub), ["one"]);
    assert_eq!(hub.read(State::check), Vec::<String>::new());
    assert_ne!(hub.log_id(), old_log, "its numbers mean something else from now on");
    let copied = found.seq;
    let reused: Vec<u64> = (0..=last_seq + 1).filter(|seq| hub.is_reused(*seq)).collect();
    assert_eq!(reused, (copied + 1..=last_seq).collect::<Vec<_>>(), "each of them has had two meanings");
    assert!(token(&hub, "new.rs").await > last_token, "somebody late would be taken for the holder");
    hub.shutdown().await;
    assert_eq!(examine(&project.database()).await.unwrap().problems, Vec::<String>::new());
    // The old one is whole, in a single file.
    let kept = kept.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let again = Hub::open(Config { database: Some(kept), ..Config::new(folder.path()) }).await.unwrap();
    assert_eq!(tasks(&again), ["one", "two", "three"]);
    again.shutdown().await;
}

async fn mint(hub: &Hub, role: TokenRole) -> Minted {
    let new = NewToken { role, manus_id: None, label: String::new(), expires_at_ms: None };
    hub.access().create(new).await.unwrap()
}

#[tokio::test]
async fn what_was_taken_back_stays_so() {
    let project = Project::new();
    let hub = project.open().await;
    let (kept, revoked) = (mint(&hub, TokenRole::Admin).await, mint(&hub, TokenRole::Viewer).await);
    let enrolment = mint(&hub, TokenRole::Enrolment).await;
    let (left, stolen) = (hub.access().begin_session(&kept.token).await.unwrap(), manus("ada"));
    let copy = project.root().join("copy.db");
    hub.backup(&copy).await.unwrap();
    let request = request("the-same").unwrap();
    let enrolled = hub.access().enrol(&enrolment.whole, &stolen, Some(&request), false).await.unwrap();
    for id in [&revoked.token.id, &left.token.id, &enrolled.token.id] {
        hub.access().revoke(id, false).await.unwrap();
    }
    // What ended is forgotten with the next start; it must not be needed.
    hub.shutdown().await;
    project.open().await.shutdown().await;
    let restored = restore(&copy, &project.config()).await.unwrap();
    assert_eq!(restored.revoked, Some(1), "the one that the backup has alive");
    let hub = project.open().await;
    assert!(hub.access().holder(&kept.whole).is_ok());
    assert_eq!(hub.access().holder(&revoked.whole).unwrap_err(), BadToken::Revoked);
    assert!(hub.access().session(&left.whole).is_err(), "sessions end");
    // Who repeats an enrolment is answered what it was answered, and that lets nobody in.
    let again = hub.access().enrol(&enrolment.whole, &stolen, Some(&request), false).await.unwrap();
    assert_eq!(again.whole, enrolled.whole);
    assert_eq!(hub.access().holder(&again.whole).unwrap_err(), BadToken::Revoked);
    hub.shutdown().await;
}

#[tokio::test]
async fn what_a_killed_server_had_not_brought_in_is_kept_too() {
    let (project, copy) = with_backup().await;
    // A log beside the database, as kill -9 leaves it: copied while a server is at work.
    let hub = project.open().await;
    done(&hub, create(&["four"])).await;
    let killed = Project::new();
    fs::create_dir(killed.root().join(".manus-sync")).unwrap();
    for suffix in ["", "-wal"] {
        let name = |database: std::path::PathBuf| format!("{}{suffix}", database.display());
        fs::copy(name(project.database()), name(killed.database())).unwrap();
    }
    hub.shutdown().await;
    let kept = restore(&copy, &killed.config()).await.unwrap().kept.unwrap();
    assert_eq!(examine(&kept).await.unwrap().tasks, 4);
    assert_eq!(examine(&killed.database()).await.unwrap().tasks, 1);
}

#[tokio::test]
async fn a_database_that_cannot_be_read_is_kept_as_it_is() {
    let (project, copy) = with_backup().await;
    fs::write(project.database(), "not a database any more").unwrap();
    let Restored { kept, revoked, .. } = restore(&copy, &project.config()).await.unwrap();
    assert_eq!(fs::read(kept.unwrap()).unwrap(), b"not a database any more");
    assert_eq!(revoked, None, "nobody knows what was taken back");
    let hub = project.open().await;
    assert_eq!(tasks(&hub), ["one"]);
    assert!(token(&hub, "new.rs").await > 1_000_000, "nobody knows which tokens were given out");
    hub.shutdown().await;
}

#[tokio::test]
async fn a_project_being_served_is_left_alone() {
    let (project, copy) = with_backup().await;
    let hub = project.open().await;
    let refused = restore(&copy, &project.config()).await.unwrap_err();
    assert!(refused.to_string().contains("already served by another manus-sync"), "{refused}");
    assert_eq!(tasks(&hub), ["one", "two", "three"]);
    hub.shutdown().await;
}

#[tokio::test]
async fn what_is_no_sound_backup_changes_nothing() {
    let (project, copy) = with_backup().await;
    let before = fs::read(project.database()).unwrap();
    let missing = restore(&project.root().join("none.db"), &project.config()).await.unwrap_err();
    assert!(matches!(missing, RestoreError::Backup(_)), "{missing}");
    let mut connection = connect(&copy).await;
    sqlx::query("delete from events where seq = 2").execute(&mut connection).await.unwrap();
    sqlx::Connection::close(connection).await.unwrap();
    let unsound = restore(&copy, &project.config()).await.unwrap_err();
    assert!(unsound.to_string().contains("not sound"), "{unsound}");
    assert_eq!(fs::read(project.database()).unwrap(), before);
    let names: Vec<_> = fs::read_dir(project.root().join(".manus-sync")).unwrap().flatten().collect();
    assert!(names.iter().all(|file| !file.file_name().to_string_lossy().contains("restor")), "{names:?}");
    let hub = project.open().await;
    assert!(hub.read(|state| state.task(&TaskId::new("T3").unwrap()).is_some()));
    hub.shutdown().await;
}

#[tokio::test]
async fn into_a_project_that_has_nothing_yet() {
    let (_project, copy) = with_backup().await;
    let empty = Project::new();
    let missing = restore(&empty.root().join("none.db"), &empty.config()).await.unwrap_err();
    assert!(matches!(missing, RestoreError::Backup(_)), "{missing}");
    assert!(!empty.root().join(".manus-sync").exists(), "what was refused leaves nothing behind");
    assert_eq!(restore(&copy, &empty.config()).await.unwrap().kept, None);
    let hub = empty.open().await;
    assert_eq!(tasks(&hub), ["one"]);
    hub.shutdown().await;
}
