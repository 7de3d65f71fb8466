//! Work for a project under test: a seed and what there is in, a command out. Most commands make sense, and some do not.

use engine::command::{Dependency, NewTask, TaskChanges};
use engine::event::PlannedStep;
use engine::state::Task;
use engine::{
    Capability, Command, FilePattern, InstanceStatus, Json, LockMode, ManusId, Priority, Progress, Recipient,
    Role, State, TaskId, TaskStatus,
};

use crate::Dice;

const AGENTS: [&str; 6] = ["ada", "ben", "cyd", "dan", "eve", "fay"];
const SKILLS: [&str; 3] = ["rust", "Python", "sql"];
const FILES: [&str; 11] = [
    "src/a.rs",
    "src/b.rs",
    "src/deep/c.rs",
    "src/",
    "src/*.rs",
    "docs/",
    "**/*.md",
    "docs/x.md",
    "src/x/../a.rs",
    "db/schema.sql",
    "readme.md",
];

/// One of the agents that there may be.
pub fn agent(dice: &mut Dice) -> ManusId {
    valid(ManusId::new(dice.pick(&AGENTS)))
}

/// A command for a project that looks like this, or looked like this a moment ago.
pub fn command(dice: &mut Dice, state: &State) -> Command {
    let manus_id = agent(dice);
    match dice.below(100) {
        0..=9 => register(dice, manus_id),
        10..=13 => Command::Heartbeat {
            manus_id,
            status: dice.chance(50).then(|| dice.pick(InstanceStatus::ALL)),
            progress: dice.chance(50).then(|| percent(dice)),
        },
        14 => Command::DeregisterManus { manus_id },
        15..=27 => create(dice, state),
        28..=35 => Command::NextTask { manus_id },
        36..=66 => about_a_task(dice, state, manus_id),
        67..=78 => claim(dice, manus_id),
        79..=85 => Command::ReleaseFiles {
            manus_id,
            files: files(dice, 3),
            by: dice.chance(20).then(ManusId::supervisor),
        },
        86..=91 => message(dice, state, manus_id),
        92..=94 => Command::TakeMessages { manus_id, limit: 3 },
        95 => Command::AckMessages { manus_id, ids: vec![1 + dice.below(60), 1 + dice.below(60)] },
        96 => Command::DrainManus { manus_id, draining: dice.chance(50) },
        97 => Command::WithdrawClaim { wait_id: state.waits().iter().next().map_or(1, |wait| wait.id) },
        98 => update(dice, state),
        _ => plan(dice, state),
    }
}

/// The tables of tests cannot hold what is not valid.
fn valid<T, E: std::fmt::Debug>(made: Result<T, E>) -> T {
    match made {
        Ok(made) => made,
        Err(error) => unreachable!("{error:?}"),
    }
}

fn percent(dice: &mut Dice) -> Progress {
    valid(Progress::new(i64::try_from(dice.below(101)).unwrap_or(0)))
}

fn files(dice: &mut Dice, most: u64) -> Vec<FilePattern> {
    dice.some(&FILES, most).into_iter().map(|text| valid(FilePattern::new(text))).collect()
}

fn skills(dice: &mut Dice, most: u64) -> Vec<Capability> {
    dice.some(&SKILLS, most).into_iter().map(|text| valid(Capability::new(text))).collect()
}

fn register(dice: &mut Dice, manus_id: ManusId) -> Command {
    Command::RegisterManus {
        manus_id,
        role: dice.pick(Role::ALL),
        capabilities: skills(dice, 3),
        max_parallel: 1 + u32::from(dice.chance(50)),
        program: Some("witness".to_owned()),
        model: None,
        takeover: dice.chance(60),
    }
}

fn create(dice: &mut Dice, state: &State) -> Command {
    let count = 1 + if dice.chance(20) { dice.place(4) } else { 0 };
    let new = |dice: &mut Dice| {
        let mut dependencies = Vec::new();
        for _ in 0..dice.below(3) {
            dependencies.push(match dice.below(6) {
                0 if count > 1 => Dependency::InBatch(dice.place(count)),
                _ => Dependency::Task(any_task(dice, state)),
            });
        }
        NewTask {
            title: format!("do \"{}\" with ü and \u{1f980}", dice.below(1_000)),
            description: String::new(),
            priority: dice.pick(&[Priority::Critical, Priority::High, Priority::Medium, Priority::Low]),
            files_involved: if dice.chance(50) { Vec::new() } else { files(dice, 2) },
            dependencies: if dice.chance(60) { Vec::new() } else { dependencies },
            estimated_duration: if dice.chance(50) { 0 } else { u32::try_from(dice.below(100)).unwrap_or(0) },
            required_capabilities: if dice.chance(70) { Vec::new() } else { skills(dice, 2) },
        }
    };
    Command::CreateTasks { tasks: (0..count).map(|_| new(dice)).collect() }
}

/// Mostly something recent, sometimes something that is not there.
fn any_task(dice: &mut Dice, state: &State) -> TaskId {
    let next = state.counters().next_task;
    TaskId::numbered((next + 1).saturating_sub(dice.below(12)).max(1))
}

/// A task in one of these states, with whoever has it; mostly.
fn some_task(dice: &mut Dice, state: &State, of: &[TaskStatus]) -> (TaskId, Option<ManusId>, Option<u32>) {
    let fitting: Vec<&Task> = state.tasks().filter(|task| of.contains(&task.status())).collect();
    if fitting.is_empty() || dice.chance(10) {
        return (any_task(dice, state), None, None);
    }
    let task = fitting[dice.place(fitting.len())];
    let attempts = task.view(state).attempts;
    let attempt = dice.chance(50).then(|| attempts.saturating_sub(u32::from(dice.chance(15))).max(1));
    (task.spec().id.clone(), task.assigned_to().cloned(), attempt)
}

