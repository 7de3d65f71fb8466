//! `manus-sync events`: what happened, and with `--follow` what happens.

use std::time::Duration;

use app::api::{ListEvents, OneOrMany, Snapshot};
use engine::Seq;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use self::words::Teller;
use super::Failed;
use super::answer::{list, text};
use super::print::{moment, put};
use super::session::{self, Session};
use crate::caller::Caller;
use crate::cli::EventsArgs;
use crate::client::{CallError, Seen};

mod words;

/// How many events are asked for at once.
const PAGE: usize = 1_000;
/// How many of the newest are shown where nobody says; fewer when more are to come.
const NEWEST: usize = 50;
const NEWEST_BEFORE_MORE: usize = 10;
/// How long the server may be gone while its events are followed.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(200);

/// Prints, and follows.
pub fn run(args: &EventsArgs) -> Result<(), Failed> {
    session::with(&args.client, |session| {
        let snapshot = session.call(&Snapshot::new())?;
        let mut seen = snapshot["seq"].as_u64().unwrap_or(0);
        let mut teller = Teller::new(session.is_json(), session.print, &snapshot);
        match args.since {
            // The stream brings these, too.
            Some(since) if args.follow => seen = since,
            Some(since) => all_since(session, args, since, &mut teller)?,
            None => newest(session, args, seen, &mut teller)?,
        }
        if args.follow { follow(session, args, seen, &mut teller) } else { Ok(()) }
    })
}

fn query(args: &EventsArgs) -> ListEvents {
    let kind = (!args.kind.is_empty()).then(|| OneOrMany::Many(args.kind.clone()));
    ListEvents { kind, manus_id: args.of.clone(), ..ListEvents::new() }
}

/// From there on, oldest first, printed page by page.
fn all_since(
    session: &mut Session,
    args: &EventsArgs,
    since: Seq,
    teller: &mut Teller,
) -> Result<(), Failed> {
    let mut left = args.limit.unwrap_or(usize::MAX);
    let mut call = ListEvents { cursor: Some(since.to_string()), ..query(args) };
    let mut first = true;
    while left > 0 {
        call.limit = i64::try_from(PAGE.min(left)).ok();
        let page = session.call(&call)?;
        let events = list(&page, "items");
        if first {
            tell_pruned(&page, since, args);
        }
        first = false;
        tell(events, teller)?;
        left -= events.len().min(left);
        call.cursor = page["next_cursor"].as_str().map(str::to_owned);
        if call.cursor.is_none() {
            break;
        }
    }
    Ok(())
}

/// Says on stderr that the log no longer has what was asked for.
fn tell_pruned(page: &Value, since: Seq, args: &EventsArgs) {
    let Some(before_ms) = page["pruned_before_ms"].as_i64() else { return };
    let first = list(page, "items").first().and_then(|event| event["seq"].as_u64());
    // A gap may also be what was not asked for.
    let asked_for_all = args.kind.is_empty() && args.of.is_none();
    if since == 0 || (asked_for_all && first.is_none_or(|first| first > since + 1)) {
        eprintln!("manus-sync: events from before {} were pruned", moment(before_ms));
    }
}

/// The newest ones up to there, oldest first.
fn newest(session: &mut Session, args: &EventsArgs, upto: Seq, teller: &mut Teller) -> Result<(), Failed> {
    let most = args.limit.unwrap_or(if args.follow { NEWEST_BEFORE_MORE } else { NEWEST });
    let mut events: Vec<Value> = Vec::new();
    let mut call = ListEvents { newest_first: Some(true), ..query(args) };
    while events.len() < most {
        call.limit = i64::try_from(PAGE.min(most - events.len())).ok();
        let page = session.call(&call)?;
        let known = |event: &&Value| event["seq"].as_u64().is_some_and(|seq| seq <= upto);
        events.extend(list(&page, "items").iter().filter(known).cloned());
        call.cursor = page["next_cursor"].as_str().map(str::to_owned);
        if call.cursor.is_none() {
            break;
        }
    }
    events.reverse();
    tell(&events, teller)
}

fn tell(events: &[Value], teller: &mut Teller) -> Result<(), Failed> {
    put(&events.iter().map(|event| teller.line(event)).collect::<String>())
}

/// Until interrupted, or until the server is gone for longer than a restart takes.
fn follow(session: &mut Session, args: &EventsArgs, since: Seq, teller: &mut Teller) -> Result<(), Failed> {
    let mut seen = Seen { seq: since, log: None };
    // The calls before have found it.
    let mut was_there = Instant::now();
    loop {
        let outcome =
            session.block_on(|caller| async { Ok(listen(caller, args, &mut seen, teller).await) })?;
        match outcome {
            Ok(()) => was_there = Instant::now(),
            Err(Ended::Said(failed)) => return Err(failed),
            Err(Ended::Call(error)) if was_there.elapsed() > PATIENCE => return Err(error.into()),
            Err(Ended::Call(_)) => {}
        }
        session.block_on(|_| async {
            sleep(PAUSE).await;
            Ok(())
        })?;
    }
}

/// Why nobody listens any more.
enum Ended {
    Call(CallError),
    Said(Failed),
}

/// Prints what comes until the stream ends.
async fn listen(
    caller: &mut Caller,
    args: &EventsArgs,
    seen: &mut Seen,
    teller: &mut Teller,
) -> Result<(), Ended> {
    let mut stream = caller.events(seen).await.map_err(Ended::Call)?;
    while let Some(frame) = stream.next().await {
        let Ok(event) = serde_json::from_str::<Value>(&frame.data) else { continue };
        seen.seq = event["seq"].as_u64().unwrap_or(seen.seq);
        if frame.kind == "resync" {
            let snapshot = caller.call(&Snapshot::new()).await.map_err(Ended::Call)?;
            teller.begin_anew(&snapshot);
            let why = match event["pruned_upto"].as_u64() {
                Some(upto) => format!("events up to {upto} were pruned"),
                None if event["restored"] == true => "the project was restored from a backup".to_owned(),
                None => "the log has more than can be shown in one go".to_owned(),
            };
            eprintln!("manus-sync: {why}; going on at event {}", seen.seq);
            continue;
        }
        let kind_fits = args.kind.is_empty() || args.kind.contains(&frame.kind);
        let by_fits = args.of.as_ref().is_none_or(|manus| text(&event, "by") == manus.as_str());
        let line = teller.line(&event);
        if kind_fits && by_fits {
            put(&line).map_err(Ended::Said)?;
        }
    }
    Ok(())
}
