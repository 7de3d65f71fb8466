//! Plays a script: programs that serve a project one after the other, each until it is stopped, and callers that call, hear
//! nothing, and call again.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::store::Loaded;
use crate::{Config, Failure, Hub};
use engine::command::Request;
use engine::state::Outcome;
use engine::view::Snapshot;
use engine::{Answer, Call, Command, Record, Refusal, RefusalKind, RequestId, Seq, Settings, State, TaskId};
use tokio::runtime::Builder;
use witness::promises::Promises;
use witness::{Dice, Heard, Says, fingerprint, judge, work};

use crate::folder::Folder;
use crate::simulation::clock::{SimClock, Wall};
use crate::simulation::disk::{Disk, Stop};
use crate::simulation::draw::Step;

/// How long the last program is given to come to rest, by its own time.
const PATIENCE: Duration = Duration::from_secs(600);

fn settings() -> Settings {
    Settings {
        heartbeat_timeout_ms: 2_000,
        lock_delay_ms: 500,
        max_failures: 2,
        retry_backoff_ms: 300,
        stall_after_ms: 400,
        reassign_stalled: true,
        queue_max: 4,
        closed_kept: 5,
        messages_kept: 5,
    }
}

/// A call as its caller remembers it.
#[derive(Clone)]
pub struct Remembered {
    call: Call,
    began: u64,
    ended: Option<u64>,
    told: Option<(Seq, Result<Arc<Answer>, Refusal>)>,
}

impl fmt::Debug for Remembered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { call, began, ended, told } = self;
        write!(f, "{began}..{ended:?} {:?} as {:?} told {told:?}", call.command, call.request)
    }
}

impl Heard for Remembered {
    fn call(&self) -> Option<&Call> {
        Some(&self.call)
    }

    fn seq(&self) -> Option<Seq> {
        self.told.as_ref().map(|(seq, _)| *seq)
    }

    fn span(&self) -> (u64, Option<u64>) {
        (self.began, self.ended)
    }

    fn answer(&self) -> Option<Arc<Answer>> {
        self.told.as_ref()?.1.as_ref().ok().cloned()
    }

    fn may_have_changed_something(&self) -> bool {
        self.told.as_ref().is_none_or(|(_, told)| told.is_ok())
    }

    fn compare(&self, says: &Says<'_>) -> Result<(), String> {
        let (Says::Decided(decided), Some((_, told))) = (says, &self.told) else {
            return Err("a call has an answer".to_owned());
        };
        let same = match (told, decided) {
            (Ok(told), Ok(decision)) => same_answer(told, &decision.answer),
            (Err(told), Err(refusal)) => same_refusal(told, refusal),
            _ => false,
        };
        if same { Ok(()) } else { Err(format!("the rules say {decided:?}")) }
    }
}

/// When nothing happens, the log does not say at which moment an answer was given.
fn same_answer(told: &Answer, says: &Answer) -> bool {
    match (told, says) {
        (
            Answer::Beat { unread_messages, assigned_tasks, .. },
            Answer::Beat { unread_messages: unread, assigned_tasks: assigned, .. },
        ) => (unread_messages, assigned_tasks) == (unread, assigned),
        _ => told == says,
    }
}

fn same_refusal(told: &Refusal, says: &Refusal) -> bool {
    match (told, says) {
        (
            Refusal::FileLocked { manus_id, conflicts, .. },
            Refusal::FileLocked { manus_id: whose, conflicts: locks, .. },
        ) => (manus_id, conflicts) == (whose, locks),
        _ if told.kind() == RefusalKind::ManusIdTaken => told.kind() == says.kind(),
        _ => told == says,
    }
}

/// What a whole run came to.
#[derive(Debug, Default)]
pub struct Played {
    /// Events by kind.
    pub kinds: BTreeMap<&'static str, usize>,
    pub told: usize,
    pub unknown: usize,
    /// Of the unknown ones, those that had been carried out.
    pub settled: usize,
    pub lives: usize,
    /// How often the hub recovered from a failed commit by itself.
    pub recovered: usize,
    pub completed: usize,
}

/// What everybody in the simulation shares.
struct World {
    disk: Arc<Disk>,
    wall: Arc<Wall>,
    heard: Mutex<Vec<Remembered>>,
    /// Counts whatever begins or ends: the one clock of all callers.
    moments: AtomicU64,
    broken: Mutex<Option<String>>,
    /// A folder for the project to be in. Programs leave word there of where they are; nothing is ever read from it.
    root: tempfile::TempDir,
}

