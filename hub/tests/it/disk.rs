//! Real trouble with the disk: one that is full, and one that may not be written.
//!
//! The process that has the trouble is another one, so that the trouble is its alone: it has a small disk or a limit on the size
//! of its files, and a mount or a mode that nobody else sees.

use std::fs;
use std::path::Path;
use std::process::Command as Process;

use engine::State;
use hub::{Config, Failure, Hub, OpenError};

use crate::child;
use crate::project::{create, done, register, request};

/// Runs as the superuser, to whom file modes mean nothing, but who may mount.
fn is_superuser() -> bool {
    let id = Process::new("id").arg("-u").output().unwrap();
    id.stdout == b"0\n"
}

fn shell(script: &str, folder: &Path) {
    let status = Process::new("sh").args(["-c", script, "sh"]).arg(folder).status().unwrap();
    assert!(status.success(), "{script}: {status}");
}

/// Plays a part on a disk of its own, or says that this machine allows no such thing.
fn play(part: &str, folder: &Path, ways: &[(&[&str], &str)]) {
    for (shell, prepare) in ways {
        match child::by_shell(shell, prepare, part, folder) {
            Ok(played) if played.status.success() => return,
            // Not permitted here: the next way.
            Ok(played) if matches!(played.status.code(), Some(1 | 99)) => continue,
            Ok(played) => {
                panic!("{part}: {}\n{}", played.status, String::from_utf8_lossy(&played.stderr))
            }
            Err(error) => panic!("{part}: {error}"),
        }
    }
    panic!("{part}: none of the ways to prepare it works on this machine");
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk() {
    let dir = tempfile::tempdir().unwrap();
    let small_disk = "mount -t tmpfs -o size=6m none \"$1\" && echo 'rm \"$1/ballast\"' > \"$1/relief\"";
    let small_files =
        "trap '' XFSZ; ulimit -S -f 8000; echo 'prlimit --pid $PPID --fsize=unlimited' > \"$1/relief\"";
    play(
        "fill the disk",
        dir.path(),
        &[
            (&["unshare", "--mount"], small_disk),
            (&["unshare", "--mount", "--map-root-user"], small_disk),
            (&["env"], small_files),
        ],
    );
}

/// Creates tasks until the disk is full, finds everything in order, gets relief, and goes on.
pub async fn fill(folder: &Path) {
    fs::write(folder.join("ballast"), vec![0; 3_000_000]).unwrap();
    let hub = Hub::open(Config::new(folder)).await.unwrap();
    done(&hub, register("a")).await;
    let title = "x".repeat(20_000);
    let tasks = |hub: &Hub| hub.read(|state| state.tasks().len());
    let (mut created, mut reasons) = (0, Vec::new());
    // Giving up a broken connection may free a little, so that it works again for a while.
    while reasons.len() < 5 {
        match hub.submit(create(&[&title]), None).await {
            Ok(_) => created += 1,
            Err(Failure::Unavailable { reason }) => reasons.push(reason),
            Err(other) => panic!("{other}"),
        }
        assert_eq!(tasks(&hub), created);
    }
    assert!(created > 3, "full too early");
    assert!(reasons.iter().all(|reason| reason.contains("full")), "{reasons:?}");

    shell(&fs::read_to_string(folder.join("relief")).unwrap(), folder);
    hub.until_ready().await;
    done(&hub, create(&["after"])).await;
    assert_eq!(hub.read(State::check), Vec::<String>::new());
    hub.shutdown().await;
    let hub = Hub::open(Config::new(folder)).await.unwrap();
    assert_eq!(tasks(&hub), created + 1);
}

#[test]
#[cfg(target_os = "linux")]
fn a_read_only_file() {
    let dir = tempfile::tempdir().unwrap();
    if is_superuser() {
        play(
            "read-only",
            dir.path(),
            &[(&["unshare", "--mount"], "true"), (&["unshare", "--mount", "--map-root-user"], "true")],
        );
    } else {
        play("read-only", dir.path(), &[(&["env"], "true")]);
    }
}

/// Makes the database read-only while it is served and while it is not.
pub async fn read_only(folder: &Path) {
    let (forbid, allow) = if is_superuser() {
        let forbid = "cd \"$1/.manus-sync\" && mount --bind sync_engine.db sync_engine.db && \
                      mount -o remount,bind,ro sync_engine.db";
        (forbid, "umount \"$1/.manus-sync/sync_engine.db\"")
    } else {
        ("chmod a-w \"$1/.manus-sync/sync_engine.db\"", "chmod u+w \"$1/.manus-sync/sync_engine.db\"")
    };
    let database = folder.join(".manus-sync/sync_engine.db");
    let hub = Hub::open(Config::new(folder)).await.unwrap();
    done(&hub, create(&["before"])).await;
    shell(forbid, folder);
    // Whoever has the file open may go on writing, and what is written stays.
    done(&hub, create(&["meanwhile"])).await;
    // But after any trouble it has to be opened anew.
    let log = folder.join(".manus-sync/sync_engine.db-wal");
    fs::rename(&log, folder.join("away")).unwrap();
    let mut last = String::new();
    while last != "the database is read-only" {
        match hub.submit(create(&["unsure"]), request("r1")).await {
            Err(Failure::Unavailable { reason }) => last = reason,
            other => panic!("{other:?}"),
        }
    }
    let tasks = |hub: &Hub| hub.read(|state| state.tasks().len());
    assert_eq!(tasks(&hub), 2);
    shell(allow, folder);
    hub.until_ready().await;
    hub.submit(create(&["unsure"]), request("r1")).await.unwrap();
    assert_eq!(tasks(&hub), 3);
    hub.shutdown().await;

    let before = fs::read(&database).unwrap();
    shell(forbid, folder);
    let refused = Hub::open(Config::new(folder)).await.unwrap_err();
    assert!(matches!(refused, OpenError::Storage { .. }), "{refused}");
    assert!(refused.to_string().ends_with("the database is read-only"), "{refused}");
    assert!(fs::read(&database).unwrap() == before, "the file was changed");
    shell(allow, folder);
    assert_eq!(tasks(&Hub::open(Config::new(folder)).await.unwrap()), 3);
}
