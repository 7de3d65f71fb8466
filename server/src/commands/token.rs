//! `manus-sync token`: who may come in. Through the project's server where one runs, so that its answer counts at once; else in
//! the project's database itself.

use std::path::PathBuf;
use std::time::Duration;

use app::api::{Arguments, CreateToken, ListTokens, NewToken, RevokeToken};
use hub::{AtRest, AuditEntry, OpenError};
use serde::Serialize;
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

use super::Failed;
use super::answer::{items, text};
use super::print::{Cell, Print, Tone, moment, put};
use crate::caller::{Caller, Whereabouts};
use crate::cli::{RoleWord, TokenCommand, TokenCreateArgs, TokenListArgs, TokenPlace, TokenRevokeArgs};
use crate::config;

/// Does what was asked for.
pub fn run(command: TokenCommand) -> Result<(), Failed> {
    match command {
        TokenCommand::Create(args) => create(args),
        TokenCommand::List(args) => list(&args),
        TokenCommand::Revoke(args) => revoke(args),
    }
}

fn create(args: TokenCreateArgs) -> Result<(), Failed> {
    match (args.role, &args.manus_id) {
        (RoleWord::Agent, None) => {
            return Err(Failed::usage("an agent's token is for one agent; name it with --for NAME"));
        }
        (RoleWord::Agent, Some(_)) | (_, None) => {}
        (_, Some(_)) => return Err(Failed::usage("--for NAME goes with --role agent alone; leave it out")),
    }
    let call = CreateToken {
        manus_id: args.manus_id,
        label: args.label,
        expires_in_secs: args.expires,
        ..CreateToken::new(args.role.into())
    };
    let answer = with(&args.place, true, async |desk| match desk {
        // Not tried again where no answer came: that would make a second one, which nobody is shown.
        Desk::Server(caller) => asked(&mut caller.with_patience(Duration::ZERO), &call).await,
        Desk::Rest(rest) => {
            let new = call.checked(now_ms()).map_err(refused)?;
            noted(rest, "create_token").await?;
            Ok(json(&NewToken::from(rest.access().create(new).await.map_err(Failed::refused)?)))
        }
    })?;
    if args.place.json {
        return put(&format!("{answer:#}\n"));
    }
    let about = &answer["about"];
    let may = match text(about, "role") {
        "agent" => format!("for {} alone", text(about, "manus_id")),
        "viewer" => "to look".to_owned(),
        "enrolment" => "to register agents of new names".to_owned(),
        _ => "for everything".to_owned(),
    };
    eprintln!(
        "A token {may}. It is shown this once; keep it like a password, in MANUS_SYNC_TOKEN or behind --token.\n\
         To take it back: manus-sync token revoke {}",
        text(about, "id")
    );
    put(&format!("{}\n", text(&answer, "token")))
}

fn list(args: &TokenListArgs) -> Result<(), Failed> {
    let call = ListTokens { all: args.all.then_some(true) };
    let answer = with(&args.place, false, async |desk| match desk {
        Desk::Server(mut caller) => asked(&mut caller, &call).await,
        Desk::Rest(rest) => Ok(json(&call.choose(rest.access().list(), now_ms()))),
    })?;
    if args.place.json {
        return put(&format!("{answer:#}\n"));
    }
    match items(&answer) {
        [] => put("There is no token yet; manus-sync token create makes one.\n"),
        tokens => put(&table(Print::to_stdout(), tokens)),
    }
}

fn table(print: Print, tokens: &[Value]) -> String {
    let at = |token: &Value, key: &str| token[key].as_i64().map_or_else(String::new, moment);
    let row = |token: &Value| -> [Cell; 6] {
        let role = match token["session"].as_bool() {
            Some(true) => format!("{} (session)", text(token, "role")),
            _ => text(token, "role").to_owned(),
        };
        let (tone, ends) = match at(token, "revoked_at_ms") {
            none if none.is_empty() => (Tone::Plain, at(token, "expires_at_ms")),
            revoked => (Tone::Bad, format!("revoked {revoked}")),
        };
        [
            text(token, "id").into(),
            role.into(),
            text(token, "manus_id").into(),
            at(token, "created_at_ms").into(),
            Cell::new(tone, &ends),
            text(token, "label").into(),
        ]
    };
    let rows: Vec<_> = tokens.iter().map(row).collect();
    print.table(["ID", "ROLE", "FOR", "MADE", "ENDS", "LABEL"], &rows)
}