impl World {
    fn heard(&self) -> MutexGuard<'_, Vec<Remembered>> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn moment(&self) -> u64 {
        self.moments.fetch_add(1, Ordering::SeqCst)
    }

    /// The first thing that went wrong counts.
    fn broke(&self, what: String) {
        self.broken.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(what);
    }

    fn check(&self) -> Result<(), String> {
        match self.broken.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(what) => Err(what),
            None => Ok(()),
        }
    }

    /// Nothing is shown that the disk could still lose.
    fn see(&self, what: &str, seq: Seq) {
        let synced = self.disk.synced_seq();
        if seq > synced {
            self.broke(format!("{what} shows event {seq}, and the disk is sure of {synced} only"));
        }
    }
}

/// Plays a script from beginning to end, and judges it.
pub fn play(seed: u64, steps: &[Step]) -> Result<Played, String> {
    let world = Arc::new(World {
        disk: Disk::new(seed),
        wall: Arc::new(Wall::new()),
        heard: Mutex::default(),
        moments: AtomicU64::new(0),
        broken: Mutex::default(),
        root: tempfile::tempdir().map_err(|error| error.to_string())?,
    });
    let (mut place, mut played) = (0, Played::default());
    loop {
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        let stop = runtime.block_on(life(&world, steps, &mut place, &mut played))?;
        // Whatever was under way ends here, wherever it is.
        drop(runtime);
        let now = world.moment();
        for one in world.heard().iter_mut() {
            one.ended.get_or_insert(now);
        }
        played.lives += 1;
        match stop {
            Some(stop) => world.disk.stop(stop),
            None => break,
        }
    }
    world.check()?;
    sum_up(&world, played)
}

/// Judges the whole history.
fn sum_up(world: &World, mut played: Played) -> Result<Played, String> {
    let log = world.disk.log();
    let mut promises = Promises::default();
    log.iter().try_for_each(|record| promises.watch(record))?;
    let heard = world.heard();
    let verdict = judge(settings(), &log, &heard).map_err(|why| with_log(&why, &log))?;
    compare_tables(&world.disk.tables(&settings()), &verdict.state)?;
    for record in &log {
        *played.kinds.entry(record.event.kind()).or_default() += 1;
    }
    played.told = heard.iter().filter(|one| one.told.is_some()).count();
    played.unknown = heard.len() - played.told;
    played.settled = verdict.settled;
    played.completed = promises.completed();
    Ok(played)
}

/// What went wrong, and in which history if that is a short one.
fn with_log(why: &str, log: &[Record]) -> String {
    let lines = log.iter().take(100).map(|record| format!("\n  {record:?}"));
    format!("{why}\nthe log:{}", lines.collect::<String>())
}

/// The rows come to what the log comes to.
fn compare_tables(loaded: &Loaded, state: &State) -> Result<(), String> {
    let rows = State::restore(loaded.snapshot.clone(), loaded.tasks.clone(), loaded.outcomes.clone(), []);
    // Which ones of many that were closed in one moment are still in memory is nobody's business, and whoever waited has lost
    // the connection.
    let open = |mut snapshot: Snapshot| {
        snapshot.tasks.retain(|task| !task.status.is_closed());
        Snapshot { waits: Vec::new(), ..snapshot }
    };
    let (found, expected) = (open(rows.snapshot()), open(state.snapshot()));
    let problems = rows.check();
    let ended = |(id, outcome): &(TaskId, Outcome)| state.outcome(id) == Some(*outcome);
    if found == expected && loaded.outcomes.iter().all(ended) && problems.is_empty() {
        return Ok(());
    }
    Err(format!("the tables come to {found:#?}\nbut the log to {expected:#?}: {problems:?}"))
}

/// One program's life, until the script stops it. `None` at the end of the script.
async fn life(
    world: &Arc<World>,
    steps: &[Step],
    place: &mut usize,
    played: &mut Played,
) -> Result<Option<Stop>, String> {
    let clock = Arc::new(SimClock::new(world.wall.clone()));
    let hub = open(world, &clock).await?;
    inspect(world, &hub)?;
    while let Some(step) = steps.get(*place) {
        *place += 1;
        match step {
            Step::Call { after_ms, seed, named } => {
                pass(*after_ms).await;
                let mut dice = Dice::new(*seed);
                let command = hub.read(|state| work::command(&mut dice, state));
                let id = named.then(|| RequestId::new(&format!("r{place}"))).transpose();
                call(world, &hub, command, id.map_err(|error| error.to_string())?);
            }
            Step::Repeat { after_ms, seed } => {
                pass(*after_ms).await;
                if let Some((command, id)) = earlier(world, *seed) {
                    call(world, &hub, command, Some(id));
                }
            }
            Step::Arm(fault) => world.disk.arm(*fault),
            Step::Set(by_ms) => clock.set(*by_ms),
            Step::Suspend(for_ms) => clock.suspend(*for_ms),
            Step::Restart => {
                world.disk.mend();
                hub.until_ready().await;
                hub.shutdown().await;
                clock.stop();
                return Ok(Some(Stop::Killed));
            }
            Step::Stop { after_ms, stop } => {
                pass(*after_ms).await;
                clock.stop();
                return Ok(Some(*stop));
            }
        }
        world.see("the state", hub.read(State::seq));
        world.see("the feed", hub.feed().committed_seq());
        world.check()?;
        played.recovered += usize::from(hub.readiness() != crate::Readiness::Ready);
    }
    settle(world, &hub, &clock).await?;
    Ok(None)
}

