//! `manus-sync task …`.

mod add;
mod list;
mod show;

use app::api::{
    AssignTask, BlockTask, CancelTask, CompleteTask, FailTask, NextTask, ReleaseTask, ReviewTask, StartTask,
    UnblockTask, UpdateTask, UpdateTaskProgress,
};
use engine::{Json, ManusId};
use serde_json::Value;

use super::answer::{list as listed, standing, text};
use super::session::{self, Session};
use super::{Failed, print::harmless};
use crate::cli::{
    DoneArgs, GiveUpArgs, NextArgs, OwnTaskArgs, ProgressArgs, ReasonArgs, ReviewArgs, TaskCommand,
    UpdateArgs,
};

/// Does what was asked for.
pub fn run(command: TaskCommand) -> Result<(), Failed> {
    match command {
        TaskCommand::Add(args) => add::run(*args),
        TaskCommand::Next(args) => next(&args),
        TaskCommand::Start(args) => start(args),
        TaskCommand::Progress(args) => progress(args),
        TaskCommand::Done(args) => done(args),
        TaskCommand::Fail(GiveUpArgs { call, attempt }) => by_agent(call, |call, manus| FailTask {
            reason: call.reason,
            attempt,
            ..FailTask::new(manus, call.task)
        }),
        TaskCommand::Release(GiveUpArgs { call, attempt }) => by_agent(call, |call, manus| ReleaseTask {
            reason: call.reason,
            attempt,
            ..ReleaseTask::new(manus, call.task)
        }),
        TaskCommand::Block(args) => by_anybody(args, |call, manus| BlockTask {
            reason: call.reason,
            ..BlockTask::new(manus, call.task)
        }),
        TaskCommand::Unblock(args) => by_anybody(args, |call, manus| UnblockTask {
            reason: call.reason,
            ..UnblockTask::new(manus, call.task)
        }),
        TaskCommand::Review(args) => review(args),
        TaskCommand::Cancel(args) => session::with(&args.agent.client.clone(), |session| {
            tell(session, &CancelTask { reason: args.reason, ..CancelTask::new(args.task) })
        }),
        TaskCommand::Assign(args) => {
            session::with(&args.client, |session| tell(session, &AssignTask::new(args.task, args.to)))
        }
        TaskCommand::Update(args) => update(args),
        TaskCommand::List(args) => list::run(args),
        TaskCommand::Show(args) => show::run(&args),
        TaskCommand::Why(args) => show::why(&args),
    }
}

/// Makes a call that answers a task, and says how the task stands.
fn tell<A: app::api::Arguments + serde::Serialize>(session: &mut Session, call: &A) -> Result<(), Failed> {
    let task = session.call(call)?;
    session.show(&task, |_| standing(&task))
}

fn by_agent<A: app::api::Arguments + serde::Serialize>(
    args: ReasonArgs,
    call: impl FnOnce(ReasonArgs, ManusId) -> A,
) -> Result<(), Failed> {
    let manus = args.agent.who()?;
    session::with(&args.agent.client.clone(), |session| tell(session, &call(args, manus)))
}

/// The same by a person where no agent is named.
fn by_anybody<A: app::api::Arguments + serde::Serialize>(
    args: ReasonArgs,
    call: impl FnOnce(ReasonArgs, ManusId) -> A,
) -> Result<(), Failed> {
    let manus = args.agent.who_or_supervisor()?;
    session::with(&args.agent.client.clone(), |session| tell(session, &call(args, manus)))
}

fn next(args: &NextArgs) -> Result<(), Failed> {
    let manus = args.agent.who()?;
    session::with(&args.agent.client, |session| {
        let answer = session.call(&NextTask { wait_secs: args.wait, ..NextTask::new(manus) })?;
        session.show(&answer, |_| match answer["task"].is_null() {
            true => "Nothing to do at the moment; --wait SECS waits for something.".to_owned(),
            false => started(&answer),
        })
    })
}

fn start(args: OwnTaskArgs) -> Result<(), Failed> {
    let manus = args.agent.who()?;
    session::with(&args.agent.client, |session| {
        let answer = session.call(&StartTask::new(manus, args.task))?;
        session.show(&answer, |_| started(&answer))
    })
}

/// What one has to know to begin: the task, what it is about, and the files that one holds now.
fn started(answer: &Value) -> String {
    let task = &answer["task"];
    let mut said = format!("{}\n", standing(task));
    // Whoever had it before may still be at it.
    if let Some(attempt) = task["attempts"].as_u64().filter(|attempt| *attempt > 1) {
        said.push_str(&format!(
            "This is attempt {attempt}: --attempt {attempt} tells your word on it from earlier ones\n"
        ));
    }
    let description = text(task, "description").trim();
    if !description.is_empty() {
        said.push_str(&format!("\n{}\n\n", harmless(description)));
    }
    for lock in listed(answer, "locks") {
        said.push_str(&format!("{} is yours\n", text(lock, "file_path")));
    }
    said
}

fn progress(args: ProgressArgs) -> Result<(), Failed> {
    let manus = args.agent.who()?;
    session::with(&args.agent.client, |session| {
        let call = UpdateTaskProgress::new(manus, args.task, args.progress);
        tell(session, &UpdateTaskProgress { note: args.note, attempt: args.attempt, ..call })
    })
}

fn done(args: DoneArgs) -> Result<(), Failed> {
    let manus_id = args.agent.who_if_any()?;
    session::with(&args.agent.client, |session| {
        let call = CompleteTask {
            manus_id,
            result: args.result.map(json_or_text),
            needs_review: args.review.then_some(true),
            attempt: args.attempt,
            ..CompleteTask::new(args.task)
        };
        tell(session, &call)
    })
}

/// Whatever is JSON is meant as such; everything else is a text.
fn json_or_text(given: String) -> Json {
    serde_json::from_str(&given).unwrap_or(Json::Text(given))
}

fn review(args: ReviewArgs) -> Result<(), Failed> {
    let manus = args.agent.who_or_supervisor()?;
    session::with(&args.agent.client, |session| {
        let call = ReviewTask::new(manus, args.task, args.verdict);
        tell(session, &ReviewTask { comment: args.comment, ..call })
    })
}

fn update(args: UpdateArgs) -> Result<(), Failed> {
    let call = UpdateTask {
        title: args.title,
        description: args.description,
        priority: args.priority,
        files_involved: None,
        dependencies: args.after.map(parsed).transpose()?,
        estimated_duration: args.estimate,
        required_capabilities: args.needs.map(parsed).transpose()?,
        ..UpdateTask::new(args.task)
    };
    session::with(&args.client, |session| {
        let files = args.files.map(|files| session.paths(&without_empty(files))).transpose()?;
        tell(session, &UpdateTask { files_involved: files, ..call })
    })
}

/// An empty text among others, and an empty text for no entries at all.
fn without_empty(texts: Vec<String>) -> Vec<String> {
    texts.into_iter().filter(|text| !text.is_empty()).collect()
}

fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(texts: Vec<String>) -> Result<Vec<T>, Failed> {
    without_empty(texts).iter().map(|text| text.parse().map_err(Failed::usage)).collect()
}
