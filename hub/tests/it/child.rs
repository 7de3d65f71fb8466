//! A test's second process: this very binary, started again to play a part in which it is killed, or lives on a disk of its own.

use std::process::{Command, Output};

/// What tells the process which part to play, and in which folder.
const PART: &str = "HUB_TEST_PART";
const FOLDER: &str = "HUB_TEST_FOLDER";

/// How to start this binary again for a part.
pub fn command(part: &str, folder: &std::path::Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "child::play", "--ignored", "--nocapture", "--test-threads=1"]);
    command.env(PART, part).env(FOLDER, folder);
    command
}

/// Starts this binary again by way of a shell, which prepares something with `$1` for the folder and then becomes it.
pub fn by_shell(
    shell: &[&str],
    prepare: &str,
    part: &str,
    folder: &std::path::Path,
) -> std::io::Result<Output> {
    let own = command(part, folder);
    let mut command = Command::new(shell[0]);
    command.args(&shell[1..]).args(["sh", "-c", &format!("{prepare} || exit 99; shift; exec \"$@\""), "sh"]);
    command.arg(folder).arg(own.get_program()).args(own.get_args());
    for (name, value) in own.get_envs() {
        command.env(name, value.unwrap());
    }
    command.output()
}

/// Not a test of its own: the other process starts here.
#[test]
#[ignore = "a part in other tests"]
fn play() {
    let (Ok(part), Ok(folder)) = (std::env::var(PART), std::env::var(FOLDER)) else { return };
    let folder = std::path::PathBuf::from(folder);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    match part.as_str() {
        "work until killed" => runtime.block_on(crate::kill::work_until_killed(&folder)),
        "faults" => runtime.block_on(crate::faults::one_after_the_other(&folder)),
        "back up" => runtime.block_on(crate::faults::back_up(&folder)),
        "open" => runtime.block_on(crate::faults::open(&folder)),
        "fill the disk" => runtime.block_on(crate::disk::fill(&folder)),
        "read-only" => runtime.block_on(crate::disk::read_only(&folder)),
        other => panic!("no part {other:?}"),
    }
}
