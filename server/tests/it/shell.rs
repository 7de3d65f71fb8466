//! The command line as people and scripts use it: the built binary in a shell, against a real server.

mod codes;
mod doctor;
mod events;
mod json;
mod lost;
mod stories;
mod upkeep;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use expect_test::Expect;
use serde_json::Value;

use crate::binary;
use crate::project::Project;

/// A project with a server in this process, whose clock stands still, and a shell in its folder.
pub struct Shell {
    pub project: Project,
    /// Below the project's folder.
    folder: PathBuf,
}

impl Shell {
    pub async fn start() -> Self {
        Self::of(Project::start().await)
    }

    pub fn of(project: Project) -> Self {
        Self { project, folder: PathBuf::new() }
    }

    /// Goes into a folder of the project, made if it is not there.
    pub fn cd(&mut self, folder: &str) {
        self.folder = PathBuf::from(folder);
        std::fs::create_dir_all(self.project.folder.path().join(folder)).unwrap();
    }

    /// Runs a line to its end; the server goes on meanwhile.
    pub fn run(&self, line: &str) -> Output {
        let folder = self.project.folder.path().join(&self.folder);
        tokio::task::block_in_place(|| command(&folder, line).output().unwrap())
    }

    /// What a line prints, when it ends with code 0 and without complaints.
    pub fn out(&self, line: &str) -> String {
        let output = self.run(line);
        let (out, complaints) = (text(output.stdout), text(output.stderr));
        assert!(output.status.success() && complaints.is_empty(), "{line}\n{out}{complaints}");
        out
    }

    pub fn json(&self, line: &str) -> Value {
        let out = self.out(line);
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{line}: {error}\n{out}"))
    }

    /// Runs lines and compares the screen afterwards: `$` the line, what it printed, `!` what it complained about, and its
    /// code when that is not 0.
    pub fn check(&self, lines: &[&str], screen: Expect) {
        let mut seen = String::new();
        for line in lines {
            writeln!(seen, "$ {line}").unwrap();
            let output = self.run(line);
            seen.push_str(&text(output.stdout));
            text(output.stderr).lines().for_each(|line| writeln!(seen, "! {line}").unwrap());
            match output.status.code() {
                Some(0) => {}
                code => writeln!(seen, "! ends with {code:?}").unwrap(),
            }
        }
        let (root, url) = (self.project.folder.path().to_str().unwrap(), self.project.server.url());
        screen.assert_eq(&seen.replace(&url, "http://localhost:PORT").replace(root, "/project"));
    }
}

/// A line of a shell in which `manus-sync` is the built binary.
pub fn command(folder: &Path, line: &str) -> Command {
    // Only for its environment.
    let binary = binary::command(folder, &[]);
    let mut shell = Command::new("sh");
    shell.args(["-c", line]).current_dir(folder).stdin(Stdio::null());
    for (name, value) in binary.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    let place = Path::new(env!("CARGO_BIN_EXE_manus-sync")).parent().unwrap();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(std::iter::once(place.to_owned()).chain(std::env::split_paths(&path)));
    shell.env("PATH", path.unwrap());
    shell
}

pub fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}
