//! Faults by name, at every place that has one: the step fails, the code breaks, the process is gone; each three times. The faults
//! are a whole process's, so these stories are played in processes of their own.

use std::fs;
use std::path::Path;
use std::process::Output;
use std::sync::Arc;

use engine::State;
use hub::fault::{Kind, POINTS, arm, spent};
use hub::{Clock, Config, Failure, FeedSlice, Hub, ManualClock, SystemClock, examine};

use crate::child;
use crate::kill::{acknowledged, check};
use crate::original::sound;
use crate::project::{Project, create, register, request};

/// What a hub passes with every commit, or when it begins anew.
const AT_WORK: [&str; 7] = [
    "load.before",
    "load.after",
    "decision.after",
    "commit.before",
    "commit.after",
    "publication.before",
    "answers.before",
];

#[test]
fn errors_and_panics_at_every_point_three_times() {
    let folder = tempfile::tempdir().unwrap();
    let played = child::command("faults", folder.path()).output().unwrap();
    assert!(played.status.success(), "{}", said(&played));
    // So that a new point is not forgotten here.
    let played = String::from_utf8_lossy(&played.stdout).into_owned();
    for point in POINTS {
        assert!(played.contains(&format!("survived {point}")), "{point} was not tried");
    }
}

fn said(output: &Output) -> String {
    [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned()).concat()
}

/// The part of the process: every point but the process's end.
pub async fn one_after_the_other(folder: &Path) {
    for kind in [Kind::Error, Kind::Panic] {
        let folder = folder.join(format!("{kind:?}"));
        fs::create_dir_all(&folder).unwrap();
        migrations(&folder, kind).await;
        let hub = Hub::open(Config { plan_budget_ms: 0, ..Config::new(&folder) }).await.unwrap();
        for point in AT_WORK {
            at_work(&hub, point, kind).await;
        }
        feed(&hub, kind).await;
        backups(&hub, &folder, kind).await;
        hub.shutdown().await;
        imports(&folder, kind).await;
    }
}

/// Does something that may break, as a task of its own.
async fn tried<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> Option<T> {
    tokio::spawn(work).await.ok()
}

fn survived(point: &str, kind: Kind) {
    assert!(spent(), "nobody came by {point}");
    println!("survived {point} {kind:?}");
}

async fn migrations(folder: &Path, kind: Kind) {
    for point in ["migration.before", "migration.after"] {
        for round in 0..3 {
            let folder = folder.join(format!("{point}{round}"));
            fs::create_dir_all(&folder).unwrap();
            arm(point, kind, 1);
            let opened = tried(Hub::open(Config::new(&folder))).await;
            assert!(!matches!(opened, Some(Ok(_))), "it opened all the same");
            // The same process can try again: it did not keep the project to itself.
            let hub = Hub::open(Config::new(&folder)).await.unwrap();
            hub.submit(create(&["one"]), None).await.unwrap();
            hub.shutdown().await;
        }
        survived(point, kind);
    }
}

/// Whoever is told nothing good asks again under the same name, and it is done once.
async fn at_work(hub: &Hub, point: &str, kind: Kind) {
    for round in 0..3 {
        let title = format!("{point} {kind:?} {round}");
        if point.starts_with("load") {
            // Only somebody in trouble loads anew.
            arm("commit.before", Kind::Error, 1);
        }
        arm(point, kind, 1);
        let told = hub.submit(create(&[&title]), request(&title)).await;
        assert!(matches!(told, Err(Failure::Unavailable { .. })), "{title}: {told:?}");
        hub.until_ready().await;
        let answer = hub.submit(create(&[&title]), request(&title)).await.unwrap();
        let again = hub.submit(create(&[&title]), request(&title)).await.unwrap();
        assert_eq!(answer.answer, again.answer, "{title}");
        let found = hub.read(|state| state.tasks().filter(|task| task.spec().title == title).count());
        assert_eq!(found, 1, "{title}");
        assert_eq!(hub.read(State::check), Vec::<String>::new());
    }
    survived(point, kind);
}

async fn feed(hub: &Hub, kind: Kind) {
    // What came before the last trouble is no longer in memory.
    arm("commit.before", Kind::Error, 1);
    hub.submit(register("a"), None).await.unwrap_err();
    hub.until_ready().await;
    for _ in 0..3 {
        arm("feed.read", kind, 1);
        let mut feed = hub.feed();
        let missed = tried(async move { feed.since(0, 10).await }).await;
        assert!(!matches!(missed, Some(Ok(_))), "{missed:?}");
        let Ok(FeedSlice::Frames(frames)) = hub.feed().since(0, 10).await else { panic!("a gap") };
        assert_eq!(frames.first().map(|frame| frame.seq), Some(1));
    }
    survived("feed.read", kind);
}

