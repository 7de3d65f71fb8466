//! `manus-sync prune`: lets go of old events and messages. Done by this process itself, whether a server is at work or not.

use app::live::words;
use hub::{Clock, Hold, Pruned, SystemClock};
use serde_json::json;

use super::backup::{database, project};
use super::print::{moment, put};
use super::{Failed, serve};
use crate::cli::PruneArgs;

/// Counts, lets go, and says what went.
pub fn run(args: &PruneArgs) -> Result<(), Failed> {
    let root = project(args.project_root.as_deref())?;
    let database = database(&root, args.database.as_deref())?;
    let before_ms = SystemClock::default().now_ms() - args.older_than.ms();
    let usual = database == hub::default_database(&root);
    let config = hub::Config { database: (!usual).then(|| database.clone()), ..hub::Config::new(root) };
    let pruned = serve::runtime()?.block_on(async {
        // Refused before anything goes.
        let hold = args.compact.then(|| Hold::take(&config)).transpose()?;
        let mut pruned = hub::prune(&database, &config.settings, before_ms, args.dry_run).await?;
        if let Some(hold) = hold {
            hold.compact().await?;
            pruned.free_bytes = 0;
        }
        Ok(pruned)
    });
    let pruned = pruned.map_err(|error: hub::PruneError| Failed::refused(error))?;
    put(&if args.json { as_json(args, &pruned, before_ms) } else { told(args, &pruned, before_ms) })
}

fn as_json(args: &PruneArgs, pruned: &Pruned, before_ms: engine::TimeMs) -> String {
    let answer = json!({
        "dry_run": args.dry_run, "before_ms": before_ms, "events": pruned.events, "messages": pruned.messages,
        "upto_seq": pruned.upto_seq, "upto_ms": pruned.upto_ms, "free_bytes": pruned.free_bytes,
    });
    format!("{answer:#}\n")
}

fn told(args: &PruneArgs, pruned: &Pruned, before_ms: engine::TimeMs) -> String {
    let events = words::counted(pruned.events, "event");
    let messages = words::counted(pruned.messages, "message");
    let would = if args.dry_run { "would go" } else { "are gone" };
    let mut told = format!("{events} and {messages} from before {} {would}.", moment(before_ms));
    if pruned.events > 0 {
        let begins = if args.dry_run { "would begin" } else { "begins" };
        told += &format!(" The log {begins} with event {}.", pruned.upto_seq + 1);
    }
    if !args.dry_run && pruned.free_bytes > 0 {
        let megabytes = pruned.free_bytes.div_ceil(1_000_000);
        told += &format!(" {megabytes} MB of the file are free for what comes.");
    }
    told + "\n"
}
