//! The tasks of the original: their fields first, then what they mean for each other.

use std::collections::HashMap;
use std::sync::Arc;

use engine::event::TaskSpec;
use engine::{ManusId, TaskId, TaskStatus, TimeMs};

use super::OddRow;
use super::agents::{Agents, near, take};
use super::files;
use super::read::OldTask;
use super::values;
use crate::paths::ProjectPaths;

const TABLE: &str = "sync_tasks";
/// What the original writes for nobody.
const UNASSIGNED: &str = "unassigned";
/// The longest title, in characters, as for every task.
const TITLE_MAX: usize = 200;

/// A task as it comes over.
#[derive(Debug)]
pub(super) struct OldWork {
    pub spec: Arc<TaskSpec>,
    pub status: TaskStatus,
    pub assigned_to: Option<ManusId>,
    pub created_ms: TimeMs,
    pub started_ms: Option<TimeMs>,
    pub closed_ms: Option<TimeMs>,
}

/// All tasks, each after those that it depends on.
#[derive(Debug, Default)]
pub(super) struct Tasks {
    pub list: Vec<OldWork>,
    ids: HashMap<String, TaskId>,
}

/// A row in the making.
struct Draft {
    row: OldTask,
    id: TaskId,
    label: String,
    /// Places in the list of drafts.
    dependencies: Vec<usize>,
    remarks: Vec<String>,
}

impl Tasks {
    pub(super) fn read(
        rows: Vec<OldTask>,
        agents: &Agents,
        paths: &ProjectPaths,
        now_ms: TimeMs,
        odd: &mut Vec<OddRow>,
    ) -> Self {
        let (mut drafts, ids) = drafts(rows, odd);
        link(&mut drafts, &ids);
        let order = in_order(&mut drafts);
        let mut done: Vec<Option<OldWork>> = drafts.iter().map(|_| None).collect();
        for place in &order {
            let draft = &mut drafts[*place];
            let work = Reading { agents, paths, now_ms, done: &done }.work(draft);
            done[*place] = Some(work);
        }
        for draft in drafts {
            let label = draft.label;
            odd.extend(draft.remarks.into_iter().map(|what| OddRow {
                table: TABLE,
                row: label.clone(),
                what,
            }));
        }
        let list = order.into_iter().filter_map(|place| done[place].take()).collect();
        Self { list, ids: ids.into_iter().map(|(name, (_, id))| (name, id)).collect() }
    }

    /// The task that the original calls so.
    pub(super) fn named(&self, name: &str) -> Option<&TaskId> {
        self.ids.get(name)
    }
}

type Ids = HashMap<String, (usize, TaskId)>;

/// The rows with their ids. One without an id, or with one that is taken, gets an id of its own.
fn drafts(rows: Vec<OldTask>, odd: &mut Vec<OddRow>) -> (Vec<Draft>, Ids) {
    let mut drafts: Vec<Draft> = Vec::new();
    let mut ids = Ids::new();
    let mut used: HashMap<TaskId, usize> = HashMap::new();
    for row in rows {
        let mut remarks = Vec::new();
        let name = values::text(&row.id);
        if let Some(name) = name.as_ref().filter(|name| ids.contains_key(*name)) {
            let what = "there is another row of this id; this one is left out".to_owned();
            odd.push(OddRow { table: TABLE, row: name.clone(), what });
            continue;
        }
        let label = name.clone().unwrap_or_else(|| format!("without an id, {}", values::shown(&row.title)));
        let given = name.as_deref().unwrap_or_default();
        let free = |text: &str| TaskId::new(text).ok().filter(|id| !used.contains_key(id));
        let id = free(given).or_else(|| {
            let near = if given.is_empty() { "imported".to_owned() } else { near(given) };
            let numbered = (2..).map(|n| format!("{near}-{n}"));
            let id = std::iter::once(near.clone()).chain(numbered).find_map(|text| free(&text))?;
            remarks.push(format!("its id cannot be one here; imported as {id}"));
            Some(id)
        });
        let Some(id) = id else { continue };
        used.insert(id.clone(), drafts.len());
        ids.extend(name.map(|name| (name, (drafts.len(), id.clone()))));
        drafts.push(Draft { row, id, label, dependencies: Vec::new(), remarks });
    }
    (drafts, ids)
}

