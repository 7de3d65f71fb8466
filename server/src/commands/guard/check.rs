//! What stands in the way of a commit or a push.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use engine::{FilePattern, ManusId, TimeMs};
use serde_json::{Value, json};

use super::git::Repository;
use super::history::{self, Claimed};
use super::install;
use crate::blocking::Blocking;
use crate::caller::Whereabouts;
use crate::cli::{GuardCheckArgs, GuardHook};
use crate::client::CallError;
use crate::commands::Failed;
use crate::commands::hook::Settings;

/// How many files one call names.
const FILES_AT_ONCE: usize = 500;
/// How many files a message to the supervisor names.
const FILES_TOLD: usize = 50;

/// Checks what is staged, or what a hook of git is about, after the hook that was there before.
pub(super) fn run(args: &GuardCheckArgs) -> Result<(), Failed> {
    let mut refs = Vec::new();
    if args.hook == Some(GuardHook::PrePush) {
        std::io::stdin().read_to_end(&mut refs).map_err(Failed::refused)?;
    }
    if let Some(before) = &args.before {
        run_before(before, &args.rest, &refs)?;
    }
    let repository = Repository::find(&args.repository)?;
    let guard = Guard::new(args, &repository)?;
    let Some(mut guard) = guard else { return Ok(()) };
    let files = guard.files(args, &String::from_utf8_lossy(&refs))?;
    if files.is_empty() {
        return Ok(());
    }
    let found = guard.look(&files);
    if std::env::var("MANUS_SYNC_BYPASS").is_ok_and(|given| !matches!(given.as_str(), "" | "0")) {
        guard.tell_bypass(&files, &found);
        return Ok(());
    }
    match found {
        Ok(found) if found.is_empty() => {
            if args.hook.is_none() {
                println!("{} files are free to {}", files.len(), guard.what());
                if !install::is_installed(&repository) {
                    println!("The guard is not installed here; manus-sync guard install does that");
                }
            }
            Ok(())
        }
        Ok(found) => Err(Failed::refused(guard.refusal(&found))),
        Err(error) if guard.settings.fail_closed => {
            Err(Failed::refused(format!("guard: {error}; refused meanwhile, since fail-closed is set")))
        }
        Err(error) => {
            eprintln!("manus-sync guard: {error}. Nothing is checked");
            Ok(())
        }
    }
}

/// Runs the hook that was there before, with what git gave to this one. Ends the program as that one ends, should it refuse.
fn run_before(before: &Path, arguments: &[String], input: &[u8]) -> Result<(), Failed> {
    // As git does: a hook that cannot be executed is none.
    if !is_executable(before) {
        return Ok(());
    }
    let before = if before.is_absolute() { before.to_owned() } else { Path::new(".").join(before) };
    let start = |command: &mut Command| command.args(arguments).stdin(Stdio::piped()).spawn();
    const NO_PROGRAM: i32 = 8;
    let child = match start(&mut Command::new(&before)) {
        // No line that says what runs it: a script for the shell, as git takes it.
        Err(error) if error.raw_os_error() == Some(NO_PROGRAM) => start(Command::new("sh").arg(&before)),
        child => child,
    };
    let mut child = child.map_err(|error| Failed::refused(format!("{}: {error}", before.display())))?;
    if let Some(mut stdin) = child.stdin.take() {
        // It need not read what it is given.
        let _ = stdin.write_all(input);
    }
    let status = child.wait().map_err(Failed::refused)?;
    if status.success() {
        return Ok(());
    }
    std::process::exit(status.code().unwrap_or(1))
}

#[cfg(unix)]
fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(file: &Path) -> bool {
    file.is_file()
}

/// A file of the commit or push: its whole path, and when it was written at the latest.
struct Written {
    path: String,
    at_ms: TimeMs,
}

