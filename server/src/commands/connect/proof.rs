//! The proof: two scratch agents on a scratch project, by the very commands that were written, and the second is refused what
//! the first holds. The project itself is not touched, so nobody there is dealt work that goes away again.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::plan::our_command;
use crate::blocking::Blocking;
use crate::caller::Whereabouts;
use crate::cli::{CommonArgs, ConnectClient};
use crate::client::CallError;
use crate::commands::Failed;
use crate::commands::serve::runtime;
use crate::config;
use crate::serve::Server;
use crate::tls::Trust;

/// A file that nobody has: it is claimed, never written.
const FILE: &str = "proof.txt";

/// Proves that a held file is refused, and that the project's server answers, if there is one.
pub(super) fn prove(client: ConnectClient, root: &Path, own: &Whereabouts) -> Result<(), Failed> {
    let runtime = runtime()?;
    let scratch = Scratch::make().map_err(Failed::refused)?;
    let common = CommonArgs { listen: Some("127.0.0.1:0".to_owned()), ..CommonArgs::default() };
    let options = config::demo_options(&scratch.0, common)?;
    let server = runtime.block_on(Server::start(options))?;
    let refusal = match client {
        ConnectClient::Generic => by_calls(&server.url()),
        ConnectClient::ClaudeCode | ConnectClient::Codex | ConnectClient::Cursor => {
            Hooks::read(client, root).and_then(|hooks| hooks.two_agents(&scratch.0, &server.url()))
        }
    };
    runtime.block_on(server.stop());
    println!("Proven with two scratch agents: what one held was refused to the other:\n  {}", refusal?);
    match own.blocking().and_then(|mut server| server.call("system_health", &json!({}))) {
        Ok(_) => println!("The project's server answers at {}.", own.url().unwrap_or_default()),
        Err(error) => println!("The project's server does not: {error}."),
    }
    Ok(())
}

/// A folder that goes when the proof is over.
struct Scratch(PathBuf);

impl Scratch {
    fn make() -> std::io::Result<Self> {
        let folder = std::env::temp_dir().join(format!("manus-sync-proof-{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed now is the system's to clean up.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The commands that were written.
struct Hooks<'a> {
    root: &'a Path,
    client: ConnectClient,
    start: String,
    before_edit: String,
}

impl<'a> Hooks<'a> {
    fn read(client: ConnectClient, root: &'a Path) -> Result<Self, Failed> {
        let (files, start, before): (&[&str], _, _) = match client {
            ConnectClient::Codex => (&[".codex/hooks.json"], "SessionStart", "PreToolUse"),
            ConnectClient::Cursor => (&[".cursor/hooks.json"], "sessionStart", "preToolUse"),
            _ => (&[".claude/settings.json", ".claude/settings.local.json"], "SessionStart", "PreToolUse"),
        };
        let read = |file: &&str| serde_json::from_slice::<Value>(&std::fs::read(root.join(file)).ok()?).ok();
        let command = |settings: &Value, event: &str| {
            let items = settings["hooks"][event].as_array().map_or(&[][..], Vec::as_slice);
            items.iter().find_map(our_command).map(str::to_owned)
        };
        let commands = |settings: Value| Some((command(&settings, start)?, command(&settings, before)?));
        let (start, before_edit) = files
            .iter()
            .filter_map(read)
            .find_map(commands)
            .ok_or_else(|| Failed::refused("not proven: the hooks that were written are not there"))?;
        Ok(Self { root, client, start, before_edit })
    }

    fn two_agents(&self, scratch: &Path, url: &str) -> Result<String, Failed> {
        for session in ["proof-one", "proof-two"] {
            self.run(&self.start, session, scratch, url)?;
        }
        let first = self.run(&self.before_edit, "proof-one", scratch, url)?;
        if let Some(why) = refusal(&first) {
            return Err(Failed::refused(format!("not proven: the first agent was refused, too: {why}")));
        }
        let second = self.run(&self.before_edit, "proof-two", scratch, url)?;
        refusal(&second).map(str::to_owned).ok_or_else(|| {
            let said = if second.is_null() { "nothing".to_owned() } else { second.to_string() };
            Failed::refused(format!(
                "not proven: a second agent may edit what the first one holds; the hook said {said}"
            ))
        })
    }

    /// A hook, as the program runs it: by a shell, in the project, with the event on stdin.
    fn run(&self, command: &str, session: &str, scratch: &Path, url: &str) -> Result<Value, Failed> {
        let (tool, input) = match self.client {
            ConnectClient::Codex => (
                "apply_patch",
                json!({ "command": format!("*** Begin Patch\n*** Add File: {FILE}\n*** End Patch") }),
            ),
            _ => ("Write", json!({ "file_path": scratch.join(FILE), "content": "" })),
        };
        let event = json!({
            "session_id": session, "conversation_id": session, "cwd": scratch, "workspace_roots": [scratch],
            "tool_name": tool, "tool_input": input, "source": "startup",
        });
        let failed = |error: std::io::Error| Failed::refused(format!("not proven: {command}: {error}"));
        let mut child = Command::new("sh")
            .args(["-c", command])
            .current_dir(self.root)
            .env("MANUS_SYNC_URL", url)
            .env_remove("MANUS_ID")
            .env_remove("CLAUDE_ENV_FILE")
            .env_remove("CLAUDE_PROJECT_DIR")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(event.to_string().as_bytes()).map_err(failed)?;
        }
        let output = child.wait_with_output().map_err(failed)?;
        if !output.status.success() {
            return Err(Failed::refused(format!("not proven: {command} ended with {}", output.status)));
        }
        Ok(serde_json::from_slice(&output.stdout).unwrap_or_default())
    }
}

fn refusal(said: &Value) -> Option<&str> {
    let claude = &said["hookSpecificOutput"];
    if claude["permissionDecision"] == "deny" {
        return claude["permissionDecisionReason"].as_str();
    }
    said["agent_message"].as_str().filter(|_| said["permission"] == "deny")
}

/// By the calls themselves, where there are no hooks.
fn by_calls(url: &str) -> Result<String, Failed> {
    let mut server = Blocking::new(url, &Trust::System)?;
    let agents = ["proof-one", "proof-two"];
    for agent in agents {
        let arguments = json!({ "manus_id": agent, "role": "SPEED_DEVELOPER", "capabilities": [] });
        server.call("register_manus", &arguments)?;
    }
    let mut claim = |agent: &str| server.call("claim_files", &json!({ "manus_id": agent, "files": [FILE] }));
    match (claim(agents[0]), claim(agents[1])) {
        (Ok(_), Err(CallError::Refused(error))) if error.code == "file_locked" => Ok(error.message),
        (Ok(_), Ok(_)) => Err(Failed::refused("not proven: two agents hold the same file")),
        (Err(error), _) | (_, Err(error)) => Err(error.into()),
    }
}