async fn pass(ms: u64) {
    if ms > 0 {
        tokio::time::sleep(Duration::from_millis(ms)).await;
    } else {
        tokio::task::yield_now().await;
    }
}

/// Starts a program. A disk that cannot be read makes it try again, as whoever runs it would.
async fn open(world: &World, clock: &Arc<SimClock>) -> Result<Hub, String> {
    let config = || Config {
        clock: clock.clone(),
        settings: settings(),
        plan_budget_ms: 0,
        queue_max: 40,
        ..Config::new(world.root.path())
    };
    for _ in 0..100 {
        let folder = Folder::take(world.root.path(), None).map_err(|error| error.to_string())?;
        let name = folder.path().join("simulated");
        if let Ok(hub) = Hub::over(world.disk.clone(), folder, name, None, config()).await {
            return Ok(hub);
        }
    }
    Err("the program does not start".to_owned())
}

/// What a program shows right after its start is sound, and what the disk has.
fn inspect(world: &World, hub: &Hub) -> Result<(), String> {
    let problems = hub.read(State::check);
    if !problems.is_empty() {
        return Err(format!("after a start: {}", problems.join("; ")));
    }
    let (shown, synced) = (hub.read(State::seq), world.disk.synced_seq());
    if shown == synced {
        Ok(())
    } else {
        Err(format!("a start shows event {shown}, and the disk has {synced}"))
    }
}

/// Makes a call, and does not wait for what comes of it.
fn call(world: &Arc<World>, hub: &Hub, command: Command, id: Option<RequestId>) {
    let request = id.clone().map(|id| Request { id, fingerprint: fingerprint(&command) });
    let began = world.moment();
    let place = {
        let mut heard = world.heard();
        let call = Call { command: command.clone(), request };
        heard.push(Remembered { call, began, ended: None, told: None });
        heard.len() - 1
    };
    let (world, hub) = (world.clone(), hub.clone());
    tokio::spawn(async move {
        let outcome = hub.submit(command, id).await;
        let told = match outcome {
            Ok(reply) => Some((reply.seq, Ok(reply.answer))),
            Err(Failure::Refused { refusal, seq }) => Some((seq, Err(refusal))),
            Err(Failure::Overloaded { .. } | Failure::Unavailable { .. }) => None,
        };
        if let Some((seq, _)) = &told {
            world.see("an answer", *seq);
        }
        let now = world.moment();
        let mut heard = world.heard();
        heard[place].told = told;
        heard[place].ended = Some(now);
    });
}

/// An earlier call that has a name: the newer, the likelier.
fn earlier(world: &World, seed: u64) -> Option<(Command, RequestId)> {
    let heard = world.heard();
    let named: Vec<&Remembered> = heard.iter().filter(|one| one.call.request.is_some()).collect();
    let mut dice = Dice::new(seed);
    let newest = named.len().min(if dice.chance(80) { 12 } else { usize::MAX });
    let back = if newest == 0 { return None } else { 1 + dice.place(newest) };
    let one = named.get(named.len() - back)?;
    Some((one.call.command.clone(), one.call.request.as_ref()?.id.clone()))
}

/// At the end everybody who has not heard asks once more, and then hears. The hub recovers by itself.
async fn settle(world: &Arc<World>, hub: &Hub, clock: &SimClock) -> Result<(), String> {
    world.disk.mend();
    tokio::time::timeout(PATIENCE, hub.until_ready())
        .await
        .map_err(|_| "the hub never recovered".to_owned())?;
    let open: Vec<(Command, RequestId)> = {
        let heard = world.heard();
        let named = heard.iter().filter_map(|one| Some((one, one.call.request.as_ref()?)));
        named.map(|(one, request)| (one.call.command.clone(), request.id.clone())).collect()
    };
    for (command, id) in open {
        call(world, hub, command, Some(id));
        // So that the queue has room for all.
        pass(1).await;
    }
    let idle = async {
        while world.heard().iter().any(|one| one.ended.is_none()) {
            pass(1).await;
        }
    };
    tokio::time::timeout(PATIENCE, idle).await.map_err(|_| "somebody never got an answer".to_owned())?;
    let problems = hub.read(State::check);
    hub.shutdown().await;
    clock.stop();
    if problems.is_empty() { Ok(()) } else { Err(format!("at the end: {}", problems.join("; "))) }
}