/// A check in the making.
struct Guard<'a> {
    repository: &'a Repository,
    hook: Option<GuardHook>,
    /// In whose name.
    who: Option<ManusId>,
    whereabouts: Whereabouts,
    settings: Settings,
    /// The way from the repository's top to the project, where the project is within.
    way: Option<String>,
}

impl<'a> Guard<'a> {
    /// `None` where there is no project to guard: one set of hooks may serve many repositories.
    fn new(args: &GuardCheckArgs, repository: &'a Repository) -> Result<Option<Self>, Failed> {
        let root = hub::project_root(args.project_root.as_deref().unwrap_or(&repository.top));
        let of_project = || root.clone().map(|root| Whereabouts::of_project(root, &args.server));
        let Some(whereabouts) = Whereabouts::named(&args.server).or_else(of_project) else {
            if args.hook.is_none() {
                println!("There is no project of manus-sync around {}", repository.top.display());
            }
            return Ok(None);
        };
        let named =
            args.manus_id.clone().filter(|name| !name.is_empty()).or_else(|| repository.setting("manus.id"));
        let who = named.map(|name| ManusId::new(&name).map_err(Failed::usage)).transpose()?;
        let whereabouts = match &who {
            Some(who) => whereabouts.as_agent(who.as_str()),
            None => whereabouts,
        };
        let real = root.as_deref().and_then(|root| root.canonicalize().ok());
        let way = real.as_deref().and_then(|root| root.strip_prefix(&repository.top).ok());
        let way = way.map(|way| way.to_string_lossy().into_owned()).filter(|way| !way.is_empty());
        let settings = Settings::read(root.as_deref());
        Ok(Some(Self { repository, hook: args.hook, who, whereabouts, settings, way }))
    }

