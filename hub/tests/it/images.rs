//! Crash images: what a loss of power may leave of the database's files, at every write of a recorded history.
//!
//! The files are recorded whenever everything in them is on the disk: after each commit, and after each checkpoint. What was
//! written between two such moments may reach the disk in any order, in part, or not at all. Each such image is opened as a
//! server opens it, and must show the history up to the last commit that is whole: all of it, and nothing else.

use std::fs;
use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use engine::view::Snapshot;
use engine::{Record, Seq, Settings, State};
use hub::{Config, Hub};

use crate::project::Project;
use crate::replay::log;
use crate::work::Work;

/// How many commits are recorded, before a checkpoint and after it.
const COMMITS: usize = 7;
/// A page of the database, and what stands before each in the write-ahead log; before all of them stands a head.
const PAGE: usize = 4096;
const FRAME_HEAD: usize = 24;
const LOG_HEAD: usize = 32;

/// The database's files at a moment at which all of them was on the disk.
#[derive(Debug, Clone, PartialEq)]
struct Files {
    database: Vec<u8>,
    log: Vec<u8>,
}

impl Files {
    fn of(database: &Path) -> Self {
        let log = fs::read(format!("{}-wal", database.display())).unwrap_or_default();
        Self { database: fs::read(database).unwrap(), log }
    }

    fn put(&self, database: &Path) {
        fs::create_dir_all(database.parent().unwrap()).unwrap();
        fs::write(database, &self.database).unwrap();
        fs::write(format!("{}-wal", database.display()), &self.log).unwrap();
    }
}

/// The files at a moment, and the last event that was acknowledged by then.
struct Moment {
    files: Files,
    seq: Seq,
}

/// One write: a page of the database, or a frame or the head of the log.
#[derive(Debug, Clone, PartialEq)]
enum Write {
    Database(Range<usize>),
    Log(Range<usize>),
}

impl Write {
    fn len(&self) -> usize {
        let (Self::Database(range) | Self::Log(range)) = self;
        range.len()
    }
}

/// What was written between two moments, in order.
fn writes(before: &Files, after: &Files) -> Vec<Write> {
    let changed = |before: &[u8], after: &[u8], range: &Range<usize>| {
        before.get(range.clone()) != after.get(range.clone())
    };
    let frame = LOG_HEAD..after.log.len();
    let frames = frame.step_by(FRAME_HEAD + PAGE).map(|at| at..(at + FRAME_HEAD + PAGE).min(after.log.len()));
    let log = std::iter::once(0..LOG_HEAD.min(after.log.len())).chain(frames);
    let log =
        log.filter(|range| !range.is_empty() && changed(&before.log, &after.log, range)).map(Write::Log);
    let pages = (0..after.database.len()).step_by(PAGE).map(|at| at..(at + PAGE).min(after.database.len()));
    let pages = pages.filter(|range| changed(&before.database, &after.database, range)).map(Write::Database);
    log.chain(pages).collect()
}

/// Carries a write out: the first `part` bytes of it.
fn write(files: &mut Files, after: &Files, write: &Write, part: usize) {
    let (file, from, range) = match write {
        Write::Database(range) => (&mut files.database, &after.database, range),
        Write::Log(range) => (&mut files.log, &after.log, range),
    };
    let range = range.start..range.end.min(range.start.saturating_add(part));
    if file.len() < range.end {
        file.resize(range.end, 0);
    }
    file[range.clone()].copy_from_slice(&from[range]);
}

/// Every image that a crash between two moments may leave, by what is special about it. Only the last of all is whole.
fn images(before: &Files, after: &Files) -> Vec<(String, Files)> {
    let writes = writes(before, after);
    let mut images = Vec::new();
    for (place, torn) in writes.iter().enumerate() {
        let mut cut = before.clone();
        writes[..place].iter().for_each(|one| write(&mut cut, after, one, usize::MAX));
        images.push((format!("cut before write {place}"), cut.clone()));
        // Within the head of a frame, at its end, within a sector, at the end of one.
        let part = [4, 8, 16, FRAME_HEAD, FRAME_HEAD + 512, 700, 2048, PAGE][place % 8];
        write(&mut cut, after, torn, part);
        images.push((format!("write {place} torn after {part} bytes"), cut));
        let mut without = before.clone();
        let others = writes.iter().enumerate().filter(|(other, _)| *other != place);
        others.for_each(|(_, one)| write(&mut without, after, one, usize::MAX));
        images.push((format!("all but write {place}"), without.clone()));
        write(&mut without, after, torn, torn.len() / 2);
        images.push((format!("all but half of write {place}"), without));
    }
    images.push(("all".to_owned(), after.clone()));
    images
}

