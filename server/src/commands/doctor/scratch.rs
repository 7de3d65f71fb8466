//! A server of this very program on a project of its own, in a temporary folder: to be tried out, and to be killed.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::caller::{Whereabouts, request_id};
use crate::cli::ServerArgs;
use crate::commands::Failed;

/// A scratch project, being served. It goes with this.
#[derive(Debug)]
pub(super) struct Scratch {
    folder: PathBuf,
    server: Option<Child>,
    keep: bool,
}

impl Scratch {
    /// Makes the folder, and starts the server.
    pub(super) fn start() -> Result<Self, Failed> {
        let name = format!("manus-sync-doctor-{}", request_id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir(&folder).map_err(|error| Failed::refused(format!("{}: {error}", folder.display())))?;
        let mut scratch = Self { folder, server: None, keep: false };
        scratch.serve()?;
        Ok(scratch)
    }

    /// Starts a server on the folder, and waits until it accepts connections.
    pub(super) fn serve(&mut self) -> Result<(), Failed> {
        let cannot = |error| Failed::refused(format!("a scratch server cannot be started: {error}"));
        let program = std::env::current_exe().map_err(cannot)?;
        let log = fs::File::create(self.folder.join("log")).map_err(cannot)?;
        let mut command = Command::new(program);
        command.args(["serve", "--listen", "127.0.0.1:0", "--project-root"]).arg(&self.folder);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
        // Whatever is set for the project at hand is not meant for this one.
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("MANUS_"))
        {
            command.env_remove(name);
        }
        let mut server = command.spawn().map_err(cannot)?;
        let mut line = String::new();
        let stdout = server.stdout.take();
        self.server = Some(server);
        if let Some(stdout) = stdout {
            BufReader::new(stdout).read_line(&mut line).map_err(cannot)?;
        }
        if line.trim().is_empty() {
            let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
            return Err(Failed::refused(format!("a scratch server does not start: {}", log.trim())));
        }
        Ok(())
    }

    /// Ends the server without a word, as `kill -9` does.
    pub(super) fn kill(&mut self) {
        if let Some(mut server) = self.server.take() {
            // It may have ended by itself, which is what is wanted.
            let _ = server.kill();
            let _ = server.wait();
        }
    }

    /// Leaves the folder for whoever wants to know what happened.
    pub(super) fn keep(&mut self) {
        self.keep = true;
    }

    /// Where to find it.
    pub(super) fn whereabouts(&self) -> Whereabouts {
        Whereabouts::of_project(self.folder.clone(), &ServerArgs::default())
    }

    /// Its folder.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        self.kill();
        if !self.keep {
            // What cannot be removed now is the system's to clean up.
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}
