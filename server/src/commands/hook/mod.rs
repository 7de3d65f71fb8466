//! `manus-sync hook EVENT`: what coding agents' hooks call. An event as JSON on stdin, the agent's own protocol on stdout.
//!
//! A session is an agent: it registers when it starts, each file is claimed before it is edited, each tool call is a sign of
//! life, and the files are free again when its turn ends. Nobody has to remember any of that. Where no server answers, work
//! goes on with a warning, unless `fail-closed` is set; nothing here ever ends a session by an error of its own.

mod answer;
mod board;
mod edits;
mod notes;
mod payload;
mod pulse;
mod session;
mod settings;

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use self::answer::Answer;
pub use self::answer::Dialect;
use self::payload::{Kind, Payload};
pub(crate) use self::pulse::{agent_at_work, keep as keep_alive};
use self::session::Session;
pub(crate) use self::settings::Settings;
use super::Failed;
use crate::blocking::Blocking;
use crate::caller::Whereabouts;
use crate::cli::HookArgs;
use crate::client::CallError;

/// Why a file is held, as others see it. Locks with this reason end with the turn.
pub(crate) const EDITING: &str = "being edited";

/// Reads an event, does what it is for, and answers.
pub fn run(args: &HookArgs) -> Result<(), Failed> {
    let mut text = String::new();
    std::io::stdin().take(64 << 20).read_to_string(&mut text).map_err(Failed::refused)?;
    let dialect = args.dialect;
    let payload = match Payload::read(&text, &args.event) {
        Ok(payload) => payload,
        Err(error) => return unreadable(args, &error),
    };
    let answer = Hook::new(args, payload)?.answer();
    if let Some(text) = answer.written(dialect) {
        // Whoever does not read the answer has gone; there is nobody to tell.
        let _ = writeln!(std::io::stdout(), "{text}");
    }
    Ok(())
}

/// What comes of an event that cannot be understood. It is not worth a session: Claude Code shows what a hook says on stderr with code 1,
/// and goes on. Where edits are refused that nobody watches over, this may be one.
fn unreadable(args: &HookArgs, error: &impl std::fmt::Display) -> Result<(), Failed> {
    let why = format!("hook {}: what came on stdin is no event: {error}", args.event);
    let root = std::env::current_dir().ok().and_then(|here| hub::project_root(&here));
    if Kind::of(&args.event) != Kind::BeforeTool || !Settings::read(root.as_deref()).fail_closed {
        return Err(Failed::refused(why));
    }
    let denied =
        Answer::denied(format!("manus-sync: {why}. Edits are refused then, since fail-closed is set"));
    if let Some(text) = denied.written(args.dialect) {
        let _ = writeln!(std::io::stdout(), "{text}");
    }
    Ok(())
}

/// Which files an event says are about to be edited in a folder; `None` where it cannot be understood. For fuzzing.
pub fn edited_files(text: &str, event: &str, folder: &Path) -> Option<Vec<String>> {
    Payload::read(text, event).ok().map(|payload| payload.edited_files(folder))
}

/// One event being answered.
struct Hook {
    payload: Payload,
    /// Where the session is.
    folder: PathBuf,
    /// The project around it.
    root: Option<PathBuf>,
    settings: Settings,
    session: Session,
}

impl Hook {
    fn new(args: &HookArgs, payload: Payload) -> Result<Self, Failed> {
        let here = std::env::current_dir().map_err(Failed::refused)?;
        let folder = payload.cwd.clone().filter(|folder| folder.is_dir()).unwrap_or(here);
        // The agent's current folder wanders; where it was started stays.
        let project = std::env::var_os("CLAUDE_PROJECT_DIR").map(PathBuf::from);
        let root = hub::project_root(&folder).or_else(|| hub::project_root(project.as_deref()?));
        let of_project = || root.clone().map(|root| Whereabouts::of_project(root, &args.server));
        let whereabouts = Whereabouts::named(&args.server).or_else(of_project);
        let settings = Settings::read(root.as_deref());
        let mut session = Session::of(&payload, args.dialect, args.manus_id.as_deref(), root.as_deref());
        session.server = whereabouts;
        Ok(Self { payload, folder, root, settings, session })
    }

    fn answer(mut self) -> Answer {
        match self.act() {
            Ok(answer) => answer,
            Err(CallError::Unreachable(why) | CallError::Lost(why)) => self.without_server(&why),
            // The server is there and says no to something that no edit depends on.
            Err(CallError::Refused(error)) if !self.payload.is_edit() => {
                Answer::warning(format!("manus-sync: {error}"))
            }
            Err(CallError::Refused(error)) => self.without_server(&error.message),
        }
    }

    fn act(&mut self) -> Result<Answer, CallError> {
        let Some(whereabouts) = self.session.server.clone() else {
            let why = "no server is running for this project; start one with manus-sync serve".to_owned();
            return Err(CallError::Unreachable(why));
        };
        let own = whereabouts.clone().as_agent(&self.session.manus_id);
        let outcome = self.act_at(&mut own.blocking()?);
        let outcome = match outcome {
            // What was kept lets nobody in any more, and was not what was given.
            Err(CallError::Refused(error)) if error.status == 401 && own != whereabouts => {
                own.disown(&self.session.manus_id);
                self.act_at(&mut whereabouts.blocking()?)
            }
            outcome => outcome,
        };
        if outcome.is_ok() {
            self.session.note(self.payload.kind);
        }
        outcome
    }

