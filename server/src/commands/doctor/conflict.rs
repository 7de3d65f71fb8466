//! Two agents who want the same file, on a scratch project and through the real door: exactly one of them gets it.

use std::time::Instant;

use app::api::{CheckFiles, ClaimFiles, RegisterManus, ReleaseFiles};
use engine::{ManusId, Role};
use serde_json::Value;

use super::findings::Findings;
use super::scratch::Scratch;
use crate::caller::Caller;
use crate::client::CallError;
use crate::commands::answer::text;

const CHECK: &str = "conflict";

pub(super) async fn examine(findings: &mut Findings) {
    let begun = Instant::now();
    let scratch = match Scratch::start() {
        Ok(scratch) => scratch,
        Err(failed) => {
            findings.wrong(CHECK, failed.message, "see what manus-sync serve says in an empty folder");
            return;
        }
    };
    match play(&scratch).await {
        Ok(()) => {
            let ms = begun.elapsed().as_millis();
            findings.good(
                CHECK,
                format!("of two agents that want one file, one gets it and the other is told ({ms} ms)"),
            );
        }
        Err(what) => findings.wrong(CHECK, what, "files are not safe with this program; please report it"),
    }
}

/// What went otherwise than it must, in a sentence.
async fn play(scratch: &Scratch) -> Result<(), String> {
    let mut callers = [Caller::new(scratch.whereabouts()), Caller::new(scratch.whereabouts())];
    let names = ["one", "two"].map(ManusId::new);
    let names: Vec<ManusId> =
        names.into_iter().collect::<Result<_, _>>().map_err(|error| error.to_string())?;
    for (caller, name) in callers.iter_mut().zip(&names) {
        let register = RegisterManus::new(name.clone(), Role::SpeedDeveloper, Vec::new());
        caller.call(&register).await.map_err(|error| error.to_string())?;
    }
    let [first, second] = &mut callers;
    // At the same moment, and the same file under two names.
    let (a, b) = tokio::join!(claim(first, &names[0], "src/a.rs"), claim(second, &names[1], "src/x/../a.rs"));
    let (winner, token, refused) = match (a, b) {
        (Ok(token), Err(refused)) => (0, token, refused),
        (Err(refused), Ok(token)) => (1, token, refused),
        (Ok(_), Ok(_)) => return Err("two agents were given the same file".to_owned()),
        (Err(a), Err(b)) => return Err(format!("nobody was given a free file: {a}; {b}")),
    };
    told_why(&refused, names[winner].as_str())?;
    let loser = 1 - winner;
    let check =
        CheckFiles { manus_id: Some(names[loser].clone()), ..CheckFiles::new(vec!["src/".to_owned()]) };
    let seen = callers[loser].call(&check).await.map_err(|error| error.to_string())?;
    if seen["files"][0]["lock"]["locked_by"] != names[winner].as_str() {
        return Err(format!("check_files does not see the holder: {seen}"));
    }
    let release = ReleaseFiles::new(names[winner].clone(), vec!["src/a.rs".to_owned()]);
    callers[winner].call(&release).await.map_err(|error| error.to_string())?;
    let next =
        claim(&mut callers[loser], &names[loser], "src/a.rs").await.map_err(|error| error.to_string())?;
    if next <= token {
        return Err(format!("the second grant has the token {next}, the first had {token}: they must grow"));
    }
    Ok(())
}

/// The grant's token.
async fn claim(caller: &mut Caller, manus: &ManusId, file: &str) -> Result<u64, CallError> {
    let answer = caller.call(&ClaimFiles::new(manus.clone(), vec![file.to_owned()])).await?;
    Ok(answer["locks"][0]["fencing_token"].as_u64().unwrap_or(0))
}

fn told_why(refused: &CallError, holder: &str) -> Result<(), String> {
    let CallError::Refused(error) = refused else { return Err(refused.to_string()) };
    let named: &Value = &error.detail["conflicts"][0];
    if error.code != "file_locked" || text(named, "locked_by") != holder {
        return Err(format!("the refusal does not name the holder {holder}: {error}"));
    }
    Ok(())
}