    fn what(&self) -> &'static str {
        if self.hook == Some(GuardHook::PrePush) { "push" } else { "commit" }
    }

    fn files(&self, args: &GuardCheckArgs, refs: &str) -> Result<Vec<Written>, Failed> {
        let named: Vec<(String, TimeMs)> = match self.hook {
            Some(GuardHook::PrePush) => {
                let remote = args.rest.first().map_or("origin", String::as_str);
                self.repository.pushed(remote, refs)?.into_iter().collect()
            }
            _ => self.repository.staged()?.into_iter().map(|file| (file, TimeMs::MAX)).collect(),
        };
        let within = |file: &str| match &self.way {
            Some(way) => file.strip_prefix(way.as_str()).is_some_and(|rest| rest.starts_with('/')),
            None => true,
        };
        let whole = |file: String| self.repository.top.join(file).to_string_lossy().into_owned();
        let named = named.into_iter().filter(|(file, _)| within(file));
        Ok(named.map(|(file, at_ms)| Written { path: whole(file), at_ms }).collect())
    }

    /// A line for each file that somebody else holds, or has held since one's own claim.
    fn look(&mut self, files: &[Written]) -> Result<Vec<String>, CallError> {
        let mut server = self.whereabouts.blocking()?;
        let (mut found, mut free) = (Vec::new(), Vec::new());
        for some in files.chunks(FILES_AT_ONCE) {
            let some: Vec<&Written> = some.iter().collect();
            for (written, check) in self.check(&mut server, some)? {
                match &check["lock"] {
                    Value::Null => free.push((written.at_ms, check["file"].clone())),
                    lock => found.push(held(&check["file"], lock)),
                }
            }
        }
        let Some(who) = &self.who else { return Ok(found) };
        let claimed = free.into_iter().filter_map(|(at_ms, file)| {
            Some(Claimed::new(serde_json::from_value::<FilePattern>(file).ok()?, at_ms))
        });
        let mut claimed: Vec<Claimed> = claimed.collect();
        history::look(&mut server, who, &mut claimed)?;
        found.extend(claimed.iter().filter_map(outdated));
        Ok(found)
    }

    /// What the server says to each file; those that are none of the project's are left out.
    fn check<'f>(
        &self,
        server: &mut Blocking,
        mut files: Vec<&'f Written>,
    ) -> Result<Vec<(&'f Written, Value)>, CallError> {
        while !files.is_empty() {
            let paths: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
            let mut arguments = json!({ "files": paths });
            if let Some(who) = &self.who {
                arguments["manus_id"] = json!(who);
            }
            match server.call("check_files", &arguments) {
                Ok(answer) => {
                    let checks = answer["files"].as_array().cloned().unwrap_or_default();
                    return Ok(files.into_iter().zip(checks).collect());
                }
                Err(CallError::Refused(error)) => {
                    match place(&error.detail).filter(|place| *place < files.len()) {
                        Some(place) => {
                            files.remove(place);
                        }
                        None => return Err(CallError::Refused(error)),
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(Vec::new())
    }

    fn refusal(&self, found: &[String]) -> String {
        let what = self.what();
        let who = match &self.who {
            Some(who) => format!("You are {who}."),
            None => {
                "You are nobody here: set MANUS_ID, or git config manus.id NAME, if one of these is yours."
                    .to_owned()
            }
        };
        format!(
            "guard: this {what} is refused\n  {}\n{who} Wait until they are free, or unstage them. MANUS_SYNC_BYPASS=1 git {what} … \
             goes past this, and the supervisor is told.",
            found.join("\n  ")
        )
    }

    /// Past the guard, but not in silence.
    fn tell_bypass(&self, files: &[Written], found: &Result<Vec<String>, CallError>) {
        let name = |file: &Written| {
            file.path
                .strip_prefix(&*self.repository.top.to_string_lossy())
                .unwrap_or(&file.path)
                .trim_start_matches('/')
                .to_owned()
        };
        let content = json!({
            "what": self.what(),
            "repository": self.repository.top,
            "who": self.who,
            "git_user": self.repository.setting("user.name"),
            "files": files.iter().take(FILES_TOLD).map(name).collect::<Vec<_>>(),
            "file_count": files.len(),
            "in_the_way": found.as_ref().map(|found| found.iter().take(FILES_TOLD).cloned().collect::<Vec<_>>()).unwrap_or_default(),
        });
        let tell = || {
            let mut server = self.whereabouts.blocking()?;
            let who = self.who.as_ref().map_or("supervisor", ManusId::as_str);
            let mut message = json!({ "from_manus": who, "to_manus": "supervisor", "message_type": "GUARD_BYPASSED", "content": content });
            let sent = server.call("send_message", &message);
            if matches!(sent, Err(CallError::Refused(_))) && self.who.is_some() {
                // An agent that is not registered cannot write; the content says who it was.
                message["from_manus"] = json!("supervisor");
                return server.call("send_message", &message);
            }
            sent
        };
        match tell() {
            Ok(_) => eprintln!("manus-sync guard: passed by; the supervisor was told"),
            Err(error) => eprintln!("manus-sync guard: passed by; the supervisor could not be told: {error}"),
        }
    }
}

/// The place of the file in a call that the server cannot take: `files[3]`.
fn place(detail: &Value) -> Option<usize> {
    match detail["path"].as_str() {
        Some(path) => path.strip_prefix("files[")?.strip_suffix(']')?.parse().ok(),
        None => None,
    }
}

fn held(file: &Value, lock: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let why = lock["lock_reason"].as_str().map(|reason| format!(" ({reason})")).unwrap_or_default();
    let covers = if lock["file_path"] == *file {
        String::new()
    } else {
        format!(" with {}", text(&lock["file_path"]))
    };
    format!("{} is held by {}{covers}{why}", text(file), text(&lock["locked_by"]))
}

fn outdated(claimed: &Claimed) -> Option<String> {
    let (own, other, who) = claimed.outdated()?;
    let file = &claimed.file;
    Some(format!(
        "{file}: your claim is outdated; {who} was granted it after you (token {other}, yours is {own}). Look at what changed, \
         then claim it again: manus-sync files claim {file}"
    ))
}