fn revoke(args: TokenRevokeArgs) -> Result<(), Failed> {
    let call = RevokeToken { and_enrolled: args.and_enrolled.then_some(true), ..RevokeToken::new(args.id) };
    let answer = with(&args.place, false, async |desk| match desk {
        Desk::Server(mut caller) => asked(&mut caller, &call).await,
        Desk::Rest(rest) => {
            noted(rest, "revoke_token").await?;
            Ok(json(&call.from(rest.access()).await.map_err(refused)?))
        }
    })?;
    if args.place.json {
        return put(&format!("{answer:#}\n"));
    }
    let ids: Vec<&str> = items(&answer["revoked"]).iter().map(|token| text(token, "id")).collect();
    put(&format!("Revoked, and let nobody in any more: {}\n", ids.join(", ")))
}

/// Whoever owns the project's folder did this; before it is done, so that nothing is done without a note.
async fn noted(rest: &AtRest, what: &str) -> Result<(), Failed> {
    rest.note(AuditEntry::acted(what, "ok")).await.map_err(Failed::refused)
}

/// Where the tokens are.
pub(super) enum Desk<'a> {
    /// With the server.
    Server(Box<Caller>),
    /// In a project that nobody serves.
    Rest(&'a AtRest),
}

/// Finds the tokens, does something about them, and lets go of them. Where there is no project yet, one may be begun.
pub(super) fn with(
    place: &TokenPlace,
    may_begin: bool,
    work: impl AsyncFnOnce(Desk) -> Result<Value, Failed>,
) -> Result<Value, Failed> {
    let runtime: Runtime = Builder::new_current_thread().enable_all().build().map_err(Failed::refused)?;
    if let Some(named) = Whereabouts::named(&place.server) {
        return runtime.block_on(work(Desk::Server(Box::new(Caller::new(named)))));
    }
    let root = root(place, may_begin)?;
    let config = config::at_rest(&root, place.database.as_deref())?;
    runtime.block_on(async {
        match AtRest::take(&config).await {
            Ok(rest) => {
                let outcome = work(Desk::Rest(&rest)).await;
                rest.leave().await.map_err(Failed::refused)?;
                outcome
            }
            Err(OpenError::AlreadyServed { .. }) => {
                // Whoever owns the folder needs no token to decide who has one.
                let key = hub::local_key(&root);
                let server = Whereabouts::of_project(root, &place.server).or_show(key);
                work(Desk::Server(Box::new(Caller::new(server)))).await
            }
            Err(error) => Err(Failed::refused(error)),
        }
    })
}

fn root(place: &TokenPlace, may_begin: bool) -> Result<PathBuf, Failed> {
    if let Some(given) = &place.project_root {
        return std::path::absolute(given).map_err(Failed::refused);
    }
    let here = std::env::current_dir().map_err(Failed::refused)?;
    match hub::project_root(&here) {
        Some(root) => Ok(root),
        None if may_begin => Ok(here),
        None => Err(Failed::refused(
            "there is no project around the current folder; name one with --project-root DIR, or its server with --server",
        )),
    }
}

pub(super) async fn asked<A: Arguments + Serialize>(caller: &mut Caller, call: &A) -> Result<Value, Failed> {
    Ok(caller.call(call).await?)
}

pub(super) fn refused(error: app::api::ApiError) -> Failed {
    crate::client::CallError::Refused(error).into()
}

/// Plain data: it cannot fail to become JSON.
pub(super) fn json(answer: &impl Serialize) -> Value {
    serde_json::to_value(answer).unwrap_or_default()
}

pub(super) fn now_ms() -> i64 {
    hub::Clock::now_ms(&hub::SystemClock::default())
}
