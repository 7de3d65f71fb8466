//! What a command that talks to a server has at hand: a caller, and a way to show the answer.

use std::future::Future;
use std::path::{Path, PathBuf};

use app::api::Arguments;
use engine::ManusId;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

use super::Failed;
use super::print::{Print, put};
use crate::caller::{Caller, Whereabouts};
use crate::cli::ClientArgs;
use crate::client::{self, CallError};

/// A command's conversation with a server.
#[derive(Debug)]
pub struct Session {
    runtime: Runtime,
    caller: Caller,
    json: bool,
    /// How to write for people.
    pub print: Print,
}

/// Runs a command that talks to a server. With `--json` an error is printed as JSON, too, besides being told.
pub fn with(args: &ClientArgs, work: impl FnOnce(&mut Session) -> Result<(), Failed>) -> Result<(), Failed> {
    let outcome = Session::open(args).and_then(|mut session| work(&mut session));
    if let Err(failed) = &outcome
        && args.json
        && failed.code != 2
        && !failed.message.is_empty()
    {
        put(&format!("{:#}\n", as_json(failed)))?;
    }
    outcome
}

fn as_json(failed: &Failed) -> Value {
    match &failed.error {
        // Three fields and strings as keys: it cannot fail to become JSON.
        Some(error) => serde_json::to_value(error).unwrap_or_default(),
        None => {
            let code = if failed.code == 3 { "unreachable" } else { "failed" };
            json!({ "code": code, "message": failed.message, "detail": {} })
        }
    }
}

impl Session {
    /// Finds the server. Nothing is sent yet.
    pub fn open(args: &ClientArgs) -> Result<Self, Failed> {
        if let Some(url) = args.server.server.as_deref().filter(|url| !url.is_empty()) {
            client::parts(url).map_err(Failed::usage)?;
        }
        let mut whereabouts = Whereabouts::find(&args.server)?;
        if let Some(manus) = args.manus.as_deref().filter(|name| !name.is_empty()) {
            whereabouts = whereabouts.as_agent(manus);
        }
        let caller = Caller::new(whereabouts);
        // One thread, and nothing that is started before it is needed: a command has little time.
        let runtime = Builder::new_current_thread().enable_all().build().map_err(Failed::refused)?;
        Ok(Self { runtime, caller, json: args.json, print: Print::to_stdout() })
    }

    /// Makes a call; see [`Caller::call`].
    pub fn call<A: Arguments + Serialize>(&mut self, arguments: &A) -> Result<Value, Failed> {
        Ok(self.runtime.block_on(self.caller.call(arguments))?)
    }

    /// Keeps the token that an agent was given when it registered, for later commands in its name.
    pub fn enrolled(&self, manus_id: &ManusId, answer: &Value) {
        self.caller.whereabouts().clone().enrolled(manus_id.as_str(), answer);
    }

    /// Makes calls in another order than one after the other.
    pub fn block_on<'a, T, F>(&'a mut self, work: impl FnOnce(&'a mut Caller) -> F) -> Result<T, Failed>
    where
        F: Future<Output = Result<T, CallError>>,
    {
        Ok(self.runtime.block_on(work(&mut self.caller))?)
    }

    /// Whether to print JSON.
    pub fn is_json(&self) -> bool {
        self.json
    }

    /// Where the server is.
    pub fn url(&self) -> String {
        self.caller.whereabouts().url().unwrap_or_default()
    }

    /// Prints an answer: as JSON, or in words.
    pub fn show(&self, answer: &Value, words: impl FnOnce(Print) -> String) -> Result<(), Failed> {
        if self.json {
            return put(&format!("{answer:#}\n"));
        }
        let mut text = words(self.print);
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        put(&text)
    }

    /// Files as the server knows them. They are meant from the current folder, which may be anywhere in the project.
    pub fn paths(&self, files: &[String]) -> Result<Vec<String>, Failed> {
        let here = std::env::current_dir().map_err(Failed::refused)?;
        // An address says nothing about folders, but where a project is around us, it will be the one that is meant.
        let root = self.caller.whereabouts().root().map(Path::to_owned).or_else(|| hub::project_root(&here));
        Ok(files.iter().map(|file| from_root(root.as_deref(), &here, file)).collect())
    }
}

/// A path that was written in a folder, as it is written in the project's root.
fn from_root(root: Option<&Path>, here: &Path, file: &str) -> String {
    let Some(root) = root.filter(|root| *root != here) else { return file.to_owned() };
    if file.is_empty() || file.starts_with(['/', '\\']) || Path::new(file).is_absolute() {
        return file.to_owned();
    }
    let folder = match here.strip_prefix(root) {
        Ok(way) => way.to_owned(),
        // In another worktree: the server knows those by their whole paths.
        Err(_) => PathBuf::from(here),
    };
    // As text: a trailing slash and the characters of globs mean something.
    format!("{}/{file}", folder.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_meant_from_the_current_folder() {
        let from = |here: &str, file: &str| from_root(Some(Path::new("/shop")), Path::new(here), file);
        assert_eq!(from("/shop", "src/a.rs"), "src/a.rs");
        assert_eq!(from("/shop/src", "a.rs"), "src/a.rs");
        assert_eq!(from("/shop/src", "../docs/"), "src/../docs/");
        assert_eq!(from("/shop/src", "**/*.rs"), "src/**/*.rs");
        assert_eq!(from("/shop/src", "/shop/b.rs"), "/shop/b.rs");
        assert_eq!(from("/shop-feature/src", "a.rs"), "/shop-feature/src/a.rs");
        assert_eq!(from_root(None, Path::new("/elsewhere"), "a.rs"), "a.rs");
    }
}