async fn backups(hub: &Hub, folder: &Path, kind: Kind) {
    let copies = folder.join("copies");
    fs::create_dir_all(&copies).unwrap();
    for point in ["backup.copied", "backup.examined"] {
        for _ in 0..3 {
            arm(point, kind, 1);
            let (hub, copy) = (hub.clone(), copies.join("copy.db"));
            let failed = tried({
                let (hub, copy) = (hub.clone(), copy.clone());
                async move { hub.backup(&copy).await }
            });
            assert!(!matches!(failed.await, Some(Ok(_))));
            let left: Vec<_> = fs::read_dir(&copies).unwrap().collect();
            assert!(left.is_empty(), "{left:?}");
            let found = hub.backup(&copy).await.unwrap();
            assert_eq!((found.seq, found.problems), (hub.read(State::seq), Vec::new()));
            fs::remove_file(copy).unwrap();
        }
        survived(point, kind);
    }
}

/// An import that fails leaves the original as it was; the next one brings all of it.
async fn imports(folder: &Path, kind: Kind) {
    for point in ["import.kept", "import.written", "import.reported", "import.placed"] {
        for round in 0..3 {
            let folder = folder.join(format!("{point}{round}"));
            let database = folder.join(".manus-sync/sync_engine.db");
            sound(&database).await;
            let before = fs::read(&database).unwrap();
            arm(point, kind, 1);
            let opened = tried(Hub::open(Config::new(&folder))).await;
            assert!(!matches!(opened, Some(Ok(_))), "it opened all the same");
            assert_eq!(fs::read(&database).unwrap() == before, point != "import.placed", "{point}");
            came_over(&folder).await;
        }
        survived(point, kind);
    }
}

async fn came_over(folder: &Path) {
    let hub = Hub::open(Config::new(folder)).await.unwrap();
    assert_eq!(hub.read(|state| (state.agents().len(), state.tasks().len(), state.locks().len())), (2, 4, 1));
    assert_eq!(hub.read(State::check), Vec::<String>::new());
    hub.shutdown().await;
}

/// Lets a process play a part until it is gone at a point, the more often somebody came by before the later.
fn gone(part: &str, folder: &Path, point: &str, passed: u32) -> Output {
    let mut process = child::command(part, folder);
    let output = process.env("MANUS_SYNC_FAULTS", format!("{point}=abort+{passed}")).output().unwrap();
    assert!(!output.status.success(), "nobody came by {point} {passed} times: {}", said(&output));
    output
}

#[test]
fn the_process_gone_at_every_point_three_times() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for point in ["migration.before", "migration.after"].iter().chain(&AT_WORK) {
        let mut project = Project::new();
        // The other process has the machine's clock, so this one starts from there.
        project.clock = Arc::new(ManualClock::at(SystemClock::default().now_ms()));
        let once_a_start =
            !["decision.after", "commit.before", "commit.after", "publication.before", "answers.before"]
                .contains(point);
        for passed in [1, 8, 23].map(|passed| if once_a_start { 0 } else { passed }) {
            let output = gone("work until killed", project.root(), point, passed);
            let acknowledged = acknowledged(&output.stdout);
            assert!(once_a_start || passed < 20 || !acknowledged.is_empty(), "{point}: hardly any work");
            runtime.block_on(check(&project, &acknowledged));
        }
    }
}

#[test]
fn a_backup_whose_process_is_gone_leaves_the_project_alone() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for point in ["backup.copied", "backup.examined"] {
        let project = Project::new();
        for _ in 0..3 {
            gone("back up", project.root(), point, 0);
            let copy = project.root().join("copy.db");
            assert!(!copy.exists(), "half a copy got its name");
            let found = runtime.block_on(examine(&project.database())).unwrap();
            assert_eq!((found.tasks > 0, found.problems), (true, Vec::new()));
        }
    }
}

#[test]
fn an_import_whose_process_is_gone_is_made_again() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for point in ["import.kept", "import.written", "import.reported", "import.placed"] {
        for _ in 0..3 {
            let project = Project::new();
            runtime.block_on(sound(&project.database()));
            gone("open", project.root(), point, 0);
            runtime.block_on(came_over(project.root()));
        }
    }
}

/// The part of a process that is gone while it makes a copy.
pub async fn back_up(folder: &Path) {
    let hub = Hub::open(Config::new(folder)).await.unwrap();
    hub.submit(create(&["one", "two"]), None).await.unwrap();
    hub.backup(&folder.join("copy.db")).await.unwrap();
}

/// The part of a process that is gone while it opens a project.
pub async fn open(folder: &Path) {
    Hub::open(Config::new(folder)).await.unwrap();
}
