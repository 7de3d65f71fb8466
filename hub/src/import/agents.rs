//! The agents of the original.

use std::collections::{HashMap, HashSet};

use engine::ids::MANUS_ID_MAX;
use engine::{Capability, ManusId, Progress, Role, TimeMs};

use super::OddRow;
use super::read::OldAgent;
use super::values::{self, Taken};

const TABLE: &str = "manus_instances";
/// The scores that the rules give: see the engine's `decide/score.rs`.
const SCORES: std::ops::RangeInclusive<f64> = 0.0..=125.0;

/// An agent as it comes over.
#[derive(Debug)]
pub(super) struct Agent {
    pub id: ManusId,
    /// As it stands in the table.
    pub row: String,
    pub role: Role,
    pub capabilities: Vec<Capability>,
    /// It said goodbye.
    pub gone: bool,
    pub score: f64,
    pub seen_ms: Option<TimeMs>,
    pub progress: Progress,
    /// What it works on, by the original's id.
    pub current_task: Option<String>,
    /// What it holds, as it believes.
    pub files_claimed: Vec<String>,
}

/// All agents, and who is meant by a name of the original.
#[derive(Debug, Default)]
pub(super) struct Agents {
    pub list: Vec<Agent>,
    ids: HashMap<String, ManusId>,
}

impl Agents {
    pub(super) fn read(rows: Vec<OldAgent>, now_ms: TimeMs, odd: &mut Vec<OddRow>) -> Self {
        let mut agents = Self::default();
        let mut taken = HashSet::new();
        for row in rows {
            let mut remarks = Vec::new();
            let name = values::text(&row.id);
            let label = name.clone().unwrap_or_else(|| "without an id".to_owned());
            match &name {
                Some(name) if !agents.ids.contains_key(name) => {
                    let id = id_for(name, &taken, &mut remarks);
                    taken.insert(id.clone());
                    agents.ids.insert(name.clone(), id.clone());
                    agents.list.push(agent(id, name, row, now_ms, &mut remarks));
                }
                Some(_) => remarks.push("there is another row of this id; this one is left out".to_owned()),
                None => remarks.push(format!("it has no id; left out: {}", values::shown(&row.role))),
            }
            odd.extend(remarks.into_iter().map(|what| OddRow { table: TABLE, row: label.clone(), what }));
        }
        agents
    }

    /// The agent that the original calls so.
    pub(super) fn named(&self, name: &str) -> Option<&ManusId> {
        self.ids.get(name)
    }

    /// Whether the agent said goodbye.
    pub(super) fn is_gone(&self, id: &ManusId) -> bool {
        self.list.iter().any(|agent| agent.id == *id && agent.gone)
    }
}

fn agent(id: ManusId, name: &str, row: OldAgent, now_ms: TimeMs, remarks: &mut Vec<String>) -> Agent {
    let capabilities = take(values::list("capabilities", &row.capabilities), remarks);
    let seen_ms = match row.last_heartbeat_ms {
        Some(seen) if seen > now_ms => {
            remarks.push(format!(
                "last_heartbeat {} lies in the future; taken as now",
                values::shown(&row.last_heartbeat)
            ));
            Some(now_ms)
        }
        None if values::text(&row.last_heartbeat).is_some() => {
            remarks
                .push(format!("last_heartbeat {} is no time; left out", values::shown(&row.last_heartbeat)));
            None
        }
        seen => seen,
    };
    Agent {
        id,
        row: name.to_owned(),
        role: take(values::role(&row.role), remarks),
        capabilities: values::capabilities(&capabilities, remarks),
        gone: take(values::is_gone(&row.status), remarks),
        score: score(&row, remarks),
        seen_ms,
        progress: take(values::progress(&row.progress), remarks),
        current_task: values::text(&row.current_task),
        files_claimed: take(values::list("files_claimed", &row.files_claimed), remarks),
    }
}

fn score(row: &OldAgent, remarks: &mut Vec<String>) -> f64 {
    const START: f64 = 100.0;
    let Some(given) = row.performance_score.as_f64() else {
        if values::text(&row.performance_score).is_some() {
            let given = values::shown(&row.performance_score);
            remarks.push(format!("performance_score {given} is no number; imported as {START}"));
        }
        return START;
    };
    let held = given.clamp(*SCORES.start(), *SCORES.end());
    if held != given {
        remarks
            .push(format!("performance_score {given} is beyond the scale of 0 to 125; imported as {held}"));
    }
    // Hundredths, as the rules count.
    (held * 100.0).round() / 100.0
}

/// The value, with its remark noted.
pub(super) fn take<T>(taken: Taken<T>, remarks: &mut Vec<String>) -> T {
    remarks.extend(taken.remark);
    taken.value
}

/// The name itself where it can be one here, otherwise the nearest that is free.
fn id_for(name: &str, taken: &HashSet<ManusId>, remarks: &mut Vec<String>) -> ManusId {
    let usable = |text: &str| ManusId::new(text).ok().filter(|id| !id.is_reserved() && !taken.contains(id));
    if let Some(id) = usable(name) {
        return id;
    }
    let near = near(name);
    let numbered = (2..).map(|n| format!("{near}-{n}"));
    let id = std::iter::once(near.clone()).chain(numbered).find_map(|text| usable(&text));
    // The numbers do not end before a free one is found.
    let id = id.unwrap_or_else(ManusId::supervisor);
    remarks.push(format!("{name:?} cannot be an agent's name here; imported as {id}"));
    id
}

/// The name with `_` for every character that cannot stand in one, and short enough for a number behind it.
pub(super) fn near(name: &str) -> String {
    const ROOM: usize = MANUS_ID_MAX - 8;
    let allowed = |c: char| if c.is_ascii_alphanumeric() || "_.:-".contains(c) { c } else { '_' };
    let text: String = name.chars().map(allowed).take(ROOM).collect();
    match text.trim_start_matches(|c: char| !c.is_ascii_alphanumeric()) {
        "" => "manus".to_owned(),
        "system" | "supervisor" => format!("manus-{text}"),
        text => text.to_owned(),
    }
}