/// Finds what the dependencies name.
fn link(drafts: &mut [Draft], ids: &Ids) {
    for (place, draft) in drafts.iter_mut().enumerate() {
        for name in take(values::list("dependencies", &draft.row.dependencies), &mut draft.remarks) {
            match ids.get(name.trim()) {
                Some((other, _)) if *other == place => {
                    draft.remarks.push("it depends on itself; that dependency is left out".to_owned());
                }
                Some((other, _)) if !draft.dependencies.contains(other) => draft.dependencies.push(*other),
                Some(_) => {}
                None => draft.remarks.push(format!("it depends on {name:?}, which is no task; left out")),
            }
        }
    }
}

/// Each task after those that it depends on. A dependency that closes a circle is left out.
fn in_order(drafts: &mut [Draft]) -> Vec<usize> {
    #[derive(Clone, Copy, PartialEq)]
    enum Mark {
        New,
        Open,
        Done,
    }
    let mut marks = vec![Mark::New; drafts.len()];
    let mut order = Vec::with_capacity(drafts.len());
    for start in 0..drafts.len() {
        // By hand instead of by recursion: a chain may be as long as the table.
        let mut way: Vec<(usize, usize)> =
            if marks[start] == Mark::New { vec![(start, 0)] } else { Vec::new() };
        while let Some((place, next)) = way.last_mut() {
            let place = *place;
            marks[place] = Mark::Open;
            let Some(other) = drafts[place].dependencies.get(*next).copied() else {
                marks[place] = Mark::Done;
                order.push(place);
                way.pop();
                continue;
            };
            match marks[other] {
                Mark::Open => {
                    let what = format!(
                        "it waits for {}, which waits for it in turn; that dependency is left out",
                        drafts[other].id
                    );
                    drafts[place].dependencies.remove(*next);
                    drafts[place].remarks.push(what);
                }
                Mark::Done => *next += 1,
                Mark::New => {
                    *next += 1;
                    way.push((other, 0));
                }
            }
        }
    }
    order
}

/// What a row is read with: everything before it.
struct Reading<'a> {
    agents: &'a Agents,
    paths: &'a ProjectPaths,
    now_ms: TimeMs,
    done: &'a [Option<OldWork>],
}

