//! The witness: many clients over HTTP write down what they ask, what they are told, at which position of the log, and when, while
//! the server is killed and started again. Afterwards the log is replayed through the pure rules, and every one of the answers
//! must be what the rules say there, in an order that real time allows.
//!
//! As a matter of course a few thousand calls; `make proof` makes a million.

mod clients;
mod heard;
mod wire;
mod work;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use engine::{Record, Seq, Settings};
use hub::{Config, EventFilter, Hub, Order, Page};
use witness::promises::Promises;
use witness::{Dice, Heard, Verdict, judge};

use self::clients::{CONNECTIONS, Field, client};
use self::heard::Told;
use crate::binary::Binary;

/// How much is asked, and how often the server is killed meanwhile.
#[derive(Debug, Clone, Copy)]
struct Load {
    operations: u64,
    kills: u64,
    seed: u64,
}

impl Load {
    fn from_environment() -> Self {
        let number = |variable: &str| std::env::var(variable).ok()?.parse().ok();
        Self {
            operations: number("OPERATIONS").unwrap_or(4_000),
            kills: number("KILLS").unwrap_or(6),
            seed: number("FIRST_SEED").unwrap_or(1),
        }
    }

    /// So few that there is time to see whether the judge would notice.
    fn is_small(&self) -> bool {
        self.operations <= 10_000
    }
}

/// What its clients remember of a project, and what it remembers.
struct History {
    heard: Vec<Told>,
    log: Vec<Record>,
    took: Duration,
}

/// Starts the server, with what it says on its standard error in a file beside the project.
fn serve(folder: &Path) -> Binary {
    let said = std::fs::File::options().create(true).append(true).open(folder.join("server.log")).unwrap();
    Binary::serve_saying(folder, said)
}

/// Kills the server and starts it again, each time after another number of calls, until all calls are begun. The last one goes on.
async fn kill_and_restart(folder: &Path, field: &Field, kills: u64, seed: u64) -> Binary {
    let all = field.left();
    let mut dice = Dice::new(seed);
    let mut server = serve(folder);
    field.is_at(server.authority());
    for kill in 1..=kills {
        let until = all - all * kill / (kills + 1) + dice.below(all / (kills + 1) / 4 + 1);
        field.down_to(until).await;
        field.is_at("");
        let folder = folder.to_owned();
        let restart = move || {
            server.kill();
            serve(&folder)
        };
        server = tokio::task::spawn_blocking(restart).await.unwrap();
        field.is_at(server.authority());
    }
    field.down_to(0).await;
    server
}

/// The whole log, from the disk. That the hub comes up for it is its last event.
async fn log(folder: &Path) -> Vec<Record> {
    let hub = Hub::open(Config::new(folder)).await.unwrap();
    let (mut log, mut cursor) = (Vec::new(), None);
    loop {
        let page = Page { cursor, order: Order::OldestFirst, limit: 50_000 };
        let mut records = hub.events_page(&EventFilter::default(), &page).await.unwrap();
        let Some(last) = records.last() else { break };
        cursor = Some(last.seq);
        log.append(&mut records);
    }
    hub.shutdown().await;
    log
}

/// Lets the clients do their work while the server is killed.
async fn make_history(load: Load, folder: &Path) -> History {
    let field = Arc::new(Field::new(load.operations));
    let began = Instant::now();
    let clients: Vec<_> = (0..CONNECTIONS)
        .map(|number| tokio::spawn(client(field.clone(), number, load.seed * 1_000 + number)))
        .collect();
    let server = kill_and_restart(folder, &field, load.kills, load.seed).await;
    let mut heard = Vec::new();
    for client in clients {
        heard.extend(client.await.unwrap());
    }
    let took = began.elapsed();
    tokio::task::spawn_blocking(move || server.stop("-TERM")).await.unwrap();
    History { heard, log: log(folder).await, took }
}

/// What is wrong with a history, if something is.
fn verdict(log: &[Record], heard: &[Told]) -> Result<(Verdict, Promises), String> {
    let mut promises = Promises::default();
    log.iter().try_for_each(|record| promises.watch(record))?;
    let verdict = judge(Settings::default(), log, heard)?;
    match verdict.state.check() {
        problems if problems.is_empty() => Ok((verdict, promises)),
        problems => Err(problems.join("; ")),
    }
}

