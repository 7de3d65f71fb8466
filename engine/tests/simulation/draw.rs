//! Draws random histories: who does what when, without looking at the state.

use engine::command::{Dependency, NewTask, Request};
use engine::event::PlannedStep;
use engine::{
    Call, Capability, Command, FilePattern, InstanceStatus, Json, LockMode, ManusId, Priority, Progress,
    RequestId, Role, TaskId,
};

use crate::dice::Dice;
use crate::world::Step;

/// How many calls in a hundred never arrive.
const LOST: u64 = 3;
/// How many in a hundred of those with a request id are sent a second time.
const REPEATED: u64 = 40;

/// A random history, as it arrives: some calls are lost on the way, some come late and out of order, some come twice.
pub fn script(seed: u64, steps: usize) -> Vec<Step> {
    let mut dice = Dice::new(seed);
    let sent = sent(&mut dice, steps);
    let mut arrived: Vec<(u64, Step)> = Vec::with_capacity(steps);
    for (place, step) in (0..).zip(sent) {
        let late = |dice: &mut Dice| place + if dice.chance(10) { 1 + dice.below(30) } else { 0 };
        if !dice.chance(LOST) {
            arrived.push((late(&mut dice), step.clone()));
        }
        // A caller that hears nothing asks again, whether its call was lost or the answer to it.
        if step.call.request.is_some() && dice.chance(REPEATED) {
            arrived.push((late(&mut dice) + 1 + dice.below(60), step));
        }
    }
    arrived.sort_by_key(|(place, _)| *place);
    arrived.into_iter().map(|(_, step)| step).collect()
}

/// What is sent, in order.
fn sent(dice: &mut Dice, steps: usize) -> Vec<Step> {
    let mut at_ms = 1_000_000;
    let mut tasks = 0;
    let mut requests = 0;
    (0..steps)
        .map(|_| {
            at_ms += match dice.below(40) {
                0 => 2_500,
                1..=3 => 600,
                // A clock that jumps back.
                4 => -300,
                n => n as i64,
            };
            let command = command(dice, &mut tasks);
            let request = dice.chance(20).then(|| {
                requests += 1;
                let id = RequestId::new(&format!("r{requests}")).unwrap();
                Request { id, fingerprint: requests }
            });
            let aim = dice.chance(80).then(|| dice.below(1000));
            Step { at_ms, call: Call { command, request }, aim }
        })
        .collect()
}

fn manus(dice: &mut Dice) -> ManusId {
    ManusId::new(dice.pick(&["ada", "bo", "cy", "dee", "eve"])).unwrap()
}

fn task_id(dice: &mut Dice, tasks: u64) -> TaskId {
    // Mostly something recent, sometimes something that is not there.
    let back = dice.below(12);
    TaskId::numbered((tasks + 1).saturating_sub(back).max(1))
}

fn files(dice: &mut Dice, most: u64) -> Vec<FilePattern> {
    let all = [
        "src/a.rs",
        "src/b.rs",
        "src/deep/c.rs",
        "src/",
        "src/*.rs",
        "docs/",
        "**/*.md",
        "docs/x.md",
        "src/x/../a.rs",
        "readme.md",
    ];
    dice.some(&all, most).into_iter().map(|text| FilePattern::new(text).unwrap()).collect()
}

fn capabilities(dice: &mut Dice, most: u64) -> Vec<Capability> {
    dice.some(&["rust", "python", "Testing"], most)
        .into_iter()
        .map(|text| Capability::new(text).unwrap())
        .collect()
}

fn new_task(dice: &mut Dice, tasks: u64, batch: usize) -> NewTask {
    let mut dependencies = Vec::new();
    for _ in 0..dice.below(3) {
        dependencies.push(match dice.below(6) {
            0 if batch > 0 => Dependency::InBatch(dice.below(batch as u64 + 1) as usize),
            _ => Dependency::Task(task_id(dice, tasks)),
        });
    }
    NewTask {
        title: "work".into(),
        description: String::new(),
        priority: dice.pick(&[Priority::Critical, Priority::High, Priority::Medium, Priority::Low]),
        files_involved: files(dice, 2),
        dependencies: if dice.chance(60) { Vec::new() } else { dependencies },
        estimated_duration: if dice.chance(50) { 0 } else { dice.below(100) as u32 },
        required_capabilities: if dice.chance(70) { Vec::new() } else { capabilities(dice, 2) },
    }
}