    fn act_at(&mut self, server: &mut Blocking) -> Result<Answer, CallError> {
        match self.payload.kind {
            Kind::SessionStart => self.start(server),
            Kind::PromptSubmit => {
                self.beat(server, None)?;
                Ok(self.news(server)?)
            }
            Kind::BeforeTool => self.before_tool(server),
            Kind::AfterTool => {
                let progress = self.payload.progress();
                self.beat(server, progress)?;
                self.news(server)
            }
            Kind::TurnEnd => {
                self.release(server)?;
                Ok(Answer::nothing())
            }
            Kind::SessionEnd => {
                self.leave(server)?;
                Ok(Answer::nothing())
            }
            // A session that is over, or has not begun, does not begin with that.
            Kind::Other => {
                if self.session.is_known() {
                    self.beat(server, None)?;
                }
                Ok(Answer::nothing())
            }
        }
    }

    /// Introduces the session, and shows it the board.
    fn start(&mut self, server: &mut Blocking) -> Result<Answer, CallError> {
        self.session.register(server, &self.payload)?;
        self.session.tell_shell();
        Ok(Answer::context(self.payload.kind, board::board(server, &self.session.manus_id)?))
    }

    fn before_tool(&mut self, server: &mut Blocking) -> Result<Answer, CallError> {
        let files = self.payload.edited_files(&self.folder);
        if files.is_empty() {
            self.beat(server, None)?;
            return Ok(Answer::nothing());
        }
        let ttl_secs = self.settings.claim_ttl_secs;
        let claim = |server: &mut Blocking, me: &str| edits::claim(server, me, &files, ttl_secs);
        let claimed = self.registered(server, claim)?;
        match claimed {
            edits::Claimed::Held => Ok(Answer::nothing()),
            edits::Claimed::Refused(why) => Ok(Answer::denied(why)),
        }
    }

    fn beat(&mut self, server: &mut Blocking, progress: Option<u8>) -> Result<Value, CallError> {
        let beat = self.registered(server, |server, me| {
            let mut arguments = json!({ "manus_id": me });
            if let Some(progress) = progress {
                arguments["progress"] = json!(progress);
            }
            server.call("heartbeat", &arguments)
        })?;
        self.session.unread = beat["unread_messages"].as_u64().unwrap_or(0);
        Ok(beat)
    }

    /// Makes a call in the session's name; a session that the server does not know, since its start went by unheard, is introduced
    /// first, and may have another name then.
    fn registered<T>(
        &mut self,
        server: &mut Blocking,
        mut call: impl FnMut(&mut Blocking, &str) -> Result<T, CallError>,
    ) -> Result<T, CallError> {
        match call(server, &self.session.manus_id) {
            Err(CallError::Refused(error)) if self.session.is_unknown(&error) => {
                self.session.register(server, &self.payload)?;
                call(server, &self.session.manus_id)
            }
            outcome => outcome,
        }
    }

    /// Messages that the session was not told of yet.
    fn news(&mut self, server: &mut Blocking) -> Result<Answer, CallError> {
        let news = self.session.news(server)?;
        Ok(news.map_or_else(Answer::nothing, |news| Answer::context(self.payload.kind, news)))
    }

    /// The turn is over: what was claimed for its edits is free.
    fn release(&mut self, server: &mut Blocking) -> Result<(), CallError> {
        self.registered(server, edits::release)
    }

    fn leave(&mut self, server: &mut Blocking) -> Result<(), CallError> {
        let gone = server.call("deregister_manus", &json!({ "manus_id": self.session.manus_id }));
        self.session.forget();
        match gone {
            Err(CallError::Refused(error))
                if matches!(&*error.code, "manus_not_found" | "manus_inactive") =>
            {
                Ok(())
            }
            outcome => outcome.map(|_| ()),
        }
    }

    /// Work goes on uncoordinated, and says so; or, where that was asked for, does not.
    fn without_server(&self, why: &str) -> Answer {
        if self.payload.is_edit() && self.settings.fail_closed {
            return Answer::denied(format!(
                "manus-sync: {why}. Edits are refused meanwhile, since fail-closed is set"
            ));
        }
        let quiet =
            matches!(self.payload.kind, Kind::AfterTool | Kind::TurnEnd | Kind::SessionEnd | Kind::Other);
        // Once is enough for what changes nothing; an edit that nobody watches over is worth a word each time.
        if quiet || (self.payload.kind == Kind::BeforeTool && !self.payload.is_edit()) {
            return Answer::nothing();
        }
        let project = self.root.as_deref().map_or(Path::new("."), |root| root).display();
        Answer::warning(format!(
            "manus-sync: {why}. Edits in {project} are not coordinated with other agents meanwhile"
        ))
    }
}
