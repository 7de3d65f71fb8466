//! Releases: packed the same way each time, checked before they are installed, and gone again without a trace.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::binary::{Binary, command};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// A release of the program under test, without what only debuggers want.
fn release(folder: &Path) -> PathBuf {
    let binary = folder.join("manus-sync");
    fs::copy(env!("CARGO_BIN_EXE_manus-sync"), &binary).unwrap();
    // Where there is no such program, the archive is only larger.
    let _ = Command::new("strip").arg(&binary).status();
    let packed = Command::new(Path::new(ROOT).join("deploy/archive.sh"))
        .arg(&binary)
        .arg(folder.join("dist"))
        .output();
    let name = said(packed.unwrap());
    PathBuf::from(name.trim())
}

fn said(output: Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Runs the installer in a folder with nothing of this environment's but a few programs.
fn install(folder: &Path, arguments: &[&str]) -> Output {
    let mut installer = Command::new("sh");
    installer.arg("dist/install.sh").args(arguments).current_dir(folder).env("HOME", folder.join("home"));
    installer.output().unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn a_release_is_installed_and_taken_away() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let archive = release(folder);
    let first = fs::read(&archive).unwrap();
    assert_eq!(release(folder), archive);
    assert!(fs::read(&archive).unwrap() == first, "the same program makes the same archive");

    let told = said(install(folder, &[]));
    let installed = folder.join("home/.local");
    assert!(told.contains(env!("CARGO_PKG_VERSION")) && told.contains("PATH"), "{told}");
    let unit = fs::read_to_string(installed.join("share/systemd/user/manus-sync@.service")).unwrap();
    assert!(unit.contains(&format!("ExecStart={}/bin/manus-sync serve", installed.display())), "{unit}");
    let project = folder.join("project");
    fs::create_dir(&project).unwrap();
    // The environment that the tests' own binary gets.
    let mut serve = Command::new(installed.join("bin/manus-sync"));
    serve.args(["serve", "--listen", "127.0.0.1:0"]).current_dir(&project);
    for (name, value) in command(&project, &[]).get_envs() {
        assert_eq!(value, None);
        serve.env_remove(name);
    }
    let server = Binary::start(serve);
    // Installed anew while it runs.
    said(install(folder, &["--from", archive.to_str().unwrap()]));
    assert!(server.stop("-TERM").success());

    said(install(folder, &["--prefix", folder.join("elsewhere").to_str().unwrap()]));
    assert!(folder.join("elsewhere/bin/manus-sync").is_file());
    said(install(folder, &["--uninstall"]));
    let left: Vec<_> = walk(&installed).into_iter().filter(|path| path.is_file()).collect();
    assert_eq!(left, Vec::<PathBuf>::new());
    assert!(project.join(".manus-sync/sync_engine.db").is_file(), "projects stay");
}

#[cfg(target_os = "linux")]
#[test]
fn an_archive_that_somebody_changed_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let archive = release(folder.path());
    let mut bytes = fs::read(&archive).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&archive, bytes).unwrap();
    let refused = install(folder.path(), &[]);
    assert!(!refused.status.success());
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(said.contains("is not what SHA256SUMS says"), "{said}");
    assert!(!folder.path().join("home").exists());
    fs::remove_file(folder.path().join("dist/SHA256SUMS")).unwrap();
    let refused = install(folder.path(), &[]);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("no SHA256SUMS"), "unchecked");
}

fn walk(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}