/// A history, with its files at every moment. The checkpoint in the middle leaves a log that is then written over.
async fn record() -> (Vec<Moment>, Vec<Record>) {
    let project = Project::new();
    let hub = project.open().await;
    let mut work = Work::new(11);
    let mut moments: Vec<Moment> = Vec::new();
    let note = |moments: &mut Vec<Moment>, hub: &Hub| {
        let moment = Moment { files: Files::of(&project.database()), seq: hub.read(State::seq) };
        if moments.last().is_none_or(|last| last.files != moment.files) {
            moments.push(moment);
        }
    };
    note(&mut moments, &hub);
    for half in 0..2 {
        for _ in 0..COMMITS {
            let seq = hub.read(State::seq);
            while hub.read(State::seq) == seq {
                let _ = hub.submit(work.command(), None).await;
                project.clock.advance(10);
            }
            note(&mut moments, &hub);
        }
        if half == 0 {
            project.execute("pragma wal_checkpoint(restart)").await;
            note(&mut moments, &hub);
        }
    }
    let log = log(&hub).await;
    (moments, log)
}

/// What is live up to an event, right after the server came up again.
fn expected(log: &[Record], seq: Seq) -> Snapshot {
    let mut state = State::new(Settings::default());
    log.iter().take_while(|record| record.seq <= seq).for_each(|record| state.apply(record));
    state.snapshot()
}

/// Opens an image as a server does. Answers up to which event it had the history.
async fn open(image: &Files, folder: &Path, log: &[Record]) -> Seq {
    let project = Project::new();
    let hub = {
        image.put(&folder.join(".manus-sync/sync_engine.db"));
        Hub::open(Config { project_root: folder.to_owned(), ..project.config() }).await.unwrap()
    };
    // The start itself is an event more.
    let seq = hub.read(State::seq) - 1;
    assert_eq!(hub.read(State::check), Vec::<String>::new());
    let (found, expected) = (hub.read(State::snapshot), expected(log, seq));
    assert_eq!(found.tasks, expected.tasks);
    assert_eq!(found.locks, expected.locks);
    assert_eq!(found.messages, expected.messages);
    assert_eq!(found.counters, expected.counters);
    assert_eq!(
        found.manus.iter().map(|agent| (&agent.id, agent.status, &agent.stats)).collect::<Vec<_>>(),
        expected.manus.iter().map(|agent| (&agent.id, agent.status, &agent.stats)).collect::<Vec<_>>()
    );
    hub.shutdown().await;
    seq
}

#[test]
fn every_crash_image_shows_what_was_acknowledged() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (moments, log) = runtime().block_on(record());
    let mut all: Vec<(String, Files, Seq)> = Vec::new();
    for (place, pair) in moments.windows(2).enumerate() {
        let [before, after] = pair else { unreachable!() };
        let images = images(&before.files, &after.files);
        let whole = images.len() - 1;
        for (number, (what, files)) in images.into_iter().enumerate() {
            // As long as anything of a commit is missing, all of it is.
            let seq = if number == whole { after.seq } else { before.seq };
            all.push((format!("moment {place}, {what}"), files, seq));
        }
    }
    let next = AtomicUsize::new(0);
    let worker = || {
        let runtime = runtime();
        while let Some((what, files, seq)) = all.get(next.fetch_add(1, Ordering::SeqCst)) {
            let folder = tempfile::tempdir().unwrap();
            let found = runtime.block_on(open(files, folder.path(), &log));
            assert_eq!(found, *seq, "{what}");
        }
    };
    std::thread::scope(|scope| {
        (0..2).for_each(|_| drop(scope.spawn(worker)));
    });
    println!("{} images of {} moments", all.len(), moments.len());
    assert!(all.len() > 200, "hardly any images: {}", all.len());
    let checkpoints = moments.windows(2).filter(|pair| pair[0].seq == pair[1].seq).count();
    assert!(checkpoints > 0, "no checkpoint was recorded");
}
