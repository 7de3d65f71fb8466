//! When everybody has stopped: is all there that was acknowledged, once, and nothing else?

use std::collections::{BTreeMap, BTreeSet};

use app::api::{Arguments, ListMessages, ListTasks, SelfCheck, Snapshot};
use engine::TaskId;
use serde::Serialize;
use serde_json::{Value, json};

use super::agent::{Agent, task_id};
use super::judge::Judge;
use crate::caller::Caller;
use crate::commands::Failed;
use crate::commands::answer::{list, text};
use crate::commands::doctor::project::problems;
use crate::commands::doctor::scratch::Scratch;

/// What was counted.
#[derive(Debug, Default)]
pub(in crate::commands::doctor) struct Losses {
    /// How many acknowledged things were looked for.
    pub looked_for: usize,
    /// Acknowledged and not found, a sentence each.
    pub lost: Vec<String>,
    /// Done more than once, or answered otherwise the second time.
    pub doubled: Vec<String>,
    /// Promises that the live state or the database breaks.
    pub problems: Vec<String>,
}

impl Losses {
    /// The project could not be looked at any more, which is a problem itself.
    pub(super) fn none_could_be_counted(why: Failed) -> Self {
        Self { problems: vec![why.message], ..Self::default() }
    }
}

/// Looks for everything, repeats the last calls, and examines the database.
pub(super) async fn count(
    scratch: &mut Scratch,
    judge: &Judge,
    agents: &mut [Agent],
) -> Result<Losses, Failed> {
    let mut losses = Losses::default();
    let mut caller = Caller::new(scratch.whereabouts());
    tasks(&mut caller, agents, &mut losses).await?;
    messages(&mut caller, agents, &mut losses).await?;
    locks(&mut caller, judge, agents, &mut losses).await?;
    for agent in agents {
        repeat(agent, &mut losses).await?;
    }
    losses.problems = problems(&caller.call(&SelfCheck::new()).await?);
    scratch.kill();
    let database = hub::default_database(scratch.folder());
    losses.problems.extend(hub::examine(&database).await.map_err(Failed::refused)?.problems);
    Ok(losses)
}

async fn tasks(caller: &mut Caller, agents: &[Agent], losses: &mut Losses) -> Result<(), Failed> {
    let mut found: BTreeMap<TaskId, (String, String)> = BTreeMap::new();
    let mut titles: BTreeMap<String, u32> = BTreeMap::new();
    for task in all(caller, &ListTasks { limit: Some(1_000), ..ListTasks::new() }).await? {
        let (title, status) = (text(&task, "title").to_owned(), text(&task, "status").to_owned());
        *titles.entry(title.clone()).or_default() += 1;
        if let Some(id) = task_id(&task["id"]) {
            found.insert(id, (title, status));
        }
    }
    // Titles are used once, so each of them is one call.
    let twice = titles.iter().filter(|(_, times)| **times > 1);
    losses
        .doubled
        .extend(twice.map(|(title, times)| format!("the task {title:?} was created {times} times")));
    for agent in agents {
        for (id, title) in &agent.created {
            losses.looked_for += 1;
            if found.get(id).is_none_or(|(known, _)| known != title) {
                losses.lost.push(format!("{id} {title:?}, created by {}", agent.name));
            }
        }
        for id in &agent.completed {
            losses.looked_for += 1;
            let status = found.get(id).map_or("missing", |(_, status)| status);
            if status != "COMPLETED" {
                losses.lost.push(format!("{id}, completed by {}, is {status}", agent.name));
            }
        }
    }
    Ok(())
}

async fn messages(caller: &mut Caller, agents: &[Agent], losses: &mut Losses) -> Result<(), Failed> {
    let ours =
        ListMessages { message_type: Some("CHAOS".to_owned()), limit: Some(1_000), ..ListMessages::new() };
    let mut found: BTreeMap<u64, String> = BTreeMap::new();
    let mut texts: BTreeMap<String, u32> = BTreeMap::new();
    for message in all(caller, &ours).await? {
        let said = text(&message, "content").to_owned();
        *texts.entry(said.clone()).or_default() += 1;
        found.insert(message["id"].as_u64().unwrap_or(0), said);
    }
    let twice = texts.iter().filter(|(_, times)| **times > 1);
    losses.doubled.extend(twice.map(|(said, times)| format!("the message {said:?} was sent {times} times")));
    for (agent, id, said) in
        agents.iter().flat_map(|agent| agent.sent.iter().map(move |(id, said)| (agent, id, said)))
    {
        losses.looked_for += 1;
        if found.get(id) != Some(said) {
            losses.lost.push(format!("message {id} of {}: {said:?}", agent.name));
        }
    }
    Ok(())
}

/// What agents hold they still hold, and what they gave back is nobody's under the old token.
async fn locks(
    caller: &mut Caller,
    judge: &Judge,
    agents: &[Agent],
    losses: &mut Losses,
) -> Result<(), Failed> {
    let snapshot = caller.call(&Snapshot::new()).await?;
    let token = |lock: &Value| Some((lock["fencing_token"].as_u64()?, text(lock, "locked_by").to_owned()));
    let held: BTreeSet<(u64, String)> = list(&snapshot, "locks").iter().filter_map(token).collect();
    for grant in judge.held() {
        losses.looked_for += 1;
        if !held.contains(&(grant.token, grant.holder.to_string())) {
            losses.lost.push(format!("{}'s claim on {} (token {})", grant.holder, grant.file, grant.token));
        }
    }
    for agent in agents {
        for token in &agent.released {
            losses.looked_for += 1;
            if held.contains(&(*token, agent.name.to_string())) {
                losses.lost.push(format!("what {} gave back (token {token}) is still held", agent.name));
            }
        }
    }
    Ok(())
}

/// Repeating a call under its name answers the same, and does nothing.
async fn repeat(agent: &mut Agent, losses: &mut Losses) -> Result<(), Failed> {
    for told in &agent.last {
        losses.looked_for += 1;
        let again = agent.caller.call_by_name(told.name, &told.body).await?;
        if again != told.answer {
            losses.doubled.push(format!(
                "{} of {}, repeated, answered {again} after {}",
                told.name, agent.name, told.answer
            ));
        }
    }
    Ok(())
}

/// All pages of a list.
async fn all<A: Arguments + Serialize>(caller: &mut Caller, call: &A) -> Result<Vec<Value>, Failed> {
    let mut items = Vec::new();
    let mut body = json!(call);
    loop {
        let page = caller.call_by_name(A::NAME, &body).await?;
        items.extend_from_slice(list(&page, "items"));
        match &page["next_cursor"] {
            Value::Null => return Ok(items),
            cursor => body["cursor"] = cursor.clone(),
        }
    }
}
