//! Which agent a session is, and what it was told already.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use app::api::ApiError;
use engine::ManusId;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::answer::Dialect;
use super::notes::{self, Notes, NotesFile};
use super::payload::{Kind, Payload};
use crate::blocking::Blocking;
use crate::caller::Whereabouts;
use crate::client::CallError;

/// How many new messages are told at once.
const TOLD_AT_ONCE: usize = 3;
/// How many characters of a message are told.
const MESSAGE_SHOWN: usize = 300;

/// A session of a coding agent, as an agent of the project.
///
/// With `MANUS_ID` the person names it. The first session under that name has it; a second one at the same time gets the name
/// with its own mark behind, for two that share a name would share their files too. Without it the session's own id makes a
/// name, the same for every event.
#[derive(Debug)]
pub(super) struct Session {
    pub manus_id: String,
    pub unread: u64,
    /// Where the server is, and what it is shown.
    pub server: Option<Whereabouts>,
    program: &'static str,
    /// What this session puts behind a name that is taken.
    mark: String,
    session_id: String,
    /// Set where a person chose the name.
    named: bool,
    notes: Notes,
    notes_file: Option<NotesFile>,
    root: Option<PathBuf>,
}

/// A short name for a session, of all of its id: ids that are made one after the other often begin alike, or end alike, and two
/// sessions under one name would share their files.
fn mark_of(session_id: &str) -> String {
    if session_id.is_empty() {
        return "session".to_owned();
    }
    Sha256::digest(session_id).iter().take(5).map(|byte| format!("{byte:02x}")).collect()
}

impl Session {
    pub(super) fn of(
        payload: &Payload,
        dialect: Dialect,
        manus_id: Option<&str>,
        root: Option<&Path>,
    ) -> Self {
        let mark = mark_of(&payload.session_id);
        let named = manus_id.filter(|name| ManusId::new(name).is_ok());
        let mut session = Self {
            manus_id: String::new(),
            unread: 0,
            server: None,
            program: dialect.program(),
            mark,
            session_id: payload.session_id.clone(),
            named: named.is_some(),
            notes: Notes::default(),
            notes_file: None,
            root: root.map(Path::to_owned),
        };
        let own = named.map_or_else(|| format!("{}-{}", dialect.prefix(), session.mark), str::to_owned);
        // A session that had to come in under its own mark is that one with every event.
        session.take_name(format!("{own}-{}", session.mark));
        if session.notes.session == session.session_id && !session.session_id.is_empty() {
            return session;
        }
        session.take_name(own);
        if !session.notes.session.is_empty() && session.notes.session != session.session_id {
            session.take_name(format!("{}-{}", session.manus_id, session.mark));
        }
        session
    }

    fn take_name(&mut self, name: String) {
        self.notes_file = self.root.as_ref().map(|root| NotesFile::of(root, &name));
        self.notes = self.notes_file.as_ref().map(NotesFile::read).unwrap_or_default();
        self.manus_id = name;
    }

    /// Whether it has been introduced and is not over.
    pub(super) fn is_known(&self) -> bool {
        !self.session_id.is_empty() && self.notes.session == self.session_id
    }

    /// Whether the server does not know this session, or does not know it by what it was shown.
    pub(super) fn is_unknown(&self, error: &ApiError) -> bool {
        matches!(&*error.code, "manus_not_found" | "manus_inactive")
            || (error.status == 403 && !self.has_own())
    }

    /// Whether there is something to show that does more than enrol.
    fn has_own(&self) -> bool {
        self.server.as_ref().is_some_and(|server| !server.clone().as_agent(&self.manus_id).needs_own())
    }

    /// Introduces the session. Where somebody has the name that a person chose, it comes in under its own.
    pub(super) fn register(&mut self, server: &mut Blocking, payload: &Payload) -> Result<(), CallError> {
        // Whoever comes back has the name already.
        let returns = !self.named || self.notes.session == self.session_id;
        match self.try_register(server, payload, returns) {
            Err(CallError::Refused(error))
                if error.code == "manus_id_taken" || (error.status == 403 && !self.has_own()) =>
            {
                self.take_name(format!("{}-{}", self.manus_id, self.mark));
                if let Some(own) = self.server.clone() {
                    server.show(own.as_agent(&self.manus_id).token())?;
                }
                self.try_register(server, payload, true)?;
            }
            outcome => outcome?,
        }
        self.notes.session.clone_from(&self.session_id);
        self.keep_notes();
        Ok(())
    }

