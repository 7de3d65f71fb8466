//! `manus-sync register`, `heartbeat`, `deregister`, `drain` and `agents`.

use app::api::{DeregisterManus, DrainManus, GetManus, Heartbeat, ListManus, RegisterManus};
use app::live::words;
use engine::ManusId;
use serde_json::{Value, json};

use super::Failed;
use super::answer::{items, joined, list, text};
use super::print::{Cell, Print, Tone, moment};
use super::session::{self, Session};
use crate::cli::{AgentArgs, AgentsArgs, ClientArgs, DrainArgs, HeartbeatArgs, RegisterArgs};

/// An agent introduces itself.
pub fn register(args: RegisterArgs) -> Result<(), Failed> {
    let manus_id = named(args.name, &args.agent)?;
    let client = ClientArgs { manus: Some(manus_id.to_string()), ..args.agent.client };
    session::with(&client, |session| {
        let call = RegisterManus {
            max_parallel: args.max_parallel,
            program: args.program,
            model: args.model,
            takeover: args.takeover.then_some(true),
            ..RegisterManus::new(manus_id.clone(), args.role, args.capabilities)
        };
        let answer = session.call(&call)?;
        session.enrolled(&manus_id, &answer);
        session.show(&answer, |_| {
            let (manus, secs) = (&answer["manus"], &answer["heartbeat_interval_secs"]);
            let (id, role, able) = (text(manus, "id"), text(manus, "role"), joined(&manus["capabilities"]));
            let able = if able.is_empty() { String::new() } else { format!(", able to do {able}") };
            format!(
                "{id} is registered as {role}{able}.\nGive a sign of life every {secs} s: manus-sync heartbeat --as {id}"
            )
        })
    })
}

/// An agent is still there.
pub fn heartbeat(args: &HeartbeatArgs) -> Result<(), Failed> {
    let manus_id = args.agent.who()?;
    session::with(&args.agent.client, |session| {
        let call =
            Heartbeat { status: args.status, progress: args.progress, ..Heartbeat::new(manus_id.clone()) };
        let answer = session.call(&call)?;
        session.show(&answer, |_| {
            let unread = words::counted(answer["unread_messages"].as_u64().unwrap_or(0), "unread message");
            let tasks = match joined(&answer["assigned_tasks"]) {
                none if none.is_empty() => "no task".to_owned(),
                tasks => tasks,
            };
            format!("{manus_id}: {unread}, {tasks}")
        })
    })
}

/// An agent goes.
pub fn deregister(args: &AgentArgs) -> Result<(), Failed> {
    let manus_id = args.who()?;
    session::with(&args.client, |session| {
        let answer = session.call(&DeregisterManus::new(manus_id.clone()))?;
        session.show(&answer, |_| {
            let mut said = format!("{manus_id} has left.");
            for (key, what) in [("released", "Free again"), ("returned_tasks", "Given back")] {
                if !list(&answer, key).is_empty() {
                    said.push_str(&format!(" {what}: {}.", joined(&answer[key])));
                }
            }
            said
        })
    })
}

/// An agent winds down, or takes up work again.
pub fn drain(args: &DrainArgs) -> Result<(), Failed> {
    let manus_id = named(args.name.clone(), &args.agent)?;
    session::with(&args.agent.client, |session| {
        let call = DrainManus { draining: args.off.then_some(false), ..DrainManus::new(manus_id.clone()) };
        let answer = session.call(&call)?;
        session.show(&answer, |_| match args.off {
            true => format!("{manus_id} gets work again."),
            false => format!("{manus_id} finishes what it has and gets nothing new."),
        })
    })
}

/// All agents, or one.
pub fn show(args: &AgentsArgs) -> Result<(), Failed> {
    session::with(&args.client, |session| match &args.name {
        Some(name) => show_one(session, name),
        None => {
            let answer = session.call(&ListManus::new())?;
            session.show(&answer, |print| match items(&answer) {
                [] => "No agent has registered yet; manus-sync register introduces one.".to_owned(),
                agents => table(print, agents, &[]),
            })
        }
    })
}

fn show_one(session: &mut Session, name: &ManusId) -> Result<(), Failed> {
    let answer = session.call(&GetManus::new(name.clone()))?;
    session.show(&answer, |print| {
        let mut said = table(print, std::slice::from_ref(&answer), &[]);
        let seen = moment(answer["last_heartbeat_ms"].as_i64().unwrap_or(0));
        let lines = [
            ("Able to do", joined(&answer["capabilities"])),
            ("Holds", joined(&answer["files_claimed"])),
            ("Program", text(&answer, "program").to_owned()),
            ("Model", text(&answer, "model").to_owned()),
            ("Tasks at a time", answer["max_parallel"].to_string()),
            ("Score", answer["performance_score"].to_string()),
            ("Last seen", seen),
        ];
        for (what, value) in lines.iter().filter(|(_, value)| !value.is_empty()) {
            said.push_str(&format!("{}: {value}\n", print.paint(Tone::Head, what)));
        }
        said
    })
}

/// The agents, with the titles of their tasks as far as these are at hand.
pub(super) fn table(print: Print, agents: &[Value], tasks: &[Value]) -> String {
    let row = |agent: &Value| -> [Cell; 6] {
        let task = text(agent, "current_task");
        let title =
            tasks.iter().find(|other| text(other, "id") == task).map_or("", |task| text(task, "title"));
        let progress = if task.is_empty() { String::new() } else { format!("{}%", agent["progress"]) };
        let draining = agent["draining"] == json!(true);
        let status = text(agent, "status");
        [
            text(agent, "id").into(),
            text(agent, "role").into(),
            Cell::new(
                Tone::of_status(status),
                &format!("{status}{}", if draining { ", draining" } else { "" }),
            ),
            format!("{task} {title}").trim().to_owned().into(),
            progress.into(),
            list(agent, "files_claimed").len().to_string().into(),
        ]
    };
    let rows: Vec<_> = agents.iter().map(row).collect();
    print.table(["AGENT", "ROLE", "STATUS", "TASK", "DONE", "FILES"], &rows)
}

/// The agent named as an argument, or who calls.
fn named(name: Option<ManusId>, agent: &AgentArgs) -> Result<ManusId, Failed> {
    name.map_or_else(|| agent.who(), Ok)
}
