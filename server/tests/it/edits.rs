//! Agents that edit through their hooks at the same time: no file is ever in two hands, seen from outside.

use std::fs::{self, File};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::binary::Binary;
use crate::hooks::{ADA, BOB, Session};

const FILES: usize = 20;
const EDITS_EACH: usize = 100;

/// What went on.
#[derive(Default)]
struct Seen {
    edits: AtomicUsize,
    denied: AtomicUsize,
}

/// One agent: turns of a few edits each. While it may write a file, a mark lies beside it that only one can make.
fn work(folder: &Path, id: &str, mut dice: u64, seen: &Seen) {
    let session = Session::new(folder, id);
    session.start();
    let mut done = 0;
    while done < EDITS_EACH {
        let mut held: Vec<usize> = Vec::new();
        while held.len() < 4 && done < EDITS_EACH {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let file = (dice >> 33) as usize % FILES;
            if session.edit(&format!("file {file}.txt")).is_some() {
                seen.denied.fetch_add(1, Ordering::Relaxed);
                break;
            }
            if !held.contains(&file) {
                let mark = File::options().write(true).create_new(true).open(mark(folder, file));
                assert!(mark.is_ok(), "file {file} is in two hands");
                held.push(file);
            }
            // As an editor does: read it all, write it all. Two at a time would lose a line.
            let path = folder.join(format!("file {file}.txt"));
            let text = fs::read_to_string(&path).unwrap_or_default();
            fs::write(&path, format!("{text}{id}\n")).unwrap();
            done += 1;
            seen.edits.fetch_add(1, Ordering::Relaxed);
        }
        for file in held {
            fs::remove_file(mark(folder, file)).unwrap();
        }
        session.stop();
    }
}

fn mark(folder: &Path, file: usize) -> std::path::PathBuf {
    folder.join(format!("{file}.writing"))
}

#[test]
fn two_agents_never_hold_one_file() {
    let folder = tempfile::tempdir().unwrap();
    let _server = Binary::serve(folder.path());
    let seen = Seen::default();
    std::thread::scope(|scope| {
        scope.spawn(|| work(folder.path(), ADA, 1, &seen));
        scope.spawn(|| work(folder.path(), BOB, 2, &seen));
    });
    let lines: usize = (0..FILES)
        .map(|file| fs::read_to_string(folder.path().join(format!("file {file}.txt"))).unwrap_or_default())
        .map(|text| text.lines().count())
        .sum();
    assert_eq!((seen.edits.into_inner(), lines), (2 * EDITS_EACH, 2 * EDITS_EACH), "no edit is lost");
    let denied = seen.denied.into_inner();
    println!("{} edits, {denied} denied", 2 * EDITS_EACH);
    assert!(denied > 0, "they never met, so nothing was shown");
}