    fn try_register(
        &mut self,
        server: &mut Blocking,
        payload: &Payload,
        takeover: bool,
    ) -> Result<(), CallError> {
        let given = |name: &str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
        let capabilities = given("MANUS_CAPABILITIES").unwrap_or_default();
        let capabilities: Vec<&str> =
            capabilities.split(',').map(str::trim).filter(|capability| !capability.is_empty()).collect();
        let mut arguments = json!({
            "manus_id": self.manus_id,
            "role": given("MANUS_ROLE").unwrap_or_else(|| "SPEED_DEVELOPER".to_owned()),
            "capabilities": capabilities,
            "program": self.program,
            "takeover": takeover,
        });
        if let Some(model) = &payload.model {
            arguments["model"] = json!(model);
        }
        let answer = server.call("register_manus", &arguments)?;
        self.notes.beat_secs = answer["heartbeat_interval_secs"].as_u64();
        let Some(mut own) = self.server.clone() else { return Ok(()) };
        if answer["token"].is_string() {
            own.enrolled(&self.manus_id, &answer);
            server.show(own.token())?;
        }
        Ok(())
    }

    /// Claude Code passes on to the shell what a session's start writes to this file: so `manus-sync` and git's guard, run by the
    /// agent, act under its name.
    pub(super) fn tell_shell(&self) {
        let Some(file) = std::env::var_os("CLAUDE_ENV_FILE") else { return };
        let line = format!("export MANUS_ID='{}'\n", self.manus_id);
        let written = fs::File::options().append(true).create(true).open(file);
        // The session works without; it only has to say --as.
        let _ = written.and_then(|mut file| file.write_all(line.as_bytes()));
    }

    /// The messages that the session was not told of yet, in a few lines. They stay unread: telling is not taking.
    pub(super) fn news(&mut self, server: &mut Blocking) -> Result<Option<String>, CallError> {
        if self.unread == 0 {
            return Ok(None);
        }
        let asked = json!({ "manus_id": self.manus_id, "peek": true, "after": self.notes.told, "limit": TOLD_AT_ONCE + 1 });
        let messages = server.call("get_messages", &asked)?;
        let messages = messages.as_array().map_or(&[][..], Vec::as_slice);
        let Some(last) = messages.iter().take(TOLD_AT_ONCE).next_back() else { return Ok(None) };
        self.notes.told = last["id"].as_u64().unwrap_or(self.notes.told);
        self.keep_notes();
        let lines: Vec<String> = messages.iter().take(TOLD_AT_ONCE).map(line).collect();
        let more = if messages.len() > TOLD_AT_ONCE { "\nThere are more." } else { "" };
        Ok(Some(format!(
            "New messages for you ({}):\n{}{more}\nTake them with `manus-sync message inbox --as {}` or the inbox tool.",
            self.manus_id,
            lines.join("\n"),
            self.manus_id,
        )))
    }

    /// Notes whether the session is at work now, for whoever gives signs of life until its next event.
    pub(super) fn note(&mut self, kind: Kind) {
        // The name may be another session's.
        if self.notes.session != self.session_id {
            return;
        }
        match kind {
            Kind::PromptSubmit | Kind::BeforeTool | Kind::AfterTool => self.notes.at_work = notes::parent(),
            Kind::SessionStart | Kind::TurnEnd => self.notes.at_work = None,
            Kind::SessionEnd | Kind::Other => return,
        }
        self.keep_notes();
    }

    fn keep_notes(&self) {
        if let Some(file) = &self.notes_file {
            file.write(&self.notes);
        }
    }

    /// The session is over, and its name is free.
    pub(super) fn forget(&self) {
        if let Some(file) = &self.notes_file {
            file.remove();
        }
    }
}

fn line(message: &Value) -> String {
    let content = match &message["content"] {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let short: String = content.chars().take(MESSAGE_SHOWN).collect();
    let cut = if short.len() < content.len() { "…" } else { "" };
    let from = message["from_manus"].as_str().unwrap_or_default();
    let kind = message["message_type"].as_str().unwrap_or_default();
    format!("- #{} from {from}, {kind}: {short}{cut}", message["id"])
}