fn command(dice: &mut Dice, tasks: &mut u64) -> Command {
    let manus_id = manus(dice);
    let task_id = task_id(dice, *tasks);
    match dice.below(100) {
        0..=11 => register(dice, manus_id),
        12..=14 => Command::Heartbeat {
            manus_id,
            status: dice.chance(50).then(|| dice.pick(InstanceStatus::ALL)),
            progress: dice.chance(50).then(|| Progress::new(dice.below(101) as i64).unwrap()),
        },
        15..=22 => Command::NoteBeats { beats: vec![(manus_id, 1_000_000 + dice.below(60_000) as i64)] },
        23..=24 => Command::DeregisterManus { manus_id },
        25..=38 => create(dice, tasks),
        39..=40 => Command::AssignTask { task_id, manus_id },
        41..=42 => Command::CancelTask { task_id, reason: None },
        43..=50 => Command::StartTask { manus_id, task_id },
        51..=58 => Command::NextTask { manus_id },
        59..=62 => Command::UpdateTaskProgress {
            manus_id,
            task_id,
            progress: Progress::new(dice.below(101) as i64).unwrap(),
            note: dice.chance(50).then(|| "half way".into()),
            attempt: attempt(dice),
        },
        63..=67 => Command::CompleteTask {
            task_id,
            manus_id: dice.chance(20).then_some(manus_id),
            result: Some(Json::Int(1)),
            needs_review: dice.chance(30),
            attempt: attempt(dice),
        },
        68..=70 => setback(dice, manus_id, task_id),
        71..=73 => Command::ReleaseTask { manus_id, task_id, reason: None, attempt: attempt(dice) },
        74..=82 => Command::ClaimFiles {
            manus_id,
            files: files(dice, 3),
            reason: None,
            mode: dice.pick(&[LockMode::Exclusive, LockMode::Exclusive, LockMode::Shared]),
            ttl_ms: dice.chance(30).then_some(400),
            wait_ms: if dice.chance(40) { 900 } else { 0 },
        },
        83..=87 => Command::ReleaseFiles {
            manus_id,
            files: files(dice, 3),
            by: dice.chance(20).then(ManusId::supervisor),
        },
        88..=91 => Command::SendMessage {
            from_manus: manus_id,
            to_manus: dice.pick(&["ada", "*", "role:COORDINATOR", "supervisor", "nobody"]).parse().unwrap(),
            message_type: "NOTE".into(),
            content: Json::Null,
            reply_to: dice.chance(20).then(|| 1 + dice.below(20)),
            requires_ack: false,
        },
        92..=93 => Command::TakeMessages { manus_id, limit: 3 },
        94 => Command::AckMessages { manus_id, ids: vec![dice.below(30), dice.below(30)] },
        95 => Command::ServerStarted,
        96..=97 => plan(dice),
        _ => Command::Tick,
    }
}

/// A plan by somebody who knows nothing of the project, or wants no good.
fn plan(dice: &mut Dice) -> Command {
    let times = [i64::MIN, -1, 0, 1_000_000, 1_005_000, 1_010_000, 1_020_000, i64::MAX];
    let task = |dice: &mut Dice| TaskId::numbered(dice.below(60));
    let step = |dice: &mut Dice| PlannedStep {
        task_id: task(dice),
        manus_id: manus(dice),
        start_ms: dice.pick(&times),
        finish_ms: dice.pick(&times),
    };
    let steps = (0..dice.below(30)).map(|_| step(dice)).collect();
    Command::AdoptPlan { steps, ended: (0..dice.below(4)).map(|_| task(dice)).collect() }
}

/// Of a task under way: mostly whichever it is, else one that may be over.
fn attempt(dice: &mut Dice) -> Option<u32> {
    dice.chance(25).then(|| 1 + dice.below(2) as u32)
}

fn register(dice: &mut Dice, manus_id: ManusId) -> Command {
    Command::RegisterManus {
        manus_id,
        role: dice.pick(Role::ALL),
        capabilities: capabilities(dice, 3),
        max_parallel: 1 + dice.below(2) as u32,
        program: None,
        model: None,
        takeover: dice.chance(30),
    }
}

fn create(dice: &mut Dice, tasks: &mut u64) -> Command {
    let batch = 1 + if dice.chance(20) { dice.below(4) as usize } else { 0 };
    let new: Vec<_> = (0..batch).map(|_| new_task(dice, *tasks, batch)).collect();
    // An estimate: refused batches create nothing.
    *tasks += batch as u64;
    Command::CreateTasks { tasks: new }
}

/// Reviews, holds, failures, changes, drains, and waiting callers that go away.
fn setback(dice: &mut Dice, manus_id: ManusId, task_id: TaskId) -> Command {
    let anyone = dice.pick(&[manus_id.clone(), manus_id.clone(), ManusId::supervisor()]);
    match dice.below(8) {
        0 => Command::ReviewTask { manus_id: anyone, task_id, approve: dice.chance(50), comment: None },
        1 => Command::BlockTask { manus_id: anyone, task_id, reason: None },
        2 => Command::UnblockTask { manus_id: anyone, task_id },
        3 | 4 => {
            let (reason, attempt) = (Some("it broke".into()), attempt(dice));
            Command::FailTask { manus_id, task_id, reason, attempt }
        }
        5 => {
            let other = TaskId::numbered(1 + dice.below(30));
            let changes = engine::command::TaskChanges {
                priority: dice.chance(50).then_some(Priority::Critical),
                files_involved: dice.chance(30).then(|| files(dice, 2)),
                dependencies: dice.chance(50).then(|| vec![other]),
                estimated_duration: dice.chance(50).then_some(10),
                required_capabilities: dice.chance(30).then(|| capabilities(dice, 1)),
                ..Default::default()
            };
            Command::UpdateTask { task_id, changes: Box::new(changes) }
        }
        6 => Command::DrainManus { manus_id, draining: dice.chance(50) },
        _ => Command::WithdrawClaim { wait_id: dice.below(10) },
    }
}