fn about_a_task(dice: &mut Dice, state: &State, anybody: ManusId) -> Command {
    let own = |dice: &mut Dice, of: &[TaskStatus]| {
        let (task_id, whose, attempt) = some_task(dice, state, of);
        (task_id, whose.unwrap_or_else(|| anybody.clone()), attempt)
    };
    let running = [TaskStatus::InProgress];
    match dice.below(32) {
        0..=7 => {
            let (task_id, manus_id, _) = own(dice, &[TaskStatus::Pending]);
            Command::StartTask { manus_id, task_id }
        }
        8..=11 => {
            let (task_id, manus_id, attempt) = own(dice, &running);
            let note = dice.chance(50).then(|| "half way".to_owned());
            Command::UpdateTaskProgress { manus_id, task_id, progress: percent(dice), note, attempt }
        }
        12..=19 => {
            let (task_id, manus_id, attempt) = own(dice, &running);
            let (manus_id, needs_review) = (dice.chance(50).then_some(manus_id), dice.chance(30));
            Command::CompleteTask { task_id, manus_id, result: Some(Json::Float(0.5)), needs_review, attempt }
        }
        20 | 21 => {
            let (task_id, manus_id, attempt) = own(dice, &running);
            Command::FailTask { manus_id, task_id, reason: Some("it broke".to_owned()), attempt }
        }
        22 | 23 => {
            let (task_id, manus_id, attempt) = own(dice, &[TaskStatus::InProgress, TaskStatus::Pending]);
            Command::ReleaseTask { manus_id, task_id, reason: None, attempt }
        }
        24 | 25 => {
            let (task_id, _, _) = own(dice, &[TaskStatus::NeedsReview]);
            let reviewer = state.task(&task_id).and_then(|task| task.view(state).reviewer);
            let manus_id = reviewer.unwrap_or_else(ManusId::supervisor);
            Command::ReviewTask { manus_id, task_id, approve: dice.chance(50), comment: None }
        }
        26 => {
            let (task_id, manus_id, _) = own(dice, &[TaskStatus::InProgress, TaskStatus::Pending]);
            Command::BlockTask { manus_id, task_id, reason: None }
        }
        27 | 28 => {
            let (task_id, _, _) = own(dice, &[TaskStatus::Blocked]);
            Command::UnblockTask { manus_id: ManusId::supervisor(), task_id }
        }
        29 => Command::CancelTask {
            task_id: own(dice, &[TaskStatus::Pending, TaskStatus::Blocked]).0,
            reason: None,
        },
        _ => Command::AssignTask {
            task_id: own(dice, &[TaskStatus::Pending, TaskStatus::InProgress]).0,
            manus_id: anybody,
        },
    }
}

fn claim(dice: &mut Dice, manus_id: ManusId) -> Command {
    let mut files = files(dice, 3);
    if files.is_empty() {
        files.push(valid(FilePattern::new("src/a.rs")));
    }
    Command::ClaimFiles {
        manus_id,
        files,
        reason: dice.chance(50).then(|| "a test".to_owned()),
        mode: dice.pick(&[LockMode::Exclusive, LockMode::Exclusive, LockMode::Shared]),
        ttl_ms: dice.chance(30).then_some(400),
        wait_ms: if dice.chance(40) { 900 } else { 0 },
    }
}

fn message(dice: &mut Dice, state: &State, from_manus: ManusId) -> Command {
    let to = agent(dice);
    Command::SendMessage {
        from_manus,
        to_manus: dice.pick(&[Recipient::One(to), Recipient::All, Recipient::Role(Role::Coordinator)]),
        message_type: "NOTE".to_owned(),
        content: dice.pick(&[
            Json::text("plain"),
            Json::Null,
            Json::UInt(u64::MAX),
            Json::List(vec![Json::Int(-1)]),
        ]),
        reply_to: dice.chance(20).then(|| dice.below(state.counters().next_message) + 1),
        requires_ack: dice.chance(50),
    }
}

fn update(dice: &mut Dice, state: &State) -> Command {
    let (task_id, _, _) = some_task(dice, state, &[TaskStatus::Pending, TaskStatus::Blocked]);
    let changes = TaskChanges {
        priority: dice.chance(50).then_some(Priority::Critical),
        files_involved: dice.chance(30).then(|| files(dice, 2)),
        dependencies: dice.chance(50).then(|| vec![any_task(dice, state)]),
        estimated_duration: dice.chance(50).then_some(10),
        required_capabilities: dice.chance(30).then(|| skills(dice, 1)),
        ..TaskChanges::default()
    };
    Command::UpdateTask { task_id, changes: Box::new(changes) }
}

/// A plan by somebody who does not know much.
fn plan(dice: &mut Dice, state: &State) -> Command {
    let now = state.at_ms();
    let open: Vec<TaskId> =
        state.tasks().filter(|task| !task.status().is_closed()).map(|task| task.spec().id.clone()).collect();
    let step = |(task_id, dice): (TaskId, &mut Dice)| {
        let start_ms = now + i64::try_from(dice.below(2_000)).unwrap_or(0);
        PlannedStep { task_id, manus_id: agent(dice), start_ms, finish_ms: start_ms + 500 }
    };
    let mut steps = Vec::new();
    for task_id in open.iter().take(20) {
        if dice.chance(50) {
            steps.push(step((task_id.clone(), dice)));
        }
    }
    Command::AdoptPlan { steps, ended: open.into_iter().take(2).collect() }
}
