//! The built binary, started as its users start it.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

/// A running `manus-sync serve`.
pub struct Binary {
    child: Child,
    /// As printed.
    pub url: String,
}

/// The program with these arguments, in a folder, with nothing of this environment's settings.
pub fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_manus-sync"));
    command.current_dir(folder).args(arguments).stdin(Stdio::null());
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("MANUS_")) {
        command.env_remove(name);
    }
    command
}

/// Runs it to the end.
pub fn run(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments).output().unwrap()
}

impl Binary {
    /// Serves the folder on any free port, and waits until it accepts connections.
    pub fn serve(folder: &Path) -> Self {
        Self::start(command(folder, &["serve", "--listen", "127.0.0.1:0"]))
    }

    /// The same, with its standard error written there.
    pub fn serve_saying(folder: &Path, said: impl Write + Send + 'static) -> Self {
        Self::start_saying(command(folder, &["serve", "--listen", "127.0.0.1:0"]), said)
    }

    pub fn start(command: Command) -> Self {
        Self::start_saying(command, std::io::sink())
    }

    fn start_saying(mut command: Command, mut said: impl Write + Send + 'static) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut url = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut url).unwrap();
        if url.is_empty() {
            let mut why = String::new();
            child.stderr.take().unwrap().read_to_string(&mut why).unwrap();
            panic!("it did not start: {why}");
        }
        // Nobody reads on; a full pipe must not stop it.
        let mut log = child.stderr.take().unwrap();
        std::thread::spawn(move || std::io::copy(&mut log, &mut said));
        Self { child, url: url.trim().to_owned() }
    }

    pub fn authority(&self) -> &str {
        self.url.strip_prefix("http://").unwrap()
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends it without a word, as `kill -9` does.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to stop, and waits until it has.
    pub fn stop(mut self, signal: &str) -> ExitStatus {
        let asked = Command::new("kill").arg(signal).arg(self.pid().to_string()).status().unwrap();
        assert!(asked.success());
        let until = Instant::now() + Duration::from_secs(15);
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < until, "it does not stop");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Binary {
    fn drop(&mut self) {
        // After a failed test; otherwise it has ended before.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