/// Everything that is needed to find the reason, in a folder that stays.
fn keep(folder: tempfile::TempDir, load: Load, heard: &[Told]) -> String {
    let folder = folder.keep();
    let write = || -> std::io::Result<()> {
        let mut file = BufWriter::new(std::fs::File::create(folder.join("history.txt"))?);
        heard.iter().try_for_each(|told| writeln!(file, "{told:?}"))?;
        file.flush()
    };
    let written = write().map_or_else(|error| format!("not written: {error}"), |()| "history.txt".to_owned());
    format!("{load:?}; kept in {}: the project, server.log, all calls ({written})", folder.display())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_is_what_the_rules_say_there() {
    let load = Load::from_environment();
    let folder = tempfile::tempdir().unwrap();
    let History { heard, log, took } = make_history(load, folder.path()).await;
    let began = Instant::now();
    let (verdict, promises) = match verdict(&log, &heard) {
        Ok(sound) => sound,
        Err(why) => panic!("{why}\n{}", keep(folder, load, &heard)),
    };
    let unknown = heard.iter().filter(|told| told.seq().is_none()).count();
    let mut kinds = BTreeMap::<&str, usize>::new();
    for told in &heard {
        *kinds.entry(told.outcome()).or_default() += 1;
    }
    println!(
        "{} calls over {CONNECTIONS} connections in {took:.1?} ({:.0} a second), {} kills; {unknown} without an answer, of \
         which {} had been carried out; {} events, {} decisions of the server's own, {} claims that were queued, {} tasks completed; judged in {:.1?}\n\
         {kinds:?}",
        heard.len(),
        heard.len() as f64 / took.as_secs_f64(),
        load.kills,
        verdict.settled,
        log.len(),
        verdict.own,
        verdict.queued,
        promises.completed(),
        began.elapsed(),
    );
    // A history in which little happens proves little.
    let calls = heard.len() as u64;
    assert!(calls >= load.operations && unknown > 0, "{calls} calls, {unknown} of them unknown");
    assert!(verdict.queued > 0, "nobody ever waited for files");
    assert!(kinds.len() > 8, "hardly anything ever happened: {kinds:?}");
    assert!(promises.completed() as u64 > calls / 50, "hardly any work was done: {}", promises.completed());
    if load.is_small() {
        see_that_it_can_fail(&log, &heard);
    }
}

/// The same history, changed in one place as a faulty server would have it.
fn see_that_it_can_fail(log: &[Record], heard: &[Told]) {
    let mut unseen = String::new();
    let mut expect = |what: &str, log: &[Record], heard: &[Told], words: &str| {
        let found = judge(Settings::default(), log, heard).err();
        if !found.as_ref().is_some_and(|why| why.contains(words)) {
            let _ = writeln!(unseen, "{what}: {found:?} instead of {words:?}");
        }
    };
    // Under no name, so that nothing else can stand for it.
    let created = |told: &Told| told.outcome() == "created" && told.ask.request_id.is_none();
    let created = heard.iter().position(created).unwrap();
    let mut other = heard.to_vec();
    other[created].misremember(|answer| answer[0]["title"] = "another".into());
    expect("an answer that is not true", log, &other, "the rules say");

    let looked = heard.iter().position(Told::saw_a_beat).unwrap();
    let mut other = heard.to_vec();
    other[looked].misremember(|answer| answer["unread_messages"] = 1_000.into());
    expect("a look at what is not there", log, &other, "but there are");

    // A decision of one event: what is between two others that somebody was told of.
    let shown: BTreeSet<Seq> = heard.iter().filter_map(Heard::seq).collect();
    let lost = *shown.iter().rfind(|seq| shown.contains(&seq.saturating_sub(1))).unwrap();
    let short = usize::try_from(lost).unwrap() - 1;
    expect("an acknowledged event that is lost", &log[..short], heard, "the log has no such event");

    let forgotten: Vec<Told> =
        heard.iter().enumerate().filter(|(n, _)| *n != created).map(|(_, told)| told.clone()).collect();
    expect("an event that nobody caused", log, &forgotten, "nobody asked for");

    let hasty: Vec<Told> = heard.iter().filter(|told| told.ask.patience_ms() == 0).cloned().collect();
    expect("waits that nobody asked for", log, &hasty, "nobody asked for");

    let first = heard.iter().position(|told| told.seq().is_some_and(|seq| seq < lost)).unwrap();
    let mut other = heard.to_vec();
    other[first].happened_last();
    expect("an answer from the past", log, &other, "ended before this began");
    assert!(unseen.is_empty(), "the judge did not see\n{unseen}");
}
