//! The kept corpus, and what comes of it by chance: the same with every run.

use std::fs;
use std::path::{Path, PathBuf};

use fuzz::{TARGETS, Target};
use witness::Dice;

/// How many changed inputs a target gets.
const CHANGED: u64 = 10_000;
/// Where each takes milliseconds.
const CHANGED_DATABASES: u64 = 300;

fn corpus(name: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.into_iter().map(|file| (file.clone(), fs::read(file).unwrap())).collect()
}

/// Some changes: bytes flipped, taken out, put in, doubled, brought in from another input.
fn changed(dice: &mut Dice, inputs: &[(PathBuf, Vec<u8>)]) -> Vec<u8> {
    const ODD: [&[u8]; 12] = [
        b"{",
        b"}",
        b"[",
        b"\"",
        b"*",
        b"**",
        b"/",
        b"..",
        b"\n",
        b"-1",
        b"18446744073709551615",
        b"\xf0\x9f",
    ];
    let mut bytes = inputs[dice.place(inputs.len())].1.clone();
    for _ in 0..=dice.below(4) {
        let (from, to) = (dice.place(bytes.len() + 1), dice.place(bytes.len() + 1));
        let (from, to) = (from.min(to), from.max(to));
        let new: Vec<u8> = match dice.below(6) {
            0 => bytes[from..to].iter().map(|byte| byte ^ (1 << dice.below(8))).collect(),
            1 => Vec::new(),
            2 => bytes[from..to].repeat(2),
            3 => [&bytes[from..to], &[dice.any() as u8]].concat(),
            4 => dice.pick(&ODD).to_vec(),
            _ => {
                let other = &inputs[dice.place(inputs.len())].1;
                other[dice.place(other.len() + 1)..].to_vec()
            }
        };
        bytes.splice(from..to, new);
    }
    bytes
}

fn play(name: &str, count: u64) {
    let (_, target): (_, Target) = *TARGETS.iter().find(|(known, _)| *known == name).unwrap();
    let inputs = corpus(name);
    assert!(!inputs.is_empty());
    let run = |bytes: &[u8], what: &dyn std::fmt::Display| {
        let outcome = std::panic::catch_unwind(|| target(bytes));
        assert!(outcome.is_ok(), "{name} breaks with {what}: {}", bytes.escape_ascii());
    };
    for (file, bytes) in &inputs {
        run(bytes, &file.display());
    }
    let mut dice = Dice::new(1);
    for number in 0..count {
        run(&changed(&mut dice, &inputs), &number);
    }
}

#[test]
fn patterns() {
    play("patterns", CHANGED * 10);
}

#[test]
fn projects() {
    play("projects", CHANGED);
}

#[test]
fn databases() {
    play("databases", CHANGED_DATABASES);
}

#[test]
fn bodies() {
    play("bodies", CHANGED);
}

#[test]
fn hooks() {
    play("hooks", CHANGED * 10);
}

#[test]
fn resume() {
    play("resume", CHANGED);
}