impl Reading<'_> {
    fn work(&self, draft: &mut Draft) -> OldWork {
        let Draft { row, id, dependencies, remarks, .. } = draft;
        let (title, description) = words(row, remarks);
        let agent = self.assignee(row, remarks);
        let status = self.status(row, agent.as_ref(), remarks);
        let assigned_to = self.still_its(agent, status, remarks);
        let before: Vec<&OldWork> =
            dependencies.iter().filter_map(|place| self.done[*place].as_ref()).collect();
        let (kept, late) = settled(status, &before);
        for other in late {
            remarks.push(format!(
                "it is {status} although {other} is not completed; that dependency is left out"
            ));
        }
        let created_ms = self.created(row, &before, remarks);
        let (started_ms, closed_ms) = self.ends(row, status, created_ms, remarks);
        let files_involved = take(values::list("files_involved", &row.files_involved), remarks);
        let spec = TaskSpec {
            id: id.clone(),
            title,
            description,
            priority: take(values::priority(&row.priority), remarks),
            files_involved: files::patterns(&files_involved, self.paths, remarks),
            dependencies: kept,
            estimated_duration: take(values::minutes(&row.estimated_duration), remarks),
            required_capabilities: Vec::new(),
        };
        OldWork { spec: Arc::new(spec), status, assigned_to, created_ms, started_ms, closed_ms }
    }

    fn assignee(&self, row: &OldTask, remarks: &mut Vec<String>) -> Option<ManusId> {
        let name = values::text(&row.assigned_to).filter(|name| !name.eq_ignore_ascii_case(UNASSIGNED))?;
        let found = self.agents.named(&name);
        if found.is_none() {
            remarks.push(format!("it is assigned to {name:?}, who is no agent; imported as nobody's"));
        }
        found.cloned()
    }

    fn status(&self, row: &OldTask, agent: Option<&ManusId>, remarks: &mut Vec<String>) -> TaskStatus {
        let status = take(values::status(&row.status), remarks);
        if matches!(status, TaskStatus::InProgress | TaskStatus::NeedsReview) {
            let why = match agent {
                None => Some("with nobody".to_owned()),
                Some(agent) if status == TaskStatus::InProgress && self.agents.is_gone(agent) => {
                    Some(format!("with {agent}, who is INACTIVE"))
                }
                Some(_) => None,
            };
            if let Some(why) = why {
                remarks.push(format!("it is {status} {why}; imported as PENDING"));
                return TaskStatus::Pending;
            }
        }
        status
    }

    /// Nobody who said goodbye has anything left to do.
    fn still_its(
        &self,
        agent: Option<ManusId>,
        status: TaskStatus,
        remarks: &mut Vec<String>,
    ) -> Option<ManusId> {
        let agent = agent?;
        if status.is_closed() || status == TaskStatus::NeedsReview || !self.agents.is_gone(&agent) {
            return Some(agent);
        }
        remarks.push(format!("it is assigned to {agent}, who is INACTIVE; imported as nobody's"));
        None
    }

    /// When it was created: not after now, nor before what it depends on.
    fn created(&self, row: &OldTask, before: &[&OldWork], remarks: &mut Vec<String>) -> TimeMs {
        let named = self.time("created_at", &row.created_at, row.created_at_ms, remarks);
        let first = [row.started_at_ms, row.completed_at_ms].into_iter().flatten().min();
        let given = named.or(first).unwrap_or(self.now_ms).min(self.now_ms);
        if named.is_none() {
            remarks.push("it has no created_at; the first time known of it is taken".to_owned());
        }
        let latest = before.iter().map(|other| other.created_ms).max().unwrap_or(given);
        if latest > given {
            remarks.push(
                "it was created before a task that it depends on; created_at is taken as of that one"
                    .to_owned(),
            );
        }
        given.max(latest)
    }

    /// When its work began and when it was closed, as far as its status asks for that.
    fn ends(
        &self,
        row: &OldTask,
        status: TaskStatus,
        created_ms: TimeMs,
        remarks: &mut Vec<String>,
    ) -> (Option<TimeMs>, Option<TimeMs>) {
        let mut started = self.time("started_at", &row.started_at, row.started_at_ms, remarks);
        let mut closed = self.time("completed_at", &row.completed_at, row.completed_at_ms, remarks);
        if started.is_none() && matches!(status, TaskStatus::InProgress | TaskStatus::NeedsReview) {
            remarks.push(format!("it is {status} without started_at; taken as of its creation"));
            started = Some(created_ms);
        }
        if let Some(at) = started.filter(|at| *at < created_ms) {
            remarks.push(format!(
                "it was started {} ms before its creation; taken as of its creation",
                created_ms - at
            ));
            started = Some(created_ms);
        }
        let from = started.unwrap_or(created_ms);
        match closed {
            None if status.is_closed() => {
                remarks.push(format!("it is {status} without completed_at; taken as of its start"));
                closed = Some(from);
            }
            Some(_) if !status.is_closed() && status != TaskStatus::NeedsReview => {
                remarks.push(format!("it has a completed_at and is {status}; the time is left out"));
                closed = None;
            }
            Some(at) if at < from => {
                remarks
                    .push(format!("it was closed {} ms before its start; taken as of its start", from - at));
                closed = Some(from);
            }
            _ => {}
        }
        (started, closed)
    }

    fn time(
        &self,
        column: &str,
        given: &serde_json::Value,
        at_ms: Option<TimeMs>,
        remarks: &mut Vec<String>,
    ) -> Option<TimeMs> {
        match at_ms {
            None if values::text(given).is_some() => {
                remarks.push(format!("{column} {} is no time; left out", values::shown(given)));
                None
            }
            Some(at) if at > self.now_ms => {
                remarks.push(format!("{column} {} lies in the future; taken as now", values::shown(given)));
                Some(self.now_ms)
            }
            at => at,
        }
    }
}

/// The dependencies that can stay, and those that are still open although the task is beyond that.
fn settled(status: TaskStatus, before: &[&OldWork]) -> (Vec<TaskId>, Vec<TaskId>) {
    let beyond = matches!(status, TaskStatus::InProgress | TaskStatus::NeedsReview | TaskStatus::Completed);
    let (late, kept): (Vec<&OldWork>, Vec<&OldWork>) =
        before.iter().partition(|other| beyond && other.status != TaskStatus::Completed);
    let ids = |works: Vec<&OldWork>| works.into_iter().map(|work| work.spec.id.clone()).collect();
    (ids(kept), ids(late))
}

/// Title and description: a title that is too long begins the description.
fn words(row: &OldTask, remarks: &mut Vec<String>) -> (String, String) {
    let description = match &row.description {
        serde_json::Value::Null => String::new(),
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let Some(title) = values::text(&row.title) else {
        remarks.push("it has no title; imported as \"Untitled\"".to_owned());
        return ("Untitled".to_owned(), description);
    };
    if title.chars().count() <= TITLE_MAX {
        return (title, description);
    }
    remarks.push(format!(
        "its title is longer than {TITLE_MAX} characters; the whole of it begins the description"
    ));
    let short = title.chars().take(TITLE_MAX - 1).chain("…".chars()).collect();
    (short, format!("{title}\n\n{description}"))
}
