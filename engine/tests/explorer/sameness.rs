//! What makes two states the same situation.

use std::collections::BTreeMap;

use engine::{LockKey, ManusId, State, TimeMs};

/// All that matters for what can happen from here on: without the moment, the numbers handed out so far, the past, and the
/// names. Of all ways to name the agents the one that comes first in the alphabet stands for them all.
pub fn essence(state: &State) -> String {
    let names: Vec<ManusId> = state.agents().map(|agent| agent.id().clone()).collect();
    let orders = orders((0..names.len()).collect());
    let named = |order: Vec<usize>| described(state, &names.iter().cloned().zip(order).collect());
    orders.into_iter().map(named).min().unwrap_or_default()
}

fn orders(of: Vec<usize>) -> Vec<Vec<usize>> {
    if of.len() < 2 {
        return vec![of];
    }
    let beginning_with = |first: &usize| {
        let rest = orders(of.iter().copied().filter(|other| other != first).collect());
        rest.into_iter().map(|rest| [vec![*first], rest].concat()).collect::<Vec<_>>()
    };
    of.iter().flat_map(beginning_with).collect()
}

fn described(state: &State, names: &BTreeMap<ManusId, usize>) -> String {
    let ago = |at: TimeMs| at - state.at_ms();
    // Tokens and numbers of waits matter by their order alone.
    let mut tokens: Vec<u64> = state.locks().iter().map(|lock| lock.fencing_token).collect();
    tokens.sort_unstable();
    let ranks: BTreeMap<u64, usize> = tokens.into_iter().zip(0..).collect();
    let mut lines = Vec::new();
    for agent in state.agents() {
        lines.push(format!("{} {} {}", names[agent.id()], agent.status(), ago(agent.last_seen_ms())));
    }
    for lock in state.locks().iter() {
        let (by, file, until) = (names[&lock.locked_by], &lock.file_path, lock.expires_at_ms.map(ago));
        lines.push(format!("{by} {file} {} {until:?} {}", lock.mode, ranks[&lock.fencing_token]));
    }
    for (place, wait) in state.waits().iter().enumerate() {
        let lock = |key: &LockKey| (names[&key.locked_by], key.file_path.to_string());
        let mut behind: Vec<_> = wait.behind.iter().map(lock).collect();
        behind.sort();
        let (who, files, until) = (names[&wait.manus_id], &wait.files, ago(wait.until_ms));
        lines.push(format!("W{place} {who} {files:?} {} {:?} {until} {behind:?}", wait.mode, wait.ttl_ms));
    }
    lines.sort();
    lines.join("\n")
}
